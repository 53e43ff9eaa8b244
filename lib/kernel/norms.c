/* kernel/norms.c - normalisation: over the rows of a channel (layer/norm.c), and over the features of a sample
 * (layer/layer_norm.c). Sums are in double precision. */
#include "core/fpu.h"
#include "core/size.h"
#include "kernel/tables.h"
#include <math.h>

/* ---- channels: statistics ---- */

void snn__norm_sums(void *arguments, size_t piece, size_t worker)
{
    const struct snn__norm_sums *k = arguments;
    size_t from = snn__part(k->rows, k->pieces, piece), to = snn__part(k->rows, k->pieces, piece + 1);
    double *first = k->partial + piece * 2 * k->c, *second = first + k->c;

    (void)worker;
    for (size_t i = 0; i < 2 * k->c; i++)
        first[i] = 0;
    for (size_t row = from; row < to; row++) {
        const float *x = k->x + row * k->c, *d = k->d ? k->d + row * k->c : NULL;

        for (size_t i = 0; i < k->c; i++) {
            double a = d ? d[i] : x[i] - k->center[i];

            first[i] += a;
            second[i] += a * (d ? x[i] - k->center[i] : a);
        }
    }
}

void snn__norm_total(void *arguments, size_t from, size_t to)
{
    const struct snn__norm_sums *k = arguments;

    for (size_t piece = 1; piece < k->pieces; piece++)
        for (size_t i = from; i < to; i++)
            k->partial[i] += k->partial[piece * 2 * k->c + i];
    for (size_t i = from; i < to; i++)
        k->total[i] = (k->accumulate ? k->total[i] : 0) + k->partial[i];
}

void snn__norm_statistics(void *arguments, size_t from, size_t to)
{
    const struct snn__norm_statistics *k = arguments;

    for (size_t i = from; i < to; i++) {
        double m = k->sums[i] / k->n, v = k->sums[k->c + i] / k->n - m * m;
        double mu = (k->center[i] + m) * k->scale, var = (v > 0 ? v : 0) * k->scale * k->scale;

        k->mean[i] = (float)mu;
        k->inverse[i] = (float)(1.0 / sqrt(var + k->eps));
        k->unbiased[i] = (float)(var * (k->all > 1 ? k->all / (k->all - 1) : 1.0));
        if (k->running_mean == NULL)
            continue;
        k->running_mean[i] = snn__flushed((float)((1.0 - k->momentum) * k->running_mean[i] + k->momentum * mu));
        k->running_var[i] =
            snn__flushed((float)((1.0 - k->momentum) * k->running_var[i] + k->momentum * k->unbiased[i]));
    }
}

/* ---- channels: lines ---- */

void snn__norm_line(void *arguments, size_t from, size_t to)
{
    const struct snn__norm_line *k = arguments;

    for (size_t i = from; i < to; i++) {
        const float inverse = k->inverse ? k->inverse[i] : 1.0f / sqrtf(k->var[i] + k->eps);

        k->slope[i] = k->gamma[i] * inverse * k->scale;
        k->shift[i] = k->beta ? k->beta[i] - k->gamma[i] * inverse * k->mean[i] : 0.0f;
    }
}

/* Part of a row, from channel i on. */
static void affine_part(const struct snn__affine *k, size_t e, size_t i, size_t n)
{
    const float *restrict x = k->x + e, *restrict slope = k->slope + i, *restrict shift = k->shift + i;
    float *restrict y = k->y + e;

    if (k->x2 != NULL) {
        const float *restrict x2 = k->x2 + e, *restrict bend = k->bend + i;

        for (size_t j = 0; j < n; j++)
            y[j] = (k->accumulate ? y[j] : 0.0f) + (slope[j] * x[j] + shift[j] + bend[j] * x2[j]);
    } else if (k->accumulate) {
        for (size_t j = 0; j < n; j++)
            y[j] += slope[j] * x[j] + shift[j];
    } else {
        for (size_t j = 0; j < n; j++)
            y[j] = slope[j] * x[j] + shift[j];
    }
}

void snn__affine(void *arguments, size_t from, size_t to)
{
    const struct snn__affine *k = arguments;

    for (size_t e = from, n; e < to; e += n) {
        n = snn__min(k->c - e % k->c, to - e);
        affine_part(k, e, e % k->c, n);
    }
}

/* ---- channels: errors ---- */

void snn__norm_center(void *arguments, size_t from, size_t to)
{
    const struct snn__norm_back *k = arguments;

    for (size_t i = from; i < to; i++)
        k->shift[i] = (float)(k->x_scale != 0 ? k->mean[i] / k->x_scale : 0.0);
}

/* sum d, sum d xh, with the scales of both arrays */
static double sum_of_errors(const struct snn__norm_back *k, size_t i)
{
    return k->sums[i] * k->d_scale;
}

static double sum_of_products(const struct snn__norm_back *k, size_t i)
{
    return k->sums[k->c + i] * (k->d_scale * k->x_scale * k->inverse[i]);
}

void snn__norm_credit(void *arguments, size_t from, size_t to)
{
    const struct snn__norm_back *k = arguments;

    for (size_t i = from; i < to; i++) {
        k->dbeta[i] += (float)sum_of_errors(k, i);
        k->dgamma[i] += (float)sum_of_products(k, i);
    }
}

void snn__norm_back(void *arguments, size_t from, size_t to)
{
    const struct snn__norm_back *k = arguments;

    for (size_t i = from; i < to; i++) {
        double a = (double)k->gamma[i] * k->inverse[i];
        double bend = -a * k->inverse[i] * sum_of_products(k, i) / k->rows; /* times (x - mu) */

        k->slope[i] = (float)(a * k->d_scale);
        k->factor[i] = (float)bend;
        k->bend[i] = (float)(bend * k->x2_scale);
        k->shift[i] = (float)(-a * sum_of_errors(k, i) / k->rows - bend * k->mean[i]);
    }
}

/* ---- samples ---- */

/* xh <- (x - mean) / deviation; returns 1 / deviation */
static float normalise(const struct snn__layer_norm *a, float *xh, const float *x)
{
    const struct snn__kernels *k = a->kernels;
    float inverse;

    k->scale(xh, a->scale, x, a->n);
    k->axpy(xh, (float)(-k->dot(xh, a->one, a->n) / (double)a->n), a->one, a->n);
    inverse = (float)(1.0 / sqrt(k->dot(xh, xh, a->n) / (double)a->n + a->eps));
    k->scale(xh, inverse, xh, a->n);
    return inverse;
}

void snn__layer_norm(void *arguments, size_t sample, size_t worker)
{
    const struct snn__layer_norm *a = arguments;
    float *y = a->y + sample * a->n, *xh = a->xh ? a->xh + sample * a->n : y;
    const float inverse = normalise(a, xh, a->x + sample * a->n);

    (void)worker;
    if (a->xh)
        a->inverse[sample] = inverse;
    a->kernels->multiply(y, 1.0f, xh, a->gamma, a->n, false);
    a->kernels->axpy(y, 1.0f, a->beta, a->n);
}

void snn__layer_norm_back(void *arguments, size_t sample, size_t worker)
{
    const struct snn__layer_norm *a = arguments;
    const struct snn__kernels *k = a->kernels;
    const float *xh = a->xh + sample * a->n;
    float *dx = a->y + sample * a->n, *g = a->room ? a->room + worker * a->n : dx;
    double by_one, by_xh;

    k->multiply(g, a->scale * a->inverse[sample], a->x + sample * a->n, a->gamma, a->n, false);
    by_one = k->dot(g, a->one, a->n) / (double)a->n;
    by_xh = k->dot(g, xh, a->n) / (double)a->n;
    k->axpy(g, (float)-by_one, a->one, a->n);
    k->axpy(g, (float)-by_xh, xh, a->n);
    if (a->room)
        k->axpy(dx, 1.0f, g, a->n);
}

void snn__layer_norm_credit(void *arguments, size_t from, size_t to)
{
    const struct snn__layer_norm *a = arguments;

    for (size_t sample = 0; sample < a->batch; sample++) {
        const size_t at = sample * a->n + from;

        a->kernels->multiply(a->dgamma + from, a->scale, a->x + at, a->xh + at, to - from, true);
        a->kernels->axpy(a->dbeta + from, a->scale, a->x + at, to - from);
    }
}
