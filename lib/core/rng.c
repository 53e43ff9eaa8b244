/* core/rng.c - Philox-4x32-10. */
#include "core/rng.h"
#include <math.h>

void snn__random4(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint32_t out[4])
{
    const uint64_t upper = snn__random_counter(purpose, stream);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

    out[0] = (uint32_t)index;
    out[1] = (uint32_t)(index >> 32);
    out[2] = (uint32_t)upper;
    out[3] = (uint32_t)(upper >> 32);
    for (int round = 0; round < SNN__PHILOX_ROUNDS; round++, k0 += SNN__PHILOX_WEYL_0, k1 += SNN__PHILOX_WEYL_1)
        snn__philox_round(&out[0], &out[1], &out[2], &out[3], k0, k1);
}

uint32_t snn__random_u32(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index)
{
    uint32_t word[4];

    snn__random4(seed, purpose, stream, index / 4, word);
    return word[index % 4];
}

float snn__random_uniform(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index)
{
    return snn__uniform_of(snn__random_u32(seed, purpose, stream, index));
}

uint64_t snn__random_below(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint64_t n)
{
    return (uint64_t)snn__random_u32(seed, purpose, stream, index) * n >> 32;
}

#define FEISTEL_ROUNDS 8

uint64_t snn__random_order(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint64_t n)
{
    unsigned half = 1; /* bits of each half */

    while (half < 31 && (1ull << (2 * half)) < n)
        half++;
    do {
        uint64_t mask = (1ull << half) - 1, left = index >> half, right = index & mask;

        for (unsigned round = 0; round < FEISTEL_ROUNDS; round++) {
            uint32_t word[4];
            uint64_t swap = right;

            snn__random4(seed, purpose, stream, (uint64_t)round << 32 | right, word);
            right = left ^ (word[0] & mask);
            left = swap;
        }
        index = left << half | right;
    } while (index >= n);
    return index;
}
