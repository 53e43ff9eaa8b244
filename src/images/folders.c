/* folders.c - a folder of images for each class, as ImageNet has it: DIR/train/CLASS/NAME.jpg,
 * DIR/val/CLASS/NAME.jpg; or without a split, DIR/CLASS/NAME.jpg. */
#include "list.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DEPTH 2u /* folders between a class and its images, at most */

/* A class with the items that it has, before they are put in order. */
struct class {
    size_t first, count, taken;
};

/* ---- one folder ---- */

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Calls `each` for what a folder holds, but for names that begin with a dot; `path` is used to make theirs. */
static snn_status walk(char path[SNN__PATH_ROOM], snn_status (*each)(void *user, char *path, const char *name),
                       void *user)
{
    const size_t length = strlen(path);
    const struct dirent *entry;
    snn_status rc = SNN_OK;
    DIR *folder = opendir(path);

    if (folder == NULL)
        return snn__fail_path(path, errno);
    for (errno = 0; rc == SNN_OK && (entry = readdir(folder)) != NULL; errno = 0) {
        if (entry->d_name[0] == '.')
            continue;
        rc = snn__image_join(path, path, entry->d_name);
        if (rc == SNN_OK)
            rc = each(user, path, entry->d_name);
        path[length] = '\0';
    }
    if (rc == SNN_OK && errno != 0)
        rc = snn__fail_path(path, errno);
    closedir(folder);
    return rc;
}

/* ---- names, sorted ---- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Puts n places of texts in the order of these, by their bytes, whatever the locale. */
static snn_status sort_texts(struct snn__image_list *list, uint64_t *at, size_t n)
{
    const char **text = snn_component_alloc(list->ctx, n + 1, sizeof *text);

    if (text == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        text[i] = snn__image_text_at(list, at[i]);
    qsort(text, n, sizeof *text, by_bytes);
    for (size_t i = 0; i < n; i++)
        at[i] = (uint64_t)(text[i] - list->text.bytes);
    snn_component_free(list->ctx, text);
    return SNN_OK;
}

/* ---- classes ---- */

struct names {
    struct snn__image_list *list;
    uint64_t *at;
    size_t count, room;
};

static snn_status add_name(struct names *names, const char *text)
{
    uint64_t *wider;

    if (names->count == names->room) {
        const size_t room = names->room > 0 ? 2 * names->room : 64;

        wider = snn__wider(names->list->ctx, names->at, names->count, room, sizeof *wider);
        if (wider == NULL)
            return SNN_ERR_MEMORY;
        names->at = wider;
        names->room = room;
    }
    TRY(snn__image_text(names->list, text, strlen(text), &names->at[names->count]));
    names->count++;
    return SNN_OK;
}

static snn_status add_class(void *user, char *path, const char *name)
{
    return is_folder(path) ? add_name(user, name) : SNN_OK;
}

/* Number of a class; classes: it is none. */
static size_t class_named(const struct snn__image_list *list, const char *name)
{
    size_t low = 0, high = list->classes;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(snn__image_text_at(list, list->class[middle]), name);

        if (order == 0)
            return middle;
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return list->classes;
}

/* ---- images of a class ---- */

struct finder {
    struct names names;
    size_t root; /* bytes before the part of the path that is kept */
    unsigned depth;
};

/* A link to a folder that the path goes through would bring the same images again. */
static snn_status check_loop(char *path)
{
    struct stat st, above;
    snn_status rc = SNN_OK;

    if (stat(path, &st) != 0)
        return snn__fail_path(path, errno);
    for (char *slash = strrchr(path, '/'); slash != NULL && slash > path && rc == SNN_OK;) {
        char *const end = slash;

        *end = '\0';
        if (stat(path, &above) == 0 && above.st_dev == st.st_dev && above.st_ino == st.st_ino)
            rc = snn_component_fail(SNN_ERR_FORMAT, "%.300s/%.200s is a link to a folder that it is in", path,
                                    end + 1);
        slash = strrchr(path, '/');
        *end = '/';
    }
    return rc;
}

static snn_status add_image(void *user, char *path, const char *name)
{
    struct finder *f = user;
    snn_status rc;

    if (snn__image_is_named(name))
        return add_name(&f->names, path + f->root);
    if (f->depth >= DEPTH || !is_folder(path))
        return SNN_OK;
    TRY(check_loop(path));
    f->depth++;
    rc = walk(path, add_image, f);
    f->depth--;
    return rc;
}

/* Adds the images of a class: the folder `below`/`name` of the directory. */
static snn_status add_images(struct snn__image_list *list, const char *below, const char *name, uint32_t label)
{
    struct finder f = { .names.list = list };
    char path[SNN__PATH_ROOM], place[SNN__PATH_ROOM];
    snn_status rc;

    TRY(snn__image_join(place, below, name));
    TRY(snn__image_join(path, list->directory, place));
    f.root = strlen(path) + 1;
    rc = snn__image_place_add(list, place);
    if (rc == SNN_OK)
        rc = walk(path, add_image, &f);
    if (rc == SNN_OK)
        rc = sort_texts(list, f.names.at, f.names.count);
    for (size_t i = 0; i < f.names.count && rc == SNN_OK; i++)
        rc = snn__image_item_add(
            list,
            &(struct snn__image_item){ .at = f.names.at[i], .place = (uint32_t)list->places - 1, .label = label });
    snn_component_free(list->ctx, f.names.at);
    return rc;
}

/* ---- order ---- */

/* The first image of every class, then the second of every class that has one, and so on: the first so many images
 * are of all classes. Items are in the order of their labels. */
static snn_status interleave(struct snn__image_list *list)
{
    struct class *class = snn_component_alloc(list->ctx, list->classes, sizeof *class);
    struct snn__image_item *out = snn_component_alloc(list->ctx, list->items + 1, sizeof *out);
    size_t left = 0, n = 0;

    if (class == NULL || out == NULL) {
        snn_component_free(list->ctx, class);
        snn_component_free(list->ctx, out);
        return SNN_ERR_MEMORY;
    }
    for (size_t i = 0; i < list->items; i++) {
        if (i == 0 || list->item[i].label != list->item[i - 1].label)
            class[left++].first = i;
        class[left - 1].count++;
    }
    while (left > 0) { /* those that have an image left stand first, in their order */
        size_t kept = 0;

        for (size_t c = 0; c < left; c++) {
            out[n++] = list->item[class[c].first + class[c].taken++];
            if (class[c].taken < class[c].count)
                class[kept++] = class[c];
        }
        left = kept;
    }
    snn_component_free(list->ctx, class);
    snn_component_free(list->ctx, list->item);
    list->item = out;
    list->item_room = list->items + 1;
    return SNN_OK;
}

/* ---- splits ---- */

/* The folders with the words of the splits, "" where there is none. */
struct splits {
    char name[SNN__WORDS][256];
};

static snn_status note_split(void *user, char *path, const char *name)
{
    struct splits *s = user;
    const enum snn__word word = snn__word_of(name, strlen(name));

    if (word == SNN__WORD_NONE || !is_folder(path))
        return SNN_OK;
    if (s->name[word][0] != '\0') /* which comes first differs from machine to machine */
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s is a folder of the same split as %.100s beside it", path,
                                  s->name[word]);
    snprintf(s->name[word], sizeof s->name[word], "%s", name);
    return SNN_OK;
}

/* The folder of a split. A set of tests that has no labels stands beside one that has them, as in ImageNet. */
static const char *folder_of(const struct splits *s, uint32_t split)
{
    if (split != SNN_SPLIT_TEST)
        return s->name[SNN__WORD_TRAIN];
    return s->name[SNN__WORD_VAL][0] != '\0' ? s->name[SNN__WORD_VAL] : s->name[SNN__WORD_TEST];
}

static snn_status check_split(const struct snn__image_list *list, const char *folder, uint32_t split)
{
    if (folder[0] != '\0')
        return SNN_OK;
    return snn_component_fail(SNN_ERR_IO, "%.300s holds no folder %s beside that of the other split", list->directory,
                              split == SNN_SPLIT_TEST ? "val or test" : "train");
}

/* The classes are the folders for training; names are those of a split. `all`: each of them has an image. */
static snn_status add_classes(struct snn__image_list *list, const char *below, const struct names *names, bool all)
{
    for (size_t i = 0; i < names->count; i++) {
        char name[SNN__PATH_ROOM]; /* the texts may move */
        const size_t before = list->items;
        size_t label;

        snprintf(name, sizeof name, "%s", snn__image_text_at(list, names->at[i]));
        label = class_named(list, name);
        if (label == list->classes)
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.300s/%.100s holds class %.100s, which the images to train "
                                      "with do not have",
                                      list->directory, below, name);
        TRY(add_images(list, below, name, (uint32_t)label));
        if (all && list->items == before)
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.300s: class %.100s of %.100s holds no images; remove its "
                                      "folder, or fill it",
                                      list->directory, name, *below != '\0' ? below : ".");
    }
    return SNN_OK;
}

/* Folders below `below` of the directory, sorted; "": of the directory itself. */
static snn_status read_below(struct names *names, const char *below)
{
    char path[SNN__PATH_ROOM];

    TRY(snn__image_join(path, names->list->directory, below));
    TRY(walk(path, add_class, names));
    return sort_texts(names->list, names->at, names->count);
}

static snn_status list_classes(struct snn__image_list *list, const char *train, const char *of_split)
{
    struct names classes = { .list = list }, names = { .list = list };
    snn_status rc = read_below(&classes, train);

    if (rc == SNN_OK && classes.count == 0)
        rc = snn_component_fail(SNN_ERR_IO, "%.300s%s%s holds no CLASS/NAME.jpg or .png", list->directory,
                                *train != '\0' ? "/" : "", train);
    if (rc == SNN_OK && classes.count > SNN__CLASSES_MOST)
        rc = snn_component_fail(SNN_ERR_UNSUPPORTED, "%.300s holds more than %u classes", list->directory,
                                SNN__CLASSES_MOST);
    list->class = classes.at;
    list->classes = classes.count;
    if (rc == SNN_OK)
        rc = read_below(&names, of_split);
    if (rc == SNN_OK)
        rc = add_classes(list, of_split, &names, strcmp(train, of_split) == 0);
    snn_component_free(list->ctx, names.at);
    return rc;
}

static snn_status list_folders(struct snn__image_list *list, uint32_t split, const char *cache)
{
    struct splits splits = { 0 };
    char path[SNN__PATH_ROOM];
    const char *train, *folder;

    (void)cache;
    snprintf(path, sizeof path, "%s", list->directory);
    TRY(walk(path, note_split, &splits));
    train = folder_of(&splits, SNN_SPLIT_TRAIN);
    folder = folder_of(&splits, split);
    if (*train == '\0' && *folder_of(&splits, SNN_SPLIT_TEST) == '\0') {
        TRY(list_classes(list, "", ""));
        if (split != 0)
            TRY(snn__image_list_share(list, split));
    } else {
        TRY(check_split(list, train, SNN_SPLIT_TRAIN));
        TRY(check_split(list, folder, split));
        TRY(list_classes(list, train, folder));
    }
    return interleave(list);
}

const struct snn__image_layout snn__image_layout_images = {
    .name = "images",
    .text = "a folder of JPEG or PNG for each class, below train and val if there are these",
    .list = list_folders,
};
