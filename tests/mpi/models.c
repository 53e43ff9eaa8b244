/* models [NAME [SETTINGS]] - trains small networks by every method over the ranks that there are, with one thread and
 * with two, and prints a check sum of each model and of what was measured: the same for any number of ranks. */
#include "must.h"
#include <snn/snn.h>
#include <stdint.h>
#include <string.h>

#define SAMPLES 29
#define BATCH 13 /* the last batch has 3, fewer than there are shards; ide leaves it out for its batch norm */
#define SHARDS 5
#define SIDE 8
#define CLASSES 4

struct model {
    const char *name, *net, *neuron, *method, *settings;
    size_t lateral; /* neurons of a projection for the first layer with weights, or 0 */
};

static const struct model models[] = {
    { "bptt", "4C3-BN-AP2-16-FC", "lif", "bptt", "encoder=poisson", 0 },
    { "sltt", "4C3-BN-AP2-16-FC", "lif", "sltt", "", 0 },
    { "sltt-k", "4C3-BN-AP2-16-FC", "lif", "sltt", "sampled_steps=2", 0 },
    { "ottt A", "ws:4C3-AP2-16-FC", "lif", "ottt", "variant=A", 0 },
    { "ottt O", "ws:4C3-AP2-16-FC", "lif", "ottt", "variant=O", 0 },
    { "dsr", "4C3-BN-AP2-16-FC", "dsr_if", "dsr", "", 0 },
    { "ide", "ide-400", NULL, "ide", "", 0 },
    { "spide", "spide-convnet-f", NULL, "spide", "backward_steps=9", 0 },
    { "opzo", "24-16-FC", "lif", "opzo", "", 0 },
    { "opzo online", "24-16-FC", "lif", "opzo", "online=1", 0 },
    { "sei", "binary-mlp:width=24", NULL, "sei", "", 0 },
    { "hlop", "24-16-FC", "lif", "bptt", "", 5 },
    { "hlop O", "24-16-FC", "lif", "ottt", "variant=O", 5 },
    { "bptt bf16", "24-16-FC", "lif", "bptt", "send=bf16", 0 },
    { "bptt sign", "24-16-FC", "lif", "bptt", "send=sign", 0 },
    { "ottt O sign", "24-16-FC", "lif", "ottt", "variant=O send=sign", 0 },
};

/* ---- data: a function of the sample's number */

static uint32_t mixed(uint32_t x)
{
    x = (x ^ (x >> 15)) * 0x2c1b3c6du;
    return x ^ (x >> 13);
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user;
    (void)frame;
    sample->label = (uint32_t)(index % CLASSES);
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        sample->x[i] =
            (float)(mixed((uint32_t)index * 977u + i) % 1000) * 4e-3f + 3.0f * (i % CLASSES == sample->label);
    return SNN_OK;
}

static snn_dataset *data_of(snn_context *ctx)
{
    snn_dataset_source source;
    snn_dataset *data = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    source.shape[0] = 1;
    source.shape[1] = source.shape[2] = SIDE;
    source.count = SAMPLES;
    source.classes = CLASSES;
    source.frames = 1;
    source.read = read_sample;
    OK(snn_dataset_create(&data, ctx, &source));
    return data;
}

/* ---- a model */

struct training {
    snn_context *ctx;
    snn_dataset *data;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_projection *projection;
    snn_trainer *trainer;
};

/* "key=value key=value" */
static void set_all(snn_trainer *trainer, const char *settings)
{
    char copy[128], *rest = NULL, *value;

    snprintf(copy, sizeof copy, "%s", settings);
    for (char *key = strtok_r(copy, " ", &rest); key != NULL; key = strtok_r(NULL, " ", &rest)) {
        value = strchr(key, '=');
        *value = '\0';
        OK(snn_trainer_set_text(trainer, key, value + 1));
    }
}

/* The first linear layer. */
static snn_layer *linear(const snn_network *net)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    size_t l = 0;

    do
        OK(snn_layer_get_info(snn_network_layer(net, l++), &info));
    while (strcmp(info.type, "linear") != 0);
    return snn_network_layer(net, l - 1);
}

/* Lateral neurons of a task that is over, and of one that begins. */
static void project(struct training *t, const struct model *m)
{
    OK(snn_projection_create(&t->projection, t->net));
    OK(snn_projection_grow(t->projection, linear(t->net), m->lateral));
    OK(snn_projection_freeze(t->projection));
    OK(snn_projection_grow(t->projection, linear(t->net), m->lateral));
    OK(snn_trainer_set_projection(t->trainer, t->projection));
}

static struct training begin(const struct model *m, const char *more, uint32_t threads, const snn_communicator *c)
{
    const size_t shape[3] = { 1, SIDE, SIDE };
    snn_context_options options;
    struct training t = { 0 };
    snn_neuron *neuron = NULL;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = threads;
    OK(snn_context_create(&t.ctx, &options));
    t.data = data_of(t.ctx);
    if (m->neuron != NULL) {
        OK(snn_neuron_create(&neuron, t.ctx, m->neuron));
        OK(snn_neuron_set_text(neuron, "threshold", "0.3")); /* small networks that spike all the same */
    }
    OK(snn_network_build(&t.net, t.ctx, m->net, shape, 3, CLASSES, neuron));
    snn_neuron_destroy(neuron);
    OK(snn_network_prepare(t.net));
    OK(snn_optimizer_create(&t.optimizer, t.ctx, "sgd"));
    OK(snn_optimizer_set_f64(t.optimizer, SNN_OPTIMIZER_LR, 0.05));
    OK(snn_optimizer_set_f64(t.optimizer, SNN_OPTIMIZER_MOMENTUM, 0.9));
    OK(snn_trainer_create(&t.trainer, t.net, t.optimizer, m->method));
    OK(snn_trainer_set_i64(t.trainer, SNN_TRAINER_STEPS, 3));
    OK(snn_trainer_set_i64(t.trainer, SNN_TRAINER_SHARDS, SHARDS));
    set_all(t.trainer, m->settings);
    set_all(t.trainer, more);
    if (m->lateral > 0)
        project(&t, m);
    OK(snn_trainer_set_communicator(t.trainer, c));
    OK(snn_trainer_prepare(t.trainer, BATCH));
    return t;
}

static void end(struct training *t)
{
    snn_trainer_destroy(t->trainer);
    snn_projection_destroy(t->projection);
    snn_optimizer_destroy(t->optimizer);
    snn_network_destroy(t->net);
    snn_dataset_destroy(t->data);
    snn_context_destroy(t->ctx);
}

/* ---- check sums: 64-bit FNV-1a */

static uint64_t add(uint64_t sum, const void *data, size_t bytes)
{
    const unsigned char *byte = data;

    for (size_t i = 0; i < bytes; i++)
        sum = (sum ^ byte[i]) * 1099511628211u;
    return sum;
}

static uint64_t add_layer(uint64_t sum, snn_layer *layer)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;

    OK(snn_layer_get_info(layer, &info));
    for (uint32_t i = 0; i < info.tensors; i++) {
        snn_tensor tensor = SNN_TENSOR_INIT;

        OK(snn_layer_tensor(layer, i, &tensor));
        sum = add(sum, tensor.data, tensor.bytes);
    }
    return sum;
}

static uint64_t sum_of(const struct training *t, const struct model *m, const snn_metrics *fit,
                       const snn_metrics *held)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    uint64_t sum = 14695981039346656037u;

    OK(snn_network_get_info(t->net, &info));
    for (uint32_t l = 0; l < info.layers; l++)
        sum = add_layer(sum, snn_network_layer(t->net, l));
    if (m->lateral > 0)
        sum = add(sum, snn_projection_weights(t->projection, linear(t->net)),
                  2 * m->lateral * SIDE * SIDE * sizeof(float));
    sum = add(sum, &fit->loss, sizeof fit->loss);
    sum = add(sum, &fit->accuracy, sizeof fit->accuracy);
    sum = add(sum, &held->loss, sizeof held->loss);
    return add(sum, &held->accuracy, sizeof held->accuracy);
}

static void train(const struct model *m, const char *more, uint32_t threads, const snn_communicator *c)
{
    snn_metrics fit = SNN_METRICS_INIT, held = SNN_METRICS_INIT;
    struct training t = begin(m, more, threads, c);
    uint64_t sum, first;

    for (int epoch = 0; epoch < 2; epoch++)
        OK(snn_trainer_epoch(t.trainer, t.data, &fit));
    OK(snn_trainer_evaluate(t.trainer, t.data, &held));
    MUST(fit.samples >= SAMPLES - SAMPLES % BATCH && held.samples == SAMPLES && fit.loss == fit.loss);
    sum = first = sum_of(&t, m, &fit, &held);
    OK(c->broadcast(c->user, &first, sizeof first, 0));
    MUST(sum == first); /* all ranks have the same model */
    if (c->rank == 0)
        printf("%-12s %016llx loss %.6f\n", m->name, (unsigned long long)sum, held.loss);
    end(&t);
}

int main(int argc, char **argv)
{
    const snn_communicator *c;
    snn_mpi *mpi = NULL;

    OK(snn_mpi_init(&mpi));
    c = snn_mpi_communicator(mpi);
    for (uint32_t threads = 1; threads <= 2; threads++) {
        if (c->rank == 0)
            printf("threads %u\n", (unsigned)threads);
        for (size_t i = 0; i < sizeof models / sizeof *models; i++)
            if (argc < 2 || strcmp(argv[1], models[i].name) == 0)
                train(&models[i], argc > 2 ? argv[2] : "", threads, c);
    }
    snn_mpi_destroy(mpi);
    return 0;
}
