/* trainer/observe.c - looking into a run: signals and gradients at the moments that snn_phase lists. */
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "layer/types.h"
#include "trainer/trainer.h"
#include <string.h>

void snn__observe(snn_trainer *trainer, snn_phase phase, size_t step)
{
    if (trainer->observer == NULL)
        return;
    trainer->observing = phase == SNN_PHASE_FORWARD || phase == SNN_PHASE_BACKWARD;
    trainer->observed_phase = phase;
    trainer->observed_step = step;
    {
        SNN__CALLS_HOST;
        trainer->observer(trainer->observer_user, trainer, phase, step);
    }
    trainer->observing = false;
}

/* Potentials and spikes of couples. */
static const float *answer(const struct snn__pass *pass, const struct snn__unit *unit, snn_signal signal)
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
    if (tr->observed_phase == SNN_PHASE_BACKWARD && signal == SNN_SIGNAL_ERROR && unit->reached)
        *found = unit->e;
    else if (tr->observed_phase == SNN_PHASE_BACKWARD)
        found->data = (float *)answer(pass, unit, signal);
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

snn_status snn_trainer_read(const snn_trainer *trainer, size_t index, snn_signal signal, float *out, size_t length)
{
    SNN__COMPUTES;
    const struct snn__unit *unit;
    struct snn__signal found;
    size_t n;

    if (trainer == NULL || out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer or out is NULL");
    if (!trainer->observing || !(trainer->observe & SNN_OBSERVE_SIGNALS))
        return snn__fail(SNN_ERR_STATE,
                         "%s: signals are read in an observer with SNN_OBSERVE_SIGNALS, in SNN_PHASE_FORWARD "
                         "or SNN_PHASE_BACKWARD",
                         trainer->owner);
    if (index >= trainer->pass.n)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the network has %zu layers, no number %zu", trainer->owner,
                         trainer->pass.n, index);
    unit = &trainer->pass.unit[index];
    n = trainer->pass.batch * unit->value_len;
    if (length < n)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: layer %s gives %zu numbers, there is room for %zu", trainer->owner,
                         unit->layer->name, n, length);
    SNN__TRY(find_signal(trainer, unit, signal, &found));
    snn__to_channels_first(&unit->layer->out, trainer->pass.batch, found.data, out);
    if (found.scale != 1.0f)
        trainer->ctx->kernels->scale(out, found.scale, out, n);
    return SNN_OK;
}

snn_status snn_trainer_read_gradient(const snn_trainer *trainer, size_t index, size_t tensor, float *out,
                                     size_t length)
{
    SNN__COMPUTES;
    const snn_layer *layer;
    const struct snn__tensor *t;
    const struct snn__rank_one *outer;

    if (trainer == NULL || out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer or out is NULL");
    if (!trainer->prepared || trainer->optimizer == NULL)
        return snn__fail(SNN_ERR_STATE, "%s: not prepared for training", trainer->owner);
    layer = snn_network_layer(trainer->net, index);
    if (layer == NULL || tensor >= layer->n_tensors)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: no tensor %zu of layer %zu", trainer->owner, tensor, index);
    t = &layer->tensor[tensor];
    outer = &trainer->pass.unit[index].node.rank_one;
    if (!t->trained)
        return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: tensor %s is not trained", layer->name, t->name);
    if (length < t->length)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: tensor %s has %zu numbers, there is room for %zu", layer->name,
                         t->name, t->length, length);
    if (outer->rows > 0 && outer->from == t->offset)
        snn__rank_one_read(trainer->ctx->kernels, outer, t->offset, t->offset + t->length, out);
    else
        memcpy(out, trainer->pass.gradient + t->offset, t->length * sizeof *out);
    return SNN_OK;
}
