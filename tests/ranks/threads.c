/* See threads.h. One lock for all; nothing here is meant to be fast. */
#include "ranks/threads.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 64, PATIENCE = 20 };

/* A message that was sent, until it is received. */
struct sent {
    struct sent *next;
    uint32_t from, to, tag;
    const void *data;
    size_t bytes;
    size_t *waiting; /* of the sender's exchange */
};

struct exchange {
    struct exchange *next; /* of this rank, in the order of start */
    snn_message *receive;
    size_t n, waiting;  /* messages to receive, those not yet received */
    size_t undelivered; /* messages sent, not yet received by others */
};

struct rank {
    struct threads *all;
    uint32_t number;
    struct exchange *first;
    struct threads_count count;
    size_t fail_at;
    bool failed;
    char reason[128];
    void *data; /* of the collective that it waits in */
    size_t size;
    pthread_t thread;
};

struct threads {
    uint32_t size;
    bool messages, broken;
    char why[128];
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct sent *sent, **last;
    const char *kind; /* of the present collective, */
    uint32_t root, arrived;
    unsigned long round; /* and its number */
    struct rank rank[MOST];
    void (*body)(void *arg, const snn_communicator *c);
    void *arg;
};

static snn_status broken(struct rank *r)
{
    snprintf(r->reason, sizeof r->reason, "%s", r->all->why);
    r->failed = true;
    return SNN_ERR_IO;
}

static snn_status break_all(struct rank *r, const char *why)
{
    if (!r->all->broken)
        snprintf(r->all->why, sizeof r->all->why, "rank %u: %s", r->number, why);
    r->all->broken = true;
    pthread_cond_broadcast(&r->all->moved);
    return broken(r);
}

/* Begins a call of the rank, with the lock. */
static snn_status enter(struct rank *r)
{
    pthread_mutex_lock(&r->all->lock);
    r->count.late += r->failed;
    if (++r->count.calls == r->fail_at)
        return break_all(r, "the wire is cut");
    return r->all->broken ? broken(r) : SNN_OK;
}

static snn_status leave(struct rank *r, snn_status rc)
{
    pthread_mutex_unlock(&r->all->lock);
    return rc;
}

static snn_status await(struct rank *r)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    if (pthread_cond_timedwait(&r->all->moved, &r->all->lock, &until) != 0)
        return break_all(r, "waited for too long");
    return r->all->broken ? broken(r) : SNN_OK;
}

/* ---- all together ---- */

/* Begins with another rank every time, and goes down every other time. */
static void add_all(struct threads *t, size_t n)
{
    const uint32_t first = (uint32_t)(t->round % t->size);

    for (size_t i = 0; i < n; i++) {
        float sum = 0;

        for (uint32_t j = 0; j < t->size; j++)
            sum += ((float *)t->rank[(first + (t->round % 2 ? t->size - j : j)) % t->size].data)[i];
        for (uint32_t j = 0; j < t->size; j++)
            ((float *)t->rank[j].data)[i] = sum;
    }
}

/* What the last rank that arrives does for all. */
static void settle(struct threads *t, size_t size)
{
    if (strcmp(t->kind, "all_reduce") == 0)
        add_all(t, size);
    for (uint32_t j = 0; j < t->size && strcmp(t->kind, "broadcast") == 0; j++)
        if (j != t->root)
            memcpy(t->rank[j].data, t->rank[t->root].data, size);
}

static snn_status together(struct rank *r, const char *kind, void *data, size_t size, uint32_t root)
{
    struct threads *t = r->all;
    const unsigned long round = t->round;

    if (t->arrived == 0) {
        t->kind = kind;
        t->root = root;
    } else if (strcmp(t->kind, kind) != 0 || t->root != root) {
        return break_all(r, "calls another function than the others");
    }
    r->data = data;
    r->size = size;
    if (++t->arrived < t->size) {
        while (t->round == round)
            if (await(r) != SNN_OK)
                return SNN_ERR_IO;
        return SNN_OK;
    }
    for (uint32_t j = 0; j < t->size; j++)
        if (t->rank[j].size != size)
            return break_all(r, "gives another size than the others");
    settle(t, size);
    t->arrived = 0;
    t->round++;
    pthread_cond_broadcast(&t->moved);
    return SNN_OK;
}

static snn_status all_reduce(void *user, float *data, size_t n)
{
    struct rank *r = user;
    snn_status rc = enter(r);

    r->count.reduced += n;
    return leave(r, rc != SNN_OK ? rc : together(r, "all_reduce", data, n, 0));
}

static snn_status broadcast(void *user, void *data, size_t bytes, uint32_t root)
{
    struct rank *r = user;
    snn_status rc = enter(r);

    return leave(r, rc != SNN_OK ? rc : together(r, "broadcast", data, bytes, root));
}

static snn_status barrier(void *user)
{
    struct rank *r = user;
    snn_status rc = enter(r);

    return leave(r, rc != SNN_OK ? rc : together(r, "barrier", NULL, 0, 0));
}

/* ---- messages ---- */

static void post(struct rank *r, const snn_message *m, struct exchange *e)
{
    struct sent *s = calloc(1, sizeof *s);

    *s = (struct sent){ NULL, r->number, m->rank, m->tag, m->data, m->bytes, &e->undelivered };
    *r->all->last = s;
    r->all->last = &s->next;
    e->undelivered++;
    r->count.bytes += m->bytes;
}

static bool is_sound(const struct rank *r, const snn_message *m)
{
    return m->rank < r->all->size && m->rank != r->number && m->tag <= 32767 && m->bytes > 0 && m->data != NULL;
}

static snn_status begin(struct rank *r, const snn_message *send, size_t n_send, const snn_message *receive,
                        size_t n_receive, struct exchange **out)
{
    struct exchange *e = calloc(1, sizeof *e), **end = &r->first;

    for (size_t i = 0; i < n_send + n_receive; i++)
        if (!is_sound(r, i < n_send ? &send[i] : &receive[i - n_send])) {
            free(e);
            return break_all(r, "a message of no sense");
        }
    e->receive = calloc(n_receive + 1, sizeof *receive);
    memcpy(e->receive, receive, n_receive * sizeof *receive);
    e->n = e->waiting = n_receive;
    for (size_t i = 0; i < n_send; i++)
        post(r, &send[i], e);
    while (*end != NULL)
        end = &(*end)->next;
    *end = e;
    r->count.open++;
    pthread_cond_broadcast(&r->all->moved);
    *out = e;
    return SNN_OK;
}

static snn_status start(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                        size_t n_receive, void **exchange)
{
    struct rank *r = user;
    struct exchange *e = NULL;
    snn_status rc = enter(r);

    if (rc == SNN_OK)
        rc = begin(r, send, n_send, receive, n_receive, &e);
    *exchange = e;
    return leave(r, rc);
}

/* The oldest message for `m`; *link is what points to it. */
static struct sent **find(const struct rank *r, const snn_message *m)
{
    struct sent **link = &r->all->sent;

    while (*link != NULL && ((*link)->from != m->rank || (*link)->to != r->number || (*link)->tag != m->tag))
        link = &(*link)->next;
    return link;
}

static snn_status take(struct rank *r, struct exchange *e, snn_message *m)
{
    struct sent **link = find(r, m), *s = *link;

    if (s == NULL)
        return SNN_OK;
    if (s->bytes != m->bytes)
        return break_all(r, "a message of another size than the one that was sent");
    memcpy(m->data, s->data, m->bytes);
    m->data = NULL;
    e->waiting--;
    --*s->waiting;
    *link = s->next;
    if (r->all->last == &s->next)
        r->all->last = link;
    free(s);
    pthread_cond_broadcast(&r->all->moved);
    return SNN_OK;
}

/* Receives what is there, for all exchanges in their order. */
static snn_status go_on(struct rank *r)
{
    for (struct exchange *e = r->first; e != NULL; e = e->next)
        for (size_t i = 0; i < e->n; i++)
            if (e->receive[i].data != NULL && take(r, e, &e->receive[i]) != SNN_OK)
                return SNN_ERR_IO;
    return SNN_OK;
}

/* Takes an exchange away, with what it has sent and nobody received. */
static void drop(struct rank *r, struct exchange *e)
{
    struct exchange **link = &r->first;

    for (struct sent **s = &r->all->sent; *s != NULL;) {
        struct sent *gone = *s;

        if (gone->waiting != &e->undelivered) {
            s = &gone->next;
            continue;
        }
        *s = gone->next;
        if (r->all->last == &gone->next)
            r->all->last = s;
        free(gone);
    }
    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
    r->count.open--;
    free(e->receive);
    free(e);
}

static snn_status end(struct rank *r, struct exchange *e, int wait, int *done)
{
    snn_status rc = go_on(r);

    while (rc == SNN_OK && wait && e->waiting + e->undelivered > 0) {
        rc = await(r);
        if (rc == SNN_OK)
            rc = go_on(r);
    }
    *done = rc == SNN_OK && e->waiting + e->undelivered == 0;
    return rc;
}

static snn_status finish(void *user, void *exchange, int wait, int *done)
{
    struct rank *r = user;
    const bool had_failed = r->failed;
    snn_status rc = enter(r);

    r->count.late -= had_failed; /* what is under way is ended */
    *done = 0;
    if (rc == SNN_OK)
        rc = end(r, exchange, wait, done);
    if (rc != SNN_OK || *done)
        drop(r, exchange);
    return leave(r, rc);
}

static const char *reason(void *user)
{
    return ((struct rank *)user)->reason;
}

/* ---- */

struct threads *threads_create(uint32_t size, bool messages)
{
    struct threads *t = calloc(1, sizeof *t);

    if (t == NULL || size == 0 || size > MOST)
        abort();
    t->size = size;
    t->messages = messages;
    t->last = &t->sent;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->moved, NULL);
    for (uint32_t i = 0; i < size; i++)
        t->rank[i] = (struct rank){ .all = t, .number = i };
    return t;
}

void threads_destroy(struct threads *t)
{
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < t->size; i++)
        while (t->rank[i].first != NULL)
            drop(&t->rank[i], t->rank[i].first);
    pthread_cond_destroy(&t->moved);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

snn_communicator threads_rank(struct threads *t, uint32_t rank)
{
    snn_communicator c;

    if (snn_communicator_init(&c, sizeof c) != SNN_OK)
        abort();
    c.rank = rank;
    c.size = t->size;
    c.user = &t->rank[rank];
    c.all_reduce = all_reduce;
    c.broadcast = broadcast;
    c.barrier = barrier;
    c.start = t->messages ? start : NULL;
    c.finish = t->messages ? finish : NULL;
    c.reason = reason;
    return c;
}

void threads_fail(struct threads *t, uint32_t rank, size_t call)
{
    t->rank[rank].fail_at = call;
}

static void *run(void *arg)
{
    struct rank *r = arg;
    const snn_communicator c = threads_rank(r->all, r->number);

    r->all->body(r->all->arg, &c);
    return NULL;
}

void threads_run(struct threads *t, void (*body)(void *arg, const snn_communicator *c), void *arg)
{
    t->body = body;
    t->arg = arg;
    for (uint32_t i = 0; i < t->size; i++)
        if (pthread_create(&t->rank[i].thread, NULL, run, &t->rank[i]) != 0)
            abort();
    for (uint32_t i = 0; i < t->size; i++)
        pthread_join(t->rank[i].thread, NULL);
}

struct threads_count threads_counted(const struct threads *t, uint32_t rank)
{
    return t->rank[rank].count;
}
