/* loss/loss.h - how wrong an output is, and the error at it. */
#ifndef SNN_LOSS_LOSS_H
#define SNN_LOSS_LOSS_H

#include "core/name.h"
#include <snn/context.h>
#include <snn/loss.h>
#include <stdbool.h>

/* Their equations are at the head of loss.c. */
#define SNN__LOSSES(X)                            \
    X(ce, "cross-entropy of the softmax")         \
    X(mse, "mean squared distance")               \
    X(ce_mse, "(1 - loss_mix) ce + loss_mix mse") \
    X(half_square, "half the squared distance")   \
    X(mae, "mean absolute distance")              \
    X(huber, "mean distance, squared up to huber_delta and linear beyond")

#define SNN__LOSS_KIND(name, text) SNN__LOSS_##name,
enum snn__loss_kind { SNN__LOSSES(SNN__LOSS_KIND) };
snn__names snn__loss_names;
enum snn__loss_kind snn__loss_named(const char *name); /* one of them */

/* What the outputs of all steps come to (trainer/readout.c). */
#define SNN__READOUTS(X)                                     \
    X(step, "the loss of every step's output, and its mean") \
    X(mean, "the mean output")                               \
    X(last, "the output of the last step")                   \
    X(max, "the maximum of each output over the steps")      \
    X(sum, "the sum of the outputs")

#define SNN__READOUT_KIND(name, text) SNN__READOUT_##name,
enum snn__readout { SNN__READOUTS(SNN__READOUT_KIND) };
snn__names snn__readout_names;

/* The outcome is a mean over the steps. */
static inline bool snn__reads_mean(enum snn__readout readout)
{
    return readout == SNN__READOUT_step || readout == SNN__READOUT_mean;
}

struct snn__loss {
    enum snn__loss_kind kind;
    float mix;     /* of ce_mse */
    float delta;   /* of huber */
    bool constant; /* labels: distances are from `target` for every class; else from the (smoothed) one-hot label */
    float target;
    float smoothing; /* labels: (1 - e) onehot + e / classes; onehot may be a mixture of two */
    /* (1 - share) L + share tau^2 KL(softmax(p / tau) || softmax(out / tau)) */
    float share, tau;
    const float *teacher; /* p [batch,classes]; NULL: L alone */
    snn_loss_fn host;     /* computes L instead; or NULL */
    void *user;
};

/* The outputs of a step, or what those of all come to, and what they should be. */
struct snn__judged {
    const float *out; /* [batch,classes], to be multiplied by `factor` */
    float factor;
    const uint32_t *label;   /* [batch] or NULL */
    const uint32_t *partner; /* [batch], another sample, whose label has a part in the one-hot label; or NULL */
    const float *share;      /* [batch], of the sample's own label; with partner */
    const float *target;     /* [batch,classes] or NULL */
    const uint32_t *length;  /* [batch], steps that a sample has; NULL: all */
    size_t batch, classes;
    bool training;
    const snn_layer *layer;    /* source of the outputs */
    size_t step, first, steps; /* step == steps: what the steps from `first` on come to */
    enum snn__readout readout;
    double weight; /* of the result and of all derivatives */
    float *error;  /* [batch,classes], receives weight / batch dL/d(factor out) of every sample; or NULL */
    double *sums;  /* [batch], receives L of every sample, without weight */
    double *room;  /* [2][batch][classes] */
};

/* True if this loss compares outputs with targets of the host. */
bool snn__loss_takes_targets(const struct snn__loss *loss);

/* `mean` receives weight times the mean of L over the batch. Where samples have lengths, a step counts for a sample
 * steps / length times, or not at all; and a mean, of which `out` is the sum, is that over its own steps. Where the
 * last step is read, no other one counts.
 * What the host's function gives; SNN_ERR_DIVERGED where its loss or errors are not finite. */
snn_status snn__loss(const snn_context *ctx, const struct snn__loss *loss, const struct snn__judged *of,
                     double *mean);

#endif
