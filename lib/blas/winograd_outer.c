/* blas/winograd_outer.c - gradients of convolutions by Winograd's F(4x4, 3x3) and F(2x2, 5x5): g = G' [ sum over
 * tiles of (A e A') (B' d B) ] G, see winograd.c. */
#include "blas/blocks.h"
#include "blas/winograd.h"
#include "core/context.h"
#include <string.h>

#define SAMPLES 64u /* most tiles of a block */

struct outer {
    const struct snn__kernels *k;
    const struct snn__outer *p;
    struct snn__tile_grid grid;
    size_t tiles, row_tiles, col_tiles; /* the latter of the micro tile, in errors and in channels */
    size_t high, wide;                  /* of a block of results */
    size_t row_tasks, col_tasks, parts; /* parts of the tiles: more than 1: each goes to a copy of g first */
    size_t left, right;                 /* floats from one panel of a point to the next */
    size_t pitch, sums;                 /* floats from one row of results, from one point of them, to the next */
    size_t per_worker;
    float *scratch, *copies;
};

static struct outer describe_outer(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct snn__kernels *k = ctx->kernels;
    struct outer a = { .k = k, .grid = snn__grid_of(w), .tiles = snn__tiles_of(w, m) };

    a.row_tiles = snn__ceil_div(n, k->mr);
    a.col_tiles = snn__ceil_div(w->c, k->nr);
    a.high = block_length(a.row_tiles, snn__ceil_div(SNN__TILE_SIDE, k->mr));
    a.wide = block_length(a.col_tiles, SNN__TILE_SIDE / k->nr);
    a.row_tasks = snn__ceil_div(a.row_tiles, a.high);
    a.col_tasks = snn__ceil_div(a.col_tiles, a.wide);
    a.parts = snn__max(1, snn__min(PARTS / (a.row_tasks * a.col_tasks), a.tiles / (2 * SAMPLES)));
    a.left = apart(SAMPLES * k->mr);
    a.right = apart(SAMPLES * k->nr);
    a.pitch = apart(a.wide * k->nr);
    a.sums = a.high * k->mr * a.pitch;
    a.per_worker = POINTS * (a.high * (a.left + k->mr) + a.wide * a.right + a.sums);
    return a;
}

size_t snn__winograd_outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct outer a = describe_outer(ctx, m, n, w);

    return outer_bytes(ctx, a.per_worker, a.parts, n, SNN__PRODUCT(w->kh, w->kw, w->c));
}

/* left[point][panel][tile][mr] <- A e A' of `count` tiles from `first` on; channels beyond the last are zero */
static void transform_errors(const struct outer *a, size_t first, size_t count, struct span panels, float *left,
                             float *own)
{
    const struct snn__outer *p = a->p;
    const size_t mr = a->k->mr, from = panels.from * mr, end = snn__min(p->n, panels.to * mr), pitch = a->high * mr;
    const float *in[16];
    size_t at[16];

    memset(own, 0, POINTS * pitch * sizeof *own);
    for (size_t i = 0; i < count; i++) {
        snn__tile_outputs(&p->window, &a->grid, first + i, at);
        for (size_t j = 0; j < a->grid.side * a->grid.side; j++)
            in[j] = at[j] == SIZE_MAX ? snn__no_channels : p->d + at[j] * p->d_pitch + from;
        a->k->points_of_error(own, pitch, in, a->grid.side, end - from);
        for (size_t point = 0; point < POINTS; point++)
            for (size_t j = 0; j < panels.to - panels.from; j++)
                copy(left + (point * a->high + j) * a->left + i * mr, own + point * pitch + j * mr, mr);
    }
}

/* right[point][panel][tile][nr] <- B' d B; channels beyond the last stay as they are: their sums are not used */
static void transform_maps(const struct outer *a, size_t first, size_t count, struct span panels, float *right)
{
    const struct snn__window *w = &a->p->window;
    const size_t nr = a->k->nr;
    const float *in[POINTS];

    for (size_t i = 0; i < count; i++)
        for (size_t j = panels.from; j < panels.to; j++) {
            snn__tile_inputs(w, &a->grid, a->p->x, first + i, j * nr, in);
            a->k->points_of_map(right + (j - panels.from) * a->right + i * nr, a->wide * a->right, in,
                                snn__min(nr, w->c - j * nr));
        }
}

/* g <- alpha G' sums G (+ g): one block */
static void transform_results(const struct outer *a, struct span rows, struct span cols, const float *sums, float *g,
                              size_t g_pitch, float alpha, bool accumulate)
{
    const size_t mr = a->k->mr, nr = a->k->nr, depth = a->p->window.c;
    const size_t end = snn__min(a->p->n, rows.to * mr), width = snn__min(depth, cols.to * nr) - cols.from * nr;

    for (size_t n = rows.from * mr; n < end; n++)
        a->k->weights_of_points(g + n * g_pitch + cols.from * nr, depth, a->grid.taps, alpha, accumulate,
                                sums + (n - rows.from * mr) * a->pitch, a->sums, width);
}

static void outer_block(const struct outer *a, struct span tiles, struct span rows, struct span cols, float *own)
{
    const size_t mr = a->k->mr, nr = a->k->nr, some = block_length(tiles.to - tiles.from, SAMPLES);
    float *const left = own, *const right = left + POINTS * a->high * a->left,
                 *const sums = right + POINTS * a->wide * a->right;

    for (size_t first = tiles.from; first < tiles.to; first += some) {
        const size_t count = snn__min(some, tiles.to - first);

        transform_errors(a, first, count, rows, left, sums + POINTS * a->sums);
        transform_maps(a, first, count, cols, right);
        for (size_t point = 0; point < POINTS; point++)
            for (size_t j = 0; j < cols.to - cols.from; j++)
                for (size_t i = 0; i < rows.to - rows.from; i++)
                    a->k->tile(count, left + (point * a->high + i) * a->left,
                               right + (point * a->wide + j) * a->right,
                               sums + point * a->sums + i * mr * a->pitch + j * nr, a->pitch, first > tiles.from);
    }
}

static void outer_task(void *arg, size_t task, size_t worker)
{
    const struct outer *a = arg;
    const size_t cuts = a->row_tasks * a->col_tasks, which = task / cuts, cell = task % cuts,
                 depth = a->grid.taps * a->grid.taps * a->p->window.c;
    const struct span tiles = part(a->tiles, a->parts, which);
    const struct span rows = { cell / a->col_tasks * a->high,
                               snn__min(a->row_tiles, (cell / a->col_tasks + 1) * a->high) };
    const struct span cols = { cell % a->col_tasks * a->wide,
                               snn__min(a->col_tiles, (cell % a->col_tasks + 1) * a->wide) };
    float *const own = a->scratch + worker * a->per_worker;
    const float *const sums = own + POINTS * (a->high * a->left + a->wide * a->right);

    outer_block(a, tiles, rows, cols, own);
    if (a->parts == 1)
        transform_results(a, rows, cols, sums, a->p->g, a->p->g_pitch, a->p->alpha, a->p->accumulate);
    else
        transform_results(a, rows, cols, sums, a->copies + which * a->p->n * depth, depth, a->p->alpha, false);
}

void snn__winograd_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    struct outer a = describe_outer(ctx, p->m, p->n, &p->window);

    a.p = p;
    a.scratch = scratch;
    a.copies = a.scratch + snn__threads(ctx) * a.per_worker;
    snn__parallel(ctx, outer_task, &a, a.parts * a.row_tasks * a.col_tasks);
    if (a.parts > 1)
        snn__add_parts(ctx, p, a.copies, a.parts, p->window.kh * p->window.kw * p->window.c);
}
