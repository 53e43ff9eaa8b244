/* kernel/lateral.c - lateral neurons of a projection: spikes, Hebbian changes and new rows. */
#include "core/size.h"
#include "kernel/tables.h"
#include <math.h>

void snn__signed_spikes(void *arguments, size_t from, size_t to)
{
    const struct snn__signed_spikes *k = arguments;

    for (size_t r = from; r < to; r++)
        for (size_t i = 0; i < k->count; i++) {
            float *y = &k->y[r * k->pitch + i];

            *y = rintf(fminf(fmaxf(*y, -k->scale), k->scale) / k->scale * k->steps) / k->steps * k->scale;
        }
}

/* One entry of dH, clamped; with momentum, what D becomes. */
static inline float change(const struct snn__hebbian *k, float sum, float *d)
{
    float dh = k->share * sum;

    dh = dh < -k->clamp ? -k->clamp : dh > k->clamp ? k->clamp : dh;
    if (k->momentum > 0) /* without, D stays as it is */
        dh = *d = k->momentum * *d + (1.0f - k->momentum) * dh;
    return dh;
}

/* A copy of the arguments, which no row may be: loops become vectors. */
void snn__hebbian(void *arguments, size_t block)
{
    const struct snn__hebbian k = *(const struct snn__hebbian *)arguments;
    const size_t to = snn__min((block + 1) * SNN__LATERAL_ROWS, k.rows), n = k.n, inputs = n / k.taps;

    for (size_t i = block * SNN__LATERAL_ROWS; i < to; i++) {
        float *restrict h = k.h + i * n, *restrict d = k.d + i * n;
        const float *restrict outer = k.outer + i * n, *restrict shared = k.shared ? k.shared + i * n : NULL;

        if (shared == NULL)
            for (size_t e = 0; e < n; e++)
                h[e] += k.rate * change(&k, outer[e], &d[e]);
        else if (k.taps == 1)
            for (size_t e = 0; e < n; e++)
                h[e] += k.rate * change(&k, outer[e] - shared[e], &d[e]);
        for (size_t e = 0, input = 0; shared != NULL && k.taps > 1 && input < inputs; input++)
            for (size_t tap = 0; tap < k.taps; tap++, e++)
                h[e] += k.rate * change(&k, outer[tap * inputs + input] - shared[e], &d[e]);
    }
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

void snn__orthonormal_rows(float *h, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows; i++) {
        float *row = h + i * n;
        double norm;

        for (size_t j = 0; j < i && i < n; j++) {
            double c = dot(row, h + j * n, n);

            for (size_t k = 0; k < n; k++)
                row[k] -= (float)(c * h[j * n + k]);
        }
        norm = sqrt(dot(row, row, n));
        for (size_t k = 0; k < n; k++)
            row[k] = (float)(row[k] / norm);
    }
}
