/* Products against a slow double-precision loop and against OpenBLAS; adjoints; the same bits for any number of
 * threads. */
#include "core/context.h"
#include "core/size.h"
#include "naive.h"
#include "support.h"
#include <cblas.h>
#include <string.h>

/* Rounding of a sum of k products of numbers in [-1, 1), whatever its order. Winograd's transforms add numbers of
 * different size: the largest errors seen are 3.8 (product) and 6.1 times (outer product) the bound that holds for
 * plain sums. */
static double tolerance(size_t k, const struct snn__window *w)
{
    return (w->kh >= 3 && w->c >= 32 ? 8 : 1) * (2e-6 * sqrt((double)k) + 1e-6);
}

/* A context that may use the matrix unit, if there is one, for products of any size. */
static snn_context *asked_context(uint32_t threads, const char *isa)
{
    snn_context *ctx = test_context(threads, 1, isa);

    snn__product_ask(ctx);
    return ctx;
}

struct operands {
    size_t m, k, n;
    float *x, *w, *bias, *packed, *y, *d, *g;
    void *scratch;
};

static void make(struct operands *o, const snn_context *ctx, const struct window_case *c)
{
    size_t bytes;

    o->m = c->batch * c->w.oh * c->w.ow;
    o->k = depth_of(&c->w);
    o->n = c->n;
    o->x = numbers(source_size(c));
    o->w = numbers(o->k * o->n);
    o->bias = numbers(o->n);
    o->y = numbers(o->m * (o->n + 3));
    o->d = numbers(o->m * (o->n + 2));
    o->g = numbers(o->n * (o->k + 1));
    random_fill(o->x, source_size(c), -1, 1, 1);
    random_fill(o->w, o->k * o->n, -1, 1, 2);
    random_fill(o->bias, o->n, -1, 1, 3);
    random_fill(o->y, o->m * (o->n + 3), -1, 1, 4);
    random_fill(o->d, o->m * (o->n + 2), -1, 1, 5);
    random_fill(o->g, o->n * (o->k + 1), -1, 1, 6);
    o->packed = numbers(snn__packed_size(ctx, o->k, o->n));
    /* weights [n, c, taps], as layers hold them */
    snn__pack(ctx, o->packed, o->w, c->w.kh * c->w.kw, c->w.c, o->n, 1, c->w.kh * c->w.kw, o->k);
    bytes = snn__max(snn__product_scratch(ctx, o->m, o->n, &c->w, !c->w.transposed),
                     snn__outer_scratch(ctx, o->m, o->n, &c->w));
    o->scratch = aligned_alloc(64, snn__round_up(bytes + 1, 64));
    memset(o->scratch, 0xff, bytes); /* NaN: nothing may be read before it is written */
}

static void drop(struct operands *o)
{
    free(o->x);
    free(o->w);
    free(o->bias);
    free(o->packed);
    free(o->y);
    free(o->d);
    free(o->g);
    free(o->scratch);
}

/* The weights as a matrix [n,k] in the order of columns. */
UNWATCHED static double *weights_of(const struct operands *o, const struct snn__window *w)
{
    double *p = calloc(o->n * o->k, sizeof *p);

    if (p == NULL)
        abort();
    for (size_t n = 0; n < o->n; n++)
        for (size_t k = 0; k < o->k; k++)
            p[n * o->k + k] = o->w[n * o->k + (k % w->c) * (w->kh * w->kw) + k / w->c];
    return p;
}

/* ---- products
 * ---------------------------------------------------------------------------------------------------- */

/* Leaves one number in `keep`, or a spike in its place. */
UNWATCHED static void thin_out(float *x, size_t n, size_t keep, bool spikes)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (i * 2654435761u >> 7) % keep != 0 ? 0 : spikes ? 1 : x[i];
}

/* x and the way to the product */
struct input {
    size_t keep;
    bool spikes;
    enum snn__way way;
};

/* sum_k read(x)[m,k] w[k,n] of these operands, [m,n]. */
UNWATCHED static double *sums_of(const snn_context *ctx, const struct window_case *c, size_t keep, bool spikes)
{
    struct operands o;
    double *patches, *w, *sums;

    make(&o, ctx, c);
    thin_out(o.x, source_size(c), keep, spikes);
    patches = patches_of(&c->w, o.x, o.m);
    w = weights_of(&o, &c->w);
    sums = calloc(o.m * o.n, sizeof *sums);
    if (sums == NULL)
        abort();
    for (size_t m = 0; m < o.m; m++)
        for (size_t n = 0; n < o.n; n++) {
            double sum = 0;

            for (size_t k = 0; k < o.k; k++)
                sum += patches[m * o.k + k] * w[n * o.k + k];
            sums[m * o.n + n] = sum;
        }
    free(w);
    free(patches);
    drop(&o);
    return sums;
}

UNWATCHED static void check_product(const snn_context *ctx, const struct window_case *c, struct input in,
                                    const double *sums, float alpha, bool bias, bool accumulate)
{
    struct operands o;
    struct snn__product p;
    float *before;

    make(&o, ctx, c);
    thin_out(o.x, source_size(c), in.keep, in.spikes);
    before = numbers(o.m * (o.n + 3));
    memcpy(before, o.y, o.m * (o.n + 3) * sizeof *before);
    p = (struct snn__product){ .m = o.m,
                               .n = o.n,
                               .x = o.x,
                               .window = c->w,
                               .packed = o.packed,
                               .alpha = alpha,
                               .bias = bias ? o.bias : NULL,
                               .y = o.y,
                               .y_pitch = o.n + 3,
                               .accumulate = accumulate,
                               .spikes = in.spikes,
                               .way = in.way };
    snn__product(ctx, &p, o.scratch);
    for (size_t m = 0; m < o.m; m++) {
        for (size_t n = 0; n < o.n; n++) {
            const double sum =
                alpha * sums[m * o.n + n] + (bias ? o.bias[n] : 0) + (accumulate ? before[m * (o.n + 3) + n] : 0);

            HOLDS(fabs(sum - o.y[m * (o.n + 3) + n]) <= tolerance(o.k, &c->w), "%s: y[%zu,%zu] is %g, not %g",
                  c->name, m, n, o.y[m * (o.n + 3) + n], sum);
        }
        HOLDS(memcmp(o.y + m * (o.n + 3) + o.n, before + m * (o.n + 3) + o.n, 3 * sizeof(float)) == 0,
              "written beyond");
    }
    free(before);
    drop(&o);
}

START_TEST(product_is_the_sum)
{
    snn_context *ctx = asked_context(2, isa_of(_i % tables()));
    const struct window_case *c = &window_cases[_i / tables()];

    for (size_t keep = 1; keep <= 100; keep *= 10) {
        const struct input in = { keep, false, SNN__WAY_ANY };
        double *sums = sums_of(ctx, c, keep, false);

        check_product(ctx, c, in, sums, 1, false, false);
        check_product(ctx, c, in, sums, 1, true, false);
        check_product(ctx, c, in, sums, 1, false, true);
        check_product(ctx, c, in, sums, 0.75f, true, true);
        free(sums);
    }
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(every_way_gives_the_sum)
{
    snn_context *ctx = asked_context(2, isa_of(_i % tables()));
    const struct window_case *c = &window_cases[_i / tables()];
    const bool events = snn__product_takes(ctx, &(struct snn__product){ .window = c->w }, SNN__WAY_EVENTS);
    const bool lookup =
        !c->w.transposed &&
        snn__product_takes(ctx, &(struct snn__product){ .window = c->w, .spikes = true }, SNN__WAY_LOOKUP);
    double *dense = sums_of(ctx, c, 3, false), *third = lookup ? sums_of(ctx, c, 3, true) : NULL;
    double *all = lookup ? sums_of(ctx, c, 1, true) : NULL;

    check_product(ctx, c, (struct input){ 3, lookup, SNN__WAY_ANY }, lookup ? third : dense, 1, true, false);
    check_product(ctx, c, (struct input){ 3, false, SNN__WAY_DENSE }, dense, 0.75f, true, true);
    if (events)
        check_product(ctx, c, (struct input){ 3, false, SNN__WAY_EVENTS }, dense, 0.75f, true, true);
    if (!c->w.transposed &&
        snn__product_takes(ctx, &(struct snn__product){ .window = c->w, .spikes = true }, SNN__WAY_MATRIX)) {
        check_product(ctx, c, (struct input){ 1, true, SNN__WAY_MATRIX }, all, 1, false, true);
        check_product(ctx, c, (struct input){ 3, true, SNN__WAY_MATRIX }, third, 0.75f, true, false);
    }
    if (lookup) {
        check_product(ctx, c, (struct input){ 1, true, SNN__WAY_LOOKUP }, all, 1, false, true);
        check_product(ctx, c, (struct input){ 3, true, SNN__WAY_LOOKUP }, third, 0.75f, true, false);
    }
    free(dense);
    free(all);
    free(third);
    snn_context_destroy(ctx);
}
END_TEST

/* One product with spikes into o->y, from floats or from their map alone. */
static void multiply(const snn_context *ctx, struct operands *o, const struct snn__window *w, enum snn__way way,
                     const uint64_t *map)
{
    struct snn__product p = { .m = o->m,
                              .n = o->n,
                              .x = map && way != SNN__WAY_ANY ? NULL : o->x,
                              .window = *w,
                              .packed = o->packed,
                              .alpha = 0.75f,
                              .bias = o->bias,
                              .y = o->y,
                              .y_pitch = o->n,
                              .spikes = true,
                              .map = map,
                              .way = way };

    snn__product(ctx, &p, o->scratch);
}

/* Whatever is read: the same bits, and the same way. */
START_TEST(a_map_is_its_spikes)
{
    static const enum snn__way ways[] = { SNN__WAY_ANY, SNN__WAY_EVENTS, SNN__WAY_LOOKUP, SNN__WAY_MATRIX };
    snn_context *ctx = asked_context(2, isa_of(_i % tables()));
    const struct window_case *c = &window_cases[_i / tables()];

    for (size_t i = 0; i < 8 && !c->w.transposed; i++) {
        const enum snn__way way = ways[i % 4];
        struct operands o;
        uint64_t *map;
        float *y;

        if (!snn__product_takes(ctx, &(struct snn__product){ .window = c->w, .spikes = true }, way))
            continue;
        make(&o, ctx, c);
        thin_out(o.x, source_size(c), i < 4 ? 3 : 30, true);
        map = map_of(&c->w, o.x, c->batch);
        y = numbers(o.m * o.n);
        multiply(ctx, &o, &c->w, way, NULL);
        memcpy(y, o.y, o.m * o.n * sizeof *y);
        multiply(ctx, &o, &c->w, way, map);
        HOLDS(memcmp(y, o.y, o.m * o.n * sizeof *y) == 0, "%s, way %d: other bits", c->name, (int)way);
        free(y);
        free(map);
        drop(&o);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* Squares of the errors of y[m,n], [m,k] times [n,k] turned, added up. */
UNWATCHED static double error_of(const float *y, const float *x, const float *w, size_t m, size_t n, size_t k)
{
    double all = 0;

    for (size_t i = 0; i < m * n; i++) {
        double sum = -y[i];

        for (size_t j = 0; j < k; j++)
            sum += (double)x[i / n * k + j] * w[i % n * k + j];
        all += sum * sum;
    }
    return all;
}

/* Rounding is no worse than that of BLAS, by the root of the mean square, for weights of all bits. */
static void compare_with_blas(snn_context *ctx, enum snn__way way)
{
    enum { M = 128, N = 32, K = 2304 };
    const struct window_case c = { "", M, N, { 1, 1, K, K, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } };
    float *y = numbers(M * N);
    double ours, theirs;
    struct operands o;

    make(&o, ctx, &c);
    thin_out(o.x, M * K, 5, true);
    for (size_t i = 0; i < N * K; i++)
        o.w[i] /= 1.3f;
    snn__pack(ctx, o.packed, o.w, 1, K, N, 1, 1, K);
    snn__product(ctx,
                 &(struct snn__product){ .m = M,
                                         .n = N,
                                         .x = o.x,
                                         .window = c.w,
                                         .packed = o.packed,
                                         .alpha = 1,
                                         .y = o.y,
                                         .y_pitch = N,
                                         .spikes = true,
                                         .way = way },
                 o.scratch);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, M, N, K, 1, o.x, K, o.w, K, 0, y, N);
    ours = error_of(o.y, o.x, o.w, M, N, K);
    theirs = error_of(y, o.x, o.w, M, N, K);
    HOLDS(ours <= theirs, "%s: mean square error %g, of BLAS %g", way == SNN__WAY_LOOKUP ? "lookup" : "matrix",
          ours / (M * N), theirs / (M * N));
    free(y);
    drop(&o);
}

START_TEST(spikes_are_as_exact_as_blas)
{
    static const enum snn__way ways[] = { SNN__WAY_LOOKUP, SNN__WAY_MATRIX };
    snn_context *ctx = asked_context(1, isa_of(_i));

    for (size_t i = 0; i < 2; i++)
        if (snn__product_takes(ctx, &(struct snn__product){ .window = { .kh = 1, .kw = 1, .c = 1 }, .spikes = true },
                               ways[i]))
            compare_with_blas(ctx, ways[i]);
    snn_context_destroy(ctx);
}
END_TEST

/* sum_m d[m,n] read(x)[m,k] of the operands, [n,k]. */
UNWATCHED static double *outer_sums_of(const snn_context *ctx, const struct window_case *c, size_t keep)
{
    struct operands o;
    double *patches, *sums;

    make(&o, ctx, c);
    thin_out(o.x, source_size(c), keep, false);
    patches = patches_of(&c->w, o.x, o.m);
    sums = calloc(o.n * o.k, sizeof *sums);
    if (sums == NULL)
        abort();
    for (size_t n = 0; n < o.n; n++)
        for (size_t m = 0; m < o.m; m++)
            for (size_t k = 0; k < o.k; k++)
                sums[n * o.k + k] += o.d[m * (o.n + 2) + n] * patches[m * o.k + k];
    free(patches);
    drop(&o);
    return sums;
}

UNWATCHED static void check_outer(const snn_context *ctx, const struct window_case *c, struct input in,
                                  const double *sums, float alpha, bool accumulate)
{
    struct operands o;
    struct snn__outer p;
    float *before;

    make(&o, ctx, c);
    thin_out(o.x, source_size(c), in.keep, false);
    before = numbers(o.n * (o.k + 1));
    memcpy(before, o.g, o.n * (o.k + 1) * sizeof *before);
    p = (struct snn__outer){ .m = o.m,
                             .n = o.n,
                             .d = o.d,
                             .d_pitch = o.n + 2,
                             .x = o.x,
                             .window = c->w,
                             .alpha = alpha,
                             .g = o.g,
                             .g_pitch = o.k + 1,
                             .accumulate = accumulate,
                             .way = in.way };
    snn__outer(ctx, &p, o.scratch);
    for (size_t n = 0; n < o.n; n++) {
        for (size_t k = 0; k < o.k; k++) {
            const double sum = alpha * sums[n * o.k + k] + (accumulate ? before[n * (o.k + 1) + k] : 0);

            HOLDS(fabs(sum - o.g[n * (o.k + 1) + k]) <= tolerance(o.m, &c->w), "%s: g[%zu,%zu] is %g, not %g",
                  c->name, n, k, o.g[n * (o.k + 1) + k], sum);
        }
        HOLDS(memcmp(o.g + n * (o.k + 1) + o.k, before + n * (o.k + 1) + o.k, sizeof(float)) == 0, "written beyond");
    }
    free(before);
    drop(&o);
}

START_TEST(outer_is_the_sum)
{
    snn_context *ctx = asked_context(2, isa_of(_i % tables()));
    const struct window_case *c = &window_cases[_i / tables()];
    const struct input dense = { 1, false, SNN__WAY_ANY }, sparse = { 3, false, SNN__WAY_EVENTS };
    double *sums = outer_sums_of(ctx, c, dense.keep);

    check_outer(ctx, c, dense, sums, 1, false);
    check_outer(ctx, c, dense, sums, 1, true);
    check_outer(ctx, c, dense, sums, -0.5f, true);
    check_outer(ctx, c, dense, sums, -0.5f, false);
    free(sums);
    sums = outer_sums_of(ctx, c, sparse.keep);
    if (snn__outer_takes(ctx, &(struct snn__outer){ .n = c->n, .window = c->w }, SNN__WAY_EVENTS)) {
        check_outer(ctx, c, sparse, sums, 1, false);
        check_outer(ctx, c, sparse, sums, -0.5f, true);
    }
    free(sums);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- adjoints
 * ---------------------------------------------------------------------------------------------------- */

/* <read(x) w, e> = <x, read'(e) w'>: a convolution and the transposed window with the same geometry. */
static void check_adjoint(const snn_context *ctx, size_t h, size_t kernel, size_t stride, size_t pad, size_t dilation)
{
    const size_t oh = (h + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1, c = 5, n = 7, b = 2;
    const size_t taps = kernel * kernel;
    const struct window_case there = {
        "",
        b,
        n,
        { h, h, c, c, oh, oh, kernel, kernel, { stride, stride }, { pad, pad }, { dilation, dilation }, false }
    };
    const struct window_case back = {
        "",
        b,
        c,
        { oh, oh, n, n, h, h, kernel, kernel, { stride, stride }, { pad, pad }, { dilation, dilation }, true }
    };
    struct operands o, r;
    struct snn__product p;
    double left = 0, right = 0;
    float *turned;

    make(&o, ctx, &there);
    make(&r, ctx, &back);
    p = (struct snn__product){
        .m = o.m, .n = n, .x = o.x, .window = there.w, .packed = o.packed, .alpha = 1, .y = o.y, .y_pitch = n
    };
    snn__product(ctx, &p, o.scratch);
    /* w' [k = (tap, n), c] out of the same weights [n, c, tap] */
    snn__pack(ctx, r.packed, o.w, taps, n, c, 1, c * taps, taps);
    turned = numbers(snn__packed_size(ctx, r.k, c));
    snn__pack_turned(ctx, turned, o.packed, taps, c, n); /* or out of the packed w */
    HOLDS(memcmp(turned, r.packed, snn__packed_size(ctx, r.k, c) * sizeof *turned) == 0, "h %zu kernel %zu: turned",
          h, kernel);
    free(turned);
    p = (struct snn__product){
        .m = r.m, .n = c, .x = r.x, .window = back.w, .packed = r.packed, .alpha = 1, .y = r.y, .y_pitch = c
    };
    snn__product(ctx, &p, r.scratch);
    for (size_t i = 0; i < o.m * n; i++)
        left += (double)o.y[i] * r.x[i];
    for (size_t i = 0; i < r.m * c; i++)
        right += (double)o.x[i] * r.y[i];
    HOLDS(fabs(left - right) <= 1e-4, "h %zu kernel %zu stride %zu pad %zu dilation %zu: %g, %g", h, kernel, stride,
          pad, dilation, left, right);
    drop(&o);
    drop(&r);
}

START_TEST(transposed_window_is_the_adjoint)
{
    snn_context *ctx = asked_context(1, isa_of(_i));

    check_adjoint(ctx, 8, 3, 1, 1, 1);
    check_adjoint(ctx, 8, 3, 2, 1, 1);
    check_adjoint(ctx, 9, 3, 2, 0, 1);
    check_adjoint(ctx, 9, 1, 2, 0, 1);
    check_adjoint(ctx, 11, 3, 1, 2, 2);
    check_adjoint(ctx, 12, 4, 3, 2, 1);
    check_adjoint(ctx, 13, 3, 3, 4, 3);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- against BLAS
 * ------------------------------------------------------------------------------------------------ */

START_TEST(agrees_with_blas)
{
    static const size_t shapes[][3] = { { 128, 800, 784 }, { 128, 10, 800 }, { 200, 64, 1152 }, { 1, 300, 200 } };
    const size_t m = shapes[_i / tables()][0], n = shapes[_i / tables()][1], k = shapes[_i / tables()][2];
    const struct window_case c = { "", m, n, { 1, 1, k, k, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } };
    snn_context *ctx = asked_context(2, isa_of(_i % tables()));
    float *y = numbers(m * n), *g = numbers(n * k);
    struct operands o;

    make(&o, ctx, &c);
    snn__product(
        ctx,
        &(struct snn__product){
            .m = m, .n = n, .x = o.x, .window = c.w, .packed = o.packed, .alpha = 1, .y = o.y, .y_pitch = n },
        o.scratch);
    snn__outer(
        ctx,
        &(struct snn__outer){
            .m = m, .n = n, .d = o.d, .d_pitch = n, .x = o.x, .window = c.w, .alpha = 1, .g = o.g, .g_pitch = k },
        o.scratch);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, o.x, (int)k, o.w, (int)k, 0, y,
                (int)n);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)n, (int)k, (int)m, 1, o.d, (int)n, o.x, (int)k, 0, g,
                (int)k);
    for (size_t i = 0; i < m * n; i++)
        HOLDS(fabs(y[i] - o.y[i]) <= 2 * tolerance(k, &c.w), "y[%zu]: %g, %g", i, y[i], o.y[i]);
    for (size_t i = 0; i < n * k; i++)
        HOLDS(fabs(g[i] - o.g[i]) <= 2 * tolerance(m, &c.w), "g[%zu]: %g, %g", i, g[i], o.g[i]);
    free(y);
    free(g);
    drop(&o);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- threads
 * ------------------------------------------------------------------------------------------------------ */

static const struct window_case big[] = {
    { "fully connected", 128, 800, { 1, 1, 784, 784, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "readout", 128, 10, { 1, 1, 800, 800, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "first conv", 8, 24, { 32, 32, 3, 3, 32, 32, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv, many tiles", 8, 64, { 16, 16, 48, 48, 16, 16, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "many rows", 3000, 40, { 1, 1, 130, 130, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "conv", 2, 96, { 16, 16, 64, 64, 16, 16, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
};

/* o->g of x as it is, by events. */
static const float *gradient_of_events(const snn_context *ctx, const struct window_case *c, struct operands *o)
{
    snn__outer(ctx,
               &(struct snn__outer){ .m = o->m,
                                     .n = o->n,
                                     .d = o->y,
                                     .d_pitch = o->n,
                                     .x = o->x,
                                     .window = c->w,
                                     .alpha = 1,
                                     .g = o->g,
                                     .g_pitch = o->k,
                                     .way = SNN__WAY_EVENTS },
               o->scratch);
    return o->g;
}

/* o->d = x w without a bias, of x as it is, by a way. */
static const float *product_by(const snn_context *ctx, const struct window_case *c, struct operands *o, bool spikes,
                               enum snn__way way)
{
    snn__product(ctx,
                 &(struct snn__product){ .m = o->m,
                                         .n = o->n,
                                         .x = o->x,
                                         .window = c->w,
                                         .packed = o->packed,
                                         .alpha = 1,
                                         .y = o->d,
                                         .y_pitch = o->n,
                                         .spikes = spikes,
                                         .way = way },
                 o->scratch);
    return o->d;
}

/* What one thread computed, to which that of others is compared. */
static float *keep_first(float *first, const float *now, size_t n, const struct window_case *c, const char *what,
                         uint32_t threads)
{
    if (threads == 1) {
        first = numbers(n);
        memcpy(first, now, n * sizeof *now);
    }
    HOLDS(memcmp(first, now, n * sizeof *now) == 0, "%s: %s with %u threads", c->name, what, threads);
    return first;
}

START_TEST(threads_do_not_change_bits)
{
    const struct window_case *c = &big[_i / tables()];
    float *y = NULL, *g = NULL, *looked_up = NULL, *walked = NULL, *summed = NULL;

    for (uint32_t threads = 1; threads <= 3; threads++) {
        snn_context *ctx = asked_context(threads, isa_of(_i % tables()));
        struct operands o;

        make(&o, ctx, c);
        snn__product(ctx,
                     &(struct snn__product){ .m = o.m,
                                             .n = o.n,
                                             .x = o.x,
                                             .window = c->w,
                                             .packed = o.packed,
                                             .alpha = 1,
                                             .bias = o.bias,
                                             .y = o.y,
                                             .y_pitch = o.n },
                     o.scratch);
        snn__outer(ctx,
                   &(struct snn__outer){ .m = o.m,
                                         .n = o.n,
                                         .d = o.d,
                                         .d_pitch = o.n,
                                         .x = o.x,
                                         .window = c->w,
                                         .alpha = 1,
                                         .g = o.g,
                                         .g_pitch = o.k },
                   o.scratch);
        thin_out(o.x, source_size(c), 3, true);
        y = keep_first(y, o.y, o.m * o.n, c, "product", threads);
        g = keep_first(g, o.g, o.n * o.k, c, "outer", threads);
        looked_up =
            keep_first(looked_up, product_by(ctx, c, &o, true, SNN__WAY_LOOKUP), o.m * o.n, c, "lookup", threads);
        walked = keep_first(walked, product_by(ctx, c, &o, false, SNN__WAY_EVENTS), o.m * o.n, c, "events", threads);
        for (size_t i = 0; i < o.m * o.n; i++)
            HOLDS(fabsf(walked[i] - looked_up[i]) < 1e-4f, "%s: events give %g, lookup %g", c->name,
                  (double)walked[i], (double)looked_up[i]);
        if (snn__outer_takes(ctx, &(struct snn__outer){ .n = o.n, .window = c->w }, SNN__WAY_EVENTS))
            summed = keep_first(summed, gradient_of_events(ctx, c, &o), o.n * o.k, c, "gradient by events", threads);
        drop(&o);
        snn_context_destroy(ctx);
    }
    free(summed);
    free(walked);
    free(y);
    free(g);
    free(looked_up);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("product");
    TCase *t = tcase_create("product"), *sparse = tcase_create("sparse");

    openblas_set_num_threads(1); /* its own threads look like races to a sanitizer that it was not built with */
    tcase_set_timeout(t, 120);
    tcase_set_timeout(sparse, 120);
    tcase_set_tags(sparse, "long"); /* in an emulator */
    tcase_add_loop_test(sparse, product_is_the_sum, 0, tables() * (int)WINDOW_CASES);
    tcase_add_loop_test(t, every_way_gives_the_sum, 0, tables() * (int)WINDOW_CASES);
    tcase_add_loop_test(t, a_map_is_its_spikes, 0, tables() * (int)WINDOW_CASES);
    tcase_add_loop_test(t, spikes_are_as_exact_as_blas, 0, tables());
    tcase_add_loop_test(t, outer_is_the_sum, 0, tables() * (int)WINDOW_CASES);
    tcase_add_loop_test(t, transposed_window_is_the_adjoint, 0, tables());
    tcase_add_loop_test(t, agrees_with_blas, 0, tables() * 4);
    tcase_add_loop_test(t, threads_do_not_change_bits, 0, tables() * (int)(sizeof big / sizeof big[0]));
    suite_add_tcase(s, t);
    suite_add_tcase(s, sparse);
    return run_suite(s);
}
