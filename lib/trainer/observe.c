/* trainer/observe.c - looking into a run: signals and gradients at the moments that snn_phase lists. */
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "trainer/trainer.h"

void snn__observe(snn_trainer *trainer, snn_phase phase, size_t step)
{
    if (trainer->observer == NULL)
        return;
    trainer->observed = phase;
    trainer->observed_step = step;
    {
        SNN__CALLS_HOST;
        trainer->observer(trainer->observer_user, trainer, phase, step);
    }
    trainer->observed = 0;
}

/* Potentials and spikes of couples. */
static const float *couple_signal(const struct snn__pass *pass, const struct snn__unit *unit, snn_signal signal)
{
    if (!(unit->flags & SNN__LAYER_POPULATION))
        return NULL;
    if (signal == SNN_SIGNAL_MEMBRANE)
        return unit->layer->type->membrane(&unit->node, 0, pass->batch);
    return signal == SNN_SIGNAL_OUTPUT ? unit->layer->type->answer(&unit->node) : NULL;
}

static snn_status find_signal(const snn_trainer *tr, const struct snn__unit *unit, snn_signal signal,
                              struct snn__signal *found)
{
    const struct snn__pass *pass = &tr->pass;
    size_t slot = snn__pass_slot(pass, tr->observed_step);

    found->data = NULL;
    found->scale = 1.0f;
    if (tr->observed == SNN_PHASE_BACKWARD && signal == SNN_SIGNAL_ERROR && unit->reached)
        *found = unit->e;
    else if (tr->observed == SNN_PHASE_BACKWARD)
        found->data = (float *)couple_signal(pass, unit, signal);
    else if (signal == SNN_SIGNAL_OUTPUT)
        *found = snn__unit_value(pass, unit, tr->observed_step);
    else if (signal == SNN_SIGNAL_TRACE)
        *found = snn__unit_trace(pass, unit);
    else if (signal == SNN_SIGNAL_MEMBRANE && unit->flags & SNN__LAYER_POPULATION)
        found->data = (float *)unit->layer->type->membrane(&unit->node, slot, pass->batch);
    if (found->data == NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s has no signal %d at step %zu", tr->owner,
                         unit->layer->name, (int)signal, tr->observed_step);
    return SNN_OK;
}

/* Signals are those of one step, valid until the next begins. */
static snn_status check_signals(const snn_trainer *tr)
{
    if ((tr->observed != SNN_PHASE_FORWARD && tr->observed != SNN_PHASE_BACKWARD) ||
        !(tr->observe & SNN_OBSERVE_SIGNALS))
        return snn__fail(SNN_ERR_STATE,
                         "%s: signals are read in an observer with SNN_OBSERVE_SIGNALS, in SNN_PHASE_FORWARD "
                         "or SNN_PHASE_BACKWARD",
                         tr->owner);
    return SNN_OK;
}

/* A gradient is whole at two moments of a step, and stays until the next step begins. */
static snn_status check_gradient(const snn_trainer *tr)
{
    bool whole = tr->observed == SNN_PHASE_GRADIENT || tr->observed == SNN_PHASE_UPDATE;

    SNN__TRY(snn__trainer_check_learns(tr));
    if (!tr->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: call snn_trainer_prepare() first", tr->owner);
    if (!whole && atomic_load(&tr->use) > SNN__USE_PROGRESS)
        return snn__fail(SNN_ERR_STATE,
                         "%s: gradients are read in SNN_PHASE_GRADIENT or SNN_PHASE_UPDATE of an observer, or after "
                         "the step",
                         tr->owner);
    if (!whole && !tr->has_gradient)
        return snn__fail(SNN_ERR_STATE,
                         "%s: no step has formed a gradient since it was prepared, or the last one "
                         "failed before",
                         tr->owner);
    return SNN_OK;
}

static snn_status check_room(const snn_layer *layer, const char *what, size_t n, size_t length)
{
    if (length < n)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: %s has %zu numbers, there is room for %zu", layer->name, what,
                         n, length);
    return SNN_OK;
}

snn_status snn_trainer_read_signal(const snn_trainer *trainer, const snn_layer *layer, snn_signal signal, float *out,
                                   size_t length)
{
    SNN__COMPUTES;
    const struct snn__unit *unit;
    struct snn__signal found;
    size_t n;

    if (trainer == NULL || out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer or out is NULL");
    SNN__TRY(check_signals(trainer));
    SNN__TRY(snn__network_check_layer(trainer->net, layer, trainer->owner));
    unit = &trainer->pass.unit[layer->index];
    n = trainer->pass.batch * unit->value_len;
    SNN__TRY(check_room(layer, "the signal", n, length));
    SNN__TRY(find_signal(trainer, unit, signal, &found));
    snn__to_channels_first(trainer->ctx, &layer->out, trainer->pass.batch, found.data, out);
    if (found.scale != 1.0f)
        trainer->ctx->kernels->scale(out, found.scale, out, n);
    return SNN_OK;
}

/* Of a static sample it is the sum over the steps. */
static void read_input_error(const snn_trainer *tr, float *out)
{
    const size_t n = tr->pass.batch * tr->pass.input_len;
    const bool once = tr->split.frames == 1;

    if (once) {
        tr->ctx->kernels->fill(tr->scratch, 0.0f, n);
        for (size_t t = 0; t < tr->steps; t++)
            snn__add_to(tr->ctx, tr->scratch, 1.0f, snn__pass_input_error(&tr->pass, t), n);
    }
    snn__to_channels_first(tr->ctx, &tr->net->in, once ? tr->pass.batch : tr->steps * tr->pass.batch,
                           once ? tr->scratch : tr->pass.input_error, out);
}

snn_status snn_trainer_read_input_gradient(const snn_trainer *trainer, float *out, size_t length)
{
    SNN__COMPUTES;
    size_t n;

    if (trainer == NULL || out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer or out is NULL");
    SNN__TRY(check_gradient(trainer));
    if (trainer->pass.input_error == NULL)
        return snn__fail(SNN_ERR_STATE, "%s: the gradient of the input is there with SNN_OBSERVE_INPUT",
                         trainer->owner);
    n = trainer->split.frames * trainer->pass.batch * trainer->pass.input_len;
    if (length < n)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the gradient of the input has %zu numbers, there is room for %zu",
                         trainer->owner, n, length);
    read_input_error(trainer, out);
    return SNN_OK;
}

snn_status snn_trainer_read_gradient(const snn_trainer *trainer, const snn_layer *layer, const char *tensor,
                                     float *out, size_t length)
{
    SNN__COMPUTES;
    const struct snn__tensor *t = NULL;
    const struct snn__rank_one *outer;

    if (trainer == NULL || out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer or out is NULL");
    SNN__TRY(check_gradient(trainer));
    SNN__TRY(snn__network_check_layer(trainer->net, layer, trainer->owner));
    SNN__TRY(snn__layer_check_tensor(layer, tensor, &t));
    if (!t->trained)
        return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: tensor %s is not trained", layer->name, t->name);
    SNN__TRY(check_room(layer, t->name, t->length, length));
    outer = &trainer->pass.unit[layer->index].node.rank_one;
    if (outer->rows > 0 && outer->from == t->offset)
        snn__layers(trainer->ctx)->rank_one_read(trainer->ctx->kernels, outer, t->offset, t->offset + t->length, out);
    else
        snn__layers(trainer->ctx)->transfer(out, trainer->pass.gradient + t->offset, t->length);
    return SNN_OK;
}
