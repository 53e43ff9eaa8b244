/* layer/standardise.c - scaled weight standardisation (docs/methods/ottt.md), N = fan-in, per output row i:
 *
 *   r_i = 1 / sqrt(N v_i + eps), v_i = unbiased variance of row i;   What_ij = gain_i r_i (W_ij - mu_i)
 *   G = dL/dWhat, c_ij = W_ij - mu_i:   dgain_i = r_i sum_j G_ij c_ij
 *   D_ij = gain_i r_i G_ij - gain_i N/(N-1) r_i^3 c_ij sum_k G_ik c_ik;   dW_ij = D_ij - mean_j D_ij */
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/reparam.h"
#include "layer/weights.h"

static bool chosen(const snn_layer *layer)
{
    return snn__layer_number_or(layer, SNN_LAYER_STANDARDISE, 0) != 0;
}

static snn_status tensors(snn_layer *layer)
{
    const struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];

    if (w->length / w->dim[0] < 2)
        return snn__fail(SNN_ERR_SHAPE, "layer %s: weights of fan-in 1 cannot be standardised", layer->name);
    return snn__layer_declare(layer, "gain", true, w->dim[0], 0, 0, 0);
}

static void init(snn_layer *layer, uint64_t seed)
{
    struct snn__tensor *gain = snn__layer_find_tensor(layer, "gain");

    (void)seed;
    for (size_t i = 0; i < gain->length; i++)
        gain->data[i] = 1.0f;
}

static struct snn__standardise rows_of(struct snn__derived *d, float *out)
{
    const struct snn__tensor *tensor = d->node->layer->tensor;
    const ptrdiff_t gain = snn__layer_tensor_index(d->node->layer, "gain");

    return (struct snn__standardise){ .rows = d->rows,
                                      .n = d->fan,
                                      .w = tensor[SNN__WEIGHT].data,
                                      .gain = tensor[gain].data,
                                      .eps = (float)snn__param_f64(&d->node->layer->params, SNN_LAYER_EPS),
                                      .inverse = d->row[0],
                                      .mean = d->row[1],
                                      .out = out,
                                      .gain_back = d->node->gradient[gain] };
}

static void derive(struct snn__derived *d, float *what)
{
    struct snn__standardise k = rows_of(d, what);

    snn__each(d->node->ctx, snn__layers(d->node->ctx)->standardise, &k, snn__ceil_div(d->rows, SNN__ROWS));
}

static void gradient(struct snn__derived *d, float *g)
{
    struct snn__standardise k = rows_of(d, g);

    snn__each(d->node->ctx, snn__layers(d->node->ctx)->standardise_back, &k, snn__ceil_div(d->rows, SNN__ROWS));
}

const struct snn__reparam snn__reparam_standardise = {
    .chosen = chosen,
    .tensors = tensors,
    .init = init,
    .per_row = 2,
    .derive = derive,
    .gradient = gradient,
};
