/* trainer/solve_broyden.c - Broyden's good method on g(b) = A b + c - b, with limited memory.
 *
 * Every sample keeps an approximation of the inverse of its Jacobian, H = -I + sum_k U_k V_k^T:
 *
 *   b' = b + d;  dx = d;  dg = g(b') - g(b)
 *   v = H^T dx;  u = (dx - H dg) / (v.dg);  append (u, v);  d = -H g(b')
 *
 * from b = 0 with d = g(0) = c. A sample whose v.dg vanishes keeps its H. There is no line search. */
#include "core/size.h"
#include "kernel/kernel.h"
#include "trainer/solve.h"
#include <math.h>

struct broyden {
    const struct snn__solver *solver;
    size_t batch;
    float *b;
    size_t terms; /* rank-one terms appended so far */
};

static size_t kept(const struct broyden *k)
{
    return snn__min(k->terms, k->solver->memory);
}

/* Term number j of sample i. */
static float *term(const struct broyden *k, float *base, size_t j, size_t i)
{
    return base + (j * k->batch + i) * k->solver->length;
}

/* y <- -H x = x - sum_k U_k (V_k.x); with `transposed` U and V change places */
static void minus_h(const struct broyden *k, size_t i, const float *x, float *y, bool transposed)
{
    const struct snn__kernels *kernels = k->solver->ctx->kernels;
    size_t n = k->solver->length;
    float *left = transposed ? k->solver->v : k->solver->u, *right = transposed ? k->solver->u : k->solver->v;

    kernels->scale(y, 1.0f, x, n);
    for (size_t j = 0; j < kept(k); j++)
        kernels->axpy(y, -(float)kernels->dot(term(k, right, j, i), x, n), term(k, left, j, i), n);
}

/* The new term from d and the two residuals, in place of the oldest if memory is full. */
static void update_sample(void *arg, size_t i)
{
    struct broyden *k = arg;
    const struct snn__solver *s = k->solver;
    const struct snn__kernels *kernels = s->ctx->kernels;
    size_t n = s->length, place = k->terms % s->memory;
    float *d = s->step + i * n, *g = s->image + i * n, *dg = s->residual + i * n;
    float *u = s->fresh_u + i * n, *v = s->fresh_v + i * n;
    double slope, size;

    kernels->scale(dg, -1.0f, dg, n);
    kernels->axpy(dg, 1.0f, g, n);
    minus_h(k, i, d, v, true);
    minus_h(k, i, dg, u, false);
    slope = -kernels->dot(v, dg, n);
    size = sqrt(kernels->dot(v, v, n) * kernels->dot(dg, dg, n));
    kernels->axpy(u, 1.0f, d, n);
    kernels->scale(term(k, s->u, place, i), fabs(slope) > 1e-12 * size ? (float)(1.0 / slope) : 0.0f, u, n);
    kernels->scale(term(k, s->v, place, i), -1.0f, v, n);
    kernels->scale(dg, 1.0f, g, n);
}

/* d <- -H g,  b <- b + d */
static void move_sample(void *arg, size_t i)
{
    struct broyden *k = arg;
    size_t n = k->solver->length;
    float *d = k->solver->step + i * n;

    minus_h(k, i, k->solver->residual + i * n, d, false);
    k->solver->ctx->kernels->axpy(k->b + i * n, 1.0f, d, n);
}

static snn_status plan(struct snn__solver *s, struct snn__arena *arena)
{
    size_t all = SNN__PRODUCT(s->batch_max, s->length);
    struct {
        float **pointer;
        size_t times;
    } want[] = { { &s->image, 1 },   { &s->best, 1 },    { &s->residual, 1 },  { &s->step, 1 },
                 { &s->fresh_u, 1 }, { &s->fresh_v, 1 }, { &s->u, s->memory }, { &s->v, s->memory } };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        SNN__TRY(snn__arena_keep(arena, want[i].pointer, SNN__PRODUCT(all, want[i].times), sizeof(float)));
    return snn__arena_keep(arena, &s->sums, s->batch_max, sizeof(double));
}

static void move(void *broyden)
{
    struct broyden *k = broyden;
    snn_context *ctx = k->solver->ctx;

    snn__each(ctx, update_sample, k, k->batch);
    k->terms++;
    snn__each(ctx, move_sample, k, k->batch);
}

static struct snn__solution solve(const struct snn__solver *s, size_t batch, snn__apply_fn apply, void *arg,
                                  const float *c, float *b)
{
    struct broyden k = { s, batch, b, 0 };
    size_t all = batch * s->length;

    s->ctx->kernels->scale(s->residual, 1.0f, c, all);
    s->ctx->kernels->scale(s->step, 1.0f, c, all);
    return snn__solve(s, batch, apply, arg, c, b, move, &k);
}

const struct snn__solver_type snn__broyden = { plan, solve };
