/* encode.c - a static sample becomes T inputs. */
#include "core/rng.h"
#include "core/size.h"
#include "data/data.h"
#include <string.h>

/* One uniform number u for every element and step, four from one index: a spike where u < x, so never for x <= 0 and
 * always for x >= 1. */
static void poisson(uint64_t seed, uint64_t stream, uint64_t first, const float *x, float *out, size_t n)
{
    for (size_t i = 0; i < n; i += 4) {
        const size_t last = snn__min(i + 4, n);
        uint32_t word[4];

        snn__random4(seed, SNN__RNG_ENCODE, stream, first + i / 4, word);
        for (size_t j = i; j < last; j++)
            out[j] = (float)(word[j - i] >> 8) * 0x1p-24f < x[j] ? 1.0f : 0.0f;
    }
}

/* x >= 0 rounded to the nearest whole number, halves up: as roundf(), but without a call for every number. */
static inline float nearest(float x)
{
    const float whole = (float)(int32_t)x;

    return whole + (x - whole >= 0.5f ? 1.0f : 0.0f);
}

/* The stronger, the sooner: x >= 1 spikes at step 0, the weakest at step T - 1. */
static void latency(size_t t, size_t steps, const float *x, float *out, size_t n)
{
    const float last = (float)(steps - 1), now = (float)t;

    for (size_t i = 0; i < n; i++) {
        const float strength = x[i] > 0.0f ? (x[i] < 1.0f ? x[i] : 1.0f) : 0.0f;
        const float step = nearest((1.0f - strength) * last);

        out[i] = strength > 0.0f && step == now ? 1.0f : 0.0f;
    }
}

struct snn__name snn__encoder_names(size_t index)
{
    static const struct snn__name encoders[] = { SNN__ENCODERS(SNN__NAME_ROW) };

    return snn__name_in(encoders, sizeof encoders / sizeof *encoders, index);
}

void snn__encode(enum snn__encoder encoder, uint64_t seed, uint64_t stream, uint64_t index, size_t t, size_t steps,
                 const float *x, float *out, size_t n)
{
    switch (encoder) {
    case SNN__ENCODER_POISSON:
        poisson(seed, stream, (index * steps + t) * snn__ceil_div(n, 4), x, out, n);
        break;
    case SNN__ENCODER_LATENCY:
        latency(t, steps, x, out, n);
        break;
    case SNN__ENCODER_DIRECT:
        memcpy(out, x, n * sizeof *out);
        break;
    }
}
