/* kernel/rows.c - what is derived from rows of weights, and gradients through it. Sums are in double precision, from
 * the first number of a row to the last. */
#include "core/size.h"
#include "kernel/layers.h"
#include <math.h>

void snn__standardise(void *arguments, size_t block, size_t worker)
{
    const struct snn__standardise *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    (void)worker;
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

void snn__standardise_back(void *arguments, size_t block, size_t worker)
{
    const struct snn__standardise *k = arguments;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, k->rows);

    (void)worker;
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
