/* kernel/slices.h - products of real numbers on a matrix unit that multiplies bytes.
 *
 *   x = unit (X0 + 2^8 X1 + 2^16 X2 (+ 2^24 X3)),   digits of -128 .. 127
 *
 * The unit is that of a row of a, of a column of b. A row of a has three digits, a column of b four; where a row's
 * numbers are all whole bytes, it has one of 0 .. 255 and is exact. Products of digits add up exactly, in any order;
 * those below 2^24 of the largest are left out, as float32 leaves out what is below its last bit. */
#ifndef SNN_KERNEL_SLICES_H
#define SNN_KERNEL_SLICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNN__SLICE_ROW_DIGITS 3u /* most digits of a, */
#define SNN__SLICE_DIGITS 4u     /* those of b, and sums */
/* What the largest number becomes: rounding stays within 127 for all digits. */
#define SNN__SLICE_ROW_WHOLE 8355710.0f
#define SNN__SLICE_WHOLE 2139061760.0f
#define SNN__SLICE_WORDS 640u /* most words that are added: sums of 32 bits */

/* A block of a product: sum_k a[m,k] b[k,n] over words of 64 k. */
struct snn__slices {
    size_t rows, cols; /* rows <= MATRIX_SIDE */
    size_t words;      /* <= SLICE_WORDS */
    size_t digits;     /* of a: 1 or SLICE_ROW_DIGITS */
    const uint8_t *a;  /* [digit][row][word][64]: all MATRIX_SIDE rows can be read */
    const size_t *at;  /* bytes from the first to each word */
    size_t a_pitch, a_digit;
    const uint8_t *b; /* of slice_columns(), the panels of MATRIX_SIDE columns one after the other */
    const float *a_unit, *b_unit;
    float alpha;
    float *g; /* g[n][m] (+)= alpha sum */
    size_t g_pitch;
    bool accumulate;
    void *room; /* SLICE_ROOM(cols) bytes, aligned to 64 */
};

/* Rows of four digits as well: y[m][n] (+)= alpha sum_k a[m,k] b[k,n] (+ bias[n]). Ten of sixteen products are kept,
 * those from 2^24 of the smallest on. */
#define SNN__DIGIT_WORDS 480u /* most words that are added */

struct snn__digits {
    size_t rows, cols, words;     /* rows <= MATRIX_SIDE, words <= DIGIT_WORDS */
    const uint8_t *a;             /* rows of a lie 64 bytes apart: all MATRIX_SIDE of them can be read */
    const size_t *at;             /* bytes from the first row to each word */
    size_t a_digit;               /* and from a digit to the next */
    const uint8_t *b;             /* of slice_columns(), the panels one after the other */
    const float *a_unit, *b_unit; /* of each row, of each column */
    float alpha;
    const float *bias; /* or NULL */
    float *const *y;
    bool accumulate;
    void *room; /* DIGIT_ROOM bytes, aligned to 64 */
};

#endif
