/* nmnist.c - N-MNIST: DIRECTORY/{Train,Test}/LABEL/NUMBER.bin, a file of events for each recording.
 *
 * An event has five bytes: column, row, then 24 bits, big-endian: polarity (1: brighter) and the time in
 * microseconds. */
#include "core/alloc.h"
#include "core/size.h"
#include "data/gz.h"
#include "data/recordings.h"
#include "data/samples.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 34u
#define CLASSES 10u
#define EVENT 5u
#define NAME_MAX_LENGTH 60u
#define PATH_LENGTH 4096u
#define FILE_EVENTS_MAX ((size_t)1 << 24)

struct name {
    char text[NAME_MAX_LENGTH + 1]; /* "00001.bin" */
    uint32_t label;
};

struct reader {
    struct snn__recordings *to;
    struct name *name;
    size_t names, name_room;
    struct snn__event *event; /* of the file that is read */
    size_t event_room;
};

/* ---- which files there are ---- */

static snn_status add_name(struct reader *r, const char *text, uint32_t label)
{
    if (r->names == r->name_room) {
        const size_t room = snn__max(256, 2 * r->name_room);
        struct name *table = snn__alloc(r->to->ctx, room, sizeof *table);

        if (table == NULL)
            return SNN_ERR_MEMORY;
        if (r->names > 0)
            memcpy(table, r->name, r->names * sizeof *table);
        snn__free(r->to->ctx, r->name);
        r->name = table;
        r->name_room = room;
    }
    snprintf(r->name[r->names].text, sizeof r->name->text, "%s", text);
    r->name[r->names++].label = label;
    return SNN_OK;
}

static bool is_recording(const char *text)
{
    const size_t length = strlen(text);

    return length > 4 && length <= NAME_MAX_LENGTH && strcmp(text + length - 4, ".bin") == 0;
}

/* Recordings of one label; a folder that is absent has none. */
static snn_status list(struct reader *r, const char *folder, uint32_t label)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;
    snn_status rc = SNN_OK;

    if (d == NULL && errno == ENOENT)
        return SNN_OK;
    if (d == NULL)
        return snn__fail(SNN_ERR_IO, "%.300s: %s", folder, snn__reason(errno).text);
    while (rc == SNN_OK && (entry = readdir(d)) != NULL)
        if (is_recording(entry->d_name))
            rc = add_name(r, entry->d_name, label);
    closedir(d);
    return rc;
}

/* In the order of MNIST, whatever the file system's is. */
static int by_name(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    const int order = strcmp(x->text, y->text);

    return order != 0 ? order : (x->label > y->label) - (x->label < y->label);
}

/* ---- one file ---- */

static snn_status event_room(struct reader *r, size_t used)
{
    const size_t room = snn__max(4096, 2 * r->event_room);
    struct snn__event *event;

    if (used < r->event_room)
        return SNN_OK;
    event = snn__alloc(r->to->ctx, room, sizeof *event);
    if (event == NULL)
        return SNN_ERR_MEMORY;
    if (used > 0)
        memcpy(event, r->event, used * sizeof *event);
    snn__free(r->to->ctx, r->event);
    r->event = event;
    r->event_room = room;
    return SNN_OK;
}

static snn_status read_event(const char *path, const uint8_t *from, size_t number, struct snn__event *to)
{
    if (from[0] >= SIDE || from[1] >= SIDE)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: event %zu is at column %u, row %u; there are 34 of each", path,
                         number, from[0], from[1]);
    to->time = (uint32_t)(from[2] & 0x7f) << 16 | (uint32_t)from[3] << 8 | from[4];
    to->place = ((uint32_t)(from[2] >> 7) * SIDE + from[1]) * SIDE + from[0];
    return SNN_OK;
}

static snn_status read_events(struct reader *r, struct snn__gz *gz, size_t *events)
{
    const char *path = snn__gz_path(gz);
    uint8_t bytes[EVENT];
    size_t got;

    for (*events = 0;; ++*events) {
        SNN__TRY(snn__gz_read(gz, bytes, sizeof bytes, &got));
        if (got == 0)
            return SNN_OK;
        if (got < sizeof bytes)
            return snn__fail(SNN_ERR_FORMAT, "%.300s is truncated: it ends within event %zu", path, *events);
        if (*events == FILE_EVENTS_MAX)
            return snn__fail(SNN_ERR_FORMAT, "%.300s: more than %zu events", path, FILE_EVENTS_MAX);
        SNN__TRY(event_room(r, *events));
        SNN__TRY(read_event(path, bytes, *events, &r->event[*events]));
        if (*events > 0 && r->event[*events].time < r->event[*events - 1].time)
            return snn__fail(SNN_ERR_FORMAT, "%.300s: event %zu is at %u us, before the event that precedes it", path,
                             *events, (unsigned)r->event[*events].time);
    }
}

static snn_status read_recording(struct reader *r, const char *folder, const struct name *name)
{
    struct snn__gz *gz;
    size_t events;
    snn_status rc;

    SNN__TRY(snn__gz_find(&gz, r->to->ctx, folder, name->text));
    if (gz == NULL)
        return snn__fail(SNN_ERR_IO, "%.300s/%s disappeared while the folder was read", folder, name->text);
    rc = read_events(r, gz, &events);
    snn__gz_close(gz);
    return rc == SNN_OK ? snn__recordings_add(r->to, r->event, events, name->label) : rc;
}

/* ---- all of them ---- */

static snn_status folder_of(char *out, const char *directory, const char *split, uint32_t label)
{
    const int length = snprintf(out, PATH_LENGTH, "%s/%s/%u", directory, split, (unsigned)label);

    return length > 0 && (size_t)length < PATH_LENGTH
               ? SNN_OK
               : snn__fail(SNN_ERR_ARGUMENT, "%.100s...: the path is too long", directory);
}

static snn_status read_all(struct reader *r, const char *directory, const char *split)
{
    char folder[PATH_LENGTH];

    for (uint32_t label = 0; label < CLASSES; label++) {
        SNN__TRY(folder_of(folder, directory, split, label));
        SNN__TRY(list(r, folder, label));
    }
    if (r->names == 0)
        return snn__fail(
            SNN_ERR_IO, "there is no %.200s/%s/LABEL/NUMBER.bin; format nmnist reads the unpacked folders of N-MNIST",
            directory, split);
    qsort(r->name, r->names, sizeof *r->name, by_name);
    for (size_t i = 0; i < r->names && i < r->to->most; i++) {
        SNN__TRY(folder_of(folder, directory, split, r->name[i].label));
        SNN__TRY(read_recording(r, folder, &r->name[i]));
    }
    return SNN_OK;
}

static snn_status nmnist_record(struct snn__recordings *out, const char *directory, snn_split split)
{
    struct reader r = { .to = out };
    snn_status rc;

    out->shape[0] = 2;
    out->shape[1] = out->shape[2] = SIDE;
    out->classes = CLASSES;
    rc = read_all(&r, directory, split == SNN_SPLIT_TRAIN ? "Train" : "Test");
    snn__free(out->ctx, r.name);
    snn__free(out->ctx, r.event);
    return rc;
}

const struct snn__data_format snn__data_nmnist = { .name = "nmnist",
                                                   .text = "N-MNIST: recordings of events",
                                                   .record = nmnist_record };
