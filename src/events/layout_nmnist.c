/* layout_nmnist.c - N-MNIST as it unpacks: {Train,Test}/LABEL/NUMBER.bin, in the order of the numbers. */
#include "list.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 10u
#define SIDE 34u

static bool is_recording(const char *name)
{
    const size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".bin") == 0;
}

static snn_status list_folder(struct snn__event_list *list, const char *folder, uint32_t label)
{
    struct snn__folder f;
    snn_status rc = snn__folder_open(&f, list->ctx, folder);

    for (size_t i = 0; i < f.names && rc == SNN_OK; i++)
        if (is_recording(f.name[i])) {
            rc = snn__event_list_file(list, folder, f.name[i]);
            if (rc == SNN_OK)
                rc = snn__event_list_whole(list, 0, label);
        }
    snn__folder_close(&f);
    return rc;
}

static snn_status list_label(struct snn__event_list *list, const char *directory, uint32_t split, uint32_t label)
{
    char name[16];
    char *folder;
    snn_status rc;

    snprintf(name, sizeof name, "%s/%u", split == SNN_SPLIT_TRAIN ? "Train" : "Test", (unsigned)label);
    folder = snn__path_of(list->ctx, directory, name);
    if (folder == NULL)
        return SNN_ERR_MEMORY;
    rc = list_folder(list, folder, label);
    snn_component_free(list->ctx, folder);
    return rc;
}

/* An item beside the name of its file. */
struct named {
    const char *name;
    struct snn__event_item item;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);

    return order != 0 ? order : (x->item.label > y->item.label) - (x->item.label < y->item.label);
}

/* Numbers count across labels: this is the order of MNIST. */
static snn_status sort(struct snn__event_list *list)
{
    struct named *named = snn_component_alloc(list->ctx, list->items, sizeof *named);

    if (named == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < list->items; i++)
        named[i] = (struct named){ strrchr(list->file[list->item[i].file], '/') + 1, list->item[i] };
    qsort(named, list->items, sizeof *named, by_name);
    for (size_t i = 0; i < list->items; i++)
        list->item[i] = named[i].item;
    snn_component_free(list->ctx, named);
    return SNN_OK;
}

static snn_status list_nmnist(struct snn__event_list *list, const char *directory, uint32_t split)
{
    list->classes = CLASSES;
    list->width = list->height = SIDE;
    list->format = "nmnist";
    for (uint32_t label = 0; label < CLASSES; label++)
        TRY(list_label(list, directory, split, label));
    if (list->items == 0)
        return snn_component_fail(SNN_ERR_IO, "there is no %.200s/%s/LABEL/NUMBER.bin: N-MNIST as it unpacks",
                                  directory, split == SNN_SPLIT_TRAIN ? "Train" : "Test");
    return sort(list);
}

const struct snn__event_layout snn__event_layout_nmnist = { .name = "nmnist",
                                                            .text = "N-MNIST: {Train,Test}/LABEL/NUMBER.bin",
                                                            .list = list_nmnist };
