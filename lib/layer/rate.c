/* layer/rate.c - the weighted mean of all steps, with an output at the last one only:
 *
 *   a = sum_t decay^(T-t) x[t] / sum_t decay^(T-t)
 *
 * kept as A <- decay A + x. The array is A, the factor of the signal divides it. */
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/layer.h"

static const struct snn__param params[] = {
    SNN__PARAM_F64(SNN_LAYER_DECAY, "decay", 0.0, 1.0, 1.0,
                   "weight of a step relative to the next; 1: the plain mean"),
};

static snn_status rate_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

static void rate_forward(struct snn__node *node, struct snn__io *io)
{
    double decay = snn__param_f64(&node->layer->params, SNN_LAYER_DECAY);
    struct snn__decay_add k = { io->y.data, (float)decay, io->x[0].scale, io->x[0].data };
    size_t n = io->batch * node->in_len;

    io->y.scale = (float)(1.0 / snn__rate_weight(decay, io->steps));
    if (io->first)
        snn__copy(node->ctx, k.y, k.a, k.x, n);
    else
        snn__ranges(node->ctx, n, snn__layers(node->ctx)->decay_add, &k);
}

const struct snn__layer_type snn__layer_rate = {
    .name = "rate",
    .text = "mean of all steps, weighted by an exponential decay; exists at the last step only",
    SNN__WITH_PARAMS(params),
    .flags = SNN__LAYER_GATHERS | SNN__LAYER_STEPWISE,
    .shape = rate_shape,
    .forward = rate_forward,
};
