/* kernel/layers.c - the table of the kernels of layers. */
#include "kernel/layers.h"

const struct snn__layer_kernels snn__layer_kernels = {
    .standardise = snn__standardise,
    .standardise_back = snn__standardise_back,
};
