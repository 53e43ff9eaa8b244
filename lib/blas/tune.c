/* blas/tune.c - a row of a product table out of the times that the ways to a product take here.
 *
 * A row is for a class of products: sizes between two powers of two, measured at one shape of it. Events take time in
 * proportion to their number: two shares give the line, and where it meets the fastest other way is the share below
 * which events are faster. */
#include "blas/table.h"
#include "blas/trial.h"
#include "core/context.h"
#include "core/size.h"
#include <math.h>

#define FEW 0.02 /* shares that give the line of events */
#define MANY 0.2
#define ROUNDS 3
#define SLOW 2 /* a way that takes so many times the best one, twice, is not tried again */

static bool multiplies(enum snn__way way)
{
    return way != SNN__WAY_EVENTS && way != SNN__WAY_BITS;
}

static enum snn__way fastest(const struct snn__times *times)
{
    enum snn__way best = SNN__WAY_DENSE;

    for (int way = SNN__WAY_DENSE; way < SNN__WAYS; way++)
        if (multiplies((enum snn__way)way) && times->way[way] > 0 && times->way[way] < times->way[best])
            best = (enum snn__way)way;
    return best;
}

/* *seconds: the least of what there is, if anything, and of one more run. */
static void time_once(struct snn__trial *t, enum snn__way way, double *seconds)
{
    const double passed = snn__trial_run(t, way);

    if (*seconds <= 0 || passed < *seconds)
        *seconds = passed;
}

/* All in turn, several times: what else the machine does meets all of them. */
static void time_ways(struct snn__trial *t, struct snn__times *times)
{
    snn__trial_draw(t, MANY);
    for (size_t round = 0; round < ROUNDS; round++)
        for (int way = SNN__WAY_DENSE; way < SNN__WAYS; way++)
            if (multiplies((enum snn__way)way) && snn__trial_takes(t, (enum snn__way)way) &&
                (round < 2 || times->way[way] < SLOW * times->way[fastest(times)]))
                time_once(t, (enum snn__way)way, &times->way[way]);
}

static void time_events(struct snn__trial *t, double share, double *seconds)
{
    snn__trial_draw(t, share);
    for (size_t round = 0; round < ROUNDS; round++)
        time_once(t, SNN__WAY_EVENTS, seconds);
}

/* The share of numbers that are not 0 below which events take less than `best`. */
static double events_below(const struct snn__times *times, double best)
{
    const double slope = (times->many - times->few) / (MANY - FEW);

    if (times->few <= 0)
        return 0;
    return slope > 0 ? fmin(1, fmax(0, FEW + (best - times->few) / slope)) : best > times->few;
}

/* The powers of two that a size lies between. */
static struct snn__bounds class_of(size_t size)
{
    uint64_t least = 1;

    while (2 * least <= size)
        least *= 2;
    return (struct snn__bounds){ (uint32_t)snn__min(least, UINT32_MAX),
                                 (uint32_t)snn__min(2 * least - 1, UINT32_MAX) };
}

static struct snn__bounds just(size_t size)
{
    return (struct snn__bounds){ (uint32_t)size, (uint32_t)size };
}

static bool decided(const snn_context *ctx, enum snn__kind kind, size_t m, size_t n, const struct snn__window *w)
{
    size_t index = 0;

    snn__table_next(ctx, &index, kind, m, n, w);
    return index <= atomic_load(&ctx->products->count);
}

static snn_status measure(snn_context *ctx, enum snn__kind kind, size_t m, size_t n, const struct snn__window *w,
                          struct snn__times *times)
{
    struct snn__trial t;

    *times = (struct snn__times){ 0 };
    SNN__TRY(snn__trial_begin(&t, ctx, kind, m, n, w));
    time_ways(&t, times);
    if (snn__trial_takes(&t, SNN__WAY_EVENTS)) {
        time_events(&t, FEW, &times->few);
        time_events(&t, MANY, &times->many);
    }
    snn__trial_end(&t);
    return SNN_OK;
}

snn_status snn__table_measure(snn_context *ctx, enum snn__kind kind, size_t m, size_t n, const struct snn__window *w,
                              struct snn__times *times, const struct snn__table_row **row)
{
    struct snn__table *table = ctx->products;
    struct snn__times own;
    size_t count;
    enum snn__way way;

    *row = NULL;
    if (table == NULL || !table->grows || m == 0 || n == 0 || w->c == 0)
        return SNN_OK;
    count = atomic_load(&table->count);
    if (count == SNN__TABLE_ROWS || decided(ctx, kind, m, n, w))
        return SNN_OK;
    times = times != NULL ? times : &own;
    SNN__TRY(measure(ctx, kind, m, n, w, times));
    way = fastest(times);
    table->row[count] = (struct snn__table_row){ kind,
                                                 just(snn__longer_side(w)),
                                                 just(snn__larger_stride(w)),
                                                 class_of(m),
                                                 class_of(n),
                                                 class_of(w->c),
                                                 way,
                                                 events_below(times, times->way[way]) };
    atomic_store_explicit(&table->count, count + 1, memory_order_release);
    *row = &table->row[count];
    return SNN_OK;
}
