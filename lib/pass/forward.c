/* pass/forward.c - the forward sweep of a step. */
#include "core/context.h"
#include "layer/layer.h"
#include "pass/plan.h"
#include <string.h>

/* ---- beginning ---- */

void snn__pass_refresh(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        unit->node.scratch = pass->scratch;
        if (unit->layer->type->refresh && !snn__unit_shares(pass, unit))
            unit->layer->type->refresh(&unit->node);
    }
}

void snn__pass_begin(struct snn__pass *pass, size_t batch, bool training, bool is_static, uint64_t stream)
{
    pass->batch = batch;
    pass->training = training;
    pass->fixed = false;
    pass->noise_scale = 0.0f;
    pass->measured = NULL;
    pass->begun = false;
    pass->evaluated.data = NULL;
    /* a whole pass plans values for going layer by layer: in an evaluation, which goes step by step, nothing stays */
    pass->is_static = is_static && !(snn__pass_by_layers(pass) && (!training || !snn__pass_means(pass)));
    if (training && pass->input_error != NULL)
        pass->ctx->kernels->fill(pass->input_error, 0.0f, pass->steps * batch * pass->input_len);
    if (!pass->settled)
        snn__pass_refresh(pass);
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        unit->reached = unit->over_steps.begun = false;
        snn__delay_begin(pass, unit);
        if (training && unit->layer->type->begin)
            unit->layer->type->begin(&unit->node, pass->first, batch, stream);
    }
}

/* ---- after a training step: the trace or mean of the output; chosen by snn__choose_forward() ---- */

/* Linear layers act on the trace as on the value. */
static void map_trace(struct snn__pass *pass, struct snn__unit *unit, const struct snn__io *of_value)
{
    struct snn__io io = *of_value;

    io.x[0] = snn__unit_input_trace(pass, unit, 0, io.t);
    if (io.x[0].data == NULL)
        return;
    io.y.data = unit->trace;
    unit->layer->type->forward(&unit->node, &io);
    unit->trace_scale = io.y.scale;
}

/* a = decay a + y: the trace of a population after a linear layer */
static void gather_trace(struct snn__pass *pass, struct snn__unit *unit, const struct snn__io *io)
{
    size_t n = pass->batch * unit->value_len;
    const struct snn__population *p;

    unit->trace_scale = 1.0f;
    if (io->first) {
        snn__copy(pass->ctx, unit->trace, io->y.scale, io->y.data, n);
        return;
    }
    p = unit->spiking->layer->type->constants(&unit->spiking->node);
    snn__combine(pass->ctx, unit->trace, (struct snn__signal){ unit->trace, p->decay }, io->y, n);
}

/* mean (+)= factor x / T */
static void average(const struct snn__pass *pass, float *mean, struct snn__signal x, size_t n, bool first)
{
    snn__add_or_copy(pass->ctx, mean, x.scale / (float)pass->steps, x.data, n, !first);
}

/* One call computes one step, all steps, or one value that holds for all of them. */
static void average_output(struct snn__pass *pass, struct snn__unit *unit, const struct snn__io *io)
{
    size_t n = pass->batch * unit->value_len,
           calls = snn__pass_by_layers(pass) && unit->flags & SNN__WHOLE_CALLS ? pass->steps : 1;

    unit->trace_scale = 1.0f;
    if (io->constant) {
        snn__copy(pass->ctx, unit->trace, io->y.scale, io->y.data, n);
        return;
    }
    for (size_t i = 0; i < calls; i++)
        average(pass, unit->trace, (struct snn__signal){ io->y.data + i * n, io->y.scale }, n, io->t + i == 0);
}

/* ---- forward functions of units, chosen by snn__choose_forward() ---- */

static void forward_plain(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io)
{
    (void)pass;
    unit->layer->type->forward(&unit->node, io);
}

/* A population of which the kernel keeps the trace. */
static void forward_tracing(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io)
{
    (void)pass;
    io->trace = unit->trace;
    unit->trace_scale = 1.0f;
    unit->layer->type->forward(&unit->node, io);
}

/* noisy = x + scale z */
static struct snn__signal perturb(const struct snn__pass *pass, struct snn__unit *unit, struct snn__signal x)
{
    snn__combine(pass->ctx, unit->noisy, x, (struct snn__signal){ unit->noise, pass->noise_scale },
                 pass->batch * unit->value_len);
    return (struct snn__signal){ unit->noisy, 1.0f };
}

/* Populations with noise have traces: opzo uses these as the factor. */
static void forward_noisy_current(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io)
{
    io->x[0] = perturb(pass, unit, io->x[0]);
    forward_tracing(pass, unit, io);
}

static void forward_noisy_output(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io)
{
    forward_tracing(pass, unit, io);
    perturb(pass, unit, io->y);
}

static snn__forward_fn training_forward(const struct snn__pass *pass, const struct snn__unit *unit)
{
    if (!(unit->flags & SNN__LAYER_POPULATION) || snn__pass_means(pass) || unit->trace == NULL)
        return forward_plain;
    if (unit->noisy == NULL)
        return forward_tracing;
    return pass->demand.noise == SNN__NOISE_BEFORE ? forward_noisy_current : forward_noisy_output;
}

static snn__follow_fn follower(const struct snn__pass *pass, const struct snn__unit *unit)
{
    if (unit->trace == NULL)
        return NULL;
    if (snn__pass_means(pass))
        return average_output;
    if (unit->spiking != NULL)
        return gather_trace;
    return unit->flags & SNN__LAYER_POPULATION ? NULL : map_trace;
}

void snn__choose_forward(const struct snn__pass *pass, struct snn__unit *unit)
{
    if (unit->flags & SNN__LAYER_IN_PLACE) /* in place: its producer computed */
        return;
    unit->starts = unit->flags & SNN__LAYER_GATHERS ? unit->begins : unit->absent;
    unit->forward[0] = unit->off_path ? NULL : forward_plain;
    unit->forward[1] = training_forward(pass, unit);
    unit->follow = follower(pass, unit);
}

/* ---- a step ---- */

/* A population's map of the step in `slot`: kept for all steps only if the reader comes after all of them. */
static uint64_t *map_of(const struct snn__pass *pass, const struct snn__unit *unit, size_t slot)
{
    if (unit == NULL || unit->map == NULL)
        return NULL;
    return unit->map + (snn__pass_by_layers(pass) ? slot : 0) * pass->batch * unit->map_len;
}

static void forward_unit(struct snn__pass *pass, struct snn__unit *unit, size_t t)
{
    const snn__forward_fn forward = unit->forward[pass->training];
    const bool constant = snn__unit_constant(pass, unit);
    struct snn__io io;

    if (forward == NULL || t < unit->starts || (constant && (t > 0 || pass->begun)))
        return;
    io = snn__unit_io(pass, unit, t);
    if (pass->count && unit->fanout != NULL)
        snn__count_operations(pass, unit, &io, constant ? (double)pass->steps : 1.0);
    io.y.data = unit->value + io.slot * pass->batch * unit->value_len;
    io.y_map = map_of(pass, unit, io.slot);
    io.map = map_of(pass, unit->mapped, io.slot);
    unit->node.scratch = unit->scratch[0];
    forward(pass, unit, &io);
    unit->scale = io.y.scale;
    if (pass->measured != NULL && !constant)
        return;
    unit->counts.spikes += io.spikes;
    if (pass->training && unit->follow != NULL)
        unit->follow(pass, unit, &io);
}

/* corr += 1/T (x[t] - weighted mean) (x) what weights read at t, into their gradients: x is the input of the norm
 * that reads them. */
static void correlate(struct snn__pass *pass, struct snn__unit *norm, size_t t)
{
    snn__combine(pass->ctx, norm->deviation, snn__unit_input(pass, norm, 0, t),
                 (struct snn__signal){ norm->weighted, -1.0f }, pass->batch * norm->value_len);
    for (size_t l = 0; l < norm->layer->index; l++) {
        struct snn__unit *unit = &pass->unit[l];
        struct snn__io io;

        if (unit->norm != (ptrdiff_t)norm->layer->index)
            continue;
        io = snn__unit_io(pass, unit, t);
        unit->layer->type->credit(&unit->node, &io,
                                  (struct snn__signal){ norm->deviation, 1.0f / (float)pass->steps }, io.x[0]);
    }
}

/* weighted mean (+)= w_t x[t] */
static void weigh(struct snn__pass *pass, struct snn__unit *norm, size_t t)
{
    struct snn__signal x = snn__unit_input(pass, norm, 0, t);
    float share =
        snn__unit_constant(pass, norm) ? 1.0f : (float)snn__layer_share(snn__network_last(pass->net), t, pass->steps);

    snn__add_or_copy(pass->ctx, norm->weighted, share * x.scale, x.data, pass->batch * norm->value_len, t > 0);
}

/* Gathers what the backward sweep needs of a batch norm's input, of which all steps exist. */
static void forward_norm(struct snn__pass *pass, struct snn__unit *norm)
{
    bool constant = snn__unit_constant(pass, norm);

    for (size_t t = 0; t < (constant ? 1 : pass->steps); t++)
        weigh(pass, norm, t);
    for (size_t t = 0; t < (constant ? 0 : pass->steps); t++)
        correlate(pass, norm, t);
}

/* Layer by layer over all steps: for layers that see all steps at once. */
static void forward_whole(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        for (size_t t = 0; t < (unit->flags & SNN__WHOLE_CALLS ? 1 : pass->steps); t++)
            forward_unit(pass, unit, t);
        if (unit->weighted != NULL)
            forward_norm(pass, unit);
    }
}

/* ---- once more for every batch norm ---- */

static bool is_measured(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return unit->weighted != NULL && !snn__unit_constant(pass, unit);
}

bool snn__pass_run(struct snn__pass *pass)
{
    size_t next = pass->measured != NULL ? pass->measured->layer->index + 1 : 0;

    pass->measured = NULL;
    for (size_t l = next; l < pass->n && pass->order == SNN__ORDER_RERUN && pass->training && pass->measured == NULL;
         l++)
        if (is_measured(pass, &pass->unit[l]))
            pass->measured = &pass->unit[l];
    return pass->measured != NULL;
}

void snn__pass_measure(struct snn__pass *pass, size_t t)
{
    struct snn__unit *norm = pass->measured;
    struct snn__io io;

    for (size_t l = 0; l < pass->n && !pass->begun; l++)
        if (snn__unit_constant(pass, &pass->unit[l]))
            forward_unit(pass, &pass->unit[l], 0);
    pass->begun = true;
    for (size_t l = 0; l < norm->layer->index; l++)
        forward_unit(pass, &pass->unit[l], t);
    io = snn__unit_io(pass, norm, t);
    norm->layer->type->gather(&norm->node, &io);
    weigh(pass, norm, t);
}

void snn__pass_forward(struct snn__pass *pass, size_t t)
{
    pass->neuron_steps += pass->batch;
    if (pass->input_mean != NULL && pass->training && !pass->is_static)
        average(pass, pass->input_mean, (struct snn__signal){ snn__pass_input(pass, t), 1.0f },
                pass->batch * pass->input_len, t == 0);
    if (snn__pass_by_layers(pass) && pass->training) {
        if (t + 1 == pass->steps)
            forward_whole(pass);
        return;
    }
    if (t > 0 && !(pass->slots > 1 && pass->training))
        snn__delay_keep(pass, t);
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        forward_unit(pass, unit, t);
        if (unit->weighted == NULL || !pass->training)
            continue;
        if (is_measured(pass, unit))
            correlate(pass, unit, t);
        else if (t == 0)
            weigh(pass, unit, 0);
    }
}
