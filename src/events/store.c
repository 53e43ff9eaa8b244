/* store.c - samples that are read once, in the order in which their files hold them. */
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

/* ---- the order of files ---- */

/* Reads n samples of one file. */
static snn_status read_samples(const struct snn__event_list *list, snn_events *events, const struct place *place,
                               size_t n, snn__keep_fn *keep, void *user)
{
    struct snn__sample sample = { .ctx = list->ctx };
    snn_status rc = SNN_OK;

    for (size_t i = 0; i < n && rc == SNN_OK; i++) {
        rc = snn__sample_read_on(&sample, events, &list->item[place[i].item]);
        if (rc == SNN_OK)
            rc = keep(user, place[i].item, &sample);
    }
    snn__sample_free(&sample);
    return rc;
}

static snn_status read_file(const struct snn__event_list *list, bool all, const struct place *place, size_t n,
                            snn__keep_fn *keep, void *user)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events *events;
    snn_status rc = SNN_OK;

    source.path = list->file[place->file];
    source.format = list->format;
    TRY(snn_events_open(&events, list->ctx, &source));
    if (all || events->archive != NULL)
        rc = read_samples(list, events, place, n, keep, user);
    snn_events_destroy(events);
    return rc;
}

/* Where a file holds one sample, that is read when it is needed. */
static snn_status read_files(const struct snn__event_list *list, bool all, struct place *place, snn__keep_fn *keep,
                             void *user)
{
    size_t n;

    for (size_t i = 0; i < list->items; i++)
        place[i] = (struct place){ list->item[i].file, list->item[i].index, i };
    qsort(place, list->items, sizeof *place, by_place);
    for (size_t i = 0; i < list->items; i += n) {
        for (n = 1; i + n < list->items && place[i + n].file == place[i].file; n++)
            ;
        if (all || n > 1)
            TRY(read_file(list, all, place + i, n, keep, user));
    }
    return SNN_OK;
}

snn_status snn__store_walk(const struct snn__event_list *list, bool all, snn__keep_fn *keep, void *user)
{
    struct place *place = snn_component_alloc(list->ctx, list->items, sizeof *place);
    snn_status rc = place != NULL ? read_files(list, all, place, keep, user) : SNN_ERR_MEMORY;

    snn_component_free(list->ctx, place);
    return rc;
}

/* ---- the store ---- */

static snn_status keep_in_memory(void *user, size_t item, const struct snn__sample *sample)
{
    struct snn__store *store = user;

    return copy(&store->sample[item], sample, sample->ctx);
}

snn_status snn__store_fill(struct snn__store *store, const struct snn__event_list *list, const char *cache)
{
    if (cache != NULL)
        return snn__cache_open(&store->cache, list, cache);
    if (list->files >= list->items)
        return SNN_OK;
    store->sample = snn_component_alloc(list->ctx, list->items, sizeof *store->sample);
    return store->sample != NULL ? snn__store_walk(list, false, keep_in_memory, store) : SNN_ERR_MEMORY;
}

void snn__store_free(struct snn__store *store, const struct snn__event_list *list)
{
    for (size_t i = 0; store->sample != NULL && i < list->items; i++)
        if (store->sample[i].ctx != NULL)
            snn__sample_free(&store->sample[i]);
    snn_component_free(list->ctx, store->sample);
    store->sample = NULL;
    snn__cache_close(&store->cache, list->ctx);
}

const struct snn__sample *snn__store_find(const struct snn__store *store, size_t index)
{
    return store->sample != NULL && store->sample[index].ctx != NULL ? &store->sample[index] : NULL;
}

snn_status snn__store_read(const struct snn__store *store, const struct snn__event_list *list, size_t index,
                           struct snn__sample *sample)
{
    const struct snn__sample *held = snn__store_find(store, index);
    bool found = false;

    if (store->cache.entry != NULL)
        TRY(snn__cache_read(&store->cache, index, sample, &found));
    if (found)
        return SNN_OK;
    if (held != NULL)
        return copy(sample, held, list->ctx);
    return snn__sample_read(sample, list, &list->item[index]);
}
