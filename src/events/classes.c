/* classes.c - data sets with a folder for each class: labels, splits, order. */
#include "classes.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHARE 10u /* a tenth is for tests */

struct listing {
    struct snn__gathered g;
    uint32_t split;
    struct snn__names class; /* folders, sorted */
    struct count {
        size_t recordings, seen;
        uint32_t label;
    } * of; /* each class */
};

/* ---- classes ---- */

/* Folders of classes, those without a recording as well. */
static snn_status find_classes(struct listing *l)
{
    const char *folder, *before = "";
    size_t length, length_before = 0;

    for (size_t i = 0; i < l->g.path.count; i++) {
        if (snn__path_depth(l->g.path.name[i]) != l->g.depth)
            continue;
        length = snn__path_folder(l->g.path.name[i], l->g.depth - 1, &folder);
        if (length == 0) /* members of archives may have any names */
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: the class of %.100s has no name", l->g.directory,
                                      l->g.path.name[i]);
        if (length == length_before && strncmp(folder, before, length) == 0)
            continue;
        TRY(snn__names_add(&l->class, folder, length));
        before = folder;
        length_before = length;
    }
    snn__names_sort(&l->class);
    snn__names_unique(&l->class);
    l->of = snn_component_alloc(l->g.list->ctx, l->class.count, sizeof *l->of);
    return l->of != NULL ? SNN_OK : SNN_ERR_MEMORY;
}

static snn_status number_of(const struct listing *l, const char *name, uint32_t *label)
{
    const char *const *class = l->g.kind->class;

    for (*label = 0; class[*label] != NULL; ++*label)
        if (strcmp(class[*label], name) == 0)
            return SNN_OK;
    return snn_component_fail(SNN_ERR_FORMAT, "%.300s: %.100s is no class of this data set; move it away",
                              l->g.directory, name);
}

/* A class has its number among those of the data set, or among the folders. */
static snn_status label_classes(struct listing *l)
{
    const char *const *class = l->g.kind->class;
    size_t classes = 0;

    for (size_t i = 0; i < l->class.count; i++) {
        l->of[i].label = (uint32_t)i;
        if (l->of[i].recordings == 0)
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.300s: class %.100s holds no recordings; remove its folder, or fill it",
                                      l->g.directory, l->class.name[i]);
        if (class != NULL)
            TRY(number_of(l, l->class.name[i], &l->of[i].label));
    }
    if (class == NULL)
        return snn__event_list_classes(l->g.list, (const char *const *)l->class.name, l->class.count);
    while (class[classes] != NULL)
        classes++;
    return snn__event_list_classes(l->g.list, class, classes);
}

static void class_recordings(struct listing *l)
{
    const char *folder;

    for (size_t i = 0; i < l->g.count; i++) {
        const size_t length = snn__path_folder(l->g.found[i].path, l->g.depth - 1, &folder);

        l->g.found[i].class = (uint32_t)snn__names_find(&l->class, folder, length);
        l->of[l->g.found[i].class].recordings++;
    }
}

/* ---- splits ---- */

/* The split whose name a folder above the class has; 0: none has. */
static uint32_t split_of(const struct listing *l, const char *path)
{
    const char *folder;

    for (unsigned i = 0; i + 1 < l->g.depth; i++) {
        const size_t length = snn__path_folder(path, i, &folder);

        if (length == 4 && strncasecmp(folder, "test", 4) == 0)
            return SNN_SPLIT_TEST;
        if (length == 5 && strncasecmp(folder, "train", 5) == 0)
            return SNN_SPLIT_TRAIN;
    }
    return 0;
}

/* By folders; *found is false if there are none. */
static snn_status choose_by_folder(struct listing *l, bool *found)
{
    *found = false;
    for (size_t i = 0; i < l->g.count; i++) {
        const uint32_t split = split_of(l, l->g.found[i].path);

        l->g.found[i].chosen = split == (l->split == SNN_SPLIT_TEST ? SNN_SPLIT_TEST : SNN_SPLIT_TRAIN);
        *found |= split != 0;
    }
    if (!*found && l->g.kind->splits)
        return snn_component_fail(SNN_ERR_IO, "%.300s holds no folders Train and Test above the classes",
                                  l->g.directory);
    return SNN_OK;
}

static snn_status choose_lines(struct listing *l, const struct snn__names *lines, const char *list)
{
    for (size_t i = 0; i < lines->count; i++) {
        struct snn__found *found = snn__gathered_at(&l->g, lines->name[i]);

        if (found == NULL)
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.200s names %.200s; there is no such recording below its folder", list,
                                      lines->name[i]);
        found->chosen = true;
    }
    return SNN_OK;
}

/* By lists; *found is false if there are none. */
static snn_status choose_by_list(struct listing *l, bool *found)
{
    static const char *const names[] = { "test.txt", "train.txt" };
    const size_t one = l->split != SNN_SPLIT_TEST, other = 1 - one;
    struct snn__names lines = { .ctx = l->g.list->ctx };
    char path[SNN__PATH_ROOM];
    bool there[2];
    snn_status rc;

    for (size_t i = 0; i < 2; i++)
        there[i] = snn__names_find(&l->g.path, names[i], strlen(names[i])) < l->g.path.count;
    *found = there[0] || there[1];
    if (!*found)
        return SNN_OK;
    if (!there[one])
        return snn_component_fail(SNN_ERR_IO, "%.300s holds %s, but no %s", l->g.directory, names[other], names[one]);
    TRY(snn__path_join(path, l->g.directory, names[one]));
    rc = snn__text_read(&lines, path);
    if (rc == SNN_OK)
        rc = choose_lines(l, &lines, path);
    snn__names_free(&lines);
    return rc;
}

static void choose_by_share(struct listing *l)
{
    for (size_t i = 0; i < l->g.count; i++) {
        struct count *of = &l->of[l->g.found[i].class];
        const size_t tests = of->recordings < SHARE ? of->recordings > 1 : of->recordings / SHARE;
        const bool is_test = of->seen++ >= of->recordings - tests;

        l->g.found[i].chosen = l->split == 0 || is_test == (l->split == SNN_SPLIT_TEST);
    }
}

static snn_status choose(struct listing *l)
{
    bool found;

    TRY(choose_by_folder(l, &found));
    if (!found)
        TRY(choose_by_list(l, &found));
    if (!found)
        choose_by_share(l);
    return SNN_OK;
}

/* ---- samples ---- */

static int by_rank(const void *a, const void *b)
{
    const struct snn__found *x = a, *y = b;

    return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank)
                              : (x->class > y->class) - (x->class < y->class);
}

static int by_name(const void *a, const void *b)
{
    const struct snn__found *x = a, *y = b;
    const int order = strcmp(snn__path_name(x->path), snn__path_name(y->path));

    return order != 0 ? order : (x->class > y->class) - (x->class < y->class);
}

/* Leaves the recordings of the split, in the order of the samples. */
static void order(struct listing *l)
{
    struct snn__found *found = l->g.found;
    size_t kept = 0;

    for (size_t i = 0; i < l->class.count; i++)
        l->of[i].seen = 0;
    for (size_t i = 0; i < l->g.count; i++)
        if (found[i].chosen) {
            found[kept] = found[i];
            found[kept].rank = (uint32_t)l->of[found[i].class].seen++;
            kept++;
        }
    l->g.count = kept;
    qsort(found, kept, sizeof *found, l->g.kind->numbered ? by_name : by_rank);
}

static snn_status add_samples(struct listing *l)
{
    struct snn__event_list *list = l->g.list;

    for (size_t i = 0; i < l->g.count; i++) {
        const struct snn__found *found = &l->g.found[i];
        struct snn__event_item item = { .file = found->file,
                                        .label = l->of[found->class].label,
                                        .index = found->index,
                                        .begin = INT64_MIN,
                                        .end = INT64_MAX };

        if (found->file == SNN__NO_ARCHIVE) {
            TRY(snn__event_list_file(list, l->g.directory, found->path));
            item.file = (uint32_t)list->files - 1;
        }
        TRY(snn__event_list_add(list, &item));
    }
    return list->items > 0 ? SNN_OK
                           : snn_component_fail(SNN_ERR_IO, "%.300s holds no recordings for %s", l->g.directory,
                                                l->split == SNN_SPLIT_TEST ? "tests" : "training");
}

/* ---- all of it ---- */

static snn_status list_all(struct listing *l, const char *directory)
{
    TRY(snn__gathered_find(&l->g, directory));
    TRY(find_classes(l));
    class_recordings(l);
    TRY(label_classes(l));
    TRY(choose(l));
    order(l);
    return add_samples(l);
}

snn_status snn__classes_list(struct snn__event_list *list, const struct snn__classes *kind, const char *directory,
                             uint32_t split)
{
    struct listing l = { .g = { .list = list, .kind = kind }, .split = split, .class = { .ctx = list->ctx } };
    const snn_status rc = list_all(&l, directory);

    snn__gathered_free(&l.g);
    snn__names_free(&l.class);
    snn_component_free(list->ctx, l.of);
    return rc;
}
