/* layer/types.h - the types of layers, one table each. */
#ifndef SNN_LAYER_TYPES_H
#define SNN_LAYER_TYPES_H

#include "layer/layer.h"

extern const struct snn__layer_type snn__layer_linear, snn__layer_conv2d, snn__layer_conv_transpose2d; /* weights.c */
extern const struct snn__layer_type snn__layer_batch_norm;                                             /* norm.c */
extern const struct snn__layer_type snn__layer_layer_norm;                                      /* layer_norm.c */
extern const struct snn__layer_type snn__layer_avgpool, snn__layer_maxpool, snn__layer_sumpool; /* pool.c */
extern const struct snn__layer_type snn__layer_adaptive_avgpool;                                /* pool.c */
extern const struct snn__layer_type snn__layer_upsample, snn__layer_flatten;                    /* reshape.c */
extern const struct snn__layer_type snn__layer_scale, snn__layer_gain, snn__layer_dropout, snn__layer_add,
    snn__layer_select;                                    /* pointwise.c */
extern const struct snn__layer_type snn__layer_attention; /* attention.c */
extern const struct snn__layer_type snn__layer_rate;      /* rate.c */
extern const struct snn__layer_type snn__layer_if, snn__layer_lif, snn__layer_cuba, snn__layer_alif, snn__layer_plif;
/* population.c */
extern const struct snn__layer_type snn__layer_dsr_if, snn__layer_dsr_lif; /* dsr.c */

#endif
