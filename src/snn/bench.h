/* bench.h - what the parts of snn bench share. */
#ifndef SNN_TOOL_BENCH_H
#define SNN_TOOL_BENCH_H

#include <jansson.h>
#include <snn/snn.h>
#include <snn/sys/product.h>
#include <stdbool.h>

/* snn bench --against-torch. The caller fills in programs (or leaves it empty), repeats and json. */
struct bench_torch {
    char tool[1024], programs[1024]; /* this program; the folder of PyTorch's */
    const char *python, *repeats;
    uint32_t processors;
    bool json;
};

/* Compares the networks and methods named in the lists, all of them if NULL. Returns an exit status. */
int bench_against_torch(struct bench_torch *b, const char *machine, const char *net, const char *methods);

/* The processor's name. */
void bench_machine(char *out, size_t size);
/* For qsort(): doubles from the smallest to the largest. */
int bench_ascending(const void *a, const void *b);
/* The median of n > 0 figures, which become ascending. */
double bench_median(double *figure, size_t n);
/* Seconds of `count` steps; negative if one failed. */
double bench_time_steps(snn_trainer *trainer, const snn_batch *batch, size_t count);
/* Samples per second of n repeats, each of so many steps that they take long enough, after a warm-up. Returns an exit
 * status. */
int bench_rates(snn_trainer *trainer, const snn_batch *batch, double *rate, size_t n);
/* xorshift: the same numbers at every run, from a state that is not 0. */
uint64_t bench_random(uint64_t *state);
/* Uniform pixels of mean 0 and deviation 1, labels at random. */
void bench_random_batch(float *x, size_t values, uint32_t *labels, size_t samples, size_t classes);

#define BENCH_MOST 16 /* entries of a list on the command line */
#define BENCH_MOST_REPEATS 101
#define BENCH_LEAST_SECONDS 0.3 /* of one repeat of training, far above the resolution of the clock */

/* snn bench train: a line for every method, number of steps and of threads. */
struct bench_train {
    const json_t *config;
    snn_dataset_info shape;
    const char *machine, *rows, *more; /* lateral neurons of two tasks, or NULL */
    char method[BENCH_MOST][32];
    int64_t steps[BENCH_MOST], threads[BENCH_MOST], repeats;
    int64_t after; /* epochs of training before the measurement; -1: random samples, no data set */
    size_t n_methods, n_steps, n_threads;
    bool memory, json;
};

/* snn bench stream: a line without learning and one for every method, for each share of inputs that have an event. */
struct bench_stream {
    const json_t *config;
    snn_dataset_info shape;
    double density[BENCH_MOST];
    char method[BENCH_MOST][32];
    size_t n_densities, n_methods;
    bool json;
};

#define BENCH_MOST_PRODUCTS 128
#define BENCH_MOST_WAYS 16

/* snn bench kernels: a line for every shape, density and way to the product. The context has the threads and
 * instruction set. */
struct bench_kernels {
    snn_context *context;
    const char *machine;
    char product[BENCH_MOST_PRODUCTS][32];
    double density[BENCH_MOST];
    size_t n_products, n_densities; /* no products: a list of its own */
    bool json;
};

/* Product number i, from 0, in the words of --product; NULL past the last. */
const char *bench_product(const struct bench_kernels *b, size_t i);
int bench_read_product(const char *text, snn_product_shape *shape);
/* Adds the products of a network's layers. */
int bench_products_of(struct bench_kernels *b, const snn_network *network, size_t samples);

/* snn bench layer: a line for every width H and number of steps T. */
struct bench_layer {
    snn_context *context;
    const char *machine, *isa;
    int64_t width[BENCH_MOST], steps[BENCH_MOST], repeats;
    size_t n_widths, n_steps, batch;
    uint32_t threads;
    double density;
    bool json;
};

/* snn bench floors: a line for every call into a layer of the network, or of several of its own if it is NULL. */
struct bench_floors {
    snn_context *context;
    snn_network *network;
    const char *machine, *isa;
    size_t samples;
    uint32_t threads;
    double density;
    bool json;
};

/* snn bench growth: a line for every value along each axis, "batch", "steps", "width", "density", or along one. */
struct bench_growth {
    snn_context *context;
    const char *machine, *isa, *method, *axis; /* axis: the only one, or NULL */
    int64_t steps[BENCH_MOST], width[BENCH_MOST], repeats;
    double density[BENCH_MOST];
    size_t n_steps, n_widths, n_densities;
    uint32_t threads;
    bool json;
};

/* Each returns an exit status. */
int bench_growth(const struct bench_growth *b);
int bench_floors(const struct bench_floors *b);
int bench_layer(const struct bench_layer *b);
int bench_train(const struct bench_train *b);
int bench_kernels(const struct bench_kernels *b);
/* Writes a product table. */
int bench_tune(const struct bench_kernels *b, const char *path);
int bench_stream(const struct bench_stream *b, const char *machine, const char *isa);

#endif
