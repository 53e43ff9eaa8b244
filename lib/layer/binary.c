/* layer/binary.c - the sign of weights, and the gradient that takes its place. */
#include "layer/binary.h"
#include "core/context.h"
#include "core/size.h"
#include "core/status.h"
#include "layer/reparam.h"
#include "layer/weights.h"
#include <math.h>
#include <string.h>

/* Rows are shared out in blocks of so many. */
#define ROWS 16

struct work {
    const struct snn__binary *binary;
    const float *w;
    float *out;
};

static float sign(float w)
{
    return w >= 0.0f ? 1.0f : -1.0f; /* of -0, too */
}

static float row_scale(const struct snn__binary *binary, const float *w)
{
    double sum = 0;

    for (size_t j = 0; j < binary->n; j++)
        sum += fabsf(w[j]);
    return binary->scaled ? (float)(sum / (double)binary->n) : 1.0f;
}

static void binarise_rows(void *arg, size_t block, size_t worker)
{
    const struct work *k = arg;
    size_t n = k->binary->n, from = block * ROWS, to = snn__min(from + ROWS, k->binary->rows);

    (void)worker;
    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * n;
        float a = row_scale(k->binary, w);

        k->binary->scale[i] = a;
        for (size_t j = 0; j < n && k->out; j++)
            k->out[i * n + j] = a * sign(w[j]);
    }
}

void snn__binarise(const snn_context *ctx, const struct snn__binary *binary, const float *w, float *wb)
{
    struct work k = { binary, w, wb };

    snn__parallel(ctx, binarise_rows, &k, snn__ceil_div(binary->rows, ROWS));
}

static void gradient_rows(void *arg, size_t block, size_t worker)
{
    const struct work *k = arg;
    const struct snn__binary *b = k->binary;
    size_t from = block * ROWS, to = snn__min(from + ROWS, b->rows);

    (void)worker;
    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * b->n;
        float *g = k->out + i * b->n, factor = b->back == SNN__BINARY_STE ? 1.0f : b->scale[i], mean = 0.0f;
        double sum = 0;

        for (size_t j = 0; j < b->n && b->back == SNN__BINARY_FULL && b->scaled; j++)
            sum += g[j] * sign(w[j]);
        mean = (float)(sum / (double)b->n);
        for (size_t j = 0; j < b->n; j++)
            g[j] = (fabsf(w[j]) <= 1.0f ? factor * g[j] : 0.0f) + mean * sign(w[j]);
    }
}

void snn__binary_gradient(const snn_context *ctx, const struct snn__binary *binary, const float *w, float *gradient)
{
    struct work k = { binary, w, gradient };

    snn__parallel(ctx, gradient_rows, &k, snn__ceil_div(binary->rows, ROWS));
}

void snn__binary_pack(const struct snn__binary *binary, const float *w, unsigned char *bits)
{
    size_t all = binary->rows * binary->n;

    memset(bits, 0, SNN__BINARY_BYTES(all));
    for (size_t i = 0; i < binary->rows; i++)
        binary->scale[i] = row_scale(binary, w + i * binary->n);
    for (size_t i = 0; i < all; i++)
        bits[i / 8] |= (unsigned char)((w[i] >= 0.0f) << i % 8);
}

void snn__binary_unpack(const struct snn__binary *binary, const unsigned char *bits, float *w)
{
    for (size_t i = 0; i < binary->rows * binary->n; i++)
        w[i] = bits[i / 8] >> i % 8 & 1 ? binary->scale[i / binary->n] : -binary->scale[i / binary->n];
}

size_t snn__packed_words(const struct snn__tensor *tensor)
{
    return tensor->dim[0] + SNN__BINARY_BYTES(tensor->length) / 4;
}

snn_status snn__packed_from(const snn_layer *layer, const struct snn__tensor *tensor, float *to)
{
    struct snn__binary binary = { .rows = tensor->dim[0], .n = tensor->length / tensor->dim[0],
                                  .scaled = snn__param_is(&layer->params, SNN_LAYER_BINARY, "scaled"), .scale = to };

    for (size_t i = 0; i < tensor->length; i++)
        if (!isfinite(tensor->data[i]))
            return snn__fail(SNN_ERR_DIVERGED, "cannot pack: tensor \"%s.%s\" is not finite at entry %zu",
                             layer->name, tensor->name, i);
    snn__binary_pack(&binary, tensor->data, (unsigned char *)(to + tensor->dim[0]));
    return SNN_OK;
}

static void clip_range(void *arg, size_t from, size_t to)
{
    float *w = arg;

    for (size_t i = from; i < to; i++)
        w[i] = w[i] < -1.0f ? -1.0f : w[i] > 1.0f ? 1.0f : w[i];
}

void snn__binary_clip(const snn_context *ctx, float *w, size_t n)
{
    snn__ranges(ctx, n, clip_range, w);
}

/* ---- as a reparametrisation ---- */

static bool chosen(const snn_layer *layer)
{
    return snn__weights_binary(layer);
}

static snn_status tensors(snn_layer *layer)
{
    layer->tensor[SNN__WEIGHT].latent = true;
    if (snn__weights_number(layer, SNN_LAYER_STANDARDISE) || !snn__param_is(&layer->params, SNN_LAYER_NORM, "none"))
        return snn__fail(SNN_ERR_UNSUPPORTED, "layer %s: binary weights go with neither standardise nor norm",
                         layer->name);
    return SNN_OK;
}

static struct snn__binary binary_of(const struct snn__derived *d)
{
    const struct snn__params *p = &d->node->layer->params;

    return (struct snn__binary){ .rows = d->rows,
                                 .n = d->fan,
                                 .scaled = snn__param_is(p, SNN_LAYER_BINARY, "scaled"),
                                 .back = snn__param_is(p, SNN_LAYER_BACK, "ste")     ? SNN__BINARY_STE
                                         : snn__param_is(p, SNN_LAYER_BACK, "scale") ? SNN__BINARY_SCALE
                                                                                     : SNN__BINARY_FULL,
                                 .scale = d->row[0] };
}

/* Signs and scales, of latent weights or of what a packed network has in their place. */
static void derive(struct snn__derived *d, float *what)
{
    const struct snn__tensor *w = &d->node->layer->tensor[SNN__WEIGHT];
    const struct snn__binary binary = binary_of(d);

    if (w->packed == NULL) {
        snn__binarise(d->node->ctx, &binary, w->data, what);
        return;
    }
    memcpy(binary.scale, w->packed, d->rows * sizeof *w->packed);
    if (what != NULL)
        snn__binary_unpack(&binary, snn__packed_bits(w), what);
}

static void gradient(struct snn__derived *d, float *g)
{
    const struct snn__binary binary = binary_of(d);

    snn__binary_gradient(d->node->ctx, &binary, d->node->layer->tensor[SNN__WEIGHT].data, g);
}

const struct snn__reparam snn__binary_weights = {
    .chosen = chosen,
    .tensors = tensors,
    .per_row = 1,
    .derive = derive,
    .gradient = gradient,
};
