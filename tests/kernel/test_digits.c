/* Products of four digits with four digits on a matrix unit: kernel/digits.inc on emulated tiles against what
 * specifies it, bit for bit, and products through windows against double precision. No such unit is needed. */
#include "blas/blocks.h"
#include "blas/operand.h"
#include "core/context.h"
#include "core/size.h"
#include "emulated_tiles.h"
#include "kernel/tables.h"
#include "naive.h"
#include "support.h"

/* Its functions that return registers of vectors are inlined: no calling convention is of interest. */
#pragma GCC diagnostic ignored "-Wpsabi"
#include "kernel/digits.inc"

/* ---- rows ---- */

static void check_rows(size_t c, float extreme)
{
    const struct snn__kernels *ref = snn__kernels_at(0);
    const size_t plane = 64 * 7 + 128, bytes = snn__ceil_div(c, 64) * SNN__SLICE_DIGITS * plane;
    float *x = numbers(3 * (c + 1)), most, expected;
    uint8_t *a = taken(bytes), *b = taken(bytes);

    random_fill(x, 3 * (c + 1), -1, 1, 5);
    for (size_t i = 0; i < 3 * (c + 1); i++)
        x[i] = ldexpf(x[i], (int)(i * 7 % 61) - 30);
    x[c / 2] = extreme;
    most = largest_of_row(x, 3 * (c + 1), 0x1p-94f);
    expected = ref->largest(x, 3 * (c + 1), 0x1p-94f);
    ck_assert(memcmp(&most, &expected, sizeof most) == 0);
    digit_rows(a, plane, 128, x, c + 1, 3, c, most);
    ref->digit_rows(b, plane, 128, x, c + 1, 3, c, most);
    ck_assert(memcmp(a, b, bytes + 64) == 0);
    free(x);
    free(a);
    free(b);
}

START_TEST(rows_have_the_same_digits)
{
    static const float extreme[] = { 0.25f, 0, INFINITY, NAN, 3e38f, -1e-42f };
    static const size_t length[] = { 1, 15, 16, 63, 64, 65, 200 };

    for (size_t i = 0; i < sizeof length / sizeof *length; i++)
        for (size_t j = 0; j < sizeof extreme / sizeof *extreme; j++)
            check_rows(length[i], extreme[j]);
}
END_TEST

/* ---- products ---- */

/* Plain C, or with emulated tiles, and with panels as wide as a block. */
static snn_context *context_of(struct snn__kernels *k, bool emulates, uint32_t threads)
{
    snn_context *ctx = test_context(threads, 1, "ref");

    *k = *ctx->kernels;
    k->nr = SNN__MATRIX_SIDE;
    if (emulates) {
        k->isa = SNN__ISA_AMX;
        k->slice_columns = slice_columns;
        k->slice_rows = slice_rows;
        k->slices = slices;
        k->largest = largest_of_row;
        k->digit_rows = digit_rows;
        k->digits = digits;
    }
    ctx->kernels = k;
    return ctx;
}

/* Numbers, even or over many powers of two. */
static void fill(float *x, size_t n, unsigned seed, bool even)
{
    random_fill(x, n, -1, 1, seed);
    for (size_t i = 0; i < n && !even; i++)
        x[i] = ldexpf(x[i], -(int)(i * 7 % 23));
}

/* What a product reads and writes. */
struct sample {
    size_t m, k;
    float *x, *w, *bias, *y;
};

static struct sample draw(const struct window_case *c, bool even)
{
    struct sample s = { .m = c->batch * c->w.oh * c->w.ow, .k = depth_of(&c->w) };

    s.x = numbers(source_size(c));
    s.w = numbers(s.k * c->n);
    s.bias = numbers(c->n);
    s.y = numbers(s.m * (c->n + 3));
    fill(s.x, source_size(c), 1, even);
    fill(s.w, s.k * c->n, 2, even);
    random_fill(s.bias, c->n, -1, 1, 3);
    random_fill(s.y, s.m * (c->n + 3), -1, 1, 4);
    return s;
}

static void end(const struct sample *s)
{
    free(s->x);
    free(s->w);
    free(s->bias);
    free(s->y);
}

/* y += 0.75 read(x) w + bias; false: nothing, as numbers are too uneven. */
static bool multiply_windows(const snn_context *ctx, const struct window_case *c, const struct sample *s)
{
    const size_t taps = c->w.kh * c->w.kw;
    float *packed = numbers(snn__packed_size(ctx, s->k, c->n));
    void *cut = taken(snn__digits_cut_scratch(ctx, &c->w)), *weights = taken(snn__digits_size(ctx, c->n, &c->w));
    const size_t bytes = snn__digits_scratch(ctx, s->m, c->n, &c->w);
    unsigned char *scratch = taken(bytes);
    const struct snn__product p = { .m = s->m,
                                    .n = c->n,
                                    .x = s->x,
                                    .window = c->w,
                                    .digits = weights,
                                    .alpha = 0.75f,
                                    .bias = s->bias,
                                    .y = s->y,
                                    .y_pitch = c->n + 3,
                                    .accumulate = true,
                                    .way = SNN__WAY_SLICES };

    bool made;

    snn__pack(ctx, packed, s->w, taps, c->w.c, c->n, 1, taps, s->k);
    snn__digits(ctx, weights, packed, c->n, &c->w, cut);
    made = snn__product_by_digits(ctx, &p, scratch);
    for (size_t i = 0; i < 64; i++)
        ck_assert_uint_eq(scratch[bytes + i], 0xff);
    free(packed);
    free(cut);
    free(weights);
    free(scratch);
    return made;
}

/* Rounding of x and w is 2^-32 of their largest numbers; so is, for each k, what ten products leave out. */
UNWATCHED static void check(const struct window_case *c, const struct sample *before, const float *y)
{
    const size_t pitch = c->n + 3;
    double *patches = patches_of(&c->w, before->x, before->m);

    for (size_t i = 0; i < before->m; i++)
        for (size_t n = 0; n < pitch; n++) {
            const float was = before->y[i * pitch + n];
            double sum = (double)was + before->bias[n < c->n ? n : 0], all = 0;

            for (size_t k = 0; k < before->k && n < c->n; k++) {
                const size_t tap = k / c->w.c, channel = k % c->w.c;
                const double product =
                    patches[i * before->k + k] * before->w[n * before->k + channel * c->w.kh * c->w.kw + tap];

                sum += 0.75 * product;
                all += fabs(product);
            }
            if (n < c->n)
                HOLDS(fabs(y[i * pitch + n] - sum) <= 4e-7 * (2 + fabs(sum)) + 1e-9 * (double)before->k + 1e-8 * all,
                      "%s [%zu,%zu]: %.9g, not %.9g", c->name, i, n, y[i * pitch + n], sum);
            else
                HOLDS(memcmp(&was, &y[i * pitch + n], sizeof was) == 0, "%s: written beyond", c->name);
        }
    free(patches);
}

static bool goes(const struct window_case *c)
{
    return c->w.transposed || snn__is_matrix(&c->w);
}

START_TEST(windows_give_the_same)
{
    const struct window_case *c = &window_cases[_i];

    for (int even = 0; even <= 1 && goes(c); even++) {
        const struct sample before = draw(c, even), expected = draw(c, even);
        struct snn__kernels k;
        snn_context *ref = context_of(&k, false, 1);

        ck_assert(multiply_windows(ref, c, &expected));
        check(c, &before, expected.y);
        snn_context_destroy(ref);
        for (uint32_t threads = 1; threads <= 3; threads += 2) {
            snn_context *ctx = context_of(&k, true, threads);
            const struct sample s = draw(c, even);

            ck_assert(multiply_windows(ctx, c, &s));
            HOLDS(memcmp(s.y, expected.y, s.m * (c->n + 3) * sizeof *s.y) == 0, "%s with %u threads", c->name,
                  threads);
            end(&s);
            snn_context_destroy(ctx);
        }
        end(&before);
        end(&expected);
    }
}
END_TEST

/* Where there are real tiles: fused multiplications may round otherwise. */
START_TEST(real_tiles_give_the_same)
{
    static const struct window_case c = {
        "real", 20, 70, { 9, 8, 70, 80, 18, 17, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, true }
    };
    const struct sample before = draw(&c, true);

    for (size_t i = 1; snn__kernels_at(i); i++)
        if (snn__kernels_at(i)->digits && snn__kernels_at(i)->ask_for_unit()) {
            snn_context *ctx = test_context(2, 1, snn__isa_name(snn__kernels_at(i)->isa));
            const struct sample s = draw(&c, true);

            snn__product_ask(ctx);
            ck_assert(multiply_windows(ctx, &c, &s));
            check(&c, &before, s.y);
            end(&s);
            snn_context_destroy(ctx);
        }
    end(&before);
}
END_TEST

static void refused(const snn_context *ctx, const struct window_case *c, const struct sample *s)
{
    const struct sample before = draw(c, true);

    ck_assert(!multiply_windows(ctx, c, s));
    ck_assert_mem_eq(s->y, before.y, s->m * (c->n + 3) * sizeof *s->y);
    end(&before);
}

/* What is not finite, or cannot be squared, goes as float32. */
START_TEST(what_is_not_finite)
{
    static const struct window_case c = {
        "extreme", 3, 5, { 4, 4, 6, 6, 4, 4, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, true }
    };
    static const float extreme[] = { NAN, INFINITY, -INFINITY, 3e38f };
    struct snn__kernels k;
    snn_context *ctx = context_of(&k, true, 1);

    for (size_t i = 0; i < 2 * sizeof extreme / sizeof *extreme; i++) {
        struct sample s = draw(&c, true);

        (i % 2 ? s.w + s.k * 2 : s.x + 16 * 6)[7] = extreme[i / 2];
        if (i / 2 == 3 && i % 2 == 0) /* sums of squares in double precision hold it */
            ck_assert(multiply_windows(ctx, &c, &s));
        else
            refused(ctx, &c, &s);
        end(&s);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* Root mean square of what is wrong with y, relative to that of it. */
UNWATCHED static double error_of(const struct window_case *c, const struct sample *s)
{
    double *patches = patches_of(&c->w, s->x, s->m), wrong = 0, all = 0;

    for (size_t i = 0; i < s->m; i++)
        for (size_t n = 0; n < c->n; n++) {
            double sum = 0;

            for (size_t k = 0; k < s->k; k++)
                sum += 0.75 * patches[i * s->k + k] * s->w[n * s->k + k % c->w.c * c->w.kh * c->w.kw + k / c->w.c];
            wrong += (s->y[i * (c->n + 3) + n] - sum) * (s->y[i * (c->n + 3) + n] - sum);
            all += sum * sum;
        }
    free(patches);
    return sqrt(wrong / all);
}

/* exp(sigma z) z', z and z' normal */
static void fill_uneven(float *x, size_t n, double sigma, unsigned seed)
{
    float *z = numbers(4 * n);

    random_fill(z, 4 * n, 0x1p-24f, 1, seed);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(exp(sigma * sqrt(-2 * log((double)z[i])) * cos(6.283185307 * (double)z[n + i])) *
                       sqrt(-2 * log((double)z[2 * n + i])) * cos(6.283185307 * (double)z[3 * n + i]));
    free(z);
}

/* The more uneven errors and weights are, the more digits leave out: made where this stays below what float32 rounds,
 * refused beyond. */
START_TEST(uneven_numbers_are_refused)
{
    static const struct window_case c = {
        "uneven", 2, 33, { 8, 8, 64, 64, 8, 8, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, true }
    };
    struct snn__kernels k;
    snn_context *ctx = context_of(&k, true, 1);
    size_t made = 0, not_made = 0;

    for (unsigned i = 0; i < 20; i++) {
        struct sample s = draw(&c, true);

        fill_uneven(s.x, source_size(&c), i % 5, 20 + i);
        fill_uneven(s.w, s.k * c.n, i / 5, 50 + i);
        memset(s.bias, 0, c.n * sizeof *s.bias);
        memset(s.y, 0, s.m * (c.n + 3) * sizeof *s.y);
        if (multiply_windows(ctx, &c, &s)) {
            HOLDS(error_of(&c, &s) < 2.5e-7, "sigma %u, %u: %g", i % 5, i / 5, error_of(&c, &s));
            made++;
        } else
            not_made++;
        end(&s);
    }
    ck_assert_uint_gt(made, 5);
    ck_assert_uint_gt(not_made, 5);
    snn_context_destroy(ctx);
}
END_TEST

#define OUTPUTS 1200u

/* x W of 128 rows, by a matrix as layers have it. */
static void back_of(const snn_context *ctx, const float *weights, const float *x, float *y, bool keeps)
{
    struct snn__matrix_operand w = { .groups = 1,
                                     .taps = 1,
                                     .inputs = 40,
                                     .outputs = OUTPUTS,
                                     .rows = OUTPUTS,
                                     .fan = 40,
                                     .read = { 1, 1, 40, 40, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false },
                                     .read_back = {
                                         1, 1, OUTPUTS, OUTPUTS, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } };
    const struct snn__operand_want want = { .batch_max = 128, .both = true, .copies = true };
    const struct snn__operand_product p = { .batch = 128, .x = x, .alpha = 1, .y = y };
    struct snn__arena arena;
    void *scratch;

    snn__arena_init(&arena, (snn_context *)ctx);
    OK(snn__operand_plan(&w, (snn_context *)ctx, &arena, &want));
    OK(snn__arena_commit(&arena));
    ck_assert((w.digits_back != NULL) == keeps);
    scratch = taken(snn__operand_scratch(&w, (snn_context *)ctx, &want));
    snn__operand_load(&w, ctx, weights, scratch);
    snn__operand_back(&w, (snn_context *)ctx, &p, scratch);
    free(scratch);
    snn__arena_free(&arena);
}

/* Where digits are refused, float32 products take their place: those of an instruction set without a matrix unit. */
static void check_uneven(const snn_context *ctx, const snn_context *without)
{
    float *weights = numbers(OUTPUTS * 40), *x = numbers(128 * OUTPUTS), *y = numbers(128 * 40),
          *expected = numbers(128 * 40);

    fill_uneven(weights, OUTPUTS * 40, 0, 1);
    fill_uneven(x, 128 * OUTPUTS, 0, 2);
    for (int uneven = 0; uneven < 2; uneven++) {
        weights[39] = uneven ? 1e5f : 1;
        x[0] = weights[39];
        back_of(ctx, weights, x, y, true);
        back_of(without, weights, x, expected, false);
        HOLDS((memcmp(y, expected, 128 * 40 * sizeof *y) == 0) == (uneven == 1), "uneven: %d", uneven);
    }
    free(weights);
    free(x);
    free(y);
    free(expected);
}

START_TEST(float32_takes_the_place_of_digits)
{
    snn_context *without = test_context(1, 1, "avx512");

    for (size_t i = 1; snn__kernels_at(i); i++)
        if (snn__kernels_at(i)->digits && snn__kernels_at(i)->ask_for_unit()) {
            snn_context *ctx = test_context(2, 1, snn__isa_name(snn__kernels_at(i)->isa));

            snn__product_ask(ctx);
            check_uneven(ctx, without);
            snn_context_destroy(ctx);
        }
    snn_context_destroy(without);
}
END_TEST

static bool wanted(const snn_context *ctx, size_t batch, size_t n, const struct snn__window *w)
{
    return snn__product_wants_digits(ctx, batch * w->oh * w->ow, n, w);
}

START_TEST(adjoints_that_gain_go_to_the_unit)
{
    static const struct snn__window row = { 1, 1, 800, 800, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false };
    static const struct snn__window stride = { 8, 8, 128, 128, 16, 16, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, true };
    static const struct snn__window three = { 16, 16, 128, 128, 16, 16, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, true };
    static const struct snn__window five = { 15, 15, 64, 64, 15, 15, 5, 5, { 1, 1 }, { 2, 2 }, { 1, 1 }, true };
    static const struct snn__window few = { 1, 1, 10, 10, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false };
    struct snn__kernels k;
    snn_context *ctx = context_of(&k, true, 1);

    ck_assert(wanted(ctx, 128, 784, &row) && wanted(ctx, 16, 64, &stride) && wanted(ctx, 32, 64, &five));
    ck_assert(!wanted(ctx, 127, 784, &row) && !wanted(ctx, 128, 800, &few));
    ck_assert(!wanted(ctx, 32, 64, &three));
    snn_context_destroy(ctx);
    ctx = context_of(&k, false, 1);
    ck_assert(!wanted(ctx, 128, 784, &row));
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("digits");
    TCase *t = tcase_create("digits");

    tcase_set_timeout(t, 240);
    tcase_add_test(t, rows_have_the_same_digits);
    tcase_add_loop_test(t, windows_give_the_same, 0, (int)WINDOW_CASES);
    tcase_add_test(t, real_tiles_give_the_same);
    tcase_add_test(t, what_is_not_finite);
    tcase_add_test(t, uneven_numbers_are_refused);
    tcase_add_test(t, float32_takes_the_place_of_digits);
    tcase_add_test(t, adjoints_that_gain_go_to_the_unit);
    suite_add_tcase(s, t);
    return run_suite(s);
}
