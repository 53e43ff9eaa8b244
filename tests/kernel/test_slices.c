/* Products of digits on a matrix unit: what specifies them against double precision, kernel/slices.inc on emulated
 * tiles against what specifies it, bit for bit, and the outer products that are made of them. No such unit is
 * needed. */
#include "core/context.h"
#include "core/size.h"
#include "emulated_tiles.h"
#include "kernel/tables.h"
#include "naive.h"
#include "support.h"

/* Its functions that return registers of vectors are inlined: no calling convention is of interest. */
#pragma GCC diagnostic ignored "-Wpsabi"
#include "kernel/slices.inc"

/* ---- kernels ---- */

enum kind { SPIKES, TRACES, RATES, REAL, UNEVEN, KINDS };

/* Numbers of one kind, [rows][cols]. */
static void fill(float *x, size_t rows, size_t cols, enum kind kind)
{
    random_fill(x, rows * cols, -1, 1, 7 + (unsigned)kind);
    for (size_t i = 0; i < rows * cols; i++) {
        const float u = 0.5f * (x[i] + 1);

        if (kind == SPIKES)
            x[i] = u > 0.7f;
        else if (kind == TRACES)
            x[i] = u > 0.6f ? 0 : floorf(u * 200) / 64;
        else if (kind == RATES)
            x[i] = (i < cols ? 1 : floorf(u * 30.99f)) * (1.0f / 30);
        else if (kind == UNEVEN)
            x[i] = ldexpf(x[i], (int)(i % cols * 7 % 61) - 30);
    }
}

struct shape {
    size_t rows, cols, words, n; /* n: of the numbers that are added up, <= 64 words */
};

static const struct shape shapes[] = { { 1, 1, 1, 1 },      { 32, 32, 1, 64 },   { 31, 33, 2, 100 },
                                       { 17, 16, 12, 768 }, { 5, 100, 13, 800 }, { 32, 128, 29, 1850 },
                                       { 16, 47, 5, 300 },  { 29, 65, 25, 1590 } };

#define SHAPES (int)(sizeof shapes / sizeof *shapes)

typedef void columns_fn(uint8_t *to, float *unit, const float *const *row, size_t words, size_t first, size_t cols);
typedef size_t rows_fn(uint8_t *to, size_t pitch, float *unit, const float *const *row, size_t words, size_t first,
                       size_t cols);
typedef void slices_fn(const struct snn__slices *p);

struct table {
    columns_fn *columns;
    rows_fn *rows;
    slices_fn *multiply;
};

/* A block of a product: a of one kind, b uneven. */
struct block {
    struct shape s;
    size_t panels, pitch, digits;
    float *x, *d, *zeros, *g, *x_unit, *d_unit;
    const float **x_row, **d_row;
    uint8_t *a, *b;
    size_t *at;
    void *room;
};

#define G_PITCH 37
#define FIRST 3 /* columns that are left out */

static void open_block(struct block *b, const struct shape *s, enum kind kind)
{
    *b = (struct block){ .s = *s, .panels = snn__ceil_div(s->cols, 32), .pitch = 64 * s->words + 64 };
    b->x = numbers(s->n * (s->rows + FIRST));
    b->d = numbers(s->n * s->cols);
    b->zeros = numbers(snn__max(s->cols, s->rows + FIRST));
    b->g = taken(s->cols * G_PITCH * sizeof *b->g);
    b->x_unit = taken(32 * sizeof(float));
    b->d_unit = taken(b->panels * 32 * sizeof(float));
    b->x_row = taken(64 * s->words * sizeof *b->x_row);
    b->d_row = taken(64 * s->words * sizeof *b->d_row);
    b->a = taken(SNN__SLICE_ROW_DIGITS * 32 * b->pitch);
    b->b = taken(b->panels * SNN__SLICE_PANEL(s->words));
    b->at = taken(s->words * sizeof *b->at);
    b->room = taken(SNN__SLICE_ROOM(s->cols));
    fill(b->x, s->n, s->rows + FIRST, kind);
    fill(b->d, s->n, s->cols, UNEVEN);
    random_fill(b->g, s->cols * G_PITCH, -1, 1, 3);
    for (size_t k = 0; k < 64 * s->words; k++) {
        b->x_row[k] = k < s->n ? b->x + k * (s->rows + FIRST) : b->zeros;
        b->d_row[k] = k < s->n ? b->d + k * s->cols : b->zeros;
    }
    for (size_t k = 0; k < s->words; k++)
        b->at[k] = 64 * k;
}

static void close_block(struct block *b)
{
    void *all[] = {
        b->x, b->d, b->zeros, b->g, b->x_unit, b->d_unit, b->x_row, b->d_row, b->a, b->b, b->at, b->room
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static struct snn__slices run_block(struct block *b, const struct table *t, bool accumulate)
{
    struct snn__slices p = { .rows = b->s.rows,
                             .cols = b->s.cols,
                             .words = b->s.words,
                             .a = b->a,
                             .at = b->at,
                             .a_pitch = b->pitch,
                             .a_digit = 32 * b->pitch,
                             .b = b->b,
                             .a_unit = b->x_unit,
                             .b_unit = b->d_unit,
                             .alpha = 0.75f,
                             .g = b->g,
                             .g_pitch = G_PITCH,
                             .accumulate = accumulate,
                             .room = b->room };

    p.digits = b->digits = t->rows(b->a, b->pitch, b->x_unit, b->x_row, b->s.words, FIRST, b->s.rows);
    for (size_t i = 0; i < b->panels; i++)
        t->columns(b->b + i * SNN__SLICE_PANEL(b->s.words), b->d_unit + 32 * i, b->d_row, b->s.words, 32 * i,
                   snn__min(32, b->s.cols - 32 * i));
    t->multiply(&p);
    return p;
}

/* What row m of a and column j of b add up to, and what bounds its error. */
struct expected {
    double sum, all, all_d, most_x, most_d;
};

UNWATCHED static struct expected expect(const struct block *b, size_t m, size_t j)
{
    struct expected e = { 0 };

    for (size_t k = 0; k < b->s.n; k++) {
        const double x = b->x[k * (b->s.rows + FIRST) + FIRST + m], d = b->d[k * b->s.cols + j];

        e.sum += x * d;
        e.all += fabs(x * d);
        e.all_d += fabs(d);
        if (fabs(x) > e.most_x)
            e.most_x = fabs(x);
        if (fabs(d) > e.most_d)
            e.most_d = fabs(d);
    }
    return e;
}

/* Rounding of a: none of bytes, 2^-24 of the largest of the row otherwise; of b 2^-32 of the largest of the column;
 * what nine products leave out; and of the sum. */
UNWATCHED static void check_block(const struct block *b, const float *before, bool accumulate)
{
    for (size_t j = 0; j < b->s.cols; j++)
        for (size_t m = 0; m < b->s.rows; m++) {
            const struct expected e = expect(b, m, j);
            const double largest_sum = (double)b->s.n * e.most_x * e.most_d;
            const double sum = 0.75 * e.sum + (accumulate ? before[j * G_PITCH + m] : 0);
            double bound = ldexp(largest_sum, -30) + 2e-7 * (fabs(sum) + 1e-30) + (accumulate ? 1.2e-7 : 0);

            bound += b->digits == 1 ? ldexp(e.all, -22) : ldexp(e.most_x * e.all_d, -23) + ldexp(largest_sum, -21);
            HOLDS(fabs(b->g[j * G_PITCH + m] - sum) <= bound, "g[%zu,%zu]: %.9g, not %.9g", j, m,
                  b->g[j * G_PITCH + m], sum);
        }
    for (size_t i = 0; i < b->s.cols * G_PITCH; i++)
        HOLDS(i % G_PITCH < b->s.rows || memcmp(&b->g[i], &before[i], sizeof *before) == 0, "written beyond");
}

static struct table specification(void)
{
    const struct snn__kernels *ref = snn__kernels_at(0);

    return (struct table){ ref->slice_columns, ref->slice_rows, ref->slices };
}

START_TEST(sums_are_as_exact_as_digits)
{
    const struct table t = specification();

    for (int i = 0; i < KINDS; i++) {
        struct block b;
        float *before;

        open_block(&b, &shapes[_i], (enum kind)i);
        before = numbers(b.s.cols * G_PITCH);
        memcpy(before, b.g, b.s.cols * G_PITCH * sizeof *before);
        run_block(&b, &t, i % 2);
        ck_assert(b.s.n == 1 || (b.digits == 1) == (i < REAL));
        check_block(&b, before, i % 2);
        free(before);
        close_block(&b);
    }
}
END_TEST

static void compare(const struct shape *s, const struct table *t, bool same_bits)
{
    const struct table spec = specification();

    for (int i = 0; i < KINDS; i++) {
        struct block b, r;

        open_block(&r, s, (enum kind)i);
        open_block(&b, s, (enum kind)i);
        run_block(&r, &spec, i % 2);
        run_block(&b, t, i % 2);
        ck_assert_uint_eq(b.digits, r.digits);
        ck_assert(memcmp(b.b, r.b, b.panels * SNN__SLICE_PANEL(s->words) + 64) == 0);
        ck_assert(memcmp(b.d_unit, r.d_unit, b.panels * 32 * sizeof(float) + 64) == 0);
        ck_assert(memcmp(b.x_unit, r.x_unit, 32 * sizeof(float) + 64) == 0);
        for (size_t l = 0; l < 32 * b.digits; l++)
            ck_assert(memcmp(b.a + l * b.pitch, r.a + l * b.pitch, 64 * s->words) == 0);
        for (size_t k = 0; k < s->cols * G_PITCH && !same_bits; k++)
            HOLDS(fabsf(b.g[k] - r.g[k]) <= 2.4e-7f * fmaxf(fabsf(r.g[k]), i % 2 ? 1 : 0), "g[%zu]: %.9g, not %.9g",
                  k, b.g[k], r.g[k]);
        ck_assert(!same_bits || memcmp(b.g, r.g, s->cols * G_PITCH * sizeof *b.g + 64) == 0);
        for (size_t k = 0; k < 64; k++)
            ck_assert_uint_eq(((uint8_t *)b.room)[SNN__SLICE_ROOM(s->cols) + k], 0xff);
        close_block(&r);
        close_block(&b);
    }
}

static const struct table emulation = { slice_columns, slice_rows, slices };

START_TEST(emulated_tiles_give_the_same)
{
    compare(&shapes[_i], &emulation, true);
    ck_assert(!emulated.open);
}
END_TEST

/* Where there are real ones: fused multiplications may round otherwise. */
START_TEST(real_tiles_give_the_same)
{
    for (size_t i = 1; snn__kernels_at(i); i++) {
        const struct snn__kernels *k = snn__kernels_at(i);

        if (k->slices && k->ask_for_unit())
            compare(&shapes[_i], &(struct table){ k->slice_columns, k->slice_rows, k->slices }, false);
    }
}
END_TEST

/* What is not finite makes its row or column not a number, and no other. */
static void check_extremes(const struct table *t, float extreme, bool in_x)
{
    const struct shape s = { 3, 3, 2, 70 };
    struct block b;

    open_block(&b, &s, SPIKES);
    fill(b.d, s.n, s.cols, REAL);
    if (in_x)
        b.x[20 * (s.rows + FIRST) + FIRST + 1] = extreme;
    else
        b.d[20 * s.cols + 1] = extreme;
    run_block(&b, t, false);
    for (size_t j = 0; j < s.cols; j++)
        for (size_t m = 0; m < s.rows; m++)
            ck_assert(!isfinite(b.g[j * G_PITCH + m]) == (!isfinite(extreme) && (in_x ? m == 1 : j == 1)));
    close_block(&b);
}

START_TEST(extreme_numbers)
{
    static const float extreme[] = { INFINITY, -INFINITY, NAN, 3.4e30f, 1e-42f, -1e-30f };
    const struct table spec = specification();

    for (size_t i = 0; i < 2 * sizeof extreme / sizeof *extreme; i++) {
        check_extremes(&spec, extreme[i / 2], i % 2);
        check_extremes(&emulation, extreme[i / 2], i % 2);
    }
}
END_TEST

/* ---- outer products ---- */

/* A context whose table has emulated tiles, or that of plain C. */
static snn_context *context_of(struct snn__kernels *k, uint32_t threads)
{
    snn_context *ctx = test_context(threads, 1, "ref");

    if (k) {
        *k = *ctx->kernels;
        k->slice_columns = slice_columns;
        k->slice_rows = slice_rows;
        k->slices = slices;
        ctx->kernels = k;
    }
    return ctx;
}

static float *outer_of(const snn_context *ctx, const struct window_case *c, enum kind kind, enum snn__way way,
                       float **source, float **error)
{
    const size_t m = c->batch * c->w.oh * c->w.ow, k = depth_of(&c->w);
    float *x = numbers(source_size(c)), *d = numbers(m * (c->n + 2)), *g = numbers(c->n * (k + 5));
    void *scratch = taken(snn__outer_scratch(ctx, m, c->n, &c->w));
    struct snn__outer p = { .m = m,
                            .n = c->n,
                            .d = d,
                            .d_pitch = c->n + 2,
                            .x = x,
                            .window = c->w,
                            .alpha = 0.75f,
                            .g = g,
                            .g_pitch = k + 5,
                            .accumulate = true,
                            .way = way };

    fill(x, source_size(c), 1, kind);
    random_fill(d, m * (c->n + 2), -1, 1, 2);
    random_fill(g, c->n * (k + 5), -1, 1, 4);
    ck_assert(snn__outer_takes(ctx, &p, way));
    snn__outer(ctx, &p, scratch);
    *source = x;
    *error = d;
    free(scratch);
    return g;
}

/* Of the largest number of g. */
UNWATCHED static double error_of(const struct window_case *c, const float *g, const float *x, const float *d)
{
    const size_t m = c->batch * c->w.oh * c->w.ow, k = depth_of(&c->w);
    double *patches = patches_of(&c->w, x, m), worst = 0, most = 0;
    float *before = numbers(c->n * (k + 5));

    random_fill(before, c->n * (k + 5), -1, 1, 4);
    for (size_t n = 0; n < c->n; n++)
        for (size_t j = 0; j < k; j++) {
            double sum = before[n * (k + 5) + j];

            for (size_t i = 0; i < m; i++)
                sum += 0.75 * d[i * (c->n + 2) + n] * patches[i * k + j];
            most = fmax(most, fabs(sum));
            worst = fmax(worst, fabs(g[n * (k + 5) + j] - sum));
        }
    free(before);
    free(patches);
    return worst / most;
}

START_TEST(windows_give_the_same)
{
    const struct window_case *c = &window_cases[_i];
    const size_t size = c->n * (depth_of(&c->w) + 5);

    if (c->w.transposed)
        return;
    for (int kind = TRACES; kind <= REAL; kind += REAL - TRACES) {
        snn_context *ref = context_of(NULL, 1);
        float *x, *d, *expected = outer_of(ref, c, (enum kind)kind, SNN__WAY_SLICES, &x, &d);

        HOLDS(error_of(c, expected, x, d) <= 4e-7, "%s: error %g", c->name, error_of(c, expected, x, d));
        free(x);
        free(d);
        for (uint32_t threads = 1; threads <= 3; threads += 2) {
            struct snn__kernels k;
            snn_context *ctx = context_of(&k, threads);
            float *g = outer_of(ctx, c, (enum kind)kind, SNN__WAY_SLICES, &x, &d);

            HOLDS(memcmp(g, expected, size * sizeof *g) == 0, "%s with %u threads", c->name, threads);
            free(g);
            free(x);
            free(d);
            snn_context_destroy(ctx);
        }
        free(expected);
        snn_context_destroy(ref);
    }
}
END_TEST

/* More parts than are held at a time, and copies of g. */
START_TEST(long_products_give_the_same)
{
    static const struct window_case c = {
        "long", 70000, 33, { 1, 1, 5, 5, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false }
    };
    float *x, *d, *first = NULL;

    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct snn__kernels k;
        snn_context *ctx = context_of(&k, threads);
        float *g;

        g = outer_of(ctx, &c, TRACES, SNN__WAY_SLICES, &x, &d);
        if (first == NULL) {
            HOLDS(error_of(&c, g, x, d) <= 4e-7, "error %g", error_of(&c, g, x, d));
            first = g;
        } else {
            ck_assert(memcmp(g, first, c.n * (depth_of(&c.w) + 5) * sizeof *g) == 0);
            free(g);
        }
        free(x);
        free(d);
        snn_context_destroy(ctx);
    }
    free(first);
}
END_TEST

static enum snn__way picked(snn_context *ctx, size_t m, size_t n, size_t c, size_t kernel)
{
    const size_t side = kernel > 1 ? 8 : 1;
    float *const x = numbers(m * c);
    const struct snn__outer p = { .m = m,
                                  .n = n,
                                  .x = x,
                                  .window = { side,
                                              side,
                                              c,
                                              c,
                                              side,
                                              side,
                                              kernel,
                                              kernel,
                                              { 1, 1 },
                                              { kernel / 2, kernel / 2 },
                                              { 1, 1 },
                                              false } };
    void *scratch = taken(snn__outer_scratch(ctx, m, n, &p.window));
    enum snn__way way;

    random_fill(x, m * c, -1, 1, 1);
    way = snn__outer_way(ctx, &p, scratch);

    free(scratch);
    free(x);
    return way;
}

START_TEST(large_products_go_to_the_unit)
{
    struct snn__kernels k;
    snn_context *ctx = context_of(&k, 1);

    ck_assert_int_eq(picked(ctx, 2048, 256, 128, 3), SNN__WAY_WINOGRAD); /* plain C has no unit */
    k.isa = SNN__ISA_AMX;
    ck_assert_int_eq(picked(ctx, 2048, 256, 128, 3), SNN__WAY_SLICES);
    ck_assert_int_eq(picked(ctx, 128, 800, 784, 1), SNN__WAY_SLICES);
    ck_assert_int_eq(picked(ctx, 128, 10, 800, 1), SNN__WAY_DENSE);
    ck_assert_int_eq(picked(ctx, 95, 800, 784, 1), SNN__WAY_DENSE);
    ck_assert_int_eq(picked(ctx, 2048, 64, 3, 3), SNN__WAY_DENSE);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("slices");
    TCase *t = tcase_create("slices");

    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, sums_are_as_exact_as_digits, 0, SHAPES);
    tcase_add_loop_test(t, emulated_tiles_give_the_same, 0, SHAPES);
    tcase_add_loop_test(t, real_tiles_give_the_same, 0, SHAPES);
    tcase_add_test(t, extreme_numbers);
    if (HAS_WAYS) {
        tcase_add_loop_test(t, windows_give_the_same, 0, (int)WINDOW_CASES);
        tcase_add_test(t, long_products_give_the_same);
        tcase_add_test(t, large_products_go_to_the_unit);
    }
    suite_add_tcase(s, t);
    return run_suite(s);
}
