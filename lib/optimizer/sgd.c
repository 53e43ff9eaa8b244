/* sgd.c - stochastic gradient descent with momentum.
 *
 *   g' = clip(g) + weight_decay w
 *   v  = momentum v + g'                                  v = 0 before the first update, so that v = g' then
 *   w -= lr v,  with nesterov  w -= lr (g' + momentum v)
 *
 * The arithmetic is a kernel; here it is put together and cut into pieces. */
#include "kernel/kernel.h"
#include "optimizer/type.h"
#include <float.h>
#include <math.h>

static const struct snn__param params[] = {
    SNN__PARAM_F64(SNN_OPTIMIZER_LR, "lr", 0.0, SNN__OPTIMIZER_LARGE, 0.1, "learning rate"),
    SNN__PARAM_F64(SNN_OPTIMIZER_MOMENTUM, "momentum", 0.0, SNN__OPTIMIZER_BELOW_ONE, 0.0, "factor of the velocity"),
    SNN__PARAM_I64(SNN_OPTIMIZER_NESTEROV, "nesterov", 0, 1, 0, "1: look one step ahead along the velocity"),
    SNN__PARAM_F64(SNN_OPTIMIZER_WEIGHT_DECAY, "weight_decay", 0.0, SNN__OPTIMIZER_LARGE, 0.0,
                   "multiple of the weight that is added to its gradient"),
};

struct sgd_work {
    const struct snn__kernels *kernels;
    struct snn__sgd a;
};

static void sgd_moments(const snn_optimizer *optimizer, struct snn__run *run)
{
    run->n_moments = 0;
    if (snn__param_f64(&optimizer->params, SNN_OPTIMIZER_MOMENTUM) > 0.0)
        run->moment_name[run->n_moments++] = "velocity";
}

static void sgd_piece(void *arg, size_t from, size_t to)
{
    const struct sgd_work *work = arg;

    work->kernels->sgd(&work->a, from, to);
}

static snn_status sgd_check(const snn_optimizer *optimizer, const struct snn__run *run)
{
    const double momentum = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_MOMENTUM);

    if (momentum > 0.0 && run->n_moments == 0)
        return snn__fail(SNN_ERR_STATE,
                         "optimizer sgd: momentum became %g, but the trainer was created with 0: "
                         "set it before snn_trainer_create()",
                         momentum);
    return SNN_OK;
}

/* A velocity is at most 1 / (1 - momentum) times the largest gradient, decay included, and lr times that is a
 * step. */
static struct snn__bounds sgd_bounds(const snn_optimizer *optimizer, double lr)
{
    const double momentum = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_MOMENTUM);
    const double decay = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_WEIGHT_DECAY);
    const double half = SNN__OPTIMIZER_STEP / 2 * (1.0 - momentum) / fmax(lr, 1.0);

    return (struct snn__bounds){ (float)half, decay > 0.0 ? (float)fmin(half / decay, FLT_MAX) : FLT_MAX };
}

static void sgd_update(const snn_optimizer *optimizer, struct snn__run *run, const struct snn__update *u)
{
    const struct snn__params *p = &optimizer->params;
    struct sgd_work work = {
        .kernels = optimizer->ctx->kernels,
        .a = { .lr = u->lr, .scale = u->scale, .limit = u->limit, .w = u->w, .g = u->g },
    };

    work.a.momentum = (float)snn__param_f64(p, SNN_OPTIMIZER_MOMENTUM);
    work.a.weight_decay = u->decays ? (float)snn__param_f64(p, SNN_OPTIMIZER_WEIGHT_DECAY) : 0.0f;
    work.a.nesterov = snn__param_i64(p, SNN_OPTIMIZER_NESTEROV) != 0;
    work.a.v = run->n_moments > 0 ? run->moment[0] + u->from : NULL;
    snn__ranges(optimizer->ctx, u->length, sgd_piece, &work);
}

const struct snn__optimizer_type snn__optimizer_sgd = {
    .name = "sgd",
    .text = "stochastic gradient descent, with momentum",
    .owner = "optimizer sgd",
    SNN__WITH_PARAMS(params),
    .moments = sgd_moments,
    .check = sgd_check,
    .bounds = sgd_bounds,
    .update = sgd_update,
};
