/* kernel/maps.c - maximum over windows, and the order of channels. */
#include "kernel/tables.h"
#include <string.h>

static size_t best_of(const struct snn__maximum_pool *k, const float *x, size_t i, size_t j, size_t c)
{
    size_t best = (snn__cell_first(&k->row, i) * k->column.n + snn__cell_first(&k->column, j)) * k->c + c;

    for (size_t r = snn__cell_first(&k->row, i); r < snn__cell_last(&k->row, i); r++)
        for (size_t q = snn__cell_first(&k->column, j); q < snn__cell_last(&k->column, j); q++) {
            size_t here = (r * k->column.n + q) * k->c + c;

            if (k->scale * x[here] > k->scale * x[best])
                best = here;
        }
    return best;
}

void snn__maximum_pool(void *arguments, size_t b)
{
    const struct snn__maximum_pool *k = arguments;
    const float *x = k->x + b * k->in_len;
    float *y = k->y + b * k->out_len;
    uint32_t *winner = k->winner + b * k->out_len;

    for (size_t i = 0; i < k->row.o; i++)
        for (size_t j = 0; j < k->column.o; j++)
            for (size_t c = 0; c < k->c; c++) {
                *winner = (uint32_t)best_of(k, x, i, j, c);
                *y++ = x[*winner++];
            }
}

void snn__maximum_pool_back(void *arguments, size_t b)
{
    const struct snn__maximum_pool *k = arguments;
    const float *e = k->x + b * k->out_len;
    const uint32_t *winner = k->winner + b * k->out_len;
    float *dx = k->y + b * k->in_len;

    for (size_t i = 0; i < k->in_len && !k->accumulate; i++)
        dx[i] = 0.0f;
    for (size_t i = 0; i < k->out_len; i++)
        dx[winner[i]] += k->scale * e[i];
}

void snn__turn_maps(size_t n, size_t channels, size_t positions, const float *x, float *y)
{
    size_t length = channels * positions;

    for (size_t b = 0; b < n; b++, x += length, y += length) {
        if (channels == 1 || positions == 1) {
            memcpy(y, x, length * sizeof *y);
            continue;
        }
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < positions; i++)
                y[i * channels + c] = x[c * positions + i];
    }
}

void snn__turn_back(void *arguments, size_t b)
{
    const struct snn__turn_back *k = arguments;
    const float *e = k->e + b * k->channels * k->positions;
    float *dx = k->dx + b * k->channels * k->positions;

    for (size_t i = 0; i < k->positions; i++)
        for (size_t c = 0; c < k->channels; c++)
            dx[i * k->channels + c] =
                k->scale * e[c * k->positions + i] + (k->accumulate ? dx[i * k->channels + c] : 0.0f);
}
