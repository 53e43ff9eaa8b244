/* list.c - the images of a data set. */
#include "list.h"
#include <stdio.h>
#include <string.h>

#define SHARE 10u /* a tenth is for tests */

/* Makes room for `more` entries. */
static snn_status grow(snn_context *ctx, void **table, size_t used, size_t more, size_t *room, size_t size)
{
    size_t wide = *room > 0 ? *room : 256;
    void *wider;

    if (used + more <= *room)
        return SNN_OK;
    while (wide < used + more)
        wide *= 2;
    wider = snn__wider(ctx, *table, used, wide, size);
    if (wider == NULL)
        return SNN_ERR_MEMORY;
    *table = wider;
    *room = wide;
    return SNN_OK;
}

/* ---- making ---- */

snn_status snn__image_text(struct snn__image_list *list, const char *text, size_t length, uint64_t *at)
{
    void *table = list->text.bytes;

    TRY(grow(list->ctx, &table, list->text.used, length + 1, &list->text.room, 1));
    list->text.bytes = table;
    *at = list->text.used;
    memcpy(list->text.bytes + list->text.used, text, length);
    list->text.bytes[list->text.used + length] = '\0';
    list->text.used += length + 1;
    return SNN_OK;
}

snn_status snn__image_item_add(struct snn__image_list *list, const struct snn__image_item *item)
{
    void *table = list->item;

    if (list->items == UINT32_MAX)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "%.300s: more than %u images", list->directory, UINT32_MAX);
    TRY(grow(list->ctx, &table, list->items, 1, &list->item_room, sizeof *list->item));
    list->item = table;
    list->item[list->items++] = *item;
    return SNN_OK;
}

snn_status snn__image_place_add(struct snn__image_list *list, const char *name)
{
    struct snn__image_place place = { 0 };
    void *table = list->place;

    TRY(snn__image_text(list, name, strlen(name), &place.name));
    TRY(grow(list->ctx, &table, list->places, 1, &list->place_room, sizeof *list->place));
    list->place = table;
    list->place[list->places++] = place;
    return SNN_OK;
}

void snn__image_list_free(struct snn__image_list *list)
{
    snn_component_free(list->ctx, list->text.bytes);
    snn_component_free(list->ctx, list->item);
    snn_component_free(list->ctx, list->place);
    snn_component_free(list->ctx, list->class);
}

snn_status snn__image_list_share(struct snn__image_list *list, uint32_t split)
{
    size_t *of = snn_component_alloc(list->ctx, 2 * list->classes, sizeof *of), *seen, kept = 0;

    if (of == NULL)
        return SNN_ERR_MEMORY;
    seen = of + list->classes;
    for (size_t i = 0; i < list->items; i++)
        of[list->item[i].label]++;
    for (size_t i = 0; i < list->items; i++) {
        const size_t all = of[list->item[i].label], tests = all < SHARE ? all > 1 : all / SHARE;
        const bool is_test = seen[list->item[i].label]++ >= all - tests;

        if (is_test == (split == SNN_SPLIT_TEST))
            list->item[kept++] = list->item[i];
    }
    list->items = kept;
    snn_component_free(list->ctx, of);
    return SNN_OK;
}

/* ---- names ---- */

/* Letters of any case, of ASCII alone, whatever the locale; `small` has no capitals. */
static bool is_like(const char *text, const char *small, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != small[i] && (text[i] < 'A' || text[i] > 'Z' || text[i] - 'A' + 'a' != small[i]))
            return false;
    return true;
}

bool snn__image_name_ends(const char *name, const char *ending)
{
    const size_t length = strlen(name), end = strlen(ending);

    return length > end && is_like(name + length - end, ending, end);
}

bool snn__image_is_named(const char *name)
{
    return snn__image_name_ends(name, ".jpg") || snn__image_name_ends(name, ".jpeg") ||
           snn__image_name_ends(name, ".png");
}

enum snn__word snn__word_of(const char *text, size_t length)
{
    static const struct {
        const char *text;
        enum snn__word word;
    } words[] = { { "train", SNN__WORD_TRAIN },
                  { "val", SNN__WORD_VAL },
                  { "valid", SNN__WORD_VAL },
                  { "validation", SNN__WORD_VAL },
                  { "test", SNN__WORD_TEST } };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].text) == length && is_like(text, words[i].text, length))
            return words[i].word;
    return SNN__WORD_NONE;
}

snn_status snn__image_join(char path[SNN__PATH_ROOM], const char *folder, const char *name)
{
    const size_t before = strlen(folder), after = strlen(name), slash = before > 0 && after > 0;

    if (before + slash + after >= SNN__PATH_ROOM)
        return snn_component_fail(SNN_ERR_IO, "%.300s/%.100s: the path has more than %u bytes", folder, name,
                                  SNN__PATH_ROOM - 1);
    memmove(path, folder, before);
    memcpy(path + before, "/", slash);
    memcpy(path + before + slash, name, after + 1);
    return SNN_OK;
}

snn_status snn__image_path(const struct snn__image_list *list, const struct snn__image_item *item,
                           char path[SNN__PATH_ROOM])
{
    TRY(snn__image_join(path, list->directory, snn__image_text_at(list, list->place[item->place].name)));
    return list->layout->shards ? SNN_OK : snn__image_join(path, path, snn__image_text_at(list, item->at));
}

/* ---- a list ---- */

static const struct snn__image_layout *const layouts[] = { &snn__image_layout_images, &snn__image_layout_shards };

#define LAYOUTS (sizeof layouts / sizeof *layouts)

const char *snn_images_layout_name(size_t index)
{
    return index < LAYOUTS ? layouts[index]->name : NULL;
}

const char *snn_images_layout_text(size_t index)
{
    return index < LAYOUTS ? layouts[index]->text : NULL;
}

static snn_status check(struct snn__image_list *list, const snn_images_data *data, const char *call)
{
    if (data->layout == NULL || data->directory == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "%s: %s is NULL", call,
                                  data->layout == NULL ? "layout" : "directory");
    if (data->reserved != 0)
        return snn_component_fail(SNN_ERR_VERSION, "%s: reserved is %u; this version expects 0", call,
                                  data->reserved);
    if (data->split > SNN_SPLIT_TEST)
        return snn_component_fail(SNN_ERR_ARGUMENT, "%s: there is no split %u", call, data->split);
    for (size_t i = 0; i < LAYOUTS; i++)
        if (strcmp(layouts[i]->name, data->layout) == 0)
            list->layout = layouts[i];
    if (list->layout == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "%s: there is no layout \"%.100s\"", call, data->layout);
    if (data->cache != NULL && !list->layout->shards)
        return snn_component_fail(SNN_ERR_ARGUMENT, "%s: cache is for shards; folders are listed anew", call);
    if (strlen(data->directory) >= sizeof list->directory)
        return snn_component_fail(SNN_ERR_ARGUMENT, "%s: the path of the directory has more than %u bytes", call,
                                  SNN__PATH_ROOM - 1);
    return SNN_OK;
}

snn_status snn__image_list_open(struct snn__image_list *list, const snn_images_data *data, const char *call)
{
    TRY(check(list, data, call));
    snprintf(list->directory, sizeof list->directory, "%s", data->directory);
    TRY(list->layout->list(list, data->split, data->cache));
    if (list->items == 0)
        return snn_component_fail(SNN_ERR_IO, "%.300s holds no images for %s", list->directory,
                                  data->split == SNN_SPLIT_TEST ? "tests" : "training");
    if (data->limit > 0 && data->limit < list->items)
        list->items = (size_t)data->limit;
    return SNN_OK;
}
