/* data/recordings.h - recordings of event cameras in memory, cut into frames when they are read. */
#ifndef SNN_DATA_RECORDINGS_H
#define SNN_DATA_RECORDINGS_H

#include "core/status.h"
#include <snn/dataset.h>
#include <stdbool.h>

struct snn__event {
    uint32_t time;  /* microseconds */
    uint32_t place; /* in a frame [C,H,W] */
};

struct snn__recording {
    struct snn__event *event; /* in order of time */
    size_t events;
    uint32_t label;
};

struct snn__recordings {
    snn_context *ctx;
    size_t shape[3]; /* [C,H,W] */
    size_t classes;
    struct snn__recording *recording;
    size_t most; /* number of recordings that are read */
    size_t count, room;
    size_t frames;     /* T */
    bool count_events; /* a frame holds numbers of events, not whether there was one */
};

/* Adds a recording, of which the events are copied. */
snn_status snn__recordings_add(struct snn__recordings *r, const struct snn__event *event, size_t events,
                               uint32_t label);
void snn__recordings_free(struct snn__recordings *r);

/* A source of snn_dataset_create() that delivers frames out of `r`, which it takes over if creation succeeds. Of a
 * recording from t_0 to t_1, frame f of T has the events with floor((t - t_0) T / (t_1 - t_0 + 1)) = f. */
void snn__recordings_source(struct snn__recordings *r, snn_dataset_source *source);

#endif
