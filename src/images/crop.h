/* crop.h - which part of an image becomes a sample. */
#ifndef SNN_IMAGES_CROP_H
#define SNN_IMAGES_CROP_H

#include "recipe.h"

/* One side, columns or rows: pixels first .. first + used - 1 of the image become `whole` pixels of equal width, and
 * the sample has `size` of these, from number `skip` on. */
struct snn__side {
    size_t image;       /* pixels of the image */
    size_t first, used; /* of the image */
    size_t whole, skip;
};

/* Columns side[0] and rows side[1] of an image, which has as many as they say. */
void snn__crop(const struct snn__recipe *recipe, uint64_t seed, struct snn__side *side);

#endif
