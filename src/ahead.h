/* ahead.h - threads that read the samples of the next batch while the present one is computed. */
#ifndef SNN_AHEAD_H
#define SNN_AHEAD_H

#include "slots.h"

struct snn__ahead;

/* A queue over `slots`, whose threads start with the first sample that is told. NULL: no memory for it. */
struct snn__ahead *snn__ahead_create(struct snn__slots *slots);

/* Ends the threads after the samples that they are reading. NULL is accepted. */
void snn__ahead_destroy(struct snn__ahead *ahead);

/* The sample is read soon, if there is room in the queue. From any thread. */
void snn__ahead_tell(struct snn__ahead *ahead, size_t index, uint64_t seed);

/* This process is a child of fork(), in which the threads do not live and the lock of the slots may be held for
 * ever. */
bool snn__ahead_left_behind(const struct snn__ahead *ahead);

#endif
