/* best.h - the best epoch of a run by its validation: its figure, its weights in a file, and when to stop. Without a
 * validation epochs are counted only. */
#ifndef SNN_TOOL_BEST_H
#define SNN_TOOL_BEST_H

#include "run.h"

#define BEST_NOTE "tool.best" /* of a checkpoint: the epochs that were judged, and the best of them */

struct best {
    bool judges;       /* there is a validation */
    bool by_loss;      /* the smallest loss; else the largest accuracy */
    bool keeps;        /* the weights, in the file */
    uint64_t patience; /* epochs without a better one before the run stops; 0: never */
    char *path;        /* MODEL.best */
    uint64_t epoch;    /* the best one, from 1; 0: none yet */
    double figure;     /* of it */
    uint64_t judged;   /* epochs */
};

/* What the configuration says; refuses what goes with a validation alone. `model`: the file of the run's model, or
 * NULL. Returns DONE, FAILED or USAGE. */
int best_open(struct best *best, const json_t *config, const char *model);
void best_close(struct best *best);
/* When the samples are known: those with targets have no accuracy. Returns DONE or USAGE. */
int best_fit(struct best *best, const json_t *config, const snn_dataset_info *samples);
/* Forgets the epochs so far: a task begins. */
void best_restart(struct best *best);

/* Counts an epoch, and holds it against the best so far; true if it is better. */
bool best_take(struct best *best, uint64_t epoch, const snn_metrics *validation);
/* True if the best epoch lies as far behind as patience allows. */
bool best_exhausted(const struct best *best);
/* "accuracy" or "loss". */
const char *best_by(const struct best *best);

/* Puts all that a resumed run needs into the network's notes, for the next checkpoint: `here` says that this has the
 * weights of the best epoch. */
snn_status best_note(const struct best *best, snn_network *network, bool here);
/* The same as an object. */
json_t *best_json(const struct best *best, bool here);
/* Takes it up from a checkpoint after so many epochs, whose weights the network has, and looks for those of the best
 * epoch. NULL: the checkpoint says nothing. Returns DONE or FAILED. */
int best_recall(struct best *best, const json_t *state, snn_network *network, uint64_t epochs);

/* Writes the weights of the best epoch, which the network has now; brings them back into it. */
int best_keep(const struct best *best, snn_network *network);
int best_bring_back(const struct best *best, struct run *run);
/* Removes the file, if there is one. */
void best_discard(const struct best *best);

#endif
