/* blas/table.h - which way a product goes: the first row of a table that holds its size and has a way that takes it.
 *
 * A context has rows of its own, if it was given a file of them, before those that every machine has. Both are fixed
 * from its creation on, so that the same product goes the same way for as long as it lives. */
#ifndef SNN_BLAS_TABLE_H
#define SNN_BLAS_TABLE_H

#include "blas/product.h"
#include "core/name.h"

struct snn__bounds {
    uint32_t least, most; /* both are in */
};

/* `events`: a smaller share of numbers that are not zero makes events faster than the row's way. */
struct snn__table_row {
    unsigned kinds;                                             /* enum snn__kind, or'ed; 0: past the last row */
    struct snn__bounds kernel, stride, rows, outputs, channels; /* of the window, m, n, and of the window */
    enum snn__way way;
    double events;
};

/* All ways but ANY; all kinds of products. */
snn__names snn__way_names, snn__kind_names;
/* That of a name; false without one. */
bool snn__way_of(const char *name, enum snn__way *way);
bool snn__kind_of(const char *name, enum snn__kind *kind);

/* The rows of a file into a context. SNN_ERR_IO, SNN_ERR_FORMAT, SNN_ERR_MEMORY; SNN_ERR_UNSUPPORTED: measured on
 * another processor, or with another instruction set. */
snn_status snn__table_read(snn_context *ctx, const char *path);
void snn__table_drop(snn_context *ctx);

/* The next row, after `row` or from the first on where it is NULL, that holds a product. Never NULL before the row
 * of SNN__WAY_DENSE, which takes all, was returned. */
const struct snn__table_row *snn__table_next(const snn_context *ctx, const struct snn__table_row *row,
                                             enum snn__kind kind, size_t m, size_t n, const struct snn__window *w);
/* Some row gives a way to a product of at most m rows. */
bool snn__table_has(const snn_context *ctx, enum snn__way way, enum snn__kind kind, size_t m, size_t n,
                    const struct snn__window *w);

#endif
