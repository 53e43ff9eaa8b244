/* data/augment.h - random changes of a sample while training reads it. */
#ifndef SNN_DATA_AUGMENT_H
#define SNN_DATA_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snn__augment {
    size_t pad; /* of the crop; 0: none */
    bool flip;
    double cutout; /* probability */
};

/* Random draws for one sample in one epoch, the same for all of its frames. */
struct snn__augment_draw {
    size_t top, left; /* of the window in the padded image */
    bool flip;
    size_t hole_top, hole_left, hole_h, hole_w; /* hole_h 0: none */
    float grey;
};

static inline bool snn__augment_any(const struct snn__augment *a)
{
    return a->pad > 0 || a->flip || a->cutout > 0.0;
}

/* A random number for the source of the samples, never 0. */
uint64_t snn__augment_seed(uint64_t seed, uint64_t epoch, uint64_t sample);
void snn__augment_draw(const struct snn__augment *a, uint64_t seed, uint64_t epoch, uint64_t sample, size_t h,
                       size_t w, struct snn__augment_draw *draw);
/* x [C,H,W] changes in place; with a crop, `scratch` of the same size is used. */
void snn__augment_apply(const struct snn__augment *a, const struct snn__augment_draw *draw, float *x, float *scratch,
                        size_t c, size_t h, size_t w);

#endif
