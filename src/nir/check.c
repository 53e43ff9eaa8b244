/* check.c - a network beside the graph that it was made of, step for step: the network computes in floats, the graph
 * in double precision (run.c). */
#include "graph.h"

#include <math.h>
#include <snn/model.h>
#include <snn/trainer.h>
#include <string.h>

/* Both at work on one sample. */
struct comparing {
    snn_nir *nir;
    struct nir_run *run;
    const float *x;
    size_t inputs;
    float *got; /* signals of one layer */
    snn_nir_drift *drift;
    size_t n;
    snn_status rc;
};

static snn_status fetch(struct comparing *c, snn_trainer *trainer, size_t node, snn_signal signal)
{
    snn_trainer_info info = SNN_TRAINER_INFO_INIT;
    const snn_layer *layer;

    TRY(snn_trainer_get_info(trainer, &info));
    layer = snn_network_layer_named(info.network, c->nir->node[node].layer);
    if (layer == NULL)
        return snn_component_fail(SNN_ERR_STATE, "snn_nir_check: the network was not made of this graph");
    return snn_trainer_read_signal(trainer, layer, signal, c->got, snn__nir_length(&c->nir->node[node].out));
}

static snn_status compare_node(struct comparing *c, snn_trainer *trainer, size_t node, snn_nir_drift *drift)
{
    const size_t n = snn__nir_length(&c->nir->node[node].out);
    const double *u = snn__nir_run_before(c->run, node), *out = snn__nir_run_output(c->run, node);

    TRY(fetch(c, trainer, node, SNN_SIGNAL_MEMBRANE));
    for (size_t i = 0; i < n; i++) {
        drift->potential = fmax(drift->potential, fabs(u[i] - (double)c->got[i]));
        drift->largest = fmax(drift->largest, fabs(u[i]));
    }
    if (!snn__nir_spikes(c->nir->node[node].type))
        return SNN_OK;
    TRY(fetch(c, trainer, node, SNN_SIGNAL_OUTPUT));
    for (size_t i = 0; i < n; i++) {
        drift->spikes += out[i] != 0;
        drift->differ += (out[i] != 0) != (c->got[i] != 0);
    }
    return SNN_OK;
}

static void compare(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    struct comparing *c = user;
    size_t k = 0;

    if (phase != SNN_PHASE_FORWARD || c->rc != SNN_OK)
        return;
    snn__nir_run_step(c->run, c->x + step * c->inputs);
    for (size_t n = 0; n < c->nir->nodes && k < c->n; n++)
        if (snn__nir_is_neuron(c->nir->node[n].type) && c->rc == SNN_OK)
            c->rc = compare_node(c, trainer, n, &c->drift[k++]);
}

/* ---- a network whose outputs are a vector: the network itself, or a copy that flattens its maps ---- */

static snn_status copy_tensors(const snn_network *from, const snn_network *to)
{
    snn_layer *layer;

    for (size_t l = 0; (layer = snn_network_layer(from, l)) != NULL; l++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        TRY(snn_layer_get_info(layer, &info));
        for (size_t i = 0; i < info.tensors; i++) {
            snn_tensor a = SNN_TENSOR_INIT, b = SNN_TENSOR_INIT;

            TRY(snn_layer_tensor(layer, i, &a));
            TRY(snn_layer_tensor(snn_network_layer(to, l), i, &b));
            memcpy(b.data, a.data, a.length * sizeof(float));
        }
    }
    return SNN_OK;
}

static snn_status parse_copy(snn_network **out, const struct comparing *c, const snn_network *network)
{
    char *text;
    size_t size = 0;
    snn_status rc;

    TRY(snn_network_describe(network, NULL, 0, &size));
    text = snn_component_alloc(c->nir->context, size, 1);
    if (text == NULL)
        return SNN_ERR_MEMORY;
    rc = snn_network_describe(network, text, size, NULL);
    if (rc == SNN_OK)
        rc = snn_network_parse(out, c->nir->context, text);
    snn_component_free(c->nir->context, text);
    return rc;
}

/* The caller destroys the copy. */
static snn_status flattened(snn_network **out, const struct comparing *c, const snn_network *network)
{
    snn_layer *flatten;
    snn_status rc = parse_copy(out, c, network);

    if (rc == SNN_OK)
        rc = snn_network_add(*out, "flatten", NULL, &flatten);
    if (rc == SNN_OK)
        rc = snn_network_prepare(*out);
    if (rc == SNN_OK)
        rc = copy_tensors(network, *out);
    if (rc != SNN_OK) {
        snn_network_destroy(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- a check ---- */

/* Shows the sample to an evaluator, whose observer runs the graph along. */
static snn_status show(struct comparing *c, snn_network *network, size_t steps, size_t outputs)
{
    snn_batch batch = SNN_BATCH_INIT;
    snn_trainer *trainer = NULL;
    float *sum = snn_component_alloc(c->nir->context, outputs, sizeof *sum);
    snn_status rc = sum != NULL ? snn_evaluator_create(&trainer, network) : SNN_ERR_MEMORY;

    batch.samples = 1;
    batch.frames = steps;
    batch.x = c->x;
    if (rc == SNN_OK)
        rc = snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, (int64_t)steps);
    if (rc == SNN_OK)
        rc = snn_trainer_observe(trainer, SNN_OBSERVE_SIGNALS, compare, c);
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(trainer, 1);
    if (rc == SNN_OK)
        rc = snn_trainer_predict(trainer, &batch, sum);
    snn_trainer_destroy(trainer);
    snn_component_free(c->nir->context, sum);
    return rc == SNN_OK ? c->rc : rc;
}

/* Names of the nodes with neurons; returns their number and the size of the largest. */
static size_t name_nodes(const snn_nir *nir, snn_nir_drift *drift, size_t n, size_t *largest)
{
    size_t k = 0;

    *largest = 1;
    for (size_t i = 0; i < nir->nodes; i++) {
        const struct nir_node *node = &nir->node[i];
        const size_t length = snn__nir_length(&node->out);

        if (!snn__nir_is_neuron(node->type))
            continue;
        if (k < n) {
            drift[k].node = node->name;
            drift[k].layer = node->layer;
        }
        *largest = length > *largest ? length : *largest;
        k++;
    }
    return k;
}

static snn_status show_flat(struct comparing *c, snn_network *network, size_t steps, const snn_shape *out)
{
    const size_t outputs = (size_t)out->dim[0] * out->dim[1] * out->dim[2];
    snn_network *copy = NULL;
    snn_status rc;

    if (out->rank == 1)
        return show(c, network, steps, outputs);
    TRY(flattened(&copy, c, network));
    rc = show(c, copy, steps, outputs);
    snn_network_destroy(copy);
    return rc;
}

snn_status snn_nir_check(snn_nir *nir, const snn_nir_options *options, snn_network *network, const float *x,
                         size_t steps, snn_nir_drift *drift, size_t n, size_t *found)
{
    struct comparing c = { .nir = nir, .x = x, .drift = drift };
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    struct nir_steps s;
    size_t largest;
    snn_status rc;

    if (nir == NULL || network == NULL || x == NULL || steps == 0 || (drift == NULL && n > 0) || found == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_check: an argument is NULL, or there are no steps");
    if (!nir->imported)
        return snn_component_fail(SNN_ERR_STATE, "snn_nir_check: the graph was not imported: check a network "
                                                 "that snn_nir_import() made of it");
    TRY(snn__nir_steps(nir, options, &s));
    TRY(snn_network_get_info(network, &info));
    *found = name_nodes(nir, drift, n, &largest);
    c.n = n < *found ? n : *found;
    c.inputs = (size_t)info.in.dim[0] * info.in.dim[1] * info.in.dim[2];
    TRY(snn__nir_run_create(&c.run, nir, &s));
    c.got = snn_component_alloc(nir->context, largest, sizeof *c.got);
    rc = c.got == NULL ? SNN_ERR_MEMORY : show_flat(&c, network, steps, &info.out);
    snn_component_free(nir->context, c.got);
    snn__nir_run_destroy(c.run);
    return rc;
}
