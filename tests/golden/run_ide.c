/* The part of the method ide: its arrays are those of the equilibrium. */
#include "layer/layer.h"
#include "run.h"
#include "trainer/ide.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ide_set_up(struct run *r)
{
    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS, "ce"));
    MUST(snn_trainer_set_str(r->trainer, SNN_IDE_SOLVER, r->apart ? "broyden" : "iteration"));
    MUST(snn_trainer_set_f64(r->trainer, SNN_IDE_TOLERANCE, 1e-7));
    MUST(snn_trainer_set_i64(r->trainer, SNN_IDE_ITERATIONS, 60));
    return true;
}

/* ---- gathering ---- */

/* The weighted mean of the frames, instead of the last one. */
static void put_mean_input(struct run *r, float *input)
{
    const struct case_array *x = case_array(r->c, "input");
    const struct snn__ide *s = r->trainer->self;
    double decay = snn__param_f64(&r->trainer->pass.unit[s->loop.rate].layer->params, SNN_LAYER_DECAY);
    size_t n = r->batch * r->trainer->pass.input_len, frames = x->want.length / n;

    for (size_t i = 0; i < n && frames > 1; i++) {
        double sum = 0;

        for (size_t t = 0; t < frames; t++)
            sum = decay * sum + x->want.data[t * n + i];
        r->buffer[i] = (float)(sum / snn__rate_weight(decay, frames));
    }
    if (frames > 1)
        snn__to_channels_last(r->ctx, &r->net->in, r->batch, r->buffer, input);
}

/* The fixed point, by iterating f with the batch norms as the steps have them. */
static void find_equilibrium(struct run *r)
{
    struct snn__pass *pass = &r->trainer->pass;
    const struct snn__ide *s = r->trainer->self;
    float *input = snn__pass_input(pass, pass->steps - 1), *kept = malloc(r->batch * pass->input_len * sizeof *kept);

    if (kept == NULL)
        return;
    memcpy(kept, input, r->batch * pass->input_len * sizeof *kept);
    put_mean_input(r, input);
    for (int i = 0; i < 200; i++)
        snn__pass_rates(pass, s->loop.top,
                        snn__unit_value(pass, &pass->unit[i ? s->loop.top : s->loop.rate], pass->steps - 1),
                        SNN__STATISTICS_RUNNING);
    run_take_values(r, "eq");
    memcpy(input, kept, r->batch * pass->input_len * sizeof *kept);
    free(kept);
}

void ide_gather_step(struct run *r, size_t step)
{
    struct case_array *logits = case_array(r->c, "logits");
    struct snn__pass *pass = &r->trainer->pass;

    run_add_to_rates(r, step);
    if (step + 1 < r->steps)
        return;
    run_take(r, logits, pass->n - 1, snn__pass_output(pass, step).data, snn__pass_output(pass, step).scale);
    find_equilibrium(r); /* before the running statistics follow */
}

void ide_gather_update(struct run *r)
{
    struct snn__ide *s = r->trainer->self;

    run_take_values(r, "frate");
    run_take(r, case_array(r->c, "ga"), s->loop.top, s->ga, 1.0f);
    run_take(r, case_array(r->c, "beta"), s->loop.top, s->beta, 1.0f);
}
