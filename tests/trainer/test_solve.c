/* The solvers on linear systems b = A b + c whose solution is known by elimination. */
#include "support.h"
#include "trainer/solve.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 12, BATCH = 5, ALL = N * BATCH };

struct problem {
    float a[ALL][ALL]; /* A, samples behind each other */
    size_t n;
    size_t applied;
};

static void apply(void *arg, const float *b, float *out)
{
    struct problem *p = arg;

    p->applied++;
    for (size_t i = 0; i < p->n; i++) {
        double sum = 0;

        for (size_t j = 0; j < p->n; j++)
            sum += (double)p->a[i][j] * b[j];
        out[i] = (float)sum;
    }
}

/* A random matrix whose rows have an absolute sum of `size`; `coupled`: samples mix. */
static void make(struct problem *p, double size, bool coupled, unsigned seed)
{
    p->n = ALL;
    p->applied = 0;
    random_fill(p->a[0], ALL * ALL, -1.0f, 1.0f, seed);
    for (size_t i = 0; i < ALL; i++) {
        double sum = 0;

        for (size_t j = 0; j < ALL; j++) {
            if (!coupled && i / N != j / N)
                p->a[i][j] = 0;
            sum += fabs(p->a[i][j]);
        }
        for (size_t j = 0; j < ALL; j++)
            p->a[i][j] *= (float)(size / sum);
    }
}

/* (I - A) x = c by elimination with pivots. */
static void eliminate(const struct problem *p, const float *c, double *x)
{
    static double m[ALL][ALL + 1];

    for (size_t i = 0; i < ALL; i++) {
        for (size_t j = 0; j < ALL; j++)
            m[i][j] = (i == j) - (double)p->a[i][j];
        m[i][ALL] = c[i];
    }
    for (size_t k = 0; k < ALL; k++) {
        size_t pivot = k;

        for (size_t i = k; i < ALL; i++)
            if (fabs(m[i][k]) > fabs(m[pivot][k]))
                pivot = i;
        for (size_t j = 0; j <= ALL; j++) {
            double held = m[k][j];

            m[k][j] = m[pivot][j];
            m[pivot][j] = held;
        }
        for (size_t i = 0; i < ALL; i++) {
            double f = i == k ? 0 : m[i][k] / m[k][k];

            for (size_t j = k; j <= ALL; j++)
                m[i][j] -= f * m[k][j];
        }
    }
    for (size_t i = 0; i < ALL; i++)
        x[i] = m[i][ALL] / m[i][i];
}

static struct snn__solution solve(const struct snn__solver_type *method, struct problem *p, uint32_t threads,
                                  size_t cap, size_t memory, const float *c, float *b)
{
    snn_context *ctx = test_context(threads, 1, "best");
    struct snn__solver s = {
        .ctx = ctx, .batch_max = BATCH, .length = N, .cap = cap, .memory = memory, .tolerance = 1e-6
    };
    struct snn__arena arena;
    struct snn__solution found;
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

    snn__arena_init(&arena, ctx);
    OK(method->plan(&s, &arena));
    OK(snn__arena_commit(&arena));
    OK(snn_context_get_info(ctx, &before));
    found = method->solve(&s, BATCH, apply, p, c, b);
    OK(snn_context_get_info(ctx, &after));
    ck_assert(before.allocations == after.allocations);
    snn__arena_free(&arena);
    snn_context_destroy(ctx);
    return found;
}

/* ||A b + c - b|| / ||c|| */
static double residual(const struct problem *p, const float *c, const float *b)
{
    double up = 0, down = 0;

    for (size_t i = 0; i < ALL; i++) {
        double g = (double)c[i] - b[i];

        for (size_t j = 0; j < ALL; j++)
            g += (double)p->a[i][j] * b[j];
        up += g * g;
        down += (double)c[i] * c[i];
    }
    return sqrt(up / down);
}

static void check_solution(const struct snn__solver_type *method, double size, bool coupled, size_t memory,
                           size_t cap)
{
    static struct problem p;
    float c[ALL], b[ALL];
    double x[ALL];
    struct snn__solution found;

    make(&p, size, coupled, 3);
    random_fill(c, ALL, -1.0f, 1.0f, 4);
    eliminate(&p, c, x);
    found = solve(method, &p, 1, cap, memory, c, b);
    ck_assert_msg(found.converged, "residual %g after %zu", found.residual, found.iterations);
    ck_assert(found.residual <= 1e-6 && found.iterations <= cap && found.iterations == p.applied);
    ck_assert(fabs(residual(&p, c, b) - found.residual) < 3e-7);
    for (size_t i = 0; i < ALL; i++)
        ck_assert_msg(fabs(b[i] - x[i]) < 1e-4, "%zu: %g, expected %g", i, b[i], x[i]);
}

START_TEST(both_solve_a_contraction)
{
    check_solution(&snn__fixed_point, 0.5, false, 0, 40);
    check_solution(&snn__fixed_point, 0.5, true, 0, 40);
    check_solution(&snn__broyden, 0.5, false, 27, 30);
    check_solution(&snn__broyden, 0.5, true, 27, 30);
}
END_TEST

/* Where plain iteration diverges, Broyden's method still finds the solution: an inverse exists. */
START_TEST(broyden_needs_no_contraction)
{
    static struct problem p;
    float c[ALL], b[ALL];
    struct snn__solution found;

    make(&p, 6.0, false, 3);
    random_fill(c, ALL, -1.0f, 1.0f, 4);
    found = solve(&snn__fixed_point, &p, 1, 60, 0, c, b);
    ck_assert(!found.converged && found.residual > 1e-6 && isfinite(found.residual));
    check_solution(&snn__broyden, 6.0, false, 40, 100);
}
END_TEST

/* Terms give way to new ones. */
START_TEST(little_memory_is_enough_for_a_contraction)
{
    check_solution(&snn__broyden, 0.5, false, 2, 60);
    check_solution(&snn__broyden, 0.5, true, 1, 60);
}
END_TEST

/* What is left is the best iterate, and its residual is the one reported. */
START_TEST(a_cap_is_reported)
{
    static struct problem p;
    const struct snn__solver_type *methods[] = { &snn__fixed_point, &snn__broyden };
    float c[ALL], b[ALL];

    make(&p, 0.9, true, 5);
    random_fill(c, ALL, -1.0f, 1.0f, 6);
    for (int m = 0; m < 2; m++)
        for (size_t cap = 1; cap < 4; cap++) {
            struct snn__solution found = solve(methods[m], &p, 1, cap, 27, c, b);

            ck_assert(!found.converged && found.iterations == cap);
            ck_assert(fabs(residual(&p, c, b) - found.residual) < 1e-5);
        }
}
END_TEST

/* A diverging iteration must not leave its last iterate. */
START_TEST(divergence_leaves_the_best_iterate)
{
    static struct problem p;
    float c[ALL], b[ALL];
    struct snn__solution found;

    memset(&p, 0, sizeof p);
    p.n = ALL;
    for (size_t i = 0; i < ALL; i++)
        p.a[i][i] = -1e20f;
    random_fill(c, ALL, -1.0f, 1.0f, 6);
    found = solve(&snn__fixed_point, &p, 1, 20, 0, c, b);
    ck_assert(!found.converged);
    for (size_t i = 0; i < ALL; i++)
        ck_assert(isfinite(b[i]));
}
END_TEST

START_TEST(nothing_gives_nothing)
{
    static struct problem p;
    float c[ALL] = { 0 }, b[ALL];

    make(&p, 0.5, true, 7);
    for (int m = 0; m < 2; m++) {
        struct snn__solution found = solve(m ? &snn__broyden : &snn__fixed_point, &p, 1, 10, 5, c, b);

        ck_assert(found.converged && found.residual == 0);
        for (size_t i = 0; i < ALL; i++)
            ck_assert(b[i] == 0);
    }
}
END_TEST

/* A sample whose residual is zero from the start has no direction; the others go on. */
START_TEST(a_sample_without_a_right_side_stays_zero)
{
    static struct problem p;
    float c[ALL], b[ALL];

    make(&p, 0.5, false, 8);
    random_fill(c, ALL, -1.0f, 1.0f, 9);
    memset(c + N, 0, N * sizeof *c);
    ck_assert(solve(&snn__broyden, &p, 1, 30, 27, c, b).converged);
    for (size_t i = N; i < 2 * N; i++)
        ck_assert(b[i] == 0);
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    static struct problem p;
    float c[ALL], one[ALL], many[ALL];

    make(&p, 0.8, true, 10);
    random_fill(c, ALL, -1.0f, 1.0f, 11);
    for (int m = 0; m < 2; m++) {
        solve(m ? &snn__broyden : &snn__fixed_point, &p, 1, 20, 9, c, one);
        solve(m ? &snn__broyden : &snn__fixed_point, &p, 4, 20, 9, c, many);
        ck_assert(memcmp(one, many, sizeof one) == 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("solve");
    TCase *tc = tcase_create("linear systems");

    tcase_add_test(tc, both_solve_a_contraction);
    tcase_add_test(tc, broyden_needs_no_contraction);
    tcase_add_test(tc, little_memory_is_enough_for_a_contraction);
    tcase_add_test(tc, a_cap_is_reported);
    tcase_add_test(tc, divergence_leaves_the_best_iterate);
    tcase_add_test(tc, nothing_gives_nothing);
    tcase_add_test(tc, a_sample_without_a_right_side_stays_zero);
    tcase_add_test(tc, any_number_of_threads_gives_the_same_bits);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
