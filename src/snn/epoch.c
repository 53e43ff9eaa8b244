/* epoch.c - one epoch of a run. */
#include "epoch.h"

#include <math.h>
#include <string.h>

static void add_rates(struct epoch_row *row, const struct run *run)
{
    const snn_layer *population[HISTORY_RATES];
    const size_t n = history_populations(run->network, population);

    for (size_t i = 0; i < n; i++) {
        snn_layer_metrics m = SNN_LAYER_METRICS_INIT;

        if (snn_trainer_layer_metrics(run->trainer, population[i], &m) == SNN_OK)
            row->rate[i] = m.firing_rate;
    }
}

struct epoch_row epoch_row(const struct run *run, const snn_metrics *fit)
{
    bool answers = strcmp(config_text(run->config, "trainer.method", ""), "spide") == 0;
    bool solves = fit->solver_iterations > 0 || fit->solver_failures > 0;
    struct epoch_row row = history_row(run_about(run->trainer).epochs);

    row.train_loss = fit->loss;
    row.train_accuracy = fit->accuracy;
    row.train_top5 = fit->top5;
    row.learning_rate = fit->learning_rate;
    row.firing_rate = fit->firing_rate;
    row.seconds = fit->seconds;
    row.samples_per_second = fit->samples_per_second;
    row.equilibrium_gap = solves ? fit->equilibrium_gap : NAN;
    row.solver_iterations = solves ? fit->solver_iterations : NAN;
    row.solver_residual = solves ? fit->solver_residual : NAN;
    row.solver_failures = solves ? (double)fit->solver_failures : NAN;
    row.backward_rate = answers ? fit->backward_rate : NAN;
    row.peak_bytes = (double)peak_resident();
    add_rates(&row, run);
    return row;
}

int epoch_evaluate(const struct run *run, const snn_dataset *data, const char *what, snn_metrics *m)
{
    snn_status rc;

    *m = (snn_metrics)SNN_METRICS_INIT;
    rc = snn_trainer_evaluate(run_judge(run), data, m);
    if (rc != SNN_OK && rc != SNN_ERR_CANCELLED)
        return fail_call(rc, what);
    return rc == SNN_OK ? DONE : INTERRUPTED;
}

int epoch_judge(const struct run *run, const snn_dataset *validation, const snn_dataset *test, struct best *best,
                struct epoch_row *row, snn_metrics *held, bool *better)
{
    snn_metrics m = SNN_METRICS_INIT;
    int status = validation ? epoch_evaluate(run, validation, "validation", &m) : DONE;

    *better = false;
    if (status == DONE && validation) {
        row->validation_loss = m.loss;
        row->validation_accuracy = m.accuracy;
        row->validation_top5 = m.top5;
    }
    if (status == DONE && test)
        status = epoch_evaluate(run, test, "test set", held);
    if (status == DONE && test) {
        row->test_loss = held->loss;
        row->test_accuracy = held->accuracy;
        row->test_top5 = held->top5;
    }
    if (status == DONE)
        *better = best_take(best, run_about(run->trainer).epochs, &m);
    return status;
}
