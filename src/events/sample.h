/* sample.h - the events of one sample in memory, in order of time, and how they are cut into frames. */
#ifndef SNN_EVENTS_SAMPLE_H
#define SNN_EVENTS_SAMPLE_H

#include "frames.h"
#include "list.h"

#define SNN__SAMPLE_MOST ((size_t)1 << 27) /* events of a sample */

/* An event in eight bytes. */
struct snn__packed {
    uint32_t t; /* us after the first event of the sample */
    uint16_t x;
    uint16_t yp; /* 2 y + p */
};

struct snn__sample {
    snn_context *ctx;
    struct snn__packed *event;
    size_t events, room;
    int64_t first; /* time of the first event, us */
};

void snn__sample_free(struct snn__sample *sample);
/* Room for n more events. */
snn_status snn__sample_reserve(struct snn__sample *sample, size_t n);
/* Appends events of any order of times. */
snn_status snn__sample_add(struct snn__sample *sample, const snn_event *event, size_t n);
/* Orders events by time; those of equal time stay as they are. */
snn_status snn__sample_sort(struct snn__sample *sample);
/* Reads an item of a list from its file. */
snn_status snn__sample_read(struct snn__sample *sample, const struct snn__event_list *list,
                            const struct snn__event_item *item);
/* The same from a reader of its file. */
snn_status snn__sample_read_on(struct snn__sample *sample, snn_events *reader, const struct snn__event_item *item);

/* Adds events first .. last - 1 to a frame. */
snn_status snn__sample_frame(const struct snn__sample *sample, size_t first, size_t last,
                             const snn_event_frames *frames, float *frame);

/* Samples that a recording gives in windows: all that end within it, or one. */
size_t snn__sample_windows(const struct snn__sample *sample, const snn_event_frames *frames);
/* Appends the events of one window of a recording to an empty sample, with times from its begin on. */
snn_status snn__sample_window(struct snn__sample *to, const struct snn__sample *recording,
                              const snn_event_frames *frames, size_t window);
/* Cuts a sample into `steps` frames: frame f has events at[f] .. at[f + 1] - 1. */
void snn__sample_cut(const struct snn__sample *sample, const snn_event_frames *frames, size_t *at);
/* Frames up to that of the last event: `steps`, unless the frames have lengths. */
size_t snn__sample_length(const struct snn__sample *sample, const snn_event_frames *frames);

#endif
