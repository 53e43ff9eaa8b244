/* augment.h - random changes of the events of a sample while training reads it. */
#ifndef SNN_EVENTS_AUGMENT_H
#define SNN_EVENTS_AUGMENT_H

#include "sample.h"

/* Changes the events of a sample as the parameters of the frames say, by random numbers of `seed` alone, and leaves
 * them in order of time. Seed 0: nothing. What is drawn does not depend on what is not in use. */
snn_status snn__augment(struct snn__sample *sample, const snn_event_frames *frames, uint64_t seed);

/* Chooses `some` of n pieces at random, in their order. */
void snn__augment_choose(uint64_t seed, size_t n, size_t some, size_t *piece);

#endif
