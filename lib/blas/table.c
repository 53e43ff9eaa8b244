/* blas/table.c - the rows that every context has, and those of a file.
 *
 *   snn product table 1
 *   processor GenuineIntel 6-143-8
 *   isa amx
 *   KIND KERNEL STRIDE ROWS OUTPUTS CHANNELS WAY EVENTS
 *   spikes 3-3 1-1 8192-16383 256-511 128-255 lookup 0.081
 *
 * Lines that begin with # say nothing. */
#include "blas/table.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/number.h"
#include "kernel/kernel.h"
#include <snn/sys/product.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES 65536u
#define MOST_ROWS 1024u
#define FIELDS 8u
#define UNIT_ROWS 2u /* of the built-in ones, the first */
#define HEAD "snn product table 1\n"

#define ALL           \
    {                 \
        0, UINT32_MAX \
    }
#define FROM(least)       \
    {                     \
        least, UINT32_MAX \
    }

/* Thresholds are those that snn bench kernels shows. Plain C has what specifies the matrix unit, which is no faster
 * there: it begins after the unit's rows. One row of numbers reads each weight once, so that fewer of them are
 * faster, whatever their number. */
static const struct snn__table_row builtin[] = {
    { SNN__OF_SPIKES, ALL, ALL, FROM(64), FROM(32), FROM(32), SNN__WAY_MATRIX, 1 / 64.0 },
    { SNN__OF_GRADIENTS, ALL, ALL, FROM(96), FROM(32), FROM(32), SNN__WAY_SLICES, 0 },
    { SNN__OF_SPIKES | SNN__OF_REALS, ALL, ALL, { 1, 1 }, ALL, ALL, SNN__WAY_DENSE, 1 },
    { SNN__OF_SPIKES, ALL, ALL, FROM(128), ALL, FROM(8), SNN__WAY_LOOKUP, 1 / 10.0 },
    { SNN__OF_SPIKES | SNN__OF_REALS, { 3, 3 }, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 12.0 },
    { SNN__OF_SPIKES | SNN__OF_REALS, { 5, 5 }, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 1 / 7.0 },
    { SNN__OF_GRADIENTS, ALL, ALL, ALL, ALL, ALL, SNN__WAY_WINOGRAD, 0 },
    { SNN__OF_SPIKES | SNN__OF_REALS | SNN__OF_GRADIENTS, ALL, ALL, ALL, ALL, ALL, SNN__WAY_DENSE, 1 / 5.0 },
    { 0, ALL, ALL, ALL, ALL, ALL, SNN__WAY_ANY, 0 },
};

/* ---- names ---- */

static const struct {
    struct snn__name name;
    enum snn__way way;
} ways[] = {
    { { "dense", "multiplies every number by every weight" }, SNN__WAY_DENSE },
    { { "winograd", "convolutions in fewer multiplications" }, SNN__WAY_WINOGRAD },
    { { "events", "adds the weights of numbers that are not 0" }, SNN__WAY_EVENTS },
    { { "lookup", "looks up sums of weights by spikes" }, SNN__WAY_LOOKUP },
    { { "matrix", "multiplies bytes in a matrix unit" }, SNN__WAY_MATRIX },
    { { "slices", "multiplies digits of both in a matrix unit" }, SNN__WAY_SLICES },
};

static const struct {
    struct snn__name name;
    enum snn__kind kind;
} kinds[] = {
    { { "spikes", "forward products of spikes" }, SNN__OF_SPIKES },
    { { "reals", "adjoints, and forward products of real numbers" }, SNN__OF_REALS },
    { { "gradients", "products of errors and inputs" }, SNN__OF_GRADIENTS },
};

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

struct snn__name snn__way_names(size_t index)
{
    return index < COUNT(ways) ? ways[index].name : (struct snn__name){ NULL, NULL };
}

struct snn__name snn__kind_names(size_t index)
{
    return index < COUNT(kinds) ? kinds[index].name : (struct snn__name){ NULL, NULL };
}

bool snn__way_of(const char *name, enum snn__way *way)
{
    const size_t i = snn__name_index(snn__way_names, name);

    if (i < COUNT(ways))
        *way = ways[i].way;
    return i < COUNT(ways);
}

bool snn__kind_of(const char *name, enum snn__kind *kind)
{
    const size_t i = snn__name_index(snn__kind_names, name);

    if (i < COUNT(kinds))
        *kind = kinds[i].kind;
    return i < COUNT(kinds);
}

/* ---- finding ---- */

static bool within(const struct snn__bounds *b, size_t value)
{
    return value >= b->least && value <= b->most;
}

static bool holds(const struct snn__table_row *row, enum snn__kind kind, size_t n, const struct snn__window *w)
{
    return row->kinds & kind && within(&row->kernel, w->kh) && within(&row->stride, w->stride) &&
           within(&row->outputs, n) && within(&row->channels, w->c);
}

static const struct snn__table_row *common(const snn_context *ctx)
{
    return ctx->kernels->isa == SNN__ISA_REF ? builtin + UNIT_ROWS : builtin;
}

static const struct snn__table_row *step(const snn_context *ctx, const struct snn__table_row *row)
{
    if (row != NULL)
        return row + 1;
    return ctx->products != NULL ? ctx->products : common(ctx);
}

const struct snn__table_row *snn__table_next(const snn_context *ctx, const struct snn__table_row *row,
                                             enum snn__kind kind, size_t m, size_t n, const struct snn__window *w)
{
    do
        row = step(ctx, row);
    while (row->kinds != 0 && !(holds(row, kind, n, w) && within(&row->rows, m)));
    return row->kinds != 0 ? row : NULL;
}

bool snn__table_has(const snn_context *ctx, enum snn__way way, enum snn__kind kind, size_t m, size_t n,
                    const struct snn__window *w)
{
    for (const struct snn__table_row *row = NULL; (row = step(ctx, row))->kinds != 0;)
        if (row->way == way && row->rows.least <= m && holds(row, kind, n, w))
            return true;
    return false;
}

/* ---- reading ---- */

struct reader {
    const char *path;
    size_t line;
};

static snn_status damaged(const struct reader *r, const char *why)
{
    return snn__fail(SNN_ERR_FORMAT, "product table \"%.300s\", line %zu: %s", r->path, r->line, why);
}

static bool read_whole(const char **text, uint32_t *out)
{
    uint64_t value = 0;
    const char *at = *text;

    for (; *at >= '0' && *at <= '9' && value <= UINT32_MAX; at++)
        value = 10 * value + (uint64_t)(*at - '0');
    *out = (uint32_t)value;
    if (at == *text || value > UINT32_MAX)
        return false;
    *text = at;
    return true;
}

/* "64-127" */
static bool read_bounds(const char *text, struct snn__bounds *b)
{
    return read_whole(&text, &b->least) && *text++ == '-' && read_whole(&text, &b->most) && *text == '\0' &&
           b->least <= b->most;
}

static snn_status read_row(const struct reader *r, char *line, struct snn__table_row *row)
{
    struct snn__bounds *const bounds[] = { &row->kernel, &row->stride, &row->rows, &row->outputs, &row->channels };
    char *word[FIELDS + 1], *rest = NULL;
    enum snn__kind kind;
    size_t n = 0;

    for (char *w = strtok_r(line, " ", &rest); w != NULL && n <= FIELDS; w = strtok_r(NULL, " ", &rest))
        word[n++] = w;
    if (n != FIELDS)
        return damaged(r, "a row has 8 words: KIND KERNEL STRIDE ROWS OUTPUTS CHANNELS WAY EVENTS");
    if (!snn__kind_of(word[0], &kind))
        return damaged(r, "unknown kind of product");
    row->kinds = kind;
    for (size_t i = 0; i < COUNT(bounds); i++)
        if (!read_bounds(word[1 + i], bounds[i]))
            return damaged(r, "bounds are LEAST-MOST, two whole numbers");
    if (!snn__way_of(word[6], &row->way) || row->way == SNN__WAY_EVENTS)
        return damaged(r, "unknown way; the share of events is the last word of a row");
    if (!snn__parse_f64(word[7], &row->events) || !(row->events >= 0 && row->events <= 1))
        return damaged(r, "the share of events is not in 0 .. 1");
    return SNN_OK;
}

/* Their number. */
static snn_status read_rows(struct reader *r, char *text, struct snn__table_row *rows, size_t *count)
{
    size_t n = 0;

    for (char *next; *text != '\0'; text = next, r->line++) {
        const size_t length = strcspn(text, "\n");

        next = text + length + (text[length] == '\n');
        text[length] = '\0';
        if (*text == '#' || *text == '\0')
            continue;
        if (n == MOST_ROWS)
            return damaged(r, "more than 1024 rows");
        SNN__TRY(read_row(r, text, &rows[n]));
        n++;
    }
    *count = n;
    return SNN_OK;
}

/* The lines that a table of this context begins with. */
static void write_head(const snn_context *ctx, char *out, size_t size)
{
    snprintf(out, size, HEAD "processor %s\nisa %s\n", snn__processor().text, snn__isa_name(ctx->kernels->isa));
}

/* Bytes of the head, if the table is of this context. */
static snn_status check_head(const snn_context *ctx, const char *path, const char *text, size_t *length)
{
    const struct reader first = { path, 1 };
    char head[SNN_PRODUCT_TABLE_HEAD];

    if (strncmp(text, HEAD, strlen(HEAD)) != 0)
        return damaged(&first, "not a table of snn bench kernels --tune");
    write_head(ctx, head, sizeof head);
    *length = strlen(head);
    if (strncmp(text, head, *length) != 0)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "product table \"%.300s\" is of another processor or instruction set than this context, "
                         "\"%s\" with %s: write one here by snn bench kernels --tune",
                         path, snn__processor().text, snn__isa_name(ctx->kernels->isa));
    return SNN_OK;
}

static snn_status read_text(const char *path, char text[MOST_BYTES + 1])
{
    const struct reader first = { path, 1 };
    uint64_t size = 0;
    size_t n;
    FILE *file;

    SNN__TRY(snn__file_open(&file, &size, path));
    n = fread(text, 1, MOST_BYTES, file);
    fclose(file);
    text[n] = '\0';
    if (size > MOST_BYTES)
        return damaged(&first, "more than 65536 bytes");
    return strlen(text) == n ? SNN_OK : damaged(&first, "a byte is zero");
}

static snn_status read_table(const snn_context *ctx, const char *path, char *text, struct snn__table_row *rows)
{
    struct reader r = { path, 4 };
    size_t head = 0, count = 0;

    SNN__TRY(read_text(path, text));
    SNN__TRY(check_head(ctx, path, text, &head));
    SNN__TRY(read_rows(&r, text + head, rows, &count));
    memcpy(rows + count, common(ctx), (size_t)(builtin + COUNT(builtin) - common(ctx)) * sizeof *rows);
    return SNN_OK;
}

snn_status snn__table_read(snn_context *ctx, const char *path)
{
    char *text;
    snn_status rc = SNN_ERR_MEMORY;

    ctx->products = snn__alloc(ctx, MOST_ROWS + COUNT(builtin), sizeof *ctx->products);
    text = ctx->products != NULL ? snn__alloc(ctx, MOST_BYTES + 1, 1) : NULL;
    if (text != NULL)
        rc = read_table(ctx, path, text, ctx->products);
    snn__free(ctx, text);
    return rc;
}

void snn__table_drop(snn_context *ctx)
{
    snn__free(ctx, ctx->products);
}

snn_status snn_product_table_head(const snn_context *ctx, char *text, size_t size)
{
    if (ctx == NULL || text == NULL || size < SNN_PRODUCT_TABLE_HEAD)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_table_head: the context or text is NULL, or size below %d",
                         SNN_PRODUCT_TABLE_HEAD);
    write_head(ctx, text, size);
    return SNN_OK;
}
