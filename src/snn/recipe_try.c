/* recipe_try.c - a few batches of a recipe, on random samples of the right shape or on those of files: what the whole
 * run will take. */
#include "bench.h"
#include "frames.h"
#include "ranks.h"
#include "recipe.h"
#include "sequence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_DENSITY 0.1 /* of random frames of events */
#define SECONDS 1.0       /* of the measurement, where a batch takes less */

struct trial {
    const struct recipe *recipe;
    struct run run;
    struct sequence sequence; /* of tasks, if the recipe has them */
    const char *data;         /* FORMAT:DIR, or NULL: random samples */
    size_t batch, frames;
    uint64_t left, done, samples; /* of epochs: batches to go; samples of this epoch, and since the clock started */
    double rate, loss;
    bool json;
};

/* ---- the objects */

/* Samples that no file holds. */
static int read_shape(struct trial *t)
{
    const json_t *shape = json_object_get(t->recipe->head, "shape");

    t->run.shape = (snn_dataset_info)SNN_DATASET_INFO_INIT;
    t->run.shape.rank = (uint32_t)json_array_size(shape);
    for (size_t i = 0; i < 3; i++) {
        const json_t *length = json_array_get(shape, i);

        t->run.shape.shape[i] = length ? (size_t)json_integer_value(length) : 1;
    }
    t->run.shape.classes = (size_t)recipe_number(t->recipe, "classes");
    t->run.shape.count = (uint64_t)recipe_number(t->recipe, "samples");
    return t->run.shape.rank == 1 || t->run.shape.rank == 3
               ? DONE
               : fail(FAILED, "%s: \"recipe.shape\" has %u lengths", t->recipe->path, t->run.shape.rank);
}

/* Samples of files, for the outputs and the number of samples that the recipe states. */
static int open_data(struct trial *t)
{
    const size_t classes = (size_t)recipe_number(t->recipe, "classes");
    int status = run_data(&t->run, &t->run.train, SNN_SPLIT_TRAIN);

    if (status == DONE)
        status = run_normalise(&t->run, t->run.train);
    if (t->run.shape.classes < classes)
        t->run.shape.classes = classes;
    t->run.shape.count = (uint64_t)recipe_number(t->recipe, "samples");
    return status;
}

static int name_data(struct trial *t)
{
    if (!t->data)
        return DONE;
    if (json_object_get(t->run.config, "continual"))
        return fail(USAGE, "--data does not go with --try of a sequence of tasks, which tries random samples");
    return config_set_text(t->run.config, "data", "data", t->data);
}

/* Prepared for training, or for the first of several tasks. */
static int open_trainer(struct trial *t)
{
    const char *format = config_text(t->run.config, "data.format", "");
    const bool tasks = json_object_get(t->run.config, "continual");
    size_t count;
    snn_status rc;
    int status = tasks_count(t->run.config, &count);

    if (status == DONE)
        status = tasks ? sequence_open(&t->sequence, &t->run, count) : run_network(&t->run);
    if (status == DONE && !tasks)
        status = run_optimizer(&t->run);
    if (status == DONE && !tasks)
        status = run_trainer(&t->run);
    status = ranks_join(&t->run, NULL, status);
    if (status != DONE)
        return status;
    t->batch = (size_t)(t->data ? run_batch(&t->run, t->run.train) : config_whole(t->run.config, "batch", 128));
    t->frames = frames_is_layout(format) ? (size_t)config_whole(t->run.config, "trainer.steps", 1) : 1;
    rc = tasks ? sequence_begin(&t->sequence, 0, t->batch) : snn_trainer_prepare(t->run.trainer, t->batch);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int open_run(struct trial *t, const struct args *args)
{
    int status = config_load(&t->run.config, t->recipe->path);

    if (status != DONE)
        return status;
    config_merge(t->run.config, args->config);
    status = name_data(t);
    if (status != DONE)
        return status;
    config_complete(t->run.config);
    status = ranks_complete(t->run.config);
    if (status == DONE)
        status = run_context(&t->run);
    if (status == DONE)
        status = t->data ? open_data(t) : read_shape(t);
    return status == DONE ? open_trainer(t) : status;
}

/* Events where samples have a frame for each step, else pixels. */
static void draw(const struct trial *t, float *x, size_t values, uint32_t *labels)
{
    uint64_t state = 0x2545f4914f6cdd1du;

    bench_random_batch(x, values, labels, t->batch, t->run.shape.classes);
    for (size_t i = 0; t->frames > 1 && i < values; i++)
        x[i] = (double)(bench_random(&state) >> 40) < EVENT_DENSITY * 16777216.0 ? 1.0f : 0.0f;
}

/* ---- measuring */

/* By batches, not by the clock: all ranks stop at the same one, and over ranks that is one batch later. */
static int look(void *user, const snn_progress *p)
{
    struct trial *t = user;

    t->samples += p->done - (p->done > t->done ? t->done : 0);
    t->done = p->done;
    t->loss = p->loss;
    t->left -= t->left > 0;
    return t->left == 0;
}

/* Seconds of `count` batches as they are read, from epoch to epoch; negative if one failed. */
static double time_epochs(struct trial *t, uint64_t count)
{
    const double began = now();
    snn_status rc = snn_trainer_on_progress(t->run.trainer, look, t);

    t->left = count;
    t->samples = 0;
    while (rc == SNN_OK && t->left > 0)
        rc = snn_trainer_epoch(t->run.trainer, t->run.train, NULL);
    if (t->left == 0)
        return now() - began;
    fail_call(rc, NULL);
    return -1;
}

static double time_steps(struct trial *t, const snn_batch *batch, uint64_t count)
{
    if (t->data)
        return time_epochs(t, count);
    t->samples = count * t->batch;
    return bench_time_steps(t->run.trainer, batch, (size_t)count);
}

static int time_batches(struct trial *t, const snn_batch *batch)
{
    double one = time_steps(t, batch, 2) / 2, all;
    uint64_t count = one > 0 && one < SECONDS ? (uint64_t)(SECONDS / one) : 1;

    if (one < 0 || ranks_share(&count, sizeof count) != DONE)
        return FAILED;
    all = time_steps(t, batch, count);
    if (all < 0)
        return FAILED;
    t->rate = (double)t->samples / (all > 0 ? all : 1e-9);
    return DONE;
}

static int measure_random(struct trial *t, const snn_batch *batch)
{
    snn_metrics m = SNN_METRICS_INIT;
    int status = time_batches(t, batch);
    snn_status rc = status == DONE ? snn_trainer_step(t->run.trainer, batch, &m) : SNN_OK;

    t->loss = m.loss;
    return rc == SNN_OK ? status : fail_call(rc, NULL);
}

static int measure(struct trial *t)
{
    const size_t *shape = t->run.shape.shape, size = shape[0] * shape[1] * shape[2];
    const size_t values = t->frames * t->batch * size;
    snn_batch batch = SNN_BATCH_INIT;
    float *x = floats(t->frames * t->batch, size);
    uint32_t *labels = calloc(t->batch, sizeof *labels);
    int status = x && labels ? DONE : fail(FAILED, "out of memory");

    batch.samples = t->batch;
    batch.frames = t->frames;
    batch.x = x;
    batch.labels = labels;
    if (status == DONE) {
        draw(t, x, values, labels);
        status = measure_random(t, &batch);
    }
    free(x);
    free(labels);
    return status;
}

/* ---- printing */

static void print(const struct trial *t)
{
    const json_t *config = t->run.config;
    const double epochs = (double)config_whole(config, "epochs", 1);
    const double hours = epochs * (double)t->run.shape.count / t->rate / 3600;
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;
    const uint64_t held = run_about(t->run.trainer).bytes;

    if (snn_network_get_info(t->run.network, &net) != SNN_OK || snn_context_get_info(t->run.context, &ctx) != SNN_OK)
        return;
    if (t->json) {
        json_line(json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:s, s:o, s:o, s:o}", "event", "try",
                            "recipe", t->recipe->name, "data", t->data ? t->data : "random", "parameters",
                            (json_int_t)net.parameters, "parameter_bytes", (json_int_t)net.parameter_bytes,
                            "trainer_bytes", (json_int_t)held, "batch", (json_int_t)t->batch, "ranks",
                            (int)ranks_size(), "threads", (int)ctx.threads, "isa", ctx.isa, "samples_per_second",
                            json_figure(t->rate), "hours", json_figure(hours), "loss", json_figure(t->loss)),
                  9);
        return;
    }
    printf("network  %s: %s parameters, %s -> %s\n", run_name(config), grouped(net.parameters).s,
           shape_text(&net.in).s, shape_text(&net.out).s);
    printf("trainer  %s, batches of %zu%s, %u thread%s, %s\n", run_method(config).s, t->batch, ranks_text(config).s,
           ctx.threads, ctx.threads == 1 ? "" : "s", ctx.isa);
    printf("memory   %s of parameters, %s for training\n", bytes(net.parameter_bytes).s, bytes(held).s);
    printf("speed    %s samples/s in training, on %s\n", rate_text(t->rate).s, t->data ? t->data : "random samples");
    printf("run      %.0f epochs of %s samples: %s hours, without evaluations\n", epochs,
           grouped(t->run.shape.count).s, rate_text(hours).s);
}

int recipe_try(const struct recipe *recipe, const char *data, const struct args *args)
{
    static struct trial t; /* once per process; too large for a stack */
    int status;

    t = (struct trial){ .recipe = recipe, .data = data, .json = args_has(args, "json") };
    status = open_run(&t, args);
    status = ranks_agree(status);
    if (status == DONE)
        status = data ? time_batches(&t, NULL) : measure(&t);
    if (status == DONE)
        print(&t);
    run_close(&t.run);
    return status;
}
