/* kernel/random.h - arrays of random numbers. */
#ifndef SNN_KERNEL_RANDOM_H
#define SNN_KERNEL_RANDOM_H

#include "core/rng.h"

/* Fills out[0 .. n) with uniforms in [lo, hi), index 0 .. n - 1. */
void snn__random_fill_uniform(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n,
                              float lo, float hi);

/* Fills out[0 .. n) with normal numbers (Box-Muller), mean 0. */
void snn__random_fill_normal(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n,
                             float std);
/* Fills mask[from .. to) with 0 where the uniform number of that index is below `rate`, else 1. */
void snn__random_fill_mask(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *mask, size_t from,
                           size_t to, float rate);

#endif
