/* latency.h - how often which latency occurred, in constant memory: 32 classes for each power of two, so that a
 * percentile is within 1/32 of the true one; the largest is exact. */
#ifndef SNN_TOOL_LATENCY_H
#define SNN_TOOL_LATENCY_H

#include <stdint.h>

#define LATENCY_CLASSES 1920

struct latency {
    uint64_t count[LATENCY_CLASSES];
    uint64_t n;
    int64_t most; /* nanoseconds */
};

void latency_add(struct latency *l, int64_t nanoseconds);
/* Microseconds that a share of all are not above: the upper edge of its class. */
double latency_below(const struct latency *l, double share);

#endif
