/* trainer/eprop.c - e-prop (arXiv 1901.09049): eligibilities times a learning signal, docs/methods/eprop.md.
 *
 *   neuron         u[t] = decay (u[t-1] - th z[t-1]) + k I[t],  z = u >= fire,  h = g(u - fire)
 *   that adapts    fire = th + beta b,  b[t+1] = rho b[t] + (1 - rho) z[t]
 *   trace          eps[t] = decay eps[t-1] + x[t]               of what weights read; a bias reads 1
 *   eligibility    e[t] = h (k eps[t] - beta eps_b[t]),  eps_b[t+1] = rho eps_b[t] + (1 - rho) e[t]
 *   readout        o[t] = kappa o[t-1] + k W z[t]               so that  ebar[t] = kappa ebar[t-1] + e[t]
 *   gradient       dW = sum_t L[t] ebar[t],  L[t] = B^T dE/do   B: the readout's weights, or random numbers
 *
 * Only L needs an error; all else goes forward in time. Where kappa and beta are 0, ebar = h k eps: an outer product
 * with the error L h k at the current, and the trace is all that is kept. Else every synapse of every sample has its
 * own (eligibility.c). */
#include "core/context.h"
#include "core/size.h"
#include "layer/layer.h"
#include "trainer/eligibility.h"
#include "trainer/feedback.h"
#include "trainer/rule.h"
#include <math.h>
#include <string.h>

static const struct snn__param params[] = {
    SNN__PARAM_STR(SNN_EPROP_FEEDBACK, "feedback", "symmetric|random", "symmetric",
                   "what brings errors to the populations: the readout's weights, or fixed random matrices"),
};

/* A layer of weights. */
struct afferent {
    struct snn__unit *to; /* the population whose current it is, or the last layer; NULL: not a layer of weights */
    float decay;          /* of the trace */
    float *trace;         /* eps, [B][columns] */
    bool per_synapse;     /* its synapses have eligibilities of their own: */
    struct snn__synapses weights, biases;
};

struct eprop {
    snn_trainer *trainer;
    struct afferent *afferent; /* [layers] */
    float *state;              /* the state kept from step to step, */
    size_t cut;                /* and the part of it that is assigned to arrays */
    struct snn__eligibility synapses;
    struct snn__feedback matrices;
};

static bool is_random(const snn_trainer *tr)
{
    return snn__param_is(&tr->params, SNN_EPROP_FEEDBACK, "random");
}

/* ---- what it trains ---- */

/* Marks the layers that read `from` in the same step, not through a population, and through weights only with
 * `across`. */
static void mark_readers(const snn_network *net, const snn_layer *from, bool across, bool reads[SNN__LAYERS_MAX])
{
    memset(reads, 0, SNN__LAYERS_MAX * sizeof *reads);
    for (size_t l = from->index + 1; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_sources; i++) {
            const snn_layer *source = snn__layer_producer(net, net->layer[l], i);

            if (source == NULL || net->layer[l]->source[i].delay)
                continue;
            reads[l] |= source == from || (reads[source->index] && source->model == NULL &&
                                           (across || !snn__layer_has_weights(source)));
        }
}

/* The one population whose current weights give, or the last layer if they lead to none; NULL: other weights, or
 * several. */
static const snn_layer *driven(const snn_network *net, const snn_layer *weights)
{
    const snn_layer *to = weights == snn__network_last(net) ? weights : NULL;
    bool reads[SNN__LAYERS_MAX];

    mark_readers(net, weights, false, reads);
    for (size_t l = 0; l < net->n_layers; l++) {
        const snn_layer *layer = net->layer[l];

        if ((layer->model == NULL && !snn__layer_has_weights(layer)) || !reads[l])
            continue;
        if (to != NULL || layer->model == NULL)
            return NULL;
        to = layer;
    }
    return to;
}

static double decay_of(const snn_layer *layer)
{
    return layer->model == NULL ? 0.0 : layer->model->leaks ? snn__param_f64(&layer->params, SNN_NEURON_DECAY) : 1.0;
}

/* True if every synapse of a layer needs its own eligibility. */
static bool per_synapse(const snn_network *net, const snn_layer *to)
{
    return to != snn__network_last(net) && (to->model->adapt || decay_of(snn__network_last(net)) > 0);
}

/* Weights are single synapses, and their rows neurons: nothing lies between but one sum. */
static bool fits(const snn_network *net, const snn_layer *weights, const snn_layer *to)
{
    const snn_layer *from = snn__layer_producer(net, to, 0);
    const bool sum = (snn__layer_flags(from) & SNN__LAYER_SUM) != 0;

    return (from == weights || (sum && snn__layer_reads(from, weights))) &&
           weights->tensor[0].length == snn__shape_length(&weights->in) * snn__shape_length(&weights->out);
}

static snn_status check_weights(const snn_network *net, const snn_layer *layer)
{
    const snn_layer *to = driven(net, layer);

    if (to == NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED, "eprop: layer %s must drive one population in the same step",
                         layer->name);
    if (per_synapse(net, to) && !fits(net, layer, to))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "eprop: layer %s: neurons that adapt, or that a leaky readout reads, take linear layers, or "
                         "one sum of them: every synapse has an eligibility of its own",
                         layer->name);
    return SNN_OK;
}

static snn_status check_linear(const snn_layer *layer)
{
    if (snn__layer_flags(layer) & (SNN__LAYER_LINEAR | SNN__LAYER_SUM | SNN__LAYER_WEIGHTS))
        return SNN_OK;
    return snn__fail(SNN_ERR_UNSUPPORTED, "eprop: layer %s: %s is neither linear nor neurons", layer->name,
                     layer->type->name);
}

static snn_status check_population(const snn_network *net, const snn_layer *layer)
{
    const struct snn__neuron_model *model = layer->model;
    bool readout = layer == snn__network_last(net);

    if (model->rates || model->current || model->learns_decay || (readout && model->adapt))
        return snn__fail(SNN_ERR_UNSUPPORTED, "eprop: population %s must be of %s, not of %s", layer->name,
                         readout ? "if or lif, as the readout" : "if, lif or alif", model->name);
    if (!snn__param_is(&layer->params, SNN_NEURON_RESET, readout ? "none" : "subtract"))
        return snn__fail(SNN_ERR_UNSUPPORTED, "eprop: population %s must have reset %s", layer->name,
                         readout ? "none, as the readout" : "subtract");
    if (model->leaks && snn__param_i64(&layer->params, SNN_NEURON_PER_NEURON))
        return snn__fail(SNN_ERR_UNSUPPORTED, "eprop: population %s: neurons with decays of their own share no trace",
                         layer->name);
    return SNN_OK;
}

static snn_status refuse_symmetric(const snn_layer *population)
{
    return snn__fail(SNN_ERR_UNSUPPORTED,
                     "eprop: population %s: symmetric feedback is for populations that the readout reads, and that "
                     "read none in the same step; take feedback random",
                     population->name);
}

/* The readout's weights give a learning signal to the populations it reads, and none to populations further down. */
static snn_status check_symmetric(const snn_network *net, const snn_layer *population)
{
    bool reads[SNN__LAYERS_MAX];

    mark_readers(net, population, true, reads);
    if (!reads[snn__network_last(net)->index])
        return refuse_symmetric(population);
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (net->layer[l]->model != NULL && reads[l])
            return refuse_symmetric(net->layer[l]);
    return SNN_OK;
}

static snn_status eprop_check(const snn_trainer *tr)
{
    const snn_network *net = tr->net;

    if (snn__network_last(net)->model == NULL && !snn__layer_has_weights(snn__network_last(net)))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "eprop: the last layer, %s, must be a readout: linear, or neurons with reset none",
                         snn__network_last(net)->name);
    for (size_t l = 0; l < net->n_layers; l++)
        SNN__TRY(net->layer[l]->model ? check_population(net, net->layer[l]) : check_linear(net->layer[l]));
    for (size_t l = 0; l < net->n_layers; l++)
        if (snn__layer_has_weights(net->layer[l]))
            SNN__TRY(check_weights(net, net->layer[l]));
        else if (net->layer[l]->model != NULL && net->layer[l] != snn__network_last(net) && !is_random(tr))
            SNN__TRY(check_symmetric(net, net->layer[l]));
    return SNN_OK;
}

static void eprop_choose(const snn_trainer *tr, struct snn__demand *demand)
{
    if (!is_random(tr)) /* through the readout's weights, which are all that errors meet */
        demand->route = SNN__ROUTE_SPACE;
    for (size_t l = 0; l + 1 < tr->net->n_layers; l++)
        demand->observed |= tr->net->layer[l]->model != NULL && per_synapse(tr->net, tr->net->layer[l]);
}

static bool eprop_memory(const snn_trainer *tr, size_t index, struct snn__memory *m)
{
    const snn_network *net = tr->net;

    for (size_t l = 0; l + 1 < net->n_layers && is_random(tr); l++)
        if (net->layer[l]->model != NULL && index-- == 0) {
            snn__feedback_describe(tr, net->layer[l], false, snn__network_last(net), true, m);
            return true;
        }
    return false;
}

/* ---- eligibilities ---- */

/* The trace of what a bias reads: 1 + decay + decay^2 + .. */
static float trace_of_ones(const struct afferent *a, const struct snn__unit *unit, size_t t)
{
    const double decay = a->decay, n = (double)(t - unit->begins) + 1.0;

    return (float)(decay < 1.0 ? (1.0 - pow(decay, n)) / (1.0 - decay) : n);
}

/* e and ebar, from h k: the adjoint of 1 at the spikes */
static void advance(const struct eprop *s, const struct afferent *a, const struct snn__unit *unit, size_t t)
{
    const struct snn__pass *pass = &s->trainer->pass;
    const struct snn__population *p = a->to->layer->type->constants(&a->to->node);
    const struct snn__signal hk = { s->synapses.hk, 1.0f }, eps = { a->trace, 1.0f };
    const struct snn__signal one = { s->synapses.ones, trace_of_ones(a, unit, t) };
    struct snn__io io = snn__unit_io(pass, a->to, t);

    pass->ctx->kernels->fill(hk.data, 1.0f, pass->batch * a->weights.rows);
    a->to->layer->type->adjoint(&a->to->node, &io, hk, 0, hk.data, false);
    snn__synapses_advance(&s->synapses, &a->weights, p, t == unit->begins, eps);
    snn__synapses_advance(&s->synapses, &a->biases, p, t == unit->begins, one);
}

/* eps[t] = decay eps[t-1] + x[t], and what follows from it */
static void eprop_after(snn_trainer *tr, size_t t)
{
    const struct eprop *s = tr->self;

    for (size_t l = 0; l < tr->pass.n; l++) {
        const struct afferent *a = &s->afferent[l];
        const struct snn__unit *unit = &tr->pass.unit[l];
        const struct snn__signal x = snn__unit_input(&tr->pass, unit, 0, t);
        const size_t n = tr->pass.batch * unit->node.in_len;

        if (a->to == NULL || x.data == NULL)
            continue;
        if (t == unit->begins)
            tr->ctx->kernels->fill(a->trace, 0.0f, n);
        snn__combine(tr->ctx, a->trace, (struct snn__signal){ a->trace, a->decay }, x, n);
        if (a->per_synapse)
            advance(s, a, unit, t);
    }
}

/* ---- gradients ---- */

/* L = B^T dE/do */
static snn_status direct(void *trainer, struct snn__unit *unit, size_t t)
{
    snn_trainer *tr = trainer;
    const struct eprop *s = tr->self;

    for (size_t i = 0; i < tr->n_memory; i++)
        if (tr->memory[i].layer == unit->layer->index)
            snn__feedback_apply(&s->matrices, tr, &tr->memory[i], unit, snn__pass_output_error(&tr->pass, t));
    return SNN_OK;
}

/* dW += sum_b L ebar. The layer takes the biases' part itself, with an outer product of 0 for its weights. */
static void credit_synapses(const struct eprop *s, const struct afferent *a, struct snn__unit *unit,
                            struct snn__io io)
{
    const struct snn__kernels *k = s->trainer->ctx->kernels;
    const struct snn__signal L = a->to->e, bias = { s->synapses.bias, 1.0f }, zero = { s->synapses.e, 1.0f };

    k->fill(bias.data, 0.0f, a->biases.rows);
    snn__synapses_credit(&s->synapses, &a->biases, L, bias.data);
    k->fill(zero.data, 0.0f, a->weights.columns);
    io.batch = 1;
    unit->layer->type->credit(&unit->node, &io, bias, zero);
    snn__node_unfold(&unit->node);
    snn__synapses_credit(&s->synapses, &a->weights, L, unit->node.gradient[0]);
}

/* dW += d eps^T with d = L h k, the error at the current; db += d times the trace of ones */
static void credit(const struct snn__sweep *sweep, struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io,
                   struct snn__signal d, struct snn__signal x)
{
    const struct eprop *s = ((snn_trainer *)sweep->arg)->self;
    const struct afferent *a = &s->afferent[unit->layer->index];
    const float one = trace_of_ones(a, unit, io->t);

    (void)x;
    if (a->per_synapse)
        credit_synapses(s, a, unit, *io);
    else
        snn__credit(sweep, pass, unit, io, (struct snn__signal){ d.data, d.scale * one },
                    (struct snn__signal){ a->trace, 1.0f / one });
}

static snn_status eprop_step(snn_trainer *tr, size_t t)
{
    return snn__back_sweep(tr, t, &(struct snn__sweep){ .credit = credit, .direct = direct, .arg = tr });
}

/* ---- memory ---- */

static float *cut(struct eprop *s, size_t n)
{
    float *at = s->state != NULL ? s->state + s->cut : NULL;

    s->cut = SNN__SUM(s->cut, n);
    return at;
}

static struct snn__synapses cut_synapses(struct eprop *s, size_t rows, size_t columns, size_t pitch, bool adapt)
{
    const size_t n = SNN__PRODUCT(s->trainer->pass.batch_max, rows, columns);

    s->synapses.rows = snn__max(s->synapses.rows, rows);
    s->synapses.columns = snn__max(s->synapses.columns, columns);
    s->synapses.synapses = snn__max(s->synapses.synapses, SNN__PRODUCT(rows, columns));
    return (struct snn__synapses){ rows, columns, pitch, cut(s, n), adapt ? cut(s, n) : NULL };
}

static struct afferent cut_afferent(struct eprop *s, const struct snn__unit *unit, const snn_layer *to)
{
    const size_t rows = unit->value_len, columns = unit->node.in_len;
    struct afferent a = { .to = &s->trainer->pass.unit[to->index], .decay = (float)decay_of(to) };

    a.trace = cut(s, SNN__PRODUCT(s->trainer->pass.batch_max, columns));
    a.per_synapse = per_synapse(s->trainer->net, to);
    if (a.per_synapse) {
        a.weights = cut_synapses(s, rows, columns, columns, to->model->adapt);
        a.biases = cut_synapses(s, rows, 1, 0, to->model->adapt);
    }
    return a;
}

/* The arrays of the state: counts their length while state is NULL, then assigns them. */
static void cut_all(struct eprop *s)
{
    const snn_network *net = s->trainer->net;

    s->cut = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const snn_layer *to = snn__layer_has_weights(net->layer[l]) ? driven(net, net->layer[l]) : NULL;
        struct afferent a = { .to = NULL };

        if (to != NULL)
            a = cut_afferent(s, &s->trainer->pass.unit[l], to);
        if (s->afferent != NULL)
            s->afferent[l] = a;
    }
}

static snn_status eprop_plan(snn_trainer *tr, struct snn__arena *arena)
{
    struct eprop *s = tr->self;

    *s = (struct eprop){ .trainer = tr, .synapses = { .kappa = (float)decay_of(snn__network_last(tr->net)) } };
    cut_all(s);
    if (s->synapses.rows > 0 && tr->projecting.projection != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "eprop: eligibilities of single synapses and a projection exclude each other");
    SNN__TRY(snn__eligibility_plan(&s->synapses, tr->ctx, arena, tr->pass.batch_max));
    SNN__TRY(snn__feedback_plan(&s->matrices, tr, arena));
    SNN__TRY(
        snn__arena_add(arena, &s->afferent, tr->pass.n, sizeof *s->afferent, SNN__ALWAYS_FIRST, SNN__ALWAYS_LAST));
    return snn__arena_add_state(&tr->pass.arena, &s->state, s->cut, sizeof(float), SNN__STATE_LEARNING);
}

static void eprop_begin(snn_trainer *tr)
{
    struct eprop *s = tr->self;

    cut_all(s);
    snn__eligibility_begin(&s->synapses, tr->pass.batch);
}

extern const struct snn__rule snn__rule_eprop;
const struct snn__rule snn__rule_eprop = {
    .name = "eprop",
    .text = "e-prop: eligibilities of synapses, gathered forward in time, times an error that comes straight",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .state_size = sizeof(struct eprop),
    .networks = "784-800-10; with feedback random 784-800-800-10 and other chains; pools that average (AP2)",
    .factor = SNN__FACTOR_ELIGIBILITY,
    .route = SNN__ROUTE_DIRECT,
    .learns = SNN__LEARNS_PER_BATCH,
    .choose = eprop_choose,
    .check = eprop_check,
    .memory = eprop_memory,
    .plan = eprop_plan,
    .begin = eprop_begin,
    .after = eprop_after,
    .step = eprop_step,
};
