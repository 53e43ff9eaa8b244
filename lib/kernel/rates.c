/* kernel/rates.c - the trained leak of neurons, and sums. */
#include "kernel/tables.h"
#include <math.h>

void snn__add_up(double *sum, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *sum += x[i];
}

void snn__logistic(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = 1.0f / (1.0f + expf(-x[i]));
}

static double slope(float w)
{
    const double z = exp(-fabs((double)w));

    return z / ((1.0 + z) * (1.0 + z));
}

void snn__logistic_back(float *g, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] = (float)(g[i] * slope(x[i]));
}

void snn__logistic_back_sum(float *g, double sum, const float *x)
{
    g[0] = (float)(sum * slope(x[0]));
}

double snn__sum_samples(float *x, size_t batch, size_t n)
{
    double total = 0;

    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (size_t b = 0; b < batch; b++)
            sum += x[b * n + i];
        x[i] = (float)sum;
        total += sum;
    }
    return total;
}
