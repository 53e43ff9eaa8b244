/* ranks/gather.c - records of all shards. */
#include "ranks/room.h"
#include <string.h>

/* Every rank sends what it has to every other one. */
static snn_status by_messages(struct snn__ranks *r, const void *own, size_t bytes, char *all)
{
    struct snn__ranks_room *room = r->room;
    size_t n = 0;
    void *exchange;
    bool over;

    for (uint32_t rank = 0; rank < r->size; rank++) {
        const size_t first = snn__ranks_first(r->shards, r->size, rank);
        const size_t end = snn__ranks_first(r->shards, r->size, rank + 1);

        if (rank == r->rank)
            continue;
        room->send[n] = (snn_message){ rank, 0, all + r->first * bytes, r->own * bytes };
        room->receive[n++] = (snn_message){ rank, 0, all + first * bytes, (end - first) * bytes };
    }
    memcpy(all + r->first * bytes, own, r->own * bytes);
    SNN__TRY(snn__link_start(&r->link, room->send, n, room->receive, n, &exchange));
    return snn__link_finish(&r->link, exchange, true, &over);
}

/* A byte is a float, to which all other ranks add zero. */
static snn_status by_slots(struct snn__ranks *r, const unsigned char *own, size_t bytes, unsigned char *all)
{
    struct snn__ranks_room *room = r->room;
    const size_t total = r->shards * bytes, first = r->first * bytes, end = first + r->own * bytes;
    const size_t most = room->slot_count * room->slot;

    for (size_t at = 0; at < total; at += most) {
        const size_t n = snn__min(most, total - at);

        for (size_t i = 0; i < n; i++)
            room->slots[i] = at + i >= first && at + i < end ? own[at + i - first] : 0;
        SNN__TRY(snn__link_all_reduce(&r->link, room->slots, n));
        for (size_t i = 0; i < n; i++)
            all[at + i] = (unsigned char)room->slots[i];
    }
    return SNN_OK;
}

snn_status snn__ranks_gather(struct snn__ranks *r, const void *own, size_t bytes, void *all)
{
    if (bytes == 0)
        return snn__link_status(&r->link);
    if (r->size == 1) {
        memcpy(all, own, r->own * bytes);
        return SNN_OK;
    }
    return r->link.to.start != NULL ? by_messages(r, own, bytes, all) : by_slots(r, own, bytes, all);
}
