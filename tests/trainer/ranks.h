/* Training by ranks that are threads of this process, for tests of shards and ranks. */
#ifndef SNN_TESTS_TRAINER_RANKS_H
#define SNN_TESTS_TRAINER_RANKS_H

#include "ranks/threads.h"
#include "trainer/builder.h"
#include "trainer/rule.h"

enum { RANKS_MOST = 4 };

/* What is trained, and how. */
struct task {
    const char *name;
    size_t shape[3];
    const char *layers, *method, *settings;
    bool projects;  /* with lateral neurons, some of them frozen */
    bool is_static; /* one frame */
};

/* What training has changed. */
struct outcome {
    float *numbers; /* parameters, state, moments */
    size_t n;
    snn_metrics trained, evaluated;
};

/* A rank's own objects. */
struct member {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_projection *projection;
    snn_trainer *trainer;
};

static inline void grow_laterals(struct member *m)
{
    OK(snn_projection_create(&m->projection, m->net));
    for (unsigned time = 0; time < 2; time++) {
        for (size_t l = 0; l < m->net->n_layers; l++)
            if (snn__layer_has_weights(m->net->layer[l]))
                OK(snn_projection_grow(m->projection, m->net->layer[l], 2 + time));
        if (time == 0)
            OK(snn_projection_freeze(m->projection));
    }
}

/* A trainer that is not prepared. c: NULL for none. */
static inline struct member member_of(const struct task *task, size_t shards, uint32_t threads,
                                      const snn_communicator *c)
{
    struct member m = { .ctx = test_context(threads, 7, "best") };

    m.net = network_of(m.ctx, task->shape, task->layers);
    shake(m.net);
    OK(snn_optimizer_create(&m.optimizer, m.ctx, "sgd"));
    OK(snn_optimizer_set_f64(m.optimizer, SNN_OPTIMIZER_LR, 0.05));
    OK(snn_optimizer_set_f64(m.optimizer, SNN_OPTIMIZER_CLIP_NORM, 1.5));
    OK(snn_trainer_create(&m.trainer, m.net, m.optimizer, task->method));
    OK(set_all(m.trainer, task->settings));
    OK(snn_trainer_set_i64(m.trainer, SNN_TRAINER_SHARDS, (int64_t)shards));
    if (task->projects) {
        grow_laterals(&m);
        OK(snn_trainer_set_projection(m.trainer, m.projection));
    }
    if (c != NULL)
        OK(snn_trainer_set_communicator(m.trainer, c));
    return m;
}

static inline void close_member(struct member *m)
{
    snn_trainer_destroy(m->trainer);
    snn_projection_destroy(m->projection);
    snn_optimizer_destroy(m->optimizer);
    snn_network_destroy(m->net);
    snn_context_destroy(m->ctx);
}

/* Parameters, state and moments. */
static inline struct outcome outcome_of(const snn_trainer *tr)
{
    struct outcome o = { .n = tr->net->n_parameters * (1 + tr->run.n_moments) };
    float *to;

    for (size_t i = 0; i < tr->undo.n; i++)
        o.n += tr->undo.list[i].length;
    to = o.numbers = malloc((o.n + 1) * sizeof *o.numbers);
    memcpy(to, tr->net->parameters, tr->net->n_parameters * sizeof *to);
    to += tr->net->n_parameters;
    for (size_t i = 0; i < tr->run.n_moments; i++, to += tr->net->n_parameters)
        memcpy(to, tr->run.moment[i], tr->net->n_parameters * sizeof *to);
    for (size_t i = 0; i < tr->undo.n; i++) {
        memcpy(to, tr->undo.list[i].data, tr->undo.list[i].length * sizeof *to);
        to += tr->undo.list[i].length;
    }
    return o;
}

static inline void compare_metrics(const snn_metrics *a, const snn_metrics *b, const char *what)
{
    ck_assert_msg(memcmp(&a->loss, &b->loss, sizeof a->loss) == 0, "%s: loss %.17g and %.17g", what, a->loss,
                  b->loss);
    ck_assert_msg(memcmp(&a->accuracy, &b->accuracy, sizeof a->accuracy) == 0, "%s: accuracy", what);
    ck_assert_msg(a->samples == b->samples, "%s: samples", what);
    ck_assert_msg(a->firing_rate == b->firing_rate, "%s: firing rate", what);
    ck_assert_msg(a->backward_rate == b->backward_rate, "%s: backward rate", what);
    ck_assert_msg(a->synops_ac == b->synops_ac && a->synops_mac == b->synops_mac, "%s: operations", what);
    ck_assert_msg(a->gradient_norm == b->gradient_norm, "%s: gradient norm", what);
    ck_assert_msg(a->solver_iterations == b->solver_iterations && a->equilibrium_gap == b->equilibrium_gap,
                  "%s: solver", what);
    ck_assert_msg(memcmp(&a->r2, &b->r2, sizeof a->r2) == 0, "%s: r2", what);
}

static inline void compare_outcomes(const struct outcome *a, const struct outcome *b, const char *what)
{
    ck_assert_msg(a->n == b->n, "%s", what);
    for (size_t i = 0; i < a->n; i++)
        ck_assert_msg(memcmp(&a->numbers[i], &b->numbers[i], sizeof *a->numbers) == 0,
                      "%s: number %zu: %.9g and %.9g", what, i, (double)a->numbers[i], (double)b->numbers[i]);
    compare_metrics(&a->trained, &b->trained, what);
    compare_metrics(&a->evaluated, &b->evaluated, what);
}

/* One run of a task by `ranks` ranks; body is called for each of them, c NULL for one. */
struct running {
    const struct task *task;
    size_t shards;
    uint32_t threads;
    void (*body)(struct running *run, struct member *m, uint32_t rank, struct outcome *out);
    struct outcome out[RANKS_MOST];
};

static inline void run_rank(void *arg, const snn_communicator *c)
{
    struct running *run = arg;
    const uint32_t rank = c != NULL ? c->rank : 0;
    struct member m = member_of(run->task, run->shards, run->threads, c);

    run->body(run, &m, rank, &run->out[rank]);
    close_member(&m);
}

/* ranks 0: none but this one, without a communicator. */
static inline void run_ranks(struct running *run, uint32_t ranks, bool messages)
{
    struct threads *t;

    if (ranks == 0) {
        run_rank(run, NULL);
        return;
    }
    t = threads_create(ranks, messages);
    threads_run(t, run_rank, run);
    threads_destroy(t);
}

static inline void free_outcomes(struct running *run)
{
    for (size_t i = 0; i < RANKS_MOST; i++)
        free(run->out[i].numbers);
}

#endif
