/* zoo/resnet.c - residual networks, of docs/methods/ottt.md, sltt.md and dsr.md. */
#include "zoo/build.h"
#include <math.h>

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

/* The biases of its convolutions start at 0 here, not at random: each feeds a batch norm, which removes any constant,
 * directly or after the sums. */
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

snn_status snn__build_resnet18(struct snn__build *b)
{
    SNN__TRY(resnet18_maps(b));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0)); /* 4x4 for images of 32x32 */
    SNN__TRY(snn__build_dropout(b, "drop", 0.0));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    return snn__build_linear(b, "fc", b->classes, "default", 0.0);
}

/* As resnet18, with a population after the pool and after the readout. */
snn_status snn__build_preact_resnet18(struct snn__build *b)
{
    SNN__TRY(resnet18_maps(b));
    SNN__TRY(snn__build_pool(b, "avgpool", "global_pool", 0, 0, 0));
    SNN__TRY(snn__build_neuron(b, "pool_sn"));
    SNN__TRY(snn__build_plain(b, "flatten", "flatten"));
    SNN__TRY(snn__build_linear(b, "fc", b->classes, "default", 0.0));
    return snn__build_rate_readout(b);
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

snn_status snn__build_nf_resnet34(struct snn__build *b)
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
