/* What the cases of dsr have beyond those of the other methods: representations and the errors at them. */
#include "dsr.h"
#include "layer/dsr.h"
#include "trainer/trainer.h"

/* Brings [batch][n], channels last, times a factor, into an array of the case, if it has it. */
static void bring(struct case_array *a, const struct snn__unit *unit, size_t batch, const float *x, float factor)
{
    float *got = case_room(a, batch * unit->value_len);

    if (got == NULL || x == NULL)
        return;
    snn__to_channels_first(unit->layer->ctx, &unit->layer->out, batch, x, got);
    for (size_t i = 0; i < a->want.length; i++)
        got[i] *= factor;
}

/* The output of a step: its spikes, and its part in the representation. */
static void gather_output(struct golden_case *c, snn_trainer *tr, size_t l, size_t step, float *buffer)
{
    const struct snn__unit *unit = &tr->pass.unit[l];
    size_t n = tr->pass.batch * unit->value_len;
    float *spikes = case_room(case_array(c, "s.%s", unit->layer->name), tr->steps * n);
    float *rep = case_room(case_array(c, "rep.%s", unit->layer->name), n);
    double share = snn__layer_share(unit->layer, step, tr->steps);

    if (snn_trainer_read_signal(tr, unit->layer, SNN_SIGNAL_OUTPUT, buffer, n) != SNN_OK)
        return;
    for (size_t i = 0; spikes != NULL && i < n; i++)
        spikes[step * n + i] = buffer[i] / snn__rate_view(&unit->node).output_scale;
    for (size_t i = 0; rep != NULL && i < n; i++)
        rep[i] += (float)share * buffer[i];
}

void dsr_gather_forward(struct golden_case *c, snn_trainer *trainer, size_t step, float *buffer)
{
    const struct snn__pass *pass = &trainer->pass;
    struct case_array *logits = case_array(c, "logits");

    for (size_t l = 0; l < pass->n; l++) {
        const struct snn__unit *unit = &pass->unit[l];

        if (!(unit->flags & SNN__LAYER_RATES))
            continue;
        gather_output(c, trainer, l, step, buffer);
        if (step + 1 == trainer->steps)
            bring(case_array(c, "repin.%s", unit->layer->name), unit, pass->batch, snn__rate_view(&unit->node).input,
                  1.0f);
    }
    if (step + 1 == trainer->steps && logits != NULL)
        bring(logits, &pass->unit[pass->n - 1], pass->batch, trainer->out_sum, 1.0f / (float)trainer->steps);
}

void dsr_gather_backward(struct golden_case *c, snn_trainer *trainer)
{
    const struct snn__pass *pass = &trainer->pass;

    for (size_t l = 0; l < pass->n; l++) {
        const struct snn__unit *unit = &pass->unit[l];
        struct snn__rate_view view;

        if (!(unit->flags & SNN__LAYER_RATES))
            continue;
        view = snn__rate_view(&unit->node);
        bring(case_array(c, "grep.%s", unit->layer->name), unit, pass->batch, view.error, 1.0f);
        bring(case_array(c, "gin.%s", unit->layer->name), unit, pass->batch, view.input,
              1.0f / (float)trainer->steps);
    }
}
