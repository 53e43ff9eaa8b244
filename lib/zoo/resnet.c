/* zoo/resnet.c - pre-activation residual networks, of docs/methods/sltt.md and dsr.md. */
#include "zoo/build.h"

/* z = LIF1(BN1(x)); y = conv(drop(LIF2(BN2(conv(z, stride))))); x_next = y + shortcut(z): the identity adds the
 * spikes z, not x; where the shape changes the shortcut is a 1x1 convolution with bias. A bottleneck has one more
 * BN, LIF and convolution. */
static snn_status preact_block(struct snn__build *b, const struct snn__block *k)
{
    const struct snn__conv *last = &k->conv[k->n_convs - 1];
    struct snn__label z = snn__label("b%u_sn1", k->number), y = snn__label("b%u_conv%u", k->number, k->n_convs);
    struct snn__label shortcut = k->project ? snn__label("b%u_proj", k->number) : z;

    for (unsigned i = 1; i <= k->n_convs; i++) {
        const struct snn__conv *c = &k->conv[i - 1];

        SNN__TRY(snn__build_norm(b, snn__label("b%u_bn%u", k->number, i).text));
        SNN__TRY(snn__build_neuron(b, snn__label("b%u_sn%u", k->number, i).text));
        if (c == last)
            SNN__TRY(snn__build_dropout(b, snn__label("b%u_drop", k->number).text, 0.0));
        SNN__TRY(snn__build_conv(b, snn__label("b%u_conv%u", k->number, i).text, c->out, c->kernel, c->stride,
                                 c->kernel / 2, NULL));
    }
    SNN__TRY(snn__build_drop_path(b, snn__label("b%u_path", k->number).text, k->share, &y));
    if (k->project)
        SNN__TRY(snn__build_projection(b, k, shortcut.text, z.text));
    return snn__build_add(b, snn__label("b%u_sum", k->number).text, y.text, shortcut.text);
}

/* The biases of its convolutions start at 0 here, not at random: each feeds a batch norm, which removes any constant,
 * directly or after the sums. */
static snn_status preact_maps(struct snn__build *b)
{
    const bool large = snn__option(b, SNN__OPTION_STEM) != 0;

    SNN__TRY(snn__build_stem(b, large));
    if (large)
        SNN__TRY(snn__build_stem_pool(b));
    SNN__TRY(snn__build_blocks(b, preact_block));
    SNN__TRY(snn__build_norm(b, "bn"));
    return snn__build_neuron(b, "sn");
}

snn_status snn__build_resnet(struct snn__build *b)
{
    SNN__TRY(preact_maps(b));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0)); /* 4x4 for images of 32x32 */
    SNN__TRY(snn__build_dropout(b, "drop", 0.0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

/* As resnet18, with a population after the pool and after the readout. */
snn_status snn__build_preact_resnet18(struct snn__build *b)
{
    SNN__TRY(preact_maps(b));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_neuron(b, "pool_sn"));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    SNN__TRY(snn__build_linear(b, "fc", b->classes, "default", 0.0));
    return snn__build_rate_readout(b);
}
