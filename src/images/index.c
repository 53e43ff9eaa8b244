/* index.c - the places of all images of some shards, in a file: a header, then the items as they are in memory. */
#include "index.h"
#include "../disk.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK 0x3173676d496e6e73ull /* "snnImgs1" */

struct header {
    uint64_t mark, key, items, classes, sum;
};

/* Paths, sizes and times of the shards. */
static uint64_t key_of(const struct snn__image_list *list)
{
    uint64_t key = snn__sum_word(SNN__SUM_BEGIN, list->places);

    for (const char *c = list->directory; *c != '\0'; c++)
        key = snn__sum_word(key, (uint8_t)*c);
    for (size_t i = 0; i < list->places; i++) {
        const struct snn__image_place *place = &list->place[i];

        for (const char *c = snn__image_text_at(list, place->name); *c != '\0'; c++)
            key = snn__sum_word(key, (uint8_t)*c);
        key = snn__sum_word(snn__sum_word(snn__sum_word(key, place->size), place->second), place->nano);
    }
    return key;
}

static snn_status path_of(const char *folder, const char *name, char path[SNN__PATH_ROOM])
{
    if (folder[0] == '\0')
        return snn_component_fail(SNN_ERR_ARGUMENT, "cache is \"\"; give a folder, or NULL for none");
    return snn__image_join(path, folder, name);
}

static snn_status index_path(uint64_t key, const char *folder, char path[SNN__PATH_ROOM])
{
    char name[32];

    snprintf(name, sizeof name, "%016llx.images", (unsigned long long)key);
    return path_of(folder, name, path);
}

/* ---- reading ---- */

static bool is_whole(const struct snn__image_list *list, const struct header *h)
{
    for (size_t i = 0; i < list->items; i++) {
        const struct snn__image_item *item = &list->item[i];

        if (item->place >= list->places || item->label >= h->classes || item->head > item->at ||
            item->at > list->place[item->place].size || item->size > list->place[item->place].size - item->at)
            return false;
    }
    return true;
}

static snn_status load(struct snn__image_list *list, int file, uint64_t key, bool *found)
{
    const size_t size = sizeof *list->item;
    struct header h;
    struct stat st;

    if (!snn__disk_read(file, &h, sizeof h, 0) || h.mark != MARK || h.key != key || fstat(file, &st) != 0 ||
        h.items == 0 || h.items > UINT32_MAX || h.classes > SNN__CLASSES_MOST ||
        (uint64_t)st.st_size != sizeof h + h.items * size)
        return SNN_OK;
    list->item = snn_component_alloc(list->ctx, (size_t)h.items, size);
    if (list->item == NULL)
        return SNN_ERR_MEMORY;
    list->items = list->item_room = (size_t)h.items;
    list->classes = (size_t)h.classes;
    *found = snn__disk_read(file, list->item, (size_t)h.items * size, sizeof h) &&
             snn__sum_words(key + h.classes, list->item, (size_t)h.items * size / sizeof(uint64_t)) == h.sum &&
             is_whole(list, &h);
    if (*found)
        return SNN_OK;
    snn_component_free(list->ctx, list->item);
    list->item = NULL;
    list->items = list->item_room = list->classes = 0;
    return SNN_OK;
}

snn_status snn__index_read(struct snn__image_list *list, const char *folder, bool *found)
{
    const uint64_t key = key_of(list);
    char path[SNN__PATH_ROOM];
    snn_status rc;
    int file;

    *found = false;
    TRY(index_path(key, folder, path));
    file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return SNN_OK;
    rc = load(list, file, key, found);
    close(file);
    return rc;
}

/* ---- writing ---- */

static snn_status store(const struct snn__image_list *list, snn_component_file *file, uint64_t key)
{
    const size_t size = list->items * sizeof *list->item;
    const struct header h = { MARK, key, list->items, list->classes,
                              snn__sum_words(key + list->classes, list->item, size / sizeof(uint64_t)) };

    TRY(snn_component_file_write(file, list->item, size, sizeof h));
    TRY(snn_component_file_write(file, &h, sizeof h, 0));
    return snn_component_file_commit(file, NULL);
}

snn_status snn__index_write(const struct snn__image_list *list, const char *folder)
{
    const uint64_t key = key_of(list);
    char path[SNN__PATH_ROOM];
    snn_component_file *file;
    snn_status rc;

    TRY(index_path(key, folder, path));
    TRY(snn__disk_folder(folder));
    rc = snn_component_file_create(&file, list->ctx, path);
    if (rc == SNN_OK)
        rc = store(list, file, key);
    snn_component_file_destroy(file);
    return rc;
}
