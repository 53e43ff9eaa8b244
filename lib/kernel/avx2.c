/* kernel/avx2.c - x86-64 with AVX2 and FMA. */
#include "kernel/tables.h"

#if defined(__AVX2__) && defined(__FMA__)
#include "core/compiler.h"
#include "kernel/nibbles.inc"
#include <immintrin.h>

/* 6 x 16: 12 sums, 2 columns and a broadcast fill 15 of the 16 registers. */
#define MR 6
#define NR 16
#define REGISTER 8 /* numbers of a register */

/* Lanes of vector `v` that lie below `cols`. */
SNN__INLINE __m256i lanes(size_t cols, size_t v)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)cols - 8 * (int)v), index);
}

#define VECTOR __m256
#define LANE_SET __m256i
#define LOAD(from) _mm256_loadu_ps(from)
#define STORE(to, y) _mm256_storeu_ps(to, y)
#define LOAD_LANES(from, lanes) _mm256_maskload_ps(from, lanes)
#define STORE_LANES(to, lanes, y) _mm256_maskstore_ps(to, lanes, y)
#define ROW const float *
#define LOAD_ROW(a) (a)
#define OF_ROW(row, i) (row)[i]
#include "kernel/edges.inc"

/* Some columns of as many rows, turned: of eight, four and two of them. */
SNN__INLINE void turn8(float *panel, size_t width, const float *const *rows, size_t j)
{
    __m256 half[8], pair[8];

    for (size_t i = 0; i < 4; i++) {
        half[i] =
            _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[i] + j)), _mm_loadu_ps(rows[i + 4] + j), 1);
        half[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[i] + j + 4)),
                                           _mm_loadu_ps(rows[i + 4] + j + 4), 1);
    }
    for (size_t i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(half[i], half[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(half[i], half[i + 1]);
    }
    for (size_t i = 0; i < 8; i += 4, panel += 4 * width) {
        _mm256_storeu_ps(panel, _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44));
        _mm256_storeu_ps(panel + width, _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee));
        _mm256_storeu_ps(panel + 2 * width, _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44));
        _mm256_storeu_ps(panel + 3 * width, _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee));
    }
}

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

SNN__INLINE void turn2(float *panel, size_t width, const float *const *rows, size_t j)
{
    const __m128 r0 = _mm_loadu_ps(rows[0] + j), r1 = _mm_loadu_ps(rows[1] + j);
    const __m128 low = _mm_unpacklo_ps(r0, r1), high = _mm_unpackhi_ps(r0, r1);

    _mm_storel_pi((__m64 *)panel, low);
    _mm_storeh_pi((__m64 *)(panel + width), low);
    _mm_storel_pi((__m64 *)(panel + 2 * width), high);
    _mm_storeh_pi((__m64 *)(panel + 3 * width), high);
}

/* `width` is a constant where this is inlined, an even number. */
SNN__INLINE void interleave_to(float *panel, size_t width, const float *const *rows, size_t k)
{
    size_t j = 0;

    for (; width % 8 == 0 && j + 8 <= k; j += 8)
        for (size_t i = 0; i < width; i += 8)
            turn8(panel + j * width + i, width, rows + i, j);
    for (; j + 4 <= k; j += 4) {
        for (size_t i = 0; i + 4 <= width; i += 4)
            turn4(panel + j * width + i, width, rows + i, j);
        if (width % 4 != 0)
            turn2(panel + j * width + width - 2, width, rows + width - 2, j);
    }
    for (; j < k; j++)
        for (size_t i = 0; i < width; i++)
            panel[j * width + i] = rows[i][j];
}

static size_t events(const float *x, size_t n, float a, uint32_t *at, float *value)
{
    size_t count = 0, i = 0;

    for (; i < n; i += 8) {
        const __m256 v = i + 8 <= n ? _mm256_loadu_ps(x + i) : _mm256_maskload_ps(x + i, lanes(n - i, 0));
        int found = _mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ));

        for (; found != 0; found &= found - 1) {
            at[count] = (uint32_t)i + snn__lowest_bit((uint32_t)found);
            value[count] = a * x[at[count]];
            count++;
        }
    }
    return count;
}

/* Two sums, so that one need not wait for the other; `vectors` is a constant where this is inlined. */
SNN__INLINE void scatter_to(size_t vectors, float *y, size_t cols, const float *w, size_t panel, size_t n,
                            const uint32_t *row, const float *value)
{
    const __m256i all = _mm256_set1_epi32(-1), last = lanes(cols, vectors - 1);
    const __m256i odd = _mm256_set1_epi32(n % 2 != 0 ? -1 : 0);
    __m256 sum[2][4];
    size_t e = 0;

    for (size_t v = 0; v < vectors; v++) {
        sum[0][v] = _mm256_maskload_ps(y + 8 * v, v + 1 < vectors ? all : last);
        sum[1][v] = _mm256_setzero_ps();
    }
    for (; e + 2 <= n; e += 2)
        for (size_t two = 0; two < 2; two++)
            for (size_t v = 0; v < vectors; v++)
                sum[two][v] =
                    _mm256_fmadd_ps(_mm256_set1_ps(value[e + two]),
                                    _mm256_loadu_ps(w + row[e + two] * NR + v / 2 * panel + v % 2 * 8), sum[two][v]);
    /* the last one of an odd number, without a branch, which would be guessed wrong half of the time */
    for (size_t v = 0; v < vectors; v++)
        sum[0][v] =
            _mm256_fmadd_ps(_mm256_and_ps(_mm256_set1_ps(value[n - 1]), _mm256_castsi256_ps(odd)),
                            _mm256_maskload_ps(w + row[n - 1] * NR + v / 2 * panel + v % 2 * 8, odd), sum[0][v]);
    for (size_t v = 0; v < vectors; v++)
        _mm256_maskstore_ps(y + 8 * v, v + 1 < vectors ? all : last, _mm256_add_ps(sum[0][v], sum[1][v]));
}

static void scatter(float *y, size_t cols, const float *w, size_t panel, size_t n, const uint32_t *row,
                    const float *value)
{
    for (; cols > 0 && n > 0; y += 2 * NR, w += 2 * panel) {
        const size_t width = cols < 2 * NR ? cols : 2 * NR;

        if (width > 24)
            scatter_to(4, y, width, w, panel, n, row, value);
        else if (width > 16)
            scatter_to(3, y, width, w, panel, n, row, value);
        else if (width > 8)
            scatter_to(2, y, width, w, panel, n, row, value);
        else
            scatter_to(1, y, width, w, panel, n, row, value);
        cols -= width;
    }
}

/* Four sums of 4 lanes, added up in order. */
static double dot(const float *x, const float *y, size_t n)
{
    __m256d sum[4] = { _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd() };
    double lane[4], total = 0;
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        for (size_t v = 0; v < 4; v++)
            sum[v] = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + i + 4 * v)),
                                     _mm256_cvtps_pd(_mm_loadu_ps(y + i + 4 * v)), sum[v]);
    for (size_t v = 0; v < 4; v++) {
        _mm256_storeu_pd(lane, sum[v]);
        for (size_t j = 0; j < 4; j++)
            total += lane[j];
    }
    for (; i < n; i++)
        total += (double)x[i] * y[i];
    return total;
}

/* Of at most 64 numbers. */
SNN__INLINE uint64_t bits_of_word(const float *x, size_t n)
{
    uint64_t word = 0;
    size_t j = 0;

    SNN__UNROLL
    for (; j + 8 <= n; j += 8)
        word |= (uint64_t)(unsigned)_mm256_movemask_ps(
                    _mm256_cmp_ps(_mm256_loadu_ps(x + j), _mm256_setzero_ps(), _CMP_NEQ_UQ))
                << j;
    for (; j < n; j++)
        word |= (uint64_t)(x[j] != 0.0f) << j;
    return word;
}

static void bits(uint64_t *to, const float *x, size_t n)
{
    for (; n >= 64; n -= 64, x += 64)
        *to++ = bits_of_word(x, 64);
    if (n > 0)
        *to = bits_of_word(x, n);
}

static const uint64_t *bits_turn(size_t words, const uint64_t *x, size_t rows, uint64_t *room, uint32_t *set)
{
    count_set(words, x, rows, set);
    return turn_nibbles(words, x, rows, room);
}

static void bits_tile(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    count_nibbles_of(words, x, rows, w, count);
}

#define ISA SNN__ISA_AVX2
#define LAYERS snn__layers_avx2
#define TABLE snn__kernels_avx2
#include "kernel/body.inc"
#else
const struct snn__kernels *const snn__kernels_avx2 = NULL;
#endif
