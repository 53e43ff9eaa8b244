/* trainer/bptt.c - back-propagation through time with surrogate derivatives, the baseline; docs/methods/bptt.md.
 *
 *   D[t] = e[t] g(u[t] - th) + D[t+1] lam (1 - th g(u[t] - th))      (reset not detached)
 *   D[t] = e[t] g(u[t] - th) + D[t+1] lam                            (detached)
 *   dW = sum_t D[t] v[t]^T,  db = sum_t D[t]
 *
 * for a LIF that resets by subtraction; kernel/kernel.h (struct snn__population_back) has the other neurons. All steps are
 * kept, so memory grows with T. */
#include "core/context.h"
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_BPTT_DETACH_RESET, "detach_reset", 0, 1, 0, "no gradient through the reset"),
};

static void bptt_needs(const snn_trainer *trainer, struct snn__needs *needs)
{
    (void)trainer;
    needs->history = true;
}

static void bptt_begin(void *self, snn_trainer *trainer, uint64_t stream)
{
    (void)self;
    (void)stream;
    trainer->pass.detach = snn__param_i64(&trainer->params, SNN_BPTT_DETACH_RESET) != 0;
}

static void credited(void *trainer, size_t t)
{
    snn__step_credited(trainer, t);
}

static snn_status bptt_finish(void *self, snn_trainer *trainer)
{
    (void)self;
    snn__pass_back_time(&trainer->pass, credited, trainer);
    return snn__learn(trainer);
}

extern const struct snn__rule snn__rule_bptt;
const struct snn__rule snn__rule_bptt = {
    .name = "bptt",
    .text = "back-propagation through time",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .needs = bptt_needs,
    .begin = bptt_begin,
    .finish = bptt_finish,
};
