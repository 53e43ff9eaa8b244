/* train.h - one run of snn train: its arguments and files, and the objects that it opens. */
#ifndef SNN_TOOL_TRAIN_H
#define SNN_TOOL_TRAIN_H

#include "args.h"
#include "best.h"
#include "history.h"
#include "progress.h"
#include "run.h"
#include "tensorboard.h"

/* All of one run of the command. */
struct train {
    struct args args;
    struct run run;
    struct progress progress;
    struct history history;
    struct tensorboard board;
    struct best best;
    struct server *server; /* of --live, or NULL */
    const char *resume;
    char *model, *checkpoint, *csv; /* paths */
    int64_t every, sample;
    uint64_t saved; /* epochs done in the checkpoint, if it is of this run */
    bool owns;      /* this run wrote or resumed the checkpoint */
    bool chosen;    /* the network has the weights of the best epoch, not of the last */
    bool json, quiet, evaluated, silence_said;
    snn_metrics held; /* of the last evaluation */
};

extern const struct flag train_flags[]; /* NULL-ended */

/* After the flags: defaults, then the checkpoint's configuration, then the file, then the flags. */
int train_configure(struct train *t);
/* The names of the files that it writes, checked. */
int train_name_files(struct train *t);
int train_open_data(struct train *t);
int train_open_network(struct train *t);
/* Prepared, or taken up from the checkpoint. */
int train_open_trainer(struct train *t);

/* ---- train_epochs.c */

/* All epochs that are left; then the network is what becomes the model, and tested. Returns DONE, FAILED, or
 * INTERRUPTED with a checkpoint. */
int train_all(struct train *t);

/* ---- train_report.c: for people, or as JSON */

void train_announce(const struct train *t);
/* On the page of --live. */
void train_show(struct train *t);
void train_report(struct train *t, const struct epoch_row *row);
/* That patience has ended the run. */
void train_report_stop(struct train *t);
/* A population that never spikes passes no signal on. Says so once. */
void train_warn_of_silence(struct train *t);
void train_conclude(const struct train *t);

#endif
