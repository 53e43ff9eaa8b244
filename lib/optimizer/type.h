/* optimizer/type.h - what one rule of optimisation brings: a new one is a file with such a table, a line in list.h */
#ifndef SNN_OPTIMIZER_TYPE_H
#define SNN_OPTIMIZER_TYPE_H

#include "optimizer/optimizer.h"

/* One update as the rule sees it: schedule and clipping are already decided. */
struct snn__update {
    float lr;
    float scale; /* multiplies the gradient first: clipping by norm */
    float limit; /* largest absolute entry of the scaled gradient; 0: none */
    float *w;
    const float *g;
    size_t from, length; /* w and g are this part of the flat array */
    bool decays;         /* weight decay acts on it */
};

/* Bounds of an update's operands, with which moments stay finite and no weight moves farther than
 * SNN__OPTIMIZER_STEP. */
struct snn__bounds {
    float gradient; /* largest absolute entry, clipped */
    float weight;   /* largest absolute weight; FLT_MAX: any */
};

struct snn__optimizer_type {
    const char *name;  /* name by which it is selected */
    const char *text;  /* meaning, in one line */
    const char *owner; /* for messages: "optimizer NAME" */
    const struct snn__param *params;
    size_t n_params;
    /* Names the moments that the present settings need. */
    void (*moments)(const snn_optimizer *optimizer, struct snn__run *run);
    /* Have the settings changed since the moments were named, so that they do not suffice? NULL: they cannot. */
    snn_status (*check)(const snn_optimizer *optimizer, const struct snn__run *run);
    struct snn__bounds (*bounds)(const snn_optimizer *optimizer, double lr);
    /* Changes u->w and its part of the moments; run->updates counts the updates before this one. */
    void (*update)(const snn_optimizer *optimizer, struct snn__run *run, const struct snn__update *u);
};

/* Of the learning rate from epoch to epoch, schedule.c. */
#define SNN__SCHEDULES(X)                                       \
    X(constant, "the same in all epochs")                       \
    X(step, "times gamma every step_epochs epochs")             \
    X(multi_step, "times gamma at every one of the milestones") \
    X(cosine, "half a cosine down to lr_min over a given number of epochs")

/* Bounds that the tables share: numbers that stay finite as float, whole numbers that a double holds exactly. */
#define SNN__OPTIMIZER_LARGE 1e30
#define SNN__OPTIMIZER_BELOW_ONE 0x1.fffffep-1
#define SNN__OPTIMIZER_COUNT 0x1p53

/* Largest change of a weight by an update. Any weight then stays finite, as do its square and sums of a few. */
#define SNN__OPTIMIZER_STEP 1e18

/* The learning rate of update `update` of epoch `epoch`, schedule.c. */
double snn__schedule_rate(const struct snn__params *params, uint64_t epoch, uint64_t update);
/* True if `text` is a list of epochs, "60,120", or empty. */
bool snn__schedule_milestones_valid(const char *text);

/* Factor of the gradient that brings its norm down to clip_norm (1 if that is 0), clip.c. `norm` receives the norm
 * before, or 0. SNN_ERR_DIVERGED if an entry is not finite, or beyond `bound` where clipping does not keep it
 * there. */
snn_status snn__clip_scale(const snn_optimizer *optimizer, const struct snn__gradient *g, size_t n, float bound,
                           float *scale, double *norm);
/* SNN_ERR_DIVERGED if one of the weights w[n] is beyond `bound`. */
snn_status snn__clip_weights(const snn_optimizer *optimizer, const float *w, size_t n, float bound);

#endif
