/* Data sets and epochs of ranks, for tests. */
#ifndef SNN_TESTS_TRAINER_RANKS_DATA_H
#define SNN_TESTS_TRAINER_RANKS_DATA_H

#include "trainer/ranks.h"
#include <stdatomic.h>

enum { COUNT = 29, BATCH = 9, STEPS = 3, CLASSES = 4, LEN = 48, SHARDS = 4 };

#define NET                                                                                                         \
    "conv2d a out=6 pad=1; batch_norm an; lif n threshold=0.5; dropout d rate=0.2; avgpool p; flatten f; linear o " \
    "out=4"

static const struct task tasks[] = {
    { "bptt", { 3, 4, 4 }, NET, "bptt", "steps=3", false, true },
    { "ottt o", { 3, 4, 4 }, NET, "ottt", "steps=3 variant=O", false, true },
    { "sltt, drop_last, poisson", { 3, 4, 4 }, NET, "sltt", "steps=3 drop_last=1 encoder=poisson", false, true },
    { "sltt, sign", { 3, 4, 4 }, NET, "sltt", "steps=3 send=sign", false, true },
    { "ottt o, bf16", { 3, 4, 4 }, NET, "ottt", "steps=3 variant=O send=bf16", false, true },
    { "sltt, mixup", { 3, 4, 4 }, NET, "sltt", "steps=3 mixup=0.3", false, true },
    { "opzo, frames", { 3, 4, 4 }, NET, "opzo", "steps=3", false, false },
};

enum { TASKS = sizeof tasks / sizeof *tasks };

/* ---- a data set that counts, and can fail ---- */

struct counted {
    const float *x;
    atomic_int *reads;  /* [COUNT], of all ranks */
    size_t frames, bad; /* bad: COUNT for none */
    snn_status rc;
};

static inline snn_status read_counted(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct counted *c = user;
    float *x = sample->x;

    if (index == c->bad && c->rc != SNN_OK)
        return c->rc;
    memcpy(x, c->x + (index * c->frames + frame) * LEN, LEN * sizeof *x);
    sample->label = (uint32_t)(index * index % CLASSES);
    if (frame == 0)
        atomic_fetch_add(&c->reads[index], 1);
    return SNN_OK;
}

static inline snn_dataset *counted_set(snn_context *ctx, struct counted *c)
{
    snn_dataset_source source;
    snn_dataset *set = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    source.shape[0] = 3;
    source.shape[1] = source.shape[2] = 4;
    source.count = COUNT;
    source.classes = CLASSES;
    source.frames = c->frames;
    source.read = read_counted;
    source.user = c;
    OK(snn_dataset_create(&set, ctx, &source));
    OK(snn_dataset_set_i64(set, SNN_DATASET_CROP_PAD, 1));
    OK(snn_dataset_set_i64(set, SNN_DATASET_FLIP, 1));
    return set;
}

/* What happens in an epoch. */
static struct {
    float x[COUNT * STEPS * LEN];
    atomic_int reads[COUNT], evaluated[COUNT];
    uint32_t stops; /* rank that stops the epoch; 99: none */
    size_t stop_at; /* at its callback number */
    size_t bad;
    snn_status rc;
    int skips;
    const char *path;
} plan;

static inline void begin_plan(void)
{
    memset(&plan, 0, sizeof plan);
    random_fill(plan.x, COUNT * STEPS * LEN, 0, 1, 2);
    plan.stops = 99;
    plan.bad = COUNT;
}

struct stopper {
    uint32_t rank;
    size_t calls;
    uint64_t done;
};

static inline int maybe_stop(void *user, const snn_progress *progress)
{
    struct stopper *s = user;

    s->done = progress->done;
    return progress->training && ++s->calls == plan.stop_at && s->rank == plan.stops;
}

static inline struct running of(const struct task *task, uint32_t threads,
                                void (*body)(struct running *run, struct member *m, uint32_t rank,
                                             struct outcome *out))
{
    return (struct running){ .task = task, .shards = SHARDS, .threads = threads, .body = body };
}

/* All ranks, and any number of them, come to the same end as one. */
static inline void compare_ranks(const struct task *task, const struct running *one, uint32_t ranks, uint32_t threads)
{
    struct running run = of(task, threads, one->body);

    run_ranks(&run, ranks, ranks != 3);
    for (uint32_t r = 0; r < ranks; r++) {
        char what[96];

        snprintf(what, sizeof what, "%s, rank %u of %u", task->name, r, ranks);
        compare_outcomes(&one->out[0], &run.out[r], what);
    }
    free_outcomes(&run);
}

#endif
