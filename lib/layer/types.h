/* layer/types.h - the types of layers, one table each. */
#ifndef SNN_LAYER_TYPES_H
#define SNN_LAYER_TYPES_H

#include "layer/layer.h"

extern const struct snn__layer_type snn__layer_linear, snn__layer_conv2d, snn__layer_conv_transpose2d; /* weights.c */
extern const struct snn__layer_type snn__layer_batch_norm;                                        /* norm.c */
extern const struct snn__layer_type snn__layer_layer_norm;                                        /* layer_norm.c */
extern const struct snn__layer_type snn__layer_avgpool, snn__layer_maxpool, snn__layer_sumpool;   /* pool.c */
extern const struct snn__layer_type snn__layer_adaptive_avgpool;                                  /* pool.c */
extern const struct snn__layer_type snn__layer_upsample, snn__layer_flatten;                      /* reshape.c */
extern const struct snn__layer_type snn__layer_scale, snn__layer_gain, snn__layer_dropout, snn__layer_add,
    snn__layer_select; /* pointwise.c */
extern const struct snn__layer_type snn__layer_attention;                                         /* attention.c */
extern const struct snn__layer_type snn__layer_rate;                                              /* rate.c */
extern const struct snn__layer_type snn__layer_if, snn__layer_lif, snn__layer_cuba, snn__layer_alif, snn__layer_plif;
                                                                                                  /* population.c */
extern const struct snn__layer_type snn__layer_dsr_if, snn__layer_dsr_lif;                        /* dsr.c */

/* The factor of x in the adjoint that a batch norm computed last, for each channel. */
const float *snn__norm_slope(const struct snn__node *node);

/* A batch norm over all steps, step by step: gathers the statistics of the input of step io->t; complete with the
 * last step. */
void snn__norm_gather(struct snn__node *node, const struct snn__io *io);

/* Share of step t of `steps` in the mean output of a population (dsr.c: weighted by its leak; others: equal
 * shares). */
double snn__rate_share(const snn_layer *layer, size_t t, size_t steps);
/* What a layer of dsr.c gathered for the last training sequence, [batch][n] channels last. */
struct snn__rate_view {
    const float *input; /* X = sum_t w_t x[t]; after the backward pass what was sent down, summed over the steps */
    const float *error; /* Gamma */
    float output_scale; /* theta, theta / delta_t */
};
struct snn__rate_view snn__rate_view(const struct snn__node *node);

/* From now on a dropout layer uses this mask (0 or 1 / (1 - rate), n elements, channels last) instead of drawing
 * one. */
void snn__dropout_supply(struct snn__node *node, const float *mask, size_t n);

/* sum_t decay^(T-t): what a rate layer divides by. */
double snn__rate_weight(double decay, size_t steps);

/* The weights that compute, in the stored order: the stored ones, or what is derived from them, which lies in the
 * node's scratch memory. */
const float *snn__weights_effective(struct snn__node *node);

/* Constants of a population. */
const struct snn__population *snn__population_constants(const struct snn__node *node);

#endif
