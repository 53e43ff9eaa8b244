/* watch.h - a communicator around another one, which notes what is sent and when, and may delay it. */
#ifndef WATCH_H
#define WATCH_H

#include <snn/communicator.h>

/* Seconds, of one clock for all processes of a machine. */
double watch_now(void);

enum watch_what { WATCH_EXCHANGE, WATCH_WAIT, WATCH_COLLECTIVE, WATCH_BATCH };

struct watch_span {
    double from, to;
    uint64_t bytes, messages; /* that this rank sends; WATCH_WAIT: 0 */
    uint32_t what, batch;
};

struct watch {
    snn_communicator inner;
    double latency, rate; /* seconds, bytes per second (0: no limit) that are added to what the network takes */
    double free;          /* the delayed link is busy until then */
    uint64_t bytes, messages, exchanges;
    double waited, inside; /* seconds within a function that waits; within one that does not */
    struct watch_span *span;
    size_t n, room; /* spans that are kept, and that there is room for */
    uint32_t batch; /* set by the caller */
};

/* `outer` does what `inner` does, and notes it in `w`, of which the caller sets latency, rate, span and room. A delay
 * counts from the moment when this rank begins an exchange. */
void watch_around(snn_communicator *outer, const snn_communicator *inner, struct watch *w);

/* Notes a span of the caller's own, which ends now. */
void watch_note(struct watch *w, enum watch_what what, double from);

/* Forgets all that was noted. */
void watch_reset(struct watch *w);

#endif
