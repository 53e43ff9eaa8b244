/* trainer/judge.c - outputs against labels or targets: losses, and errors at the output
 * (lib/loss/loss.c): of each step (loss_on step, last), or of what all steps come to (readout.c). */
#include "core/context.h"
#include "layer/layer.h"
#include "trainer/rule.h"

snn_status snn_trainer_on_loss(snn_trainer *trainer, snn_loss_fn fn, void *user)
{
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    trainer->loss.host = fn;
    trainer->loss.user = user;
    return SNN_OK;
}

const float *snn__target(const snn_trainer *tr, size_t t)
{
    return tr->target_frames > 0 ? tr->target + t * tr->target_pitch : NULL;
}

snn_status snn__check_judging(const snn_trainer *tr)
{
    bool one = tr->readout != SNN__READOUT_step || (snn__outputs(tr) == 1 && tr->steps > 1);

    if (tr->target_frames > 0 && !snn__loss_takes_targets(&tr->loss))
        return snn__fail(
            SNN_ERR_ARGUMENT,
            "%s: the loss %s is of labels; for targets set loss to mse, half_square, mae or huber, or give "
            "one with snn_trainer_on_loss()",
            tr->owner, snn__param_str(&tr->params, SNN_TRAINER_LOSS));
    if ((tr->target_frames > 1 || tr->label_frames > 1) && one)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: a %s for each step goes with the loss of each step's output, and there is one of all "
                         "steps here; give one %s per sample%s",
                         tr->owner, tr->label_frames > 1 ? "label" : "target",
                         tr->label_frames > 1 ? "label" : "target",
                         tr->rates || tr->readout == SNN__READOUT_step ? "" : ", or set loss_on to step");
    for (size_t b = 0; b < tr->pass.batch && tr->length != NULL; b++)
        if (tr->length[b] < tr->steps && (tr->rates || tr->pass.unit[tr->pass.n - 1].deferred))
            return snn__fail(
                SNN_ERR_UNSUPPORTED,
                "%s: sample %zu of the batch ends after %u of %zu steps; the method needs rates over all "
                "steps",
                tr->owner, tr->pass.first + b, tr->length[b], tr->steps);
    return SNN_OK;
}

snn_status snn__judge(snn_trainer *tr, const struct snn__outcome *of, double *loss)
{
    const size_t step = tr->stream.pass != NULL ? 0 : of->step; /* a step of a stream is a sequence of one */
    const struct snn__judged judged = { .out = of->out.data,
                                        .factor = of->out.scale,
                                        .label = tr->target_frames == 0 ? tr->labels + step * tr->label_pitch : NULL,
                                        .target = snn__target(tr, step),
                                        .partner = snn__mixes(tr) ? tr->mixing.partner : NULL,
                                        .share = tr->mixing.share,
                                        .length = tr->length,
                                        .batch = tr->pass.batch,
                                        .classes = tr->classes,
                                        .training = tr->pass.training,
                                        .layer = tr->pass.unit[of->layer].layer,
                                        .step = step,
                                        .first = tr->steps - snn__outputs(tr),
                                        .steps = tr->steps,
                                        .readout = tr->readout,
                                        .weight = of->weight,
                                        .error = of->error,
                                        .sums = of->sums,
                                        .room = tr->room };

    return snn__loss(tr->ctx, &tr->loss, &judged, loss);
}

double snn__weight_of_step(const snn_trainer *tr)
{
    return tr->readout == SNN__READOUT_last ? 1.0 : 1.0 / (double)snn__outputs(tr);
}

/* The loss of step t and the error at the output. */
snn_status snn__judge_step(snn_trainer *tr, size_t t, bool error)
{
    const struct snn__outcome of = { .layer = tr->pass.n - 1,
                                     .step = t,
                                     .out = snn__pass_output(&tr->pass, t),
                                     .weight = snn__weight_of_step(tr),
                                     .error = error ? snn__pass_output_error(&tr->pass, t) : NULL,
                                     .sums = tr->sums };

    return snn__judge(tr, &of, &tr->step_loss);
}
