/* cmd_continual.c - snn continual: one network learns task after task. */
#include "command.h"
#include "continual.h"
#include "plot.h"
#include "train.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int conclude(struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;
    snn_status rc = snn_continual_get_info(c->run.sequence, &info);

    if (rc == SNN_OK && c->model)
        rc = continual_note(c, &info);
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
        status = continual_read_checkpoint(c, args_text(&c->args, "resume"));
    if (status == DONE)
        status = continual_name_files(c);
    c->quiet = args_has(&c->args, "quiet");
    c->json = args_has(&c->args, "json");
    progress_init(&c->progress, c->quiet, 0);
    if (status == DONE)
        status = continual_configure(c);
    if (status == DONE)
        status = continual_open(c);
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
