/* blas/bits.c - spikes times weights of one bit: exact whole numbers, by counting bits.
 *
 *   sum_k x_k sgn(w_k) = 2 |x and w| - |x|,   x_k 0 or 1, the bit of w set where the sign is +
 *
 * Rows are those of blas/spikes.h, gathered in blocks. Weights lie in panels of 8 outputs, [word][8]. */
#include "blas/bits.h"
#include "blas/blocks.h"
#include "blas/spikes.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define PANELS 8u /* below which gathering rows does not pay */

size_t snn__bits_packed_size(const struct snn__window *w, size_t n)
{
    return SNN__PRODUCT(snn__spikes_depth(w), snn__round_up(n, SNN__BITS_NR));
}

/* From weights, or from their signs where these are not NULL. */
static void pack(const struct snn__window *w, uint64_t *packed, const float *weights, const unsigned char *signs,
                 size_t n)
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
    size_t depth, panels;
    size_t row_tasks, column_tasks;
    const uint64_t *map;
    char *scratch;
    size_t per_worker;
};

/* The memory of one worker. */
struct own {
    uint64_t *room, *rows; /* [depth][BITS_ROOM]; [BITS_MR][depth] */
    uint32_t *count, *set; /* [BITS_MR][BITS_NR]; [BITS_MR] */
};

static size_t own_size(const struct snn__window *w)
{
    return SNN__SUM(SNN__PRODUCT(snn__spikes_depth(w), SNN__BITS_ROOM + SNN__BITS_MR, sizeof(uint64_t)),
                    SNN__BITS_MR * (SNN__BITS_NR + 1) * sizeof(uint32_t));
}

static struct own own_of(const struct bits *a, size_t worker)
{
    uint64_t *room = (uint64_t *)(void *)(a->scratch + worker * a->per_worker),
             *rows = room + a->depth * SNN__BITS_ROOM;
    uint32_t *count = (uint32_t *)(void *)(rows + SNN__BITS_MR * a->depth);

    return (struct own){ room, rows, count, count + SNN__BITS_MR * SNN__BITS_NR };
}

size_t snn__bits_scratch(const snn_context *ctx, size_t samples, const struct snn__window *w)
{
    return SNN__SUM(snn__spikes_size(samples, w), SNN__PRODUCT(snn__threads(ctx), own_size(w)));
}

/* y = factor (2 count - set) + bias */
static void finish(const struct bits *a, const struct own *own, struct span rows, size_t panel)
{
    const struct snn__bits_product *p = a->p;
    const size_t n = panel * SNN__BITS_NR, cols = snn__min(SNN__BITS_NR, p->n - n);
    float factor[SNN__BITS_NR] = { 0 }, bias[SNN__BITS_NR] = { 0 };

    for (size_t j = 0; j < cols; j++) {
        factor[j] = p->scale[n + j] * p->alpha;
        bias[j] = p->bias ? p->bias[n + j] : 0.0f;
    }
    for (size_t m = rows.from; m < rows.to; m++) {
        const uint32_t *count = own->count + (m - rows.from) * SNN__BITS_NR;
        const int32_t set = (int32_t)own->set[m - rows.from];
        float y[SNN__BITS_NR];

        for (size_t j = 0; j < SNN__BITS_NR; j++)
            y[j] = (float)(2 * (int32_t)count[j] - set) * factor[j] + bias[j];
        if (cols == SNN__BITS_NR)
            memcpy(p->y + m * p->y_pitch + n, y, sizeof y);
        else
            memcpy(p->y + m * p->y_pitch + n, y, cols * sizeof *y);
    }
}

static void bits_task(void *arg, size_t task, size_t worker)
{
    const struct bits *a = arg;
    const struct span all = part(snn__ceil_div(a->p->m, SNN__BITS_MR), a->row_tasks, task / a->column_tasks);
    const struct span panels = part(a->panels, a->column_tasks, task % a->column_tasks);
    const struct own own = own_of(a, worker);

    for (size_t block = all.from; block < all.to; block++) {
        const struct span rows = { block * SNN__BITS_MR, snn__min(a->p->m, (block + 1) * SNN__BITS_MR) };
        const uint64_t *x;

        for (size_t m = rows.from; m < rows.to; m++)
            snn__spikes_row(&a->p->window, a->map, m, own.rows + (m - rows.from) * a->depth);
        x = a->k->bits_turn(a->depth, own.rows, rows.to - rows.from, own.room, own.set);
        for (size_t panel = panels.from; panel < panels.to; panel++) {
            a->k->bits_tile(a->depth, x, rows.to - rows.from, a->p->packed + panel * a->depth * SNN__BITS_NR,
                            own.count);
            finish(a, &own, rows, panel);
        }
    }
}

/* Few rows are cut by columns too. */
void snn__bits_product(const snn_context *ctx, const struct snn__bits_product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct bits a = { .k = ctx->kernels, .p = p, .depth = snn__spikes_depth(w) };
    const size_t samples = p->m / (w->oh * w->ow);
    const size_t wanted = tasks_wanted(p->m, p->n, a.depth * 4); /* a word takes as long as some 4 multiplications */

    a.panels = snn__ceil_div(p->n, SNN__BITS_NR);
    a.row_tasks = snn__min(wanted, snn__ceil_div(p->m, SNN__BITS_MR));
    a.column_tasks = snn__min(snn__ceil_div(a.panels, PANELS), snn__ceil_div(wanted, a.row_tasks));
    a.scratch = (char *)scratch + snn__spikes_size(samples, w);
    a.per_worker = own_size(w);
    a.map = snn__spikes_map(ctx, w, p->x, samples, p->map, scratch);
    snn__parallel(ctx, bits_task, &a, a.row_tasks * a.column_tasks);
}
