/* train_epochs.c - the epochs of snn train, and their checkpoints. */
#include "train.h"

#include <math.h>
#include <string.h>

/* Writes the checkpoint and says how to go on. */
static int interrupted(struct train *t)
{
    unsigned long long done = run_about(t->run.trainer).epochs;
    snn_status rc;

    progress_clear(&t->progress);
    rc = snn_trainer_save(t->run.trainer, t->checkpoint);
    if (rc != SNN_OK)
        return fail_call(rc, "interrupted, and the checkpoint could not be written");
    if (t->json)
        json_line(json_pack("{s:s, s:I, s:s, s:s}", "event", "interrupted", "epochs_done", (json_int_t)done, "signal",
                            stop_reason(), "checkpoint", t->checkpoint),
                  9);
    return fail(INTERRUPTED, "interrupted after %llu of %lld epochs%s by %s; to continue: snn train --resume %s",
                done, (long long)config_whole(t->run.config, "epochs", 0),
                done < (unsigned long long)config_whole(t->run.config, "epochs", 0) ? " (and a part)" : "",
                stop_reason(), t->checkpoint);
}

static int evaluate(struct train *t)
{
    snn_metrics held = SNN_METRICS_INIT;
    snn_status rc = snn_trainer_evaluate(run_judge(&t->run), t->run.test, &held);

    if (rc != SNN_OK && rc != SNN_ERR_CANCELLED)
        return fail_call(rc, "test set");
    t->evaluated = rc == SNN_OK;
    t->held = held;
    return rc == SNN_OK ? DONE : INTERRUPTED;
}

/* Says which epoch diverged, in the log, too, and from where to go on. */
static int diverged(struct train *t, snn_status rc)
{
    struct epoch_row row = {
        run_about(t->run.trainer).epochs + 1, INFINITY, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN
    };
    const char *reason = snn_last_error();

    history_add(&t->history, &row);
    if (t->json)
        json_line(json_pack("{s:s, s:I, s:s}", "event", "diverged", "epoch", (json_int_t)row.epoch, "reason", reason),
                  9);
    if (t->saved)
        return fail(FAILED,
                    "%s: epoch %llu: %s; %s holds epoch %llu: resume it with a smaller --lr or with "
                    "--optimizer.clip_norm",
                    snn_status_name(rc), (unsigned long long)row.epoch, reason, t->checkpoint,
                    (unsigned long long)t->saved);
    return fail(FAILED, "%s: epoch %llu: %s; a smaller --lr, --optimizer.clip_norm or --optimizer.warmup may help",
                snn_status_name(rc), (unsigned long long)row.epoch, reason);
}

void train_save_checkpoint(struct train *t)
{
    snn_status rc = snn_trainer_save(t->run.trainer, t->checkpoint);

    t->owns = t->owns || rc == SNN_OK;
    if (rc == SNN_OK)
        t->saved = run_about(t->run.trainer).epochs;
    else
        warn("no checkpoint: %s: %s", snn_status_name(rc), snn_last_error());
}

static struct epoch_row row_of(const struct train *t, const snn_metrics *fit)
{
    bool answers = strcmp(config_text(t->run.config, "trainer.method", ""), "spide") == 0;
    bool solves = fit->solver_iterations > 0 || fit->solver_failures > 0;

    return (struct epoch_row){ .epoch = run_about(t->run.trainer).epochs,
                               .train_loss = fit->loss,
                               .train_accuracy = fit->accuracy,
                               .test_loss = t->evaluated ? t->held.loss : NAN,
                               .test_accuracy = t->evaluated ? t->held.accuracy : NAN,
                               .learning_rate = fit->learning_rate,
                               .firing_rate = fit->firing_rate,
                               .seconds = fit->seconds,
                               .samples_per_second = fit->samples_per_second,
                               .equilibrium_gap = solves ? fit->equilibrium_gap : NAN,
                               .solver_iterations = solves ? fit->solver_iterations : NAN,
                               .solver_residual = solves ? fit->solver_residual : NAN,
                               .solver_failures = solves ? (double)fit->solver_failures : NAN,
                               .backward_rate = answers ? fit->backward_rate : NAN };
}

static int train_epoch(struct train *t)
{
    snn_metrics fit = SNN_METRICS_INIT;
    struct epoch_row row;
    snn_status rc = snn_trainer_epoch(t->run.trainer, t->run.train, &fit);
    int status;

    if (rc == SNN_ERR_CANCELLED)
        return interrupted(t);
    progress_clear(&t->progress);
    if (rc == SNN_ERR_DIVERGED)
        return diverged(t, rc);
    if (rc == SNN_ERR_STATE && t->resume)
        return fail(
            FAILED,
            "%s: its epoch %llu was interrupted and continues over its own data only, without another --data or "
            "--data.limit: %s",
            t->resume, (unsigned long long)run_about(t->run.trainer).epochs + 1, snn_last_error());
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = evaluate(t);
    row = row_of(t, &fit);
    if (history_add(&t->history, &row) != DONE || status == FAILED)
        return FAILED;
    train_report(t, &row);
    if (t->evaluated)
        train_warn_of_silence(t);
    if (status == INTERRUPTED)
        return interrupted(t);
    if (t->every && row.epoch % (uint64_t)t->every == 0)
        train_save_checkpoint(t);
    return DONE;
}

/* Evaluates after an interruption that came before the evaluation. */
static int catch_up(struct train *t)
{
    struct history *h = &t->history;
    struct epoch_row row = { 0 };
    int status;

    if (h->count > 0)
        row = h->row[h->count - 1];
    if (row.epoch != run_about(t->run.trainer).epochs || !isnan(row.test_accuracy))
        return DONE;
    status = evaluate(t);
    if (status == INTERRUPTED)
        return interrupted(t);
    if (status != DONE)
        return status;
    row.test_loss = t->held.loss;
    row.test_accuracy = t->held.accuracy;
    status = history_amend(h, &row);
    train_report(t, &row);
    return status;
}

int train_all(struct train *t)
{
    uint64_t epochs = (uint64_t)config_whole(t->run.config, "epochs", 1);
    int status = catch_up(t);

    if (status == DONE && t->resume && run_about(t->run.trainer).epochs >= epochs)
        warn("%s: is complete; with --epochs N, more than %llu, it continues", t->resume,
             (unsigned long long)run_about(t->run.trainer).epochs);
    while (status == DONE && run_about(t->run.trainer).epochs < epochs)
        status = train_epoch(t);
    if (status == DONE && !t->evaluated) {
        status = evaluate(t);
        if (status == INTERRUPTED)
            status = interrupted(t);
    }
    return status;
}
