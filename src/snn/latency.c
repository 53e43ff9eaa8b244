/* latency.c - percentiles of latencies, in constant memory. */
#include "latency.h"

#define BITS 5 /* of the classes of a power of two */

static unsigned class_of(uint64_t v)
{
    unsigned power = 0;

    while (v >> power >= (uint64_t)2 << BITS)
        power++;
    return (power << BITS) + (unsigned)(v >> power);
}

/* The largest number of a class. */
static uint64_t edge_of(unsigned class)
{
    const unsigned power = class < 2u << BITS ? 0 : (class >> BITS) - 1;

    return (((uint64_t)(class - (power << BITS)) + 1) << power) - 1;
}

void latency_add(struct latency *l, int64_t nanoseconds)
{
    const uint64_t v = nanoseconds > 0 ? (uint64_t)nanoseconds : 0;

    l->count[class_of(v)]++;
    l->n++;
    if (nanoseconds > l->most)
        l->most = nanoseconds;
}

double latency_below(const struct latency *l, double share)
{
    uint64_t seen = 0, edge = 0;

    for (unsigned i = 0; i < LATENCY_CLASSES && (double)seen < share * (double)l->n; i++) {
        seen += l->count[i];
        edge = edge_of(i);
    }
    return 1e-3 * (double)(edge < (uint64_t)l->most ? edge : (uint64_t)l->most);
}
