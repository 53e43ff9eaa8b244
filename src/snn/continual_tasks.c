/* continual_tasks.c - a sequence of tasks: training, replay, evaluation. */
#include "continual.h"

#include <math.h>

static int stopped(struct continual *c, snn_status rc, bool under_way)
{
    progress_clear(&c->progress);
    if (rc == SNN_ERR_STATE && c->state)
        return fail(FAILED,
                    "%s: its interrupted task continues over its own data only, without another --data or "
                    "--data.limit: %s",
                    args_text(&c->args, "resume"), snn_last_error());
    if (rc != SNN_ERR_CANCELLED)
        return fail_call(rc, NULL);
    if (!c->checkpoint)
        return fail(INTERRUPTED, "interrupted by %s; with --save there would be a checkpoint", stop_reason());
    rc = continual_save(c, under_way);
    if (rc != SNN_OK)
        return fail_call(rc, "interrupted, and the checkpoint could not be written");
    return fail(INTERRUPTED, "interrupted after %zu of %zu tasks%s by %s; to continue: snn continual --resume %s",
                continual_ended(c), c->tasks.count, under_way ? " and a part" : "", stop_reason(), c->checkpoint);
}

/* `begun`: a checkpoint was taken up in the middle of it. */
static int train_task(struct continual *c, size_t task, bool begun, snn_metrics *m)
{
    const uint64_t epochs = (uint64_t)config_whole(c->run.config, "epochs", 1);
    snn_dataset *data;
    snn_status rc = SNN_OK;
    int status = tasks_data(&c->tasks, task, SNN_SPLIT_TRAIN, &data);

    if (status != DONE)
        return status;
    if (!begun)
        rc = sequence_begin(&c->sequence, task, continual_batch(c));
    while (rc == SNN_OK && run_about(c->run.trainer).epochs < epochs)
        rc = snn_trainer_epoch(c->run.trainer, data, m);
    if (rc == SNN_OK)
        rc = snn_continual_end(c->run.sequence);
    snn_dataset_destroy(data);
    return rc == SNN_OK ? DONE : stopped(c, rc, true);
}

/* The passes of replay that are left after a task. */
static int replay(struct continual *c, size_t task)
{
    const size_t most = (size_t)config_whole(c->run.config, "continual.replay", 0);
    uint64_t pass;

    while ((pass = run_about(c->run.trainer).epochs) < sequence_replays(&c->sequence, task)) {
        snn_dataset *data;
        snn_status rc;

        if (tasks_memory(&c->tasks, sequence_remembered(task, pass), most, &data) != DONE)
            return FAILED;
        rc = sequence_replay(&c->sequence, task, pass, data);
        snn_dataset_destroy(data);
        if (rc != SNN_OK)
            return stopped(c, rc, false);
    }
    return DONE;
}

static int evaluate_task(struct continual *c, size_t task, size_t of)
{
    snn_dataset *data;
    snn_status rc;
    int status = tasks_data(&c->tasks, of, SNN_SPLIT_TEST, &data);

    if (status != DONE)
        return status;
    rc = sequence_evaluate(&c->sequence, task, of, data);
    snn_dataset_destroy(data);
    return rc == SNN_OK ? DONE : stopped(c, rc, false);
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

/* What follows the training of a task: replay, and how well all tasks so far are known. */
static int end_task(struct continual *c, size_t task, const snn_metrics *m)
{
    int status = replay(c, task);
    snn_status rc;

    for (size_t j = 0; status == DONE && j <= task; j++)
        status = evaluate_task(c, task, j);
    if (status != DONE)
        return status;
    report(c, task, m);
    rc = c->checkpoint ? continual_save(c, false) : SNN_OK;
    if (rc != SNN_OK)
        warn("no checkpoint: %s: %s", snn_status_name(rc), snn_last_error());
    return DONE;
}

/* True if task number `task` was evaluated on all tasks so far. */
static bool evaluated(const struct continual *c, size_t task)
{
    for (size_t j = 0; j <= task; j++)
        if (isnan(snn_continual_accuracy(c->run.sequence, task, j)))
            return false;
    return true;
}

int continual_run(struct continual *c)
{
    snn_metrics m = SNN_METRICS_INIT;
    bool under_way = false;
    int status = c->state ? continual_take_up(c, args_text(&c->args, "resume"), &under_way) : DONE;

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
