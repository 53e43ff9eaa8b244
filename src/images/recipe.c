/* recipe.c - how images become samples: their parameters. */
#include "recipe.h"
#include <string.h>

#define SIDE_MOST 4096.0

struct snn_images {
    snn_context *ctx;
    snn_component_params *params;
};

static const snn_component_param table[] = {
    COMPONENT_I64(SNN_IMAGES_SIZE, "size", 1, SIDE_MOST, 224, "columns and rows of a sample"),
    COMPONENT_STR(SNN_IMAGES_COLOUR, "colour", "rgb|grey", "rgb", "channels of a sample: three, or one"),
    COMPONENT_I64(SNN_IMAGES_RESIZE, "resize", 0, 2 * SIDE_MOST, 0,
                  "without training: pixels of the short side, of which the middle is the sample; 0: 8/7 of size"),
    COMPONENT_STR(SNN_IMAGES_CROP, "crop", "random|centre", "random",
                  "training: a random rectangle, or the centre as without training"),
    COMPONENT_F64(SNN_IMAGES_SCALE_MIN, "scale_min", 0.0001, 1, 0.08, "random crop: least share of the area"),
    COMPONENT_F64(SNN_IMAGES_SCALE_MAX, "scale_max", 0.0001, 1, 1, "random crop: greatest share of the area"),
    COMPONENT_F64(SNN_IMAGES_RATIO_MIN, "ratio_min", 0.01, 100, 3.0 / 4, "random crop: least columns / rows"),
    COMPONENT_F64(SNN_IMAGES_RATIO_MAX, "ratio_max", 0.01, 100, 4.0 / 3, "random crop: greatest columns / rows"),
    COMPONENT_F64(SNN_IMAGES_BRIGHTNESS, "brightness", 0, 1, 0,
                  "training: values times a random factor that differs from 1 by up to this"),
    COMPONENT_F64(SNN_IMAGES_CONTRAST, "contrast", 0, 1, 0,
                  "training: differences from the mean grey times such a factor"),
    COMPONENT_F64(SNN_IMAGES_SATURATION, "saturation", 0, 1, 0,
                  "training: differences from a pixel's own grey times such a factor"),
    COMPONENT_F64(SNN_IMAGES_HUE, "hue", 0, 0.5, 0, "training: the hue turns by up to this share of the circle"),
    COMPONENT_I64(SNN_IMAGES_REDUCE, "reduce", 0, 1, 1,
                  "1: a JPEG is decoded at a half, quarter or eighth where the crop has enough pixels even so"),
};

COMPONENT_PARAM_CALLS(images)

/* ---- the handle ---- */

snn_status snn_images_create(snn_images **out, snn_context *context)
{
    snn_images *images;
    snn_status rc;

    if (out == NULL || context == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_create: an argument is NULL");
    *out = NULL;
    images = snn_component_alloc(context, 1, sizeof *images);
    if (images == NULL)
        return SNN_ERR_MEMORY;
    images->ctx = context;
    rc = snn_component_params_create(&images->params, context, "images", table, sizeof table / sizeof *table);
    if (rc != SNN_OK)
        snn_images_destroy(images);
    else
        *out = images;
    return rc;
}

void snn_images_destroy(snn_images *images)
{
    if (images == NULL)
        return;
    snn_component_params_destroy(images->params);
    snn_component_free(images->ctx, images);
}

snn_context *snn__images_context(const snn_images *images)
{
    return images->ctx;
}

/* ---- values ---- */

static int64_t whole(const snn_images *images, int32_t key)
{
    int64_t value = 0;

    (void)!snn_component_params_get_i64(images->params, key, &value);
    return value;
}

static double real(const snn_images *images, int32_t key)
{
    double value = 0;

    (void)!snn_component_params_get_f64(images->params, key, &value);
    return value;
}

static bool is(const snn_images *images, int32_t key, const char *word)
{
    const char *value = "";

    (void)!snn_component_params_get_str(images->params, key, &value);
    return strcmp(value, word) == 0;
}

static snn_status check_order(const double least_greatest[2], const char *name, const char *call)
{
    if (least_greatest[0] <= least_greatest[1])
        return SNN_OK;
    return snn_component_fail(SNN_ERR_ARGUMENT, "%s: %s_min is %g, %s_max is %g, which is less", call, name,
                              least_greatest[0], name, least_greatest[1]);
}

snn_status snn__recipe_read(struct snn__recipe *r, const snn_images *images, const char *call)
{
    static const int32_t colour[SNN__COLOURS] = { SNN_IMAGES_BRIGHTNESS, SNN_IMAGES_CONTRAST, SNN_IMAGES_SATURATION,
                                                  SNN_IMAGES_HUE };

    r->size = (size_t)whole(images, SNN_IMAGES_SIZE);
    r->channels = is(images, SNN_IMAGES_COLOUR, "grey") ? 1 : 3;
    r->resize = (size_t)whole(images, SNN_IMAGES_RESIZE);
    r->random = is(images, SNN_IMAGES_CROP, "random");
    r->reduce = whole(images, SNN_IMAGES_REDUCE) != 0;
    r->scale[0] = real(images, SNN_IMAGES_SCALE_MIN);
    r->scale[1] = real(images, SNN_IMAGES_SCALE_MAX);
    r->ratio[0] = real(images, SNN_IMAGES_RATIO_MIN);
    r->ratio[1] = real(images, SNN_IMAGES_RATIO_MAX);
    for (int i = 0; i < SNN__COLOURS; i++)
        r->strength[i] = (uint32_t)(real(images, colour[i]) * 65536.0);
    if (r->resize == 0)
        r->resize = r->size * 8 / 7;
    if (r->resize < r->size)
        return snn_component_fail(SNN_ERR_ARGUMENT,
                                  "%s: resize is %zu, less than size, %zu: the middle of the image "
                                  "has no room for a sample",
                                  call, r->resize, r->size);
    TRY(check_order(r->scale, "scale", call));
    return check_order(r->ratio, "ratio", call);
}
