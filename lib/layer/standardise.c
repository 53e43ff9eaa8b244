/* layer/standardise.c - scaled weight standardisation (docs/methods/ottt.md), N = fan-in, per output row i:
 *
 *   r_i = 1 / sqrt(N v_i + eps), v_i = unbiased variance of row i;   What_ij = gain_i r_i (W_ij - mu_i)
 *   G = dL/dWhat, c_ij = W_ij - mu_i:   dgain_i = r_i sum_j G_ij c_ij
 *   D_ij = gain_i r_i G_ij - gain_i N/(N-1) r_i^3 c_ij sum_k G_ik c_ik;   dW_ij = D_ij - mean_j D_ij */
#include "core/context.h"
#include "core/size.h"
#include "layer/reparam.h"
#include "layer/weights.h"
#include <math.h>

/* What is kept of a row. */
enum { INVERSE, MEAN };

struct rows {
    struct snn__derived *d;
    const float *w, *gain;
    float *out;       /* What, or the gradient */
    float *gain_back; /* dgain */
    double eps;
};

static bool chosen(const snn_layer *layer)
{
    return snn__weights_number_or(layer, SNN_LAYER_STANDARDISE, 0) != 0;
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

static struct rows rows_of(struct snn__derived *d, float *out)
{
    const struct snn__tensor *tensor = d->node->layer->tensor;
    const ptrdiff_t gain = snn__layer_tensor_index(d->node->layer, "gain");

    return (struct rows){ .d = d,
                          .w = tensor[SNN__WEIGHT].data,
                          .gain = tensor[gain].data,
                          .out = out,
                          .gain_back = d->node->gradient[gain],
                          .eps = (float)snn__param_f64(&d->node->layer->params, SNN_LAYER_EPS) };
}

static void derive_rows(void *arg, size_t block, size_t worker)
{
    const struct rows *k = arg;
    const struct snn__derived *d = k->d;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, d->rows);

    (void)worker;
    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * d->fan;
        float *what = k->out + i * d->fan;
        double sum = 0, square = 0, n = (double)d->fan, mu, factor;

        for (size_t j = 0; j < d->fan; j++)
            sum += w[j];
        mu = sum / n;
        for (size_t j = 0; j < d->fan; j++)
            square += (w[j] - mu) * (w[j] - mu);
        d->row[MEAN][i] = (float)mu;
        d->row[INVERSE][i] = (float)(1.0 / sqrt(n * square / (n - 1) + k->eps));
        factor = k->gain[i] * d->row[INVERSE][i];
        for (size_t j = 0; j < d->fan; j++)
            what[j] = (float)(factor * (w[j] - mu));
    }
}

static void gradient_rows(void *arg, size_t block, size_t worker)
{
    const struct rows *k = arg;
    const struct snn__derived *d = k->d;
    size_t from = block * SNN__ROWS, to = snn__min(from + SNN__ROWS, d->rows);

    (void)worker;
    for (size_t i = from; i < to; i++) {
        const float *w = k->w + i * d->fan;
        float *g = k->out + i * d->fan;
        double n = (double)d->fan, gc = 0, mean = 0, gain = k->gain[i], r = d->row[INVERSE][i], mu = d->row[MEAN][i];
        double slope;

        for (size_t j = 0; j < d->fan; j++)
            gc += g[j] * (w[j] - mu);
        k->gain_back[i] = (float)(r * gc);
        slope = gain * n / (n - 1) * r * r * r * gc;
        for (size_t j = 0; j < d->fan; j++)
            mean += gain * r * g[j] - slope * (w[j] - mu);
        mean /= n;
        for (size_t j = 0; j < d->fan; j++)
            g[j] = (float)(gain * r * g[j] - slope * (w[j] - mu) - mean);
    }
}

static void derive(struct snn__derived *d, float *what)
{
    struct rows k = rows_of(d, what);

    snn__parallel(d->node->ctx, derive_rows, &k, snn__ceil_div(d->rows, SNN__ROWS));
}

static void gradient(struct snn__derived *d, float *g)
{
    struct rows k = rows_of(d, g);

    snn__parallel(d->node->ctx, gradient_rows, &k, snn__ceil_div(d->rows, SNN__ROWS));
}

const struct snn__reparam snn__standardised = {
    .chosen = chosen,
    .tensors = tensors,
    .init = init,
    .per_row = 2,
    .derive = derive,
    .gradient = gradient,
};
