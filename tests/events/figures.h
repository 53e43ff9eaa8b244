/* What a recording holds, in figures: those that tables of expected values give. */
#ifndef SNN_TESTS_EVENTS_FIGURES_H
#define SNN_TESTS_EVENTS_FIGURES_H

#include "support.h"
#include <snn/events.h>
#include <stdint.h>

struct figures {
    uint64_t events, on, sum_x, sum_y;
    snn_event first, last;
};

/* Reads the rest of the recording at hand, in pieces. */
struct figures figures_of(snn_events *events);

#endif
