/* reader.h - inside of a reader of recordings, and what a format is.
 *
 * Adding a format is one file with a struct snn__events_format, and its name in the list of formats.c. */
#ifndef SNN_EVENTS_READER_H
#define SNN_EVENTS_READER_H

#include "../component.h"
#include "octets.h"
#include "tap.h"
#include <snn/events.h>

struct snn__events_format {
    const char *name, *text;
    const char *lacks; /* Debian's package of a library that this build has not; NULL: none */
    size_t state;      /* bytes of the format's own state, zeroed before begin() */
    /* True if a file that begins so is of this format. `name` is that of the file, "" if it has none. */
    bool (*is)(const uint8_t *head, size_t size, const char *name);
    bool unmarked; /* is() guesses, from all of the head */
    /* Reads what stands before the events of the first recording. */
    snn_status (*begin)(snn_events *e);
    /* Reads events: 1 to `most`, or 0 at the end. Those that precede a failure count, too. */
    snn_status (*read)(snn_events *e, snn_event *out, size_t most, size_t *got);
    /* Goes to a recording of several; NULL: there is one. */
    snn_status (*seek)(snn_events *e, uint64_t index, bool *found);
    /* Gives back what the state holds; NULL: nothing. */
    void (*end)(snn_events *e);
};

/* An archive that holds recordings. */
struct snn__events_archive;

struct snn_events {
    snn_context *ctx;
    snn_events_source source; /* path and format are copies */
    struct snn__octets in;
    struct snn__tap tap;                 /* what `in` reads from, unless that is a member of the archive */
    struct snn__events_archive *archive; /* NULL: a plain file */
    uint64_t members;                    /* recordings of the archive that were begun */
    const struct snn__events_format *format;
    void *state;
    bool at_hand; /* a recording */
    bool ended;   /* no more events follow in it */
    snn_status failed;
    const char *name; /* of the member, "" otherwise */
    char warning[256];
    snn_events_info info; /* all but the texts */
    uint64_t read;        /* events of the recording so far */
};

/* ---- events.c */

/* Path of the recording, for messages. */
const char *snn__events_where(const snn_events *e);

/* Says that the recording is not what it should be, and goes on; an error where the reader is strict. */
snn_status snn__events_warn(snn_events *e, const char *format, ...) SNN_PRINTF(2, 3);

/* The recording ends, with `left` bytes that are no whole record. */
snn_status snn__events_finish(snn_events *e, size_t left);

/* The recording ends, and so many of its events are not there. */
snn_status snn__events_short(snn_events *e, uint64_t absent);

/* ---- formats.c */

/* All formats, in the order in which they are tried; NULL past the last. */
const struct snn__events_format *snn__events_format_at(size_t index);
/* By name; NULL: none. */
const struct snn__events_format *snn__events_format_named(const char *name);
/* By content; NULL: none. `whole`: no more bytes will be shown. */
const struct snn__events_format *snn__events_format_of(const uint8_t *head, size_t size, bool whole,
                                                       const char *name);

/* ---- hdf5.c */

/* The labels of all samples of a file of spikes; to be freed. */
snn_status snn__hdf5_labels(snn_events *e, int64_t **label, size_t *count);

/* ---- records.c: what several formats share */

/* Decodes up to `*records` records into at most `most` events; returns the number of events, and in *records how many
 * records it has read. It may stop early only where there is no room for another event. */
typedef size_t snn__events_decode_fn(void *state, const uint8_t *bytes, size_t *records, snn_event *out, size_t most);

/* read() of formats whose records have `width` bytes. */
snn_status snn__events_records(snn_events *e, size_t width, snn__events_decode_fn *decode, snn_event *out,
                               size_t most, size_t *got);

/* Next line of a header of lines that begin with `mark`: copies its begin to `line`, without its end, and goes past
 * it. *found is false at the end of the header. */
snn_status snn__events_line(snn_events *e, char mark, char *line, size_t size, bool *found);

/* True if `text` begins with `prefix`. */
bool snn__begins(const char *text, const char *prefix);

static inline uint16_t snn__le16(const uint8_t *b)
{
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t snn__le32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t snn__le64(const uint8_t *b)
{
    return snn__le32(b) | (uint64_t)snn__le32(b + 4) << 32;
}

static inline uint32_t snn__be32(const uint8_t *b)
{
    return (uint32_t)b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 24;
}

#endif
