/* names.c - lists of names. */
#include "names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static snn_status make_room(struct snn__names *names)
{
    const size_t room = names->room > 0 ? 2 * names->room : 64;
    char **table;

    if (names->count < names->room)
        return SNN_OK;
    table = snn__wider(names->ctx, names->name, names->count, room, sizeof *table);
    if (table == NULL)
        return SNN_ERR_MEMORY;
    names->name = table;
    names->room = room;
    return SNN_OK;
}

snn_status snn__names_add(struct snn__names *names, const char *name, size_t length)
{
    char *copy;

    TRY(make_room(names));
    copy = snn_component_alloc(names->ctx, length + 1, 1);
    if (copy == NULL)
        return SNN_ERR_MEMORY;
    memcpy(copy, name, length);
    names->name[names->count++] = copy;
    return SNN_OK;
}

void snn__names_free(struct snn__names *names)
{
    for (size_t i = 0; i < names->count; i++)
        snn_component_free(names->ctx, names->name[i]);
    snn_component_free(names->ctx, names->name);
    *names = (struct snn__names){ .ctx = names->ctx };
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void snn__names_sort(struct snn__names *names)
{
    if (names->count > 1)
        qsort(names->name, names->count, sizeof *names->name, by_bytes);
}

void snn__names_unique(struct snn__names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++)
        if (kept > 0 && strcmp(names->name[kept - 1], names->name[i]) == 0)
            snn_component_free(names->ctx, names->name[i]);
        else
            names->name[kept++] = names->name[i];
    names->count = kept;
}

size_t snn__names_find(const struct snn__names *names, const char *name, size_t length)
{
    size_t low = 0, high = names->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        int order = strncmp(names->name[middle], name, length);

        if (order == 0 && names->name[middle][length] != '\0')
            order = 1;
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return names->count;
}

snn_status snn__path_join(char *path, const char *directory, const char *name)
{
    const int length = snprintf(path, SNN__PATH_ROOM, "%s%s%s", directory, *name != '\0' ? "/" : "", name);

    return length >= 0 && (unsigned)length < SNN__PATH_ROOM
               ? SNN_OK
               : snn_component_fail(SNN_ERR_ARGUMENT, "%.100s...: the path has more than %u bytes", directory,
                                    SNN__PATH_ROOM - 1);
}
