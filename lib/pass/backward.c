/* pass/backward.c - errors go down through the layers: within a step, once for what is constant, or through
 * time. */
#include "core/context.h"
#include "layer/layer.h"
#include "pass/plan.h"

/* dx (+)= what `unit` sends down to input number i */
static void send(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, size_t i, float *dx,
                 bool accumulate)
{
    const struct snn__layer_type *type = unit->layer->type;
    size_t n = pass->batch * unit->node.in_len;
    float factor;

    if (type->factor == NULL || !type->factor(&unit->node, &factor)) {
        type->adjoint(&unit->node, io, unit->e, i, dx, accumulate);
        return;
    }
    snn__add_or_copy(pass->ctx, dx, factor * unit->e.scale, unit->e.data, n, accumulate);
}

bool snn__unit_side_readout(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return unit->readers == 0 && !unit->delay && unit != &pass->unit[pass->n - 1];
}

/* With direct errors, weights on the path to the output send no error down, and nothing on that path sends one to a
 * population. */
bool snn__unit_sends(const struct snn__pass *pass, const struct snn__unit *unit, const struct snn__unit *from)
{
    return pass->demand.route != SNN__ROUTE_DIRECT || unit->off_path ||
           !(unit->flags & SNN__LAYER_WEIGHTS || from->flags & SNN__LAYER_POPULATION);
}

float *snn__unit_error(struct snn__unit *unit, bool *accumulate)
{
    *accumulate = unit->reached;
    unit->e = (struct snn__signal){ unit->error, 1.0f };
    unit->reached = true;
    return unit->error;
}

static void add_sent(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, size_t i,
                     struct snn__sum *sum)
{
    send(pass, unit, io, i, sum->data, sum->begun);
    sum->begun = true;
}

/* An input with delay: the error belongs to the step that it was read from; at rates, to the rates that were given.
 */
static void send_back_in_time(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, size_t i)
{
    struct snn__unit *from = snn__unit_producer(pass, unit, i);

    if (pass->at_rates && pass->fed_back.data != NULL)
        add_sent(pass, unit, io, i, &pass->fed_back);
    if (pass->at_rates || !pass->demand.keeps)
        return;
    add_sent(pass, unit, io, i, snn__unit_pending(pass, from, io->t - unit->layer->source[i].delay));
}

/* An input of the same step. Sums over the steps are for what is constant. */
static void send_within_step(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, size_t i,
                             bool over_steps)
{
    struct snn__unit *from = snn__unit_producer(pass, unit, i);
    float factor;

    if (pass->couples && pass->couples->mean && from->flags & SNN__LAYER_POPULATION) {
        from->e = (struct snn__signal){ NULL, 0.0f }; /* its mean is known */
    } else if (from->error == NULL) {                 /* in place: the array is the one of its only reader */
        unit->layer->type->factor(&unit->node, &factor);
        from->e = (struct snn__signal){ unit->e.data, factor * unit->e.scale };
    } else if (over_steps && snn__unit_constant(pass, from)) {
        add_sent(pass, unit, io, i, &from->over_steps);
        from->e = (struct snn__signal){ from->over_steps.data, 1.0f };
    } else {
        send(pass, unit, io, i, from->error, from->reached);
        from->e = (struct snn__signal){ from->error, 1.0f };
    }
    from->reached = true;
}

/* Adds the pending error of other steps to this unit's output. */
static void collect_pending(struct snn__pass *pass, struct snn__unit *unit, size_t t)
{
    struct snn__sum *pending = snn__unit_pending(pass, unit, t);
    size_t n = pass->batch * unit->value_len;

    if (pending == NULL || !pending->begun)
        return;
    pending->begun = false;
    if (snn__unit_constant(pass, unit)) {
        snn__add_or_copy(pass->ctx, unit->over_steps.data, 1.0f, pending->data, n, unit->over_steps.begun);
        unit->over_steps.begun = true;
        return;
    }
    if (unit->reached && unit->e.data != unit->error)
        snn__copy(pass->ctx, unit->error, unit->e.scale, unit->e.data, n);
    snn__add_or_copy(pass->ctx, unit->error, 1.0f, pending->data, n, unit->reached);
    unit->e = (struct snn__signal){ unit->error, 1.0f };
    unit->reached = true;
}

/* The error of a step is added to those of the others, unless it arrived there. */
static void sum_up(struct snn__pass *pass, struct snn__unit *unit)
{
    struct snn__sum *sum = &unit->over_steps;

    if (unit->e.data == sum->data)
        return;
    snn__add_or_copy(pass->ctx, sum->data, unit->e.scale, unit->e.data, pass->batch * unit->value_len, sum->begun);
    sum->begun = true;
}

/* Errors are sums over the steps; the inputs of trained layers are means. */
static void take_means(const struct snn__pass *pass, const struct snn__unit *unit, struct snn__io *io)
{
    io->summed = true;
    io->weighted = unit->weighted;
    for (size_t i = 0; i < io->n_x; i++) {
        struct snn__signal mean = snn__unit_input_trace(pass, unit, i, io->t);

        if (mean.data != NULL)
            io->x[i] = mean;
    }
}

/* Multiplies what the forward pass gathered for the weights below a batch norm by the factor that is known now
 * (pass/means.c). */
static void rescale_correlations(struct snn__pass *pass, const struct snn__unit *norm)
{
    for (size_t l = 0; l < norm->layer->index; l++)
        if (pass->unit[l].norm == (ptrdiff_t)norm->layer->index)
            pass->unit[l].layer->type->rescale(&pass->unit[l].node, norm->layer->type->slope(&norm->node));
}

/* The presynaptic factor of a layer's gradient. */
static struct snn__signal factor_of(const struct snn__pass *pass, const struct snn__unit *unit,
                                    const struct snn__io *io, enum snn__factor factor)
{
    struct snn__signal trace = { NULL, 0.0f };

    if (factor == SNN__FACTOR_TRACE)
        trace = snn__unit_input_trace(pass, unit, 0, io->t);
    return trace.data != NULL ? trace : io->x[0];
}

/* dW += e (x) factor */
static void form_gradient(struct snn__pass *pass, const struct snn__sweep *sweep, struct snn__unit *unit,
                          struct snn__io *io)
{
    if (unit->trainable && unit->layer->type->credit && sweep->credit != NULL)
        sweep->credit(sweep, pass, unit, io, unit->e, factor_of(pass, unit, io, sweep->factor));
}

/* ---- back functions of units, chosen by snn__choose_back() ---- */

static void send_down(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, bool over_steps)
{
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = snn__unit_producer(pass, unit, i);

        if (from == NULL && pass->input_error != NULL)
            send(pass, unit, io, i, snn__pass_input_error(pass, io->t), true);
        if (from == NULL || !from->wants_error || io->x[i].data == NULL || !snn__unit_sends(pass, unit, from))
            continue;
        if (unit->layer->source[i].delay)
            send_back_in_time(pass, unit, io, i);
        else
            send_within_step(pass, unit, io, i, over_steps);
    }
}

/* A batch norm over all steps, where errors are sums. */
static void send_through_norm(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, bool over_steps)
{
    send_down(pass, unit, io, over_steps);
    rescale_correlations(pass, unit);
}

/* A population that needs only the gradient of its leak. */
static void learn_leak(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, bool over_steps)
{
    (void)pass;
    (void)over_steps;
    unit->layer->type->adjoint(&unit->node, io, unit->e, 0, NULL, false);
}

void snn__choose_back(struct snn__unit *unit)
{
    if (unit->node.wants_adjoint)
        unit->back = unit->weighted != NULL ? send_through_norm : send_down;
    else if (unit->trainable && unit->flags & SNN__LAYER_POPULATION)
        unit->back = learn_leak;
}

static void back_unit(struct snn__pass *pass, const struct snn__sweep *sweep, struct snn__unit *unit, size_t t,
                      bool over_steps)
{
    struct snn__io io = snn__unit_io(pass, unit, t);

    io.detach = sweep->detached;
    unit->node.scratch = unit->scratch[1];
    if (snn__pass_means(pass))
        take_means(pass, unit, &io);
    form_gradient(pass, sweep, unit, &io);
    unit->e.scale *= unit->sent_scale;
    io.trace = pass->couples && unit->trace ? unit->trace + pass->sample * unit->value_len : NULL;
    if (unit->back != NULL)
        unit->back(pass, unit, &io, over_steps);
    if (pass->couples)
        unit->counts.couple_spikes += io.spikes;
}

static void tell(struct snn__pass *pass, const struct snn__sweep *sweep, struct snn__unit *unit)
{
    if (sweep->done != NULL && unit->trainable)
        sweep->done(sweep->done_arg, pass, unit);
}

/* No reader sends an error: a population continues with zero, since it carries errors from later steps. */
static bool carries_on(const struct snn__unit *unit)
{
    return unit->node.through_time && unit->flags & SNN__LAYER_POPULATION && unit->wants_error && !unit->reached;
}

snn_status snn__pass_back_step(struct snn__pass *pass, size_t t, const struct snn__sweep *sweep)
{
    struct snn__unit *last = &pass->unit[pass->n - 1];

    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].reached = false;
    last->e = (struct snn__signal){ snn__pass_output_error(pass, t), 1.0f };
    last->reached = last->wants_error;
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (t < unit->absent)
            continue;
        collect_pending(pass, unit, t);
        if (sweep->direct != NULL && unit->wants_error &&
            (unit->flags & SNN__LAYER_POPULATION || snn__unit_side_readout(pass, unit)))
            SNN__TRY(sweep->direct(sweep->arg, unit, t));
        if (carries_on(unit)) {
            unit->e = (struct snn__signal){ NULL, 0.0f };
            unit->reached = true;
        }
        if (!unit->reached)
            continue;
        if (snn__unit_constant(pass, unit)) {
            sum_up(pass, unit);
            continue;
        }
        back_unit(pass, sweep, unit, t, true);
        tell(pass, sweep, unit);
    }
    return SNN_OK;
}

void snn__pass_back_constant(struct snn__pass *pass, const struct snn__sweep *sweep)
{
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        unit->reached = snn__unit_constant(pass, unit) && unit->over_steps.begun;
        if (unit->reached)
            unit->e = (struct snn__signal){ unit->over_steps.data, 1.0f };
    }
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (!snn__unit_constant(pass, unit) || !unit->reached)
            continue;
        back_unit(pass, sweep, unit, 0, true);
        tell(pass, sweep, unit);
    }
}

void snn__pass_back_means(struct snn__pass *pass, const struct snn__sweep *sweep)
{
    (void)snn__pass_back_step(pass, 0, sweep);
    snn__pass_back_constant(pass, sweep);
}

/* ---- at rates, and what reads them ---- */

/* Layers from - 1 down to `to`, without those that are computed once, unless they need gradients. */
static void back_layers(struct snn__pass *pass, const struct snn__sweep *sweep, size_t from, size_t to, size_t t)
{
    while (from-- > to) {
        struct snn__unit *unit = &pass->unit[from];

        if (unit->reached && (sweep->credit != NULL || !snn__unit_constant(pass, unit)))
            back_unit(pass, sweep, unit, t, false);
    }
}

static void begin_at(struct snn__pass *pass, size_t top, struct snn__signal e)
{
    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].reached = false;
    pass->unit[top].e = e;
    pass->unit[top].reached = true;
}

struct snn__signal snn__pass_back_deferred(struct snn__pass *pass, const struct snn__sweep *sweep, size_t bottom)
{
    begin_at(pass, pass->n - 1, (struct snn__signal){ snn__pass_output_error(pass, pass->steps - 1), 1.0f });
    back_layers(pass, sweep, pass->n, bottom + 1, pass->steps - 1);
    return pass->unit[bottom].reached ? pass->unit[bottom].e : (struct snn__signal){ NULL, 0.0f };
}

void snn__pass_back_rates(struct snn__pass *pass, const struct snn__sweep *sweep, size_t top, struct snn__signal e,
                          float *fed_back)
{
    pass->at_rates = true;
    pass->fed_back = (struct snn__sum){ fed_back, false };
    begin_at(pass, top, e);
    back_layers(pass, sweep, top + 1, 0, pass->steps);
    if (fed_back != NULL && !pass->fed_back.begun)
        pass->ctx->kernels->fill(fed_back, 0.0f, pass->batch * pass->unit[top].value_len);
    pass->at_rates = false;
}

void snn__pass_back_couples(struct snn__pass *pass, const struct snn__sweep *sweep, size_t top, struct snn__signal e,
                            const struct snn__couples *couples, float *fed_back)
{
    pass->couples = couples;
    pass->couple_steps += couples->mean ? 0 : pass->batch;
    snn__pass_back_rates(pass, sweep, top, e, fed_back);
    pass->couples = NULL;
}

/* ---- through time ---- */

/* One layer at step t of a whole pass: errors lie in one slot per step and are added up from zero. */
static void back_whole_unit(struct snn__pass *pass, const struct snn__sweep *sweep, struct snn__unit *unit, size_t t)
{
    struct snn__io io = snn__unit_io(pass, unit, t);

    io.detach = sweep->detached;
    unit->e = (struct snn__signal){ unit->error + io.slot * pass->batch * unit->value_len, 1.0f };
    form_gradient(pass, sweep, unit, &io);
    for (size_t i = 0; unit->node.wants_adjoint && i < unit->layer->n_sources; i++) {
        struct snn__unit *from = snn__unit_producer(pass, unit, i);

        if (from == NULL && pass->input_error != NULL)
            send(pass, unit, &io, i, snn__pass_input_error(pass, t), true);
        if (from != NULL && from->wants_error)
            send(pass, unit, &io, i, from->error + io.slot * pass->batch * from->value_len, true);
    }
    if (!unit->node.wants_adjoint && unit->trainable && unit->flags & SNN__LAYER_POPULATION)
        unit->layer->type->adjoint(&unit->node, &io, unit->e, 0, NULL, false);
}

static void back_whole(struct snn__pass *pass, const struct snn__sweep *sweep)
{
    size_t steps = pass->steps;
    struct snn__unit *last = &pass->unit[pass->n - 1];

    if (last->error != NULL)
        snn__copy(pass->ctx, last->error, 1.0f, pass->output_error, steps * pass->batch * last->value_len);
    for (size_t l = 0; l + 1 < pass->n; l++)
        if (pass->unit[l].error != NULL)
            pass->ctx->kernels->fill(pass->unit[l].error, 0.0f, steps * pass->batch * pass->unit[l].value_len);
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (!unit->wants_error)
            continue;
        if (unit->flags & SNN__WHOLE_CALLS)
            back_whole_unit(pass, sweep, unit, 0);
        for (size_t t = steps; !(unit->flags & SNN__WHOLE_CALLS) && t-- > 0;)
            back_whole_unit(pass, sweep, unit, t);
        tell(pass, sweep, unit);
    }
}

void snn__pass_back_time(struct snn__pass *pass, const struct snn__sweep *sweep, void (*each)(void *arg, size_t t),
                         void *arg)
{
    struct snn__sweep earlier = *sweep; /* that of all steps but the first, which comes last */

    earlier.done = NULL;
    if (snn__pass_by_layers(pass)) {
        back_whole(pass, sweep);
        return;
    }
    for (size_t t = pass->steps; t-- > 0;) {
        (void)snn__pass_back_step(pass, t, t > 0 ? &earlier : sweep);
        if (each != NULL)
            each(arg, t);
    }
    snn__pass_back_constant(pass, sweep);
}

void snn__unit_settle(struct snn__unit *unit)
{
    unit->node.scratch = unit->scratch[1]; /* its own in this part of a sweep */
    if (unit->layer->type->settle)
        unit->layer->type->settle(&unit->node);
    snn__node_unfold(&unit->node);
    unit->settled = true;
}

void snn__pass_settle(struct snn__pass *pass, bool whole)
{
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->settled) {
            unit->settled = false;
            continue;
        }
        unit->node.scratch = pass->scratch;
        if (unit->trainable && unit->layer->type->settle)
            unit->layer->type->settle(&unit->node);
        if (whole)
            snn__node_unfold(&unit->node);
    }
}
