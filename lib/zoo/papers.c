/* zoo/papers.c - the networks of the papers by name, and the neurons that they use. */
#include "core/fpu.h"
#include "zoo/build.h"
#include <string.h>

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

#define WIDTH(of, number) SNN__PARAM_I64(SNN__OPTION_WIDTH, "width", 1, 4096, number, "channels of the " of)
#define DROP_PATH                                                       \
    SNN__PARAM_F64(SNN__OPTION_DROP_PATH, "drop_path", 0.0, 0.999, 0.0, \
                   "rate of stochastic depth in the last residual path; grows from 0 in the first")

static const struct snn__param width[] = { WIDTH("first stage, the others in proportion", 64) };
static const struct snn__param residual[] = { WIDTH("first stage, the others in proportion", 64), DROP_PATH };
static const struct snn__param stems[] = {
    WIDTH("first stage, the others in proportion", 64),
    DROP_PATH,
    SNN__PARAM_I64(
        SNN__OPTION_STEM, "stem", 0, 1, 0,
        "first layers: 0, 3x3 with stride 1; 1, for large images, 7x7 with stride 2 and a pool of 3x3 with "
        "stride 2"),
};
static const struct snn__param stream_512[] = { WIDTH("stream", 512), DROP_PATH };
static const struct snn__param stream_128[] = { WIDTH("stream", 128), DROP_PATH };
static const struct snn__param transformer[] = {
    WIDTH("stream", 64),
    SNN__PARAM_I64(SNN__OPTION_DEPTH, "depth", 1, 256, 2, "blocks of attention and MLP"),
    SNN__PARAM_I64(SNN__OPTION_HEADS, "heads", 1, 4096, 2, "heads of the attention"),
    SNN__PARAM_I64(SNN__OPTION_PATCH, "patch", 1, 1024, 4, "rows and columns of a patch"),
    SNN__PARAM_I64(SNN__OPTION_RATIO, "ratio", 1, 64, 4, "channels within an MLP, for each one of the stream"),
    DROP_PATH,
};

static const struct snn__param wide_800[] = { WIDTH("layers", 800) };
static const struct snn__param wide_512[] = { WIDTH("convolution", 512) };
static const struct snn__param tasks[] = {
    WIDTH("first stage, the others in proportion", 20),
    SNN__PARAM_I64(SNN__OPTION_STRIDE, "stride", 1, 2, 1, "of the first convolution: 3x3, with stride 2 5x5"),
    DROP_PATH,
};
static const struct snn__param sides[] = {
    WIDTH("first stage, the others in proportion", 64),
    SNN__PARAM_I64(SNN__OPTION_SIDES, "sides", 0, 1, 0, "every population has a side readout"),
};

#define OF(table) .options = (table), .n_options = COUNT(table)
#define NONE .options = NULL, .n_options = 0

static const struct builder {
    const char *name, *text;
    snn_status (*build)(struct snn__build *b);
    unsigned depth; /* layers with weights, of a builder for several networks */
    const struct paper_neuron *neuron;
    const struct snn__param *options;
    size_t n_options;
} builders[] = {
    { "vgg11-ws", "VGG-11 with scaled weight standardisation, for ottt", snn__build_vgg11_ws, 0, &ottt_lif,
      OF(width) },
    { "vgg11-ws-f", "vgg11-ws with feedback", snn__build_vgg11_ws_f, 0, &ottt_lif, OF(width) },
    { "nf-resnet18", "normaliser-free ResNet-18, for ottt and sltt", snn__build_nf_resnet, 18, &ottt_lif,
      OF(residual) },
    { "nf-resnet34", "normaliser-free ResNet-34, for ottt and sltt", snn__build_nf_resnet, 34, &ottt_lif,
      OF(residual) },
    { "nf-resnet50", "normaliser-free ResNet-50, with bottlenecks, for sltt", snn__build_nf_resnet, 50, &ottt_lif,
      OF(residual) },
    { "nf-resnet101", "normaliser-free ResNet-101, with bottlenecks, for sltt", snn__build_nf_resnet, 101, &ottt_lif,
      OF(residual) },
    { "vgg11-bn", "VGG-11 with batch norm and dropout, for events, for sltt", snn__build_vgg_bn, 11, &sltt_lif,
      OF(width) },
    { "vgg13-bn", "VGG-13, as vgg11-bn, for sltt", snn__build_vgg_bn, 13, &sltt_lif, OF(width) },
    { "vgg16-bn", "VGG-16, as vgg11-bn, for sltt", snn__build_vgg_bn, 16, &sltt_lif, OF(width) },
    { "vgg19-bn", "VGG-19, as vgg11-bn, for sltt", snn__build_vgg_bn, 19, &sltt_lif, OF(width) },
    { "resnet18", "pre-activation ResNet-18 with batch norm, for sltt", snn__build_resnet, 18, &sltt_lif, OF(stems) },
    { "resnet34", "pre-activation ResNet-34, as resnet18, for sltt", snn__build_resnet, 34, &sltt_lif, OF(stems) },
    { "resnet50", "pre-activation ResNet-50, with bottlenecks, for sltt", snn__build_resnet, 50, &sltt_lif,
      OF(stems) },
    { "resnet101", "pre-activation ResNet-101, with bottlenecks, for sltt", snn__build_resnet, 101, &sltt_lif,
      OF(stems) },
    { "preact-resnet18", "resnet18 with neurons after pool and readout, for dsr", snn__build_preact_resnet18, 18,
      &dsr_if, OF(stems) },
    { "vgg11-dsr", "vgg11-bn with neurons after the readout, for dsr", snn__build_vgg11_dsr, 11, &dsr_if, OF(width) },
    { "ide-400", "400 neurons with feedback, for ide", snn__build_ide_400, 0, &ide_lif, NONE },
    { "ide-64c5", "64 maps with feedback, for ide", snn__build_ide_64c5, 0, &ide_lif, NONE },
    { "alexnet-f", "AlexNet with batch norm and feedback, for ide", snn__build_alexnet_f, 0, &ide_slow_lif, NONE },
    { "cifarnet-f", "CIFARNet with batch norm and feedback, for ide", snn__build_cifarnet_f, 0, &ide_slow_lif, NONE },
    { "spide-lenet", "LeNet without feedback, for spide and ide", snn__build_spide_lenet, 0, &spide_if, NONE },
    { "spide-convnet-f", "three convolutions with feedback, for spide and ide", snn__build_spide_convnet_f, 0,
      &spide_if, NONE },
    { "spide-alexnet-f", "alexnet-f without batch norm, for spide and ide", snn__build_spide_alexnet_f, 0, &spide_if,
      NONE },
    { "spide-cifarnet-f", "cifarnet-f without batch norm, for spide and ide", snn__build_spide_cifarnet_f, 0,
      &spide_if, NONE },
    { "spide-512c9-f", "512 maps of 9x9 windows with feedback, for events, for spide and ide",
      snn__build_spide_512c9_f, 0, &spide_if, OF(wide_512) },
    { "opzo-conv9", "nine layers with residual pairs and standardised weights, for opzo and ottt",
      snn__build_opzo_conv9, 0, &ottt_lif, OF(sides) },
    { "hlop-mlp", "784-800-800-10 without biases, for tasks, for ottt and bptt", snn__build_hlop_mlp, 0, &ottt_lif,
      OF(wide_800) },
    { "hlop-cnn", "three convolutions with batch norm, for tasks, for ottt and bptt", snn__build_hlop_cnn, 0,
      &ottt_lif, OF(width) },
    { "hlop-resnet18", "narrow pre-activation ResNet-18, for tasks, for ottt and bptt", snn__build_hlop_resnet18, 18,
      &ottt_lif, OF(tasks) },
    { "binary-mlp", "linear layers of binary weights, for sei", snn__build_binary_mlp, 0, &ottt_lif, OF(stream_512) },
    { "binary-conv", "convolutions of binary weights, for small images, for sei", snn__build_binary_conv, 0,
      &ottt_lif, OF(stream_128) },
    { "binary-resnet18", "ResNet-18 with binary weights, for sei", snn__build_binary_resnet18, 0, &ottt_lif,
      OF(stems) },
    { "binary-transformer", "spiking transformer with binary weights, for sei", snn__build_binary_transformer, 0,
      &ottt_lif, OF(transformer) },
    { "binary-transformer-a", "binary-transformer with binary weights in its attention, too",
      snn__build_binary_transformer_a, 0, &ottt_lif, OF(transformer) },
};

struct snn__name snn__builder_names(size_t index)
{
    return SNN__NAME_OF(index < COUNT(builders) ? &builders[index] : NULL);
}

/* The builder that a text names, before the colon of its options. */
static const struct builder *find_builder(const char *text)
{
    size_t length = strcspn(text, ":");

    for (size_t i = 0; i < COUNT(builders); i++)
        if (strlen(builders[i].name) == length && memcmp(builders[i].name, text, length) == 0)
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

static snn_status check_named(const struct snn__build *b)
{
    if (b->rank != 3)
        return snn__fail(SNN_ERR_SHAPE, "network %s: expected input of rank 3, [channels,rows,columns], got rank %zu",
                         b->name, b->rank);
    if (b->classes == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "network %s: the number of classes is 0", b->name);
    return SNN_OK;
}

static snn_status build_named(struct snn__build *b, const struct builder *builder)
{
    static const struct snn__param_kind kind = { .noun = "network" };
    const struct snn__label owner = snn__label("network %s", builder->name);
    const char *colon = strchr(b->name, ':');
    snn_status rc;

    SNN__TRY(check_named(b));
    b->depth = builder->depth;
    b->options = (struct snn__params){
        .kind = &kind, .owner = owner.text, .table = { builder->options }, .count = { builder->n_options }
    };
    if (builder->n_options > 0)
        SNN__TRY(snn__params_init(&b->options, b->ctx));
    rc = snn__options_take(b, colon != NULL ? colon + 1 : NULL);
    if (rc == SNN_OK)
        rc = builder->build(b);
    snn__params_free(&b->options, b->ctx);
    return rc;
}

snn_status snn_network_build(snn_network **out, snn_context *context, const char *name, const size_t *shape,
                             size_t rank, size_t classes, const snn_neuron *neuron)
{
    SNN__COMPUTES;
    struct snn__build b = {
        .ctx = context, .name = name, .shape = shape, .rank = rank, .classes = classes, .neuron = neuron
    };
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

snn_status snn_network_option(const char *name, size_t index, snn_param_info *info)
{
    const struct builder *builder = name != NULL ? find_builder(name) : NULL;
    const struct snn__params options = { .owner = name,
                                         .table = { builder != NULL ? builder->options : NULL },
                                         .count = { builder != NULL ? builder->n_options : 0 } };

    if (builder == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_option: there is no network of that name");
    return snn__params_param_info(&options, index, info);
}
