/* samples.c - the calls of snn/events.h on lists of samples. */
#include "list.h"

struct snn_events_list {
    struct snn__event_list all;
};

snn_status snn_events_list_open(snn_events_list **out, snn_context *context, const snn_events_data *data)
{
    snn_events_data own = SNN_EVENTS_DATA_INIT;
    snn_events_list *list;
    snn_status rc;

    if (out == NULL || context == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_list_open: %s is NULL",
                                  out == NULL ? "out" : "context");
    *out = NULL;
    TRY(snn_component_read_struct(&own, sizeof own, data, "snn_events_data", "SNN_EVENTS_DATA_INIT"));
    list = snn_component_alloc(context, 1, sizeof *list);
    if (list == NULL)
        return SNN_ERR_MEMORY;
    list->all.ctx = context;
    rc = snn__event_list_open(&list->all, &own, "snn_events_list_open");
    if (rc != SNN_OK)
        snn_events_list_destroy(list);
    else
        *out = list;
    return rc;
}

void snn_events_list_destroy(snn_events_list *list)
{
    if (list == NULL)
        return;
    snn__event_list_free(&list->all);
    snn_component_free(list->all.ctx, list);
}

snn_status snn_events_list_get_info(const snn_events_list *list, snn_events_list_info *info)
{
    snn_events_list_info full = SNN_EVENTS_LIST_INFO_INIT;

    if (list == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_list_get_info: list is NULL");
    full.samples = list->all.items;
    full.classes = list->all.classes;
    full.width = list->all.width;
    full.height = list->all.height;
    return snn_component_fill_struct(info, &full, sizeof full, "snn_events_list_info", "SNN_EVENTS_LIST_INFO_INIT");
}

snn_status snn_events_list_get_item(const snn_events_list *list, uint64_t index, snn_events_item *item)
{
    snn_events_item full = SNN_EVENTS_ITEM_INIT;
    const struct snn__event_item *from;

    if (list == NULL || index >= list->all.items)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_list_get_item: %s",
                                  list == NULL ? "list is NULL" : "there is no such sample");
    from = &list->all.item[index];
    full.label = from->label;
    full.path = list->all.file[from->file];
    full.format = list->all.format;
    full.index = from->index;
    full.begin = from->begin;
    full.end = from->end;
    return snn_component_fill_struct(item, &full, sizeof full, "snn_events_item", "SNN_EVENTS_ITEM_INIT");
}

const char *snn_events_list_class_name(const snn_events_list *list, uint64_t label)
{
    return list != NULL && list->all.class != NULL && label < list->all.classes ? list->all.class[label] : NULL;
}
