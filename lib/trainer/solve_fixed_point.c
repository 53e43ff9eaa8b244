/* trainer/solve_fixed_point.c - plain iteration, b <- A b + c. Each step multiplies the error by A. */
#include "kernel/kernel.h"
#include "trainer/solve.h"

struct iteration {
    const struct snn__solver *solver;
    size_t batch;
    float *b;
};

static void move_sample(void *arg, size_t i)
{
    struct iteration *k = arg;
    size_t n = k->solver->length;

    k->solver->ctx->kernels->axpy(k->b + i * n, 1.0f, k->solver->image + i * n, n);
}

static snn_status plan(struct snn__solver *s, struct snn__arena *arena)
{
    size_t all = SNN__PRODUCT(s->batch_max, s->length);

    SNN__TRY(snn__arena_keep(arena, &s->image, all, sizeof(float)));
    SNN__TRY(snn__arena_keep(arena, &s->best, all, sizeof(float)));
    return snn__arena_keep(arena, &s->sums, s->batch_max, sizeof(double));
}

static void move(void *iteration)
{
    struct iteration *k = iteration;

    snn__each(k->solver->ctx, move_sample, k, k->batch);
}

static struct snn__solution solve(const struct snn__solver *s, size_t batch, snn__apply_fn apply, void *arg,
                                  const float *c, float *b)
{
    return snn__solve(s, batch, apply, arg, c, b, move, &(struct iteration){ s, batch, b });
}

const struct snn__solver_type snn__fixed_point = { plan, solve };
