/* blas/pack.c - weights in the panels that the built-in products read. */
#include "blas/blocks.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define PACKED 8192u /* numbers that a task packs, at least */

size_t snn__packed_size(const snn_context *ctx, size_t k, size_t n)
{
    return SNN__PRODUCT(k, snn__round_up(n, ctx->kernels->nr));
}

struct pack {
    const struct snn__kernels *k;
    float *packed;
    const float *w;
    size_t taps, inner, n, tap_stride, inner_stride, n_stride, nr;
    size_t cuts; /* of a panel: tasks */
};

/* Weights that lie along k: a matrix is turned. Rows beyond the last are the last one, and are cleared. */
static void turn_panel(const struct pack *a, const float *w, size_t cols, struct span k, float *out)
{
    const float *row[SNN__NR_MAX];

    for (size_t j = 0; j < a->nr; j++)
        row[j] = w + snn__min(j, cols - 1) * a->n_stride + k.from;
    a->k->interleave(out, a->nr, row, k.to - k.from);
    if (cols < a->nr)
        for (size_t i = 0; i < k.to - k.from; i++)
            memset(out + i * a->nr + cols, 0, (a->nr - cols) * sizeof *out);
}

/* packed[panel][k][nr], some of k */
static void pack_panel(void *arg, size_t task)
{
    const struct pack *a = arg;
    const size_t panel = task / a->cuts, cols = snn__min(a->nr, a->n - panel * a->nr);
    const struct span k = part(a->taps * a->inner, a->cuts, task % a->cuts);
    const float *w = a->w + panel * a->nr * a->n_stride;
    float *out = a->packed + (panel * a->taps * a->inner + k.from) * a->nr;

    if (a->taps == 1 && a->inner_stride == 1) {
        turn_panel(a, w, cols, k, out);
        return;
    }
    for (size_t tap = k.from / a->inner, i = k.from % a->inner, left = k.to - k.from; left > 0; left--) {
        const float *from = w + tap * a->tap_stride + i * a->inner_stride;

        if (a->n_stride == 1)
            copy(out, from, cols);
        else
            for (size_t j = 0; j < cols; j++)
                out[j] = from[j * a->n_stride];
        for (size_t j = cols; j < a->nr; j++)
            out[j] = 0;
        out += a->nr;
        i = i + 1 < a->inner ? i + 1 : 0;
        tap += i == 0;
    }
}

void snn__pack(const snn_context *ctx, float *packed, const float *w, size_t taps, size_t inner, size_t n,
               size_t tap_stride, size_t inner_stride, size_t n_stride)
{
    struct pack a = {
        ctx->kernels, packed, w, taps, inner, n, tap_stride, inner_stride, n_stride, ctx->kernels->nr, 1
    };
    const size_t panels = snn__ceil_div(n, a.nr);

    if (panels < TASKS)
        a.cuts = snn__max(1, snn__min(TASKS / panels, SNN__PRODUCT(taps, inner, a.nr) / PACKED));
    snn__each(ctx, pack_panel, &a, panels * a.cuts);
}

struct turn {
    const struct snn__kernels *k;
    float *turned;
    const float *packed;
    size_t taps, inner, n;
};

/* turned[panel of inner][tap][n][nr]: squares of nr by nr weights are turned one by one */
static void turn_squares(void *arg, size_t task)
{
    static const float zeros[SNN__NR_MAX];
    const struct turn *a = arg;
    const size_t nr = a->k->nr, rows = snn__min(nr, a->inner - task * nr);
    const float *row[SNN__NR_MAX];

    for (size_t tap = 0; tap < a->taps; tap++)
        for (size_t n = 0; n < a->n; n += nr) {
            const float *from = a->packed + (n * a->taps + tap * nr) * a->inner + task * nr * nr;

            for (size_t i = 0; i < nr; i++)
                row[i] = i < rows ? from + i * nr : zeros;
            a->k->interleave(a->turned + ((task * a->taps + tap) * a->n + n) * nr, nr, row, snn__min(nr, a->n - n));
        }
}

void snn__pack_turned(const snn_context *ctx, float *turned, const float *packed, size_t taps, size_t inner, size_t n)
{
    struct turn a = { ctx->kernels, turned, packed, taps, inner, n };

    snn__each(ctx, turn_squares, &a, snn__ceil_div(inner, ctx->kernels->nr));
}
