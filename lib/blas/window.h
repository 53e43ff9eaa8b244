/* blas/window.h - reading a map the way a convolution does, see struct snn__window. */
#ifndef SNN_BLAS_WINDOW_H
#define SNN_BLAS_WINDOW_H

#include "blas/product.h"

/* The source of a row: its sample, and the coordinates of tap (0, 0). For a transposed window these are multiplied by
 * the stride. */
struct snn__position {
    const float *sample;
    ptrdiff_t y, x;
};

/* Columns of a row. */
size_t snn__window_depth(const struct snn__window *w);

/* Columns come in runs of this length, each of which lies side by side in the source (or outside of it). */
size_t snn__window_run(const struct snn__window *w);

/* A column: the tap's offset from tap (0, 0) in the source, before the stride of a transposed window divides it, and
 * floats from there on. */
struct snn__column {
    ptrdiff_t y, x;
    size_t offset;
};

struct snn__position snn__window_locate(const struct snn__window *w, const float *x, size_t m);
struct snn__column snn__window_column(const struct snn__window *w, size_t k);

/* Columns k .. k + length - 1 of a row, all of one run: a pointer into the source where they are all inside, else
 * they are made in `own` (length floats). */
const float *snn__window_piece(const struct snn__window *w, const struct snn__position *at,
                               const struct snn__column *k, size_t length, float *own);

/* out <- columns k .. k + length - 1 of a row. */
void snn__window_row(const struct snn__window *w, const struct snn__position *at, size_t k, size_t length,
                     float *out);

#endif
