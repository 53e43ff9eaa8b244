/* bench_layer.c - snn bench layer: forward and backward of one linear layer with a LIF population, through time, and
 * how often the same three products in float32 would fit into that time. */
#include "bench.h"
#include "config.h"
#include "run.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PRODUCT_ROWS 4096u /* longer products are timed at this length and scaled */

/* One line: H inputs and outputs, T steps. */
struct line {
    uint32_t width, steps;
    double low, median, high, products; /* milliseconds */
};

struct layer {
    const struct bench_layer *b;
    snn_network *network;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    float *x; /* spikes, [T,B,H] */
    uint32_t *labels;
};

static snn_status create(struct layer *l, const struct line *line)
{
    snn_context *ctx = l->b->context;
    const size_t width = line->width;
    snn_neuron *lif;
    snn_status rc = snn_neuron_create(&lif, ctx, "lif");

    if (rc != SNN_OK)
        return rc;
    rc = snn_network_create(&l->network, ctx, &width, 1);
    if (rc == SNN_OK)
        rc = snn_network_add_dense(l->network, width, lif);
    snn_neuron_destroy(lif);
    if (rc == SNN_OK)
        rc = snn_optimizer_create(&l->optimizer, ctx, "sgd");
    if (rc == SNN_OK)
        rc = snn_optimizer_set_f64(l->optimizer, SNN_OPTIMIZER_LR, 1e-6); /* the activity stays */
    if (rc == SNN_OK)
        rc = snn_trainer_create(&l->trainer, l->network, l->optimizer, "bptt");
    if (rc == SNN_OK)
        rc = snn_trainer_set_i64(l->trainer, SNN_TRAINER_STEPS, line->steps);
    return rc == SNN_OK ? snn_trainer_prepare(l->trainer, l->b->batch) : rc;
}

static int open_layer(struct layer *l, const struct line *line)
{
    const size_t batch = l->b->batch, n = line->steps * batch * line->width;
    const uint64_t below = (uint64_t)(l->b->density * 16777216.0);
    uint64_t state = 0x9e3779b97f4a7c15u;
    snn_status rc;

    l->x = floats(n, 1);
    l->labels = calloc(batch, sizeof *l->labels);
    if (!l->x || !l->labels)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < n; i++)
        l->x[i] = bench_random(&state) >> 40 < below;
    for (size_t i = 0; i < batch; i++)
        l->labels[i] = (uint32_t)(bench_random(&state) % line->width);
    rc = create(l, line);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static void close_layer(struct layer *l)
{
    snn_trainer_destroy(l->trainer);
    snn_optimizer_destroy(l->optimizer);
    snn_network_destroy(l->network);
    free(l->x);
    free(l->labels);
}

/* Milliseconds of a batch, over so many that they take long enough; negative if one failed. */
static double time_batches(struct layer *l, const snn_batch *batch)
{
    double passed = 0;
    size_t count = 0;

    for (; passed < BENCH_LEAST_SECONDS; count++) {
        const double seconds = bench_time_steps(l->trainer, batch, 1);

        if (seconds < 0)
            return -1;
        passed += seconds;
    }
    return 1e3 * passed / (double)count;
}

/* The first ones warm up. */
static int time_layer(struct layer *l, struct line *line)
{
    const size_t n = (size_t)l->b->repeats;
    double ms[BENCH_MOST_REPEATS];
    snn_batch batch = SNN_BATCH_INIT;

    batch.samples = l->b->batch;
    batch.frames = line->steps;
    batch.x = l->x;
    batch.labels = l->labels;
    if (time_batches(l, &batch) < 0)
        return FAILED;
    for (size_t i = 0; i < n; i++) {
        ms[i] = time_batches(l, &batch);
        if (ms[i] < 0)
            return FAILED;
    }
    line->median = bench_median(ms, n);
    line->low = ms[0];
    line->high = ms[n - 1];
    return DONE;
}

/* Forward, adjoint and gradient: dense products of B T rows, H by H weights. */
static int time_products(const struct bench_layer *b, struct line *line)
{
    static const char *const kind[] = { "reals", "reals", "gradients" };
    snn_product_shape s = SNN_PRODUCT_SHAPE_INIT;
    const double rows = (double)b->batch * line->steps;

    s.samples = rows < MOST_PRODUCT_ROWS ? (uint32_t)rows : MOST_PRODUCT_ROWS;
    s.channels = s.outputs = line->width;
    s.density = 1;
    line->products = 0;
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
        double seconds;
        const snn_status rc = snn_product_measure(b->context, kind[i], &s, "dense", &seconds);

        if (rc != SNN_OK)
            return fail_call(rc, NULL);
        line->products += 1e3 * seconds * rows / s.samples;
    }
    return DONE;
}

static void print(const struct bench_layer *b, const struct line *l)
{
    if (b->json)
        json_line(json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "event", "layer",
                            "machine", b->machine, "threads", (json_int_t)b->threads, "batch", (json_int_t)b->batch,
                            "width", (json_int_t)l->width, "steps", (json_int_t)l->steps, "density", b->density, "ms",
                            l->median, "fastest", l->low, "slowest", l->high, "products_ms", l->products, "ratio",
                            l->median / l->products),
                  6);
    else
        printf("%6u %6u %12.2f %12.2f %12.2f %14.2f %8.2f\n", l->width, l->steps, l->median, l->low, l->high,
               l->products, l->median / l->products);
    fflush(stdout);
}

static int measure(const struct bench_layer *b, struct line *line)
{
    struct layer l = { .b = b };
    int status = open_layer(&l, line);

    if (status == DONE)
        status = time_layer(&l, line);
    close_layer(&l);
    if (status == DONE)
        status = time_products(b, line);
    if (status == DONE)
        print(b, line);
    return status;
}

int bench_layer(const struct bench_layer *b)
{
    int status = DONE;

    if (!b->json)
        printf(
            "machine  %s, %s, threads %u\nlinear H -> H and lif, bptt, batches of %zu, spikes at %.0f%%; products: "
            "forward, adjoint and\ngradient in float32 alone; medians of %lld, ms\n\n%6s %6s %12s %12s %12s %14s "
            "%8s\n",
            b->machine, b->isa, b->threads, b->batch, 100 * b->density, (long long)b->repeats, "H", "T", "fwd + bwd",
            "fastest", "slowest", "products alone", "ratio");
    for (size_t h = 0; status == DONE && h < b->n_widths; h++)
        for (size_t t = 0; status == DONE && t < b->n_steps; t++) {
            struct line line = { .width = (uint32_t)b->width[h], .steps = (uint32_t)b->steps[t] };

            status = measure(b, &line);
        }
    return status;
}
