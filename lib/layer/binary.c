/* layer/binary.c - the sign of weights, and the gradient that takes its place. */
#include "layer/binary.h"
#include "core/context.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/layers.h"
#include "layer/reparam.h"
#include "layer/weights.h"
#include <math.h>
#include <string.h>

static struct snn__signs signs_of(const struct snn__binary *b, const float *w, float *out)
{
    return (struct snn__signs){ .rows = b->rows,
                                .n = b->n,
                                .scaled = b->scaled,
                                .through_sign = b->back != SNN__BINARY_STE,
                                .through_scale = b->back == SNN__BINARY_FULL && b->scaled,
                                .w = w,
                                .scale = b->scale,
                                .out = out };
}

void snn__binarise(const snn_context *ctx, const struct snn__binary *binary, const float *w, float *wb)
{
    struct snn__signs k = signs_of(binary, w, wb);

    snn__each(ctx, snn__layers(ctx)->signs, &k, snn__ceil_div(binary->rows, SNN__ROWS));
}

void snn__binary_gradient(const snn_context *ctx, const struct snn__binary *binary, const float *w, float *gradient)
{
    struct snn__signs k = signs_of(binary, w, gradient);

    snn__each(ctx, snn__layers(ctx)->signs_back, &k, snn__ceil_div(binary->rows, SNN__ROWS));
}

void snn__binary_pack(const snn_context *ctx, const struct snn__binary *binary, const float *w, unsigned char *bits)
{
    struct snn__signs k = signs_of(binary, w, NULL); /* the scales alone */
    size_t all = binary->rows * binary->n;

    memset(bits, 0, SNN__BINARY_BYTES(all));
    for (size_t block = 0; block < snn__ceil_div(binary->rows, SNN__ROWS); block++)
        snn__layers(ctx)->signs(&k, block);
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
    struct snn__binary binary = { .rows = tensor->dim[0],
                                  .n = tensor->length / tensor->dim[0],
                                  .scaled = snn__param_is(&layer->params, SNN_LAYER_BINARY, "scaled"),
                                  .scale = to };

    for (size_t i = 0; i < tensor->length; i++)
        if (!isfinite(tensor->data[i]))
            return snn__fail(SNN_ERR_DIVERGED, "cannot pack: tensor \"%s.%s\" is not finite at entry %zu",
                             layer->name, tensor->name, i);
    snn__binary_pack(layer->ctx, &binary, tensor->data, (unsigned char *)(to + tensor->dim[0]));
    return SNN_OK;
}

void snn__binary_clip(const snn_context *ctx, float *w, size_t n)
{
    snn__ranges(ctx, n, snn__layers(ctx)->clip_to_one, w);
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

/* Signs and scales, of latent weights or of a packed network's bits. */
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

const struct snn__reparam snn__reparam_binary = {
    .chosen = chosen,
    .tensors = tensors,
    .per_row = 1,
    .derive = derive,
    .gradient = gradient,
};
