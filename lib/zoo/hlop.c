/* zoo/hlop.c - the networks of docs/methods/hlop.md. Only the shortcuts that change the shape, and the readouts of
 * the networks with convolutions, have a bias: a bias is in the subspace of every task. */
#include "zoo/build.h"

static snn_status plain_conv(struct snn__build *b, const char *name, size_t out, int64_t kernel, int64_t stride)
{
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, name, out, kernel, stride, kernel / 2, &l));
    return snn_layer_set_i64(l, SNN_LAYER_BIAS, 0);
}

static snn_status plain_linear(struct snn__build *b, const char *name, size_t out)
{
    SNN__TRY(snn__build_linear(b, name, out, "default", 0.0));
    return snn_layer_set_i64(snn_network_layer_named(b->net, name), SNN_LAYER_BIAS, 0);
}

/* 800-800 */
snn_status snn__build_hlop_mlp(struct snn__build *b)
{
    const size_t width = snn__option(b, SNN__OPTION_WIDTH);

    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    for (unsigned i = 1; i <= 2; i++) {
        SNN__TRY(plain_linear(b, snn__label("fc%u", i).text, width));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
    }
    return plain_linear(b, "fc3", b->classes);
}

/* 64C3-BN-AP2-128C3-BN-AP2-256C3-BN-AP2 */
snn_status snn__build_hlop_cnn(struct snn__build *b)
{
    const size_t width = snn__option(b, SNN__OPTION_WIDTH);

    for (unsigned i = 1; i <= 3; i++) {
        SNN__TRY(plain_conv(b, snn__label("conv%u", i).text, width << (i - 1), 3, 1));
        SNN__TRY(snn__build_norm(b, snn__label("bn%u", i).text));
        SNN__TRY(snn__build_neuron(b, snn__label("sn%u", i).text));
        SNN__TRY(snn__build_pool(b, "avgpool", snn__label("pool%u", i).text, 2, 2, 0));
    }
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}

/* a = LIF(BN(x)); x_next = conv(LIF(BN(conv(a)))) + shortcut: the identity reads x, a convolution reads a. */
static snn_status hlop_block(struct snn__build *b, const struct snn__block *k)
{
    struct snn__label last = snn__label("b%u_conv%u", k->number, k->n_convs), shortcut = snn__label("conv1");

    if (k->number > 1)
        shortcut = snn__label("b%u_sum", k->number - 1);
    for (unsigned i = 1; i <= k->n_convs; i++) {
        const struct snn__conv *c = &k->conv[i - 1];

        SNN__TRY(snn__build_norm(b, snn__label("b%u_bn%u", k->number, i).text));
        SNN__TRY(snn__build_neuron(b, snn__label("b%u_sn%u", k->number, i).text));
        SNN__TRY(plain_conv(b, snn__label("b%u_conv%u", k->number, i).text, c->out, c->kernel, c->stride));
    }
    SNN__TRY(snn__build_drop_path(b, snn__label("b%u_path", k->number).text, k->share, &last));
    if (k->project) {
        shortcut = snn__label("b%u_proj", k->number);
        SNN__TRY(snn__build_projection(b, k, shortcut.text, snn__label("b%u_sn1", k->number).text));
    }
    return snn__build_add(b, snn__label("b%u_sum", k->number).text, last.text, shortcut.text);
}

snn_status snn__build_hlop_resnet18(struct snn__build *b)
{
    const int64_t stride = (int64_t)snn__option(b, SNN__OPTION_STRIDE);

    SNN__TRY(plain_conv(b, "conv1", snn__option(b, SNN__OPTION_WIDTH), 2 * stride + 1, stride));
    SNN__TRY(snn__build_blocks(b, hlop_block));
    SNN__TRY(snn__build_norm(b, "bn"));
    SNN__TRY(snn__build_neuron(b, "sn"));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "normal", 0.01);
}
