/* list.c - the recordings of a data set, and what is in a folder. */
#include "list.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one more entry of a table. */
static snn_status grow(snn_context *ctx, void **table, size_t used, size_t *room, size_t size)
{
    const size_t more = *room > 0 ? 2 * *room : 64;
    void *wider;

    if (used < *room)
        return SNN_OK;
    wider = snn_component_alloc(ctx, more, size);
    if (wider == NULL)
        return SNN_ERR_MEMORY;
    if (used > 0)
        memcpy(wider, *table, used * size);
    snn_component_free(ctx, *table);
    *table = wider;
    *room = more;
    return SNN_OK;
}

char *snn__path_of(snn_context *ctx, const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = snn_component_alloc(ctx, size, 1);

    if (path != NULL)
        snprintf(path, size, "%s%s%s", folder, *name != '\0' ? "/" : "", name);
    return path;
}

/* ---- the list ---- */

void snn__event_list_free(struct snn__event_list *list)
{
    for (size_t i = 0; i < list->files; i++)
        snn_component_free(list->ctx, list->file[i]);
    snn_component_free(list->ctx, list->file);
    snn_component_free(list->ctx, list->item);
    list->file = NULL;
    list->item = NULL;
    list->files = list->items = list->file_room = list->item_room = 0;
}

snn_status snn__event_list_file(struct snn__event_list *list, const char *folder, const char *name)
{
    void *table = list->file;
    char *path;

    TRY(grow(list->ctx, &table, list->files, &list->file_room, sizeof *list->file));
    list->file = table;
    path = snn__path_of(list->ctx, folder, name != NULL ? name : "");
    if (path == NULL)
        return SNN_ERR_MEMORY;
    list->file[list->files++] = path;
    return SNN_OK;
}

snn_status snn__event_list_add(struct snn__event_list *list, const struct snn__event_item *item)
{
    void *table = list->item;

    TRY(grow(list->ctx, &table, list->items, &list->item_room, sizeof *list->item));
    list->item = table;
    list->item[list->items++] = *item;
    return SNN_OK;
}

snn_status snn__event_list_whole(struct snn__event_list *list, uint64_t index, uint32_t label)
{
    const struct snn__event_item item = {
        .file = (uint32_t)list->files - 1, .label = label, .index = index, .begin = INT64_MIN, .end = INT64_MAX
    };

    return snn__event_list_add(list, &item);
}

/* ---- folders ---- */

static snn_status add_name(struct snn__folder *folder, const char *name)
{
    void *table = folder->name;
    char *copy;

    TRY(grow(folder->ctx, &table, folder->names, &folder->room, sizeof *folder->name));
    folder->name = table;
    copy = snn__path_of(folder->ctx, name, "");
    if (copy == NULL)
        return SNN_ERR_MEMORY;
    folder->name[folder->names++] = copy;
    return SNN_OK;
}

static int by_name(const void *a, const void *b)
{
    char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

snn_status snn__folder_open(struct snn__folder *out, snn_context *ctx, const char *path)
{
    const struct dirent *entry;
    snn_status rc = SNN_OK;
    DIR *d;

    *out = (struct snn__folder){ .ctx = ctx };
    d = opendir(path);
    if (d == NULL)
        return errno == ENOENT ? SNN_OK : snn_component_fail(SNN_ERR_IO, "%.300s: cannot be listed", path);
    while (rc == SNN_OK && (entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.')
            rc = add_name(out, entry->d_name);
    closedir(d);
    if (out->names > 0)
        qsort(out->name, out->names, sizeof *out->name, by_name);
    return rc;
}

void snn__folder_close(struct snn__folder *folder)
{
    for (size_t i = 0; i < folder->names; i++)
        snn_component_free(folder->ctx, folder->name[i]);
    snn_component_free(folder->ctx, folder->name);
    *folder = (struct snn__folder){ .ctx = folder->ctx };
}
