/* blas/table.h - which way a product goes: the first row of a table that holds its size and has a way that takes it.
 *
 * A context has rows of its own, if it was given a file of them or measures, before those that every machine has.
 * Those of a file are fixed. A context that measures adds a row for each class of products that its plans have and no
 * row of its own holds: whatever a plan has goes the same way for as long as the context lives. */
#ifndef SNN_BLAS_TABLE_H
#define SNN_BLAS_TABLE_H

#include "blas/product.h"
#include "core/name.h"
#include <stdatomic.h>

#define SNN__TABLE_ROWS 1024u /* most of a context's own */

struct snn__bounds {
    uint32_t least, most; /* both are in */
};

/* `events`: up to this share of numbers that are not zero, events are faster than the row's way. */
struct snn__table_row {
    unsigned kinds;                                             /* enum snn__kind, or'ed */
    struct snn__bounds kernel, stride, rows, outputs, channels; /* of the window, m, n, and of the window */
    enum snn__way way;
    double events;
};

/* Those of a window whose axes differ. */
static inline size_t snn__longer_side(const struct snn__window *w)
{
    return w->kh > w->kw ? w->kh : w->kw;
}
static inline size_t snn__larger_stride(const struct snn__window *w)
{
    return w->stride[SNN__Y] > w->stride[SNN__X] ? w->stride[SNN__Y] : w->stride[SNN__X];
}

/* The rows of a context's own. A stream may read them while a plan adds one. */
struct snn__table {
    bool grows; /* it measures */
    _Atomic size_t count;
    struct snn__table_row row[SNN__TABLE_ROWS];
};

/* All ways but ANY, in their order; all kinds of products. */
snn__names snn__way_names, snn__kind_names;
/* That of a name; false without one. */
bool snn__way_of(const char *name, enum snn__way *way);
bool snn__kind_of(const char *name, enum snn__kind *kind);
const char *snn__way_name(enum snn__way way);

/* A context's own rows, of options.product_table: those of a file, or "measure". SNN_ERR_IO, SNN_ERR_FORMAT,
 * SNN_ERR_MEMORY; SNN_ERR_UNSUPPORTED: measured on another processor, or with another instruction set. */
snn_status snn__table_open(snn_context *ctx, const char *source);
void snn__table_drop(snn_context *ctx);

/* Row number `index` of the context, its own first; NULL past the last. */
const struct snn__table_row *snn__table_at(const snn_context *ctx, size_t index);
/* The next row, from number *index on, that holds a product; *index: that of the one after. Never NULL before the row
 * of SNN__WAY_DENSE, which takes all, was returned. */
const struct snn__table_row *snn__table_next(const snn_context *ctx, size_t *index, enum snn__kind kind, size_t m,
                                             size_t n, const struct snn__window *w);
/* Some row gives a way to a product of at most m rows, or may do so once it is measured. */
bool snn__table_has(const snn_context *ctx, enum snn__way way, enum snn__kind kind, size_t m, size_t n,
                    const struct snn__window *w);

/* What was measured: seconds of each way, 0 where it does not take the product; of events at two shares. */
struct snn__times {
    double way[SNN__WAYS], few, many;
};

/* In a context that measures, a class of products that no row of its own holds: times every way to it and adds a
 * row, unless the table is full. *row: the new one, or NULL; times may be NULL. Allocates for the time of it.
 * SNN_ERR_MEMORY. */
snn_status snn__table_measure(snn_context *ctx, enum snn__kind kind, size_t m, size_t n, const struct snn__window *w,
                              struct snn__times *times, const struct snn__table_row **row);

/* A row as a line of text, of SNN_PRODUCT_ROW bytes at most. */
void snn__table_write_row(char *text, size_t size, const struct snn__table_row *row);

#endif
