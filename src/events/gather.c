/* gather.c - the recordings of a data set with a folder for each class: below a folder, or in archives. */
#include "classes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH 3u /* folders above a recording, at most */

/* ---- parts of a path ---- */

unsigned snn__path_depth(const char *path)
{
    unsigned depth = 0;

    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

const char *snn__path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

size_t snn__path_folder(const char *path, unsigned index, const char **folder)
{
    for (*folder = path; index > 0; index--)
        *folder = strchr(*folder, '/') + 1;
    return strcspn(*folder, "/");
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), end = strlen(ending);

    return length > end && strcmp(name + length - end, ending) == 0;
}

/* ---- which files there are ---- */

/* Adds number `i` of the paths, if it is a recording. */
static snn_status add_recording(struct snn__gathered *g, size_t i, uint32_t file, uint64_t index)
{
    const char *path = g->path.name[i], *ending = g->kind->ending;
    const size_t room = g->room > 0 ? 2 * g->room : 256;
    struct snn__found *grown;

    if (snn__path_depth(path) == 0 || *snn__path_name(path) == '\0' || (ending != NULL && !ends_with(path, ending)))
        return SNN_OK;
    if (g->count == g->room) {
        grown = snn__wider(g->list->ctx, g->found, g->count, room, sizeof *grown);
        if (grown == NULL)
            return SNN_ERR_MEMORY;
        g->found = grown;
        g->room = room;
    }
    g->found[g->count++] = (struct snn__found){ .path = path, .file = file, .index = index };
    return SNN_OK;
}

/* Adds what an open archive holds, as if it were unpacked into a folder of the name `stem`. */
static snn_status add_members(struct snn__gathered *g, snn_events *events, uint32_t file, const char *stem)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    char path[SNN__PATH_ROOM];
    uint32_t found = 1;

    for (uint64_t i = 0; found; i++) {
        TRY(snn_events_get_info(events, &info));
        TRY(snn__path_join(path, stem, info.name));
        TRY(snn__names_add(&g->path, path, strlen(path)));
        TRY(add_recording(g, g->path.count - 1, file, i));
        TRY(snn_events_seek(events, i + 1, &found));
    }
    TRY(snn_events_get_info(events, &info));
    return strstr(info.warning, "is truncated") == NULL ? SNN_OK
                                                        : snn_component_fail(SNN_ERR_FORMAT, "%s", info.warning);
}

static snn_status add_archive(struct snn__gathered *g, const char *path)
{
    const char *name = snn__path_name(path);
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    char stem[256];
    snn_events *events;
    snn_status rc;

    source.path = path;
    source.format = g->list->format;
    TRY(snn__event_list_file(g->list, path, NULL));
    TRY(snn_events_open(&events, g->list->ctx, &source));
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(name, "."), name);
    rc = add_members(g, events, (uint32_t)g->list->files - 1, stem);
    snn_events_destroy(events);
    return rc;
}

static bool is_archive(const char *name)
{
    static const char *const endings[] = { ".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst" };

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(name, endings[i]))
            return true;
    return false;
}

/* The archives of a folder; if the classes are in one of a known name, that one alone. */
static snn_status add_archives(struct snn__gathered *g)
{
    const char *root = g->kind->root;
    const size_t names = g->path.count;
    char path[SNN__PATH_ROOM];

    for (size_t i = 0; i < names; i++) {
        const char *name = g->path.name[i];

        if (snn__path_depth(name) > 0 || !is_archive(name) ||
            (root != NULL && (strncmp(name, root, strlen(root)) != 0 || name[strlen(root)] != '.')))
            continue;
        TRY(snn__path_join(path, g->directory, name));
        TRY(add_archive(g, path));
    }
    return SNN_OK;
}

static snn_status add_folder(struct snn__gathered *g)
{
    TRY(snn__tree_read(&g->path, g->directory, DEPTH));
    for (size_t i = 0; i < g->path.count; i++)
        TRY(add_recording(g, i, SNN__NO_ARCHIVE, 0));
    return g->count > 0 ? SNN_OK : add_archives(g);
}

/* ---- where they are ---- */

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static snn_status find_folder(struct snn__gathered *g, const char *directory)
{
    if (g->kind->root != NULL) {
        TRY(snn__path_join(g->directory, directory, g->kind->root));
        if (is_folder(g->directory))
            return SNN_OK;
    }
    return snn__path_join(g->directory, directory, "");
}

/* All recordings lie equally deep. */
static snn_status check_depth(struct snn__gathered *g)
{
    if (g->count == 0)
        return snn_component_fail(SNN_ERR_IO, "%.300s holds no CLASS/NAME%s, and no archive of such", g->directory,
                                  g->kind->ending != NULL ? g->kind->ending : "");
    g->depth = snn__path_depth(g->found[0].path);
    for (size_t i = 1; i < g->count; i++)
        if (snn__path_depth(g->found[i].path) != g->depth)
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.200s: %.100s and %.100s do not lie equally deep; the folder of a class "
                                      "holds its recordings and no folders",
                                      g->directory, g->found[0].path, g->found[i].path);
    return SNN_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct snn__found *x = a, *y = b;

    return strcmp(x->path, y->path);
}

snn_status snn__gathered_find(struct snn__gathered *g, const char *directory)
{
    g->path.ctx = g->list->ctx;
    TRY(find_folder(g, directory));
    if (is_file(directory))
        TRY(add_archive(g, directory));
    else
        TRY(add_folder(g));
    TRY(check_depth(g));
    snn__names_sort(&g->path);
    qsort(g->found, g->count, sizeof *g->found, by_path);
    return SNN_OK;
}

void snn__gathered_free(struct snn__gathered *g)
{
    snn__names_free(&g->path);
    snn_component_free(g->list->ctx, g->found);
    g->found = NULL;
}

struct snn__found *snn__gathered_at(const struct snn__gathered *g, const char *path)
{
    const struct snn__found key = { .path = path };

    return bsearch(&key, g->found, g->count, sizeof key, by_path);
}
