/* pass/signal.c - the places of values, traces and errors. */
#include "core/context.h"
#include "pass/pass.h"
#include <string.h>

static const struct snn__signal absent = { NULL, 0.0f };

/* The signal at the output of a layer in place. */
static struct snn__signal passed(const struct snn__unit *unit, struct snn__signal in)
{
    float factor = 1.0f;

    unit->layer->type->factor(&unit->node, &factor);
    in.scale *= factor;
    return in;
}

struct snn__signal snn__unit_value(const struct snn__pass *pass, const struct snn__unit *unit, size_t t)
{
    size_t slot = snn__unit_constant(pass, unit) ? 0 : snn__pass_slot(pass, t);

    if (t < unit->absent || (unit->off_path && !pass->training))
        return absent;
    if (unit->flags & SNN__LAYER_IN_PLACE)
        return passed(unit, snn__unit_input(pass, unit, 0, t));
    return (struct snn__signal){ unit->value + slot * pass->batch * unit->value_len, unit->scale };
}

struct snn__signal snn__unit_trace(const struct snn__pass *pass, const struct snn__unit *unit)
{
    if (!unit->traced || !pass->training || snn__pass_couples(pass))
        return absent;
    if (unit->trace == NULL)
        return passed(unit, snn__unit_input_trace(pass, unit, 0, SIZE_MAX));
    return (struct snn__signal){ unit->trace, unit->trace_scale };
}

struct snn__signal snn__unit_input(const struct snn__pass *pass, const struct snn__unit *unit, size_t i, size_t t)
{
    const struct snn__source *source = &unit->layer->source[i];
    const struct snn__unit *from;

    if (source->node == SNN__INPUT) {
        size_t slot = pass->is_static ? 0 : snn__pass_slot(pass, t);

        return (struct snn__signal){ pass->input + slot * pass->batch * pass->input_len, 1.0f };
    }
    from = &pass->unit[source->node];
    if (!source->delay && pass->demand.noise == SNN__NOISE_AFTER && from->noisy != NULL && pass->training &&
        !unit->off_path)
        return (struct snn__signal){ from->noisy, 1.0f };
    if (!source->delay)
        return snn__unit_value(pass, from, t);
    if (pass->slots > 1 && pass->training)
        return t < source->delay ? absent : snn__unit_value(pass, from, t - source->delay);
    return snn__delay_read(pass, from, &from->past, source->delay, t);
}

struct snn__signal snn__unit_input_trace(const struct snn__pass *pass, const struct snn__unit *unit, size_t i,
                                         size_t t)
{
    const struct snn__source *source = &unit->layer->source[i];
    const struct snn__unit *from;

    if (source->node == SNN__INPUT && pass->input_mean != NULL && pass->training && !pass->is_static)
        return (struct snn__signal){ pass->input_mean, 1.0f };
    if (source->node == SNN__INPUT)
        return absent;
    from = &pass->unit[source->node];
    if (!source->delay)
        return snn__unit_trace(pass, from);
    return snn__delay_read(pass, from, &from->past_trace, source->delay, t);
}

struct snn__signal snn__pass_output(struct snn__pass *pass, size_t t)
{
    const struct snn__unit *last = &pass->unit[pass->n - 1];

    if (pass->evaluated.data == NULL || t < last->absent)
        return snn__unit_value(pass, last, t);
    return (struct snn__signal){ pass->evaluated.data + t * pass->batch * last->value_len, pass->evaluated.scale };
}

float *snn__pass_output_error(const struct snn__pass *pass, size_t t)
{
    return pass->output_error + snn__pass_slot(pass, t) * pass->batch * pass->unit[pass->n - 1].value_len;
}

float *snn__pass_input_error(const struct snn__pass *pass, size_t t)
{
    return pass->input_error != NULL ? pass->input_error + t * pass->batch * pass->input_len : NULL;
}

float *snn__pass_input(struct snn__pass *pass, size_t t)
{
    size_t slot = pass->is_static ? 0 : snn__pass_slot(pass, t);

    return pass->input + slot * pass->batch * pass->input_len;
}

/* If the network is also computed at rates, running statistics are updated from the rates, once per batch. Steps use
 * statistics that are known before: measured ones for norms of the input, running ones after spikes. */
static enum snn__statistics statistics(const struct snn__pass *pass, const struct snn__unit *unit)
{
    if (pass->order == SNN__ORDER_RERUN && pass->training && unit->weighted != NULL && unit != pass->measured &&
        !snn__unit_constant(pass, unit))
        return SNN__STATISTICS_GATHERED;
    if (!snn__pass_equilibrium(pass) || unit->deferred)
        return SNN__STATISTICS_UPDATE;
    if (pass->at_rates && pass->statistics != SNN__STATISTICS_RUNNING)
        return pass->statistics;
    return unit->dynamic ? SNN__STATISTICS_RUNNING : pass->fixed ? SNN__STATISTICS_FIXED : SNN__STATISTICS_BATCH;
}

struct snn__io snn__unit_io(const struct snn__pass *pass, const struct snn__unit *unit, size_t t)
{
    struct snn__io io;

    memset(&io, 0, sizeof io);
    io.batch = pass->batch;
    io.sample = pass->sample;
    io.t = t;
    io.slot = snn__unit_constant(pass, unit) ? 0 : snn__pass_slot(pass, t);
    io.before = t > 0 ? snn__pass_slot(pass, t - 1) : io.slot;
    io.steps = pass->steps;
    io.training = pass->training;
    io.first = t == unit->begins; /* neurons that only read the step before begin later */
    io.constant = snn__unit_constant(pass, unit);
    io.last = t + 1 == pass->steps;
    io.rates = pass->at_rates;
    io.couples = pass->couples;
    io.statistics = statistics(pass, unit);
    io.n_x = unit->layer->n_sources;
    for (size_t i = 0; i < io.n_x; i++) {
        io.x[i] = snn__unit_input(pass, unit, i, t);
        if (pass->sample > 0 && io.x[i].data != NULL)
            io.x[i].data += pass->sample * unit->node.in_len;
    }
    if (io.n_x == 1)
        io.x_constant = unit->layer->source[0].node == SNN__INPUT
                            ? pass->is_static
                            : snn__unit_constant(pass, &pass->unit[unit->layer->source[0].node]);
    return io;
}
