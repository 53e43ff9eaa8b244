/* ranks/residual.c - what compression has lost so far: kept, taken back, written to and read from checkpoints. */
#include "ranks/room.h"
#include <string.h>

/* Floats of one residual. */
static size_t length_of(const struct snn__ranks *r)
{
    return r->wish.send == SNN__SEND_FLOAT32 ? 0 : r->wish.gradient;
}

size_t snn__ranks_residuals(const struct snn__ranks *r)
{
    return length_of(r) > 0 ? r->shards + 1 : 0;
}

struct copying {
    const struct snn__layer_kernels *kernels;
    float *to;
    const float *from;
};

static void copy_some(void *arg, size_t from, size_t to)
{
    const struct copying *c = arg;

    c->kernels->transfer(c->to + from, c->from + from, to - from);
}

static void copy(const struct snn__ranks *r, float *to, const float *from)
{
    struct copying c = { snn__layers(r->room->ctx), to, from };

    snn__ranges(r->room->ctx, (r->own + 1) * length_of(r), copy_some, &c);
}

void snn__ranks_keep(struct snn__ranks *r)
{
    copy(r, r->room->kept, r->room->residual);
}

void snn__ranks_undo(struct snn__ranks *r)
{
    copy(r, r->room->residual, r->room->kept);
}

static uint32_t owner_of(const struct snn__ranks *r, size_t shard)
{
    uint32_t rank = 0;

    while (snn__ranks_first(r->shards, r->size, rank + 1) <= shard)
        rank++;
    return rank;
}

/* Each rank has the residuals of the segments that it adds; over all_reduce every rank adds all of them. */
static snn_status spread_segments(struct snn__ranks *r, float *out)
{
    struct snn__ranks_room *room = r->room;

    for (size_t i = 0; room->way == SNN__WAY_MESSAGES && i < room->n_buckets && room->bucket[i].packed; i++)
        for (uint32_t rank = 0; rank < r->size; rank++) {
            const struct snn__segment s = snn__ranks_segment(r, &room->bucket[i], rank);

            if (s.n > 0)
                SNN__TRY(snn__link_broadcast(&r->link, out + room->bucket[i].from + s.at, s.n * sizeof *out, rank));
        }
    return SNN_OK;
}

snn_status snn__ranks_residual(struct snn__ranks *r, size_t index, float *out)
{
    const size_t n = length_of(r);
    const bool of_sum = index == r->shards, is_own = index >= r->first && index < r->first + r->own;

    if (of_sum || is_own)
        snn__layers(r->room->ctx)->transfer(out, r->room->residual + (of_sum ? r->own : index - r->first) * n, n);
    if (of_sum)
        return spread_segments(r, out);
    if (r->size == 1)
        return SNN_OK;
    return snn__link_broadcast(&r->link, out, n * sizeof *out, owner_of(r, index));
}

void snn__ranks_set_residual(struct snn__ranks *r, size_t index, const float *in)
{
    const size_t n = length_of(r);
    const bool of_sum = index == r->shards, is_own = index >= r->first && index < r->first + r->own;

    if (of_sum || is_own)
        snn__layers(r->room->ctx)->transfer(r->room->residual + (of_sum ? r->own : index - r->first) * n, in, n);
}
