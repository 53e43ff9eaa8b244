/* trainer/shards.h - batches that are cut into shards, and the ranks that train them together; docs/ranks.md.
 *
 * Shard s of S has samples s B / S .. (s + 1) B / S - 1 of a batch of B, and is run as a batch of its own. A rank has
 * a run of shards. Gradients, and changes of the state that training carries along, are summed over all shards in a
 * fixed order; then every rank makes the same update. */
#ifndef SNN_TRAINER_SHARDS_H
#define SNN_TRAINER_SHARDS_H

#include "core/arena.h"
#include "ranks/ranks.h"
#include <snn/trainer.h>

struct snn__batch;
struct snn__counts;
struct snn__fit_of;
struct snn__carried;
struct snn__kept;
struct snn__pass;
struct snn__result;
struct snn__unit;

struct snn__shards {
    snn_communicator given; /* the host's; struct_size 0: none */
    size_t n;               /* of every batch: 1, or `on` */
    size_t most;            /* samples of the largest one */
    bool on;                /* several shards, or several ranks */
    bool by_steps;          /* the method updates at every step */

    /* of the plan, where it is on */
    struct snn__ranks ranks;
    size_t floats;           /* of the state that is carried along, and differs from shard to shard */
    float *change;           /* [floats]: how a shard changed that state, and the mean over all */
    float *residual;         /* [parameters] where something is compressed: room for one of them */
    float *start;            /* by steps: the state at the beginning of the step, as undo has it */
    snn_trainer *replica;    /* [own - 1], by steps: a plan for each shard but the first; else NULL */
    struct snn__batch *part; /* [own], likewise */
    struct snn__result *result;
    struct snn__kept *held; /* counters before the batch, and room for them */
    struct snn__counts *counts;
    bool *left; /* [layers], of the present shard */
    struct snn__fit_of *fit;
    char *report, *reports; /* of the shards of this rank, and of all */
    size_t bytes;           /* of the report of one */

    bool agreed;    /* the ranks compared parameters and settings since they were loaded or planned */
    bool lost;      /* the communicator failed: the ranks may differ */
    bool stop;      /* the host's callback on this rank wants the epoch to end, */
    bool stopped;   /* and so does, or did, that of some rank */
    char text[512]; /* why a shard of this rank failed */
};

/* A shard that is being trained. */
struct snn__shard {
    struct snn__shards *of;
    size_t number; /* among those of this rank */
    float weight;  /* share of the batch's samples, */
    float factor;  /* by which its gradient is to be multiplied: that share, unless its errors have it */
    bool learned;  /* it has formed a gradient */
    bool *left;    /* [layers], the gradient has left already */
};

/* ---- shards_plan.c ---- */

/* Reads the parameters, for batches of so many samples. */
void snn__shards_read(snn_trainer *trainer, size_t batch);
/* What a cut batch does not go with. */
snn_status snn__shards_check(const snn_trainer *trainer);
snn_status snn__shards_no_observer(const snn_trainer *trainer);
/* Memory for the sums; after the arrays of the method. */
snn_status snn__shards_plan(snn_trainer *trainer, struct snn__arena *arena);
/* All ranks are planned, or none: `rc` is this one's. */
snn_status snn__shards_planned(snn_trainer *trainer, snn_status rc);
void snn__shards_release(struct snn__shards *shards);
/* What compression has lost so far is forgotten, or goes on in a new plan: then all ranks call it. */
void snn__shards_forget(snn_trainer *trainer);
snn_status snn__shards_go_on(snn_trainer *trainer, snn_trainer *before);
/* Some shard of n samples has a single one. */
bool snn__shards_have_one(const snn_trainer *trainer, size_t n);
/* Sample number in a batch of n at which shard s begins. */
size_t snn__shard_begins(const struct snn__shards *shards, size_t n, size_t s);

/* Those that this rank has: the first, and one past the last. */
size_t snn__own_begins(const struct snn__shards *shards, size_t n);
size_t snn__own_ends(const struct snn__shards *shards, size_t n);

/* ---- shards.c ---- */

/* Runs the shards of this rank, and takes part in the sums. */
snn_status snn__run_shards(snn_trainer *trainer, const struct snn__batch *batch, bool train,
                           struct snn__result *result);
/* For errors that are rounded: the share of the present shard, which its gradient then has; 1: there is no shard. */
float snn__shard_take_weight(snn_trainer *trainer);
/* A layer of the present shard has all of its gradient, which leaves at once. */
void snn__shard_layer_done(void *trainer, struct snn__pass *pass, struct snn__unit *unit);
/* All of them have, in pass->gradient: the rest goes into the sum, which will be there. */
snn_status snn__shard_learned(snn_trainer *trainer);

/* ---- shards_state.c: what training changes besides the gradient ---- */

/* Comes back to the beginning of the batch, or of the step. */
void snn__state_load(snn_trainer *trainer);
/* Keeps the present state as the beginning of a step. */
void snn__state_keep(snn_trainer *trainer);
/* shards->change: how far it went from there. */
void snn__state_change(snn_trainer *trainer);
/* Goes from there by the mean change of all shards. */
void snn__state_take(snn_trainer *trainer, const float *change);

/* ---- shards_report.c: what shards tell all ranks ---- */

size_t snn__report_bytes(const snn_trainer *trainer);
/* Report of shard `number` of this rank: it has no samples. */
void snn__report_nothing(struct snn__shards *shards, size_t number);
/* It failed: keeps the message. */
void snn__report_failure(snn_trainer *trainer, size_t number, snn_status rc, bool unread);
bool snn__report_failed(const struct snn__shards *shards);
/* It learned in this step. */
void snn__report_learned(struct snn__shards *shards, size_t number);
/* It was run by `of`, the trainer or a replica. */
void snn__report_result(struct snn__shards *shards, size_t number, const snn_trainer *of,
                        const struct snn__result *result);
/* Exchanges the reports. The failure of the lowest shard, on all ranks; learned: some shard did. */
snn_status snn__reports_exchange(snn_trainer *trainer, bool *learned);
/* Adds the counters and the results of all shards of a batch of n samples. */
void snn__reports_add(snn_trainer *trainer, size_t n, struct snn__result *result);
/* Own reports of so many bytes become those of all. */
snn_status snn__shards_gather(struct snn__shards *shards, size_t bytes);
/* Why shard number `shard` failed with `rc`, in the words of its rank; returns rc. All ranks call it. */
snn_status snn__shards_pass_on(snn_trainer *trainer, size_t shard, snn_status rc);
uint32_t snn__shard_rank(const struct snn__shards *shards, size_t shard);

/* shards_agree.c: a call of all ranks begins; `rc` is what this one found. The failure of the lowest rank, or
 * SNN_ERR_STATE where they are at different places. */
enum snn__call { SNN__CALL_STEP, SNN__CALL_EPOCH, SNN__CALL_EVALUATE };
snn_status snn__shards_agree(snn_trainer *trainer, snn_status rc, enum snn__call call,
                             const struct snn__batch *batch);

#endif
