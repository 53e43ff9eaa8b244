/* kernel/values.c - values as they are, and in the double precision in which losses are computed. */
#include "kernel/tables.h"
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
