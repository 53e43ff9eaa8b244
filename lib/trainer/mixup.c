/* trainer/mixup.c - mixup (Zhang et al., 2018): training on mixtures of two samples and of their labels.
 *
 *   x[b] <- lambda x[b] + (1 - lambda) x[p(b)]        at every step, with the same lambda
 *   y[b] <- lambda y[b] + (1 - lambda) y[p(b)]        one-hot labels (lib/loss/loss.c)
 *   lambda = max(l, 1 - l),  l ~ Beta(alpha, alpha)
 *
 * p is a random permutation of the batch, or of a shard. (b, p(b)) and (p(b), b) are equally likely and l is
 * symmetric about 1/2, so that the larger share may always be the sample's own, whose label counts as correct.
 * A share is a function of the batch and of the number of the sample in the whole batch. */
#include "core/context.h"
#include "core/rng.h"
#include "trainer/rule.h"
#include <math.h>

#define ALPHA_LEAST 1e-3
#define BATCH_BITS 24 /* a batch has no more samples */
#define PI 3.14159265358979323846

/* ---- shares ---- */

/* Uniform in (0, 1), both ends excluded. */
static double uniform(uint32_t high, uint32_t low)
{
    return ((double)(((uint64_t)high << 32 | low) >> 12) + 0.5) * 0x1p-52;
}

/* Ulrich's formula, exact for alpha >= 1/2: 1/2 (1 + sqrt(1 - u^(2 / (2 alpha - 1))) cos(2 pi v)) */
static double beta_by_angle(double alpha, double u, double v)
{
    const double square = alpha > 0.5 ? -expm1(2.0 / (2.0 * alpha - 1.0) * log(u)) : 1.0;

    return 0.5 * (1.0 + sqrt(square) * cos(2.0 * PI * v));
}

/* Joehnk's: x / (x + y) for x = u^(1 / alpha), y = v^(1 / alpha), unless x + y > 1. In logarithms: x and y may both
 * be too small for a number. */
static bool beta_by_rejection(double alpha, double u, double v, double *out)
{
    const double x = log(u) / alpha, y = log(v) / alpha, largest = fmax(x, y);
    const double sum = largest + log(exp(x - largest) + exp(y - largest));

    *out = exp(x - sum);
    return sum <= 0;
}

double snn__mixup_beta(double alpha, uint64_t seed, uint64_t batch, uint64_t number)
{
    uint32_t word[4];
    double u, v, out;
    uint64_t attempt = 0;

    do {
        snn__random4(seed, SNN__RNG_MIXUP, batch, number << 32 | attempt++, word);
        u = uniform(word[0], word[1]);
        v = uniform(word[2], word[3]);
        if (alpha >= 0.5)
            return beta_by_angle(alpha, u, v);
    } while (!beta_by_rejection(alpha, u, v, &out));
    return out;
}

/* Draws partners and shares of a batch, or of a shard. */
static void draw(snn_trainer *tr, const struct snn__batch *batch)
{
    const uint64_t seed = tr->ctx->options.seed, number = tr->run.batches;
    const uint64_t stream = number << BATCH_BITS | batch->from;

    for (size_t b = 0; b < batch->n; b++) {
        const double l = snn__mixup_beta(tr->mixing.alpha, seed, number, batch->from + b);

        tr->mixing.share[b] = (float)fmax(l, 1.0 - l);
        tr->mixing.partner[b] = (uint32_t)snn__random_order(seed, SNN__RNG_PARTNER, stream, b, batch->n);
    }
}

/* ---- checks ---- */

snn_status snn__mixup_check(const snn_trainer *tr)
{
    const double alpha = tr->mixing.alpha;

    if (alpha <= 0)
        return SNN_OK;
    if (alpha < ALPHA_LEAST)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: mixup is %g; it can be 0, which mixes nothing, and %g or more",
                         tr->owner, alpha, ALPHA_LEAST);
    if (tr->encoder != SNN__ENCODER_DIRECT)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: mixup needs the encoder direct, not %s", tr->owner,
                         snn__param_str(&tr->params, SNN_TRAINER_ENCODER));
    if (tr->loss.share > 0)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: mixup does not go with distil: the teacher sees the samples as they are", tr->owner);
    return SNN_OK;
}

/* A mixture has two labels, that its loss takes. */
static snn_status check_batch(const snn_trainer *tr)
{
    const char *what = tr->target_frames > 0   ? "targets: it mixes labels, one of each sample"
                       : tr->label_frames > 1  ? "labels for each step: it mixes one of each sample"
                       : tr->length != NULL    ? "samples that end before the last step"
                       : tr->loss.host != NULL ? "the host's own loss, which does not get mixed labels"
                                               : NULL;

    return what != NULL ? snn__fail(SNN_ERR_UNSUPPORTED, "%s: mixup does not go with %s", tr->owner, what) : SNN_OK;
}

/* ---- mixtures ---- */

struct mixture {
    const snn_trainer *trainer;
    float *x; /* [n][len] */
};

static void mix_one(void *arg, size_t b)
{
    const struct mixture *m = arg;
    const snn_trainer *tr = m->trainer;
    const struct snn__kernels *k = tr->ctx->kernels;
    const size_t n = tr->pass.input_len, partner = tr->mixing.partner[b];
    const float share = tr->mixing.share[b];

    if (partner == b)
        return;
    k->scale(m->x + b * n, share, tr->scratch + b * n, n);
    k->axpy(m->x + b * n, 1.0f - share, tr->scratch + partner * n, n);
}

snn_status snn__mix(snn_trainer *tr, const struct snn__batch *batch, size_t t)
{
    struct mixture m = { tr, snn__pass_input(&tr->pass, t) };

    if (!snn__mixes(tr))
        return SNN_OK;
    SNN__TRY(check_batch(tr));
    if (t == 0)
        draw(tr, batch);
    snn__copy(tr->ctx, tr->scratch, 1.0f, m.x, batch->n * tr->pass.input_len);
    snn__each(tr->ctx, mix_one, &m, batch->n);
    return SNN_OK;
}
