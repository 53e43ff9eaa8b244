/* sample.h - the bytes of a sample as the numbers that networks take. */
#ifndef SNN_IMAGES_SAMPLE_H
#define SNN_IMAGES_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define SNN__PIXELS ((uint64_t)1 << 26) /* most of an image, unless set */

static inline void snn__sample_values(const uint8_t *sample, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)sample[i] / 255.0f;
}

#endif
