/* blas/outer_events.c - weight gradients where most of x is zero: each number that is not zero adds the errors of the
 * outputs whose windows hold it.
 *
 *   g[:, (tap, channel)] += x[position, channel] d[output that the tap leads to, :]
 *
 * The positions of some samples are listed by channel. The errors of 64 columns are copied into maps with a border of
 * zeros, so that a tap is a distance: the numbers of a channel then add rows of errors to one row of sums after the
 * other, by tap and by channel, as weights are added to outputs in events.c. Parts of the samples are cut by sizes
 * alone, so that each number is summed in the same order; which columns a task has makes no difference. */
#include "blas/blocks.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define GROUP 64u      /* columns of errors at a time */
#define POSITIONS 512u /* of a block, about: a row of sums is worth its loading */
#define LISTED 131072u /* numbers of a block, about */
#define NARROW 32u     /* columns of a product that is not worth the lists */
#define SPARE 16u      /* entries that the kernel may write beyond the last */

struct outer_events {
    const struct snn__kernels *k;
    const struct snn__outer *p;
    size_t samples, depth;
    size_t block;                 /* samples that are listed at once, at most */
    size_t high, wide;            /* of a map of errors with its border */
    size_t rows;                  /* of the maps of a block */
    size_t parts, groups, ranges; /* tasks: parts of the samples, ranges of the groups */
    char *scratch;
    float *copies; /* of g, where there are several parts */
    size_t per_worker;
};

/* The memory of one worker. */
struct own {
    uint32_t *channel; /* the numbers of a block that are not zero, in order of position: channel */
    float *value;      /* and value; */
    uint32_t *ends;    /* [positions] the number after the last of a position */
    uint32_t *row;     /* the same numbers in order of channel: row of the maps of errors */
    float *factor;     /* and value; */
    uint32_t *begin;   /* [c + 1] the first number of a channel */
    float *errors;     /* panels[GROUP / nr][rows][nr] */
    float *sums;       /* [depth][GROUP] */
    float *turned;     /* [GROUP][nr] */
};

bool snn__outer_events_fit(const struct snn__window *w, size_t n)
{
    return n >= NARROW && !w->transposed && w->stride[SNN__Y] == 1 && w->stride[SNN__X] == 1 && w->pitch == w->c;
}

static size_t block_of(const struct snn__window *w, size_t samples)
{
    const size_t positions = SNN__PRODUCT(w->h, w->w), length = SNN__PRODUCT(positions, w->c);

    return snn__min(samples, snn__max(1, snn__min(snn__ceil_div(POSITIONS, positions), LISTED / length)));
}

static size_t entries(const struct outer_events *a)
{
    const struct snn__window *w = &a->p->window;

    return aligned(SNN__SUM(SNN__PRODUCT(a->block, w->h, w->w, w->c), SPARE));
}

/* Words of four bytes. */
static size_t words_of_worker(const struct outer_events *a)
{
    const struct snn__window *w = &a->p->window;

    return SNN__SUM(SNN__PRODUCT(4, entries(a)), aligned(SNN__PRODUCT(a->block, w->h, w->w)), aligned(w->c + 1),
                    SNN__PRODUCT(SNN__SUM(a->rows, a->depth, a->k->nr), GROUP));
}

static struct outer_events events_of(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct outer_events a = { .k = ctx->kernels,
                              .p = p,
                              .samples = p->m / (w->oh * w->ow),
                              .depth = w->kh * w->kw * w->c,
                              .high = w->h + (w->kh - 1) * w->dilation[SNN__Y],
                              .wide = w->w + (w->kw - 1) * w->dilation[SNN__X],
                              .groups = snn__ceil_div(p->n, GROUP),
                              .scratch = scratch };

    a.block = block_of(w, a.samples);
    a.rows = SNN__PRODUCT(a.block, a.high, a.wide);
    a.parts = snn__min(snn__ceil_div(a.samples, a.block), snn__max(1, PARTS / a.groups));
    /* one block is listed once for all groups of a range */
    a.ranges = a.samples <= a.parts * a.block ? snn__min(a.groups, snn__threads(ctx)) : a.groups;
    a.per_worker = SNN__PRODUCT(words_of_worker(&a), sizeof(float));
    a.copies = (float *)(void *)(a.scratch + snn__threads(ctx) * a.per_worker);
    return a;
}

size_t snn__outer_events_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct snn__outer p = { .m = m, .n = n, .window = *w };
    const struct outer_events a = events_of(ctx, &p, NULL);

    return snn__max(outer_bytes(ctx, words_of_worker(&a), a.parts, n, a.depth), snn__events_scratch(ctx, m, w));
}

static struct own own_of(const struct outer_events *a, size_t worker)
{
    const struct snn__window *w = &a->p->window;
    const size_t room = entries(a);
    float *const base = (float *)(void *)(a->scratch + worker * a->per_worker);
    struct own own = { .value = base, .factor = base + room };

    own.channel = (uint32_t *)(void *)(base + 2 * room);
    own.row = own.channel + room;
    own.ends = own.row + room;
    own.begin = own.ends + aligned(a->block * w->h * w->w);
    own.errors = (float *)(void *)(own.begin + aligned(w->c + 1));
    own.sums = own.errors + a->rows * GROUP;
    own.turned = own.sums + a->depth * GROUP;
    return own;
}

/* Lists the numbers of some samples by position, and counts those of a channel: begin[channel + 1]. */
static void list_samples(const struct outer_events *a, struct span samples, const struct own *own)
{
    const struct snn__window *w = &a->p->window;
    const size_t positions = w->h * w->w, count = (samples.to - samples.from) * positions;
    const float *x = a->p->x + samples.from * positions * w->c;
    size_t n = 0;

    memset(own->begin, 0, (w->c + 1) * sizeof *own->begin);
    for (size_t i = 0; i < count; i++) {
        const size_t end = n + a->k->events(x + i * w->c, w->c, a->p->alpha, own->channel + n, own->value + n);

        for (; n < end; n++)
            own->begin[own->channel[n] + 1]++;
        own->ends[i] = (uint32_t)end;
    }
}

/* Sorts them by channel. Their row is that of the last tap, (kh - 1, kw - 1). */
static void sort_by_channel(const struct outer_events *a, struct span samples, const struct own *own)
{
    const struct snn__window *w = &a->p->window;
    size_t n = 0, position = 0;

    for (size_t c = 1; c <= w->c; c++)
        own->begin[c] += own->begin[c - 1];
    for (size_t map = 0; map < samples.to - samples.from; map++)
        for (size_t y = 0; y < w->h; y++)
            for (size_t x = 0; x < w->w; x++, position++)
                for (; n < own->ends[position]; n++) {
                    const size_t to = own->begin[own->channel[n]]++;

                    own->row[to] = (uint32_t)((map * a->high + y) * a->wide + x);
                    own->factor[to] = own->value[n];
                }
    memmove(own->begin + 1, own->begin, w->c * sizeof *own->begin);
    own->begin[0] = 0;
}

/* Errors of columns of some samples, each at the row and column where the last tap finds it. */
static void copy_errors(const struct outer_events *a, struct span samples, struct span cols, const struct own *own)
{
    const struct snn__outer *p = a->p;
    const struct snn__window *w = &p->window;
    const size_t nr = a->k->nr, panel = a->rows * nr, down = a->high - w->h, right = a->wide - w->w;

    for (size_t map = 0; map < samples.to - samples.from; map++)
        for (size_t y = 0; y < w->oh; y++)
            for (size_t x = 0; x < w->ow; x++) {
                /* below 0, these are beyond any map */
                const size_t row = y + down - w->pad[SNN__Y], column = x + right - w->pad[SNN__X];
                const float *d = p->d + (((samples.from + map) * w->oh + y) * w->ow + x) * p->d_pitch + cols.from;
                float *to = own->errors + ((map * a->high + row) * a->wide + column) * nr;

                for (size_t j = cols.from; row < a->high && column < a->wide && j < cols.to; j += nr) {
                    copy(to, d, snn__min(nr, cols.to - j));
                    to += panel;
                    d += nr;
                }
            }
}

/* sums += the numbers of a block, tap by tap */
static void add_block(const struct outer_events *a, size_t cols, const struct own *own)
{
    const struct snn__window *w = &a->p->window;
    const size_t nr = a->k->nr;
    float *sum = own->sums;

    for (size_t i = w->kh; i-- > 0;)
        for (size_t j = w->kw; j-- > 0;) {
            const float *errors = own->errors + (i * w->dilation[SNN__Y] * a->wide + j * w->dilation[SNN__X]) * nr;

            for (size_t c = 0; c < w->c; c++, sum += GROUP)
                a->k->scatter(sum, cols, errors, a->rows * nr, own->begin[c + 1] - own->begin[c],
                              own->row + own->begin[c], own->factor + own->begin[c]);
        }
}

/* g[cols][depth] (+)= the sums, turned */
static void turn_sums(const struct outer_events *a, struct span cols, const struct own *own, float *g, size_t pitch,
                      bool accumulate)
{
    const size_t nr = a->k->nr, n = cols.to - cols.from;
    const float *row[SNN__NR_MAX];

    for (size_t k = 0; k < a->depth; k += nr) {
        const size_t some = snn__min(nr, a->depth - k);

        for (size_t i = 0; i < nr; i++)
            row[i] = own->sums + (k + snn__min(i, some - 1)) * GROUP;
        a->k->interleave(own->turned, nr, row, n);
        for (size_t j = 0; j < n; j++)
            if (accumulate)
                a->k->axpy(g + (cols.from + j) * pitch + k, 1, own->turned + j * nr, some);
            else
                memcpy(g + (cols.from + j) * pitch + k, own->turned + j * nr, some * sizeof *g);
    }
}

static void add_samples(const struct outer_events *a, struct span samples, struct span cols, bool listed,
                        const struct own *own)
{
    if (!listed) {
        list_samples(a, samples, own);
        sort_by_channel(a, samples, own);
    }
    copy_errors(a, samples, cols, own);
    add_block(a, cols.to - cols.from, own);
}

static void outer_task(void *arg, size_t task, size_t worker)
{
    const struct outer_events *a = arg;
    const size_t which = task / a->ranges;
    const struct span all = part(a->samples, a->parts, which), groups = part(a->groups, a->ranges, task % a->ranges);
    const size_t some = block_length(all.to - all.from, a->block);
    const bool whole = a->parts == 1, one = some == all.to - all.from;
    float *const g = whole ? a->p->g : a->copies + which * a->p->n * a->depth;
    const struct own own = own_of(a, worker);

    memset(own.errors, 0, a->rows * GROUP * sizeof *own.errors);
    for (size_t group = groups.from; group < groups.to; group++) {
        const struct span cols = { group * GROUP, snn__min(a->p->n, (group + 1) * GROUP) };

        memset(own.sums, 0, a->depth * GROUP * sizeof *own.sums);
        for (size_t i = all.from; i < all.to; i += some)
            add_samples(a, (struct span){ i, snn__min(all.to, i + some) }, cols, one && group > groups.from, &own);
        turn_sums(a, cols, &own, g, whole ? a->p->g_pitch : a->depth, whole && a->p->accumulate);
    }
}

void snn__outer_events(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    struct outer_events a = events_of(ctx, p, scratch);

    snn__parallel(ctx, outer_task, &a, a.parts * a.ranges);
    if (a.parts > 1)
        snn__add_parts(ctx, p, a.copies, a.parts, a.depth);
}
