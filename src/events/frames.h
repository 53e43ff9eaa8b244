/* frames.h - inside of frames of events. */
#ifndef SNN_EVENTS_FRAMES_H
#define SNN_EVENTS_FRAMES_H

#include "../component.h"
#include <snn/events.h>
#include <stdbool.h>

#define SNN__FRAMES_OUTSIDE UINT32_MAX

struct snn_event_frames {
    snn_context *ctx;
    snn_component_params *params;
    size_t width, height; /* of the sensor; 0: not prepared */
    size_t left, top;     /* of the part that is used */
    size_t used_width, used_height;
    size_t shape[3];     /* of a frame, [C,H,W] */
    size_t length;       /* its numbers */
    uint32_t *column;    /* [width]: where a column lies in a row of the frame, or SNN__FRAMES_OUTSIDE */
    uint32_t *row;       /* [height]: where its first column lies in a channel, or SNN__FRAMES_OUTSIDE */
    uint32_t channel[2]; /* where the channel of a polarity begins */
    float unit[2];       /* value of one event of a polarity */
    bool counts;         /* values add up */
};

/* For keys that are there. */
int64_t snn__frames_i64(const snn_event_frames *frames, int32_t key);
double snn__frames_f64(const snn_event_frames *frames, int32_t key);
bool snn__frames_is(const snn_event_frames *frames, int32_t key, const char *word);

/* Frames with the same parameters, not prepared. */
snn_status snn__frames_copy(snn_event_frames **out, const snn_event_frames *frames);

#endif
