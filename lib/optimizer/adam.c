/* adam.c - Adam, and AdamW, which takes the weight decay out of the moments.
 *
 *   adam   g' = clip(g) + weight_decay w          adamw  g' = clip(g),  w -= lr weight_decay w  first
 *   m = beta1 m + (1 - beta1) g'                  v = beta2 v + (1 - beta2) g'^2
 *   w -= lr m / (1 - beta1^n) / (sqrt(v / (1 - beta2^n)) + eps)              n = 1 at the first update */
#include "kernel/kernel.h"
#include "optimizer/type.h"
#include <float.h>
#include <math.h>

#define ROWS(decay)                                                                                                 \
    SNN__PARAM_F64(SNN_OPTIMIZER_LR, "lr", 0.0, SNN__OPTIMIZER_LARGE, 1e-3, "learning rate"),                       \
        SNN__PARAM_F64(SNN_OPTIMIZER_BETA1, "beta1", 0.0, SNN__OPTIMIZER_BELOW_ONE, 0.9, "decay of the mean"),      \
        SNN__PARAM_F64(SNN_OPTIMIZER_BETA2, "beta2", 0.0, SNN__OPTIMIZER_BELOW_ONE, 0.999, "decay of mean square"), \
        SNN__PARAM_F64(SNN_OPTIMIZER_EPS, "eps", 1e-30, 1.0, 1e-8, "added to the root of the mean square"),         \
        SNN__PARAM_F64(SNN_OPTIMIZER_WEIGHT_DECAY, "weight_decay", 0.0, SNN__OPTIMIZER_LARGE, decay,                \
                       "strength of the pull of every weight towards 0")

static const struct snn__param adam_params[] = { ROWS(0.0) };
static const struct snn__param adamw_params[] = { ROWS(0.01) };

struct adam_work {
    const struct snn__kernels *kernels;
    struct snn__adam a;
};

static void adam_moments(const snn_optimizer *optimizer, struct snn__run *run)
{
    (void)optimizer;
    run->n_moments = 2;
    run->moment_name[0] = "mean";
    run->moment_name[1] = "square";
}

static void adam_piece(void *arg, size_t from, size_t to)
{
    const struct adam_work *work = arg;

    work->kernels->adam(&work->a, from, to);
}

/* |mean| / root of the mean square, both corrected, at most; 0: any number, as the mean may outlive the square. */
static double largest_ratio(const struct snn__params *p)
{
    const double beta1 = snn__param_f64(p, SNN_OPTIMIZER_BETA1), beta2 = snn__param_f64(p, SNN_OPTIMIZER_BETA2);

    return beta1 * beta1 < beta2 ? 1.0 / sqrt((1.0 - beta2) * (1.0 - beta1 * beta1 / beta2)) : 0.0;
}

/* Squares of the gradient, decay included, have to be finite. What a step is depends on them no more where the ratio
 * of the moments has a bound; else it may be the mean over eps. */
static struct snn__bounds bounds(const snn_optimizer *optimizer, double lr, bool decoupled)
{
    const struct snn__params *p = &optimizer->params;
    const double decay = snn__param_f64(p, SNN_OPTIMIZER_WEIGHT_DECAY), ratio = largest_ratio(p);
    const double by_eps = SNN__OPTIMIZER_STEP * snn__param_f64(p, SNN_OPTIMIZER_EPS) / fmax(lr, 1e-30);
    const bool bounded = ratio > 0.0 && lr * ratio <= SNN__OPTIMIZER_STEP;
    const double gradient = bounded ? SNN__OPTIMIZER_STEP : fmin(SNN__OPTIMIZER_STEP, by_eps);
    double weight = FLT_MAX;

    if (decoupled && lr * decay > 1.0) /* up to 1 it brings every weight nearer to 0 */
        weight = SNN__OPTIMIZER_STEP / (lr * decay);
    if (!decoupled && decay > 0.0)
        weight = fmin(gradient / decay, FLT_MAX);
    return (struct snn__bounds){ (float)gradient, (float)weight };
}

static struct snn__bounds adam_bounds(const snn_optimizer *optimizer, double lr)
{
    return bounds(optimizer, lr, false);
}

static struct snn__bounds adamw_bounds(const snn_optimizer *optimizer, double lr)
{
    return bounds(optimizer, lr, true);
}

static void update(const snn_optimizer *optimizer, struct snn__run *run, const struct snn__update *u, bool decoupled)
{
    const struct snn__params *p = &optimizer->params;
    const float beta1 = (float)snn__param_f64(p, SNN_OPTIMIZER_BETA1);
    const float beta2 = (float)snn__param_f64(p, SNN_OPTIMIZER_BETA2);
    const double n = (double)run->updates + 1.0;
    struct adam_work work = {
        .kernels = optimizer->ctx->kernels,
        .a = { .lr = u->lr, .scale = u->scale, .limit = u->limit, .w = u->w, .g = u->g },
    };

    work.a.beta1 = beta1;
    work.a.beta2 = beta2;
    work.a.eps = (float)snn__param_f64(p, SNN_OPTIMIZER_EPS);
    work.a.weight_decay = u->decays ? (float)snn__param_f64(p, SNN_OPTIMIZER_WEIGHT_DECAY) : 0.0f;
    /* from the rounded betas, so that they undo just what the kernel did: 1 - 0.999f is 1e-5 off 0.001 */
    work.a.correct1 = (float)(1.0 / (1.0 - pow(beta1, n)));
    work.a.correct2 = (float)(1.0 / (1.0 - pow(beta2, n)));
    work.a.decoupled = decoupled;
    work.a.m = run->moment[0] + u->from;
    work.a.v = run->moment[1] + u->from;
    snn__ranges(optimizer->ctx, u->length, adam_piece, &work);
}

static void adam_update(const snn_optimizer *optimizer, struct snn__run *run, const struct snn__update *u)
{
    update(optimizer, run, u, false);
}

static void adamw_update(const snn_optimizer *optimizer, struct snn__run *run, const struct snn__update *u)
{
    update(optimizer, run, u, true);
}

const struct snn__optimizer_type snn__optimizer_adam = {
    .name = "adam",
    .text = "gradients scaled by their running mean square, with weight decay in the gradient",
    .owner = "optimizer adam",
    SNN__WITH_PARAMS(adam_params),
    .moments = adam_moments,
    .bounds = adam_bounds,
    .update = adam_update,
};

const struct snn__optimizer_type snn__optimizer_adamw = {
    .name = "adamw",
    .text = "adam with weight decay apart from the gradient",
    .owner = "optimizer adamw",
    SNN__WITH_PARAMS(adamw_params),
    .moments = adam_moments,
    .bounds = adamw_bounds,
    .update = adamw_update,
};
