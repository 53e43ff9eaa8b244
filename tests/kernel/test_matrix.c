/* Spikes on a matrix unit: what specifies it against double precision, and kernel/amx.inc on emulated tiles against
 * what specifies it, bit for bit. No such unit is needed. */
#include "core/context.h"
#include "core/size.h"
#include "kernel/tables.h"
#include "naive.h"
#include "support.h"
#include <string.h>

#include "emulated_tiles.h"
#include "kernel/amx.inc"

/* ---- the kernels
 * --------------------------------------------------------------------------------------------------------- */

struct shape {
    size_t rows, cols, taps, c;
};

/* Parts of tiles, of words, of blocks of words; blocks of all sizes. */
static const struct shape shapes[] = {
    { 1, 1, 1, 1 },       { 32, 32, 1, 64 },   { 32, 32, 1, 640 }, { 32, 32, 1, 641 },
    { 31, 33, 1, 63 },    { 17, 16, 3, 65 },   { 16, 17, 9, 32 },  { 5, 100, 9, 128 },
    { 32, 128, 1, 1290 }, { 7, 128, 1, 2304 }, { 15, 127, 25, 3 }, { 32, 64, 21, 64 },
    { 29, 96, 1, 1337 },  { 32, 31, 11, 61 },  { 2, 2, 10, 128 },  { 3, 66, 2, 3201 },
};

#define SHAPES (int)(sizeof shapes / sizeof *shapes)
#define Y_PITCH 131

struct block {
    struct shape s;
    size_t words, panels, nr, planes;
    float *w; /* [depth][panels * SIDE], zero beyond the last column */
    float *packed, *unit, *y, *bias;
    uint64_t *x;
    uint8_t *limbs;
    void *room;
};

/* Weights of very different size from column to column, some of them near the smallest unit; their bits go below
 * it. */
static void open_block(struct block *b, const struct shape *s, size_t nr, size_t planes)
{
    const size_t depth = s->taps * s->c, width = snn__round_up(s->cols, SNN__MATRIX_SIDE);

    *b = (struct block){ .s = *s,
                         .words = s->taps * snn__ceil_div(s->c, 64),
                         .panels = width / SNN__MATRIX_SIDE,
                         .nr = nr,
                         .planes = planes };
    b->w = numbers(depth * width);
    b->packed = numbers(depth * width);
    b->bias = numbers(width);
    b->x = taken(s->rows * b->words * planes * sizeof *b->x);
    b->y = taken(s->rows * Y_PITCH * sizeof *b->y);
    b->unit = taken(width * sizeof *b->unit);
    b->limbs = taken(b->panels * SNN__MATRIX_LIMBS * b->words * SNN__MATRIX_WORD);
    b->room = taken(SNN__MATRIX_ROOM);
    random_fill(b->w, depth * width, -1, 1, 1);
    random_fill(b->bias, width, -1, 1, 2);
    random_fill(b->y, s->rows * Y_PITCH, -1, 1, 3);
    for (size_t k = 0; k < depth; k++)
        for (size_t j = 0; j < width; j++) {
            float *w = b->w + k * width + j;

            *w = j < s->cols ? ldexpf(*w / 1.3f, j % 8 == 3 ? -100 - (int)(j / 8) : (int)(j * 7 % 61) - 30) : 0;
            b->packed[j / nr * depth * nr + k * nr + j % nr] = *w;
        }
    for (size_t i = 0; i < s->rows * b->words * planes; i++) {
        const size_t inside = s->c - i / planes % b->words % snn__ceil_div(s->c, 64) * 64;

        b->x[i] = (i + 1) * 0x9e3779b97f4a7c15u & (i % 5 == 0 ? UINT64_MAX : (i + 7) * 0xbf58476d1ce4e5b9u);
        b->x[i] &= inside < 64 ? ((uint64_t)1 << inside) - 1 : UINT64_MAX;
    }
}

static void close_block(struct block *b)
{
    void *all[] = { b->w, b->packed, b->unit, b->y, b->bias, b->x, b->limbs, b->room };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

typedef void limbs_fn(uint8_t *to, float *unit, const float *w, size_t panel, size_t cols, size_t taps, size_t c);
typedef void matrix_fn(const struct snn__matrix *a);

static void cut_all(const struct block *b, limbs_fn *make)
{
    const size_t pitch = b->s.taps * b->s.c * b->nr;

    for (size_t i = 0; i < b->panels; i++)
        make(b->limbs + i * SNN__MATRIX_LIMBS * b->words * SNN__MATRIX_WORD, b->unit + i * SNN__MATRIX_SIDE,
             b->packed + i * SNN__MATRIX_SIDE / b->nr * pitch, pitch,
             snn__min(SNN__MATRIX_SIDE, b->s.cols - i * SNN__MATRIX_SIDE), b->s.taps, b->s.c);
}

static struct snn__matrix call_of(const struct block *b, float alpha, bool bias, bool accumulate)
{
    return (struct snn__matrix){ .rows = b->s.rows,
                                 .cols = b->s.cols,
                                 .words = b->words,
                                 .planes = b->planes,
                                 .x = b->x,
                                 .limbs = b->limbs,
                                 .unit = b->unit,
                                 .alpha = alpha,
                                 .bias = bias ? b->bias : NULL,
                                 .y = b->y,
                                 .y_pitch = Y_PITCH,
                                 .accumulate = accumulate,
                                 .room = b->room };
}

/* The weight that limbs and unit stand for. */
static double weight_of(const struct block *b, size_t k, size_t j)
{
    const size_t words = snn__ceil_div(b->s.c, 64), row = k / b->s.c * words * 64 + k % b->s.c,
                 limb = b->words * SNN__MATRIX_WORD;
    const uint8_t *p = b->limbs + (j / 32 * 3 * b->words + row / 64) * SNN__MATRIX_WORD + j % 32 / 16 * 1024 +
                       row % 64 / 4 * 64 + j % 16 * 4 + row % 4;

    return b->unit[j] * (p[0] + 256.0 * p[limb] + 65536.0 * (int8_t)p[2 * limb]);
}

/* Number k of row m. */
static double number_at(const struct block *b, size_t m, size_t k)
{
    const size_t word = m * b->words + k / b->s.c * snn__ceil_div(b->s.c, 64) + k % b->s.c / 64;
    double n = 0;

    for (size_t p = 0; p < b->planes; p++)
        n += (double)((b->x[word * b->planes + p] >> k % b->s.c % 64 & 1) << p);
    return n;
}

/* Whole numbers are the nearest ones, but for the rounding of unit and quotient, and nothing is set where there are
 * no weights. */
UNWATCHED static void check_limbs(const struct block *b)
{
    const size_t depth = b->s.taps * b->s.c, width = b->panels * SNN__MATRIX_SIDE;
    size_t set = 0, known = 0;

    for (size_t j = 0; j < width; j++) {
        double most = 0;

        for (size_t k = 0; k < depth; k++)
            most = fabs(b->w[k * width + j]) > most ? fabs(b->w[k * width + j]) : most;
        HOLDS(fabs(b->unit[j] * 8388606.0 / fmax(most, ldexp(1, -103)) - 1) <= ldexp(1, -23), "unit %zu", j);
        for (size_t k = 0; k < depth; k++) {
            const double w = b->w[k * width + j], stands_for = weight_of(b, k, j),
                         error = fabs(w - stands_for) / b->unit[j];

            known += stands_for != 0;
            HOLDS(error <= 0.5 + fabs(w / b->unit[j]) * ldexp(1, -22), "weight %zu, %zu: %.9g stands for %.9g", k, j,
                  stands_for, w);
        }
    }
    for (size_t i = 0; i < b->panels * b->words * SNN__MATRIX_WORD; i++) {
        const size_t at =
            i / (b->words * SNN__MATRIX_WORD) * 3 * b->words * SNN__MATRIX_WORD + i % (b->words * SNN__MATRIX_WORD);

        for (size_t l = 0; l < 3; l++)
            if (b->limbs[at + l * b->words * SNN__MATRIX_WORD]) {
                set++;
                break;
            }
    }
    ck_assert_uint_eq(set, known);
}

START_TEST(limbs_are_the_nearest)
{
    const struct snn__kernels *ref = snn__kernels_at(0);
    struct block b;

    open_block(&b, &shapes[_i], ref->nr, 1);
    cut_all(&b, ref->limbs);
    check_limbs(&b);
    close_block(&b);
}
END_TEST

/* Against sums in double precision of the weights that the limbs stand for: rounded at the end alone. */
UNWATCHED static void check_sums(const struct block *b, const float *before, float alpha, bool bias, bool accumulate)
{
    for (size_t m = 0; m < b->s.rows; m++)
        for (size_t j = 0; j < b->s.cols; j++) {
            const double other = (bias ? b->bias[j] : 0) + (accumulate ? before[m * Y_PITCH + j] : 0);
            double sum = 0;

            for (size_t k = 0; k < b->s.taps * b->s.c; k++)
                sum += number_at(b, m, k) * weight_of(b, k, j);
            sum *= alpha;
            HOLDS(fabs(b->y[m * Y_PITCH + j] - sum - other) <= 2.4e-7 * (fabs(sum) + fabs(other) + 1),
                  "y[%zu,%zu]: %.9g, not %.9g", m, j, b->y[m * Y_PITCH + j], sum + other);
        }
    for (size_t i = 0; i < b->s.rows * Y_PITCH; i++)
        HOLDS(i % Y_PITCH < b->s.cols || memcmp(&b->y[i], &before[i], sizeof *before) == 0, "written beyond");
}

START_TEST(sums_are_exact)
{
    const struct snn__kernels *ref = snn__kernels_at(0);

    for (int choice = 0; choice < 8; choice++) {
        struct snn__matrix call;
        float *before;
        struct block b;

        open_block(&b, &shapes[_i], ref->nr, choice & 4 ? SNN__MATRIX_PLANES : 1);
        before = numbers(b.s.rows * Y_PITCH);
        memcpy(before, b.y, b.s.rows * Y_PITCH * sizeof *before);
        cut_all(&b, ref->limbs);
        call = call_of(&b, choice == 1 ? 1 : 0.75f, choice & 1, choice & 2);
        ref->matrix(&call);
        check_sums(&b, before, call.alpha, choice & 1, choice & 2);
        free(before);
        close_block(&b);
    }
}
END_TEST

/* The same bytes, units and outputs as those of another table. */
static void compare(const struct shape *s, limbs_fn *make, matrix_fn *multiply, size_t nr, bool same_bits)
{
    const struct snn__kernels *ref = snn__kernels_at(0);

    for (int choice = 0; choice < 8; choice++) {
        struct snn__matrix call;
        struct block b, r;

        open_block(&r, s, ref->nr, choice & 4 ? SNN__MATRIX_PLANES : 1);
        open_block(&b, s, nr, choice & 4 ? SNN__MATRIX_PLANES : 1);
        cut_all(&r, ref->limbs);
        cut_all(&b, make);
        ck_assert(memcmp(b.limbs, r.limbs, b.panels * SNN__MATRIX_LIMBS * b.words * SNN__MATRIX_WORD + 64) == 0);
        ck_assert(memcmp(b.unit, r.unit, b.panels * SNN__MATRIX_SIDE * sizeof *b.unit + 64) == 0);
        call = call_of(&r, choice == 1 ? 1 : 0.75f, choice & 1, choice & 2);
        ref->matrix(&call);
        call = call_of(&b, choice == 1 ? 1 : 0.75f, choice & 1, choice & 2);
        multiply(&call);
        for (size_t i = 0; i < s->rows * Y_PITCH && !same_bits; i++)
            HOLDS(i % Y_PITCH < s->cols ? fabsf(b.y[i] - r.y[i]) <= 2.4e-7f * (fabsf(r.y[i]) + 2) : b.y[i] == r.y[i],
                  "y[%zu]: %.9g, not %.9g", i, b.y[i], r.y[i]);
        ck_assert(!same_bits || memcmp(b.y, r.y, s->rows * Y_PITCH * sizeof *b.y + 64) == 0);
        for (size_t i = 0; i < 64; i++)
            ck_assert_uint_eq(((uint8_t *)b.room)[SNN__MATRIX_ROOM + i], 0xff);
        close_block(&r);
        close_block(&b);
    }
}

START_TEST(emulated_tiles_give_the_same)
{
    compare(&shapes[_i], limbs, matrix, SNN__MATRIX_SIDE, true);
    ck_assert(!emulated.open);
}
END_TEST

/* Real ones, that the system lets us use. */
static bool has_tiles(const struct snn__kernels *k)
{
    return k->matrix && k->ask_for_unit();
}

/* Where there are real ones: fused multiplications may round otherwise. */
START_TEST(real_tiles_give_the_same)
{
    for (size_t i = 1; snn__kernels_at(i); i++)
        if (has_tiles(snn__kernels_at(i)))
            compare(&shapes[_i], snn__kernels_at(i)->limbs, snn__kernels_at(i)->matrix, snn__kernels_at(i)->nr,
                    false);
}
END_TEST

/* Columns whose weights are large, small, not normal, zero or not finite: the last are not numbers whatever fires. */
static void check_extremes(limbs_fn *make, matrix_fn *multiply, size_t nr)
{
    static const float largest_of[] = { 3.4e38f, 1, 0.99999994f, 8388607, 1.1e-31f,  7e-32f, 1.2e-38f,
                                        1e-42f,  0, INFINITY,    NAN,     -INFINITY, -1,     -0.99999994f };
    const struct shape s = { 3, sizeof largest_of / sizeof *largest_of, 1, 70 };
    struct snn__matrix call;
    struct block b;

    open_block(&b, &s, nr, 1);
    memset(b.x, 0, s.rows * b.words * sizeof *b.x);
    b.x[2 * b.words] = 2; /* the second weight, in the third row */
    for (size_t j = 0; j < s.cols; j++)
        for (size_t k = 0; k < s.c; k++)
            b.packed[j / nr * s.c * nr + k * nr + j % nr] = k == 1 ? largest_of[j] : 0;
    cut_all(&b, make);
    call = call_of(&b, 1, false, false);
    multiply(&call);
    for (size_t j = 0; j < s.cols; j++) {
        const float fired = b.y[2 * Y_PITCH + j], silent = b.y[j];

        if (!isfinite(largest_of[j])) {
            ck_assert(isnan(fired) && isnan(silent));
            continue;
        }
        ck_assert(silent == 0);
        HOLDS(fabs((double)fired - largest_of[j]) <= fmax(fabs(largest_of[j]) * ldexp(1, -22), ldexp(1, -127)),
              "%.9g is %.9g", largest_of[j], fired);
    }
    close_block(&b);
}

START_TEST(extreme_weights)
{
    check_extremes(snn__kernels_at(0)->limbs, snn__kernels_at(0)->matrix, snn__kernels_at(0)->nr);
    check_extremes(limbs, matrix, SNN__MATRIX_SIDE);
    for (size_t i = 1; snn__kernels_at(i); i++)
        if (has_tiles(snn__kernels_at(i)))
            check_extremes(snn__kernels_at(i)->limbs, snn__kernels_at(i)->matrix, snn__kernels_at(i)->nr);
}
END_TEST

/* ---- the whole way
 * ------------------------------------------------------------------------------------------------------- */

/* A context whose table has emulated tiles, or that of plain C. */
static snn_context *context_of(struct snn__kernels *k, uint32_t threads)
{
    snn_context *ctx = test_context(threads, 1, "ref");

    if (k) {
        *k = *ctx->kernels;
        k->isa = SNN__ISA_AMX;
        k->nr = SNN__MATRIX_SIDE;
        k->limbs = limbs;
        k->matrix = matrix;
        k->planes = planes;
        ctx->kernels = k;
    }
    return ctx;
}

/* Spikes, or counts of four of them, through a window, from and to rows with a pitch, with limbs that are kept or
 * not; the caller frees y. */
static float *multiply_windows(const snn_context *ctx, const struct window_case *c, bool keeps, bool counts)
{
    const size_t m = c->batch * c->w.oh * c->w.ow, k = depth_of(&c->w), taps = c->w.kh * c->w.kw;
    float *x = numbers(source_size(c)), *w = numbers(k * c->n), *bias = numbers(c->n),
          *packed = numbers(snn__packed_size(ctx, k, c->n));
    float *y = numbers(m * (c->n + 3));
    void *scratch = taken(snn__product_scratch(ctx, m, c->n, &c->w, true));
    void *kept = taken(snn__limbs_size(ctx, c->n, &c->w));
    struct snn__product p = { .m = m,
                              .n = c->n,
                              .x = x,
                              .window = c->w,
                              .packed = packed,
                              .limbs = keeps ? kept : NULL,
                              .alpha = 0.75f,
                              .bias = bias,
                              .y = y,
                              .y_pitch = c->n + 3,
                              .accumulate = true,
                              .spikes = !counts,
                              .whole = counts ? 4 : 0,
                              .way = SNN__WAY_MATRIX };

    random_fill(x, source_size(c), -1, 1, 1);
    for (size_t i = 0; i < source_size(c); i++)
        x[i] = counts ? floorf(2.5f * fabsf(x[i]) + 2 * (x[i] > 0.3f)) / 4 : x[i] > 0.6f;
    random_fill(w, k * c->n, -1, 1, 2);
    random_fill(bias, c->n, -1, 1, 3);
    random_fill(y, m * (c->n + 3), -1, 1, 4);
    snn__pack(ctx, packed, w, taps, c->w.c, c->n, 1, taps, k);
    snn__limbs(ctx, kept, packed, c->n, &c->w);
    ck_assert(snn__product_takes(ctx, &p, SNN__WAY_MATRIX));
    snn__product(ctx, &p, scratch);
    free(kept);
    free(x);
    free(w);
    free(bias);
    free(packed);
    free(scratch);
    return y;
}

START_TEST(windows_give_the_same)
{
    const struct window_case *c = &window_cases[_i / 2];
    const size_t n = c->batch * c->w.oh * c->w.ow * (c->n + 3);
    const bool counts = _i % 2;
    struct snn__kernels k;
    snn_context *ref;
    float *expected;

    if (c->w.transposed)
        return;
    ref = context_of(NULL, 1);
    expected = multiply_windows(ref, c, false, counts);
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        snn_context *ctx = context_of(&k, threads);
        float *y = multiply_windows(ctx, c, threads > 1, counts);

        HOLDS(memcmp(y, expected, n * sizeof *y) == 0, "%s with %u threads", c->name, threads);
        free(y);
        snn_context_destroy(ctx);
    }
    free(expected);
    snn_context_destroy(ref);
}
END_TEST

static enum snn__way picked(snn_context *ctx, size_t m, size_t n, size_t channels, size_t every)
{
    struct snn__product p = { .m = m,
                              .n = n,
                              .window = { 1, 1, channels, channels, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false },
                              .spikes = true };
    float *x = numbers(m * channels);
    void *scratch = taken(snn__product_scratch(ctx, m, n, &p.window, true));
    enum snn__way way;

    for (size_t i = 0; i < m * channels; i += every)
        x[i] = 1;
    p.x = x;
    way = snn__product_way(ctx, &p, scratch);
    free(x);
    free(scratch);
    return way;
}

START_TEST(large_products_go_to_the_unit)
{
    struct snn__kernels k;
    snn_context *ctx = context_of(&k, 1);

    ck_assert_int_eq(picked(ctx, 1024, 256, 2304, 5), SNN__WAY_MATRIX);
    ck_assert_int_eq(picked(ctx, 64, 32, 32, 1), SNN__WAY_MATRIX);
    ck_assert_int_eq(picked(ctx, 1024, 256, 2304, 100), SNN__WAY_EVENTS);
    ck_assert_int_eq(picked(ctx, 63, 32, 32, 1), SNN__WAY_DENSE);
    ck_assert_int_eq(picked(ctx, 1024, 16, 64, 2), SNN__WAY_LOOKUP);
    ctx->kernels = snn__kernels_at(0);
    ck_assert_int_eq(picked(ctx, 1024, 256, 300, 5), SNN__WAY_LOOKUP);
    snn_context_destroy(ctx);
}
END_TEST

/* Bytes of deeper weights do not add up in 32 bits. */
START_TEST(depth_has_a_bound)
{
    snn_context *ctx = test_context(1, 1, "ref");
    struct snn__product p = { .m = 64,
                              .n = 64,
                              .window = { 1, 1, 1 << 23, 1 << 23, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false },
                              .spikes = true };

    ck_assert(snn__product_takes(ctx, &p, SNN__WAY_MATRIX));
    p.spikes = false;
    ck_assert(!snn__product_takes(ctx, &p, SNN__WAY_MATRIX));
    p.spikes = true;
    p.window.c++;
    ck_assert(!snn__product_takes(ctx, &p, SNN__WAY_MATRIX));
    p.spikes = false; /* counts */
    p.whole = 4;
    p.window.c = p.window.pitch = 1 << 20;
    ck_assert(snn__product_takes(ctx, &p, SNN__WAY_MATRIX));
    p.window.c++;
    ck_assert(!snn__product_takes(ctx, &p, SNN__WAY_MATRIX));
    snn_context_destroy(ctx);
}
END_TEST

/* All spikes at the depth bound and the largest bytes: the sums of 32 bits that finish() takes are at their ends. */
START_TEST(finish_takes_the_largest_sums)
{
    static const int64_t limb[] = { 255, 255, 127 }, small[] = { 255, 255, -128 }, depth = 1 << 23;
    static int32_t sum[3 * 32 * 32];
    float y[2], unit[2] = { 0x1p-20f, 0x1p-20f };
    const struct snn__matrix a = { .rows = 1, .cols = 2, .unit = unit, .alpha = 1, .y = y, .y_pitch = 2 };

    for (size_t l = 0; l < 3; l++) {
        sum[l * 32 * 32] = (int32_t)(limb[l] * depth);
        sum[l * 32 * 32 + 1] = (int32_t)(small[l] * depth);
    }
    finish_panel(&a, sum, 0);
    ck_assert(y[0] == (float)ldexp((double)(8388607 * depth), -20));
    ck_assert(y[1] == (float)ldexp((double)((int64_t)-8323073 * depth), -20));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("matrix");
    TCase *t = tcase_create("matrix");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, limbs_are_the_nearest, 0, SHAPES);
    tcase_add_loop_test(t, sums_are_exact, 0, SHAPES);
    tcase_add_loop_test(t, emulated_tiles_give_the_same, 0, SHAPES);
    tcase_add_loop_test(t, real_tiles_give_the_same, 0, SHAPES);
    tcase_add_test(t, extreme_weights);
    tcase_add_test(t, finish_takes_the_largest_sums);
    if (HAS_WAYS) {
        tcase_add_loop_test(t, windows_give_the_same, 0, 2 * (int)WINDOW_CASES);
        tcase_add_test(t, large_products_go_to_the_unit);
        tcase_add_test(t, depth_has_a_bound);
    }
    suite_add_tcase(s, t);
    return run_suite(s);
}
