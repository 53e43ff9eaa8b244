/* loss/loss.h - how wrong an output is, and the error at it. */
#ifndef SNN_LOSS_LOSS_H
#define SNN_LOSS_LOSS_H

#include "core/name.h"
#include <snn/context.h>
#include <stdbool.h>

#define SNN__LOSSES(X)                                        \
    X(ce, "cross-entropy of the softmax")                     \
    X(mse, "mean squared error")                              \
    X(ce_mse, "(1 - loss_mix) ce + loss_mix mse")             \
    X(half_square, "half the squared distance")
snn__names snn__loss_names;

/* L = weight ( (1 - mix) CE + mix MSE ): CE the mean over the batch, MSE the mean over batch and classes. */
struct snn__loss {
    float mix;       /* 0: cross-entropy alone, 1: mean squared error alone */
    bool half;       /* half the squared distance for the MSE: C / 2 times as large */
    bool constant;   /* MSE target: `target` for every class; else the (smoothed) one-hot label */
    float target;
    float smoothing; /* targets (1 - e) onehot + e / classes */
    /* (1 - share) L + share tau^2 KL(softmax(p / tau) || softmax(out / tau)), the mean over the batch */
    float share, tau;
    const float *teacher; /* p [batch,classes]; NULL: L alone */
};

/* Loss of out[batch, classes] times `factor`, against the labels; times `weight`. `error`, unless NULL, receives weight dL/dout
 * [batch, classes], the derivative by factor * out. `sums` is room for [batch] doubles. */
double snn__loss(const snn_context *ctx, const struct snn__loss *loss, const float *out, float factor, const uint32_t *label,
                 size_t batch, size_t classes, double weight, float *error, double *sums);

#endif
