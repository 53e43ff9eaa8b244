/* list.h - the images that a data set is made of: for each its place on disk and its class, in few bytes, since there
 * may be millions of them. */
#ifndef SNN_IMAGES_LIST_H
#define SNN_IMAGES_LIST_H

#include "../component.h"
#include <snn/images.h>
#include <stdbool.h>

#define SNN__PATH_ROOM 4096u /* paths have fewer bytes */
#define SNN__IMAGE_BYTES_MOST ((uint64_t)1 << 30)
#define SNN__CLASSES_MOST ((uint32_t)1 << 20)

/* Texts one after another, each ended by NUL. */
struct snn__texts {
    char *bytes;
    size_t used, room;
};

struct snn__image_item {
    uint64_t at;    /* folders: of the name among the texts; shards: of the first byte in the shard */
    uint32_t size;  /* shards: bytes */
    uint32_t head;  /* shards: bytes from the member's header to `at` */
    uint32_t place; /* number of the folder or shard */
    uint32_t label;
};

/* A folder of images, or a shard. */
struct snn__image_place {
    uint64_t name;               /* its path below the directory, among the texts */
    uint64_t size, second, nano; /* shards: of the file, when it was listed */
};

struct snn__image_list {
    snn_context *ctx;
    const struct snn__image_layout *layout;
    char directory[SNN__PATH_ROOM];
    struct snn__texts text;
    struct snn__image_item *item;
    size_t items, item_room;
    struct snn__image_place *place;
    size_t places, place_room;
    uint64_t *class; /* names, among the texts; NULL: they have none */
    size_t classes;  /* labels are 0 .. classes - 1 */
};

/* ---- making; snn__image_list_free() may follow a failure, too */
snn_status snn__image_text(struct snn__image_list *list, const char *text, size_t length, uint64_t *at);
snn_status snn__image_item_add(struct snn__image_list *list, const struct snn__image_item *item);
snn_status snn__image_place_add(struct snn__image_list *list, const char *name);
void snn__image_list_free(struct snn__image_list *list);
/* Leaves the items of a split: the last tenth of those of each class is for tests. */
snn_status snn__image_list_share(struct snn__image_list *list, uint32_t split);

/* Lists what a data set is made of, up to its limit; `call` begins messages. `ctx` is set. */
snn_status snn__image_list_open(struct snn__image_list *list, const snn_images_data *data, const char *call);

/* Writes folder/name to a path; either may be "". */
snn_status snn__image_join(char path[SNN__PATH_ROOM], const char *folder, const char *name);

/* ---- items */

static inline const char *snn__image_text_at(const struct snn__image_list *list, uint64_t at)
{
    return list->text.bytes + at;
}

/* Path of the file or shard that an item is in. */
snn_status snn__image_path(const struct snn__image_list *list, const struct snn__image_item *item,
                           char path[SNN__PATH_ROOM]);
/* What names an item in messages: its path, and in shards the member. */
void snn__image_name(const struct snn__image_list *list, const struct snn__image_item *item, char *name, size_t room);
/* The bytes of an item, to be freed by snn_component_free(). */
snn_status snn__image_bytes(const struct snn__image_list *list, const struct snn__image_item *item, uint8_t **out,
                            size_t *size);

/* ---- layouts */

struct snn__image_layout {
    const char *name, *text;
    bool shards;
    /* Adds all images of a split in their order, and sets the classes; of split 0 those to train with, or all if the
     * data set has no split of its own. SNN_ERR_IO, with what it looked for, if there are none. */
    snn_status (*list)(struct snn__image_list *list, uint32_t split, const char *cache);
};

extern const struct snn__image_layout snn__image_layout_images, snn__image_layout_shards;

/* Which split a word says: "train"; "val", "valid", "validation"; "test". The letters of any case. */
enum snn__word { SNN__WORD_NONE, SNN__WORD_TRAIN, SNN__WORD_VAL, SNN__WORD_TEST, SNN__WORDS };
enum snn__word snn__word_of(const char *text, size_t length);

/* Ends as the files of images do: .jpg, .jpeg, .png, in letters of any case. */
bool snn__image_is_named(const char *name);
/* Whether a name ends so, in letters of any case; `ending` has no capitals, and the name is longer. */
bool snn__image_name_ends(const char *name, const char *ending);

#endif
