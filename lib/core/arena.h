/* core/arena.h - plans many buffers into one block, so that what is not alive at the same time shares bytes.
 *
 * Use: snn__arena_add() for every buffer with its life time, snn__arena_commit() once, then the pointers given to
 * add() are filled in. Times are whole numbers in the order of execution of one step. */
#ifndef SNN_CORE_ARENA_H
#define SNN_CORE_ARENA_H

#include "core/size.h"
#include "core/status.h"
#include <snn/context.h>

#define SNN__ALWAYS_FIRST 0u /* with SNN__ALWAYS_LAST: alive all the time, shares with nothing */
#define SNN__ALWAYS_LAST 0xffffffffu

/* Arrays that outlive a step, in the order of the block, from its end to its beginning. */
enum snn__state {
    SNN__STATE_NONE,
    SNN__STATE_LEARNING, /* for the sake of learning */
    SNN__STATE_RUNNING   /* in every case */
};

struct snn__arena {
    snn_context *ctx;
    struct snn__arena_item *items;
    size_t n_items, room;
    char *block;
    size_t bytes;   /* of the block */
    size_t state;   /* the first of them: what snn__arena_add_state() asked for, */
    size_t running; /* and of these the first: what it asked for as SNN__STATE_RUNNING */
};

void snn__arena_init(struct snn__arena *arena, snn_context *ctx);

/* Asks for count * size bytes, aligned to 64, alive in steps first .. last; *pointer is set by commit. The count is
 * made by SNN__PRODUCT() (core/size.h). SNN_ERR_MEMORY: more than the machine addresses. */
snn_status snn__arena_add(struct snn__arena *arena, void *pointer, size_t count, size_t size, unsigned first,
                          unsigned last);

/* The same for what is alive all the time, and shares with nothing. */
snn_status snn__arena_keep(struct snn__arena *arena, void *pointer, size_t count, size_t size);
struct snn__want {
    void *pointer;
    size_t count, size;
};
snn_status snn__arena_keep_all(struct snn__arena *arena, const struct snn__want *want, size_t n);

/* The same for what must outlive a step: all of it lies together at the begin of the block, so that one copy saves
 * it. What is SNN__STATE_RUNNING comes first, each kind in the order of asking. */
snn_status snn__arena_add_state(struct snn__arena *arena, void *pointer, size_t count, size_t size,
                                enum snn__state state);

/* Takes the block, zeroed, and sets all pointers. */
snn_status snn__arena_commit(struct snn__arena *arena);

/* Frees the block; pointers into it are dead. */
void snn__arena_free(struct snn__arena *arena);

#endif
