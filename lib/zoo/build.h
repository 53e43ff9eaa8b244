/* zoo/build.h - what the ready-made networks and the notation are put together from. */
#ifndef SNN_ZOO_BUILD_H
#define SNN_ZOO_BUILD_H

#include "core/compiler.h"
#include "core/name.h"
#include "core/param.h"
#include "core/status.h"
#include <snn/network.h>
#include <stdbool.h>

/* Spikes of networks with weight standardisation are scaled by this, so that the signal keeps unit variance. */
#define SNN__WS_SCALE 2.74

/* Options of builders. */
enum snn__option {
    SNN__OPTION_WIDTH = 1901,
    SNN__OPTION_STRIDE,
    SNN__OPTION_DROP_PATH,
    SNN__OPTION_DEPTH,
    SNN__OPTION_HEADS,
    SNN__OPTION_PATCH,
    SNN__OPTION_RATIO,
    SNN__OPTION_SIDES,
    SNN__OPTION_STEM
};

/* A network under construction. */
struct snn__build {
    snn_context *ctx;
    snn_network *net;
    const char *name; /* as the caller gave it */
    const size_t *shape;
    size_t rank, classes;
    const snn_neuron *neuron;
    unsigned depth;             /* of the builder: layers with weights, as in the name */
    struct snn__params options; /* of the builder, as its name gives them */
    bool standardise;           /* convolutions are weight-standardised */
    bool joint;                 /* batch norms are over all steps */
};

/* A whole number among the options. */
size_t snn__option(const struct snn__build *b, enum snn__option key);
/* options.c: takes the options that follow the name of a builder, "key=value,key=value", or NULL: none. */
snn_status snn__options_take(struct snn__build *b, const char *text);

/* A layer's name. */
struct snn__label {
    char text[48];
};
struct snn__label snn__label(const char *format, ...) SNN__PRINTF(1, 2);

/* A convolution, Kaiming normal over its fan-out with bias 0, standardised if the network is. `layer` may be NULL. */
snn_status snn__build_conv(struct snn__build *b, const char *name, size_t out, int64_t kernel, int64_t stride,
                           int64_t pad, snn_layer **layer);
/* The first convolution, "conv1", without bias: 3x3, or for large images 7x7 with stride 2. */
snn_status snn__build_stem(struct snn__build *b, bool large);
/* The pool "pool1" after that of large images. */
snn_status snn__build_stem_pool(struct snn__build *b);
snn_status snn__build_neuron(struct snn__build *b, const char *name);
/* True if the neurons are those whose rate is trained: norms are then over all steps, and the readout has neurons,
 * too. */
bool snn__build_rates(const struct snn__build *b);
/* A batch norm, over all steps where the neurons ask for it. */
snn_status snn__build_norm(struct snn__build *b, const char *name);
/* A layer without parameters, or with those of its defaults. */
snn_status snn__build_plain(struct snn__build *b, const char *type, const char *name);
/* A pool: kernel 0 takes the whole map. */
snn_status snn__build_pool(struct snn__build *b, const char *type, const char *name, int64_t kernel, int64_t stride,
                           int64_t pad);
snn_status snn__build_scale(struct snn__build *b, const char *name, double value);
snn_status snn__build_dropout(struct snn__build *b, const char *name, double rate);
/* A linear layer; `init` is a choice of SNN_LAYER_INIT, `std` counts for "normal". */
snn_status snn__build_linear(struct snn__build *b, const char *name, size_t out, const char *init, double std);
/* Side readout `number`, of a population: a linear layer, which of a map reads at most 4x4 means of each channel;
 * rows 0: a vector. */
snn_status snn__build_side(struct snn__build *b, unsigned number, const char *population, size_t rows,
                           size_t columns);
/* Stochastic depth at the end of a residual path: at place `share` of the network, from 0 to 1, a sample leaves the
 * path out with that share of drop_path. *last, the name of the layer before, becomes that of the new one, if there
 * is one. */
snn_status snn__build_drop_path(struct snn__build *b, const char *name, double share, struct snn__label *last);
/* The sum of two layers named before. */
snn_status snn__build_add(struct snn__build *b, const char *name, const char *first, const char *second);

/* Batch norm and neurons after the last linear layer: logits are the rates of the neurons. */
snn_status snn__build_rate_readout(struct snn__build *b);

/* vgg.c: with scaled weight standardisation; with feedback; with batch norm; with neurons after the readout. */
snn_status snn__build_vgg11_ws(struct snn__build *b);
snn_status snn__build_vgg11_ws_f(struct snn__build *b);
snn_status snn__build_vgg_bn(struct snn__build *b);
snn_status snn__build_vgg11_dsr(struct snn__build *b);
/* With residual pairs. */
snn_status snn__build_opzo_conv9(struct snn__build *b);

/* residual.c: the blocks of residual networks, in four stages. */
struct snn__block {
    unsigned number;   /* from 1 */
    unsigned before;   /* blocks of its stage before it; of the stage before, if it is the first of its own */
    bool project;      /* the shape changes */
    double share;      /* of the blocks that lie before it, 1 for the last */
    unsigned n_convs;  /* with weights, on the residual path */
    struct snn__conv { /* the last one has the block's output channels */
        size_t out;
        int64_t kernel, stride;
    } conv[3];
};
/* The blocks of the builder's depth and width. */
snn_status snn__build_blocks(struct snn__build *b,
                             snn_status (*add)(struct snn__build *b, const struct snn__block *k));
/* The shortcut of a block whose shape changes: a 1x1 convolution of the layer `from`. */
snn_status snn__build_projection(struct snn__build *b, const struct snn__block *k, const char *name,
                                 const char *from);

/* resnet.c: with batch norm; with neurons after the readout. */
snn_status snn__build_resnet(struct snn__build *b);
snn_status snn__build_preact_resnet18(struct snn__build *b);
/* nf_resnet.c: without normalisation. */
snn_status snn__build_nf_resnet(struct snn__build *b);
/* feedback.c: at equilibrium. */
snn_status snn__build_ide_400(struct snn__build *b);
snn_status snn__build_ide_64c5(struct snn__build *b);
snn_status snn__build_alexnet_f(struct snn__build *b);
snn_status snn__build_cifarnet_f(struct snn__build *b);
snn_status snn__build_spide_lenet(struct snn__build *b);
snn_status snn__build_spide_convnet_f(struct snn__build *b);
snn_status snn__build_spide_alexnet_f(struct snn__build *b);
snn_status snn__build_spide_cifarnet_f(struct snn__build *b);
snn_status snn__build_spide_512c9_f(struct snn__build *b);
/* hlop.c: for sequences of tasks. */
snn_status snn__build_hlop_mlp(struct snn__build *b);
snn_status snn__build_hlop_cnn(struct snn__build *b);
snn_status snn__build_hlop_resnet18(struct snn__build *b);
/* binary.c: with binary weights. */
snn_status snn__build_binary_mlp(struct snn__build *b);
snn_status snn__build_binary_conv(struct snn__build *b);
snn_status snn__build_binary_resnet18(struct snn__build *b);
/* transformer.c: with binary MLP layers; _a: with binary attention, too. */
snn_status snn__build_binary_transformer(struct snn__build *b);
snn_status snn__build_binary_transformer_a(struct snn__build *b);

/* Networks by name, papers.c. */
snn__names snn__builder_names;
/* The notation of snn_network_build(), notation.c. */
snn_status snn__build_notation(struct snn__build *b);

#endif
