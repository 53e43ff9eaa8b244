/* kernel/layers.c - the table of the kernels of layers. */
#include "kernel/layers.h"

const struct snn__layer_kernels snn__layer_kernels = {
    .standardise = snn__standardise,
    .standardise_back = snn__standardise_back,
    .signs = snn__signs,
    .signs_back = snn__signs_back,
    .reorder = snn__reorder,
    .matrix_vector = snn__matrix_vector,
    .clamp = snn__clamp,
    .maximum_pool = snn__maximum_pool,
    .maximum_pool_back = snn__maximum_pool_back,
    .turn_back = snn__turn_back,
    .norm_sums = snn__norm_sums,
    .norm_total = snn__norm_total,
    .norm_statistics = snn__norm_statistics,
    .norm_line = snn__norm_line,
    .norm_center = snn__norm_center,
    .norm_credit = snn__norm_credit,
    .norm_back = snn__norm_back,
    .affine = snn__affine,
    .layer_norm = snn__layer_norm,
    .layer_norm_back = snn__layer_norm_back,
    .layer_norm_credit = snn__layer_norm_credit,
    .attention = snn__attention,
};
