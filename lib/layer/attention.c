/* layer/attention.c - attention without a softmax over the positions of a map, for each head of d channels:
 *
 *   y_n = c sum_m (q_n . k_m) v_m = c M^T q_n,   M = sum_m k_m v_m^T
 *   dq_n = c M e_n,  dk_n = c N v_n,  dv_n = c N^T k_n,   N = sum_n q_n e_n^T
 *
 * The sum over m comes first, so that work grows with the number of positions, not with its square. Of spikes, all
 * sums are whole numbers, and what is zero costs nothing. */
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/layer.h"

enum { Q, K, V, INPUTS };

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_LAYER_HEADS, "heads", 1, 65536, 1, "groups of channels, each with an attention of its own"),
    SNN__PARAM_F64(SNN_LAYER_VALUE, "value", -1e30, 1e30, 0.125, "constant factor c"),
};

static size_t heads_of(const snn_layer *layer)
{
    return (size_t)snn__param_i64(&layer->params, SNN_LAYER_HEADS);
}

static snn_status attention_shape(snn_layer *layer)
{
    if (layer->n_sources != INPUTS)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: attention takes 3 inputs, queries, keys and values, got %zu",
                         layer->name, layer->n_sources);
    if (layer->in.dim[0] % heads_of(layer) != 0)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: %u channels do not divide into %zu heads", layer->name,
                         layer->in.dim[0], heads_of(layer));
    layer->out = layer->in;
    return SNN_OK;
}

/* A matrix of d x d for every thread. */
static size_t attention_scratch(const struct snn__node *node)
{
    size_t d = node->layer->in.dim[0] / heads_of(node->layer);

    return SNN__PRODUCT(snn__threads(node->ctx), d, d, sizeof(float));
}

static void attend_all(const struct snn__node *node, const struct snn__io *io, struct snn__attention *k)
{
    const snn_shape *in = &node->layer->in;

    k->kernels = node->ctx->kernels;
    k->heads = heads_of(node->layer);
    k->channels = in->dim[0];
    k->d = k->channels / k->heads;
    k->positions = (size_t)in->dim[1] * in->dim[2];
    k->room = node->scratch;
    snn__parallel(node->ctx, snn__layers(node->ctx)->attention, k, io->batch * k->heads);
}

/* An input that is absent is zero. */
static void attention_forward(struct snn__node *node, struct snn__io *io)
{
    const struct snn__signal *x = io->x;
    struct snn__attention k = {
        .left = x[K].data, .right = x[V].data, .x = x[Q].data, .y = io->y.data, .factor = 1.0f
    };

    io->y.scale = (float)snn__param_f64(&node->layer->params, SNN_LAYER_VALUE) * x[Q].scale * x[K].scale * x[V].scale;
    if (k.left != NULL && k.right != NULL && k.x != NULL)
        attend_all(node, io, &k);
    else
        node->ctx->kernels->fill(io->y.data, 0.0f, io->batch * node->out_len);
}

static void attention_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input,
                              float *dx, bool accumulate)
{
    const struct snn__signal *x = io->x;
    const struct snn__signal *left = input == Q ? &x[K] : &x[Q], *other = input == V ? &x[K] : &x[V];
    struct snn__attention k = { .left = left->data, .y = dx, .accumulate = accumulate };

    k.factor = (float)snn__param_f64(&node->layer->params, SNN_LAYER_VALUE) * e.scale * left->scale * other->scale;
    k.right = input == Q ? other->data : e.data;
    k.x = input == Q ? e.data : other->data;
    k.turned = input != V;
    if (left->data != NULL && other->data != NULL)
        attend_all(node, io, &k);
    else if (!accumulate)
        node->ctx->kernels->fill(dx, 0.0f, io->batch * node->in_len);
}

const struct snn__layer_type snn__layer_attention = {
    .name = "attention",
    .text = "linear attention of three inputs, queries, keys and values, per head",
    SNN__WITH_PARAMS(params),
    .flags = SNN__LAYER_MANY | SNN__LAYER_KEEPS_X | SNN__LAYER_NONLINEAR,
    .shape = attention_shape,
    .scratch = attention_scratch,
    .forward = attention_forward,
    .adjoint = attention_adjoint,
};
