/* bench_growth.c - snn bench growth: samples per second of 784-H-10 as batch, steps, width or density grow, one of
 * them at a time. */
#include "bench.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define INPUTS 784u
#define CLASSES 10u
#define LARGEST_BATCH 512u

/* What a line measures. */
struct point {
    size_t batch;
    uint32_t steps, width;
    double density;
};

static const struct point middle = { 128, 6, 800, 0.1 };

struct subject {
    snn_network *network;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    float *x; /* spikes, [T,B,784] */
    uint32_t *labels;
};

static snn_status create(struct subject *s, const struct bench_growth *b, const struct point *p)
{
    const size_t inputs = INPUTS;
    char net[48];
    snn_status rc;

    snprintf(net, sizeof net, "%u-%u-%u", INPUTS, p->width, CLASSES);
    rc = snn_network_build(&s->network, b->context, net, &inputs, 1, CLASSES, NULL);
    if (rc == SNN_OK)
        rc = snn_optimizer_create(&s->optimizer, b->context, "sgd");
    if (rc == SNN_OK)
        rc = snn_optimizer_set_f64(s->optimizer, SNN_OPTIMIZER_LR, 1e-6); /* the activity stays */
    if (rc == SNN_OK)
        rc = snn_trainer_create(&s->trainer, s->network, s->optimizer, b->method);
    if (rc == SNN_OK)
        rc = snn_trainer_set_i64(s->trainer, SNN_TRAINER_STEPS, p->steps);
    return rc == SNN_OK ? snn_trainer_prepare(s->trainer, p->batch) : rc;
}

static int open_subject(struct subject *s, const struct bench_growth *b, const struct point *p)
{
    const size_t n = p->steps * p->batch * INPUTS;
    uint64_t state = 0x9e3779b97f4a7c15u;
    snn_status rc;

    s->x = floats(n, 1);
    s->labels = calloc(p->batch, sizeof *s->labels);
    if (!s->x || !s->labels)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < n; i++)
        s->x[i] = (double)(bench_random(&state) >> 40) < p->density * 16777216.0;
    for (size_t i = 0; i < p->batch; i++)
        s->labels[i] = (uint32_t)(bench_random(&state) % CLASSES);
    rc = create(s, b, p);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static void close_subject(struct subject *s)
{
    snn_trainer_destroy(s->trainer);
    snn_optimizer_destroy(s->optimizer);
    snn_network_destroy(s->network);
    free(s->x);
    free(s->labels);
}

/* rate: ascending. */
static void print(const struct bench_growth *b, const char *axis, const struct point *p, const double *rate,
                  double median)
{
    const double low = rate[0], high = rate[b->repeats - 1];

    if (b->json)
        json_line(json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "event", "growth",
                            "machine", b->machine, "trainer", b->method, "threads", (json_int_t)b->threads, "axis",
                            axis, "batch", (json_int_t)p->batch, "steps", (json_int_t)p->steps, "width",
                            (json_int_t)p->width, "density", p->density, "samples_per_second", median, "slowest", low,
                            "fastest", high),
                  9);
    else
        printf("%-8s %6zu %6u %6u %7.0f%% %14s %14s %14s\n", axis, p->batch, p->steps, p->width, 100 * p->density,
               grouped((uint64_t)median).s, grouped((uint64_t)low).s, grouped((uint64_t)high).s);
    fflush(stdout);
}

static int measure(const struct bench_growth *b, const char *axis, const struct point *p)
{
    double rate[BENCH_MOST_REPEATS];
    struct subject s = { .x = NULL };
    snn_batch batch = SNN_BATCH_INIT;
    int status = open_subject(&s, b, p);

    batch.samples = p->batch;
    batch.frames = p->steps;
    batch.x = s.x;
    batch.labels = s.labels;
    if (status == DONE)
        status = bench_rates(s.trainer, &batch, rate, (size_t)b->repeats);
    if (status == DONE)
        print(b, axis, p, rate, bench_median(rate, (size_t)b->repeats));
    close_subject(&s);
    return status;
}

/* Point number i of an axis; false past the last. */
static bool point_of(const struct bench_growth *b, const char *axis, size_t i, struct point *p)
{
    *p = middle;
    switch (axis[0]) {
    case 'b':
        p->batch = (size_t)1 << i;
        return p->batch <= LARGEST_BATCH;
    case 's':
        p->steps = i < b->n_steps ? (uint32_t)b->steps[i] : 0;
        return i < b->n_steps;
    case 'w':
        p->width = i < b->n_widths ? (uint32_t)b->width[i] : 0;
        return i < b->n_widths;
    default:
        p->density = i < b->n_densities ? b->density[i] : 0;
        return i < b->n_densities;
    }
}

int bench_growth(const struct bench_growth *b)
{
    static const char *const axes[] = { "batch", "steps", "width", "density" };
    struct point p;
    bool known = b->axis == NULL;
    int status = DONE;

    for (size_t a = 0; a < sizeof axes / sizeof *axes; a++)
        known |= b->axis && strcmp(b->axis, axes[a]) == 0;
    if (!known)
        return fail(USAGE, "--axis: \"%s\" is none of batch, steps, width, density", b->axis);
    if (!b->json)
        printf("machine  %s, %s, threads %u\n%u-H-%u by %s on random spikes; samples per second, medians of %lld\n\n"
               "%-8s %6s %6s %6s %8s %14s %14s %14s\n",
               b->machine, b->isa, b->threads, INPUTS, CLASSES, b->method, (long long)b->repeats, "axis", "batch",
               "T", "H", "spikes", "samples/s", "slowest", "fastest");
    for (size_t a = 0; a < sizeof axes / sizeof *axes; a++)
        for (size_t i = 0;
             status == DONE && (!b->axis || strcmp(b->axis, axes[a]) == 0) && point_of(b, axes[a], i, &p); i++)
            status = measure(b, axes[a], &p);
    return status;
}
