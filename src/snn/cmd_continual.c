/* cmd_continual.c - snn continual: one network learns task after task. */
#include "command.h"
#include "outputs.h"
#include "params.h"
#include "plot.h"
#include "progress.h"
#include "sequence.h"
#include "svg.h"
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTE "tool.continual" /* of a checkpoint: how far the sequence is */

/* Those of snn train that say how a network learns go with it as well. */
static const struct flag own[] = {
    { "data", "FORMAT:DIR", "data", "what the tasks are made of; default: Debian's dataset-fashion-mnist" },
    { "net", "NOTATION", "network", "as in snn train, its last layer the head of all tasks; default 784-800-800-10" },
    { "tasks", "K", "continual.tasks", "number of tasks; default: all that the data make, or 3 permutations" },
    { "classes", "N", "continual.classes", "each task has N classes of the data; default: each permutes the pixels" },
    { "sets", "FORMAT:DIR,...", "continual.sets",
      "a data set for each task; a folder may be below that of --data. Smaller images get zeros around them" },
    { "heads", NULL, "continual.heads", "a readout for each task; else one for all" },
    { "rows", "M,M,...", "continual.rows",
      "lateral neurons of task 1 for each layer that may have them; default: no projection" },
    { "more", "M,M,.../...", "continual.more",
      "those that tasks 2, 3, ... add, the last list all further ones; default: as --rows" },
    { "hebb-lr", "X,X,...", "continual.hebb_lr",
      "learning rates of their weights, one for each layer; default: projection.lr" },
    { "task-lr", "X,X,...", "continual.lr",
      "learning rates of tasks 1, 2, ..., the last one that of all further ones; default: --lr" },
    { "replay", "N", "continual.replay",
      "after each task but the first, train on the first N samples of every class of all tasks; default 0" },
    { "replay-epochs", "N", "continual.replay_epochs", "default 20" },
    { "replay-lr", "X", "continual.replay_lr", "default: a tenth of the task's" },
    { "trainer", "METHOD", "trainer.method", "default ottt" },
    { "epochs", "N", "epochs", "passes over the training set of each task; default 1" },
    { "batch", "N", "batch", "samples per update; default 64" },
    { "steps", "T", "trainer.steps", "time steps per sample; default 6" },
    { "loss", "NAME", "trainer.loss", "default ce" },
    { "momentum", "X", "optimizer.momentum", "default 0" },
    { "schedule", "NAME", "optimizer.schedule", "default constant" },
    { "matrix", "FILE.svg", NULL, "draw the accuracies on every task after every task" },
    { "save", "MODEL", NULL,
      "file for the network at the end; MODEL.ckpt until then, after every task and when interrupted" },
    { "resume", "FILE", NULL, "continue from such a checkpoint, whose settings cannot be changed" },
    { "json", NULL, NULL, "one JSON object per line on standard output, for machines" },
    { "quiet", NULL, NULL, "only the last line" },
    { NULL, NULL, NULL, NULL },
};

struct continual {
    struct args args;
    struct run run;
    struct tasks tasks;
    struct sequence sequence;
    struct progress progress;
    char *model, *checkpoint; /* paths, or NULL */
    json_t *state;            /* of the checkpoint, or NULL */
    bool quiet, json, saved;  /* the checkpoint is of this run */
};

/* ---- flags ---- */

static bool is_own(const char *name)
{
    for (const struct flag *f = own; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    return false;
}

/* Weights from elsewhere are for a network without heads, and tasks have no teacher. */
static bool goes_with_tasks(const struct flag *flag)
{
    return flag->path && strcmp(flag->name, "start") != 0 && strcmp(flag->name, "teacher") != 0;
}

/* Its own flags, then those of snn train that go with tasks. */
static const struct flag *all_flags(void)
{
    static struct flag all[64];
    size_t n = sizeof own / sizeof *own - 1;

    memcpy(all, own, sizeof own);
    for (const struct flag *f = train_flags; f->name && n < 63; f++)
        if (goes_with_tasks(f) && !is_own(f->name))
            all[n++] = *f;
    all[n] = own[sizeof own / sizeof *own - 1];
    return all;
}

/* ---- settings ---- */

/* Settings from the library's defaults, the file and the flags. */
static int begin_config(struct continual *c)
{
    json_t *config = c->run.config = json_object();

    config_set(config, "network", json_string("784-800-800-10"));
    config_set(config, "epochs", json_integer(1));
    config_set(config, "batch", json_integer(64));
    config_set(config, "trainer.loss", json_string("ce"));
    config_set(config, "optimizer.name", json_string("sgd"));
    config_set(config, "optimizer.momentum", json_real(0));
    config_set(config, "optimizer.schedule", json_string("constant"));
    if (c->args.count && config_merge_file(config, c->args.positional[0]) != DONE)
        return FAILED;
    config_merge(config, c->args.config);
    if (config_get(config, "continual.sets") && !config_get(config, "data.dir"))
        config_set(config, "data.dir", json_string(".")); /* below which their folders are */
    config_complete(config);
    return DONE;
}

static int configure(struct continual *c)
{
    if (c->state) /* the checkpoint has a whole one */
        config_merge(c->run.config, c->args.config);
    else if (begin_config(c) != DONE)
        return FAILED;
    if (config_whole(c->run.config, "batch", 0) < 1 || config_whole(c->run.config, "epochs", 0) < 1)
        return fail(FAILED, "batch and epochs must be at least 1");
    return DONE;
}

static int open_all(struct continual *c)
{
    int status = run_context(&c->run);
    snn_status rc;

    if (status == DONE)
        status = tasks_open(&c->tasks, &c->run);
    if (status == DONE)
        status = sequence_open(&c->sequence, &c->run, c->tasks.count);
    if (status != DONE)
        return status;
    rc = snn_trainer_on_progress(c->run.trainer, progress_show, &c->progress);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* Of the task that has the fewest samples, none of which a batch exceeds. */
static size_t batch_of(const struct continual *c)
{
    return (size_t)(c->run.train ? run_batch(&c->run, c->run.train) : config_whole(c->run.config, "batch", 64));
}

/* ---- checkpoints ---- */

static size_t ended(const struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;

    return snn_continual_get_info(c->run.sequence, &info) == SNN_OK ? (size_t)info.ended : 0;
}

/* A[task][0 .. task], null where it was not measured. */
static json_t *accuracies(const struct continual *c, size_t task)
{
    json_t *row = json_array();

    for (size_t j = 0; j <= task; j++) {
        double a = snn_continual_accuracy(c->run.sequence, task, j);

        json_array_append_new(row, isnan(a) ? json_null() : json_real(a));
    }
    return row;
}

static snn_status set_note(struct continual *c, const char *key, char *text)
{
    snn_status rc = text ? snn_network_set_note(c->run.network, key, text) : SNN_ERR_MEMORY;

    free(text);
    return rc;
}

static snn_status save_checkpoint(struct continual *c, bool under_way)
{
    json_t *state = json_pack("{s:I, s:b, s:[]}", "ended", (json_int_t)ended(c), "under_way", under_way, "accuracy");
    snn_status rc;

    for (size_t task = 0; task < ended(c); task++)
        json_array_append_new(json_object_get(state, "accuracy"), accuracies(c, task));
    json_object_set_new(state, "files", outputs_note(c->args.own, c->checkpoint));
    rc = set_note(c, CONFIG_NOTE, config_note(c->run.config));
    if (rc == SNN_OK)
        rc = set_note(c, NOTE, json_dumps(state, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    if (rc == SNN_OK)
        rc = snn_trainer_save(c->run.trainer, c->checkpoint);
    c->saved = c->saved || rc == SNN_OK;
    json_decref(state);
    return rc;
}

/* Reads the settings of the checkpoint, and its position. */
static int read_checkpoint(struct continual *c, const char *path)
{
    static const char *const key[2] = { CONFIG_NOTE, NOTE };
    char *text[2];
    int status;

    if (json_object_get(c->args.config, "continual") || config_get(c->args.config, "network") || c->args.count)
        return fail(USAGE, "--net, a configuration and what makes the tasks do not go with --resume: the checkpoint "
                           "holds them");
    status = run_notes_of(path, key, text, 2);
    if (text[0] && status == DONE)
        status = config_parse_run(&c->run.config, text[0], path);
    c->state = text[1] ? json_loads(text[1], 0, NULL) : NULL;
    free(text[0]);
    free(text[1]);
    if (status == DONE && (!c->run.config || !json_is_object(c->state)))
        return fail(FAILED, "%s: is not a checkpoint of snn continual", path);
    return status == DONE ? outputs_recall(c->args.own, json_object_get(c->state, "files"), path) : status;
}

/* Repeats the ended tasks without training, then loads the numbers of all arrays. */
static int take_up(struct continual *c, const char *path, bool *under_way)
{
    size_t done = (size_t)json_integer_value(json_object_get(c->state, "ended"));
    snn_status rc = SNN_OK;

    *under_way = json_is_true(json_object_get(c->state, "under_way"));
    if (done > c->tasks.count - *under_way)
        return fail(FAILED, "%s: %zu tasks of %zu have ended", path, done, c->tasks.count);
    for (size_t task = 0; task < done + *under_way && rc == SNN_OK; task++) {
        const json_t *row = json_array_get(json_object_get(c->state, "accuracy"), task);

        rc = sequence_begin(&c->sequence, task, batch_of(c));
        if (rc == SNN_OK && task < done)
            rc = snn_continual_end(c->run.sequence);
        for (size_t j = 0; j < json_array_size(row) && rc == SNN_OK; j++)
            if (json_is_number(json_array_get(row, j)))
                rc = snn_continual_record(c->run.sequence, task, j, json_number_value(json_array_get(row, j)));
    }
    if (rc == SNN_OK)
        rc = snn_trainer_load(c->run.trainer, path);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (!c->quiet && !c->json)
        printf("resumed  %s: %zu of %zu tasks done\n", path, done, c->tasks.count);
    return DONE;
}

/* The paths of model and checkpoint: with --resume, those that it came from. */
static int name_files(struct continual *c)
{
    const char *save = args_text(&c->args, "save"), *from = args_text(&c->args, "resume");
    size_t length = from ? strlen(from) : 0;
    const char *matrix = args_text(&c->args, "matrix");
    bool ckpt = length > 5 && strcmp(from + length - 5, ".ckpt") == 0;
    int status;

    if (save || ckpt) {
        c->model = save ? renamed(save, "", "") : renamed(from, ".ckpt", "");
        c->checkpoint = c->model ? renamed(c->model, "", ".ckpt") : NULL;
        if (!c->checkpoint)
            return fail(FAILED, "out of memory");
        c->saved = ckpt && strcmp(from, c->checkpoint) == 0;
    }
    status = outputs_check((const struct output[]){ { "model", c->model, true },
                                                    { "checkpoint", c->checkpoint, true },
                                                    { "--matrix", matrix, false } },
                           3);
    return status == DONE ? svg_check_name(matrix) : status;
}

/* ---- running ---- */

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
    rc = save_checkpoint(c, under_way);
    if (rc != SNN_OK)
        return fail_call(rc, "interrupted, and the checkpoint could not be written");
    return fail(INTERRUPTED, "interrupted after %zu of %zu tasks%s by %s; to continue: snn continual --resume %s",
                ended(c), c->tasks.count, under_way ? " and a part" : "", stop_reason(), c->checkpoint);
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
        rc = sequence_begin(&c->sequence, task, batch_of(c));
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
                            "accuracy", accuracies(c, task)),
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
    rc = c->checkpoint ? save_checkpoint(c, false) : SNN_OK;
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

static int run_tasks(struct continual *c)
{
    snn_metrics m = SNN_METRICS_INIT;
    bool under_way = false;
    int status = c->state ? take_up(c, args_text(&c->args, "resume"), &under_way) : DONE;

    if (status == DONE && ended(c) > 0 && !evaluated(c, ended(c) - 1))
        status = end_task(c, ended(c) - 1, &m);
    for (size_t task = ended(c); status == DONE && task < c->tasks.count; task++) {
        status = train_task(c, task, under_way, &m);
        under_way = false;
        if (status == DONE)
            status = end_task(c, task, &m);
    }
    return status;
}

/* The accuracies stay with the network, for snn report. */
static snn_status note_tasks(struct continual *c, const snn_continual_info *info)
{
    json_t *tasks =
        json_pack("{s:[], s:o, s:o}", "accuracy", "acc", json_figure(info->acc), "bwt", json_figure(info->bwt));
    snn_status rc = snn_network_set_note(c->run.network, NOTE, NULL);

    for (size_t task = 0; task < ended(c); task++)
        json_array_append_new(json_object_get(tasks, "accuracy"), accuracies(c, task));
    if (rc == SNN_OK)
        rc = set_note(c, TASKS_NOTE, json_dumps(tasks, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    json_decref(tasks);
    return rc;
}

static int conclude(struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;
    snn_status rc = snn_continual_get_info(c->run.sequence, &info);

    if (rc == SNN_OK && c->model)
        rc = note_tasks(c, &info);
    if (rc == SNN_OK && c->model)
        rc = snn_network_save(c->run.network, c->model);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (args_has(&c->args, "matrix") &&
        plot_matrix(args_text(&c->args, "matrix"), &c->run, c->tasks.count, &info) != DONE)
        return FAILED;
    if (c->saved)
        unlink(c->checkpoint);
    if (c->json) {
        json_line(
            json_pack("{s:s, s:o, s:o}", "event", "end", "acc", json_figure(info.acc), "bwt", json_figure(info.bwt)),
            9);
        return DONE;
    }
    printf("ACC %.2f%%", 100 * info.acc);
    if (c->tasks.count > 1)
        printf("  BWT %.2f%%", 100 * info.bwt);
    printf("\n");
    return DONE;
}

static int continual(struct continual *c, int argc, char **argv)
{
    int status = args_parse(&c->args, all_flags(), true, 1, argc, argv);

    if (status == DONE && args_has(&c->args, "resume"))
        status = read_checkpoint(c, args_text(&c->args, "resume"));
    if (status == DONE)
        status = name_files(c);
    c->quiet = args_has(&c->args, "quiet");
    c->json = args_has(&c->args, "json");
    progress_init(&c->progress, c->quiet, 0);
    if (status == DONE)
        status = configure(c);
    if (status == DONE)
        status = open_all(c);
    if (status != DONE)
        return status;
    c->progress.epochs = (uint64_t)config_whole(c->run.config, "epochs", 1); /* of each task */
    stop_on_signals();
    status = run_tasks(c);
    return status == DONE ? conclude(c) : status;
}

static int run_continual(int argc, char **argv)
{
    static struct continual c; /* once per process; too large for a stack */
    int status;

    status = continual(&c, argc, argv);
    tasks_close(&c.tasks);
    free(c.model);
    free(c.checkpoint);
    json_decref(c.state);
    run_close(&c.run);
    args_free(&c.args);
    return status;
}

const struct command continual_command = {
    .name = "continual",
    .does = "train task after task, with or without a projection",
    .usage = "[CONFIG.json] [FLAGS]",
    .about =
        "Trains one network on K tasks, one after the other: permutations of the pixels of the data, of which the "
        "first leaves them, some of its classes at a time (--classes), or one data set after the other (--sets). "
        "Lateral neurons (--rows) keep later tasks out of what earlier ones use; without them the network "
        "forgets. Prints the accuracy on every task after every task, their mean at the end (ACC), and what was "
        "lost since (BWT).",
    .all_flags = all_flags,
    .parameters = true,
    .run = run_continual,
};
