/* dataset.c - a data set of recordings. A sample is read when its first frame is asked for: the frames of all its
 * steps come of one reading. */
#include "../ahead.h"
#include "augment.h"
#include "store.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MEMORY ((uint64_t)1 << 30) /* bytes of samples, unless set */
#define SAMPLES_MOST UINT32_MAX

struct events_set {
    snn_context *ctx;
    struct snn__event_list list;
    struct snn__store store;
    snn_event_frames *frames;
    size_t steps, samples;
    size_t *first;                /* [items]: number of the first window of an item; NULL: each item is a sample */
    struct snn__slots recordings; /* whole, where samples are windows of them */
    struct snn__slots slots;
};

/* The events of a sample, and how they are cut: the content of a slot. */
struct cut {
    struct snn__sample sample;
    size_t *at;    /* [T + 1]: where the pieces that become frames begin */
    size_t *piece; /* [T]: number of the piece that is a frame */
    size_t length; /* frames of the sample, at most T */
    float scale;   /* values are divided by it */
};

/* ---- reading a sample ---- */

/* The item of a sample, and which of its windows that is. */
static size_t item_of(const struct events_set *set, size_t sample, size_t *window)
{
    size_t low = 0, high = set->list.items;

    *window = 0;
    if (set->first == NULL)
        return sample;
    while (high - low > 1) { /* the last item that begins with this sample or before */
        const size_t middle = low + (high - low) / 2;

        *(set->first[middle] <= sample ? &low : &high) = middle;
    }
    *window = sample - set->first[low];
    return low;
}

/* The largest number in the pieces of a sample; 1 if there is none. */
static snn_status find_scale(const struct events_set *set, struct cut *s)
{
    float *frame = snn_component_alloc(set->ctx, set->frames->length, sizeof *frame), largest = 0.0f;
    snn_status rc = frame != NULL ? SNN_OK : SNN_ERR_MEMORY;

    for (size_t i = 0; i < s->length && rc == SNN_OK; i++) {
        memset(frame, 0, set->frames->length * sizeof *frame);
        rc = snn__sample_frame(&s->sample, s->at[s->piece[i]], s->at[s->piece[i] + 1], set->frames, frame);
        for (size_t j = 0; j < set->frames->length; j++)
            largest = fmaxf(largest, fabsf(frame[j]));
    }
    snn_component_free(set->ctx, frame);
    s->scale = largest > 0.0f ? largest : 1.0f;
    return rc;
}

static void choose_pieces(const struct events_set *set, uint64_t seed, struct cut *s)
{
    const size_t subset = (size_t)snn__frames_i64(set->frames, SNN_EVENT_FRAMES_SUBSET);

    s->length = snn__sample_length(&s->sample, set->frames);
    for (size_t i = 0; i < set->steps; i++)
        s->piece[i] = i;
    if (seed == 0 || subset == 0 || subset >= s->length)
        return;
    snn__augment_choose(seed, s->length, subset, s->piece);
    s->length = subset;
}

/* A recording for its windows: where the store holds it, else kept in a slot, so that those that follow one another
 * cost one reading. give_back() follows. */
static snn_status borrow(struct events_set *set, size_t item, const struct snn__sample **recording,
                         struct snn__slot **slot)
{
    *slot = NULL;
    *recording = snn__store_find(&set->store, item);
    if (*recording != NULL)
        return SNN_OK;
    TRY(snn__slots_borrow(&set->recordings, item, 0, slot));
    *recording = (*slot)->content;
    return SNN_OK;
}

static void give_back(struct events_set *set, struct snn__slot *slot)
{
    if (slot != NULL)
        snn__slots_return(&set->recordings, slot);
}

/* The content is the recording, an snn__sample. */
static snn_status fill_recording(void *user, struct snn__slot *slot)
{
    const struct events_set *set = user;
    struct snn__sample *recording = slot->content = snn_component_alloc(set->ctx, 1, sizeof *recording);

    if (recording == NULL)
        return SNN_ERR_MEMORY;
    recording->ctx = set->ctx;
    TRY(snn__store_read(&set->store, &set->list, slot->index, recording));
    slot->bytes += sizeof *recording + recording->room * sizeof *recording->event;
    return SNN_OK;
}

static void empty_recording(void *user, void *content)
{
    const struct events_set *set = user;

    snn__sample_free(content);
    snn_component_free(set->ctx, content);
}

static snn_status read_window(struct events_set *set, size_t item, size_t window, struct snn__sample *sample)
{
    const struct snn__sample *recording;
    struct snn__slot *slot;
    snn_status rc;

    TRY(borrow(set, item, &recording, &slot));
    rc = snn__sample_window(sample, recording, set->frames, window);
    give_back(set, slot);
    return rc;
}

/* Reads and cuts sample number `index`. */
static snn_status cut_sample(struct events_set *set, size_t index, uint64_t seed, struct cut *s)
{
    size_t window;
    const size_t item = item_of(set, index, &window);

    TRY(set->first != NULL ? read_window(set, item, window, &s->sample)
                           : snn__store_read(&set->store, &set->list, item, &s->sample));
    TRY(snn__augment(&s->sample, set->frames, seed));
    snn__sample_cut(&s->sample, set->frames, s->at);
    choose_pieces(set, seed, s);
    s->scale = 1.0f;
    return snn__frames_is(set->frames, SNN_EVENT_FRAMES_NORMALISE, "sample") ? find_scale(set, s) : SNN_OK;
}

static snn_status fill(void *user, struct snn__slot *slot)
{
    struct events_set *set = user;
    struct cut *s = slot->content = snn_component_alloc(set->ctx, 1, sizeof *s);

    if (s == NULL)
        return SNN_ERR_MEMORY;
    s->sample.ctx = set->ctx;
    s->at = snn_component_alloc(set->ctx, set->steps + 1, sizeof *s->at);
    s->piece = snn_component_alloc(set->ctx, set->steps, sizeof *s->piece);
    if (s->at == NULL || s->piece == NULL)
        return SNN_ERR_MEMORY;
    TRY(cut_sample(set, slot->index, slot->seed, s));
    slot->bytes += sizeof *s + (2 * set->steps + 1) * sizeof *s->at + s->sample.room * sizeof *s->sample.event;
    return SNN_OK;
}

static void empty(void *user, void *content)
{
    const struct events_set *set = user;
    struct cut *s = content;

    snn__sample_free(&s->sample);
    snn_component_free(set->ctx, s->at);
    snn_component_free(set->ctx, s->piece);
    snn_component_free(set->ctx, s);
}

/* ---- the source ---- */

static snn_status make_frame(const struct events_set *set, const struct cut *s, size_t frame, float *x)
{
    const size_t piece = s->piece[frame];

    memset(x, 0, set->frames->length * sizeof *x);
    TRY(snn__sample_frame(&s->sample, s->at[piece], s->at[piece + 1], set->frames, x));
    for (size_t i = 0; s->scale != 1.0f && i < set->frames->length; i++)
        x[i] /= s->scale;
    return snn_event_frames_finish(set->frames, x);
}

static snn_status read_frame(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct events_set *set = user;
    size_t window;
    const struct snn__event_item *item = &set->list.item[item_of(set, index, &window)];
    struct snn__slot *s;
    snn_status rc = snn__slots_borrow(&set->slots, index, sample->seed, &s);

    if (rc != SNN_OK) {
        char reason[300];

        snprintf(reason, sizeof reason, "%s", snn_last_error());
        return snn_component_fail(rc, "%.300s: %s", set->list.file[item->file], reason);
    }
    rc = make_frame(set, s->content, frame, sample->x);
    sample->label = item->label;
    sample->length = ((const struct cut *)s->content)->length;
    snn__slots_return(&set->slots, s);
    return rc;
}

static void tell_ahead(void *user, size_t index, uint64_t seed)
{
    struct events_set *set = user;

    snn__ahead_tell(set->slots.reader, index, seed);
}

static void close_set(void *user)
{
    struct events_set *set = user;
    const bool left_behind = snn__ahead_left_behind(set->slots.reader);

    if (set->slots.slot != NULL)
        snn__slots_close(&set->slots);
    set->recordings.reader = NULL;
    if (set->recordings.slot != NULL && !left_behind)
        snn__slots_close(&set->recordings);
    snn_component_free(set->ctx, set->first);
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

/* Numbers the windows of all items, whose recordings have to be read for that. */
static snn_status number_windows(struct events_set *set)
{
    const struct snn__sample *recording;
    struct snn__slot *slot;
    snn_status rc = SNN_OK;

    set->first = snn_component_alloc(set->ctx, set->list.items, sizeof *set->first);
    if (set->first == NULL)
        return SNN_ERR_MEMORY;
    set->samples = 0;
    for (size_t i = 0; i < set->list.items && rc == SNN_OK; i++) {
        set->first[i] = set->samples;
        rc = borrow(set, i, &recording, &slot);
        if (rc == SNN_OK) {
            set->samples += snn__sample_windows(recording, set->frames);
            give_back(set, slot);
        }
        if (rc == SNN_OK && set->samples > SAMPLES_MOST)
            rc = snn_component_fail(SNN_ERR_ARGUMENT, "more than %u windows", SAMPLES_MOST);
    }
    return rc;
}

/* Where samples are windows, recordings take half of the memory. */
static snn_status open_slots(struct events_set *set, uint64_t memory)
{
    if (snn__frames_is(set->frames, SNN_EVENT_FRAMES_CUT, "windows")) {
        memory = memory / 2 > 0 ? memory / 2 : 1;
        set->recordings = (struct snn__slots){
            .ctx = set->ctx, .fill = fill_recording, .empty = empty_recording, .user = set, .memory = memory
        };
        TRY(snn__slots_open(&set->recordings, set->list.items));
        TRY(number_windows(set));
    }
    set->slots = (struct snn__slots){ .ctx = set->ctx,
                                      .fill = fill,
                                      .empty = empty,
                                      .user = set,
                                      .threads = 1,
                                      .memory = memory,
                                      .ahead_most = memory / 4 };
    TRY(snn__slots_open(&set->slots, set->samples));
    set->recordings.reader = set->slots.reader = snn__ahead_create(&set->slots);
    return SNN_OK;
}

static snn_status fill_set(struct events_set *set, const snn_events_data *data, const snn_event_frames *frames)
{
    TRY(snn__event_list_open(&set->list, data, "snn_events_dataset_open"));
    TRY(find_sensor(&set->list));
    TRY(snn__frames_copy(&set->frames, frames));
    TRY(snn_event_frames_prepare(set->frames, set->list.width, set->list.height));
    set->steps = (size_t)snn__frames_i64(set->frames, SNN_EVENT_FRAMES_STEPS);
    set->samples = set->list.items;
    TRY(snn__store_fill(&set->store, &set->list, data->cache));
    return open_slots(set, data->memory > 0 ? data->memory : MEMORY);
}

static snn_status create(snn_dataset **out, struct events_set *set)
{
    snn_dataset_source source;

    TRY(snn_dataset_source_init(&source, sizeof source));
    TRY(snn_event_frames_shape(set->frames, source.shape, &source.rank));
    source.count = set->samples;
    source.classes = set->list.classes;
    source.frames = set->steps;
    source.read = read_frame;
    source.ahead = tell_ahead;
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
    rc = fill_set(set, &own, frames);
    if (rc == SNN_OK)
        rc = create(out, set);
    if (rc != SNN_OK)
        close_set(set);
    return rc;
}
