/* core/compiler.h - the only place for compiler extensions. */
#ifndef SNN_CORE_COMPILER_H
#define SNN_CORE_COMPILER_H

#if defined(__GNUC__)
#define SNN__PRINTF(text, first) __attribute__((format(printf, text, first)))
#define SNN__INLINE static inline __attribute__((always_inline, unused))
#define SNN__RESTRICT restrict
#define SNN__ASSUME_ALIGNED(pointer) __builtin_assume_aligned((pointer), 64)
#else
#define SNN__PRINTF(text, first)
#define SNN__INLINE static inline
#define SNN__RESTRICT restrict
#define SNN__ASSUME_ALIGNED(pointer) (pointer)
#endif

#endif
