/* blas/digits.h - products of digits: the grid on which a tap is a distance, and the classes of outputs; digits.c
 * says what they are. */
#ifndef SNN_BLAS_DIGITS_H
#define SNN_BLAS_DIGITS_H

#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <math.h>

#define SIDE SNN__MATRIX_SIDE

/* One axis of the grid, and of a class. */
struct axis {
    size_t stride, pad, dilation, taps, outputs;
    size_t length, before; /* of a line; what taps reach before the first */
};

struct grid {
    struct axis y, x;
    size_t samples, panels;
    size_t plane; /* bytes of a digit of 64 channels of x */
};

/* Outputs with the same rest of rows and of columns. */
struct class {
    size_t rest_y, rest_x;
    size_t high, wide; /* outputs of a sample */
    size_t words;      /* of a row: of its taps */
};

/* A tap meets the outputs of this rest at a distance of *distance. */
bool snn__digits_meet(const struct axis *a, size_t rest, size_t tap, ptrdiff_t *distance);
struct grid snn__digits_grid(size_t m, size_t n, const struct snn__window *w);
struct class snn__digits_class(const struct grid *grid, const struct snn__window *w, size_t index);
/* Words of a tap. */
size_t snn__digits_words(const struct snn__window *w);
/* Places before the first of a map. */
size_t snn__digits_before(const struct grid *grid);
/* Bytes of the weights of a class: units of columns and peaks of panels, then panels. Before all classes stands the
 * largest peak, in SNN__DIGITS_HEAD bytes. */
#define SNN__DIGITS_HEAD 64u
size_t snn__digits_units(const struct grid *grid);
size_t snn__digits_class_size(const struct grid *grid, const struct class *c);

/* The peak of numbers: the largest magnitude, relative to the root mean square of n numbers whose squares' sum this
 * is; infinite if that cannot be said. */
static inline float snn__digits_peak(float largest, double squares, size_t n)
{
    return largest < INFINITY && squares < INFINITY ? largest / (float)sqrt(squares / (double)n + 0x1p-200)
                                                    : INFINITY;
}

#endif
