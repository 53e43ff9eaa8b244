/* core/arena.c - first fit over life times: big buffers first, each at the lowest offset that is free while it
 * lives. */
#include "core/arena.h"
#include "core/alloc.h"
#include "core/context.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LARGE ((size_t)1 << 20) /* bytes of an array that all threads clear, */
#define PARTS 64u               /* in so many parts */

struct snn__arena_item {
    char *owner; /* address of the pointer to set */
    size_t bytes, offset;
    unsigned first, last;
    size_t order; /* of adding: makes the sort stable */
    enum snn__state state;
};

void snn__arena_init(struct snn__arena *arena, snn_context *ctx)
{
    memset(arena, 0, sizeof *arena);
    arena->ctx = ctx;
}

static snn_status grow(struct snn__arena *arena)
{
    size_t room = arena->room ? arena->room * 2 : 64;
    struct snn__arena_item *items = snn__alloc(arena->ctx, room, sizeof *items);

    if (items == NULL)
        return SNN_ERR_MEMORY;
    if (arena->n_items)
        memcpy(items, arena->items, arena->n_items * sizeof *items);
    snn__free(arena->ctx, arena->items);
    arena->items = items;
    arena->room = room;
    return SNN_OK;
}

snn_status snn__arena_add(struct snn__arena *arena, void *pointer, size_t count, size_t size, unsigned first,
                          unsigned last)
{
    struct snn__arena_item *item;
    size_t bytes;

    if (!snn__mul(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return snn__fail(SNN_ERR_MEMORY, "one array needs more than a quarter of the address space: use "
                                         "a smaller batch, fewer steps or a smaller network");
    if (arena->n_items == arena->room)
        SNN__TRY(grow(arena));
    item = &arena->items[arena->n_items];
    item->owner = pointer;
    item->bytes = snn__round_up(snn__max(bytes, 1), 64);
    item->first = first;
    item->last = last;
    item->state = SNN__STATE_NONE;
    item->order = arena->n_items++;
    return SNN_OK;
}

snn_status snn__arena_keep(struct snn__arena *arena, void *pointer, size_t count, size_t size)
{
    return snn__arena_add(arena, pointer, count, size, SNN__ALWAYS_FIRST, SNN__ALWAYS_LAST);
}

snn_status snn__arena_keep_all(struct snn__arena *arena, const struct snn__want *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        SNN__TRY(snn__arena_keep(arena, want[i].pointer, want[i].count, want[i].size));
    return SNN_OK;
}

snn_status snn__arena_add_state(struct snn__arena *arena, void *pointer, size_t count, size_t size,
                                enum snn__state state)
{
    struct snn__arena_item *item;

    SNN__TRY(snn__arena_keep(arena, pointer, count, size));
    item = &arena->items[arena->n_items - 1];
    item->state = state;
    arena->state += item->bytes;
    arena->running += state == SNN__STATE_RUNNING ? item->bytes : 0;
    return SNN_OK;
}

static int by_size(const void *a, const void *b)
{
    const struct snn__arena_item *x = a, *y = b;

    if (x->state != y->state)
        return x->state > y->state ? -1 : 1;
    if (x->state == SNN__STATE_NONE && x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->order < y->order ? -1 : 1;
}

/* Lowest offset at which items[n] collides with none of the items placed before it. */
static size_t place(const struct snn__arena_item *items, size_t n)
{
    size_t offset = 0;
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            const struct snn__arena_item *other = &items[i];
            bool same_time = items[n].first <= other->last && other->first <= items[n].last;
            bool same_place = offset < other->offset + other->bytes && other->offset < offset + items[n].bytes;

            if (same_time && same_place) {
                offset = other->offset + other->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

struct clearing {
    char *at;
    size_t bytes;
};

static void clear_part(void *arg, size_t task)
{
    const struct clearing *k = arg;
    const size_t from = snn__part(k->bytes, PARTS, task), to = snn__part(k->bytes, PARTS, task + 1);

    memset(k->at + from, 0, to - from);
}

/* A thread has the same share of an array here as when it computes: on machines whose memory is parted among
 * processors, it finds that share near. */
static void clear(const struct snn__arena *arena, const struct snn__arena_item *item)
{
    struct clearing k = { arena->block + item->offset, item->bytes };

    if (item->bytes < LARGE)
        memset(k.at, 0, k.bytes);
    else
        snn__each(arena->ctx, clear_part, &k, PARTS);
}

snn_status snn__arena_commit(struct snn__arena *arena)
{
    size_t total = 0;

    if (arena->n_items > 1)
        qsort(arena->items, arena->n_items, sizeof *arena->items, by_size);
    for (size_t i = 0; i < arena->n_items; i++) {
        size_t end;

        arena->items[i].offset = place(arena->items, i);
        if (!snn__add(arena->items[i].offset, arena->items[i].bytes, &end))
            return snn__fail(SNN_ERR_MEMORY, "all arrays together need more than the address space: use a smaller "
                                             "batch, fewer steps or a smaller network");
        total = snn__max(total, end);
    }
    arena->block = snn__alloc_untouched(arena->ctx, total, 1);
    if (arena->block == NULL)
        return SNN_ERR_MEMORY;
    arena->bytes = total;
    for (size_t i = 0; i < arena->n_items; i++) {
        void *p = arena->block + arena->items[i].offset;

        memcpy(arena->items[i].owner, &p, sizeof p);
        clear(arena, &arena->items[i]);
    }
    snn__free(arena->ctx, arena->items);
    arena->items = NULL;
    arena->n_items = arena->room = 0;
    return SNN_OK;
}

void snn__arena_free(struct snn__arena *arena)
{
    if (arena->ctx == NULL)
        return;
    snn__free(arena->ctx, arena->items);
    snn__free(arena->ctx, arena->block);
    snn__arena_init(arena, arena->ctx);
}
