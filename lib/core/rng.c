/* core/rng.c - Philox-4x32-10. */
#include "core/rng.h"
#include <math.h>

#define MULTIPLIER_0 0xd2511f53u
#define MULTIPLIER_1 0xcd9e8d57u
#define WEYL_0 0x9e3779b9u
#define WEYL_1 0xbb67ae85u

void snn__random4(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index, uint32_t out[4])
{
    uint64_t mixed = stream * 0x9e3779b97f4a7c15ull + ((uint64_t)purpose << 56);
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = (uint32_t)mixed, c3 = (uint32_t)(mixed >> 32);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0, p1 = (uint64_t)MULTIPLIER_1 * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;

        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint32_t snn__random_u32(uint64_t seed, enum snn__purpose purpose, uint64_t stream, uint64_t index)
{
    uint32_t word[4];

    snn__random4(seed, purpose, stream, index / 4, word);
    return word[index % 4];
}

float snn__uniform_of(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
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
