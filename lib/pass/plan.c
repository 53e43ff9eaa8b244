/* pass/plan.c - what a pass needs, and how long: every buffer gets a life time within one step, and the arena lets
 * those that never meet share memory.
 *
 * Times of a step with n layers: layer i runs forward at i + 1, the loss at n + 1, layer i backward at 2 n + 2 -
 * i. */
#include "blas/spikes.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/size.h"
#include "layer/types.h"
#include "pass/pass.h"
#include <string.h>

#define NOT_YET 0xffffffffu

struct life {
    unsigned first, last;
    bool always;
    enum snn__state state; /* if not NONE, always: the next step of a stream needs it */
};

/* Life times of one unit's arrays. */
struct lives {
    struct life value, map, trace, error;
};

static unsigned forward_time(size_t i)
{
    return (unsigned)i + 1;
}

static unsigned backward_time(const struct snn__pass *pass, size_t i)
{
    return (unsigned)(2 * pass->n + 2 - i);
}

static void use(struct life *life, unsigned time)
{
    if (time < life->first)
        life->first = time;
    if (time > life->last)
        life->last = time;
}

/* ---- properties of the units ---- */

static struct snn__unit *source_unit(const struct snn__pass *pass, const struct snn__unit *unit, size_t i)
{
    ptrdiff_t node = unit->layer->source[i].node;

    return node == SNN__INPUT ? NULL : &pass->unit[node];
}

/* Steps until the first input of each unit arrives; feedback makes this a fixed point. */
static void mark_absent(struct snn__pass *pass)
{
    bool news = true;

    for (size_t round = 0; news && round <= pass->n; round++) {
        news = false;
        for (size_t l = 0; l < pass->n; l++) {
            struct snn__unit *unit = &pass->unit[l];
            size_t absent = SIZE_MAX;

            unit->late |= (unit->flags & SNN__LAYER_GATHERS) != 0;

            for (size_t i = 0; i < unit->layer->n_sources; i++) {
                const struct snn__unit *from = source_unit(pass, unit, i);

                absent = snn__min(absent, (from ? from->absent : 0) + unit->layer->source[i].delay);
                unit->late |= from != NULL && from->late;
                unit->driven |= unit->layer->source[i].delay ||
                                (from != NULL && (from->driven || from->flags & SNN__LAYER_POPULATION));
            }
            unit->begins = absent;
            if (unit->flags & SNN__LAYER_GATHERS)
                absent = snn__max(absent, pass->steps - 1);
            news |= absent != unit->absent;
            unit->absent = absent;
        }
    }
}

/* Populations make traces, linear layers without weights map them; a source with delay may come later in the
 * order. */
static void mark_traced(struct snn__pass *pass)
{
    bool news = snn__demand_traces(&pass->demand);

    while (news) {
        news = false;
        for (size_t l = 0; l < pass->n; l++) {
            struct snn__unit *unit = &pass->unit[l];
            const struct snn__unit *from = source_unit(pass, unit, 0);
            bool traced =
                unit->flags & SNN__LAYER_POPULATION || (unit->flags & SNN__LAYER_LINEAR && from && from->traced);

            news |= traced && !unit->traced;
            unit->traced |= traced;
        }
    }
}

static struct snn__unit *value_root(const struct snn__pass *pass, struct snn__unit *unit);

/* The population that a unit reads, alone and up to a constant; NULL if there is none, or its neurons forget at rates
 * of their own. */
static const struct snn__unit *population_behind(const struct snn__pass *pass, const struct snn__unit *unit)
{
    const struct snn__unit *from = unit;

    do {
        if (from->layer->n_sources != 1 || from->layer->source[0].delay ||
            (from != unit && from->layer->n_tensors > 0))
            return NULL;
        from = source_unit(pass, from, 0);
        if (from == NULL || from->readers != 1 || from->read_later)
            return NULL;
    } while (from->flags & SNN__LAYER_PASSES);
    return from->flags & SNN__LAYER_POPULATION && !snn__param_i64(&from->layer->params, SNN_NEURON_PER_NEURON) ? from
                                                                                                               : NULL;
}

/* The trace of pooled spikes is the pooled trace, and smaller than that of the spikes, which is not kept then. Where
 * errors are local, the method may look at the traces of populations. */
static void mark_spiking(struct snn__pass *pass)
{
    if (!snn__demand_traces(&pass->demand) || pass->demand.route == SNN__ROUTE_DIRECT)
        return;
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *from;

        if (!unit->traced || !(unit->flags & SNN__LAYER_LINEAR) || unit->flags & SNN__LAYER_PASSES)
            continue;
        unit->spiking = population_behind(pass, unit);
        if (unit->spiking != NULL && unit->spiking->value_len <= unit->value_len)
            unit->spiking = NULL;
        for (from = unit; unit->spiking != NULL && !pass->demand.observed && from != unit->spiking;) {
            from = source_unit(pass, from, 0);
            from->traced = false;
        }
    }
}

/* Whether errors lie in one slot per step. */
static bool errors_apart(const struct snn__pass *pass)
{
    return pass->whole && !pass->means;
}

/* Whatever trained layers read is averaged over the steps. Layers that pass arrays on pass on the average, too. */
static void mark_averaged(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *from = source_unit(pass, unit, 0), *root = value_root(pass, from);

        if (!unit->trainable || unit->flags & SNN__LAYER_POPULATION)
            continue;
        for (; from != root; from = source_unit(pass, from, 0))
            from->traced = true;
        if (root != NULL)
            root->traced = true;
        else
            pass->input_traced = true;
    }
}

/* Weights take average rates: populations gather theirs, and what lies between a population and weights is marked. */
static void mark_rates(struct snn__pass *pass)
{
    pass->input_traced = true;
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->flags & SNN__LAYER_POPULATION) {
            unit->traced = true;
            continue;
        }
        for (size_t i = 0; (unit->trainable || unit->averaged) && i < unit->layer->n_sources; i++)
            if (source_unit(pass, unit, i) != NULL)
                source_unit(pass, unit, i)->averaged = true;
    }
}

static bool all_constant(const struct snn__pass *pass, const struct snn__unit *unit)
{
    /* of a constant, a norm over all steps is constant; at rates, steps leave the running values alone */
    bool norm = (pass->means && unit->flags & SNN__LAYER_WHOLE) ||
                (snn__demand_equilibrium(&pass->demand) && unit->layer->type == &snn__layer_batch_norm);

    if (unit->flags & SNN__LAYER_STEPWISE && !norm)
        return false;
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = source_unit(pass, unit, i);

        if (unit->layer->source[i].delay || (from != NULL && !from->constant))
            return false;
    }
    return true;
}

/* Spikes, possibly times a constant: through layers that neither add nor average. */
static bool is_binary(const struct snn__pass *pass, const struct snn__unit *unit)
{
    static const char *const keep[] = { "scale", "gain", "flatten", "upsample", "maxpool", "dropout" };

    if (unit == NULL)
        return false;
    if (unit->layer->model != NULL)
        return snn__neuron_spikes(&unit->layer->params) &&
               (snn__params_find(&unit->layer->params, SNN_NEURON_SMOOTH) < 0 ||
                !snn__param_i64(&unit->layer->params, SNN_NEURON_SMOOTH));
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        if (strcmp(unit->layer->type->name, keep[i]) == 0 && !unit->layer->source[0].delay)
            return is_binary(pass, source_unit(pass, unit, 0));
    return false;
}

static void count_reader(struct snn__pass *pass, const struct snn__unit *unit)
{
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        struct snn__unit *from = source_unit(pass, unit, i);

        if (from != NULL && unit->layer->source[i].delay)
            from->read_later = true;
        else if (from != NULL)
            from->readers++;
    }
}

/* What the last layer does not depend on, at whatever step. */
static void mark_aside(struct snn__pass *pass)
{
    bool news = true;

    for (size_t l = 0; l + 1 < pass->n; l++)
        pass->unit[l].aside = true;
    while (news) {
        news = false;
        for (size_t l = pass->n; l-- > 0;)
            for (size_t i = 0; !pass->unit[l].aside && i < pass->unit[l].layer->n_sources; i++) {
                struct snn__unit *from = source_unit(pass, &pass->unit[l], i);

                if (from != NULL && from->aside) {
                    from->aside = false;
                    news = true;
                }
            }
    }
}

static bool through_delays(const struct snn__pass *pass)
{
    return snn__demand_keeps(&pass->demand) || snn__demand_equilibrium(&pass->demand);
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
            bool wanted = unit->trainable;

            for (size_t i = 0; i < unit->layer->n_sources; i++) {
                const struct snn__unit *from = source_unit(pass, unit, i);

                wanted |= from != NULL && from->wants_error &&
                          (!unit->layer->source[i].delay || through_delays(pass)) &&
                          snn__unit_sends(pass, unit, from);
            }
            if (wanted && !unit->wants_error)
                unit->wants_error = news = true;
        }
    }
}

static bool source_wants_error(const struct snn__pass *pass, const struct snn__unit *unit)
{
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = source_unit(pass, unit, i);

        if (from != NULL && from->wants_error && (!unit->layer->source[i].delay || through_delays(pass)) &&
            snn__unit_sends(pass, unit, from))
            return true;
    }
    return false;
}

static snn_status describe_units(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].layer = pass->net->layer[l];
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];
        snn_layer *layer = unit->layer;
        const struct snn__unit *from;

        unit->flags = snn__layer_flags(layer);
        if (pass->demand.held && layer->type == &snn__layer_batch_norm)
            unit->flags &= ~(unsigned)(SNN__LAYER_WHOLE | SNN__LAYER_STEPWISE | SNN__LAYER_KEEPS_X);
        unit->down = 1.0f;
        unit->value_len = snn__shape_length(&layer->out);
        for (size_t t = 0; t < layer->n_tensors; t++)
            unit->trainable |= layer->tensor[t].trained;
        unit->trainable &= snn__demand_learns(&pass->demand);
        unit->constant = all_constant(pass, unit);
        from = source_unit(pass, unit, 0);
        unit->binary_input = is_binary(pass, from);
        count_reader(pass, unit);
        pass->again |= pass->means && pass->demand.recompute && unit->flags & SNN__LAYER_WHOLE;
        if (unit->flags & (pass->means ? SNN__LAYER_WHOLE : SNN__WHOLE_CALLS) && (snn__demand_keeps(&pass->demand) || pass->means))
            pass->whole = !pass->again;
        unit->norm = pass->means && !pass->demand.held && unit->flags & SNN__LAYER_WEIGHTS
                         ? snn__network_norm_behind(pass->net, l)
                         : -1;
        if (unit->flags & SNN__LAYER_RATES && snn__demand_learns(&pass->demand) && pass->demand.route != SNN__ROUTE_RATES)
            return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: neurons of type %s are trained by the method dsr",
                             layer->name, layer->type->name);
        if (unit->flags & SNN__LAYER_BENDS && snn__demand_learns(&pass->demand) && (pass->demand.route == SNN__ROUTE_RATES || snn__demand_equilibrium(&pass->demand)))
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "layer %s: rates do not go through %s, which needs a method that trains step by step, "
                             "as sei",
                             layer->name, layer->type->name);
        if (unit->flags & SNN__LAYER_WHOLE && snn__demand_learns(&pass->demand) && !snn__demand_keeps(&pass->demand) && !pass->means)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "layer %s: batch norm over all steps needs a method that keeps all steps, as bptt",
                             layer->name);
    }
    for (size_t l = 0; l < pass->n && snn__demand_learns(&pass->demand) && !snn__demand_equilibrium(&pass->demand); l++)
        if (pass->unit[l].flags & SNN__LAYER_GATHERS)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "layer %s: a mean over the steps needs a method that trains rates, as ide",
                             pass->net->layer[l]->name);
    for (size_t l = 0; l < pass->n && pass->whole; l++) {
        pass->unit[l].constant &= pass->means;
        if (pass->unit[l].read_later)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "layer %s: feedback and batch norm over all steps exclude each other",
                             pass->net->layer[l]->name);
    }
    mark_aside(pass);
    mark_absent(pass);
    if (pass->unit[pass->n - 1].absent > 0 && !pass->unit[pass->n - 1].late)
        return snn__fail(
            SNN_ERR_UNSUPPORTED,
            "layer %s: the last layer has no output at the first step, since it only gets what others gave the step "
            "before",
            pass->unit[pass->n - 1].layer->name);
    mark_traced(pass);
    mark_spiking(pass);
    if (pass->means)
        mark_averaged(pass);
    if (snn__demand_couples(&pass->demand))
        mark_rates(pass);
    if (pass->whole)
        pass->slots = pass->steps;
    if (snn__demand_learns(&pass->demand))
        mark_wanted(pass);
    return SNN_OK;
}

/* ---- life times ---- */

/* The unit whose array a unit's value is. NULL: the network's input. */
static struct snn__unit *value_root(const struct snn__pass *pass, struct snn__unit *unit)
{
    while (unit != NULL && unit->flags & SNN__LAYER_PASSES)
        unit = source_unit(pass, unit, 0);
    return unit;
}

/* Whether the error at `unit` is, up to a factor, the array of the error at its only reader. */
static struct snn__unit *error_heir(const struct snn__pass *pass, const struct snn__unit *unit)
{
    float factor;

    if (unit->readers != 1 || unit->read_later || errors_apart(pass))
        return NULL;
    for (size_t l = unit->layer->index + 1; l < pass->n; l++)
        for (size_t i = 0; i < pass->unit[l].layer->n_sources; i++)
            if (source_unit(pass, &pass->unit[l], i) == unit && !pass->unit[l].layer->source[i].delay) {
                struct snn__unit *reader = &pass->unit[l];
                const struct snn__layer_type *type = reader->layer->type;

                return type->factor && reader->wants_error && snn__unit_sends(pass, reader, unit) &&
                               type->factor(&reader->node, &factor)
                           ? reader
                           : NULL;
            }
    return NULL;
}

static size_t index_of(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return (size_t)(unit - pass->unit);
}

/* The unit that holds the error of `unit`, if no other one is handed the same array. */
static struct snn__unit *error_owner(const struct snn__pass *pass, struct snn__unit *unit)
{
    struct snn__unit *heir;

    while ((heir = error_heir(pass, unit)) != NULL) {
        if (heir->layer->n_sources != 1)
            return NULL;
        unit = heir;
    }
    return unit;
}

/* Where steps run one by one and a layer is read by a population alone, spikes are written over their current, and
 * the error at the current over that at the spikes. */
static void mark_over(struct snn__pass *pass)
{
    const struct snn__demand *d = &pass->demand;

    if (snn__demand_keeps(d) || pass->means || pass->whole || snn__demand_equilibrium(d) || d->observed ||
        d->noise != SNN__NOISE_NONE)
        return;
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *from = source_unit(pass, unit, 0);

        if (!(unit->flags & SNN__LAYER_POPULATION) || unit->flags & SNN__LAYER_KEEPS_X ||
            unit->layer->source[0].delay)
            continue;
        if (from == NULL || from->readers != 1 || from->read_later || from->constant ||
            from->flags & (SNN__LAYER_PASSES | SNN__LAYER_GATHERS))
            continue;
        unit->value_over = from;
        if (from->wants_error && snn__unit_sends(pass, unit, from))
            from->error_over = error_owner(pass, unit);
    }
}

static void extend(struct life *life, const struct life *by)
{
    use(life, by->last);
    life->always |= by->always;
}

/* What is written over lives on in what it is written over. */
static void extend_lives(const struct snn__pass *pass, struct lives *lives)
{
    for (size_t l = pass->n; l-- > 0;)
        if (pass->unit[l].value_over != NULL)
            extend(&lives[index_of(pass, pass->unit[l].value_over)].value, &lives[l].value);
    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].error_over != NULL)
            extend(&lives[index_of(pass, pass->unit[l].error_over)].error, &lives[l].error);
}

static void share_arrays(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].value_over != NULL)
            pass->unit[l].value = pass->unit[l].value_over->value;
    for (size_t l = pass->n; l-- > 0;)
        if (pass->unit[l].error_over != NULL)
            pass->unit[l].error = pass->unit[l].error_over->error;
}

/* What the next step of a stream needs: traces that are gathered; and, where some layer reads the step before, all,
 * since any value may be passed on to it. */
static void mark_states(const struct snn__pass *pass, struct lives *lives)
{
    bool delays = false;

    for (size_t l = 0; l < pass->n; l++)
        delays |= pass->unit[l].read_later;
    for (size_t l = 0; l < pass->n; l++) {
        if (delays)
            lives[l].value.state = SNN__STATE_RUNNING;
        if (delays || pass->unit[l].flags & SNN__LAYER_POPULATION || pass->unit[l].spiking != NULL)
            lives[l].trace.state = SNN__STATE_LEARNING;
    }
}

/* Whether weights, once they have computed, need the trace of what they read instead of its value. */
static bool only_traces(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return unit->flags & SNN__LAYER_WEIGHTS && snn__demand_traces(&pass->demand) && !pass->demand.inputs &&
           !unit->layer->source[0].delay && source_unit(pass, unit, 0) != NULL && source_unit(pass, unit, 0)->traced;
}

static void measure_lives(struct snn__pass *pass, struct lives *lives)
{
    bool always = (pass->slots > 1 && !pass->means) || pass->demand.observed;

    for (size_t l = 0; l < pass->n; l++)
        lives[l].value = lives[l].trace = lives[l].error = (struct life){ NOT_YET, 0, always, SNN__STATE_NONE };
    for (size_t l = 0; l < pass->n; l++)
        lives[l].map = (struct life){ forward_time(l), forward_time(l), false, SNN__STATE_NONE };
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *heir = unit;

        use(&lives[l].value, forward_time(l));
        use(&lives[l].trace, forward_time(l));
        if (unit->mapped != NULL)
            use(&lives[index_of(pass, unit->mapped)].map, forward_time(l));
        if ((unit->constant && !pass->whole) || unit->read_later || unit->flags & SNN__LAYER_GATHERS)
            lives[index_of(pass, value_root(pass, unit) ? value_root(pass, unit) : unit)].value.always = true;
        if (unit->read_later || unit->flags & SNN__LAYER_POPULATION || unit->spiking != NULL)
            lives[l].trace.always = true;
        for (size_t i = 0; i < unit->layer->n_sources; i++) {
            struct snn__unit *from = source_unit(pass, unit, i), *root = value_root(pass, from);
            bool kept = snn__demand_learns(&pass->demand) && !pass->means && unit->flags & (SNN__LAYER_KEEPS_X | SNN__LAYER_WEIGHTS);

            if (root != NULL && kept && snn__demand_equilibrium(&pass->demand)) /* several sweeps of errors need it */
                lives[index_of(pass, root)].value.always = true;
            if (root != NULL && unit->norm >= 0) /* read again when the norm is computed */
                use(&lives[index_of(pass, root)].value, forward_time((size_t)unit->norm));
            if (root != NULL)
                use(&lives[index_of(pass, root)].value,
                    kept && !only_traces(pass, unit) ? backward_time(pass, l) : forward_time(l));
            if (from != NULL)
                use(&lives[index_of(pass, from)].trace, kept ? backward_time(pass, l) : forward_time(l));
        }
        if (snn__demand_learns(&pass->demand) && snn__unit_side_readout(pass, unit)) /* has a loss */
            use(&lives[value_root(pass, unit) ? index_of(pass, value_root(pass, unit)) : l].value,
                backward_time(pass, l));
        if (l + 1 == pass->n && value_root(pass, unit))
            use(&lives[index_of(pass, value_root(pass, unit))].value, (unsigned)pass->n + 1);
        /* the error: written by its readers, read by itself and, where arrays are handed down, by its heirs' chain */
        use(&lives[l].error, backward_time(pass, l));
        if (l + 1 == pass->n)
            use(&lives[l].error, (unsigned)pass->n + 1);
        while ((heir = error_heir(pass, heir)) != NULL)
            use(&lives[index_of(pass, heir)].error, backward_time(pass, l));
        for (size_t i = 0; i < unit->layer->n_sources; i++)
            if (source_unit(pass, unit, i) != NULL)
                use(&lives[index_of(pass, source_unit(pass, unit, i))].error, backward_time(pass, l));
    }
    for (size_t l = 0; l < pass->n && pass->means; l++)
        lives[l].trace.always = true; /* gathered from step to step */
    /* traces that pass through without a copy live as long as their readers need them */
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *from = pass->unit[l].layer->n_sources ? source_unit(pass, &pass->unit[l], 0) : NULL;

        if (from != NULL && pass->unit[l].flags & SNN__LAYER_PASSES) {
            lives[index_of(pass, from)].trace.always |= lives[l].trace.always;
            use(&lives[index_of(pass, from)].trace, lives[l].trace.last);
        }
    }
}

static snn_status want(struct snn__pass *pass, void *pointer, size_t count, size_t size, const struct life *life)
{
    bool always = life == NULL || life->always;

    if (life != NULL && life->state != SNN__STATE_NONE)
        return snn__arena_add_state(&pass->arena, pointer, count, size, life->state);
    return snn__arena_add(&pass->arena, pointer, count, size, always ? SNN__ALWAYS_FIRST : life->first,
                          always ? SNN__ALWAYS_LAST : life->last);
}

static snn_status plan_unit(struct snn__pass *pass, struct snn__unit *unit, const struct lives *lives)
{
    size_t all = SNN__PRODUCT(pass->batch_max, unit->value_len);
    bool population = (unit->flags & SNN__LAYER_POPULATION) != 0;

    if (!(unit->flags & SNN__LAYER_PASSES) && unit->value_over == NULL)
        SNN__TRY(want(pass, &unit->value, SNN__PRODUCT(pass->slots, all), sizeof(float), &lives->value));
    if (unit->map_len > 0)
        SNN__TRY(want(pass, &unit->map, SNN__PRODUCT(pass->whole ? pass->slots : 1, pass->batch_max, unit->map_len),
                      sizeof *unit->map, &lives->map));
    if (unit->traced && (population || !(unit->flags & SNN__LAYER_PASSES)))
        SNN__TRY(want(pass, &unit->trace, all, sizeof(float), &lives->trace));
    if (unit->read_later) { /* training with all steps kept finds them there, evaluation does not keep them */
        SNN__TRY(want(pass, &unit->later, all, sizeof(float), NULL));
        if (unit->traced && !snn__demand_couples(&pass->demand))
            SNN__TRY(want(pass, &unit->later_trace, all, sizeof(float), NULL));
    }
    if (unit->wants_error && unit->error_over == NULL && (errors_apart(pass) || error_heir(pass, unit) == NULL))
        SNN__TRY(want(pass, &unit->error, SNN__PRODUCT(errors_apart(pass) ? pass->slots : 1, all), sizeof(float),
                      errors_apart(pass) ? NULL : &lives->error));
    if (pass->demand.noise && population && !unit->aside) {
        SNN__TRY(want(
            pass, &unit->noise, all, sizeof(float), /* half of a pair */
            &(struct life){ .always = true, .state = pass->demand.streams ? SNN__STATE_LEARNING : SNN__STATE_NONE }));
        SNN__TRY(want(pass, &unit->noisy, all, sizeof(float), NULL));
    }
    if (unit->wants_error && unit->constant)
        SNN__TRY(want(pass, &unit->error_sum, all, sizeof(float), NULL));
    for (int i = 0; i < 2 && unit->read_later && unit->wants_error && snn__demand_keeps(&pass->demand); i++)
        SNN__TRY(want(pass, &unit->error_before[i], all, sizeof(float), NULL));
    if (unit->flags & SNN__LAYER_WEIGHTS) {
        SNN__TRY(want(pass, &unit->fanout, unit->node.in_len, sizeof(float), NULL));
        SNN__TRY(want(pass, &unit->sample_ops, pass->batch_max, sizeof(double), NULL));
    }
    return SNN_OK;
}

/* What a batch norm over all steps needs where errors are summed. */
static snn_status plan_norm(struct snn__pass *pass, struct snn__unit *unit)
{
    unsigned now = forward_time(unit->layer->index);
    size_t all = SNN__PRODUCT(pass->batch_max, unit->value_len);

    if (!pass->means || !(unit->flags & SNN__LAYER_WHOLE))
        return SNN_OK;
    SNN__TRY(want(pass, &unit->weighted, all, sizeof(float), NULL));
    return want(pass, &unit->deviation, all, sizeof(float), &(struct life){ now, now, false, SNN__STATE_NONE });
}

static snn_status plan_node(struct snn__pass *pass, struct snn__unit *unit)
{
    struct snn__node *node = &unit->node;

    node->layer = unit->layer;
    node->ctx = pass->ctx;
    node->batch_max = pass->batch_max;
    node->slots = pass->slots;
    node->in_len = snn__shape_length(&unit->layer->in);
    node->out_len = unit->value_len;
    node->learns = snn__demand_learns(&pass->demand);
    node->keeps = snn__demand_keeps(&pass->demand) || pass->demand.observed;
    node->wants_adjoint = snn__demand_learns(&pass->demand) && source_wants_error(pass, unit);
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = source_unit(pass, unit, i);

        node->adds_adjoint |=
            from == NULL || from->readers > 1 || from->read_later || !from->wants_error || errors_apart(pass);
    }
    node->through_time = snn__demand_through_time(&pass->demand);
    node->couples = snn__demand_couples(&pass->demand);
    node->held = pass->demand.held;
    node->spikes = unit->binary_input && !pass->demand.noise && !snn__demand_equilibrium(&pass->demand) && !snn__demand_couples(&pass->demand);
    for (size_t i = 0; i < unit->layer->n_tensors; i++)
        if (unit->layer->tensor[i].trained && snn__demand_learns(&pass->demand))
            node->gradient[i] = pass->gradient + unit->layer->tensor[i].offset;
    if (unit->layer->type->state_size) {
        node->state = snn__alloc(pass->ctx, 1, unit->layer->type->state_size);
        if (node->state == NULL)
            return SNN_ERR_MEMORY;
    }
    return unit->layer->type->plan ? unit->layer->type->plan(node, &pass->arena) : SNN_OK;
}

/* The population whose very array is a unit's input, positions as they are: NULL where there is none. */
static struct snn__unit *spikes_read(const struct snn__pass *pass, const struct snn__unit *unit)
{
    size_t channels = unit->layer->in.dim[0];
    struct snn__unit *from;

    do {
        if (unit->layer->source[0].delay)
            return NULL;
        from = source_unit(pass, unit, 0);
        unit = from;
    } while (from != NULL && from->flags & SNN__LAYER_PASSES);
    return from != NULL && from->flags & SNN__LAYER_POPULATION && from->layer->out.dim[0] == channels ? from : NULL;
}

/* Populations pack their spikes for those who read them as bits. Not where samples come alone, as in a stream: their
 * rows go by events, and a map to walk made them slower. */
static void link_maps(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n && pass->batch_max > 1; l++) {
        struct snn__unit *unit = &pass->unit[l], *from = unit->node.reads_map ? spikes_read(pass, unit) : NULL;

        unit->mapped = from;
        if (from != NULL)
            from->map_len = snn__spikes_length(from->value_len, from->layer->out.dim[0]);
    }
}

/* Scratch memory of a layer is alive while it computes; that of all layers, at time 0, in between: where steps run
 * one by one. */
static snn_status plan_scratch(struct snn__pass *pass)
{
    const bool apart =
        pass->slots == 1 && !pass->means && !pass->whole && !snn__demand_equilibrium(&pass->demand) && !pass->demand.observed;
    size_t most = 0;

    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];
        const unsigned now[2] = { forward_time(l), backward_time(pass, l) };
        const size_t bytes = unit->layer->type->scratch ? unit->layer->type->scratch(&unit->node) : 0;

        most = snn__max(most, bytes);
        for (size_t i = 0; apart && i < (snn__demand_learns(&pass->demand) ? 2 : 1); i++)
            SNN__TRY(
                want(pass, &unit->scratch[i], bytes, 1, &(struct life){ now[i], now[i], false, SNN__STATE_NONE }));
    }
    return want(pass, &pass->scratch, most, 1, apart ? &(struct life){ 0, 0, false, SNN__STATE_NONE } : NULL);
}

static snn_status plan_all(struct snn__pass *pass, struct lives *lives)
{
    SNN__TRY(describe_units(pass));
    if (snn__demand_learns(&pass->demand)) {
        pass->gradient = snn__alloc(pass->ctx, pass->net->n_parameters, sizeof(float));
        if (pass->gradient == NULL)
            return SNN_ERR_MEMORY;
    }
    if (pass->demand.streams) /* before all that has a state */
        SNN__TRY(snn__arena_add_state(&pass->arena, &pass->head, 1, sizeof *pass->head, SNN__STATE_RUNNING));
    for (size_t l = 0; l < pass->n; l++)
        SNN__TRY(plan_node(pass, &pass->unit[l]));
    link_maps(pass);
    measure_lives(pass, lives);
    mark_over(pass);
    extend_lives(pass, lives);
    if (pass->demand.streams)
        mark_states(pass, lives);
    SNN__TRY(want(pass, &pass->output_error,
                  SNN__PRODUCT(pass->means ? 1 : pass->slots, pass->batch_max, pass->unit[pass->n - 1].value_len),
                  sizeof(float), NULL));
    if (pass->input_traced)
        SNN__TRY(want(pass, &pass->input_mean, SNN__PRODUCT(pass->batch_max, pass->input_len), sizeof(float), NULL));
    SNN__TRY(
        want(pass, &pass->input, SNN__PRODUCT(pass->slots, pass->batch_max, pass->input_len), sizeof(float), NULL));
    for (size_t l = 0; l < pass->n; l++) {
        SNN__TRY(plan_unit(pass, &pass->unit[l], &lives[l]));
        SNN__TRY(plan_norm(pass, &pass->unit[l]));
    }
    SNN__TRY(plan_scratch(pass));
    if (pass->demand.streams)
        SNN__TRY(want(pass, &pass->saved, pass->arena.state, 1, NULL));
    SNN__TRY(snn__arena_commit(&pass->arena));
    share_arrays(pass);
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        for (size_t i = 0; i < 2; i++)
            unit->scratch[i] = unit->scratch[i] ? unit->scratch[i] : pass->scratch;
        unit->node.scratch = pass->scratch;
    }
    return SNN_OK;
}

snn_status snn__pass_plan(struct snn__pass *pass, snn_context *ctx, snn_network *net, size_t batch, size_t steps,
                          const struct snn__demand *demand)
{
    struct lives *lives;
    snn_status rc;

    memset(pass, 0, sizeof *pass);
    pass->ctx = ctx;
    pass->net = net;
    pass->demand = *demand;
    pass->n = net->n_layers;
    pass->batch_max = batch;
    pass->steps = steps;
    pass->slots = snn__demand_keeps(demand) ? steps : 1;
    pass->means = snn__demand_means(demand);
    pass->input_len = snn__shape_length(&net->in);
    snn__arena_init(&pass->arena, pass->ctx);
    pass->unit = snn__alloc(pass->ctx, pass->n, sizeof *pass->unit);
    lives = pass->unit ? snn__alloc(pass->ctx, pass->n, sizeof *lives) : NULL;
    rc = lives ? plan_all(pass, lives) : SNN_ERR_MEMORY;
    snn__free(pass->ctx, lives);
    if (rc != SNN_OK)
        snn__pass_free(pass);
    return rc;
}

void snn__pass_free(struct snn__pass *pass)
{
    if (pass->ctx == NULL)
        return;
    for (size_t l = 0; pass->unit != NULL && l < pass->n; l++)
        snn__free(pass->ctx, pass->unit[l].node.state);
    snn__free(pass->ctx, pass->unit);
    snn__free(pass->ctx, pass->gradient);
    snn__arena_free(&pass->arena);
    pass->unit = NULL;
    pass->gradient = NULL;
    pass->ctx = NULL;
}

size_t snn__pass_bytes(const struct snn__pass *pass)
{
    return pass->arena.bytes + (pass->gradient ? pass->net->n_parameters * sizeof(float) : 0) +
           pass->n * sizeof *pass->unit;
}
