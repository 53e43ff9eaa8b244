/* watch.c - a communicator around another one. */
#include "watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct under_way {
    void *inner; /* NULL: over, but for the delay */
    double began, due;
    uint64_t bytes, messages;
};

double watch_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void rest_until(double due)
{
    double left;

    while ((left = due - watch_now()) > 0) {
        const time_t whole = (time_t)left;

        nanosleep(&(struct timespec){ whole, (long)(1e9 * (left - (double)whole)) }, NULL);
    }
}

static void note(struct watch *w, enum watch_what what, double from, uint64_t bytes, uint64_t messages)
{
    if (w->n < w->room)
        w->span[w->n++] = (struct watch_span){ from, watch_now(), bytes, messages, what, w->batch };
}

static snn_status waited(struct watch *w, enum watch_what what, double from, uint64_t bytes, snn_status rc)
{
    w->waited += watch_now() - from;
    w->bytes += bytes;
    note(w, what, from, bytes, bytes > 0);
    return rc;
}

static snn_status all_reduce(void *user, float *data, size_t n)
{
    struct watch *w = user;
    const double from = watch_now();

    return waited(w, WATCH_COLLECTIVE, from, n * sizeof *data, w->inner.all_reduce(w->inner.user, data, n));
}

static snn_status broadcast(void *user, void *data, size_t bytes, uint32_t root)
{
    struct watch *w = user;
    const double from = watch_now();

    return waited(w, WATCH_COLLECTIVE, from, bytes, w->inner.broadcast(w->inner.user, data, bytes, root));
}

static snn_status barrier(void *user)
{
    struct watch *w = user;
    const double from = watch_now();

    return waited(w, WATCH_COLLECTIVE, from, 0, w->inner.barrier(w->inner.user));
}

static snn_status start(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                        size_t n_receive, void **exchange)
{
    struct watch *w = user;
    struct under_way *x = calloc(1, sizeof *x);
    snn_status rc = SNN_ERR_MEMORY;

    *exchange = NULL;
    if (!x)
        return rc;
    x->began = watch_now();
    x->messages = n_send;
    for (size_t i = 0; i < n_send; i++)
        x->bytes += send[i].bytes;
    w->free = (w->free > x->began ? w->free : x->began) + (w->rate > 0 ? (double)x->bytes / w->rate : 0);
    x->due = w->free + w->latency;
    w->bytes += x->bytes;
    w->messages += x->messages;
    w->exchanges++;
    rc = w->inner.start(w->inner.user, send, n_send, receive, n_receive, &x->inner);
    w->inside += watch_now() - x->began;
    if (rc == SNN_OK)
        *exchange = x;
    else
        free(x);
    return rc;
}

static snn_status finish(void *user, void *exchange, int wait, int *done)
{
    struct watch *w = user;
    struct under_way *x = exchange;
    const double from = watch_now();
    const bool slowed = w->latency > 0 || w->rate > 0;
    int over = x->inner == NULL;
    snn_status rc = SNN_OK;

    *done = 0;
    if (x->inner)
        rc = w->inner.finish(w->inner.user, x->inner, wait, &over);
    if (over || rc != SNN_OK)
        x->inner = NULL;
    if (over && wait && slowed)
        rest_until(x->due);
    *done = rc == SNN_OK && over && (!slowed || watch_now() >= x->due);
    *(wait ? &w->waited : &w->inside) += watch_now() - from;
    if (wait)
        note(w, WATCH_WAIT, from, 0, 0);
    if (*done)
        note(w, WATCH_EXCHANGE, x->began, x->bytes, x->messages);
    if (*done || rc != SNN_OK)
        free(x);
    return rc;
}

static const char *reason(void *user)
{
    struct watch *w = user;

    return w->inner.reason ? w->inner.reason(w->inner.user) : "";
}

void watch_around(snn_communicator *outer, const snn_communicator *inner, struct watch *w)
{
    w->inner = *inner;
    *outer = *inner;
    outer->user = w;
    outer->all_reduce = all_reduce;
    outer->broadcast = broadcast;
    outer->barrier = barrier;
    outer->start = inner->start ? start : NULL;
    outer->finish = inner->finish ? finish : NULL;
    outer->reason = reason;
    watch_reset(w);
}

void watch_note(struct watch *w, enum watch_what what, double from)
{
    note(w, what, from, 0, 0);
}

void watch_reset(struct watch *w)
{
    w->bytes = w->messages = w->exchanges = 0;
    w->waited = w->inside = 0;
    w->n = 0;
}
