/* The networks of the papers, by name. docs/methods/ottt.md, sltt.md, dsr.md and ide.md specify them. */
#include "core/fpu.h"
#include "zoo/build.h"
#include "neuron/neuron.h"
#include <math.h>
#include <string.h>

/* 64 128 | pool | 256 256 | pool | 512 512 | pool | 512 512: the position of a pool is 0. */
static const size_t vgg_ws_widths[] = { 64, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512 };
static const size_t vgg_bn_widths[] = { 64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* y = fb(up(o[t-1])): a plain convolution, weight and bias initially 0, not standardised. The delayed edge is the
 * convolution's own, so that at step 1 its bias is absent as well. */
static snn_status add_feedback(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, "feedback", 64, 3, 1, 1, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_STANDARDISE, 0));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "zero"));
    SNN__TRY(snn_layer_connect(l, "feedback_up", 1));
    return snn__build_add(b, "sum1", "conv1", "feedback");
}

/* The source of the feedback: the last spikes, brought back to the size of the input by three doublings. */
static snn_status add_feedback_source(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "upsample", "feedback_up", &l));
    return snn_layer_set_i64(l, SNN_LAYER_FACTOR, 8);
}

static snn_status vgg_ws(struct snn__build *b, bool feedback)
{
    snn_layer *gap;
    unsigned conv = 0, pool = 0;

    b->standardise = true;
    for (size_t i = 0; i < COUNT(vgg_ws_widths); i++) {
        if (vgg_ws_widths[i] == 0) {
            SNN__TRY(snn__build_pool(b, "avgpool", snn__label("pool%u", ++pool).text, 2, 2, 0));
            continue;
        }
        conv++;
        SNN__TRY(snn__build_conv(b, snn__label("conv%u", conv).text, vgg_ws_widths[i], 3, 1, 1, NULL));
        if (feedback && conv == 1)
            SNN__TRY(add_feedback(b));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", conv).text));
        SNN__TRY(snn__build_scale(b, snn__label("scale%u", conv).text, SNN__WS_SCALE));
    }
    if (feedback)
        SNN__TRY(add_feedback_source(b));
    SNN__TRY(snn_network_add(b->net, "avgpool", "global_pool", &gap));
    SNN__TRY(snn_layer_set_i64(gap, SNN_LAYER_KERNEL, 0));
    SNN__TRY(snn_layer_connect(gap, "scale8", 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}

static snn_status vgg11_ws(struct snn__build *b)
{
    return vgg_ws(b, false);
}

static snn_status vgg11_ws_f(struct snn__build *b)
{
    if (b->shape[1] % 8 != 0 || b->shape[2] % 8 != 0)
        return snn__fail(SNN_ERR_SHAPE, "network vgg11-ws-f: rows and columns of the input must be multiples of 8, "
                         "because the feedback is upsampled by 8, but the input is [%zu,%zu,%zu]", b->shape[0],
                         b->shape[1], b->shape[2]);
    return vgg_ws(b, true);
}

/* Dropout is part of the networks of sltt.md; its rate belongs to the training settings and is 0 until the host
 * sets it on the layers "drop...". */
static snn_status vgg11_bn(struct snn__build *b)
{
    snn_layer *l;
    unsigned conv = 0, pool = 0;

    for (size_t i = 0; i < COUNT(vgg_bn_widths); i++) {
        if (vgg_bn_widths[i] == 0) {
            SNN__TRY(snn__build_pool(b, "avgpool", snn__label("pool%u", ++pool).text, 2, 2, 0));
            continue;
        }
        conv++;
        SNN__TRY(snn__build_conv(b, snn__label("conv%u", conv).text, vgg_bn_widths[i], 3, 1, 1, NULL));
        SNN__TRY(snn__build_norm(b, snn__label("bn%u", conv).text));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", conv).text));
        SNN__TRY(snn__build_dropout(b, snn__label("drop%u", conv).text, 0.0));
    }
    SNN__TRY(snn_network_add(b->net, "adaptive_avgpool", "adaptive_pool", &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_SIZE, 7));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}

/* z = LIF1(BN1(x)); y = conv(drop(LIF2(BN2(conv(z, stride))))); x_next = y + shortcut(z): the identity adds the
 * spikes z, not x; where the shape changes the shortcut is a 1x1 convolution with bias. */
static snn_status resnet18_block(struct snn__build *b, unsigned block, size_t width, int64_t stride, bool project)
{
    struct snn__label z = snn__label("b%u_sn1", block), y = snn__label("b%u_conv2", block);
    struct snn__label shortcut = project ? snn__label("b%u_proj", block) : z;

    SNN__TRY(snn__build_norm(b, snn__label("b%u_bn1", block).text));
    SNN__TRY(snn__build_neuron(b, z.text));
    SNN__TRY(snn__build_conv(b, snn__label("b%u_conv1", block).text, width, 3, stride, 1, NULL));
    SNN__TRY(snn__build_norm(b, snn__label("b%u_bn2", block).text));
    SNN__TRY(snn__build_neuron(b, snn__label("b%u_sn2", block).text));
    SNN__TRY(snn__build_dropout(b, snn__label("b%u_drop", block).text, 0.0));
    SNN__TRY(snn__build_conv(b, y.text, width, 3, 1, 1, NULL));
    if (project) {
        snn_layer *l;

        SNN__TRY(snn__build_conv(b, shortcut.text, width, 1, stride, 0, &l));
        SNN__TRY(snn_layer_connect(l, z.text, 0));
    }
    return snn__build_add(b, snn__label("b%u_sum", block).text, y.text, shortcut.text);
}

/* The biases of its convolutions start at 0 here, not at random: each feeds a batch norm, which takes any constant
 * out again, directly or behind the sums. */
static snn_status resnet18_maps(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, "conv1", 64, 3, 1, 1, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_BIAS, 0));
    for (unsigned block = 1; block <= 8; block++) {
        unsigned stage = (block - 1) / 2;
        bool project = stage > 0 && block % 2 == 1;

        SNN__TRY(resnet18_block(b, block, (size_t)64 << stage, project ? 2 : 1, project));
    }
    SNN__TRY(snn__build_norm(b, "bn"));
    return snn__build_neuron(b, "sn");
}

static snn_status resnet18(struct snn__build *b)
{
    SNN__TRY(resnet18_maps(b));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0)); /* 4x4 for images of 32x32 */
    SNN__TRY(snn__build_dropout(b, "drop", 0.0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

/* Behind the last linear layer: logits are the rates of neurons. */
static snn_status rate_readout(struct snn__build *b)
{
    if (!snn__build_rates(b))
        return snn__fail(SNN_ERR_ARGUMENT, "network %s: its neurons are dsr_if or dsr_lif", b->name);
    SNN__TRY(snn__build_norm(b, "fc_bn"));
    return snn__build_neuron(b, "fc_sn");
}

/* As resnet18, with a population behind the pool and behind the readout. */
static snn_status preact_resnet18(struct snn__build *b)
{
    SNN__TRY(resnet18_maps(b));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_neuron(b, "pool_sn"));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    SNN__TRY(snn__build_linear(b, "fc", b->classes, "default", 0.0));
    return rate_readout(b);
}

/* As vgg11-bn, with a population behind the readout and the paper's rate of dropout. */
static snn_status vgg11_dsr(struct snn__build *b)
{
    SNN__TRY(vgg11_bn(b));
    for (unsigned conv = 1; conv <= 8; conv++)
        SNN__TRY(
            snn_layer_set_f64(snn_network_layer_named(b->net, snn__label("drop%u", conv).text), SNN_LAYER_RATE, 0.1));
    return rate_readout(b);
}

/* z = 2.74 LIF1(x / beta); out = conv(2.74 LIF2(conv(z, stride))) * w * 0.2 + shortcut. The identity reads x, a
 * projection reads z. `x` is the name of the block's input and becomes that of its output. */
static snn_status nf_block(struct snn__build *b, unsigned block, size_t width, int64_t stride, bool project,
                           double beta, struct snn__label *x)
{
    struct snn__label z = snn__label("b%u_scale1", block), shortcut = *x;
    struct snn__label residual = snn__label("b%u_residual", block);

    if (beta != 1.0)
        SNN__TRY(snn__build_scale(b, snn__label("b%u_norm", block).text, 1.0 / beta));
    SNN__TRY(snn__build_neuron(b, snn__label("b%u_sn1", block).text));
    SNN__TRY(snn__build_scale(b, z.text, SNN__WS_SCALE));
    SNN__TRY(snn__build_conv(b, snn__label("b%u_conv1", block).text, width, 3, stride, 1, NULL));
    SNN__TRY(snn__build_neuron(b, snn__label("b%u_sn2", block).text));
    SNN__TRY(snn__build_scale(b, snn__label("b%u_scale2", block).text, SNN__WS_SCALE));
    SNN__TRY(snn__build_conv(b, snn__label("b%u_conv2", block).text, width, 3, 1, 1, NULL));
    SNN__TRY(snn__build_plain(b, "gain", snn__label("b%u_gain", block).text));
    SNN__TRY(snn__build_scale(b, residual.text, 0.2));
    if (project) {
        snn_layer *l;

        shortcut = snn__label("b%u_proj", block);
        SNN__TRY(snn__build_conv(b, shortcut.text, width, 1, stride, 0, &l));
        SNN__TRY(snn_layer_connect(l, z.text, 0));
    }
    *x = snn__label("b%u_sum", block);
    return snn__build_add(b, x->text, residual.text, shortcut.text);
}

static snn_status nf_resnet34(struct snn__build *b)
{
    static const unsigned blocks[4] = { 3, 4, 6, 3 };
    struct snn__label x = snn__label("pool1");
    double var = 1.0; /* of the block's input at the start of training: beta^2 */
    unsigned block = 0;

    b->standardise = true;
    SNN__TRY(snn__build_conv(b, "conv1", 64, 7, 2, 3, NULL));
    SNN__TRY(snn__build_pool(b, "avgpool", x.text, 3, 2, 1));
    for (unsigned stage = 0; stage < 4; stage++) {
        for (unsigned i = 0; i < blocks[stage]; i++) {
            bool project = stage > 0 && i == 0;

            SNN__TRY(nf_block(b, ++block, (size_t)64 << stage, project ? 2 : 1, project, sqrt(var), &x));
            var = (project ? 1.0 : var) + 0.04;
        }
    }
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "zero", 0.0);
}

/* ---- feedback networks: the rates of the last population, read with its decay, are the representation. Weights of
 * every output have norm 1 at the start, those of the feedback stay below 1. Rates of dropout are 0 until the host
 * sets them, as above. */

/* What is behind the weights of a population's current. */
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
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "unit"));
    return normalised(b, number);
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
static snn_status ide_400(struct snn__build *b)
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
static snn_status ide_64c5(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(unit_conv(b, 1, 64, 5, 2, b->shape[1] == 34 && b->shape[2] == 34 ? 1 : 2));
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

/* Five populations; strides 2 1 2 1 1, and a transposed convolution back from the last to the first. */
static snn_status five_with_feedback(struct snn__build *b, const size_t width[5])
{
    snn_layer *l;

    if (b->shape[1] % 4 != 0 || b->shape[2] % 4 != 0)
        return snn__fail(SNN_ERR_SHAPE,
                         "network %s: rows and columns of the input must be multiples of 4, because the "
                         "feedback doubles a map of a quarter of them, but the input is [%zu,%zu,%zu]",
                         b->name, b->shape[0], b->shape[1], b->shape[2]);
    SNN__TRY(unit_conv(b, 1, width[0], 3, 2, 1));
    SNN__TRY(double_back(b, width[0], &l));
    SNN__TRY(close_loop(b, l, "sn5"));
    for (unsigned i = 2; i <= 5; i++) {
        SNN__TRY(unit_conv(b, i, width[i - 1], 3, i == 3 ? 2 : 1, 1));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
    }
    return rates_readout(b, true);
}

static snn_status alexnet_f(struct snn__build *b)
{
    return five_with_feedback(b, (const size_t[5]){ 96, 256, 384, 384, 256 });
}

static snn_status cifarnet_f(struct snn__build *b)
{
    return five_with_feedback(b, (const size_t[5]){ 128, 256, 512, 1024, 512 });
}

/* ---- the same without batch norm, with weights of variance 2 / fan-in at the start: spide */

static double deviation(size_t fan_in)
{
    return sqrt(2.0 / (double)fan_in);
}

static snn_status scaled_conv(struct snn__build *b, unsigned number, size_t in, size_t out, int64_t stride)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, snn__label("conv%u", number).text, out, 5, stride, 2, &l));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "normal"));
    return snn_layer_set_f64(l, SNN_LAYER_INIT_STD, deviation(25 * in));
}

/* A pool is an operator with neurons of its own behind it. */
static snn_status pool_with_neurons(struct snn__build *b, unsigned number)
{
    SNN__TRY(snn__build_neuron(b, snn__label("sn%u", 2 * number - 1).text));
    SNN__TRY(snn__build_pool(b, "avgpool", snn__label("pool%u", number).text, 2, 2, 0));
    return snn__build_neuron(b, snn__label("sn%u", 2 * number).text);
}

/* 15C5-AP2-40C5-AP2-300, no feedback */
static snn_status spide_lenet(struct snn__build *b)
{
    SNN__TRY(scaled_conv(b, 1, b->shape[0], 15, 1));
    SNN__TRY(pool_with_neurons(b, 1));
    SNN__TRY(scaled_conv(b, 2, 15, 40, 1));
    SNN__TRY(pool_with_neurons(b, 2));
    SNN__TRY(snn__build_plain(b, "flatten", "map"));
    SNN__TRY(snn__build_linear(b, "fc1", 300, "normal", deviation(40 * (b->shape[1] / 4) * (b->shape[2] / 4))));
    SNN__TRY(snn__build_dropout(b, "drop3", 0.0));
    SNN__TRY(snn__build_neuron(b, "sn5"));
    return rates_readout(b, false);
}

/* 64C5s-64C5s-64C5 (F64C3u) */
static snn_status spide_convnet_f(struct snn__build *b)
{
    snn_layer *l;

    if (b->shape[1] % 4 != 0 || b->shape[2] % 4 != 0)
        return snn__fail(SNN_ERR_SHAPE,
                         "network %s: rows and columns of the input must be multiples of 4, because the "
                         "feedback doubles a map of a quarter of them, but the input is [%zu,%zu,%zu]",
                         b->name, b->shape[0], b->shape[1], b->shape[2]);
    SNN__TRY(scaled_conv(b, 1, b->shape[0], 64, 2));
    SNN__TRY(snn__build_dropout(b, "drop1", 0.0));
    SNN__TRY(double_back(b, 64, &l));
    SNN__TRY(close_loop(b, l, "sn3"));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "normal"));
    SNN__TRY(snn_layer_set_f64(l, SNN_LAYER_INIT_STD, 0.1 * deviation(9 * 64)));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_NORM, "frobenius"));
    SNN__TRY(snn_layer_set_f64(l, SNN_LAYER_RANGE, 2.0));
    for (unsigned i = 2; i <= 3; i++) {
        SNN__TRY(scaled_conv(b, i, 64, 64, i == 2 ? 2 : 1));
        SNN__TRY(snn__build_dropout(b, snn__label("drop%u", i).text, 0.0));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
    }
    return rates_readout(b, true);
}

/* The neuron of a network's paper. */
struct paper_neuron {
    const char *model;
    double tau; /* of a lif; 0: an if */
    double alpha; /* of its surrogate, if it has one */
    const char *surrogate;
    double threshold; /* 0: the type's own */
    double fire_at;   /* 0: the type's own */
};

static const struct paper_neuron ottt_lif = { "lif", 2.0, 4.0, "sigmoid", 0, 0 };
static const struct paper_neuron sltt_lif = { "lif", 1.1, 1.0, "triangle", 0, 0 };
static const struct paper_neuron dsr_if = { "dsr_if", 0, 0, NULL, 0, 0 };
static const struct paper_neuron ide_lif = { "lif", 20.0, 0, NULL, 2.0, 0 };       /* decay 0.95 */
static const struct paper_neuron ide_slow_lif = { "lif", 100.0, 0, NULL, 2.0, 0 }; /* decay 0.99 */
static const struct paper_neuron spide_if = { "if", 0, 0, NULL, 2.0, 0.5 };

static const struct builder {
    const char *name, *text;
    snn_status (*build)(struct snn__build *b);
    const struct paper_neuron *neuron;
} builders[] = {
    { "vgg11-ws", "VGG-11 with scaled weight standardisation, for ottt", vgg11_ws, &ottt_lif },
    { "vgg11-ws-f", "vgg11-ws with feedback", vgg11_ws_f, &ottt_lif },
    { "vgg11-bn", "VGG-11 with batch norm and dropout, for events, for sltt", vgg11_bn, &sltt_lif },
    { "resnet18", "pre-activation ResNet-18 with batch norm, for sltt", resnet18, &sltt_lif },
    { "nf-resnet34", "normaliser-free ResNet-34, for ottt and sltt", nf_resnet34, &ottt_lif },
    { "preact-resnet18", "resnet18 with neurons after pool and readout, for dsr", preact_resnet18, &dsr_if },
    { "vgg11-dsr", "vgg11-bn with neurons after the readout, for dsr", vgg11_dsr, &dsr_if },
    { "ide-400", "400 neurons with feedback, for ide", ide_400, &ide_lif },
    { "ide-64c5", "64 maps with feedback, for ide", ide_64c5, &ide_lif },
    { "alexnet-f", "AlexNet with batch norm and feedback, for ide", alexnet_f, &ide_slow_lif },
    { "cifarnet-f", "CIFARNet with batch norm and feedback, for ide", cifarnet_f, &ide_slow_lif },
    { "spide-lenet", "LeNet without feedback, for spide and ide", spide_lenet, &spide_if },
    { "spide-convnet-f", "three convolutions with feedback, for spide and ide", spide_convnet_f, &spide_if },
    { "binary-mlp", "linear layers of binary weights, for sei", snn__build_binary_mlp, &ottt_lif },
    { "binary-conv", "convolutions of binary weights, for small images, for sei", snn__build_binary_conv, &ottt_lif },
    { "binary-resnet18", "ResNet-18 with binary weights, for sei", snn__build_binary_resnet18, &ottt_lif },
    { "binary-transformer", "spiking transformer with binary weights, for sei", snn__build_binary_transformer,
      &ottt_lif },
    { "binary-transformer-a", "binary-transformer with binary weights in its attention, too",
      snn__build_binary_transformer_a, &ottt_lif },
};

struct snn__name snn__builder_names(size_t index)
{
    return SNN__NAME_OF(index < COUNT(builders) ? &builders[index] : NULL);
}

static const struct builder *find_builder(const char *name)
{
    for (size_t i = 0; i < COUNT(builders); i++)
        if (strcmp(builders[i].name, name) == 0)
            return &builders[i];
    return NULL;
}

static snn_status create_neuron(snn_neuron **out, snn_context *ctx, const struct paper_neuron *p)
{
    SNN__TRY(snn_neuron_create(out, ctx, p->model));
    if (p->threshold > 0)
        SNN__TRY(snn_neuron_set_f64(*out, SNN_NEURON_THRESHOLD, p->threshold));
    if (p->fire_at > 0)
        SNN__TRY(snn_neuron_set_f64(*out, SNN_NEURON_FIRE_AT, p->fire_at));
    if (p->tau > 0)
        SNN__TRY(snn_neuron_set_f64(*out, SNN_NEURON_TAU, p->tau));
    if (p->surrogate == NULL)
        return SNN_OK;
    SNN__TRY(snn_neuron_set_str(*out, SNN_NEURON_SURROGATE, p->surrogate));
    return snn_neuron_set_f64(*out, SNN_NEURON_SURROGATE_ALPHA, p->alpha);
}

static snn_status build_named(struct snn__build *b, const struct builder *builder)
{
    if (b->rank != 3)
        return snn__fail(SNN_ERR_SHAPE, "network %s: expected input of rank 3, [channels,rows,columns], got rank %zu",
                         builder->name, b->rank);
    if (b->classes == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "network %s: the number of classes is 0", builder->name);
    return builder->build(b);
}

snn_status snn_network_build(snn_network **out, snn_context *context, const char *name, const size_t *shape,
                             size_t rank, size_t classes, const snn_neuron *neuron)
{
    SNN__COMPUTES;
    struct snn__build b = { context, NULL, name, shape, rank, classes, neuron, false, false };
    const struct builder *builder;
    snn_neuron *own = NULL;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_build: out is NULL");
    *out = NULL;
    if (context == NULL || name == NULL || shape == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_build: %s is NULL",
                         context == NULL ? "context" : name == NULL ? "name" : "shape");
    builder = find_builder(name);
    rc = snn_network_create(&b.net, context, shape, rank);
    if (rc == SNN_OK && neuron == NULL) {
        rc = create_neuron(&own, context, builder != NULL ? builder->neuron : &ottt_lif);
        b.neuron = own;
    }
    if (rc == SNN_OK)
        rc = builder != NULL ? build_named(&b, builder) : snn__build_notation(&b);
    snn_neuron_destroy(own);
    if (rc != SNN_OK) {
        snn_network_destroy(b.net);
        b.net = NULL;
    }
    *out = b.net;
    return rc;
}
