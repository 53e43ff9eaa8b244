/* cache.c - the samples of a list in one file. */
#include "cache.h"
#include "../disk.h"
#include "store.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK 0x31746e65766e6e73ull /* "snnevnt1" */

struct header {
    uint64_t mark, key, items, sum;
};

/* ---- what the cache is of ---- */

static uint64_t key_of(const struct snn__event_list *list)
{
    uint64_t key = snn__sum_word(SNN__SUM_BEGIN, list->items);

    for (size_t i = 0; i < list->files; i++)
        key = snn__sum_file(key, list->file[i]);
    for (size_t i = 0; i < list->items; i++) {
        const struct snn__event_item *item = &list->item[i];

        key = snn__sum_word(snn__sum_word(key, item->file), item->index);
        key = snn__sum_word(snn__sum_word(key, (uint64_t)item->begin), (uint64_t)item->end);
    }
    return key;
}

/* ---- reading ---- */

/* True if the events of all samples lie in the file, which ends with them. */
static bool fits(const struct snn__cache_entry *entry, size_t items, uint64_t size)
{
    const uint64_t begin = sizeof(struct header) + items * sizeof *entry;
    uint64_t end = begin;

    for (size_t i = 0; i < items; i++) {
        if (entry[i].at < begin || entry[i].at > size ||
            entry[i].events > (size - entry[i].at) / sizeof(struct snn__packed))
            return false;
        end = entry[i].at + entry[i].events * sizeof(struct snn__packed) > end
                  ? entry[i].at + entry[i].events * sizeof(struct snn__packed)
                  : end;
    }
    return end == size;
}

/* True if the file is whole, as far as its table says. */
static bool load(struct snn__cache *cache, const struct snn__event_list *list, uint64_t key)
{
    const size_t words = list->items * sizeof *cache->entry / sizeof(uint64_t);
    struct header header;
    struct stat status;

    return snn__disk_read(cache->file, &header, sizeof header, 0) && header.mark == MARK && header.key == key &&
           header.items == list->items &&
           snn__disk_read(cache->file, cache->entry, words * sizeof(uint64_t), sizeof header) &&
           header.sum == snn__sum_words(key, cache->entry, words) && fstat(cache->file, &status) == 0 &&
           fits(cache->entry, list->items, (uint64_t)status.st_size);
}

snn_status snn__cache_read(const struct snn__cache *cache, size_t index, struct snn__sample *sample, bool *found)
{
    const struct snn__cache_entry *entry = &cache->entry[index];
    const size_t n = (size_t)entry->events;

    *found = false;
    TRY(snn__sample_reserve(sample, n));
    if (!snn__disk_read(cache->file, sample->event, n * sizeof *sample->event, entry->at) ||
        snn__sum_words(index, sample->event, n) != entry->sum) {
        unlink(cache->path);
        return SNN_OK;
    }
    sample->events = n;
    sample->first = entry->first;
    *found = true;
    return SNN_OK;
}

/* ---- writing ---- */

struct writer {
    struct snn__cache *cache;
    snn_component_file *file;
    uint64_t at;
};

static snn_status keep(void *user, size_t item, const struct snn__sample *sample)
{
    struct writer *w = user;
    const size_t size = sample->events * sizeof *sample->event;

    w->cache->entry[item] = (struct snn__cache_entry){ w->at, sample->events, sample->first,
                                                       snn__sum_words(item, sample->event, sample->events) };
    TRY(snn_component_file_write(w->file, sample->event, size, w->at));
    w->at += size;
    return SNN_OK;
}

static snn_status write_all(struct snn__cache *cache, const struct snn__event_list *list, uint64_t key,
                            snn_component_file *file)
{
    const size_t size = list->items * sizeof *cache->entry;
    struct header header = { MARK, key, list->items, 0 };
    struct writer w = { cache, file, sizeof header + size };

    TRY(snn__store_walk(list, true, keep, &w));
    header.sum = snn__sum_words(key, cache->entry, size / sizeof(uint64_t));
    TRY(snn_component_file_write(file, cache->entry, size, sizeof header));
    TRY(snn_component_file_write(file, &header, sizeof header, 0));
    return snn_component_file_commit(file, &cache->file);
}

static snn_status build(struct snn__cache *cache, const struct snn__event_list *list, uint64_t key)
{
    snn_component_file *file;
    snn_status rc = snn_component_file_create(&file, list->ctx, cache->path);

    if (rc == SNN_OK)
        rc = write_all(cache, list, key, file);
    snn_component_file_destroy(file);
    return rc;
}

/* ---- opening ---- */

static snn_status open_file(struct snn__cache *cache, const struct snn__event_list *list, uint64_t key)
{
    cache->file = open(cache->path, O_RDONLY | O_CLOEXEC);
    if (cache->file >= 0 && load(cache, list, key))
        return SNN_OK;
    if (cache->file >= 0)
        close(cache->file);
    cache->file = -1;
    return build(cache, list, key);
}

snn_status snn__cache_open(struct snn__cache *cache, const struct snn__event_list *list, const char *folder)
{
    const uint64_t key = key_of(list);
    char name[32];

    if (folder[0] == '\0')
        return snn_component_fail(SNN_ERR_ARGUMENT, "cache is \"\"; give a folder, or NULL for none");
    TRY(snn__disk_folder(folder));
    snprintf(name, sizeof name, "%016llx.events", (unsigned long long)key);
    cache->file = -1;
    TRY(snn__path_join(cache->path, folder, name));
    cache->entry = snn_component_alloc(list->ctx, list->items, sizeof *cache->entry);
    return cache->entry != NULL ? open_file(cache, list, key) : SNN_ERR_MEMORY;
}

void snn__cache_close(struct snn__cache *cache, snn_context *ctx)
{
    if (cache->entry != NULL && cache->file >= 0)
        close(cache->file);
    snn_component_free(ctx, cache->entry);
    cache->entry = NULL;
}
