/* ranks/plan.c - buckets, segments, and all memory of a sum. */
#include "core/alloc.h"
#include "ranks/room.h"
#include <string.h>

#define BUCKET ((size_t)1 << 18)     /* floats, 1 MiB: large enough for a network, small enough to leave early */
#define MOST_BUCKETS ((size_t)16000) /* two tags each, below 32,768 */
#define MOST_SHARDS ((size_t)65536)
#define SLOTS ((size_t)1 << 18) /* floats of all slots together */

size_t snn__ranks_first(size_t shards, uint32_t size, uint32_t rank)
{
    return snn__part(shards, size, rank);
}

struct snn__segment snn__ranks_segment(const struct snn__ranks *r, const struct snn__bucket *b, uint32_t rank)
{
    const size_t n = b->to - b->from, blocks = snn__ceil_div(n, SNN__SIGN_BLOCK);
    const size_t at = snn__part(blocks, r->size, rank) * SNN__SIGN_BLOCK;
    const size_t end = snn__min(n, snn__part(blocks, r->size, (size_t)rank + 1) * SNN__SIGN_BLOCK);

    return (struct snn__segment){ at, end > at ? end - at : 0 };
}

size_t snn__ranks_bytes(const struct snn__ranks *r, bool packed, size_t n)
{
    if (!packed)
        return n * sizeof(float);
    return r->wish.send == SNN__SEND_BF16 ? 2 * n : snn__ceil_div(n, SNN__SIGN_BLOCK) * SNN__SIGN_BYTES;
}

static snn_status check(const struct snn__ranks *r)
{
    if (r->shards < r->size)
        return snn__fail(SNN_ERR_ARGUMENT, "%zu shard%s for %u ranks; every rank needs one: set shards to %u or more",
                         r->shards, r->shards == 1 ? "" : "s", r->size, r->size);
    if (r->shards > MOST_SHARDS)
        return snn__fail(SNN_ERR_ARGUMENT, "%zu shards; there are 65536 at most", r->shards);
    if (r->wish.any_order && r->wish.send != SNN__SEND_FLOAT32)
        return snn__fail(SNN_ERR_UNSUPPORTED, "sums in any order go as float32: set send to float32, or reduce to "
                                              "fixed");
    return SNN_OK;
}

static enum snn__way way_of(const struct snn__ranks *r)
{
    if (r->size == 1)
        return SNN__WAY_ALONE;
    if (r->wish.any_order)
        return SNN__WAY_ANY;
    return r->link.to.start != NULL ? SNN__WAY_MESSAGES : SNN__WAY_SLOTS;
}

/* ---- the trees ---- */

static snn_status plan_trees(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;
    const size_t n = r->shards;
    const struct snn__want want[] = { { &room->leaves.merges, r->own, 1 },
                                      { &room->subtrees.merges, n, 1 },
                                      { &room->shards.merges, n, 1 },
                                      { &room->first, (size_t)r->size + 1, sizeof *room->first },
                                      { &room->bounds, n + 1, sizeof *room->bounds } };
    size_t left[SNN__RANKS_HIGH + 1], items = 0;

    SNN__TRY(snn__arena_keep_all(&room->small, want, sizeof want / sizeof *want));
    SNN__TRY(snn__arena_commit(&room->small));
    for (uint32_t rank = 0; rank < r->size; rank++) {
        const size_t first = snn__ranks_first(n, r->size, rank), end = snn__ranks_first(n, r->size, rank + 1);
        struct snn__tree other = { 0 };
        const size_t kept =
            snn__tree_of_shards(rank == r->rank ? &room->leaves : &other, n, first, end - first, left);

        memcpy(room->bounds + items, left, (kept + 1) * sizeof *left);
        room->first[rank] = items;
        items += kept;
    }
    room->first[r->size] = items;
    snn__tree_plan(&room->subtrees, n, room->bounds, items, left);
    snn__tree_of_shards(&room->shards, n, 0, n, left);
    if (room->way == SNN__WAY_ANY) /* all that this rank has becomes one */
        room->leaves.merges[r->own - 1] += (unsigned char)(room->first[r->rank + 1] - room->first[r->rank] - 1);
    return SNN_OK;
}

/* ---- buckets ---- */

/* Floats that are compressed. */
static size_t packed_floats(const struct snn__ranks *r)
{
    return r->wish.send == SNN__SEND_FLOAT32 ? 0 : r->wish.gradient;
}

static size_t bucket_length(const struct snn__ranks *r)
{
    const size_t wished = r->wish.bucket > 0 ? r->wish.bucket : BUCKET;

    return snn__round_up(snn__max(wished, snn__ceil_div(r->wish.length, MOST_BUCKETS - 2)), SNN__SIGN_BLOCK);
}

/* Bytes that other ranks send of this rank's segment. */
static size_t bytes_of_others(const struct snn__ranks *r, const struct snn__bucket *b)
{
    const struct snn__ranks_room *room = r->room;
    const size_t others =
        b->packed ? r->shards - r->own : room->subtrees.n - (room->first[r->rank + 1] - room->first[r->rank]);

    return SNN__PRODUCT(others, snn__ranks_bytes(r, b->packed, snn__ranks_segment(r, b, r->rank).n));
}

/* Fills in the buckets, none of which has floats of the gradient and others; *in receives the bytes that others
 * send. */
static void cut_buckets(struct snn__ranks *r, size_t *in)
{
    struct snn__ranks_room *room = r->room;
    const size_t packed = packed_floats(r), step = bucket_length(r);
    size_t from = 0;

    *in = 0;
    for (size_t i = 0; i < room->n_buckets; i++) {
        struct snn__bucket *b = &room->bucket[i];

        b->from = from;
        b->packed = from < packed;
        b->to = from = snn__min(from + step, from < r->wish.gradient ? r->wish.gradient : r->wish.length);
        b->image = room->image_bytes;
        b->in = *in;
        if (b->packed)
            room->image_bytes += snn__round_up(snn__ranks_bytes(r, true, b->to - b->from), 64);
        if (room->way == SNN__WAY_MESSAGES)
            *in = SNN__SUM(*in, snn__round_up(bytes_of_others(r, b), 64));
    }
}

static snn_status plan_buckets(struct snn__ranks *r, size_t *in)
{
    struct snn__ranks_room *room = r->room;
    const size_t gradient = r->wish.gradient, step = bucket_length(r);

    room->n_buckets = snn__ceil_div(gradient, step) + snn__ceil_div(r->wish.length - gradient, step);
    room->bucket = snn__alloc(room->ctx, room->n_buckets, sizeof *room->bucket);
    if (room->bucket == NULL)
        return SNN_ERR_MEMORY;
    room->skip = room->way == SNN__WAY_MESSAGES ? packed_floats(r) : 0;
    cut_buckets(r, in);
    return SNN_OK;
}

/* ---- arrays ---- */

static void plan_slots(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;

    if (room->way == SNN__WAY_SLOTS)
        room->slot_count = room->subtrees.n;
    else if (room->way == SNN__WAY_ANY && r->link.to.start == NULL) /* for records */
        room->slot_count = 1;
    else
        return;
    room->slot = snn__max(SLOTS / room->slot_count / SNN__SIGN_BLOCK, 1) * SNN__SIGN_BLOCK;
    room->slot = snn__min(room->slot, snn__round_up(snn__max(r->wish.length, 1), SNN__SIGN_BLOCK));
}

static void plan_messages(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;
    const size_t subtrees = room->first[r->rank + 1] - room->first[r->rank];

    if (r->size == 1 || r->link.to.start == NULL)
        return;
    room->n_send = SNN__PRODUCT(r->size - 1, snn__max(packed_floats(r) > 0 ? r->own : 1, subtrees));
    room->n_receive = snn__max(r->size, packed_floats(r) > 0 ? r->shards : room->subtrees.n);
}

static snn_status plan_arrays(struct snn__ranks *r, size_t in)
{
    struct snn__ranks_room *room = r->room;
    const bool travel = room->way == SNN__WAY_MESSAGES;
    const size_t packed = packed_floats(r), residuals = packed > 0 ? r->own + 1 : 0;
    const size_t unpacked = travel && packed > 0 ? SNN__PRODUCT(snn__threads(room->ctx), room->shards.depth) : 0;
    const struct snn__want want[] = {
        { &room->residual, SNN__PRODUCT(residuals, packed), sizeof(float) },
        { &room->kept, SNN__PRODUCT(residuals, packed), sizeof(float) },
        { &room->leaf_image, SNN__PRODUCT(travel ? r->own : 1, room->image_bytes), 1 },
        { &room->sum_image, room->image_bytes, 1 },
        { &room->in, in, 1 },
        { &room->item, snn__max(room->subtrees.n, packed > 0 ? r->shards : 1), sizeof *room->item },
        { &room->stack, SNN__PRODUCT(unpacked, SNN__RANKS_CHUNK), sizeof(float) },
        { &room->slots, SNN__PRODUCT(room->slot_count, room->slot), sizeof(float) },
        { &room->send, room->n_send, sizeof *room->send },
        { &room->receive, room->n_receive, sizeof *room->receive },
    };

    for (size_t i = 0; i < room->leaves.depth; i++)
        SNN__TRY(snn__arena_keep(&room->arena, &room->level[i], r->wish.length - (i > 0 ? room->skip : room->in_home),
                                 sizeof(float)));
    SNN__TRY(snn__arena_keep_all(&room->arena, want, sizeof want / sizeof *want));
    return snn__arena_commit(&room->arena);
}

static snn_status plan_room(struct snn__ranks *r, snn_context *ctx)
{
    size_t in;

    r->room = snn__alloc(ctx, 1, sizeof *r->room);
    if (r->room == NULL)
        return SNN_ERR_MEMORY;
    r->room->ctx = ctx;
    r->room->way = way_of(r);
    r->room->home = r->wish.home;
    r->room->in_home = r->wish.home != NULL && r->own == 1 && r->shards > 1 ? r->wish.gradient : 0;
    snn__arena_init(&r->room->small, ctx);
    snn__arena_init(&r->room->arena, ctx);
    SNN__TRY(plan_trees(r));
    SNN__TRY(plan_buckets(r, &in));
    plan_slots(r);
    plan_messages(r);
    return plan_arrays(r, in);
}

snn_status snn__ranks_plan(struct snn__ranks *r, snn_context *ctx, const snn_communicator *c,
                           const struct snn__ranks_wish *wish)
{
    static const snn_communicator alone = { .size = 1 };
    snn_status rc;

    memset(r, 0, sizeof *r);
    r->link.to = c != NULL ? *c : alone;
    r->wish = *wish;
    r->rank = r->link.to.rank;
    r->size = r->link.to.size;
    r->shards = wish->shards;
    SNN__TRY(check(r));
    r->first = snn__ranks_first(r->shards, r->size, r->rank);
    r->own = snn__ranks_first(r->shards, r->size, r->rank + 1) - r->first;
    rc = plan_room(r, ctx);
    if (rc != SNN_OK)
        snn__ranks_free(r);
    return rc;
}

void snn__ranks_free(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;

    if (room == NULL)
        return;
    snn__ranks_abandon(r);
    snn__arena_free(&room->arena);
    snn__arena_free(&room->small);
    snn__free(room->ctx, room->bucket);
    snn__free(room->ctx, room);
    r->room = NULL;
}
