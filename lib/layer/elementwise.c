/* layer/elementwise.c - a trained factor and summand for each element.
 *
 *   y_i = w_i x_i + b_i
 *   dw_i = sum over steps and samples of e_i x_i,  db_i = sum e_i,  dx_i = w_i e_i */
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"

enum { WEIGHT, BIAS };

/* Arrays of a sample, channels last. */
struct elementwise {
    size_t n;
    float *weight, *bias, *slope, *none, *one; /* slope: the weight with the factor of a call; none: zeros */
    float *dweight, *dbias;
    double *partial; /* [SNN__PIECES][2][n] */
};

static const struct snn__param params[] = { SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1,
                                                           "1: each element has a summand") };

static snn_status elementwise_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

static bool has_bias(const snn_layer *layer)
{
    return snn__param_i64(&layer->params, SNN_LAYER_BIAS) != 0;
}

static snn_status elementwise_tensors(snn_layer *layer)
{
    const uint32_t *d = layer->in.dim;
    size_t d1 = layer->in.rank > 1 ? d[1] : 0, d2 = layer->in.rank == 3 ? d[2] : 0;

    SNN__TRY(snn__layer_declare(layer, "weight", true, d[0], d1, d2, 0));
    return has_bias(layer) ? snn__layer_declare(layer, "bias", true, d[0], d1, d2, 0) : SNN_OK;
}

static void elementwise_init(snn_layer *layer, uint64_t seed)
{
    (void)seed;
    for (size_t i = 0; i < layer->tensor[WEIGHT].length; i++)
        layer->tensor[WEIGHT].data[i] = 1.0f;
}

static snn_status elementwise_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct elementwise *s = node->state;
    const size_t n = node->in_len, learned = node->learns ? n : 0;
    const struct snn__want want[] = {
        { &s->weight, n, sizeof(float) },
        { &s->bias, n, sizeof(float) },
        { &s->slope, n, sizeof(float) },
        { &s->none, n, sizeof(float) },
        { &s->one, learned, sizeof(float) },
        { &s->dweight, learned, sizeof(float) },
        { &s->dbias, learned, sizeof(float) },
        { &s->partial, SNN__PRODUCT(2 * SNN__PIECES, learned), sizeof(double) },
    };

    s->n = n;
    return snn__arena_keep_all(arena, want, sizeof want / sizeof *want);
}

static void elementwise_refresh(struct snn__node *node)
{
    struct elementwise *s = node->state;
    const snn_layer *layer = node->layer;

    snn__to_channels_last(node->ctx, &layer->in, 1, layer->tensor[WEIGHT].data, s->weight);
    if (has_bias(layer))
        snn__to_channels_last(node->ctx, &layer->in, 1, layer->tensor[BIAS].data, s->bias);
    else
        node->ctx->kernels->fill(s->bias, 0.0f, s->n);
    node->ctx->kernels->fill(s->none, 0.0f, s->n);
    if (node->learns)
        node->ctx->kernels->fill(s->one, 1.0f, s->n);
}

/* y (+)= scale w x + shift of every sample */
static void map(const struct snn__node *node, size_t batch, float scale, struct snn__affine k)
{
    const struct elementwise *s = node->state;

    node->ctx->kernels->scale(s->slope, scale, s->weight, s->n);
    k.c = s->n;
    k.slope = s->slope;
    snn__ranges(node->ctx, batch * s->n, snn__layers(node->ctx)->affine, &k);
}

static void elementwise_forward(struct snn__node *node, struct snn__io *io)
{
    const struct elementwise *s = node->state;

    io->y.scale = 1.0f;
    map(node, io->batch, io->x[0].scale,
        (struct snn__affine){ .x = io->x[0].data, .y = io->y.data, .shift = s->bias });
}

static void elementwise_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input,
                                float *dx, bool accumulate)
{
    const struct elementwise *s = node->state;

    (void)input;
    map(node, io->batch, e.scale,
        (struct snn__affine){ .x = e.data, .y = dx, .shift = s->none, .accumulate = accumulate });
}

static void elementwise_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e,
                               struct snn__signal factor)
{
    struct elementwise *s = node->state;
    const struct snn__layer_kernels *kernels = snn__layers(node->ctx);
    struct snn__norm_sums sums = { .rows = io->batch,
                                   .c = s->n,
                                   .pieces = SNN__PIECES,
                                   .x = io->x[0].data,
                                   .d = e.data,
                                   .center = s->none,
                                   .partial = s->partial,
                                   .total = s->partial };
    struct snn__norm_back k = { .c = s->n,
                                .sums = s->partial,
                                .d_scale = e.scale,
                                .x_scale = io->x[0].scale,
                                .inverse = s->one,
                                .dgamma = s->dweight,
                                .dbeta = s->dbias };

    (void)factor; /* the value of the step itself */
    snn__each(node->ctx, kernels->norm_sums, &sums, SNN__PIECES);
    kernels->norm_total(&sums, 0, 2 * s->n);
    kernels->norm_credit(&k, 0, s->n);
}

static void elementwise_settle(struct snn__node *node)
{
    struct elementwise *s = node->state;
    const snn_layer *layer = node->layer;

    snn__to_channels_first(node->ctx, &layer->in, 1, s->dweight, node->gradient[WEIGHT]);
    if (has_bias(layer))
        snn__to_channels_first(node->ctx, &layer->in, 1, s->dbias, node->gradient[BIAS]);
    node->ctx->kernels->fill(s->dweight, 0.0f, s->n);
    node->ctx->kernels->fill(s->dbias, 0.0f, s->n);
}

const struct snn__layer_type snn__layer_elementwise = {
    .name = "elementwise",
    .text = "a trained factor and summand for each element",
    SNN__WITH_PARAMS(params),
    .flags = SNN__LAYER_KEEPS_X | SNN__LAYER_NONLINEAR,
    .state_size = sizeof(struct elementwise),
    .shape = elementwise_shape,
    .tensors = elementwise_tensors,
    .init = elementwise_init,
    .plan = elementwise_plan,
    .refresh = elementwise_refresh,
    .forward = elementwise_forward,
    .adjoint = elementwise_adjoint,
    .credit = elementwise_credit,
    .settle = elementwise_settle,
};
