/* cmd_continual.c - snn continual: one network learns task after task. */
#include "command.h"
#include "continual.h"
#include "live_page.h"
#include "outputs.h"
#include "plot.h"
#include "ranks.h"
#include "train.h"

#include <stdlib.h>
#include <string.h>

/* Those of snn train go with it as well. */
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
    { "every", "N", NULL, "write MODEL.ckpt after every N epochs of a task, too; default 0: when a task has ended" },
    { "keep", NULL, NULL, "leave MODEL.ckpt when the sequence is complete" },
    { "csv", "FILE", NULL, "log of every epoch of all tasks; default: MODEL with .csv for .snn, if there is one" },
    { "raster", "FILE.svg", NULL, "draw what one test image of the last task does to the trained network" },
    { "test-every", "N", "test_every",
      "evaluate on the test set of the task after every N of its epochs; default 0: when it has ended" },
    { NULL, NULL, NULL, NULL },
};

/* ---- flags ---- */

static bool is_own(const char *name)
{
    for (const struct flag *f = own; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    return false;
}

/* Tasks have no teacher, one number of steps, and no page that is served. */
static bool goes_with_tasks(const char *name)
{
    static const char *const not [] = { "teacher", "train-steps" };

    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        if (strcmp(not [i], name) == 0)
            return false;
    return true;
}

/* Its own flags, then those of snn train that go with tasks. */
static const struct flag *all_flags(void)
{
    static struct flag all[96];
    size_t n = sizeof own / sizeof *own - 1;

    memcpy(all, own, sizeof own);
    for (const struct flag *f = train_flags; f->name && n < 95; f++)
        if (goes_with_tasks(f->name) && !is_own(f->name))
            all[n++] = *f;
    all[n] = own[sizeof own / sizeof *own - 1];
    return all;
}

/* The model; a checkpoint that goes on with the last task, or none. */
static int save(struct continual *c, const snn_continual_info *info)
{
    const char *packed = args_text(&c->args, "packed");
    snn_status rc = continual_note(c, info);

    if (rc == SNN_OK && c->model)
        rc = snn_network_save(c->run.network, c->model);
    if (rc == SNN_OK && packed)
        rc = snn_network_save_packed(c->run.network, packed);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int draw_raster(struct continual *c, const char *path)
{
    snn_dataset *data;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    int status = tasks_data(&c->tasks, c->tasks.count - 1, SNN_SPLIT_TEST, &data);

    if (status == DONE && snn_dataset_get_info(data, &info) == SNN_OK && (uint64_t)c->sample >= info.count)
        status = fail(USAGE, "--sample: the last task has %zu test images, there is no number %lld", info.count,
                      (long long)c->sample);
    if (status == DONE)
        status = plot_raster(path, &c->run, data, (size_t)c->sample);
    snn_dataset_destroy(data);
    return status;
}

static int draw(struct continual *c, const snn_continual_info *info)
{
    const char *matrix = args_text(&c->args, "matrix"), *curves = args_text(&c->args, "curves"),
               *raster = args_text(&c->args, "raster");
    int status = matrix ? plot_matrix(matrix, &c->run, c->tasks.count, info) : DONE;

    if (status == DONE && curves)
        status = plot_curves(curves, &c->history, c->run.config);
    return status == DONE && raster ? draw_raster(c, raster) : status;
}

static int conclude(struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;
    snn_status rc = snn_continual_get_info(c->run.sequence, &info);
    int status;

    if (!ranks_first())
        return rc == SNN_OK ? DONE : fail_call(rc, NULL);
    status = rc == SNN_OK ? save(c, &info) : fail_call(rc, NULL);

    if (status == DONE)
        status = draw(c, &info);
    if (status != DONE)
        return status;
    best_discard(&c->best); /* before the checkpoint, which needs it no more: who ends in between is resumed */
    if (c->saved && !args_has(&c->args, "keep"))
        output_remove(c->checkpoint);
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
        status = continual_read_checkpoint(c, args_text(&c->args, "resume"));
    if (status == DONE)
        status = continual_configure(c);
    if (status == DONE)
        status = args_whole(&c->args, "every", 0, 1000000, 0, &c->every);
    if (status == DONE)
        status = args_whole(&c->args, "sample", 0, INT32_MAX, 0, &c->sample);
    if (status == DONE)
        status = continual_name_files(c);
    c->quiet = args_has(&c->args, "quiet");
    c->json = args_has(&c->args, "json");
    progress_init(&c->progress, c->quiet, 0);
    if (status == DONE)
        status = continual_open(c);
    if (status == DONE && ranks_first())
        status = live_page_open(&c->server, &c->args,
                                live_page_run(&c->run, &c->history, c->model ? c->model : "continual"));
    if (status != DONE)
        return status;
    c->progress.epochs = (uint64_t)config_whole(c->run.config, "epochs", 1); /* of each task */
    stop_on_signals();
    status = continual_run(c);
    return status == DONE ? conclude(c) : status;
}

static int run_continual(int argc, char **argv)
{
    static struct continual c; /* once per process; too large for a stack */
    int status = continual(&c, argc, argv), closed = history_close(&c.history);

    server_close(c.server);
    if (tensorboard_close(&c.board) != DONE)
        closed = FAILED;
    tasks_close(&c.tasks);
    best_close(&c.best);
    free(c.model);
    free(c.checkpoint);
    free(c.csv);
    json_decref(c.state);
    run_close(&c.run);
    args_free(&c.args);
    return status == DONE ? closed : status;
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
    .ranks = RANKS_ALL,
    .run = run_continual,
};
