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
#include "kernel/layers.h"
#include "layer/layer.h"

enum { WEIGHT, BIAS };

struct layer_norm {
    size_t c, n; /* channels, features of a sample */
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

/* ---- running ---- */

/* x: the input, or the error at the output. */
static struct snn__layer_norm samples(const struct snn__node *node, const struct snn__io *io, struct snn__signal x)
{
    const struct layer_norm *s = node->state;
    const size_t first = io->slot * io->batch; /* number of the first sample among those that are kept */

    return (struct snn__layer_norm){ .kernels = node->ctx->kernels,
                                     .batch = io->batch,
                                     .n = s->n,
                                     .eps = s->eps,
                                     .scale = x.scale,
                                     .x = x.data,
                                     .one = s->one,
                                     .gamma = s->gamma,
                                     .beta = s->beta,
                                     .xh = s->xh + first * s->n,
                                     .inverse = s->inverse + first,
                                     .dgamma = s->dgamma,
                                     .dbeta = s->dbeta };
}

static void norm_forward(struct snn__node *node, struct snn__io *io)
{
    struct snn__layer_norm k = samples(node, io, io->x[0]);

    k.y = io->y.data;
    if (!node->learns || !io->training)
        k.xh = NULL;
    io->y.scale = 1.0f;
    snn__each(node->ctx, snn__layers(node->ctx)->layer_norm, &k, io->batch);
}

static void norm_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                         bool accumulate)
{
    struct snn__layer_norm k = samples(node, io, e);

    (void)input;
    k.y = dx;
    k.room = accumulate ? node->scratch : NULL;
    snn__parallel(node->ctx, snn__layers(node->ctx)->layer_norm_back, &k, io->batch);
}

static void norm_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    struct snn__layer_norm k = samples(node, io, e);

    (void)factor; /* xh of the step itself */
    snn__ranges(node->ctx, node->in_len, snn__layers(node->ctx)->layer_norm_credit, &k);
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
