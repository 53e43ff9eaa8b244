/* blas/outer.c - outer products on the micro tile: blocks of the result stay in the second-level cache, both operands
 * are packed for some samples at a time. */
#include "blas/blocks.h"
#include "blas/table.h"
#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define SAMPLES 192u    /* most of m (outer products) that is packed at once */
#define OUTER_ROWS 264u /* most rows and columns in a block of an outer product */
#define OUTER_COLS 384u
#define FEW_ROWS 2u      /* tiles of rows for which packing a matrix takes longer than it saves */
#define CHUNK 16u        /* samples that are packed side by side */
#define ADDED (1u << 14) /* numbers that a task adds up */

struct outer {
    const struct snn__kernels *k;
    const struct snn__outer *p;
    size_t depth, row_tiles, col_tiles;
    size_t row_tasks, col_tasks;
    size_t parts; /* of m; more than 1: each goes to its own copy of g first */
    float *scratch, *copies;
    size_t per_worker;
};

/* Floats from a panel of `count` samples to the next. */
static size_t panel_pitch(size_t count, size_t width)
{
    return apart(count * width);
}

static size_t outer_room(const struct snn__kernels *k)
{
    return OUTER_ROWS / k->mr * panel_pitch(SAMPLES, k->mr) +
           OUTER_COLS / k->nr * (panel_pitch(SAMPLES, k->nr) + CHUNK * k->nr);
}

/* Results are cut into blocks that a task keeps in the second-level cache. Where these are too few, m is cut too and
 * the parts are added up in order; where m is too small for that, the blocks are made narrower. */
static void cut_outer(struct outer *a, size_t m, size_t n, size_t k)
{
    const size_t wanted = parts_wanted(m, n, k), tasks = snn__min(THREADS, tasks_wanted(m, n, k));

    a->depth = k;
    a->row_tiles = snn__ceil_div(n, a->k->mr);
    a->col_tiles = snn__ceil_div(k, a->k->nr);
    a->col_tasks = snn__min(wanted, snn__ceil_div(a->col_tiles, OUTER_COLS / a->k->nr));
    a->row_tasks = snn__min(snn__ceil_div(wanted, a->col_tasks), snn__ceil_div(a->row_tiles, OUTER_ROWS / a->k->mr));
    a->parts = snn__max(1, snn__min(wanted / (a->row_tasks * a->col_tasks), m / (2 * SAMPLES)));
    if (a->parts == 1)
        a->col_tasks = snn__max(a->col_tasks, snn__min(a->col_tiles, tasks / a->row_tasks));
    a->per_worker = outer_room(a->k);
}

static size_t dense_scratch(const snn_context *ctx, size_t m, size_t n, size_t k)
{
    struct outer a = { .k = ctx->kernels };

    cut_outer(&a, m, n, k);
    return outer_bytes(ctx, a.per_worker, a.parts, n, k);
}

size_t snn__outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const size_t k = snn__window_depth(w);
    size_t bytes;

    if (m == 0 || n == 0 || k == 0)
        return 0;
    bytes = dense_scratch(ctx, m, n, k);
    if (snn__direct_fits(w))
        bytes = snn__max(bytes, snn__direct_outer_scratch(ctx, m, n, w));
    if (snn__table_has(ctx, SNN__WAY_SLICES, SNN__OF_GRADIENTS, m, n, w))
        snn__matrix_ask(ctx);
    if (snn__slices_fit(ctx, w))
        bytes = snn__max(bytes, snn__slices_scratch(ctx, m, n, w));
    if (snn__outer_events_fit(w, n))
        bytes = snn__max(bytes, snn__outer_events_scratch(ctx, m, n, w));
    return snn__winograd_fits(w, m, n) ? snn__max(bytes, snn__winograd_outer_scratch(ctx, m, n, w)) : bytes;
}

/* panels[tile][m][mr] <- columns of d */
static void pack_columns(const struct outer *a, struct span m, struct span tiles, float *panels)
{
    const size_t mr = a->k->mr, pitch = panel_pitch(m.to - m.from, mr);

    for (size_t i = m.from; i < m.to; i++) {
        const float *d = a->p->d + i * a->p->d_pitch;
        float *out = panels + (i - m.from) * mr;

        for (size_t t = tiles.from; t < tiles.to; t++, out += pitch)
            copy(out, d + t * mr, snn__min(mr, a->p->n - t * mr));
    }
}

/* panels[tile][m][nr] <- columns k .. k + length - 1 (from panel 0's first) of `rows` rows */
SNN__INLINE void spread(float *panels, size_t pitch, size_t nr, size_t k, size_t length, const float *const *from,
                        size_t rows)
{
    for (size_t done = 0; done < length;) {
        const size_t at = (k + done) % nr, some = snn__min(length - done, nr - at);
        float *out = panels + (k + done) / nr * pitch + at;

        for (size_t i = 0; i < rows; i++)
            copy(out + i * nr, from[i] + done, some);
        done += some;
    }
}

/* panels[tile][m][nr] <- columns of read(x), zero beyond the last; run by run for some rows at a time */
static void pack_patches(const struct outer *a, struct span m, struct span tiles, float *panels, float *own)
{
    const struct snn__window *w = &a->p->window;
    const size_t nr = a->k->nr, pitch = panel_pitch(m.to - m.from, nr), run = snn__window_run(w);
    const size_t begin = tiles.from * nr, end = snn__min(a->depth, tiles.to * nr);
    struct snn__position at[CHUNK];
    const float *piece[CHUNK];

    for (size_t from = m.from; from < m.to; from += CHUNK) {
        const size_t rows = snn__min(CHUNK, m.to - from);
        float *const out = panels + (from - m.from) * nr;

        for (size_t i = 0; i < rows; i++)
            at[i] = snn__window_locate(w, a->p->x, from + i);
        for (size_t k = begin; k < end;) {
            const size_t length = snn__min(end, k / run * run + run) - k;
            const struct snn__column column = snn__window_column(w, k);

            for (size_t i = 0; i < rows; i++)
                piece[i] = snn__window_piece(w, &at[i], &column, length, own + i * OUTER_COLS);
            spread(out, pitch, nr, k - begin, length, piece, rows);
            k += length;
        }
        for (size_t k = end; k < tiles.to * nr; k++)
            for (size_t i = 0; i < rows; i++)
                out[i * nr + (k - begin) / nr * pitch + k % nr] = 0;
    }
}

/* One block of the result where rows are few: a matrix is read where it lies, in the same order. */
static void outer_strips(const struct outer *a, struct span m, struct span rows, struct span cols, float *g,
                         size_t pitch, bool accumulate)
{
    const struct snn__outer *p = a->p;
    const size_t i = rows.from * a->k->mr, j = cols.from * a->k->nr, some = block_length(m.to - m.from, SAMPLES);

    for (size_t from = m.from; from < m.to; from += some)
        snn__strips(a->k, snn__min(p->n, rows.to * a->k->mr) - i, snn__min(a->depth, cols.to * a->k->nr) - j,
                    (struct snn__strip){ .runs = 1,
                                         .length = snn__min(some, m.to - from),
                                         .a = p->d + from * p->d_pitch + i,
                                         .a_row = 1,
                                         .a_step = p->d_pitch,
                                         .b = p->x + from * p->window.pitch + j,
                                         .b_step = p->window.pitch,
                                         .alpha = p->alpha,
                                         .c = g + i * pitch + j,
                                         .c_pitch = pitch,
                                         .accumulate = accumulate || from > m.from });
}

/* One block of the result: the sum over the samples of m. */
static void outer_block(const struct outer *a, struct span m, struct span rows, struct span cols, float *g,
                        size_t pitch, bool accumulate, float *scratch)
{
    const struct snn__outer *p = a->p;
    const size_t mr = a->k->mr, nr = a->k->nr, some = block_length(m.to - m.from, SAMPLES);
    float *const left = scratch, *const right = left + OUTER_ROWS / mr * panel_pitch(SAMPLES, mr);
    float *const own = right + OUTER_COLS / nr * panel_pitch(SAMPLES, nr);

    for (size_t from = m.from; from < m.to; from += some) {
        const struct span now = { from, snn__min(m.to, from + some) };
        const size_t count = now.to - now.from;

        pack_columns(a, now, rows, left);
        pack_patches(a, now, cols, right, own);
        for (size_t j = cols.from; j < cols.to; j++)
            for (size_t i = rows.from; i < rows.to; i++) {
                const size_t height = snn__min(mr, p->n - i * mr), width = snn__min(nr, a->depth - j * nr);
                const float *l = left + (i - rows.from) * panel_pitch(count, mr);
                const float *r = right + (j - cols.from) * panel_pitch(count, nr);
                float *out = g + i * mr * pitch + j * nr;
                const bool add = accumulate || from > m.from;

                if (p->alpha == 1 && height == mr && width == nr)
                    a->k->tile(count, l, r, out, pitch, add);
                else
                    a->k->edge(height, width, count, l, r, p->alpha, NULL, out, pitch, add);
            }
    }
}

static void outer_task(void *arg, size_t task, size_t worker)
{
    const struct outer *a = arg;
    const size_t cuts = a->row_tasks * a->col_tasks, which = task / cuts, cell = task % cuts;
    const struct span m = part(a->p->m, a->parts, which);
    const struct span rows = part(a->row_tiles, a->row_tasks, cell / a->col_tasks);
    const struct span cols = part(a->col_tiles, a->col_tasks, cell % a->col_tasks);
    const size_t high = block_length(rows.to - rows.from, OUTER_ROWS / a->k->mr);
    const size_t wide = block_length(cols.to - cols.from, OUTER_COLS / a->k->nr);
    const bool whole = a->parts == 1, adds = whole && a->p->accumulate;
    const size_t pitch = whole ? a->p->g_pitch : a->depth;
    float *const g = whole ? a->p->g : a->copies + which * a->p->n * a->depth;

    if (snn__is_matrix(&a->p->window) && rows.to - rows.from <= FEW_ROWS) {
        outer_strips(a, m, rows, cols, g, pitch, adds);
        return;
    }
    for (size_t i = rows.from; i < rows.to; i += high)
        for (size_t j = cols.from; j < cols.to; j += wide) {
            const struct span r = { i, snn__min(rows.to, i + high) }, c = { j, snn__min(cols.to, j + wide) };

            outer_block(a, m, r, c, g, pitch, adds, a->scratch + worker * a->per_worker);
        }
}

struct sum {
    const struct snn__kernels *k;
    const struct snn__outer *p;
    const float *copies;
    size_t parts, depth, tasks;
};

/* Some rows of g. */
static void add_rows(void *arg, size_t task)
{
    const struct sum *a = arg;
    const struct snn__outer *p = a->p;
    const struct span rows = part(p->n, a->tasks, task);

    for (size_t n = rows.from; n < rows.to; n++)
        for (size_t i = 0; i < a->parts; i++) {
            const float *partial = a->copies + (i * p->n + n) * a->depth;

            if (i == 0 && !p->accumulate)
                memcpy(p->g + n * p->g_pitch, partial, a->depth * sizeof *partial);
            else
                a->k->axpy(p->g + n * p->g_pitch, 1, partial, a->depth);
        }
}

void snn__add_parts(const snn_context *ctx, const struct snn__outer *p, const float *copies, size_t parts,
                    size_t depth)
{
    const size_t tasks = snn__min(p->n, SNN__PRODUCT(p->n, parts, depth) / ADDED + 1);
    struct sum a = { ctx->kernels, p, copies, parts, depth, tasks };

    snn__each(ctx, add_rows, &a, tasks);
}

/* One row of a matrix: g[n][k] (+)= alpha d[n] x[k] needs no panels. */
static void outer_row(const struct snn__kernels *k, const struct snn__outer *p)
{
    for (size_t n = 0; n < p->n; n++)
        snn__add_or_scale(k, p->g + n * p->g_pitch, p->alpha * p->d[n], p->x, p->window.c, p->accumulate);
}

bool snn__outer_takes(const snn_context *ctx, const struct snn__outer *p, enum snn__way way)
{
    switch (way) {
    case SNN__WAY_DENSE:
        return true;
    case SNN__WAY_WINOGRAD:
        return !p->window.transposed && snn__winograd_fits(&p->window, p->m, p->n);
    case SNN__WAY_EVENTS:
        return snn__outer_events_fit(&p->window, p->n);
    case SNN__WAY_SLICES:
        return snn__slices_fit(ctx, &p->window);
    default:
        return false;
    }
}

/* The share of x that is not zero. */
static double share_of(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    const struct snn__product as_if = { .m = p->m, .n = p->n, .x = p->x, .window = p->window, .alpha = 1 };

    return snn__events_share(ctx, &as_if, scratch);
}

enum snn__way snn__outer_way(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    const struct snn__table_row *row;
    size_t index = 0;

    if (p->way != SNN__WAY_ANY)
        return p->way;
    do
        row = snn__table_next(ctx, &index, SNN__OF_GRADIENTS, p->m, p->n, &p->window);
    while (!snn__outer_takes(ctx, p, row->way));
    if (row->events <= 0 || !snn__outer_takes(ctx, p, SNN__WAY_EVENTS))
        return row->way;
    return share_of(ctx, p, scratch) < row->events ? SNN__WAY_EVENTS : row->way;
}

static void dense_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    struct outer a = { .k = ctx->kernels, .p = p, .scratch = scratch };

    cut_outer(&a, p->m, p->n, snn__window_depth(&p->window));
    a.copies = a.scratch + snn__threads(ctx) * a.per_worker;
    snn__parallel(ctx, outer_task, &a, a.parts * a.row_tasks * a.col_tasks);
    if (a.parts > 1)
        snn__add_parts(ctx, p, a.copies, a.parts, a.depth);
}

void snn__outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    if (p->m == 0 || p->n == 0 || snn__window_depth(&p->window) == 0)
        return;
    if (p->m == 1 && snn__is_matrix(&p->window)) {
        outer_row(ctx->kernels, p);
        return;
    }
    switch (snn__outer_way(ctx, p, scratch)) {
    case SNN__WAY_EVENTS:
        snn__outer_events(ctx, p, scratch);
        return;
    case SNN__WAY_SLICES:
        snn__slices_outer(ctx, p, scratch);
        return;
    case SNN__WAY_WINOGRAD:
        snn__winograd_outer(ctx, p, scratch);
        return;
    default:
        if (snn__direct_fits(&p->window))
            snn__direct_outer(ctx, p, scratch);
        else
            dense_outer(ctx, p, scratch);
    }
}
