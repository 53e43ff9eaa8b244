/* zoo/feedback.c - networks with feedback, of docs/methods/ide.md and spide.md. The rates of the last population,
 * read with its decay, are the representation. Weights of every output have norm 1 at the start, those of the
 * feedback stay below 1. Rates of dropout are part of the training settings, and are 0 until the host sets them. */
#include "neuron/neuron.h"
#include "zoo/build.h"
#include <math.h>

/* Batch norm and dropout of a population's current. */
static snn_status normalised(struct snn__build *b, unsigned number)
{
    SNN__TRY(snn__build_norm(b, snn__label("bn%u", number).text));
    return snn__build_dropout(b, snn__label("drop%u", number).text, 0.0);
}

static snn_status unit_conv(struct snn__build *b, unsigned number, size_t out, int64_t kernel, int64_t stride,
                            int64_t pad)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, snn__label("conv%u", number).text, out, kernel, stride, pad, &l));
    return snn_layer_set_str(l, SNN_LAYER_INIT, "unit");
}

/* sn1 gets drop1 + W s_last[t-1]; `l` is W, whose shape is set. */
static snn_status close_loop(struct snn__build *b, snn_layer *l, const char *last)
{
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_BIAS, 0));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "unit"));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_NORM, "spectral"));
    SNN__TRY(snn_layer_connect(l, last, 1));
    SNN__TRY(snn__build_dropout(b, "feedback_drop", 0.0));
    SNN__TRY(snn__build_add(b, "sum1", "drop1", "feedback_drop"));
    return snn__build_neuron(b, "sn1");
}

static snn_status rates_readout(struct snn__build *b, bool is_map)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "rate", "rate", &l));
    if (b->neuron->model == snn__neuron_model_named("lif"))
        SNN__TRY(snn_layer_set_f64(l, SNN_LAYER_DECAY, snn__param_f64(&b->neuron->params, SNN_NEURON_DECAY)));
    if (is_map)
        SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

/* 400 (F400) */
snn_status snn__build_ide_400(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    SNN__TRY(snn__build_linear(b, "fc1", 400, "unit", 0.0));
    SNN__TRY(normalised(b, 1));
    SNN__TRY(snn__build_linear(b, "feedback", 400, "unit", 0.0));
    l = snn_network_layer_named(b->net, "feedback");
    SNN__TRY(close_loop(b, l, "sn1"));
    return rates_readout(b, false);
}

/* 64C5s (F64C5); the frames of N-MNIST, 34x34, have a padding of their own: both give an even map */
snn_status snn__build_ide_64c5(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(unit_conv(b, 1, 64, 5, 2, b->shape[1] == 34 && b->shape[2] == 34 ? 1 : 2));
    SNN__TRY(normalised(b, 1));
    SNN__TRY(snn__build_conv(b, "feedback", 64, 5, 1, 2, &l));
    SNN__TRY(close_loop(b, l, "sn1"));
    return rates_readout(b, true);
}

/* W as a transposed convolution that doubles rows and columns */
static snn_status double_back(struct snn__build *b, size_t out, snn_layer **l)
{
    SNN__TRY(snn_network_add(b->net, "conv_transpose2d", "feedback", l));
    SNN__TRY(snn_layer_set_i64(*l, SNN_LAYER_OUT, (int64_t)out));
    SNN__TRY(snn_layer_set_i64(*l, SNN_LAYER_KERNEL, 3));
    SNN__TRY(snn_layer_set_i64(*l, SNN_LAYER_STRIDE, 2));
    SNN__TRY(snn_layer_set_i64(*l, SNN_LAYER_PAD, 1));
    return snn_layer_set_i64(*l, SNN_LAYER_OUT_PAD, 1);
}

/* double_back() needs a map of exactly a quarter of the input. */
static snn_status check_quarters(const struct snn__build *b)
{
    if (b->shape[1] % 4 == 0 && b->shape[2] % 4 == 0)
        return SNN_OK;
    return snn__fail(SNN_ERR_SHAPE,
                     "network %s: rows and columns of the input must be multiples of 4, because the feedback doubles "
                     "a map of a quarter of them, but the input is [%zu,%zu,%zu]",
                     b->name, b->shape[0], b->shape[1], b->shape[2]);
}

/* Five populations; strides 2 1 2 1 1, and a transposed convolution back from the last to the first, *feedback.
 * `finish` is what lies between a convolution and its population. */
static snn_status five_with_feedback(struct snn__build *b, const size_t width[5],
                                     snn_status (*finish)(struct snn__build *b, unsigned number),
                                     snn_layer **feedback)
{
    SNN__TRY(check_quarters(b));
    for (unsigned i = 1; i <= 5; i++) {
        SNN__TRY(unit_conv(b, i, width[i - 1], 3, i == 1 || i == 3 ? 2 : 1, 1));
        SNN__TRY(finish(b, i));
        if (i > 1) {
            SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
            continue;
        }
        SNN__TRY(double_back(b, width[0], feedback));
        SNN__TRY(close_loop(b, *feedback, "sn5"));
    }
    return rates_readout(b, true);
}

static const size_t alexnet[5] = { 96, 256, 384, 384, 256 }, cifarnet[5] = { 128, 256, 512, 1024, 512 };

snn_status snn__build_alexnet_f(struct snn__build *b)
{
    snn_layer *feedback;

    return five_with_feedback(b, alexnet, normalised, &feedback);
}

snn_status snn__build_cifarnet_f(struct snn__build *b)
{
    snn_layer *feedback;

    return five_with_feedback(b, cifarnet, normalised, &feedback);
}

/* ---- the same without batch norm, with weights of variance 2 / fan-in at the start: spide */

static double deviation(size_t fan_in)
{
    return sqrt(2.0 / (double)fan_in);
}

static snn_status begin_with(snn_layer *l, double std)
{
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "normal"));
    return snn_layer_set_f64(l, SNN_LAYER_INIT_STD, std);
}

static snn_status scaled_conv(struct snn__build *b, unsigned number, size_t in, size_t out, int64_t kernel,
                              int64_t stride)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, snn__label("conv%u", number).text, out, kernel, stride, kernel / 2, &l));
    return begin_with(l, deviation((size_t)(kernel * kernel) * in));
}

/* W begins with a deviation, and its Frobenius norm stays within a range. */
static snn_status restrict_feedback(snn_layer *l, double std, double range)
{
    SNN__TRY(begin_with(l, std));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_NORM, "frobenius"));
    return snn_layer_set_f64(l, SNN_LAYER_RANGE, range);
}

static snn_status dropped(struct snn__build *b, unsigned number)
{
    return snn__build_dropout(b, snn__label("drop%u", number).text, 0.0);
}

/* A pool is an operator of its own, between two populations. */
static snn_status pool_with_neurons(struct snn__build *b, unsigned number)
{
    SNN__TRY(snn__build_neuron(b, snn__label("sn%u", 2 * number - 1).text));
    SNN__TRY(snn__build_pool(b, "avgpool", snn__label("pool%u", number).text, 2, 2, 0));
    return snn__build_neuron(b, snn__label("sn%u", 2 * number).text);
}

/* 15C5-AP2-40C5-AP2-300, no feedback */
snn_status snn__build_spide_lenet(struct snn__build *b)
{
    SNN__TRY(scaled_conv(b, 1, b->shape[0], 15, 5, 1));
    SNN__TRY(pool_with_neurons(b, 1));
    SNN__TRY(scaled_conv(b, 2, 15, 40, 5, 1));
    SNN__TRY(pool_with_neurons(b, 2));
    SNN__TRY(snn__build_plain(b, "flatten", "map"));
    SNN__TRY(snn__build_linear(b, "fc1", 300, "normal", deviation(40 * (b->shape[1] / 4) * (b->shape[2] / 4))));
    SNN__TRY(snn__build_dropout(b, "drop3", 0.0));
    SNN__TRY(snn__build_neuron(b, "sn5"));
    return rates_readout(b, false);
}

/* 64C5s-64C5s-64C5 (F64C3u) */
snn_status snn__build_spide_convnet_f(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(check_quarters(b));
    SNN__TRY(scaled_conv(b, 1, b->shape[0], 64, 5, 2));
    SNN__TRY(dropped(b, 1));
    SNN__TRY(double_back(b, 64, &l));
    SNN__TRY(close_loop(b, l, "sn3"));
    SNN__TRY(restrict_feedback(l, 0.1 * deviation(9 * 64), 2.0));
    for (unsigned i = 2; i <= 3; i++) {
        SNN__TRY(scaled_conv(b, i, 64, 64, 5, i == 2 ? 2 : 1));
        SNN__TRY(dropped(b, i));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
    }
    return rates_readout(b, true);
}

/* As alexnet-f and cifarnet-f; W begins with norm 0.1 of each output, on average. */
static snn_status spide_five(struct snn__build *b, const size_t width[5])
{
    snn_layer *feedback;

    SNN__TRY(five_with_feedback(b, width, dropped, &feedback));
    return restrict_feedback(feedback, 0.1 / sqrt((double)(9 * width[4])), 2.0);
}

snn_status snn__build_spide_alexnet_f(struct snn__build *b)
{
    return spide_five(b, alexnet);
}

snn_status snn__build_spide_cifarnet_f(struct snn__build *b)
{
    return spide_five(b, cifarnet);
}

/* 512C9s (F512C5) */
snn_status snn__build_spide_512c9_f(struct snn__build *b)
{
    const size_t width = snn__option(b, SNN__OPTION_WIDTH);
    snn_layer *l;

    SNN__TRY(scaled_conv(b, 1, b->shape[0], width, 9, 2));
    SNN__TRY(dropped(b, 1));
    SNN__TRY(snn__build_conv(b, "feedback", width, 5, 1, 2, &l));
    SNN__TRY(close_loop(b, l, "sn1"));
    SNN__TRY(restrict_feedback(l, deviation(25 * width), 10.0));
    return rates_readout(b, true);
}
