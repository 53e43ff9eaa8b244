/* layer/synapses.c - what linear and convolutional layers are made of: shapes, tensors, and their first values. */
#include "blas/product.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/reparam.h"
#include "layer/weights.h"
#include <math.h>

bool snn__weights_turned(const snn_layer *layer)
{
    return snn__params_find(&layer->params, SNN_LAYER_OUT_PAD) >= 0;
}

bool snn__weights_binary(const snn_layer *layer)
{
    return snn__params_find(&layer->params, SNN_LAYER_BINARY) >= 0 &&
           !snn__param_is(&layer->params, SNN_LAYER_BINARY, "none");
}

bool snn__weights_conv(const snn_layer *layer)
{
    return snn__params_find(&layer->params, SNN_LAYER_KERNEL) >= 0;
}

size_t snn__weights_number(const snn_layer *layer, int32_t key)
{
    return (size_t)snn__param_i64(&layer->params, key);
}

/* ---- shapes ---- */

snn_status snn__linear_shape(snn_layer *layer)
{
    SNN__TRY(snn__layer_takes(layer, 1));
    layer->out = (snn_shape){ 1, { snn__side(snn__weights_number(layer, SNN_LAYER_OUT)), 1, 1 } };
    return SNN_OK;
}

static size_t reach_of(const snn_layer *layer, int axis)
{
    const struct snn__reach r = snn__layer_reach(layer, axis);

    return (r.kernel - 1) * r.dilation + 1;
}

/* Outputs along one axis. */
static snn_status conv_side(const snn_layer *layer, int axis, size_t *out)
{
    const struct snn__reach r = snn__layer_reach(layer, axis);
    const size_t reach[2] = { reach_of(layer, SNN__Y), reach_of(layer, SNN__X) };
    const size_t padded = snn__layer_side(&layer->in, axis) + 2 * r.pad;

    if (padded < reach[axis])
        return snn__layer_misfit(layer, reach, r.pad);
    *out = (padded - reach[axis]) / r.stride + 1;
    return SNN_OK;
}

static snn_status conv_shape(snn_layer *layer, uint32_t rank)
{
    const size_t groups = snn__weights_number(layer, SNN_LAYER_GROUPS),
                 out = snn__weights_number(layer, SNN_LAYER_OUT);
    size_t side[2];

    SNN__TRY(snn__layer_takes(layer, rank));
    if (layer->in.dim[0] % groups != 0 || out % groups != 0)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: %u input and %zu output channels do not divide into %zu groups",
                         layer->name, layer->in.dim[0], out, groups);
    for (int axis = SNN__Y; axis <= SNN__X; axis++)
        SNN__TRY(conv_side(layer, axis, &side[axis]));
    layer->out = snn__map_like(&layer->in, out, side);
    return SNN_OK;
}

snn_status snn__conv1d_shape(snn_layer *layer)
{
    return conv_shape(layer, 2);
}

snn_status snn__conv2d_shape(snn_layer *layer)
{
    return conv_shape(layer, 3);
}

/* Outputs along one axis of the layer's. */
static snn_status transposed_side(const snn_layer *layer, int axis, size_t *out)
{
    const struct snn__reach r = snn__layer_reach(layer, axis);
    const size_t in = snn__layer_side(&layer->in, axis), more = snn__weights_number(layer, SNN_LAYER_OUT_PAD);
    const size_t full = SNN__SUM(SNN__PRODUCT(in - 1, r.stride), r.kernel, more);

    if (more >= r.stride)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: out_pad %zu must be below the stride, %zu", layer->name, more,
                         r.stride);
    if (full <= 2 * r.pad)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: padding %zu leaves nothing of %zu rows or columns", layer->name,
                         r.pad, full);
    *out = full - 2 * r.pad;
    return SNN_OK;
}

static snn_status transposed_shape(snn_layer *layer, uint32_t rank)
{
    size_t side[2] = { 1, 1 };

    SNN__TRY(snn__layer_takes(layer, rank));
    for (int axis = rank == 2 ? SNN__X : SNN__Y; axis <= SNN__X; axis++)
        SNN__TRY(transposed_side(layer, axis, &side[axis]));
    layer->out = snn__map_like(&layer->in, snn__weights_number(layer, SNN_LAYER_OUT), side);
    return SNN_OK;
}

snn_status snn__transposed1d_shape(snn_layer *layer)
{
    return transposed_shape(layer, 2);
}

snn_status snn__transposed2d_shape(snn_layer *layer)
{
    return transposed_shape(layer, 3);
}

/* The window of its products on maps of `channels`, as a convolution of `in` to `out`; that of a linear layer is one
 * tap. */
static struct snn__window window_of(const snn_layer *layer, const snn_shape *in, const snn_shape *out,
                                    size_t channels)
{
    const struct snn__reach y = snn__layer_reach(layer, SNN__Y), x = snn__layer_reach(layer, SNN__X);

    return (struct snn__window){ .h = snn__layer_side(in, SNN__Y),
                                 .w = snn__layer_side(in, SNN__X),
                                 .c = channels,
                                 .pitch = in->dim[0],
                                 .oh = snn__layer_side(out, SNN__Y),
                                 .ow = snn__layer_side(out, SNN__X),
                                 .kh = y.kernel,
                                 .kw = x.kernel,
                                 .stride = { y.stride, x.stride },
                                 .pad = { y.pad, x.pad },
                                 .dilation = { y.dilation, x.dilation } };
}

static void describe_windows(const snn_layer *layer, struct snn__matrix_operand *w)
{
    struct snn__window *r = &w->read, *b = &w->read_back;
    const bool turned = snn__weights_turned(layer);
    const snn_shape *in = turned ? &layer->out : &layer->in, *out = turned ? &layer->in : &layer->out;

    *r = window_of(layer, in, out, w->inputs);
    *b = *r;
    b->h = r->oh;
    b->w = r->ow;
    b->c = w->outputs;
    b->pitch = out->dim[0];
    b->oh = r->h;
    b->ow = r->w;
    b->transposed = snn__weights_conv(layer);
}

void snn__weights_describe(const snn_layer *layer, struct snn__matrix_operand *w)
{
    const struct snn__tensor *t = &layer->tensor[SNN__WEIGHT];

    w->rows = t->dim[0];
    w->groups = snn__layer_number_or(layer, SNN_LAYER_GROUPS, 1);
    w->taps = (size_t)t->dim[2] * t->dim[3];
    w->inputs = t->dim[1];
    w->outputs = w->rows / w->groups;
    w->fan = w->inputs * w->taps;
    describe_windows(layer, w);
}

/* ---- tensors ---- */

snn_status snn__weights_check_norm(snn_layer *layer)
{
    if (snn__layer_number_or(layer, SNN_LAYER_STANDARDISE, 0) ||
        snn__layer_number_or(layer, SNN_LAYER_GROUPS, 1) != 1)
        return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: norm %s goes with neither standardise nor groups",
                         layer->name, snn__param_str(&layer->params, SNN_LAYER_NORM));
    return SNN_OK;
}

snn_status snn__weights_tensors(snn_layer *layer)
{
    const struct snn__reparam *reparam;
    const size_t out = snn__weights_number(layer, SNN_LAYER_OUT);
    const size_t in = layer->in.dim[0] / snn__layer_number_or(layer, SNN_LAYER_GROUPS, 1);
    const size_t x = snn__layer_reach(layer, SNN__X).kernel, y = snn__layer_reach(layer, SNN__Y).kernel;
    const size_t taps[][2] = { { 0, 0 }, { x, 0 }, { y, x } }, *k = taps[layer->in.rank - 1];

    SNN__TRY(snn__layer_declare(layer, "weight", true, snn__weights_turned(layer) ? in : out,
                                snn__weights_turned(layer) ? out : in, k[0], k[1]));
    if (snn__weights_number(layer, SNN_LAYER_BIAS))
        SNN__TRY(snn__layer_declare(layer, "bias", true, out, 0, 0, 0));
    reparam = snn__reparam_of(layer);
    if (reparam != NULL)
        SNN__TRY(reparam->tensors(layer));
    return snn__alignment_tensors(layer);
}

/* The weights of every output get norm 1. An output of a transposed convolution is an index of the second axis. */
static void make_unit(const snn_layer *layer, float *w)
{
    const struct snn__tensor *t = &layer->tensor[SNN__WEIGHT];
    size_t taps = (size_t)t->dim[2] * t->dim[3], outputs = snn__weights_turned(layer) ? t->dim[1] : t->dim[0];
    size_t pieces = snn__weights_turned(layer) ? t->dim[0] : 1,
           length = snn__weights_turned(layer) ? taps : t->length / outputs;

    for (size_t o = 0; o < outputs; o++) {
        double square = 0;
        float factor;

        for (size_t i = 0; i < pieces; i++)
            for (size_t j = 0; j < length; j++)
                square += (double)w[(i * outputs + o) * length + j] * w[(i * outputs + o) * length + j];
        factor = square > 0 ? (float)(1.0 / sqrt(square)) : 0.0f;
        for (size_t i = 0; i < pieces; i++)
            for (size_t j = 0; j < length; j++)
                w[(i * outputs + o) * length + j] *= factor;
    }
}

bool snn__weights_presynaptic(const snn_layer *layer, struct snn__window *window, size_t *tensor)
{
    const struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];
    const size_t n = w->length / w->dim[0];

    if (snn__weights_turned(layer) || snn__weights_number(layer, SNN_LAYER_STANDARDISE) ||
        !snn__param_is(&layer->params, SNN_LAYER_NORM, "none") ||
        snn__layer_number_or(layer, SNN_LAYER_GROUPS, 1) > 1)
        return false;
    *tensor = SNN__WEIGHT;
    *window = snn__window_of_rows(n, n);
    if (layer->in.rank > 1)
        *window = window_of(layer, &layer->in, &layer->out, layer->in.dim[0]);
    return true;
}

void snn__weights_init(snn_layer *layer, uint64_t seed)
{
    struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];
    struct snn__tensor *bias = snn__layer_find_tensor(layer, "bias");
    const struct snn__reparam *reparam = snn__reparam_of(layer);
    size_t taps = (size_t)w->dim[2] * w->dim[3], groups = snn__layer_number_or(layer, SNN_LAYER_GROUPS, 1);
    float bound = 1.0f / sqrtf((float)(w->dim[1] * taps)); /* fan-in */
    float fan_out = (float)(w->dim[0] * taps) / (float)groups;
    uint64_t stream = snn__first_stream(layer->index, SNN__FIRST_WEIGHT);
    const struct snn__layer_kernels *k = snn__layers(layer->ctx);

    if (snn__param_is(&layer->params, SNN_LAYER_INIT, "default")) {
        k->random_uniform(seed, SNN__RNG_INIT, stream, w->data, w->length, -bound, bound);
        if (bias != NULL)
            k->random_uniform(seed, SNN__RNG_INIT, snn__first_stream(layer->index, SNN__FIRST_BIAS), bias->data,
                              bias->length, -bound, bound);
    } else if (snn__param_is(&layer->params, SNN_LAYER_INIT, "kaiming")) {
        k->random_normal(seed, SNN__RNG_INIT, stream, w->data, w->length, sqrtf(2.0f / fan_out));
    } else if (snn__param_is(&layer->params, SNN_LAYER_INIT, "normal")) {
        k->random_normal(seed, SNN__RNG_INIT, stream, w->data, w->length,
                         (float)snn__param_f64(&layer->params, SNN_LAYER_INIT_STD));
    } else if (snn__param_is(&layer->params, SNN_LAYER_INIT, "unit")) {
        k->random_uniform(seed, SNN__RNG_INIT, stream, w->data, w->length, -1.0f, 1.0f);
        make_unit(layer, w->data);
    }
    if (reparam != NULL && reparam->init != NULL)
        reparam->init(layer, seed);
    snn__alignment_init(layer, seed);
}
