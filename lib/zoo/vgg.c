/* zoo/vgg.c - VGG networks, of docs/methods/ottt.md, sltt.md, dsr.md and opzo.md. */
#include "zoo/build.h"

enum { P = 1 }; /* a pool among the channels of the convolutions at width 64; 0 ends the list */

static const size_t ws_widths[] = { 64, 128, P, 256, 256, P, 512, 512, P, 512, 512, 0 };

static const struct form {
    unsigned depth;
    size_t width[22];
} bn_forms[] = {
    { 11, { 64, P, 128, P, 256, 256, P, 512, 512, P, 512, 512, P } },
    { 13, { 64, 64, P, 128, 128, P, 256, 256, P, 512, 512, P, 512, 512, P } },
    { 16, { 64, 64, P, 128, 128, P, 256, 256, 256, P, 512, 512, 512, P, 512, 512, 512, P } },
    { 19, { 64, 64, P, 128, 128, P, 256, 256, 256, 256, P, 512, 512, 512, 512, P, 512, 512, 512, 512, P } },
};

/* Convolutions of the given widths, each followed by its population, and pools. */
static snn_status add_stages(struct snn__build *b, const size_t *width,
                             snn_status (*add_population)(struct snn__build *b, unsigned conv))
{
    const size_t first = snn__option(b, SNN__OPTION_WIDTH);
    unsigned conv = 0, pool = 0;

    for (; *width != 0; width++) {
        if (*width == P) {
            SNN__TRY(snn__build_pool(b, "avgpool", snn__label("pool%u", ++pool).text, 2, 2, 0));
            continue;
        }
        SNN__TRY(snn__build_conv(b, snn__label("conv%u", ++conv).text, *width / 64 * first, 3, 1, 1, NULL));
        SNN__TRY(add_population(b, conv));
    }
    return SNN_OK;
}

/* y = fb(up(o[t-1])): a plain convolution, weight and bias initially 0, not standardised. The delayed edge is the
 * convolution's own, so that at step 1 its bias is absent as well. */
static snn_status add_feedback(struct snn__build *b)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, "feedback", snn__option(b, SNN__OPTION_WIDTH), 3, 1, 1, &l));
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

static snn_status ws_population(struct snn__build *b, unsigned conv)
{
    SNN__TRY(snn__build_neuron(b, snn__label("sn%u", conv).text));
    return snn__build_scale(b, snn__label("scale%u", conv).text, SNN__WS_SCALE);
}

static snn_status ws_f_population(struct snn__build *b, unsigned conv)
{
    if (conv == 1)
        SNN__TRY(add_feedback(b));
    return ws_population(b, conv);
}

static snn_status ws_readout(struct snn__build *b)
{
    snn_layer *gap;

    SNN__TRY(snn_network_add(b->net, "avgpool", "global_pool", &gap));
    SNN__TRY(snn_layer_set_i64(gap, SNN_LAYER_KERNEL, 0));
    SNN__TRY(snn_layer_connect(gap, "scale8", 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}

snn_status snn__build_vgg11_ws(struct snn__build *b)
{
    b->standardise = true;
    SNN__TRY(add_stages(b, ws_widths, ws_population));
    return ws_readout(b);
}

snn_status snn__build_vgg11_ws_f(struct snn__build *b)
{
    if (b->shape[1] % 8 != 0 || b->shape[2] % 8 != 0)
        return snn__fail(SNN_ERR_SHAPE,
                         "network vgg11-ws-f: rows and columns of the input must be multiples of 8, "
                         "because the feedback is upsampled by 8, but the input is [%zu,%zu,%zu]",
                         b->shape[0], b->shape[1], b->shape[2]);
    b->standardise = true;
    SNN__TRY(add_stages(b, ws_widths, ws_f_population));
    SNN__TRY(add_feedback_source(b));
    return ws_readout(b);
}

/* Dropout is part of the networks of sltt.md; its rate belongs to the training settings and is 0 until the host
 * sets it on the layers "drop...". */
static snn_status bn_population(struct snn__build *b, unsigned conv)
{
    SNN__TRY(snn__build_norm(b, snn__label("bn%u", conv).text));
    SNN__TRY(snn__build_neuron(b, snn__label("sn%u", conv).text));
    return snn__build_dropout(b, snn__label("drop%u", conv).text, 0.0);
}

snn_status snn__build_vgg_bn(struct snn__build *b)
{
    const struct form *f = bn_forms;
    snn_layer *l;

    while (f->depth != b->depth)
        f++;
    SNN__TRY(add_stages(b, f->width, bn_population));
    SNN__TRY(snn_network_add(b->net, "adaptive_avgpool", "adaptive_pool", &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_SIZE, 7));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}

/* As vgg11-bn, with a population after the readout and the paper's rate of dropout. */
snn_status snn__build_vgg11_dsr(struct snn__build *b)
{
    SNN__TRY(snn__build_vgg_bn(b));
    for (unsigned conv = 1; conv <= 8; conv++)
        SNN__TRY(
            snn_layer_set_f64(snn_network_layer_named(b->net, snn__label("drop%u", conv).text), SNN_LAYER_RATE, 0.1));
    return snn__build_rate_readout(b);
}

/* I_i = conv(o_{i-1}) + o_{i-1} in the second layer of a pair of equal width: 4, 6 and 8. */
static snn_status conv9_population(struct snn__build *b, unsigned conv)
{
    if (conv >= 4 && conv % 2 == 0)
        SNN__TRY(snn__build_add(b, snn__label("sum%u", conv).text, snn__label("conv%u", conv).text,
                                snn__label("scale%u", conv - 1).text));
    return ws_population(b, conv);
}

/* Of all populations; rows and columns are halved after 2, 4 and 6. */
static snn_status side_readouts(struct snn__build *b)
{
    for (unsigned conv = 1; conv <= 8; conv++)
        SNN__TRY(snn__build_side(b, conv, snn__label("sn%u", conv).text, b->shape[1] >> (conv - 1) / 2,
                                 b->shape[2] >> (conv - 1) / 2));
    return SNN_OK;
}

snn_status snn__build_opzo_conv9(struct snn__build *b)
{
    b->standardise = true;
    SNN__TRY(add_stages(b, ws_widths, conv9_population));
    if (snn__option(b, SNN__OPTION_SIDES))
        SNN__TRY(side_readouts(b));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    SNN__TRY(snn_layer_connect(snn_network_layer_named(b->net, "flatten"), "scale8", 0));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}
