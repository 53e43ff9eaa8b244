/* kernel/rank_one.h - a gradient that is the outer product of two vectors, as a step of one sample gives: it need not
 * lie anywhere (kernel/layers.h reads it). */
#ifndef SNN_KERNEL_RANK_ONE_H
#define SNN_KERNEL_RANK_ONE_H

#include "kernel/kernel.h"

/* Entries from + i columns + j of a flat array are left[i] right[j], i < rows. No rows: there is none. */
struct snn__rank_one {
    size_t from, rows, columns;
    const float *left, *right;
};

#endif
