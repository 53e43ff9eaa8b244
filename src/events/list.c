/* list.c - the recordings of a data set. */
#include "list.h"
#include <stdio.h>
#include <string.h>

/* Makes room for one more entry of a table. */
static snn_status grow(snn_context *ctx, void **table, size_t used, size_t *room, size_t size)
{
    const size_t more = *room > 0 ? 2 * *room : 64;
    void *wider;

    if (used < *room)
        return SNN_OK;
    wider = snn__wider(ctx, *table, used, more, size);
    if (wider == NULL)
        return SNN_ERR_MEMORY;
    *table = wider;
    *room = more;
    return SNN_OK;
}

/* "folder/name" in memory of the context; "folder" if the name is "". */
static char *path_of(snn_context *ctx, const char *folder, const char *name)
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
    for (size_t i = 0; list->class != NULL && i < list->classes; i++)
        snn_component_free(list->ctx, list->class[i]);
    snn_component_free(list->ctx, list->class);
    *list = (struct snn__event_list){ .ctx = list->ctx };
}

snn_status snn__event_list_file(struct snn__event_list *list, const char *folder, const char *name)
{
    void *table = list->file;
    char *path;

    TRY(grow(list->ctx, &table, list->files, &list->file_room, sizeof *list->file));
    list->file = table;
    path = path_of(list->ctx, folder, name != NULL ? name : "");
    if (path == NULL)
        return SNN_ERR_MEMORY;
    list->file[list->files++] = path;
    return SNN_OK;
}

snn_status snn__event_list_classes(struct snn__event_list *list, const char *const *name, size_t classes)
{
    list->classes = classes;
    list->class = snn_component_alloc(list->ctx, classes, sizeof *list->class);
    if (list->class == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < classes; i++) {
        list->class[i] = path_of(list->ctx, name[i], "");
        if (list->class[i] == NULL)
            return SNN_ERR_MEMORY;
    }
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
