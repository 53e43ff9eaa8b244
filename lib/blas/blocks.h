/* blas/blocks.h - how the built-in products cut their work: by its sizes alone, so that any number of threads gives
 * the same bits. */
#ifndef SNN_BLAS_BLOCKS_H
#define SNN_BLAS_BLOCKS_H

#include "blas/product.h"
#include "core/compiler.h"
#include "core/context.h"
#include "core/size.h"
#include <string.h>

#define THREADS 16u          /* for which work is cut evenly */
#define TASKS 64u            /* aim of a large product: threads that are done early take some of others */
#define SMALLEST (1u << 15)  /* multiplications of a task: about a microsecond, as much as a region costs */
#define PARTS 16u            /* most of a sum, whose order they make, */
#define PART_WORK (1u << 16) /* and multiplications of one */

struct span {
    size_t from, to;
};

/* Part `index` of `parts` of 0 .. n - 1. */
static inline struct span part(size_t n, size_t parts, size_t index)
{
    struct span s = { snn__part(n, parts, index), snn__part(n, parts, index + 1) };

    return s;
}

/* The length of the blocks, as equal as can be and none above `most`, that n is cut into. */
static inline size_t block_length(size_t n, size_t most)
{
    return snn__ceil_div(n, snn__ceil_div(n, most));
}

/* A power of two: the usual numbers of threads have equal shares. */
static inline size_t pieces_of_work(size_t m, size_t n, size_t k, size_t most, size_t smallest)
{
    const double work = (double)m * (double)n * (double)k / (double)smallest;
    size_t pieces = 1;

    while (pieces < most && 2.0 * (double)pieces <= work)
        pieces *= 2;
    return pieces;
}

/* Tasks that share no sum. */
static inline size_t tasks_wanted(size_t m, size_t n, size_t k)
{
    return pieces_of_work(m, n, k, TASKS, SMALLEST);
}

/* Parts of a sum. */
static inline size_t parts_wanted(size_t m, size_t n, size_t k)
{
    return pieces_of_work(m, n, k, PARTS, PART_WORK);
}

static inline size_t aligned(size_t floats)
{
    return snn__round_up(floats, 16);
}

/* The distance between copies that are used side by side: not a power of two, so that they do not map to the same
 * cache set. */
static inline size_t apart(size_t floats)
{
    return SNN__SUM(aligned(floats), 16);
}

/* In steps of a register: rows that are packed are short. */
SNN__INLINE void copy(float *to, const float *from, size_t n)
{
    for (; n >= 16; n -= 16, to += 16, from += 16)
        memcpy(to, from, 16 * sizeof *to);
    for (; n >= 4; n -= 4, to += 4, from += 4)
        memcpy(to, from, 4 * sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

/* Floats of every thread, and copies of g, [n][depth] each, where more than one part is to be added up: in bytes. */
static inline size_t outer_bytes(const snn_context *ctx, size_t per_worker, size_t parts, size_t n, size_t depth)
{
    const size_t copies = parts > 1 ? SNN__PRODUCT(parts, n, depth) : 0;

    return SNN__PRODUCT(SNN__SUM(SNN__PRODUCT(snn__threads(ctx), per_worker), copies), sizeof(float));
}

/* g (+)= the sum of `parts` copies of it, [n][depth] each, in order. */
void snn__add_parts(const snn_context *ctx, const struct snn__outer *p, const float *copies, size_t parts,
                    size_t depth);

/* events.c: products with an x that is mostly zero. share: the share of x that is not zero, estimated from some
 * samples. Positions lie side by side: pitch = c. */
size_t snn__events_scratch(const snn_context *ctx, size_t m, const struct snn__window *w);
double snn__events_share(const snn_context *ctx, const struct snn__product *p, void *scratch);
void snn__events_product(const snn_context *ctx, const struct snn__product *p, void *scratch);

/* outer_events.c: outer products with an x that is mostly zero. scratch: also for the share. */
bool snn__outer_events_fit(const struct snn__window *w, size_t n);
size_t snn__outer_events_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__outer_events(const snn_context *ctx, const struct snn__outer *p, void *scratch);

/* lookup.c: products with spikes. */
size_t snn__lookup_scratch(const snn_context *ctx, size_t m, const struct snn__window *w);
void snn__lookup_product(const snn_context *ctx, const struct snn__product *p, void *scratch);

/* matrix.c: products with spikes where the table has a matrix unit. */
void snn__matrix_ask(const snn_context *ctx);
bool snn__matrix_is_open(const snn_context *ctx); /* there is one, and it was asked for and granted */
bool snn__matrix_fits(const snn_context *ctx, const struct snn__window *w);
bool snn__matrix_takes(const snn_context *ctx, const struct snn__product *p);
size_t snn__matrix_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__matrix_product(const snn_context *ctx, const struct snn__product *p, void *scratch);

/* strided.c: adjoints of convolutions with a stride; scratch: on top of that of any other product. */
bool snn__strided_fits(const struct snn__window *w);
size_t snn__strided_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__strided_product(const snn_context *ctx, const struct snn__product *p, void *scratch);

/* direct.c: convolutions of few channels. */
bool snn__direct_fits(const struct snn__window *w);
size_t snn__direct_scratch(const snn_context *ctx, const struct snn__window *w);
void snn__direct_product(const snn_context *ctx, const struct snn__product *p, void *scratch);
size_t snn__direct_outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__direct_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch);

/* slices.c: outer products where the table has a matrix unit. */
bool snn__slices_fit(const snn_context *ctx, const struct snn__window *w);
size_t snn__slices_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__slices_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch);

/* digits.c: products of real numbers where the table has a matrix unit. */
bool snn__digits_fit(const snn_context *ctx, const struct snn__window *w);
size_t snn__digits_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
/* false, and nothing is written: the numbers are too uneven for digits. */
bool snn__digits_product(const snn_context *ctx, const struct snn__product *p, void *scratch);

/* winograd.c: convolutions of 3x3 or 5x5 taps with stride 1, in fewer multiplications. */
bool snn__winograd_fits(const struct snn__window *w, size_t m, size_t n);
size_t snn__winograd_product_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__winograd_product(const snn_context *ctx, const struct snn__product *p, void *scratch);
size_t snn__winograd_outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
void snn__winograd_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch);

#endif
