/* ranks/room.h - inside of the room of ranks.
 *
 * shard: a part of the batch. leaf: what it gives. item: what travels, the sum of a subtree, or a compressed leaf.
 * level: an array [length] of sums that wait for their sibling. bucket: floats that leave together. segment: the part
 * of a bucket that one rank adds for all. image: compressed floats. */
#ifndef SNN_RANKS_ROOM_H
#define SNN_RANKS_ROOM_H

#include "core/arena.h"
#include "kernel/layers.h"
#include "ranks/ranks.h"

#define SNN__RANKS_HIGH 64u             /* most levels, and most subtrees of a rank: 2 log2 of the shards at most */
#define SNN__RANKS_CHUNK ((size_t)4096) /* floats of a task: whole blocks of signs */

/* The program of a sum: after item i, so many times the last two become one. */
struct snn__tree {
    size_t n, depth;
    unsigned char *merges; /* [n] */
};

enum snn__way { SNN__WAY_ALONE, SNN__WAY_MESSAGES, SNN__WAY_SLOTS, SNN__WAY_ANY };

/* Where the messages of a bucket are: items go to the rank that adds their segment, sums come back from it. */
enum snn__leg { SNN__LEG_NONE, SNN__LEG_THERE, SNN__LEG_BACK, SNN__LEG_OVER };

struct snn__bucket {
    size_t from, to;
    bool packed;   /* compressed, */
    size_t image;  /* from this byte of an image on */
    size_t in;     /* where items of others begin, a byte of room->in */
    size_t done;   /* own shards that are complete, */
    size_t height; /* and sums of them, one in each level; of the next shard */
    size_t given;  /* so many floats were given */
    bool touched;  /* and the others are zero */
    enum snn__leg leg;
    void *exchange;
};

/* Floats of a segment, from the begin of its bucket. */
struct snn__segment {
    size_t at, n;
};

struct snn__ranks_room {
    snn_context *ctx;
    struct snn__arena small, arena; /* of the trees; of all else */
    enum snn__way way;
    struct snn__tree leaves;           /* of this rank: what is left are its subtrees */
    struct snn__tree subtrees, shards; /* of all ranks: the items of buckets as they are, and of packed ones */
    size_t *first;                     /* [size + 1] the first subtree of each rank */
    size_t *bounds;                    /* [shards + 1] shards where subtrees begin */
    struct snn__bucket *bucket;
    size_t n_buckets;
    float *level[SNN__RANKS_HIGH];
    float *home; /* so many floats of the first level are here, or none */
    size_t in_home;
    size_t skip;                  /* floats that levels after the first do not have */
    float *residual, *kept;       /* [own + 1][gradient], the sum's the last */
    char *leaf_image, *sum_image; /* of own shards, [leaf_images][image_bytes]; of the sum */
    size_t image_bytes;
    char *in;                /* items of others */
    char **item;             /* items of a sum */
    float *stack;            /* [threads][depth][CHUNK], unpacked items */
    float *slots;            /* [slot_count][slot], what all_reduce adds */
    size_t slot_count, slot; /* floats of one, whole blocks of signs */
    snn_message *send, *receive;
    size_t n_send, n_receive;
};

/* ---- communicator.c: calls of the host; after a failure all but finish return it ---- */
snn_status snn__link_status(const struct snn__link *link);
snn_status snn__link_all_reduce(struct snn__link *link, float *data, size_t n);
snn_status snn__link_broadcast(struct snn__link *link, void *data, size_t bytes, uint32_t root);
snn_status snn__link_start(struct snn__link *link, const snn_message *send, size_t n_send, const snn_message *receive,
                           size_t n_receive, void **exchange);
snn_status snn__link_finish(struct snn__link *link, void *exchange, bool wait, bool *over);

/* ---- tree.c ---- */

/* Items are shards bounds[i] .. bounds[i + 1] - 1, i < n. Fills in the tree, its merges if there are any; `left`
 * receives the begins of the nodes that are left, and the end. Returns how many they are. */
size_t snn__tree_plan(struct snn__tree *t, size_t shards, const size_t *bounds, size_t n,
                      size_t left[SNN__RANKS_HIGH + 1]);
/* The same for single shards first .. first + n - 1. */
size_t snn__tree_of_shards(struct snn__tree *t, size_t shards, size_t first, size_t n,
                           size_t left[SNN__RANKS_HIGH + 1]);

/* ---- plan.c ---- */

struct snn__segment snn__ranks_segment(const struct snn__ranks *r, const struct snn__bucket *b, uint32_t rank);
/* Bytes of n floats as they travel, whole blocks of signs, the last aside. */
size_t snn__ranks_bytes(const struct snn__ranks *r, bool packed, size_t n);

/* Float `at` of a level. */
static inline float *snn__ranks_level(const struct snn__ranks_room *room, size_t level, size_t at)
{
    if (level > 0)
        return room->level[level] + (at - room->skip);
    return at < room->in_home ? room->home + at : room->level[0] + (at - room->in_home);
}

/* ---- give.c ---- */

/* What the first `shards` own shards have not given is zero. */
void snn__ranks_complete(struct snn__ranks *r, struct snn__bucket *b, size_t shards);
/* image <- n floats of x, which keeps what was lost; and back. */
void snn__ranks_pack(const struct snn__ranks *r, char *image, float *x, size_t n);
void snn__ranks_unpack(const struct snn__ranks *r, float *to, const char *image, size_t n);

/* ---- join.c ---- */

/* Level 0 <- the sum of room->item, floats at .. at + n - 1 of a bucket; or the image of the sum, which is unpacked
 * there unless it travels. packed: items are images. */
void snn__ranks_join(struct snn__ranks *r, const struct snn__bucket *b, const struct snn__tree *t, bool packed,
                     size_t at, size_t n);

/* ---- exchange.c ---- */
void snn__ranks_launch(struct snn__ranks *r, struct snn__bucket *b);
snn_status snn__ranks_await(struct snn__ranks *r);
/* Ends what is under way, after a failure. */
void snn__ranks_abandon(struct snn__ranks *r);

/* ---- slots.c: over all_reduce alone ---- */
snn_status snn__ranks_reduce_slots(struct snn__ranks *r);
snn_status snn__ranks_reduce_any(struct snn__ranks *r);

#endif
