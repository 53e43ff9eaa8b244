/* blas/winograd.c - convolutions with stride 1 by Winograd's F(4x4, 3x3) and F(2x2, 5x5) (Lavin and Gray, arXiv
 * 1509.09308): 36 multiplications for a tile of outputs of a channel instead of 144 or 100.
 *
 *   product   y = A' [ sum_c (G g G') (B' d B) ] A          for every tile of outputs, d its 6x6 inputs
 *   outer     g = G' [ sum over tiles of (A e A') (B' d B) ] G: winograd_outer.c
 *
 * The transforms are in kernel/winograd.inc. Each of the 36 points is a matrix product of its own, which runs on the
 * micro tile of the kernel table. Weights come packed as for every other product; a transformed copy is up to four
 * times their size, so that it is made once for all blocks where it is small, and otherwise for each block on the
 * way. The adjoint (a transposed window) is the same convolution with taps turned by half a circle. */
#include "blas/winograd.h"
#include "blas/blocks.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define LEAST 32u         /* channels on both sides, below which the transforms cost more than they save */
#define LEAST_TILES 24u   /* the same for tiles: the weights are transformed for all of them at once */
#define TILES 48u         /* tiles of a block of a product */
#define DEPTH 96u         /* most channels of transformed weights that lie in the cache */
#define CHANNELS 16u      /* transformed at once on their way into a panel, in the first-level cache */
#define SHARED (5u << 18) /* most floats of transformed weights that are kept for all blocks of a product */
#define PANELS 2u         /* least panels of columns of a task */

const float snn__no_channels[SNN__TILE_SIDE + SNN__MR_MAX];

struct snn__tile_grid snn__grid_of(const struct snn__window *w)
{
    const size_t side = 7 - w->kh;
    struct snn__tile_grid g = { w->kh, side, snn__ceil_div(w->oh, side), snn__ceil_div(w->ow, side), { 0, 0 } };

    for (int axis = SNN__Y; axis <= SNN__X; axis++)
        g.pad[axis] = (ptrdiff_t)(w->transposed ? w->kh - 1 - w->pad[axis] : w->pad[axis]);
    return g;
}

size_t snn__tiles_of(const struct snn__window *w, size_t m)
{
    const struct snn__tile_grid g = snn__grid_of(w);

    return SNN__PRODUCT(m / (w->oh * w->ow), g.high, g.wide);
}

static bool axis_fits(const struct snn__window *w, int axis)
{
    return w->stride[axis] == 1 && w->dilation[axis] == 1 && w->pad[axis] < w->kh;
}

/* Maps that are no multiple of a tile waste a part of their last ones. */
bool snn__winograd_fits(const struct snn__window *w, size_t m, size_t n)
{
    return (w->kh == 3 || w->kh == 5) && w->kw == w->kh && axis_fits(w, SNN__Y) && axis_fits(w, SNN__X) &&
           w->c >= LEAST && n >= LEAST && snn__tiles_of(w, m) >= LEAST_TILES &&
           SNN__PRODUCT(snn__tiles_of(w, m), POINTS, 3) <= SNN__PRODUCT(m, w->kh, w->kw, 2);
}

/* The position of a tile. */
struct place {
    size_t sample;
    ptrdiff_t y, x; /* of the first output */
};

static struct place locate(const struct snn__tile_grid *g, size_t tile)
{
    const size_t rest = tile % (g->high * g->wide);

    return (struct place){ tile / (g->high * g->wide), (ptrdiff_t)(rest / g->wide * g->side),
                           (ptrdiff_t)(rest % g->wide * g->side) };
}

void snn__tile_inputs(const struct snn__window *w, const struct snn__tile_grid *g, const float *x, size_t tile,
                      size_t c, const float **in)
{
    const struct place at = locate(g, tile);

    x += at.sample * w->h * w->w * w->pitch + c;
    for (ptrdiff_t i = 0; i < 6; i++)
        for (ptrdiff_t j = 0; j < 6; j++) {
            const ptrdiff_t row = at.y - g->pad[SNN__Y] + i, column = at.x - g->pad[SNN__X] + j;
            const bool inside = row >= 0 && row < (ptrdiff_t)w->h && column >= 0 && column < (ptrdiff_t)w->w;

            in[i * 6 + j] = inside ? x + ((size_t)row * w->w + (size_t)column) * w->pitch : snn__no_channels;
        }
}

void snn__tile_outputs(const struct snn__window *w, const struct snn__tile_grid *g, size_t tile, size_t *at)
{
    const struct place p = locate(g, tile);

    for (size_t i = 0; i < g->side; i++)
        for (size_t j = 0; j < g->side; j++) {
            const size_t row = (size_t)p.y + i, column = (size_t)p.x + j;

            at[i * g->side + j] =
                row < w->oh && column < w->ow ? (p.sample * w->oh + row) * w->ow + column : SIZE_MAX;
        }
}

/* ---- y = read(x) w ---- */

struct product {
    const struct snn__kernels *k;
    const struct snn__product *p;
    struct snn__tile_grid grid;
    size_t tiles, block; /* of the product, of a block */
    size_t blocks, panels;
    size_t row_tasks, col_tasks;
    size_t deep, chunks; /* channels of transformed weights at a time, and how often */
    size_t map, weights; /* floats from one point to the next, in the memory of a worker, */
    size_t sums;         /* and from one tile to the next */
    size_t per_worker, shared;
    float *all; /* [panel][chunk] of transformed weights, NULL: each block transforms its own */
};

/* The time of tasks, on many threads and on one, where transforming the inputs takes half as long as one panel of
 * columns. */
static size_t time_of_cut(const struct product *a, size_t col_tasks)
{
    return THREADS * snn__ceil_div(a->row_tasks * col_tasks, THREADS) * snn__ceil_div(a->blocks, a->row_tasks) *
               (2 * snn__ceil_div(a->panels, col_tasks) + 1) +
           a->blocks * col_tasks;
}

static void cut_product(struct product *a)
{
    a->row_tasks = snn__min(TASKS, a->blocks);
    a->col_tasks = 1;
    for (size_t cols = 2; cols <= a->panels / PANELS; cols++)
        if (time_of_cut(a, cols) < time_of_cut(a, a->col_tasks))
            a->col_tasks = cols;
}

static struct product describe_product(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct snn__kernels *k = ctx->kernels;
    struct product a = {
        .k = k, .grid = snn__grid_of(w), .tiles = snn__tiles_of(w, m), .panels = snn__ceil_div(n, k->nr)
    };

    a.block = snn__round_up(TILES, k->mr);
    a.blocks = snn__ceil_div(a.tiles, a.block);
    cut_product(&a);
    a.map = apart(SNN__PRODUCT(a.block, w->c));
    a.deep = block_length(w->c, DEPTH);
    a.chunks = snn__ceil_div(w->c, a.deep);
    a.weights = apart(a.deep * k->nr);
    a.sums = apart(POINTS * k->nr);
    a.per_worker = SNN__SUM(SNN__PRODUCT(POINTS, SNN__SUM(a.map, a.weights, k->mr * CHANNELS)), a.block * a.sums);
    a.shared = SNN__PRODUCT(a.panels, a.chunks, POINTS, a.weights);
    if (a.blocks == 1 || a.shared > SHARED)
        a.shared = 0;
    return a;
}

size_t snn__winograd_product_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct product a = describe_product(ctx, m, n, w);

    return SNN__PRODUCT(SNN__SUM(SNN__PRODUCT(snn__threads(ctx), a.per_worker), a.shared), sizeof(float));
}

/* own[tile][point][CHANNELS] <- B' d B of `rows` tiles, channels c .. c + some - 1 */
static void transform_channels(const struct product *a, const float *(*in)[POINTS], size_t rows, size_t c,
                               size_t some, float *own)
{
    for (size_t i = 0; i < rows; i++) {
        const float *from[POINTS];

        for (size_t point = 0; point < POINTS; point++)
            from[point] = in[i][point] == snn__no_channels ? snn__no_channels : in[i][point] + c;
        a->k->points_of_map(own + i * POINTS * CHANNELS, CHANNELS, from, some);
    }
}

/* map[point][panel][c][mr] <- B' d B of `count` tiles from `first` on; `own` has room for mr tiles of CHANNELS
 * channels */
static void transform_inputs(const struct product *a, size_t first, size_t count, float *map, float *own)
{
    const struct snn__window *w = &a->p->window;
    const size_t mr = a->k->mr;
    const float *in[SNN__MR_MAX][POINTS], *row[SNN__MR_MAX];

    for (size_t panel = 0; panel * mr < count; panel++) {
        const size_t rows = snn__min(mr, count - panel * mr);

        for (size_t i = 0; i < rows; i++)
            snn__tile_inputs(w, &a->grid, a->p->x, first + panel * mr + i, 0, in[i]);
        for (size_t c = 0; c < w->c; c += CHANNELS) {
            const size_t some = snn__min(CHANNELS, w->c - c);

            transform_channels(a, in, rows, c, some, own);
            for (size_t point = 0; point < POINTS; point++) {
                for (size_t i = 0; i < mr; i++)
                    row[i] = i < rows ? own + (i * POINTS + point) * CHANNELS : snn__no_channels;
                a->k->interleave(map + point * a->map + (panel * w->c + c) * mr, mr, row, some);
            }
        }
    }
}

/* weights[point][c][nr] <- G g G' of one panel, `deep` channels from c0 on */
static void transform_weights(const struct product *a, size_t panel, size_t c0, float *weights)
{
    const struct snn__window *w = &a->p->window;
    const size_t nr = a->k->nr, length = snn__min(a->deep, w->c - c0);
    const float *packed = a->p->packed + (panel * w->kh * w->kw * w->c + c0) * nr;

    a->k->points_of_weights(weights, a->weights, packed, w->c * nr, w->kh, w->transposed, length * nr);
}

/* sums[tile][point][nr] (+)= map weights */
static void multiply_points(const struct product *a, size_t count, size_t c0, const float *map, const float *weights,
                            float *sums)
{
    const size_t mr = a->k->mr, nr = a->k->nr, depth = a->p->window.c, length = snn__min(a->deep, depth - c0);

    for (size_t point = 0; point < POINTS; point++)
        for (size_t i = 0; i < count; i += mr) {
            const float *l = map + point * a->map + i * depth + c0 * mr, *r = weights + point * a->weights;
            float *y = sums + i * a->sums + point * nr;

            if (count - i >= mr)
                a->k->tile(length, l, r, y, a->sums, c0 > 0);
            else
                a->k->edge(count - i, nr, length, l, r, 1, NULL, y, a->sums, c0 > 0);
        }
}

/* y (+)= A' sums A, one panel of columns */
static void transform_sums(const struct product *a, size_t first, size_t count, size_t panel, const float *sums)
{
    const struct snn__product *p = a->p;
    const size_t nr = a->k->nr, width = snn__min(nr, p->n - panel * nr);
    size_t at[16];
    float *y[16];

    for (size_t i = 0; i < count; i++) {
        snn__tile_outputs(&p->window, &a->grid, first + i, at);
        for (size_t j = 0; j < a->grid.side * a->grid.side; j++)
            y[j] = at[j] == SIZE_MAX ? NULL : p->y + at[j] * p->y_pitch + panel * nr;
        a->k->map_of_points(y, a->grid.side, p->alpha, p->bias ? p->bias + panel * nr : NULL, p->accumulate,
                            sums + i * a->sums, nr, width);
    }
}

/* The transformed weights of a panel, from channel c on. */
static const float *weights_at(const struct product *a, size_t panel, size_t c, float *own)
{
    if (a->all != NULL)
        return a->all + (panel * a->chunks + c / a->deep) * POINTS * a->weights;
    transform_weights(a, panel, c, own);
    return own;
}

static void product_task(const struct product *a, size_t task, float *own)
{
    const struct span blocks = part(a->blocks, a->row_tasks, task / a->col_tasks);
    const struct span panels = part(a->panels, a->col_tasks, task % a->col_tasks);
    const size_t depth = a->p->window.c;
    float *const map = own, *const weights = map + POINTS * a->map, *const sums = weights + POINTS * a->weights;

    for (size_t block = blocks.from; block < blocks.to; block++) {
        const size_t first = block * a->block, count = snn__min(a->block, a->tiles - first);

        transform_inputs(a, first, count, map, sums + a->block * a->sums);
        for (size_t panel = panels.from; panel < panels.to; panel++) {
            for (size_t c = 0; c < depth; c += a->deep)
                multiply_points(a, count, c, map, weights_at(a, panel, c, weights), sums);
            transform_sums(a, first, count, panel, sums);
        }
    }
}

struct product_job {
    struct product a;
    float *scratch;
};

static void run_product(void *arg, size_t task, size_t worker)
{
    const struct product_job *job = arg;

    product_task(&job->a, task, job->scratch + worker * job->a.per_worker);
}

static void run_weights(void *arg, size_t task)
{
    const struct product *a = arg;

    transform_weights(a, task / a->chunks, task % a->chunks * a->deep, a->all + task * POINTS * a->weights);
}

void snn__winograd_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    struct product_job job = { describe_product(ctx, p->m, p->n, &p->window), scratch };

    job.a.p = p;
    if (job.a.shared > 0) {
        job.a.all = job.scratch + snn__threads(ctx) * job.a.per_worker;
        snn__each(ctx, run_weights, &job.a, job.a.panels * job.a.chunks);
    }
    snn__parallel(ctx, run_product, &job, job.a.row_tasks * job.a.col_tasks);
}
