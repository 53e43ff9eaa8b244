/* table.h - arrays of numbers as columns t, x, y, p: NumPy's .npy, one array of rows or an array for each column. */
#ifndef SNN_EVENTS_TABLE_H
#define SNN_EVENTS_TABLE_H

#include "reader.h"

enum { SNN__T, SNN__X, SNN__Y, SNN__P, SNN__COLUMNS };

/* Writes n numbers that lie `stride` bytes apart; false: one is not finite, or beyond 64 bits. */
typedef bool snn__load_fn(const uint8_t *from, size_t stride, int64_t *to, size_t n);

struct snn__column {
    struct snn__octets *in; /* rows share one; columns have one each */
    size_t offset, stride;  /* bytes from the begin of a row, and to the next */
    snn__load_fn *load;
};

struct snn__table {
    struct snn__column column[SNN__COLUMNS];
    uint64_t left; /* rows */
};

/* Number of the column that has such a name, SNN__COLUMNS: none. */
unsigned snn__column_named(const char *name, size_t length);

/* Loader of a type as NumPy writes it, "<i8", and its bytes; NULL: not of numbers. */
snn__load_fn *snn__load_of(const char *type, size_t length, size_t *bytes);

/* read() of formats that have a table. */
snn_status snn__table_events(snn_events *e, struct snn__table *table, snn_event *out, size_t most, size_t *got);

/* ---- npy.c: the header of an array */

struct snn__npy {
    bool fortran;
    unsigned rank;
    uint64_t shape[2];
    size_t row;         /* bytes of an element, or of a structure */
    snn__load_fn *load; /* of plain numbers; NULL: structures, whose columns follow */
    snn__load_fn *field[SNN__COLUMNS];
    size_t offset[SNN__COLUMNS];
    size_t header; /* bytes before the first element */
};

/* Reads the header at the begin of `in`, and goes past it. */
snn_status snn__npy_header(struct snn__npy *array, struct snn__octets *in, snn_events *e);

#endif
