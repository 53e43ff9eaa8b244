/* ranks/gather.c - records of all shards. */
#include "core/size.h"
#include "ranks/room.h"
#include <string.h>

/* A byte is a float, which is added to zeros. */
snn_status snn__ranks_gather(struct snn__ranks *r, const void *own, size_t bytes, void *all)
{
    struct snn__ranks_room *room = r->room;
    const size_t total = r->shards * bytes, first = r->first * bytes, end = first + r->own * bytes;
    const unsigned char *in = own;
    unsigned char *out = all;

    for (size_t at = 0; at < total; at += SNN__RANKS_PIECE) {
        const size_t n = snn__min(SNN__RANKS_PIECE, total - at);

        for (size_t i = 0; i < n; i++)
            room->piece[i] = at + i >= first && at + i < end ? in[at + i - first] : 0;
        SNN__TRY(snn__ranks_all_reduce(room, room->piece, n));
        for (size_t i = 0; i < n; i++)
            out[at + i] = (unsigned char)room->piece[i];
    }
    return SNN_OK;
}
