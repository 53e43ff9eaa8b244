/* ranks/exchange.c - messages of a bucket: each rank adds a segment of it for all.
 *
 *     there   items of a segment go to its rank; it adds them in the order of the tree
 *     back    the sum goes to all others
 *
 * Both are exchanges of their own, so that a bucket travels while the next ones are computed. */
#include "ranks/room.h"

/* Buckets that a poll finds under way before it leaves it at that. */
#define POLLED 4u

static uint32_t tag_of(const struct snn__ranks *r, const struct snn__bucket *b, bool back)
{
    return 1 + 2 * (uint32_t)(b - r->room->bucket) + back; /* 0: records */
}

/* First item of a rank. */
static size_t first_item(const struct snn__ranks *r, const struct snn__bucket *b, uint32_t rank)
{
    return b->packed ? snn__ranks_first(r->shards, r->size, rank) : r->room->first[rank];
}

static const struct snn__tree *items_of(const struct snn__ranks *r, const struct snn__bucket *b)
{
    return b->packed ? &r->room->shards : &r->room->subtrees;
}

/* Own item number `i`, from 0: its floats from `at` on. */
static char *own_item(const struct snn__ranks *r, const struct snn__bucket *b, size_t i, size_t at)
{
    struct snn__ranks_room *room = r->room;

    if (!b->packed)
        return (char *)snn__ranks_level(room, i, b->from + at);
    return room->leaf_image + i * room->image_bytes + b->image + snn__ranks_bytes(r, true, at);
}

/* What comes back, from `at` on. */
static char *sums(const struct snn__ranks *r, const struct snn__bucket *b, size_t at)
{
    struct snn__ranks_room *room = r->room;

    return b->packed ? room->sum_image + b->image + snn__ranks_bytes(r, true, at)
                     : (char *)snn__ranks_level(room, 0, b->from + at);
}

/* ---- lists of messages ---- */

struct list {
    snn_message *message;
    size_t n;
    uint32_t tag;
};

static void enlist(struct list *l, uint32_t rank, char *data, size_t bytes)
{
    if (bytes > 0)
        l->message[l->n++] = (snn_message){ rank, l->tag, data, bytes };
}

static void start(struct snn__ranks *r, struct snn__bucket *b, const struct list *send, const struct list *receive,
                  enum snn__leg leg)
{
    const snn_status rc =
        snn__link_start(&r->link, send->message, send->n, receive->message, receive->n, &b->exchange);

    b->leg = rc == SNN_OK ? leg : SNN__LEG_OVER;
}

/* Items of all segments go to their ranks; those of the own one come, and are listed for the sum. */
static void send_there(struct snn__ranks *r, struct snn__bucket *b)
{
    struct snn__ranks_room *room = r->room;
    const struct snn__segment own = snn__ranks_segment(r, b, r->rank);
    const size_t bytes = snn__ranks_bytes(r, b->packed, own.n), first = first_item(r, b, r->rank);
    struct list send = { room->send, 0, tag_of(r, b, false) }, receive = { room->receive, 0, send.tag };
    char *in = room->in + b->in;

    for (uint32_t rank = 0; rank < r->size; rank++) {
        const size_t from = first_item(r, b, rank), end = first_item(r, b, rank + 1);
        const struct snn__segment s = snn__ranks_segment(r, b, rank);

        for (size_t i = from; rank != r->rank && i < end; i++, in += bytes)
            enlist(&receive, rank, in, bytes);
        for (size_t i = first; rank != r->rank && i < first_item(r, b, r->rank + 1); i++)
            enlist(&send, rank, own_item(r, b, i - first, s.at), snn__ranks_bytes(r, b->packed, s.n));
    }
    start(r, b, &send, &receive, SNN__LEG_THERE);
}

static void send_back(struct snn__ranks *r, struct snn__bucket *b)
{
    struct snn__ranks_room *room = r->room;
    const struct snn__segment own = snn__ranks_segment(r, b, r->rank);
    struct list send = { room->send, 0, tag_of(r, b, true) }, receive = { room->receive, 0, send.tag };

    for (uint32_t rank = 0; rank < r->size; rank++) {
        const struct snn__segment s = snn__ranks_segment(r, b, rank);

        if (rank == r->rank)
            continue;
        enlist(&send, rank, sums(r, b, own.at), snn__ranks_bytes(r, b->packed, own.n));
        enlist(&receive, rank, sums(r, b, s.at), snn__ranks_bytes(r, b->packed, s.n));
    }
    start(r, b, &send, &receive, SNN__LEG_BACK);
}

/* ---- what has come ---- */

static void add_segment(struct snn__ranks *r, struct snn__bucket *b)
{
    struct snn__ranks_room *room = r->room;
    const struct snn__tree *t = items_of(r, b);
    const struct snn__segment own = snn__ranks_segment(r, b, r->rank);
    const size_t first = first_item(r, b, r->rank), end = first_item(r, b, r->rank + 1);
    const size_t bytes = snn__ranks_bytes(r, b->packed, own.n);
    char *in = room->in + b->in;

    for (size_t i = 0; i < t->n; i++) {
        const bool is_own = i >= first && i < end;

        room->item[i] = is_own ? own_item(r, b, i - first, own.at) : in;
        in += is_own ? 0 : bytes;
    }
    snn__ranks_join(r, b, t, b->packed, own.at, own.n);
}

struct unpacking {
    const struct snn__ranks *r;
    const struct snn__bucket *b;
};

static void unpack_chunk(void *arg, size_t task)
{
    const struct unpacking *u = arg;
    const size_t at = task * SNN__RANKS_CHUNK, n = snn__min(SNN__RANKS_CHUNK, u->b->to - u->b->from - at);

    snn__ranks_unpack(u->r, snn__ranks_level(u->r->room, 0, u->b->from + at), sums(u->r, u->b, at), n);
}

static void take_sums(struct snn__ranks *r, struct snn__bucket *b)
{
    struct unpacking u = { r, b };

    if (b->packed)
        snn__each(r->room->ctx, unpack_chunk, &u, snn__ceil_div(b->to - b->from, SNN__RANKS_CHUNK));
    b->leg = SNN__LEG_OVER;
}

/* ---- legs ---- */

void snn__ranks_launch(struct snn__ranks *r, struct snn__bucket *b)
{
    send_there(r, b);
}

static bool is_under_way(const struct snn__bucket *b)
{
    return b->leg == SNN__LEG_THERE || b->leg == SNN__LEG_BACK;
}

/* Lets a bucket that is under way go on. */
static void advance(struct snn__ranks *r, struct snn__bucket *b, bool wait)
{
    bool over;

    if (snn__link_finish(&r->link, b->exchange, wait, &over) != SNN_OK)
        b->leg = over ? SNN__LEG_OVER : b->leg;
    else if (over && b->leg == SNN__LEG_BACK)
        take_sums(r, b);
    else if (over) {
        add_segment(r, b);
        send_back(r, b);
    }
}

/* From the last bucket to the first, in which order they leave. */
void snn__ranks_poll(struct snn__ranks *r)
{
    unsigned found = 0;

    for (size_t i = r->room->n_buckets; i-- > 0 && found < POLLED && r->link.rc == SNN_OK;) {
        struct snn__bucket *b = &r->room->bucket[i];

        if (!is_under_way(b))
            continue;
        advance(r, b, false);
        found += is_under_way(b);
    }
}

/* Every rank waits for the same bucket in the same order. What has come meanwhile is added at once. */
static void await_leg(struct snn__ranks *r, enum snn__leg leg)
{
    for (size_t i = r->room->n_buckets; i-- > 0 && r->link.rc == SNN_OK;) {
        struct snn__bucket *b = &r->room->bucket[i];

        if (b->leg == leg)
            advance(r, b, true);
    }
}

snn_status snn__ranks_await(struct snn__ranks *r)
{
    await_leg(r, SNN__LEG_THERE);
    await_leg(r, SNN__LEG_BACK);
    if (r->link.rc != SNN_OK)
        snn__ranks_abandon(r);
    return snn__link_status(&r->link);
}

void snn__ranks_abandon(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;
    bool over;

    for (size_t i = 0; room->bucket != NULL && i < room->n_buckets; i++) {
        struct snn__bucket *b = &room->bucket[i];

        if (is_under_way(b))
            (void)snn__link_finish(&r->link, b->exchange, true, &over);
        b->leg = SNN__LEG_OVER;
    }
}
