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

static void square_sample(void *arg, size_t i)
{
    struct work *k = arg;
    size_t n = k->solver->length;

    k->solver->sums[i] = k->solver->ctx->kernels->dot(k->x + i * n, k->x + i * n, n);
}

double snn__solve_norm(const struct snn__solver *solver, size_t batch, const float *x)
{
    snn__each(solver->ctx, square_sample, &(struct work){ solver, x, NULL, NULL }, batch);
    return total(solver, batch);
}

static void measure_sample(void *arg, size_t i)
{
    struct work *k = arg;
    const struct snn__kernels *kernels = k->solver->ctx->kernels;
    size_t n = k->solver->length;
    float *g = k->solver->image + i * n;

    kernels->axpy(g, 1.0f, k->c + i * n, n);
    kernels->axpy(g, -1.0f, k->b + i * n, n);
    k->solver->sums[i] = kernels->dot(g, g, n);
}

/* image <- g = A b + c - b, given A b there; its norm. */
static double measure(const struct snn__solver *solver, size_t batch, const float *c, const float *b)
{
    snn__each(solver->ctx, measure_sample, &(struct work){ solver, NULL, c, b }, batch);
    return total(solver, batch);
}

static void keep_sample(void *arg, size_t i)
{
    struct work *k = arg;
    size_t n = k->solver->length;

    k->solver->ctx->kernels->scale(k->solver->best + i * n, 1.0f, k->b + i * n, n);
}

/* Keeps the best iterate: `norm` is the residual of b. */
static void keep(const struct snn__solver *solver, size_t batch, const float *b, double norm, double *smallest)
{
    if (!(norm < *smallest))
        return;
    *smallest = norm;
    snn__each(solver->ctx, keep_sample, &(struct work){ solver, NULL, NULL, b }, batch);
}

struct snn__solution snn__solve(const struct snn__solver *s, size_t batch, snn__apply_fn apply, void *arg,
                                const float *c, float *b, void (*move)(void *state), void *state)
{
    struct snn__solution found = { 0, 0.0, true };
    double all = snn__solve_norm(s, batch, c), norm, smallest = HUGE_VAL;

    s->ctx->kernels->scale(b, 1.0f, c, batch * s->length); /* the step from 0, whose residual is c */
    if (all == 0)
        return found;
    for (;;) {
        apply(arg, b, s->image);
        found.iterations++;
        norm = measure(s, batch, c, b);
        if (norm <= s->tolerance * all) {
            found.residual = norm / all;
            return found;
        }
        keep(s, batch, b, norm, &smallest);
        if (found.iterations == s->cap || !isfinite(norm))
            break;
        move(state);
    }
    found.converged = false;
    found.residual = smallest / all;
    s->ctx->kernels->scale(b, 1.0f, smallest < HUGE_VAL ? s->best : c, batch * s->length);
    return found;
}
