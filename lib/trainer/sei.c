/* trainer/sei.c - a spiking network as an ensemble over time (arXiv 2508.12609), docs/methods/sei.md.
 *
 *   u[t] = x[t] + nu[t],  nu[t] = decay (u[t-1] - threshold s[t-1])
 *
 *   temporal 0   nu is a constant: step t is a network of binary activations, the gradient the mean of its T members'
 *                D[t] = e[t] g(u[t] - th)
 *   temporal 1   through u[t-1], not through the reset:
 *                D[t] = e[t] g(u[t] - th) + decay D[t+1]
 *   gradient     dW = sum_t D[t] v[t]^T
 *
 * Steps are kept only if the loss or a batch norm needs all of them. Binary weights are a matter of the layer
 * (lib/layer/binary.c), a teacher is one of the loss (lib/trainer/teacher.c): every method can have them. */
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_SEI_TEMPORAL, "temporal", 0, 1, 0,
                   "the gradient also passes through the potential of the previous step"),
};

static bool is_temporal(const snn_trainer *trainer)
{
    return snn__param_i64(&trainer->params, SNN_SEI_TEMPORAL) != 0;
}

static void sei_choose(const snn_trainer *trainer, struct snn__demand *demand)
{
    const snn_network *net = trainer->net;

    if (is_temporal(trainer))
        demand->route = SNN__ROUTE_TIME;
    demand->keeps = snn__judges_at_end(trainer);
    for (size_t l = 0; l < net->n_layers; l++)
        demand->keeps |= (snn__layer_flags(net->layer[l]) & SNN__LAYER_WHOLE) != 0;
}

/* dW += D[t] v[t]^T */
static snn_status sei_step(snn_trainer *trainer, size_t t)
{
    return snn__back_step(trainer, t, SNN__FACTOR_SPIKE);
}

/* dW = sum_t D[t] v[t]^T, at once where steps are kept; the reset is a constant. */
static snn_status sei_finish(snn_trainer *trainer)
{
    return trainer->pass.demand.keeps ? snn__back_time(trainer, SNN__FACTOR_SPIKE, true) : snn__finish_steps(trainer);
}

extern const struct snn__rule snn__rule_sei;
const struct snn__rule snn__rule_sei = {
    .name = "sei",
    .text = "a spiking network as an ensemble over time",
    SNN__WITH_PARAMS(params),
    .networks =
        "binary-mlp, binary-conv, binary-resnet18, binary-transformer, binary-transformer-a, or 784-800-10 and "
        "others without feedback",
    .factor = SNN__FACTOR_SPIKE,
    .route = SNN__ROUTE_SPACE,
    .learns = SNN__LEARNS_PER_BATCH,
    .choose = sei_choose,
    .check = snn__check_forward,
    .step = sei_step,
    .finish = sei_finish,
};
