/* images.c - the calls of snn/images.h on single images, on lists of images and on published figures. */
#include "list.h"
#include "picture.h"
#include "sample.h"

/* ---- one image in memory ---- */

snn_status snn_images_decode(const snn_images *images, const void *data, size_t size, uint64_t pixels, uint64_t seed,
                             float *x)
{
    struct snn__recipe recipe;
    struct snn__picture picture = { .recipe = &recipe, .seed = seed };
    snn_status rc;

    if (images == NULL || x == NULL || (data == NULL && size > 0))
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_decode: an argument is NULL");
    TRY(snn__recipe_read(&recipe, images, "snn_images_decode"));
    picture.ctx = snn__images_context(images);
    picture.pixels = pixels > 0 ? pixels : SNN__PIXELS;
    picture.sample = snn_component_alloc(picture.ctx, snn__recipe_length(&recipe), 1);
    if (picture.sample == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__decode(&picture, data, size);
    if (rc == SNN_OK)
        snn__sample_values(picture.sample, snn__recipe_length(&recipe), x);
    snn_component_free(picture.ctx, picture.sample);
    return rc;
}

/* ---- lists ---- */

struct snn_images_list {
    struct snn__image_list all;
    char path[SNN__PATH_ROOM]; /* of the last item */
};

snn_status snn_images_list_open(snn_images_list **out, snn_context *context, const snn_images_data *data)
{
    snn_images_data own = SNN_IMAGES_DATA_INIT;
    snn_images_list *list;
    snn_status rc;

    if (out == NULL || context == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_list_open: an argument is NULL");
    *out = NULL;
    TRY(snn_component_read_struct(&own, sizeof own, data, "snn_images_data", "SNN_IMAGES_DATA_INIT"));
    list = snn_component_alloc(context, 1, sizeof *list);
    if (list == NULL)
        return SNN_ERR_MEMORY;
    list->all.ctx = context;
    rc = snn__image_list_open(&list->all, &own, "snn_images_list_open");
    if (rc != SNN_OK)
        snn_images_list_destroy(list);
    else
        *out = list;
    return rc;
}

void snn_images_list_destroy(snn_images_list *list)
{
    snn_context *ctx;

    if (list == NULL)
        return;
    ctx = list->all.ctx;
    snn__image_list_free(&list->all);
    snn_component_free(ctx, list);
}

snn_status snn_images_list_get_info(const snn_images_list *list, snn_images_list_info *info)
{
    snn_images_list_info full = SNN_IMAGES_LIST_INFO_INIT;

    if (list == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_list_get_info: list is NULL");
    full.images = list->all.items;
    full.classes = list->all.classes;
    return snn_component_fill_struct(info, &full, sizeof full, "snn_images_list_info", "SNN_IMAGES_LIST_INFO_INIT");
}

snn_status snn_images_list_get_item(snn_images_list *list, uint64_t index, snn_images_item *item)
{
    snn_images_item full = SNN_IMAGES_ITEM_INIT;
    const struct snn__image_item *from;

    if (list == NULL || index >= list->all.items)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_list_get_item: %s",
                                  list == NULL ? "list is NULL" : "there is no such image");
    from = &list->all.item[index];
    TRY(snn__image_path(&list->all, from, list->path));
    full.label = from->label;
    full.path = list->path;
    full.offset = list->all.layout->shards ? from->at : 0;
    full.size = from->size;
    return snn_component_fill_struct(item, &full, sizeof full, "snn_images_item", "SNN_IMAGES_ITEM_INIT");
}

const char *snn_images_list_class_name(const snn_images_list *list, uint64_t label)
{
    if (list == NULL || list->all.class == NULL || label >= list->all.classes)
        return NULL;
    return snn__image_text_at(&list->all, list->all.class[label]);
}

/* ---- published figures ---- */

snn_status snn_images_normalisation(const char *name, double mean[3], double deviation[3])
{
    static const double imagenet[2][3] = { { 0.485, 0.456, 0.406 }, { 0.229, 0.224, 0.225 } };

    if (name == NULL || mean == NULL || deviation == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_normalisation: an argument is NULL");
    if (strcmp(name, "imagenet") != 0)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_normalisation: \"%.100s\" is none of imagenet", name);
    memcpy(mean, imagenet[0], sizeof imagenet[0]);
    memcpy(deviation, imagenet[1], sizeof imagenet[1]);
    return SNN_OK;
}
