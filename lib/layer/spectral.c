/* layer/spectral.c - power iteration and the gradient through a restricted norm. */
#include "layer/spectral.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include <math.h>

/* Rows and columns are shared out in blocks of so many. */
#define BLOCK 64
#define TINY 1e-12

struct matrix {
    const snn_context *ctx;
    const float *w;
    size_t rows, columns;
    const float *x;
    float *y;
};

/* y <- w^T x */
static void transposed_block(void *arg, size_t block, size_t worker)
{
    struct matrix *k = arg;
    size_t from = block * BLOCK, n = snn__min((size_t)BLOCK, k->columns - from);

    (void)worker;
    k->ctx->kernels->fill(k->y + from, 0.0f, n);
    for (size_t i = 0; i < k->rows; i++)
        k->ctx->kernels->axpy(k->y + from, k->x[i], k->w + i * k->columns + from, n);
}

/* y <- w x */
static void plain_block(void *arg, size_t block, size_t worker)
{
    struct matrix *k = arg;
    size_t from = block * BLOCK, to = snn__min(from + BLOCK, k->rows);

    (void)worker;
    for (size_t i = from; i < to; i++)
        k->y[i] = (float)k->ctx->kernels->dot(k->w + i * k->columns, k->x, k->columns);
}

/* x <- x / |x|; returns |x|. */
static double normalise(const snn_context *ctx, float *x, size_t n)
{
    double norm = fmax(sqrt(ctx->kernels->dot(x, x, n)), TINY);

    ctx->kernels->scale(x, (float)(1.0 / norm), x, n);
    return norm;
}

double snn__spectral_iterate(const snn_context *ctx, const float *w, size_t rows, size_t columns, const float *u,
                             float *next_u, float *next_v)
{
    struct matrix k = { ctx, w, rows, columns, u, next_v };

    snn__parallel(ctx, transposed_block, &k, snn__ceil_div(columns, BLOCK));
    normalise(ctx, next_v, columns);
    k.x = next_v;
    k.y = next_u;
    snn__parallel(ctx, plain_block, &k, snn__ceil_div(rows, BLOCK));
    return normalise(ctx, next_u, rows);
}

double snn__spectral_gradient(const snn_context *ctx, const float *w, size_t rows, size_t columns, const float *u,
                              const float *v, double sigma, double g, double range, float *gradient)
{
    double inner = ctx->kernels->dot(gradient, w, rows * columns) / sigma;
    double factor = fmin(fmax(g, -range), range) / sigma;

    for (size_t i = 0; i < rows; i++) {
        float *row = gradient + i * columns;

        ctx->kernels->scale(row, (float)factor, row, columns);
        ctx->kernels->axpy(row, (float)(-factor * inner * u[i]), v, columns);
    }
    return fabs(g) <= range ? inner : 0.0;
}
