/* kernel/bits.h - counting bits one word after the other, for the tables that have nothing faster. */
#ifndef SNN_KERNEL_BITS_H
#define SNN_KERNEL_BITS_H

#include "core/compiler.h"
#include "kernel/kernel.h"

/* bits_tile of kernel.h */
SNN__INLINE void count_words(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    for (size_t i = 0; i < rows; i++, x += words)
        for (size_t j = 0; j < SNN__BITS_NR; j++) {
            uint32_t n = 0;

            for (size_t k = 0; k < words; k++)
                n += snn__count_bits(x[k] & w[k * SNN__BITS_NR + j]);
            *count++ = n;
        }
}

#endif
