/* blas/direct.c - convolutions of few channels, as first layers have: of pixels.
 *
 * A run, the kw * c numbers of a kernel row, is too short to be packed. Some rows of a map are copied with their
 * padding instead, and a strip of the micro tile reads its numbers where they lie: outputs side by side in a row,
 * which are stride * c numbers apart, or, for the gradient, the taps of a run at all outputs. Forward sums have the
 * order of the dense product, and its bits. */
#include "blas/blocks.h"
#include "blas/window.h"
#include "kernel/kernel.h"

#define LONGEST_RUN 32u /* numbers that are rather read where they lie */
#define LEAST_WIDE 6u   /* outputs in a row that fill a tile */
#define TALL 8u         /* rows of outputs at a time */

struct direct {
    const struct snn__kernels *k;
    const struct snn__window *w;
    const struct snn__product *p; /* one of both is NULL */
    const struct snn__outer *g;
    size_t rows, tasks; /* of outputs, over all samples */
    size_t wide, run;   /* numbers of a row of the copy, and of a run */
    float *room, *sums; /* sums: [tasks][depth][n] */
    size_t per_worker;
};

bool snn__direct_fits(const struct snn__window *w)
{
    return !w->transposed && w->dilation[SNN__Y] == 1 && w->dilation[SNN__X] == 1 && w->pitch == w->c &&
           w->kh * w->kw > 1 && SNN__PRODUCT(w->kw, w->c) < LONGEST_RUN && w->ow >= LEAST_WIDE;
}

/* Numbers of a copy of the rows that TALL rows of outputs read. */
static size_t copy_size(const struct snn__window *w)
{
    const size_t wide = SNN__PRODUCT((w->ow - 1) * w->stride[SNN__X] + w->kw, w->c);

    return aligned(SNN__PRODUCT((TALL - 1) * w->stride[SNN__Y] + w->kh, wide));
}

size_t snn__direct_scratch(const snn_context *ctx, const struct snn__window *w)
{
    return SNN__PRODUCT(snn__threads(ctx), copy_size(w), sizeof(float));
}

static size_t outer_tasks(size_t m, size_t n, const struct snn__window *w)
{
    return snn__min(tasks_wanted(m, n, snn__window_depth(w)), m / w->ow);
}

size_t snn__direct_outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    return SNN__SUM(snn__direct_scratch(ctx, w),
                    SNN__PRODUCT(outer_tasks(m, n, w), snn__window_depth(w), n, sizeof(float)));
}

static struct direct plan(const snn_context *ctx, const struct snn__window *w, size_t m, void *scratch)
{
    return (struct direct){ .k = ctx->kernels,
                            .w = w,
                            .rows = m / w->ow,
                            .wide = ((w->ow - 1) * w->stride[SNN__X] + w->kw) * w->c,
                            .run = w->kw * w->c,
                            .room = scratch,
                            .per_worker = copy_size(w) };
}

/* copy <- the padded rows of a sample that its rows of outputs from `first` on read */
static void copy_rows(const struct direct *a, const float *sample, size_t first, size_t count, float *copy)
{
    const struct snn__window *w = a->w;
    const size_t before = snn__min(w->pad[SNN__X] * w->c, a->wide), inside = snn__min(a->wide - before, w->w * w->c);

    for (size_t i = 0; i < (count - 1) * w->stride[SNN__Y] + w->kh; i++, copy += a->wide) {
        const size_t y = first * w->stride[SNN__Y] + i; /* of the padded map */

        if (y < w->pad[SNN__Y] || y - w->pad[SNN__Y] >= w->h) {
            memset(copy, 0, a->wide * sizeof *copy);
            continue;
        }
        memset(copy, 0, before * sizeof *copy);
        memcpy(copy + before, sample + (y - w->pad[SNN__Y]) * w->w * w->c, inside * sizeof *copy);
        memset(copy + before + inside, 0, (a->wide - before - inside) * sizeof *copy);
    }
}

typedef void rows_fn(const struct direct *a, size_t task, struct span rows, const float *copy);

/* The rows of outputs of a task, some of one sample at a time. */
static void each_rows(const struct direct *a, size_t task, size_t worker, const float *x, rows_fn *body)
{
    const struct span all = part(a->rows, a->tasks, task);
    const size_t size = a->w->h * a->w->w * a->w->c;
    float *const copy = a->room + worker * a->per_worker;

    for (size_t row = all.from, count; row < all.to; row += count) {
        const size_t first = row % a->w->oh;

        count = snn__min(snn__min(TALL, all.to - row), a->w->oh - first);
        copy_rows(a, x + row / a->w->oh * size, first, count, copy);
        body(a, task, (struct span){ row, row + count }, copy);
    }
}

/* ---- product ---- */

/* The outputs of one row, NR channels of them. */
static void multiply_row(const struct direct *a, size_t panel, const float *x, float *y)
{
    const struct snn__product *p = a->p;
    const size_t nr = a->k->nr, most = block_length(a->w->ow, a->k->mr), depth = a->w->kh * a->run;
    struct snn__strip s = { .cols = snn__min(nr, p->n - panel * nr),
                            .runs = a->w->kh,
                            .length = a->run,
                            .a_row = a->w->stride[SNN__X] * a->w->c,
                            .a_step = 1,
                            .a_run = a->wide,
                            .b = p->packed + panel * depth * nr,
                            .b_step = nr,
                            .b_run = a->run * nr,
                            .alpha = p->alpha,
                            .bias = p->bias ? p->bias + panel * nr : NULL,
                            .c_pitch = p->y_pitch,
                            .accumulate = p->accumulate };

    for (size_t i = 0; i < a->w->ow; i += most) {
        s.rows = snn__min(most, a->w->ow - i);
        s.a = x + i * s.a_row;
        s.c = y + i * s.c_pitch + panel * nr;
        a->k->strip(&s);
    }
}

static void multiply_rows(const struct direct *a, size_t task, struct span rows, const float *copy)
{
    (void)task;
    for (size_t i = rows.from; i < rows.to; i++)
        for (size_t panel = 0; panel < snn__ceil_div(a->p->n, a->k->nr); panel++)
            multiply_row(a, panel, copy + (i - rows.from) * a->w->stride[SNN__Y] * a->wide,
                         a->p->y + i * a->w->ow * a->p->y_pitch);
}

static void product_task(void *arg, size_t task, size_t worker)
{
    const struct direct *a = arg;

    each_rows(a, task, worker, a->p->x, multiply_rows);
}

void snn__direct_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    struct direct a = plan(ctx, &p->window, p->m, scratch);

    a.p = p;
    a.tasks = snn__min(tasks_wanted(p->m, p->n, snn__window_depth(a.w)), a.rows);
    snn__parallel(ctx, product_task, &a, a.tasks);
}

/* ---- gradient ---- */

/* sums[depth][n] (+)= what some rows of outputs give to the taps of kernel row `tap` */
static void gather_run(const struct direct *a, size_t tap, struct span rows, const float *copy, float *sums, bool add)
{
    const struct snn__outer *g = a->g;

    snn__strips(a->k, a->run, g->n,
                (struct snn__strip){ .runs = rows.to - rows.from,
                                     .length = a->w->ow,
                                     .a = copy + tap * a->wide,
                                     .a_row = 1,
                                     .a_step = a->w->stride[SNN__X] * a->w->c,
                                     .a_run = a->w->stride[SNN__Y] * a->wide,
                                     .b = g->d + rows.from * a->w->ow * g->d_pitch,
                                     .b_step = g->d_pitch,
                                     .b_run = a->w->ow * g->d_pitch,
                                     .alpha = 1,
                                     .c = sums + tap * a->run * g->n,
                                     .c_pitch = g->n,
                                     .accumulate = add });
}

static void gather_rows(const struct direct *a, size_t task, struct span rows, const float *copy)
{
    float *sums = a->sums + task * a->w->kh * a->run * a->g->n;

    for (size_t tap = 0; tap < a->w->kh; tap++)
        gather_run(a, tap, rows, copy, sums, rows.from > part(a->rows, a->tasks, task).from);
}

static void outer_task(void *arg, size_t task, size_t worker)
{
    const struct direct *a = arg;

    each_rows(a, task, worker, a->g->x, gather_rows);
}

/* g[n][k] (+)= alpha times the sum over the tasks, in order */
static void add_up(const struct direct *a)
{
    const struct snn__outer *g = a->g;
    const size_t depth = a->w->kh * a->run;

    for (size_t task = 1; task < a->tasks; task++)
        a->k->axpy(a->sums, 1, a->sums + task * depth * g->n, depth * g->n);
    for (size_t n = 0; n < g->n; n++)
        for (size_t k = 0; k < depth; k++) {
            float *const to = g->g + n * g->g_pitch + k;

            *to = g->alpha * a->sums[k * g->n + n] + (g->accumulate ? *to : 0);
        }
}

void snn__direct_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    struct direct a = plan(ctx, &p->window, p->m, scratch);

    a.g = p;
    a.tasks = outer_tasks(p->m, p->n, a.w);
    a.sums = a.room + snn__threads(ctx) * a.per_worker;
    snn__parallel(ctx, outer_task, &a, a.tasks);
    add_up(&a);
}
