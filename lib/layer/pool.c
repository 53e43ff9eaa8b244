/* layer/pool.c - average, maximum and sum over windows, whole maps, and adaptive average pooling. */
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include "layer/window.h"

struct pool {
    struct snn__axis row, column;
    size_t c;
    uint32_t *winner; /* maxpool: element of the sample that each output took, per slot */
};

/* First output cell whose window may hold input cell j. */
static size_t covering_first(const struct snn__axis *a, size_t j)
{
    if (a->adaptive)
        return snn__part(a->o, a->n, j);
    return j + a->pad < a->kernel ? 0 : (j + a->pad - a->kernel) / a->stride + 1;
}

static size_t covering_last(const struct snn__axis *a, size_t j)
{
    if (a->adaptive)
        return snn__min(snn__part_end(a->o, a->n, j), a->o);
    return snn__min((j + a->pad) / a->stride + 1, a->o);
}

/* ---- building ---- */

#define POOL_PARAMS                                                                                              \
    SNN__PARAM_I64(SNN_LAYER_KERNEL, "kernel", 0, 65536, 2, "rows and columns of the window; 0: the whole map"), \
        SNN__PARAM_I64(SNN_LAYER_STRIDE, "stride", 0, 65536, 0,                                                  \
                       "rows and columns from window to window; 0: kernel"),                                     \
        SNN__PARAM_I64(SNN_LAYER_PAD, "pad", 0, 65536, 0, "cells at every border, counted in the divisor"),      \
        SNN__KERNEL_ROWS(65536), SNN__STRIDE_ROWS(65536), SNN__PAD_ROWS(65536)

static const struct snn__param pool_params[] = { POOL_PARAMS };
static const struct snn__param adaptive_params[] = { SNN__PARAM_I64(SNN_LAYER_SIZE, "size", 1, 65536, 1,
                                                                    "rows and columns of the output") };

/* One axis of n cells; o is 0 where the window does not fit. */
static struct snn__axis fixed_axis(const snn_layer *layer, int axis)
{
    const struct snn__reach r = snn__layer_reach(layer, axis);
    const size_t n = snn__layer_side(&layer->in, axis);
    struct snn__axis a = { n, 0, r.kernel, r.stride > 0 ? r.stride : r.kernel, r.pad, false };

    if (r.kernel == 0)
        return (struct snn__axis){ n, 1, n, n, 0, false };
    if (n + 2 * r.pad >= r.kernel)
        a.o = (n + 2 * r.pad - r.kernel) / a.stride + 1;
    return a;
}

static snn_status check_padding(const snn_layer *layer, const struct snn__axis *a)
{
    if (a->pad * 2 <= a->kernel)
        return SNN_OK;
    return snn__fail(SNN_ERR_SHAPE, "layer %s: padding %zu is more than half of the window %zu", layer->name, a->pad,
                     a->kernel);
}

static snn_status pool_shape(snn_layer *layer)
{
    const struct snn__axis row = fixed_axis(layer, SNN__Y), column = fixed_axis(layer, SNN__X);

    SNN__TRY(snn__layer_takes(layer, SNN__MAPS));
    if (row.o == 0 || column.o == 0)
        return snn__layer_misfit(layer, (size_t[]){ row.kernel, column.kernel }, row.o == 0 ? row.pad : column.pad);
    SNN__TRY(check_padding(layer, &row));
    SNN__TRY(check_padding(layer, &column));
    layer->out = snn__map_like(&layer->in, layer->in.dim[0], (size_t[]){ row.o, column.o });
    return SNN_OK;
}

static snn_status adaptive_shape(snn_layer *layer)
{
    const size_t size = (size_t)snn__param_i64(&layer->params, SNN_LAYER_SIZE);

    SNN__TRY(snn__layer_takes(layer, SNN__MAPS));
    layer->out = snn__map_like(&layer->in, layer->in.dim[0], (size_t[]){ size, size });
    return SNN_OK;
}

static snn_status pool_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct pool *p = node->state;

    (void)arena;
    p->c = node->layer->in.dim[0];
    p->row = fixed_axis(node->layer, SNN__Y);
    p->column = fixed_axis(node->layer, SNN__X);
    return SNN_OK;
}

static struct snn__axis adaptive_axis(const snn_layer *layer, int axis)
{
    return (struct snn__axis){ snn__layer_side(&layer->in, axis), snn__layer_side(&layer->out, axis), 0, 0, 0, true };
}

static snn_status adaptive_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct pool *p = node->state;

    (void)arena;
    p->c = node->layer->in.dim[0];
    p->row = adaptive_axis(node->layer, SNN__Y);
    p->column = adaptive_axis(node->layer, SNN__X);
    return SNN_OK;
}

/* ---- average and sum ---- */

struct work {
    struct snn__node *node;
    const float *x;
    float *y, scale, even; /* even: scale times the weight of the first window */
    bool accumulate;
};

extern const struct snn__layer_type snn__layer_sumpool;

/* Of a window: 1, or one over its cells (padding counts, but not what an adaptive window has not). */
static float weight(const struct snn__node *node, size_t i, size_t j)
{
    const struct pool *p = node->state;

    if (node->layer->type == &snn__layer_sumpool)
        return 1.0f;
    if (p->row.adaptive)
        return 1.0f / (float)((snn__cell_last(&p->row, i) - snn__cell_first(&p->row, i)) *
                              (snn__cell_last(&p->column, j) - snn__cell_first(&p->column, j)));
    return 1.0f / (float)(p->row.kernel * p->column.kernel);
}

/* Seven spikes at most. */
static float pool_whole(const snn_layer *layer)
{
    const size_t cells = fixed_axis(layer, SNN__Y).kernel * fixed_axis(layer, SNN__X).kernel;

    if (cells < 2 || cells > 7)
        return 0;
    return layer->type == &snn__layer_sumpool ? 1.0f : (float)cells;
}

/* What a cell is multiplied by: windows of a fixed size have the same weight. */
static float factor(const struct work *k, size_t i, size_t j)
{
    const struct pool *p = k->node->state;

    return p->row.adaptive ? k->scale * weight(k->node, i, j) : k->even;
}

/* One row of output cells of one sample. */
static void sum_row(void *arg, size_t task)
{
    struct work *k = arg;
    const struct pool *p = k->node->state;
    const struct snn__kernels *f = k->node->ctx->kernels;
    size_t b = task / p->row.o, i = task % p->row.o;
    const float *x = k->x + b * k->node->in_len;

    for (size_t j = 0; j < p->column.o; j++) {
        float *y = k->y + b * k->node->out_len + (i * p->column.o + j) * p->c;
        const float a = factor(k, i, j);
        bool add = false;

        for (size_t r = snn__cell_first(&p->row, i); r < snn__cell_last(&p->row, i); r++)
            for (size_t q = snn__cell_first(&p->column, j); q < snn__cell_last(&p->column, j); q++) {
                snn__add_or_scale(f, y, a, x + (r * p->column.n + q) * p->c, p->c, add);
                add = true;
            }
        if (!add)
            f->fill(y, 0.0f, p->c);
    }
}

static void sum_forward(struct snn__node *node, struct snn__io *io)
{
    const struct pool *p = node->state;
    struct work k = { node, io->x[0].data, io->y.data, 1.0f, weight(node, 0, 0), false };

    io->y.scale = io->x[0].scale;
    snn__each(node->ctx, sum_row, &k, io->batch * p->row.o);
}

/* One row of input cells of one sample: gathers from the output cells whose windows hold them. Those of a column are
 * from .. to - 1. */
static void spread_row(void *arg, size_t task)
{
    struct work *k = arg;
    const struct pool *p = k->node->state;
    const struct snn__kernels *f = k->node->ctx->kernels;
    const size_t b = task / p->row.n, r = task % p->row.n;
    const size_t above = covering_first(&p->row, r), below = covering_last(&p->row, r);
    const float *e = k->x + b * k->node->out_len;

    for (size_t q = 0, from = 0, to = 0; q < p->column.n; q++) {
        float *dx = k->y + b * k->node->in_len + (r * p->column.n + q) * p->c;
        bool add = k->accumulate;

        while (from < p->column.o && snn__cell_last(&p->column, from) <= q)
            from++;
        while (to < p->column.o && snn__cell_first(&p->column, to) <= q)
            to++;
        for (size_t i = above; i < below; i++)
            for (size_t j = from; j < to; j++) {
                snn__add_or_scale(f, dx, factor(k, i, j), e + (i * p->column.o + j) * p->c, p->c, add);
                add = true;
            }
        if (!add)
            f->fill(dx, 0.0f, p->c);
    }
}

static void sum_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                        bool accumulate)
{
    const struct pool *p = node->state;
    struct work k = { node, e.data, dx, e.scale, e.scale * weight(node, 0, 0), accumulate };

    (void)input;
    snn__each(node->ctx, spread_row, &k, io->batch * p->row.n);
}

/* ---- maximum ---- */

static snn_status max_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct pool *p = node->state;

    SNN__TRY(pool_plan(node, arena));
    return snn__arena_keep(arena, &p->winner, SNN__PRODUCT(node->slots, node->batch_max, node->out_len),
                           sizeof *p->winner);
}

static struct snn__maximum_pool maximum(const struct pool *p, const struct snn__node *node, const struct snn__io *io,
                                        const float *x, float *y, float scale, bool accumulate)
{
    return (struct snn__maximum_pool){
        p->row, p->column,    p->c,          x,         y, p->winner + io->slot * io->batch * node->out_len,
        scale,  node->in_len, node->out_len, accumulate
    };
}

static void max_forward(struct snn__node *node, struct snn__io *io)
{
    struct pool *p = node->state;
    struct snn__maximum_pool k = maximum(p, node, io, io->x[0].data, io->y.data, io->x[0].scale, false);

    io->y.scale = io->x[0].scale;
    snn__each(node->ctx, snn__layers(node->ctx)->maximum_pool, &k, io->batch);
}

static void max_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                        bool accumulate)
{
    struct pool *p = node->state;
    struct snn__maximum_pool k = maximum(p, node, io, e.data, dx, e.scale, accumulate);

    (void)input;
    snn__each(node->ctx, snn__layers(node->ctx)->maximum_pool_back, &k, io->batch);
}

#define TYPE(type_name, type_text, type_params, type_flags, type_shape, type_plan, type_forward, type_adjoint, \
             type_whole)                                                                                       \
    {                                                                                                          \
        .name = type_name, .text = type_text, SNN__WITH_PARAMS(type_params), .flags = type_flags,              \
        .state_size = sizeof(struct pool), .shape = type_shape, .plan = type_plan, .forward = type_forward,    \
        .adjoint = type_adjoint, .whole = type_whole                                                           \
    }

const struct snn__layer_type snn__layer_avgpool =
    TYPE("avgpool", "mean of each window", pool_params, SNN__LAYER_LINEAR, pool_shape, pool_plan, sum_forward,
         sum_adjoint, pool_whole);
const struct snn__layer_type snn__layer_sumpool =
    TYPE("sumpool", "sum of each window", pool_params, SNN__LAYER_LINEAR, pool_shape, pool_plan, sum_forward,
         sum_adjoint, pool_whole);
const struct snn__layer_type snn__layer_maxpool =
    TYPE("maxpool", "maximum of each window", pool_params, SNN__LAYER_MAXIMUM | SNN__LAYER_BINARY, pool_shape,
         max_plan, max_forward, max_adjoint, NULL);
const struct snn__layer_type snn__layer_adaptive_avgpool =
    TYPE("adaptive_avgpool", "means over a map cut into a given number of cells", adaptive_params, SNN__LAYER_LINEAR,
         adaptive_shape, adaptive_plan, sum_forward, sum_adjoint, NULL);
