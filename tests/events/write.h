/* write.h - recordings of every format, made of a list of events: what the readers are tested with. */
#ifndef SNN_TESTS_EVENTS_WRITE_H
#define SNN_TESTS_EVENTS_WRITE_H

#include <snn/events.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow. */
struct bytes {
    uint8_t *data;
    size_t size, room;
    size_t *end; /* of event i: size of the file that first holds it; NULL: not asked for */
    size_t events;
};

void put(struct bytes *b, const void *data, size_t size);
void put_text(struct bytes *b, const char *text);
/* Whole numbers of so many bytes. */
void put_le(struct bytes *b, uint64_t value, unsigned size);
void put_be(struct bytes *b, uint64_t value, unsigned size);
/* The next `count` events end here. */
void put_end(struct bytes *b, size_t count);
void drop(struct bytes *b);

/* A way to write a recording. Events lie within 100 x 100 pixels and 8 s, and times do not fall. */
struct writer {
    const char *name;   /* "aedat4-lz4" */
    const char *format; /* of snn_events_format_name() */
    void (*write)(struct bytes *b, const snn_event *event, size_t n);
    bool named; /* the content does not show the format */
    bool whole; /* an archive or HDF5: a part of it is no recording */
};

/* Number `index`, NULL past the last; those that a build lacks the library for are left out. */
const struct writer *writer_at(size_t index);

/* n events: times grow by 0 to 40 us, and once by more than a second. */
void make_events(snn_event *event, size_t n);

/* The header of an array of NumPy, in Python's words: "'<i8'", "False", "(2, 3)". */
void put_npy(struct bytes *b, const char *type, const char *order, const char *shape);

/* A file of this name in an archive, before its end; the end. */
void put_tar(struct bytes *b, const char *name, const struct bytes *file);
void put_tar_end(struct bytes *b);
/* The same of a zip, whose members are told by `directory`, which its end writes and drops. */
void put_zip(struct bytes *b, struct bytes *directory, const char *name, const struct bytes *file);
void put_zip_deflated(struct bytes *b, struct bytes *directory, const char *name, const struct bytes *file);
void put_zip_end(struct bytes *b, struct bytes *directory, size_t members);
/* The same bytes, compressed to gz. */
void put_gz(struct bytes *b, const struct bytes *file);

#endif
