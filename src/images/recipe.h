/* recipe.h - how images become samples: the parameters as plain values. */
#ifndef SNN_IMAGES_RECIPE_H
#define SNN_IMAGES_RECIPE_H

#include "../component.h"
#include <snn/images.h>
#include <stdbool.h>

/* Changes of colour, in the order of the draws of their factors. */
enum { SNN__BRIGHTNESS, SNN__CONTRAST, SNN__SATURATION, SNN__HUE, SNN__COLOURS };

struct snn__recipe {
    size_t size, channels;
    size_t resize; /* pixels that the short side becomes, where the centre is taken */
    bool random;   /* the crop, while training */
    bool reduce;
    double scale[2], ratio[2];       /* of the random crop, least and greatest */
    uint32_t strength[SNN__COLOURS]; /* 1 is 65536; 0: off */
};

/* The parameters at hand; `call` begins messages.
 * @return SNN_ERR_ARGUMENT: they contradict each other */
snn_status snn__recipe_read(struct snn__recipe *recipe, const snn_images *images, const char *call);

/* Of images. */
snn_context *snn__images_context(const snn_images *images);

/* Numbers of a sample. */
static inline size_t snn__recipe_length(const struct snn__recipe *recipe)
{
    return recipe->channels * recipe->size * recipe->size;
}

/* ---- random numbers of a sample: which of its seed is which ---- */
enum {
    SNN__DRAW_CROP = 0,    /* four for each try */
    SNN__DRAW_FACTOR = 64, /* one for each change of colour */
    SNN__DRAW_ORDER = 72   /* of these changes, three */
};

#endif
