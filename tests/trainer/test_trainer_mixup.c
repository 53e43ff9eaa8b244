/* Mixup: shares by their distribution, input and loss against plain C, and what must not change. Ranks and threads
 * are in test_trainer_ranks.c, checkpoints of ranks in test_trainer_ranks_epoch.c. */
#include "core/context.h"
#include "core/rng.h"
#include "trainer/builder.h"
#include <unistd.h>

enum { BATCH = 12, STEPS = 3, INPUTS = 6, CLASSES = 4, COUNT = 30 };

static const size_t vector[3] = { INPUTS };

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
    float x[STEPS * BATCH * INPUTS];
    uint32_t label[BATCH];
};

static void open_world(struct world *w, const char *layers, const char *method, const char *settings,
                       uint32_t threads)
{
    memset(w, 0, sizeof *w);
    w->ctx = test_context(threads, 5, "best");
    w->net = network_of(w->ctx, vector, layers);
    shake(w->net);
    w->opt = sgd_of(w->ctx, 0.2);
    w->tr = trainer_of(w->net, w->opt, method, settings, BATCH);
    random_fill(w->x, STEPS * BATCH * INPUTS, -1, 1, 2);
    for (size_t b = 0; b < BATCH; b++)
        w->label[b] = (uint32_t)(b * 7 % CLASSES);
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

/* ---- shares ---- */

static const double alphas[] = { 0.001, 0.1, 0.2, 0.4, 0.4999, 0.5, 0.5001, 0.8, 1, 2, 8, 1000 };

/* Mean, second and fourth central moment of Beta(alpha, alpha), within 5 standard errors. */
START_TEST(test_moments)
{
    enum { N = 100000 };
    const double a = alphas[_i], second = 0.25 / (2 * a + 1), fourth = 3.0 / 16 / ((2 * a + 1) * (2 * a + 3));
    double mean = 0, square = 0, quad = 0;

    for (uint64_t i = 0; i < N; i++) {
        const double l = snn__mixup_beta(a, 11, i / 100, i % 100), d = l - 0.5;

        ck_assert(l >= 0 && l <= 1);
        mean += d / N;
        square += d * d / N;
        quad += d * d * d * d / N;
    }
    ck_assert_double_le(fabs(mean), 5 * sqrt(second / N));
    ck_assert_double_le(fabs(square - second), 5 * sqrt((fourth - second * second) / N));
    ck_assert_double_le(fabs(quad - fourth), 5 * sqrt(fourth / 16 / N));
}
END_TEST

/* ---- input and loss ---- */

static const char *const losses[] = { "loss=ce", "loss=mse", "loss=ce_mse loss_mix=0.3" };

struct mixed {
    float x[STEPS * BATCH * INPUTS], q[BATCH * CLASSES];
};

/* What is trained on, the slow way. */
static struct mixed mix(const struct world *w, size_t frames, double alpha, double smoothing)
{
    struct mixed m = { { 0 }, { 0 } };
    size_t apart = 0;

    for (size_t b = 0; b < BATCH; b++) {
        const double l = snn__mixup_beta(alpha, 5, 0, b), lambda = l > 0.5 ? l : 1 - l;
        const size_t p = (size_t)snn__random_order(5, SNN__RNG_PARTNER, 0, b, BATCH);

        apart += p != b && w->label[p] != w->label[b];
        for (size_t t = 0; t < frames; t++)
            for (size_t i = 0; i < INPUTS; i++)
                m.x[(t * BATCH + b) * INPUTS + i] = (float)(lambda * w->x[(t * BATCH + b) * INPUTS + i] +
                                                            (1 - lambda) * w->x[(t * BATCH + p) * INPUTS + i]);
        m.q[b * CLASSES + w->label[b]] += (float)((1 - smoothing) * lambda);
        m.q[b * CLASSES + w->label[p]] += (float)((1 - smoothing) * (1 - lambda));
        for (size_t c = 0; c < CLASSES; c++)
            m.q[b * CLASSES + c] += (float)(smoothing / CLASSES);
    }
    ck_assert_uint_gt(apart, BATCH / 3);
    return m;
}

/* Loss of one output by a soft label, and its derivative. */
static double soft_loss(const double *y, const float *q, double mix, double *d)
{
    double sum = 0, loss = 0;

    for (size_t c = 0; c < CLASSES; c++)
        sum += exp(y[c]);
    for (size_t c = 0; c < CLASSES; c++) {
        loss -= (1 - mix) * q[c] * log(exp(y[c]) / sum);
        loss += mix * (y[c] - q[c]) * (y[c] - q[c]) / CLASSES;
        d[c] = (1 - mix) * (exp(y[c]) / sum - q[c]) + mix * 2 * (y[c] - q[c]) / CLASSES;
    }
    return loss;
}

/* W [classes][inputs], then b. */
static double plain(const struct world *w, const struct mixed *m, size_t frames, double mix, float *gradient)
{
    const float *weight = w->net->layer[0]->tensor[0].data, *bias = w->net->layer[0]->tensor[1].data;
    double loss = 0;

    memset(gradient, 0, CLASSES * (INPUTS + 1) * sizeof *gradient);
    for (size_t i = 0; i < STEPS * BATCH; i++) {
        const size_t b = i % BATCH;
        const float *x = m->x + (i / BATCH % frames * BATCH + b) * INPUTS;
        double y[CLASSES], d[CLASSES];

        for (size_t c = 0; c < CLASSES; c++) {
            y[c] = bias[c];
            for (size_t k = 0; k < INPUTS; k++)
                y[c] += (double)weight[c * INPUTS + k] * x[k];
        }
        loss += soft_loss(y, m->q + b * CLASSES, mix, d) / (STEPS * BATCH);
        for (size_t c = 0; c < CLASSES; c++) {
            for (size_t k = 0; k < INPUTS; k++)
                gradient[c * INPUTS + k] += (float)(d[c] * x[k] / (STEPS * BATCH));
            gradient[CLASSES * INPUTS + c] += (float)(d[c] / (STEPS * BATCH));
        }
    }
    return loss;
}

START_TEST(test_against_plain_c)
{
    static const double mixes[] = { 0, 1, 0.3 };
    const size_t frames = _i % 2 ? STEPS : 1;
    const double alpha = _i % 2 ? 0.4 : 1.5;
    struct world w;
    struct mixed m;
    snn_metrics got = SNN_METRICS_INIT;
    float want[CLASSES * (INPUTS + 1)], gradient[CLASSES * (INPUTS + 1)];
    char settings[128];
    double loss;

    snprintf(settings, sizeof settings, "steps=3 %s label_smoothing=0.1 mixup=%g", losses[_i / 2], alpha);
    open_world(&w, "linear o out=4", "sltt", settings, 1);
    m = mix(&w, frames, alpha, 0.1f);
    loss = plain(&w, &m, frames, mixes[_i / 2], want);
    OK(snn_trainer_step(w.tr, BATCH_OF(w.x, frames, w.label, BATCH), &got));
    read_all_gradients(w.tr, gradient);
    ck_assert_double_eq_tol(got.loss, loss, 1e-6);
    ck_assert_double_lt(distance(gradient, want, CLASSES * (INPUTS + 1)), 1e-6);
    close_world(&w);
}
END_TEST

/* The label that counts as correct is the sample's own: of inputs that give it away, most are recognised. */
START_TEST(test_accuracy)
{
    struct world w;
    snn_metrics got = SNN_METRICS_INIT;
    float *weight;

    open_world(&w, "linear o out=4 bias=0", "sltt", "steps=3 mixup=0.2", 1);
    weight = w.net->layer[0]->tensor[0].data;
    for (size_t i = 0; i < CLASSES * INPUTS; i++)
        weight[i] = i / INPUTS == i % INPUTS ? 1.0f : 0.0f;
    for (size_t i = 0; i < BATCH * INPUTS; i++)
        w.x[i] = i % INPUTS == w.label[i / INPUTS] ? 1.0f : 0.0f;
    OK(snn_trainer_step(w.tr, BATCH_OF(w.x, 1, w.label, BATCH), &got));
    ck_assert_double_eq(got.accuracy, 1.0);
    close_world(&w);
}
END_TEST

/* ---- what must not change ---- */

static const struct {
    const char *method, *layers, *settings;
} methods[] = {
    { "bptt", "linear a out=9; lif n; linear o out=4", "steps=3" },
    { "sltt", "linear a out=9; lif n; linear o out=4", "steps=3" },
    { "ottt", "linear a out=9; lif n; linear o out=4", "steps=3 variant=O" },
    { "opzo", "linear a out=9; lif n; linear o out=4", "steps=3" },
    { "dsr", "linear a out=9; batch_norm b over=all; dsr_if n; linear o out=4", "steps=3" },
    { "ide", "linear a out=9; linear w out=9 bias=0 norm=frobenius <n:1; add s <a <w; if n; rate r; linear o out=4",
      "steps=3" },
};

enum { METHODS = sizeof methods / sizeof *methods };

/* Parameters after some batches of `n`; frames: those of a sample, all alike. */
static void train(int method, const char *more, uint32_t threads, size_t frames, size_t n, float *out, size_t *length)
{
    struct world w;
    char settings[128];

    snprintf(settings, sizeof settings, "%s %s", methods[method].settings, more);
    open_world(&w, methods[method].layers, methods[method].method, settings, threads);
    for (size_t t = 1; t < frames; t++)
        memcpy(w.x + t * n * INPUTS, w.x, n * INPUTS * sizeof *w.x);
    for (unsigned i = 0; i < 4; i++)
        OK(snn_trainer_step(w.tr, BATCH_OF(w.x, frames, w.label, n), NULL));
    *length = w.net->n_parameters;
    ck_assert_uint_le(*length, 400);
    memcpy(out, w.net->parameters, *length * sizeof *out);
    close_world(&w);
}

/* Without mixup, and where there is nobody to mix with, the bits are those of samples as they are. */
START_TEST(test_nothing_mixed)
{
    float want[400], got[400];
    size_t n;

    train(_i, "", 1, 1, BATCH, want, &n);
    train(_i, "mixup=0", 1, 1, BATCH, got, &n);
    ck_assert_mem_eq(got, want, n * sizeof *got);
    train(_i, "mixup=0.4", 1, 1, BATCH, got, &n);
    ck_assert_mem_ne(got, want, n * sizeof *got);
    if (strstr(methods[_i].layers, "batch_norm") != NULL) /* which takes two samples */
        return;
    train(_i, "", 1, 1, 1, want, &n);
    train(_i, "mixup=0.4", 1, 1, 1, got, &n);
    ck_assert_mem_eq(got, want, n * sizeof *got);
}
END_TEST

START_TEST(test_threads)
{
    float want[400], got[400];
    size_t n;

    train(_i, "mixup=0.4", 1, 1, BATCH, want, &n);
    for (uint32_t threads = 2; threads <= 3; threads++) {
        train(_i, "mixup=0.4", threads, 1, BATCH, got, &n);
        ck_assert_mem_eq(got, want, n * sizeof *got);
    }
}
END_TEST

/* A static sample is mixed once, as its copies for all steps are. */
START_TEST(test_static_is_mixed_once)
{
    float want[400], got[400];
    size_t n;

    train(_i, "mixup=0.4", 1, STEPS, BATCH, want, &n);
    train(_i, "mixup=0.4", 1, 1, BATCH, got, &n);
    ck_assert_msg(distance(got, want, n) < 1e-5, "%s: %g", methods[_i].method, distance(got, want, n));
}
END_TEST

/* ---- data sets ---- */

struct data {
    struct world w;
    struct array_set arrays;
    snn_dataset *set;
    float x[COUNT * INPUTS];
    uint32_t label[COUNT];
};

static void open_data(struct data *d, const char *settings)
{
    open_world(&d->w, "linear a out=9; lif n; linear o out=4", "sltt", settings, 2);
    random_fill(d->x, COUNT * INPUTS, -1, 1, 8);
    for (size_t i = 0; i < COUNT; i++)
        d->label[i] = (uint32_t)(i * i % CLASSES);
    d->arrays = (struct array_set){ d->x, d->label, INPUTS, 1 };
    d->set = dataset_of(d->w.ctx, &d->arrays, vector, COUNT, CLASSES);
}

static void close_data(struct data *d)
{
    snn_dataset_destroy(d->set);
    close_world(&d->w);
}

/* Evaluations and predictions are of samples as they are, also between two batches that are mixed. */
START_TEST(test_evaluation_is_not_mixed)
{
    struct data d;
    snn_trainer *other;
    snn_metrics want = SNN_METRICS_INIT, got = SNN_METRICS_INIT;
    float y[BATCH * CLASSES], z[BATCH * CLASSES];

    open_data(&d, "steps=3 mixup=0.4");
    OK(snn_trainer_epoch(d.w.tr, d.set, NULL));
    other = evaluator_of(d.w.net, "steps=3", BATCH);
    OK(snn_trainer_evaluate(d.w.tr, d.set, &got));
    OK(snn_trainer_evaluate(other, d.set, &want));
    ck_assert_double_eq(got.loss, want.loss);
    ck_assert_double_eq(got.accuracy, want.accuracy);
    OK(snn_trainer_predict(d.w.tr, BATCH_OF(d.x, 1, NULL, BATCH), y));
    OK(snn_trainer_predict(other, BATCH_OF(d.x, 1, NULL, BATCH), z));
    ck_assert_mem_eq(y, z, sizeof y);
    snn_trainer_destroy(other);
    close_data(&d);
}
END_TEST

static int stop(void *user, const snn_progress *p)
{
    (void)user;
    return p->done >= BATCH;
}

/* A run that stopped in the midst of its second epoch goes on to the same bits. */
START_TEST(test_resumed)
{
    static const char settings[] = "steps=3 mixup=0.4 shards=2";
    struct data a, b;
    char path[] = "/tmp/snn-mixup-XXXXXX";
    int file = mkstemp(path);

    ck_assert_int_ge(file, 0);
    open_data(&a, settings);
    open_data(&b, settings);
    OK(snn_trainer_epoch(a.w.tr, a.set, NULL));
    OK(snn_trainer_epoch(a.w.tr, a.set, NULL));
    OK(snn_trainer_epoch(b.w.tr, b.set, NULL));
    OK(snn_trainer_on_progress(b.w.tr, stop, NULL));
    FAILS(snn_trainer_epoch(b.w.tr, b.set, NULL), SNN_ERR_CANCELLED, "cancelled");
    OK(snn_trainer_save(b.w.tr, path));
    close_data(&b);
    open_data(&b, settings);
    OK(snn_trainer_load(b.w.tr, path));
    OK(snn_trainer_epoch(b.w.tr, b.set, NULL));
    ck_assert_mem_eq(b.w.net->parameters, a.w.net->parameters, a.w.net->n_parameters * sizeof(float));
    close(file);
    unlink(path);
    close_data(&a);
    close_data(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer_mixup");
    TCase *tc = tcase_create("mixup");

    tcase_add_loop_test(tc, test_moments, 0, (int)(sizeof alphas / sizeof *alphas));
    tcase_add_loop_test(tc, test_against_plain_c, 0, 6);
    tcase_add_test(tc, test_accuracy);
    tcase_add_loop_test(tc, test_nothing_mixed, 0, METHODS);
    tcase_add_loop_test(tc, test_threads, 0, METHODS);
    tcase_add_loop_test(tc, test_static_is_mixed_once, 0, METHODS);
    tcase_add_test(tc, test_evaluation_is_not_mixed);
    tcase_add_test(tc, test_resumed);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
