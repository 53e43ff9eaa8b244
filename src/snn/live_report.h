/* live_report.h - what the network says of each window, and the figures of a whole run. */
#ifndef SNN_TOOL_LIVE_REPORT_H
#define SNN_TOOL_LIVE_REPORT_H

#include "latency.h"
#include "live.h"

struct live_report {
    /* set by the host */
    size_t classes; /* outputs of the network */
    int64_t over;   /* windows whose outputs decide together */
    bool outputs, json, quiet;
    /* figures of the run */
    struct latency latency;
    uint64_t windows, silent, refused, labelled, right, learned;
    /* the last windows */
    float *past; /* [over, classes] */
    uint64_t voting;
};

/* Memory for the last windows. Returns DONE or FAILED. */
int report_open(struct live_report *r);
/* The windows that follow have nothing to do with those before. */
void report_begin(struct live_report *r);
/* A window's outputs: the class that they decide. */
size_t report_vote(struct live_report *r, const float *out);

/* One window, for a person or as JSON; label -1: none. */
struct live_line {
    const snn_event_window *window;
    const float *out;
    size_t class;
    int64_t label, latency; /* nanoseconds */
    double loss;            /* NAN: nothing was learned */
};
void report_line(const struct live_report *r, const struct live_line *line);

/* All figures so far, to `out`. */
void report_summary(const struct live_report *r, const struct live *l, FILE *out);

void report_close(struct live_report *r);

#endif
