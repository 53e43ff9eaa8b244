/* ide beyond its golden cases: what networks it takes, both solvers, what is reported, memory that does not grow with
 * T, statistics of per-step input. */
#include "builder.h"
#include "layer/layer.h"
#include "trainer/ide.h"

enum { BATCH = 4, CLASSES = 3 };

#define LOOP "add s <a <w; lif n decay=0.9 threshold=2; rate r decay=0.9; linear o out=3"
#define DENSE "linear a out=8; linear w out=8 bias=0 norm=spectral <n:1; " LOOP
#define DEEP                                                                                                       \
    "conv2d a out=3 stride=2 pad=1; batch_norm an; conv_transpose2d w out=3 stride=2 pad=1 out_pad=1 bias=0 "      \
    "norm=spectral <m:1; add s <an <w; if n threshold=2; conv2d b out=4 stride=2 pad=1; batch_norm bn; dropout d " \
    "rate=0.2; if m threshold=2; rate r; flatten f; linear o out=3"

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    size_t len, frames;
    float *x;
    uint32_t label[BATCH];
};

static const size_t vector[3] = { 6 }, map[3] = { 2, 8, 8 };

static void open_rig(struct rig *r, const size_t shape[3], const char *layers, const char *settings, uint32_t threads,
                     bool is_static)
{
    memset(r, 0, sizeof *r);
    r->ctx = test_context(threads, 3, "best");
    r->net = network_of(r->ctx, shape, layers);
    r->sgd = sgd_of(r->ctx, 0.05);
    r->tr = trainer_of(r->net, r->sgd, "ide", settings, BATCH);
    r->len = length_of(shape);
    r->frames = is_static ? 1 : r->tr->steps;
    r->x = malloc(r->frames * BATCH * r->len * sizeof *r->x);
    random_fill(r->x, r->frames * BATCH * r->len, -1.5f, 2.5f, 5);
    for (uint32_t b = 0; b < BATCH; b++)
        r->label[b] = b % CLASSES;
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->x);
}

static snn_metrics step(struct rig *r)
{
    snn_metrics m = SNN_METRICS_INIT;

    OK(snn_trainer_step(r->tr, BATCH_OF(r->x, r->frames, r->label, BATCH), &m));
    return m;
}

/* ---- networks ---- */

static const struct {
    const char *layers, *message;
} refused[] = {
    { "linear a out=3", "0 rate layers" },
    { "linear a out=8; rate r; linear o out=3", "must read a population" },
    { "linear a out=3; if n; rate r", "must come last" },
    { "linear a out=8; alif n; rate r; linear o out=3", "if and lif" },
    { "linear a out=8; lif n decay=0.9 refractory=1; rate r decay=0.9; linear o out=3", "refractory" },
    { "linear a out=8; if n reset=zero; rate r; linear o out=3", "reset by subtraction" },
    { "linear a out=8; lif n input_scaled=1 decay=0.9; rate r decay=0.9; linear o out=3", "input_scaled" },
    { "linear a out=8; lif n decay=0.9; rate r; linear o out=3", "differs from that of the rate layer" },
    { "linear a out=8; add s <a <n:1; if n; linear b out=8; if m; rate r; linear o out=3",
      "feedback must come from m" },
    { "linear a out=8; if n; rate r; linear b out=8; if m; linear o out=3", "comes after n" },
};

START_TEST(test_refused)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, vector, refused[_i].layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr;

    OK(snn_trainer_create(&tr, net, sgd, "ide"));
    FAILS(snn_trainer_prepare(tr, BATCH), SNN_ERR_UNSUPPORTED, refused[_i].message);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* Other methods have no gradient through a mean over the steps. */
START_TEST(test_rates_need_ide)
{
    static const char *const methods[] = { "bptt", "sltt", "ottt" };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, vector, DENSE);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr;

    for (int i = 0; i < 3; i++) {
        OK(snn_trainer_create(&tr, net, sgd, methods[i]));
        FAILS(snn_trainer_prepare(tr, BATCH), SNN_ERR_UNSUPPORTED, "rates");
        snn_trainer_destroy(tr);
    }
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- solving ---- */

static void gradient(const size_t shape[3], const char *layers, const char *settings, uint32_t threads, float *g,
                     size_t *n)
{
    struct rig r;

    open_rig(&r, shape, layers, settings, threads, true);
    for (int i = 0; i < 3; i++)
        step(&r);
    *n = r.net->n_parameters;
    ck_assert_uint_lt(*n, 4096);
    read_all_gradients(r.tr, g);
    close_rig(&r);
}

START_TEST(test_solvers_agree)
{
    static float one[4096], two[4096];
    const size_t *shape = _i ? map : vector;
    const char *layers = _i ? DEEP : DENSE;
    size_t n;

    gradient(shape, layers, "steps=12 solver=iteration iterations=100", 1, one, &n);
    gradient(shape, layers, "steps=12 solver=broyden iterations=100", 1, two, &n);
    ck_assert(norm_of(one, n) > 1e-3);
    ck_assert_double_le(distance(two, one, n), 1e-4);
    gradient(shape, layers, "steps=12 solver=broyden iterations=100", 3, one, &n);
    ck_assert(memcmp(one, two, n * sizeof *one) == 0);
}
END_TEST

static void count_warnings(void *user, snn_log_level level, const char *line)
{
    *(int *)user += level == SNN_LOG_WARNING && strstr(line, "residual") != NULL;
}

START_TEST(test_failures_are_reported)
{
    struct rig r;
    snn_metrics m;
    int warnings = 0;

    open_rig(&r, vector, DENSE, "steps=10", 1, true);
    r.ctx->options.log = count_warnings;
    r.ctx->options.log_user = &warnings;
    m = step(&r);
    ck_assert(m.solver_failures == 0 && m.solver_residual <= 1e-6 && m.solver_iterations >= 2 && warnings == 0);
    close_rig(&r);
    open_rig(&r, vector, DENSE, "steps=10 iterations=2 tolerance=1e-7", 1, true);
    r.ctx->options.log = count_warnings;
    r.ctx->options.log_user = &warnings;
    m = step(&r);
    ck_assert(m.solver_failures == 1 && m.solver_residual > 1e-7 && m.solver_iterations == 2 && warnings == 1);
    close_rig(&r);
}
END_TEST

/* The rates of integrators come near their equilibrium as 1/T. */
START_TEST(test_the_gap_closes)
{
    static const char *const layers =
        "linear a out=8; linear w out=8 bias=0 norm=spectral <n:1; add s <a <w; if n threshold=2; "
        "rate r; linear o out=3";
    double gap[3];

    for (int i = 0; i < 3; i++) {
        char settings[32];
        struct rig r;

        snprintf(settings, sizeof settings, "steps=%d", i == 0 ? 8 : i == 1 ? 64 : 512);
        open_rig(&r, vector, layers, settings, 1, true);
        gap[i] = step(&r).equilibrium_gap;
        close_rig(&r);
    }
    ck_assert_msg(gap[0] > 0 && gap[1] < gap[0] && gap[2] < gap[1] && gap[2] < 0.02, "%g %g %g", gap[0], gap[1],
                  gap[2]);
}
END_TEST

START_TEST(test_memory_is_flat)
{
    uint64_t bytes[3];

    for (int i = 0; i < 3; i++) {
        char settings[32];
        struct rig r;
        snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

        snprintf(settings, sizeof settings, "steps=%d", i == 0 ? 5 : i == 1 ? 50 : 500);
        open_rig(&r, map, DEEP, settings, 1, false);
        bytes[i] = about(r.tr).bytes;
        OK(snn_context_get_info(r.ctx, &before));
        step(&r);
        OK(snn_context_get_info(r.ctx, &after));
        ck_assert_uint_eq(before.allocations, after.allocations);
        close_rig(&r);
    }
    ck_assert(bytes[0] == bytes[1] && bytes[1] == bytes[2]);
}
END_TEST

/* ---- per-step input in front of a batch norm ---- */

static struct {
    float u[BATCH * 8];
    bool done;
} seen;

static void look(void *user, snn_trainer *trainer, snn_phase phase, size_t t)
{
    (void)user;
    if (phase == SNN_PHASE_FORWARD && t == 0 && !seen.done) {
        OK(snn_trainer_read_signal(trainer, trainer->net->layer[4], SNN_SIGNAL_MEMBRANE, seen.u, BATCH * 8));
        seen.done = true;
    }
}

enum { STEPS = 6 };

/* F(x)[i] of sample b at one step, or of the weighted mean of all (t = STEPS), in double. */
static double current(const struct rig *r, const float *w, size_t i, size_t b, size_t t)
{
    double sum = 0;

    for (size_t j = 0; j < r->len; j++) {
        double x = 0;

        for (size_t k = 0; k < STEPS && t == STEPS; k++)
            x = 0.9 * x + r->x[(k * BATCH + b) * r->len + j];
        sum +=
            w[i * r->len + j] * (t == STEPS ? x / snn__rate_weight(0.9, STEPS) : r->x[(t * BATCH + b) * r->len + j]);
    }
    return sum;
}

/* u[1] = (F(x[1]) - mean) / sqrt(var + 1e-8) with mean and unbiased variance of F(xbar); the running values follow
 * once. */
START_TEST(test_statistics_of_the_mean_input)
{
    struct rig r;
    float w[48];
    const struct snn__tensor *norm;

    open_rig(&r, vector,
             "linear a out=8 bias=0; batch_norm bn; linear w out=8 bias=0 <n:1; add s <bn <w; lif n decay=0.9 "
             "threshold=2; "
             "rate r decay=0.9; linear o out=3",
             "steps=6", 1, false);
    snn_trainer_destroy(r.tr);
    OK(snn_trainer_create(&r.tr, r.net, r.sgd, "ide"));
    OK(snn_trainer_set_i64(r.tr, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_observe(r.tr, SNN_OBSERVE_SIGNALS, look, NULL));
    OK(snn_trainer_prepare(r.tr, BATCH));
    memcpy(w, r.net->layer[0]->tensor[0].data, sizeof w);
    step(&r);
    ck_assert(seen.done);
    norm = r.net->layer[1]->tensor;
    for (size_t i = 0; i < 8; i++) {
        double mean = 0, var = 0;

        for (size_t b = 0; b < BATCH; b++)
            mean += current(&r, w, i, b, STEPS) / BATCH;
        for (size_t b = 0; b < BATCH; b++)
            var += pow(current(&r, w, i, b, STEPS) - mean, 2) / (BATCH - 1);
        for (size_t b = 0; b < BATCH; b++)
            ck_assert_double_eq_tol(seen.u[b * 8 + i], (current(&r, w, i, b, 0) - mean) / sqrt(var + 1e-8), 1e-4);
        ck_assert_double_eq_tol(norm[2].data[i], 0.1 * mean, 1e-5);
        ck_assert_double_eq_tol(norm[3].data[i], 0.9 + 0.1 * var, 1e-5);
    }
    close_rig(&r);
}
END_TEST

/* It learns: a batch is fitted. */
START_TEST(test_learns)
{
    struct rig r;
    snn_metrics m;
    double first;

    open_rig(&r, _i ? map : vector, _i ? DEEP : DENSE, "steps=10", 1, true);
    OK(snn_optimizer_set_f64(r.sgd, SNN_OPTIMIZER_LR, 0.2));
    first = step(&r).loss;
    for (int i = 0; i < 300; i++)
        m = step(&r);
    ck_assert_msg(m.loss < 0.3 * first, "%g from %g", m.loss, first);
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: ide");
    TCase *tc = tcase_create("ide");

    tcase_add_loop_test(tc, test_refused, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tc, test_rates_need_ide);
    tcase_add_loop_test(tc, test_solvers_agree, 0, 2);
    tcase_add_test(tc, test_failures_are_reported);
    tcase_add_test(tc, test_the_gap_closes);
    tcase_add_test(tc, test_memory_is_flat);
    tcase_add_test(tc, test_statistics_of_the_mean_input);
    tcase_add_loop_test(tc, test_learns, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
