/* recordings.c - recordings of event cameras in memory, cut into frames when they are read. */
#include "data/recordings.h"
#include "core/alloc.h"
#include "core/size.h"
#include <string.h>

static snn_status widen_table(struct snn__recordings *r)
{
    const size_t room = snn__max(64, 2 * r->room);
    struct snn__recording *table = snn__alloc(r->ctx, room, sizeof *table);

    if (table == NULL)
        return SNN_ERR_MEMORY;
    if (r->count > 0)
        memcpy(table, r->recording, r->count * sizeof *table);
    snn__free(r->ctx, r->recording);
    r->recording = table;
    r->room = room;
    return SNN_OK;
}

snn_status snn__recordings_add(struct snn__recordings *r, const struct snn__event *event, size_t events,
                               uint32_t label)
{
    struct snn__recording *to;

    if (r->count == r->room)
        SNN__TRY(widen_table(r));
    to = &r->recording[r->count];
    *to = (struct snn__recording){ .events = events, .label = label };
    if (events > 0) {
        to->event = snn__alloc(r->ctx, events, sizeof *event);
        if (to->event == NULL)
            return SNN_ERR_MEMORY;
        memcpy(to->event, event, events * sizeof *event);
    }
    r->count++;
    return SNN_OK;
}

void snn__recordings_free(struct snn__recordings *r)
{
    for (size_t i = 0; i < r->count; i++)
        snn__free(r->ctx, r->recording[i].event);
    snn__free(r->ctx, r->recording);
    r->recording = NULL;
    r->count = r->room = 0;
}

/* The first event of frame `frame` or a later one. */
static size_t first_of(const struct snn__recording *r, size_t frame, size_t frames)
{
    const uint64_t span = (uint64_t)(r->event[r->events - 1].time - r->event[0].time) + 1;
    size_t low = 0, high = r->events;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uint64_t)(r->event[middle].time - r->event[0].time) * frames / span < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static snn_status read_frame(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct snn__recordings *r = user;
    const struct snn__recording *from = &r->recording[index];
    float *x = sample->x;

    memset(x, 0, r->shape[0] * r->shape[1] * r->shape[2] * sizeof *x);
    sample->label = from->label;
    if (from->events > 0)
        for (size_t i = first_of(from, frame, r->frames), end = first_of(from, frame + 1, r->frames); i < end; i++)
            x[from->event[i].place] = r->count_events ? x[from->event[i].place] + 1.0f : 1.0f;
    return SNN_OK;
}

static void close_recordings(void *user)
{
    struct snn__recordings *r = user;

    snn__recordings_free(r);
    snn__free(r->ctx, r);
}

void snn__recordings_source(struct snn__recordings *r, snn_dataset_source *source)
{
    source->rank = 3;
    memcpy(source->shape, r->shape, sizeof r->shape);
    source->count = r->count;
    source->classes = r->classes;
    source->frames = r->frames;
    source->read = read_frame;
    source->close = close_recordings;
    source->user = r;
}
