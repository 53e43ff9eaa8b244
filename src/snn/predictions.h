/* predictions.h - what a network makes of the samples of a data set, one after the other. */
#ifndef SNN_TOOL_PREDICTIONS_H
#define SNN_TOOL_PREDICTIONS_H

#include "run.h"

/* Predictions of a batch. */
struct predictions {
    size_t first, n;        /* samples */
    size_t steps;           /* 1, or T where every step has a label or target */
    size_t outputs;         /* numbers of a prediction */
    const float *output;    /* [n,steps,outputs] as the loss compares them: means, sums, last ones or maxima of the
                               steps;    NaN past the end of a sample */
    const uint32_t *length; /* [n] steps of each sample, at most `steps` */
    const uint32_t *class;  /* [n,steps] the first of the largest outputs; NULL with targets */
    const uint32_t *label;  /* [n] of the samples; NULL with targets or labels of steps */
};

struct predictor;

/* Makes room for batches of so many samples of `data`, the run's trainer being not prepared yet. NULL after a
 * message. */
struct predictor *predictor_open(struct run *run, const snn_dataset *data, size_t batch);
/* Calls `each` with all samples in their order, until it fails; the trainer is prepared for the batch. Returns what
 * it returned, or INTERRUPTED after a signal. */
int predictor_run(struct predictor *p, int (*each)(void *user, const struct predictions *of), void *user);
void predictor_close(struct predictor *p);

#endif
