/* blas/builtin.c - matrix products on the micro tile of the kernel table.
 *
 * The scheme is that of Goto and van de Geijn (2008): panels of both operands, packed so that the tile reads them in
 * order, in blocks that stay in the second-level cache. Weights are packed once, ahead of time; the other operand is
 * packed while it is read through its window, so that a convolution never makes its matrix of patches.
 *
 * Work is cut by the shape alone and every element is summed by one task in one order: any number of threads gives
 * the same bits. */
#include "blas/blocks.h"
#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <snn/version.h>
#include <string.h>

#define DEPTH 384u       /* most of k (products) that is packed at once */
#define ROW_TILES 8u     /* most tiles of rows in a block of a product */
#define SAMPLES 192u     /* most of m (outer products) that is packed at once */
#define OUTER_ROWS 20u   /* most tiles of rows and columns in a block of an outer product */
#define OUTER_COLS 12u
#define CHUNK 16u        /* samples that are packed side by side */
#define ADD_TASKS 4u     /* that add up the parts of m */
#define LOOKUP_ROWS 128u   /* of a product that are worth tables of sums, */
#define WORD_CHANNELS 8u   /* of a word of spikes that are worth its gathering */
#define MATRIX_ROWS 64u     /* that are worth the bytes of weights of a matrix unit, */
#define MATRIX_COLUMNS 32u  /* its tiles, and */
#define MATRIX_CHANNELS 32u /* words of 64; these three and the share of events below are predicted, not measured */
#define SHORT_RUN 32u    /* columns: shorter runs are first copied together */

const char *snn_version_products(void)
{
    return "builtin";
}

/* ---- packing
 * ------------------------------------------------------------------------------------------------------ */

size_t snn__packed_size(const snn_context *ctx, size_t k, size_t n)
{
    return SNN__PRODUCT(k, snn__round_up(n, ctx->kernels->nr));
}

struct pack {
    const struct snn__kernels *k;
    float *packed;
    const float *w;
    size_t taps, inner, n, tap_stride, inner_stride, n_stride, nr;
};

/* Weights that lie along k: a matrix is turned. Rows beyond the last are the last one, and are cleared. */
static void turn_panel(const struct pack *a, const float *w, size_t cols, float *out)
{
    const float *row[SNN__NR_MAX];

    for (size_t j = 0; j < a->nr; j++)
        row[j] = w + snn__min(j, cols - 1) * a->n_stride;
    a->k->interleave(out, a->nr, row, a->inner);
    if (cols < a->nr)
        for (size_t i = 0; i < a->inner; i++)
            memset(out + i * a->nr + cols, 0, (a->nr - cols) * sizeof *out);
}

SNN__INLINE void copy(float *to, const float *from, size_t n)
{
    for (; n >= 16; n -= 16, to += 16, from += 16)
        memcpy(to, from, 16 * sizeof *to);
    for (; n >= 4; n -= 4, to += 4, from += 4)
        memcpy(to, from, 4 * sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

/* packed[panel][k][nr] */
static void pack_panel(void *arg, size_t task, size_t worker)
{
    const struct pack *a = arg;
    const size_t cols = snn__min(a->nr, a->n - task * a->nr);
    const float *w = a->w + task * a->nr * a->n_stride;
    float *out = a->packed + task * a->nr * a->taps * a->inner;

    (void)worker;
    if (a->taps == 1 && a->inner_stride == 1) {
        turn_panel(a, w, cols, out);
        return;
    }
    for (size_t t = 0; t < a->taps; t++)
        for (size_t i = 0; i < a->inner; i++) {
            const float *from = w + t * a->tap_stride + i * a->inner_stride;

            if (a->n_stride == 1)
                copy(out, from, cols);
            else
                for (size_t j = 0; j < cols; j++)
                    out[j] = from[j * a->n_stride];
            for (size_t j = cols; j < a->nr; j++)
                out[j] = 0;
            out += a->nr;
        }
}

void snn__pack(const snn_context *ctx, float *packed, const float *w, size_t taps, size_t inner, size_t n,
               size_t tap_stride, size_t inner_stride, size_t n_stride)
{
    struct pack a = { ctx->kernels, packed, w, taps, inner, n, tap_stride, inner_stride, n_stride,
                      ctx->kernels->nr };

    snn__parallel(ctx, pack_panel, &a, snn__ceil_div(n, a.nr));
}

struct turn {
    const struct snn__kernels *k;
    float *turned;
    const float *packed;
    size_t taps, inner, n;
};

/* turned[panel of inner][tap][n][nr]: squares of nr by nr weights are turned one by one */
static void turn_squares(void *arg, size_t task, size_t worker)
{
    static const float zeros[SNN__NR_MAX];
    const struct turn *a = arg;
    const size_t nr = a->k->nr, rows = snn__min(nr, a->inner - task * nr);
    const float *row[SNN__NR_MAX];

    (void)worker;
    for (size_t tap = 0; tap < a->taps; tap++)
        for (size_t n = 0; n < a->n; n += nr) {
            const float *from = a->packed + (n * a->taps + tap * nr) * a->inner + task * nr * nr;

            for (size_t i = 0; i < nr; i++)
                row[i] = i < rows ? from + i * nr : zeros;
            a->k->interleave(a->turned + ((task * a->taps + tap) * a->n + n) * nr, nr, row, snn__min(nr, a->n - n));
        }
}

void snn__pack_turned(const snn_context *ctx, float *turned, const float *packed, size_t taps, size_t inner, size_t n)
{
    struct turn a = { ctx->kernels, turned, packed, taps, inner, n };

    snn__parallel(ctx, turn_squares, &a, snn__ceil_div(inner, ctx->kernels->nr));
}

/* ---- y = read(x) w -------------------------------------------------------------------------------------------- */

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

/* Large enough for the matrix unit; plain C has what specifies it, but none. */
static bool is_for_unit(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    return ctx->kernels->matrix && ctx->kernels->isa != SNN__ISA_REF && m >= MATRIX_ROWS && n >= MATRIX_COLUMNS &&
           w->c >= MATRIX_CHANNELS;
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
    size_t bytes = snn__max(packed, snn__events_scratch(ctx, w));

    if (spikes)
        bytes = snn__max(bytes, snn__lookup_scratch(ctx, m, w));
    if (spikes && is_for_unit(ctx, m, n, w))
        snn__matrix_ask(ctx);
    if (spikes && snn__matrix_fits(ctx, w))
        bytes = snn__max(bytes, snn__matrix_scratch(ctx, m, n, w));
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

/* Tasks take several tiles of rows, so that a panel of weights is used more than once, and several of columns, so
 * that rows are packed for more than one. */
static void cut_product(struct product *a)
{
    const size_t wanted = tasks_wanted(a->p->m, a->p->n, a->depth);

    a->row_tasks = snn__min(wanted, snn__ceil_div(a->row_tiles, a->col_tiles < 6 ? 2 : 6));
    a->col_tasks = snn__max(1, snn__min(a->col_tiles / 6, snn__ceil_div(wanted, a->row_tasks)));
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
        return p->spikes && snn__matrix_fits(ctx, &p->window);
    default:
        return true;
    }
}

bool snn__product_reads_map(const struct snn__window *w)
{
    return w->c >= WORD_CHANNELS;
}

/* The fastest way for an x without zeros. All thresholds here but those of the matrix unit are what snn bench kernels
 * shows. */
static enum snn__way full_way(const snn_context *ctx, const struct snn__product *p)
{
    if (is_for_unit(ctx, p->m, p->n, &p->window) && snn__product_takes(ctx, p, SNN__WAY_MATRIX))
        return SNN__WAY_MATRIX;
    if (snn__product_takes(ctx, p, SNN__WAY_LOOKUP) && p->m >= LOOKUP_ROWS && snn__product_reads_map(&p->window))
        return SNN__WAY_LOOKUP;
    return snn__product_takes(ctx, p, SNN__WAY_WINOGRAD) ? SNN__WAY_WINOGRAD : SNN__WAY_DENSE;
}

/* A smaller share of numbers that are not zero makes events faster than this way. */
static double events_below(const struct snn__product *p, enum snn__way way)
{
    if (p->m == 1) /* weights are read once: fewer of them are faster whatever their number */
        return 1;
    if (way == SNN__WAY_WINOGRAD)
        return p->window.kh == 3 ? 1 / 12.0 : 1 / 7.0;
    if (way == SNN__WAY_MATRIX)
        return 1 / 64.0;
    return way == SNN__WAY_LOOKUP ? 1 / 10.0 : 1 / 5.0;
}

enum snn__way snn__product_way(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    enum snn__way way;

    if (p->way != SNN__WAY_ANY)
        return p->way;
    way = full_way(ctx, p);
    if (!snn__product_takes(ctx, p, SNN__WAY_EVENTS))
        return way;
    return snn__events_share(ctx, p, scratch) < events_below(p, way) ? SNN__WAY_EVENTS : way;
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
        dense_product(ctx, p, scratch);
    }
}

/* ---- g = d' read(x) ------------------------------------------------------------------------------------------- */

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
    return OUTER_ROWS * panel_pitch(SAMPLES, k->mr) + OUTER_COLS * (panel_pitch(SAMPLES, k->nr) + CHUNK * k->nr);
}

/* Results are cut into blocks that a task keeps in the second-level cache. Where these are too few, m is cut too and
 * the parts are added up in order; where m is too small for that, the blocks are made narrower. */
static void cut_outer(struct outer *a, size_t m, size_t n, size_t k)
{
    const size_t wanted = tasks_wanted(m, n, k);

    a->depth = k;
    a->row_tiles = snn__ceil_div(n, a->k->mr);
    a->col_tiles = snn__ceil_div(k, a->k->nr);
    a->col_tasks = snn__min(wanted, snn__ceil_div(a->col_tiles, OUTER_COLS));
    a->row_tasks = snn__min(snn__ceil_div(wanted, a->col_tasks), snn__ceil_div(a->row_tiles, OUTER_ROWS));
    a->parts = snn__max(1, snn__min(wanted / (a->row_tasks * a->col_tasks), m / (2 * SAMPLES)));
    if (a->parts == 1)
        a->col_tasks = snn__max(a->col_tasks, snn__min(a->col_tiles / 2, wanted / a->row_tasks));
    a->per_worker = outer_room(a->k);
}

static size_t direct_scratch(const snn_context *ctx, size_t m, size_t n, size_t k)
{
    struct outer a = { .k = ctx->kernels };

    cut_outer(&a, m, n, k);
    return outer_bytes(ctx, a.per_worker, a.parts, n, k);
}

size_t snn__outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const size_t k = snn__window_depth(w);
    size_t direct;

    if (m == 0 || n == 0 || k == 0)
        return 0;
    direct = direct_scratch(ctx, m, n, k);
    return snn__winograd_fits(w, m, n) ? snn__max(direct, snn__winograd_outer_scratch(ctx, m, n, w)) : direct;
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
                piece[i] = snn__window_piece(w, &at[i], &column, length, own + i * OUTER_COLS * nr);
            spread(out, pitch, nr, k - begin, length, piece, rows);
            k += length;
        }
        for (size_t k = end; k < tiles.to * nr; k++)
            for (size_t i = 0; i < rows; i++)
                out[i * nr + (k - begin) / nr * pitch + k % nr] = 0;
    }
}

/* One block of the result: the sum over the samples of m. */
static void outer_block(const struct outer *a, struct span m, struct span rows, struct span cols, float *g,
                        size_t pitch, bool accumulate, float *scratch)
{
    const struct snn__outer *p = a->p;
    const size_t mr = a->k->mr, nr = a->k->nr, some = block_length(m.to - m.from, SAMPLES);
    float *const left = scratch, *const right = left + OUTER_ROWS * panel_pitch(SAMPLES, mr);
    float *const own = right + OUTER_COLS * panel_pitch(SAMPLES, nr);

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
    const size_t high = block_length(rows.to - rows.from, OUTER_ROWS);
    const size_t wide = block_length(cols.to - cols.from, OUTER_COLS);
    const bool whole = a->parts == 1;
    float *const g = whole ? a->p->g : a->copies + which * a->p->n * a->depth;

    for (size_t i = rows.from; i < rows.to; i += high)
        for (size_t j = cols.from; j < cols.to; j += wide) {
            const struct span r = { i, snn__min(rows.to, i + high) }, c = { j, snn__min(cols.to, j + wide) };

            outer_block(a, m, r, c, g, whole ? a->p->g_pitch : a->depth, whole && a->p->accumulate,
                        a->scratch + worker * a->per_worker);
        }
}

struct sum {
    const struct snn__kernels *k;
    const struct snn__outer *p;
    const float *copies;
    size_t parts, depth;
};

/* Some rows of g. */
static void add_rows(void *arg, size_t task, size_t worker)
{
    const struct sum *a = arg;
    const struct snn__outer *p = a->p;
    const struct span rows = part(p->n, ADD_TASKS, task);

    (void)worker;
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
    struct sum a = { ctx->kernels, p, copies, parts, depth };

    snn__parallel(ctx, add_rows, &a, ADD_TASKS);
}

/* One row of a matrix: g[n][k] (+)= alpha d[n] x[k] needs no panels. */
static void outer_row(const struct snn__kernels *k, const struct snn__outer *p)
{
    for (size_t n = 0; n < p->n; n++)
        (p->accumulate ? k->axpy : k->scale)(p->g + n * p->g_pitch, p->alpha * p->d[n], p->x, p->window.c);
}

void snn__outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    struct outer a = { .k = ctx->kernels, .p = p, .scratch = scratch };

    if (p->m == 0 || p->n == 0 || snn__window_depth(&p->window) == 0)
        return;
    if (p->m == 1 && snn__is_matrix(&p->window)) {
        outer_row(ctx->kernels, p);
        return;
    }
    if (snn__winograd_fits(&p->window, p->m, p->n) && !p->window.transposed) {
        snn__winograd_outer(ctx, p, scratch);
        return;
    }
    cut_outer(&a, p->m, p->n, snn__window_depth(&p->window));
    a.copies = a.scratch + snn__threads(ctx) * a.per_worker;
    snn__parallel(ctx, outer_task, &a, a.parts * a.row_tasks * a.col_tasks);
    if (a.parts > 1)
        snn__add_parts(ctx, p, a.copies, a.parts, a.depth);
}
