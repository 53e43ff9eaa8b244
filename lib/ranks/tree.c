/* ranks/tree.c - the fixed tree: a node of shards lo .. hi - 1 is the sum of two, cut at lo plus the largest power of
 * two below hi - lo.
 *
 * Whoever has some neighbours in it, in order, adds two as soon as they are the halves of a node. So a stack of a few
 * sums is enough, whatever the number of shards. */
#include "ranks/room.h"

static size_t cut(size_t lo, size_t hi)
{
    size_t half = 1;

    while (2 * half < hi - lo)
        half *= 2;
    return lo + half;
}

static bool is_node(size_t shards, size_t lo, size_t hi)
{
    size_t from = 0, to = shards;

    while (from <= lo && hi <= to && (from != lo || to != hi)) {
        const size_t middle = cut(from, to);

        if (hi <= middle)
            to = middle;
        else if (lo >= middle)
            from = middle;
        else
            return false;
    }
    return from == lo && to == hi;
}

/* bounds NULL: single shards from `first` on. */
static size_t plan(struct snn__tree *t, size_t shards, const size_t *bounds, size_t first, size_t n,
                   size_t left[SNN__RANKS_HIGH + 1])
{
    size_t height = 0;

    t->n = n;
    t->depth = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t end = bounds != NULL ? bounds[i + 1] : first + i + 1;
        unsigned char merges = 0;

        left[height++] = bounds != NULL ? bounds[i] : first + i;
        t->depth = snn__max(t->depth, height);
        for (; height > 1 && is_node(shards, left[height - 2], end); height--)
            merges++;
        if (t->merges != NULL)
            t->merges[i] = merges;
    }
    left[height] = bounds != NULL ? bounds[n] : first + n;
    return height;
}

size_t snn__tree_plan(struct snn__tree *t, size_t shards, const size_t *bounds, size_t n,
                      size_t left[SNN__RANKS_HIGH + 1])
{
    return plan(t, shards, bounds, 0, n, left);
}

size_t snn__tree_of_shards(struct snn__tree *t, size_t shards, size_t first, size_t n,
                           size_t left[SNN__RANKS_HIGH + 1])
{
    return plan(t, shards, NULL, first, n, left);
}
