/* Observers that come and go between two calls of a prepared trainer. */
#include "trainer/builder.h"

enum { BATCH = 4, LEN = 12, CLASSES = 3, STEPS = 5, N = 8 };

static const size_t shape[3] = { LEN };
#define LOOP                                                                                                         \
    "linear a out=8; linear w out=8 bias=0 norm=frobenius range=1 <n:1; add s <a <w; if n threshold=1 fire_at=0.5; " \
    "rate r; linear o out=3"

static const struct kind {
    const char *method, *net;
} kinds[] = {
    { "bptt", "linear a out=8; lif n; linear o out=3" },
    { "sltt", "linear a out=8; alif n; linear o out=3" },
    { "ottt", "linear a out=8; lif n; linear o out=3" },
    { "sei", "linear a out=8; lif n; linear o out=3" },
    { "eprop", "linear a out=8; lif n; linear o out=3" },
    { "opzo", "linear a out=8; lif n; linear o out=3" },
    { "dsr", "linear a out=8; dsr_if n threshold=1; linear o out=3" },
    { "ide", LOOP },
    { "spide", LOOP },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    const snn_layer *neurons;
    float x[STEPS * BATCH * LEN];
    uint32_t label[BATCH];
    size_t n;           /* of the batch, as the observer is told */
    size_t seen, wrong; /* steps; neurons that spike below their threshold, or do not above it */
    bool gradients;
};

static void open_rig(struct rig *r, const struct kind *k)
{
    *r = (struct rig){ .ctx = test_context(2, 5, "best") };
    r->net = network_of(r->ctx, shape, k->net);
    r->sgd = sgd_of(r->ctx, 0.05);
    r->tr = trainer_of(r->net, r->sgd, k->method, "steps=5", BATCH);
    r->neurons = snn_network_layer_named(r->net, "n");
    random_fill(r->x, STEPS * BATCH * LEN, -1, 2, 9);
    for (uint32_t b = 0; b < BATCH; b++)
        r->label[b] = b % CLASSES;
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

static void look(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct rig *r = user;
    float u[BATCH * N], s[BATCH * N];
    size_t spikes = 0;

    (void)step;
    r->n = (size_t)about(tr).samples;
    r->gradients |= phase == SNN_PHASE_GRADIENT;
    if (phase != SNN_PHASE_FORWARD)
        return;
    r->seen++;
    FAILS(snn_trainer_read_signal(tr, r->neurons, SNN_SIGNAL_OUTPUT, s, r->n * N - 1), SNN_ERR_ARGUMENT, "room");
    OK(snn_trainer_read_signal(tr, r->neurons, SNN_SIGNAL_OUTPUT, s, r->n * N));
    OK(snn_trainer_read_signal(tr, r->neurons, SNN_SIGNAL_MEMBRANE, u, r->n * N));
    for (size_t i = 0; i < r->n * N; i++) {
        spikes += s[i] != 0;
        r->wrong += s[i] != 0 && u[i] <= 0;
    }
    ck_assert_uint_gt(spikes, 0);
}

static double step(struct rig *r, size_t n)
{
    snn_metrics m = SNN_METRICS_INIT;

    OK(snn_trainer_step(r->tr, BATCH_OF(r->x, 1, r->label, n), &m));
    return m.loss;
}

/* The bits of training do not tell that signals were observed for a while. */
START_TEST(test_comes_and_goes)
{
    struct rig a, b;
    const uint64_t bytes = (open_rig(&a, &kinds[_i]), open_rig(&b, &kinds[_i]), about(b.tr).bytes);

    for (size_t i = 0; i < 3; i++) {
        const size_t n = BATCH - i;

        ck_assert_double_eq(step(&b, BATCH), step(&a, BATCH));
        OK(snn_trainer_observe(b.tr, SNN_OBSERVE_SIGNALS, look, &b));
        b.seen = 0;
        ck_assert_double_eq(step(&b, n), step(&a, n));
        ck_assert_uint_eq(b.n, n);
        ck_assert_uint_eq(about(b.tr).samples, n);
        ck_assert_uint_eq(b.seen, STEPS);
        OK(snn_trainer_observe(b.tr, SNN_OBSERVE_SIGNALS, NULL, NULL));
        ck_assert_double_eq(step(&b, n), step(&a, n));
        ck_assert_uint_eq(b.seen, STEPS);
        ck_assert_uint_eq(about(b.tr).bytes, bytes);
    }
    ck_assert_uint_eq(b.wrong, 0);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* So do gradients of single steps, which all methods have but that of means. */
START_TEST(test_gradients_come_and_go)
{
    struct rig r;
    const struct kind *k = &kinds[_i];

    open_rig(&r, k);
    step(&r, BATCH);
    OK(snn_trainer_observe(r.tr, SNN_OBSERVE_SIGNALS | SNN_OBSERVE_GRADIENTS, look, &r));
    step(&r, BATCH);
    ck_assert_int_eq(r.gradients, strcmp(k->method, "dsr") != 0);
    OK(snn_trainer_observe(r.tr, 0, look, &r));
    r.gradients = false;
    OK(snn_trainer_observe(r.tr, 0, NULL, NULL));
    step(&r, BATCH);
    ck_assert(!r.gradients);
    close_rig(&r);
}
END_TEST

/* A trainer whose new plan fails is as it was. */
START_TEST(test_no_memory)
{
    struct counting counts = { 0 };
    snn_context_options options;
    snn_metrics m[2] = { SNN_METRICS_INIT, SNN_METRICS_INIT };
    struct rig r = { .ctx = NULL };

    counting_options(&counts, &options);
    options.threads = 1;
    OK(snn_context_create(&r.ctx, &options));
    r.net = network_of(r.ctx, shape, kinds[0].net);
    r.tr = evaluator_of(r.net, "steps=5", BATCH);
    r.neurons = snn_network_layer_named(r.net, "n");
    random_fill(r.x, BATCH * LEN, 0, 2, 9);
    counts.fail_at = counts.calls + 2;
    FAILS(snn_trainer_observe(r.tr, SNN_OBSERVE_SIGNALS, look, &r), SNN_ERR_MEMORY, "");
    counts.fail_at = 0;
    for (int i = 0; i < 2; i++) {
        float out[BATCH * CLASSES];

        OK(snn_trainer_predict(r.tr, BATCH_OF(r.x, 1, NULL, BATCH), out));
        ck_assert_uint_eq(r.seen, i ? STEPS : 0);
        m[i].loss = out[0];
        OK(snn_trainer_observe(r.tr, SNN_OBSERVE_SIGNALS, look, &r));
    }
    ck_assert_double_eq(m[0].loss, m[1].loss);
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("trainer_observe");
    TCase *tc = tcase_create("observers");

    tcase_add_loop_test(tc, test_comes_and_goes, 0, KINDS);
    tcase_add_loop_test(tc, test_gradients_come_and_go, 0, KINDS);
    tcase_add_test(tc, test_no_memory);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
