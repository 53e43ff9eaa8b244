/* continual.h - one run of snn continual: its arguments, its tasks, its checkpoints. */
#ifndef SNN_TOOL_CONTINUAL_H
#define SNN_TOOL_CONTINUAL_H

#include "args.h"
#include "best.h"
#include "history.h"
#include "progress.h"
#include "sequence.h"
#include "tensorboard.h"

#define CONTINUAL_NOTE "tool.continual" /* of a checkpoint: how far the sequence is */

struct continual {
    struct args args;
    struct run run;
    struct tasks tasks;
    struct sequence sequence;
    struct progress progress;
    struct history history; /* of all epochs */
    struct tensorboard board;
    struct best best;               /* of the present task */
    struct server *server;          /* of --live, or NULL */
    char *model, *checkpoint, *csv; /* paths, or NULL */
    int64_t every, sample;
    uint64_t before;         /* epochs of the tasks that have ended */
    json_t *state;           /* of the checkpoint, or NULL */
    bool quiet, json, saved; /* the checkpoint is of this run */
};

/* ---- continual.c. Each step returns DONE, FAILED or USAGE and has said why */

/* With --resume: the settings of the checkpoint, and its position. */
int continual_read_checkpoint(struct continual *c, const char *path);
/* The names of the files that it writes, checked. */
int continual_name_files(struct continual *c);
int continual_configure(struct continual *c);
/* Data, network, trainer. */
int continual_open(struct continual *c);
/* Repeats the ended tasks of the checkpoint without training, then loads its numbers. */
int continual_take_up(struct continual *c, const char *path, bool *under_way);

/* Samples of a batch, tasks that have ended, and the accuracies after one of them. */
size_t continual_batch(const struct continual *c);
size_t continual_ended(const struct continual *c);
json_t *continual_accuracies(const struct continual *c, size_t task);
/* {"accuracy": [those after each task that has ended]} */
json_t *continual_table(const struct continual *c);
/* `here`: the network has the weights of the best epoch of the task. */
snn_status continual_save(struct continual *c, bool under_way, bool here);
/* What stays with the network: the accuracies, for snn report. */
snn_status continual_note(struct continual *c, const snn_continual_info *info);

/* ---- continual_tasks.c */

/* All tasks that are left. Returns DONE, FAILED, or INTERRUPTED with a checkpoint if there is a name for one. */
int continual_run(struct continual *c);

#endif
