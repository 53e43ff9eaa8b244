/* extents.c - rows of numbers, in memory or left in files. */
#include "data/extents.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/size.h"
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)1 << 22)
#define WIDE_AT_ONCE 512 /* numbers that are wider than floats */

/* ---- rows in memory ---- */

void snn__rows_begin(struct snn__rows *rows, snn_context *ctx, size_t bytes, size_t most)
{
    *rows = (struct snn__rows){ .ctx = ctx, .bytes = bytes };
    rows->per_block = snn__max(1, snn__min(BLOCK_BYTES / bytes, most));
}

static snn_status widen_table(struct snn__rows *rows)
{
    const size_t room = snn__max(16, 2 * rows->room);
    uint8_t **table = snn__alloc(rows->ctx, room, sizeof *table);

    if (table == NULL)
        return SNN_ERR_MEMORY;
    if (rows->blocks > 0)
        memcpy(table, rows->block, rows->blocks * sizeof *table);
    snn__free(rows->ctx, rows->block);
    rows->block = table;
    rows->room = room;
    return SNN_OK;
}

snn_status snn__rows_grow(struct snn__rows *rows, uint8_t **to, size_t *n)
{
    const size_t used = rows->count % rows->per_block;

    if (rows->count == rows->blocks * rows->per_block) {
        if (rows->blocks == rows->room)
            SNN__TRY(widen_table(rows));
        rows->block[rows->blocks] = snn__alloc(rows->ctx, rows->per_block, rows->bytes);
        if (rows->block[rows->blocks] == NULL)
            return SNN_ERR_MEMORY;
        rows->blocks++;
    }
    *to = rows->block[rows->count / rows->per_block] + used * rows->bytes;
    *n = rows->per_block - used;
    return SNN_OK;
}

uint8_t *snn__rows_at(const struct snn__rows *rows, size_t index)
{
    return rows->block[index / rows->per_block] + index % rows->per_block * rows->bytes;
}

void snn__rows_free(struct snn__rows *rows)
{
    for (size_t i = 0; i < rows->blocks; i++)
        snn__free(rows->ctx, rows->block[i]);
    if (rows->ctx != NULL)
        snn__free(rows->ctx, rows->block);
    *rows = (struct snn__rows){ 0 };
}

/* ---- extents ---- */

void snn__extents_begin(struct snn__extents *e, snn_context *ctx, const struct snn__numbers *type, size_t numbers,
                        size_t most)
{
    *e = (struct snn__extents){ .ctx = ctx, .numbers = numbers };
    snn__rows_begin(&e->rows, ctx, numbers * type->bytes, most);
}

void snn__extents_memory(struct snn__extents *e, const struct snn__numbers *type)
{
    e->extent[e->n++] = (struct snn__extent){ .type = *type, .begin = e->count, .file = -1, .at = e->rows.count };
}

snn_status snn__extents_leave(struct snn__extents *e, const struct snn__gz *gz, const struct snn__numbers *type,
                              uint64_t at, size_t stride, size_t rows)
{
    struct snn__extent extent = { .type = *type, .begin = e->count, .at = at, .stride = stride };
    snn_status rc;

    extent.path = snn__strdup(e->ctx, snn__gz_path(gz));
    if (extent.path == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__gz_share(gz, &extent.file);
    if (rc != SNN_OK) {
        snn__free(e->ctx, extent.path);
        return rc;
    }
    e->extent[e->n++] = extent;
    e->count += rows;
    return SNN_OK;
}

static snn_status read_wide(const struct snn__extent *x, uint64_t at, float *to, size_t n)
{
    uint8_t bytes[WIDE_AT_ONCE * 8];

    for (size_t i = 0; i < n; i += WIDE_AT_ONCE) {
        const size_t some = snn__min(WIDE_AT_ONCE, n - i);

        SNN__TRY(snn__file_read_at(x->file, x->path, at + i * x->type.bytes, bytes, some * x->type.bytes));
        snn__values(&x->type, bytes, to + i, some);
    }
    return SNN_OK;
}

/* The bytes come to the end of the array, and become floats from its beginning on: no other memory is taken. */
static snn_status read_file(const struct snn__extent *x, uint64_t at, float *to, size_t n)
{
    uint8_t *bytes = (uint8_t *)to;

    if (x->type.bytes > sizeof *to)
        return read_wide(x, at, to, n);
    bytes += n * (sizeof *to - x->type.bytes);
    SNN__TRY(snn__file_read_at(x->file, x->path, at, bytes, n * x->type.bytes));
    snn__values(&x->type, bytes, to, n);
    return SNN_OK;
}

snn_status snn__extents_read(const struct snn__extents *e, size_t row, size_t first, size_t n, float *to)
{
    const struct snn__extent *x = e->extent + e->n - 1;
    const size_t skip = first * x->type.bytes;

    while (x->begin > row)
        x--;
    row -= x->begin;
    if (x->file >= 0)
        return read_file(x, x->at + (uint64_t)row * x->stride + skip, to, n);
    snn__values(&x->type, snn__rows_at(&e->rows, (size_t)x->at + row) + skip, to, n);
    return SNN_OK;
}

void snn__extents_free(struct snn__extents *e)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->extent[i].file >= 0)
            close(e->extent[i].file);
        snn__free(e->ctx, e->extent[i].path);
    }
    snn__rows_free(&e->rows);
    *e = (struct snn__extents){ 0 };
}
