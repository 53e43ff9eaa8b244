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

/* Positions `from` .. from + n - 1 of a line of w; zero beyond its ends. */
static void copy_positions(uint64_t *row, const uint64_t *line, size_t w, ptrdiff_t from, size_t n, size_t words)
{
    const size_t before = from < 0 ? snn__min(n, (size_t)-from) : 0, start = (size_t)(from + (ptrdiff_t)before);
    const size_t inside = start < w ? snn__min(n - before, w - start) : 0, after = n - before - inside;

    if (before > 0)
        memset(row, 0, before * words * sizeof *row);
    memcpy(row + before * words, line + start * words, inside * words * sizeof *row);
    if (after > 0)
        memset(row + (before + inside) * words, 0, after * words * sizeof *row);
}

/* Taps that lie side by side are copied at once. */
void snn__spikes_row(const struct snn__window *w, const uint64_t *map, size_t m, uint64_t *row)
{
    const size_t sample = m / (w->oh * w->ow), y = m / w->ow % w->oh * w->stride, x = m % w->ow * w->stride;
    const size_t words = snn__spikes_words(w), taps = w->dilation == 1 ? w->kw : 1;

    map += sample * w->h * w->w * words;
    for (size_t i = 0; i < w->kh; i++)
        for (size_t j = 0; j < w->kw; j += taps, row += taps * words) {
            const size_t at = y + i * w->dilation - w->pad; /* outside: beyond the end */

            if (at < w->h)
                copy_positions(row, map + at * w->w * words, w->w, (ptrdiff_t)(x + j * w->dilation) - (ptrdiff_t)w->pad, taps, words);
            else
                memset(row, 0, taps * words * sizeof *row);
        }
}
