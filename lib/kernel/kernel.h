/* kernel/kernel.h - the table of functions that differ from instruction set to instruction set.
 *
 * Functions with `from, to` work on elements from .. to - 1 of flat arrays and touch nothing else, so that the caller
 * may cut the range among threads as it likes. */
#ifndef SNN_KERNEL_KERNEL_H
#define SNN_KERNEL_KERNEL_H

#include "core/context.h"
#include "core/name.h"
#include "core/size.h"
#include "kernel/optimizer.h"
#include "kernel/population.h"
#include "kernel/slices.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instruction sets. Those of a family of machines share their hundreds, and a higher one has all that a lower has;
 * plain C belongs to all families. */
enum snn__isa { SNN__ISA_REF = 1, SNN__ISA_AVX2 = 2, SNN__ISA_AVX512 = 3, SNN__ISA_AMX = 4, SNN__ISA_NEON = 101 };

#define SNN__MR_MAX 16 /* most rows and columns that a micro tile may have */
#define SNN__NR_MAX 32
#define SNN__BITS_MR 64 /* most rows, and columns of a tile of bits, */
#define SNN__BITS_NR 8
#define SNN__BITS_ROOM 128           /* and words of room for every word of such rows */
#define SNN__LOOKUP_NR 16            /* columns of a table of sums, */
#define SNN__LOOKUP_BITS 5u          /* the spikes that look up one of them, */
#define SNN__LOOKUP_SUMS 32          /* how many there are, */
#define SNN__LOOKUP_GROUPS 13        /* and groups of that many spikes in a word */
#define SNN__MATRIX_SIDE 32u         /* rows and columns of a block of a matrix unit, */
#define SNN__MATRIX_COLS 128u        /* and most columns of a call; */
#define SNN__MATRIX_LIMBS 3u         /* bytes of a weight, */
#define SNN__MATRIX_PLANES 3u        /* most bits of a number that is multiplied, */
#define SNN__MATRIX_WHOLE 8388606.0f /* what the largest one becomes, so that rounding stays below 2^23, */
#define SNN__MATRIX_WORD 2048u       /* bytes of one limb of a block that a word of spikes meets, */
#define SNN__MATRIX_DEEP 10u         /* words at a time: two times 20 KiB share a first-level cache */
#define SNN__MATRIX_ROOM                   \
    (SNN__MATRIX_DEEP * SNN__MATRIX_WORD + \
     SNN__MATRIX_LIMBS * SNN__MATRIX_SIDE * SNN__MATRIX_COLS * sizeof(int32_t)) /* spikes as bytes, sums */
#define SNN__SLICE_PANEL(words) (SNN__SLICE_DIGITS * (words)*SNN__MATRIX_WORD)  /* bytes of MATRIX_SIDE columns */
#define SNN__SLICE_DEEP 12u /* words of digits of rows at a time, which share a first-level cache with columns */
#define SNN__SLICE_ROOM(cols)             \
    (SNN__SLICE_DEEP * SNN__MATRIX_WORD + \
     SNN__SLICE_DIGITS * SNN__MATRIX_SIDE * snn__round_up(cols, SNN__MATRIX_SIDE) * sizeof(int32_t))

#define SNN__DIGIT_DEEP 2u /* words of four digits of both at a time, which share a first-level cache */
#define SNN__DIGIT_ROOM (SNN__SLICE_DIGITS * SNN__MATRIX_SIDE * SNN__MATRIX_SIDE * sizeof(int32_t))

struct snn__layer_kernels;

/* A block of a product of spikes, or of counts of a few of them, for a matrix unit: y[rows,cols] = alpha * unit[n] *
 * sum_k x[m,k] W[k,n] (+ bias[n])
 * (+ y[m,n]). W is what limbs() of the table made. The whole sum is exact, at most 2^23 deep, and rounded to float
 * once or (beyond 2^17 spikes) twice before it is multiplied. */
struct snn__matrix {
    size_t rows, cols, words; /* rows <= MATRIX_SIDE, cols <= MATRIX_COLS */
    size_t planes;            /* bits of x[m,k]: 1, spikes, or MATRIX_PLANES, whole numbers from 0 to 7 */
    const uint64_t *x;        /* [rows][words][planes], the lowest bits first */
    const uint8_t *limbs;     /* of each MATRIX_SIDE columns */
    const float *unit;
    float alpha;
    const float *bias; /* or NULL */
    float *y;
    size_t y_pitch;
    bool accumulate;
    void *room; /* MATRIX_ROOM bytes, aligned to 64 */
};

/* c[rows,cols] = alpha sum_k a(k)[i] b(k)[j] (+ bias[j]) (+ c), where k goes through `runs` of `length` and both
 * operands are read where they lie: a(k)[i] at a + run * a_run + step * a_step + i * a_row, b(k)[0] at b + run *
 * b_run + step * b_step. rows <= mr, cols <= nr. */
struct snn__strip {
    size_t rows, cols, runs, length;
    const float *a;
    size_t a_row, a_step, a_run;
    const float *b;
    size_t b_step, b_run;
    float alpha;
    const float *bias; /* or NULL */
    float *c;
    size_t c_pitch;
    bool accumulate;
};

struct snn__kernels {
    enum snn__isa isa;
    size_t mr, nr; /* rows and columns of the micro tile of the product */

    /* c[mr,nr] (pitch ldc) = or += sum_k a[k][mr] * b[k][nr] over packed panels; the full tile is always written */
    void (*tile)(size_t k, const float *a, const float *b, float *c, size_t ldc, bool accumulate);
    /* The general tile: c[rows,cols] = alpha sum_k a[k][i] b[k][j] (+ bias[j]) (+ c); rows <= mr, cols <= nr, and
     * only rows x cols of c and bias are touched. */
    void (*edge)(size_t rows, size_t cols, size_t k, const float *a, const float *b, float alpha, const float *bias,
                 float *c, size_t ldc, bool accumulate);
    void (*strip)(const struct snn__strip *s);
    /* panel[j * width + i] = rows[i][j] for j < k, i < width: rows of a matrix become a packed panel; width is mr or
     * nr */
    void (*interleave)(float *panel, size_t width, const float *const *rows, size_t k);

    /* Lists the numbers of x[n] that are not zero, times a, with their places; returns how many. Up to 16 entries
     * beyond the last may be written. */
    size_t (*events)(const float *x, size_t n, float a, uint32_t *at, float *value);
    /* y[j] += sum_e value[e] w[row[e], j] for j < cols <= 64; w in packed panels, `panel` floats from one to the
     * next */
    void (*scatter)(float *y, size_t cols, const float *w, size_t panel, size_t n, const uint32_t *row,
                    const float *value);

    /* to[ceil(n / 64)]: bit i of it, from the lowest on, is set where x[i] is not 0 */
    void (*bits)(uint64_t *to, const float *x, size_t n);
    /* Makes rows ready for tiles: set[i] = bits that are set in row i of x[rows][words]; rows <= BITS_MR. Returns
     * what tiles read: x, or room[words][BITS_ROOM] with the same in an order of their own. */
    const uint64_t *(*bits_turn)(size_t words, const uint64_t *x, size_t rows, uint64_t *room, uint32_t *set);
    /* count[i][j] = bits that are set both in row i of x, from bits_turn() of as many rows, and in column j of
     * w[words][BITS_NR] */
    void (*bits_tile)(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count);

    /* table[g][b][LOOKUP_NR] = sum of w[LOOKUP_BITS g + i, :] over the bits i that are set in b, for rows <= 64 rows
     * of w in packed panels; cols <= LOOKUP_NR of them are there */
    void (*lookup_sums)(float *table, const float *w, size_t panel, size_t rows, size_t cols);
    /* y[m][LOOKUP_NR] = or += sum_g table[g][LOOKUP_BITS bits of x[m] from LOOKUP_BITS g on] */
    void (*lookup)(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, bool accumulate);

    /* Where the process may use the unit only if the system permits: asks it, and says what the table is if it does
     * not. */
    bool (*ask_for_unit)(void);
    const struct snn__kernels *without_unit;
    /* All NULL without a matrix unit; ref has them as the specification.
     * limbs: `cols` columns of w, in packed panels, become whole numbers W = w / unit of 24 bits, to the nearest one;
     * unit is the column's largest magnitude, 2^-103 at least, by MATRIX_WHOLE. Where that is not finite, W is 0.
     * Byte l of W, the last one with the sign, goes to
     *   to[l][word][column / 16][row / 4][column % 16][row % 4]
     * where a tap has ceil(c / 64) words of 64 rows each, zero beyond its last; columns up to MATRIX_SIDE are
     * zero. */
    void (*limbs)(uint8_t *to, float *unit, const float *w, size_t panel, size_t cols, size_t taps, size_t c);
    void (*matrix)(const struct snn__matrix *a);
    /* to[ceil(n / 64)][MATRIX_PLANES] <- the bits of the whole numbers next to x[n] * whole, which are 0 to 7 */
    void (*planes)(uint64_t *to, const float *x, size_t n, float whole);

    /* All NULL without a matrix unit, too: see kernel/slices.h. row[64 words]: where the numbers of each k begin, of
     * which `cols` <= MATRIX_SIDE from `first` on are read.
     * slice_columns: columns become digits of whole numbers, to the nearest one, and units, in
     *   to[digit][word][column / 16][k % 64 / 4][column % 16][k % 4]
     * slice_rows: columns become rows a of a product, to[digit][column][pitch], and units; returns digits. These are
     * bytes if each number of each column is, within a float's rounding, 0 .. 255 times 2^-7 of the power of two
     * below the column's largest magnitude, or times its smallest magnitude that is not 0. Either is zero beyond the
     * last column. Where a column's largest magnitude is not finite, so is its unit, and its digits are 0. */
    void (*slice_columns)(uint8_t *to, float *unit, const float *const *row, size_t words, size_t first, size_t cols);
    size_t (*slice_rows)(uint8_t *to, size_t pitch, float *unit, const float *const *row, size_t words, size_t first,
                         size_t cols);
    void (*slices)(const struct snn__slices *a);
    /* The largest of `most` and the magnitudes of x[n]; INFINITY where one is not finite. */
    float (*largest)(const float *x, size_t n, float most);
    /* to[c / 64][digit][row][64], `plane` bytes from one digit to the next and `step` from one row to the next:
     * digits of rows of c numbers in units of most / SLICE_WHOLE, zero beyond the last; 0 if `most` is not finite. */
    void (*digit_rows)(uint8_t *to, size_t plane, size_t step, const float *x, size_t pitch, size_t rows, size_t c,
                       float most);
    void (*digits)(const struct snn__digits *a);

    /* Winograd's convolutions, see kernel/winograd.inc: n channels, 36 points with `pitch` floats from one to the
     * next; side * side outputs of taps * taps weights */
    void (*points_of_map)(float *out, size_t pitch, const float *const *in, size_t n); /* in: 6 * 6 positions */
    void (*points_of_error)(float *out, size_t pitch, const float *const *in, size_t side, size_t n);
    void (*points_of_weights)(float *out, size_t pitch, const float *w, size_t w_pitch, size_t taps, bool turned,
                              size_t n);
    void (*map_of_points)(float *const *y, size_t side, float alpha, const float *bias, bool accumulate,
                          const float *m, size_t pitch, size_t n); /* y NULL where there is none */
    void (*weights_of_points)(float *g, size_t g_pitch, size_t taps, float alpha, bool accumulate, const float *u,
                              size_t pitch, size_t n);

    uint64_t (*population_step)(const struct snn__population_step *a, size_t from, size_t to); /* returns spikes */
    void (*population_delta)(const struct snn__population_delta *a, size_t from, size_t to);
    void (*population_back)(const struct snn__population_back *a, size_t from, size_t to);

    uint64_t (*rate_step)(const struct snn__rate_step *a, size_t from, size_t to); /* returns spikes */
    /* returns spikes of either sign */
    uint64_t (*couple_step)(const struct snn__couple_step *a, size_t from, size_t to);

    void (*fill)(float *y, float value, size_t n);
    void (*scale)(float *y, float a, const float *x, size_t n);                                     /* y = a x */
    void (*axpy)(float *y, float a, const float *x, size_t n);                                      /* y += a x */
    void (*multiply)(float *y, float a, const float *x, const float *m, size_t n, bool accumulate); /* y (+)= a x m */
    void (*maximum)(float *y, const float *x, size_t n);     /* y = max(y, x) */
    double (*dot)(const float *x, const float *y, size_t n); /* sum x y, accumulated in double, fixed
                                                                order */
    bool (*finite)(const float *x, size_t n);                /* all finite? */
    bool (*within)(const float *x, size_t n, float limit);   /* all |x[i]| <= limit? not NaN */

    void (*sgd)(const struct snn__sgd *a, size_t from, size_t to);
    void (*adam)(const struct snn__adam *a, size_t from, size_t to);

    const struct snn__layer_kernels *layers; /* kernel/layers.h */
};

/* The best table that the machine and the cap, "avx2" or "best", allow. SNN_ERR_ARGUMENT for an unknown cap. */
snn_status snn__kernels_choose(const struct snn__kernels **out, const char *cap);
const char *snn__isa_name(enum snn__isa isa);
/* The processor, as "GenuineIntel 6-143-8": its maker, family, model and stepping. Where no instruction tells them,
 * "unknown". */
struct snn__processor {
    char text[48];
};
struct snn__processor snn__processor(void);
/* The instruction sets of this build, the machine's or not. */
snn__names snn__isa_names;
/* Table number `index` that this machine can run, from 0 (ref); NULL past the last. For tests. */
const struct snn__kernels *snn__kernels_at(size_t index);

/* y = a x, or y += a x. */
static inline void snn__add_or_scale(const struct snn__kernels *k, float *y, float a, const float *x, size_t n,
                                     bool add)
{
    (add ? k->axpy : k->scale)(y, a, x, n);
}

/* A strip of any number of rows and columns, without a bias; `whole` need not say how many. */
static inline void snn__strips(const struct snn__kernels *k, size_t rows, size_t cols, struct snn__strip whole)
{
    const size_t high = snn__ceil_div(rows, snn__ceil_div(rows, k->mr)); /* as equal as can be */

    for (size_t j = 0; j < cols; j += k->nr)
        for (size_t i = 0; i < rows; i += high) {
            struct snn__strip s = whole;

            s.rows = snn__min(high, rows - i);
            s.cols = snn__min(k->nr, cols - j);
            s.a += i * s.a_row;
            s.b += j;
            s.c += i * s.c_pitch + j;
            k->strip(&s);
        }
}

/* Elementwise work of n elements in fixed pieces over the threads: fn(arg, from, to). */
void snn__ranges(const snn_context *ctx, size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg);

#endif
