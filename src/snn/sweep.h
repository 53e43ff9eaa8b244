/* sweep.h - one configuration trained with every combination of some settings, each in a folder of its own.
 *
 *   FOLDER/sweep.json                        the configuration, the settings that vary, the flags of snn train
 *   FOLDER/optimizer.lr=0.1,seed=2/          a run: config.json, model.snn, model.csv, output.txt, and model.snn.ckpt
 *                                            until it is complete
 *   FOLDER/table.csv, table.json             figures of each setting over its seeds, when all runs have ended */
#ifndef SNN_TOOL_SWEEP_H
#define SNN_TOOL_SWEEP_H

#include "args.h"

#include <sys/types.h>

struct trial {
    json_t *settings; /* "optimizer.lr" -> 0.1 */
    char *name;       /* "optimizer.lr=0.1,seed=2" */
    char *folder;
    json_t *figures; /* of its model, or NULL */
    pid_t child;     /* 0: none */
    bool began;
};

struct sweep {
    const char *folder;
    json_t *plan; /* "config", without what varies; "axes", lists of values by path; "flags" of snn train */
    struct trial *trial;
    size_t count;
    size_t at_once;
    uint32_t threads; /* of each */
    int lock;
    bool json, quiet;
};

/* Takes "--name a,b,c" out of the arguments and into "axes", where the setting is none that is a list itself. Both
 * return DONE, FAILED or USAGE. */
int sweep_axes(json_t *axes, const struct flag *flags, int *argc, char **argv);
/* Every combination of the plan, with names and folders. */
int sweep_trials(struct sweep *sweep);

/* Trains what is not complete, at_once at a time. INTERRUPTED, FAILED if any run was, or DONE. */
int sweep_train(struct sweep *sweep);

/* Writes both tables, and prints one. */
int sweep_table(const struct sweep *sweep);

#endif
