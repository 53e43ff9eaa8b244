/* trainer/dsr.c - differentiation on spike representation (arXiv 2205.00459), docs/methods/dsr.md.
 *
 *   forward     T steps; each population gathers X = sum_t w_t x[t], every other layer acts on each step
 *   loss        of the last population's representation O = sum_t w_t o[t], or of the mean output of a readout
 *               without neurons
 *   backward    at a population, through a clamp of X (layer/dsr.c):
 *               gx[t] = M Gamma / (tau T), Gamma = T sum_t w_t go[t]
 *   gradient    dW = sum_t gx[t] o[t]^T
 *
 * The spike itself is never differentiated. Errors that are the same at every step are kept as sums over the steps, E
 * = T gx: one sweep down, one gradient dW = E (mean over t of o)^T, and memory does not grow with T. Below a batch
 * norm over all steps they differ, in a way that the forward pass prepares for (pass/means.c). The norm needs all
 * steps before the first of them can go on: all steps of a layer are then kept until its readers have read them, or
 * the steps run once more (`recompute`). Networks for which neither is exact keep all steps of all layers. */
#include "layer/layer.h"
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_STR(
        SNN_DSR_RECOMPUTE, "recompute", "auto|on|off", "auto",
        "batch norm: on: run the steps once more for every norm after spikes, so that memory does not grow "
        "with T; off: keep the steps of neighbouring layers; auto: on with at most one such norm"),
};

static snn_status check_layer(const snn_layer *layer)
{
    if (layer->model != NULL && !(layer->type->flags & SNN__LAYER_RATES))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "dsr: layer %s has neurons of type %s; the method trains dsr_if and dsr_lif", layer->name,
                         layer->type->name);
    if (layer->type->flags & SNN__LAYER_STATISTICS && !(snn__layer_flags(layer) & SNN__LAYER_WHOLE))
        return snn__fail(SNN_ERR_UNSUPPORTED, "dsr: batch norm %s must be over all steps; set its over to all",
                         layer->name);
    return SNN_OK;
}

static snn_status dsr_check(const snn_trainer *trainer)
{
    const snn_network *net = trainer->net;

    SNN__TRY(snn__check_forward(trainer));
    for (size_t l = 0; l < net->n_layers; l++)
        SNN__TRY(check_layer(net->layer[l]));
    return SNN_OK;
}

/* All populations and the output weigh the steps alike, so that one weighted mean of a batch norm's input serves all
 * below it. Without a norm, no error differs from step to step. */
static bool one_leak(const snn_network *net)
{
    const snn_layer *last = snn__network_last(net);
    bool same = true, norm = false;

    for (size_t l = 0; l < net->n_layers; l++) {
        if (net->layer[l]->model != NULL)
            same &= snn__layer_share(net->layer[l], 0, 2) == snn__layer_share(last, 0, 2);
        norm |= (net->layer[l]->type->flags & SNN__LAYER_STATISTICS) != 0;
    }
    return same || !norm;
}

/* Batch norms after spikes: their input varies even if the network's input does not. */
static size_t norms_after_spikes(const snn_network *net)
{
    size_t n = 0;
    bool spikes = false;

    for (size_t l = 0; l < net->n_layers; l++) {
        spikes |= net->layer[l]->model != NULL;
        n += spikes && net->layer[l]->type->flags & SNN__LAYER_STATISTICS;
    }
    return n;
}

static void dsr_choose(const snn_trainer *trainer, struct snn__demand *demand)
{
    const struct snn__params *p = &trainer->params;

    demand->recompute = snn__param_is(p, SNN_DSR_RECOMPUTE, "on") ||
                        (snn__param_is(p, SNN_DSR_RECOMPUTE, "auto") && norms_after_spikes(trainer->net) <= 1);
    demand->keeps = trainer->observe & SNN_OBSERVE_GRADIENTS || !one_leak(trainer->net) ||
                    !snn__network_errors_average(trainer->net);
    if (demand->keeps)
        demand->factor = SNN__FACTOR_SPIKE;
}

/* dW = sum_t gx[t] o[t]^T, where steps are kept; else E (mean over t of o)^T,  E = T gx */
static snn_status dsr_finish(snn_trainer *trainer)
{
    return trainer->pass.demand.keeps ? snn__back_time(trainer, SNN__FACTOR_SPIKE, false)
                                      : snn__back_means(trainer, SNN__FACTOR_MEAN);
}

extern const struct snn__rule snn__rule_dsr;
const struct snn__rule snn__rule_dsr = {
    .name = "dsr",
    .text = "differentiation on spike representation: weighted firing rates",
    SNN__WITH_PARAMS(params),
    .networks = "vgg11-dsr, preact-resnet18, or 784-800-10 and others without feedback, of neurons dsr_if or dsr_lif",
    .factor = SNN__FACTOR_MEAN,
    .route = SNN__ROUTE_RATES,
    .learns = SNN__LEARNS_PER_BATCH,
    .choose = dsr_choose,
    .check = dsr_check,
    .finish = dsr_finish,
};
