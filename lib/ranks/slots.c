/* ranks/slots.c - sums over all_reduce alone.
 *
 * In the fixed order, every item has a slot of its own, which all ranks but one leave at zero: adding zeros is exact
 * in any order. All ranks then add the slots alike. */
#include "ranks/room.h"

/* slots [n][slot of n floats] <- own items, zeros. */
static void fill_slots(struct snn__ranks *r, const struct snn__bucket *b, size_t at, size_t n)
{
    struct snn__ranks_room *room = r->room;
    const size_t first = room->first[r->rank], end = room->first[r->rank + 1];

    for (size_t i = 0; i < room->subtrees.n; i++) {
        float *slot = room->slots + i * n;

        room->item[i] = (char *)slot;
        if (i >= first && i < end)
            snn__layers(room->ctx)->transfer(slot, snn__ranks_level(room, i - first, b->from + at), n);
        else
            room->ctx->kernels->fill(slot, 0, n);
    }
}

snn_status snn__ranks_reduce_slots(struct snn__ranks *r)
{
    struct snn__ranks_room *room = r->room;

    for (size_t i = 0; i < room->n_buckets; i++) {
        const struct snn__bucket *b = &room->bucket[i];

        for (size_t at = 0; at < b->to - b->from; at += room->slot) {
            const size_t n = snn__min(room->slot, b->to - b->from - at);

            fill_slots(r, b, at, n);
            SNN__TRY(snn__link_all_reduce(&r->link, room->slots, room->subtrees.n * n));
            snn__ranks_join(r, b, &room->subtrees, false, at, n);
        }
    }
    return SNN_OK;
}

snn_status snn__ranks_reduce_any(struct snn__ranks *r)
{
    const struct snn__ranks_room *room = r->room;

    for (size_t i = 0; i < room->n_buckets; i++)
        SNN__TRY(snn__link_all_reduce(&r->link, snn__ranks_level(room, 0, room->bucket[i].from),
                                      room->bucket[i].to - room->bucket[i].from));
    return SNN_OK;
}
