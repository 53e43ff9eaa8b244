/* cmd_bench.c - snn bench: how fast, and with how much memory, this machine trains. */
#include "args.h"
#include "bench.h"
#include "config.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST BENCH_MOST
#define MOST_REPEATS 101
#define LEAST_SECONDS 0.3 /* of one repeat, so that the clock's grain and a stray interrupt do not show */

static const struct flag flags[] = {
    { "net", "NOTATION", "network", "notation or builder's name; default 784-800-10" },
    { "neuron", "TYPE", "neuron.type", "default: the network's own, lif; for dsr: dsr_if, dsr_lif" },
    { "shape", "CxHxW", NULL, "of one sample; default: the leading number, else 3x32x32" },
    { "classes", "N", NULL, "default: the closing number, else 10" },
    { "dropout", "X", "dropout", "rate of all dropout layers of the network; default: the network's own" },
    { "trainer", "A,B,...", NULL, "training methods; default: all that train this network" },
    { "steps", "T,...", NULL, "time steps; default 6" },
    { "threads", "N,...", NULL, "thread counts; default 1 and one per processor" },
    { "batch", "N", "batch", "samples per update; default 128" },
    { "repeats", "N", NULL, "measurements per line; default 7" },
    { "optimizer", "NAME", "optimizer.name", "default sgd" },
    { "loss", "NAME", "trainer.loss", "ce, mse, ce_mse (default)" },
    { "density", "X,...", NULL, "stream, kernels: shares of the inputs that have a spike, in per cent; default 1,5,10,20,50,100" },
    { "product", "SHAPE,...", NULL, "kernels: SAMPLESxINPUTS-OUTPUTS or SAMPLESxCHANNELSxSIDE-OUTPUTScKERNEL[sSTRIDE]; default: a choice" },
    { "isa", "SET", "isa", "highest instruction set to use: ref, avx2, avx512, best (default)" },
    { "against-torch", NULL, NULL, "run the PyTorch programs of the same networks, too, and print ratios" },
    { "torch", "DIR", NULL, "folder of these programs; default: share/snn/torch beside the tool" },
    { "rows", "M,M,...", NULL, "train: with lateral neurons (HLOP), in the second of two tasks: those of task 1, for each layer, frozen" },
    { "more", "M,M,...", NULL, "those of task 2, which learn; default: as --rows" },
    { "memory", NULL, NULL, "measure memory instead: bytes of the trainer, peak resident memory of the process" },
    { "json", NULL, NULL, "one JSON object per line on standard output" },
    { NULL, NULL, NULL, NULL },
};

/* One line of the table. */
struct subject {
    char method[32];
    int64_t steps, threads;
};

struct figures {
    double median, low, high; /* samples per second */
    uint64_t trainer_bytes, resident, parameters;
    uint32_t threads;
    char isa[16];
    int status;
};

struct bench {
    struct args args;
    json_t *config;
    snn_dataset_info shape;
    int64_t repeats;
    const char *rows, *more; /* lateral neurons, or NULL */
    bool memory, json;
};

static int help(void)
{
    printf("usage: snn bench train [FLAGS]\n       snn bench stream [FLAGS]\n       snn bench kernels [FLAGS]\n       snn bench --against-torch [--net A,B,...] [--trainer A,B,...]\n\n"
           "Trains on random samples in memory: forward, backward and update of one batch after another. After a "
           "warm-up, every\n"
           "repeat takes at least %.1f s; the table shows the median, the slowest and the fastest. Parameters are "
           "set as in\n"
           "snn train (--trainer.variant O, --neuron.tau 4).\n\n",
           LEAST_SECONDS);
    printf("snn bench stream measures one time step at a time, as a control loop makes it: with events at a share of the inputs, alone "
           "and\nwith the learning of each method of --trainer (ottt,sltt,opzo).\n\n");
    printf("snn bench kernels measures every way to a product of spikes and weights, and shows which one layers go.\n\n");
    printf("--against-torch measures the networks that have a PyTorch program, all of them or those named, on one thread and "
           "on all:\nsamples per second and peak resident memory of either side. Needs a Python with PyTorch (PYTHON in the "
           "environment).\n\n");
    args_help(flags);
    return DONE;
}

static void cpu_model(char *out, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(out, size, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(out, size, "%s", colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
}

/* ---- the subject */

static int read_shape(struct bench *b)
{
    const char *net = run_name(b->config), *text = args_text(&b->args, "shape"), *last = strrchr(net, '-');
    snn_dataset_info *s = &b->shape;
    int64_t classes;
    char *end;
    int n, used = 0;

    *s = (snn_dataset_info){ sizeof *s, 3, { 3, 32, 32 }, 1, 10, 1 };
    if (text) {
        n = sscanf(text, "%zux%zux%zu%n", &s->shape[0], &s->shape[1], &s->shape[2], &used);
        if (n == 1)
            sscanf(text, "%zu%n", &s->shape[0], &used);
        if ((n != 1 && n != 3) || text[used] || text[0] == '-')
            return fail(USAGE, "--shape: \"%s\" is neither N nor CxHxW", text);
        s->rank = (uint32_t)n;
    } else if (strtoul(net, &end, 10) > 0 && *end == '-') {
        s->rank = 1;
        s->shape[0] = strtoul(net, NULL, 10);
    }
    if (s->rank == 1)
        s->shape[1] = s->shape[2] = 1;
    if (last && strtoul(last + 1, &end, 10) > 0 && !*end)
        s->classes = strtoul(last + 1, NULL, 10);
    n = args_whole(&b->args, "classes", 1, 1000000, (int64_t)s->classes, &classes);
    s->classes = (size_t)classes;
    return n;
}

uint64_t bench_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Uniform pixels of mean 0 and deviation 1, labels at random. */
static void random_batch(float *x, size_t values, uint32_t *labels, size_t samples, size_t classes)
{
    uint64_t state = 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < values + samples; i++) {
        uint64_t drawn = bench_random(&state);

        if (i < values)
            x[i] = (float)(((double)(drawn >> 40) / 16777216.0 - 0.5) * 3.4641016);
        else
            labels[i - values] = (uint32_t)((drawn >> 33) % classes);
    }
}

/* Into the second task of two. */
static int open_tasks(struct run *run, const struct bench *b, size_t batch)
{
    size_t rows[RUN_LAYERS], more[RUN_LAYERS], layers;
    snn_status rc = snn_projection_create(&run->projection, run->network);
    int status;

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = run_layers(run, &layers);
    if (status == DONE)
        status = run_rows(run, "rows", b->rows, rows);
    if (status == DONE)
        status = run_rows(run, "more", b->more ? b->more : b->rows, more);
    if (status != DONE)
        return status;
    rc = snn_continual_create(&run->sequence, run->trainer, run->projection, 2);
    if (rc == SNN_OK)
        rc = snn_continual_begin(run->sequence, rows, layers, batch);
    if (rc == SNN_OK)
        rc = snn_continual_end(run->sequence);
    if (rc == SNN_OK)
        rc = snn_continual_begin(run->sequence, more, layers, batch);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int open_subject(struct run *run, const struct bench *b, const struct subject *s)
{
    const size_t batch = (size_t)config_whole(b->config, "batch", 128);
    snn_status rc;
    int status;

    memset(run, 0, sizeof *run);
    run->config = json_deep_copy(b->config);
    run->shape = b->shape;
    config_set(run->config, "trainer.method", json_string(s->method));
    config_set(run->config, "trainer.steps", json_integer(s->steps));
    config_set(run->config, "threads", json_integer(s->threads));
    status = run_context(run);
    if (status == DONE)
        status = run_network(run);
    if (status == DONE)
        status = run_optimizer(run);
    if (status == DONE)
        status = run_trainer(run, &run->trainer, true);
    if (status != DONE)
        return status;
    if (b->rows)
        return open_tasks(run, b, batch);
    rc = snn_trainer_prepare(run->trainer, batch);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* ---- measuring */

int bench_ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Seconds of `count` steps; negative if one failed. */
static double time_steps(snn_trainer *trainer, const float *x, const uint32_t *labels, size_t batch, size_t count)
{
    double began = now();

    for (size_t i = 0; i < count; i++) {
        snn_status rc = snn_trainer_step(trainer, x, 1, labels, batch, NULL);
        if (rc != SNN_OK) {
            fail_call(rc, NULL);
            return -1;
        }
    }
    return now() - began;
}

static void measure_speed(struct figures *f, const struct bench *b, snn_trainer *trainer, const float *x,
                          const uint32_t *labels, size_t batch)
{
    double rate[MOST_REPEATS], one = time_steps(trainer, x, labels, batch, 1), seconds;
    size_t count, n = (size_t)b->repeats;

    if (one >= 0)
        one = time_steps(trainer, x, labels, batch, 2) / 2;
    count = one > 0 ? (size_t)(LEAST_SECONDS / one) + 1 : 1;
    f->status = one < 0 ? FAILED : DONE;
    for (size_t i = 0; i < n && f->status == DONE; i++) {
        seconds = time_steps(trainer, x, labels, batch, count);
        f->status = seconds < 0 ? FAILED : DONE;
        rate[i] = (double)(count * batch) / (seconds > 0 ? seconds : 1e-9);
    }
    if (f->status != DONE)
        return;
    qsort(rate, n, sizeof *rate, bench_ascending);
    f->low = rate[0];
    f->high = rate[n - 1];
    f->median = n % 2 ? rate[n / 2] : (rate[n / 2 - 1] + rate[n / 2]) / 2;
}

static void describe_subject(struct figures *f, const struct run *run)
{
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;
    snn_network_info net = SNN_NETWORK_INFO_INIT;

    if (snn_context_get_info(run->context, &ctx) == SNN_OK) {
        f->threads = ctx.threads;
        snprintf(f->isa, sizeof f->isa, "%s", ctx.isa_name);
    }
    if (snn_network_get_info(run->network, &net) == SNN_OK)
        f->parameters = net.parameters;
    f->trainer_bytes = snn_trainer_bytes(run->trainer);
}

static struct figures measure(const struct bench *b, const struct subject *s)
{
    struct figures f = { .status = DONE };
    struct run run;
    size_t batch = (size_t)config_whole(b->config, "batch", 128);
    size_t size = b->shape.shape[0] * b->shape.shape[1] * b->shape.shape[2];
    float *x = malloc(batch * size * sizeof *x);
    uint32_t *labels = malloc(batch * sizeof *labels);

    f.status = x && labels ? open_subject(&run, b, s) : fail(FAILED, "out of memory");
    if (f.status == DONE) {
        random_batch(x, batch * size, labels, batch, b->shape.classes);
        describe_subject(&f, &run);
        if (b->memory)
            f.status = time_steps(run.trainer, x, labels, batch, 3) < 0 ? FAILED : DONE;
        else
            measure_speed(&f, b, run.trainer, x, labels, batch);
        f.resident = peak_resident();
    }
    if (x && labels)
        run_close(&run);
    free(x);
    free(labels);
    return f;
}

/* The peak of a process never falls, so every subject gets a process of its own. */
static struct figures measure_apart(const struct bench *b, const struct subject *s)
{
    struct figures f = { .status = FAILED };
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0) {
        fail(FAILED, "no process to measure in");
        return f;
    }
    if (child == 0) {
        f = measure(b, s);
        _exit(write(ends[1], &f, sizeof f) == (ssize_t)sizeof f ? DONE : FAILED);
    }
    close(ends[1]);
    if (read(ends[0], &f, sizeof f) != (ssize_t)sizeof f)
        f.status = FAILED;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return f;
}

/* ---- printing */

static void print_head(const struct bench *b, const struct figures *f)
{
    char cpu[160];
    snn_shape in = { b->shape.rank,
                     { (uint32_t)b->shape.shape[0], (uint32_t)b->shape.shape[1], (uint32_t)b->shape.shape[2] } };

    if (b->json)
        return;
    cpu_model(cpu, sizeof cpu);
    printf("machine  %s, %ld processors, %s\n", cpu, sysconf(_SC_NPROCESSORS_ONLN), f->isa);
    printf("network  %s: %s parameters, %s -> %zu, batches of %lld\n\n", run_name(b->config),
           grouped(f->parameters).s, shape_text(&in).s, b->shape.classes,
           (long long)config_whole(b->config, "batch", 0));
    if (b->memory)
        printf("%-10s %6s %8s %16s %16s\n", "trainer", "T", "threads", "trainer holds", "peak resident");
    else
        printf("%-10s %6s %8s %14s %14s %14s %16s\n", "trainer", "T", "threads", "samples/s", "slowest", "fastest",
               "trainer holds");
}

static void print_json(const struct bench *b, const struct subject *s, const struct figures *f)
{
    char cpu[160];
    json_t *out;

    cpu_model(cpu, sizeof cpu);
    out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "event", b->memory ? "memory" : "speed",
                    "machine", cpu, "isa", f->isa, "network", run_name(b->config), "trainer", s->method, "steps",
                    (json_int_t)s->steps, "batch", (json_int_t)config_whole(b->config, "batch", 0), "threads",
                    (json_int_t)f->threads, "parameters", (json_int_t)f->parameters, "trainer_bytes",
                    (json_int_t)f->trainer_bytes);
    if (b->memory) {
        json_object_set_new(out, "peak_resident_bytes", json_integer((json_int_t)f->resident));
    } else {
        json_object_set_new(out, "samples_per_second", json_figure(f->median));
        json_object_set_new(out, "slowest", json_figure(f->low));
        json_object_set_new(out, "fastest", json_figure(f->high));
        json_object_set_new(out, "repeats", json_integer((json_int_t)b->repeats));
        json_object_set_new(out, "peak_resident_bytes", json_integer((json_int_t)f->resident));
    }
    json_line(out, 9);
}

static void print_line(const struct bench *b, const struct subject *s, const struct figures *f)
{
    if (b->json)
        print_json(b, s, f);
    else if (b->memory)
        printf("%-10s %6lld %8u %16s %16s\n", s->method, (long long)s->steps, f->threads, bytes(f->trainer_bytes).s,
               bytes(f->resident).s);
    else
        printf("%-10s %6lld %8u %14s %14s %14s %16s\n", s->method, (long long)s->steps, f->threads,
               grouped((uint64_t)f->median).s, grouped((uint64_t)f->low).s, grouped((uint64_t)f->high).s,
               bytes(f->trainer_bytes).s);
    fflush(stdout);
}

/* ---- the command */

static int numbers(const char *name, const char *text, int64_t *out, size_t *count)
{
    char word[MOST][32], *end;

    *count = args_list(text, word, MOST);
    for (size_t i = 0; i < *count; i++) {
        out[i] = strtoll(word[i], &end, 10);
        if (*end || out[i] < 1 || out[i] > 1000000)
            return fail(USAGE, "--%s: \"%s\" is not a whole number from 1", name, word[i]);
    }
    return *count ? DONE : fail(USAGE, "--%s: needs at least one number", name);
}

/* Whether a method takes this network, in the smallest of sizes. */
static bool trains(struct run *run, const char *method)
{
    snn_trainer *trainer = NULL;
    bool yes = snn_trainer_create(&trainer, run->network, run->optimizer, method) == SNN_OK &&
               snn_trainer_prepare(trainer, 1) == SNN_OK;

    snn_trainer_destroy(trainer);
    return yes;
}

static int methods(const struct bench *b, char method[][32], size_t *n)
{
    const char *text = args_text(&b->args, "trainer");
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
    for (size_t i = 0; status == DONE && *n < MOST && snn_trainer_method(i); i++)
        if (trains(&run, snn_trainer_method(i)))
            snprintf(method[(*n)++], 32, "%.31s", snn_trainer_method(i));
    run_close(&run);
    return status == DONE && *n == 0 ? fail(FAILED, "no method trains this network") : status;
}

static int measure_all(const struct bench *b)
{
    char method[MOST][32], default_threads[32];
    int64_t steps[MOST], threads[MOST];
    size_t n_methods, n_steps, n_threads;
    const char *text = args_text(&b->args, "threads");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    bool first = true;
    int status;

    snprintf(default_threads, sizeof default_threads, processors > 1 ? "1,%ld" : "%ld",
             processors > 1 ? processors : 1);
    status = methods(b, method, &n_methods);
    if (status == DONE)
        status = numbers("threads", text ? text : b->memory ? "1" : default_threads, threads, &n_threads);
    text = args_text(&b->args, "steps");
    if (status == DONE)
        status = numbers("steps", text ? text : "6", steps, &n_steps);
    for (size_t m = 0; m < n_methods && status == DONE; m++)
        for (size_t s = 0; s < n_steps && status == DONE; s++)
            for (size_t t = 0; t < n_threads && status == DONE; t++) {
                struct subject subject = { .steps = steps[s], .threads = threads[t] };
                struct figures f;
                memcpy(subject.method, method[m], sizeof subject.method);
                fflush(stdout);
                f = b->memory ? measure_apart(b, &subject) : measure(b, &subject);
                status = f.status;
                if (status == DONE && first)
                    print_head(b, &f);
                if (status == DONE)
                    print_line(b, &subject, &f);
                first = false;
            }
    return status;
}

static int against_torch(const struct bench *b)
{
    struct bench_torch t = { .json = b->json };
    const char *folder = args_text(&b->args, "torch"), *net = json_string_value(config_get(b->args.config, "network"));
    char cpu[160], repeats[24];

    if (snprintf(t.programs, sizeof t.programs, "%s", folder ? folder : "") >= (int)sizeof t.programs)
        return fail(USAGE, "--torch: too long");
    snprintf(repeats, sizeof repeats, "%lld", (long long)b->repeats);
    t.repeats = repeats;
    cpu_model(cpu, sizeof cpu);
    return bench_against_torch(&t, cpu, net, args_text(&b->args, "trainer"));
}

static int read_densities(const struct bench *b, double *density, size_t *n)
{
    char word[MOST][32], *end;
    const char *text = args_text(&b->args, "density");

    *n = args_list(text ? text : "1,5,10,20,50,100", word, MOST);
    for (size_t i = 0; i < *n; i++) {
        density[i] = strtod(word[i], &end) / 100;
        if (*end || !(density[i] >= 0 && density[i] <= 1))
            return fail(USAGE, "--density: \"%s\" is not a number from 0 to 100", word[i]);
    }
    return *n ? DONE : fail(USAGE, "--density: needs at least one number");
}

static int measure_stream(const struct bench *b)
{
    struct bench_stream s = { .config = b->config, .shape = b->shape, .json = b->json };
    const char *methods = args_text(&b->args, "trainer");
    struct run run = { .config = json_deep_copy(b->config) };
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    char cpu[160];
    int status = read_densities(b, s.density, &s.n_densities);

    if (!config_get(b->args.config, "optimizer.lr"))
        config_set(b->config, "optimizer.lr", json_real(1e-4)); /* endless training on noise must not diverge */
    s.n_methods = args_list(methods ? methods : "ottt,sltt,opzo", s.method, MOST);
    cpu_model(cpu, sizeof cpu);
    if (status == DONE)
        status = run_context(&run);
    if (status == DONE && snn_context_get_info(run.context, &info) == SNN_OK)
        status = bench_stream(&s, cpu, info.isa_name);
    run_close(&run);
    return status;
}

static int measure_kernels(const struct bench *b)
{
    const char *products = args_text(&b->args, "product");
    struct run run = { .config = json_deep_copy(b->config) };
    struct bench_kernels k = { .json = b->json };
    char cpu[160];
    int64_t n;
    int status = read_densities(b, k.density, &k.n_densities);

    if (products)
        k.n_products = args_list(products, k.product, MOST);
    if (status == DONE)
        status = args_whole(&b->args, "threads", 1, 1024, 1, &n);
    if (status == DONE) {
        config_set(run.config, "threads", json_integer(n));
        status = run_context(&run);
    }
    cpu_model(cpu, sizeof cpu);
    k.machine = cpu;
    k.context = run.context;
    if (status == DONE)
        status = bench_kernels(&k);
    run_close(&run);
    return status;
}

static int bench(struct bench *b, int argc, char **argv)
{
    const char *what;
    int status = args_parse(&b->args, flags, true, 1, argc, argv);

    if (status != DONE)
        return status;
    what = b->args.count ? b->args.positional[0] : args_has(&b->args, "against-torch") ? "train" : "";
    if (strcmp(what, "train") != 0 && strcmp(what, "stream") != 0 && strcmp(what, "kernels") != 0)
        return fail(USAGE, "what is to be measured? snn bench train, snn bench stream, snn bench kernels");
    b->config = json_deep_copy(b->args.config);
    config_complete(b->config);
    b->memory = args_has(&b->args, "memory");
    b->json = args_has(&b->args, "json");
    b->rows = args_text(&b->args, "rows");
    b->more = args_text(&b->args, "more");
    status = args_whole(&b->args, "repeats", 1, MOST_REPEATS, 7, &b->repeats);
    if (status == DONE && args_has(&b->args, "against-torch"))
        return against_torch(b);
    if (status == DONE && config_whole(b->config, "batch", 0) < 1)
        return fail(FAILED, "batch: %lld is not at least 1", (long long)config_whole(b->config, "batch", 0));
    if (status == DONE)
        status = read_shape(b);
    if (status != DONE)
        return status;
    if (strcmp(what, "kernels") == 0)
        return measure_kernels(b);
    return strcmp(what, "stream") == 0 ? measure_stream(b) : measure_all(b);
}

int cmd_bench(int argc, char **argv)
{
    struct bench b;
    int status;

    if (args_want_help(argc, argv))
        return help();
    memset(&b, 0, sizeof b);
    status = bench(&b, argc, argv);
    json_decref(b.config);
    args_free(&b.args);
    return status;
}
