/* zoo/transformer.c - a spiking Transformer over the patches of an image (docs/methods/sei.md), on a real-valued
 * stream x:
 *
 *   patches      x = BN(conv of stride P and 2P - 1 taps a side),  x <- x + BN(conv3x3(LIF(x)))
 *   attention    x <- x + BN(W_o LIF(attention(q, k, v))),  q, k, v = LIF(BN(W LIF(x)))
 *   MLP          x <- x + BN(B LIF(BN(B LIF(x))))              `ratio` times as many channels between
 *
 * W, of full precision or binary, and B, binary, act on every patch alone: convolutions of one tap. The 3x3
 * convolution tells a patch where it is. Nothing before a batch norm has a bias. */
#include "zoo/build.h"

/* Channels of the stream. */
static size_t width(const struct snn__build *b)
{
    return snn__option(b, SNN__OPTION_WIDTH);
}

/* A layer reads `from`. */
static snn_status reads(const struct snn__build *b, const char *name, const char *from)
{
    return snn_layer_connect(snn_network_layer_named(b->net, name), from, 0);
}

static snn_status fire(struct snn__build *b, const char *name, const char *from)
{
    SNN__TRY(snn__build_neuron(b, name));
    return reads(b, name, from);
}

/* BN(conv(what comes before)), the norm under the name NAME_bn. */
static snn_status convolve(struct snn__build *b, const char *name, size_t channels, int64_t kernel, int64_t stride,
                           const char *binary)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, name, channels, kernel, stride, kernel / 2, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_BIAS, 0));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_BINARY, binary));
    return snn__build_norm(b, snn__label("%s_bn", name).text);
}

/* One of queries, keys and values: LIF(BN(W s)), the neurons under the name NAME_sn. */
static snn_status projection(struct snn__build *b, const char *name, const char *s, const char *binary)
{
    SNN__TRY(convolve(b, name, width(b), 1, 1, binary));
    SNN__TRY(reads(b, name, s));
    return snn__build_neuron(b, snn__label("%s_sn", name).text);
}

/* x <- x + what layer `name` gives, with stochastic depth. */
static snn_status add_to(struct snn__build *b, struct snn__label *x, unsigned block, const char *name, unsigned part)
{
    const size_t depth = snn__option(b, SNN__OPTION_DEPTH);
    struct snn__label before = *x, last = snn__label("%s", name);

    SNN__TRY(snn__build_drop_path(b, snn__label("b%u_path%u", block, part).text,
                                  depth > 1 ? (double)(block - 1) / (double)(depth - 1) : 1.0, &last));
    *x = snn__label("b%u_sum%u", block, part);
    return snn__build_add(b, x->text, last.text, before.text);
}

/* `x` is the name of the residual stream and becomes the one after the attention. */
static snn_status attention(struct snn__build *b, unsigned block, const char *binary, struct snn__label *x)
{
    struct snn__label s = snn__label("b%u_sn1", block), out = snn__label("b%u_o", block);
    snn_layer *l;

    SNN__TRY(fire(b, s.text, x->text));
    for (const char *i = "qkv"; *i; i++)
        SNN__TRY(projection(b, snn__label("b%u_%c", block, *i).text, s.text, binary));
    SNN__TRY(snn_network_add(b->net, "attention", snn__label("b%u_attention", block).text, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_HEADS, (int64_t)snn__option(b, SNN__OPTION_HEADS)));
    for (const char *i = "qkv"; *i; i++)
        SNN__TRY(snn_layer_connect(l, snn__label("b%u_%c_sn", block, *i).text, 0));
    SNN__TRY(snn__build_neuron(b, snn__label("b%u_attention_sn", block).text));
    SNN__TRY(convolve(b, out.text, width(b), 1, 1, binary));
    return add_to(b, x, block, snn__label("%s_bn", out.text).text, 1);
}

static snn_status mlp(struct snn__build *b, unsigned block, struct snn__label *x)
{
    struct snn__label up = snn__label("b%u_up", block), down = snn__label("b%u_down", block);

    SNN__TRY(fire(b, snn__label("b%u_sn2", block).text, x->text));
    SNN__TRY(convolve(b, up.text, snn__option(b, SNN__OPTION_RATIO) * width(b), 1, 1, "scaled"));
    SNN__TRY(snn__build_neuron(b, snn__label("%s_sn", up.text).text));
    SNN__TRY(convolve(b, down.text, width(b), 1, 1, "scaled"));
    return add_to(b, x, block, snn__label("%s_bn", down.text).text, 2);
}

static snn_status patches(struct snn__build *b, struct snn__label *x)
{
    const int64_t side = (int64_t)snn__option(b, SNN__OPTION_PATCH);

    SNN__TRY(convolve(b, "patch", width(b), 2 * side - 1, side, "none"));
    SNN__TRY(snn__build_neuron(b, "patch_sn"));
    SNN__TRY(convolve(b, "place", width(b), 3, 1, "none"));
    *x = snn__label("place_sum");
    return snn__build_add(b, x->text, "place_bn", "patch_bn");
}

static snn_status transformer(struct snn__build *b, const char *binary)
{
    struct snn__label x;

    if (width(b) % snn__option(b, SNN__OPTION_HEADS) != 0)
        return snn__fail(SNN_ERR_ARGUMENT, "network %s: width %zu is no multiple of heads %zu", b->name, width(b),
                         snn__option(b, SNN__OPTION_HEADS));
    b->joint = true;
    SNN__TRY(patches(b, &x));
    for (unsigned block = 1; block <= snn__option(b, SNN__OPTION_DEPTH); block++) {
        SNN__TRY(attention(b, block, binary, &x));
        SNN__TRY(mlp(b, block, &x));
    }
    SNN__TRY(fire(b, "sn", x.text));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

snn_status snn__build_binary_transformer(struct snn__build *b)
{
    return transformer(b, "none");
}

snn_status snn__build_binary_transformer_a(struct snn__build *b)
{
    return transformer(b, "scaled");
}
