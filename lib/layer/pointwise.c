/* layer/pointwise.c - scale, gain, add, select. */
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"

static snn_status same_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

/* ---- scale: y = c v ---- */

static const struct snn__param scale_params[] = { SNN__PARAM_F64(SNN_LAYER_VALUE, "value", -1e30, 1e30, 1.0,
                                                                 "constant factor") };

static bool scale_factor(const struct snn__node *node, float *factor)
{
    *factor = (float)snn__param_f64(&node->layer->params, SNN_LAYER_VALUE);
    return true;
}

static void scale_forward(struct snn__node *node, struct snn__io *io)
{
    float c;

    scale_factor(node, &c);
    io->y.data = io->x[0].data;
    io->y.scale = c * io->x[0].scale;
}

const struct snn__layer_type snn__layer_scale = {
    .name = "scale",
    .text = "a constant factor",
    .params = scale_params,
    .n_params = 1,
    .flags = SNN__LAYER_LINEAR | SNN__LAYER_IN_PLACE | SNN__LAYER_BINARY,
    .shape = same_shape,
    .forward = scale_forward,
    .factor = scale_factor,
};

/* ---- gain: y = w v, dw = sum e v ---- */

struct gain {
    double sum;
};

static snn_status gain_tensors(snn_layer *layer)
{
    return snn__layer_declare(layer, "weight", true, 1, 0, 0, 0);
}

static void gain_init(snn_layer *layer, uint64_t seed)
{
    (void)seed;
    layer->tensor[0].data[0] = (float)snn__param_f64(&layer->params, SNN_LAYER_VALUE);
}

static bool gain_factor(const struct snn__node *node, float *factor)
{
    *factor = node->layer->tensor[0].data[0];
    return true;
}

static void gain_forward(struct snn__node *node, struct snn__io *io)
{
    io->y.data = io->x[0].data;
    io->y.scale = node->layer->tensor[0].data[0] * io->x[0].scale;
}

static void gain_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    struct gain *g = node->state;

    (void)factor; /* the instantaneous value, not a trace */
    g->sum += (double)e.scale * io->x[0].scale * snn__dot(node->ctx, e.data, io->x[0].data, io->batch * node->in_len);
}

static void gain_settle(struct snn__node *node)
{
    struct gain *g = node->state;

    node->gradient[0][0] = (float)g->sum;
    g->sum = 0;
}

static const struct snn__param gain_params[] = { SNN__PARAM_F64(SNN_LAYER_VALUE, "value", -1e30, 1e30, 0.0,
                                                                "initial value of the trained factor") };

const struct snn__layer_type snn__layer_gain = {
    .name = "gain",
    .text = "one trained factor",
    .params = gain_params,
    .n_params = 1,
    .flags = SNN__LAYER_IN_PLACE | SNN__LAYER_KEEPS_X | SNN__LAYER_BINARY,
    .state_size = sizeof(struct gain),
    .shape = same_shape,
    .tensors = gain_tensors,
    .init = gain_init,
    .forward = gain_forward,
    .factor = gain_factor,
    .credit = gain_credit,
    .settle = gain_settle,
};

/* ---- add: the sum of all inputs that are present ---- */

static bool add_factor(const struct snn__node *node, float *factor)
{
    (void)node;
    *factor = 1.0f;
    return true;
}

struct adding {
    const snn_context *ctx;
    const struct snn__io *io;
};

#define PIECE 2048u /* numbers of the sum that stay in the first-level cache until all inputs are added */

static void add_range(void *arg, size_t from, size_t to)
{
    const struct adding *k = arg;
    const struct snn__kernels *f = k->ctx->kernels;

    for (size_t e = from, n; e < to; e += n) {
        bool add = false;

        n = snn__min(PIECE, to - e);
        for (size_t i = 0; i < k->io->n_x; i++) {
            if (k->io->x[i].data == NULL)
                continue;
            snn__add_or_scale(f, k->io->y.data + e, k->io->x[i].scale, k->io->x[i].data + e, n, add);
            add = true;
        }
    }
}

static void add_forward(struct snn__node *node, struct snn__io *io)
{
    io->y.scale = 1.0f;
    snn__ranges(node->ctx, io->batch * node->out_len, add_range, &(struct adding){ node->ctx, io });
}

const struct snn__layer_type snn__layer_add = {
    .name = "add",
    .text = "sum of its inputs",
    .flags = SNN__LAYER_MANY | SNN__LAYER_SUM,
    .shape = same_shape,
    .forward = add_forward,
    .factor = add_factor,
};

/* ---- select: one of several inputs, as the head of the current task ---- */

static const struct snn__param select_params[] = { SNN__PARAM_LIVE_I64(
    SNN_LAYER_SELECTED, "selected", 0, SNN__SOURCES_MAX - 1, 0, "number of the input that is passed on") };

static size_t selected(const struct snn__node *node)
{
    return (size_t)snn__param_i64(&node->layer->params, SNN_LAYER_SELECTED);
}

static snn_status select_shape(snn_layer *layer)
{
    if ((size_t)snn__param_i64(&layer->params, SNN_LAYER_SELECTED) >= layer->n_sources)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: selected input %d of %zu", layer->name,
                         (int)snn__param_i64(&layer->params, SNN_LAYER_SELECTED), layer->n_sources);
    return same_shape(layer);
}

/* An input that is absent, or not there at all, is zero. */
static void select_forward(struct snn__node *node, struct snn__io *io)
{
    size_t i = selected(node), n = io->batch * node->out_len;

    io->y.scale = 1.0f;
    if (i < io->n_x && io->x[i].data != NULL)
        snn__copy(node->ctx, io->y.data, io->x[i].scale, io->x[i].data, n);
    else
        node->ctx->kernels->fill(io->y.data, 0.0f, n);
}

static void select_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                           bool accumulate)
{
    size_t n = io->batch * node->in_len;

    if (input != selected(node)) {
        if (!accumulate)
            node->ctx->kernels->fill(dx, 0.0f, n);
        return;
    }
    snn__add_or_copy(node->ctx, dx, e.scale, e.data, n, accumulate);
}

const struct snn__layer_type snn__layer_select = {
    .name = "select",
    .text = "passes on one of its inputs",
    .params = select_params,
    .n_params = 1,
    .flags = SNN__LAYER_MANY | SNN__LAYER_STEPWISE,
    .shape = select_shape,
    .forward = select_forward,
    .adjoint = select_adjoint,
};
