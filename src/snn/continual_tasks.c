/* continual_tasks.c - a sequence of tasks: training, replay, evaluation. */
#include "continual.h"
#include "epoch.h"
#include "live_page.h"
#include "ranks.h"

#include <math.h>

static int stopped(struct continual *c, snn_status rc, bool under_way)
{
    progress_clear(&c->progress);
    if (rc == SNN_ERR_STATE && c->state && ranks_size() == 1) /* ranks may differ in more than that */
        return fail(FAILED,
                    "%s: its interrupted task continues over its own data only, without another --data or "
                    "--data.limit: %s",
                    args_text(&c->args, "resume"), snn_last_error());
    if (rc != SNN_ERR_CANCELLED)
        return fail_call(rc, NULL);
    rc = c->checkpoint ? continual_save(c, under_way, false) : SNN_OK;
    if (!ranks_first())
        return INTERRUPTED;
    if (!c->checkpoint)
        return fail(INTERRUPTED, "interrupted by %s; with --save there would be a checkpoint", stop_reason());
    if (rc != SNN_OK)
        return fail_call(rc, "interrupted, and the checkpoint could not be written");
    return fail(INTERRUPTED, "interrupted after %zu of %zu tasks%s by %s; to continue: snn continual --resume %s",
                continual_ended(c), c->tasks.count, under_way ? " and a part" : "", stop_reason(), c->checkpoint);
}

/* ---- training ---- */

/* The sets of a task; NULL: not looked at. */
struct sets {
    snn_dataset *train, *validation, *test;
};

static int open_sets(struct continual *c, size_t task, struct sets *s)
{
    int status = tasks_data(&c->tasks, task, SNN_SPLIT_TRAIN, &s->train);

    if (status == DONE && c->best.judges)
        status = tasks_data(&c->tasks, task, SPLIT_VALIDATION, &s->validation);
    if (status == DONE && config_whole(c->run.config, "test_every", 0) > 0)
        status = tasks_data(&c->tasks, task, SNN_SPLIT_TEST, &s->test);
    return status;
}

static void close_sets(struct sets *s)
{
    snn_dataset_destroy(s->train);
    snn_dataset_destroy(s->validation);
    snn_dataset_destroy(s->test);
}

static void save_checkpoint(struct continual *c, bool under_way, bool here)
{
    snn_status rc = c->checkpoint ? continual_save(c, under_way, here) : SNN_OK;

    if (rc != SNN_OK)
        warn("no checkpoint: %s: %s", snn_status_name(rc), snn_last_error());
}

/* A checkpoint where one is due. The weights of a better epoch are written after it, so that it never names others.
 */
static int end_epoch(struct continual *c, uint64_t epoch, bool better)
{
    const bool keeps = better && c->best.keeps;

    if (c->every && (keeps || epoch % (uint64_t)c->every == 0))
        save_checkpoint(c, true, c->best.epoch == epoch);
    return keeps ? best_keep(&c->best, c->run.network) : DONE;
}

/* On the page of --live. */
static void show(struct continual *c)
{
    json_t *run =
        live_page_due(c->server) ? live_page_run(&c->run, &c->history, c->model ? c->model : "continual") : NULL;
    char says[96];

    if (!run)
        return;
    json_object_set_new(run, "tasks", continual_table(c));
    snprintf(says, sizeof says, "in training: %zu of %zu tasks done, %llu epochs of the next", continual_ended(c),
             c->tasks.count, (unsigned long long)run_about(c->run.trainer).epochs);
    live_page_show(c->server, run, says);
}

static int log_epoch(struct continual *c, const struct epoch_row *row)
{
    const struct history *h = &c->history;
    const bool there = h->count > 0 && h->row[h->count - 1].epoch == row->epoch;
    int logged;

    if (c->json) {
        progress_clear(&c->progress);
        json_line(history_json(row), 9);
    }
    tensorboard_add(&c->board, h, row);
    logged = there ? history_amend(&c->history, row) : history_add(&c->history, row);
    show(c);
    return logged;
}

/* Judges the epoch that has ended, of which `fit` says what training said; NULL: the log says it. */
static int judge(struct continual *c, size_t task, const struct sets *s, const snn_metrics *fit)
{
    const uint64_t epoch = run_about(c->run.trainer).epochs,
                   every = (uint64_t)config_whole(c->run.config, "test_every", 0);
    const struct history *h = &c->history;
    struct epoch_row row = fit ? epoch_row(&c->run, fit) : history_row(0);
    const bool tests = every && epoch % every == 0;
    snn_metrics held = SNN_METRICS_INIT;
    bool better;
    int status, logged;

    if (!fit && h->count > 0 && h->row[h->count - 1].epoch == c->before + epoch)
        row = h->row[h->count - 1];
    row.epoch = c->before + epoch;
    row.task = (double)task + 1;
    status = epoch_judge(&c->run, s->validation, tests ? s->test : NULL, &c->best, &row, &held, &better);
    logged = ranks_agree(log_epoch(c, &row));
    if (status == INTERRUPTED)
        return stopped(c, SNN_ERR_CANCELLED, true);
    if (status != DONE || logged != DONE)
        return FAILED;
    return end_epoch(c, epoch, better);
}

/* All epochs of a task that are left. */
static int train_epochs(struct continual *c, size_t task, const struct sets *s, snn_metrics *m)
{
    const uint64_t epochs = (uint64_t)config_whole(c->run.config, "epochs", 1);
    int status = DONE;

    if (c->best.judged < run_about(c->run.trainer).epochs)
        status = judge(c, task, s, NULL);
    while (status == DONE && run_about(c->run.trainer).epochs < epochs && !best_exhausted(&c->best)) {
        snn_status rc = snn_trainer_epoch(c->run.trainer, s->train, m);

        status = ranks_agree(rc == SNN_OK ? judge(c, task, s, m) : stopped(c, rc, true));
    }
    return status;
}

/* The task ends with the weights of its best epoch, if they are wanted and others are there. */
static int choose(struct continual *c)
{
    return c->best.keeps && c->best.epoch > 0 && c->best.epoch != run_about(c->run.trainer).epochs
               ? best_bring_back(&c->best, &c->run)
               : DONE;
}

/* `begun`: a checkpoint was taken up in the middle of it. */
static int train_task(struct continual *c, size_t task, bool begun, snn_metrics *m)
{
    struct sets s = { NULL, NULL, NULL };
    snn_status rc = SNN_OK;
    int status = ranks_agree(open_sets(c, task, &s));

    if (status == DONE && !begun) {
        best_restart(&c->best);
        rc = sequence_begin(&c->sequence, task, continual_batch(c));
    }
    if (rc != SNN_OK)
        status = stopped(c, rc, true);
    if (status == DONE)
        status = train_epochs(c, task, &s, m);
    if (status == DONE)
        status = choose(c);
    close_sets(&s);
    if (status != DONE)
        return status;
    c->before += run_about(c->run.trainer).epochs;
    rc = snn_continual_end(c->run.sequence);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* ---- after a task ---- */

/* The passes of replay that are left after a task. */
static int replay(struct continual *c, size_t task)
{
    const size_t most = (size_t)config_whole(c->run.config, "continual.replay", 0);
    uint64_t pass;

    while ((pass = run_about(c->run.trainer).epochs) < sequence_replays(&c->sequence, task)) {
        snn_dataset *data;
        snn_status rc;

        int status = ranks_agree(tasks_memory(&c->tasks, sequence_remembered(task, pass), most, &data));

        rc = status == DONE ? sequence_replay(&c->sequence, task, pass, data) : SNN_OK;
        snn_dataset_destroy(data);
        if (status != DONE)
            return status;
        if (rc != SNN_OK)
            return stopped(c, rc, false);
    }
    return DONE;
}

static int evaluate_task(struct continual *c, size_t task, size_t of)
{
    snn_dataset *data;
    snn_status rc;
    int status = ranks_agree(tasks_data(&c->tasks, of, SNN_SPLIT_TEST, &data));

    rc = status == DONE ? sequence_evaluate(&c->sequence, task, of, data) : SNN_OK;
    snn_dataset_destroy(data);
    return rc == SNN_OK ? status : stopped(c, rc, false);
}

static void report(struct continual *c, size_t task, const snn_metrics *m)
{
    progress_clear(&c->progress);
    if (c->json)
        json_line(json_pack("{s:s, s:I, s:o, s:o, s:o}", "event", "task", "task", (json_int_t)task + 1, "loss",
                            json_figure(m->loss), "samples_per_second", json_figure(m->samples_per_second),
                            "accuracy", continual_accuracies(c, task)),
                  9);
    if (c->json || c->quiet)
        return;
    printf("task %2zu  loss %.4f  %.0f samples/s  test", task + 1, m->loss, m->samples_per_second);
    for (size_t j = 0; j <= task; j++)
        printf(" %.2f%%", 100 * snn_continual_accuracy(c->run.sequence, task, j));
    printf("\n");
    fflush(stdout);
}

/* The accuracy at the end of a task is that of its last epoch in the log. */
static int log_task(struct continual *c, size_t task)
{
    struct history *h = &c->history;
    struct epoch_row row;

    if (h->count == 0 || h->row[h->count - 1].epoch != c->before)
        return DONE;
    row = h->row[h->count - 1];
    row.test_accuracy = snn_continual_accuracy(c->run.sequence, task, task);
    tensorboard_add(&c->board, h, &row);
    return history_amend(h, &row);
}

/* What follows the training of a task: replay, and how well all tasks so far are known. */
static int end_task(struct continual *c, size_t task, const snn_metrics *m)
{
    int status = replay(c, task);

    for (size_t j = 0; status == DONE && j <= task; j++)
        status = evaluate_task(c, task, j);
    if (status != DONE)
        return status;
    report(c, task, m);
    show(c);
    status = log_task(c, task); /* before the checkpoint, after which nobody would */
    save_checkpoint(c, false, false);
    return ranks_agree(status);
}

/* True if task number `task` was evaluated on all tasks so far. */
static bool evaluated(const struct continual *c, size_t task)
{
    for (size_t j = 0; j <= task; j++)
        if (isnan(snn_continual_accuracy(c->run.sequence, task, j)))
            return false;
    return true;
}

/* Log and event file go on after the epochs of the checkpoint. */
static int open_logs(struct continual *c, bool under_way)
{
    const uint64_t keep = c->before + (under_way ? run_about(c->run.trainer).epochs : 0);
    int status = tensorboard_open(&c->board, keep, c->run.config);

    return status == DONE ? history_open(&c->history, c->csv, keep, c->run.network) : status;
}

int continual_run(struct continual *c)
{
    snn_metrics m = SNN_METRICS_INIT;
    bool under_way = false;
    int status = c->state ? continual_take_up(c, args_text(&c->args, "resume"), &under_way) : DONE;

    if (status == DONE)
        status = open_logs(c, under_way);
    status = ranks_agree(status);
    if (status == DONE && continual_ended(c) > 0 && !evaluated(c, continual_ended(c) - 1))
        status = end_task(c, continual_ended(c) - 1, &m);
    for (size_t task = continual_ended(c); status == DONE && task < c->tasks.count; task++) {
        status = train_task(c, task, under_way, &m);
        under_way = false;
        if (status == DONE)
            status = end_task(c, task, &m);
    }
    return status;
}
