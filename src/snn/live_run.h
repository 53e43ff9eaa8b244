/* live_run.h - one run of snn run: a network, and windows of events that it takes one after the other. */
#ifndef SNN_TOOL_LIVE_RUN_H
#define SNN_TOOL_LIVE_RUN_H

#include "args.h"
#include "labels.h"
#include "live_report.h"
#include "run.h"

struct running {
    struct args args;
    struct run run;
    struct live live;
    struct live_report report;
    struct labels labels;
    snn_event_frames *frames;
    snn_stream *stream;
    void *memory;
    float *in, *out;
    size_t inputs, channels;
    uint64_t recording;
    int64_t most; /* windows; 0: no limit */
    bool learns;
};

/* Microseconds of a flag such as "10ms", `absent` if it was not given. Returns DONE or USAGE. */
int read_time(const struct args *args, const char *name, int64_t absent, int64_t *out);

/* The network's stream; the events, up to the first, and windows that fit the network. */
int live_run_open(struct running *r);
/* Runs until the events end, or the user wants to stop. */
int live_run_loop(struct running *r);
void live_run_close(struct running *r);

#endif
