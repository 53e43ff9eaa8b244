/* kernel/values.c - values as they are, and in the double precision in which losses are computed. */
#include "kernel/tables.h"
#include <math.h>
#include <string.h>

float *snn__transfer(float *to, const float *from, size_t n)
{
    memcpy(to, from, n * sizeof *to);
    return to + n;
}

void snn__widen(double *y, double factor, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = factor * x[i];
}

void snn__narrow(float *y, double factor, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(factor * x[i]);
}

/* The largest factor x: by comparing, as a loop of fmax() stops gcc 12 for AArch64 with an internal error. */
static double largest_of(const float *x, double factor, size_t n)
{
    double largest = -INFINITY;

    for (size_t i = 0; i < n; i++)
        if (factor * x[i] > largest)
            largest = factor * x[i];
    return largest;
}

/* log of the sum of exp(factor x) */
static double log_sum(const float *x, double factor, size_t n)
{
    double largest = largest_of(x, factor, n), sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += exp(factor * x[i] - largest);
    return largest + log(sum);
}

double snn__distil(const struct snn__distil *k)
{
    const float *q = k->out, *p = k->teacher;
    double q_sum = log_sum(q, k->factor, k->classes), p_sum = log_sum(p, 1.0 / k->tau, k->classes), kl = 0;

    for (size_t c = 0; c < k->classes; c++) {
        double log_p = p[c] / k->tau - p_sum, log_q = k->factor * q[c] - q_sum;

        kl += exp(log_p) * (log_p - log_q);
        if (k->error != NULL)
            k->error[c] =
                (float)((1.0 - k->share) * k->error[c] + k->weight * k->share * k->tau * (exp(log_q) - exp(log_p)));
    }
    return kl;
}

size_t snn__before(const float *x, size_t n, size_t i)
{
    size_t before = 0;

    for (size_t k = 0; k < n; k++)
        before += x[k] > x[i] || (x[k] == x[i] && k < i);
    return before;
}

void snn__rise(float *y, uint32_t *at, float factor, const float *x, uint32_t t, bool begins, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float v = factor * x[i];

        if (begins || v > y[i]) {
            y[i] = v;
            at[i] = t;
        }
    }
}

void snn__of_peak(float *y, const float *e, const uint32_t *at, uint32_t t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = at[i] == t ? e[i] : 0.0f;
}
