/* The table's functions on arrays, tiles and optimizers: every instruction set against plain C. */
#include "core/context.h"
#include "kernel/layers.h"
#include "naive.h"
#include "support.h"
#include <float.h>
#include <string.h>

#define LENGTHS 140

static void same(const float *a, const float *b, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++)
        HOLDS(fabsf(a[i] - b[i]) <= 2e-6f * (1 + fabsf(a[i])), "%s[%zu]: %.9g, %.9g", what, i, a[i], b[i]);
}

/* ---- choice
 * ------------------------------------------------------------------------------------------------------ */

static const struct snn__kernels *choice(const char *cap)
{
    const struct snn__kernels *k = NULL;

    OK(snn__kernels_choose(&k, cap));
    return k;
}

START_TEST(choice_obeys_the_cap)
{
    const struct snn__kernels *none = NULL;

    ck_assert_int_eq(snn__kernels_at(0)->isa, SNN__ISA_REF);
    ck_assert_ptr_null(snn__kernels_at(100));
    ck_assert_ptr_eq(choice("ref"), snn__kernels_at(0));
    ck_assert_int_eq(choice("neon")->isa == SNN__ISA_NEON, choice("best")->isa == SNN__ISA_NEON);
    ck_assert_int_le(choice("avx512")->isa, SNN__ISA_AVX512); /* on ARM: plain C */
    FAILS(snn__kernels_choose(&none, "sse9"), SNN_ERR_ARGUMENT,
          "unknown instruction set \"sse9\"; there are ref, avx2, avx512, amx, neon, best");
    ck_assert_ptr_null(none);
    for (size_t i = 0; snn__kernels_at(i); i++) {
        const struct snn__kernels *k = snn__kernels_at(i);

        ck_assert_ptr_eq(choice(snn__isa_name(k->isa)), k);
        ck_assert_uint_le(k->mr, SNN__MR_MAX);
        if (i > 0)
            ck_assert_int_gt(k->isa, snn__kernels_at(i - 1)->isa);
        if (!snn__kernels_at(i + 1))
            ck_assert_ptr_eq(choice("best"), k);
    }
}
END_TEST

/* ---- arrays
 * ------------------------------------------------------------------------------------------------------ */

START_TEST(arrays_agree)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i), *ref = snn__kernels_at(0);
    float x[LENGTHS], m[LENGTHS], y[LENGTHS], z[LENGTHS], start[LENGTHS];

    random_fill(x, LENGTHS, -2, 2, 1);
    random_fill(m, LENGTHS, -2, 2, 2);
    random_fill(start, LENGTHS, -2, 2, 3);
#define BOTH(call_k, call_ref, what) \
    memcpy(y, start, sizeof y);      \
    memcpy(z, start, sizeof z);      \
    call_k;                          \
    call_ref;                        \
    same(z, y, LENGTHS, what)
    for (size_t n = 0; n <= LENGTHS; n++) {
        BOTH(k->fill(y, 0.5f, n), ref->fill(z, 0.5f, n), "fill");
        BOTH(k->scale(y, 0.7f, x, n), ref->scale(z, 0.7f, x, n), "scale");
        BOTH(k->scale(y, 0.7f, y, n), ref->scale(z, 0.7f, z, n), "scale in place");
        BOTH(k->axpy(y, 0.7f, x, n), ref->axpy(z, 0.7f, x, n), "axpy");
        BOTH(k->axpy(y, 0.7f, y, n), ref->axpy(z, 0.7f, z, n), "axpy in place");
        BOTH(k->multiply(y, 0.7f, x, m, n, false), ref->multiply(z, 0.7f, x, m, n, false), "multiply");
        BOTH(k->multiply(y, 0.7f, x, m, n, true), ref->multiply(z, 0.7f, x, m, n, true), "multiply, add");
        BOTH(k->multiply(y, 0.7f, y, m, n, false), ref->multiply(z, 0.7f, z, m, n, false), "multiply in place");
        BOTH(k->maximum(y, x, n), ref->maximum(z, x, n), "maximum");
        ck_assert_double_eq_tol(k->dot(x, m, n), ref->dot(x, m, n), 1e-12);
        ck_assert(k->finite(x, n));
    }
#undef BOTH
}
END_TEST

START_TEST(finite_sees_every_place)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);
    const float bad[3] = { INFINITY, -INFINITY, NAN };
    const size_t n = 5000;
    float *x = numbers(n);

    random_fill(x, n, -1e30f, 1e30f, 1);
    ck_assert(k->finite(x, n));
    for (size_t i = 0; i < n; i += i < 100 || i > 4000 ? 1 : 97) {
        const float good = x[i];

        x[i] = bad[i % 3];
        HOLDS(!k->finite(x, n), "at %zu", i);
        HOLDS(k->finite(x, i), "before %zu", i);
        HOLDS(!k->within(x, n, FLT_MAX), "at %zu", i);
        x[i] = i % 2 ? -2e30f : 2e30f;
        HOLDS(!k->within(x, n, 1e30f) && k->within(x, i, 1e30f), "at %zu", i);
        HOLDS(k->within(x, n, 2e30f), "at %zu", i);
        x[i] = good;
    }
    free(x);
}
END_TEST

/* ---- tiles
 * ------------------------------------------------------------------------------------------------------- */

static double sum_of(const struct snn__kernels *k, size_t depth, const float *a, const float *b, size_t i, size_t j)
{
    double sum = 0;

    for (size_t p = 0; p < depth; p++)
        sum += (double)a[p * k->mr + i] * b[p * k->nr + j];
    return sum;
}

START_TEST(tiles_are_sums)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);
    const size_t depth = 37, ldc = k->nr + 5, room = (k->mr + 1) * ldc;
    float *a = numbers(depth * k->mr), *b = numbers(depth * k->nr), *bias = numbers(k->nr);
    float *c = numbers(room), *before = numbers(room);

    random_fill(a, depth * k->mr, -1, 1, 1);
    random_fill(b, depth * k->nr, -1, 1, 2);
    random_fill(bias, k->nr, -1, 1, 3);
    random_fill(before, room, -1, 1, 4);
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        memcpy(c, before, room * sizeof *c);
        k->tile(depth, a, b, c, ldc, accumulate);
        for (size_t i = 0; i <= k->mr; i++)
            for (size_t j = 0; j < ldc; j++) {
                const bool in = i < k->mr && j < k->nr;
                const double sum = in ? sum_of(k, depth, a, b, i, j) : 0;

                HOLDS(fabs(c[i * ldc + j] - sum - (in && !accumulate ? 0 : before[i * ldc + j])) <= 1e-5,
                      "tile[%zu,%zu]", i, j);
            }
    }
    for (size_t rows = 1; rows <= k->mr; rows++)
        for (size_t cols = 1; cols <= k->nr; cols++) {
            const bool accumulate = cols % 2, biased = rows % 2;

            memcpy(c, before, room * sizeof *c);
            k->edge(rows, cols, depth, a, b, 0.7f, biased ? bias : NULL, c, ldc, accumulate);
            for (size_t i = 0; i <= k->mr; i++)
                for (size_t j = 0; j < ldc; j++) {
                    const bool in = i < rows && j < cols;
                    const double old = in && !accumulate ? 0 : before[i * ldc + j];
                    const double sum = in ? 0.7 * sum_of(k, depth, a, b, i, j) + (biased ? bias[j] : 0) : 0;

                    HOLDS(fabs(c[i * ldc + j] - sum - old) <= 1e-5, "%zu x %zu edge[%zu,%zu]", rows, cols, i, j);
                }
        }
    free(a);
    free(b);
    free(bias);
    free(c);
    free(before);
}
END_TEST

enum { RUNS = 3, LENGTH = 5, A_ROW = 7, A_STEP = 2, A_RUN = 90, B_RUN = 170 };

/* The sum of row i and column j of a strip. */
static double strip_sum(const struct snn__strip *s, size_t i, size_t j)
{
    double sum = 0;

    for (size_t run = 0; run < s->runs; run++)
        for (size_t k = 0; k < s->length; k++)
            sum += (double)s->a[run * s->a_run + k * s->a_step + i * s->a_row] *
                   s->b[run * s->b_run + k * s->b_step + j];
    return s->alpha * sum + (s->bias ? s->bias[j] : 0);
}

/* Arrays end with the last number that a strip may read. */
static void check_strip(const struct snn__kernels *k, size_t rows, size_t cols)
{
    const size_t pitch = k->nr + 5, room = (k->mr + 1) * pitch, b_step = cols + 1;
    const size_t a_size = (RUNS - 1) * A_RUN + (LENGTH - 1) * A_STEP + (rows - 1) * A_ROW + 1;
    const size_t b_size = (RUNS - 1) * B_RUN + (LENGTH - 1) * b_step + cols;
    float *a = numbers(a_size), *b = numbers(b_size), *bias = numbers(cols), *c = numbers(room),
          *before = numbers(room);
    struct snn__strip s = {
        rows, cols,  RUNS,    LENGTH, a, A_ROW, A_STEP, A_RUN, b, b_step, B_RUN, 0.7f, rows % 2 ? bias : NULL,
        c,    pitch, cols % 2
    };

    random_fill(a, a_size, -1, 1, 1);
    random_fill(b, b_size, -1, 1, 2);
    random_fill(bias, cols, -1, 1, 3);
    random_fill(before, room, -1, 1, 4);
    memcpy(c, before, room * sizeof *c);
    k->strip(&s);
    for (size_t i = 0; i <= k->mr; i++)
        for (size_t j = 0; j < pitch; j++) {
            const bool in = i < rows && j < cols;
            const double wanted = (in ? strip_sum(&s, i, j) : 0) + (in && !s.accumulate ? 0 : before[i * pitch + j]);

            HOLDS(fabs(c[i * pitch + j] - wanted) <= 1e-5, "%zu x %zu strip[%zu,%zu]", rows, cols, i, j);
        }
    free(a);
    free(b);
    free(bias);
    free(c);
    free(before);
}

START_TEST(strips_are_sums)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);

    for (size_t rows = 1; rows <= k->mr; rows++)
        for (size_t cols = 1; cols <= k->nr; cols++)
            check_strip(k, rows, cols);
}
END_TEST

static void check_interleave(const struct snn__kernels *k, size_t width)
{
    float rows[SNN__NR_MAX][70], panel[SNN__NR_MAX * 70 + 1];
    const float *row[SNN__NR_MAX];

    ck_assert_uint_le(width, SNN__NR_MAX);
    random_fill(rows[0], SNN__NR_MAX * 70, -1, 1, 1);
    for (size_t i = 0; i < SNN__NR_MAX; i++)
        row[i] = rows[i];
    for (size_t n = 0; n <= 70; n++) {
        panel[n * width] = 42;
        k->interleave(panel, width, row, n);
        for (size_t j = 0; j < n; j++)
            for (size_t i = 0; i < width; i++)
                HOLDS(panel[j * width + i] == rows[i][j], "panel[%zu,%zu] of %zu", j, i, n);
        ck_assert_float_eq(panel[n * width], 42);
    }
}

START_TEST(interleave_turns)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);

    check_interleave(k, k->mr);
    check_interleave(k, k->nr);
}
END_TEST

/* ---- optimizers
 * --------------------------------------------------------------------------------------------------- */

enum { W, M, V, G, ARRAYS };

static void fill_arrays(float a[ARRAYS][LENGTHS])
{
    random_fill(a[W], LENGTHS, -1, 1, 1);
    random_fill(a[M], LENGTHS, -1, 1, 2);
    random_fill(a[V], LENGTHS, 0, 1, 3);
    random_fill(a[G], LENGTHS, -3, 3, 4);
}

START_TEST(optimizers_agree)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i), *ref = snn__kernels_at(0);
    float x[ARRAYS][LENGTHS], y[ARRAYS][LENGTHS];

    for (int mask = 0; mask < 16; mask++) {
        const float limit = mask & 1 ? 0.8f : 0, decay = mask & 2 ? 0.01f : 0;
        struct snn__sgd s = { 0.1f, mask & 4 ? 0.9f : 0,    decay, 0.5f, limit, (mask & 8) != 0,
                              x[W], mask & 4 ? x[V] : NULL, x[G] };
        struct snn__adam a = { 0.1f, 0.9f, 0.999f,          1e-8f, decay, 0.5f, limit,
                               10,   1000, (mask & 8) != 0, x[W],  x[M],  x[V], x[G] };

        fill_arrays(x);
        fill_arrays(y);
        k->sgd(&s, 3, 131);
        s.w = y[W];
        s.v = s.v ? y[V] : NULL;
        s.g = y[G];
        ref->sgd(&s, 3, 131);
        same(y[W], x[W], LENGTHS, "sgd w");
        same(y[V], x[V], LENGTHS, "sgd v");
        fill_arrays(x);
        fill_arrays(y);
        k->adam(&a, 1, 138);
        a.w = y[W];
        a.m = y[M];
        a.v = y[V];
        a.g = y[G];
        ref->adam(&a, 1, 138);
        same(y[W], x[W], LENGTHS, "adam w");
        same(y[M], x[M], LENGTHS, "adam m");
        same(y[V], x[V], LENGTHS, "adam v");
    }
}
END_TEST

/* ---- ranges
 * ------------------------------------------------------------------------------------------------------- */

static void count_up(void *arg, size_t from, size_t to)
{
    unsigned char *seen = arg;

    for (size_t i = from; i < to; i++)
        seen[i]++;
}

START_TEST(ranges_cover_once)
{
    static const size_t sizes[] = { 0, 1, 63, 8191, 8192, 16384, 16385, 100000, 1000003 };

    for (uint32_t threads = 1; threads <= 3; threads++) {
        snn_context *ctx = test_context(threads, 1, "best");

        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            unsigned char *seen = calloc(sizes[s] + 1, 1);

            snn__ranges(ctx, sizes[s], count_up, seen);
            for (size_t i = 0; i < sizes[s]; i++)
                HOLDS(seen[i] == 1, "%zu of %zu: %d times", i, sizes[s], seen[i]);
            ck_assert_uint_eq(seen[sizes[s]], 0);
            free(seen);
        }
        snn_context_destroy(ctx);
    }
}
END_TEST

/* ---- channels: every instruction set gives the bits of loops that go row by row */

#define CHANNELS 37
#define ROWS_MAX 23

/* Sums of errors d and d (x - center), or of x - center and its square. */
static void sum_by_rows(double *sums, const float *x, const float *d, const float *center, size_t rows)
{
    for (size_t i = 0; i < CHANNELS; i++)
        for (size_t row = 0; row < rows; row++) {
            const double off = x[row * CHANNELS + i] - center[i], a = d ? d[row * CHANNELS + i] : off;

            sums[i] += a;
            sums[CHANNELS + i] += a * off;
        }
}

START_TEST(sums_of_channels_are_the_same)
{
    const struct snn__layer_kernels *k = snn__kernels_at((size_t)_i)->layers;
    float x[ROWS_MAX * CHANNELS], d[ROWS_MAX * CHANNELS], center[CHANNELS];

    random_fill(x, ROWS_MAX * CHANNELS, -2, 2, 1);
    random_fill(d, ROWS_MAX * CHANNELS, -2, 2, 2);
    random_fill(center, CHANNELS, -2, 2, 3);
    for (size_t rows = 0; rows <= ROWS_MAX; rows++)
        for (int errors = 0; errors < 2; errors++) {
            double got[2 * CHANNELS], want[2 * CHANNELS] = { 0 };
            struct snn__norm_sums a = { rows, CHANNELS, 1, x, errors ? d : NULL, center, got, got, false };

            k->norm_sums(&a, 0);
            sum_by_rows(want, x, a.d, center, rows);
            HOLDS(memcmp(got, want, sizeof got) == 0, "%zu rows, errors %d", rows, errors);
        }
}
END_TEST

START_TEST(lines_of_channels_are_the_same)
{
    const struct snn__layer_kernels *k = snn__kernels_at((size_t)_i)->layers;
    const size_t n = ROWS_MAX * CHANNELS;
    float x[ROWS_MAX * CHANNELS], y[ROWS_MAX * CHANNELS], slope[CHANNELS], shift[CHANNELS];

    random_fill(x, n, -2, 2, 1);
    random_fill(slope, CHANNELS, -2, 2, 2);
    random_fill(shift, CHANNELS, -2, 2, 3);
    k->affine(&(struct snn__affine){ .c = CHANNELS, .x = x, .y = y, .slope = slope, .shift = shift }, 0, n);
    for (size_t i = 0; i < n; i++) {
        const volatile float product = slope[i % CHANNELS] * x[i]; /* rounded, not fused */

        HOLDS(y[i] == product + shift[i % CHANNELS], "%zu: %.9g", i, y[i]);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kernel arrays");
    TCase *t = tcase_create("arrays");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, choice_obeys_the_cap);
    tcase_add_loop_test(t, arrays_agree, 0, tables());
    tcase_add_loop_test(t, finite_sees_every_place, 0, tables());
    tcase_add_loop_test(t, tiles_are_sums, 0, tables());
    tcase_add_loop_test(t, strips_are_sums, 0, tables());
    tcase_add_loop_test(t, interleave_turns, 0, tables());
    tcase_add_loop_test(t, optimizers_agree, 0, tables());
    tcase_add_test(t, ranges_cover_once);
    tcase_add_loop_test(t, sums_of_channels_are_the_same, 0, tables());
    tcase_add_loop_test(t, lines_of_channels_are_the_same, 0, tables());
    suite_add_tcase(s, t);
    return run_suite(s);
}
