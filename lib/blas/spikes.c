/* blas/spikes.c - maps of spikes as bits, and what windows read of them: patches are made of words, never of
 * floats. */
#include "blas/spikes.h"
#include "kernel/kernel.h"
#include <string.h>

#define PIECE 2048u /* elements that are packed while they are in the first-level cache */

size_t snn__spikes_size(size_t samples, const struct snn__window *w)
{
    return snn__round_up(SNN__PRODUCT(samples, w->h, w->w, snn__spikes_words(w), sizeof(uint64_t)), 64);
}

/* Positions in memory, and their map. */
struct packing {
    const struct snn__kernels *k;
    const float *x;
    size_t c, pitch;
    uint64_t *map;
    float whole; /* of counts; 0: spikes */
};

static void pack_counts(const struct packing *a, size_t from, size_t to)
{
    const size_t words = snn__ceil_div(a->c, 64) * SNN__MATRIX_PLANES;

    for (size_t i = from; i < to; i++)
        a->k->planes(a->map + i * words, a->x + i * a->pitch, a->c, a->whole);
}

static void pack(const struct packing *a, size_t from, size_t to)
{
    const size_t words = snn__ceil_div(a->c, 64);

    if (a->c % 64 == 0 && a->pitch == a->c) { /* words without gaps */
        a->k->bits(a->map + from * words, a->x + from * a->c, (to - from) * a->c);
        return;
    }
    for (size_t i = from; i < to; i++)
        a->k->bits(a->map + i * words, a->x + i * a->pitch, a->c);
}

/* ---- maps of existing arrays ---- */

struct samples {
    struct packing packing;
    size_t positions;
};

static void pack_sample(void *arg, size_t sample)
{
    const struct samples *a = arg;

    (a->packing.whole > 0 ? pack_counts : pack)(&a->packing, sample * a->positions, (sample + 1) * a->positions);
}

const uint64_t *snn__spikes_map(const snn_context *ctx, const struct snn__window *w, const float *x, size_t samples,
                                const uint64_t *given, uint64_t *room)
{
    struct samples a = { { ctx->kernels, x, w->c, w->pitch, room, 0 }, w->h * w->w };

    if (given != NULL)
        return given;
    snn__each(ctx, pack_sample, &a, samples);
    return room;
}

const uint64_t *snn__counts_map(const snn_context *ctx, const struct snn__window *w, const float *x, size_t samples,
                                float whole, uint64_t *room)
{
    struct samples a = { { ctx->kernels, x, w->c, w->pitch, room, whole }, w->h * w->w };

    snn__each(ctx, pack_sample, &a, samples);
    return room;
}

/* ---- maps of arrays that are being computed ---- */

struct making {
    struct packing packing;
    void (*fn)(void *arg, size_t from, size_t to);
    void *arg;
};

/* The positions that begin in a range, piece by piece. */
static void make_range(void *arg, size_t from, size_t to)
{
    const struct making *a = arg;
    const size_t c = a->packing.c, first = snn__ceil_div(from, c), last = snn__ceil_div(to, c),
                 piece = snn__max(1, PIECE / c);

    for (size_t i = first; i < last; i += piece) {
        const size_t end = snn__min(last, i + piece);

        a->fn(a->arg, i * c, end * c);
        pack(&a->packing, i, end);
    }
}

void snn__spikes_ranges(const snn_context *ctx, size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg,
                        const float *x, size_t c, uint64_t *map)
{
    struct making a = { { ctx->kernels, x, c, c, map, 0 }, fn, arg };

    if (map == NULL)
        snn__ranges(ctx, n, fn, arg);
    else
        snn__ranges(ctx, n, make_range, &a);
}

/* ---- rows ---- */

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
    const size_t sample = m / (w->oh * w->ow), y = m / w->ow % w->oh * w->stride[SNN__Y],
                 x = m % w->ow * w->stride[SNN__X];
    const size_t words = snn__spikes_words(w), taps = w->dilation[SNN__X] == 1 ? w->kw : 1;

    map += sample * w->h * w->w * words;
    for (size_t i = 0; i < w->kh; i++)
        for (size_t j = 0; j < w->kw; j += taps, row += taps * words) {
            const size_t at = y + i * w->dilation[SNN__Y] - w->pad[SNN__Y]; /* outside: beyond the end */

            if (at < w->h)
                copy_positions(row, map + at * w->w * words, w->w,
                               (ptrdiff_t)(x + j * w->dilation[SNN__X]) - (ptrdiff_t)w->pad[SNN__X], taps, words);
            else
                memset(row, 0, taps * words * sizeof *row);
        }
}
