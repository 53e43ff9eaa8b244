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

/* One axis of a class: its taps are first, first + s, ..; it has `outputs` cells, and `pad`
 * is that of its window. */
struct axis {
    size_t rest, first, taps, outputs, pad;
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
    return w->transposed && w->stride[SNN__Y] * w->stride[SNN__X] > 1 && w->dilation[SNN__Y] == 1 &&
           w->dilation[SNN__X] == 1;
}

/* A class of one axis with `n` cells and `kernel` taps. */
static struct axis class_of(const struct snn__window *w, int axis, size_t rest, size_t n, size_t kernel)
{
    const size_t stride = w->stride[axis], before = rest + w->pad[axis], first = before % stride;

    return (struct axis){ rest, first, first < kernel ? snn__ceil_div(kernel - first, stride) : 0,
                          rest < n ? snn__ceil_div(n - rest, stride) : 0, before / stride };
}

/* Numbers of the array of a class, and of its weights, at most. */
static size_t class_size(const struct snn__window *w, size_t samples, size_t n)
{
    return aligned(SNN__PRODUCT(samples, w->oh / w->stride[SNN__Y] + 1, w->ow / w->stride[SNN__X] + 1, n));
}

static size_t weights_size(const snn_context *ctx, const struct snn__window *w, size_t n)
{
    const size_t taps =
        SNN__PRODUCT(snn__ceil_div(w->kh, w->stride[SNN__Y]), snn__ceil_div(w->kw, w->stride[SNN__X]));

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
            memcpy(to,
                   from + ((a->row.first + i * w->stride[SNN__Y]) * w->kw + a->column.first + j * w->stride[SNN__X]) *
                              tap,
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
    const size_t line = sample * w->oh + a->row.rest + i * w->stride[SNN__Y];
    const float *from = a->y + task * a->column.outputs * p->n;
    float *y = p->y + (line * w->ow + a->column.rest) * p->y_pitch;

    for (size_t j = 0; j < a->column.outputs; j++, from += p->n, y += w->stride[SNN__X] * p->y_pitch)
        if (a->row.taps * a->column.taps == 0)
            place_none(a, y);
        else
            snn__add_or_scale(a->k, y, 1, from, p->n, p->accumulate);
}

/* The class's own product. */
static void multiply_class(const snn_context *ctx, struct strided *a, void *scratch)
{
    struct snn__product own = *a->p;

    own.window.oh = a->row.outputs;
    own.window.ow = a->column.outputs;
    own.window.kh = a->row.taps;
    own.window.kw = a->column.taps;
    own.window.stride[SNN__Y] = own.window.stride[SNN__X] = 1;
    own.window.pad[SNN__Y] = a->row.pad;
    own.window.pad[SNN__X] = a->column.pad;
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
    for (size_t class = 0; class < w->stride[SNN__Y] * w->stride[SNN__X]; class ++) {
        a.row = class_of(w, SNN__Y, class / w->stride[SNN__X], w->oh, w->kh);
        a.column = class_of(w, SNN__X, class % w->stride[SNN__X], w->ow, w->kw);
        if (a.row.outputs * a.column.outputs == 0)
            continue;
        if (a.row.taps * a.column.taps > 0)
            multiply_class(ctx, &a, left);
        snn__each(ctx, place_row, &a, a.samples * a.row.outputs);
    }
}
