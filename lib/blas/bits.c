/* blas/bits.c - spikes times weights of one bit: exact whole numbers, by counting bits.
 *
 *   sum_k x_k sgn(w_k) = 2 |x and w| - |x|,   x_k 0 or 1, the bit of w set where the sign is +
 *
 * Rows are those of blas/spikes.h. Weights lie in panels of 8 outputs, [word][8]. */
#include "blas/bits.h"
#include "blas/blocks.h"
#include "blas/spikes.h"
#include "core/context.h"
#include <string.h>

#define ROWS 64u /* gathered at a time */

size_t snn__bits_packed_size(const struct snn__window *w, size_t n)
{
    return snn__spikes_depth(w) * snn__round_up(n, SNN__BITS_NR);
}

/* From weights, or from their signs where these are not NULL. */
static void pack(const struct snn__window *w, uint64_t *packed, const float *weights, const unsigned char *signs, size_t n)
{
    const size_t taps = w->kh * w->kw, words = snn__spikes_words(w), depth = snn__spikes_depth(w);

    memset(packed, 0, snn__bits_packed_size(w, n) * sizeof *packed);
    for (size_t j = 0; j < n; j++) {
        uint64_t *panel = packed + j / SNN__BITS_NR * depth * SNN__BITS_NR + j % SNN__BITS_NR;

        for (size_t c = 0; c < w->c; c++)
            for (size_t tap = 0; tap < taps; tap++) {
                const size_t i = (j * w->c + c) * taps + tap;
                const bool positive = signs ? signs[i / 8] >> i % 8 & 1 : weights[i] >= 0.0f;

                panel[(tap * words + c / 64) * SNN__BITS_NR] |= (uint64_t)positive << c % 64;
            }
    }
}

void snn__bits_pack(const struct snn__window *w, uint64_t *packed, const float *weights, size_t n)
{
    pack(w, packed, weights, NULL, n);
}

void snn__bits_pack_signs(const struct snn__window *w, uint64_t *packed, const unsigned char *signs, size_t n)
{
    pack(w, packed, NULL, signs, n);
}

struct bits {
    const struct snn__kernels *k;
    const struct snn__bits_product *p;
    size_t depth, tasks;
    uint64_t *map;
    char *gathered; /* of each worker: [ROWS][depth], and how many are set in each row */
    size_t per_worker;
};

static size_t worker_room(const struct snn__window *w)
{
    return snn__round_up(ROWS * (snn__spikes_depth(w) * sizeof(uint64_t) + sizeof(uint32_t)), 64);
}

size_t snn__bits_scratch(const snn_context *ctx, size_t samples, const struct snn__window *w)
{
    return snn__spikes_size(samples, w) + snn__threads(ctx) * worker_room(w);
}

/* y = factor (2 count - set) + bias */
static void finish(const struct bits *a, size_t m, size_t group, const uint32_t *count, uint32_t set)
{
    const struct snn__bits_product *p = a->p;
    const size_t n = group * SNN__BITS_NR, cols = snn__min(SNN__BITS_NR, p->n - n);
    float sum[SNN__BITS_NR], *y = p->y + m * p->y_pitch + n;

    for (size_t j = 0; j < SNN__BITS_NR; j++)
        sum[j] = (float)(2 * (int32_t)count[j] - (int32_t)set);
    for (size_t j = 0; j < cols; j++)
        y[j] = sum[j] * (p->scale[n + j] * p->alpha) + (p->bias ? p->bias[n + j] : 0.0f);
}

/* How many are set. */
static uint32_t bits_of(const uint64_t *row, size_t words)
{
    uint32_t set = 0;

    for (size_t i = 0; i < words; i++)
        set += snn__count_bits(row[i]);
    return set;
}

static void multiply_rows(const struct bits *a, size_t from, size_t to, uint64_t *rows, uint32_t *set)
{
    uint32_t count[SNN__BITS_MR * SNN__BITS_NR];

    for (size_t m = from; m < to; m++) {
        snn__spikes_row(&a->p->window, a->map, m, rows + (m - from) * a->depth);
        set[m - from] = bits_of(rows + (m - from) * a->depth, a->depth);
    }
    for (size_t g = 0; g < snn__ceil_div(a->p->n, SNN__BITS_NR); g++)
        for (size_t m = from; m < to; m += SNN__BITS_MR) {
            const size_t height = snn__min(SNN__BITS_MR, to - m);

            a->k->bits_tile(a->depth, rows + (m - from) * a->depth, height, a->p->packed + g * a->depth * SNN__BITS_NR, count);
            for (size_t i = 0; i < height; i++)
                finish(a, m + i, g, count + i * SNN__BITS_NR, set[m + i - from]);
        }
}

static void bits_task(void *arg, size_t task, size_t worker)
{
    const struct bits *a = arg;
    const struct span all = part(a->p->m, a->tasks, task);
    uint64_t *rows = (uint64_t *)(void *)(a->gathered + worker * a->per_worker);

    for (size_t m = all.from; m < all.to; m += ROWS)
        multiply_rows(a, m, snn__min(all.to, m + ROWS), rows, (uint32_t *)(void *)(rows + ROWS * a->depth));
}

void snn__bits_product(const snn_context *ctx, const struct snn__bits_product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct bits a = { .k = ctx->kernels, .p = p, .depth = snn__spikes_depth(w), .map = scratch };
    const size_t samples = p->m / (w->oh * w->ow);

    a.gathered = (char *)scratch + snn__spikes_size(samples, w);
    a.per_worker = worker_room(w);
    a.tasks = snn__min(p->m, tasks_wanted(p->m, p->n, a.depth * 4)); /* a word takes as long as some 4 multiplications */
    snn__spikes_pack(ctx, w, p->x, samples, a.map);
    snn__parallel(ctx, bits_task, &a, a.tasks);
}
