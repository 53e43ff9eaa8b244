/* trainer/solve_fixed_point.c - plain iteration, b <- A b + c. Each step multiplies the error by A. */
#include "kernel/kernel.h"
#include "trainer/solve.h"
#include <math.h>

struct iteration {
    const struct snn__solver *solver;
    float *b;
};

static void move_sample(void *arg, size_t i, size_t worker)
{
    struct iteration *k = arg;
    size_t n = k->solver->length;

    (void)worker;
    k->solver->ctx->kernels->axpy(k->b + i * n, 1.0f, k->solver->image + i * n, n);
}

snn_status snn__solve_fixed_point_plan(struct snn__solver *s, struct snn__arena *arena)
{
    size_t all = SNN__PRODUCT(s->batch_max, s->length);

    SNN__TRY(snn__arena_keep(arena, &s->image, all, sizeof(float)));
    SNN__TRY(snn__arena_keep(arena, &s->best, all, sizeof(float)));
    return snn__arena_keep(arena, &s->sums, s->batch_max, sizeof(double));
}

struct snn__solution snn__solve_fixed_point(const struct snn__solver *s, size_t batch, snn__apply_fn apply, void *arg,
                                            const float *c, float *b)
{
    struct iteration k = { s, b };
    struct snn__solution found = { 0, 0.0, true };
    double all = snn__solve_norm(s, batch, c), norm = all, smallest = HUGE_VAL;

    s->ctx->kernels->scale(b, 1.0f, c, batch * s->length); /* the step from 0, whose residual is c */
    if (all == 0)
        return found;
    while (found.iterations < s->cap) {
        apply(arg, b, s->image);
        found.iterations++;
        norm = snn__solve_measure(s, batch, c, b);
        if (norm <= s->tolerance * all) {
            found.residual = norm / all;
            return found;
        }
        snn__solve_keep(s, batch, b, norm, &smallest);
        if (found.iterations < s->cap && isfinite(norm))
            snn__parallel(s->ctx, move_sample, &k, batch);
        else
            break;
    }
    found.converged = false;
    found.residual = smallest / all;
    s->ctx->kernels->scale(b, 1.0f, smallest < HUGE_VAL ? s->best : c, batch * s->length);
    return found;
}
