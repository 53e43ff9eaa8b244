/* bench_tune.c - snn bench kernels --tune: a product table (docs/context.md) of what is fastest here.
 *
 * A row is for a class of products: sizes between two powers of two, measured at one shape of it. Events take time in
 * proportion to their number: two densities give the line, and where it meets the fastest other way is the share
 * below which events are faster. */
#include "bench.h"
#include "outputs.h"
#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FEW 0.02 /* densities that give the line of events */
#define MANY 0.2
#define ROUNDS 3
#define MOST_ROWS 1024

struct tuning {
    const struct bench_kernels *b;
    FILE *out;
    char row[MOST_ROWS][288]; /* classes that have a row already: their words */
    size_t rows;
};

/* The row's bounds: "32-63". */
static struct text class_of(uint64_t size)
{
    uint64_t least = 1;
    struct text t;

    while (2 * least <= size)
        least *= 2;
    snprintf(t.s, sizeof t.s, "%llu-%llu", (unsigned long long)least, (unsigned long long)(2 * least - 1));
    return t;
}

static uint64_t rows_of(const snn_product_shape *s)
{
    const uint64_t out = (s->side + 2 * (uint64_t)s->pad - s->kernel) / s->stride + 1;

    return s->samples * out * out;
}

/* True if this class is new. */
static bool enter(struct tuning *t, const char *kind, const snn_product_shape *s)
{
    char *row = t->row[t->rows];

    snprintf(row, sizeof t->row[0], "%s %u-%u %u-%u %s %s %s", kind, s->kernel, s->kernel, s->stride, s->stride,
             class_of(rows_of(s)).s, class_of(s->outputs).s, class_of(s->channels).s);
    for (size_t i = 0; i < t->rows; i++)
        if (strcmp(t->row[i], row) == 0)
            return false;
    t->rows++;
    return true;
}

/* Milliseconds of the ways in their order, 0 where one does not take the shape; of events at either density. */
struct times {
    double way[BENCH_MOST_WAYS], few, many;
};

/* The smaller of what there is and what is measured. */
static int time_way(const struct tuning *t, const char *kind, const snn_product_shape *s, const char *way, double *ms)
{
    double seconds;
    snn_status rc = snn_product_measure(t->b->context, kind, s, way, &seconds);

    if (rc == SNN_OK && (*ms <= 0 || 1e3 * seconds < *ms))
        *ms = 1e3 * seconds;
    return rc == SNN_OK || rc == SNN_ERR_UNSUPPORTED ? DONE : fail_call(rc, NULL);
}

/* All in turn, several times: what else the machine does meets all of them. */
static int time_all(const struct tuning *t, const char *kind, snn_product_shape s, struct times *times)
{
    int status = DONE;
    const char *way;

    memset(times, 0, sizeof *times);
    for (size_t round = 0; round < ROUNDS; round++) {
        s.density = MANY;
        for (size_t i = 0; status == DONE && (way = snn_product_way(i)) != NULL && i < BENCH_MOST_WAYS; i++)
            if (strcmp(way, "events") != 0 && strcmp(way, "bits") != 0)
                status = time_way(t, kind, &s, way, &times->way[i]);
        if (status == DONE)
            status = time_way(t, kind, &s, "events", &times->many);
        s.density = FEW;
        if (status == DONE)
            status = time_way(t, kind, &s, "events", &times->few);
    }
    return status;
}

/* The share of numbers that are not 0 below which events take less than `best`. */
static double events_below(const struct times *times, double best)
{
    const double slope = (times->many - times->few) / (MANY - FEW);

    if (times->few <= 0)
        return 0;
    return slope > 0 ? fmin(1, fmax(0, FEW + (best - times->few) / slope)) : best > times->few;
}

static void write_row(struct tuning *t, const char *kind, const char *text, const struct times *times)
{
    const char *row = t->row[t->rows - 1];
    size_t best = 0;
    double share;

    fprintf(t->out, "# %s %s, ms:", text, kind);
    for (size_t i = 0; snn_product_way(i) != NULL && i < BENCH_MOST_WAYS; i++) {
        if (times->way[i] > 0)
            fprintf(t->out, " %s %.4g", snn_product_way(i), times->way[i]);
        if (times->way[i] > 0 && times->way[i] < times->way[best])
            best = i;
    }
    share = events_below(times, times->way[best]);
    if (times->few > 0)
        fprintf(t->out, " events %.4g at 2%% %.4g at 20%%", times->few, times->many);
    fprintf(t->out, "\n%s %s %.3g\n", row, snn_product_way(best), share);
    printf("%-24s %-52s %-9s %6.1f%%\n", text, row, snn_product_way(best), 100 * share);
    fflush(stdout);
}

/* A class that has a row keeps it. Way number 0, dense, takes everything. */
static int tune(struct tuning *t, const char *kind, const snn_product_shape *s, const char *text)
{
    struct times times;
    int status;

    if (t->rows == MOST_ROWS || !enter(t, kind, s))
        return DONE;
    status = time_all(t, kind, *s, &times);
    if (status == DONE)
        write_row(t, kind, text, &times);
    return status;
}

/* Forward, adjoint (which a strided window cannot express) and gradient of one layer. */
static int tune_layer(struct tuning *t, const snn_product_shape *s, const char *text)
{
    snn_product_shape back = *s;
    int status = tune(t, "spikes", s, text);

    back.channels = s->outputs;
    back.outputs = s->channels;
    if (status == DONE)
        status = tune(t, "reals", s, text);
    if (status == DONE && s->stride == 1)
        status = tune(t, "reals", &back, text);
    return status == DONE ? tune(t, "gradients", s, text) : status;
}

static int tune_all(struct tuning *t)
{
    char head[SNN_PRODUCT_TABLE_HEAD];
    const snn_status rc = snn_product_table_head(t->b->context, head, sizeof head);
    const char *text;
    snn_product_shape shape;
    int status = rc == SNN_OK ? DONE : fail_call(rc, NULL);

    if (status != DONE)
        return status;
    fprintf(t->out, "%s# %s; KIND KERNEL STRIDE ROWS OUTPUTS CHANNELS WAY EVENTS\n", head, t->b->machine);
    printf("machine  %s\n\n%-24s %-52s %-9s %7s\n", t->b->machine, "product",
           "kind, kernel, stride, rows, outputs, channels", "fastest", "events");
    for (size_t i = 0; status == DONE && (text = bench_product(t->b, i)) != NULL; i++) {
        status = bench_read_product(text, &shape);
        if (status == DONE)
            status = tune_layer(t, &shape, text);
    }
    return status;
}

int bench_tune(const struct bench_kernels *b, const char *path)
{
    struct tuning *t = calloc(1, sizeof *t);
    char *text = NULL;
    size_t length = 0;
    int status;

    if (t == NULL)
        return fail(FAILED, "out of memory");
    t->b = b;
    t->out = open_memstream(&text, &length);
    status = t->out ? tune_all(t) : fail(FAILED, "out of memory");
    if (t->out && fclose(t->out) != 0)
        status = fail(FAILED, "out of memory");
    if (status == DONE)
        status = output_replace(path, text, length);
    free(text);
    free(t);
    return status;
}
