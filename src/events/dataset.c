/* dataset.c - a data set of recordings. A sample is read when its first frame is asked for, and stays in memory,
 * packed, as long as there is room: the frames of all its steps come of one reading. */
#include "store.h"
#include <pthread.h>
#include <string.h>

#define MEMORY ((uint64_t)1 << 30) /* bytes of samples, unless set */

/* A sample that was read. */
struct slot {
    struct slot *before, *after; /* in the order of use, the latest first; NULL at the ends */
    size_t index;
    uint64_t seed; /* its augmentation is of */
    size_t users;  /* frames that are made of it now */
    bool listed;
    struct snn__sample sample;
    size_t *at; /* [T + 1]: where its frames begin */
    size_t length;
    uint64_t bytes;
};

struct events_set {
    snn_context *ctx;
    struct snn__event_list list;
    struct snn__store store;
    snn_event_frames *frames;
    size_t steps;
    pthread_mutex_t lock; /* of all that follows */
    struct slot **slot;   /* [items]: the one that is listed, or NULL */
    struct slot *latest, *oldest;
    uint64_t bytes, memory; /* of listed slots, and their limit */
};

/* ---- reading a sample ---- */

static void free_slot(struct events_set *set, struct slot *s)
{
    if (s == NULL)
        return;
    snn__sample_free(&s->sample);
    snn_component_free(set->ctx, s->at);
    snn_component_free(set->ctx, s);
}

static snn_status fill_slot(struct events_set *set, struct slot *s)
{
    snn_status rc;

    s->sample.ctx = set->ctx;
    s->at = snn_component_alloc(set->ctx, set->steps + 1, sizeof *s->at);
    if (s->at == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__store_read(&set->store, &set->list, s->index, &s->sample);
    if (rc != SNN_OK)
        return rc;
    snn__sample_cut(&s->sample, set->frames, s->at);
    s->length = snn__sample_length(&s->sample, set->frames);
    s->bytes = sizeof *s + (set->steps + 1) * sizeof *s->at + s->sample.room * sizeof *s->sample.event;
    return SNN_OK;
}

static snn_status make_slot(struct slot **out, struct events_set *set, size_t index, uint64_t seed)
{
    snn_status rc;

    *out = snn_component_alloc(set->ctx, 1, sizeof **out);
    if (*out == NULL)
        return SNN_ERR_MEMORY;
    (*out)->index = index;
    (*out)->seed = seed;
    (*out)->users = 1;
    rc = fill_slot(set, *out);
    if (rc != SNN_OK) {
        free_slot(set, *out);
        *out = NULL;
    }
    return rc;
}

/* ---- samples in memory ---- */

static void take_out(struct events_set *set, struct slot *s)
{
    *(s->before != NULL ? &s->before->after : &set->latest) = s->after;
    *(s->after != NULL ? &s->after->before : &set->oldest) = s->before;
    set->slot[s->index] = NULL;
    set->bytes -= s->bytes;
    s->listed = false;
}

static void put_first(struct events_set *set, struct slot *s)
{
    s->before = NULL;
    s->after = set->latest;
    *(set->latest != NULL ? &set->latest->before : &set->oldest) = s;
    set->latest = s;
    set->slot[s->index] = s;
    set->bytes += s->bytes;
    s->listed = true;
}

/* Samples that were used longest ago make room. */
static void make_room(struct events_set *set)
{
    struct slot *s = set->oldest, *before;

    for (; s != NULL && set->bytes > set->memory; s = before) {
        before = s->before;
        if (s->users > 0)
            continue;
        take_out(set, s);
        free_slot(set, s);
    }
}

/* Lists a slot that was made, unless another thread was faster. */
static void list_slot(struct events_set *set, struct slot *s)
{
    struct slot *other;

    pthread_mutex_lock(&set->lock);
    other = set->slot[s->index];
    if (other != NULL && other->users == 0) {
        take_out(set, other);
        free_slot(set, other);
        other = NULL;
    }
    if (other == NULL)
        put_first(set, s);
    make_room(set);
    pthread_mutex_unlock(&set->lock);
}

static snn_status borrow(struct slot **out, struct events_set *set, size_t index, uint64_t seed)
{
    struct slot *s;

    pthread_mutex_lock(&set->lock);
    s = set->slot[index];
    if (s != NULL && s->seed == seed) {
        s->users++;
        take_out(set, s);
        put_first(set, s);
        pthread_mutex_unlock(&set->lock);
        *out = s;
        return SNN_OK;
    }
    pthread_mutex_unlock(&set->lock);
    TRY(make_slot(out, set, index, seed));
    list_slot(set, *out);
    return SNN_OK;
}

static void give_back(struct events_set *set, struct slot *s)
{
    bool ends;

    pthread_mutex_lock(&set->lock);
    s->users--;
    ends = !s->listed && s->users == 0;
    pthread_mutex_unlock(&set->lock);
    if (ends)
        free_slot(set, s);
}

/* ---- the source ---- */

static snn_status make_frame(const struct events_set *set, const struct slot *s, size_t frame, float *x)
{
    memset(x, 0, set->frames->length * sizeof *x);
    TRY(snn__sample_frame(&s->sample, s->at[frame], s->at[frame + 1], set->frames, x));
    return snn_event_frames_finish(set->frames, x);
}

static snn_status read_frame(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct events_set *set = user;
    const struct snn__event_item *item = &set->list.item[index];
    struct slot *s;
    snn_status rc = borrow(&s, set, index, sample->seed);

    if (rc != SNN_OK) {
        char reason[300];

        strncpy(reason, snn_last_error(), sizeof reason - 1);
        reason[sizeof reason - 1] = '\0';
        return snn_component_fail(rc, "sample %zu, %.300s: %s", index, set->list.file[item->file], reason);
    }
    rc = make_frame(set, s, frame, sample->x);
    sample->label = item->label;
    if (s->length < sample->length)
        sample->length = s->length;
    give_back(set, s);
    return rc;
}

static void close_set(void *user)
{
    struct events_set *set = user;

    while (set->latest != NULL) {
        struct slot *s = set->latest;

        take_out(set, s);
        free_slot(set, s);
    }
    pthread_mutex_destroy(&set->lock);
    snn_component_free(set->ctx, set->slot);
    snn_event_frames_destroy(set->frames);
    snn__store_free(&set->store, &set->list);
    snn__event_list_free(&set->list);
    snn_component_free(set->ctx, set);
}

/* ---- opening ---- */

/* The sensor, from the first recording where the layout does not say it. */
static snn_status find_sensor(struct snn__event_list *list)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_events *reader;
    snn_status rc;

    if (list->width > 0)
        return SNN_OK;
    source.path = list->file[list->item[0].file];
    source.format = list->format;
    TRY(snn_events_open(&reader, list->ctx, &source));
    rc = snn_events_get_info(reader, &info);
    snn_events_destroy(reader);
    TRY(rc);
    list->width = info.width;
    list->height = info.height;
    return info.width > 0
               ? SNN_OK
               : snn_component_fail(SNN_ERR_FORMAT, "%.300s does not say how large its sensor is", source.path);
}

static snn_status fill_set(struct events_set *set, const snn_events_data *data, const snn_event_frames *frames)
{
    TRY(snn__event_list_open(&set->list, data, "snn_events_dataset_open"));
    TRY(find_sensor(&set->list));
    TRY(snn__frames_copy(&set->frames, frames));
    TRY(snn_event_frames_prepare(set->frames, set->list.width, set->list.height));
    set->steps = (size_t)snn__frames_i64(set->frames, SNN_EVENT_FRAMES_STEPS);
    set->slot = snn_component_alloc(set->ctx, set->list.items, sizeof *set->slot);
    if (set->slot == NULL)
        return SNN_ERR_MEMORY;
    return snn__store_fill(&set->store, &set->list);
}

static snn_status create(snn_dataset **out, struct events_set *set)
{
    snn_dataset_source source;

    TRY(snn_dataset_source_init(&source, sizeof source));
    TRY(snn_event_frames_shape(set->frames, source.shape, &source.rank));
    source.count = set->list.items;
    source.classes = set->list.classes;
    source.frames = set->steps;
    source.read = read_frame;
    source.close = close_set;
    source.user = set;
    return snn_dataset_create(out, set->ctx, &source);
}

snn_status snn_events_dataset_open(snn_dataset **out, snn_context *context, const snn_events_data *data,
                                   const snn_event_frames *frames)
{
    snn_events_data own = SNN_EVENTS_DATA_INIT;
    struct events_set *set;
    snn_status rc;

    if (out == NULL || context == NULL || frames == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_dataset_open: an argument is NULL");
    *out = NULL;
    TRY(snn_component_read_struct(&own, sizeof own, data, "snn_events_data", "SNN_EVENTS_DATA_INIT"));
    set = snn_component_alloc(context, 1, sizeof *set);
    if (set == NULL)
        return SNN_ERR_MEMORY;
    set->ctx = set->list.ctx = context;
    set->memory = own.memory > 0 ? own.memory : MEMORY;
    if (pthread_mutex_init(&set->lock, NULL) != 0) {
        snn_component_free(context, set);
        return snn_component_fail(SNN_ERR_MEMORY, "no memory for a lock");
    }
    rc = fill_set(set, &own, frames);
    if (rc == SNN_OK)
        rc = create(out, set);
    if (rc != SNN_OK)
        close_set(set);
    return rc;
}
