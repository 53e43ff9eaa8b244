/* Optimizers against slow, obvious versions of themselves in double; schedules against their formulas. */
#include "optimizer/optimizer.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N 1003     /* no multiple of any vector */
#define LONG 70001 /* several pieces, the last one not full */
#define UPDATES 12

/* What the obvious version needs to know. */
struct rule {
    const char *name;
    double lr, momentum, decay, beta1, beta2, eps, clip_norm, clip_value;
    bool nesterov;
};

static const struct rule rules[] = {
    { .name = "sgd", .lr = 0.1 },
    { .name = "sgd", .lr = 0.1, .decay = 0.01 },
    { .name = "sgd", .lr = 0.1, .momentum = 0.9 },
    { .name = "sgd", .lr = 0.1, .momentum = 0.9, .decay = 0.05, .nesterov = true },
    { .name = "sgd", .lr = 0.1, .momentum = 0.9, .clip_norm = 0.5 },
    { .name = "sgd", .lr = 0.1, .momentum = 0.5, .decay = 0.01, .clip_norm = 3, .clip_value = 0.1 },
    { .name = "adam", .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8 },
    { .name = "adam", .lr = 0.01, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-3, .decay = 0.1, .clip_norm = 2 },
    { .name = "adamw", .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 0.5 },
    { .name = "adamw", .lr = 0.01, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-6, .decay = 0.1, .clip_value = 0.2 },
};

#define N_RULES (int)(sizeof rules / sizeof *rules)

static snn_optimizer *make(snn_context *ctx, const struct rule *r)
{
    snn_optimizer *o = NULL;

    OK(snn_optimizer_create(&o, ctx, r->name));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_LR, r->lr));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_WEIGHT_DECAY, r->decay));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_CLIP_NORM, r->clip_norm));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_CLIP_VALUE, r->clip_value));
    if (strcmp(r->name, "sgd") == 0) {
        OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_MOMENTUM, r->momentum));
        OK(snn_optimizer_set_i64(o, SNN_OPTIMIZER_NESTEROV, r->nesterov));
    } else {
        OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_BETA1, r->beta1));
        OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_BETA2, r->beta2));
        OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_EPS, r->eps));
    }
    return o;
}

static void begin(struct snn__run *run, const snn_optimizer *o, size_t n)
{
    memset(run, 0, sizeof *run);
    run->length = n;
    snn__optimizer_moments(o, run);
    for (size_t i = 0; i < run->n_moments; i++)
        run->moment[i] = calloc(n, sizeof(float));
}

static void end(struct snn__run *run)
{
    for (size_t i = 0; i < run->n_moments; i++)
        free(run->moment[i]);
}

/* One update of one number, as the header of the public contract writes it. */
static void slow_update(const struct rule *r, double *w, double g, double *m, double *v, int n, bool first)
{
    const bool adamw = strcmp(r->name, "adamw") == 0;

    if (r->clip_value > 0)
        g = fmin(r->clip_value, fmax(-r->clip_value, g));
    if (!adamw)
        g += r->decay * *w;
    if (strcmp(r->name, "sgd") == 0) {
        *v = first ? g : r->momentum * *v + g;
        *w -= r->lr * (r->nesterov ? g + r->momentum * *v : *v);
        return;
    }
    if (adamw)
        *w -= r->lr * r->decay * *w;
    *m = r->beta1 * *m + (1 - r->beta1) * g;
    *v = r->beta2 * *v + (1 - r->beta2) * g * g;
    *w -= r->lr * (*m / (1 - pow(r->beta1, n))) / (sqrt(*v / (1 - pow(r->beta2, n))) + r->eps);
}

static double norm_of(const float *g, size_t n)
{
    double square = 0;

    for (size_t i = 0; i < n; i++)
        square += (double)g[i] * (double)g[i];
    return sqrt(square);
}

static void compare(const struct rule *r, const char *isa)
{
    static double w[N], m[N], v[N];
    static float x[N], g[N];
    snn_context *ctx = test_context(2, 1, isa);
    snn_optimizer *o = make(ctx, r);
    struct snn__run run;

    begin(&run, o, N);
    random_fill(x, N, -1.0f, 1.0f, 1);
    for (int i = 0; i < N; i++) {
        w[i] = x[i];
        m[i] = v[i] = 0;
    }
    for (int n = 1; n <= UPDATES; n++) {
        double norm, expected, scale;

        random_fill(g, N, -0.3f, 0.3f, (unsigned)n + 10);
        expected = norm_of(g, N);
        scale = r->clip_norm > 0 && expected > r->clip_norm ? r->clip_norm / expected : 1;
        OK(snn__optimizer_update(o, &run, x, &(struct snn__gradient){ .array = g }, &norm));
        ck_assert_double_eq_tol(norm, r->clip_norm > 0 ? expected : 0, 1e-9);
        for (int i = 0; i < N; i++) {
            slow_update(r, &w[i], scale * g[i], &m[i], &v[i], n, n == 1);
            ck_assert_double_eq_tol(x[i], w[i], 2e-5 * (1 + fabs(w[i])));
        }
    }
    ck_assert_uint_eq(run.updates, UPDATES);
    end(&run);
    snn_optimizer_destroy(o);
    snn_context_destroy(ctx);
}

START_TEST(rule_matches_its_equation)
{
    compare(&rules[_i], "ref");
    compare(&rules[_i], "best");
}
END_TEST

/* Weights after some updates with `threads` threads. */
static void train(const struct rule *r, uint32_t threads, float *w)
{
    static float g[LONG];
    snn_context *ctx = test_context(threads, 1, "best");
    snn_optimizer *o = make(ctx, r);
    struct snn__run run;
    double norm;

    begin(&run, o, LONG);
    random_fill(w, LONG, -1.0f, 1.0f, 2);
    for (unsigned n = 0; n < 3; n++) {
        random_fill(g, LONG, -1.0f, 1.0f, 20 + n);
        OK(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ .array = g }, &norm));
    }
    end(&run);
    snn_optimizer_destroy(o);
    snn_context_destroy(ctx);
}

START_TEST(threads_do_not_change_a_bit)
{
    static float one[LONG], more[LONG];

    train(&rules[_i], 1, one);
    for (uint32_t threads = 2; threads <= 3; threads++) {
        train(&rules[_i], threads, more);
        ck_assert_mem_eq(one, more, sizeof one);
    }
}
END_TEST

START_TEST(gradient_that_is_not_finite_changes_nothing)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY };
    static float w[LONG], g[LONG], before[LONG], moment[LONG];
    snn_context *ctx = test_context(2, 1, "best");

    for (int i = 0; i < N_RULES; i++) {
        snn_optimizer *o = make(ctx, &rules[i]);
        struct snn__run run;
        double norm;

        begin(&run, o, LONG);
        random_fill(w, LONG, -1.0f, 1.0f, 3);
        random_fill(g, LONG, -1.0f, 1.0f, 4);
        OK(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ .array = g }, &norm));
        memcpy(before, w, sizeof w);
        if (run.n_moments > 0)
            memcpy(moment, run.moment[0], sizeof moment);
        for (size_t k = 0; k < 9; k++) {
            const size_t at[] = { 0, LONG / 2, LONG - 1 };
            const float kept = g[at[k / 3]];

            g[at[k / 3]] = bad[k % 3];
            FAILS(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ .array = g }, &norm), SNN_ERR_DIVERGED,
                  "not finite");
            g[at[k / 3]] = kept;
        }
        ck_assert_mem_eq(before, w, sizeof w);
        ck_assert_uint_eq(run.updates, 1);
        if (run.n_moments > 0)
            ck_assert_mem_eq(moment, run.moment[0], sizeof moment);
        end(&run);
        snn_optimizer_destroy(o);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* Two outer products within a gradient: as an array, and as their factors, where the array holds NaN. Parts of both
 * decay or do not, at rates of their own. */
enum { ROWS = 61, COLUMNS = 37, MANY_ROWS = 90, MANY_COLUMNS = 301, FIRST = 100, SECOND = 5000 };

struct products {
    float left[2][MANY_ROWS], right[2][MANY_COLUMNS], whole[LONG], holes[LONG];
    struct snn__rank_one part[2];
};

static const struct snn__apart apart[] = { { { 50, 120 }, false, 1.0f },
                                           { { 6000, 7003 }, true, 0.5f },
                                           { { 7003, 7100 }, true, 0.0f },
                                           { { LONG - 5, LONG }, false, 1.0f } };

static void fill_products(struct products *p, unsigned seed)
{
    p->part[0] = (struct snn__rank_one){ FIRST, ROWS, COLUMNS, p->left[0], p->right[0] };
    p->part[1] = (struct snn__rank_one){ SECOND, MANY_ROWS, MANY_COLUMNS, p->left[1], p->right[1] };
    random_fill(p->whole, LONG, -1.0f, 1.0f, seed);
    memcpy(p->holes, p->whole, sizeof p->holes);
    for (int k = 0; k < 2; k++) {
        const struct snn__rank_one *r = &p->part[k];

        random_fill(p->left[k], MANY_ROWS, -1.0f, 1.0f, seed + 1 + (unsigned)k);
        random_fill(p->right[k], MANY_COLUMNS, -1.0f, 1.0f, seed + 3 + (unsigned)k);
        for (size_t i = 0; i < r->rows * r->columns; i++) {
            p->whole[r->from + i] = r->left[i / r->columns] * r->right[i % r->columns];
            p->holes[r->from + i] = NAN;
        }
    }
}

static void start_products(struct snn__run *run, const snn_optimizer *o)
{
    begin(run, o, LONG);
    run->apart = apart;
    run->n_apart = sizeof apart / sizeof *apart;
}

START_TEST(outer_products_are_their_entries)
{
    static struct products p;
    static float w[2][LONG];
    const struct rule *r = &rules[_i];

    for (uint32_t threads = 1; threads <= 2; threads++) {
        snn_context *ctx = test_context(threads, 1, "best");
        snn_optimizer *o = make(ctx, r);
        struct snn__run run[2];
        double norm[2];

        for (int i = 0; i < 2; i++) {
            start_products(&run[i], o);
            random_fill(w[i], LONG, -1.0f, 1.0f, 2);
        }
        for (unsigned n = 0; n < 3; n++) {
            fill_products(&p, 30 + 5 * n);
            OK(snn__optimizer_update(o, &run[0], w[0], &(struct snn__gradient){ .array = p.whole }, &norm[0]));
            OK(snn__optimizer_update(o, &run[1], w[1], &(struct snn__gradient){ p.holes, p.part, 2 }, &norm[1]));
            ck_assert_double_eq_tol(norm[0], norm[1], 1e-12 + 1e-5 * norm[0]); /* entries are rounded, the sum of all
                                                                                  is not */
        }
        for (size_t i = 0; i < LONG && r->clip_norm > 0; i++)
            ck_assert_float_eq_tol(w[0][i], w[1][i], 1e-6f);
        if (r->clip_norm == 0)
            ck_assert_mem_eq(w[0], w[1], sizeof w[0]);
        for (int i = 0; i < 2; i++)
            end(&run[i]);
        snn_optimizer_destroy(o);
        snn_context_destroy(ctx);
    }
}
END_TEST

START_TEST(outer_products_that_are_not_finite_change_nothing)
{
    static struct products p;
    static float w[LONG], before[LONG];
    const struct rule rule[] = { { .name = "sgd", .lr = 1 }, { .name = "sgd", .lr = 1, .clip_norm = 1 } };
    snn_context *ctx = test_context(1, 1, "best");

    for (int i = 0; i < 2; i++) {
        snn_optimizer *o = make(ctx, &rule[i]);
        struct snn__run run;
        double norm;

        start_products(&run, o);
        random_fill(w, LONG, -1.0f, 1.0f, 2);
        memcpy(before, w, sizeof w);
        for (int k = 0; k < 5; k++) {
            fill_products(&p, 9);
            if (k == 0)
                p.left[0][ROWS - 1] = NAN;
            else if (k == 1)
                p.right[1][MANY_COLUMNS - 1] = INFINITY;
            else if (k == 2)
                p.right[0][3] = NAN;
            else if (k == 3)
                p.left[1][MANY_ROWS - 1] = p.right[1][MANY_COLUMNS - 1] = -1e20f; /* the product is not */
            else
                p.holes[3] = NAN;
            FAILS(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ p.holes, p.part, 2 }, &norm),
                  SNN_ERR_DIVERGED, k == 3 && i == 0 ? "accepts at most 5e+17" : "not finite");
            ck_assert_mem_eq(before, w, sizeof w);
        }
        ck_assert_uint_eq(run.updates, 0);
        end(&run);
        snn_optimizer_destroy(o);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* Settings at their limits. */
static const struct rule extremes[] = {
    { .name = "sgd", .lr = 1e30 },
    { .name = "sgd", .lr = 1e-3, .momentum = 0.999999, .nesterov = true },
    { .name = "sgd", .lr = 10, .momentum = 0.9, .decay = 1e30 },
    { .name = "sgd", .lr = 1, .decay = 3 },
    { .name = "sgd", .lr = 1, .momentum = 0.9, .clip_norm = 1e30 },
    { .name = "adam", .lr = 1, .beta1 = 0.99, .beta2 = 0.5, .eps = 1e-30 },
    { .name = "adam", .lr = 1e30, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8 },
    { .name = "adam", .lr = 1e-3, .beta1 = 0, .beta2 = 0, .eps = 1e-8, .decay = 1e30 },
    { .name = "adam", .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999999, .eps = 1e-8, .clip_value = 1e30 },
    { .name = "adamw", .lr = 1, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 1e30 },
    { .name = "adamw", .lr = 1, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 3 },
};

#define N_EXTREMES (int)(sizeof extremes / sizeof *extremes)

static void all_finite(const float *x, size_t n, const char *what, const struct rule *r, double size)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            ck_abort_msg("%s, lr %g: %s is %g after gradients of %g", r->name, r->lr, what, (double)x[i], size);
}

/* Gradients of one size, some of them 0, over and over. An update is taken, and leaves numbers; or refused, and
 * changes nothing. Returns how many were refused. */
static int update_often(snn_context *ctx, const struct rule *r, float size, bool product)
{
    enum { M = 96, TIMES = 150 };
    snn_optimizer *o = make(ctx, r);
    float w[M], g[M], left[8], right[12], before[3][M];
    struct snn__rank_one part = { 0, 8, 12, left, right };
    struct snn__run run;
    int refused = 0;
    double norm;

    begin(&run, o, M);
    random_fill(w, M, -1.0f, 1.0f, 3);
    for (int t = 0; t < TIMES; t++) {
        for (int i = 0; i < M; i++)
            g[i] = (t + i) % 7 == 0 || t > 100 ? 0 : i % 2 ? -size : size;
        for (int i = 0; i < 12; i++)
            right[i] = g[i] > 0 ? 1.0f : -1.0f;
        for (int i = 0; i < 8; i++)
            left[i] = g[i + 20];
        memcpy(before[0], w, sizeof w);
        for (size_t i = 0; i < run.n_moments; i++)
            memcpy(before[1 + i], run.moment[i], sizeof w);
        if (snn__optimizer_update(o, &run, w, &(struct snn__gradient){ g, &part, product }, &norm) != SNN_OK) {
            ck_assert_msg(strstr(snn_last_error(), "no parameter changed") != NULL, "%s", snn_last_error());
            ck_assert_mem_eq(before[0], w, sizeof w);
            for (size_t i = 0; i < run.n_moments; i++)
                ck_assert_mem_eq(before[1 + i], run.moment[i], sizeof w);
            refused++;
        }
        all_finite(w, M, "a weight", r, size);
        for (size_t i = 0; i < run.n_moments; i++)
            all_finite(run.moment[i], M, run.moment_name[i], r, size);
    }
    end(&run);
    snn_optimizer_destroy(o);
    return refused;
}

START_TEST(updates_leave_numbers)
{
    const struct rule *r = _i < N_RULES ? &rules[_i] : &extremes[_i - N_RULES];
    snn_context *ctx = test_context(1, 1, "best");
    const bool clips = r->clip_norm > 0 || r->clip_value > 0;

    for (double size = 1; size < 4e38; size *= 100)
        for (int product = 0; product < 2; product++) {
            const int refused = update_often(ctx, r, (float)size, product);

            if (_i < N_RULES && (size < 2e16 || clips))
                ck_assert_msg(refused == 0, "%s: %g", r->name, size);
            if (size > 1e36 && !(clips && _i < N_RULES))
                ck_assert_msg(refused > 0, "%s: %g", r->name, size);
        }
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(large_gradients_are_clipped_not_refused)
{
    const struct rule r = { .name = "sgd", .lr = 1, .clip_norm = 1 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_optimizer *o = make(ctx, &r);
    float w[4] = { 0 }, g[4] = { 2e38f, -2e38f, 2e38f, 2e38f };
    struct snn__run run;
    double norm;

    begin(&run, o, 4);
    OK(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ .array = g }, &norm));
    ck_assert_double_eq_tol(norm, 4e38, 1e32);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq_tol(w[i], i == 1 ? 0.5f : -0.5f, 1e-6f);
    end(&run);
    snn_optimizer_destroy(o);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(momentum_needs_the_memory_for_it)
{
    const struct rule r = { .name = "sgd", .lr = 1 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_optimizer *o = make(ctx, &r);
    float w[4] = { 1, 2, 3, 4 }, g[4] = { 1, 1, 1, 1 };
    struct snn__run run;
    double norm;

    begin(&run, o, 4);
    ck_assert_uint_eq(run.n_moments, 0);
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_MOMENTUM, 0.9));
    FAILS(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ .array = g }, &norm), SNN_ERR_STATE,
          "before snn_trainer_create()");
    ck_assert_float_eq(w[0], 1.0f);
    snn_optimizer_destroy(o);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(updates_allocate_nothing)
{
    static float w[LONG], g[LONG];
    snn_context *ctx = test_context(2, 1, "best");
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;
    snn_optimizer *o = make(ctx, &rules[5]);
    struct snn__run run;
    double norm;

    begin(&run, o, LONG);
    OK(snn_context_get_info(ctx, &before));
    OK(snn__optimizer_update(o, &run, w, &(struct snn__gradient){ .array = g }, &norm));
    OK(snn_context_get_info(ctx, &after));
    ck_assert_uint_eq(before.allocations, after.allocations);
    end(&run);
    snn_optimizer_destroy(o);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- schedules ---- */

static snn_context *ctx;
static snn_optimizer *sgd;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.4));
}

static void teardown(void)
{
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
}

static void rate_is(uint64_t epoch, uint64_t update, double expected)
{
    ck_assert_double_eq_tol(snn_optimizer_rate(sgd, epoch, update), expected, 1e-12);
}

START_TEST(constant_rate)
{
    rate_is(0, 0, 0.4);
    rate_is(1000, 123456789, 0.4);
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.0));
    rate_is(3, 3, 0.0);
}
END_TEST

START_TEST(step_rate)
{
    OK(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, "step"));
    OK(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_STEP_EPOCHS, 3));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_GAMMA, 0.5));
    rate_is(0, 0, 0.4);
    rate_is(2, 0, 0.4);
    rate_is(3, 0, 0.2);
    rate_is(5, 0, 0.2);
    rate_is(6, 0, 0.1);
}
END_TEST

START_TEST(multi_step_rate)
{
    OK(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, "multi_step"));
    rate_is(100, 0, 0.4); /* no milestones yet */
    OK(snn_optimizer_set_text(sgd, "milestones", "2, 5,9"));
    rate_is(1, 0, 0.4);
    rate_is(2, 0, 0.04);
    rate_is(4, 0, 0.04);
    rate_is(5, 0, 0.004);
    rate_is(9, 0, 0.0004);
    rate_is(1u << 30, 0, 0.0004);
}
END_TEST

START_TEST(milestones_are_checked)
{
    static const char *const bad[] = { "a", "1,", ",1", "1,,2", "1 2", "-1", "1;2", "99999999999999999999", " " };
    const char *text;

    OK(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_MILESTONES, "3,4"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        FAILS(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_MILESTONES, bad[i]), SNN_ERR_ARGUMENT, "milestones");
        FAILS(snn_optimizer_set_text(sgd, "milestones", bad[i]), SNN_ERR_ARGUMENT, "milestones");
    }
    OK(snn_optimizer_get_str(sgd, SNN_OPTIMIZER_MILESTONES, &text));
    ck_assert_str_eq(text, "3,4");
    OK(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_MILESTONES, ""));
}
END_TEST

START_TEST(cosine_rate)
{
    const double pi = acos(-1.0);

    OK(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, "cosine"));
    OK(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_EPOCHS, 15));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR_MIN, 0.1));
    for (unsigned epoch = 0; epoch <= 15; epoch++)
        rate_is(epoch, 7, 0.1 + 0.3 / 2 * (1 + cos(pi * epoch / 15)));
    rate_is(0, 0, 0.4);
    rate_is(15, 0, 0.1);
    rate_is(1000, 0, 0.1);
}
END_TEST

START_TEST(warm_up)
{
    OK(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_WARMUP, 4));
    rate_is(0, 0, 0.1);
    rate_is(0, 1, 0.2);
    rate_is(1, 3, 0.4);
    rate_is(1, 4, 0.4);
    rate_is(1, UINT64_MAX, 0.4);
}
END_TEST

START_TEST(rate_follows_epoch_and_update)
{
    float w[1] = { 0 }, g[1] = { 1 };
    struct snn__run run;
    double norm;

    OK(snn_optimizer_set_text(sgd, "schedule", "step"));
    OK(snn_optimizer_set_text(sgd, "step_epochs", "1"));
    OK(snn_optimizer_set_text(sgd, "gamma", "0.5"));
    OK(snn_optimizer_set_text(sgd, "warmup", "2"));
    begin(&run, sgd, 1);
    OK(snn__optimizer_update(sgd, &run, w, &(struct snn__gradient){ .array = g }, &norm)); /* 0.4 / 2 */
    ck_assert_float_eq_tol(w[0], -0.2f, 1e-6f);
    run.epoch = 2;
    OK(snn__optimizer_update(sgd, &run, w, &(struct snn__gradient){ .array = g }, &norm)); /* 0.4 / 4 */
    ck_assert_float_eq_tol(w[0], -0.3f, 1e-6f);
}
END_TEST

/* ---- the public face ---- */

START_TEST(unknown_names_list_the_known)
{
    snn_optimizer *o = sgd;

    FAILS(snn_optimizer_create(&o, ctx, "sdg"), SNN_ERR_ARGUMENT, "sgd, adam, adamw");
    ck_assert_ptr_null(o);
    FAILS(snn_optimizer_create(&o, NULL, "sgd"), SNN_ERR_ARGUMENT, "context");
    FAILS(snn_optimizer_create(&o, ctx, NULL), SNN_ERR_ARGUMENT, "name");
    FAILS(snn_optimizer_create(NULL, ctx, "sgd"), SNN_ERR_ARGUMENT, "out");
    snn_optimizer_destroy(NULL);
}
END_TEST

START_TEST(wrong_values_are_refused)
{
    double f;
    int64_t i;

    FAILS(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, -1), SNN_ERR_ARGUMENT, "lr");
    FAILS(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, NAN), SNN_ERR_ARGUMENT, "lr");
    FAILS(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, INFINITY), SNN_ERR_ARGUMENT, "lr");
    FAILS(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_MOMENTUM, 1), SNN_ERR_ARGUMENT, "momentum");
    FAILS(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_BETA1, 0.9), SNN_ERR_ARGUMENT, "optimizer sgd");
    FAILS(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_LR, 1), SNN_ERR_TYPE, "lr");
    FAILS(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_EPOCHS, 0), SNN_ERR_ARGUMENT, "epochs");
    FAILS(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, "cosin"), SNN_ERR_ARGUMENT, "multi_step");
    FAILS(snn_optimizer_set_text(sgd, "lr", "fast"), SNN_ERR_TYPE, "fast");
    FAILS(snn_optimizer_set_text(sgd, "learning", "1"), SNN_ERR_ARGUMENT, "learning");
    FAILS(snn_optimizer_set_text(sgd, NULL, "1"), SNN_ERR_ARGUMENT, "name");
    FAILS(snn_optimizer_set_f64(NULL, SNN_OPTIMIZER_LR, 1), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_optimizer_get_f64(sgd, SNN_OPTIMIZER_LR, NULL), SNN_ERR_ARGUMENT, "NULL");
    OK(snn_optimizer_get_f64(sgd, SNN_OPTIMIZER_LR, &f));
    ck_assert_double_eq(f, 0.4);
    OK(snn_optimizer_get_i64(sgd, SNN_OPTIMIZER_NESTEROV, &i));
    ck_assert_int_eq(i, 0);
}
END_TEST

START_TEST(parameters_describe_themselves)
{
    const char *name;

    for (size_t k = 0; (name = snn_name(SNN_NAME_OPTIMIZER, k)) != NULL; k++) {
        snn_optimizer_info about = SNN_OPTIMIZER_INFO_INIT;
        snn_param_info info = SNN_PARAM_INFO_INIT;
        snn_optimizer *o;
        size_t n = 0;

        OK(snn_optimizer_create(&o, ctx, name));
        OK(snn_optimizer_get_info(o, &about));
        ck_assert_str_eq(about.name, name);
        while (snn_optimizer_param_info(o, n, &info) == SNN_OK) {
            ck_assert_ptr_nonnull(info.help);
            if (info.type == SNN_PARAM_F64)
                OK(snn_optimizer_set_f64(o, info.key, info.number));
            else if (info.type == SNN_PARAM_I64)
                OK(snn_optimizer_set_i64(o, info.key, (int64_t)info.number));
            else
                OK(snn_optimizer_set_str(o, info.key, info.text));
            n++;
        }
        ck_assert_uint_eq(n, strcmp(name, "sgd") == 0 ? 13 : 14);
        snn_optimizer_destroy(o);
    }
}
END_TEST

START_TEST(nth_allocation_fails)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *counted = NULL;
    snn_optimizer *o = NULL;
    snn_status rc = SNN_ERR_MEMORY;
    size_t live;

    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&counted, &options));
    live = c.live;
    for (size_t n = 1; rc != SNN_OK; n++) {
        c.fail_at = c.calls + n;
        rc = snn_optimizer_create(&o, counted, "adam");
        ck_assert(rc == SNN_OK || (rc == SNN_ERR_MEMORY && o == NULL));
        if (rc != SNN_OK)
            ck_assert_uint_eq(c.live, live);
        ck_assert_uint_lt(n, 10);
    }
    snn_optimizer_destroy(o);
    ck_assert_uint_eq(c.live, live);
    snn_context_destroy(counted);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizer");
    TCase *update = tcase_create("update"), *schedule = tcase_create("schedule"), *face = tcase_create("face");

    tcase_add_loop_test(update, rule_matches_its_equation, 0, N_RULES);
    tcase_add_loop_test(update, threads_do_not_change_a_bit, 0, N_RULES);
    tcase_add_test(update, gradient_that_is_not_finite_changes_nothing);
    tcase_add_loop_test(update, outer_products_are_their_entries, 0, N_RULES);
    tcase_add_test(update, outer_products_that_are_not_finite_change_nothing);
    tcase_add_loop_test(update, updates_leave_numbers, 0, N_RULES + N_EXTREMES);
    tcase_add_test(update, large_gradients_are_clipped_not_refused);
    tcase_add_test(update, momentum_needs_the_memory_for_it);
    tcase_add_test(update, updates_allocate_nothing);
    suite_add_tcase(suite, update);
    tcase_add_checked_fixture(schedule, setup, teardown);
    tcase_add_test(schedule, constant_rate);
    tcase_add_test(schedule, step_rate);
    tcase_add_test(schedule, multi_step_rate);
    tcase_add_test(schedule, milestones_are_checked);
    tcase_add_test(schedule, cosine_rate);
    tcase_add_test(schedule, warm_up);
    tcase_add_test(schedule, rate_follows_epoch_and_update);
    suite_add_tcase(suite, schedule);
    tcase_add_checked_fixture(face, setup, teardown);
    tcase_add_test(face, unknown_names_list_the_known);
    tcase_add_test(face, wrong_values_are_refused);
    tcase_add_test(face, parameters_describe_themselves);
    tcase_add_test(face, nth_allocation_fails);
    suite_add_tcase(suite, face);
    return run_suite(suite);
}
