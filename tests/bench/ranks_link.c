/* ranks_link.c - what an exchange takes: two ranks send to each other at the same time. */
#include "ranks.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 23, MOST_TIMES = 201 };

static snn_status once(const snn_communicator *c, char *out, char *in, size_t bytes)
{
    const uint32_t other = 1 - c->rank;
    const snn_message send = { other, 1, out, bytes }, receive = { other, 1, in, bytes };
    void *exchange;
    int done;
    snn_status rc = c->start(c->user, &send, 1, &receive, 1, &exchange);

    return rc == SNN_OK ? c->finish(c->user, exchange, 1, &done) : rc;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static snn_status measure(const snn_communicator *c, char *memory, size_t bytes)
{
    const size_t times = bytes > 1 << 20 ? 21 : MOST_TIMES;
    double seconds[MOST_TIMES];
    snn_status rc = once(c, memory, memory + LARGEST, bytes);

    for (size_t i = 0; i < times && rc == SNN_OK; i++) {
        const double from = watch_now();

        rc = once(c, memory, memory + LARGEST, bytes);
        seconds[i] = watch_now() - from;
    }
    if (rc != SNN_OK || c->rank)
        return rc;
    qsort(seconds, times, sizeof *seconds, ascending);
    printf("{\"event\":\"link\",\"bytes\":%zu,\"seconds\":%.9f,\"fastest\":%.9f}\n", bytes, seconds[times / 2],
           seconds[0]);
    fflush(stdout);
    return SNN_OK;
}

snn_status ranks_link(const struct options *o, const snn_communicator *ranks)
{
    struct watch watch = { .latency = 1e-6 * (double)o->latency, .rate = 125e3 * (double)o->rate };
    snn_communicator c;
    char *memory = malloc((size_t)2 * LARGEST);
    snn_status rc = memory ? SNN_OK : SNN_ERR_MEMORY;

    if (memory)
        memset(memory, 1, (size_t)2 * LARGEST);
    watch_around(&c, ranks, &watch);
    for (size_t bytes = 8; bytes <= LARGEST && rc == SNN_OK && c.rank < 2; bytes *= 8)
        rc = measure(&c, memory, bytes);
    free(memory);
    return rc == SNN_OK ? ranks->barrier(ranks->user) : rc;
}
