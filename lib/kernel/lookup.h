/* kernel/lookup.h - sums of weights that spikes look up, for the tables of vector instruction sets: REGISTER numbers at once. */
#ifndef SNN_KERNEL_LOOKUP_H
#define SNN_KERNEL_LOOKUP_H

#include "core/compiler.h"
#include "kernel/kernel.h"

#define VECTORS (SNN__LOOKUP_NR / REGISTER)
#define SUMS_SIZE (SNN__LOOKUP_SUMS * SNN__LOOKUP_NR)
#define LINE 6 /* a row of a table is 2^6 bytes */

typedef SNN__VECTOR(REGISTER) sums;

SNN__INLINE sums *at(float *from, size_t v)
{
    return (sums *)(void *)(from + v * REGISTER);
}

SNN__INLINE const sums *at_const(const float *from, size_t v)
{
    return (const sums *)(const void *)(from + v * REGISTER);
}

/* One group: each row doubles the sums that are there. */
SNN__INLINE void group_sums(float *table, const float *const *w, size_t v)
{
    sums sum[SNN__LOOKUP_SUMS];

    sum[0] = (sums){ 0 };
    for (size_t i = 0; i < SNN__LOOKUP_BITS; i++)
        for (size_t b = 0; b < (size_t)1 << i; b++)
            sum[((size_t)1 << i) + b] = sum[b] + *at_const(w[i], v);
    for (size_t b = 0; b < SNN__LOOKUP_SUMS; b++)
        *at(table + b * SNN__LOOKUP_NR, v) = sum[b];
}

/* A panel is at least LOOKUP_NR wide, and is zero beyond the last column; `nr` is a constant where this is inlined. */
SNN__INLINE void lookup_sums_of(float *table, const float *w, size_t nr, size_t rows)
{
    static const float none[SNN__LOOKUP_NR];

    for (size_t from = 0; from < rows; from += SNN__LOOKUP_BITS, table += SUMS_SIZE) {
        const float *row[SNN__LOOKUP_BITS];

        for (size_t i = 0; i < SNN__LOOKUP_BITS; i++)
            row[i] = from + i < rows ? w + (from + i) * nr : none;
        for (size_t v = 0; v < VECTORS; v++)
            group_sums(table, row, v);
    }
}

/* The sum that the bits from LOOKUP_BITS g on of `word` choose; their shift leaves an offset in bytes. g is a constant. */
SNN__INLINE const float *chosen(const float *table, uint64_t word, size_t g)
{
    const size_t bit = SNN__LOOKUP_BITS * g;
    const uint64_t moved = bit >= LINE ? word >> (bit - LINE) : word << (LINE - bit);
    const size_t offset = (size_t)(moved & ((SNN__LOOKUP_SUMS - 1) << LINE));

    return (const float *)(const void *)((const char *)(table + g * SUMS_SIZE) + offset);
}

/* Two sums, so that one need not wait for the other; `groups` is a constant where this is inlined. */
SNN__INLINE void lookup_groups(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, bool accumulate)
{
    for (size_t m = 0; m < rows; m++, y += SNN__LOOKUP_NR) {
        sums sum[2][VECTORS];

        for (size_t v = 0; v < VECTORS; v++) {
            sum[0][v] = *at_const(chosen(table, x[m], 0), v);
            sum[1][v] = groups > 1 ? *at_const(chosen(table, x[m], 1), v) : (sums){ 0 };
        }
        SNN__UNROLL
        for (size_t g = 2; g < groups; g++)
            for (size_t v = 0; v < VECTORS; v++)
                sum[g % 2][v] += *at_const(chosen(table, x[m], g), v);
        for (size_t v = 0; v < VECTORS; v++) {
            sum[0][v] += sum[1][v];
            if (accumulate)
                sum[0][v] += *at_const(y, v);
            *at(y, v) = sum[0][v];
        }
    }
}

static void lookup(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, bool accumulate)
{
#define GROUPS(n)                                              \
    case n:                                                    \
        if (accumulate)                                        \
            lookup_groups(y, rows, table, n, x, true);         \
        else                                                   \
            lookup_groups(y, rows, table, n, x, false);        \
        return

    switch (groups) {
        GROUPS(1);
        GROUPS(2);
        GROUPS(3);
        GROUPS(4);
        GROUPS(5);
        GROUPS(6);
        GROUPS(7);
        GROUPS(8);
        GROUPS(9);
        GROUPS(10);
        GROUPS(11);
        GROUPS(12);
        GROUPS(SNN__LOOKUP_GROUPS);
    }
#undef GROUPS
}

#endif
