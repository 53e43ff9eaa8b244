/* core/fpu.h - the floating-point settings of a thread: rounding, traps, denormal numbers.
 *
 * A public function that computes begins with SNN__COMPUTES: until it returns, by whatever way, the thread rounds to
 * nearest, traps nothing and takes denormal numbers for zero, in operands and in results; then it has its settings
 * back as they were, flags included. Decaying potentials, traces and moments end in denormal numbers, which cost some
 * hundred times as much, and the bits of a result may not depend on what the host has set. Workers compute so from
 * their first instruction to their last one.
 *
 * A call of the host's own code is in a block that begins with SNN__CALLS_HOST: there, on any thread, it finds the
 * settings with which C starts a program.
 *
 * Where the machine cannot take denormal numbers for zero, SNN__FLUSHES_ITSELF is defined, and whoever keeps a
 * decaying number keeps snn__flushed() of it. A build may define it on any machine. */
#ifndef SNN_CORE_FPU_H
#define SNN_CORE_FPU_H

#include <float.h>
#include <stdint.h>

#if defined(__GNUC__) && defined(__x86_64__) && !defined(SNN__FLUSHES_ITSELF)

/* MXCSR, and the control word of the x87 unit: C libraries that read and print numbers ask that one how to round. */
struct snn__fpu {
    uint32_t sse;
    uint16_t x87;
};

static inline void snn__fpu_restore(const struct snn__fpu *to)
{
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(to->sse), "m"(to->x87) : "memory");
}

static inline struct snn__fpu snn__fpu_set(uint32_t sse)
{
    const struct snn__fpu to = { sse, 0x037f };
    struct snn__fpu before;

    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(before.sse), "=m"(before.x87) : : "memory");
    snn__fpu_restore(&to);
    return before;
}

#define SNN__FPU_OURS 0x9fc0 /* flush to zero 8000, no traps 1f80, denormals are zero 0040 */
#define SNN__FPU_OF_C 0x1f80

#elif defined(__GNUC__) && defined(__aarch64__) && !defined(SNN__FLUSHES_ITSELF)

/* FPCR, and FPSR, which has the flags. */
struct snn__fpu {
    uint64_t control, flags;
};

static inline void snn__fpu_restore(const struct snn__fpu *to)
{
    __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(to->control), "r"(to->flags) : "memory");
}

static inline struct snn__fpu snn__fpu_set(uint64_t control)
{
    const struct snn__fpu to = { control, 0 };
    struct snn__fpu before;

    __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(before.control), "=r"(before.flags) : : "memory");
    snn__fpu_restore(&to);
    return before;
}

#define SNN__FPU_OURS 0x1000000 /* FZ: flush to zero */
#define SNN__FPU_OF_C 0

#else

#include <fenv.h>
#include <stdbool.h>

#ifndef SNN__FLUSHES_ITSELF
#define SNN__FLUSHES_ITSELF
#endif

struct snn__fpu {
    fenv_t env;
};

static inline void snn__fpu_restore(const struct snn__fpu *to)
{
    fesetenv(&to->env);
}

/* On 32-bit x86 plain C computes on the x87 unit, which does not flush; vectors of AVX do. */
static inline struct snn__fpu snn__fpu_set(bool flush)
{
    struct snn__fpu before;

    fegetenv(&before.env);
    fesetenv(FE_DFL_ENV);
#if defined(__GNUC__) && defined(__i386__)
    if (flush && __builtin_cpu_supports("avx2")) {
        const uint32_t sse = 0x9fc0;

        __asm__ volatile("ldmxcsr %0" : : "m"(sse) : "memory");
    }
#endif
    (void)flush;
    return before;
}

#define SNN__FPU_OURS true
#define SNN__FPU_OF_C false

#endif

#if defined(__GNUC__)
#define SNN__FPU_IN_BLOCK(settings) \
    __attribute__((cleanup(snn__fpu_restore), unused)) const struct snn__fpu snn__fpu_before = snn__fpu_set(settings)
#else /* settings stay what the host has set */
#define SNN__FPU_IN_BLOCK(settings) (void)0
#endif
#define SNN__COMPUTES SNN__FPU_IN_BLOCK(SNN__FPU_OURS)
#define SNN__CALLS_HOST SNN__FPU_IN_BLOCK(SNN__FPU_OF_C)

/* A decaying number as it is kept: zero, with its sign, in place of a denormal one. */
static inline float snn__flushed(float x)
{
#ifdef SNN__FLUSHES_ITSELF
    return x < FLT_MIN && x > -FLT_MIN ? 0 * x : x;
#else
    return x;
#endif
}

#endif
