/* layer/dropout.c - y = m v in training, m = 0 or 1 / (1 - rate), the same for all steps of a sequence. m is drawn
 * for each number, or for each sample (stochastic depth of a residual path).
 *
 * The array is masked by 0 or 1, and its factor takes the rest: spikes stay spikes, as products of bits read them. */
#include "layer/dropout.h"
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include <math.h>

struct dropout {
    float *mask;   /* 0 or 1, for each number or for each sample */
    bool whole;    /* for each sample */
    float kept;    /* 1 / (1 - rate) */
    bool supplied; /* the mask is the host's: none is drawn */
};

static const struct snn__param params[] = {
    SNN__PARAM_F64(SNN_LAYER_RATE, "rate", 0.0, 0.999, 0.5, "probability of a 0"),
    SNN__PARAM_STR(SNN_LAYER_MASK, "mask", "element|sample", "element",
                   "one draw for each number, or for all of a sample"),
};

static snn_status dropout_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

/* Numbers of the mask for each sample. */
static size_t draws(const struct snn__node *node)
{
    const struct dropout *d = node->state;

    return d->whole ? 1 : node->in_len;
}

static snn_status dropout_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct dropout *d = node->state;

    d->whole = snn__param_is(&node->layer->params, SNN_LAYER_MASK, "sample");
    if (!node->learns)
        return SNN_OK;
    return snn__arena_keep(arena, &d->mask, SNN__PRODUCT(node->batch_max, draws(node)), sizeof(float));
}

static void dropout_begin(struct snn__node *node, size_t first, size_t batch, uint64_t stream)
{
    struct dropout *d = node->state;
    struct snn__dropout k = { node->ctx->options.seed, stream * 4096u + node->layer->index, d->mask, 0.0f,
                              (uint64_t)first * draws(node) };

    if (d->supplied)
        return;
    k.rate = (float)snn__param_f64(&node->layer->params, SNN_LAYER_RATE);
    d->kept = 1.0f / (1.0f - k.rate);
    snn__ranges(node->ctx, batch * draws(node), snn__layers(node->ctx)->dropout, &k);
}

struct masked {
    const snn_context *ctx;
    float *y;
    float a;
    const float *x, *mask;
    bool accumulate;
};

static void mask_range(void *arg, size_t from, size_t to)
{
    struct masked *k = arg;

    k->ctx->kernels->multiply(k->y + from, k->a, k->x + from, k->mask + from, to - from, k->accumulate);
}

/* y (+)= a m x, for samples from number `sample` on */
static void apply(const struct snn__node *node, const struct snn__io *io, size_t sample, float *y, float a,
                  const float *x, bool accumulate)
{
    const struct dropout *d = node->state;
    const size_t n = node->in_len;
    const float *mask = d->mask + sample * draws(node);
    struct masked k = { node->ctx, y, a, x, mask, accumulate };

    if (!d->whole)
        snn__ranges(node->ctx, io->batch * n, mask_range, &k);
    for (size_t b = 0; d->whole && b < io->batch; b++)
        snn__add_or_copy(node->ctx, y + b * n, a * mask[b], x + b * n, n, accumulate);
}

static void dropout_forward(struct snn__node *node, struct snn__io *io)
{
    const struct dropout *d = node->state;

    io->y.scale = io->x[0].scale;
    if (!io->training) {
        snn__copy(node->ctx, io->y.data, 1.0f, io->x[0].data, io->batch * node->in_len);
        return;
    }
    io->y.scale *= d->kept;
    apply(node, io, 0, io->y.data, 1.0f, io->x[0].data, false);
}

static void dropout_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                            bool accumulate)
{
    const struct dropout *d = node->state;

    (void)input;
    apply(node, io, io->sample, dx, e.scale * d->kept, e.data, accumulate);
}

const struct snn__layer_type snn__layer_dropout = {
    .name = "dropout",
    .text = "one mask for all steps of a sequence; the identity in evaluation",
    SNN__WITH_PARAMS(params),
    .flags = SNN__LAYER_LINEAR | SNN__LAYER_RANDOM | SNN__LAYER_BINARY,
    .state_size = sizeof(struct dropout),
    .shape = dropout_shape,
    .plan = dropout_plan,
    .begin = dropout_begin,
    .forward = dropout_forward,
    .adjoint = dropout_adjoint,
};

void snn__dropout_supply(struct snn__node *node, const float *mask, size_t n)
{
    struct dropout *d = node->state;

    d->supplied = true;
    d->kept = 0.0f;
    for (size_t i = 0; i < n; i++)
        d->kept = fmaxf(d->kept, mask[i]);
    for (size_t i = 0; i < n; i++)
        d->mask[i] = mask[i] != 0.0f ? 1.0f : 0.0f;
}
