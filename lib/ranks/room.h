/* ranks/room.h - inside of the room of ranks. */
#ifndef SNN_RANKS_ROOM_H
#define SNN_RANKS_ROOM_H

#include "ranks/ranks.h"

struct snn__ranks_room {
    snn_context *ctx;
    snn_communicator to; /* one rank: no functions */
    struct snn__ranks_wish wish;
    snn_status rc; /* of the communicator: the first failure stays */
    char why[256];
    float *leaf;  /* [own][length] */
    float *piece; /* [shards][PIECE] */
};

#define SNN__RANKS_PIECE ((size_t)4096)

/* all_reduce of the communicator; failures are kept. */
snn_status snn__ranks_all_reduce(struct snn__ranks_room *room, float *data, size_t n);

#endif
