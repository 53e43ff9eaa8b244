/* kernel/dispatch.c - which tables this machine can run, and the best of them below a cap. */
#include "kernel/tables.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
static bool has_avx2(void)
{
    return false;
}

static bool has_avx512(void)
{
    return false;
}
#endif

const struct snn__kernels *snn__kernels_at(size_t index)
{
    const struct snn__kernels *const all[] = {
        snn__kernels_ref,
        has_avx2() ? snn__kernels_avx2 : NULL,
        has_avx512() ? snn__kernels_avx512 : NULL,
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != NULL && index-- == 0)
            return all[i];
    return NULL;
}

const struct snn__kernels *snn__kernels_choose(uint32_t isa_cap)
{
    const struct snn__kernels *best = snn__kernels_ref, *k;

    for (size_t i = 0; (k = snn__kernels_at(i)) != NULL; i++)
        if ((uint32_t)k->isa <= isa_cap)
            best = k;
    return best;
}
