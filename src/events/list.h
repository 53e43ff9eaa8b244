/* list.h - the recordings that a data set is made of, and the layouts that list them.
 *
 * Adding a layout is one file with a struct snn__event_layout, and its name in the list of layouts.c. */
#ifndef SNN_EVENTS_LIST_H
#define SNN_EVENTS_LIST_H

#include "../component.h"
#include "names.h"
#include <snn/dataset.h>
#include <snn/events.h>
#include <stdbool.h>

/* One sample: a recording, or a part of one. */
struct snn__event_item {
    uint32_t file;      /* number of its file */
    uint32_t label;     /* class */
    uint64_t index;     /* of the recording in the file */
    int64_t begin, end; /* us: events with begin <= t < end are used; INT64_MIN, INT64_MAX: all */
};

struct snn__event_list {
    snn_context *ctx;
    char **file; /* paths */
    size_t files, file_room;
    struct snn__event_item *item;
    size_t items, item_room;
    size_t classes;         /* labels are 0 .. classes - 1 */
    char **class;           /* their names; NULL: they have none */
    uint32_t width, height; /* of the sensor; height 1: units; 0: what the first recording says */
    const char *format;     /* of all files, static storage; NULL: as they show */
};

/* A list of nothing; `ctx` is set. snn__event_list_free() may follow any of these. */
void snn__event_list_free(struct snn__event_list *list);
/* Adds the file `folder`/`name`, or `folder` if name is NULL; its number is list->files - 1 afterwards. */
snn_status snn__event_list_file(struct snn__event_list *list, const char *folder, const char *name);
/* Adds a sample: a whole recording of the last file that was added. */
snn_status snn__event_list_whole(struct snn__event_list *list, uint64_t index, uint32_t label);
/* Sets the number of classes and their names, copies. */
snn_status snn__event_list_classes(struct snn__event_list *list, const char *const *name, size_t classes);
/* Adds any sample. */
snn_status snn__event_list_add(struct snn__event_list *list, const struct snn__event_item *item);

struct snn__event_layout {
    const char *name, *text;
    /* Fills list->classes and the sensor, and adds all samples of a split in their order; of split 0 those to
     * train with, or all if the data set has no split of its own. SNN_ERR_IO, with what it looked for, if there are
     * none. */
    snn_status (*list)(struct snn__event_list *list, const char *directory, uint32_t split);
};

/* Lists what a data set is made of, up to its limit; `call` begins messages. snn__event_list_free() may follow a
 * failure, too. */
snn_status snn__event_list_open(struct snn__event_list *list, const snn_events_data *data, const char *call);

/* By name; NULL: none. */
const struct snn__event_layout *snn__event_layout_named(const char *name);

#endif
