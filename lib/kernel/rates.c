/* kernel/rates.c - errors through clamped rates, and the trained leak of neurons. */
#include "core/fpu.h"
#include "kernel/tables.h"
#include <math.h>

/* Gamma of sample b: given, or T sum_t w_t go[t] */
static void gather_error(const struct snn__clamp *k, size_t b)
{
    float *gamma = k->gamma + b * k->n;

    for (size_t t = 0; t < k->steps; t++) {
        const float *e = k->e + (t * k->batch + b) * k->n;
        float w =
            k->weighs ? (float)((double)k->steps * snn__step_weight(k->beta, t, k->steps)) * k->scale : k->scale;

        for (size_t i = 0; i < k->n; i++)
            gamma[i] = (t ? gamma[i] : 0.0f) + w * e[i];
    }
}

/* mean <- M Gamma / tau; returns the sum of Gamma over what lies above the clamp. */
static double clamp(const struct snn__clamp *k, const float *gamma, float *mean)
{
    double above = 0;

    for (size_t i = 0; i < k->n; i++) {
        const float x = mean[i];
        const bool inside = k->open ? x > 0 && x < k->upper : x >= 0 && x <= k->upper;

        above += x > k->upper ? gamma[i] : 0.0f;
        mean[i] = inside ? k->slope * gamma[i] : 0.0f;
    }
    return above;
}

void snn__clamp(void *arguments, size_t b)
{
    const struct snn__clamp *k = arguments;
    const float *sent = k->mean + b * k->n;

    gather_error(k, b);
    k->above[b] = clamp(k, k->gamma + b * k->n, k->mean + b * k->n);
    for (size_t t = 0; k->dx != NULL && t < k->steps; t++) {
        float *dx = k->dx + (t * k->batch + b) * k->n;

        for (size_t i = 0; i < k->n; i++)
            dx[i] = (k->accumulate ? dx[i] : 0.0f) + k->share * sent[i];
    }
}

void snn__clip_values(void *arguments, size_t from, size_t to)
{
    const struct snn__clip_values *k = arguments;
    float *restrict y = k->y, *restrict mask = k->mask;
    const float *x = k->x, factor = k->factor;

    for (size_t i = from; i < to; i++) {
        float u = factor * x[i];

        mask[i] = (float)((u >= 0.0f) & (u <= 1.0f));
        y[i] = u < 0.0f ? 0.0f : u > 1.0f ? 1.0f : u;
    }
}

void snn__decay_add(void *arguments, size_t from, size_t to)
{
    const struct snn__decay_add *k = arguments;
    float *y = k->y, decay = k->decay, a = k->a;

    for (size_t i = from; i < to; i++)
        y[i] = snn__flushed(decay * y[i] + a * k->x[i]);
}

void snn__open_between(void *arguments, size_t from, size_t to)
{
    const struct snn__open_between *k = arguments;
    float *gate = k->gate, most = k->most, open = k->open;

    for (size_t i = from; i < to; i++)
        gate[i] = k->x[i] > 0.0f && k->x[i] < most ? open : 0.0f;
}

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
