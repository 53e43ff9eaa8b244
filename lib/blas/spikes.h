/* blas/spikes.h - maps of spikes as bits, and what windows read of them.
 *
 * A position of a map is ceil(C / 64) words, the lowest bit of the first its first channel; a row one position for every tap. */
#ifndef SNN_BLAS_SPIKES_H
#define SNN_BLAS_SPIKES_H

#include "core/size.h"
#include "kernel/kernel.h"

/* Words of a position, of a row. */
static inline size_t snn__spikes_words(const struct snn__window *w)
{
    return snn__ceil_div(w->c, 64);
}

static inline size_t snn__spikes_depth(const struct snn__window *w)
{
    return w->kh * w->kw * snn__spikes_words(w);
}

/* Bytes of the maps of so many samples, a multiple of 64. */
size_t snn__spikes_size(size_t samples, const struct snn__window *w);
/* map <- where x is not 0. Cuts the work among the context's threads. */
void snn__spikes_pack(const snn_context *ctx, const struct snn__window *w, const float *x, size_t samples, uint64_t *map);
/* What row m reads, tap by tap. The window is not transposed. */
void snn__spikes_row(const struct snn__window *w, const uint64_t *map, size_t m, uint64_t *row);

#endif
