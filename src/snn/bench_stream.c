/* bench_stream.c - snn bench stream: how long one time step takes, and one with learning. */
#include "bench.h"
#include "run.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 20000
#define MOST_SECONDS 3.0 /* of one line */

/* One line of the table. */
struct line {
    const char *method; /* NULL: runs only */
    double density;     /* of events at the input */
};

struct stream {
    const struct bench_stream *b;
    struct run run;
    snn_stream *stream;
    void *memory;
    uint32_t *at; /* events of a step */
    float *out;
    double *us;   /* of each step, from the shortest to the longest */
    double *idle; /* as many loops of the median's length that compute nothing: what the machine makes of them */
    size_t inputs, outputs, n;
    uint64_t state; /* of the events */
};

static int open_network(struct stream *s)
{
    size_t size;
    snn_status rc = snn_stream_size(s->run.network, &size);

    if (rc == SNN_OK) {
        s->memory = aligned_alloc(64, size);
        if (!s->memory)
            return fail(FAILED, "out of memory");
        rc = snn_stream_init(s->memory, size, s->run.network, &s->stream);
    }
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int open_trainer(struct stream *s)
{
    snn_status rc;
    int status = run_optimizer(&s->run);

    if (status == DONE)
        status = run_trainer(&s->run);
    if (status != DONE)
        return status;
    rc = snn_trainer_prepare(s->run.trainer, 1);
    if (rc == SNN_OK)
        rc = snn_trainer_stream(s->run.trainer, &s->stream);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int open_stream(struct stream *s, const struct line *line)
{
    int status;

    s->run.config = json_deep_copy(s->b->config);
    s->run.shape = s->b->shape;
    config_set(s->run.config, "trainer.method", json_string(line->method ? line->method : "ottt"));
    config_set(s->run.config, "trainer.steps", json_integer(1));
    config_set(s->run.config, "threads", json_integer(1));
    s->inputs = s->run.shape.shape[0] * s->run.shape.shape[1] * s->run.shape.shape[2];
    s->outputs = s->run.shape.classes;
    s->state = 0x9e3779b97f4a7c15u;
    s->at = malloc(s->inputs * sizeof *s->at);
    s->out = malloc(s->outputs * sizeof *s->out);
    s->us = malloc(STEPS * sizeof *s->us);
    s->idle = malloc(STEPS * sizeof *s->idle);
    if (!s->at || !s->out || !s->us || !s->idle)
        return fail(FAILED, "out of memory");
    status = run_context(&s->run);
    if (status == DONE)
        status = run_network(&s->run);
    if (status == DONE)
        status = line->method ? open_trainer(s) : open_network(s);
    return status;
}

static void close_stream(struct stream *s)
{
    run_close(&s->run);
    free(s->memory);
    free(s->at);
    free(s->out);
    free(s->us);
    free(s->idle);
}

static snn_status step(struct stream *s, const struct line *line, size_t events)
{
    snn_status rc = snn_stream_step_events(s->stream, s->at, events, s->out);

    if (rc == SNN_OK && line->method)
        rc = snn_stream_learn_label(s->stream, (uint32_t)(s->n % s->outputs), NULL);
    return rc;
}

static int time_steps(struct stream *s, const struct line *line)
{
    double until = now() + MOST_SECONDS;

    for (s->n = 0; s->n < STEPS && (s->n < 100 || now() < until); s->n++) {
        size_t events = 0;
        double began;
        snn_status rc;

        for (size_t i = 0; i < s->inputs; i++)
            if ((double)(bench_random(&s->state) >> 11) / 9007199254740992.0 < line->density)
                s->at[events++] = (uint32_t)i;
        began = now();
        rc = step(s, line, events);
        s->us[s->n] = 1e6 * (now() - began);
        if (rc != SNN_OK)
            return fail_call(rc, NULL);
    }
    qsort(s->us, s->n, sizeof *s->us, bench_ascending);
    return DONE;
}

static void time_idling(struct stream *s)
{
    const double length = s->us[s->n / 2];

    for (size_t i = 0; i < s->n; i++) {
        const double began = now();

        do
            s->idle[i] = 1e6 * (now() - began);
        while (s->idle[i] < length);
    }
    qsort(s->idle, s->n, sizeof *s->idle, bench_ascending);
}

/* The time that all but 1 of `of` steps stay below. */
static double below(const double *us, size_t n, size_t of)
{
    return us[n - 1 - n / of];
}

static void print(const struct stream *s, const struct line *line)
{
    const double p50 = s->us[s->n / 2], p99 = below(s->us, s->n, 100), p999 = below(s->us, s->n, 1000),
                 most = s->us[s->n - 1], idle = below(s->idle, s->n, 1000);

    if (s->b->json)
        json_line(json_pack("{s:s, s:s, s:s, s:f, s:I, s:f, s:f, s:f, s:f, s:f}", "event", "stream", "network",
                            run_name(s->b->config), "trainer", line->method ? line->method : "", "density",
                            line->density, "steps", (json_int_t)s->n, "p50_us", p50, "p99_us", p99, "p99_9_us", p999,
                            "max_us", most, "idle_p99_9_us", idle),
                  9);
    else
        printf("%-14s %7.0f%% %10zu %10.1f %10.1f %10.1f %10.1f %12.1f\n", line->method ? line->method : "step only",
               100 * line->density, s->n, p50, p99, p999, most, idle);
    fflush(stdout);
}

static int measure(const struct bench_stream *b, const struct line *line)
{
    struct stream s = { .b = b };
    int status = open_stream(&s, line);

    if (status == DONE)
        status = time_steps(&s, line);
    if (status == DONE) {
        time_idling(&s);
        print(&s, line);
    }
    close_stream(&s);
    return status;
}

int bench_stream(const struct bench_stream *b, const char *machine, const char *isa)
{
    int status = DONE;

    if (!b->json)
        printf("machine  %s, %s, one thread\nnetwork  %s: one time step of one sample, in us; idle: a loop of the "
               "length of p50 that computes "
               "nothing\n\n%-14s %8s %10s %10s %10s %10s %10s %12s\n",
               machine, isa, run_name(b->config), "learning", "events", "steps", "p50", "p99", "p99.9", "max",
               "idle p99.9");
    for (size_t m = 0; m <= b->n_methods; m++)
        for (size_t i = 0; i < b->n_densities && status == DONE; i++)
            status = measure(b, &(struct line){ m ? b->method[m - 1] : NULL, b->density[i] });
    return status;
}
