/* kernel/dispatch.c - which tables this machine can run, and the best of them below a cap. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* syscall() */
#endif
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

#if defined(__GNUC__) && defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TILE_STATE (3u << 17) /* of the registers that the system saves: the tiles and their shape */
#define TILE_DATA 18
#define REQUEST_STATE 0x1023 /* ARCH_REQ_XCOMP_PERM of arch_prctl(2) */

static bool saves_tiles(void)
{
    uint32_t low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & TILE_STATE) == TILE_STATE;
}

static bool has_amx(void)
{
    uint32_t a, b, c, features;

    return has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &features) && features >> 24 & 1 &&
           features >> 25 & 1 && saves_tiles();
}

/* A process has to ask for tiles once; asking again does no harm. From then on signal frames have room for them, so
 * that the system refuses where a thread has a small stack for signals, and small stacks afterwards. */
bool snn__ask_for_tiles(void)
{
    return syscall(SYS_arch_prctl, REQUEST_STATE, TILE_DATA) == 0;
}
#else
static bool has_amx(void)
{
    return false;
}

bool snn__ask_for_tiles(void)
{
    return false;
}
#endif

/* The numbers of a family of machines share their hundreds; plain C belongs to all of them. */
static bool allows(uint32_t isa_cap, uint32_t isa)
{
    return isa_cap == SNN_ISA_BEST || isa == SNN_ISA_REF || (isa <= isa_cap && isa / 100 == isa_cap / 100);
}

struct snn__name snn__isa_names(size_t index)
{
    const struct snn__kernels *const all[] = { snn__kernels_ref, snn__kernels_avx2, snn__kernels_avx512,
                                               snn__kernels_amx, snn__kernels_neon };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL && index-- == 0)
            return SNN__NAME_OF(all[i]);
    return SNN__NAME_OF((const struct snn__kernels *)NULL);
}

/* Table number `index` of those that the machine can run and the cap allows. */
static const struct snn__kernels *at(size_t index, uint32_t cap)
{
    const struct snn__kernels *const all[] = {
        snn__kernels_ref,
        allows(cap, SNN_ISA_AVX2) && has_avx2() ? snn__kernels_avx2 : NULL,
        allows(cap, SNN_ISA_AVX512) && has_avx512() ? snn__kernels_avx512 : NULL,
        allows(cap, SNN_ISA_AMX) && snn__kernels_amx && has_amx() ? snn__kernels_amx : NULL,
        allows(cap, SNN_ISA_NEON) ? snn__kernels_neon : NULL,
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != NULL && index-- == 0)
            return all[i];
    return NULL;
}

const struct snn__kernels *snn__kernels_at(size_t index)
{
    return at(index, SNN_ISA_BEST);
}

const struct snn__kernels *snn__kernels_choose(uint32_t isa_cap)
{
    const struct snn__kernels *best = snn__kernels_ref, *k;

    for (size_t i = 0; (k = at(i, isa_cap)) != NULL; i++)
        best = k;
    return best;
}
