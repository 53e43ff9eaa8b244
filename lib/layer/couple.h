/* layer/couple.h - a second stage of a population: each neuron becomes a couple of neurons, one of either sign, that
 * turns errors into spikes. */
#ifndef SNN_LAYER_COUPLE_H
#define SNN_LAYER_COUPLE_H

#include "layer/layer.h"

struct snn__couple {
    float *sum;  /* sum_t decay^(T-t) s[t], [batch][n] */
    float *gate; /* first stage: spikes so far, of leaky neurons; then 1 / threshold where some but not all steps had
                    one, else 0 */
    float *answer; /* s of the last step, if it is observed */
};

snn_status snn__couple_plan(struct snn__couple *c, const struct snn__node *node, struct snn__arena *arena);
/* First stage, step `io`, which gave the spikes io->y. */
void snn__couple_count(struct snn__couple *c, const struct snn__node *node, const struct snn__io *io, float decay);
/* dx (+)= error at the current, from the error e at the output or from io->couples->mean.
 * `all` and the potentials are those of all samples. */
void snn__couple_adjoint(const struct snn__couple *all, const struct snn__node *node, struct snn__io *io, float decay,
                         float threshold, float *potentials, struct snn__signal e, float *dx, bool accumulate);

#endif
