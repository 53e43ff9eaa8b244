/* zoo/papers.c - the networks of the papers by name, and the neurons that they use. */
#include "core/fpu.h"
#include "zoo/build.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The neuron of a network's paper. */
struct paper_neuron {
    const char *model;
    double tau;   /* of a lif; 0: an if */
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
    unsigned depth; /* layers with weights, of a builder for several networks */
    const struct paper_neuron *neuron;
} builders[] = {
    { "vgg11-ws", "VGG-11 with scaled weight standardisation, for ottt", snn__build_vgg11_ws, 0, &ottt_lif },
    { "vgg11-ws-f", "vgg11-ws with feedback", snn__build_vgg11_ws_f, 0, &ottt_lif },
    { "nf-resnet18", "normaliser-free ResNet-18, for ottt and sltt", snn__build_nf_resnet, 18, &ottt_lif },
    { "nf-resnet34", "normaliser-free ResNet-34, for ottt and sltt", snn__build_nf_resnet, 34, &ottt_lif },
    { "nf-resnet50", "normaliser-free ResNet-50, with bottlenecks, for sltt", snn__build_nf_resnet, 50, &ottt_lif },
    { "nf-resnet101", "normaliser-free ResNet-101, with bottlenecks, for sltt", snn__build_nf_resnet, 101,
      &ottt_lif },
    { "vgg11-bn", "VGG-11 with batch norm and dropout, for events, for sltt", snn__build_vgg_bn, 11, &sltt_lif },
    { "vgg13-bn", "VGG-13, as vgg11-bn, for sltt", snn__build_vgg_bn, 13, &sltt_lif },
    { "vgg16-bn", "VGG-16, as vgg11-bn, for sltt", snn__build_vgg_bn, 16, &sltt_lif },
    { "vgg19-bn", "VGG-19, as vgg11-bn, for sltt", snn__build_vgg_bn, 19, &sltt_lif },
    { "resnet18", "pre-activation ResNet-18 with batch norm, for sltt", snn__build_resnet, 18, &sltt_lif },
    { "resnet34", "pre-activation ResNet-34, as resnet18, for sltt", snn__build_resnet, 34, &sltt_lif },
    { "resnet50", "pre-activation ResNet-50, with bottlenecks, for sltt", snn__build_resnet, 50, &sltt_lif },
    { "resnet101", "pre-activation ResNet-101, with bottlenecks, for sltt", snn__build_resnet, 101, &sltt_lif },
    { "preact-resnet18", "resnet18 with neurons after pool and readout, for dsr", snn__build_preact_resnet18, 18,
      &dsr_if },
    { "vgg11-dsr", "vgg11-bn with neurons after the readout, for dsr", snn__build_vgg11_dsr, 11, &dsr_if },
    { "ide-400", "400 neurons with feedback, for ide", snn__build_ide_400, 0, &ide_lif },
    { "ide-64c5", "64 maps with feedback, for ide", snn__build_ide_64c5, 0, &ide_lif },
    { "alexnet-f", "AlexNet with batch norm and feedback, for ide", snn__build_alexnet_f, 0, &ide_slow_lif },
    { "cifarnet-f", "CIFARNet with batch norm and feedback, for ide", snn__build_cifarnet_f, 0, &ide_slow_lif },
    { "spide-lenet", "LeNet without feedback, for spide and ide", snn__build_spide_lenet, 0, &spide_if },
    { "spide-convnet-f", "three convolutions with feedback, for spide and ide", snn__build_spide_convnet_f, 0,
      &spide_if },
    { "binary-mlp", "linear layers of binary weights, for sei", snn__build_binary_mlp, 0, &ottt_lif },
    { "binary-conv", "convolutions of binary weights, for small images, for sei", snn__build_binary_conv, 0,
      &ottt_lif },
    { "binary-resnet18", "ResNet-18 with binary weights, for sei", snn__build_binary_resnet18, 0, &ottt_lif },
    { "binary-transformer", "spiking transformer with binary weights, for sei", snn__build_binary_transformer, 0,
      &ottt_lif },
    { "binary-transformer-a", "binary-transformer with binary weights in its attention, too",
      snn__build_binary_transformer_a, 0, &ottt_lif },
};

struct snn__name snn__builder_names(size_t index)
{
    return SNN__NAME_OF(index < COUNT(builders) ? &builders[index] : NULL);
}

static const struct builder *find_builder(const char *name)
{
    size_t index = snn__name_index(snn__builder_names, name);

    return index < COUNT(builders) ? &builders[index] : NULL;
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
    b->depth = builder->depth;
    return builder->build(b);
}

snn_status snn_network_build(snn_network **out, snn_context *context, const char *name, const size_t *shape,
                             size_t rank, size_t classes, const snn_neuron *neuron)
{
    SNN__COMPUTES;
    struct snn__build b = { context, NULL, name, shape, rank, classes, neuron, 0, false, false };
    const struct builder *builder;
    snn_neuron *own = NULL;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_build: out is NULL");
    *out = NULL;
    if (context == NULL || name == NULL || shape == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_build: %s is NULL",
                         context == NULL ? "context"
                         : name == NULL  ? "name"
                                         : "shape");
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
