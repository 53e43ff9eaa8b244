/* kernel/tables.h - the tables that dispatch.c chooses from. A table that this build cannot make is NULL. */
#ifndef SNN_KERNEL_TABLES_H
#define SNN_KERNEL_TABLES_H

#include "kernel/kernel.h"

extern const struct snn__kernels *const snn__kernels_ref;
extern const struct snn__kernels *const snn__kernels_avx2;
extern const struct snn__kernels *const snn__kernels_avx512;
extern const struct snn__kernels *const snn__kernels_amx;
extern const struct snn__kernels *const snn__kernels_neon;

/* dispatch.c: whether this process may use tiles from now on. */
bool snn__ask_for_tiles(void);

#endif
