/* layer/weights.h - linear and convolutional layers as their parameters describe them: synapses.c makes their tensors, weights.c computes
 * with these. */
#ifndef SNN_LAYER_WEIGHTS_H
#define SNN_LAYER_WEIGHTS_H

#include "layer/layer.h"

enum { SNN__WEIGHT }; /* number of a tensor; behind it come bias, gain, and what a restricted norm takes */

bool snn__weights_turned(const snn_layer *layer); /* a transposed convolution */
bool snn__weights_conv(const snn_layer *layer);   /* of either kind */
bool snn__weights_frobenius(const snn_layer *layer);
bool snn__weights_binary(const snn_layer *layer);
size_t snn__weights_number(const snn_layer *layer, int32_t key);
/* One that not all types have. */
size_t snn__weights_number_or(const snn_layer *layer, int32_t key, size_t otherwise);

/* Of struct snn__layer_type. */
snn_status snn__linear_shape(snn_layer *layer);
snn_status snn__conv2d_shape(snn_layer *layer);
snn_status snn__transposed_shape(snn_layer *layer);
snn_status snn__weights_tensors(snn_layer *layer);
bool snn__weights_presynaptic(const snn_layer *layer, struct snn__window *window, size_t *tensor);
void snn__weights_init(snn_layer *layer, uint64_t seed);

#endif
