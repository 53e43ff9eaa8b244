/* kernel/avx512.c - x86-64 with AVX-512 F, BW, DQ, VL, and the same with a matrix unit. */
#include "kernel/tables.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "core/compiler.h"
#include "kernel/nibbles.inc"
#include <immintrin.h>

/* 12 x 32: 24 sums, 2 columns and a broadcast fill 27 of the 32 registers. */
#define MR 12
#define NR 32
#define REGISTER 16 /* numbers of a register */

/* Lanes of vector `v` that lie below `cols`. */
SNN__INLINE __mmask16 lanes(size_t cols, size_t v)
{
    return cols >= 16 * (v + 1) ? (__mmask16)0xffff : (__mmask16)(0xffffu >> (16 * (v + 1) - cols));
}

#define VECTOR __m512
#define LANE_SET __mmask16
#define LOAD(from) _mm512_loadu_ps(from)
#define STORE(to, y) _mm512_storeu_ps(to, y)
#define LOAD_LANES(from, lanes) _mm512_maskz_loadu_ps(lanes, from)
#define STORE_LANES(to, lanes, y) _mm512_mask_storeu_ps(to, lanes, y)
#define ROW const float *
#define LOAD_ROW(a) (a)
#define OF_ROW(row, i) (row)[i]
#include "kernel/edges.inc"

/* Four rows of four numbers, turned. */
SNN__INLINE void turn4(float *panel, size_t width, const float *const *rows, size_t j)
{
    __m128 r0 = _mm_loadu_ps(rows[0] + j), r1 = _mm_loadu_ps(rows[1] + j);
    __m128 r2 = _mm_loadu_ps(rows[2] + j), r3 = _mm_loadu_ps(rows[3] + j);

    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    _mm_storeu_ps(panel, r0);
    _mm_storeu_ps(panel + width, r1);
    _mm_storeu_ps(panel + 2 * width, r2);
    _mm_storeu_ps(panel + 3 * width, r3);
}

/* `width` is a constant where this is inlined, a multiple of 4. */
SNN__INLINE void interleave_to(float *panel, size_t width, const float *const *rows, size_t k)
{
    size_t j = 0;

    for (; j + 4 <= k; j += 4)
        for (size_t i = 0; i < width; i += 4)
            turn4(panel + j * width + i, width, rows + i, j);
    for (; j < k; j++)
        for (size_t i = 0; i < width; i++)
            panel[j * width + i] = rows[i][j];
}

static size_t events(const float *x, size_t n, float a, uint32_t *at, float *value)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512 scale = _mm512_set1_ps(a), zero = _mm512_setzero_ps();
    size_t count = 0;

    for (size_t i = 0; i < n; i += 16) {
        const __m512 v = _mm512_maskz_loadu_ps(lanes(n - i, 0), x + i);
        const __mmask16 found = _mm512_cmp_ps_mask(v, zero, _CMP_NEQ_UQ);

        if (found == 0)
            continue;
        _mm512_storeu_si512(at + count,
                            _mm512_maskz_compress_epi32(found, _mm512_add_epi32(lane, _mm512_set1_epi32((int)i))));
        _mm512_storeu_ps(value + count, _mm512_maskz_compress_ps(found, _mm512_mul_ps(v, scale)));
        count += (size_t)_mm_popcnt_u32(found);
    }
    return count;
}

/* Two sums, so that one need not wait for the other; `vectors` is a constant where this is inlined. */
SNN__INLINE void scatter_to(size_t vectors, float *y, size_t cols, const float *w, size_t panel, size_t n,
                            const uint32_t *row, const float *value)
{
    const __mmask16 last = lanes(cols, vectors - 1);
    __m512 sum[2][4];
    size_t e = 0;

    for (size_t v = 0; v < vectors; v++) {
        sum[0][v] = _mm512_maskz_loadu_ps(v + 1 < vectors ? (__mmask16)0xffff : last, y + 16 * v);
        sum[1][v] = _mm512_setzero_ps();
    }
    for (; e + 2 <= n; e += 2)
        for (size_t two = 0; two < 2; two++) {
            const __m512 x = _mm512_set1_ps(value[e + two]);
            const float *from = w + row[e + two] * NR;

            for (size_t v = 0; v < vectors; v++)
                sum[two][v] = _mm512_fmadd_ps(x, _mm512_loadu_ps(from + v / 2 * panel + v % 2 * 16), sum[two][v]);
        }
    /* the last one of an odd number, without a branch, which would be guessed wrong half of the time */
    for (size_t v = 0; v < vectors; v++)
        sum[0][v] = _mm512_mask3_fmadd_ps(_mm512_set1_ps(value[n - 1]),
                                          _mm512_loadu_ps(w + row[n - 1] * NR + v / 2 * panel + v % 2 * 16),
                                          sum[0][v], n % 2 != 0 ? (__mmask16)0xffff : (__mmask16)0);
    for (size_t v = 0; v < vectors; v++)
        _mm512_mask_storeu_ps(y + 16 * v, v + 1 < vectors ? (__mmask16)0xffff : last,
                              _mm512_add_ps(sum[0][v], sum[1][v]));
}

static void scatter(float *y, size_t cols, const float *w, size_t panel, size_t n, const uint32_t *row,
                    const float *value)
{
    if (n == 0)
        return;
    if (cols > 48)
        scatter_to(4, y, cols, w, panel, n, row, value);
    else if (cols > 32)
        scatter_to(3, y, cols, w, panel, n, row, value);
    else if (cols > 16)
        scatter_to(2, y, cols, w, panel, n, row, value);
    else
        scatter_to(1, y, cols, w, panel, n, row, value);
}

/* Four sums of 8 lanes, added up in order. */
static double dot(const float *x, const float *y, size_t n)
{
    __m512d sum[4] = { _mm512_setzero_pd(), _mm512_setzero_pd(), _mm512_setzero_pd(), _mm512_setzero_pd() };
    double lane[8], total = 0;
    size_t i = 0;

    for (; i + 32 <= n; i += 32)
        for (size_t v = 0; v < 4; v++)
            sum[v] = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(x + i + 8 * v)),
                                     _mm512_cvtps_pd(_mm256_loadu_ps(y + i + 8 * v)), sum[v]);
    for (size_t v = 0; v < 4; v++) {
        _mm512_storeu_pd(lane, sum[v]);
        for (size_t j = 0; j < 8; j++)
            total += lane[j];
    }
    for (; i < n; i++)
        total += (double)x[i] * y[i];
    return total;
}

static void bits(uint64_t *to, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        const size_t length = n - i < 64 ? n - i : 64;
        uint64_t word = 0;

        for (size_t v = 0; 16 * v < length; v++) {
            const __mmask16 inside = lanes(length, v);
            const __m512 values = _mm512_maskz_loadu_ps(inside, x + i + 16 * v);

            word |= (uint64_t)_mm512_mask_cmp_ps_mask(inside, values, _mm512_setzero_ps(), _CMP_NEQ_UQ) << 16 * v;
        }
        to[i / 64] = word;
    }
}

#define ROWS 8 /* of sums in registers */

/* Eight columns are the lanes of a register; `rows` is a constant where this is inlined. */
__attribute__((target("avx512vpopcntdq"))) static inline void count_rows(size_t rows, size_t words, const uint64_t *x,
                                                                         const uint64_t *w, uint32_t *count)
{
    __m512i sum[ROWS];

    for (size_t i = 0; i < rows; i++)
        sum[i] = _mm512_setzero_si512();
    for (size_t k = 0; k < words; k++) {
        const __m512i column = _mm512_loadu_si512(w + k * SNN__BITS_NR);

        for (size_t i = 0; i < rows; i++)
            sum[i] = _mm512_add_epi64(sum[i], _mm512_popcnt_epi64(_mm512_and_si512(
                                                  _mm512_set1_epi64((long long)x[i * words + k]), column)));
    }
    for (size_t i = 0; i < rows; i++)
        _mm256_storeu_si256((__m256i *)(void *)(count + i * SNN__BITS_NR), _mm512_cvtepi64_epi32(sum[i]));
}

__attribute__((target("avx512vpopcntdq"))) static void count_tile(size_t words, const uint64_t *x, size_t rows,
                                                                  const uint64_t *w, uint32_t *count)
{
    size_t i = 0;

    for (; i + ROWS <= rows; i += ROWS)
        count_rows(ROWS, words, x + i * words, w, count + i * SNN__BITS_NR);
    for (; i < rows; i++)
        count_rows(1, words, x + i * words, w, count + i * SNN__BITS_NR);
}

/* Not all machines with AVX-512 count bits in its registers. */
static bool counts_in_registers(void)
{
    return __builtin_cpu_supports("avx512vpopcntdq") != 0;
}

static const uint64_t *bits_turn(size_t words, const uint64_t *x, size_t rows, uint64_t *room, uint32_t *set)
{
    count_set(words, x, rows, set);
    return counts_in_registers() ? x : turn_nibbles(words, x, rows, room);
}

static void bits_tile(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    if (counts_in_registers())
        count_tile(words, x, rows, w, count);
    else
        count_nibbles_of(words, x, rows, w, count);
}

#define ISA SNN__ISA_AVX512
#define LAYERS snn__layers_avx512
#define TABLE snn__kernels_avx512
#include "kernel/body.inc"
#else
const struct snn__kernels *const snn__kernels_avx512 = NULL;
#endif

/* The same with a matrix unit. */
#include "kernel/tiles.h"
#if defined(ENTRIES) && defined(SNN__TILES)
#include "kernel/amx.inc"
#include "kernel/digits.inc"

static const struct snn__kernels with_unit = { .isa = SNN__ISA_AMX,
                                               ENTRIES,
                                               .limbs = limbs,
                                               .planes = planes,
                                               .matrix = matrix,
                                               .slice_columns = slice_columns,
                                               .slice_rows = slice_rows,
                                               .slices = slices,
                                               .largest = largest_of_row,
                                               .digit_rows = digit_rows,
                                               .digits = digits,
                                               .ask_for_unit = snn__ask_for_tiles,
                                               .without_unit = &table };

const struct snn__kernels *const snn__kernels_amx = &with_unit;
#else
const struct snn__kernels *const snn__kernels_amx = NULL;
#endif
