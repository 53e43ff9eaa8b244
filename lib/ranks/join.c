/* ranks/join.c - the sum of what all ranks have added themselves, in the order of the tree. */
#include "ranks/room.h"

struct joining {
    struct snn__ranks *r;
    const struct snn__bucket *b;
    const struct snn__tree *tree;
    bool packed;  /* items are images */
    size_t at, n; /* floats of the bucket */
};

/* Floats at .. at + n - 1 of an item: where they lie, or unpacked. */
static float *item(const struct joining *j, size_t i, size_t at, size_t n, float *room)
{
    char *from = j->r->room->item[i] + snn__ranks_bytes(j->r, j->packed, at);

    if (!j->packed)
        return (float *)from;
    snn__ranks_unpack(j->r, room, from, n);
    return room;
}

/* The sum stays where the first item of each node lies. */
static float *add_items(const struct joining *j, size_t at, size_t n, size_t worker)
{
    const struct snn__ranks_room *room = j->r->room;
    float *top[SNN__RANKS_HIGH], *unpacked = NULL;
    size_t height = 0;

    if (j->packed)
        unpacked = room->stack + worker * j->tree->depth * SNN__RANKS_CHUNK;
    for (size_t i = 0; i < j->tree->n; i++) {
        top[height] = item(j, i, at, n, j->packed ? unpacked + height * SNN__RANKS_CHUNK : NULL);
        height++;
        for (size_t m = 0; m < j->tree->merges[i]; m++, height--)
            snn__layers(room->ctx)->leaf_add(top[height - 2], 1, top[height - 1], n);
    }
    return top[0];
}

static void join_chunk(void *arg, size_t task, size_t worker)
{
    const struct joining *j = arg;
    const struct snn__ranks_room *room = j->r->room;
    const size_t at = task * SNN__RANKS_CHUNK, n = snn__min(SNN__RANKS_CHUNK, j->n - at);
    const size_t to = j->b->from + j->at + at;
    float *sum = add_items(j, at, n, worker), *level = snn__ranks_level(room, 0, to), *residual;
    char *image;

    if (!j->b->packed) {
        if (sum != level)
            snn__layers(room->ctx)->transfer(level, sum, n);
        return;
    }
    residual = room->residual + j->r->own * j->r->wish.gradient + to;
    image = room->sum_image + j->b->image + snn__ranks_bytes(j->r, true, j->at + at);
    snn__layers(room->ctx)->leaf_add(residual, 1, sum, n);
    snn__ranks_pack(j->r, image, residual, n);
    if (room->way != SNN__WAY_MESSAGES)
        snn__ranks_unpack(j->r, level, image, n);
}

void snn__ranks_join(struct snn__ranks *r, const struct snn__bucket *b, const struct snn__tree *t, bool packed,
                     size_t at, size_t n)
{
    struct joining j = { r, b, t, packed, at, n };

    snn__parallel(r->room->ctx, join_chunk, &j, snn__ceil_div(n, SNN__RANKS_CHUNK));
}
