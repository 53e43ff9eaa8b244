/* blas/table.c - the rows that every context has, and how rows are found. */
#include "blas/table.h"
#include "kernel/kernel.h"

#define UNIT_ROWS 5u /* of the built-in ones, the first */
#define REAL (SNN__OF_REALS | SNN__OF_ADJOINTS)
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

#define ALL           \
    {                 \
        0, UINT32_MAX \
    }
#define FROM(least)       \
    {                     \
        least, UINT32_MAX \
    }

/* Thresholds are those that snn bench kernels shows. Plain C has what specifies the matrix unit, which is no faster
 * there: it begins after the unit's rows. One row of numbers reads each weight once: events are faster at any
 * share. */
static const struct snn__table_row builtin[] = {
    { SNN__OF_SPIKES, ALL, ALL, FROM(64), FROM(32), FROM(384), SNN__WAY_MATRIX, 1 / 24.0 },
    { SNN__OF_SPIKES, ALL, ALL, FROM(64), FROM(32), FROM(32), SNN__WAY_MATRIX, 1 / 48.0 },
    { SNN__OF_GRADIENTS, ALL, ALL, FROM(96), FROM(32), FROM(32), SNN__WAY_SLICES, 0 },
    { SNN__OF_ADJOINTS, { 3, 3 }, { 1, 1 }, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 8.0 },
    { REAL, ALL, ALL, FROM(128), FROM(32), FROM(64), SNN__WAY_SLICES, 1 / 20.0 },
    { SNN__OF_SPIKES | REAL, ALL, ALL, { 1, 1 }, ALL, ALL, SNN__WAY_DENSE, 1 },
    { SNN__OF_SPIKES, ALL, ALL, FROM(128), ALL, FROM(8), SNN__WAY_LOOKUP, 1 / 8.0 },
    { SNN__OF_SPIKES, FROM(3), ALL, FROM(64), ALL, FROM(64), SNN__WAY_LOOKUP, 1 / 7.0 },
    { SNN__OF_SPIKES | REAL, { 3, 3 }, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 8.0 },
    { SNN__OF_SPIKES | REAL, { 5, 5 }, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 6.0 },
    { SNN__OF_GRADIENTS, { 5, 5 }, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 4.0 },
    { SNN__OF_GRADIENTS, ALL, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 8.0 },
    { SNN__OF_SPIKES | REAL, ALL, ALL, ALL, ALL, ALL, SNN__WAY_DENSE, 1 / 4.0 },
    { SNN__OF_GRADIENTS, ALL, ALL, ALL, ALL, ALL, SNN__WAY_DENSE, 1 / 3.0 },
};

/* ---- names ---- */

static const struct snn__name ways[] = {
    { "dense", "multiplies every number by every weight" },
    { "winograd", "convolutions in fewer multiplications" },
    { "events", "adds the weights of numbers that are not 0" },
    { "lookup", "looks up sums of weights by spikes" },
    { "matrix", "multiplies bytes in a matrix unit" },
    { "slices", "multiplies digits of both in a matrix unit" },
    { "bits", "counts bits: weights of one bit" },
};

static const struct snn__name kinds[] = {
    { "spikes", "forward products of spikes" },
    { "reals", "forward products of real numbers, adjoints of linear layers" },
    { "adjoints", "of convolutions" },
    { "gradients", "products of errors and inputs" },
};

struct snn__name snn__way_names(size_t index)
{
    return snn__name_in(ways, COUNT(ways), index);
}

struct snn__name snn__kind_names(size_t index)
{
    return snn__name_in(kinds, COUNT(kinds), index);
}

bool snn__way_of(const char *name, enum snn__way *way)
{
    const size_t i = snn__name_index(snn__way_names, name);

    *way = (enum snn__way)(SNN__WAY_ANY + 1 + i);
    return i < COUNT(ways);
}

bool snn__kind_of(const char *name, enum snn__kind *kind)
{
    const size_t i = snn__name_index(snn__kind_names, name);

    *kind = (enum snn__kind)(1u << i);
    return i < COUNT(kinds);
}

const char *snn__way_name(enum snn__way way)
{
    return ways[way - SNN__WAY_ANY - 1].name;
}

/* ---- finding ---- */

static bool within(const struct snn__bounds *b, size_t value)
{
    return value >= b->least && value <= b->most;
}

static bool holds(const struct snn__table_row *row, enum snn__kind kind, size_t n, const struct snn__window *w)
{
    return row->kinds & kind && within(&row->kernel, snn__longer_side(w)) &&
           within(&row->stride, snn__larger_stride(w)) && within(&row->outputs, n) && within(&row->channels, w->c);
}

const struct snn__table_row *snn__table_at(const snn_context *ctx, size_t index)
{
    const size_t own = ctx->products != NULL ? atomic_load_explicit(&ctx->products->count, memory_order_acquire) : 0;

    if (index < own)
        return &ctx->products->row[index];
    index += (ctx->kernels->isa == SNN__ISA_REF ? UNIT_ROWS : 0) - own;
    return index < COUNT(builtin) ? &builtin[index] : NULL;
}

const struct snn__table_row *snn__table_next(const snn_context *ctx, size_t *index, enum snn__kind kind, size_t m,
                                             size_t n, const struct snn__window *w)
{
    const struct snn__table_row *row;

    do
        row = snn__table_at(ctx, (*index)++);
    while (row != NULL && !(holds(row, kind, n, w) && within(&row->rows, m)));
    return row;
}

bool snn__table_has(const snn_context *ctx, enum snn__way way, enum snn__kind kind, size_t m, size_t n,
                    const struct snn__window *w)
{
    const struct snn__table_row *row;

    if (ctx->products != NULL && ctx->products->grows)
        return true;
    for (size_t i = 0; (row = snn__table_at(ctx, i)) != NULL; i++)
        if (row->way == way && row->rows.least <= m && holds(row, kind, n, w))
            return true;
    return false;
}
