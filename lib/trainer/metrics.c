/* trainer/metrics.c - figures of a run. */
#include "core/clock.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/structure.h"
#include "trainer/rule.h"
#include "trainer/solve.h"
#include <math.h>
#include <string.h>

void snn__clear_counters(snn_trainer *trainer)
{
    snn__pass_clear_counters(&trainer->pass);
    memset(&trainer->solver, 0, sizeof trainer->solver);
    snn__fit_clear(&trainer->fit, trainer->classes);
}

void snn__save_counters(const snn_trainer *trainer, struct snn__kept *kept)
{
    for (size_t l = 0; l < trainer->pass.n; l++)
        kept->counts[l] = trainer->pass.unit[l].counts;
    kept->neuron_steps = trainer->pass.neuron_steps;
    kept->couple_steps = trainer->pass.couple_steps;
    kept->solver = trainer->solver;
    snn__fit_copy(&kept->fit, &trainer->fit, trainer->classes);
}

void snn__restore_counters(snn_trainer *trainer, const struct snn__kept *kept)
{
    for (size_t l = 0; l < trainer->pass.n; l++)
        trainer->pass.unit[l].counts = kept->counts[l];
    trainer->pass.neuron_steps = kept->neuron_steps;
    trainer->pass.couple_steps = kept->couple_steps;
    trainer->solver = kept->solver;
    snn__fit_copy(&trainer->fit, &kept->fit, trainer->classes);
}

void snn__keep_counters(snn_trainer *trainer)
{
    snn__save_counters(trainer, &trainer->kept);
}

void snn__take_counters(snn_trainer *trainer)
{
    snn__restore_counters(trainer, &trainer->kept);
}

void snn__forget_counters(snn_trainer *trainer)
{
    struct snn__counts *counts = trainer->kept.counts;
    struct snn__fit fit = trainer->kept.fit;

    if (trainer->prepared) {
        memset(counts, 0, trainer->pass.n * sizeof *counts);
        snn__fit_clear(&fit, trainer->classes);
    }
    trainer->kept = (struct snn__kept){ .counts = counts, .fit = fit };
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
    snn__log(trainer->ctx, SNN_LOG_WARNING, "%s: the solver stopped after %zu iterations with a residual of %.3g",
             trainer->owner, solution->iterations, solution->residual);
}

static bool spikes(const struct snn__unit *unit)
{
    return unit->layer->model != NULL && snn__neuron_spikes(&unit->layer->params);
}

snn_status snn__check_metrics(const snn_metrics *metrics)
{
    return metrics != NULL ? snn__check_struct(metrics, "metrics", "SNN_METRICS_INIT") : SNN_OK;
}

/* Of equations that the method solved. */
static void fill_solver(const struct snn__solves *solver, snn_metrics *m)
{
    m->solver_residual = solver->residual;
    m->solver_failures = solver->failures;
    if (solver->solves == 0)
        return;
    m->solver_iterations = (double)solver->iterations / (double)solver->solves;
    m->equilibrium_gap = solver->gap / (double)solver->solves;
}

/* Spikes and synaptic operations of all layers. */
static void fill_activity(const struct snn__pass *pass, snn_metrics *m)
{
    double neurons = 0, fired = 0, fired_back = 0, samples = (double)pass->neuron_steps / (double)pass->steps;

    for (size_t l = 0; l < pass->n; l++) {
        const struct snn__unit *unit = &pass->unit[l];

        if (spikes(unit)) {
            neurons += (double)unit->value_len;
            fired += (double)unit->counts.spikes;
            fired_back += (double)unit->counts.couple_spikes;
        }
        if (samples > 0) {
            m->synops_dense += unit->counts.dense / samples;
            m->synops_mac += unit->counts.macs / samples;
            m->synops_ac += unit->counts.acs / samples;
        }
    }
    if (neurons > 0 && pass->neuron_steps > 0)
        m->firing_rate = fired / (neurons * (double)pass->neuron_steps);
    if (neurons > 0 && pass->couple_steps > 0)
        m->backward_rate = fired_back / (neurons * (double)pass->couple_steps);
}

void snn__fill_metrics(const snn_trainer *trainer, const struct snn__sums *sums, snn_metrics *metrics)
{
    snn_metrics m = SNN_METRICS_INIT;

    if (metrics == NULL)
        return;
    m.samples = sums->seen;
    m.loss = sums->loss / (double)sums->seen;
    m.accuracy = trainer->fit.n > 0 ? NAN : sums->correct / (double)sums->seen;
    m.top5 = trainer->fit.n > 0 || trainer->classes <= 5 ? NAN : sums->top / (double)sums->seen;
    m.squared_error = snn__fit_square(&trainer->fit, trainer->classes);
    m.r2 = snn__fit_r2(&trainer->fit, trainer->classes);
    m.smape = snn__fit_smape(&trainer->fit, trainer->classes);
    m.seconds = snn__seconds() - sums->began;
    m.samples_per_second = m.seconds > 0 ? (double)(sums->seen - sums->before) / m.seconds : 0;
    m.learning_rate = sums->training ? trainer->learning_rate : 0;
    m.gradient_norm = sums->training ? trainer->gradient_norm : 0;
    fill_solver(&trainer->solver, &m);
    fill_activity(&trainer->pass, &m);
    snn__fill(metrics, &m, sizeof m);
}

snn_status snn_trainer_layer_metrics(const snn_trainer *trainer, const snn_layer *layer, snn_layer_metrics *metrics)
{
    SNN__COMPUTES;
    snn_layer_metrics m = SNN_LAYER_METRICS_INIT;
    const struct snn__unit *unit;
    double n;

    if (trainer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "layer metrics: the trainer is NULL");
    SNN__TRY(snn__check_struct(metrics, "layer metrics", "SNN_LAYER_METRICS_INIT"));
    if (!trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: call snn_trainer_prepare() first", trainer->owner);
    SNN__TRY(snn__network_check_layer(trainer->net, layer, trainer->owner));
    unit = &trainer->pass.unit[layer->index];
    n = (double)trainer->pass.neuron_steps / (double)trainer->steps;
    if (n > 0) {
        if (spikes(unit))
            m.firing_rate =
                (double)unit->counts.spikes / ((double)unit->value_len * (double)trainer->pass.neuron_steps);
        m.synops_dense = unit->counts.dense / n;
        m.synops_mac = unit->counts.macs / n;
        m.synops_ac = unit->counts.acs / n;
    }
    if (unit->counts.couple_spikes > 0)
        m.backward_rate =
            (double)unit->counts.couple_spikes / ((double)unit->value_len * (double)trainer->pass.couple_steps);
    snn__fill(metrics, &m, sizeof m);
    return SNN_OK;
}
