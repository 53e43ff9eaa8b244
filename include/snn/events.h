/** @file snn/events.h
 * Recordings of event cameras and spikes: one reader for all formats, frames of events for networks, data sets of
 * recordings (library libsnn-events).
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
#include <snn/dataset.h>
#include <snn/param.h>

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

/** How events become frames: the geometry of a frame, its values, and how a recording is cut into frames. It belongs
 * to one thread at a time, but snn_event_frames_add() and snn_event_frames_finish() may run in several. */
typedef struct snn_event_frames snn_event_frames;

/** Parameters of frames of events. What they say counts from the next snn_event_frames_prepare(). Those of training
 * are for snn_events_dataset_open(): random numbers that depend on the context's seed, the epoch and the sample's
 * index alone change the events of a sample, in the order zoom, flip, shift, swap, drop, jitter, before it is cut. */
typedef enum snn_event_frames_key {
    SNN_EVENT_FRAMES_CUT = 1101,         /**< str, how a recording is cut: "time", frames of equal duration from the
                                              first event to the last; "count", frames of equal numbers of events;
                                              "bins", frames of `dt` each, from the first event on; "windows", as
                                              bins, but a new sample begins every `stride` */
    SNN_EVENT_FRAMES_STEPS = 1102,       /**< i64, number T of frames of a sample, default 10 */
    SNN_EVENT_FRAMES_DT = 1103,          /**< i64, bins and windows: microseconds of a frame, default 1000 */
    SNN_EVENT_FRAMES_STRIDE = 1104,      /**< i64, windows: microseconds from the begin of a window to that of the
                                              next; 0: they follow each other */
    SNN_EVENT_FRAMES_LENGTHS = 1105,     /**< i64, bins: 1: a sample ends with the frame of its last event, 0: with
                                              frame T, whether there are events or not */
    SNN_EVENT_FRAMES_POLARITY = 1106,    /**< str, channels: "two", darker and brighter; "one", both in one; "signed",
                                              one in which darker counts as -1; "auto", one for units, two for pixels
                                              */
    SNN_EVENT_FRAMES_VALUE = 1107,       /**< str, "counts": numbers of events; "ones": 1 where there was one */
    SNN_EVENT_FRAMES_NORMALISE = 1108,   /**< str, values are divided by the largest of the "frame" or of the
                                              "sample"; "none" */
    SNN_EVENT_FRAMES_CROP_LEFT = 1109,   /**< i64, first column of the sensor that is used */
    SNN_EVENT_FRAMES_CROP_TOP = 1110,    /**< i64, first row */
    SNN_EVENT_FRAMES_CROP_WIDTH = 1111,  /**< i64, number of columns; 0: all from the first on */
    SNN_EVENT_FRAMES_CROP_HEIGHT = 1112, /**< i64, number of rows; 0: all */
    SNN_EVENT_FRAMES_WIDTH = 1113,       /**< i64, columns of a frame, at most those that are used; 0: as many */
    SNN_EVENT_FRAMES_HEIGHT = 1114,      /**< i64, rows of a frame; 0: as many */
    SNN_EVENT_FRAMES_RESIZE = 1115,      /**< str, smaller frames: "sum", a pixel takes the events of all that it
                                              covers; "nearest", of one of them */
    SNN_EVENT_FRAMES_FLIP = 1121,        /**< i64, training: 1: mirror left to right with probability 1/2 */
    SNN_EVENT_FRAMES_SHIFT = 1122,       /**< i64, training: shift by up to so many pixels of the sensor, or units, in
                                              each direction */
    SNN_EVENT_FRAMES_ZOOM = 1123,        /**< f64, training: a window at a random place takes the place of what is
                                              used; its sides are a random share of it, from this one up to 1 */
    SNN_EVENT_FRAMES_SWAP = 1124,        /**< f64, training: probability that polarities are swapped */
    SNN_EVENT_FRAMES_DROP = 1125,        /**< f64, training: probability of each event to be left out */
    SNN_EVENT_FRAMES_JITTER = 1126,      /**< i64, training: microseconds by which the time of each event is moved at
                                              most */
    SNN_EVENT_FRAMES_SUBSET = 1127,      /**< i64, training: a sample is so many of its T frames, chosen at random, in
                                              their order, and ends after them; 0: all */
    SNN_EVENT_FRAMES_KEY_FORCE32 = 0x7fffffff
} snn_event_frames_key;

/** Which recordings a data set is made of. Begin with SNN_EVENTS_DATA_INIT. */
typedef struct snn_events_data {
    uint32_t struct_size;  /**< set by SNN_EVENTS_DATA_INIT */
    uint32_t split;        /**< snn_split; default SNN_SPLIT_TRAIN; 0: what snn_dataset_view() may divide, which are
                                the samples to train with, or all if the data set has no split of its own */
    const char *layout;    /**< a name of snn_events_layout_name() */
    const char *directory; /**< folder that holds the files, as the layout has them */
    uint64_t limit;        /**< use the first so many recordings; 0: all */
    uint64_t memory;       /**< bytes for the events of recordings that are read at the moment; 0: 1 GiB. A batch
                                whose recordings need more is read again for each step */
    const char *cache;     /**< data sets: folder for a file with the events of all samples, which is written when
                                there is none for these files; NULL: none */
} snn_events_data;

/** Initialiser of snn_events_data. */
#define SNN_EVENTS_DATA_INIT SNN_INIT_(sizeof(snn_events_data), SNN_SPLIT_TRAIN, NULL, NULL, 0, 0, NULL)

/* ---- windows of a live source ---- */

/** Windows of a live source, such as a camera: one thread, the producer, adds events as they come; another, the
 * consumer, takes the windows of equal duration that have ended, each as a frame. Neither waits for the other, and
 * neither allocates. Calls say which of the two threads they are for; docs/live.md is about both. */
typedef struct snn_event_windows snn_event_windows;

/** How events become windows. Begin with SNN_EVENT_WINDOWS_OPTIONS_INIT, and set frames. */
typedef struct snn_event_windows_options {
    uint32_t struct_size;           /**< set by SNN_EVENT_WINDOWS_OPTIONS_INIT */
    uint32_t keep;                  /**< where there is no room for another window: 0, the oldest is dropped and
                                         counted; 1, no more events are taken until one was taken out */
    const snn_event_frames *frames; /**< geometry and values, prepared; borrowed, and unchanged, while windows live */
    int64_t length;                 /**< of a window, in microseconds; default 10,000 */
    int64_t jump;      /**< a time further than this from the window at hand, in microseconds, is a step of
                            the camera's clock: the next window begins there; default 10,000,000 */
    uint32_t capacity; /**< windows that may wait, 1 to 4096; default 8 */
    uint32_t reserved; /**< 0 */
} snn_event_windows_options;

/** Initialiser of snn_event_windows_options. */
#define SNN_EVENT_WINDOWS_OPTIONS_INIT SNN_INIT_(sizeof(snn_event_windows_options), 0, NULL, 10000, 10000000, 8, 0)

/** A window that has ended. */
typedef struct snn_event_window {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_event_window) */
    uint32_t reserved;    /**< 0 */
    int64_t begin;        /**< time of its begin, in microseconds of the source's clock */
    uint64_t index;       /**< number of the window, from 0; those that were dropped count, too */
    uint64_t events;      /**< number of events in it, before any that `frames` leaves out */
    int64_t stamp;        /**< of the call that ended it */
    int64_t tag;          /**< of its first event, or else of the last event before it; -1: none was set */
    const float *frame;   /**< [C,H,W] or [N], borrowed until the next snn_event_windows_take() */
} snn_event_window;

/** Initialiser of snn_event_window, for snn_event_windows_take() to fill. */
#define SNN_EVENT_WINDOW_INIT SNN_INIT_(sizeof(snn_event_window), 0, 0, 0, 0, 0, -1, NULL)

/** What became of the events so far. */
typedef struct snn_event_windows_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_event_windows_info) */
    uint32_t reserved;    /**< 0 */
    uint64_t events;      /**< in windows */
    uint64_t late;        /**< left out: they came after the end of their window */
    uint64_t windows;     /**< that have ended, with those that were dropped */
    uint64_t dropped;     /**< that nobody can take any more */
    uint64_t steps;       /**< steps of the source's clock */
} snn_event_windows_info;

/** Initialiser of snn_event_windows_info, for snn_event_windows_get_info() to fill. */
#define SNN_EVENT_WINDOWS_INFO_INIT SNN_INIT_(sizeof(snn_event_windows_info), 0, 0, 0, 0, 0, 0)

/* ---- lists of samples ---- */

/** The samples of a data set: which part of which file each of them is, and of which class. */
typedef struct snn_events_list snn_events_list;

/** What a list of samples holds. */
typedef struct snn_events_list_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_events_list_info) */
    uint32_t width;       /**< of the sensor, in pixels, or the number of units; 0: the files say it */
    uint32_t height;      /**< of the sensor; 1 for units; 0: the files say it */
    uint32_t reserved;    /**< 0 */
    uint64_t samples;     /**< number of samples, of the split */
    uint64_t classes;     /**< labels are 0 .. classes - 1 */
} snn_events_list_info;

/** Initialiser of snn_events_list_info, for snn_events_list_get_info() to fill. */
#define SNN_EVENTS_LIST_INFO_INIT SNN_INIT_(sizeof(snn_events_list_info), 0, 0, 0, 0, 0)

/** One sample of a list: events of begin <= t < end. */
typedef struct snn_events_item {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_events_item) */
    uint32_t label;       /**< class, from 0 */
    const char *path;     /**< of its file; borrowed from the list */
    const char *format;   /**< of the file, for snn_events_source; NULL: as its content says */
    uint64_t index;       /**< of the recording in the file, for snn_events_seek() */
    int64_t begin;        /**< microseconds by the clock of the recording; INT64_MIN: from its first event on */
    int64_t end;          /**< INT64_MAX: up to its last event */
} snn_events_item;

/** Initialiser of snn_events_item, for snn_events_list_get_item() to fill. */
#define SNN_EVENTS_ITEM_INIT SNN_INIT_(sizeof(snn_events_item), 0, NULL, NULL, 0, 0, 0)

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

/** Makes frames with default parameters. The caller destroys them.
 * @param out receives the frames; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_event_frames_create(snn_event_frames **out, snn_context *context);

/** Frees frames; NULL is accepted. */
SNN_API void snn_event_frames_destroy(snn_event_frames *frames);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_event_frames_set_i64(snn_event_frames *frames, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_event_frames_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_event_frames_set_f64(snn_event_frames *frames, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_event_frames_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_event_frames_set_str(snn_event_frames *frames, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_event_frames_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_event_frames_set_text(snn_event_frames *frames, const char *name,
                                                         const char *value);
/** Reads a whole number.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_event_frames_get_i64(const snn_event_frames *frames, int32_t key, int64_t *value);
/** Reads a real number; errors as snn_event_frames_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_event_frames_get_f64(const snn_event_frames *frames, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again; errors as snn_event_frames_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_event_frames_get_str(const snn_event_frames *frames, int32_t key,
                                                        const char **value);
/** Describes parameter number `index`, from 0.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_event_frames_param_info(const snn_event_frames *frames, size_t index,
                                                           snn_param_info *info);

/** Fits frames to a sensor of `width` columns and `height` rows; height 1 stands for units. To be called again when
 * parameters have changed.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_SHAPE (no sensor, what is cropped lies outside of it, a frame larger than
 * what is cropped), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_event_frames_prepare(snn_event_frames *frames, size_t width, size_t height);

/** Tells the shape of a frame: [N] for units in one channel, else [C,H,W]. Real-time safe.
 * @param shape receives three numbers; those that the rank does not use are 1
 * @param rank receives 1 or 3
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not prepared) */
SNN_API SNN_CHECKED snn_status snn_event_frames_shape(const snn_event_frames *frames, size_t shape[3],
                                                      uint32_t *rank);

/** Adds events to a frame, which begins with zeros. Events outside of what is cropped, and of the sensor, are left
 * out; times are not looked at. With "ones" and "signed", the last event of a pixel says its sign. Real-time safe.
 * @param frame [C,H,W] or [N]
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not prepared) */
SNN_API SNN_CHECKED snn_status snn_event_frames_add(const snn_event_frames *frames, const snn_event *events, size_t n,
                                                    float *frame);

/** Ends a frame to which all its events were added: divides it by its largest value, if `normalise` is "frame".
 * Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not prepared) */
SNN_API SNN_CHECKED snn_status snn_event_frames_finish(const snn_event_frames *frames, float *frame);

/** Opens a data set of recordings, each of them a sample of T frames with a class. Recordings stay in their files:
 * they are read when their first frame is asked for, whole batches by all threads.
 * @param out receives the data set, to be destroyed by snn_dataset_destroy(); NULL on failure
 * @param frames geometry and cut; copied, and prepared for the sensor of the data
 * @return SNN_ERR_ARGUMENT (NULL, an unknown layout or split), SNN_ERR_IO (a file is missing: the message names it),
 * SNN_ERR_FORMAT (damaged), SNN_ERR_SHAPE (as snn_event_frames_prepare()), SNN_ERR_UNSUPPORTED, SNN_ERR_MEMORY.
 * What is wrong within a recording shows when it is read */
SNN_API SNN_CHECKED snn_status snn_events_dataset_open(snn_dataset **out, snn_context *context,
                                                       const snn_events_data *data, const snn_event_frames *frames);

/** Opens a data set of NumPy's arrays in an .npz, samples, labels or targets, as snn_dataset_open_files() opens those
 * in files .npy: by the words of their names, x_train and y_train among them, and with the same fields.
 * @param out receives the data set, to be destroyed by snn_dataset_destroy(); NULL on failure
 * @param files format "npz"; path: an .npz, or a folder of such, where the names of archives count as well as those
 * of arrays
 * @return as snn_dataset_open_files(), SNN_ERR_UNSUPPORTED (a build without libarchive) */
SNN_API SNN_CHECKED snn_status snn_events_arrays_open(snn_dataset **out, snn_context *context,
                                                      const snn_dataset_files *files);

/** Returns name number `index`, from 0, of the layouts of data sets; NULL past the last; static storage. */
SNN_API const char *snn_events_layout_name(size_t index);

/** Returns what layout number `index` is, in a few words; NULL past the last; static storage. */
SNN_API const char *snn_events_layout_text(size_t index);

/* ---- windows of a live source ---- */

/** Makes windows, and all the memory that they ever need: a frame for each that may wait, and two more. The caller
 * destroys them.
 * @param out receives the windows; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL, an option out of range), SNN_ERR_STATE (frames are not prepared), SNN_ERR_VERSION
 * (reserved is not 0), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_event_windows_create(snn_event_windows **out, snn_context *context,
                                                        const snn_event_windows_options *options);

/** Frees windows; NULL is accepted. */
SNN_API void snn_event_windows_destroy(snn_event_windows *windows);

/** Producer: adds events, in the order in which they came. The first begins a window at its time; an event at or past
 * the end of the window at hand ends it, and those up to it that have no events. Real-time safe: a gap between two
 * events costs no more than `capacity` windows.
 * @param events [n]; may be NULL if n is 0
 * @param stamp a number of the host's for the windows that end here, such as the moment by its clock
 * @param taken receives how many events were taken: all, but for windows that keep where there is no room
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_event_windows_push(snn_event_windows *windows, const snn_event *events, size_t n,
                                                      int64_t stamp, size_t *taken);

/** Producer: the source's clock has come to t, though no event did: windows that end by then do so, without waiting
 * for the next event. The first call, before any event, begins a window at t. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (windows that keep, and there is no room) */
SNN_API SNN_CHECKED snn_status snn_event_windows_advance(snn_event_windows *windows, int64_t t, int64_t stamp);

/** Producer: ends the window at hand; the next event begins one at its own time, whatever that is. For the end of a
 * recording. Real-time safe; errors as snn_event_windows_advance(). */
SNN_API SNN_CHECKED snn_status snn_event_windows_finish(snn_event_windows *windows, int64_t stamp);

/** Producer: sets a number of the host's for the events that are pushed from now on, such as a label. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_event_windows_set_tag(snn_event_windows *windows, int64_t tag);

/** Producer: returns the time at which the window at hand ends; INT64_MAX if there is none. Real-time safe. */
SNN_API int64_t snn_event_windows_end(const snn_event_windows *windows);

/** Consumer: takes the oldest window that has ended. Real-time safe.
 * @param window receives it, if there is one; its frame is borrowed until the next call
 * @param found receives 1, or 0 if none is there
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_event_windows_take(snn_event_windows *windows, snn_event_window *window,
                                                      uint32_t *found);

/** Any thread: tells what became of the events so far. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_event_windows_get_info(const snn_event_windows *windows,
                                                          snn_event_windows_info *info);

/** Lists the samples of a data set: finds its files, and reads its lists and labels. Recordings are not read. The
 * caller destroys the list.
 * @param out receives the list; NULL on failure
 * @param data layout, directory, split and limit
 * @return SNN_ERR_ARGUMENT (NULL, an unknown layout or split), SNN_ERR_IO (a file is missing: the message names it),
 * SNN_ERR_FORMAT (a list or a folder is not as the layout has it), SNN_ERR_UNSUPPORTED, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_events_list_open(snn_events_list **out, snn_context *context,
                                                    const snn_events_data *data);

/** Frees a list; NULL is accepted. */
SNN_API void snn_events_list_destroy(snn_events_list *list);

/** Describes a list.
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_events_list_get_info(const snn_events_list *list, snn_events_list_info *info);

/** Describes sample number `index`, from 0.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last sample, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_events_list_get_item(const snn_events_list *list, uint64_t index,
                                                        snn_events_item *item);

/** Returns the name of a class, borrowed from the list; NULL if it has none. */
SNN_API const char *snn_events_list_class_name(const snn_events_list *list, uint64_t label);

SNN_END_DECLS

#endif
