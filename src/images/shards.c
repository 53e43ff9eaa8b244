/* shards.c - tar shards in the layout of WebDataset: in each, KEY.jpg (or .jpeg, .png) and KEY.cls, the class as a
 * number, stand one after the other. One pass over the headers says where the images are. */
#include "../disk.h"
#include "index.h"
#include "tar.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDERS_DEEP 1u
#define DIGITS_MOST 16u /* bytes of a KEY.cls */

/* ---- one shard ---- */

/* The sample at hand: members that follow each other and have the same key. */
struct group {
    struct snn__image_list *list;
    char key[SNN__PATH_ROOM];
    struct snn__image_item item;
    bool has_image, has_class;
};

/* Bytes of a name up to the first dot after its last slash. */
static size_t key_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash != NULL ? slash + 1 : name;

    return (size_t)(base - name) + strcspn(base, ".");
}

static snn_status end_group(struct group *g, const struct snn__tar *tar)
{
    const bool image = g->has_image, labelled = g->has_class;

    g->has_image = g->has_class = false;
    if (!image)
        return SNN_OK;
    if (!labelled)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: image %.200s has no %.200s.cls beside it", tar->path,
                                  g->key, g->key);
    if (g->item.label >= g->list->classes)
        g->list->classes = g->item.label + 1;
    return snn__image_item_add(g->list, &g->item);
}

static snn_status take_image(struct group *g, const struct snn__tar *tar, const struct snn__tar_member *m)
{
    if (g->has_image)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: there are two images of the name %.200s", tar->path,
                                  g->key);
    if (m->size > SNN__IMAGE_BYTES_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: %.200s has %llu bytes; at most %llu are read", tar->path,
                                  tar->name, (unsigned long long)m->size, (unsigned long long)SNN__IMAGE_BYTES_MOST);
    g->item.at = m->at;
    g->item.size = (uint32_t)m->size;
    g->item.head = (uint32_t)(m->at - m->head);
    g->item.place = (uint32_t)g->list->places - 1;
    g->has_image = true;
    return SNN_OK;
}

/* A whole number, with white space around it. */
static bool label_of(const char *text, uint32_t *label)
{
    char *end;
    unsigned long value;

    text += strspn(text, " \t\r\n");
    if (*text < '0' || *text > '9')
        return false;
    value = strtoul(text, &end, 10);
    end += strspn(end, " \t\r\n");
    *label = (uint32_t)value;
    return *end == '\0' && value < SNN__CLASSES_MOST;
}

static snn_status take_class(struct group *g, const struct snn__tar *tar, const struct snn__tar_member *m)
{
    char text[DIGITS_MOST + 1] = { 0 };

    if (g->has_class)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: there are two classes of the name %.200s", tar->path,
                                  g->key);
    if (m->size > DIGITS_MOST || !snn__disk_read(tar->file, text, (size_t)m->size, m->at) ||
        strlen(text) != m->size || !label_of(text, &g->item.label))
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: %.200s holds no class, a whole number below %u", tar->path,
                                  tar->name, SNN__CLASSES_MOST);
    g->has_class = true;
    return SNN_OK;
}

/* What programs keep beside files, as ._0.jpg. */
static bool is_hidden(const char *name)
{
    const char *slash = strrchr(name, '/');

    return (slash != NULL ? slash + 1 : name)[0] == '.';
}

/* KEY.jpg and KEY.cls, and not KEY.small.jpg. */
static bool is_single(const char *ending)
{
    return strchr(ending, '.') == strrchr(ending, '.');
}

static snn_status take_member(struct group *g, const struct snn__tar *tar, const struct snn__tar_member *m)
{
    const size_t length = key_length(tar->name);
    const char *ending = tar->name + length;
    const bool is_class = snn__image_name_ends(tar->name, ".cls");

    if (is_hidden(tar->name) || !is_single(ending) || (!is_class && !snn__image_is_named(tar->name)))
        return SNN_OK;
    if (!m->regular)
        return snn_component_fail(SNN_ERR_FORMAT,
                                  "%.300s: %.200s is a link or a device; a shard holds what is read: make it with "
                                  "tar --dereference --hard-dereference",
                                  tar->path, tar->name);
    if (strncmp(g->key, tar->name, length) != 0 || g->key[length] != '\0') {
        TRY(end_group(g, tar));
        snprintf(g->key, sizeof g->key, "%.*s", (int)length, tar->name);
    }
    return (is_class ? take_class : take_image)(g, tar, m);
}

static snn_status read_shard(struct snn__image_list *list, struct snn__tar *tar)
{
    struct group g = { .list = list };
    struct snn__tar_member member;
    bool found = true;

    while (found) {
        TRY(snn__tar_next(tar, &member, &found));
        if (found)
            TRY(take_member(&g, tar, &member));
    }
    return end_group(&g, tar);
}

/* Adds the images of the shard `name`, or if they are known already, only the shard. */
static snn_status add_shard(struct snn__image_list *list, const char *name, bool known)
{
    char path[SNN__PATH_ROOM];
    struct snn__image_place *place;
    struct snn__tar tar;
    snn_status rc;

    TRY(snn__image_place_add(list, name));
    TRY(snn__image_join(path, list->directory, name));
    TRY(snn__tar_open(&tar, path));
    place = &list->place[list->places - 1];
    place->size = tar.size;
    place->second = tar.second;
    place->nano = tar.nano;
    rc = known ? SNN_OK : read_shard(list, &tar);
    snn__tar_close(&tar);
    return rc;
}

/* ---- which shards there are ---- */

struct shard {
    char *name; /* below the directory */
    enum snn__word word;
};

struct shards {
    struct snn__image_list *list;
    struct shard *shard;
    size_t count, room;
    char packed[SNN__PATH_ROOM]; /* a compressed one; "": there is none */
};

/* The first word of a path that names a split; words are of letters alone. */
static enum snn__word word_in(const char *path)
{
    enum snn__word word = SNN__WORD_NONE;

    while (*path != '\0' && word == SNN__WORD_NONE) {
        size_t n = 0;

        while ((path[n] >= 'a' && path[n] <= 'z') || (path[n] >= 'A' && path[n] <= 'Z'))
            n++;
        word = snn__word_of(path, n);
        path += n > 0 ? n : 1;
    }
    return word;
}

static snn_status note_shard(struct shards *s, const char *name)
{
    struct shard *wider;
    const size_t room = s->room > 0 ? 2 * s->room : 64;

    if (s->count == s->room) {
        wider = snn__wider(s->list->ctx, s->shard, s->count, room, sizeof *wider);
        if (wider == NULL)
            return SNN_ERR_MEMORY;
        s->shard = wider;
        s->room = room;
    }
    s->shard[s->count].name = snn_component_alloc(s->list->ctx, strlen(name) + 1, 1);
    if (s->shard[s->count].name == NULL)
        return SNN_ERR_MEMORY;
    strcpy(s->shard[s->count].name, name);
    s->shard[s->count++].word = word_in(name);
    return SNN_OK;
}

static snn_status note_name(struct shards *s, const char *name)
{
    if (snn__image_name_ends(name, ".tar"))
        return note_shard(s, name);
    if (snn__image_name_ends(name, ".tgz") || snn__image_name_ends(name, ".tar.gz") ||
        snn__image_name_ends(name, ".tar.zst") || snn__image_name_ends(name, ".tar.xz") ||
        snn__image_name_ends(name, ".tar.bz2"))
        snprintf(s->packed, sizeof s->packed, "%s", name);
    return SNN_OK;
}

static snn_status find_shards(struct shards *s, const char *below, unsigned depth);

/* A shard, or a folder that may hold some. */
static snn_status note_entry(struct shards *s, const char *below, const char *name, unsigned depth)
{
    char path[SNN__PATH_ROOM];

    TRY(snn__image_join(path, below, name));
    if (depth < FOLDERS_DEEP && snn__word_of(name, strlen(name)) != SNN__WORD_NONE)
        return find_shards(s, path, depth + 1);
    return note_name(s, path);
}

static snn_status find_shards(struct shards *s, const char *below, unsigned depth)
{
    char path[SNN__PATH_ROOM];
    const struct dirent *entry;
    snn_status rc = SNN_OK;
    DIR *folder;

    TRY(snn__image_join(path, s->list->directory, below));
    folder = opendir(path);
    if (folder == NULL && errno == ENOTDIR && depth > 0) /* a file with a word for its name */
        return SNN_OK;
    if (folder == NULL)
        return snn__fail_path(path, errno);
    for (errno = 0; rc == SNN_OK && (entry = readdir(folder)) != NULL; errno = 0)
        if (entry->d_name[0] != '.')
            rc = note_entry(s, below, entry->d_name, depth);
    if (rc == SNN_OK && errno != 0)
        rc = snn__fail_path(path, errno);
    closedir(folder);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct shard *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* ---- splits ---- */

static bool has_word(const struct shards *s, enum snn__word word)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->shard[i].word == word)
            return true;
    return false;
}

/* The word of the shards of a split; of shards without words all are meant. */
static enum snn__word word_of_split(const struct shards *s, uint32_t split)
{
    if (!has_word(s, SNN__WORD_TRAIN) && !has_word(s, SNN__WORD_VAL) && !has_word(s, SNN__WORD_TEST))
        return SNN__WORD_NONE;
    if (split != SNN_SPLIT_TEST)
        return SNN__WORD_TRAIN;
    return has_word(s, SNN__WORD_VAL) ? SNN__WORD_VAL : SNN__WORD_TEST;
}

static snn_status check_shards(const struct shards *s)
{
    if (s->count > 0)
        return SNN_OK;
    if (s->packed[0] != '\0')
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "%.300s/%.200s is compressed; shards are read in place: unpack it once to a .tar",
                                  s->list->directory, s->packed);
    return snn_component_fail(SNN_ERR_IO, "%.300s holds no shards, NAME.tar", s->list->directory);
}

/* Adds the shards of a split, and their images unless `known`. */
static snn_status add_shards(struct shards *s, uint32_t split, bool known)
{
    const enum snn__word word = word_of_split(s, split);

    for (size_t i = 0; i < s->count; i++)
        if (s->shard[i].word == word)
            TRY(add_shard(s->list, s->shard[i].name, known));
    if (s->list->places == 0)
        return snn_component_fail(SNN_ERR_IO,
                                  "%.300s holds no shards with the word %s beside those of the other "
                                  "split",
                                  s->list->directory, split == SNN_SPLIT_TEST ? "val or test" : "train");
    if (known)
        return SNN_OK;
    return s->list->items > 0
               ? SNN_OK
               : snn_component_fail(SNN_ERR_FORMAT, "%.300s: the shards hold no KEY.jpg or KEY.png with a KEY.cls",
                                    s->list->directory);
}

static snn_status read_images(struct shards *s, uint32_t split, const char *cache)
{
    bool found;

    if (cache == NULL)
        return add_shards(s, split, false);
    TRY(add_shards(s, split, true));
    TRY(snn__index_read(s->list, cache, &found));
    if (found)
        return SNN_OK;
    s->list->places = 0;
    TRY(add_shards(s, split, false));
    return snn__index_write(s->list, cache);
}

static snn_status list_shards(struct snn__image_list *list, uint32_t split, const char *cache)
{
    struct shards s = { .list = list };
    snn_status rc = find_shards(&s, "", 0);

    if (rc == SNN_OK)
        rc = check_shards(&s);
    if (rc == SNN_OK) {
        qsort(s.shard, s.count, sizeof *s.shard, by_name);
        rc = read_images(&s, split, cache);
    }
    if (rc == SNN_OK && split != 0 && word_of_split(&s, split) == SNN__WORD_NONE)
        rc = snn__image_list_share(list, split);
    for (size_t i = 0; i < s.count; i++)
        snn_component_free(list->ctx, s.shard[i].name);
    snn_component_free(list->ctx, s.shard);
    return rc;
}

const struct snn__image_layout snn__image_layout_shards = {
    .name = "shards",
    .text = "tar files of KEY.jpg or KEY.png with KEY.cls, as WebDataset has them, read in place",
    .shards = true,
    .list = list_shards,
};
