/* layer/weights.h - linear and convolutional layers as their parameters describe them: synapses.c makes their
 * tensors, weights.c computes with these. */
#ifndef SNN_LAYER_WEIGHTS_H
#define SNN_LAYER_WEIGHTS_H

#include "blas/operand.h"
#include "layer/alignment.h"
#include "layer/reparam.h"
#include "layer/window.h"

/* Weights in a plan. */
struct snn__weights {
    struct snn__matrix_operand w;
    bool turned;    /* transposed: w is the mirror */
    ptrdiff_t bias; /* tensor number, -1: none */
    bool is_binary;
    struct snn__derived derived;
    struct snn__alignment alignment;
    bool multiplies_derived; /* products read What, which lies in scratch memory while it is packed */
    bool one_row;            /* the adjoint has one row of a matrix: W' e reads W as it is stored */
    float *bias_sum, *partial;
    float *left, *right; /* one_row: the gradient's outer product, while it is no more than one */
    bool touched;        /* the gradient holds something, in the order [O][tap][input] of the product */
};

enum { SNN__WEIGHT }; /* number of a tensor; followed by bias, gain, and the tensor of a restricted norm */

/* The effective weights, in the stored order: the stored ones, or those derived from them, in the node's scratch
 * memory. */
const float *snn__weights_effective(struct snn__node *node);

bool snn__weights_turned(const snn_layer *layer); /* a transposed convolution */
bool snn__weights_conv(const snn_layer *layer);   /* of either kind */
bool snn__weights_binary(const snn_layer *layer);
size_t snn__weights_number(const snn_layer *layer, int32_t key);

/* The matrix of a layer, and how its products read maps. */
void snn__weights_describe(const snn_layer *layer, struct snn__matrix_operand *w);

/* Of struct snn__layer_type. */
snn_status snn__linear_shape(snn_layer *layer);
snn_status snn__conv1d_shape(snn_layer *layer);
snn_status snn__conv2d_shape(snn_layer *layer);
snn_status snn__transposed1d_shape(snn_layer *layer);
snn_status snn__transposed2d_shape(snn_layer *layer);
snn_status snn__weights_tensors(snn_layer *layer);
/* Refuses a norm in an invalid combination. */
snn_status snn__weights_check_norm(snn_layer *layer);
void snn__weights_fanout(struct snn__node *node, float *out, bool nonzero);
bool snn__weights_presynaptic(const snn_layer *layer, struct snn__window *window, size_t *tensor);
void snn__weights_init(snn_layer *layer, uint64_t seed);

#endif
