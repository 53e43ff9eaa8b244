/* layer/layer_norm.c - layer norm over all n features of a sample, at each step:
 *
 *   xh = (x - mean(x)) / sqrt(var(x) + eps),   y = gamma_c xh + beta_c;   var biased, gamma and beta per channel c
 *   dgamma_c += sum e xh,   dbeta_c += sum e
 *   dx = (g - mean(g) - xh mean(g xh)) / sqrt(var(x) + eps),   g = gamma_c e
 *
 * The same in training and in evaluation. What a backward pass needs, xh and the deviation, is kept; gamma and beta
 * are laid out over the features of a sample, so that each line above is a few calls of kernels. */
#include "core/context.h"
#include "core/size.h"
#include "layer/types.h"
#include <math.h>

enum { WEIGHT, BIAS };

struct layer_norm {
    size_t c, n;           /* channels, features of a sample */
    float eps;
    float *one;            /* [n] of 1 */
    float *gamma, *beta;   /* [n] */
    float *dgamma, *dbeta; /* [n]: gathered for each feature */
    float *partial;        /* [SNN__PIECES][c] */
    float *xh, *inverse;   /* [slots][batch][n], and 1 / deviation, [slots][batch] */
};

static const struct snn__param params[] = {
    SNN__PARAM_F64(SNN_LAYER_EPS, "eps", 1e-12, 1.0, 1e-5, "added to the variance"),
};

static snn_status norm_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

static snn_status norm_tensors(snn_layer *layer)
{
    SNN__TRY(snn__layer_declare(layer, "weight", true, layer->in.dim[0], 0, 0, 0));
    return snn__layer_declare(layer, "bias", true, layer->in.dim[0], 0, 0, 0);
}

static void norm_init(snn_layer *layer, uint64_t seed)
{
    (void)seed;
    for (size_t i = 0; i < layer->in.dim[0]; i++)
        layer->tensor[WEIGHT].data[i] = 1.0f;
}

static snn_status norm_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct layer_norm *s = node->state;
    const size_t learns = node->learns, kept = SNN__PRODUCT(node->slots, node->batch_max);
    const struct {
        float **array;
        size_t count;
    } want[] = { { &s->one, node->in_len },
                 { &s->gamma, node->in_len },
                 { &s->beta, node->in_len },
                 { &s->dgamma, learns * node->in_len },
                 { &s->dbeta, learns * node->in_len },
                 { &s->partial, learns * SNN__PRODUCT(SNN__PIECES, node->layer->in.dim[0]) },
                 { &s->xh, learns * SNN__PRODUCT(kept, node->in_len) },
                 { &s->inverse, learns * kept } };

    s->c = node->layer->in.dim[0];
    s->n = node->in_len;
    s->eps = (float)snn__param_f64(&node->layer->params, SNN_LAYER_EPS);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        SNN__TRY(snn__arena_keep(arena, want[i].array, want[i].count, sizeof(float)));
    return SNN_OK;
}

/* An adjoint that must be added is made here first, each thread in a row of its own. */
static size_t norm_scratch(const struct snn__node *node)
{
    return node->learns && node->adds_adjoint ? SNN__PRODUCT(snn__threads(node->ctx), node->in_len, sizeof(float))
                                              : 0;
}

static void norm_refresh(struct snn__node *node)
{
    const struct layer_norm *s = node->state;
    const struct snn__kernels *k = node->ctx->kernels;
    const struct snn__tensor *tensor = node->layer->tensor;

    k->fill(s->one, 1.0f, s->n);
    for (size_t i = 0; i < s->n; i += s->c) {
        k->scale(s->gamma + i, 1.0f, tensor[WEIGHT].data, s->c);
        k->scale(s->beta + i, 1.0f, tensor[BIAS].data, s->c);
    }
}

/* ---- one sample ---- */

struct call {
    const struct snn__node *node;
    const struct snn__io *io;
    struct snn__signal e;
    float *dx;
    bool accumulate;
};

/* Number of a sample among those that are kept. */
static size_t kept_at(const struct snn__io *io, size_t sample)
{
    return io->slot * io->batch + sample;
}

/* xh <- (x - mean) / deviation; returns 1 / deviation */
static float normalise(const struct snn__kernels *k, const struct layer_norm *s, float *xh, struct snn__signal x)
{
    float inverse;

    k->scale(xh, x.scale, x.data, s->n);
    k->axpy(xh, (float)(-k->dot(xh, s->one, s->n) / (double)s->n), s->one, s->n);
    inverse = (float)(1.0 / sqrt(k->dot(xh, xh, s->n) / (double)s->n + s->eps));
    k->scale(xh, inverse, xh, s->n);
    return inverse;
}

static void forward_sample(void *arg, size_t sample, size_t worker)
{
    const struct call *c = arg;
    const struct layer_norm *s = c->node->state;
    const struct snn__kernels *k = c->node->ctx->kernels;
    const struct snn__signal x = { c->io->x[0].data + sample * s->n, c->io->x[0].scale };
    const bool keeps = c->node->learns && c->io->training;
    float *y = c->io->y.data + sample * s->n, *xh = keeps ? s->xh + kept_at(c->io, sample) * s->n : y;
    const float inverse = normalise(k, s, xh, x);

    (void)worker;
    if (keeps)
        s->inverse[kept_at(c->io, sample)] = inverse;
    k->multiply(y, 1.0f, xh, s->gamma, s->n, false);
    k->axpy(y, 1.0f, s->beta, s->n);
}

static void adjoint_sample(void *arg, size_t sample, size_t worker)
{
    const struct call *c = arg;
    const struct layer_norm *s = c->node->state;
    const struct snn__kernels *k = c->node->ctx->kernels;
    const float *xh = s->xh + kept_at(c->io, sample) * s->n, inverse = s->inverse[kept_at(c->io, sample)];
    float *dx = c->dx + sample * s->n, *g = c->accumulate ? (float *)c->node->scratch + worker * s->n : dx;
    double by_one, by_xh;

    k->multiply(g, c->e.scale * inverse, c->e.data + sample * s->n, s->gamma, s->n, false);
    by_one = k->dot(g, s->one, s->n) / (double)s->n;
    by_xh = k->dot(g, xh, s->n) / (double)s->n;
    k->axpy(g, (float)-by_one, s->one, s->n);
    k->axpy(g, (float)-by_xh, xh, s->n);
    if (c->accumulate)
        k->axpy(dx, 1.0f, g, s->n);
}

/* ---- running ---- */

static void norm_forward(struct snn__node *node, struct snn__io *io)
{
    struct call c = { .node = node, .io = io };

    io->y.scale = 1.0f;
    snn__parallel(node->ctx, forward_sample, &c, io->batch);
}

static void norm_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                         bool accumulate)
{
    struct call c = { node, io, e, dx, accumulate };

    (void)input;
    snn__parallel(node->ctx, adjoint_sample, &c, io->batch);
}

/* The features from .. to - 1 of all samples. */
static void credit_range(void *arg, size_t from, size_t to)
{
    const struct call *c = arg;
    const struct layer_norm *s = c->node->state;
    const struct snn__kernels *k = c->node->ctx->kernels;

    for (size_t sample = 0; sample < c->io->batch; sample++) {
        const float *e = c->e.data + sample * s->n + from, *xh = s->xh + kept_at(c->io, sample) * s->n + from;

        k->multiply(s->dgamma + from, c->e.scale, e, xh, to - from, true);
        k->axpy(s->dbeta + from, c->e.scale, e, to - from);
    }
}

static void norm_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    struct call c = { .node = node, .io = io, .e = e };

    (void)factor; /* xh of the step itself */
    snn__ranges(node->ctx, node->in_len, credit_range, &c);
}

/* Sums over the positions of each channel. */
static void norm_settle(struct snn__node *node)
{
    const struct layer_norm *s = node->state;

    snn__column_sums(node->ctx, s->dgamma, s->n / s->c, s->c, 1.0f, node->gradient[WEIGHT], s->partial, false);
    snn__column_sums(node->ctx, s->dbeta, s->n / s->c, s->c, 1.0f, node->gradient[BIAS], s->partial, false);
    node->ctx->kernels->fill(s->dgamma, 0.0f, s->n);
    node->ctx->kernels->fill(s->dbeta, 0.0f, s->n);
}

const struct snn__layer_type snn__layer_layer_norm = {
    .name = "layer_norm",
    .text = "normalisation over all features of a sample",
    SNN__WITH_PARAMS(params),
    .flags = SNN__LAYER_NONLINEAR,
    .state_size = sizeof(struct layer_norm),
    .shape = norm_shape,
    .tensors = norm_tensors,
    .init = norm_init,
    .plan = norm_plan,
    .scratch = norm_scratch,
    .refresh = norm_refresh,
    .forward = norm_forward,
    .adjoint = norm_adjoint,
    .credit = norm_credit,
    .settle = norm_settle,
};
