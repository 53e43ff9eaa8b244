/* The same bits for 1, 2, 3 and 4 ranks, of one thread and of two, with every method; what cutting a batch changes,
 * and what it does not. */
#include "core/context.h"
#include "trainer/ranks.h"

enum { BATCH = 13, STEPS = 4, CLASSES = 5, UPDATES = 4 };

#define LIF "decay=0.5 threshold=0.7"
#define MLP                                                                               \
    "linear a out=40; lif n " LIF                                                         \
    "; dropout d rate=0.3; linear b out=20; plif m per_neuron=1 threshold=0.5; linear o " \
    "out=5"
#define CONV                                                                                                   \
    "conv2d a out=6 pad=1; batch_norm an; lif n " LIF "; dropout d rate=0.2; avgpool p; conv2d b out=8 pad=1 " \
    "standardise=1; gain g value=0.9; lif m " LIF "; flatten f; linear o out=5"
#define PLAIN                                                                                         \
    "conv2d a out=6 pad=1; batch_norm an; lif n " LIF "; avgpool p; conv2d b out=8 pad=1; lif m " LIF \
    "; flatten f; "                                                                                   \
    "linear o out=5"
#define WHOLE "conv2d a out=6 pad=1; batch_norm an over=all; alif n; maxpool p; flatten f; linear o out=5"
#define RATES                                                                                                       \
    "conv2d a out=6 pad=1; batch_norm an over=all; dsr_if n threshold=1.2; dropout d rate=0.2; avgpool p; flatten " \
    "f; "                                                                                                           \
    "linear c out=5; batch_norm cn over=all"
#define LOOP                                                                                                       \
    "conv2d a out=3 stride=2 pad=1; batch_norm an; conv_transpose2d w out=3 stride=2 pad=1 out_pad=1 bias=0 "      \
    "norm=spectral <m:1; add s <an <w; if n threshold=2; conv2d b out=4 stride=2 pad=1; batch_norm bn; dropout d " \
    "rate=0.2; if m threshold=2; rate r; flatten f; linear o out=5"
#define COUPLES                                                                                           \
    "linear a out=18; linear w out=18 bias=0 norm=frobenius range=1 <n:1; add s <a <w; if n threshold=2 " \
    "fire_at=0.5; "                                                                                       \
    "rate r; dropout d rate=0.1; linear o out=5"
#define LEAKY \
    "linear a out=20; linear fb out=20 <n:1; add s <a <fb; alif n; linear o out=5; lif r reset=none decay=0.8"

static const struct task tasks[] = {
    { "bptt", { 30 }, MLP, "bptt", "steps=4 loss=ce_mse", false, false },
    { "bptt, conv, static", { 3, 8, 8 }, CONV, "bptt", "steps=4 loss_on=mean", false, true },
    { "bptt, norm over all", { 3, 8, 8 }, WHOLE, "bptt", "steps=4", false, false },
    { "sltt", { 30 }, MLP, "sltt", "steps=4", false, true },
    { "sltt-k", { 3, 8, 8 }, CONV, "sltt", "steps=4 sampled_steps=2", false, false },
    { "ottt a", { 3, 8, 8 }, CONV, "ottt", "steps=4 variant=A", false, true },
    { "ottt o", { 30 }, MLP, "ottt", "steps=4 variant=O", false, true },
    { "ottt o, conv", { 3, 8, 8 }, CONV, "ottt", "steps=4 variant=O encoder=poisson", false, true },
    { "ottt o, hlop", { 30 }, MLP, "ottt", "steps=4 variant=O", true, false },
    { "dsr", { 3, 8, 8 }, RATES, "dsr", "steps=4", false, true },
    { "dsr, recompute", { 3, 8, 8 }, RATES, "dsr", "steps=4 recompute=on", false, false },
    { "ide", { 3, 8, 8 }, LOOP, "ide", "steps=4", false, true },
    { "ide, frames", { 3, 8, 8 }, LOOP, "ide", "steps=4 solver=iteration", false, false },
    { "spide", { 30 }, COUPLES, "spide", "steps=4 backward_steps=9", false, true },
    { "opzo", { 30 }, MLP, "opzo", "steps=4", false, true },
    { "opzo, pre", { 30 }, MLP, "opzo", "steps=4 noise_pos=pre noise=sphere online=1", false, false },
    { "dfa", { 30 }, MLP, "opzo", "steps=4 feedback=dfa", false, false },
    { "kp", { 30 }, MLP, "opzo", "steps=4 feedback=kp", false, true },
    { "kp, online", { 30 }, MLP, "opzo", "steps=4 feedback=kp online=1", false, true },
    { "zo", { 30 }, MLP, "opzo", "steps=4 feedback=zo noise=rademacher", false, true },
    { "bp", { 30 }, MLP, "opzo", "steps=4 feedback=bp", false, true },
    { "sei", { 3, 8, 8 }, CONV, "sei", "steps=4 temporal=1 loss_on=max", false, true },
    { "sei, steps", { 30 }, MLP, "sei", "steps=4", false, false },
    { "eprop", { 30 }, LEAKY, "eprop", "steps=4 feedback=random", false, false },
    { "eprop, symmetric", { 30 }, LEAKY, "eprop", "steps=4", false, false },
    { "bptt, sign", { 3, 8, 8 }, CONV, "bptt", "steps=4 send=sign", false, true },
    { "ottt o, sign", { 30 }, MLP, "ottt", "steps=4 variant=O send=sign", false, true },
    { "dsr, bf16", { 3, 8, 8 }, RATES, "dsr", "steps=4 send=bf16", false, true },
    { "bptt, mixup", { 3, 8, 8 }, CONV, "bptt", "steps=4 mixup=0.4", false, true },
    { "ottt o, mixup", { 30 }, MLP, "ottt", "steps=4 variant=O mixup=1", false, true },
    { "ide, mixup", { 3, 8, 8 }, LOOP, "ide", "steps=4 mixup=0.7", false, false },
    { "hlop", { 30 }, MLP, "sltt", "steps=4", true, false },
    { "hlop, conv", { 3, 8, 8 }, PLAIN, "bptt", "steps=4", true, true },
};

enum { TASKS = sizeof tasks / sizeof *tasks };

/* A batch of which this rank has only its own samples. */
static void fill(const snn_trainer *tr, float *x, size_t frames, size_t len, size_t n, unsigned seed)
{
    size_t first, count;

    random_fill(x, frames * n * len, 0, 1.5f, seed);
    OK(snn_trainer_share(tr, n, &first, &count));
    for (size_t t = 0; t < frames; t++)
        for (size_t b = 0; b < n; b++)
            for (size_t i = 0; i < len && (b < first || b >= first + count); i++)
                x[(t * n + b) * len + i] = NAN;
}

/* Full batches, smaller ones, and one with fewer samples than shards. */
static void train(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    static const size_t sizes[UPDATES] = { BATCH, BATCH, BATCH - 2, 3 };
    const size_t len = length_of(run->task->shape), frames = run->task->is_static ? 1 : STEPS;
    float *x = malloc(BATCH * frames * len * sizeof *x);
    uint32_t label[BATCH];
    snn_metrics metrics = SNN_METRICS_INIT;
    struct array_set set = { x, label, len, frames };
    snn_dataset *data;
    uint64_t allocations;

    (void)rank;
    OK(snn_trainer_prepare(m->trainer, BATCH));
    allocations = atomic_load(&m->ctx->allocations);
    for (size_t b = 0; b < BATCH; b++)
        label[b] = (uint32_t)(b * 7 % CLASSES);
    for (unsigned i = 0; i < UPDATES; i++) {
        fill(m->trainer, x, frames, len, sizes[i], i);
        OK(snn_trainer_step(m->trainer, BATCH_OF(x, frames, label, sizes[i]), &metrics));
    }
    ck_assert_uint_eq(atomic_load(&m->ctx->allocations), allocations);
    ck_assert_uint_eq(about(m->trainer).samples, sizes[UPDATES - 1]);
    random_fill(x, BATCH * frames * len, 0, 1.5f, 77);
    data = dataset_of(m->ctx, &set, run->task->shape, BATCH - 1, CLASSES);
    *out = outcome_of(m->trainer);
    out->trained = metrics;
    out->evaluated = (snn_metrics)SNN_METRICS_INIT;
    OK(snn_trainer_evaluate(m->trainer, data, &out->evaluated));
    snn_dataset_destroy(data);
    free(x);
}

static void check_task(const struct task *task, size_t shards)
{
    struct running one = { task, shards, 1, train, { { 0 } } };

    run_ranks(&one, 0, false);
    ck_assert(isfinite(one.out[0].trained.loss) && one.out[0].n > 100);
    for (uint32_t ranks = 1; ranks <= 4; ranks++)
        for (uint32_t threads = 1; threads <= 2; threads++) {
            struct running run = { task, shards, threads, train, { { 0 } } };

            run_ranks(&run, ranks, ranks != 3);
            for (uint32_t r = 0; r < ranks; r++) {
                char what[96];

                snprintf(what, sizeof what, "%s, rank %u of %u, %u threads, %zu shards", task->name, r, ranks,
                         threads, shards);
                compare_outcomes(&one.out[0], &run.out[r], what);
            }
            free_outcomes(&run);
        }
    free_outcomes(&one);
}

START_TEST(test_same_bits)
{
    check_task(&tasks[_i], 4);
}
END_TEST

/* Nearly as many shards as samples, without the statistics of one. */
START_TEST(test_many_shards)
{
    check_task(&tasks[_i], 12);
}
END_TEST

/* The communicator's order: all ranks have the same bits, near those of the fixed one. */
START_TEST(test_any_order)
{
    struct task any = tasks[0];
    struct running fixed = { &tasks[0], 4, 1, train, { { 0 } } };

    any.settings = "steps=4 loss=ce_mse reduce=any";
    run_ranks(&fixed, 0, false);
    for (uint32_t ranks = 1; ranks <= 4; ranks++) {
        struct running run = { &any, 4, 1, train, { { 0 } } };

        run_ranks(&run, ranks, true);
        for (uint32_t r = 1; r < ranks; r++)
            compare_outcomes(&run.out[0], &run.out[r], "any order");
        ck_assert_double_lt(distance(run.out[0].numbers, fixed.out[0].numbers, fixed.out[0].n), 1e-3);
        free_outcomes(&run);
    }
    free_outcomes(&fixed);
}
END_TEST

/* Steps after the last frame of all samples have no update, and what compression lost stays as the last one left it.
 */
START_TEST(test_steps_without_an_update)
{
    const struct task task = {
        "ottt o", { 30 }, MLP, "ottt", "steps=4 variant=O loss_on=last send=sign", false, false
    };
    struct member m = member_of(&task, 3, 1, NULL);
    struct snn__ranks *r = &m.trainer->shards.ranks;
    float *residual = malloc(2 * m.net->n_parameters * sizeof *residual), *kept = residual + m.net->n_parameters;
    static float x[STEPS * BATCH * 30];
    uint32_t label[BATCH] = { 0 }, length[BATCH];
    snn_batch batch = SNN_BATCH_INIT;

    random_fill(x, STEPS * BATCH * 30, 0, 1.5f, 1);
    for (size_t b = 0; b < BATCH; b++)
        length[b] = (uint32_t)(1 + b % 2);
    batch.x = x;
    batch.frames = STEPS;
    batch.samples = BATCH;
    batch.labels = label;
    batch.lengths = length;
    OK(snn_trainer_prepare(m.trainer, BATCH));
    OK(snn_trainer_step(m.trainer, &batch, NULL));
    ck_assert_uint_eq(m.trainer->run.updates, 2);
    FAILS(snn_trainer_read_gradient(m.trainer, m.net->layer[0], "bias", residual, 40), SNN_ERR_STATE,
          "no step has formed");
    OK(snn__ranks_residual(r, 3, residual)); /* of the sum */
    snn__ranks_undo(r);
    OK(snn__ranks_residual(r, 3, kept));
    ck_assert(kept[0] != 0);
    ck_assert(memcmp(residual, kept, m.net->n_parameters * sizeof *kept) == 0);
    free(residual);
    close_member(&m);
}
END_TEST

/* ---- memory ---- */

/* Every allocation of a plan in shards fails once: nothing is lost, and the old plan goes on. */
START_TEST(test_shortage)
{
    struct counting c = { 0 };
    snn_context_options options;
    struct member m = { .ctx = NULL };
    size_t live, failures = 0;
    snn_status rc;

    OK(snn_context_options_init(&options, sizeof options));
    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&m.ctx, &options));
    m.net = network_of(m.ctx, (size_t[3]){ 12 }, "linear a out=7; lif n; dropout d; linear o out=3");
    m.optimizer = sgd_of(m.ctx, 0.1);
    OK(snn_trainer_create(&m.trainer, m.net, m.optimizer, "ottt"));
    OK(set_all(m.trainer, _i ? "steps=2 shards=3 variant=O send=sign" : "steps=2 shards=3"));
    OK(snn_trainer_prepare(m.trainer, 7));
    live = c.live;
    do {
        c.fail_at = c.calls + 1 + failures++;
        rc = snn_trainer_prepare(m.trainer, 8);
        c.fail_at = 0;
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        ck_assert(rc == SNN_OK || c.live == live);
    } while (rc != SNN_OK);
    ck_assert_uint_gt(failures, 10);
    close_member(&m);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

/* ---- what cutting changes ---- */

/* The gradient of one batch, and of its shards. */
static void first_gradient(const struct task *task, size_t shards, float **out, size_t *n, snn_metrics *metrics)
{
    const size_t len = length_of(task->shape), frames = task->is_static ? 1 : STEPS;
    float *x = malloc(BATCH * frames * len * sizeof *x);
    uint32_t label[BATCH];
    struct member m = member_of(task, shards, 1, NULL);

    for (size_t b = 0; b < BATCH; b++)
        label[b] = (uint32_t)(b * 7 % CLASSES);
    random_fill(x, BATCH * frames * len, 0, 1.5f, 3);
    OK(snn_trainer_prepare(m.trainer, BATCH));
    *metrics = (snn_metrics)SNN_METRICS_INIT;
    OK(snn_trainer_step(m.trainer, BATCH_OF(x, frames, label, BATCH), metrics));
    *n = m.net->n_parameters;
    *out = malloc(*n * sizeof **out);
    read_all_gradients(m.trainer, *out);
    close_member(&m);
    free(x);
}

static bool has_norm(const struct task *task)
{
    return strstr(task->layers, "batch_norm") != NULL;
}

/* Without batch norm the shards' gradients add up to that of the batch. Feedback that learns within a batch sees its
 * own shard; samples are mixed within one; in ide a solver stops by the residual of a batch; updates at every step
 * change what comes after. */
static bool adds_up(const struct task *task)
{
    return !has_norm(task) && !task->projects && strstr(task->settings, "variant=O") == NULL &&
           strstr(task->settings, "online=1") == NULL && strstr(task->settings, "send=") == NULL &&
           strstr(task->settings, "mixup=") == NULL &&
           (strcmp(task->method, "opzo") != 0 || strstr(task->settings, "feedback=dfa") != NULL ||
            strstr(task->settings, "feedback=zo") != NULL || strstr(task->settings, "feedback=bp") != NULL);
}

START_TEST(test_gradient)
{
    const struct task *task = &tasks[_i];
    snn_metrics a, b;
    float *whole, *cut;
    size_t n;

    if (!adds_up(task))
        return;
    first_gradient(task, 1, &whole, &n, &a);
    for (size_t shards = 2; shards <= 13; shards += 3) {
        first_gradient(task, shards, &cut, &n, &b);
        ck_assert_msg(distance(cut, whole, n) < 2e-5, "%s, %zu shards: %g", task->name, shards,
                      distance(cut, whole, n));
        ck_assert_double_eq_tol(a.loss, b.loss, 1e-6 * fabs(a.loss) + 1e-9);
        ck_assert(a.accuracy == b.accuracy && a.samples == b.samples);
        free(cut);
    }
    free(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: ranks");
    TCase *tc = tcase_create("ranks");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_same_bits, 0, TASKS);
    tcase_add_loop_test(tc, test_many_shards, 0, 7);
    tcase_add_test(tc, test_any_order);
    tcase_add_test(tc, test_steps_without_an_update);
    tcase_add_loop_test(tc, test_shortage, 0, 2);
    tcase_add_loop_test(tc, test_gradient, 0, TASKS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
