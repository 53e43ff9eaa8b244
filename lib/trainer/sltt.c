/* trainer/sltt.c - spatial learning through time, and SLTT-K (arXiv 2302.14311), docs/methods/sltt.md.
 *
 *   backward    within step t:  D[t] = e[t] g(u[t] - th),  dv[t] = W^T D[t]
 *   gradient    dW = sum_t D[t] v[t]^T,  db = sum_t D[t]
 *
 * No error goes from step to step. SLTT-K runs the backward pass at K steps, drawn per batch without replacement;
 * the loss keeps its 1/T. */
#include "trainer/sltt.h"
#include "core/context.h"
#include "core/rng.h"
#include "core/size.h"
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_SLTT_SAMPLED_STEPS, "sampled_steps", 0, SNN__SLTT_STEPS_MAX, 0,
                   "K: steps trained per batch, drawn at random; 0: all"),
};

static snn_status sltt_check(const snn_trainer *trainer)
{
    int64_t k = snn__param_i64(&trainer->params, SNN_SLTT_SAMPLED_STEPS);
    int64_t steps = snn__param_i64(&trainer->params, SNN_TRAINER_STEPS);

    if (k > 0 && steps > SNN__SLTT_STEPS_MAX)
        return snn__fail(SNN_ERR_UNSUPPORTED, "sltt: sampled_steps works up to %d steps, not %lld",
                         SNN__SLTT_STEPS_MAX, (long long)steps);
    if (k > 0 && snn__param_is(&trainer->params, SNN_TRAINER_LOSS_ON, "last"))
        return snn__fail(SNN_ERR_UNSUPPORTED, "sltt: loss_on last: the loss is of one step, sampled_steps of others");
    if (k > steps)
        return snn__fail(SNN_ERR_UNSUPPORTED, "sltt: sampled_steps = %lld of only %lld steps", (long long)k,
                         (long long)steps);
    return SNN_OK;
}

static void sltt_begin(snn_trainer *trainer)
{
    struct snn__sltt *s = trainer->self;
    size_t k = (size_t)snn__param_i64(&trainer->params, SNN_SLTT_SAMPLED_STEPS);

    s->sampled = k > 0;
    if (!s->sampled || s->supplied)
        return;
    for (size_t t = 0; t < trainer->steps; t++)
        s->chosen[t] = false;
    for (size_t i = 0; i < k; i++)
        s->chosen[snn__random_order(trainer->ctx->options.seed, SNN__RNG_STEPS, trainer->run.batches, i,
                                    trainer->steps)] = true;
}

static bool sltt_trains(const snn_trainer *trainer, size_t t)
{
    const struct snn__sltt *s = trainer->self;

    return !s->sampled || s->chosen[t];
}

/* dW += D[t] v[t]^T */
static snn_status sltt_step(snn_trainer *trainer, size_t t)
{
    return snn__back_step(trainer, t, SNN__FACTOR_SPIKE);
}

extern const struct snn__rule snn__rule_sltt;
const struct snn__rule snn__rule_sltt = {
    .name = "sltt",
    .text = "spatial learning through time: no gradient through time",
    SNN__WITH_PARAMS(params),
    .state_size = sizeof(struct snn__sltt),
    .factor = SNN__FACTOR_SPIKE,
    .route = SNN__ROUTE_SPACE,
    .learns = SNN__LEARNS_PER_BATCH,
    .check = sltt_check,
    .begin = sltt_begin,
    .trains = sltt_trains,
    .step = sltt_step,
};
