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

/* A number that not all types have. */
size_t snn__weights_number_or(const snn_layer *layer, int32_t key, size_t otherwise)
{
    return snn__params_find(&layer->params, key) < 0 ? otherwise : snn__weights_number(layer, key);
}

snn_status snn__linear_shape(snn_layer *layer)
{
    char text[48];

    if (layer->in.rank != 1)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: linear takes vectors [N], got %s; put a flatten before it",
                         layer->name, snn__shape_text(&layer->in, text));
    layer->out = (snn_shape){ 1, { snn__side(snn__weights_number(layer, SNN_LAYER_OUT)), 1, 1 } };
    return SNN_OK;
}

snn_status snn__conv2d_shape(snn_layer *layer)
{
    size_t kernel = snn__weights_number(layer, SNN_LAYER_KERNEL), pad = snn__weights_number(layer, SNN_LAYER_PAD);
    size_t reach = (kernel - 1) * snn__weights_number(layer, SNN_LAYER_DILATION) + 1,
           stride = snn__weights_number(layer, SNN_LAYER_STRIDE);
    size_t groups = snn__weights_number(layer, SNN_LAYER_GROUPS), out = snn__weights_number(layer, SNN_LAYER_OUT);
    char text[48];

    if (layer->in.rank != 3)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: conv2d takes maps [C,H,W], got %s", layer->name,
                         snn__shape_text(&layer->in, text));
    if (layer->in.dim[0] % groups != 0 || out % groups != 0)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: %u input and %zu output channels do not divide into %zu groups",
                         layer->name, layer->in.dim[0], out, groups);
    if (layer->in.dim[1] + 2 * pad < reach || layer->in.dim[2] + 2 * pad < reach)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: a window of %zux%zu does not fit into %s with padding %zu",
                         layer->name, reach, reach, snn__shape_text(&layer->in, text), pad);
    layer->out = (snn_shape){ 3,
                              { snn__side(out), snn__side((layer->in.dim[1] + 2 * pad - reach) / stride + 1),
                                snn__side((layer->in.dim[2] + 2 * pad - reach) / stride + 1) } };
    return SNN_OK;
}

snn_status snn__transposed_shape(snn_layer *layer)
{
    size_t kernel = snn__weights_number(layer, SNN_LAYER_KERNEL), pad = snn__weights_number(layer, SNN_LAYER_PAD),
           more = snn__weights_number(layer, SNN_LAYER_OUT_PAD);
    size_t stride = snn__weights_number(layer, SNN_LAYER_STRIDE), out[2];
    char text[48];

    if (layer->in.rank != 3)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: conv_transpose2d takes maps [C,H,W], got %s", layer->name,
                         snn__shape_text(&layer->in, text));
    if (more >= stride)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: out_pad %zu must be below the stride, %zu", layer->name, more,
                         stride);
    for (int d = 0; d < 2; d++) {
        size_t full = SNN__SUM(SNN__PRODUCT(layer->in.dim[1 + d] - 1, stride), kernel, more);

        if (full <= 2 * pad)
            return snn__fail(SNN_ERR_SHAPE, "layer %s: padding %zu leaves nothing of %zu rows or columns",
                             layer->name, pad, full);
        out[d] = full - 2 * pad;
    }
    layer->out =
        (snn_shape){ 3,
                     { snn__side(snn__weights_number(layer, SNN_LAYER_OUT)), snn__side(out[0]), snn__side(out[1]) } };
    return SNN_OK;
}

static void describe_windows(const snn_layer *layer, struct snn__matrix_operand *w)
{
    struct snn__window *r = &w->read, *b = &w->read_back;
    const bool turned = snn__weights_turned(layer);
    const snn_shape *in = turned ? &layer->out : &layer->in, *out = turned ? &layer->in : &layer->out;

    *r = (struct snn__window){ in->dim[1], in->dim[2], w->inputs, in->dim[0], out->dim[1], out->dim[2],
                               1,          1,          1,         0,          1,           false };
    if (snn__weights_conv(layer)) {
        r->kh = r->kw = snn__weights_number(layer, SNN_LAYER_KERNEL);
        r->stride = snn__weights_number(layer, SNN_LAYER_STRIDE);
        r->pad = snn__weights_number(layer, SNN_LAYER_PAD);
        r->dilation = snn__weights_number_or(layer, SNN_LAYER_DILATION, 1);
    }
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
    w->groups = snn__weights_number_or(layer, SNN_LAYER_GROUPS, 1);
    w->taps = (size_t)t->dim[2] * t->dim[3];
    w->inputs = t->dim[1];
    w->outputs = w->rows / w->groups;
    w->fan = w->inputs * w->taps;
    describe_windows(layer, w);
}

snn_status snn__weights_check_norm(snn_layer *layer)
{
    if (snn__weights_number_or(layer, SNN_LAYER_STANDARDISE, 0) ||
        snn__weights_number_or(layer, SNN_LAYER_GROUPS, 1) != 1)
        return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: norm %s goes with neither standardise nor groups",
                         layer->name, snn__param_str(&layer->params, SNN_LAYER_NORM));
    return SNN_OK;
}

snn_status snn__weights_tensors(snn_layer *layer)
{
    const struct snn__reparam *reparam;
    size_t out = snn__weights_number(layer, SNN_LAYER_OUT), in = layer->in.dim[0], k = 0;

    if (snn__weights_conv(layer)) {
        k = snn__weights_number(layer, SNN_LAYER_KERNEL);
        in /= snn__weights_number_or(layer, SNN_LAYER_GROUPS, 1);
    }
    SNN__TRY(snn__layer_declare(layer, "weight", true, snn__weights_turned(layer) ? in : out,
                                snn__weights_turned(layer) ? out : in, k, k));
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
    const snn_shape *in = &layer->in, *out = &layer->out;
    const size_t n = w->length / w->dim[0];

    if (snn__weights_turned(layer) || snn__weights_number(layer, SNN_LAYER_STANDARDISE) ||
        !snn__param_is(&layer->params, SNN_LAYER_NORM, "none") ||
        snn__weights_number_or(layer, SNN_LAYER_GROUPS, 1) > 1)
        return false;
    *tensor = SNN__WEIGHT;
    *window = snn__window_of_rows(n, n);
    if (in->rank == 3)
        *window = (struct snn__window){ in->dim[1],
                                        in->dim[2],
                                        in->dim[0],
                                        in->dim[0],
                                        out->dim[1],
                                        out->dim[2],
                                        w->dim[2],
                                        w->dim[3],
                                        snn__weights_number_or(layer, SNN_LAYER_STRIDE, 1),
                                        snn__weights_number_or(layer, SNN_LAYER_PAD, 0),
                                        snn__weights_number_or(layer, SNN_LAYER_DILATION, 1),
                                        false };
    return true;
}

void snn__weights_init(snn_layer *layer, uint64_t seed)
{
    struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];
    struct snn__tensor *bias = snn__layer_find_tensor(layer, "bias");
    const struct snn__reparam *reparam = snn__reparam_of(layer);
    size_t taps = (size_t)w->dim[2] * w->dim[3], groups = snn__weights_number_or(layer, SNN_LAYER_GROUPS, 1);
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
