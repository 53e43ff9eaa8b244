/* ranks/ranks.c - a sum over all shards. */
#include "core/alloc.h"
#include "kernel/kernel.h"
#include "ranks/room.h"
#include <string.h>

size_t snn__ranks_first(size_t shards, uint32_t size, uint32_t rank)
{
    return snn__part(shards, size, rank);
}

static snn_status check(const struct snn__ranks *r, const struct snn__ranks_wish *wish)
{
    if (r->shards < r->size)
        return snn__fail(SNN_ERR_ARGUMENT, "%zu shard%s for %u ranks; every rank needs one: set shards to %u or more",
                         r->shards, r->shards == 1 ? "" : "s", r->size, r->size);
    if (wish->any_order && wish->send != SNN__SEND_FLOAT32)
        return snn__fail(SNN_ERR_UNSUPPORTED, "sums in any order go as float32: set send to float32, or reduce to "
                                              "fixed");
    return SNN_OK;
}

snn_status snn__ranks_plan(struct snn__ranks *r, snn_context *ctx, const snn_communicator *c,
                           const struct snn__ranks_wish *wish)
{
    static const snn_communicator alone = { .size = 1 };
    const snn_communicator *to = c != NULL ? c : &alone;
    struct snn__ranks_room *room;

    *r = (struct snn__ranks){ .rank = to->rank, .size = to->size, .shards = wish->shards };
    r->first = snn__ranks_first(r->shards, r->size, r->rank);
    r->own = snn__ranks_first(r->shards, r->size, r->rank + 1) - r->first;
    SNN__TRY(check(r, wish));
    r->room = room = snn__alloc(ctx, 1, sizeof *room);
    if (room == NULL)
        return SNN_ERR_MEMORY;
    room->ctx = ctx;
    room->to = *to;
    room->wish = *wish;
    room->leaf = snn__alloc(ctx, SNN__PRODUCT(r->own, wish->length), sizeof(float));
    room->piece = snn__alloc(ctx, SNN__PRODUCT(r->shards, SNN__RANKS_PIECE), sizeof(float));
    if (room->leaf != NULL && room->piece != NULL)
        return SNN_OK;
    snn__ranks_free(r);
    return SNN_ERR_MEMORY;
}

snn_status snn__ranks_agree(struct snn__ranks *r, snn_status rc)
{
    (void)r;
    return rc;
}

void snn__ranks_free(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;

    if (room == NULL)
        return;
    snn__free(room->ctx, room->piece);
    snn__free(room->ctx, room->leaf);
    snn__free(room->ctx, room);
    memset(r, 0, sizeof *r);
}

void snn__ranks_begin(struct snn__ranks *r)
{
    r->room->ctx->kernels->fill(r->room->leaf, 0, r->own * r->room->wish.length);
}

void snn__ranks_give(struct snn__ranks *r, size_t shard, const float *x, float factor, size_t from, size_t to)
{
    float *leaf = r->room->leaf + shard * r->room->wish.length;

    for (size_t i = from; i < to; i++)
        leaf[i] = x[i - from] * factor + 0.0f;
}

void snn__ranks_poll(struct snn__ranks *r)
{
    (void)r;
}

/* leaf[lo] <- the sum of leaf[lo .. hi - 1][n] */
static void add_tree(const struct snn__kernels *k, float *leaf, size_t lo, size_t hi, size_t n)
{
    size_t half = 1;

    if (hi - lo < 2)
        return;
    while (2 * half < hi - lo)
        half *= 2;
    add_tree(k, leaf, lo, lo + half, n);
    add_tree(k, leaf, lo + half, hi, n);
    k->axpy(leaf + lo * n, 1, leaf + (lo + half) * n, n);
}

snn_status snn__ranks_end(struct snn__ranks *r, float *sum)
{
    struct snn__ranks_room *room = r->room;
    const size_t length = room->wish.length;

    for (size_t at = 0; at < length; at += SNN__RANKS_PIECE) {
        const size_t n = snn__min(SNN__RANKS_PIECE, length - at);

        memset(room->piece, 0, r->shards * n * sizeof *sum);
        for (size_t s = 0; s < r->own; s++)
            memcpy(room->piece + (r->first + s) * n, room->leaf + s * length + at, n * sizeof *sum);
        SNN__TRY(snn__ranks_all_reduce(room, room->piece, r->shards * n));
        add_tree(room->ctx->kernels, room->piece, 0, r->shards, n);
        memcpy(sum + at, room->piece, n * sizeof *sum);
    }
    return SNN_OK;
}
