/* loss/loss.c - cross-entropy, mean squared error, and their mixture.
 *
 *   dL/dout = weight ( (1 - mix) (softmax - target) / B + mix 2 (out - target) / (B C) )
 *
 * and half the squared distance, dL/dout = weight (out - target) / B. */
#include "loss/loss.h"
#include "core/context.h"
#include <math.h>

struct work {
    const struct snn__loss *loss;
    const float *out;
    float factor;
    const uint32_t *label;
    size_t batch, classes;
    double weight;
    float *error;
    double *sums;
};

static void one_sample(void *arg, size_t b, size_t worker)
{
    struct work *k = arg;
    const float *out = k->out + b * k->classes;
    double classes = (double)k->classes, e = k->loss->smoothing, mix = k->loss->mix, mean = k->loss->half ? 0.5 : 1.0 / classes;
    double largest = -INFINITY, sum = 0, ce = 0, mse = 0;

    (void)worker;
    for (size_t c = 0; c < k->classes; c++)
        largest = fmax(largest, (double)k->factor * out[c]);
    for (size_t c = 0; c < k->classes; c++)
        sum += exp((double)k->factor * out[c] - largest);
    for (size_t c = 0; c < k->classes; c++) {
        double y = (double)k->factor * out[c], p = exp(y - largest) / sum;
        double target = (c == k->label[b] ? 1.0 - e : 0.0) + e / classes;
        double aim = k->loss->constant ? k->loss->target : target;

        ce -= target * (y - largest - log(sum));
        mse += (y - aim) * (y - aim) * mean;
        if (k->error)
            k->error[b * k->classes + c] =
                (float)(k->weight / (double)k->batch * ((1.0 - mix) * (p - target) + mix * 2.0 * (y - aim) * mean));
    }
    k->sums[b] = (mix < 1.0 ? (1.0 - mix) * ce : 0.0) + (mix > 0.0 ? mix * mse : 0.0);
}

double snn__loss(const snn_context *ctx, const struct snn__loss *loss, const float *out, float factor, const uint32_t *label,
                 size_t batch, size_t classes, double weight, float *error, double *sums)
{
    struct work k = { loss, out, factor, label, batch, classes, weight, error, sums };
    double sum = 0;

    if (batch * classes >= 1024)
        snn__parallel(ctx, one_sample, &k, batch);
    else
        for (size_t b = 0; b < batch; b++)
            one_sample(&k, b, 0);
    for (size_t b = 0; b < batch; b++)
        sum += sums[b];
    return weight * sum / (double)batch;
}
