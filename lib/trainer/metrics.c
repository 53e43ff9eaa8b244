/* trainer/metrics.c - figures of a run. */
#include "core/context.h"
#include "core/fpu.h"
#include "trainer/rule.h"
#include "trainer/solve.h"
#include <string.h>

void snn__clear_counters(snn_trainer *trainer)
{
    snn__pass_clear_counters(&trainer->pass);
    memset(&trainer->solver, 0, sizeof trainer->solver);
}

void snn__solved(snn_trainer *trainer, const struct snn__solution *solution, double gap)
{
    trainer->solver.solves++;
    trainer->solver.iterations += solution->iterations;
    trainer->solver.gap += gap;
    if (!(solution->residual <= trainer->solver.residual)) /* NaN is the largest of all */
        trainer->solver.residual = solution->residual;
    if (solution->converged)
        return;
    trainer->solver.failures++;
    snn__log(trainer->ctx, SNN_LOG_WARNING, "%s: the solver stopped after %zu iterations with a residual of %.3g", trainer->owner,
             solution->iterations, solution->residual);
}

static bool spikes(const struct snn__unit *unit)
{
    return unit->layer->model != NULL && snn__neuron_spikes(&unit->layer->params);
}

void snn__fill_metrics(const snn_trainer *trainer, uint64_t samples, double loss_sum, double correct, double seconds,
                       snn_metrics *metrics)
{
    const struct snn__pass *pass = &trainer->pass;
    snn_metrics m = SNN_METRICS_INIT;
    double neurons = 0, fired = 0, answered = 0, n = (double)pass->neuron_steps / (double)pass->steps; /* samples since the counters began */
    size_t size;

    if (metrics == NULL)
        return;
    size = metrics->struct_size;
    m.struct_size = metrics->struct_size;
    m.samples = samples;
    m.loss = loss_sum / (double)samples;
    m.accuracy = correct / (double)samples;
    m.seconds = seconds;
    m.learning_rate = trainer->learning_rate;
    m.gradient_norm = trainer->gradient_norm;
    m.solver_residual = trainer->solver.residual;
    m.solver_failures = trainer->solver.failures;
    if (trainer->solver.solves > 0) {
        m.solver_iterations = (double)trainer->solver.iterations / (double)trainer->solver.solves;
        m.equilibrium_gap = trainer->solver.gap / (double)trainer->solver.solves;
    }
    for (size_t l = 0; l < pass->n; l++) {
        const struct snn__unit *unit = &pass->unit[l];

        if (spikes(unit)) {
            neurons += (double)unit->value_len;
            fired += (double)unit->spikes;
            answered += (double)unit->answers;
        }
        if (n > 0) {
            m.synops_dense += unit->dense / n;
            m.synops_mac += unit->macs / n;
            m.synops_ac += unit->acs / n;
        }
    }
    if (neurons > 0 && pass->neuron_steps > 0)
        m.firing_rate = fired / (neurons * (double)pass->neuron_steps);
    if (neurons > 0 && pass->couple_steps > 0)
        m.backward_rate = answered / (neurons * (double)pass->couple_steps);
    memcpy(metrics, &m, size < sizeof m ? size : sizeof m);
}

snn_status snn_trainer_layer_metrics(const snn_trainer *trainer, size_t index, snn_layer_metrics *metrics)
{
    SNN__COMPUTES;
    snn_layer_metrics m = SNN_LAYER_METRICS_INIT;
    const struct snn__unit *unit;
    double n;
    size_t size;

    if (trainer == NULL || metrics == NULL || metrics->struct_size < 16)
        return snn__fail(SNN_ERR_ARGUMENT, "layer metrics: NULL, or struct_size is not set");
    if (!trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: call snn_trainer_prepare() first", trainer->owner);
    if (index >= trainer->pass.n)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the network has %zu layers, no number %zu", trainer->owner, trainer->pass.n,
                         index);
    unit = &trainer->pass.unit[index];
    size = metrics->struct_size;
    m.struct_size = metrics->struct_size;
    n = (double)trainer->pass.neuron_steps / (double)trainer->steps;
    if (n > 0) {
        if (spikes(unit))
            m.firing_rate = (double)unit->spikes / ((double)unit->value_len * (double)trainer->pass.neuron_steps);
        m.synops_dense = unit->dense / n;
        m.synops_mac = unit->macs / n;
        m.synops_ac = unit->acs / n;
    }
    if (unit->answers > 0)
        m.backward_rate = (double)unit->answers / ((double)unit->value_len * (double)trainer->pass.couple_steps);
    memcpy(metrics, &m, size < sizeof m ? size : sizeof m);
    return SNN_OK;
}
