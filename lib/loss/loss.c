/* loss/loss.c - cross-entropy, mean squared error, and their mixture.
 *
 *   dL/dout = weight ( (1 - mix) (softmax - target) / B + mix 2 (out - target) / (B C) )
 *
 * and half the squared distance, dL/dout = weight (out - target) / B.
 *
 * With a teacher's logits p:   (1 - share) of that + weight share tau (softmax(out / tau) - softmax(p / tau)) / B */
#include "loss/loss.h"
#include "core/context.h"
#include <math.h>

struct snn__name snn__loss_names(size_t index)
{
    static const struct snn__name losses[] = { SNN__LOSSES(SNN__NAME_ROW) };

    return snn__name_in(losses, sizeof losses / sizeof *losses, index);
}

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

/* The largest factor x: by comparing, as a loop of fmax() stops gcc 12 for AArch64 with an internal error. */
static double largest_of(const float *x, double factor, size_t n)
{
    double largest = -INFINITY;

    for (size_t i = 0; i < n; i++)
        if (factor * x[i] > largest)
            largest = factor * x[i];
    return largest;
}

/* log of the sum of exp(factor x) */
static double log_sum(const float *x, double factor, size_t n)
{
    double largest = largest_of(x, factor, n), sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += exp(factor * x[i] - largest);
    return largest + log(sum);
}

/* What the teacher adds to a sample's loss and error. */
static void learn_from_teacher(const struct work *k, size_t b)
{
    const float *q = k->out + b * k->classes, *p = k->loss->teacher + b * k->classes;
    double share = k->loss->share, tau = k->loss->tau, factor = k->factor / tau, kl = 0;
    double q_sum = log_sum(q, factor, k->classes), p_sum = log_sum(p, 1.0 / tau, k->classes);

    for (size_t c = 0; c < k->classes; c++) {
        double log_p = p[c] / tau - p_sum, log_q = factor * q[c] - q_sum;

        kl += exp(log_p) * (log_p - log_q);
        if (k->error)
            k->error[b * k->classes + c] =
                (float)((1.0 - share) * k->error[b * k->classes + c] +
                        k->weight / (double)k->batch * share * tau * (exp(log_q) - exp(log_p)));
    }
    k->sums[b] = (1.0 - share) * k->sums[b] + share * tau * tau * kl;
}

static void one_sample(void *arg, size_t b, size_t worker)
{
    struct work *k = arg;
    const float *out = k->out + b * k->classes;
    double classes = (double)k->classes, e = k->loss->smoothing, mix = k->loss->mix, mean = k->loss->half ? 0.5 : 1.0 / classes;
    double largest = largest_of(out, k->factor, k->classes), sum = 0, ce = 0, mse = 0;

    (void)worker;
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
    if (k->loss->teacher != NULL)
        learn_from_teacher(k, b);
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
