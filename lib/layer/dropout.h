/* layer/dropout.h - a dropout whose mask is given, for comparisons. */
#ifndef SNN_LAYER_DROPOUT_H
#define SNN_LAYER_DROPOUT_H

#include "layer/layer.h"

/* From now on a dropout layer uses this mask (0 or 1 / (1 - rate), n elements, channels last) instead of drawing
 * one. */
void snn__dropout_supply(struct snn__node *node, const float *mask, size_t n);

#endif
