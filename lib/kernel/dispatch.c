/* kernel/dispatch.c - which tables this machine can run, and the best of them below a cap. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* syscall() */
#endif
#include "kernel/tables.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#include <cpuid.h>
#include <stdio.h>

struct snn__processor snn__processor(void)
{
    struct snn__processor p = { "unknown" };
    uint32_t a, maker[3], b, c, d;

    if (!__get_cpuid(0, &a, &maker[0], &maker[2], &maker[1]) || !__get_cpuid(1, &a, &b, &c, &d))
        return p;
    snprintf(p.text, sizeof p.text, "%.12s %u-%u-%u", (const char *)maker, (a >> 8 & 15) + (a >> 20 & 255),
             (a >> 4 & 15) + (a >> 12 & 240), a & 15);
    return p;
}

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
#include <stdio.h>
#include <string.h>

/* AArch64: Linux shows the register that names maker, part and revision, here that of the first core. */
struct snn__processor snn__processor(void)
{
    struct snn__processor p = { "unknown" };
    char line[32];
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "r");

    if (file != NULL && fgets(line, sizeof line, file) != NULL)
        snprintf(p.text, sizeof p.text, "midr %.*s", (int)strcspn(line, "\n"), line);
    if (file != NULL)
        fclose(file);
    return p;
}

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

static bool always(void)
{
    return true;
}

/* All that there are, from the plainest, with the table of this build, NULL without one, and whether the machine can
 * run it. */
static const struct set {
    struct snn__name name;
    enum snn__isa isa;
    const struct snn__kernels *const *kernels;
    bool (*runs)(void);
} sets[] = {
    { { "ref", "plain C: the specification of every kernel" }, SNN__ISA_REF, &snn__kernels_ref, always },
    { { "avx2", "x86-64 with AVX2 and FMA" }, SNN__ISA_AVX2, &snn__kernels_avx2, has_avx2 },
    { { "avx512", "x86-64 with AVX-512 F, BW, DQ, VL" }, SNN__ISA_AVX512, &snn__kernels_avx512, has_avx512 },
    { { "amx", "avx512 with the matrix unit AMX-INT8, on Linux" }, SNN__ISA_AMX, &snn__kernels_amx, has_amx },
    { { "neon", "AArch64 with NEON, which all have" }, SNN__ISA_NEON, &snn__kernels_neon, always },
};

#define SETS (sizeof sets / sizeof *sets)

struct snn__name snn__isa_names(size_t index)
{
    for (size_t i = 0; i < SETS; i++)
        if (*sets[i].kernels != NULL && index-- == 0)
            return sets[i].name;
    return (struct snn__name){ NULL, NULL };
}

/* The caps that there are: all sets, built or not, and the best of them. */
static struct snn__name caps(size_t index)
{
    if (index == SETS)
        return (struct snn__name){ "best", "whatever the machine has" };
    return index < SETS ? sets[index].name : (struct snn__name){ NULL, NULL };
}

const char *snn__isa_name(enum snn__isa isa)
{
    size_t i = 0;

    while (sets[i].isa != isa)
        i++;
    return sets[i].name.name;
}

const struct snn__kernels *snn__kernels_at(size_t index)
{
    for (size_t i = 0; i < SETS; i++)
        if (*sets[i].kernels != NULL && sets[i].runs() && index-- == 0)
            return *sets[i].kernels;
    return NULL;
}

static bool allows(enum snn__isa cap, enum snn__isa isa)
{
    return isa == SNN__ISA_REF || (isa <= cap && isa / 100 == cap / 100);
}

snn_status snn__kernels_choose(const struct snn__kernels **out, const char *cap)
{
    const struct snn__kernels *k;
    size_t c = snn__name_index(caps, cap);

    if (caps(c).name == NULL)
        return snn__unknown("instruction set", cap, caps);
    for (size_t i = 0; (k = snn__kernels_at(i)) != NULL; i++)
        if (c == SETS || allows(sets[c].isa, k->isa))
            *out = k;
    return SNN_OK;
}
