/* layer/dsr.h - the gathered values of a layer of dsr.c, for observers. */
#ifndef SNN_LAYER_DSR_H
#define SNN_LAYER_DSR_H

#include "layer/layer.h"

/* Of the last training sequence, [batch][n] channels last. */
struct snn__rate_view {
    const float *input; /* X = sum_t w_t x[t]; after the backward pass sum_t gx[t] */
    const float *error; /* Gamma */
    float output_scale; /* theta, theta / delta_t */
};
struct snn__rate_view snn__rate_view(const struct snn__node *node);

#endif
