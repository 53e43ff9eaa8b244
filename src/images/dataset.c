/* dataset.c - a data set of images: each is decoded when it is asked for, or before by a thread that reads ahead. */
#include "../ahead.h"
#include "list.h"
#include "picture.h"
#include "sample.h"
#include <stdio.h>

#define MEMORY ((uint64_t)256 << 20) /* bytes of samples, unless set */
#define THREADS_MOST 256u

struct images_set {
    snn_context *ctx;
    struct snn__image_list list;
    struct snn__recipe recipe;
    size_t length; /* bytes of a sample */
    uint64_t pixels;
    struct snn__slots slots;
};

/* ---- reading a sample ---- */

static snn_status decode(const struct images_set *set, size_t index, uint64_t seed, uint8_t *sample)
{
    struct snn__picture picture = {
        .ctx = set->ctx, .recipe = &set->recipe, .seed = seed, .pixels = set->pixels, .sample = sample
    };
    uint8_t *data;
    size_t size;
    snn_status rc;

    TRY(snn__image_bytes(&set->list, &set->list.item[index], &data, &size));
    rc = snn__decode(&picture, data, size);
    snn_component_free(set->ctx, data);
    return rc;
}

static snn_status fill(void *user, struct snn__slot *slot)
{
    const struct images_set *set = user;

    slot->content = snn_component_alloc(set->ctx, set->length, 1);
    if (slot->content == NULL)
        return SNN_ERR_MEMORY;
    slot->bytes += set->length;
    return decode(set, slot->index, slot->seed, slot->content);
}

static void empty(void *user, void *content)
{
    const struct images_set *set = user;

    snn_component_free(set->ctx, content);
}

/* ---- the source ---- */

static snn_status fail_image(const struct images_set *set, size_t index, snn_status rc)
{
    char reason[300], name[600];

    snprintf(reason, sizeof reason, "%s", snn_last_error());
    snn__image_name(&set->list, &set->list.item[index], name, sizeof name);
    return snn_component_fail(rc, "%s: %s", name, reason);
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct images_set *set = user;
    struct snn__slot *s;
    const snn_status rc = snn__slots_borrow(&set->slots, index, sample->seed, &s);

    (void)frame;
    if (rc != SNN_OK)
        return fail_image(set, index, rc);
    snn__sample_values(s->content, set->length, sample->x);
    sample->label = set->list.item[index].label;
    snn__slots_return(&set->slots, s);
    return SNN_OK;
}

static snn_status tell_label(void *user, size_t index, uint32_t *label)
{
    const struct images_set *set = user;

    *label = set->list.item[index].label;
    return SNN_OK;
}

static void tell_ahead(void *user, size_t index, uint64_t seed)
{
    struct images_set *set = user;

    snn__ahead_tell(set->slots.reader, index, seed);
}

static void close_set(void *user)
{
    struct images_set *set = user;
    snn_context *ctx = set->ctx;

    if (set->slots.slot != NULL)
        snn__slots_close(&set->slots);
    snn__image_list_free(&set->list);
    snn_component_free(ctx, set);
}

/* ---- opening ---- */

static snn_status count_threads(const snn_images_data *data, snn_context *ctx, size_t *threads)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;

    if (data->threads > THREADS_MOST)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_dataset_open: threads is %u; at most %u read ahead",
                                  data->threads, THREADS_MOST);
    TRY(snn_context_get_info(ctx, &info));
    *threads = data->threads > 0 ? data->threads : info.threads < THREADS_MOST ? info.threads : THREADS_MOST;
    return SNN_OK;
}

static snn_status fill_set(struct images_set *set, const snn_images_data *data, const snn_images *images)
{
    const uint64_t memory = data->memory > 0 ? data->memory : MEMORY;
    size_t threads = 0;

    TRY(snn__recipe_read(&set->recipe, images, "snn_images_dataset_open"));
    TRY(count_threads(data, set->ctx, &threads));
    TRY(snn__image_list_open(&set->list, data, "snn_images_dataset_open"));
    set->length = snn__recipe_length(&set->recipe);
    set->pixels = data->pixels > 0 ? data->pixels : SNN__PIXELS;
    set->slots = (struct snn__slots){ .ctx = set->ctx,
                                      .fill = fill,
                                      .empty = empty,
                                      .user = set,
                                      .threads = threads,
                                      .memory = memory,
                                      .ahead_most = memory / 2 };
    return snn__slots_open(&set->slots, set->list.items);
}

static snn_status create(snn_dataset **out, struct images_set *set)
{
    snn_dataset_source source;

    TRY(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    source.shape[0] = set->recipe.channels;
    source.shape[1] = source.shape[2] = set->recipe.size;
    source.count = set->list.items;
    source.classes = set->list.classes;
    source.frames = 1;
    source.read = read_sample;
    source.label = tell_label;
    source.ahead = tell_ahead;
    source.close = close_set;
    source.user = set;
    return snn_dataset_create(out, set->ctx, &source);
}

snn_status snn_images_dataset_open(snn_dataset **out, snn_context *context, const snn_images_data *data,
                                   const snn_images *images)
{
    snn_images_data own = SNN_IMAGES_DATA_INIT;
    struct images_set *set;
    snn_status rc;

    if (out == NULL || context == NULL || images == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_images_dataset_open: an argument is NULL");
    *out = NULL;
    TRY(snn_component_read_struct(&own, sizeof own, data, "snn_images_data", "SNN_IMAGES_DATA_INIT"));
    set = snn_component_alloc(context, 1, sizeof *set);
    if (set == NULL)
        return SNN_ERR_MEMORY;
    set->ctx = set->list.ctx = context;
    rc = fill_set(set, &own, images);
    if (rc == SNN_OK)
        rc = create(out, set);
    if (rc != SNN_OK)
        close_set(set);
    return rc;
}
