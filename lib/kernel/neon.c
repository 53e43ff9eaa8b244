/* kernel/neon.c - AArch64, every one of which has NEON; little-endian, as it was tried on no other. */
#include "kernel/tables.h"

#if defined(__AARCH64EL__) && defined(__ARM_NEON)
#include "core/compiler.h"
#include "core/size.h"
#include "kernel/bits.h"
#include <arm_neon.h>

/* 6 x 16: 24 sums, 4 columns and 2 registers with 6 rows fill 30 of the 32 registers. */
#define MR 6
#define NR 16
#define REGISTER 4 /* numbers of a register */

/* Those of 4 numbers that lie below `count`, as a register with zeros, and back. */
SNN__INLINE float32x4_t load(const float *from, size_t count)
{
    float lane[REGISTER] = { 0 };

    if (count >= REGISTER)
        return vld1q_f32(from);
    for (size_t i = 0; i < count; i++)
        lane[i] = from[i];
    return vld1q_f32(lane);
}

SNN__INLINE void store(float *to, float32x4_t v, size_t count)
{
    float lane[REGISTER];

    if (count >= REGISTER) {
        vst1q_f32(to, v);
        return;
    }
    vst1q_f32(lane, v);
    for (size_t i = 0; i < count; i++)
        to[i] = lane[i];
}

/* Numbers of vector `v` that lie below `cols`: more than there are, where all do. */
SNN__INLINE size_t lanes(size_t cols, size_t v)
{
    return cols > REGISTER * v ? cols - REGISTER * v : 0;
}

/* A row of the left panel in two registers: gcc 12 keeps sums of vfmaq_n_f32() in memory. */
struct row {
    float32x4_t low;
    float32x2_t high;
};

#define VECTOR float32x4_t
#define LANE_SET size_t
#define LOAD(from) vld1q_f32(from)
#define STORE(to, y) vst1q_f32(to, y)
#define LOAD_LANES(from, lanes) load(from, lanes)
#define STORE_LANES(to, lanes, y) store(to, y, lanes)
#define ROW struct row
#define LOAD_ROW(a) ((struct row){ vld1q_f32(a), vld1_f32((a) + 4) })
#define OF_ROW(row, i) ((i) < 4 ? (row).low[i] : (row).high[(i)-4])
#include "kernel/edges.inc"

/* Four columns of some rows, turned: of four of them, and of two. */
SNN__INLINE void turn4(float *panel, size_t width, const float *const *rows, size_t j)
{
    const float32x4x2_t r01 = vtrnq_f32(vld1q_f32(rows[0] + j), vld1q_f32(rows[1] + j));
    const float32x4x2_t r23 = vtrnq_f32(vld1q_f32(rows[2] + j), vld1q_f32(rows[3] + j));

    for (size_t i = 0; i < 2; i++) {
        vst1q_f32(panel + i * width, vcombine_f32(vget_low_f32(r01.val[i]), vget_low_f32(r23.val[i])));
        vst1q_f32(panel + (i + 2) * width, vcombine_f32(vget_high_f32(r01.val[i]), vget_high_f32(r23.val[i])));
    }
}

SNN__INLINE void turn2(float *panel, size_t width, const float *const *rows, size_t j)
{
    const float32x4x2_t r01 = vtrnq_f32(vld1q_f32(rows[0] + j), vld1q_f32(rows[1] + j));

    for (size_t i = 0; i < 2; i++) {
        vst1_f32(panel + i * width, vget_low_f32(r01.val[i]));
        vst1_f32(panel + (i + 2) * width, vget_high_f32(r01.val[i]));
    }
}

/* `width` is a constant where this is inlined, an even number. */
SNN__INLINE void interleave_to(float *panel, size_t width, const float *const *rows, size_t k)
{
    size_t j = 0;

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

/* All ones where a number is zero, all zeros elsewhere; of 8 numbers. */
SNN__INLINE uint16x8_t zeros(const float *x)
{
    return vmovn_high_u32(vmovn_u32(vceqzq_f32(vld1q_f32(x))), vceqzq_f32(vld1q_f32(x + 4)));
}

/* Bit i is set where x[i] is not zero, i < 16: a byte for each, of which every one keeps a bit of its own, and their
 * sums. */
SNN__INLINE uint32_t found16(const float *x)
{
    static const uint8_t places[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    const uint8x16_t set = vbicq_u8(vld1q_u8(places), vmovn_high_u16(vmovn_u16(zeros(x)), zeros(x + 8)));

    return vaddv_u8(vget_low_u8(set)) | (uint32_t)vaddv_u8(vget_high_u8(set)) << 8;
}

/* The first n of them. */
SNN__INLINE uint32_t found(const float *x, size_t n)
{
    uint32_t set = 0;

    if (n >= 16)
        return found16(x);
    for (size_t i = 0; i < n; i++)
        set |= (uint32_t)(x[i] != 0) << i;
    return set;
}

static size_t events(const float *x, size_t n, float a, uint32_t *at, float *value)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i += 16)
        for (uint32_t set = found(x + i, n - i); set != 0; set &= set - 1) {
            at[count] = (uint32_t)i + snn__lowest_bit(set);
            value[count] = a * x[at[count]];
            count++;
        }
    return count;
}

/* One panel or what there is of it; two sums, so that one need not wait for the other. */
SNN__INLINE void scatter_to(size_t vectors, float *y, size_t cols, const float *w, size_t n, const uint32_t *row,
                            const float *value)
{
    float32x4_t sum[2][4];
    size_t e = 0;

    for (size_t v = 0; v < vectors; v++) {
        sum[0][v] = load(y + REGISTER * v, lanes(cols, v));
        sum[1][v] = vdupq_n_f32(0);
    }
    for (; e + 2 <= n; e += 2)
        for (size_t two = 0; two < 2; two++)
            for (size_t v = 0; v < vectors; v++)
                sum[two][v] += vld1q_f32(w + row[e + two] * NR + REGISTER * v) * value[e + two];
    for (size_t v = 0; e < n && v < vectors; v++)
        sum[0][v] += vld1q_f32(w + row[e] * NR + REGISTER * v) * value[e];
    for (size_t v = 0; v < vectors; v++)
        store(y + REGISTER * v, sum[0][v] + sum[1][v], lanes(cols, v));
}

static void scatter(float *y, size_t cols, const float *w, size_t panel, size_t n, const uint32_t *row,
                    const float *value)
{
    for (; cols > 0; y += NR, w += panel) {
        const size_t width = snn__min(cols, NR);

        if (width > 8)
            scatter_to(4, y, width, w, n, row, value);
        else
            scatter_to(2, y, width, w, n, row, value);
        cols -= width;
    }
}

/* Four sums of 2 lanes, added up in order. */
static double dot(const float *x, const float *y, size_t n)
{
    float64x2_t sum[4] = { vdupq_n_f64(0), vdupq_n_f64(0), vdupq_n_f64(0), vdupq_n_f64(0) };
    double total = 0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t v = 0; v < 4; v++)
            sum[v] += vcvt_f64_f32(vld1_f32(x + i + 2 * v)) * vcvt_f64_f32(vld1_f32(y + i + 2 * v));
    for (size_t v = 0; v < 4; v++)
        total += vaddvq_f64(sum[v]);
    for (; i < n; i++)
        total += (double)x[i] * y[i];
    return total;
}

static void bits(uint64_t *to, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        uint64_t word = 0;

        for (size_t j = 0; j < snn__min(n - i, 64); j += 16)
            word |= (uint64_t)found(x + i + j, n - i - j) << j;
        to[i / 64] = word;
    }
}

#define COLUMNS (SNN__BITS_NR / 2) /* registers of two columns each */
#define WORDS 31u                  /* their bytes count up to 8 in a word, and 255 in all */

/* The counts of a register's columns, and of another one's. */
SNN__INLINE uint32x4_t widened(uint8x16_t a, uint8x16_t b)
{
    return vpaddq_u32(vpaddlq_u16(vpaddlq_u8(a)), vpaddlq_u16(vpaddlq_u8(b)));
}

/* count = or += the bits of n <= WORDS words in `rows` rows that lie `words` apart; `rows` is a constant where this
 * is inlined. */
SNN__INLINE void count_some(size_t rows, size_t n, size_t words, const uint64_t *x, const uint64_t *w,
                            uint32_t *count, bool add)
{
    uint8x16_t sum[4][COLUMNS];

    for (size_t i = 0; i < rows; i++)
        for (size_t v = 0; v < COLUMNS; v++)
            sum[i][v] = vdupq_n_u8(0);
    for (size_t k = 0; k < n; k++)
        for (size_t v = 0; v < COLUMNS; v++) {
            const uint64x2_t column = vld1q_u64(w + k * SNN__BITS_NR + 2 * v);

            for (size_t i = 0; i < rows; i++)
                sum[i][v] += vcntq_u8(vreinterpretq_u8_u64(column & vdupq_n_u64(x[i * words + k])));
        }
    for (size_t i = 0; i < rows; i++)
        for (size_t v = 0; v < COLUMNS; v += 2) {
            uint32_t *to = count + i * SNN__BITS_NR + 2 * v;
            const uint32x4_t more = widened(sum[i][v], sum[i][v + 1]);

            vst1q_u32(to, add ? vld1q_u32(to) + more : more);
        }
}

SNN__INLINE void count_rows(size_t rows, size_t words, const uint64_t *x, const uint64_t *w, uint32_t *count)
{
    for (size_t k = 0; k < words; k += WORDS)
        count_some(rows, snn__min(words - k, WORDS), words, x + k, w + k * SNN__BITS_NR, count, k > 0);
}

static const uint64_t *bits_turn(size_t words, const uint64_t *x, size_t rows, uint64_t *room, uint32_t *set)
{
    return rows_as_they_are(words, x, rows, room, set);
}

static void bits_tile(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    for (; rows >= 4; rows -= 4, x += 4 * words, count += 4 * SNN__BITS_NR)
        count_rows(4, words, x, w, count);
    for (; rows > 0; rows--, x += words, count += SNN__BITS_NR)
        count_rows(1, words, x, w, count);
}

#define ISA SNN__ISA_NEON
#define LAYERS snn__layers_plain
#define TABLE snn__kernels_neon
#include "kernel/body.inc"
#else
const struct snn__kernels *const snn__kernels_neon = NULL;
#endif
