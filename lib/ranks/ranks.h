/* ranks/ranks.h - sums and records over the ranks of a communicator.
 *
 * Work is cut into shards, 0 .. shards - 1, of which every rank owns a run. What shards give is added in a fixed
 * binary tree over their numbers, so that the bits of a sum do not depend on the number of ranks. docs/ranks.md has
 * the tree, the messages and their cost.
 *
 * Every rank makes the same calls in the same order. A failure of the communicator is final: it is returned by the
 * call that waits, and by every later one, and nothing is sent any more. */
#ifndef SNN_RANKS_RANKS_H
#define SNN_RANKS_RANKS_H

#include "core/context.h"
#include <snn/communicator.h>
#include <stdbool.h>

/* How shards' floats travel. Compressed ones carry what was lost, their residual, over to the next sum. */
enum snn__send { SNN__SEND_FLOAT32, SNN__SEND_BF16, SNN__SEND_SIGN };

struct snn__ranks_wish {
    size_t shards;       /* as many as ranks, or more */
    bool any_order;      /* the communicator adds in its order: bits depend on the number of ranks */
    enum snn__send send; /* of the gradient; float32 with any_order */
    size_t length;       /* floats of a sum, */
    size_t gradient;     /* of which so many, the first, are the gradient, which may be compressed */
    float *home;         /* [gradient] or NULL: where a rank with one shard sums it in place. Zero where nothing is
                          * given */
    size_t bucket;       /* floats that leave at once; 0: as many as are good */
};

/* The communicator, and its first failure, which stays. */
struct snn__link {
    snn_communicator to;
    snn_status rc;
    char why[320];
};

struct snn__ranks {
    uint32_t rank, size;
    size_t shards, first, own; /* all shards; this rank has first .. first + own - 1 */
    struct snn__link link;
    struct snn__ranks_wish wish;
    struct snn__ranks_room *room;
};

/* A communicator of the host, checked; `own` has the defaults of snn_communicator_init() where it is shorter. */
snn_status snn__communicator_read(snn_communicator *own, const snn_communicator *given);

/* The first shard of a rank; that of rank `size` is the number of shards. */
size_t snn__ranks_first(size_t shards, uint32_t size, uint32_t rank);

/* Takes all memory. c: a whole structure, copied; NULL: one rank. Tells nobody: snn__ranks_agree() is called next.
 * SNN_ERR_ARGUMENT (fewer shards than ranks), SNN_ERR_UNSUPPORTED (any_order with compression), SNN_ERR_MEMORY. */
snn_status snn__ranks_plan(struct snn__ranks *r, snn_context *ctx, const snn_communicator *c,
                           const struct snn__ranks_wish *wish);
/* Called by every rank when it is prepared, or could not be: `rc` says so, also where snn__ranks_plan() failed.
 * Returns rc if that is a failure, else SNN_ERR_STATE if another rank failed or wished something else. */
snn_status snn__ranks_agree(struct snn__ranks *r, snn_status rc);
/* Ends what is under way; also after a plan that failed, and for a structure of zeros. */
void snn__ranks_free(struct snn__ranks *r);

/* A sum: begin, give and poll as often as need be, end. None of them allocates. */
void snn__ranks_begin(struct snn__ranks *r);
/* Floats from .. to - 1 of own shard `shard`, 0 .. own - 1, are x[0 .. to - from - 1] * factor. Shards in order,
 * spans of a shard in any order, each float at most once. Full buckets of the last own shard leave at once. x is free
 * afterwards, unless it is in the home: then the sum replaces it. */
void snn__ranks_give(struct snn__ranks *r, size_t shard, const float *x, float factor, size_t from, size_t to);
/* Lets messages go on; cheap. */
void snn__ranks_poll(struct snn__ranks *r);
/* The sums of all shards, the same bits on all ranks; what was not given is 0. gradient [gradient], which may be the
 * home; rest [length - gradient]. Waits. */
snn_status snn__ranks_end(struct snn__ranks *r, float *gradient, float *rest);

/* Records: `bytes` bytes of every own shard become those of every shard, in order, all [shards * bytes]. Waits.
 * Also between begin and end of a sum. */
snn_status snn__ranks_gather(struct snn__ranks *r, const void *own, size_t bytes, void *all);

/* Residuals: one of each shard, and number `shards`, that of the sum, [gradient] floats each; 0 where nothing is
 * compressed. They change with every sum, and begin at zero. */
size_t snn__ranks_residuals(const struct snn__ranks *r);
/* Keeps all of them, and takes back what was kept: a batch that is refused changes none. */
void snn__ranks_keep(struct snn__ranks *r);
void snn__ranks_undo(struct snn__ranks *r);
/* out <- residual number `index`, on every rank; all call it. */
snn_status snn__ranks_residual(struct snn__ranks *r, size_t index, float *out);
/* The other way round, of this rank alone: it takes what is its own. */
void snn__ranks_set_residual(struct snn__ranks *r, size_t index, const float *in);

#endif
