/* sockets.c - a communicator of connected sockets.
 *
 * Two ranks share one. A message is a head, tag and length, and its bytes; each side sends them in the order of
 * start(). What arrives before this rank has asked for it is kept in memory of its own. Nothing runs beside the
 * caller: bytes move while the library is in one of these functions. */
#define _POSIX_C_SOURCE 200809L
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_MORE /* of Linux: the head waits for what follows it */
#define MSG_MORE 0
#endif

/* Above the tags of the library. */
enum { TAG_COPY = 32768 };

struct head {
    uint64_t bytes, tag;
};

struct transfer { /* a message, in one of the lists of its link */
    struct transfer *next;
    struct exchange *of; /* NULL: a message that arrived early, with memory of its own */
    char *data;
    struct head head;
};

struct exchange {
    size_t left; /* messages that are under way */
    struct transfer transfer[];
};

struct link { /* to one rank */
    int socket;
    struct transfer *out;  /* to be sent, the first one partly so */
    struct transfer *in;   /* asked for */
    struct transfer *kept; /* arrived early */
    struct transfer *into; /* receives what is arriving */
    struct head head;      /* of what is arriving */
    size_t sent, received; /* bytes of the present message, its head included */
};

struct sockets {
    uint32_t rank, size;
    snn_status status; /* of the first failure, which ends all */
    char reason[160];
    struct pollfd *polls; /* [size] */
    struct link link[];   /* [size] */
};

/* ---- failures */

static void drop(struct transfer *t)
{
    for (struct transfer *next; t; t = next) {
        next = t->next;
        free(t);
    }
}

/* The end of all connections: ranks that wait for this one see it. */
static void hang_up(struct sockets *s)
{
    for (uint32_t r = 0; r < s->size; r++) {
        struct link *k = &s->link[r];

        if (k->socket >= 0)
            close(k->socket);
        if (k->into && !k->into->of)
            free(k->into);
        drop(k->kept);
        *k = (struct link){ .socket = -1 };
    }
}

static snn_status broken(struct sockets *s, const char *format, ...)
{
    va_list list;

    if (s->status != SNN_OK)
        return s->status;
    va_start(list, format);
    vsnprintf(s->reason, sizeof s->reason, format, list);
    va_end(list);
    hang_up(s);
    return s->status = SNN_ERR_IO;
}

/* ---- lists of messages */

static void append(struct transfer **list, struct transfer *t)
{
    while (*list)
        list = &(*list)->next;
    t->next = NULL;
    *list = t;
}

/* The first one with this tag leaves the list. */
static struct transfer *take(struct transfer **list, uint64_t tag)
{
    struct transfer *t;

    while (*list && (*list)->head.tag != tag)
        list = &(*list)->next;
    t = *list;
    if (t)
        *list = t->next;
    return t;
}

/* ---- bytes */

static snn_status agree(struct sockets *s, uint32_t r, const struct head *sent, const struct head *asked)
{
    if (sent->bytes == asked->bytes)
        return SNN_OK;
    return broken(s, "rank %u sends %llu bytes in place of %llu", r, (unsigned long long)sent->bytes,
                  (unsigned long long)asked->bytes);
}

/* The head of a message is here: its bytes go where the library wants them, or into memory of their own. */
static snn_status place(struct sockets *s, uint32_t r)
{
    struct link *k = &s->link[r];

    k->into = take(&k->in, k->head.tag);
    if (k->into)
        return agree(s, r, &k->head, &k->into->head);
    if (k->head.bytes < SIZE_MAX - sizeof *k->into)
        k->into = malloc(sizeof *k->into + (size_t)k->head.bytes);
    if (!k->into)
        return broken(s, "no memory for %llu bytes of rank %u", (unsigned long long)k->head.bytes, r);
    *k->into = (struct transfer){ .head = k->head, .data = (char *)(k->into + 1) };
    return SNN_OK;
}

/* An early message goes to whoever asked for it. */
static snn_status deliver(struct sockets *s, uint32_t r, struct transfer *early, struct transfer *asked)
{
    if (agree(s, r, &early->head, &asked->head) == SNN_OK) {
        memcpy(asked->data, early->data, (size_t)early->head.bytes);
        asked->of->left--;
    }
    free(early);
    return s->status;
}

static snn_status arrived(struct sockets *s, uint32_t r)
{
    struct link *k = &s->link[r];
    struct transfer *t = k->into, *asked = t->of ? NULL : take(&k->in, t->head.tag);

    k->into = NULL;
    k->received = 0;
    if (asked)
        return deliver(s, r, t, asked);
    if (t->of)
        t->of->left--;
    else
        append(&k->kept, t);
    return SNN_OK;
}

/* Where the next byte of a message lies, of which `done` have been moved, and how many follow it there. */
static char *next_byte(struct head *head, char *data, size_t done, size_t *left)
{
    *left = sizeof *head - done;
    if (done < sizeof *head)
        return (char *)head + done;
    *left += (size_t)head->bytes;
    return data + (done - sizeof *head);
}

/* What a negative result of recv() or send() means. */
static snn_status look_at(struct sockets *s, uint32_t r)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return SNN_OK;
    return broken(s, "rank %u: %s", r, strerror(errno));
}

/* The other side has closed: it has all that it wants. That is no failure before this rank wants something. */
static snn_status closed(struct sockets *s, uint32_t r)
{
    struct link *k = &s->link[r];

    if (k->received || k->in || k->out)
        return broken(s, "rank %u has ended", r);
    close(k->socket);
    k->socket = -1;
    return SNN_OK;
}

static snn_status read_some(struct sockets *s, uint32_t r)
{
    struct link *k = &s->link[r];
    size_t left;

    while (s->status == SNN_OK) {
        char *to = next_byte(&k->head, k->into ? k->into->data : NULL, k->received, &left);
        const ssize_t n = recv(k->socket, to, left, MSG_DONTWAIT);

        if (n <= 0)
            return n ? look_at(s, r) : closed(s, r);
        k->received += (size_t)n;
        if (k->received == sizeof k->head)
            place(s, r);
        else if (k->received == sizeof k->head + k->head.bytes)
            arrived(s, r);
    }
    return s->status;
}

static snn_status write_some(struct sockets *s, uint32_t r)
{
    struct link *k = &s->link[r];
    size_t left;

    while (k->out) {
        struct transfer *t = k->out;
        const char *from = next_byte(&t->head, t->data, k->sent, &left);
        const int more = k->sent < sizeof t->head ? MSG_MORE : 0;
        const ssize_t n = send(k->socket, from, left, more | MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0)
            return look_at(s, r);
        k->sent += (size_t)n;
        if (k->sent == sizeof t->head + t->head.bytes) {
            k->out = t->next;
            k->sent = 0;
            t->of->left--;
        }
    }
    return SNN_OK;
}

/* Moves what can be moved; wait: until something could be. */
static snn_status move(struct sockets *s, bool wait)
{
    for (uint32_t r = 0; r < s->size; r++)
        s->polls[r] = (struct pollfd){ s->link[r].socket, (short)(POLLIN | (s->link[r].out ? POLLOUT : 0)), 0 };
    if (s->status == SNN_OK && poll(s->polls, s->size, wait ? -1 : 0) < 0 && errno != EINTR)
        return broken(s, "poll: %s", strerror(errno));
    for (uint32_t r = 0; r < s->size && s->status == SNN_OK; r++) {
        if (s->polls[r].revents & POLLOUT)
            write_some(s, r);
        if (s->status == SNN_OK && s->polls[r].revents & (POLLIN | POLLHUP | POLLERR))
            read_some(s, r);
    }
    return s->status;
}

/* ---- the functions of the table */

/* A message is put on the list of its link, or is here already. */
static void post(struct sockets *s, uint32_t r, struct transfer *t, bool asked)
{
    struct link *k = &s->link[r];
    struct transfer *early = asked ? take(&k->kept, t->head.tag) : NULL;

    if (early)
        deliver(s, r, early, t);
    else if (k->socket < 0)
        broken(s, "rank %u has ended", r);
    else
        append(asked ? &k->in : &k->out, t);
}

static snn_status start(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                        size_t n_receive, void **exchange)
{
    struct sockets *s = user;
    const size_t n = n_send + n_receive;
    struct exchange *x = malloc(sizeof *x + n * sizeof *x->transfer);

    *exchange = NULL;
    if (!x)
        return broken(s, "no memory for an exchange");
    x->left = n;
    for (size_t i = 0; i < n && s->status == SNN_OK; i++) {
        const snn_message *m = i < n_receive ? &receive[i] : &send[i - n_receive];

        x->transfer[i] = (struct transfer){ .of = x, .data = m->data, .head = { m->bytes, m->tag } };
        post(s, m->rank, &x->transfer[i], i < n_receive);
    }
    if (move(s, false) == SNN_OK)
        *exchange = x;
    else
        free(x);
    return s->status;
}

static snn_status finish(void *user, void *exchange, int wait, int *done)
{
    struct sockets *s = user;
    struct exchange *x = exchange;

    *done = 0;
    move(s, false);
    while (wait && x->left && s->status == SNN_OK)
        move(s, true);
    *done = s->status == SNN_OK && x->left == 0;
    if (*done || s->status != SNN_OK)
        free(x);
    return s->status;
}

static snn_status broadcast(void *user, void *data, size_t bytes, uint32_t root)
{
    struct sockets *s = user;

    for (uint32_t r = 0; r < s->size && bytes && s->status == SNN_OK; r++) {
        const snn_message m = { s->rank == root ? r : root, TAG_COPY, data, bytes };
        const bool send = s->rank == root && r != root, receive = s->rank == r && r != root;
        void *exchange;
        int done;

        if ((send || receive) && start(s, &m, send, &m, receive, &exchange) == SNN_OK)
            finish(s, exchange, 1, &done);
    }
    return s->status;
}

/* Each rank in turn tells its numbers, and all add them in this order: short, and slow for many ranks. */
static snn_status all_reduce(void *user, float *data, size_t n)
{
    struct sockets *s = user;
    float *own = calloc(n + 1, 2 * sizeof *own), *told = own ? own + n : NULL;

    if (!own)
        return broken(s, "no memory for a sum");
    memcpy(own, data, n * sizeof *own);
    memset(data, 0, n * sizeof *data);
    for (uint32_t r = 0; r < s->size; r++) {
        memcpy(told, own, n * sizeof *own);
        broadcast(s, told, n * sizeof *told, r);
        for (size_t i = 0; i < n; i++)
            data[i] += told[i];
    }
    free(own);
    return s->status;
}

static snn_status barrier(void *user)
{
    float nothing = 0;

    return all_reduce(user, &nothing, 1);
}

static const char *reason(void *user)
{
    return ((struct sockets *)user)->reason;
}

/* ---- its life */

snn_status sockets_create(snn_communicator *c, uint32_t rank, uint32_t size, const int *socket)
{
    snn_status rc = snn_communicator_init(c, sizeof *c);
    struct sockets *s = calloc(1, sizeof *s + size * (sizeof *s->link + sizeof *s->polls));

    if (!s || rc != SNN_OK) {
        free(s);
        return rc == SNN_OK ? SNN_ERR_MEMORY : rc;
    }
    s->size = size;
    s->rank = rank;
    s->polls = (struct pollfd *)(s->link + size);
    for (uint32_t r = 0; r < size; r++)
        s->link[r].socket = r == rank ? -1 : socket[r];
    c->rank = rank;
    c->size = size;
    c->user = s;
    c->all_reduce = all_reduce;
    c->broadcast = broadcast;
    c->barrier = barrier;
    c->start = start;
    c->finish = finish;
    c->reason = reason;
    return SNN_OK;
}

void sockets_destroy(snn_communicator *c)
{
    if (c->user)
        hang_up(c->user);
    free(c->user);
    c->user = NULL;
}
