/* neurobench.c - the figures of NeuroBench, as its harness (2.3) defines them; docs/neurobench.md.
 *
 *   footprint            bytes of parameters and buffers
 *   connection sparsity  weights that are 0 / weights, of linear layers and convolutions, without biases
 *   activation sparsity  outputs that are 0 / outputs, over all spiking populations, steps and samples
 *   synaptic operations  those of snn_metrics: MACs, and ACs where all inputs are -1, 0 or 1
 *   membrane updates     neurons at the first step + at later steps those whose potential is not what it was
 *                        a step before; "by firing": those that fire and are reset
 *   neuron operations    updates, or neurons times steps, times operations of a neuron
 *
 * Energy is not a figure of NeuroBench; it stands with its constants. */
#include "neurobench.h"

#include <math.h>
#include <string.h>

/* Operations of a neuron and step, by model and reset. The harness has no figure for other neurons. */
static const struct operations {
    const char *type, *reset;
    double n;
} operations[] = {
    { "if", "subtract", 4 },   { "if", "zero", 4 },    { "lif", "subtract", 4 },  { "lif", "zero", 4 },
    { "plif", "subtract", 4 }, { "plif", "zero", 4 },  { "cuba", "subtract", 6 }, { "cuba", "zero", 8 },
    { "dsr_if", NULL, 4 },     { "dsr_lif", NULL, 4 },
};

/* A population, and its potentials of this step and the one before. */
struct watched {
    snn_layer *layer;
    size_t neurons;
    double operations; /* NaN: not defined */
    bool resets;
    double updates, by_firing;
    float *now, *before, *out;
};

struct neurobench {
    snn_trainer *evaluator;
    snn_network *network;
    size_t samples, batch; /* of the set; of a batch, at most */
    size_t now, done;      /* samples of this batch; of the batches so far, with this one */
    size_t populations;
    struct watched *of; /* [populations] */
    snn_status failed;
};

/* ---- watching ---- */

static bool is_population(const char *type)
{
    for (size_t i = 0; snn_name(SNN_NAME_NEURON, i); i++)
        if (strcmp(snn_name(SNN_NAME_NEURON, i), type) == 0)
            return true;
    return false;
}

static double operations_of(const snn_layer *layer, const char *type)
{
    const char *reset;

    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (strcmp(operations[i].type, type) == 0 &&
            (!operations[i].reset || (snn_layer_get_str(layer, SNN_NEURON_RESET, &reset) == SNN_OK &&
                                      strcmp(reset, operations[i].reset) == 0)))
            return operations[i].n;
    return NAN;
}

static void read_signal(struct neurobench *nb, const struct watched *w, snn_signal signal, float *to)
{
    if (nb->failed == SNN_OK)
        nb->failed = snn_trainer_read_signal(nb->evaluator, w->layer, signal, to, nb->batch * w->neurons);
}

/* Neurons whose potential differs from that of the step before, and those that fire; at the first step, all. */
static void compare(struct neurobench *nb, struct watched *w, size_t step)
{
    size_t n = nb->now * w->neurons, same = 0, silent = 0;
    float *now = w->before;

    w->before = w->now;
    w->now = now;
    read_signal(nb, w, SNN_SIGNAL_MEMBRANE, w->now);
    read_signal(nb, w, SNN_SIGNAL_OUTPUT, w->out);
    for (size_t i = 0; i < n && step > 0; i++) {
        same += w->now[i] == w->before[i];
        silent += !w->resets || w->out[i] == 0.0f;
    }
    w->updates += (double)(n - same);
    w->by_firing += (double)(n - silent);
}

static void observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    struct neurobench *nb = user;

    (void)trainer;
    if (phase != SNN_PHASE_FORWARD)
        return;
    if (step == 0) { /* of the next batch */
        const size_t left = nb->samples - nb->done;

        nb->now = left < nb->batch ? left : nb->batch;
        nb->done += nb->now;
    }
    for (size_t i = 0; i < nb->populations; i++)
        compare(nb, &nb->of[i], step);
}

static int add_population(struct neurobench *nb, snn_layer *layer)
{
    struct watched *w = &nb->of[nb->populations];
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    snn_status rc = snn_layer_get_info(layer, &info);

    if (rc != SNN_OK || !is_population(info.type))
        return rc == SNN_OK ? DONE : fail_call(rc, NULL);
    *w = (struct watched){ .layer = layer, .neurons = (size_t)info.out.dim[0] * info.out.dim[1] * info.out.dim[2] };
    w->resets = info.spiking != 0;
    w->operations = operations_of(layer, info.type);
    w->now = floats(nb->batch, w->neurons);
    w->before = floats(nb->batch, w->neurons);
    w->out = floats(nb->batch, w->neurons);
    nb->populations++;
    return w->now && w->before && w->out ? DONE : FAILED;
}

static int watch(struct neurobench *nb)
{
    int status = DONE;
    size_t layers = 0;
    snn_status rc;

    while (snn_network_layer(nb->network, layers))
        layers++;
    nb->of = calloc(layers ? layers : 1, sizeof *nb->of);
    if (!nb->of)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < layers && status == DONE; i++)
        status = add_population(nb, snn_network_layer(nb->network, i));
    if (status != DONE)
        return status;
    rc = snn_trainer_observe(nb->evaluator, SNN_OBSERVE_SIGNALS, observe, nb);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

struct neurobench *neurobench_watch(snn_trainer *evaluator, snn_network *network, size_t samples, size_t batch)
{
    struct neurobench *nb = calloc(1, sizeof *nb);

    if (!nb) {
        fail(FAILED, "out of memory");
        return NULL;
    }
    nb->evaluator = evaluator;
    nb->network = network;
    nb->samples = samples;
    nb->batch = batch;
    if (watch(nb) == DONE)
        return nb;
    neurobench_free(nb);
    return NULL;
}

void neurobench_free(struct neurobench *nb)
{
    for (size_t i = 0; nb && i < nb->populations; i++) {
        free(nb->of[i].now);
        free(nb->of[i].before);
        free(nb->of[i].out);
    }
    if (nb)
        free(nb->of);
    free(nb);
}

/* ---- figures ---- */

/* Bytes of the state of one stream: potentials, currents, delayed values; 0 for a network that cannot stream. */
static size_t state_bytes(snn_network *network)
{
    size_t size, bytes = 0;
    void *memory;
    snn_stream *stream;

    if (snn_stream_size(network, &size) != SNN_OK)
        return 0;
    memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (memory && snn_stream_init(memory, size, network, &stream) == SNN_OK)
        snn_stream_state(stream, &bytes);
    free(memory);
    return bytes;
}

/* Weights of a layer that has synapses, and how many of them are 0; one-bit weights never are. */
static void count_weights(const struct neurobench *nb, snn_layer *layer, double *weights, double *zeros)
{
    snn_layer_metrics m = SNN_LAYER_METRICS_INIT;
    snn_tensor weight = SNN_TENSOR_INIT;
    const float *w;

    if (snn_trainer_layer_metrics(nb->evaluator, layer, &m) != SNN_OK || m.synops_dense <= 0 ||
        snn_layer_tensor_named(layer, "weight", &weight) != SNN_OK)
        return;
    *weights += (double)weight.length;
    w = weight.data;
    for (uint64_t i = 0; i < weight.length && weight.element == SNN_ELEMENT_F32; i++)
        *zeros += w[i] == 0.0f;
}

static double sparsity_of(const struct neurobench *nb)
{
    double weights = 0, zeros = 0;

    for (size_t i = 0; snn_network_layer(nb->network, i); i++)
        count_weights(nb, snn_network_layer(nb->network, i), &weights, &zeros);
    return weights > 0 ? round(1e4 * zeros / weights) / 1e4 : NAN;
}

/* Per sample, like all figures of the harness. */
static json_t *updates_of(const struct neurobench *nb, size_t steps)
{
    double updates = 0, by_firing = 0, effective = 0, dense = 0;

    for (size_t i = 0; i < nb->populations; i++) {
        const struct watched *w = &nb->of[i];

        updates += w->updates / (double)nb->samples;
        by_firing += w->by_firing / (double)nb->samples;
        effective += w->operations * w->updates / (double)nb->samples;
        dense += w->operations * (double)w->neurons * (double)steps;
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "membrane_updates", json_figure(updates), "membrane_updates_by_firing",
                     json_figure(by_firing), "neuron_ops_effective", json_figure(effective), "neuron_ops_dense",
                     json_figure(dense));
}

static void add_correctness(json_t *figures, const snn_metrics *m)
{
    if (isnan(m->squared_error)) {
        json_object_set_new(figures, "accuracy", json_figure(m->accuracy));
        return;
    }
    json_object_set_new(figures, "mse", json_figure(m->squared_error));
    json_object_set_new(figures, "r2", json_figure(m->r2));
    json_object_set_new(figures, "smape", json_figure(m->smape));
}

json_t *neurobench_figures(const struct neurobench *nb, const snn_metrics *m, size_t steps, double rate)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    size_t state = state_bytes(nb->network);
    json_t *out, *energy;

    if (nb->failed != SNN_OK || snn_network_get_info(nb->network, &info) != SNN_OK)
        return NULL;
    out = updates_of(nb, steps);
    energy = json_pack("{s:f, s:f, s:o}", "pj_per_mac", PJ_PER_MAC, "pj_per_ac", PJ_PER_AC, "nj_per_sample",
                       json_figure((m->synops_mac * PJ_PER_MAC + m->synops_ac * PJ_PER_AC) / 1000));
    json_object_set_new(out, "footprint", json_integer((json_int_t)(info.parameter_bytes + state)));
    json_object_set_new(out, "parameter_bytes", json_integer((json_int_t)info.parameter_bytes));
    json_object_set_new(out, "state_bytes", json_integer((json_int_t)state));
    json_object_set_new(out, "parameters", json_integer((json_int_t)info.parameters));
    json_object_set_new(out, "connection_sparsity", json_figure(sparsity_of(nb)));
    json_object_set_new(out, "activation_sparsity", json_figure(1 - m->firing_rate));
    json_object_set_new(out, "model_execution_rate", json_figure(rate > 0 ? rate : NAN));
    json_object_set_new(out, "executions_per_sample", json_integer((json_int_t)steps));
    json_object_set_new(out, "synops_dense", json_figure(m->synops_dense));
    json_object_set_new(out, "synops_mac", json_figure(m->synops_mac));
    json_object_set_new(out, "synops_ac", json_figure(m->synops_ac));
    json_object_set_new(out, "energy", energy);
    add_correctness(out, m);
    return out;
}

/* ---- for people ---- */

static double figure(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* "1,234.5", "1,234" or "not defined". */
static struct text count(double x)
{
    struct text out = { "not defined" };

    if (isfinite(x)) {
        out = grouped((uint64_t)x);
        if (x != floor(x))
            snprintf(out.s + strlen(out.s), sizeof out.s - strlen(out.s), ".%d", (int)(10 * (x - floor(x))));
    }
    return out;
}

static void line(const json_t *figures, const char *text, const char *name)
{
    double x = figure(figures, name);

    printf("  %-22s %16s %16s\n", text, count(x).s, count(x / figure(figures, "executions_per_sample")).s);
}

static void share(const json_t *figures, const char *text, const char *name)
{
    if (json_object_get(figures, name))
        printf("%-24s %16.4f\n", text, figure(figures, name));
}

void neurobench_print(json_t *figures)
{
    const json_t *energy = json_object_get(figures, "energy");

    printf("\nNeuroBench\n");
    printf("%-24s %16s bytes: parameters %s, state %s\n", "footprint", count(figure(figures, "footprint")).s,
           count(figure(figures, "parameter_bytes")).s, count(figure(figures, "state_bytes")).s);
    printf("%-24s %16s\n", "parameters", count(figure(figures, "parameters")).s);
    share(figures, "connection sparsity", "connection_sparsity");
    share(figures, "activation sparsity", "activation_sparsity");
    if (isnan(figure(figures, "model_execution_rate")))
        printf("%-24s %16s\n", "model execution rate", "not declared");
    else
        printf("%-24s %16g Hz\n", "model execution rate", figure(figures, "model_execution_rate"));
    printf("%-24s %16s %16s\n", "operations", "a sample", "an execution");
    line(figures, "synaptic, dense", "synops_dense");
    line(figures, "effective MACs", "synops_mac");
    line(figures, "effective ACs", "synops_ac");
    line(figures, "membrane updates", "membrane_updates");
    line(figures, "  by firing", "membrane_updates_by_firing");
    line(figures, "neurons, dense", "neuron_ops_dense");
    line(figures, "neurons, effective", "neuron_ops_effective");
    share(figures, "accuracy", "accuracy");
    share(figures, "mse", "mse");
    share(figures, "r2", "r2");
    share(figures, "smape", "smape");
    printf("%-24s %16.1f nJ a sample, at %.1f pJ a MAC and %.1f pJ an AC (not a figure of NeuroBench)\n", "energy",
           figure(energy, "nj_per_sample"), figure(energy, "pj_per_mac"), figure(energy, "pj_per_ac"));
    json_decref(figures);
}
