/* kernel/bits.h - counting bits one word after the other, for the tables that have nothing faster. */
#ifndef SNN_KERNEL_BITS_H
#define SNN_KERNEL_BITS_H

#include "core/compiler.h"
#include "kernel/kernel.h"

/* How many are set in each row. */
SNN__INLINE void count_set(size_t words, const uint64_t *x, size_t rows, uint32_t *set)
{
    for (size_t i = 0; i < rows; i++, x += words) {
        set[i] = 0;
        for (size_t k = 0; k < words; k++)
            set[i] += snn__count_bits(x[k]);
    }
}

/* bits_turn of kernel.h, for tiles that take rows as they are */
static inline const uint64_t *rows_as_they_are(size_t words, const uint64_t *x, size_t rows, uint64_t *room,
                                               uint32_t *set)
{
    (void)room;
    count_set(words, x, rows, set);
    return x;
}

/* bits_tile of kernel.h, of such rows */
SNN__INLINE void count_words(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    for (size_t i = 0; i < rows; i++, x += words, count += SNN__BITS_NR) {
        uint32_t n[SNN__BITS_NR] = { 0 };

        for (size_t k = 0; k < words; k++)
            for (size_t j = 0; j < SNN__BITS_NR; j++)
                n[j] += snn__count_bits(x[k] & w[k * SNN__BITS_NR + j]);
        for (size_t j = 0; j < SNN__BITS_NR; j++)
            count[j] = n[j];
    }
}

#endif
