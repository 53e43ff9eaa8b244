/* blas/strided.c - the adjoint of a convolution with a stride s, which meets s * s - 1 zeros for every number if it
 * asks each tap.
 *
 *   y[s a + p] = sum_i x[a + (p + pad - i) / s] w[i]      over the taps i for which s divides p + pad - i
 *
 * Rows and columns of y with the same rest p form a class, which meets taps of its own: a product with stride 1. The
 * classes go one after the other, each to an array of its own, from which its rows go to their places in y. */
#include "blas/blocks.h"
#include "core/context.h"
#include "kernel/kernel.h"

/* One axis of a class: its taps are first, first + s, ..; it has `outputs` cells, behind at most one `skipped` that
 * is computed in vain, since both axes of a window share their padding. */
struct axis {
    size_t rest, first, taps, outputs, skipped;
};

struct strided {
    const struct snn__kernels *k;
    const struct snn__product *p;
    struct axis row, column;
    size_t samples;
    float *packed, *y; /* of the class */
};

bool snn__strided_fits(const struct snn__window *w)
{
    return w->transposed && w->stride > 1 && w->dilation == 1;
}

/* A class of one axis with `n` cells and `kernel` taps; *pad: of its window. */
static struct axis class_of(const struct snn__window *w, size_t rest, size_t n, size_t kernel, size_t *pad)
{
    const size_t first = (rest + w->pad) % w->stride;

    *pad = (rest + w->pad - first) / w->stride;
    return (struct axis){ rest, first, first < kernel ? snn__ceil_div(kernel - first, w->stride) : 0,
                          rest < n ? snn__ceil_div(n - rest, w->stride) : 0, 0 };
}

/* Numbers of the array of a class, and of its weights, at most. */
static size_t class_size(const struct snn__window *w, size_t samples, size_t n)
{
    return aligned(SNN__PRODUCT(samples, w->oh / w->stride + 2, w->ow / w->stride + 2, n));
}

static size_t weights_size(const snn_context *ctx, const struct snn__window *w, size_t n)
{
    const size_t taps = SNN__PRODUCT(snn__ceil_div(w->kh, w->stride), snn__ceil_div(w->kw, w->stride));

    return aligned(SNN__PRODUCT(taps, snn__packed_size(ctx, w->c, n)));
}

size_t snn__strided_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    return SNN__PRODUCT(SNN__SUM(class_size(w, m / (w->oh * w->ow), n), weights_size(ctx, w, n)), sizeof(float));
}

/* The weights of the class's taps, of one panel. */
static void pick_taps(void *arg, size_t panel)
{
    const struct strided *a = arg;
    const struct snn__window *w = &a->p->window;
    const size_t tap = w->c * a->k->nr;
    const float *from = a->p->packed + panel * w->kh * w->kw * tap;
    float *to = a->packed + panel * a->row.taps * a->column.taps * tap;

    for (size_t i = 0; i < a->row.taps; i++)
        for (size_t j = 0; j < a->column.taps; j++, to += tap)
            memcpy(to, from + ((a->row.first + i * w->stride) * w->kw + a->column.first + j * w->stride) * tap,
                   tap * sizeof *to);
}

/* What no tap reaches. */
static void place_none(const struct strided *a, float *y)
{
    const struct snn__product *p = a->p;

    if (p->bias)
        snn__add_or_scale(a->k, y, 1, p->bias, p->n, p->accumulate);
    else if (!p->accumulate)
        a->k->fill(y, 0, p->n);
}

/* A row of cells of the class goes to its places in y. */
static void place_row(void *arg, size_t task)
{
    const struct strided *a = arg;
    const struct snn__product *p = a->p;
    const struct snn__window *w = &p->window;
    const size_t sample = task / a->row.outputs, i = task % a->row.outputs;
    const size_t high = a->row.outputs + a->row.skipped, wide = a->column.outputs + a->column.skipped;
    const float *from = a->y + ((sample * high + i + a->row.skipped) * wide + a->column.skipped) * p->n;
    float *y = p->y + ((sample * w->oh + a->row.rest + i * w->stride) * w->ow + a->column.rest) * p->y_pitch;

    for (size_t j = 0; j < a->column.outputs; j++, from += p->n, y += w->stride * p->y_pitch)
        if (a->row.taps * a->column.taps == 0)
            place_none(a, y);
        else
            snn__add_or_scale(a->k, y, 1, from, p->n, p->accumulate);
}

/* The class's own product, with what both axes can share of their padding. */
static void multiply_class(const snn_context *ctx, struct strided *a, size_t pad, void *scratch)
{
    struct snn__product own = *a->p;

    own.window.oh = a->row.outputs + a->row.skipped;
    own.window.ow = a->column.outputs + a->column.skipped;
    own.window.kh = a->row.taps;
    own.window.kw = a->column.taps;
    own.window.stride = 1;
    own.window.pad = pad;
    own.m = a->samples * own.window.oh * own.window.ow;
    own.packed = a->packed;
    own.y = a->y;
    own.y_pitch = own.n;
    own.accumulate = false;
    own.way = SNN__WAY_DENSE;
    snn__each(ctx, pick_taps, a, snn__ceil_div(own.n, a->k->nr));
    snn__product(ctx, &own, scratch);
}

void snn__strided_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct strided a = { .k = ctx->kernels, .p = p, .samples = p->m / (w->oh * w->ow), .packed = scratch };
    float *left;

    a.y = a.packed + weights_size(ctx, w, p->n);
    left = a.y + class_size(w, a.samples, p->n);
    for (size_t class = 0; class < w->stride * w->stride; class ++) {
        size_t above, beside, pad;

        a.row = class_of(w, class / w->stride, w->oh, w->kh, &above);
        a.column = class_of(w, class % w->stride, w->ow, w->kw, &beside);
        pad = snn__min(above, beside);
        a.row.skipped = above - pad;
        a.column.skipped = beside - pad;
        if (a.row.outputs * a.column.outputs == 0)
            continue;
        if (a.row.taps * a.column.taps > 0)
            multiply_class(ctx, &a, pad, left);
        snn__each(ctx, place_row, &a, a.samples * a.row.outputs);
    }
}
