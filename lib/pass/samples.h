/* pass/samples.h - many sweeps of errors for a few samples of a batch, then for the next ones.
 *
 * What belongs to a few samples stays in the second-level cache from sweep to sweep, where the arrays of a whole
 * batch do not. A thread takes all sweeps of its samples, so that none waits for another between layers. */
#ifndef SNN_PASS_SAMPLES_H
#define SNN_PASS_SAMPLES_H

#include "core/context.h"
#include "pass/pass.h"

struct snn__samples {
    snn_context ctx; /* like that of the pass, of one thread */
    size_t most;     /* samples at a time */
    size_t errors;   /* floats of one sample's errors */
    size_t bytes;    /* of scratch memory */

    /* of each thread */
    struct snn__pass *view;
    struct snn__unit *unit; /* [n] */
    float *error;           /* [most][errors] */
    char *scratch;          /* [bytes] */
};

/* After the units are planned: asks for the memory of the views. */
snn_status snn__samples_plan(struct snn__samples *s, const struct snn__pass *pass, struct snn__arena *arena);
/* Calls sweep(arg, view) for all samples of the batch: view->batch of them, from number view->sample on. It may send
 * errors down through the view, whose units have errors and scratch memory of their own. */
void snn__samples_run(struct snn__samples *s, struct snn__pass *pass,
                      void (*sweep)(void *arg, struct snn__pass *view), void *arg);

#endif
