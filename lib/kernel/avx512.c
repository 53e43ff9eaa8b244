/* kernel/avx512.c - x86-64 with AVX-512 F, BW, DQ, VL. */
#include "kernel/tables.h"

const struct snn__kernels *const snn__kernels_avx512 = NULL;
