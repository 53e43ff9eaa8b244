/* sample.c - the events of one sample: read, ordered by time, packed. */
#include "sample.h"
#include <string.h>

#define PIECE 1024u

void snn__sample_free(struct snn__sample *sample)
{
    snn_component_free(sample->ctx, sample->event);
    sample->event = NULL;
    sample->events = sample->room = 0;
}

snn_status snn__sample_reserve(struct snn__sample *s, size_t n)
{
    size_t room = s->room > 0 ? s->room : 2 * PIECE;
    struct snn__packed *wider;

    if (n <= s->room - s->events)
        return SNN_OK;
    while (n <= SNN__SAMPLE_MOST && room < s->events + n)
        room *= 2;
    if (n > SNN__SAMPLE_MOST || room > SNN__SAMPLE_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "a sample has more than %zu events", SNN__SAMPLE_MOST);
    wider = snn__wider(s->ctx, s->event, s->events, room, sizeof *wider);
    if (wider == NULL)
        return SNN_ERR_MEMORY;
    s->event = wider;
    s->room = room;
    return SNN_OK;
}

static snn_status fail_span(void)
{
    return snn_component_fail(SNN_ERR_FORMAT, "a sample lasts longer than %u s", UINT32_MAX / 1000000);
}

/* Times count from one that comes before. */
static snn_status begin_earlier(struct snn__sample *s, int64_t t)
{
    const uint64_t by = (uint64_t)s->first - (uint64_t)t;

    for (size_t i = 0; i < s->events; i++) {
        if (by > UINT32_MAX - s->event[i].t)
            return fail_span();
        s->event[i].t += (uint32_t)by;
    }
    s->first = t;
    return SNN_OK;
}

snn_status snn__sample_add(struct snn__sample *s, const snn_event *event, size_t n)
{
    TRY(snn__sample_reserve(s, n));
    for (size_t i = 0; i < n; i++) {
        if (s->events == 0)
            s->first = event[i].t;
        if (event[i].t < s->first)
            TRY(begin_earlier(s, event[i].t));
        if ((uint64_t)event[i].t - (uint64_t)s->first > UINT32_MAX)
            return fail_span();
        if (event[i].y > INT16_MAX)
            return snn_component_fail(SNN_ERR_FORMAT, "an event is in row %u", event[i].y);
        s->event[s->events++] = (struct snn__packed){ .t = (uint32_t)((uint64_t)event[i].t - (uint64_t)s->first),
                                                      .x = event[i].x,
                                                      .yp = (uint16_t)(2 * event[i].y + event[i].p) };
    }
    return SNN_OK;
}

/* ---- order ---- */

static bool is_sorted(const struct snn__sample *s)
{
    for (size_t i = 1; i < s->events; i++)
        if (s->event[i].t < s->event[i - 1].t)
            return false;
    return true;
}

/* Merges two runs, from[a .. b - 1] and from[b .. c - 1], of which the first goes before at equal times. */
static void merge(struct snn__packed *to, const struct snn__packed *from, size_t a, size_t b, size_t c)
{
    const size_t middle = b;

    for (size_t k = a; k < c; k++)
        to[k] = a < middle && (b == c || from[a].t <= from[b].t) ? from[a++] : from[b++];
}

snn_status snn__sample_sort(struct snn__sample *s)
{
    struct snn__packed *other;

    if (is_sorted(s))
        return SNN_OK;
    other = snn_component_alloc(s->ctx, s->room, sizeof *other);
    if (other == NULL)
        return SNN_ERR_MEMORY;
    for (size_t run = 1; run < s->events; run *= 2) {
        struct snn__packed *from = s->event;

        for (size_t a = 0; a < s->events; a += 2 * run) {
            const size_t b = a + run < s->events ? a + run : s->events, c = b + run < s->events ? b + run : s->events;

            merge(other, from, a, b, c);
        }
        s->event = other;
        other = from;
    }
    snn_component_free(s->ctx, other);
    return SNN_OK;
}

/* ---- reading ---- */

/* Those events of a piece that are in the item, moved to its begin; *past: all lie after it. */
static size_t select_part(snn_event *event, size_t n, const struct snn__event_item *item, bool *past)
{
    size_t kept = 0, after = 0;

    for (size_t i = 0; i < n; i++) {
        after += event[i].t >= item->end;
        if (event[i].t >= item->begin && event[i].t < item->end)
            event[kept++] = event[i];
    }
    *past = n > 0 && after == n;
    return kept;
}

snn_status snn__sample_read_on(struct snn__sample *sample, snn_events *reader, const struct snn__event_item *item)
{
    snn_event event[PIECE];
    bool past = false;
    uint32_t found;
    size_t got;

    sample->events = 0;
    TRY(snn_events_seek(reader, item->index, &found));
    if (!found)
        return snn_component_fail(SNN_ERR_FORMAT, "it has no recording number %llu", (unsigned long long)item->index);
    do {
        TRY(snn_events_read(reader, event, PIECE, &got));
        TRY(snn__sample_add(sample, event, select_part(event, got, item, &past)));
    } while (got == PIECE && !past);
    return snn__sample_sort(sample);
}

snn_status snn__sample_read(struct snn__sample *sample, const struct snn__event_list *list,
                            const struct snn__event_item *item)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events *reader;
    snn_status rc;

    source.path = list->file[item->file];
    source.format = list->format;
    TRY(snn_events_open(&reader, list->ctx, &source));
    rc = snn__sample_read_on(sample, reader, item);
    snn_events_destroy(reader);
    return rc;
}

/* ---- frames ---- */

snn_status snn__sample_frame(const struct snn__sample *sample, size_t first, size_t last,
                             const snn_event_frames *frames, float *frame)
{
    snn_event event[PIECE];

    while (first < last) {
        const size_t n = last - first < PIECE ? last - first : PIECE;

        for (size_t i = 0; i < n; i++) {
            const struct snn__packed *from = &sample->event[first + i];

            event[i] = (snn_event){ .x = from->x, .y = from->yp >> 1, .p = from->yp & 1 };
        }
        TRY(snn_event_frames_add(frames, event, n, frame));
        first += n;
    }
    return SNN_OK;
}
