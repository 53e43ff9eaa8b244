/* kernel/version.c - the tables that this build has. */
#include "kernel/tables.h"
#include <snn/version.h>

const char *snn_version_isa(size_t index)
{
    const struct snn__kernels *const all[] = { snn__kernels_ref, snn__kernels_avx2, snn__kernels_avx512,
                                               snn__kernels_amx, snn__kernels_neon };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL && index-- == 0)
            return all[i]->name;
    return NULL;
}
