/* kernel/lookup.h - sums of weights that spikes look up, for the tables of vector instruction sets. */
#ifndef SNN_KERNEL_LOOKUP_H
#define SNN_KERNEL_LOOKUP_H

#include "core/compiler.h"
#include "kernel/kernel.h"

#define WORD_GROUPS ((64 + SNN__LOOKUP_BITS - 1) / SNN__LOOKUP_BITS)
#define SUMS_SIZE (SNN__LOOKUP_SUMS * SNN__LOOKUP_NR)

/* One group: each row doubles the sums that are there. `rows` is a constant where this is inlined. */
SNN__INLINE void group_sums(float *table, const float *const *w, size_t rows)
{
    snn__lanes sum[SNN__LOOKUP_SUMS];

    sum[0] = (snn__lanes){ 0 };
    for (size_t i = 0; i < rows; i++)
        for (size_t b = 0; b < (size_t)1 << i; b++)
            sum[((size_t)1 << i) + b] = sum[b] + *(const snn__lanes *)w[i];
    for (size_t b = 0; b < (size_t)1 << rows; b++)
        *(snn__lanes *)(table + b * SNN__LOOKUP_NR) = sum[b];
}

/* A panel is at least LOOKUP_NR wide, and is zero beyond the last column; `nr` is a constant where this is inlined. */
SNN__INLINE void lookup_sums_of(float *table, const float *w, size_t nr, size_t rows)
{
    static const float none[SNN__LOOKUP_NR];

    for (size_t from = 0; from < rows; from += SNN__LOOKUP_BITS, table += SUMS_SIZE) {
        const float *row[SNN__LOOKUP_BITS];

        for (size_t i = 0; i < SNN__LOOKUP_BITS; i++)
            row[i] = from + i < rows ? w + (from + i) * nr : none;
        group_sums(table, row, SNN__LOOKUP_BITS);
    }
}

/* The sum that the bits from LOOKUP_BITS g on of `word` choose. */
SNN__INLINE const snn__lanes *chosen(const float *table, uint64_t word, size_t g)
{
    return (const snn__lanes *)(table + g * SUMS_SIZE + (word >> SNN__LOOKUP_BITS * g & (SNN__LOOKUP_SUMS - 1)) * SNN__LOOKUP_NR);
}

/* Two sums, so that one need not wait for the other; `groups` is a constant where this is inlined. */
SNN__INLINE void lookup_groups(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, size_t pitch, bool accumulate)
{
    for (size_t m = 0; m < rows; m++, y += SNN__LOOKUP_NR, x += pitch) {
        const uint64_t word = *x;
        snn__lanes even = *chosen(table, word, 0), odd = { 0 };

        if (groups > 1)
            odd = *chosen(table, word, 1);
        SNN__UNROLL
        for (size_t g = 2; g < groups; g++)
            if (g % 2 == 0)
                even += *chosen(table, word, g);
            else
                odd += *chosen(table, word, g);
        even += odd;
        if (accumulate)
            even += *(const snn__lanes *)y;
        *(snn__lanes *)y = even;
    }
}

static void lookup(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, size_t pitch, bool accumulate)
{
    if (groups == WORD_GROUPS && accumulate)
        lookup_groups(y, rows, table, WORD_GROUPS, x, pitch, true);
    else if (groups == WORD_GROUPS)
        lookup_groups(y, rows, table, WORD_GROUPS, x, pitch, false);
    else
        lookup_groups(y, rows, table, groups, x, pitch, accumulate);
}

#endif
