/* events_set.c - what a data set of recordings holds: samples of each class and split, their events and durations. */
#include "events_set.h"

#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 4096 /* events that are read together */

/* What is known of one sample. */
struct sample {
    snn_events_item item;
    uint64_t events;
    double seconds; /* from its first event to its last */
};

struct split {
    const char *name;
    uint32_t split;
    snn_events_list *list;
    snn_events_list_info info;
    struct sample *sample;
    uint64_t *of; /* each class: samples */
};

/* ---- one sample */

/* Adds the events of a piece; tells if there may be more. */
static bool add_piece(struct sample *s, const snn_event *event, size_t n, int64_t *first, int64_t *last)
{
    size_t after = 0;

    for (size_t i = 0; i < n; i++) {
        after += event[i].t >= s->item.end;
        if (event[i].t < s->item.begin || event[i].t >= s->item.end)
            continue;
        if (s->events++ == 0)
            *first = event[i].t;
        *last = event[i].t;
    }
    return n == PIECE && after < n;
}

static snn_status read_sample(struct sample *s, snn_events *events)
{
    static snn_event event[PIECE];
    int64_t first = 0, last = 0;
    uint32_t found;
    size_t got;
    snn_status rc = snn_events_seek(events, s->item.index, &found);
    bool more = rc == SNN_OK && found;

    while (more) {
        rc = snn_events_read(events, event, PIECE, &got);
        more = add_piece(s, event, got, &first, &last) && rc == SNN_OK;
    }
    s->seconds = last > first ? 1e-6 * ((double)last - (double)first) : 0;
    return rc;
}

/* ---- all of them */

/* As they follow in the files. */
static int by_place(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    const int order = strcmp(x->item.path, y->item.path);

    return order != 0 ? order : (x->item.index > y->item.index) - (x->item.index < y->item.index);
}

static int read_samples(struct split *s, snn_context *context)
{
    snn_events *events = NULL;
    const char *open = "";
    snn_status rc = SNN_OK;

    for (uint64_t i = 0; i < s->info.samples && rc == SNN_OK; i++) {
        struct sample *sample = &s->sample[i];
        snn_events_source source = SNN_EVENTS_SOURCE_INIT;

        if (strcmp(open, sample->item.path) != 0) {
            snn_events_destroy(events);
            source.path = open = sample->item.path;
            source.format = sample->item.format;
            rc = snn_events_open(&events, context, &source);
        }
        if (rc == SNN_OK)
            rc = read_sample(sample, events);
        if (rc != SNN_OK)
            fail_call(rc, sample->item.path);
    }
    snn_events_destroy(events);
    return rc == SNN_OK ? DONE : FAILED;
}

static int list_split(struct split *s, snn_context *context, const char *layout, const char *directory)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_status rc;

    data.layout = layout;
    data.directory = directory;
    data.split = s->split;
    s->info = (snn_events_list_info)SNN_EVENTS_LIST_INFO_INIT;
    rc = snn_events_list_open(&s->list, context, &data);
    if (rc == SNN_OK)
        rc = snn_events_list_get_info(s->list, &s->info);
    if (rc != SNN_OK)
        return fail_call(rc, s->name);
    s->sample = calloc(s->info.samples, sizeof *s->sample);
    s->of = calloc(s->info.classes, sizeof *s->of);
    if (s->sample == NULL || s->of == NULL)
        return fail(FAILED, "out of memory");
    for (uint64_t i = 0; i < s->info.samples && rc == SNN_OK; i++) {
        s->sample[i].item = (snn_events_item)SNN_EVENTS_ITEM_INIT;
        rc = snn_events_list_get_item(s->list, i, &s->sample[i].item);
        s->of[s->sample[i].item.label]++;
    }
    qsort(s->sample, s->info.samples, sizeof *s->sample, by_place);
    return rc == SNN_OK ? read_samples(s, context) : fail_call(rc, s->name);
}

static void free_split(struct split *s)
{
    snn_events_list_destroy(s->list);
    free(s->sample);
    free(s->of);
}

/* ---- figures */

static int by_events(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    return (x->events > y->events) - (x->events < y->events);
}

static int by_seconds(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

/* The least, the middle and the most. */
static void spread(const struct split *s, int (*order)(const void *, const void *), struct sample at[3])
{
    const uint64_t n = s->info.samples;

    qsort(s->sample, n, sizeof *s->sample, order);
    at[0] = s->sample[0];
    at[1] = s->sample[n / 2];
    at[2] = s->sample[n - 1];
}

/* A name as JSON, in which bytes that are no UTF-8 stand as ?. */
static json_t *name_json(const char *name)
{
    json_t *text = json_string(name);
    char *copy = text == NULL && name != NULL ? strdup(name) : NULL;

    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    if (copy != NULL)
        text = json_string(copy);
    free(copy);
    return text != NULL ? text : json_null();
}

static void print_split_json(const struct split *s, const char *layout, const struct sample *events,
                             const struct sample *seconds)
{
    json_line(json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:[I,I,I], s:[f,f,f]}", "event", "split", "layout",
                        layout, "split", s->name, "recordings", (json_int_t)s->info.samples, "classes",
                        (json_int_t)s->info.classes, "width", (json_int_t)s->info.width, "height",
                        (json_int_t)s->info.height, "events", (json_int_t)events[0].events,
                        (json_int_t)events[1].events, (json_int_t)events[2].events, "seconds", seconds[0].seconds,
                        seconds[1].seconds, seconds[2].seconds),
              9);
}

static void print_split(const struct split *s, const struct sample *events, const struct sample *seconds)
{
    printf("%-6s %10s  events %s / %s / %s  seconds %.6g / %.6g / %.6g\n", s->name, grouped(s->info.samples).s,
           grouped(events[0].events).s, grouped(events[1].events).s, grouped(events[2].events).s, seconds[0].seconds,
           seconds[1].seconds, seconds[2].seconds);
}

static void print_classes(const struct split *split, bool json)
{
    if (!json)
        printf("\n%6s %10s %10s  %s\n", "class", "train", "test", "name");
    for (uint64_t i = 0; i < split->info.classes; i++) {
        const char *name = snn_events_list_class_name(split->list, i);

        if (json)
            json_line(json_pack("{s:s, s:I, s:o, s:I, s:I}", "event", "class", "class", (json_int_t)i, "name",
                                name_json(name), "train", (json_int_t)split[0].of[i], "test",
                                (json_int_t)split[1].of[i]),
                      9);
        else
            printf("%6u %10s %10s  %s\n", (unsigned)i, grouped(split[0].of[i]).s, grouped(split[1].of[i]).s,
                   name != NULL ? name : "");
    }
}

static void print_set(const struct split *split, const char *layout, bool json)
{
    if (!json && split->info.width > 0)
        printf("sensor  %u x %u\n", split->info.width, split->info.height);
    if (!json)
        printf("classes %s\n\nrecordings, and of one the least / median / most\n", grouped(split->info.classes).s);
    for (int i = 0; i < 2; i++) {
        struct sample events[3], seconds[3];

        spread(&split[i], by_events, events);
        spread(&split[i], by_seconds, seconds);
        json ? print_split_json(&split[i], layout, events, seconds) : print_split(&split[i], events, seconds);
    }
    print_classes(split, json);
}

int describe_set(snn_context *context, const char *layout, const char *directory, bool json)
{
    struct split split[2] = { { .name = "train", .split = SNN_SPLIT_TRAIN },
                              { .name = "test", .split = SNN_SPLIT_TEST } };
    int status = list_split(&split[0], context, layout, directory);

    if (status == DONE)
        status = list_split(&split[1], context, layout, directory);
    if (status == DONE)
        print_set(split, layout, json);
    free_split(&split[0]);
    free_split(&split[1]);
    return status;
}
