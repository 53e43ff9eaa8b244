/* arrays.c - data sets of NumPy's arrays in .npz: which arrays there are, and their bytes. The library reads them, as
 * it reads those in files .npy. */
#include "members.h"
#include "names.h"
#include <snn/sys/npy.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ARRAYS_MOST 65536u /* so that a list of names takes some megabytes at most */

struct arrays {
    snn_events source;                /* what archives are read of; strict: a truncated one is an error */
    struct snn__names archive, array; /* path and name of array number i; those of an archive follow one another */
    struct snn__events_archive *open; /* at an array; NULL: none */
};

static snn_status open_archive(struct arrays *a, const char *path)
{
    snn__archive_close(a->open);
    a->source.source.path = path;
    return snn__archive_open(&a->open, &a->source);
}

/* ---- the list ---- */

/* Adds an array of the archive `file`, or of the only one, "". */
static snn_status add(struct arrays *a, const char *path, const char *file, const char *name)
{
    char full[SNN__PATH_ROOM];

    if (a->array.count == ARRAYS_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: more than %u arrays", path, ARRAYS_MOST);
    snprintf(full, sizeof full, "%s%s%s", file, *file != '\0' ? "/" : "", name);
    TRY(snn__names_add(&a->array, full, strlen(full)));
    return snn__names_add(&a->archive, path, strlen(path));
}

static snn_status list_archive(struct arrays *a, const char *path, const char *file)
{
    const char *name;

    TRY(open_archive(a, path));
    for (;;) {
        TRY(snn__archive_next(a->open, &name));
        if (name == NULL)
            return SNN_OK;
        TRY(add(a, path, file, name));
    }
}

static bool is_npz(const char *name)
{
    const size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".npz") == 0;
}

/* Archives of a folder, as if each were a folder in it. */
static snn_status list_folder(struct arrays *a, const char *folder, const struct snn__names *file)
{
    char path[SNN__PATH_ROOM];

    for (size_t i = 0; i < file->count; i++) {
        if (!is_npz(file->name[i]))
            continue;
        TRY(snn__path_join(path, folder, file->name[i]));
        TRY(list_archive(a, path, file->name[i]));
    }
    return SNN_OK;
}

static snn_status list(struct arrays *a, const char *path)
{
    struct snn__names file = { .ctx = a->source.ctx };
    struct stat st;
    snn_status rc;

    if (stat(path, &st) != 0)
        return snn_component_fail(SNN_ERR_IO, "there is no %.300s", path);
    if (!S_ISDIR(st.st_mode))
        return list_archive(a, path, "");
    rc = snn__tree_read(&file, path, 0);
    if (rc == SNN_OK)
        rc = list_folder(a, path, &file);
    snn__names_free(&file);
    return rc;
}

/* ---- what the library asks for ---- */

static const char *name_array(void *user, size_t index)
{
    const struct arrays *a = user;

    return index < a->array.count ? a->array.name[index] : NULL;
}

static snn_status open_array(void *user, size_t index, uint64_t *size)
{
    struct arrays *a = user;
    const char *path = a->archive.name[index], *name = path;
    size_t first = index;
    struct stat st;

    while (first > 0 && strcmp(a->archive.name[first - 1], path) == 0)
        first--;
    TRY(open_archive(a, path));
    for (size_t i = first; i <= index && name != NULL; i++)
        TRY(snn__archive_next(a->open, &name));
    if (name == NULL || stat(path, &st) != 0)
        return snn_component_fail(SNN_ERR_IO, "%.300s changes while it is read", path);
    *size = (uint64_t)st.st_size;
    return SNN_OK;
}

static snn_status read_array(void *user, void *to, size_t size, size_t *got)
{
    const struct arrays *a = user;

    return snn__archive_fill(a->open, to, size, got);
}

/* ---- opening ---- */

snn_status snn_events_arrays_open(snn_dataset **out, snn_context *context, const snn_dataset_files *files)
{
    struct arrays a = { .source = { .ctx = context, .name = "", .source = { .strict = 1 } },
                        .archive = { .ctx = context },
                        .array = { .ctx = context } };
    const snn_npy_members members = { .user = &a, .name = name_array, .open = open_array, .read = read_array };
    snn_dataset_files own;
    snn_status rc;

    if (out == NULL || context == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_arrays_open: an argument is NULL");
    *out = NULL;
    TRY(snn_dataset_files_init(&own, sizeof own));
    TRY(snn_component_read_struct(&own, sizeof own, files, "data set files", "snn_dataset_files_init()"));
    if (own.path == NULL || own.format == NULL || strcmp(own.format, "npz") != 0)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_arrays_open: %s",
                                  own.path == NULL ? "the path is NULL" : "the format is not npz");
    rc = list(&a, own.path);
    if (rc == SNN_OK)
        rc = snn_npy_dataset_open(out, context, &own, &members);
    snn__archive_close(a.open);
    snn__names_free(&a.archive);
    snn__names_free(&a.array);
    return rc;
}
