/* kernel/rank_one.h - a gradient that is the outer product of two vectors, as a step of one sample gives: it need not
 * lie anywhere. */
#ifndef SNN_KERNEL_RANK_ONE_H
#define SNN_KERNEL_RANK_ONE_H

#include "kernel/kernel.h"

/* Entries from + i columns + j of a flat array are left[i] right[j], i < rows. No rows: there is none. */
struct snn__rank_one {
    size_t from, rows, columns;
    const float *left, *right;
};

/* Entries [from, to) of the flat array, all of which belong to it. */
void snn__rank_one_read(const struct snn__kernels *k, const struct snn__rank_one *r, size_t from, size_t to,
                        float *out);
/* Is no entry larger than `limit`, which is finite, nor NaN? */
bool snn__rank_one_within(const struct snn__kernels *k, const struct snn__rank_one *r, float limit);
/* Sum of the squares of all entries. */
double snn__rank_one_square(const struct snn__kernels *k, const struct snn__rank_one *r);

#endif
