/** @file snn/events.h
 * Recordings of event cameras and spikes: one reader for all formats (library libsnn-events).
 *
 * A recording is a list of events in the order of its file. A file may hold several recordings: those of an archive,
 * or the samples of an HDF5 file. They are read piece by piece, so that a recording may be larger than memory.
 *
 *   AEDAT 2.0, 3.1 and 4, Prophesee EVT 2.0, EVT 3.0 and DAT, Event Stream, N-MNIST's .bin, HDF5 of SHD and SSC,
 *   NumPy's .npy and .npz, lines of text; any of them compressed or in an archive. docs/events.md describes each.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_EVENTS_H
#define SNN_EVENTS_H

#include <snn/context.h>

/** A reader of recordings. It belongs to one thread at a time. */
typedef struct snn_events snn_events;

/** A change of brightness at one pixel, or a spike of one unit. */
typedef struct snn_event {
    int64_t t;           /**< microseconds, by the clock of the recording */
    uint16_t x;          /**< column, from the left, as stored; or the unit */
    uint16_t y;          /**< row, as stored; 0 for units */
    uint8_t p;           /**< polarity: 1 brighter, 0 darker; 1 for spikes of units */
    uint8_t reserved[3]; /**< 0 */
} snn_event;

/** Where events come from: set exactly one of path, data and read. Begin with SNN_EVENTS_SOURCE_INIT. */
typedef struct snn_events_source {
    uint32_t struct_size; /**< set by SNN_EVENTS_SOURCE_INIT */
    uint32_t strict;      /**< 1: a truncated recording is an error; 0: its whole events are read, with a warning */
    const char *path;     /**< a regular file */
    const void *data;     /**< or memory with the bytes of a file; borrowed, and unchanged, while the reader lives */
    size_t size;          /**< of data */
    /** Or a function of the host, for pipes and sockets: writes 1 to `size` bytes to `to` and their number to `got`;
     * 0 at the end. Formats that have to look back are not read in this way.
     * @return SNN_OK, or a status that reading then returns */
    snn_status (*read)(void *user, void *to, size_t size, size_t *got);
    void *user;         /**< passed to `read` */
    const char *format; /**< a name of snn_events_format_name(), for files that do not show what they are; NULL:
                             recognised from the content. In archives, it is the format of each member. */
    uint64_t stream;    /**< AEDAT 4: which stream of events, from 0 in the order of the file's description */
} snn_events_source;

/** Initialiser of snn_events_source. */
#define SNN_EVENTS_SOURCE_INIT SNN_INIT_(sizeof(snn_events_source), 0, NULL, NULL, 0, NULL, NULL, NULL, 0)

/** What is known of the recording at hand. */
typedef struct snn_events_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_events_info) */
    uint32_t streams;     /**< streams of events in the file: 1 but for AEDAT 4 */
    uint32_t width;       /**< of the sensor, in pixels, or the number of units; 0: the file does not say */
    uint32_t height;      /**< of the sensor; 1 for units; 0: the file does not say */
    const char *format;   /**< name of the format; static storage */
    const char *name;    /**< of the recording: its path in the archive, "" otherwise; borrowed until the next seek */
    uint64_t index;      /**< of the recording in the file, from 0 */
    uint64_t recordings; /**< in the file; 0: not known before all of it was read, as in an archive */
    uint64_t events;     /**< of the recording; UINT64_MAX: not known before all of it was read */
    int64_t label;       /**< class of the recording, from a file of HDF5, or of the last events that were read, from
                              the column of a CSV; -1: none */
    uint64_t warnings;   /**< number of warnings so far */
    const char *warning; /**< the last one, "" if there was none; borrowed until the next call */
} snn_events_info;

/** Initialiser of snn_events_info, for snn_events_get_info() to fill. */
#define SNN_EVENTS_INFO_INIT SNN_INIT_(sizeof(snn_events_info), 0, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, NULL)

SNN_BEGIN_DECLS

/** Opens a recording and reads what stands before its first event. The caller destroys the reader.
 * @param out receives the reader; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL, not exactly one source, an unknown format or stream), SNN_ERR_IO (the message names
 * the file), SNN_ERR_FORMAT (the content is of no known format, or damaged), SNN_ERR_UNSUPPORTED (this build lacks
 * the library for it: the message names its package; or the file holds what no reader is for), SNN_ERR_MEMORY, or
 * what the host's function returned */
SNN_API SNN_CHECKED snn_status snn_events_open(snn_events **out, snn_context *context,
                                               const snn_events_source *source);

/** Frees a reader; NULL is accepted. */
SNN_API void snn_events_destroy(snn_events *events);

/** Reads the next events of the recording.
 * @param event receives them
 * @param most room for so many, at least 1
 * @param got receives their number; less than `most` only at the end of the recording or on failure. Those that
 * precede a failure are in `event`
 * @return SNN_ERR_ARGUMENT (NULL, most is 0), SNN_ERR_IO, SNN_ERR_FORMAT (damaged; strict: truncated),
 * SNN_ERR_UNSUPPORTED, SNN_ERR_MEMORY, SNN_ERR_STATE (an earlier call failed), or what the host's function returned
 */
SNN_API SNN_CHECKED snn_status snn_events_read(snn_events *events, snn_event *event, size_t most, size_t *got);

/** Reads the events that the bytes at hand hold: as snn_events_read(), but waits for no more of them than one event
 * takes. For pipes and sockets, whose events are wanted when they come.
 * @param got receives their number, at least 1; 0 at the end of the recording or on failure
 * @return as snn_events_read() */
SNN_API SNN_CHECKED snn_status snn_events_read_some(snn_events *events, snn_event *event, size_t most, size_t *got);

/** Goes to the begin of recording number `index`, from 0. In an archive, those between are read past, and a
 * recording before the one at hand is found from the begin of the file.
 * @param found receives 1, or 0 if there are not so many; the reader then has no recording at hand
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_UNSUPPORTED (the host's function cannot go back), or as
 * snn_events_open() */
SNN_API SNN_CHECKED snn_status snn_events_seek(snn_events *events, uint64_t index, uint32_t *found);

/** Describes the recording at hand.
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_events_get_info(const snn_events *events, snn_events_info *info);

/** Returns name number `index`, from 0, of the formats; NULL past the last; static storage. */
SNN_API const char *snn_events_format_name(size_t index);

/** Returns what format number `index` is, in a few words; NULL past the last; static storage. */
SNN_API const char *snn_events_format_text(size_t index);

/** Returns the Debian package whose library format number `index` needs, and this build lacks; NULL if it is read.
 * Static storage. */
SNN_API const char *snn_events_format_lacks(size_t index);

SNN_END_DECLS

#endif
