/* trainer/readout.c - what the outputs of all steps come to: one vector a sample, of which its class is the largest
 * element, and that targets of a sample are compared with.
 *
 *   loss_on   outcome                         loss                          error at the output of step t
 *   step      1/n sum_t out[t]                1/n sum_t L(out[t])           1/n dL/dout[t]
 *   mean      1/n sum_t out[t]                L(outcome)                    1/n dL/doutcome
 *   last      out of the sample's last step   L(outcome)                    dL/doutcome at that step, else 0
 *   max       max_t out[t], each element      L(outcome)                    dL/doutcome where it was first reached
 *   sum       sum_t out[t]                    L(outcome)                    dL/doutcome
 *
 * n: steps at which the sample has an output. The last layer's share of a step replaces 1/n where rates are trained.
 * The first sum is kept as it is, in out_sum, and snn__outcome_factor() makes the outcome of it. */
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include "trainer/rule.h"

size_t snn__outputs(const snn_trainer *tr)
{
    const size_t absent = tr->pass.unit[tr->pass.n - 1].absent;

    return tr->steps > absent ? tr->steps - absent : 0;
}

/* Steps of a sample. */
static size_t steps_of(const snn_trainer *tr, size_t b)
{
    return tr->length != NULL ? tr->length[b] : tr->steps;
}

bool snn__has_step(const snn_trainer *tr, size_t t, size_t b)
{
    return t >= tr->steps - snn__outputs(tr) && t < steps_of(tr, b);
}

bool snn__step_counts(const snn_trainer *tr, size_t t)
{
    bool ends = tr->readout != SNN__READOUT_last;

    for (size_t b = 0; b < tr->pass.batch && !ends; b++)
        ends = t + 1 == steps_of(tr, b);
    return ends;
}

float snn__outcome_factor(const snn_trainer *tr, size_t b)
{
    const size_t first = tr->steps - snn__outputs(tr), steps = steps_of(tr, b);

    if (steps <= first)
        return 0.0f;
    return snn__reads_mean(tr->readout) ? 1.0f / (float)(steps - first) : 1.0f;
}

double snn__step_share(const snn_trainer *tr, size_t t)
{
    if (tr->readout == SNN__READOUT_sum)
        return 1.0;
    return tr->rates ? snn__layer_share(snn__network_last(tr->net), t, tr->steps) : 1.0 / (double)snn__outputs(tr);
}

/* ---- forward ---- */

static void gather_sum(snn_trainer *tr, size_t t, struct snn__signal out)
{
    float share = out.scale * (tr->rates ? (float)((double)tr->steps * snn__step_share(tr, t)) : 1.0f);
    size_t n = tr->classes;

    if (tr->length == NULL)
        snn__add_to(tr->ctx, tr->out_sum, share, out.data, tr->pass.batch * n);
    for (size_t b = 0; b < tr->pass.batch && tr->length != NULL; b++)
        if (snn__has_step(tr, t, b))
            tr->ctx->kernels->axpy(tr->out_sum + b * n, share, out.data + b * n, n);
}

/* The last step of each sample, or the maxima so far and their steps. */
static void gather_one(snn_trainer *tr, size_t t, struct snn__signal out, size_t b)
{
    const size_t at = b * tr->classes;

    if (!snn__has_step(tr, t, b))
        return;
    if (tr->readout == SNN__READOUT_last)
        tr->ctx->kernels->scale(tr->out_sum + at, out.scale, out.data + at, tr->classes);
    else
        snn__layers(tr->ctx)->rise(tr->out_sum + at, tr->peak + at, out.scale, out.data + at, (uint32_t)t,
                                   t + snn__outputs(tr) == tr->steps, tr->classes);
}

void snn__gather(snn_trainer *tr, size_t t)
{
    const struct snn__signal out = snn__pass_output(&tr->pass, t);

    if (snn__reads_mean(tr->readout) || tr->readout == SNN__READOUT_sum)
        gather_sum(tr, t, out);
    else
        for (size_t b = 0; b < tr->pass.batch; b++)
            gather_one(tr, t, out, b);
}

/* ---- backward ---- */

/* The error at the output of step t: share e. */
static void send_share(snn_trainer *tr, size_t t, const float *e)
{
    float *to = snn__pass_output_error(&tr->pass, t);
    size_t n = tr->classes;

    if (tr->length == NULL)
        snn__copy(tr->ctx, to, (float)snn__step_share(tr, t), e, tr->pass.batch * n);
    for (size_t b = 0; b < tr->pass.batch && tr->length != NULL; b++)
        tr->ctx->kernels->scale(to + b * n, snn__has_step(tr, t, b) ? snn__outcome_factor(tr, b) : 0.0f, e + b * n,
                                n);
}

/* Turns errors e at the outcome into errors at the output of every step. Where one error holds for all steps, it is T
 * times their mean by the shares. */
static void spread_error(snn_trainer *tr, float *e)
{
    double sum = 0;

    for (size_t t = tr->steps; t-- > 0;) { /* e itself is the last */
        double share = snn__step_share(tr, t);

        sum += share * share;
        if (tr->readout == SNN__READOUT_max)
            snn__layers(tr->ctx)->of_peak(snn__pass_output_error(&tr->pass, t), e, tr->peak, (uint32_t)t,
                                          tr->pass.batch * tr->classes);
        else if (!snn__pass_means(&tr->pass))
            send_share(tr, t, e);
    }
    if (snn__pass_means(&tr->pass))
        tr->ctx->kernels->scale(e, (float)((double)tr->steps * sum), e, tr->pass.batch * tr->classes);
}

snn_status snn__judge_outcome(snn_trainer *tr, bool error, double *loss)
{
    float *e = error ? snn__pass_output_error(&tr->pass, 0) : NULL;
    const bool mean = snn__reads_mean(tr->readout);
    const struct snn__outcome of = { .layer = tr->pass.n - 1,
                                     .step = tr->steps,
                                     .out = { tr->out_sum, mean ? 1.0f / (float)snn__outputs(tr) : 1.0f },
                                     .weight = 1.0,
                                     .error = e,
                                     .sums = tr->sums };

    SNN__TRY(snn__judge(tr, &of, loss));
    if (error)
        spread_error(tr, e);
    return SNN_OK;
}
