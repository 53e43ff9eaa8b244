/* blas/events.c - y = read(x) w where most of x is zero, as maps of spikes are: each number that is not zero adds its
 * row of weights to the outputs whose windows hold it.
 *
 *   y[o] += x[position, channel] w[(tap, channel), :]      for every tap that leads from the position to an output o
 *
 * The numbers of a sample are listed in order of position; all of one position are added to an output together, so
 * that it is loaded and stored once. Samples are summed by one task each, in order. */
#include "blas/blocks.h"
#include "blas/spikes.h"
#include "core/compiler.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define GROUP 64u    /* columns at a time: their weights stay in the second-level cache */
#define ROWS 16u     /* of a matrix at a time, for the same reason */
#define LOOKED_AT 8u /* samples from which the density of x is estimated */
#define WORTH 16384u /* numbers to look at that are worth a region of all threads */
#define SPARE 16u    /* entries that the kernel may write beyond the last */

struct events {
    const struct snn__kernels *k;
    const struct snn__product *p;
    size_t length;  /* of a sample of x */
    size_t outputs; /* rows of y that belong to it */
    size_t samples, block, tasks, depth;
    char *scratch;
    size_t per_worker;
};

/* The numbers of a sample. */
struct list {
    size_t n;
    uint32_t *at;
    float *value;
};

static size_t block_of(const struct snn__window *w)
{
    return w->h * w->w == 1 ? ROWS : 1;
}

static size_t list_room(const struct snn__window *w)
{
    return aligned(SNN__SUM(SNN__PRODUCT(w->h, w->w, w->c), SPARE));
}

static size_t per_worker(const struct snn__window *w)
{
    return SNN__PRODUCT(block_of(w), list_room(w), sizeof(uint32_t) + sizeof(float));
}

size_t snn__events_scratch(const snn_context *ctx, const struct snn__window *w)
{
    return SNN__PRODUCT(snn__threads(ctx), per_worker(w));
}

static struct list list_at(const struct events *a, size_t worker, size_t i)
{
    const size_t room = list_room(&a->p->window);
    char *base = a->scratch + worker * a->per_worker;

    return (struct list){ 0, (uint32_t *)(void *)base + i * room, (float *)(void *)base + (a->block + i) * room };
}

/* Words of a sample's map. */
static size_t map_length(const struct events *a)
{
    return snn__spikes_length(a->length, a->p->window.c);
}

/* From the bits of a map. */
static void fill_list_of_bits(const struct events *a, size_t sample, struct list *l)
{
    const size_t c = a->p->window.c;
    const uint64_t *map = a->p->map + sample * map_length(a);
    size_t n = 0;

    for (size_t position = 0; position < a->length; position += c)
        for (size_t channel = 0; channel < c; channel += 64)
            for (uint64_t rest = *map++; rest != 0; rest &= rest - 1, n++) {
                l->at[n] = (uint32_t)(position + channel) + snn__lowest_bit(rest);
                l->value[n] = a->p->alpha;
            }
    l->n = n;
}

static void fill_list(const struct events *a, size_t sample, struct list *l)
{
    if (a->p->map != NULL)
        fill_list_of_bits(a, sample, l);
    else
        l->n = a->k->events(a->p->x + sample * a->length, a->length, a->p->alpha, l->at, l->value);
}

/* The number of events. */
static size_t count_sample(const struct events *a, size_t sample, size_t worker)
{
    struct list l = list_at(a, worker, 0);
    size_t n = 0;

    if (a->p->map == NULL) {
        fill_list(a, sample, &l);
        return l.n;
    }
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
    const struct snn__window *w = &p->window;
    struct look look = {
        .a = { .k = ctx->kernels, .p = p, .length = w->h * w->w * w->c, .block = block_of(w), .scratch = scratch }
    };
    size_t found = 0;

    look.a.samples = p->m / (w->oh * w->ow);
    look.a.per_worker = per_worker(w);
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

/* The numbers from .. to - 1 of a list, all of one position, into the columns of group `g`. */
static void spread(const struct events *a, const struct list *l, size_t from, size_t to, size_t position, size_t g,
                   float *y)
{
    const struct snn__product *p = a->p;
    const struct snn__window *w = &p->window;
    const size_t cols = snn__min(GROUP, p->n - g * GROUP), panel = a->depth * a->k->nr;
    const float *weights = p->packed + g * (GROUP / a->k->nr) * panel;

    for (size_t i = 0; i < w->kh; i++) {
        const ptrdiff_t row = target(w, SNN__Y, position / w->w, i, w->oh);

        for (size_t j = 0; row >= 0 && j < w->kw; j++) {
            const ptrdiff_t column = target(w, SNN__X, position % w->w, j, w->ow);

            if (column >= 0)
                a->k->scatter(y + ((size_t)row * w->ow + (size_t)column) * p->y_pitch + g * GROUP, cols,
                              weights + (i * w->kw + j) * w->c * a->k->nr, panel, to - from, l->at + from,
                              l->value + from);
        }
    }
}

/* One sample. `at` becomes the channel. */
static void spread_list(const struct events *a, struct list *l, size_t g, float *y)
{
    const size_t c = a->p->window.c;

    for (size_t from = 0, to; from < l->n; from = to) {
        const size_t position = l->at[from] / c, end = (position + 1) * c;

        for (to = from; to < l->n && l->at[to] < end; to++)
            l->at[to] -= (uint32_t)(end - c);
        spread(a, l, from, to, position, g, y);
        for (size_t i = from; i < to; i++)
            l->at[i] += (uint32_t)(end - c);
    }
}

/* y = bias, or y += bias, or 0 */
static void begin_rows(const struct events *a, float *y)
{
    const struct snn__product *p = a->p;

    if (p->accumulate && p->bias == NULL)
        return;
    for (size_t i = 0; i < a->outputs; i++, y += p->y_pitch) {
        if (p->accumulate)
            a->k->axpy(y, 1, p->bias, p->n);
        else if (p->bias)
            memcpy(y, p->bias, p->n * sizeof *y);
        else
            memset(y, 0, p->n * sizeof *y);
    }
}

static void block_of_samples(const struct events *a, size_t from, size_t to, size_t worker)
{
    struct list list[ROWS];
    float *y = a->p->y + from * a->outputs * a->p->y_pitch;

    for (size_t i = 0; i < to - from; i++) {
        list[i] = list_at(a, worker, i);
        fill_list(a, from + i, &list[i]);
        begin_rows(a, y + i * a->outputs * a->p->y_pitch);
    }
    for (size_t g = 0; g < snn__ceil_div(a->p->n, GROUP); g++)
        for (size_t i = 0; i < to - from; i++)
            spread_list(a, &list[i], g, y + i * a->outputs * a->p->y_pitch);
}

static void events_task(void *arg, size_t task, size_t worker)
{
    const struct events *a = arg;
    const struct span all = part(a->samples, a->tasks, task);

    for (size_t i = all.from; i < all.to; i += a->block)
        block_of_samples(a, i, snn__min(all.to, i + a->block), worker);
}

void snn__events_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct events a = { .k = ctx->kernels,
                        .p = p,
                        .length = w->h * w->w * w->c,
                        .outputs = w->oh * w->ow,
                        .block = block_of(w),
                        .depth = w->kh * w->kw * w->c,
                        .scratch = scratch };

    a.samples = p->m / a.outputs;
    a.per_worker = per_worker(w);
    a.tasks = snn__min(snn__ceil_div(a.samples, snn__ceil_div(a.block, 2)),
                       tasks_wanted(p->m, snn__round_up(p->n, GROUP), a.depth));
    snn__parallel(ctx, events_task, &a, a.tasks);
}
