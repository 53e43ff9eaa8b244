/* kernel/rank_one.c - outer products of two vectors, read piece by piece. */
#include "kernel/rank_one.h"
#include "core/size.h"
#include "kernel/tables.h"
#include <math.h>

#define SOME 256u /* numbers that are looked at together */

void snn__rank_one_read(const struct snn__kernels *k, const struct snn__rank_one *r, size_t from, size_t to,
                        float *out)
{
    size_t i = (from - r->from) / r->columns, j = (from - r->from) % r->columns;

    for (size_t done = 0, some; done < to - from; done += some) {
        some = snn__min(r->columns - j, to - from - done);
        k->scale(out + done, r->left[i++], r->right + j, some);
        j = 0;
    }
}

/* The row with the largest factor holds the largest entry of every column. */
bool snn__rank_one_within(const struct snn__kernels *k, const struct snn__rank_one *r, float limit)
{
    size_t largest = 0;
    float row[SOME];
    bool within = k->finite(r->left, r->rows);

    for (size_t i = 1; i < r->rows; i++)
        if (fabsf(r->left[i]) > fabsf(r->left[largest]))
            largest = i;
    for (size_t j = 0; within && j < r->columns; j += SOME) {
        const size_t some = snn__min(SOME, r->columns - j);

        k->scale(row, r->left[largest], r->right + j, some);
        within = k->within(row, some, limit);
    }
    return within;
}

double snn__rank_one_square(const struct snn__kernels *k, const struct snn__rank_one *r)
{
    return k->dot(r->left, r->left, r->rows) * k->dot(r->right, r->right, r->columns);
}
