/* blas/winograd.h - the tiles of Winograd's convolutions, which products and outer products share. */
#ifndef SNN_BLAS_WINOGRAD_H
#define SNN_BLAS_WINOGRAD_H

#include "blas/product.h"
#include "kernel/kernel.h"

#define POINTS 36u
#define SNN__TILE_SIDE 128u /* most channels on either side of an outer product, to the next whole tile */

/* Zeros, as many as are read at once. */
extern const float snn__no_channels[SNN__TILE_SIDE + SNN__MR_MAX];

/* The tiles of a map. */
struct snn__tile_grid {
    size_t taps, side; /* of a row of weights, of outputs */
    size_t high, wide; /* tiles of one map */
    ptrdiff_t pad[2];  /* the first input of a tile lies so far up and left of its first output */
};

struct snn__tile_grid snn__grid_of(const struct snn__window *w);
size_t snn__tiles_of(const struct snn__window *w, size_t m);
/* in[6 * 6] <- the inputs of a tile, from channel c on */
void snn__tile_inputs(const struct snn__window *w, const struct snn__tile_grid *g, const float *x, size_t tile,
                      size_t c, const float **in);
/* at[side * side] <- index of the outputs of a tile, or SIZE_MAX outside of the map */
void snn__tile_outputs(const struct snn__window *w, const struct snn__tile_grid *g, size_t tile, size_t *at);

#endif
