/* trainer/ottt.c - online training through time (arXiv 2210.04195), docs/methods/ottt.md.
 *
 *   forward     u[t] = lam (u[t-1] - th s[t-1]) + I[t],  s[t] = u[t] >= th,  trace a[t] = lam a[t-1] + s[t]
 *   backward    within step t:  dI = e g(u[t] - th),  e = W^T dI of the layer above
 *   gradient    dW = sum_t dI[t] a[t]^T,  db = sum_t dI[t]
 *
 * The traces are kept by the populations (kernel/population.h). Variant A updates once per batch with the summed
 * gradient, variant O after every step; an update leaves potentials and traces as they are. */
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_STR(SNN_OTTT_VARIANT, "variant", "A|O", "A", "A: one update per batch; O: one update per step"),
};

static void ottt_choose(const snn_trainer *trainer, struct snn__demand *demand)
{
    if (snn__param_is(&trainer->params, SNN_OTTT_VARIANT, "O"))
        demand->learns = SNN__LEARNS_PER_STEP;
}

/* dW += dI[t] a[t]^T */
static snn_status ottt_step(snn_trainer *trainer, size_t t)
{
    return snn__back_step(trainer, t, SNN__FACTOR_TRACE);
}

extern const struct snn__rule snn__rule_ottt;
const struct snn__rule snn__rule_ottt = {
    .name = "ottt",
    .text = "online training through time: traces in place of the gradient through time",
    SNN__WITH_PARAMS(params),
    .networks = "784-800-10, vgg11-ws, vgg11-bn, resnet18, nf-resnet34, vgg11-ws-f (feedback); pools that average "
                "(AP2)",
    .factor = SNN__FACTOR_TRACE,
    .route = SNN__ROUTE_SPACE,
    .learns = SNN__LEARNS_PER_BATCH,
    .choose = ottt_choose,
    .check = snn__check_traces,
    .step = ottt_step,
};
