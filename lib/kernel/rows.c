/* kernel/rows.c - what is derived from rows of weights, and gradients through it. Sums are in double precision, from
 * the first number of a row to the last. */
#include "core/size.h"
#include "kernel/tables.h"
#include <math.h>
#include <string.h>

void snn__standardise(void *arguments, size_t block)
{
    const struct snn__standardise *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * k->n;
        float *what = k->out + i * k->n;
        double sum = 0, square = 0, n = (double)k->n, mu, factor;

        for (size_t j = 0; j < k->n; j++)
            sum += w[j];
        mu = sum / n;
        for (size_t j = 0; j < k->n; j++)
            square += (w[j] - mu) * (w[j] - mu);
        k->mean[i] = (float)mu;
        k->inverse[i] = (float)(1.0 / sqrt(n * square / (n - 1) + k->eps));
        factor = k->gain[i] * k->inverse[i];
        for (size_t j = 0; j < k->n; j++)
            what[j] = (float)(factor * (w[j] - mu));
    }
}

void snn__standardise_back(void *arguments, size_t block)
{
    const struct snn__standardise *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * k->n;
        float *g = k->out + i * k->n;
        double n = (double)k->n, gc = 0, mean = 0, gain = k->gain[i], r = k->inverse[i], mu = k->mean[i], slope;

        for (size_t j = 0; j < k->n; j++)
            gc += g[j] * (w[j] - mu);
        k->gain_back[i] = (float)(r * gc);
        slope = gain * n / (n - 1) * r * r * r * gc;
        for (size_t j = 0; j < k->n; j++)
            mean += gain * r * g[j] - slope * (w[j] - mu);
        mean /= n;
        for (size_t j = 0; j < k->n; j++)
            g[j] = (float)(gain * r * g[j] - slope * (w[j] - mu) - mean);
    }
}

static float sign(float w)
{
    return w >= 0.0f ? 1.0f : -1.0f; /* of -0, too */
}

void snn__signs(void *arguments, size_t block)
{
    const struct snn__signs *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * k->n;
        double sum = 0;
        float a;

        for (size_t j = 0; j < k->n; j++)
            sum += fabsf(w[j]);
        a = k->scaled ? (float)(sum / (double)k->n) : 1.0f;
        k->scale[i] = a;
        for (size_t j = 0; j < k->n && k->out; j++)
            k->out[i * k->n + j] = a * sign(w[j]);
    }
}

void snn__signs_back(void *arguments, size_t block)
{
    const struct snn__signs *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * k->n;
        float *g = k->out + i * k->n, factor = k->through_sign ? k->scale[i] : 1.0f, mean;
        double sum = 0;

        for (size_t j = 0; j < k->n && k->through_scale; j++)
            sum += g[j] * sign(w[j]);
        mean = (float)(sum / (double)k->n);
        for (size_t j = 0; j < k->n; j++)
            g[j] = (fabsf(w[j]) <= 1.0f ? factor * g[j] : 0.0f) + mean * sign(w[j]);
    }
}

void snn__outer_rows(void *arguments, size_t block)
{
    const struct snn__outer_rows *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    for (size_t i = from; i < to; i++) {
        float *row = k->g + i * k->n;

        k->kernels->scale(row, (float)k->factor, row, k->n);
        k->kernels->axpy(row, (float)(-k->factor * k->inner * k->u[i]), k->v, k->n);
    }
}

void snn__scale_rows(void *arguments, size_t block)
{
    const struct snn__scale_rows *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    for (size_t i = from; i < to; i++)
        for (size_t j = 0; j < k->n; j++)
            k->w[i * k->n + j] *= k->factor[i];
}

void snn__clip_to_one(void *arguments, size_t from, size_t to)
{
    float *w = arguments;

    for (size_t i = from; i < to; i++)
        w[i] = w[i] < -1.0f ? -1.0f : w[i] > 1.0f ? 1.0f : w[i];
}

void snn__reorder(void *arguments, size_t block, size_t worker)
{
    const struct snn__reorder *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows), n = k->taps * k->inputs;
    float *own = k->room + worker * n;

    for (size_t i = from; i < to; i++) {
        float *g = k->g + i * n;

        memcpy(own, g, n * sizeof *g);
        for (size_t tap = 0; tap < k->taps; tap++)
            for (size_t c = 0; c < k->inputs; c++)
                g[c * k->taps + tap] = own[tap * k->inputs + c];
    }
}

void snn__matrix_vector(void *arguments, size_t block)
{
    const struct snn__matrix_vector *k = arguments;
    size_t from = block * SNN__VECTOR_ROWS, to = snn__min(from + SNN__VECTOR_ROWS, k->rows);

    for (size_t i = from; i < to; i++)
        k->y[i] = (float)k->kernels->dot(k->w + i * k->columns, k->x, k->columns);
}
