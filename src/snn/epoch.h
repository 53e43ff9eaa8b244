/* epoch.h - one epoch of a run: its figures, and what judges it. */
#ifndef SNN_TOOL_EPOCH_H
#define SNN_TOOL_EPOCH_H

#include "best.h"
#include "history.h"

/* The row of the epoch that the run's trainer has ended, which nothing has judged yet. */
struct epoch_row epoch_row(const struct run *run, const snn_metrics *fit);

/* Evaluates the network that trains; `what` is for messages. Returns DONE, FAILED or INTERRUPTED. */
int epoch_evaluate(const struct run *run, const snn_dataset *data, const char *what, snn_metrics *m);

/* Validates and tests it on those of the two sets that are not NULL, into its row, and holds it against the best.
 * `held` receives the test. *better: it is the best so far. Returns as epoch_evaluate(). */
int epoch_judge(const struct run *run, const snn_dataset *validation, const snn_dataset *test, struct best *best,
                struct epoch_row *row, snn_metrics *held, bool *better);

#endif
