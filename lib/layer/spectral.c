/* layer/spectral.c - weights whose spectral norm is restricted.
 *
 *   What = gc w / sigma,  gc = clip(g, -R, R),  sigma = u.(w v)        (w as a matrix [rows, columns])
 *   v = w^T u / |w^T u|,  u = w v / |w v|                              (one power iteration)
 *   G = dL/dWhat:  dw = gc / sigma (G - <G, w/sigma> u v^T),  dg = <G, w>/sigma where |g| <= R, else 0
 *
 * u and v are constants for the gradient. */
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/reparam.h"
#include "layer/weights.h"
#include <math.h>

/* Rows and columns of a task. */
#define BLOCK 64
#define TINY 1e-12

struct matrix {
    const snn_context *ctx;
    const float *w;
    size_t rows, columns;
    const float *x;
    float *y;
};

/* y <- w^T x */
static void transposed_block(void *arg, size_t block)
{
    struct matrix *k = arg;
    size_t from = block * BLOCK, n = snn__min((size_t)BLOCK, k->columns - from);

    k->ctx->kernels->fill(k->y + from, 0.0f, n);
    for (size_t i = 0; i < k->rows; i++)
        k->ctx->kernels->axpy(k->y + from, k->x[i], k->w + i * k->columns + from, n);
}

/* x <- x / |x|; returns |x|. */
static double normalise(const snn_context *ctx, float *x, size_t n)
{
    double norm = fmax(sqrt(ctx->kernels->dot(x, x, n)), TINY);

    ctx->kernels->scale(x, (float)(1.0 / norm), x, n);
    return norm;
}

/* One power iteration from u; returns sigma. next_u may be u. */
static double iterate(const snn_context *ctx, const float *w, size_t rows, size_t columns, const float *u,
                      float *next_u, float *next_v)
{
    struct matrix k = { ctx, w, rows, columns, u, next_v };
    struct snn__matrix_vector product = { ctx->kernels, rows, columns, w, next_v, next_u };

    snn__each(ctx, transposed_block, &k, snn__ceil_div(columns, BLOCK));
    normalise(ctx, next_v, columns);
    snn__each(ctx, snn__layers(ctx)->matrix_vector, &product, snn__ceil_div(rows, SNN__VECTOR_ROWS));
    return normalise(ctx, next_u, rows);
}

/* ---- building ---- */

static bool chosen(const snn_layer *layer)
{
    return snn__param_is(&layer->params, SNN_LAYER_NORM, "spectral");
}

static snn_status tensors(snn_layer *layer)
{
    const struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];

    SNN__TRY(snn__weights_check_norm(layer));
    SNN__TRY(snn__layer_declare(layer, "g", true, 1, 0, 0, 0));
    SNN__TRY(snn__layer_declare(layer, "u", false, w->dim[0], 0, 0, 0));
    return snn__layer_declare(layer, "v", false, w->length / w->dim[0], 0, 0, 0);
}

/* g begins as the norm of w. */
static void init(snn_layer *layer, uint64_t seed)
{
    const struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];
    struct snn__tensor *g = snn__layer_find_tensor(layer, "g"), *u = g + 1, *v = g + 2;

    snn__layers(layer->ctx)
        ->random_normal(seed, SNN__RNG_INIT, snn__first_stream(layer->index, SNN__FIRST_U), u->data, u->length, 1.0f);
    for (int i = 0; i < 10; i++)
        g->data[0] = (float)iterate(layer->ctx, w->data, u->length, v->length, u->data, u->data, v->data);
}

/* ---- running: u and v after the iteration of a sequence are kept, sigma is the number ---- */

static void begin(struct snn__derived *d)
{
    struct snn__tensor *u = snn__layer_find_tensor(d->node->layer, "u"), *v = u + 1;

    snn__copy(d->node->ctx, u->data, 1.0f, d->row[0], d->rows);
    snn__copy(d->node->ctx, v->data, 1.0f, d->column, d->fan);
}

static double clipped(double g, double range)
{
    return fmin(fmax(g, -range), range);
}

/* One power iteration from the stored u, which begin() stores: an evaluation changes nothing. */
static void derive(struct snn__derived *d, float *what)
{
    snn_layer *layer = d->node->layer;
    const float *w = layer->tensor[SNN__WEIGHT].data;
    const struct snn__tensor *g = snn__layer_find_tensor(layer, "g"), *u = g + 1;
    double now, gc;

    snn__layers(d->node->ctx)->widen(&now, 1.0, g->data, 1);
    gc = clipped(now, snn__param_f64(&layer->params, SNN_LAYER_RANGE));
    d->number = iterate(d->node->ctx, w, d->rows, d->fan, u->data, d->row[0], d->column);
    snn__copy(d->node->ctx, what, (float)(gc / d->number), w, d->rows * d->fan);
}

static void gradient(struct snn__derived *d, float *gradient)
{
    snn_layer *layer = d->node->layer;
    const snn_context *ctx = d->node->ctx;
    const struct snn__layer_kernels *layers = snn__layers(ctx);
    const ptrdiff_t at = snn__layer_tensor_index(layer, "g");
    double g, range = snn__param_f64(&layer->params, SNN_LAYER_RANGE), sigma = d->number;
    double inner = snn__dot(ctx, gradient, layer->tensor[SNN__WEIGHT].data, d->rows * d->fan) / sigma, back;
    struct snn__outer_rows rows = { ctx->kernels, d->rows, d->fan, 0, inner, d->row[0], d->column, gradient };

    layers->widen(&g, 1.0, layer->tensor[at].data, 1);
    rows.factor = clipped(g, range) / sigma;
    snn__each(ctx, layers->outer_rows, &rows, snn__ceil_div(d->rows, SNN__ROWS));
    back = fabs(g) <= range ? inner : 0.0;
    layers->narrow(d->node->gradient[at], 1.0, &back, 1);
}

const struct snn__reparam snn__reparam_spectral = {
    .chosen = chosen,
    .tensors = tensors,
    .init = init,
    .per_row = 1,
    .per_column = 1,
    .begin = begin,
    .derive = derive,
    .gradient = gradient,
};
