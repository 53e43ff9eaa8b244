/* Lateral learning beside its equations, in double. */
#include "../trainer/builder.h"
#include "core/context.h"
#include "projection/hlop.h"

enum { N = 21, M = 12, MOST = 40 };

static double activity(const double *h, const float *x, const struct snn__hebb *hebb)
{
    double y = 0, s = hebb->scale, t = (double)hebb->steps;

    for (size_t k = 0; k < N; k++)
        y += h[k] * (double)x[k];
    return hebb->steps ? rint(fmin(fmax(y, -s), s) / s * t) / t * s : y;
}

static void obvious_update(double h[M][N], double d[M][N], size_t frozen, const float *x, size_t m,
                           const struct snn__hebb *hebb)
{
    static double y[MOST][M], next[M][N];

    for (size_t r = 0; r < m; r++)
        for (size_t i = 0; i < M; i++)
            y[r][i] = activity(h[i], x + r * N, hebb);
    memcpy(next, h, sizeof next);
    for (size_t i = frozen; i < M; i++)
        for (size_t k = 0; k < N; k++) {
            double dh = 0, mu = hebb->momentum;

            for (size_t r = 0; r < m; r++) {
                double back = 0;

                for (size_t j = 0; j < M; j++)
                    back += h[j][k] * y[r][j];
                dh += y[r][i] * ((double)x[r * N + k] - back) / (double)m;
            }
            dh = fmin(fmax(dh, -(double)hebb->clamp), (double)hebb->clamp);
            d[i][k] = mu * d[i][k] + (1 - mu) * dh;
            next[i][k] += (double)hebb->rate * d[i][k];
        }
    memcpy(h, next, sizeof next);
}

/* Few rows and many, in one set and in two, with frozen rows and without, with real activity and with spikes. */
START_TEST(test_learning_is_its_equation)
{
    static const size_t ms[] = { 1, 4, 11, 12, MOST };
    size_t m = ms[_i / 8], n_sets = _i % 2 + 1, frozen = _i / 2 % 2 ? 5 : 0;
    struct snn__hebb hebb = { 0.05f, 0.9f, 0.3f, 3, 4.0f, _i / 4 % 2 ? 8 : 0 };
    snn_context *ctx = test_context(1, 7, "best");
    float x[MOST * N], h[M * N], d[M * N];
    double want_h[M][N], want_d[M][N];
    struct snn__lateral l = { N, 1, N, frozen, M, h, d };
    struct snn__rows sets[2];
    struct snn__window window = snn__rows_of_matrix(NULL, 0, N, N).window;
    struct snn__workspace work = { .ctx = ctx };
    struct snn__arena arena;

    random_fill(x, m * N, -1, 1, 5);
    random_fill(h, M * N, -0.4f, 0.4f, 6);
    random_fill(d, M * N, -0.1f, 0.1f, 7);
    for (size_t i = 0; i < M * N; i++) {
        want_h[i / N][i % N] = (double)h[i];
        want_d[i / N][i % N] = (double)d[i];
    }
    n_sets = m > 1 ? n_sets : 1;
    sets[0] = snn__rows_of_matrix(x, n_sets == 2 ? m / 2 : m, N, N);
    sets[1] = snn__rows_of_matrix(x + m / 2 * N, m - m / 2, N, N);
    snn__workspace_fit(&work, &l, &window, m, 1, true);
    snn__arena_init(&arena, ctx);
    OK(snn__workspace_plan(&work, &arena));
    OK(snn__arena_commit(&arena));
    if (n_sets == 1)
        snn__lateral_project(&l, &hebb, &sets[0], work.orth, &work);
    snn__lateral_learn(&l, &hebb, sets, n_sets, n_sets == 1 ? work.orth : NULL, &work);
    for (size_t i = 0; i < hebb.iterations; i++)
        obvious_update(want_h, want_d, frozen, x, m, &hebb);
    for (size_t i = 0; i < M * N; i++) {
        ck_assert_msg(fabs((double)h[i] - want_h[i / N][i % N]) < 2e-6, "h[%zu]: %g, not %g", i, (double)h[i],
                      want_h[i / N][i % N]);
        ck_assert_msg(i / N < frozen || fabs((double)d[i] - want_d[i / N][i % N]) < 4e-6, "d[%zu]: %g, not %g", i,
                      (double)d[i], want_d[i / N][i % N]);
    }
    snn__arena_free(&arena);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hlop");
    TCase *tc = tcase_create("hlop");

    tcase_add_loop_test(tc, test_learning_is_its_equation, 0, 5 * 8);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
