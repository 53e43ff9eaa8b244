/* store.c - samples of archives, in memory. */
#include "store.h"
#include "reader.h"
#include <stdlib.h>
#include <string.h>

/* An item by its place in the files. */
struct place {
    uint32_t file;
    uint64_t index;
    size_t item;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->file != y->file)
        return (x->file > y->file) - (x->file < y->file);
    return (x->index > y->index) - (x->index < y->index);
}

/* A copy with no more room than it needs. */
static snn_status copy(struct snn__sample *to, const struct snn__sample *from, snn_context *ctx)
{
    *to = (struct snn__sample){ .ctx = ctx, .first = from->first };
    if (from->events == 0)
        return SNN_OK;
    to->event = snn_component_alloc(ctx, from->events, sizeof *to->event);
    if (to->event == NULL)
        return SNN_ERR_MEMORY;
    memcpy(to->event, from->event, from->events * sizeof *to->event);
    to->events = to->room = from->events;
    return SNN_OK;
}

/* Reads n samples of one file. */
static snn_status read_samples(struct snn__store *store, const struct snn__event_list *list, snn_events *events,
                               const struct place *place, size_t n)
{
    struct snn__sample sample = { .ctx = list->ctx };
    snn_status rc = SNN_OK;

    for (size_t i = 0; i < n && rc == SNN_OK; i++) {
        rc = snn__sample_read_on(&sample, events, &list->item[place[i].item]);
        if (rc == SNN_OK)
            rc = copy(&store->sample[place[i].item], &sample, list->ctx);
    }
    snn__sample_free(&sample);
    return rc;
}

/* Reads n samples of one file, if that is an archive. */
static snn_status read_archive(struct snn__store *store, const struct snn__event_list *list,
                               const struct place *place, size_t n)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events *events;
    snn_status rc = SNN_OK;

    source.path = list->file[place->file];
    source.format = list->format;
    TRY(snn_events_open(&events, list->ctx, &source));
    if (events->archive != NULL)
        rc = read_samples(store, list, events, place, n);
    snn_events_destroy(events);
    return rc;
}

/* Goes through the files that several items are in. */
static snn_status read_archives(struct snn__store *store, const struct snn__event_list *list, struct place *place)
{
    size_t n;

    for (size_t i = 0; i < list->items; i++)
        place[i] = (struct place){ list->item[i].file, list->item[i].index, i };
    qsort(place, list->items, sizeof *place, by_place);
    for (size_t i = 0; i < list->items; i += n) {
        for (n = 1; i + n < list->items && place[i + n].file == place[i].file; n++)
            ;
        if (n > 1)
            TRY(read_archive(store, list, place + i, n));
    }
    return SNN_OK;
}

snn_status snn__store_fill(struct snn__store *store, const struct snn__event_list *list)
{
    struct place *place;
    snn_status rc;

    if (list->files >= list->items)
        return SNN_OK;
    store->sample = snn_component_alloc(list->ctx, list->items, sizeof *store->sample);
    place = snn_component_alloc(list->ctx, list->items, sizeof *place);
    rc = store->sample != NULL && place != NULL ? read_archives(store, list, place) : SNN_ERR_MEMORY;
    snn_component_free(list->ctx, place);
    return rc;
}

void snn__store_free(struct snn__store *store, const struct snn__event_list *list)
{
    for (size_t i = 0; store->sample != NULL && i < list->items; i++)
        if (store->sample[i].ctx != NULL)
            snn__sample_free(&store->sample[i]);
    snn_component_free(list->ctx, store->sample);
    store->sample = NULL;
}

snn_status snn__store_read(const struct snn__store *store, const struct snn__event_list *list, size_t index,
                           struct snn__sample *sample)
{
    if (store->sample != NULL && store->sample[index].ctx != NULL)
        return copy(sample, &store->sample[index], list->ctx);
    return snn__sample_read(sample, list, &list->item[index]);
}
