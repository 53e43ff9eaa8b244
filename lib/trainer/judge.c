/* trainer/judge.c - the outputs of a step, or their mean, against labels or targets: losses, and errors at the output
 * (lib/loss/loss.c).
 *
 *   loss_on step   L = mean over the steps of L(out[t], target[t])            error at step t: 1/steps dL/dout[t]
 *   loss_on mean   L = L(mean output, target)                                 error at step t: share[t] dL/dmean */
#include "core/context.h"
#include "core/fpu.h"
#include "trainer/rule.h"

snn_status snn_trainer_on_loss(snn_trainer *trainer, snn_loss_fn fn, void *user)
{
    if (trainer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer is NULL");
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    trainer->loss.host = fn;
    trainer->loss.user = user;
    return SNN_OK;
}

const float *snn__target(const snn_trainer *tr, size_t t)
{
    if (tr->target_frames == 0)
        return NULL;
    return tr->target + (tr->target_frames > 1 ? t * tr->pass.batch * tr->classes : 0);
}

snn_status snn__judge(snn_trainer *tr, const struct snn__outcome *of, double *loss)
{
    const struct snn__judged judged = { .out = of->out.data,
                                        .factor = of->out.scale,
                                        .label = tr->label,
                                        .batch = tr->pass.batch,
                                        .classes = tr->classes,
                                        .training = tr->pass.training,
                                        .layer = of->layer,
                                        .step = of->step,
                                        .steps = tr->steps,
                                        .weight = of->weight,
                                        .error = of->error,
                                        .sums = of->sums,
                                        .room = tr->room };

    return snn__loss(tr->ctx, &tr->loss, &judged, loss);
}

size_t snn__outputs(const snn_trainer *tr)
{
    return tr->steps - tr->pass.unit[tr->pass.n - 1].absent;
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
    return tr->rule->share ? tr->rule->share(tr, t) : 1.0 / (double)snn__outputs(tr);
}

/* Errors e at the mean output become those at the output of every step: share e. Where one error stands for all
 * steps, it is T times their mean by the shares. */
static void spread_error(snn_trainer *tr, float *e, size_t n)
{
    double sum = 0;

    for (size_t t = tr->steps; t-- > 0;) {
        double share = snn__step_share(tr, t);

        sum += share * share;
        if (!tr->pass.means)
            snn__copy(tr->ctx, snn__pass_output_error(&tr->pass, t), (float)share, e, n); /* e itself is the last */
    }
    if (tr->pass.means)
        tr->ctx->kernels->scale(e, (float)((double)tr->steps * sum), e, n);
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
        spread_error(tr, e, tr->pass.batch * tr->classes);
    return SNN_OK;
}
