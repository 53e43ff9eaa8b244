/* layer/reshape.c - flatten and nearest upsampling. */
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include "layer/window.h"

/* ---- flatten: [H,W,C] in memory to the C-order of [C,H,W] ---- */

static snn_status flatten_shape(snn_layer *layer)
{
    layer->out = (snn_shape){ 1, { snn__side(snn__shape_length(&layer->in)), 1, 1 } };
    return SNN_OK;
}

/* A map of one channel or one pixel is flat already. */
static unsigned flatten_flags(const snn_layer *layer)
{
    return layer->in.dim[0] == 1 || layer->in.dim[1] * layer->in.dim[2] == 1 ? SNN__LAYER_IN_PLACE : 0;
}

static bool flatten_factor(const struct snn__node *node, float *factor)
{
    *factor = 1.0f;
    return flatten_flags(node->layer) != 0;
}

struct turn {
    const snn_context *ctx;
    const snn_shape *shape;
    size_t length;
    const float *x;
    float *y;
};

static void flatten_forward_samples(void *arg, size_t b)
{
    struct turn *k = arg;

    snn__to_channels_first(k->ctx, k->shape, 1, k->x + b * k->length, k->y + b * k->length);
}

static void flatten_forward(struct snn__node *node, struct snn__io *io)
{
    struct turn k = { node->ctx, &node->layer->in, node->in_len, io->x[0].data, io->y.data };

    io->y.scale = io->x[0].scale;
    if (flatten_flags(node->layer)) {
        io->y.data = io->x[0].data;
        return;
    }
    snn__each(node->ctx, flatten_forward_samples, &k, io->batch);
}

static void flatten_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                            bool accumulate)
{
    const size_t channels = node->layer->in.dim[0];
    struct snn__turn_back k = { channels, node->in_len / channels, e.data, dx, e.scale, accumulate };

    (void)input;
    snn__each(node->ctx, snn__layers(node->ctx)->turn_back, &k, io->batch);
}

const struct snn__layer_type snn__layer_flatten = {
    .name = "flatten",
    .text = "a map [C,H,W] becomes a vector [C*H*W]",
    .flags = SNN__LAYER_LINEAR | SNN__LAYER_BINARY,
    .shape = flatten_shape,
    .run_flags = flatten_flags,
    .forward = flatten_forward,
    .adjoint = flatten_adjoint,
    .factor = flatten_factor,
};

/* ---- upsample: every pixel becomes high x k pixels ---- */

static const struct snn__param upsample_params[] = { SNN__PARAM_I64(SNN_LAYER_FACTOR, "factor", 1, 65536, 2,
                                                                    "rows and columns per input pixel") };

static snn_status upsample_shape(snn_layer *layer)
{
    size_t k = (size_t)snn__param_i64(&layer->params, SNN_LAYER_FACTOR);

    SNN__TRY(snn__layer_takes(layer, SNN__MAPS));
    layer->out = snn__map_like(&layer->in, layer->in.dim[0],
                               (size_t[]){ SNN__PRODUCT(snn__layer_side(&layer->in, SNN__Y), k),
                                           SNN__PRODUCT(snn__layer_side(&layer->in, SNN__X), k) });
    return SNN_OK;
}

struct stretch {
    const struct snn__kernels *kernels;
    size_t c, w, h, high, k; /* high: k, or 1 for sequences */
    const float *x;
    float *y, a;
    bool accumulate;
};

static struct stretch stretch_of(const struct snn__node *node, const float *x, float *y, float a, bool accumulate)
{
    const snn_shape *in = &node->layer->in;
    const size_t k = (size_t)snn__param_i64(&node->layer->params, SNN_LAYER_FACTOR);

    return (struct stretch){ node->ctx->kernels,
                             in->dim[0],
                             snn__layer_side(in, SNN__X),
                             snn__layer_side(in, SNN__Y),
                             in->rank == 2 ? 1 : k,
                             k,
                             x,
                             y,
                             a,
                             accumulate };
}

static void upsample_rows(void *arg, size_t row)
{
    struct stretch *s = arg;
    size_t wide = s->w * s->k;
    const float *x = s->x + row / s->high * s->w * s->c; /* rows of all samples follow each other */
    float *y = s->y + row * wide * s->c;

    for (size_t i = 0; i < wide; i++)
        s->kernels->scale(y + i * s->c, 1.0f, x + i / s->k * s->c, s->c);
}

static void upsample_forward(struct snn__node *node, struct snn__io *io)
{
    struct stretch s = stretch_of(node, io->x[0].data, io->y.data, 1.0f, false);

    io->y.scale = io->x[0].scale;
    snn__each(node->ctx, upsample_rows, &s, io->batch * s.h * s.high);
}

static void upsample_sum_rows(void *arg, size_t row)
{
    struct stretch *s = arg;
    float *dx = s->y + row * s->w * s->c;

    for (size_t i = 0; i < s->w; i++) {
        if (!s->accumulate)
            s->kernels->fill(dx + i * s->c, 0.0f, s->c);
        for (size_t j = 0; j < s->high * s->k; j++)
            s->kernels->axpy(dx + i * s->c, s->a,
                             s->x + ((row * s->high + j / s->k) * s->w * s->k + i * s->k + j % s->k) * s->c, s->c);
    }
}

static void upsample_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input,
                             float *dx, bool accumulate)
{
    struct stretch s = stretch_of(node, e.data, dx, e.scale, accumulate);

    (void)input;
    snn__each(node->ctx, upsample_sum_rows, &s, io->batch * s.h);
}

const struct snn__layer_type snn__layer_upsample = {
    .name = "upsample",
    .text = "nearest neighbour, by a whole factor",
    .params = upsample_params,
    .n_params = 1,
    .flags = SNN__LAYER_LINEAR | SNN__LAYER_BINARY,
    .shape = upsample_shape,
    .forward = upsample_forward,
    .adjoint = upsample_adjoint,
};
