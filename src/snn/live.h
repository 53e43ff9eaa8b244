/* live.h - events that come while the network runs: where they come from, at which pace, and the windows that they
 * fill. One thread reads and paces events, the other runs the network. */
#ifndef SNN_TOOL_LIVE_H
#define SNN_TOOL_LIVE_H

#include "datagram.h"
#include "tool.h"

#include <pthread.h>
#include <snn/events.h>

/* Nanoseconds on a clock that only goes forward. */
int64_t live_now(void);

/* ---- live_source.c: bytes, and the wait for them */

struct live_source {
    int file;    /* standard input, or a socket; -1: a regular file, which libsnn-events opens */
    bool socket; /* of datagrams */
    enum datagram_format format;
    uint8_t *datagram; /* bytes of the one at hand that were not read yet: `left` from `at` on */
    size_t at, left;
    uint8_t *header; /* the one that came last, to read the stream anew after damage */
    size_t header_size;
    bool again, ended;
    _Atomic uint64_t datagrams, cut,
        lost; /* that came; of which a part was no whole record; that the system dropped */
    /* Called while there are no bytes; returns the milliseconds until it wants to be called again. */
    int (*idle)(void *user);
    void *user;
};

/* Opens FILE, "-" or "udp://HOST:PORT"; `format` is the name that the user gave, or NULL. */
int live_source_open(struct live_source *s, const char *where, const char *format);
void live_source_close(struct live_source *s);
/* The function read() of a snn_events_source. */
snn_status live_source_read(void *source, void *to, size_t size, size_t *got);
/* What is at hand is damaged: goes past it, so that the stream can be opened again. */
void live_source_restart(struct live_source *s);
/* What came so far is no begin of a stream, its header neither: waits for another one. */
void live_source_forget(struct live_source *s);

/* ---- live.c: the thread that fills windows */

struct live {
    /* set by the host of this structure */
    snn_context *context;
    snn_events_source from;
    struct live_source source;
    bool paced;           /* windows end by the clock; else by events alone */
    double speed;         /* seconds of events per second */
    int64_t length, jump; /* microseconds */
    int64_t patience;     /* microseconds that events of a window may come after its end */
    bool wanted;          /* set to false: it stops; under `lock` */
    /* what it has */
    snn_events *events;
    snn_event_windows *windows;
    pthread_mutex_t lock;
    pthread_cond_t more, room; /* a window has ended; one was taken */
    pthread_t thread;
    bool running, ended;
    char failed[512];         /* why the thread ended, "" for the end of the events */
    _Atomic uint64_t damaged; /* datagrams that are no events */
    _Atomic uint64_t stops;   /* times that the source stopped, and went on where it was */
    /* its own */
    bool anchored, alone;               /* windows have ended by the clock since the last event */
    int64_t anchor_time, anchor_moment; /* event time in microseconds, and when that was, in nanoseconds */
    uint64_t steps, recording;
    int64_t label;
};

/* A window's tag: the number of its recording and its label. */
int64_t live_tag(uint64_t recording, int64_t label);
uint64_t live_tag_recording(int64_t tag);
int64_t live_tag_label(int64_t tag);

/* Opens the events, up to the first of them; the sensor is then known, if the recording tells it. */
int live_open(struct live *l);
/* Begins to fill the windows, which must be there. */
int live_start(struct live *l);
/* Waits for the next window; false: the events have ended, or the user wants to stop. */
bool live_take(struct live *l, snn_event_window *window);
/* Ends the thread; returns FAILED if it has failed. */
int live_stop(struct live *l);
void live_close(struct live *l);

#endif
