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
        snn__kernels_neon,
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != NULL && index-- == 0)
            return all[i];
    return NULL;
}

/* The numbers of a family of machines share their hundreds; plain C belongs to all of them. */
static bool allows(uint32_t isa_cap, uint32_t isa)
{
    return isa_cap == SNN_ISA_BEST || isa == SNN_ISA_REF || (isa <= isa_cap && isa / 100 == isa_cap / 100);
}

const struct snn__kernels *snn__kernels_choose(uint32_t isa_cap)
{
    const struct snn__kernels *best = snn__kernels_ref, *k;

    for (size_t i = 0; (k = snn__kernels_at(i)) != NULL; i++)
        if (allows(isa_cap, (uint32_t)k->isa))
            best = k;
    return best;
}
