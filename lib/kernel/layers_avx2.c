/* kernel/layers_avx2.c - the kernels of layers for AVX2. */
#if defined(__AVX2__)
#define LAYERS snn__layers_avx2
#include "kernel/layers.inc"
#else
typedef int snn__no_layers_avx2;
#endif
