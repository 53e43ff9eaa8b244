/* blas/events.c - y = read(x) w where most of x is zero, as maps of spikes are: each number that is not zero adds its
 * row of weights to the outputs whose windows hold it.
 *
 *   y[o] += x[position, channel] w[(tap, channel), :]      for every tap that leads from the position to an output o
 *
 * The numbers of some samples are listed, in order of position. The weights of a tap and of some columns then stay in
 * a near cache while all positions pass them. Every output is summed in the same order, by taps and by channels,
 * however the work is cut: it may be cut by the number of threads. */
#include "blas/blocks.h"
#include "blas/spikes.h"
#include "core/compiler.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define GROUP 64u      /* columns at a time */
#define POSITIONS 128u /* of a block, about: worth the loading of weights */
#define LISTED 131072u /* numbers of a block, about, */
#define FEWEST 16u     /* unless these are fewer positions */
#define SHARED 32u     /* positions of a task, at least: they load weights for each other */
#define LOOKED_AT 8u   /* samples from which the density of x is estimated */
#define WORTH 16384u   /* numbers to look at that are worth a region of all threads */
#define SPARE 16u      /* entries that the kernel may write beyond the last */

struct events {
    const struct snn__kernels *k;
    const struct snn__product *p;
    size_t positions, length; /* of a sample of x: length numbers */
    size_t outputs;           /* rows of y that belong to it */
    size_t samples, depth;
    size_t block; /* samples that are listed at once, at most */
    size_t row_tasks, col_tasks;
    char *scratch;
    size_t per_worker;
};

/* A position with numbers that are not zero. */
struct place {
    uint32_t sample, y, x;
    uint32_t begin; /* its first number; they end where those of the next place begin */
};

/* The numbers of a block that are not zero, by channel, and their places. Outputs that taps lead to: to[Y][i * h +
 * y], to[X][j * w + x], or -1. */
struct list {
    uint32_t *at;
    float *value;
    struct place *place;
    size_t places;
    int32_t *to[2];
};

static size_t block_of(const struct snn__window *w, size_t samples)
{
    const size_t positions = SNN__PRODUCT(w->h, w->w), length = SNN__PRODUCT(positions, w->c);
    const size_t least = snn__ceil_div(FEWEST, positions), most = snn__ceil_div(POSITIONS, positions);

    return snn__min(samples, snn__max(least, snn__min(most, LISTED / length)));
}

static size_t entries(const struct snn__window *w, size_t block)
{
    return aligned(SNN__SUM(SNN__PRODUCT(block, w->h, w->w, w->c), SPARE));
}

static size_t places(const struct snn__window *w, size_t block)
{
    return aligned(SNN__SUM(SNN__PRODUCT(block, w->h, w->w), 1));
}

/* Bytes of the list of a block. */
static size_t list_size(const struct snn__window *w, size_t block)
{
    const size_t targets = aligned(SNN__SUM(SNN__PRODUCT(w->kh, w->h), SNN__PRODUCT(w->kw, w->w)));

    return SNN__SUM(SNN__PRODUCT(SNN__SUM(SNN__PRODUCT(2, entries(w, block)), targets), sizeof(uint32_t)),
                    SNN__PRODUCT(places(w, block), sizeof(struct place)));
}

size_t snn__events_scratch(const snn_context *ctx, size_t m, const struct snn__window *w)
{
    return SNN__PRODUCT(snn__threads(ctx), list_size(w, block_of(w, m / (w->oh * w->ow))));
}

static struct events events_of(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct events a = { .k = ctx->kernels,
                        .p = p,
                        .positions = w->h * w->w,
                        .length = w->h * w->w * w->c,
                        .outputs = w->oh * w->ow,
                        .depth = w->kh * w->kw * w->c,
                        .scratch = scratch };

    a.samples = p->m / a.outputs;
    a.block = block_of(w, a.samples);
    a.per_worker = list_size(w, a.block);
    return a;
}

static struct list list_of(const struct events *a, size_t worker)
{
    const struct snn__window *w = &a->p->window;
    const size_t room = entries(w, a->block);
    struct list l = { .at = (uint32_t *)(void *)(a->scratch + worker * a->per_worker) };

    l.value = (float *)(void *)(l.at + room);
    l.place = (struct place *)(void *)(l.at + 2 * room);
    l.to[SNN__Y] = (int32_t *)(void *)(l.place + places(w, a->block));
    l.to[SNN__X] = l.to[SNN__Y] + w->kh * w->h;
    return l;
}

/* Words of a sample's map. */
static size_t map_length(const struct events *a)
{
    return snn__spikes_length(a->length, a->p->window.c);
}

/* A position, from entry n on; returns the entry after the last. */
static size_t list_bits(const struct events *a, const uint64_t *words, const struct list *l, size_t n)
{
    for (size_t channel = 0; channel < a->p->window.c; channel += 64)
        for (uint64_t rest = *words++; rest != 0; rest &= rest - 1, n++) {
            l->at[n] = (uint32_t)channel + snn__lowest_bit(rest);
            l->value[n] = a->p->alpha;
        }
    return n;
}

static void list_samples(const struct events *a, struct span samples, struct list *l)
{
    const struct snn__window *w = &a->p->window;
    const size_t words = snn__spikes_words(w);
    size_t n = 0;

    l->places = 0;
    for (size_t sample = samples.from; sample < samples.to; sample++)
        for (size_t i = 0; i < a->positions; i++) {
            const size_t position = sample * a->positions + i, begin = n;

            if (a->p->map != NULL)
                n = list_bits(a, a->p->map + position * words, l, n);
            else
                n += a->k->events(a->p->x + position * w->c, w->c, a->p->alpha, l->at + n, l->value + n);
            if (n > begin)
                l->place[l->places++] = (struct place){ (uint32_t)(sample - samples.from), (uint32_t)(i / w->w),
                                                        (uint32_t)(i % w->w), (uint32_t)begin };
        }
    l->place[l->places].begin = (uint32_t)n;
}

/* The number of events. */
static size_t count_sample(const struct events *a, size_t sample, size_t worker)
{
    const struct list l = list_of(a, worker);
    size_t n = 0;

    if (a->p->map == NULL)
        return a->k->events(a->p->x + sample * a->length, a->length, a->p->alpha, l.at, l.value);
    for (size_t i = sample * map_length(a); i < (sample + 1) * map_length(a); i++)
        n += snn__count_bits(a->p->map[i]);
    return n;
}

struct look {
    struct events a;
    size_t looked, found[LOOKED_AT];
};

static void look_at_sample(void *arg, size_t i, size_t worker)
{
    struct look *look = arg;

    look->found[i] = count_sample(&look->a, snn__part(look->a.samples, look->looked, i), worker);
}

double snn__events_share(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    struct look look = { .a = events_of(ctx, p, scratch) };
    size_t found = 0;

    look.looked = snn__min(look.a.samples, LOOKED_AT);
    if (look.looked * look.a.length < WORTH)
        for (size_t i = 0; i < look.looked; i++)
            look_at_sample(&look, i, 0);
    else
        snn__parallel(ctx, look_at_sample, &look, look.looked);
    for (size_t i = 0; i < look.looked; i++)
        found += look.found[i];
    return (double)found / (double)(look.looked * look.a.length);
}

/* Output row or column that tap `i` leads to from the source's `at`, or -1. */
static ptrdiff_t target(const struct snn__window *w, int axis, size_t at, size_t i, size_t end)
{
    const size_t stride = w->stride[axis], pad = w->pad[axis], dilation = w->dilation[axis];
    ptrdiff_t to;

    if (w->transposed) {
        to = (ptrdiff_t)(at * stride + i * dilation) - (ptrdiff_t)pad;
    } else {
        to = (ptrdiff_t)(at + pad) - (ptrdiff_t)(i * dilation);
        if (to % (ptrdiff_t)stride != 0)
            return -1;
        to /= (ptrdiff_t)stride;
    }
    return to < (ptrdiff_t)end ? to : -1;
}

static void find_targets(const struct snn__window *w, const struct list *l)
{
    for (size_t i = 0; i < w->kh; i++)
        for (size_t y = 0; y < w->h; y++)
            l->to[SNN__Y][i * w->h + y] = (int32_t)target(w, SNN__Y, y, i, w->oh);
    for (size_t j = 0; j < w->kw; j++)
        for (size_t x = 0; x < w->w; x++)
            l->to[SNN__X][j * w->w + x] = (int32_t)target(w, SNN__X, x, j, w->ow);
}

/* All places of a list, read by tap (i, j), into columns of their outputs. y: the first output of the list. */
static void scatter_tap(const struct events *a, const struct list *l, size_t i, size_t j, const float *weights,
                        size_t cols, float *y)
{
    const struct snn__window *w = &a->p->window;
    const size_t panel = a->depth * a->k->nr;
    const int32_t *const rows = l->to[SNN__Y] + i * w->h, *const columns = l->to[SNN__X] + j * w->w;

    for (const struct place *p = l->place; p < l->place + l->places; p++) {
        const int32_t row = rows[p->y], column = columns[p->x];
        const size_t output = p->sample * a->outputs + (size_t)row * w->ow + (size_t)column;

        if (row >= 0 && column >= 0)
            a->k->scatter(y + output * a->p->y_pitch, cols, weights, panel, p[1].begin - p->begin, l->at + p->begin,
                          l->value + p->begin);
    }
}

/* All of a group of columns for the samples of a list. */
static void scatter_group(const struct events *a, const struct list *l, struct span samples, size_t g)
{
    const struct snn__product *p = a->p;
    const struct snn__window *w = &p->window;
    const size_t cols = snn__min(GROUP, p->n - g * GROUP), nr = a->k->nr;
    const float *const weights = p->packed + g * (GROUP / nr) * a->depth * nr;
    float *const y = p->y + samples.from * a->outputs * p->y_pitch + g * GROUP;

    for (size_t tap = 0; tap < w->kh * w->kw; tap++)
        scatter_tap(a, l, tap / w->kw, tap % w->kw, weights + tap * w->c * nr, cols, y);
}

/* y = bias, or y += bias, or 0, in the columns from .. to - 1 */
static void begin_rows(const struct events *a, struct span samples, struct span cols)
{
    const struct snn__product *p = a->p;
    const size_t n = cols.to - cols.from;

    if (p->accumulate && p->bias == NULL)
        return;
    for (size_t i = samples.from * a->outputs; i < samples.to * a->outputs; i++) {
        float *const y = p->y + i * p->y_pitch + cols.from;

        if (p->accumulate)
            a->k->axpy(y, 1, p->bias + cols.from, n);
        else if (p->bias)
            memcpy(y, p->bias + cols.from, n * sizeof *y);
        else
            memset(y, 0, n * sizeof *y);
    }
}

static void events_task(void *arg, size_t task, size_t worker)
{
    const struct events *a = arg;
    const struct span all = part(a->samples, a->row_tasks, task / a->col_tasks);
    const struct span groups = part(snn__ceil_div(a->p->n, GROUP), a->col_tasks, task % a->col_tasks);
    const struct span cols = { groups.from * GROUP, snn__min(a->p->n, groups.to * GROUP) };
    const size_t some = block_length(all.to - all.from, a->block);
    struct list l = list_of(a, worker);

    find_targets(&a->p->window, &l);
    for (size_t i = all.from; i < all.to; i += some) {
        const struct span samples = { i, snn__min(all.to, i + some) };

        list_samples(a, samples, &l);
        begin_rows(a, samples, cols);
        for (size_t g = groups.from; g < groups.to; g++)
            scatter_group(a, &l, samples, g);
    }
}

/* Rows are cut first; columns where rows are few, though each task lists their numbers anew. */
static void cut_work(struct events *a, size_t threads)
{
    const size_t few = snn__ceil_div(SHARED, a->positions), groups = snn__ceil_div(a->p->n, GROUP);
    const size_t wanted = snn__min(threads > 1 ? 4 * threads : 1, tasks_wanted(a->p->m, groups * GROUP, a->depth));

    a->row_tasks = snn__min(wanted, snn__ceil_div(a->samples, few));
    a->col_tasks = snn__min(groups, snn__ceil_div(snn__min(wanted, threads), a->row_tasks));
}

void snn__events_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    struct events a = events_of(ctx, p, scratch);

    cut_work(&a, snn__threads(ctx));
    snn__parallel(ctx, events_task, &a, a.row_tasks * a.col_tasks);
}
