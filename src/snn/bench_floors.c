/* bench_floors.c - snn bench floors: how long each call into the layers of a network takes, beside the floor: the
 * time that its arrays need to be read and written once, by memcpy(), or its multiplications at the rate of a large
 * product in float32, whichever is longer. */
#include "bench.h"
#include "tool.h"

#include <snn/sys/layer.h>
#include <stdlib.h>
#include <string.h>

#define RATE_SHAPE "1024x2304-256" /* of the product that shows the rate of arithmetic */
#define PRODUCTS 7
#define COPIES 15
#define LEAST_COPY 5e-4

/* First layers of one and three channels, pools, batch norm, strides, attention. */
static const struct subject {
    const char *net;
    size_t rank, shape[3];
} subjects[] = {
    { "64C3-BN-MP2-128C3s2-BN-AP2-FC", 3, { 3, 32, 32 } },
    { "64C5s2-FC", 3, { 3, 32, 32 } },
    { "32C5-AP2-64C5-MP2-FC", 3, { 1, 28, 28 } },
    { "784-800-10", 1, { 784, 1, 1 } },
    { "binary-transformer", 3, { 3, 32, 32 } },
};

/* One call into a layer. */
struct line {
    const char *layer, *call;
    double ms, numbers, operations; /* numbers that are read or written, multiplications with an addition */
};

#define MOST_LAYERS 256

struct floors {
    const struct bench_floors *b;
    double rate;                  /* multiplications with an addition in a millisecond */
    char layer[MOST_LAYERS][200]; /* those that have their lines */
    size_t n;
};

/* Milliseconds of copying half of so many numbers to the other half. */
static double copy_time(double numbers)
{
    const size_t half = (size_t)(numbers / 2) + 1;
    float *x = floats(half, 1), *y = floats(half, 1);
    double best = -1;

    for (size_t i = 0; x && y && i < COPIES; i++) {
        const double began = now();
        double passed = 0;
        size_t rounds = 0;

        for (; passed < LEAST_COPY; rounds++) {
            memcpy(rounds % 2 ? x : y, rounds % 2 ? y : x, half * sizeof *x);
            passed = now() - began;
        }
        best = best < 0 || passed / (double)rounds < best ? passed / (double)rounds : best;
    }
    free(x);
    free(y);
    return 1e3 * best;
}

static int measure_rate(struct floors *f)
{
    snn_product_shape shape;
    double best = 0, seconds;
    int status = bench_read_product(RATE_SHAPE, &shape);

    shape.density = 1;
    for (size_t i = 0; status == DONE && i < PRODUCTS; i++) {
        const snn_status rc = snn_product_measure(f->b->context, "reals", &shape, "dense", &seconds);

        if (rc != SNN_OK)
            return fail_call(rc, NULL);
        best = best == 0 || seconds < best ? seconds : best;
    }
    f->rate = (double)shape.samples * shape.channels * shape.outputs / (1e3 * best);
    return status;
}

static void print(const struct floors *f, const struct line *l)
{
    const double memory = copy_time(l->numbers), work = l->operations / f->rate,
                 floor = memory > work ? memory : work;

    if (f->b->json)
        json_line(json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:f}", "event", "floors", "machine", f->b->machine,
                            "layer", l->layer, "call", l->call, "ms", l->ms, "memory_ms", memory, "arithmetic_ms",
                            work, "ratio", l->ms / floor),
                  6);
    else
        printf("%-48s %-9s %9.4f %9.4f %9.4f %7.2f\n", l->layer, l->call, l->ms, memory, work, l->ms / floor);
    fflush(stdout);
}

static double length(const snn_shape *s)
{
    return (double)s->dim[0] * s->dim[1] * s->dim[2];
}

/* Multiplications of one call for a sample. */
static double multiplications(snn_layer *layer, const snn_layer_info *l)
{
    snn_tensor weight = SNN_TENSOR_INIT;
    int64_t heads = 1;

    if (strcmp(l->type, "attention") == 0 && snn_layer_get_i64(layer, SNN_LAYER_HEADS, &heads) == SNN_OK)
        return 2 * length(&l->in) * l->in.dim[0] / (double)heads;
    if (strcmp(l->type, "linear") != 0 && strcmp(l->type, "conv1d") != 0 && strcmp(l->type, "conv2d") != 0)
        return 0;
    if (snn_layer_tensor_named(layer, "weight", &weight) != SNN_OK)
        return 0;
    return length(&l->out) / l->out.dim[0] * (double)weight.length;
}

/* Type, window and shapes of a layer; true if no line has them yet. */
static bool enter(struct floors *f, const snn_layer *layer, const snn_layer_info *l)
{
    char *text = f->layer[f->n], window[48] = "";
    int64_t kernel;

    if (f->n == MOST_LAYERS)
        return false;
    if (snn_layer_get_i64(layer, SNN_LAYER_KERNEL, &kernel) == SNN_OK && kernel > 0)
        snprintf(window, sizeof window, l->in.rank == 2 ? " %lld" : " %lldx%lld", (long long)kernel,
                 (long long)kernel);
    snprintf(text, sizeof f->layer[0], "%s%s %s to %s", l->type, window, shape_text(&l->in).s, shape_text(&l->out).s);
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->layer[i], text) == 0)
            return false;
    f->n++;
    return true;
}

/* Norms and attention read their inputs again on the way back; a maximum writes where it was, and reads that. */
static void print_calls(const struct floors *f, snn_layer *layer, const snn_layer_info *l, const double seconds[3])
{
    const double samples = (double)f->b->samples, in = samples * length(&l->in), out = samples * length(&l->out);
    const bool again = strstr(l->type, "norm") || strcmp(l->type, "attention") == 0;
    const double work = samples * multiplications(layer, l), inputs = in * l->inputs;
    const double places = strcmp(l->type, "maxpool") == 0 ? out : 0, weights = (double)l->parameters;
    const struct line lines[] = {
        { f->layer[f->n - 1], "forward", 1e3 * seconds[0], inputs + out + places + weights, work },
        { f->layer[f->n - 1], "adjoint", 1e3 * seconds[1], in + out + places + (again ? inputs : 0), work },
        { f->layer[f->n - 1], "gradient", 1e3 * seconds[2], in + out + weights, work },
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (lines[i].ms > 0)
            print(f, &lines[i]);
}

/* Neurons are left out: their states are more than what they read and write. */
static int measure_layer(struct floors *f, snn_network *network, size_t index)
{
    snn_layer *layer = snn_network_layer(network, index);
    snn_layer_info l = SNN_LAYER_INFO_INIT;
    double seconds[3];
    snn_status rc = snn_layer_get_info(layer, &l);

    if (rc == SNN_OK && (l.spiking || !enter(f, layer, &l)))
        return DONE;
    if (rc == SNN_OK)
        rc = snn_layer_measure(network, index, f->b->samples, f->b->density, seconds);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    print_calls(f, layer, &l, seconds);
    return DONE;
}

static int measure_network(struct floors *f, snn_network *network)
{
    const snn_status rc = snn_network_prepare(network);
    int status = rc == SNN_OK ? DONE : fail_call(rc, NULL);

    for (size_t i = 0; status == DONE && snn_network_layer(network, i) != NULL; i++)
        status = measure_layer(f, network, i);
    return status;
}

static int measure_subject(struct floors *f, const struct subject *s)
{
    snn_network *network;
    snn_status rc = snn_network_build(&network, f->b->context, s->net, s->shape, s->rank, 10, NULL);
    int status;

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = measure_network(f, network);
    snn_network_destroy(network);
    return status;
}

int bench_floors(const struct bench_floors *b)
{
    struct floors f = { .b = b };
    int status = measure_rate(&f);

    if (status == DONE && !b->json)
        printf(
            "machine  %s, %s, threads %u\nbatches of %zu, spikes at %.0f%%, smallest of 15, ms; memory: copying as "
            "many bytes; arithmetic: at %.0f GFLOP/s,\nthe rate of a product %s in float32; ratio: to the longer "
            "of the two\n\n%-48s %-9s %9s %9s %9s %7s\n",
            b->machine, b->isa, b->threads, b->samples, 100 * b->density, 2e-6 * f.rate, RATE_SHAPE, "layer", "call",
            "time", "memory", "arithm.", "ratio");
    if (status == DONE && b->network)
        return measure_network(&f, b->network);
    for (size_t i = 0; status == DONE && i < sizeof subjects / sizeof *subjects; i++)
        status = measure_subject(&f, &subjects[i]);
    return status;
}
