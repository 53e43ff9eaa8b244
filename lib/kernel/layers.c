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
};
