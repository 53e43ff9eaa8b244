/* kernel/random.c - arrays of random numbers. */
#include "kernel/tables.h"
#include <math.h>

void snn__random_fill_uniform(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n,
                              float lo, float hi)
{
    uint32_t word[4] = { 0 };

    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0)
            snn__random4(seed, purpose, stream, i / 4, word);
        out[i] = lo + (hi - lo) * snn__uniform_of(word[i % 4]);
    }
}

void snn__random_fill_normal(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n,
                             float std)
{
    const double two_pi = 6.283185307179586;
    uint32_t word[4];

    for (size_t i = 0; i < n; i += 2) {
        double u, v, radius;

        snn__random4(seed, purpose, stream, i / 2, word);
        u = ((double)word[0] + 1.0) * 0x1p-32; /* in (0, 1] */
        v = (double)word[1] * 0x1p-32;
        radius = sqrt(-2.0 * log(u));
        out[i] = std * (float)(radius * cos(two_pi * v));
        if (i + 1 < n)
            out[i + 1] = std * (float)(radius * sin(two_pi * v));
    }
}
