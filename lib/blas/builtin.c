/* blas/builtin.c - matrix products on the micro tile of the kernel table.
 *
 * The scheme is that of Goto and van de Geijn (2008): panels of both operands, packed so that the tile reads them in
 * order, in blocks that stay in the second-level cache. Weights are packed once, ahead of time; the other operand is
 * packed while it is read through its window, so that a convolution never makes its matrix of patches.
 *
 * Work is cut by the shape alone and every element is summed by one task in one order: any number of threads gives
 * the same bits. */
#include "blas/blocks.h"
#include "blas/table.h"
#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <snn/version.h>
#include <string.h>

#define DEPTH 384u       /* most of k (products) that is packed at once */
#define ROW_TILES 8u     /* most tiles of rows in a block of a product */
#define WORD_CHANNELS 8u /* of a word of spikes that are worth its gathering */
#define SHORT_RUN 32u    /* columns: shorter runs are first copied together */

const char *snn_version_products(void)
{
    return "builtin";
}

struct product {
    const struct snn__kernels *k;
    const struct snn__product *p;
    size_t depth, row_tiles, col_tiles; /* of the whole product */
    size_t row_tasks, col_tasks;
    float *scratch;
    size_t per_worker;
};

/* Floats of one worker: a block of packed rows, rows on their way into it, zeros. */
static size_t product_room(const struct snn__kernels *k, size_t depth)
{
    const size_t deep = aligned(snn__min(depth, DEPTH));

    return (ROW_TILES + 1) * k->mr * deep + deep;
}

void snn__product_ask(const snn_context *ctx)
{
    snn__matrix_ask(ctx);
}

/* Fewer rows than m may go another way. */
size_t snn__product_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w, bool spikes)
{
    const size_t packed =
        SNN__PRODUCT(snn__threads(ctx), product_room(ctx->kernels, snn__window_depth(w)), sizeof(float));
    size_t bytes = snn__max(packed, snn__events_scratch(ctx, m, w));

    if (snn__direct_fits(w))
        bytes = snn__max(bytes, snn__direct_scratch(ctx, w));
    if (snn__strided_fits(w))
        bytes = SNN__SUM(bytes, snn__strided_scratch(ctx, m, n, w));
    if (spikes)
        bytes = snn__max(bytes, snn__lookup_scratch(ctx, m, w));
    if (spikes && snn__table_has(ctx, SNN__WAY_MATRIX, SNN__OF_SPIKES, m, n, w))
        snn__matrix_ask(ctx);
    if (spikes && snn__matrix_fits(ctx, w))
        bytes = snn__max(bytes, snn__matrix_scratch(ctx, m, n, w));
    if (!spikes && snn__product_wants_digits(ctx, m, n, w))
        bytes = snn__max(bytes, snn__digits_scratch(ctx, m, n, w));
    return snn__winograd_fits(w, m, n) ? snn__max(bytes, snn__winograd_product_scratch(ctx, m, n, w)) : bytes;
}

/* panel[k][mr] <- columns k0 .. k0 + length - 1 of `rows` rows from m on; rows up to mr are zero. */
static void pack_rows(const struct product *a, size_t m, size_t rows, size_t k0, size_t length, float *panel,
                      float *own)
{
    const struct snn__window *w = &a->p->window;
    const size_t mr = a->k->mr, run = snn__window_run(w), deep = aligned(snn__min(a->depth, DEPTH));
    struct snn__position at[SNN__MR_MAX];
    const float *row[SNN__MR_MAX];
    float *const zeros = own + mr * deep;

    for (size_t i = 0; i < mr; i++) {
        if (i < rows)
            at[i] = snn__window_locate(w, a->p->x, m + i);
        row[i] = zeros;
    }
    if (run < SHORT_RUN && run < a->depth) {
        for (size_t i = 0; i < rows; i++) {
            snn__window_row(w, &at[i], k0, length, own + i * deep);
            row[i] = own + i * deep;
        }
        a->k->interleave(panel, mr, row, length);
        return;
    }
    for (size_t k = k0, end = k0 + length; k < end;) {
        const size_t piece = snn__min(end, k / run * run + run) - k;
        const struct snn__column column = snn__window_column(w, k);

        for (size_t i = 0; i < rows; i++)
            row[i] = snn__window_piece(w, &at[i], &column, piece, own + i * deep);
        a->k->interleave(panel, mr, row, piece);
        panel += piece * mr;
        k += piece;
    }
}

/* y[rows, cols] (+)= one block of packed rows times the same columns of the packed weights */
static void multiply_block(const struct product *a, struct span rows, struct span cols, size_t k0, size_t length,
                           const float *block)
{
    const struct snn__product *p = a->p;
    const size_t mr = a->k->mr, nr = a->k->nr;
    const bool accumulate = p->accumulate || k0 > 0, plain = p->alpha == 1 && (p->bias == NULL || k0 > 0);

    for (size_t j = cols.from; j < cols.to; j++) {
        const float *b = p->packed + (j * a->depth + k0) * nr;
        const size_t width = snn__min(nr, p->n - j * nr);
        const float *bias = p->bias && k0 == 0 ? p->bias + j * nr : NULL;

        for (size_t i = rows.from; i < rows.to; i++) {
            const float *panel = block + (i - rows.from) * mr * length;
            const size_t height = snn__min(mr, p->m - i * mr);
            float *y = p->y + i * mr * p->y_pitch + j * nr;

            if (plain && height == mr && width == nr)
                a->k->tile(length, panel, b, y, p->y_pitch, accumulate);
            else
                a->k->edge(height, width, length, panel, b, p->alpha, bias, y, p->y_pitch, accumulate);
        }
    }
}

static void product_task(void *arg, size_t task, size_t worker)
{
    const struct product *a = arg;
    const size_t mr = a->k->mr, deep = block_length(a->depth, DEPTH);
    const struct span rows = part(a->row_tiles, a->row_tasks, task / a->col_tasks);
    const struct span cols = part(a->col_tiles, a->col_tasks, task % a->col_tasks);
    const size_t high = block_length(rows.to - rows.from, ROW_TILES);
    float *const block = a->scratch + worker * a->per_worker;
    float *const own = block + ROW_TILES * mr * aligned(snn__min(a->depth, DEPTH));

    memset(own + mr * aligned(snn__min(a->depth, DEPTH)), 0, snn__min(a->depth, DEPTH) * sizeof *own);
    for (size_t i = rows.from; i < rows.to; i += high)
        for (size_t k0 = 0; k0 < a->depth; k0 += deep) {
            const size_t length = snn__min(deep, a->depth - k0);
            const struct span some = { i, snn__min(rows.to, i + high) };

            for (size_t t = some.from; t < some.to; t++)
                pack_rows(a, t * mr, snn__min(mr, a->p->m - t * mr), k0, length,
                          block + (t - some.from) * mr * length, own);
            multiply_block(a, some, cols, k0, length, block);
        }
}

/* The time of tasks of `high` tiles of rows, on many threads and on one. Beside a tile, packing one of rows takes a
 * quarter of its time, and a first read of a panel of weights the half. */
static size_t time_of_cut(const struct product *a, size_t high, size_t col_tasks)
{
    const size_t rounds = snn__ceil_div(snn__ceil_div(a->row_tiles, high) * col_tasks, THREADS);

    return THREADS * rounds * ((4 * high + 2) * snn__ceil_div(a->col_tiles, col_tasks) + high) +
           a->row_tiles * col_tasks;
}

/* Where rows are few, columns are cut, too, though their rows are packed for each task anew. */
static void cut_product(struct product *a)
{
    const size_t wanted = tasks_wanted(a->p->m, a->p->n, a->depth);
    size_t least = SIZE_MAX;

    a->row_tasks = wanted;
    a->col_tasks = 1;
    if (a->row_tiles >= wanted * ROW_TILES)
        return;
    for (size_t high = 2 * ROW_TILES; high > 0; high--) {
        const size_t rows = snn__ceil_div(a->row_tiles, high);
        const size_t cols = snn__max(1, snn__min(a->col_tiles, snn__min(wanted, THREADS) / rows));
        const size_t time = time_of_cut(a, high, cols);

        if (rows <= wanted && time < least) {
            least = time;
            a->row_tasks = rows;
            a->col_tasks = cols;
        }
    }
}

static void dense_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    struct product a = { .k = ctx->kernels, .p = p, .depth = snn__window_depth(&p->window), .scratch = scratch };

    a.row_tiles = snn__ceil_div(p->m, a.k->mr);
    a.col_tiles = snn__ceil_div(p->n, a.k->nr);
    a.per_worker = product_room(a.k, a.depth);
    cut_product(&a);
    snn__parallel(ctx, product_task, &a, a.row_tasks * a.col_tasks);
}

bool snn__product_takes(const snn_context *ctx, const struct snn__product *p, enum snn__way way)
{
    switch (way) {
    case SNN__WAY_WINOGRAD:
        return snn__winograd_fits(&p->window, p->m, p->n);
    case SNN__WAY_EVENTS:
        return p->window.pitch == p->window.c;
    case SNN__WAY_LOOKUP:
        return p->spikes;
    case SNN__WAY_MATRIX:
        return snn__matrix_takes(ctx, p);
    case SNN__WAY_SLICES:
        return p->digits != NULL;
    default:
        return way == SNN__WAY_DENSE || way == SNN__WAY_ANY;
    }
}

bool snn__product_reads_map(const struct snn__window *w)
{
    return w->c >= WORD_CHANNELS;
}

static const struct snn__table_row *row_of(const snn_context *ctx, const struct snn__product *p)
{
    /* the matrix unit takes counts as it takes spikes */
    const bool bits = p->spikes || snn__product_takes(ctx, p, SNN__WAY_MATRIX);
    const enum snn__kind kind = snn__product_kind(&p->window, bits);
    const struct snn__table_row *row;
    size_t index = 0;

    do
        row = snn__table_next(ctx, &index, kind, p->m, p->n, &p->window);
    while (!snn__product_takes(ctx, p, row->way));
    return row;
}

bool snn__product_wants_digits(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct snn__product as_if = { .m = m, .n = n, .window = *w, .digits = w };

    if (!snn__table_has(ctx, SNN__WAY_SLICES, snn__product_kind(w, false), m, n, w))
        return false;
    snn__matrix_ask(ctx);
    return snn__digits_fit(ctx, w) && row_of(ctx, &as_if)->way == SNN__WAY_SLICES;
}

enum snn__way snn__product_way(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__table_row *row;

    if (p->way != SNN__WAY_ANY)
        return p->way;
    row = row_of(ctx, p);
    if (!snn__product_takes(ctx, p, SNN__WAY_EVENTS))
        return row->way;
    return snn__events_share(ctx, p, scratch) <= row->events ? SNN__WAY_EVENTS : row->way;
}

bool snn__product_by_digits(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    return p->digits != NULL && snn__product_way(ctx, p, scratch) == SNN__WAY_SLICES &&
           snn__digits_product(ctx, p, scratch);
}

void snn__product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    if (p->m == 0 || p->n == 0 || snn__window_depth(&p->window) == 0)
        return;
    switch (snn__product_way(ctx, p, scratch)) {
    case SNN__WAY_EVENTS:
        snn__events_product(ctx, p, scratch);
        return;
    case SNN__WAY_WINOGRAD:
        snn__winograd_product(ctx, p, scratch);
        return;
    case SNN__WAY_LOOKUP:
        snn__lookup_product(ctx, p, scratch);
        return;
    case SNN__WAY_MATRIX:
        snn__matrix_product(ctx, p, scratch);
        return;
    default:
        if (snn__strided_fits(&p->window))
            snn__strided_product(ctx, p, scratch);
        else if (snn__direct_fits(&p->window))
            snn__direct_product(ctx, p, scratch);
        else
            dense_product(ctx, p, scratch);
    }
}
