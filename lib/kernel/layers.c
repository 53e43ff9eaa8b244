/* kernel/layers.c - the kernels of layers for any machine. */
#define LAYERS snn__layers_plain
#include "kernel/layers.inc"
