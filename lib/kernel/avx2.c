/* kernel/avx2.c - x86-64 with AVX2 and FMA. */
#include "kernel/tables.h"

const struct snn__kernels *const snn__kernels_avx2 = NULL;
