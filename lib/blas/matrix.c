/* blas/matrix.c - y = read(x) w where x is spikes or counts of a few spikes, as bits, on a matrix unit that
 * multiplies bytes.
 *
 *   w = unit (L0 + 2^8 L1 + 2^16 L2),   sum_k x_k w_k = unit (sum_k x_k L0 + 2^8 sum_k x_k L1 + 2^16 sum_k x_k L2)
 *
 * A weight becomes a whole number of 24 bits, its unit the same for a column; the three products of bytes are exact,
 * in any order, and so is their sum. Only the weights are rounded, to units of 2^-23 of the largest one of their
 * column, and the result at the end. The limbs of the weights are made from the packed ones once for each change of
 * them where the caller keeps limbs, otherwise for every product. */
#include "blas/blocks.h"
#include "blas/spikes.h"
#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"

#define ROWS 256u          /* gathered at a time, for all columns of a task */
#define CACHED (1u << 20)  /* bytes of weights that stay in the second-level cache while these rows pass */
#define DEEPEST (1u << 23) /* rows of weights whose bytes add up in 32 bits */

struct product {
    const struct snn__kernels *k;
    const struct snn__product *p;
    size_t planes;             /* bits of a number */
    size_t depth, panels;      /* words of a row, for each of these bits; blocks of columns */
    struct snn__window window; /* of words */
    size_t wide;               /* of these in a call */
    size_t row_tasks, column_tasks;
    const uint64_t *map;
    const float *unit;
    const uint8_t *limbs;
    char *scratch;
    size_t per_worker;
};

static size_t panel_size(size_t depth)
{
    return SNN__PRODUCT(SNN__MATRIX_LIMBS, depth, SNN__MATRIX_WORD);
}

static size_t unit_size(size_t panels)
{
    return SNN__PRODUCT(panels, SNN__MATRIX_SIDE, sizeof(float));
}

static size_t limbs_size(size_t depth, size_t n)
{
    const size_t panels = snn__ceil_div(n, SNN__MATRIX_SIDE);

    return SNN__SUM(unit_size(panels), SNN__PRODUCT(panels, panel_size(depth)));
}

static size_t map_size(size_t samples, const struct snn__window *w)
{
    return SNN__PRODUCT(SNN__MATRIX_PLANES, snn__spikes_size(samples, w));
}

/* Room of the kernel, and rows. */
static size_t own_size(size_t depth)
{
    return SNN__SUM(SNN__MATRIX_ROOM, SNN__PRODUCT(ROWS, depth, SNN__MATRIX_PLANES, sizeof(uint64_t)));
}

/* The first result is kept in the context, so that later plans take the same ways. */
void snn__matrix_ask(const snn_context *ctx)
{
    int unasked = SNN__UNIT_UNASKED;

    if (ctx->kernels->ask_for_unit != NULL && atomic_load(ctx->unit) == SNN__UNIT_UNASKED)
        atomic_compare_exchange_strong(ctx->unit, &unasked,
                                       ctx->kernels->ask_for_unit() ? SNN__UNIT_GRANTED : SNN__UNIT_REFUSED);
}

bool snn__matrix_is_open(const snn_context *ctx)
{
    const struct snn__kernels *k = ctx->kernels;

    return k->matrix && (k->ask_for_unit == NULL || atomic_load(ctx->unit) == SNN__UNIT_GRANTED);
}

bool snn__matrix_fits(const snn_context *ctx, const struct snn__window *w)
{
    return snn__matrix_is_open(ctx) && snn__spikes_depth(w) <= DEEPEST / 64;
}

bool snn__matrix_takes(const snn_context *ctx, const struct snn__product *p)
{
    if (p->spikes)
        return snn__matrix_fits(ctx, &p->window);
    return p->whole > 0 && snn__matrix_fits(ctx, &p->window) &&
           snn__spikes_depth(&p->window) <= (DEEPEST >> SNN__MATRIX_PLANES) / 64;
}

size_t snn__matrix_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const size_t depth = snn__spikes_depth(w);

    return SNN__SUM(map_size(m / (w->oh * w->ow), w), limbs_size(depth, n),
                    SNN__PRODUCT(snn__threads(ctx), own_size(depth)));
}

/* ---- limbs: units of the columns, then the panels ---- */

size_t snn__limbs_size(const snn_context *ctx, size_t n, const struct snn__window *w)
{
    return snn__matrix_fits(ctx, w) ? limbs_size(snn__spikes_depth(w), n) : 0;
}

struct cut {
    const struct snn__kernels *k;
    const struct snn__window *w;
    const float *packed;
    size_t n;
    float *unit;
    uint8_t *limbs;
};

static void cut_panel(void *arg, size_t panel)
{
    const struct cut *a = arg;
    const struct snn__window *w = a->w;
    const size_t nr = a->k->nr, pitch = snn__window_depth(w) * nr, first = panel * SNN__MATRIX_SIDE;

    a->k->limbs(a->limbs + panel * panel_size(snn__spikes_depth(w)), a->unit + first, a->packed + first / nr * pitch,
                pitch, snn__min(SNN__MATRIX_SIDE, a->n - first), w->kh * w->kw, w->c);
}

void snn__limbs(const snn_context *ctx, void *limbs, const float *packed, size_t n, const struct snn__window *w)
{
    const size_t panels = snn__ceil_div(n, SNN__MATRIX_SIDE);
    struct cut a = { ctx->kernels, w, packed, n, limbs, (uint8_t *)limbs + unit_size(panels) };

    snn__each(ctx, cut_panel, &a, panels);
}

/* ---- products ---- */

/* Gathered rows times the blocks of columns from .. to - 1. */
static void multiply(const struct product *a, const uint64_t *x, size_t m, size_t rows, struct span panels,
                     void *room)
{
    const struct snn__product *p = a->p;
    const size_t n = panels.from * SNN__MATRIX_SIDE, cols = snn__min(p->n, panels.to * SNN__MATRIX_SIDE) - n;

    for (size_t i = 0; i < rows; i += SNN__MATRIX_SIDE)
        a->k->matrix(&(struct snn__matrix){ .rows = snn__min(SNN__MATRIX_SIDE, rows - i),
                                            .cols = cols,
                                            .words = a->depth,
                                            .planes = a->planes,
                                            .x = x + i * a->depth * a->planes,
                                            .limbs = a->limbs + panels.from * panel_size(a->depth),
                                            .unit = a->unit + n,
                                            .alpha = p->spikes ? p->alpha : p->alpha / p->whole,
                                            .bias = p->bias ? p->bias + n : NULL,
                                            .y = p->y + (m + i) * p->y_pitch + n,
                                            .y_pitch = p->y_pitch,
                                            .accumulate = p->accumulate,
                                            .room = room });
}

static void matrix_task(void *arg, size_t task, size_t worker)
{
    const struct product *a = arg;
    const size_t blocks = snn__ceil_div(a->p->m, SNN__MATRIX_SIDE);
    const struct span some = part(blocks, a->row_tasks, task / a->column_tasks);
    const struct span columns = part(a->panels, a->column_tasks, task % a->column_tasks);
    const size_t end = snn__min(a->p->m, some.to * SNN__MATRIX_SIDE);
    char *room = a->scratch + worker * a->per_worker;
    uint64_t *x = (uint64_t *)(void *)(room + SNN__MATRIX_ROOM);

    for (size_t m = some.from * SNN__MATRIX_SIDE; m < end; m += ROWS) {
        const size_t rows = snn__min(ROWS, end - m);

        for (size_t i = 0; i < rows; i++)
            snn__spikes_row(&a->window, a->map, m + i, x + i * a->depth * a->planes);
        for (size_t j = columns.from; j < columns.to; j += a->wide)
            multiply(a, x, m, rows, (struct span){ j, snn__min(columns.to, j + a->wide) }, room);
    }
}

/* Rows are cut first: what they gather serves all columns. Bytes of weights that leave the second-level cache have to
 * serve many rows of a task instead. */
static void cut_work(struct product *a)
{
    const size_t wanted = tasks_wanted(a->p->m, a->p->n, snn__window_depth(&a->p->window));
    const size_t least = a->panels * panel_size(a->depth) > CACHED ? ROWS : SNN__MATRIX_SIDE;

    a->wide = snn__max(1, snn__min(SNN__MATRIX_COLS / SNN__MATRIX_SIDE, CACHED / panel_size(a->depth)));
    a->row_tasks = snn__min(wanted, snn__ceil_div(a->p->m, least));
    a->column_tasks = snn__min(a->panels, snn__ceil_div(snn__min(wanted, THREADS), a->row_tasks));
}

void snn__matrix_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct product a = { ctx->kernels, p, p->spikes ? 1 : SNN__MATRIX_PLANES, snn__spikes_depth(w), .window = *w };
    const size_t samples = p->m / (w->oh * w->ow);
    void *own; /* limbs */

    a.window.c = 64 * snn__spikes_words(w) * a.planes;
    a.panels = snn__ceil_div(p->n, SNN__MATRIX_SIDE);
    own = (char *)scratch + map_size(samples, w);
    a.unit = p->limbs ? p->limbs : own;
    a.limbs = (const uint8_t *)a.unit + unit_size(a.panels);
    a.scratch = (char *)own + limbs_size(a.depth, p->n);
    a.per_worker = own_size(a.depth);
    cut_work(&a);
    a.map = p->spikes ? snn__spikes_map(ctx, w, p->x, samples, p->map, scratch)
                      : snn__counts_map(ctx, w, p->x, samples, p->whole, scratch);
    if (p->limbs == NULL)
        snn__limbs(ctx, own, p->packed, p->n, w);
    snn__parallel(ctx, matrix_task, &a, a.row_tasks * a.column_tasks);
}
