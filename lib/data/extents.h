/* data/extents.h - a row of numbers for each sample, in memory or left in the files that hold them. */
#ifndef SNN_DATA_EXTENTS_H
#define SNN_DATA_EXTENTS_H

#include "core/status.h"
#include "data/gz.h"
#include "data/numbers.h"
#include <snn/context.h>

/* Rows of as many bytes each, in blocks of a fixed number of rows. Blocks are taken as the bytes arrive, so that a
 * header that lies about a file's length costs no memory. */
struct snn__rows {
    snn_context *ctx;
    size_t bytes; /* of a row */
    size_t count;
    size_t per_block;
    uint8_t **block;
    size_t blocks, room; /* taken; room in the table */
};

/* Begins rows of `bytes` bytes, of which up to `most` come. */
void snn__rows_begin(struct snn__rows *rows, snn_context *ctx, size_t bytes, size_t most);
/* Room for more rows: *to is where row number `count` goes, *n (at least 1) how many fit there one after another. The
 * reader adds what it filled to `count`. */
snn_status snn__rows_grow(struct snn__rows *rows, uint8_t **to, size_t *n);
uint8_t *snn__rows_at(const struct snn__rows *rows, size_t index);
void snn__rows_free(struct snn__rows *rows);

/* As many files as a split of CIFAR-10 has. */
#define SNN__EXTENTS_MAX 5

/* Rows that lie in one place one after another. */
struct snn__extent {
    struct snn__numbers type;
    size_t begin;  /* number of its first row */
    int file;      /* descriptor; -1: in memory, from row number `at` on */
    uint64_t at;   /* of the first number of the first row */
    size_t stride; /* bytes from a row to the next one */
    char *path;    /* for messages */
};

/* Rows of `numbers` numbers. Files are read at the places that are asked for, not mapped: one that becomes shorter
 * meanwhile is an error of the sample, where an access to a map would end the process. */
struct snn__extents {
    snn_context *ctx;
    size_t numbers; /* of a row */
    size_t count;   /* rows, of all extents */
    struct snn__extent extent[SNN__EXTENTS_MAX];
    size_t n;
    struct snn__rows rows; /* those in memory */
};

/* Begins rows of `numbers` numbers, of which up to `most` come; `type` is that of those that will be in memory. */
void snn__extents_begin(struct snn__extents *e, snn_context *ctx, const struct snn__numbers *type, size_t numbers,
                        size_t most);
/* Begins an extent in memory: the rows that are added to e->rows, and to the count, from now on. */
void snn__extents_memory(struct snn__extents *e, const struct snn__numbers *type);
/* Adds `rows` rows that stay in the plain file `gz`, the first one at byte `at`. SNN_ERR_IO, SNN_ERR_MEMORY */
snn_status snn__extents_leave(struct snn__extents *e, const struct snn__gz *gz, const struct snn__numbers *type,
                              uint64_t at, size_t stride, size_t rows);
/* Reads `n` numbers of a row, from number `first` on. Safe from several threads at once, and after fork().
 * SNN_ERR_IO: its file has become shorter, or cannot be read. */
snn_status snn__extents_read(const struct snn__extents *e, size_t row, size_t first, size_t n, float *to);
void snn__extents_free(struct snn__extents *e);

#endif
