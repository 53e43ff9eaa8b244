/* pass/units.c - the description of a layer in a pass: its place in the order of steps, its readers, its
 * dependencies, the use of its error. */
#include "core/context.h"
#include "core/size.h"
#include "layer/layer.h"
#include "pass/plan.h"
#include <string.h>

#define NEVER SIZE_MAX

/* Steps until the first input of each unit arrives, the fewest on any way from the network's input. */
static void mark_absent(struct snn__pass *pass)
{
    bool news = true;

    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].absent = NEVER;
    while (news) {
        news = false;
        for (size_t l = 0; l < pass->n; l++) {
            struct snn__unit *unit = &pass->unit[l];
            size_t absent = NEVER;

            unit->deferred |= (unit->flags & SNN__LAYER_GATHERS) != 0;

            for (size_t i = 0; i < unit->layer->n_sources; i++) {
                const struct snn__unit *from = snn__unit_producer(pass, unit, i);

                absent = snn__min(absent, SNN__SUM(from ? from->absent : 0, unit->layer->source[i].delay));
                unit->deferred |= from != NULL && from->deferred;
                unit->dynamic |= unit->layer->source[i].delay ||
                                 (from != NULL && (from->dynamic || from->flags & SNN__LAYER_POPULATION));
            }
            unit->begins = absent;
            if (unit->flags & SNN__LAYER_GATHERS)
                absent = snn__max(absent, pass->steps - 1);
            news |= absent != unit->absent;
            unit->absent = absent;
        }
    }
}

/* Populations make traces, linear layers without weights map them; a producer with delay may follow in the order. */
static void mark_traced(struct snn__pass *pass)
{
    bool news = snn__pass_traces(pass);

    while (news) {
        news = false;
        for (size_t l = 0; l < pass->n; l++) {
            struct snn__unit *unit = &pass->unit[l];
            const struct snn__unit *from = snn__unit_producer(pass, unit, 0);
            bool traced =
                unit->flags & SNN__LAYER_POPULATION || (unit->flags & SNN__LAYER_LINEAR && from && from->traced);

            news |= traced && !unit->traced;
            unit->traced |= traced;
        }
    }
}

/* The population that a unit reads, alone and up to a constant; NULL if there is none, or its neurons forget at rates
 * of their own. */
static const struct snn__unit *population_behind(const struct snn__pass *pass, const struct snn__unit *unit)
{
    const struct snn__unit *from = unit;

    do {
        if (from->layer->n_sources != 1 || from->layer->source[0].delay ||
            (from != unit && from->layer->n_tensors > 0))
            return NULL;
        from = snn__unit_producer(pass, from, 0);
        if (from == NULL || from->readers != 1 || from->delay)
            return NULL;
    } while (from->flags & SNN__LAYER_IN_PLACE);
    return from->flags & SNN__LAYER_POPULATION && !snn__param_i64(&from->layer->params, SNN_NEURON_PER_NEURON) ? from
                                                                                                               : NULL;
}

/* The trace of pooled spikes is the pooled trace, and smaller than that of the spikes, which is not kept then. Where
 * errors are local, the method may look at the traces of populations. */
static void mark_spiking(struct snn__pass *pass)
{
    if (!snn__pass_traces(pass) || pass->demand.route == SNN__ROUTE_DIRECT)
        return;
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *from;

        if (!unit->traced || !(unit->flags & SNN__LAYER_LINEAR) || unit->flags & SNN__LAYER_IN_PLACE)
            continue;
        unit->spiking = population_behind(pass, unit);
        if (unit->spiking != NULL && unit->spiking->value_len <= unit->value_len)
            unit->spiking = NULL;
        for (from = unit; unit->spiking != NULL && !pass->demand.observed && from != unit->spiking;) {
            from = snn__unit_producer(pass, from, 0);
            from->traced = false;
        }
    }
}

/* True if errors have one slot per step. */
bool snn__errors_apart(const struct snn__pass *pass)
{
    return snn__pass_by_layers(pass) && !snn__pass_means(pass);
}

/* The inputs of trained layers are averaged over the steps. Layers in place share the average, too. */
static void mark_averaged(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *from = snn__unit_producer(pass, unit, 0),
                         *root = snn__value_root(pass, from);

        if (!unit->trainable || unit->flags & SNN__LAYER_POPULATION)
            continue;
        for (; from != root; from = snn__unit_producer(pass, from, 0))
            from->traced = true;
        if (root != NULL)
            root->traced = true;
    }
}

bool snn__reads_input_mean(const struct snn__pass *pass)
{
    bool reads = false;

    for (size_t l = 0; l < pass->n && snn__pass_means(pass); l++) {
        const struct snn__unit *unit = &pass->unit[l];

        reads |= unit->trainable && !(unit->flags & SNN__LAYER_POPULATION) &&
                 snn__value_root(pass, snn__unit_producer(pass, unit, 0)) == NULL;
    }
    return reads || snn__pass_couples(pass);
}

/* Weights take average rates: populations gather theirs; marks the layers between a population and weights. */
static void mark_rates(struct snn__pass *pass)
{
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->flags & SNN__LAYER_POPULATION) {
            unit->traced = true;
            continue;
        }
        for (size_t i = 0; (unit->trainable || unit->averaged) && i < unit->layer->n_sources; i++)
            if (snn__unit_producer(pass, unit, i) != NULL)
                snn__unit_producer(pass, unit, i)->averaged = true;
    }
}

static bool all_constant(const struct snn__pass *pass, const struct snn__unit *unit)
{
    /* a norm over all steps of a constant is constant; at rates, steps leave the running values alone */
    bool norm = (snn__pass_means(pass) && unit->flags & SNN__LAYER_WHOLE) ||
                (snn__pass_equilibrium(pass) && unit->flags & SNN__LAYER_STATISTICS);

    if (unit->flags & SNN__LAYER_STEPWISE && !norm)
        return false;
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = snn__unit_producer(pass, unit, i);

        if (unit->layer->source[i].delay || (from != NULL && !from->constant))
            return false;
    }
    return true;
}

/* Through layers that neither add nor average. */
bool snn__unit_binary(const struct snn__pass *pass, const struct snn__unit *unit)
{
    if (unit == NULL)
        return false;
    if (unit->layer->model != NULL)
        return snn__neuron_spikes(&unit->layer->params) &&
               (snn__params_find(&unit->layer->params, SNN_NEURON_SMOOTH) < 0 ||
                !snn__param_i64(&unit->layer->params, SNN_NEURON_SMOOTH));
    return unit->layer->type->flags & SNN__LAYER_BINARY && !unit->layer->source[0].delay &&
           snn__unit_binary(pass, snn__unit_producer(pass, unit, 0));
}

static void count_reader(struct snn__pass *pass, const struct snn__unit *unit)
{
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        struct snn__unit *from = snn__unit_producer(pass, unit, i);

        if (from != NULL && unit->layer->source[i].delay)
            from->delay = snn__max(from->delay, unit->layer->source[i].delay);
        else if (from != NULL)
            from->readers++;
    }
}

/* Marks units on which the last layer does not depend at any step. */
static void mark_off_path(struct snn__pass *pass)
{
    bool news = true;

    for (size_t l = 0; l + 1 < pass->n; l++)
        pass->unit[l].off_path = true;
    while (news) {
        news = false;
        for (size_t l = pass->n; l-- > 0;)
            for (size_t i = 0; !pass->unit[l].off_path && i < pass->unit[l].layer->n_sources; i++) {
                struct snn__unit *from = snn__unit_producer(pass, &pass->unit[l], i);

                if (from != NULL && from->off_path) {
                    from->off_path = false;
                    news = true;
                }
            }
    }
}

static bool through_delays(const struct snn__pass *pass)
{
    return pass->demand.keeps || snn__pass_equilibrium(pass);
}

bool snn__producer_wants_error(const struct snn__pass *pass, const struct snn__unit *unit)
{
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = snn__unit_producer(pass, unit, i);

        if (from == NULL ? pass->demand.input_error
                         : from->wants_error && (!unit->layer->source[i].delay || through_delays(pass)) &&
                               snn__unit_sends(pass, unit, from))
            return true;
    }
    return false;
}

/* The error at a unit's output is of use if the unit or anything that feeds it (within the step, or through time)
 * learns. */
static void mark_wanted(struct snn__pass *pass)
{
    bool news = true;

    while (news) {
        news = false;
        for (size_t l = 0; l < pass->n; l++) {
            struct snn__unit *unit = &pass->unit[l];

            if (!unit->wants_error && (unit->trainable || snn__producer_wants_error(pass, unit)))
                unit->wants_error = news = true;
        }
    }
}

/* ---- a unit ---- */

static void describe_unit(struct snn__pass *pass, size_t l)
{
    struct snn__unit *unit = &pass->unit[l];
    const snn_layer *layer = unit->layer;

    unit->flags = snn__layer_flags(layer);
    if (pass->demand.held && unit->flags & SNN__LAYER_STATISTICS)
        unit->flags &= ~(unsigned)(SNN__LAYER_WHOLE | SNN__LAYER_STEPWISE | SNN__LAYER_KEEPS_X);
    unit->sent_scale = 1.0f;
    unit->value_len = snn__shape_length(&layer->out);
    for (size_t t = 0; t < layer->n_tensors; t++)
        unit->trainable |= layer->tensor[t].trained;
    unit->lr_scale = snn__layer_lr_scale(layer);
    unit->trainable &= snn__pass_learns(pass) && unit->lr_scale > 0;
    unit->constant = all_constant(pass, unit);
    count_reader(pass, unit);
    unit->norm = snn__pass_means(pass) && !pass->demand.held && unit->flags & SNN__LAYER_WEIGHTS
                     ? snn__network_norm_after(pass->net, l)
                     : -1;
}

/* The order of a pass with layers that see all steps at once. */
static void choose_order(struct snn__pass *pass, const struct snn__unit *unit)
{
    const unsigned sees_all = snn__pass_means(pass) ? SNN__LAYER_WHOLE : SNN__WHOLE_CALLS;

    if (unit->flags & sees_all && (pass->demand.keeps || snn__pass_means(pass)))
        pass->order = snn__pass_means(pass) && pass->demand.recompute ? SNN__ORDER_RERUN : SNN__ORDER_LAYERS;
}

/* Refuses a unit that cannot learn under this demand. */
static snn_status check_unit(const struct snn__pass *pass, const struct snn__unit *unit)
{
    const snn_layer *layer = unit->layer;
    bool rates = pass->demand.route == SNN__ROUTE_RATES;

    if (!snn__pass_learns(pass))
        return SNN_OK;
    if (unit->flags & SNN__LAYER_RATES && !rates)
        return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: neurons of type %s are trained by the method dsr",
                         layer->name, layer->type->name);
    if (unit->flags & SNN__LAYER_NONLINEAR && (rates || snn__pass_equilibrium(pass)))
        return snn__fail(
            SNN_ERR_UNSUPPORTED,
            "layer %s: rates do not go through %s, which needs a method that trains step by step, as sei",
            layer->name, layer->type->name);
    if (unit->flags & SNN__LAYER_WHOLE && !pass->demand.keeps && !snn__pass_means(pass))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "layer %s: batch norm over all steps needs a method that keeps all steps, as bptt",
                         layer->name);
    return SNN_OK;
}

/* ---- all units ---- */

static snn_status describe_each(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].layer = pass->net->layer[l];
    for (size_t l = 0; l < pass->n; l++) {
        describe_unit(pass, l);
        choose_order(pass, &pass->unit[l]);
        SNN__TRY(check_unit(pass, &pass->unit[l]));
    }
    return SNN_OK;
}

static snn_status check_gathers(const struct snn__pass *pass)
{
    if (!snn__pass_learns(pass) || snn__pass_equilibrium(pass))
        return SNN_OK;
    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].flags & SNN__LAYER_GATHERS)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "layer %s: a mean over the steps needs a method that trains rates, as ide",
                             pass->net->layer[l]->name);
    return SNN_OK;
}

/* Layer by layer over all steps: nothing is computed once, and nothing reads the step before. */
static snn_status settle_order(struct snn__pass *pass)
{
    if (!snn__pass_by_layers(pass))
        return SNN_OK;
    pass->slots = pass->steps;
    for (size_t l = 0; l < pass->n; l++) {
        pass->unit[l].constant &= snn__pass_means(pass);
        if (pass->unit[l].delay)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "layer %s: feedback and batch norm over all steps exclude each other",
                             pass->net->layer[l]->name);
    }
    return SNN_OK;
}

/* Errors that stay within a step do not go through delays: warns of layers that lead to the output, or to a readout
 * of their own, through delays alone. */
static void warn_of_untrained(const struct snn__pass *pass)
{
    const bool within = pass->demand.route == SNN__ROUTE_SPACE && !pass->demand.keeps;
    bool leads[SNN__LAYERS_MAX] = { false };

    for (size_t l = pass->n; l-- > 0 && within;) {
        const struct snn__unit *unit = &pass->unit[l];

        leads[l] |= l + 1 == pass->n || snn__unit_side_readout(pass, unit);
        if (unit->trainable && !leads[l])
            snn__log(pass->ctx, SNN_LOG_WARNING,
                     "layer %s is not trained: it leads to the output through delays alone, and the error stays "
                     "within a step; bptt sends it back through delays",
                     unit->layer->name);
        for (size_t i = 0; leads[l] && i < unit->layer->n_sources; i++)
            if (snn__unit_producer(pass, unit, i) != NULL && unit->layer->source[i].delay == 0)
                leads[unit->layer->source[i].node] = true;
    }
}

static snn_status check_output(const struct snn__pass *pass)
{
    const struct snn__unit *last = &pass->unit[pass->n - 1];

    if (last->absent >= pass->steps && !pass->demand.streams)
        return snn__fail(
            SNN_ERR_UNSUPPORTED,
            "layer %s: delays bring the first output of the last layer after %zu steps, and there are %zu",
            last->layer->name, last->absent, pass->steps);
    return SNN_OK;
}

snn_status snn__describe_units(struct snn__pass *pass)
{
    SNN__TRY(describe_each(pass));
    SNN__TRY(check_gathers(pass));
    SNN__TRY(settle_order(pass));
    mark_off_path(pass);
    mark_absent(pass);
    SNN__TRY(check_output(pass));
    warn_of_untrained(pass);
    mark_traced(pass);
    mark_spiking(pass);
    if (snn__pass_means(pass))
        mark_averaged(pass);
    if (snn__pass_couples(pass))
        mark_rates(pass);
    if (snn__pass_learns(pass))
        mark_wanted(pass);
    return SNN_OK;
}
