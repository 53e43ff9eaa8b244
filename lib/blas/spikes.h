/* blas/spikes.h - maps of spikes as bits, and what windows read of them.
 *
 * A position of a map is ceil(C / 64) words, the lowest bit of the first its first channel; a row one position for
 * every tap. */
#ifndef SNN_BLAS_SPIKES_H
#define SNN_BLAS_SPIKES_H

#include "blas/product.h"
#include "core/size.h"

/* Words of a position, of a row. */
static inline size_t snn__spikes_words(const struct snn__window *w)
{
    return snn__ceil_div(w->c, 64);
}

static inline size_t snn__spikes_depth(const struct snn__window *w)
{
    return SNN__PRODUCT(w->kh, w->kw, snn__spikes_words(w));
}

/* Words of x[n], positions of c channels. */
static inline size_t snn__spikes_length(size_t n, size_t c)
{
    return n / c * snn__ceil_div(c, 64);
}

/* Bytes of the maps of `samples` samples, a multiple of 64. */
size_t snn__spikes_size(size_t samples, const struct snn__window *w);
/* `given`, or where that is NULL the map that this call makes in `room`: set where x is not 0. Cuts the work among
 * the context's threads. */
const uint64_t *snn__spikes_map(const snn_context *ctx, const struct snn__window *w, const float *x, size_t samples,
                                const uint64_t *given, uint64_t *room);
/* The same of whole numbers, x times `whole`, of at most MATRIX_PLANES bits: so many words for each word of spikes.
 */
const uint64_t *snn__counts_map(const snn_context *ctx, const struct snn__window *w, const float *x, size_t samples,
                                float whole, uint64_t *room);
/* Elementwise work that makes x[n], positions of c channels, as snn__ranges() cuts it; with their map, where `map` is
 * not NULL: packed piece by piece, while x is still in the cache. */
void snn__spikes_ranges(const snn_context *ctx, size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg,
                        const float *x, size_t c, uint64_t *map);
/* The words that row m reads, tap by tap. The window is not transposed. */
void snn__spikes_row(const struct snn__window *w, const uint64_t *map, size_t m, uint64_t *row);

#endif
