/* zoo/binary.c - networks of binary weights, in which a real-valued stream v passes every binary layer on a shortcut
 * of its own (docs/methods/sei.md):
 *
 *   same size    v <- v + BN(B(LIF(v)))
 *   stride 2     v <- BN(conv1x1(avgpool2(v))) + BN(B(LIF(v), stride 2)),  of equal channels  v <- avgpool2(v) + ..
 *
 * The first layer, the read-out and the 1x1 convolutions have full precision. Nothing before a batch norm has a
 * bias. */
#include "zoo/build.h"

/* v: the name of the stream; rows and columns as it flows. */
struct stream {
    struct snn__label v;
    size_t channels, rows, columns;
    unsigned layers; /* binary ones so far */
    unsigned last;   /* all of them */
};

static snn_status no_bias(snn_layer *layer)
{
    return snn_layer_set_i64(layer, SNN_LAYER_BIAS, 0);
}

static snn_status begin_stream(struct snn__build *b, struct stream *s, unsigned last, bool large)
{
    const size_t channels = snn__option(b, SNN__OPTION_WIDTH);

    b->joint = true;
    *s = (struct stream){ snn__label("bn1"), channels, b->shape[1], b->shape[2], 0, last };
    SNN__TRY(snn__build_stem(b, large));
    SNN__TRY(snn__build_norm(b, s->v.text));
    if (!large)
        return SNN_OK;
    s->v = snn__label("pool1");
    for (int halved = 0; halved < 2; halved++) { /* by the convolution, by the pool */
        s->rows = (s->rows + 1) / 2;
        s->columns = (s->columns + 1) / 2;
    }
    return snn__build_stem_pool(b);
}

/* Half as many rows and columns, rounded up as a convolution of stride 2 does. */
static snn_status halve(struct snn__build *b, struct stream *s, const char *name)
{
    snn_layer *l;

    if (s->rows % 2 != s->columns % 2)
        return snn__fail(
            SNN_ERR_SHAPE,
            "network %s: maps of %zux%zu cannot be halved; rows and columns must both be even, or both odd, "
            "at every stage",
            b->name, s->rows, s->columns);
    SNN__TRY(snn__build_pool(b, "avgpool", name, 2, 2, (int64_t)(s->rows % 2)));
    l = snn_network_layer_named(b->net, name);
    s->rows = (s->rows + 1) / 2;
    s->columns = (s->columns + 1) / 2;
    return snn_layer_connect(l, s->v.text, 0);
}

/* The shortcut of a binary convolution of stride 2 to `channels`; *x receives its name. */
static snn_status shortcut(struct snn__build *b, struct stream *s, unsigned i, size_t channels,
                           struct snn__label *name)
{
    snn_layer *l;

    *name = snn__label("pool%u", i);
    SNN__TRY(halve(b, s, name->text));
    if (channels == s->channels)
        return SNN_OK;
    SNN__TRY(snn__build_conv(b, snn__label("proj%u", i).text, channels, 1, 1, 0, &l));
    SNN__TRY(no_bias(l));
    *name = snn__label("proj%u_bn", i);
    return snn__build_norm(b, name->text);
}

/* The neurons in front of binary layer i read the stream. */
static snn_status fire(struct snn__build *b, const struct stream *s, unsigned i)
{
    SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
    return snn_layer_connect(snn_network_layer_named(b->net, snn__label("sn%u", i).text), s->v.text, 0);
}

static snn_status finish_layer(struct snn__build *b, struct stream *s, unsigned i, snn_layer *binary,
                               const char *beside)
{
    struct snn__label norm = snn__label("bn%u", i);

    SNN__TRY(no_bias(binary));
    SNN__TRY(snn_layer_set_str(binary, SNN_LAYER_BINARY, "scaled"));
    SNN__TRY(snn__build_norm(b, norm.text));
    SNN__TRY(snn__build_drop_path(b, snn__label("path%u", i).text, (double)(s->layers - 1) / (double)(s->last - 1),
                                  &norm));
    s->v = snn__label("sum%u", i);
    return snn__build_add(b, s->v.text, norm.text, beside);
}

static snn_status binary_conv_layer(struct snn__build *b, struct stream *s, size_t channels, int64_t stride)
{
    unsigned i = ++s->layers + 1;
    struct snn__label beside = s->v;
    struct stream before = *s;
    snn_layer *l;

    if (stride == 2)
        SNN__TRY(shortcut(b, s, i, channels, &beside));
    SNN__TRY(fire(b, &before, i));
    SNN__TRY(snn__build_conv(b, snn__label("conv%u", i).text, channels, 3, stride, 1, &l));
    s->channels = channels;
    return finish_layer(b, s, i, l, beside.text);
}

static snn_status end_stream(struct snn__build *b, const struct stream *s)
{
    SNN__TRY(fire(b, s, s->layers + 2));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

/* A first linear layer of full precision, four binary ones. */
snn_status snn__build_binary_mlp(struct snn__build *b)
{
    struct stream s = { snn__label("bn1"), snn__option(b, SNN__OPTION_WIDTH), 1, 1, 0, 4 };

    b->joint = true;
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    SNN__TRY(snn__build_linear(b, "fc1", s.channels, "default", 0.0));
    SNN__TRY(no_bias(snn_network_layer_named(b->net, "fc1")));
    SNN__TRY(snn__build_norm(b, s.v.text));
    while (s.layers < s.last) {
        unsigned i = ++s.layers + 1;
        struct snn__label beside = s.v, name = snn__label("fc%u", i);

        SNN__TRY(fire(b, &s, i));
        SNN__TRY(snn__build_linear(b, name.text, s.channels, "default", 0.0));
        SNN__TRY(finish_layer(b, &s, i, snn_network_layer_named(b->net, name.text), beside.text));
    }
    SNN__TRY(fire(b, &s, s.layers + 2));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

/* 128C3 of full precision, halved, then six binary convolutions of 128 channels, the third of stride 2: no shortcut
 * has weights. */
snn_status snn__build_binary_conv(struct snn__build *b)
{
    struct stream s;

    SNN__TRY(begin_stream(b, &s, 6, false));
    SNN__TRY(halve(b, &s, "pool1"));
    s.v = snn__label("pool1");
    while (s.layers < s.last)
        SNN__TRY(binary_conv_layer(b, &s, s.channels, s.layers == 2 ? 2 : 1));
    return end_stream(b, &s);
}

/* The form of a ResNet-18: four stages of four binary convolutions. */
snn_status snn__build_binary_resnet18(struct snn__build *b)
{
    struct stream s;

    SNN__TRY(begin_stream(b, &s, 16, snn__option(b, SNN__OPTION_STEM) != 0));
    while (s.layers < s.last) {
        unsigned stage = s.layers / 4;

        SNN__TRY(binary_conv_layer(b, &s, snn__option(b, SNN__OPTION_WIDTH) << stage,
                                   stage > 0 && s.layers % 4 == 0 ? 2 : 1));
    }
    return end_stream(b, &s);
}
