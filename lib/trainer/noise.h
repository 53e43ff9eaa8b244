/* trainer/noise.h - the noise z that perturbs populations: E z z^T = 1. */
#ifndef SNN_TRAINER_NOISE_H
#define SNN_TRAINER_NOISE_H

#include "trainer/trainer.h"

#define SNN__NOISES "gaussian|rademacher|sphere"

/* Draws z of a unit for step t, [B][n], into unit->noise, of this distribution; random numbers are those of the batch
 * or stream `stream`. Where the host has a source of noise, z is the host's, by way of `supplied`, [B][n].
 * antithetic: an odd step takes -z of the one before. */
void snn__noise_draw(const snn_trainer *trainer, struct snn__unit *unit, uint64_t stream, size_t t,
                     const char *distribution, bool antithetic, float *supplied);

#endif
