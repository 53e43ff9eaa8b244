/* kernel/amx.h - spikes times weights on the matrix unit of x86-64 (AMX-INT8), for avx512.c.
 *
 * Two tiles of rows meet two of columns, one byte of the weights after the other: four tiles of sums, two of spikes, two of weights, so
 * that a tile that is loaded serves two instructions. Of spikes and weights a block of words is taken at a time, which share the first-level
 * cache: the spikes stay there while all columns pass. Where there are more words, sums are loaded again. */
#ifndef SNN_KERNEL_AMX_H
#define SNN_KERNEL_AMX_H

#include "core/compiler.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include "kernel/tiles.h"
#include <string.h>

#define SIDE SNN__MATRIX_SIDE
#define WORD SNN__MATRIX_WORD
#define TILE (WORD / 2)
#define LANES 16u

/* Numbers of a row of a tile. */
typedef float lane_floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t lane_wholes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t lane_bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define AS(type, pointer) (*(type *)(void *)(pointer))
#define AS_CONST(type, pointer) (*(const type *)(const void *)(pointer))
#define CHOOSE(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))

/* ---- weights ------------------------------------------------------------------------------------------------------- */

/* The largest magnitudes of 16 columns, as units and as what makes weights whole numbers. Magnitudes are in the order of their bits, and
 * what is not finite lies above all that is. */
SNN__INLINE void find_unit(float *unit, lane_floats *whole, const float *w, size_t rows)
{
    lane_wholes most = (lane_wholes){ 0 } + 0x0c000000; /* 2^-103 */
    lane_floats largest;

    for (size_t k = 0; k < rows; k++) {
        const lane_wholes magnitude = AS_CONST(lane_wholes, w + k * SIDE) & 0x7fffffff;

        most = CHOOSE(magnitude > most, magnitude, most);
    }
    largest = (lane_floats)most;
    AS(lane_floats, unit) = largest / SNN__MATRIX_WHOLE;
    *whole = SNN__MATRIX_WHOLE / largest;
}

/* Four rows of 16 columns become one row of a tile of each byte. */
SNN__INLINE void cut(uint8_t *to, size_t pitch, const float *w, size_t rows, const lane_floats *whole)
{
    lane_bits n[4] = { { 0 } };

    for (size_t i = 0; i < rows; i++) {
        const lane_floats x = AS_CONST(lane_floats, w + i * SIDE) * *whole;
        const lane_bits half = ((lane_bits)x & 0x80000000u) | 0x3f000000u;

        n[i] = (lane_bits)__builtin_convertvector(x + (lane_floats)half, lane_wholes);
    }
    AS(lane_bits, to) = CHOOSE(0xffffu, CHOOSE(0xffu, n[0], n[1] << 8), CHOOSE(0xffffffu, n[2] << 16, n[3] << 24));
    AS(lane_bits, to + pitch) = CHOOSE(0xffffu, CHOOSE(0xffu, n[0] >> 8, n[1]), CHOOSE(0xffffffu, n[2] << 8, n[3] << 16));
    AS(lane_bits, to + 2 * pitch) = CHOOSE(0xffffu, CHOOSE(0xffu, n[0] >> 16, n[1] >> 8), CHOOSE(0xffffffu, n[2], n[3] << 8));
}

/* A word of rows, of which there are `rows`, and 16 columns: one tile of each byte. */
SNN__INLINE void cut_tile(uint8_t *to, size_t pitch, const float *w, size_t rows, const lane_floats *whole)
{
    for (size_t k = 0; k < 64; k += 4, to += 4 * LANES)
        if (k + 4 <= rows)
            cut(to, pitch, w + k * SIDE, 4, whole);
        else
            cut(to, pitch, w + k * SIDE, k < rows ? rows - k : 0, whole);
}

/* A panel is SIDE wide, and is zero beyond the last column. */
static void limbs(uint8_t *to, float *unit, const float *w, size_t panel, size_t cols, size_t taps, size_t c)
{
    const size_t pitch = taps * snn__ceil_div(c, 64) * WORD;

    (void)panel;
    (void)cols;
    for (size_t v = 0; v < SIDE / LANES; v++) {
        uint8_t *tile = to + v * TILE;
        lane_floats whole;

        find_unit(unit + v * LANES, &whole, w + v * LANES, taps * c);
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t from = 0; from < c; from += 64, tile += WORD)
                cut_tile(tile, pitch, w + (tap * c + from) * SIDE + v * LANES, snn__min(64, c - from), &whole);
    }
}

/* ---- products ------------------------------------------------------------------------------------------------------ */

/* x[words][SIDE][64] <- so many words of each of `rows` rows, `pitch` words from one to the next; rows beyond the last are zero. */
SNN__INLINE void spread_rows(uint8_t *x, const uint64_t *bits, size_t rows, size_t pitch, size_t words)
{
    for (size_t k = 0; k < words; k++, x += WORD) {
        const uint64_t *word = bits + k;

        for (size_t m = 0; m < rows; m++, word += pitch)
            spread_word(x + m * 64, *word);
        if (rows < SIDE)
            memset(x + rows * 64, 0, (SIDE - rows) * 64);
    }
}

#define FOUR_TILES(do_one, at, pitch)                       \
    do {                                                    \
        do_one(0, (at), (pitch));                           \
        do_one(1, (at) + LANES, (pitch));                   \
        do_one(2, (at) + LANES * SIDE, (pitch));            \
        do_one(3, (at) + LANES * SIDE + LANES, (pitch));    \
    } while (0)

/* sum[SIDE][SIDE] = or += words of x times one byte of the weights; what is chosen is constant where this is inlined. */
SNN__INLINE void multiply_limb(bool with_sign, bool accumulate, int32_t *sum, const uint8_t *x, const uint8_t *limb, size_t words)
{
    if (accumulate) {
        FOUR_TILES(TILE_LOAD, sum, SIDE * sizeof *sum);
    } else {
        TILE_ZERO(0);
        TILE_ZERO(1);
        TILE_ZERO(2);
        TILE_ZERO(3);
    }
    for (size_t k = 0; k < words; k++, x += WORD, limb += WORD) {
        TILE_LOAD(4, x, 64);
        TILE_LOAD(6, limb, 64);
        TILE_LOAD(7, limb + TILE, 64);
        TILE_LOAD(5, x + TILE, 64);
        if (with_sign) {
            TILE_SIGNED(0, 4, 6);
            TILE_SIGNED(1, 4, 7);
            TILE_SIGNED(2, 5, 6);
            TILE_SIGNED(3, 5, 7);
        } else {
            TILE_UNSIGNED(0, 4, 6);
            TILE_UNSIGNED(1, 4, 7);
            TILE_UNSIGNED(2, 5, 6);
            TILE_UNSIGNED(3, 5, 7);
        }
    }
    FOUR_TILES(TILE_STORE, sum, SIDE * sizeof *sum);
}

SNN__INLINE void multiply_limbs(bool accumulate, int32_t *sum, const uint8_t *x, const uint8_t *limb, size_t pitch, size_t words)
{
    multiply_limb(false, accumulate, sum, x, limb, words);
    multiply_limb(false, accumulate, sum + SIDE * SIDE, x, limb + pitch, words);
    multiply_limb(true, accumulate, sum + 2 * SIDE * SIDE, x, limb + 2 * pitch, words);
}

/* y = alpha unit (s0 + 2^8 s1 + 2^16 s2) (+ bias) (+ y) for `cols` columns, most often all 16. The sum
 * becomes 2^16 high + low, where 0 <= low < 2^16: both are floats without rounding as long as a row has less than 2^17 spikes. */
SNN__INLINE void finish(const struct snn__matrix *a, const int32_t *sum, size_t row, size_t column, size_t cols)
{
    const lane_wholes s0 = AS_CONST(lane_wholes, sum), s1 = AS_CONST(lane_wholes, sum + SIDE * SIDE);
    const lane_wholes s2 = AS_CONST(lane_wholes, sum + 2 * SIDE * SIDE);
    const lane_wholes middle = s0 + ((s1 & 255) << 8), high = s2 + (s1 >> 8) + (middle >> 16), low = middle & 65535;
    const lane_floats whole = 65536.0f * __builtin_convertvector(high, lane_floats) + __builtin_convertvector(low, lane_floats);
    float *to = a->y + row * a->y_pitch + column;
    lane_floats unit = { 0 }, other = { 0 }, y;

    memcpy(&unit, a->unit + column, cols * sizeof(float));
    y = a->alpha * (whole * unit);
    if (a->bias) {
        memcpy(&other, a->bias + column, cols * sizeof(float));
        y += other;
    }
    if (a->accumulate) {
        memcpy(&other, to, cols * sizeof(float));
        y += other;
    }
    memcpy(to, &y, cols * sizeof(float));
}

SNN__INLINE void finish_panel(const struct snn__matrix *a, const int32_t *sum, size_t panel)
{
    const size_t end = snn__min(a->cols, (panel + 1) * SIDE);

    for (size_t row = 0; row < a->rows; row++, sum += SIDE)
        for (size_t j = panel * SIDE; j < end; j += LANES)
            if (j + LANES <= end)
                finish(a, sum + j % SIDE, row, j, LANES);
            else
                finish(a, sum + j % SIDE, row, j, end - j);
}

static void matrix(const struct snn__matrix *a)
{
    const size_t pitch = a->words * WORD, deep = snn__ceil_div(a->words, snn__ceil_div(a->words, SNN__MATRIX_DEEP));
    uint8_t *x = a->room;
    int32_t *all = (int32_t *)(void *)(x + SNN__MATRIX_DEEP * WORD);

    tiles_begin();
    for (size_t from = 0, words; from < a->words; from += words) {
        words = snn__min(deep, a->words - from);
        spread_rows(x, a->x + from, a->rows, a->words, words);
        for (size_t panel = 0; panel * SIDE < a->cols; panel++) {
            const uint8_t *limb = a->limbs + panel * SNN__MATRIX_LIMBS * pitch + from * WORD;
            int32_t *sum = all + panel * SNN__MATRIX_LIMBS * SIDE * SIDE;

            if (from == 0)
                multiply_limbs(false, sum, x, limb, pitch, words);
            else
                multiply_limbs(true, sum, x, limb, pitch, words);
            if (from + words == a->words)
                finish_panel(a, sum, panel);
        }
    }
    tiles_end();
}

#undef SIDE
#undef WORD
#undef TILE
#undef LANES
#undef AS
#undef AS_CONST
#undef CHOOSE
#undef FOUR_TILES

#endif
