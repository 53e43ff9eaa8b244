/* find.c - files and arrays by the words of their names: publishers agree on words, not on names. */
#include "data/find.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/size.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define NAME_LENGTH 256
#define MARKS "-_. /"

/* ---- words ---- */

/* True if `name` has a word of `words`, NULL-ended. */
static bool has_word(const char *name, const char *const *words)
{
    for (size_t n; *name != '\0'; name += n + (name[n] != '\0')) {
        n = strcspn(name, MARKS);
        for (size_t i = 0; words[i] != NULL; i++)
            if (strlen(words[i]) == n && strncmp(name, words[i], n) == 0)
                return true;
    }
    return false;
}

bool snn__part_named(const struct snn__part *part, const char *name)
{
    static const char *const train[] = { "train", "training", NULL }, *const test[] = { "test", "t10k", NULL },
                             *const other[] = { "val", "valid", "validation", NULL },
                             *const aims[] = { "y", "label", "labels", "target", "targets", NULL };
    const bool neither = !has_word(name, train) && !has_word(name, test) && !has_word(name, other);

    return has_word(name, aims) == part->aims && (has_word(name, part->split == SNN_SPLIT_TEST ? test : train) ||
                                                  (neither && part->split == SNN_SPLIT_TRAIN));
}

/* ---- files ---- */

/* A name without ".gz"; false if it is too long. */
static bool plain_name(char out[NAME_LENGTH], const char *name)
{
    const size_t n = strlen(name), cut = n > 3 && strcmp(name + n - 3, ".gz") == 0 ? n - 3 : n;

    if (n >= NAME_LENGTH)
        return false;
    memcpy(out, name, cut);
    out[cut] = '\0';
    return true;
}

struct search {
    const struct snn__part *part;
    bool (*suits)(const char *name);
    const char *beginning;
    char found[NAME_LENGTH], other[NAME_LENGTH]; /* "": none */
};

/* Keeps a name that suits; tells if it is the first. */
static bool look_at(struct search *s, const char *entry)
{
    char name[NAME_LENGTH];
    const size_t n = strlen(s->beginning);
    const bool first = s->found[0] == '\0';

    if (strncmp(entry, s->beginning, n) != 0 || !plain_name(name, entry) || !s->suits(name) ||
        !snn__part_named(s->part, name + n) || strcmp(name, s->found) == 0)
        return false;
    strcpy(first ? s->found : s->other, name);
    return first;
}

/* Looks through a directory; one that cannot be opened has no files. */
static void look_into(struct search *s, const char *directory)
{
    DIR *d = opendir(directory);
    const struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL)
        look_at(s, entry->d_name);
    if (d != NULL)
        closedir(d);
}

static snn_status open_found(struct snn__gz **out, snn_context *ctx, const char *directory, const struct search *s,
                             const char *path, const char *example)
{
    if (s->other[0] != '\0')
        return snn__fail(SNN_ERR_IO,
                         "%.300s has both %.200s and %.200s: give the beginning of the names that are meant, "
                         "DIRECTORY/BEGINNING",
                         directory, s->found, s->other);
    if (s->found[0] != '\0')
        SNN__TRY(snn__gz_find(out, ctx, directory, s->found));
    if (*out == NULL)
        return snn__fail(SNN_ERR_IO, "%.300s has no file such as %s, plain or .gz%s", path, example,
                         strstr(example, "ubyte") == NULL
                             ? ""
                             : " (those of Fashion-MNIST are Debian's package dataset-fashion-mnist, in "
                               "/usr/share/datasets/fashion-mnist)");
    return SNN_OK;
}

static bool is_directory(const char *path)
{
    DIR *d = opendir(path);

    if (d != NULL)
        closedir(d);
    return d != NULL;
}

snn_status snn__part_find(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part,
                          bool (*suits)(const char *name), const char *example)
{
    struct search s = { .part = part, .suits = suits, .beginning = "" };
    const char *slash = strrchr(path, '/');
    char *directory;
    snn_status rc;

    *out = NULL;
    directory = snn__alloc(ctx, strlen(path) + 2, 1);
    if (directory == NULL)
        return SNN_ERR_MEMORY;
    if (is_directory(path)) {
        strcpy(directory, path);
    } else {
        s.beginning = slash != NULL ? slash + 1 : path;
        memcpy(directory, slash != NULL ? path : ".", slash != NULL ? (size_t)(slash - path + 1) : 1);
    }
    look_into(&s, directory);
    rc = open_found(out, ctx, directory, &s, path, example);
    snn__free(ctx, directory);
    return rc;
}

snn_status snn__part_open(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part,
                          bool (*suits)(const char *name), const char *example)
{
    if (is_directory(path) || snn__file_absent(path))
        return snn__part_find(out, ctx, path, part, suits, example);
    *out = NULL;
    if (part->split == SNN_SPLIT_TEST)
        return snn__fail(SNN_ERR_IO,
                         "%.300s is one file, of which the test set is a share: data.share, or snn_dataset_view()",
                         path);
    return snn__gz_open(out, ctx, path);
}

/* ---- arrays in archives ---- */

/* Opens array number `index`, whose name is `name`. */
static snn_status open_member(struct snn__gz **out, snn_context *ctx, const char *path, const char *name,
                              const snn_npy_members *members, size_t index)
{
    const size_t room = strlen(path) + strlen(name) + sizeof "/";
    uint64_t size;
    char *full;

    SNN__TRY(members->open(members->user, index, &size));
    full = snn__alloc(ctx, room, 1);
    if (full == NULL)
        return SNN_ERR_MEMORY;
    snprintf(full, room, "%s/%s", path, name);
    return snn__gz_stream(out, ctx, full, size, members->read, members->user);
}

snn_status snn__part_member(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part,
                            bool (*suits)(const char *name), const char *example, const snn_npy_members *members)
{
    struct search s = { .part = part, .suits = suits, .beginning = "" };
    size_t index = 0;
    const char *name;

    *out = NULL;
    for (size_t i = 0; (name = members->name(members->user, i)) != NULL; i++)
        if (look_at(&s, name))
            index = i;
    if (s.other[0] != '\0')
        return snn__fail(SNN_ERR_IO, "%.300s has both %.200s and %.200s, and one array is read", path, s.found,
                         s.other);
    if (s.found[0] == '\0')
        return snn__fail(SNN_ERR_IO, "%.300s has no array such as %s", path, example);
    return open_member(out, ctx, path, s.found, members, index);
}
