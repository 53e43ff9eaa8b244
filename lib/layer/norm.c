/* layer/norm.c - batch norm over all positions of a channel, per step or over all steps.
 *
 *   xh = (x - mu) / sqrt(v + eps),   y = gamma xh + beta;   v biased, in the running value unbiased
 *   dgamma += sum d xh,  dbeta += sum d
 *   dx = gamma / sqrt(v + eps) (d - mean(d) - xh mean(d xh))
 *
 * The statistics are differentiated in training; evaluation takes the running values. So does training where these
 * are held, and dx = gamma / sqrt(v + eps) d, while gamma and beta stay as they are. */
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"

enum { WEIGHT, BIAS, MEAN, VAR };

#define FIXED_EPS 1e-8f /* added to an unbiased variance that was fixed ahead */

struct norm {
    size_t c, positions;
    float eps, momentum;
    bool over_all;         /* statistics are over all steps */
    float *mean, *inverse; /* of every kept step, [slots][c] */
    float *unbiased;       /* variance last measured */
    double *partial;       /* [SNN__PIECES][2][c] */
    double *gathered;      /* [2][c]: sums over the steps so far, of (x - center) and its square */
    float *center;
    float *factor;               /* of x in the last adjoint */
    float *slope, *shift, *bend; /* y = slope x + shift; dx = slope d + bend x + shift */
    float *dweight, *dbias;
    bool summed; /* partial holds the sums of the errors that the adjoint meets next */
};

static const struct snn__param params[] = {
    SNN__PARAM_F64(SNN_LAYER_EPS, "eps", 1e-12, 1.0, 1e-5, "added to the variance"),
    SNN__PARAM_F64(SNN_LAYER_MOMENTUM, "momentum", 0.0, 1.0, 0.1, "share of the new value in the running ones"),
    SNN__PARAM_STR(SNN_LAYER_OVER, "over", "step|all", "step", "statistics of every step alone, or over all steps"),
};

static snn_status norm_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

static snn_status norm_tensors(snn_layer *layer)
{
    size_t c = layer->in.dim[0];

    SNN__TRY(snn__layer_declare(layer, "weight", true, c, 0, 0, 0));
    SNN__TRY(snn__layer_declare(layer, "bias", true, c, 0, 0, 0));
    SNN__TRY(snn__layer_declare(layer, "mean", false, c, 0, 0, 0));
    return snn__layer_declare(layer, "var", false, c, 0, 0, 0);
}

static void norm_init(snn_layer *layer, uint64_t seed)
{
    (void)seed;
    for (size_t i = 0; i < layer->in.dim[0]; i++)
        layer->tensor[WEIGHT].data[i] = layer->tensor[VAR].data[i] = 1.0f;
}

static unsigned norm_flags(const snn_layer *layer)
{
    return snn__param_is(&layer->params, SNN_LAYER_OVER, "all") ? SNN__LAYER_WHOLE : 0;
}

static snn_status norm_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct norm *s = node->state;
    const size_t c = node->layer->in.dim[0], each = SNN__PRODUCT(node->slots, c);
    const struct snn__want want[] = {
        { &s->mean, each, sizeof(float) },
        { &s->inverse, each, sizeof(float) },
        { &s->partial, SNN__PRODUCT(2 * SNN__PIECES, c), sizeof(double) },
        { &s->slope, c, sizeof(float) },
        { &s->gathered, SNN__PRODUCT(2, c), sizeof(double) },
        { &s->center, c, sizeof(float) },
        { &s->shift, c, sizeof(float) },
        { &s->bend, c, sizeof(float) },
        { &s->unbiased, c, sizeof(float) },
        { &s->factor, c, sizeof(float) },
        { &s->dweight, c, sizeof(float) },
        { &s->dbias, c, sizeof(float) },
    };

    s->c = c;
    s->positions = (size_t)node->layer->in.dim[1] * node->layer->in.dim[2];
    s->eps = (float)snn__param_f64(&node->layer->params, SNN_LAYER_EPS);
    s->momentum = (float)snn__param_f64(&node->layer->params, SNN_LAYER_MOMENTUM);
    s->over_all = !node->held && snn__param_is(&node->layer->params, SNN_LAYER_OVER, "all");
    return snn__arena_keep_all(arena, want, sizeof want / sizeof *want);
}

/* ---- running ---- */

/* Over all steps, the values of the steps are contiguous where they are kept. With summed errors E and means m over
 * the steps, the sums over the steps are those over the rows of one step of E and E m. */
static size_t rows_of(const struct norm *s, const struct snn__io *io)
{
    bool all =
        s->over_all && io->training && !io->summed && !io->constant && io->statistics != SNN__STATISTICS_GATHERED;

    return (all ? io->steps : 1) * io->batch * s->positions;
}

/* total (+)= the sums over the rows */
static void sum_rows(struct snn__node *node, struct snn__norm_sums k)
{
    struct norm *s = node->state;

    s->summed = false;
    k.c = s->c;
    k.pieces = SNN__PIECES;
    k.partial = s->partial;
    snn__each(node->ctx, snn__layers(node->ctx)->norm_sums, &k, SNN__PIECES);
    snn__layers(node->ctx)->norm_total(&k, 0, 2 * s->c);
}

/* From the sums of n values around the center: mean, 1 / deviation, running values. */
static void conclude(struct snn__node *node, const struct snn__io *io, const double *sums, size_t n, size_t slot)
{
    struct norm *s = node->state;
    const bool updates = io->statistics == SNN__STATISTICS_UPDATE;
    struct snn__norm_statistics k = { .c = s->c,
                                      .sums = sums,
                                      .center = s->center,
                                      .n = (double)n,
                                      .all = s->over_all && io->constant ? (double)n * (double)io->steps : (double)n,
                                      .scale = io->x[0].scale,
                                      .eps = s->eps,
                                      .momentum = s->momentum,
                                      .mean = s->mean + slot * s->c,
                                      .inverse = s->inverse + slot * s->c,
                                      .unbiased = s->unbiased,
                                      .running_mean = updates ? node->layer->tensor[MEAN].data : NULL,
                                      .running_var = updates ? node->layer->tensor[VAR].data : NULL };

    snn__layers(node->ctx)->norm_statistics(&k, 0, s->c);
}

/* Sums stay small around the first row. */
static void center(const struct snn__node *node, const float *x)
{
    const struct norm *s = node->state;

    node->ctx->kernels->scale(s->center, 1.0f, x, s->c);
}

static void measure(struct snn__node *node, const struct snn__io *io, size_t rows)
{
    struct norm *s = node->state;
    const float *x = io->x[0].data;

    center(node, x);
    sum_rows(node, (struct snn__norm_sums){ .rows = rows, .x = x, .center = s->center, .total = s->partial });
    conclude(node, io, s->partial, rows, io->slot);
}

static void norm_gather(struct snn__node *node, const struct snn__io *io)
{
    struct norm *s = node->state;
    const float *x = io->x[0].data;
    size_t rows = io->batch * s->positions;

    if (io->t == 0)
        center(node, x);
    sum_rows(node, (struct snn__norm_sums){
                       .rows = rows, .x = x, .center = s->center, .total = s->gathered, .accumulate = io->t > 0 });
    if (io->last)
        conclude(node, io, s->gathered, rows * io->steps, 0);
}

/* slope, shift <- gamma (scale x - mean) / deviation + beta, of the mean and the deviation that a call takes; without
 * beta the shift is 0. */
static void line(const struct snn__node *node, const struct snn__io *io, float scale, const float *beta)
{
    const struct norm *s = node->state;
    const struct snn__tensor *tensor = node->layer->tensor;
    const bool running = !io->training || node->held || io->statistics == SNN__STATISTICS_RUNNING;
    const bool fixed = io->statistics == SNN__STATISTICS_FIXED;
    struct snn__norm_line k = { .gamma = tensor[WEIGHT].data,
                                .beta = beta,
                                .mean = running ? tensor[MEAN].data : s->mean + io->slot * s->c,
                                .inverse = running || fixed ? NULL : s->inverse + io->slot * s->c,
                                .var = running ? tensor[VAR].data : s->unbiased,
                                .eps = running ? s->eps : FIXED_EPS,
                                .scale = scale,
                                .slope = s->slope,
                                .shift = s->shift };

    snn__layers(node->ctx)->norm_line(&k, 0, s->c);
}

static void affine(const struct snn__node *node, size_t rows, struct snn__affine k)
{
    const struct norm *s = node->state;

    k.c = s->c;
    k.slope = s->slope;
    k.bend = s->bend;
    k.shift = s->shift;
    snn__ranges(node->ctx, rows * s->c, snn__layers(node->ctx)->affine, &k);
}

static void norm_forward(struct snn__node *node, struct snn__io *io)
{
    struct norm *s = node->state;
    size_t rows = rows_of(s, io);

    s->summed = false;
    if (io->training && !node->held &&
        (io->statistics == SNN__STATISTICS_UPDATE || io->statistics == SNN__STATISTICS_BATCH))
        measure(node, io, rows);
    line(node, io, io->x[0].scale, node->layer->tensor[BIAS].data);
    io->y.scale = 1.0f;
    affine(node, rows, (struct snn__affine){ .x = io->x[0].data, .y = io->y.data });
}

/* The sums that gradient and adjoint share, then gradient and adjoint; the gradient comes first, if there is one. */
static struct snn__norm_back errors(struct snn__node *node, const struct snn__io *io, struct snn__signal e)
{
    struct norm *s = node->state;
    size_t rows = rows_of(s, io);
    struct snn__norm_back k = { .c = s->c,
                                .sums = s->partial,
                                .rows = (double)rows,
                                .d_scale = e.scale,
                                .x_scale = io->x[0].scale,
                                .x2_scale = io->summed ? 1.0 : io->x[0].scale,
                                .gamma = node->layer->tensor[WEIGHT].data,
                                .mean = s->mean + io->slot * s->c,
                                .inverse = s->inverse + io->slot * s->c,
                                .dgamma = s->dweight,
                                .dbeta = s->dbias,
                                .slope = s->slope,
                                .factor = s->factor,
                                .bend = s->bend,
                                .shift = s->shift };

    if (s->summed)
        return k;
    snn__layers(node->ctx)->norm_center(&k, 0, s->c);
    sum_rows(node, (struct snn__norm_sums){
                       .rows = rows, .x = io->x[0].data, .d = e.data, .center = s->shift, .total = s->partial });
    return k;
}

static void norm_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    struct norm *s = node->state;
    struct snn__norm_back k;

    (void)factor; /* the value of the step itself */
    if (node->held)
        return;
    s->summed = false;
    k = errors(node, io, e);
    s->summed = true;
    snn__layers(node->ctx)->norm_credit(&k, 0, k.c);
}

static void norm_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                         bool accumulate)
{
    struct norm *s = node->state;
    struct snn__affine a = { .x = e.data, .y = dx, .accumulate = accumulate };

    (void)input;
    if (node->held) {
        line(node, io, e.scale, NULL);
    } else {
        struct snn__norm_back k = errors(node, io, e);

        s->summed = false;
        snn__layers(node->ctx)->norm_back(&k, 0, k.c);
        a.x2 = io->summed ? io->weighted : io->x[0].data;
    }
    affine(node, rows_of(s, io), a);
}

static const float *norm_slope(const struct snn__node *node)
{
    return ((const struct norm *)node->state)->factor;
}

static void norm_settle(struct snn__node *node)
{
    const struct norm *s = node->state;
    const struct snn__kernels *k = node->ctx->kernels;

    k->scale(node->gradient[WEIGHT], 1.0f, s->dweight, s->c);
    k->scale(node->gradient[BIAS], 1.0f, s->dbias, s->c);
    k->fill(s->dweight, 0.0f, s->c);
    k->fill(s->dbias, 0.0f, s->c);
}

const struct snn__layer_type snn__layer_batch_norm = {
    .name = "batch_norm",
    .text = "batch normalisation per channel",
    SNN__WITH_PARAMS(params),
    .flags = SNN__LAYER_KEEPS_X | SNN__LAYER_STEPWISE | SNN__LAYER_STATISTICS,
    .state_size = sizeof(struct norm),
    .shape = norm_shape,
    .tensors = norm_tensors,
    .init = norm_init,
    .run_flags = norm_flags,
    .plan = norm_plan,
    .forward = norm_forward,
    .adjoint = norm_adjoint,
    .credit = norm_credit,
    .settle = norm_settle,
    .gather = norm_gather,
    .slope = norm_slope,
};
