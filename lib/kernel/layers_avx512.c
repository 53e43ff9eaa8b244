/* kernel/layers_avx512.c - the kernels of layers for AVX-512. */
#if defined(__AVX512F__)
#define LAYERS snn__layers_avx512
#include "kernel/layers.inc"
#else
typedef int snn__no_layers_avx512;
#endif
