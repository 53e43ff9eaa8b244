/* ranks/give.c - what shards give: leaves, and what a rank adds of the tree itself. */
#include "ranks/room.h"

/* ---- loops over floats, shared out among the threads ---- */

struct span {
    const struct snn__ranks *r;
    float *to, factor;
    const float *x;
};

static void put_leaf(void *arg, size_t from, size_t to)
{
    const struct span *s = arg;

    snn__layers(s->r->room->ctx)->leaf(s->to + from, s->factor, s->x + from, to - from);
}

static void add_leaf(void *arg, size_t from, size_t to)
{
    const struct span *s = arg;

    snn__layers(s->r->room->ctx)->leaf_add(s->to + from, s->factor, s->x + from, to - from);
}

static void add_sum(void *arg, size_t from, size_t to)
{
    const struct span *s = arg;

    snn__layers(s->r->room->ctx)->leaf_add(s->to + from, 1, s->x + from, to - from);
}

static void clear(void *arg, size_t from, size_t to)
{
    const struct span *s = arg;

    s->r->room->ctx->kernels->fill(s->to + from, 0, to - from);
}

static void run(const struct snn__ranks *r, void (*fn)(void *arg, size_t from, size_t to), float *to, float factor,
                const float *x, size_t n)
{
    struct span s = { r, to, factor, x };

    snn__ranges(r->room->ctx, n, fn, &s);
}

/* ---- compression ---- */

void snn__ranks_pack(const struct snn__ranks *r, char *image, float *x, size_t n)
{
    const struct snn__layer_kernels *k = snn__layers(r->room->ctx);

    (r->wish.send == SNN__SEND_BF16 ? k->pack_halves : k->pack_signs)(image, x, n);
}

void snn__ranks_unpack(const struct snn__ranks *r, float *to, const char *image, size_t n)
{
    const struct snn__layer_kernels *k = snn__layers(r->room->ctx);

    (r->wish.send == SNN__SEND_BF16 ? k->unpack_halves : k->unpack_signs)(to, image, n);
}

/* A bucket of a shard. to: what arrives, where nothing travels; else NULL. */
struct packing {
    const struct snn__ranks *r;
    float *residual, *to;
    char *image;
    size_t n;
};

static void pack_chunk(void *arg, size_t task)
{
    const struct packing *p = arg;
    const size_t at = task * SNN__RANKS_CHUNK, n = snn__min(SNN__RANKS_CHUNK, p->n - at);
    char *image = p->image + snn__ranks_bytes(p->r, true, at);

    snn__ranks_pack(p->r, image, p->residual + at, n);
    if (p->to != NULL)
        snn__ranks_unpack(p->r, p->to + at, image, n);
}

/* Compresses the leaf of a shard. */
static void pack_bucket(const struct snn__ranks *r, const struct snn__bucket *b, float *to)
{
    const struct snn__ranks_room *room = r->room;
    struct packing p = { .r = r,
                         .residual = room->residual + b->done * r->wish.gradient + b->from,
                         .to = to,
                         .image = room->leaf_image + (to == NULL ? b->done * room->image_bytes : 0) + b->image,
                         .n = b->to - b->from };

    snn__each(room->ctx, pack_chunk, &p, snn__ceil_div(p.n, SNN__RANKS_CHUNK));
}

/* ---- a bucket ---- */

static bool travels(const struct snn__ranks *r, const struct snn__bucket *b)
{
    return b->packed && r->room->way == SNN__WAY_MESSAGES;
}

/* Adds the leaf to what waits for it. */
static void fold(struct snn__ranks *r, struct snn__bucket *b)
{
    struct snn__ranks_room *room = r->room;
    const size_t n = b->to - b->from;
    size_t height = b->height;

    for (size_t left = room->leaves.merges[b->done]; left > 0 && height > 0; left--, height--)
        run(r, add_sum, snn__ranks_level(room, height - 1, b->from), 1, snn__ranks_level(room, height, b->from), n);
    b->height = height + 1;
}

/* The own shards have given all: their sum is compressed where it is that of all, or leaves. */
static void close_bucket(struct snn__ranks *r, struct snn__bucket *b)
{
    unsigned char none = 0;
    const struct snn__tree one = { 1, 1, &none };

    if (r->room->way == SNN__WAY_MESSAGES)
        snn__ranks_launch(r, b);
    if (r->room->way != SNN__WAY_ALONE || !b->packed)
        return;
    r->room->item[0] = (char *)snn__ranks_level(r->room, 0, b->from);
    snn__ranks_join(r, b, &one, false, 0, b->to - b->from);
}

/* A shard has given all. */
static void close_shard(struct snn__ranks *r, struct snn__bucket *b)
{
    if (b->packed)
        pack_bucket(r, b, travels(r, b) ? NULL : snn__ranks_level(r->room, b->height, b->from));
    if (!travels(r, b))
        fold(r, b);
    b->done++;
    b->given = 0;
    b->touched = false;
    if (b->done == r->own)
        close_bucket(r, b);
}

/* The leaf of a shard that has given nothing yet is zero, but for floats from .. to - 1, which come now. In the home
 * others may wait to be given. */
static void touch(struct snn__ranks *r, struct snn__bucket *b, size_t from, size_t to)
{
    struct snn__ranks_room *room = r->room;
    const bool waits = from < to && b->from < room->in_home;

    if (!b->packed && !b->touched && !waits) {
        run(r, clear, snn__ranks_level(room, b->height, b->from), 0, NULL, from - b->from);
        run(r, clear, snn__ranks_level(room, b->height, to), 0, NULL, b->to - to);
    }
    b->touched = true;
}

void snn__ranks_complete(struct snn__ranks *r, struct snn__bucket *b, size_t shards)
{
    while (b->done < shards) {
        touch(r, b, b->from, b->from);
        close_shard(r, b);
    }
}

static void give_part(struct snn__ranks *r, struct snn__bucket *b, const float *x, float factor, size_t from,
                      size_t to)
{
    struct snn__ranks_room *room = r->room;
    float *leaf;

    touch(r, b, from, to);
    leaf = b->packed ? room->residual + b->done * r->wish.gradient + from : snn__ranks_level(room, b->height, from);
    if (b->packed)
        run(r, add_leaf, leaf, factor, x, to - from);
    else if (x != leaf || factor != 1) /* in its place as it is: what is added to it takes the sign from its zeros */
        run(r, put_leaf, leaf, factor, x, to - from);
    b->given += to - from;
    if (b->given == b->to - b->from)
        close_shard(r, b);
}

void snn__ranks_give(struct snn__ranks *r, size_t shard, const float *x, float factor, size_t from, size_t to)
{
    for (size_t i = r->room->n_buckets; i-- > 0;) {
        struct snn__bucket *b = &r->room->bucket[i];
        const size_t lo = snn__max(from, b->from), hi = snn__min(to, b->to);

        if (lo >= hi)
            continue;
        snn__ranks_complete(r, b, shard);
        give_part(r, b, x + (lo - from), factor, lo, hi);
    }
}

/* ---- from the first to the last call of a sum ---- */

void snn__ranks_begin(struct snn__ranks *r)
{
    snn__ranks_abandon(r);
    for (size_t i = 0; i < r->room->n_buckets; i++) {
        struct snn__bucket *b = &r->room->bucket[i];

        b->done = b->given = b->height = 0;
        b->touched = false;
        b->leg = SNN__LEG_NONE;
    }
}

static snn_status collect(struct snn__ranks *r)
{
    switch (r->room->way) {
    case SNN__WAY_MESSAGES:
        return snn__ranks_await(r);
    case SNN__WAY_SLOTS:
        return snn__ranks_reduce_slots(r);
    case SNN__WAY_ANY:
        return snn__ranks_reduce_any(r);
    default:
        return SNN_OK;
    }
}

snn_status snn__ranks_end(struct snn__ranks *r, float *gradient, float *rest)
{
    const struct snn__ranks_wish *wish = &r->wish;

    for (size_t i = r->room->n_buckets; i-- > 0;)
        snn__ranks_complete(r, &r->room->bucket[i], r->own);
    SNN__TRY(collect(r));
    if (r->room->in_home == 0 || gradient != r->room->home)
        run(r, put_leaf, gradient, 1, snn__ranks_level(r->room, 0, 0), wish->gradient);
    run(r, put_leaf, rest, 1, snn__ranks_level(r->room, 0, wish->gradient), wish->length - wish->gradient);
    return SNN_OK;
}
