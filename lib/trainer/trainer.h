/* trainer/trainer.h - inside of a trainer. */
#ifndef SNN_TRAINER_TRAINER_H
#define SNN_TRAINER_TRAINER_H

#include "data/data.h"
#include "loss/loss.h"
#include "optimizer/optimizer.h"
#include "pass/blocks.h"
#include "pass/stream.h"
#include "projection/projection.h"
#include "trainer/shards.h"
#include <snn/trainer.h>
#include <stdatomic.h>

struct snn__rule;

/* An array that a method carries from batch to batch. */
struct snn__memory {
    char name[SNN__NAME_MAX + 16]; /* "LAYER.WHAT": in a checkpoint */
    size_t layer;
    bool side; /* the second one of the layer */
    uint32_t rows, columns;
    float bound; /* first values are uniform within it; 0: they are 0 */
    float *data; /* [rows][columns] */
};

/* An array that training changes before an update is accepted. */
struct snn__carried {
    float *data;
    size_t length;
    float *copy;           /* as the last accepted update left it */
    const char *of, *what; /* layer, and name */
    bool alike;            /* the same in every shard: it follows from parameters alone */
};

struct snn__undo {
    struct snn__carried *list;
    size_t n;
    float *copy;
    size_t floats;
    size_t varied; /* of them, those of what differs from shard to shard */
};

/* The failure of the lowest sample that a worker could not feed. */
struct snn__failure {
    snn_status rc; /* SNN_OK: none */
    size_t sample; /* of the batch */
    char text[512];
};

/* Samples of a call so far. */
struct snn__sums {
    bool training;
    uint64_t done, total;  /* place in the order of an epoch or evaluation */
    uint64_t seen, before; /* samples computed; of them, before this call */
    double loss;           /* over those seen */
    double correct, top;   /* likewise: samples whose label is the largest output, or among the five largest */
    double began;
};

/* fit.c: how far predictions are from targets, over the samples since the counters were cleared. */
struct snn__fit {
    uint64_t n; /* predictions; 0: there were labels */
    struct snn__fit_of {
        double square;       /* sum of the squared distances from the targets */
        double relative;     /* sum of |y - a| / (|y| + |a|) */
        double mean, spread; /* of the targets, and the sum of their squared distances from it */
    } * of;                  /* [classes] */
};

/* Counters of the equations that a method solved. */
struct snn__solves {
    uint64_t solves, iterations, failures;
    double residual, gap; /* the largest; the sum */
};

/* The saved counters of the current epoch. */
struct snn__kept {
    struct snn__counts *counts; /* [layers] */
    struct snn__fit fit;
    uint64_t neuron_steps, couple_steps;
    struct snn__solves solver;
};

/* The call that a trainer is in. */
enum snn__use {
    SNN__USE_NONE,
    SNN__USE_PROGRESS, /* between two batches of an epoch: the host is called */
    SNN__USE_LOOK,     /* the host evaluates there */
    SNN__USE_BATCH
};

/* A batch that the host takes in parts (split.c): forward, backward, update. */
enum snn__part { SNN__PART_NONE, SNN__PART_FORWARD, SNN__PART_BACKWARD };

struct snn__split {
    float *out;             /* forward: receives the outputs, [T][n][classes] */
    const float *error;     /* backward: the errors at the outputs, likewise */
    enum snn__part done;    /* the last part of the present batch */
    size_t samples, frames; /* of the last batch */
};

/* Samples that are trained in mixtures (mixup.c). */
struct snn__mixing {
    double alpha;      /* 0: they are not mixed */
    uint32_t *partner; /* [B], place of the other sample in the batch or shard */
    float *share;      /* [B], at least 1/2, of the sample itself */
};

struct snn_trainer {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer; /* NULL: an evaluator's */
    const struct snn__rule *rule;
    void *self; /* the rule's state */
    struct snn__params params;
    char owner[32];

    bool prepared;
    size_t batch_max, steps, classes;
    struct snn__pass pass;
    struct snn__blocks blocks; /* evaluate, where they are */
    struct snn__arena arena;
    struct snn_stream stream; /* of the host's time steps (stream.c); a batch or a new plan ends it */
    struct snn__loss loss;
    struct snn__projecting projecting;
    enum snn__readout readout; /* that the loss is of, and the class */
    bool looks_ahead;          /* the rule sees the input of all steps before the first of them runs */
    bool rates;                /* the loss is of the mean output, weighted by the shares of the last population */
    enum snn__encoder encoder;

    snn_trainer *teacher; /* or NULL */
    struct snn__mixing mixing;
    float *logits;   /* [B,classes], of the teacher for this batch, where the loss has a share of it */
    size_t n_logits; /* samples of which the host supplied them */

    /* Of this batch, as the host or the data set gives them. */
    const float *target;    /* [n][classes] of step 0, and target_pitch further on of the next one */
    size_t target_frames;   /* 1: one per sample; T: one per step; 0: there are labels */
    size_t target_pitch;    /* 0: one is there at a time */
    const uint32_t *labels; /* [n] of step 0, and label_pitch further on of the next one */
    size_t label_frames;    /* 1: one per sample; T: one per step; 0: there are none */
    size_t label_pitch;     /* 0: those of one step are there at a time, or of the samples */
    const uint32_t *length; /* [n], frames that each sample has; NULL: all */

    float *out_sum;        /* [B,classes]: sum of the outputs over the steps, or T times their mean by the rule's
                              shares; their maxima, or the last one */
    uint32_t *peak;        /* [B,classes], where maxima are read: their steps */
    float *sample;         /* [B,len]: samples as the data set delivers them */
    float *scratch;        /* [B,len] */
    float *step_out;       /* [classes], where outputs have a factor */
    uint32_t *label;       /* [B], of all steps where their outputs come in the end */
    uint32_t *length_room; /* [B], of a data set's samples */
    float *target_room; /* [B,classes], of a data set's samples; of all steps where their outputs come in the end */
    struct snn__failure *failure;   /* [threads] */
    bool unread;                    /* the last batch failed because of a sample */
    struct snn__undo undo;          /* of a trainer that learns */
    double *sums;                   /* [B] */
    double *room;                   /* [2][B][classes], of the loss */
    float *gradient_sum;            /* observers of single steps */
    struct snn__rank_one *rank_one; /* [layers]: gradients that are outer products */
    bool has_gradient;              /* the last step formed one */
    struct snn__split split;
    struct snn__shards shards;
    struct snn__shard *shard; /* that it trains at the moment; NULL: a whole batch, or none */

    struct snn__run run;
    struct snn__memory *memory; /* of the rule */
    size_t n_memory;
    struct snn__apart *apart;            /* of run */
    double step_loss;                    /* of the last step: what golden cases call loss[t] */
    double gradient_norm, learning_rate; /* of the last update */
    struct snn__solves solver;           /* since the counters were cleared */
    struct snn__fit fit;                 /* likewise */
    struct snn__kept kept;
    _Atomic int use; /* enum snn__use */

    snn_noise_fn noise;
    void *noise_user;
    snn_progress_fn progress;
    void *progress_user;
    unsigned observe;
    snn_observe_fn observer;
    void *observer_user;
    snn_phase observed; /* an observer is being called; 0: none is */
    size_t observed_step;
};

/* memory.c: the arrays of the method. Makes those that the parameters require, unless they exist. The old ones then
 * belong to the caller. */
snn_status snn__memory_renew(snn_trainer *trainer);
void snn__memory_free(snn_context *ctx, struct snn__memory *memory, size_t n);
/* Frees `old`, unless the trainer still has it. */
void snn__memory_free_old(const snn_trainer *trainer, struct snn__memory *old, size_t n);

/* trainer.c: the tensors whose update differs from that of the rest, by the layers as they are. */
void snn__trainer_find_apart(snn_trainer *trainer);

/* prepare.c: frees all that snn_trainer_prepare() made. */
void snn__trainer_release_plan(snn_trainer *trainer);

/* For checkpoints. The memory is that of the present parameters: made, or made anew, where it differs. */
snn_status snn__trainer_remember(snn_trainer *trainer);
struct snn__run *snn__trainer_run(snn_trainer *trainer);
snn_network *snn__trainer_network(const snn_trainer *trainer);

/* The samples of a batch: the host's arrays, or a data set. */
struct snn__batch {
    const float *x; /* [frames][n][C,H,W], or NULL */
    size_t frames;
    const uint32_t *label; /* [label_frames][n], or NULL */
    size_t label_frames;
    const float *target; /* [target_frames][n][classes], or NULL */
    size_t target_frames;
    const uint32_t *length; /* [n], or NULL: all frames */
    const snn_dataset *dataset;
    uint64_t first; /* position of the batch in the epoch */
    uint64_t count; /* samples of the data set */
    bool shuffled, augment;
    uint64_t epoch;
    size_t n;     /* samples of this batch, */
    size_t whole; /* and of the whole one of which it is a shard: the pitch of the host's arrays, */
    size_t from;  /* and the number of its first sample there */
};

/* Steps of a batch that have a label or a target of their own; 1: the samples have. */
static inline size_t snn__aim_frames(const struct snn__batch *batch)
{
    return batch->label != NULL ? batch->label_frames : batch->target_frames;
}

/* Loss and score of a batch. */
struct snn__result {
    double loss; /* mean over the batch, summed over the trained steps */
    /* samples whose label is the largest output, or among the five largest; of one with a label for each step the
     * share of its steps */
    double correct, top;
};

/* feed.c: position in the data set of sample `at` of an epoch. */
size_t snn__batch_sample(const snn_trainer *trainer, const struct snn__batch *batch, uint64_t at);
/* feed.c: brings the input of step t into the pass, unless it is there, and the target of a data set. */
snn_status snn__feed(snn_trainer *trainer, const struct snn__batch *batch, size_t t);
/* Evaluates the batch that began in the pass, all steps, in blocks that are fed in the same way. */
snn_status snn__feed_blocks(snn_trainer *trainer, const struct snn__batch *batch);

/* mixup.c */
/* The batch in the pass is one of mixtures. */
static inline bool snn__mixes(const snn_trainer *trainer)
{
    return trainer->mixing.alpha > 0 && trainer->pass.training;
}
/* Mixes the input of step t, which was just brought into the pass, if the batch is one of mixtures. */
snn_status snn__mix(snn_trainer *trainer, const struct snn__batch *batch, size_t t);
/* Checks the settings. */
snn_status snn__mixup_check(const snn_trainer *trainer);
/* A number of Beta(alpha, alpha), alpha >= 0.001, for sample `number` of a batch. */
double snn__mixup_beta(double alpha, uint64_t seed, uint64_t batch, uint64_t number);

/* batch.c: samples of `frames` frames are the same input at every step. */
bool snn__is_static(const snn_trainer *trainer, size_t frames);
/* The batch norm that has one value per channel, which is no statistic, in a batch of one sample; or NULL. */
const snn_layer *snn__norm_of_one(const snn_trainer *trainer, bool is_static);
/* Runs one batch through the network, and trains on it if `train`: the shards of this rank, where it is cut, and all
 * ranks do. A failure leaves all state of the training unchanged; unread: the failure was a sample's. */
snn_status snn__run_batch(snn_trainer *trainer, struct snn__batch *batch, bool train, struct snn__result *result);
/* Evaluates a batch, or a part of one, for this rank alone. */
snn_status snn__run_part(snn_trainer *trainer, const struct snn__batch *batch, struct snn__result *result);
/* Trains on a part: up to its gradient, and whatever it changes besides. The caller undoes that after a failure. */
snn_status snn__train_part(snn_trainer *trainer, const struct snn__batch *batch, struct snn__result *result);
/* The same step by step: begin; run_step() for all of them, whose losses add up; end. */
snn_status snn__begin_part(snn_trainer *trainer, const struct snn__batch *batch);
snn_status snn__run_step(snn_trainer *trainer, const struct snn__batch *batch, size_t t, bool train,
                         struct snn__result *result);
snn_status snn__end_part(snn_trainer *trainer, const struct snn__batch *batch, bool train,
                         struct snn__result *result);
/* A batch that is trained begins, and ends with `rc`: its state is kept before, and comes back if it failed. */
snn_status snn__begin_training(snn_trainer *trainer, const struct snn__batch *batch);
snn_status snn__end_training(snn_trainer *trainer, snn_status rc);

/* step.c: reads a batch of the host, without labels and targets, and checks it. */
snn_status snn__take_batch(const snn_trainer *trainer, struct snn__batch *to, const snn_batch *given);

/* split.c: gives the output of step t to the host, and takes the error at it. */
void snn__split_output(snn_trainer *trainer, size_t t);
static inline bool snn__splits(const snn_trainer *trainer)
{
    return trainer->split.out != NULL || trainer->split.error != NULL;
}

/* undo.c: a refused update changes nothing. Planned before the arena is committed, and after. */
snn_status snn__undo_plan(snn_trainer *trainer, struct snn__arena *arena);
void snn__undo_planned(snn_trainer *trainer);
/* Copies the present state, to which undoing comes back. */
void snn__undo_keep(snn_trainer *trainer);
void snn__undo(snn_trainer *trainer);
/* SNN_ERR_DIVERGED if state that persists is not finite. */
snn_status snn__undo_check(const snn_trainer *trainer);

/* judge.c */
/* Targets of the outputs of step t, [n,classes]; NULL: there are labels. */
const float *snn__target(const snn_trainer *trainer, size_t t);
/* Outputs of a layer, as many as the network has, that are to be judged. */
struct snn__outcome {
    size_t layer, step; /* step == steps: the mean */
    struct snn__signal out;
    double weight;
    float *error; /* receives the weighted error at the outputs; or NULL */
    double *sums; /* [B], receives the loss of every sample */
};
/* The weighted loss of this batch. */
snn_status snn__judge(snn_trainer *trainer, const struct snn__outcome *of, double *loss);
/* Of step t, into trainer->step_loss, and the error at its output. */
snn_status snn__judge_step(snn_trainer *trainer, size_t t, bool error);
/* The weight of a step's loss. */
double snn__weight_of_step(const snn_trainer *trainer);
/* Checks that the loss and the method take the targets and lengths of this batch. */
snn_status snn__check_judging(const snn_trainer *trainer);

/* readout.c */
/* Steps at which the network has an output; share of step t in what they come to. */
size_t snn__outputs(const snn_trainer *trainer);
double snn__step_share(const snn_trainer *trainer, size_t t);
/* Sample b has an output at step t that counts. */
bool snn__has_step(const snn_trainer *trainer, size_t t, size_t b);
/* The loss of step t counts for some sample, where steps have losses. */
bool snn__step_counts(const snn_trainer *trainer, size_t t);
/* The outputs of all steps must be there before the loss is known. */
static inline bool snn__judges_at_end(const snn_trainer *trainer)
{
    return trainer->readout != SNN__READOUT_step && trainer->readout != SNN__READOUT_last;
}
/* Takes the outputs of step t into out_sum; what out_sum of a sample is multiplied by, 0: it has no output. */
void snn__gather(snn_trainer *trainer, size_t t);
float snn__outcome_factor(const snn_trainer *trainer, size_t b);
/* The loss of what all outputs come to, and the errors at the outputs of all steps. */
snn_status snn__judge_outcome(snn_trainer *trainer, bool error, double *loss);

/* fit.c */
/* The outputs of step t, or where t is `steps` what all come to, against their targets. */
void snn__fit_add(snn_trainer *trainer, size_t t);
void snn__fit_clear(struct snn__fit *fit, size_t classes);
/* Adds what another set of predictions has. */
void snn__fit_merge(struct snn__fit *to, const struct snn__fit *from, size_t classes);
void snn__fit_copy(struct snn__fit *to, const struct snn__fit *from, size_t classes);
/* NaN without targets. */
double snn__fit_square(const struct snn__fit *fit, size_t classes);
double snn__fit_smape(const struct snn__fit *fit, size_t classes);
double snn__fit_r2(const struct snn__fit *fit, size_t classes);

/* teacher.c: brings the logits of this batch into trainer->logits. */
snn_status snn__ask_teacher(snn_trainer *trainer, const struct snn__batch *batch);

/* metrics.c; the caller's structure may be NULL */
snn_status snn__check_metrics(const snn_metrics *metrics);
void snn__fill_metrics(const snn_trainer *trainer, const struct snn__sums *sums, snn_metrics *metrics);
void snn__clear_counters(snn_trainer *trainer);
/* All counters to `to`, and back. */
void snn__save_counters(const snn_trainer *trainer, struct snn__kept *to);
void snn__restore_counters(snn_trainer *trainer, const struct snn__kept *from);
/* The counters of the current epoch, while an evaluation counts: saved, restored, set to zero. */
void snn__keep_counters(snn_trainer *trainer);
void snn__take_counters(snn_trainer *trainer);
void snn__forget_counters(snn_trainer *trainer);

/* step.c: SNN_ERR_STATE if it is not prepared, or cannot `train`. */
snn_status snn__check_ready(const snn_trainer *trainer, bool train);

/* epoch.c: no epoch is under way any more. */
void snn__end_epoch(snn_trainer *trainer);

/* use.c: SNN_ERR_ARGUMENT for a trainer that is NULL. */
snn_status snn__no_trainer(void);
/* A call begins to compute. SNN_ERR_STATE while another one computes, except for evaluations in the progress callback
 * of an epoch. SNN_ERR_ARGUMENT if the trainer is NULL. */
snn_status snn__trainer_enter(snn_trainer *trainer, bool looks);
/* The call ends with status `rc`, which is returned. */
snn_status snn__trainer_leave(snn_trainer *trainer, snn_status rc);
/* SNN_ERR_STATE if it is at more than `most`; it may be NULL, too. */
snn_status snn__trainer_check_use(const snn_trainer *trainer, enum snn__use most);
/* SNN_ERR_STATE if it is an evaluator. */
snn_status snn__trainer_check_learns(const snn_trainer *trainer);

/* Calls the observer, if there is one. */
void snn__observe(snn_trainer *trainer, snn_phase phase, size_t step);

#endif
