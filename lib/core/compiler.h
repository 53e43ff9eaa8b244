/* core/compiler.h - the only place for compiler extensions. */
#ifndef SNN_CORE_COMPILER_H
#define SNN_CORE_COMPILER_H

#include <stdint.h>

#if defined(__GNUC__)
#define SNN__PRINTF(text, first) __attribute__((format(printf, text, first)))
#define SNN__INLINE static inline __attribute__((always_inline, unused))
#define SNN__RESTRICT restrict
#define SNN__ASSUME_ALIGNED(pointer) __builtin_assume_aligned((pointer), 64)
/* For files that need such a compiler anyhow: floats that are added at once; a loop of few rounds that is written
 * out. */
#define SNN__VECTOR(lanes) float __attribute__((vector_size(4 * (lanes)), aligned(4), may_alias))
#if defined(__clang__)
#define SNN__UNROLL _Pragma("clang loop unroll(full)")
#else
#define SNN__UNROLL _Pragma("GCC unroll 16")
#endif
#else
#define SNN__PRINTF(text, first)
#define SNN__INLINE static inline
#define SNN__RESTRICT restrict
#define SNN__ASSUME_ALIGNED(pointer) (pointer)
#endif

/* Bits that are set. */
static inline uint32_t snn__count_bits(uint64_t x)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_popcountll(x);
#else
    uint32_t n = 0;

    for (; x; x &= x - 1)
        n++;
    return n;
#endif
}

/* The place of the lowest bit of x, which is not 0. */
static inline uint32_t snn__lowest_bit(uint64_t x)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(x);
#else
    return snn__count_bits((x & (~x + 1)) - 1);
#endif
}

#endif
