/* folder.c - recordings in the folder of a test. */
#include "folder.h"
#include <stdio.h>
#include <string.h>

#define EVENTS 64u

static const struct writer *writer_named(const char *name)
{
    size_t i = 0;

    while (writer_at(i) != NULL && strcmp(writer_at(i)->name, name) != 0)
        i++;
    return writer_at(i);
}

bool has_writer(const char *writer)
{
    if (writer_named(writer) == NULL)
        fprintf(stderr, "skipped: this build does not read %s\n", writer);
    return writer_named(writer) != NULL;
}

struct bytes recording(const char *writer, size_t n)
{
    snn_event event[EVENTS];
    struct bytes file = { 0 };

    ck_assert_uint_le(n, EVENTS);
    make_events(event, n);
    writer_named(writer)->write(&file, event, n);
    return file;
}

void save_recording(const char *name, const char *writer, size_t n)
{
    struct bytes file = recording(writer, n);

    save(name, file.data, file.size);
    drop(&file);
}
