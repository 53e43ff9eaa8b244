/* Sums over shards in plain C: what the room of ranks has to give, bit by bit, whatever the number of ranks. */
#ifndef SNN_TESTS_RANKS_PLAIN_H
#define SNN_TESTS_RANKS_PLAIN_H

#include "ranks/ranks.h"

/* sum [wish->length] of `shards` leaves x [shards][length] times factor; residual [shards + 1][gradient] is changed
 * as the compression has it, and may be NULL for float32. */
void plain_sum(const struct snn__ranks_wish *wish, const float *x, float factor, float *residual, float *sum);

#endif
