/* kernel/ranges.c - elementwise work in fixed pieces. */
#include "core/size.h"
#include "kernel/kernel.h"

#define PIECES 64u     /* at most: several for each thread, so that those who are done early take some of others */
#define SMALLEST 4096u /* elements of a piece: a few microseconds, more than a region costs */
#define ALIGNMENT 64u  /* elements: pieces share no cache line */

struct ranges {
    void (*fn)(void *arg, size_t from, size_t to);
    void *arg;
    size_t n, piece;
};

static void run_piece(void *arg, size_t task)
{
    const struct ranges *r = arg;

    r->fn(r->arg, task * r->piece, snn__min(r->n, (task + 1) * r->piece));
}

void snn__ranges(const snn_context *ctx, size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg)
{
    size_t pieces = 1;
    struct ranges r = { fn, arg, n, 0 };

    if (n == 0)
        return;
    while (pieces < PIECES &&
           2 * pieces * SMALLEST <= n) /* a power of two: the usual numbers of threads have equal shares */
        pieces *= 2;
    r.piece = snn__round_up(snn__ceil_div(n, pieces), ALIGNMENT);
    if (pieces == 1)
        fn(arg, 0, n);
    else
        snn__each(ctx, run_piece, &r, snn__ceil_div(n, r.piece));
}
