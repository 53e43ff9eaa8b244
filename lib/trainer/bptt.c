/* trainer/bptt.c - back-propagation through time with surrogate derivatives, the baseline; docs/methods/bptt.md.
 *
 *   D[t] = e[t] g(u[t] - th) + D[t+1] lam (1 - th g(u[t] - th))      (reset not detached)
 *   D[t] = e[t] g(u[t] - th) + D[t+1] lam                            (detached)
 *   dW = sum_t D[t] v[t]^T,  db = sum_t D[t]
 *
 * for a LIF that resets by subtraction; kernel/population.h (struct snn__population_back) has the other neurons. All
 * steps are kept, so memory grows with T. */
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_BPTT_DETACH_RESET, "detach_reset", 0, 1, 0, "no gradient through the reset"),
};

/* dW = sum_t D[t] v[t]^T */
static snn_status bptt_finish(snn_trainer *trainer)
{
    bool detached = snn__param_i64(&trainer->params, SNN_BPTT_DETACH_RESET) != 0;

    return snn__back_time(trainer, SNN__FACTOR_SPIKE, detached);
}

extern const struct snn__rule snn__rule_bptt;
const struct snn__rule snn__rule_bptt = {
    .name = "bptt",
    .text = "back-propagation through time",
    SNN__WITH_PARAMS(params),
    .factor = SNN__FACTOR_SPIKE,
    .route = SNN__ROUTE_TIME,
    .learns = SNN__LEARNS_PER_BATCH,
    .finish = bptt_finish,
};
