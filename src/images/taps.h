/* taps.h - how the pixels of one side of a sample are made of those of an image: by the triangle of bilinear
 * interpolation, widened over the pixels that become one, so that nothing is left out. Weights are whole numbers,
 * found by whole numbers. */
#ifndef SNN_IMAGES_TAPS_H
#define SNN_IMAGES_TAPS_H

#include "crop.h"

#define SNN__TAPS_BITS 22 /* the weights of a pixel add up to 1 << 22; times 255 they fit into 32 bits */

struct snn__taps {
    snn_context *ctx;
    size_t begin, end; /* pixels of the decoded image that are used */
    uint32_t *first;   /* [size]: the first of those that make a pixel */
    uint32_t *count;   /* [size]: how many these are */
    uint32_t *weight;  /* [size][most] */
    size_t most;
};

/* For an image that is decoded at eighths / 8 of its size, rounded up. snn__taps_free() may follow a failure, too. */
snn_status snn__taps_make(struct snn__taps *taps, const struct snn__side *side, size_t size, unsigned eighths);
void snn__taps_free(struct snn__taps *taps);

#endif
