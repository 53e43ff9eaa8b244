/* layer/norm.c - batch norm over all positions of a channel, per step or over all steps.
 *
 *   xh = (x - mu) / sqrt(v + eps),   y = gamma xh + beta;   v biased, in the running value unbiased
 *   dgamma += sum d xh,  dbeta += sum d
 *   dx = gamma / sqrt(v + eps) (d - mean(d) - xh mean(d xh))
 *
 * The statistics are differentiated in training; evaluation takes the running values. So does training where these
 * are held, and dx = gamma / sqrt(v + eps) d, while gamma and beta stay as they are. */
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "layer/types.h"
#include <math.h>

enum { WEIGHT, BIAS, MEAN, VAR };

#define FIXED_EPS 1e-8f /* added to an unbiased variance that was fixed ahead */

struct norm {
    size_t c, positions;
    float eps, momentum;
    bool over_all;              /* statistics are over all steps */
    float *mean, *inverse;      /* of every kept step, [slots][c] */
    float *unbiased;            /* variance last measured */
    double *partial;            /* [SNN__PIECES][2][c] */
    double *gathered;           /* [2][c]: sums over the steps so far, of (x - center) and its square */
    float *center;
    float *factor;              /* of x in the last adjoint */
    float *slope, *shift, *bend; /* y = slope x + shift; dx = slope d + bend x + shift */
    float *dweight, *dbias;
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

/* ---- sums over rows, in fixed pieces ---- */

struct sums {
    const float *x, *d; /* d NULL: sums of (x - center) and its square; else sums of d and d x */
    const float *center;
    size_t rows, c;
    double *partial;
};

static void sum_piece(void *arg, size_t piece, size_t worker)
{
    struct sums *k = arg;
    size_t from = snn__part(k->rows, SNN__PIECES, piece), to = snn__part(k->rows, SNN__PIECES, piece + 1);
    double *first = k->partial + piece * 2 * k->c, *second = first + k->c;

    (void)worker;
    for (size_t i = 0; i < 2 * k->c; i++)
        first[i] = 0;
    for (size_t row = from; row < to; row++) {
        const float *x = k->x + row * k->c, *d = k->d ? k->d + row * k->c : NULL;

        for (size_t i = 0; i < k->c; i++) {
            double a = d ? d[i] : x[i] - k->center[i];

            first[i] += a;
            second[i] += a * (d ? x[i] - k->center[i] : a);
        }
    }
}

/* partial[0 .. c) and partial[c .. 2c) receive the two sums. */
static void sum_rows(const struct snn__node *node, const float *x, const float *d, const float *center, size_t rows)
{
    struct norm *s = node->state;
    struct sums k = { x, d, center, rows, s->c, s->partial };

    snn__parallel(node->ctx, sum_piece, &k, SNN__PIECES);
    for (size_t piece = 1; piece < SNN__PIECES; piece++)
        for (size_t i = 0; i < 2 * s->c; i++)
            s->partial[i] += s->partial[piece * 2 * s->c + i];
}

/* ---- y = slope x + shift (+ bend x2), row by row ---- */

struct affine {
    const float *x, *x2, *slope, *bend, *shift;
    float *y;
    size_t c;
    bool accumulate;
};

/* Part of a row, from channel i on. */
static void affine_part(const struct affine *k, size_t e, size_t i, size_t n)
{
    const float *restrict x = k->x + e, *restrict slope = k->slope + i, *restrict shift = k->shift + i;
    float *restrict y = k->y + e;

    if (k->x2 != NULL) {
        const float *restrict x2 = k->x2 + e, *restrict bend = k->bend + i;

        for (size_t j = 0; j < n; j++)
            y[j] = (k->accumulate ? y[j] : 0.0f) + (slope[j] * x[j] + shift[j] + bend[j] * x2[j]);
    } else if (k->accumulate) {
        for (size_t j = 0; j < n; j++)
            y[j] += slope[j] * x[j] + shift[j];
    } else {
        for (size_t j = 0; j < n; j++)
            y[j] = slope[j] * x[j] + shift[j];
    }
}

static void affine_rows(void *arg, size_t from, size_t to)
{
    const struct affine *k = arg;

    for (size_t e = from, n; e < to; e += n) {
        n = snn__min(k->c - e % k->c, to - e);
        affine_part(k, e, e % k->c, n);
    }
}

/* ---- running ---- */

/* Over all steps, their values lie behind each other where they are kept. With summed errors E and means m over the
 * steps, the sums over the steps are those over the rows of one step of E and E m. */
static size_t rows_of(const struct norm *s, const struct snn__io *io)
{
    bool all =
        s->over_all && io->training && !io->summed && !io->constant && io->statistics != SNN__STATISTICS_GATHERED;

    return (all ? io->steps : 1) * io->batch * s->positions;
}

/* From the sums of n values around the center: mean, 1 / deviation, running values. */
static void conclude(struct snn__node *node, const struct snn__io *io, const double *sums, double n, float *mean,
                     float *inverse)
{
    struct norm *s = node->state;
    float *running_mean = node->layer->tensor[MEAN].data, *running_var = node->layer->tensor[VAR].data;
    double scale = io->x[0].scale;
    double all = s->over_all && io->constant ? n * (double)io->steps : n; /* values that the statistics are of */

    for (size_t i = 0; i < s->c; i++) {
        double m = sums[i] / n, v = sums[s->c + i] / n - m * m;
        double mu = (s->center[i] + m) * scale, var = (v > 0 ? v : 0) * scale * scale;

        mean[i] = (float)mu;
        inverse[i] = (float)(1.0 / sqrt(var + s->eps));
        s->unbiased[i] = (float)(var * (all > 1 ? all / (all - 1) : 1.0));
        if (io->statistics != SNN__STATISTICS_UPDATE)
            continue;
        running_mean[i] = snn__flushed((float)((1.0 - s->momentum) * running_mean[i] + s->momentum * mu));
        running_var[i] = snn__flushed((float)((1.0 - s->momentum) * running_var[i] + s->momentum * s->unbiased[i]));
    }
}

static void measure(struct snn__node *node, struct snn__io *io, const float *x, size_t rows, float *mean,
                    float *inverse)
{
    struct norm *s = node->state;

    for (size_t i = 0; i < s->c; i++)
        s->center[i] = x[i]; /* the first row: sums stay small around it */
    sum_rows(node, x, NULL, s->center, rows);
    conclude(node, io, s->partial, (double)rows, mean, inverse);
}

static void norm_gather(struct snn__node *node, const struct snn__io *io)
{
    struct norm *s = node->state;
    const float *x = io->x[0].data;
    size_t rows = io->batch * s->positions;

    for (size_t i = 0; i < s->c && io->t == 0; i++)
        s->center[i] = x[i];
    sum_rows(node, x, NULL, s->center, rows);
    for (size_t i = 0; i < 2 * s->c; i++)
        s->gathered[i] = (io->t > 0 ? s->gathered[i] : 0) + s->partial[i];
    if (io->last)
        conclude(node, io, s->gathered, (double)(rows * io->steps), s->mean, s->inverse);
}

/* The mean and 1 / deviation that a call takes. */
static void choose(const struct snn__node *node, const struct snn__io *io, size_t i, float *mean, float *inverse)
{
    const struct norm *s = node->state;

    if (!io->training || node->held || io->statistics == SNN__STATISTICS_RUNNING) {
        *mean = node->layer->tensor[MEAN].data[i];
        *inverse = 1.0f / sqrtf(node->layer->tensor[VAR].data[i] + s->eps);
        return;
    }
    *mean = s->mean[io->slot * s->c + i];
    *inverse = io->statistics == SNN__STATISTICS_FIXED ? 1.0f / sqrtf(s->unbiased[i] + FIXED_EPS)
                                                       : s->inverse[io->slot * s->c + i];
}

static void norm_forward(struct snn__node *node, struct snn__io *io)
{
    struct norm *s = node->state;
    size_t rows = rows_of(s, io);
    const float *gamma = node->layer->tensor[WEIGHT].data, *beta = node->layer->tensor[BIAS].data;

    if (io->training && !node->held &&
        (io->statistics == SNN__STATISTICS_UPDATE || io->statistics == SNN__STATISTICS_BATCH))
        measure(node, io, io->x[0].data, rows, s->mean + io->slot * s->c, s->inverse + io->slot * s->c);
    for (size_t i = 0; i < s->c; i++) {
        float m, r;

        choose(node, io, i, &m, &r);
        s->slope[i] = gamma[i] * r * io->x[0].scale;
        s->shift[i] = beta[i] - gamma[i] * r * m;
    }
    io->y.scale = 1.0f;
    snn__ranges(node->ctx, rows * s->c, affine_rows,
                &(struct affine){ io->x[0].data, NULL, s->slope, NULL, s->shift, io->y.data, s->c, false });
}

/* The sums that the gradient and the adjoint share: partial <- (sum d, sum d xh), with the scales of both arrays. */
static void error_sums(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t rows)
{
    struct norm *s = node->state;
    const float *mean = s->mean + io->slot * s->c, *inverse = s->inverse + io->slot * s->c;
    double x_scale = io->x[0].scale;

    for (size_t i = 0; i < s->c; i++)
        s->shift[i] = (float)(x_scale != 0 ? mean[i] / x_scale : 0.0);
    sum_rows(node, io->x[0].data, e.data, s->shift, rows);
    for (size_t i = 0; i < s->c; i++) {
        s->partial[i] *= e.scale;
        s->partial[s->c + i] *= e.scale * x_scale * inverse[i];
    }
}

static void norm_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    struct norm *s = node->state;

    (void)factor; /* the value of the step itself */
    if (node->held)
        return;
    error_sums(node, io, e, rows_of(s, io));
    for (size_t i = 0; i < s->c; i++) {
        s->dbias[i] += (float)s->partial[i];
        s->dweight[i] += (float)s->partial[s->c + i];
    }
}

/* dx (+)= gamma / sqrt(v + eps) e */
static void adjoint_held(const struct snn__node *node, const struct snn__io *io, struct snn__signal e, float *dx,
                         bool accumulate)
{
    const struct norm *s = node->state;

    for (size_t i = 0; i < s->c; i++) {
        float mean, inverse;

        choose(node, io, i, &mean, &inverse);
        s->slope[i] = node->layer->tensor[WEIGHT].data[i] * inverse * e.scale;
        s->shift[i] = 0.0f;
    }
    snn__ranges(node->ctx, rows_of(s, io) * s->c, affine_rows,
                &(struct affine){ e.data, NULL, s->slope, NULL, s->shift, dx, s->c, accumulate });
}

static void norm_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                         bool accumulate)
{
    struct norm *s = node->state;
    size_t rows = rows_of(s, io);
    const float *mean = s->mean + io->slot * s->c, *inverse = s->inverse + io->slot * s->c;
    const float *gamma = node->layer->tensor[WEIGHT].data;

    (void)input;
    if (node->held) {
        adjoint_held(node, io, e, dx, accumulate);
        return;
    }
    error_sums(node, io, e, rows);
    for (size_t i = 0; i < s->c; i++) {
        double a = (double)gamma[i] * inverse[i], n = (double)rows;
        double bend = -a * inverse[i] * s->partial[s->c + i] / n; /* times (x - mu) */

        s->slope[i] = (float)(a * e.scale);
        s->factor[i] = (float)bend;
        s->bend[i] = (float)(bend * (io->summed ? 1.0 : io->x[0].scale));
        s->shift[i] = (float)(-a * s->partial[i] / n - bend * mean[i]);
    }
    snn__ranges(node->ctx, rows * s->c, affine_rows,
                &(struct affine){ e.data, io->summed ? io->weighted : io->x[0].data, s->slope, s->bend, s->shift, dx,
                                  s->c, accumulate });
}

static const float *norm_slope(const struct snn__node *node)
{
    return ((const struct norm *)node->state)->factor;
}

static void norm_settle(struct snn__node *node)
{
    struct norm *s = node->state;

    for (size_t i = 0; i < s->c; i++) {
        node->gradient[WEIGHT][i] = s->dweight[i];
        node->gradient[BIAS][i] = s->dbias[i];
        s->dweight[i] = s->dbias[i] = 0.0f;
    }
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
