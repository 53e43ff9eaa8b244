/* zoo/nf_resnet.c - residual networks without normalisation, of docs/methods/ottt.md and sltt.md. */
#include "zoo/build.h"
#include <math.h>

/* The deviation of a block's input at the start of training: a projection brings the variance to 1, every sum adds
 * 0.2^2. */
static double beta(const struct snn__block *k)
{
    double var = 1.0;

    for (unsigned i = 0; i < k->before; i++)
        var += 0.04;
    return sqrt(var);
}

/* 2.74 LIF */
static snn_status fire(struct snn__build *b, unsigned block, unsigned i)
{
    SNN__TRY(snn__build_neuron(b, snn__label("b%u_sn%u", block, i).text));
    return snn__build_scale(b, snn__label("b%u_scale%u", block, i).text, SNN__WS_SCALE);
}

/* z = 2.74 LIF1(x / beta); out = conv(2.74 LIF2(conv(z, stride))) * w * 0.2 + shortcut. The identity reads x, a
 * projection reads z. */
static snn_status nf_block(struct snn__build *b, const struct snn__block *k)
{
    struct snn__label residual = snn__label("b%u_residual", k->number);
    struct snn__label shortcut = k->number > 1 ? snn__label("b%u_sum", k->number - 1) : snn__label("pool1");

    if (k->before > 0)
        SNN__TRY(snn__build_scale(b, snn__label("b%u_norm", k->number).text, 1.0 / beta(k)));
    for (unsigned i = 1; i <= k->n_convs; i++) {
        const struct snn__conv *c = &k->conv[i - 1];

        SNN__TRY(fire(b, k->number, i));
        SNN__TRY(snn__build_conv(b, snn__label("b%u_conv%u", k->number, i).text, c->out, c->kernel, c->stride,
                                 c->kernel / 2, NULL));
    }
    SNN__TRY(snn__build_plain(b, "gain", snn__label("b%u_gain", k->number).text));
    SNN__TRY(snn__build_scale(b, residual.text, 0.2));
    SNN__TRY(snn__build_drop_path(b, snn__label("b%u_path", k->number).text, k->share, &residual));
    if (k->project) {
        shortcut = snn__label("b%u_proj", k->number);
        SNN__TRY(snn__build_projection(b, k, shortcut.text, snn__label("b%u_scale1", k->number).text));
    }
    return snn__build_add(b, snn__label("b%u_sum", k->number).text, residual.text, shortcut.text);
}

snn_status snn__build_nf_resnet(struct snn__build *b)
{
    b->standardise = true;
    SNN__TRY(snn__build_conv(b, "conv1", snn__option(b, SNN__OPTION_WIDTH), 7, 2, 3, NULL));
    SNN__TRY(snn__build_pool(b, "avgpool", "pool1", 3, 2, 1));
    SNN__TRY(snn__build_blocks(b, nf_block));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "zero", 0.0);
}
