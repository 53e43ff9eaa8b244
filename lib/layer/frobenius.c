/* layer/frobenius.c - weights whose Frobenius norm is restricted:
 *
 *   What = f W,  f = min(1, range / ||W||), a constant for the gradient:  dW = f dL/dWhat */
#include "core/context.h"
#include "layer/reparam.h"
#include "layer/weights.h"
#include <math.h>

static bool chosen(const snn_layer *layer)
{
    return snn__param_is(&layer->params, SNN_LAYER_NORM, "frobenius");
}

static void derive(struct snn__derived *d, float *what)
{
    const struct snn__tensor *w = &d->node->layer->tensor[SNN__WEIGHT];
    double norm = sqrt(snn__dot(d->node->ctx, w->data, w->data, w->length));
    double range = snn__param_f64(&d->node->layer->params, SNN_LAYER_RANGE);

    d->number = norm > range ? range / norm : 1.0;
    snn__copy(d->node->ctx, what, (float)d->number, w->data, w->length);
}

static void gradient(struct snn__derived *d, float *g)
{
    snn__copy(d->node->ctx, g, (float)d->number, g, d->rows * d->fan);
}

const struct snn__reparam snn__reparam_frobenius = {
    .chosen = chosen,
    .tensors = snn__weights_check_norm,
    .derive = derive,
    .gradient = gradient,
};
