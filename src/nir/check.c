/* check.c - a network beside the graph that it was made of, step for step: the network computes in floats, the graph
 * in double precision (run.c). */
#include "graph.h"

#include <math.h>
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
    rc = c.got == NULL ? SNN_ERR_MEMORY
                       : show(&c, network, steps, (size_t)info.out.dim[0] * info.out.dim[1] * info.out.dim[2]);
    snn_component_free(nir->context, c.got);
    snn__nir_run_destroy(c.run);
    return rc;
}
