/* bench_train.c - how fast, and with how much memory, a network trains: on random samples in memory, or on a data set
 * in the state that some epochs of training reach. */
#include "bench.h"
#include "config.h"
#include "run.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One line of the table. */
struct subject {
    const char *method;
    int64_t steps, threads;
};

struct figures {
    double median, low, high; /* samples per second */
    double loss;              /* of the data set, at the end */
    uint64_t trainer_bytes, resident, parameters;
    uint32_t threads;
    char isa[16];
    int status;
};

/* ---- the subject */

/* Into the second task of two. */
static int open_tasks(struct run *run, const struct bench_train *b, size_t batch)
{
    size_t rows[RUN_LAYERS], more[RUN_LAYERS], layers;
    snn_status rc;
    int status = run_projection(run);

    if (status == DONE)
        status = run_layers(run, &layers);
    if (status == DONE)
        status = run_rows(run, "rows", b->rows, rows);
    if (status == DONE)
        status = run_rows(run, "more", b->more ? b->more : b->rows, more);
    if (status != DONE)
        return status;
    rc = snn_continual_create(&run->sequence, run->trainer, run->projection, 2);
    if (rc == SNN_OK)
        rc = run_begin_task(run, rows, batch);
    if (rc == SNN_OK)
        rc = snn_continual_end(run->sequence);
    if (rc == SNN_OK)
        rc = run_begin_task(run, more, batch);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int open_subject(struct run *run, const struct bench_train *b, const struct subject *s)
{
    const size_t batch = (size_t)config_whole(b->config, "batch", 128);
    snn_status rc;
    int status;

    run->config = json_deep_copy(b->config);
    run->shape = b->shape;
    config_set(run->config, "trainer.method", json_string(s->method));
    config_set(run->config, "trainer.steps", json_integer(s->steps));
    config_set(run->config, "threads", json_integer(s->threads));
    status = run_context(run);
    if (status == DONE && b->after >= 0)
        status = run_data(run, &run->train, SNN_SPLIT_TRAIN);
    if (status == DONE && b->after >= 0)
        status = run_normalise(run, run->train);
    if (status == DONE)
        status = run_network(run);
    if (status == DONE)
        status = run_optimizer(run);
    if (status == DONE)
        status = run_trainer(run);
    if (status != DONE)
        return status;
    if (b->rows)
        return open_tasks(run, b, batch);
    rc = snn_trainer_prepare(run->trainer, batch);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* ---- measuring */

double bench_time_steps(snn_trainer *trainer, const snn_batch *batch, size_t count)
{
    double began = now();

    for (size_t i = 0; i < count; i++) {
        snn_status rc = snn_trainer_step(trainer, batch, NULL);
        if (rc != SNN_OK) {
            fail_call(rc, NULL);
            return -1;
        }
    }
    return now() - began;
}

static void summarise(struct figures *f, double *rate, size_t n)
{
    f->median = bench_median(rate, n);
    f->low = rate[0];
    f->high = rate[n - 1];
}

int bench_rates(snn_trainer *trainer, const snn_batch *batch, double *rate, size_t n)
{
    double one = bench_time_steps(trainer, batch, 1);
    size_t count;

    if (one >= 0)
        one = bench_time_steps(trainer, batch, 2) / 2;
    if (one < 0)
        return FAILED;
    count = one > 0 ? (size_t)(BENCH_LEAST_SECONDS / one) + 1 : 1;
    for (size_t i = 0; i < n; i++) {
        const double seconds = bench_time_steps(trainer, batch, count);

        if (seconds < 0)
            return FAILED;
        rate[i] = (double)(count * batch->samples) / (seconds > 0 ? seconds : 1e-9);
    }
    return DONE;
}

static void measure_speed(struct figures *f, const struct bench_train *b, snn_trainer *trainer,
                          const snn_batch *batch)
{
    double rate[BENCH_MOST_REPEATS];

    f->status = bench_rates(trainer, batch, rate, (size_t)b->repeats);
    if (f->status == DONE)
        summarise(f, rate, (size_t)b->repeats);
}

/* Rates of epochs as they run: each of so many batches in a row that they take long enough. */
struct watch {
    double rate[BENCH_MOST_REPEATS], began;
    size_t n, wanted;
    uint64_t done, samples; /* of the epoch; since `began` */
};

static int look(void *user, const snn_progress *p)
{
    struct watch *w = user;
    const double seconds = now() - w->began;

    w->samples += p->done - (p->done > w->done ? w->done : 0);
    w->done = p->done;
    if (seconds < BENCH_LEAST_SECONDS)
        return 0;
    w->rate[w->n++] = (double)w->samples / seconds;
    w->samples = 0;
    w->began = now();
    return w->n == w->wanted;
}

/* What the epochs before leave is measured: reading and augmenting samples, weights and spikes as they have become.
 */
static void measure_epochs(struct figures *f, const struct bench_train *b, struct run *run)
{
    struct watch w = { .wanted = (size_t)b->repeats };
    snn_metrics m = SNN_METRICS_INIT;
    snn_status rc = SNN_OK;

    for (int64_t i = 0; i < b->after && rc == SNN_OK; i++)
        rc = snn_trainer_epoch(run->trainer, run->train, &m);
    if (rc == SNN_OK)
        rc = snn_trainer_on_progress(run->trainer, look, &w);
    w.began = now();
    while (rc == SNN_OK && w.n < w.wanted)
        rc = snn_trainer_epoch(run->trainer, run->train, &m);
    f->loss = m.loss;
    f->status = w.n == w.wanted ? DONE : fail_call(rc, NULL);
    if (f->status == DONE)
        summarise(f, w.rate, w.n);
}

static void describe_subject(struct figures *f, const struct run *run)
{
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;
    snn_network_info net = SNN_NETWORK_INFO_INIT;

    if (snn_context_get_info(run->context, &ctx) == SNN_OK) {
        f->threads = ctx.threads;
        snprintf(f->isa, sizeof f->isa, "%s", ctx.isa);
    }
    if (snn_network_get_info(run->network, &net) == SNN_OK)
        f->parameters = net.parameters;
    f->trainer_bytes = run_about(run->trainer).bytes;
}

static void measure_random(struct figures *f, const struct bench_train *b, snn_trainer *trainer)
{
    snn_batch data = SNN_BATCH_INIT;
    const size_t batch = (size_t)config_whole(b->config, "batch", 128);
    const size_t size = b->shape.shape[0] * b->shape.shape[1] * b->shape.shape[2];
    float *x = floats(batch, size);
    uint32_t *labels = calloc(batch, sizeof *labels);

    data.samples = batch;
    data.x = x;
    data.labels = labels;
    if (!x || !labels)
        f->status = fail(FAILED, "out of memory");
    else {
        bench_random_batch(x, batch * size, labels, batch, b->shape.classes);
        if (b->memory)
            f->status = bench_time_steps(trainer, &data, 3) < 0 ? FAILED : DONE;
        else
            measure_speed(f, b, trainer, &data);
    }
    free(x);
    free(labels);
}

static struct figures measure(const struct bench_train *b, const struct subject *s)
{
    struct run run = { .config = NULL };
    struct figures f = { .status = open_subject(&run, b, s) };

    if (f.status == DONE) {
        describe_subject(&f, &run);
        if (b->after >= 0)
            measure_epochs(&f, b, &run);
        else
            measure_random(&f, b, run.trainer);
        f.resident = peak_resident();
    }
    run_close(&run);
    return f;
}

/* The peak of a process never falls, so every subject gets a process of its own. */
static struct figures measure_apart(const struct bench_train *b, const struct subject *s)
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

static void print_head(const struct bench_train *b, const struct figures *f)
{
    snn_shape in = { b->shape.rank,
                     { (uint32_t)b->shape.shape[0], (uint32_t)b->shape.shape[1], (uint32_t)b->shape.shape[2] } };

    if (b->json)
        return;
    printf("machine  %s, %u processors, %s\n", b->machine, all_threads(), f->isa);
    printf("network  %s: %s parameters, %s -> %zu, batches of %lld\n\n", run_name(b->config),
           grouped(f->parameters).s, shape_text(&in).s, b->shape.classes,
           (long long)config_whole(b->config, "batch", 0));
    if (b->after >= 0)
        printf("data     %s, after %lld epochs\n\n", config_text(b->config, "data.format", "?"), (long long)b->after);
    if (b->memory)
        printf("%-10s %6s %8s %16s %16s\n", "trainer", "T", "threads", "trainer holds", "peak resident");
    else
        printf("%-10s %6s %8s %14s %14s %14s %16s\n", "trainer", "T", "threads", "samples/s", "slowest", "fastest",
               "trainer holds");
}

static void print_json(const struct bench_train *b, const struct subject *s, const struct figures *f)
{
    json_t *out;

    out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "event", b->memory ? "memory" : "speed",
                    "machine", b->machine, "isa", f->isa, "network", run_name(b->config), "trainer", s->method,
                    "steps", (json_int_t)s->steps, "batch", (json_int_t)config_whole(b->config, "batch", 0),
                    "threads", (json_int_t)f->threads, "parameters", (json_int_t)f->parameters, "trainer_bytes",
                    (json_int_t)f->trainer_bytes);
    if (b->after >= 0) {
        json_object_set_new(out, "data", json_string(config_text(b->config, "data.format", "?")));
        json_object_set_new(out, "after", json_integer((json_int_t)b->after));
        json_object_set_new(out, "loss", json_figure(f->loss));
    }
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

static void print_line(const struct bench_train *b, const struct subject *s, const struct figures *f)
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

/* ---- the bench */

int bench_train(const struct bench_train *b)
{
    bool first = true;

    for (size_t m = 0; m < b->n_methods; m++)
        for (size_t s = 0; s < b->n_steps; s++)
            for (size_t t = 0; t < b->n_threads; t++, first = false) {
                struct subject subject = { .method = b->method[m], .steps = b->steps[s], .threads = b->threads[t] };
                struct figures f;

                fflush(stdout);
                f = b->memory ? measure_apart(b, &subject) : measure(b, &subject);
                if (f.status != DONE)
                    return f.status;
                if (first)
                    print_head(b, &f);
                print_line(b, &subject, &f);
            }
    return DONE;
}
