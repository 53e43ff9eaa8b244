/* pass/blocks.h - an evaluation in blocks of samples: each thread takes a few samples through all steps.
 *
 * What such samples need stays in the second-level cache from layer to layer, where the arrays of a whole batch do
 * not, and no thread waits for another. Blocks have passes of their own, one of each thread, that keep nothing for
 * learning and read the weights of the pass that they belong to. */
#ifndef SNN_PASS_BLOCKS_H
#define SNN_PASS_BLOCKS_H

#include "core/context.h"
#include "pass/pass.h"

struct snn__blocks {
    snn_context ctx;        /* like that of the pass, of one thread */
    size_t most;            /* samples of a block; 0: there are none, the pass evaluates */
    struct snn__pass *pass; /* of each thread */
    float *output;          /* [T][B][len] */
    size_t outputs;         /* floats */
};

/* Samples of a block in batches of `batch`, by the sizes of the network alone; 0: where whole batches are faster,
 * since weights have more bytes than the signals of a block. */
size_t snn__blocks_most(const snn_network *net, size_t batch);
/* After the pass is committed. It may be planned for no more than a block, if blocks do all its evaluations. */
snn_status snn__blocks_plan(struct snn__blocks *blocks, const struct snn__pass *pass, size_t most, size_t batch);
void snn__blocks_free(struct snn__blocks *blocks, const struct snn__pass *pass);
size_t snn__blocks_bytes(const struct snn__blocks *blocks, const struct snn__pass *pass);

/* Brings the input of step t into `part`: part->batch samples from number `first` on. False: it failed, and the block
 * ends. */
typedef bool (*snn__feed_fn)(void *arg, struct snn__pass *part, size_t first, size_t t, size_t worker);
/* Evaluates the batch that began in the pass: its outputs and counters are then those of the blocks. */
void snn__blocks_run(struct snn__blocks *blocks, struct snn__pass *pass, bool is_static, snn__feed_fn feed,
                     void *arg);

#endif
