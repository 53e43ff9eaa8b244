/* cmd_bench.c - snn bench: how fast, and with how much memory, this machine trains. */
#include "args.h"
#include "bench.h"
#include "command.h"
#include "config.h"
#include "number.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define MOST BENCH_MOST

static const struct flag flags[] = {
    { "net", "NOTATION", "network", "notation or builder's name; default 784-800-10" },
    { "neuron", "TYPE", "neuron.type", "default: the network's own, lif" },
    { "shape", "CxHxW", NULL, "of one sample; default: the leading number, else 3x32x32" },
    { "data", "FORMAT:DIR", "data",
      "train: reads and augments these samples as snn train does; default: random samples" },
    { "after", "EPOCHS", NULL, "train: with --data, measures the state that so many epochs reach; default 0" },
    { "classes", "N", NULL, "default: the closing number, else 10" },
    { "dropout", "X", "dropout", "rate of all dropout layers of the network; default: the network's own" },
    { "trainer", "A,B,...", NULL, "training methods; default: all that train this network, or learn in its stream" },
    { "steps", "T,...", NULL, "time steps; default 6" },
    { "width", "H,...", NULL,
      "layer: inputs and outputs; default 64,256,1024, at 64,256,1024 steps in batches of 64" },
    { "threads", "N,...", NULL, "thread counts; default 1 and one per processor that it may use" },
    { "batch", "N", "batch", "samples per update; default 128" },
    { "repeats", "N", NULL, "measurements per line; default 7" },
    { "optimizer", "NAME", "optimizer.name", "default sgd" },
    { "loss", "NAME", "trainer.loss", "default ce_mse" },
    { "density", "X,...", NULL,
      "stream, kernels: shares of the inputs that have a spike, in per cent; default 1,5,10,20,50,100" },
    { "axis", "NAME", NULL, "growth: batch, steps, width or density alone; default: all" },
    { "product", "SHAPE,...", NULL,
      "kernels: SAMPLESxINPUTS-OUTPUTS or SAMPLESxCHANNELSxSIDE-OUTPUTScKERNEL[sSTRIDE]; default: a choice" },
    { "tune", "FILE", NULL, "kernels: write a product table of these shapes, of --net's layers, or of the choice" },
    { "isa", "SET", "isa", "highest instruction set to use; default best, the highest of the machine" },
    { "product-table", "FILE", "product_table",
      "of snn bench kernels --tune, or measure: here, when they are planned; default: the built-in choice of "
      "algorithms" },
    { "against-torch", NULL, NULL, "run the PyTorch programs of the same networks, too, and print ratios" },
    { "torch", "DIR", NULL, "folder of these programs; default: share/snn/torch beside the tool" },
    { "rows", "M,M,...", NULL,
      "train: with lateral neurons (HLOP), in the second of two tasks: those of task 1, for each layer, frozen" },
    { "more", "M,M,...", NULL, "those of task 2, which learn; default: as --rows" },
    { "memory", NULL, NULL, "measure memory instead: bytes of the trainer, peak resident memory of the process" },
    { "json", NULL, NULL, "one JSON object per line on standard output" },
    { NULL, NULL, NULL, NULL },
};

struct bench {
    struct args args;
    json_t *config;
    snn_dataset_info shape;
    int64_t repeats;
    bool memory, json;
};

/* ---- the subject */

/* That of the data set. */
static int read_data_shape(struct bench *b)
{
    struct run run = { .config = json_deep_copy(b->config) };
    int status = run_context(&run);

    if (status == DONE)
        status = run_data(&run, &run.train, SNN_SPLIT_TRAIN);
    b->shape = run.shape;
    run_close(&run);
    return status;
}

/* The classes that a notation ends with, 784-800-10; ide-400 is a builder's name. */
static size_t closing_number(const char *net)
{
    const char *name, *last = strrchr(net, '-');
    char *end = NULL;
    size_t n = last ? strtoul(last + 1, &end, 10) : 0;

    for (size_t i = 0; (name = snn_name(SNN_NAME_NETWORK, i)) != NULL; i++)
        if (strcmp(name, net) == 0)
            return 0;
    return n > 0 && !*end ? n : 0;
}

static int read_shape(struct bench *b)
{
    const char *net = run_name(b->config), *text = args_text(&b->args, "shape");
    const size_t closing = closing_number(net);
    snn_dataset_info *s = &b->shape;
    int64_t classes;
    char *end;
    int n, used = 0;

    if (json_object_get(b->args.config, "data"))
        return read_data_shape(b);
    *s = (snn_dataset_info){ .rank = 3, .shape = { 3, 32, 32 }, .count = 1, .classes = 10, .frames = 1 };
    if (text) {
        n = sscanf(text, "%zu%nx%zu%nx%zu%n", &s->shape[0], &used, &s->shape[1], &used, &s->shape[2], &used);
        if (n < 1 || text[used] || text[0] == '-')
            return fail(USAGE, "--shape: \"%s\" is neither N, CxL nor CxHxW", text);
        s->rank = (uint32_t)n;
    } else if (strtoul(net, &end, 10) > 0 && *end == '-') {
        s->rank = 1;
        s->shape[0] = strtoul(net, NULL, 10);
    }
    for (uint32_t i = s->rank; i < 3; i++)
        s->shape[i] = 1;
    if (closing > 0)
        s->classes = closing;
    n = args_whole(&b->args, "classes", 1, 1000000, (int64_t)s->classes, &classes);
    s->classes = (size_t)classes;
    return n;
}

/* ---- the command */

static int numbers(const char *name, const char *text, int64_t *out, size_t *count)
{
    char word[MOST][32];
    int status = DONE;

    *count = args_list(text, word, MOST);
    for (size_t i = 0; i < *count && status == DONE; i++)
        status = number_whole(name, word[i], 1, 1000000, &out[i]);
    return *count || status != DONE ? status : fail(USAGE, "--%s: needs at least one number", name);
}

/* True if a method takes this network, in the smallest size. */
static bool trains(struct run *run, const char *method)
{
    snn_trainer *trainer = NULL;
    bool yes = snn_trainer_create(&trainer, run->network, run->optimizer, method) == SNN_OK &&
               snn_trainer_prepare(trainer, 1) == SNN_OK;

    snn_trainer_destroy(trainer);
    return yes;
}

/* True if it learns from step to step, one sample at a time. */
static bool learns(struct run *run, const char *method)
{
    snn_trainer *trainer = NULL;
    snn_stream *stream;
    bool yes = snn_trainer_create(&trainer, run->network, run->optimizer, method) == SNN_OK &&
               snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 1) == SNN_OK &&
               snn_trainer_prepare(trainer, 1) == SNN_OK && snn_trainer_stream(trainer, &stream) == SNN_OK;

    snn_trainer_destroy(trainer);
    return yes;
}

/* The methods that the user asked for, or all that take the network as `takes` says. */
static int methods(const struct bench *b, bool (*takes)(struct run *, const char *), char method[][32], size_t *n)
{
    const char *text = args_text(&b->args, "trainer"), *name;
    struct run run;
    int status;

    if (text) {
        *n = args_list(text, method, MOST);
        return *n ? DONE : fail(USAGE, "--trainer: needs at least one method");
    }
    memset(&run, 0, sizeof run);
    run.config = json_deep_copy(b->config);
    run.shape = b->shape;
    status = run_context(&run);
    if (status == DONE)
        status = run_network(&run);
    if (status == DONE)
        status = run_optimizer(&run);
    *n = 0;
    for (size_t i = 0; status == DONE && *n < MOST && (name = snn_name(SNN_NAME_METHOD, i)) != NULL; i++)
        if (takes(&run, name))
            snprintf(method[(*n)++], 32, "%.31s", name);
    run_close(&run);
    return status == DONE && *n == 0 ? fail(FAILED, "no method trains this network") : status;
}

static int measure_training(const struct bench *b, const char *machine)
{
    struct bench_train t = { .config = b->config,
                             .shape = b->shape,
                             .machine = machine,
                             .rows = args_text(&b->args, "rows"),
                             .more = args_text(&b->args, "more"),
                             .repeats = b->repeats,
                             .memory = b->memory,
                             .json = b->json };
    const char *threads = args_text(&b->args, "threads"), *steps = args_text(&b->args, "steps");
    const uint32_t all = all_threads();
    const bool data = json_object_get(b->args.config, "data") != NULL;
    char both[32];
    int status = args_whole(&b->args, "after", 0, 1000000, data ? 0 : -1, &t.after);

    if (status == DONE && data && (b->memory || t.rows))
        return fail(USAGE, "--data: goes with neither --memory nor --rows");
    if (status == DONE && !data && args_has(&b->args, "after"))
        return fail(USAGE, "--after: needs --data");
    if (status == DONE)
        status = methods(b, trains, t.method, &t.n_methods);
    snprintf(both, sizeof both, all > 1 ? "1,%u" : "%u", all);
    if (status == DONE)
        status = numbers("threads", threads ? threads : b->memory ? "1" : both, t.threads, &t.n_threads);
    if (status == DONE)
        status = numbers("steps", steps ? steps : "6", t.steps, &t.n_steps);
    return status == DONE ? bench_train(&t) : status;
}

static int against_torch(const struct bench *b, const char *machine)
{
    struct bench_torch t = { .json = b->json };
    const char *folder = args_text(&b->args, "torch"),
               *net = json_string_value(config_get(b->args.config, "network"));
    char repeats[24];

    if (snprintf(t.programs, sizeof t.programs, "%s", folder ? folder : "") >= (int)sizeof t.programs)
        return fail(USAGE, "--torch: too long");
    snprintf(repeats, sizeof repeats, "%lld", (long long)b->repeats);
    t.repeats = repeats;
    return bench_against_torch(&t, machine, net, args_text(&b->args, "trainer"));
}

static int read_densities(const struct bench *b, double *density, size_t *n)
{
    char word[MOST][32];
    const char *text = args_text(&b->args, "density");
    int status = DONE;

    *n = args_list(text ? text : "1,5,10,20,50,100", word, MOST);
    for (size_t i = 0; i < *n && status == DONE; i++) {
        status = number_real("density", word[i], 0, 100, &density[i]);
        density[i] /= 100;
    }
    return *n || status != DONE ? status : fail(USAGE, "--density: needs at least one number");
}

static int measure_stream(const struct bench *b, const char *machine)
{
    struct bench_stream s = { .config = b->config, .shape = b->shape, .json = b->json };
    struct run run = { .config = json_deep_copy(b->config) };
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    int status = read_densities(b, s.density, &s.n_densities);

    if (!config_get(b->args.config, "optimizer.lr"))
        config_set(b->config, "optimizer.lr", json_real(1e-4)); /* endless training on noise must not diverge */
    if (status == DONE)
        status = methods(b, learns, s.method, &s.n_methods);
    if (status == DONE)
        status = run_context(&run);
    if (status == DONE && snn_context_get_info(run.context, &info) == SNN_OK)
        status = bench_stream(&s, machine, info.isa);
    run_close(&run);
    return status;
}

static int products_of_net(const struct bench *b, struct run *run, struct bench_kernels *k)
{
    snn_status rc = SNN_OK;
    int status;

    run->shape = b->shape;
    status = run_network(run);
    if (status == DONE)
        rc = snn_network_prepare(run->network);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    return status == DONE ? bench_products_of(k, run->network, (size_t)config_whole(b->config, "batch", 128))
                          : status;
}

/* One thread unless --threads says otherwise. */
static int open_context(const struct bench *b, struct run *run, snn_context_info *info)
{
    int64_t n;
    snn_status rc;
    int status = args_whole(&b->args, "threads", 1, 1024, 1, &n);

    if (status != DONE)
        return status;
    config_set(run->config, "threads", json_integer(n));
    if (args_has(&b->args, "tune"))
        config_set(run->config, "product_table", json_string("measure"));
    status = run_context(run);
    if (status != DONE)
        return status;
    rc = snn_context_get_info(run->context, info);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int measure_kernels(const struct bench *b, const char *machine)
{
    const char *products = args_text(&b->args, "product");
    struct run run = { .config = json_deep_copy(b->config) };
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    struct bench_kernels k = { .machine = machine, .json = b->json };
    int status = read_densities(b, k.density, &k.n_densities);

    if (products)
        k.n_products = args_list(products, k.product, BENCH_MOST_PRODUCTS);
    if (status == DONE)
        status = open_context(b, &run, &info);
    k.context = run.context;
    if (status == DONE && !products && config_get(b->args.config, "network"))
        status = products_of_net(b, &run, &k);
    if (status == DONE)
        status = args_has(&b->args, "tune") ? bench_tune(&k, args_text(&b->args, "tune")) : bench_kernels(&k);
    run_close(&run);
    return status;
}

/* The first number of --density; without the flag, what is there. */
static int read_density(const struct bench *b, double *density)
{
    double all[MOST];
    size_t n = 0;
    int status = args_has(&b->args, "density") ? read_densities(b, all, &n) : DONE;

    if (status == DONE && n > 0)
        *density = all[0];
    return status;
}

/* --batch; `otherwise` without the flag. */
static size_t batch_or(const struct bench *b, size_t otherwise)
{
    return config_get(b->args.config, "batch") ? (size_t)config_whole(b->config, "batch", (int64_t)otherwise)
                                               : otherwise;
}

static int measure_layer(const struct bench *b, const char *machine)
{
    const char *width = args_text(&b->args, "width"), *steps = args_text(&b->args, "steps"), *grid = "64,256,1024";
    struct run run = { .config = json_deep_copy(b->config) };
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    struct bench_layer l = { .machine = machine, .repeats = b->repeats, .density = 0.2, .json = b->json };
    int status = numbers("width", width ? width : grid, l.width, &l.n_widths);

    if (status == DONE)
        status = numbers("steps", steps ? steps : grid, l.steps, &l.n_steps);
    if (status == DONE)
        status = read_density(b, &l.density);
    if (status == DONE)
        status = open_context(b, &run, &info);
    l.context = run.context;
    l.isa = info.isa;
    l.threads = info.threads;
    l.batch = batch_or(b, 64);
    if (status == DONE)
        status = bench_layer(&l);
    run_close(&run);
    return status;
}

static int measure_floors(const struct bench *b, const char *machine)
{
    struct run run = { .config = json_deep_copy(b->config), .shape = b->shape };
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    struct bench_floors f = { .machine = machine, .density = 0.1, .json = b->json };
    int status = open_context(b, &run, &info);

    if (status == DONE)
        status = read_density(b, &f.density);
    if (status == DONE && config_get(b->args.config, "network"))
        status = run_network(&run);
    f.context = run.context;
    f.network = run.network;
    f.isa = info.isa;
    f.threads = info.threads;
    f.samples = batch_or(b, 32);
    if (status == DONE)
        status = bench_floors(&f);
    run_close(&run);
    return status;
}

static int measure_growth(const struct bench *b, const char *machine)
{
    const char *steps = args_text(&b->args, "steps"), *width = args_text(&b->args, "width"),
               *method = args_text(&b->args, "trainer");
    struct run run = { .config = json_deep_copy(b->config) };
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    struct bench_growth g = { .machine = machine,
                              .method = method ? method : "ottt",
                              .axis = args_text(&b->args, "axis"),
                              .repeats = b->repeats,
                              .json = b->json };
    int status = numbers("steps", steps ? steps : "1,2,4,8,16,32,64", g.steps, &g.n_steps);

    if (status == DONE)
        status = numbers("width", width ? width : "100,200,400,800,1600,4000,8000", g.width, &g.n_widths);
    if (status == DONE)
        status = read_densities(b, g.density, &g.n_densities);
    if (status == DONE)
        status = open_context(b, &run, &info);
    g.context = run.context;
    g.isa = info.isa;
    g.threads = info.threads;
    if (status == DONE)
        status = bench_growth(&g);
    run_close(&run);
    return status;
}

static const struct {
    const char *name;
    int (*measure)(const struct bench *b, const char *machine);
} benches[] = {
    { "train", measure_training }, { "stream", measure_stream }, { "kernels", measure_kernels },
    { "layer", measure_layer },    { "floors", measure_floors }, { "growth", measure_growth },
};

#define BENCHES (sizeof benches / sizeof *benches)

/* Its number; BENCHES without one. */
static size_t find_bench(const char *name)
{
    size_t i = 0;

    while (i < BENCHES && strcmp(benches[i].name, name) != 0)
        i++;
    return i;
}

static int bench(struct bench *b, int argc, char **argv)
{
    char machine[160];
    size_t which;
    int status = args_parse(&b->args, flags, true, 1, argc, argv);

    if (status != DONE)
        return status;
    which = find_bench(b->args.count ? b->args.positional[0] : args_has(&b->args, "against-torch") ? "train" : "");
    if (which == BENCHES)
        return fail(USAGE, "no measurement given: snn bench train, stream, kernels, layer, floors or growth");
    b->config = json_deep_copy(b->args.config);
    config_complete(b->config);
    b->memory = args_has(&b->args, "memory");
    b->json = args_has(&b->args, "json");
    bench_machine(machine, sizeof machine);
    status = args_whole(&b->args, "repeats", 1, BENCH_MOST_REPEATS, 7, &b->repeats);
    if (status == DONE && args_has(&b->args, "against-torch"))
        return against_torch(b, machine);
    if (status == DONE && config_whole(b->config, "batch", 0) < 1)
        return fail(FAILED, "batch: %lld is not at least 1", (long long)config_whole(b->config, "batch", 0));
    if (status == DONE)
        status = read_shape(b);
    return status == DONE ? benches[which].measure(b, machine) : status;
}

static int run_bench(int argc, char **argv)
{
    struct bench b;
    int status;

    memset(&b, 0, sizeof b);
    status = bench(&b, argc, argv);
    json_decref(b.config);
    args_free(&b.args);
    return status;
}

#define WORDS_OF(number) #number
#define WORDS(number) WORDS_OF(number)

const struct command bench_command = {
    .name = "bench",
    .does = "measure the speed of training on this machine",
    .usage = "train [FLAGS]\nstream [FLAGS]\nkernels [FLAGS]\nlayer [FLAGS]\nfloors [FLAGS]\ngrowth [FLAGS]\n"
             "--against-torch [--net A,B,...] [--trainer A,B,...]",
    .about = "Trains on random samples in memory: forward, backward and update of one batch after another. After a "
             "warm-up, every repeat takes at least " WORDS(
                 BENCH_LEAST_SECONDS) " s; the table shows the median, the "
                                      "slowest and the fastest. Parameters are set as in snn train "
                                      "(--trainer.variant O, --neuron.tau 4).\n"
                                      "With --data it measures epochs as snn train runs them: samples are read and "
                                      "augmented, and with --after the "
                                      "network is in the state that training reaches.\n"
                                      "snn bench stream measures one time step at a time, as a control loop makes "
                                      "it: with events at a share of "
                                      "the inputs, alone and with the learning of each method of --trainer; default: "
                                      "all that learn from step to "
                                      "step.\n"
                                      "snn bench kernels measures every way to a product of spikes and weights, and "
                                      "shows which one layers go.\n"
                                      "snn bench layer measures forward and backward of one linear layer with lif "
                                      "neurons, by bptt, beside the "
                                      "time of its three products in float32 alone.\n"
                                      "snn bench floors measures each call into the layers of --net, or of some "
                                      "networks with first layers, pools, "
                                      "norms and attention, beside the time that its memory or its arithmetic needs "
                                      "at least.\n"
                                      "snn bench growth trains 784-800-10 on random spikes, T = 6, batches of 128, "
                                      "spikes at 10%, and varies one "
                                      "of these sizes at a time.\n"
                                      "With --tune FILE it writes what is fastest for forward products, adjoints and "
                                      "gradients of these shapes as "
                                      "a table, which --product-table FILE of snn train uses on this machine.\n"
                                      "--against-torch measures the networks that have a PyTorch program, all of "
                                      "them or those named, on one "
                                      "thread and on all: samples per second and peak resident memory of either "
                                      "side. Needs a Python with PyTorch "
                                      "(PYTHON in the environment).",
    .words = "train, stream, kernels, layer, floors, growth",
    .flags = flags,
    .parameters = true,
    .run = run_bench,
};
