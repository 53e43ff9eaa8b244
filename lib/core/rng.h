/* core/rng.h - counter-based random numbers: a number is a function of (seed, purpose, stream, index), so that any
 * thread can make any number, in any order, and a run can be resumed anywhere. Philox-4x32-10 (Salmon et al.,
 * 2011). */
#ifndef SNN_CORE_RNG_H
#define SNN_CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Purpose of a random number: keeps the streams of different uses apart. Values are part of the file format
 * (resume). */
enum snn__purpose {
    SNN__RNG_INIT = 1,    /* initial parameters; stream: snn__first_stream() */
    SNN__RNG_SHUFFLE = 2, /* order of an epoch; stream: epoch */
    SNN__RNG_AUGMENT = 3, /* augmentation; stream: epoch, index: sample * 16 + draw */
    SNN__RNG_ENCODE = 4,  /* Poisson encoder */
    SNN__RNG_DROPOUT = 5, /* masks; stream: layer and batch */
    SNN__RNG_STEPS = 6,   /* the sampled steps of SLTT-K; stream: batch */
    SNN__RNG_NOISE = 7,   /* perturbations */
    SNN__RNG_LATERAL = 8, /* first lateral weights; stream: layer and rows before */
    SNN__RNG_SHARE = 9,   /* which samples a share of a class has; stream: class, index: number in the class */
    SNN__RNG_MIXUP = 10,  /* shares; stream: batch, index: number of the sample there, and attempt */
    SNN__RNG_PARTNER = 11 /* of samples in mixup; stream: batch and first sample of the shard */
};

/* Arrays of a layer that begin at random. Values are part of the file format, too. */
enum snn__first {
    SNN__FIRST_WEIGHT = 0,
    SNN__FIRST_BIAS = 1,
    SNN__FIRST_U = 2,        /* of the spectral norm */
    SNN__FIRST_BACK = 3,     /* weights of errors */
    SNN__FIRST_FEEDBACK = 5, /* matrices that bring errors, those of the side readout last */
    SNN__FIRST_SIDE_FEEDBACK = 6
};

static inline uint64_t snn__first_stream(uint64_t layer, enum snn__first array)
{
    return layer * 8 + array;
}

/* Of Philox: a counter of 128 bits goes through rounds, whose key the Weyl constants change. */
#define SNN__PHILOX_ROUNDS 10
#define SNN__PHILOX_WEYL_0 0x9e3779b9u
#define SNN__PHILOX_WEYL_1 0xbb67ae85u

/* The upper half of the counter; the lower half is the index. */
static inline uint64_t snn__random_counter(enum snn__purpose purpose, uint64_t stream)
{
    return stream * 0x9e3779b97f4a7c15ull + ((uint64_t)purpose << 56);
}

static inline void snn__philox_round(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3, uint32_t k0, uint32_t k1)
{
    const uint64_t p0 = (uint64_t)0xd2511f53u * *c0, p1 = (uint64_t)0xcd9e8d57u * *c2;

    *c0 = (uint32_t)(p1 >> 32) ^ *c1 ^ k0;
    *c1 = (uint32_t)p1;
    *c2 = (uint32_t)(p0 >> 32) ^ *c3 ^ k1;
    *c3 = (uint32_t)p0;
}

/* Four independent uniform 32-bit words. */
void snn__random4(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint32_t out[4]);

/* One uniform word; index counts words. */
uint32_t snn__random_u32(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index);

/* Uniform in [0, 1), 24 bits: of a word, and of the word `index`. */
static inline float snn__uniform_of(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}
float snn__random_uniform(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index);

/* Uniform whole number below n (n > 0), by multiplication. */
uint64_t snn__random_below(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint64_t n);

/* The image of `index`, 0 .. n - 1, under a random permutation: a bijection that needs no memory (a Feistel network
 * over the smallest power of four that holds n, walked until the value lies below n). */
uint64_t snn__random_order(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint64_t n);

#endif
