/* trainer/judge.c - the outputs of a step, or their mean, against labels or targets: losses, and errors at the output
 * (lib/loss/loss.c).
 *
 *   loss_on step   L = mean over the steps of L(out[t], target[t])            error at step t: 1/steps dL/dout[t]
 *   loss_on mean   L = L(mean output, target)                                 error at step t: share[t] dL/dmean */
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

size_t snn__outputs(const snn_trainer *tr)
{
    return tr->steps - tr->pass.unit[tr->pass.n - 1].absent;
}

const float *snn__target(const snn_trainer *tr, size_t t)
{
    return tr->target_frames > 0 ? tr->target + t * tr->target_pitch : NULL;
}

bool snn__has_step(const snn_trainer *tr, size_t t, size_t b)
{
    return t >= tr->steps - snn__outputs(tr) && (tr->length == NULL || t < tr->length[b]);
}

float snn__mean_factor(const snn_trainer *tr, size_t b)
{
    size_t first = tr->steps - snn__outputs(tr), steps = tr->length != NULL ? tr->length[b] : tr->steps;

    return steps > first ? 1.0f / (float)(steps - first) : 0.0f;
}

void snn__gather(snn_trainer *tr, size_t t)
{
    struct snn__signal out = snn__pass_output(&tr->pass, t);
    float share = out.scale * (tr->rates ? (float)((double)tr->steps * snn__step_share(tr, t)) : 1.0f);
    size_t n = tr->classes;

    if (tr->length == NULL)
        snn__add_to(tr->ctx, tr->out_sum, share, out.data, tr->pass.batch * n);
    for (size_t b = 0; b < tr->pass.batch && tr->length != NULL; b++)
        if (snn__has_step(tr, t, b))
            tr->ctx->kernels->axpy(tr->out_sum + b * n, share, out.data + b * n, n);
}

snn_status snn__check_judging(const snn_trainer *tr)
{
    bool one = tr->loss_on_mean || (snn__outputs(tr) == 1 && tr->steps > 1);

    if (tr->target_frames > 0 && !snn__loss_takes_targets(&tr->loss))
        return snn__fail(
            SNN_ERR_ARGUMENT,
            "%s: the loss %s is of labels; for targets set loss to mse, half_square, mae or huber, or give "
            "one with snn_trainer_on_loss()",
            tr->owner, snn__param_str(&tr->params, SNN_TRAINER_LOSS));
    if (tr->target_frames > 1 && one)
        return snn__fail(
            SNN_ERR_UNSUPPORTED,
            "%s: a target for each step goes with the loss of each step's output, and there is one of all "
            "steps here; give one target per sample%s",
            tr->owner, tr->rates || !tr->loss_on_mean ? "" : ", or set loss_on to step");
    for (size_t b = 0; b < tr->pass.batch && tr->length != NULL; b++)
        if (tr->length[b] < tr->steps && (tr->rates || tr->pass.unit[tr->pass.n - 1].deferred))
            return snn__fail(
                SNN_ERR_UNSUPPORTED,
                "%s: sample %zu of the batch ends after %u of %zu steps; the method needs rates over all "
                "steps",
                tr->owner, b, tr->length[b], tr->steps);
    return SNN_OK;
}

snn_status snn__judge(snn_trainer *tr, const struct snn__outcome *of, double *loss)
{
    const size_t step = tr->stream.pass != NULL ? 0 : of->step; /* a step of a stream is a sequence of one */
    const struct snn__judged judged = { .out = of->out.data,
                                        .factor = of->out.scale,
                                        .label = tr->target_frames == 0 ? tr->label : NULL,
                                        .target = snn__target(tr, step),
                                        .length = tr->length,
                                        .batch = tr->pass.batch,
                                        .classes = tr->classes,
                                        .training = tr->pass.training,
                                        .layer = tr->pass.unit[of->layer].layer,
                                        .step = step,
                                        .first = tr->steps - snn__outputs(tr),
                                        .steps = tr->steps,
                                        .weight = of->weight,
                                        .error = of->error,
                                        .sums = of->sums,
                                        .room = tr->room };

    return snn__loss(tr->ctx, &tr->loss, &judged, loss);
}

/* The loss of step t and the error at the output. */
snn_status snn__judge_step(snn_trainer *tr, size_t t, bool error)
{
    const struct snn__outcome of = { .layer = tr->pass.n - 1,
                                     .step = t,
                                     .out = snn__pass_output(&tr->pass, t),
                                     .weight = 1.0 / (double)snn__outputs(tr),
                                     .error = error ? snn__pass_output_error(&tr->pass, t) : NULL,
                                     .sums = tr->sums };

    return snn__judge(tr, &of, &tr->step_loss);
}

/* ---- the mean output ---- */

double snn__step_share(const snn_trainer *tr, size_t t)
{
    return tr->rates ? snn__layer_share(snn__network_last(tr->net), t, tr->steps) : 1.0 / (double)snn__outputs(tr);
}

/* The error at the output of step t: share e. */
static void send_share(snn_trainer *tr, size_t t, const float *e)
{
    float *to = snn__pass_output_error(&tr->pass, t);
    size_t n = tr->classes;

    if (tr->length == NULL)
        snn__copy(tr->ctx, to, (float)snn__step_share(tr, t), e, tr->pass.batch * n);
    for (size_t b = 0; b < tr->pass.batch && tr->length != NULL; b++)
        tr->ctx->kernels->scale(to + b * n, snn__has_step(tr, t, b) ? snn__mean_factor(tr, b) : 0.0f, e + b * n, n);
}

/* Turns errors e at the mean output into errors at the output of every step. Where one error holds for all steps, it
 * is T times their mean by the shares. */
static void spread_error(snn_trainer *tr, float *e)
{
    double sum = 0;

    for (size_t t = tr->steps; t-- > 0;) {
        double share = snn__step_share(tr, t);

        sum += share * share;
        if (!snn__pass_means(&tr->pass))
            send_share(tr, t, e); /* e itself is the last */
    }
    if (snn__pass_means(&tr->pass))
        tr->ctx->kernels->scale(e, (float)((double)tr->steps * sum), e, tr->pass.batch * tr->classes);
}

snn_status snn__judge_mean(snn_trainer *tr, bool error, double *loss)
{
    float *e = error ? snn__pass_output_error(&tr->pass, 0) : NULL;
    const struct snn__outcome of = { .layer = tr->pass.n - 1,
                                     .step = tr->steps,
                                     .out = { tr->out_sum, 1.0f / (float)snn__outputs(tr) },
                                     .weight = 1.0,
                                     .error = e,
                                     .sums = tr->sums };

    SNN__TRY(snn__judge(tr, &of, loss));
    if (error)
        spread_error(tr, e);
    return SNN_OK;
}
