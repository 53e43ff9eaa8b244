/* trainer/solve.c - what the solvers share. */
#include "trainer/solve.h"
#include "kernel/kernel.h"
#include <math.h>

struct work {
    const struct snn__solver *solver;
    const float *x, *c, *b;
};

static double total(const struct snn__solver *solver, size_t batch)
{
    double sum = 0;

    for (size_t i = 0; i < batch; i++)
        sum += solver->sums[i];
    return sqrt(sum);
}

static void square_sample(void *arg, size_t i, size_t worker)
{
    struct work *k = arg;
    size_t n = k->solver->length;

    (void)worker;
    k->solver->sums[i] = k->solver->ctx->kernels->dot(k->x + i * n, k->x + i * n, n);
}

double snn__solve_norm(const struct snn__solver *solver, size_t batch, const float *x)
{
    snn__parallel(solver->ctx, square_sample, &(struct work){ solver, x, NULL, NULL }, batch);
    return total(solver, batch);
}

static void measure_sample(void *arg, size_t i, size_t worker)
{
    struct work *k = arg;
    const struct snn__kernels *kernels = k->solver->ctx->kernels;
    size_t n = k->solver->length;
    float *g = k->solver->image + i * n;

    (void)worker;
    kernels->axpy(g, 1.0f, k->c + i * n, n);
    kernels->axpy(g, -1.0f, k->b + i * n, n);
    k->solver->sums[i] = kernels->dot(g, g, n);
}

double snn__solve_measure(const struct snn__solver *solver, size_t batch, const float *c, const float *b)
{
    snn__parallel(solver->ctx, measure_sample, &(struct work){ solver, NULL, c, b }, batch);
    return total(solver, batch);
}

static void keep_sample(void *arg, size_t i, size_t worker)
{
    struct work *k = arg;
    size_t n = k->solver->length;

    (void)worker;
    k->solver->ctx->kernels->scale(k->solver->best + i * n, 1.0f, k->b + i * n, n);
}

bool snn__solve_keep(const struct snn__solver *solver, size_t batch, const float *b, double norm, double *smallest)
{
    if (!(norm < *smallest))
        return false;
    *smallest = norm;
    snn__parallel(solver->ctx, keep_sample, &(struct work){ solver, NULL, NULL, b }, batch);
    return true;
}
