/* optimizer/optimizer.h - inside of an optimizer, and the state of a run that it advances. */
#ifndef SNN_OPTIMIZER_OPTIMIZER_H
#define SNN_OPTIMIZER_OPTIMIZER_H

#include "core/name.h"
#include "core/param.h"
#include "core/status.h"
#include "kernel/rank_one.h"
#include <snn/optimizer.h>

#define SNN__MOMENTS_MAX 2

/* Entries [from, to) of the flat array of trained numbers. */
struct snn__span {
    size_t from, to;
};

/* Entries that are updated in another way than the rest, which decays at the learning rate itself. */
struct snn__apart {
    struct snn__span span;
    bool decays;
    float lr_scale; /* 0: they are not updated */
};

/* Everything that a checkpoint holds beyond the network: owned by a trainer. Moments are flat arrays over all trained
 * tensors, in the order of layers and tensors. */
struct snn__run {
    const char *method, *optimizer; /* names; optimizer NULL for a trainer that only evaluates */
    uint64_t epoch;                 /* completed epochs */
    uint64_t position;              /* place in the current epoch: samples trained or left out; 0: none is
                                       under way */
    uint64_t seen;                  /* samples of it that were trained */
    uint64_t samples, frames;       /* of the data set that it is over */
    uint64_t target_frames;         /* likewise; 0: it has labels */
    uint64_t updates;               /* optimizer updates so far */
    uint64_t batches;               /* training batches so far: names the streams of dropout and SLTT-K */
    double loss_sum, correct, top5; /* over the samples seen; top5 NaN: a checkpoint did not tell */
    size_t length;                  /* trained numbers */
    const struct snn__apart *apart; /* of which some are updated apart, in order */
    size_t n_apart;
    size_t n_moments;
    const char *moment_name[SNN__MOMENTS_MAX]; /* "velocity"; "mean", "square" */
    float *moment[SNN__MOMENTS_MAX];           /* [length] each */
};

struct snn_optimizer {
    snn_context *ctx;
    const struct snn__optimizer_type *type;
    struct snn__params params;
};

snn__names snn__optimizer_names, snn__schedule_names;

/* Sets the name, n_moments and moment_name (not the arrays) for this optimizer. */
void snn__optimizer_moments(const snn_optimizer *optimizer, struct snn__run *run);

/* An array over all trained numbers, of which parts, in order, are outer products instead: there it holds
 * anything. */
struct snn__gradient {
    const float *array;
    const struct snn__rank_one *rank_one;
    size_t n_rank_one;
};

/* w <- w after one update with gradient g, both [run->length]; advances the moments and run->updates. `norm` receives
 * the gradient's norm if clip_norm is set, else 0. Allocates nothing. SNN_ERR_DIVERGED, with nothing changed, if the
 * gradient is not finite, or so large that moments or weights would not be. */
snn_status snn__optimizer_update(const snn_optimizer *optimizer, struct snn__run *run, float *w,
                                 const struct snn__gradient *g, double *norm);

#endif
