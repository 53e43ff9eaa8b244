/* blas/spikes.c - maps of spikes as bits, and what windows read of them: patches are made of words, never of floats. */
#include "blas/spikes.h"
#include <string.h>

struct packing {
    const struct snn__kernels *k;
    const struct snn__window *w;
    const float *x;
    uint64_t *map;
};

size_t snn__spikes_size(size_t samples, const struct snn__window *w)
{
    return snn__round_up(samples * w->h * w->w * snn__spikes_words(w) * sizeof(uint64_t), 64);
}

static void pack_sample(void *arg, size_t sample, size_t worker)
{
    const struct packing *a = arg;
    const size_t positions = a->w->h * a->w->w, words = snn__spikes_words(a->w);

    (void)worker;
    for (size_t i = sample * positions; i < (sample + 1) * positions; i++)
        a->k->bits(a->map + i * words, a->x + i * a->w->pitch, a->w->c);
}

void snn__spikes_pack(const snn_context *ctx, const struct snn__window *w, const float *x, size_t samples, uint64_t *map)
{
    struct packing a = { ctx->kernels, w, x, map };

    snn__parallel(ctx, pack_sample, &a, samples);
}

void snn__spikes_row(const struct snn__window *w, const uint64_t *map, size_t m, uint64_t *row)
{
    const size_t sample = m / (w->oh * w->ow), y = m / w->ow % w->oh * w->stride, x = m % w->ow * w->stride;
    const size_t words = snn__spikes_words(w);

    map += sample * w->h * w->w * words;
    for (size_t i = 0; i < w->kh; i++)
        for (size_t j = 0; j < w->kw; j++, row += words) {
            const size_t at = y + i * w->dilation - w->pad, to = x + j * w->dilation - w->pad; /* outside: beyond the end */

            if (at < w->h && to < w->w)
                memcpy(row, map + (at * w->w + to) * words, words * sizeof *row);
            else
                memset(row, 0, words * sizeof *row);
        }
}
