/* train_epochs.c - the epochs of snn train, and their checkpoints. */
#include "epoch.h"
#include "ranks.h"
#include "train.h"

#include <math.h>
#include <string.h>

/* `here`: the network has the weights of the best epoch. */
static snn_status save(struct train *t, bool here)
{
    snn_status rc = best_note(&t->best, t->run.network, here);

    return rc == SNN_OK ? ranks_save(t->run.trainer, t->checkpoint) : rc;
}

/* Writes the checkpoint, unless the one that is there has all, and says how to go on. */
static int interrupted(struct train *t)
{
    unsigned long long done = run_about(t->run.trainer).epochs;
    snn_status rc;

    progress_clear(&t->progress);
    rc = t->chosen ? SNN_OK : save(t, false);
    if (!ranks_first())
        return INTERRUPTED;
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

static int test(struct train *t)
{
    int status = epoch_evaluate(&t->run, t->run.test, "test set", &t->held);

    t->evaluated = status == DONE;
    return status;
}

/* True if the test set is looked at after this epoch. */
static bool is_tested(const struct train *t, uint64_t epoch)
{
    const uint64_t every = (uint64_t)config_whole(t->run.config, "test_every", 1);

    return epoch == (uint64_t)config_whole(t->run.config, "epochs", 1) || (every > 0 && epoch % every == 0);
}

static int judge(struct train *t, struct epoch_row *row, bool *better)
{
    const bool tests = is_tested(t, row->epoch);
    int status = epoch_judge(&t->run, t->run.validation, tests ? t->run.test : NULL, &t->best, row, &t->held, better);

    t->evaluated = status == DONE && tests;
    return status;
}

/* Says which epoch diverged, in the log, too, and from where to go on. */
static int diverged(struct train *t, snn_status rc)
{
    struct epoch_row row = history_row(run_about(t->run.trainer).epochs + 1);
    const char *reason = snn_last_error();

    row.train_loss = INFINITY;
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

/* If a rank dies, or the launcher is in haste, this may be the last that is heard. */
static void prepare_to_stop(const struct train *t)
{
    char line[400], held[300] = "there is no checkpoint";

    if (ranks_size() == 1 || !ranks_first())
        return;
    if (t->saved)
        snprintf(held, sizeof held, "%.200s holds epoch %llu", t->checkpoint, (unsigned long long)t->saved);
    snprintf(line, sizeof line, "snn: train: a signal: all ranks stop after this batch; until then %s\n", held);
    stop_says(line);
}

static void save_checkpoint(struct train *t)
{
    snn_status rc = save(t, t->best.epoch == run_about(t->run.trainer).epochs);

    t->owns = t->owns || rc == SNN_OK;
    if (rc == SNN_OK)
        t->saved = run_about(t->run.trainer).epochs;
    else
        warn("no checkpoint: %s: %s", snn_status_name(rc), snn_last_error());
    prepare_to_stop(t);
}

/* What would judge the epoch cannot be read; the work on the epoch is not lost. */
static int unjudged(struct train *t)
{
    const uint64_t epochs = run_about(t->run.trainer).epochs;

    if (t->saved != epochs)
        save_checkpoint(t);
    return t->saved != epochs
               ? FAILED
               : fail(FAILED, "epoch %llu is trained, and not judged; to go on there: snn train --resume %s",
                      (unsigned long long)epochs, t->checkpoint);
}

/* Into log and event file; `again`: in the place of the last row. */
static int log_epoch(struct train *t, const struct epoch_row *row, bool again)
{
    tensorboard_add(&t->board, &t->history, row);
    return again ? history_amend(&t->history, row) : history_add(&t->history, row);
}

/* A checkpoint where one is due. The weights of a better epoch are written after it, so that it never names others.
 */
static int end_epoch(struct train *t, uint64_t epoch, bool better)
{
    const bool keeps = better && t->best.keeps;

    if (t->every && (keeps || epoch % (uint64_t)t->every == 0))
        save_checkpoint(t);
    return keeps ? best_keep(&t->best, t->run.network) : DONE;
}

/* Says why an epoch was not trained, and what is left of the run. */
static int failed(struct train *t, snn_status rc)
{
    if (rc == SNN_ERR_DIVERGED)
        return diverged(t, rc);
    if (rc == SNN_ERR_STATE && t->resume && ranks_size() == 1) /* ranks may differ in more than that */
        return fail(
            FAILED,
            "%s: its epoch %llu was interrupted and continues over its own data only, without another --data or "
            "--data.limit: %s",
            t->resume, (unsigned long long)run_about(t->run.trainer).epochs + 1, snn_last_error());
    fail_call(rc, NULL);
    return t->saved ? fail(FAILED, "%s holds epoch %llu; to go on there: snn train --resume %s", t->checkpoint,
                           (unsigned long long)t->saved, t->checkpoint)
                    : FAILED;
}

static int train_epoch(struct train *t)
{
    snn_metrics fit = SNN_METRICS_INIT;
    struct epoch_row row;
    bool better;
    snn_status rc = snn_trainer_epoch(t->run.trainer, t->run.train, &fit);
    int status;

    if (rc == SNN_ERR_CANCELLED)
        return interrupted(t);
    progress_clear(&t->progress);
    if (rc != SNN_OK)
        return failed(t, rc);
    row = epoch_row(&t->run, &fit);
    status = judge(t, &row, &better);
    if (ranks_agree(log_epoch(t, &row, false)) != DONE)
        return FAILED;
    if (status == FAILED)
        return unjudged(t);
    train_report(t, &row);
    if (t->evaluated)
        train_warn_of_silence(t);
    return status == INTERRUPTED ? interrupted(t) : end_epoch(t, row.epoch, better);
}

/* Judges an epoch whose judgement was interrupted. */
static int catch_up(struct train *t)
{
    struct history *h = &t->history;
    struct epoch_row row = history_row(run_about(t->run.trainer).epochs);
    const bool logged = h->count > 0 && h->row[h->count - 1].epoch == row.epoch;
    bool better;
    int status;

    if (t->best.judged >= row.epoch)
        return DONE;
    if (logged)
        row = h->row[h->count - 1];
    status = judge(t, &row, &better);
    if (status == INTERRUPTED)
        return interrupted(t);
    if (status == DONE && logged)
        status = log_epoch(t, &row, true);
    status = ranks_agree(status);
    if (status != DONE)
        return status;
    train_report(t, &row);
    return end_epoch(t, row.epoch, better);
}

static uint64_t epochs_of(const struct train *t)
{
    return (uint64_t)config_whole(t->run.config, "epochs", 1);
}

static bool is_complete(const struct train *t)
{
    return run_about(t->run.trainer).epochs >= epochs_of(t) || best_exhausted(&t->best);
}

/* The weights of the best epoch, if they are wanted and others are there; a checkpoint has these first. */
static int choose(struct train *t)
{
    if (!t->best.keeps || t->best.epoch == 0 || t->best.epoch == run_about(t->run.trainer).epochs)
        return DONE;
    save_checkpoint(t);
    t->chosen = true;
    t->evaluated = false;
    return best_bring_back(&t->best, &t->run);
}

static int test_at_end(struct train *t)
{
    int status = test(t);

    return status == INTERRUPTED ? interrupted(t) : status == DONE ? DONE : unjudged(t);
}

int train_all(struct train *t)
{
    int status;

    prepare_to_stop(t);
    status = ranks_agree(catch_up(t));
    if (status == DONE && t->resume && is_complete(t))
        warn("%s: is complete; with --epochs N, more than %llu, %sit continues", t->resume,
             (unsigned long long)run_about(t->run.trainer).epochs,
             best_exhausted(&t->best) ? "and a larger --patience " : "");
    while (status == DONE && !is_complete(t))
        status = ranks_agree(train_epoch(t));
    if (status == DONE && run_about(t->run.trainer).epochs < epochs_of(t))
        train_report_stop(t);
    if (status == DONE && args_has(&t->args, "keep"))
        save_checkpoint(t);
    if (status == DONE)
        status = choose(t);
    return status == DONE && !t->evaluated ? test_at_end(t) : status;
}
