/* blas/table_text.c - product tables as text.
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

#define MOST_BYTES (SNN_PRODUCT_TABLE - 1u)
#define MOST_HEAD 128u
#define FIELDS 8u
#define HEAD "snn product table 1\n"
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

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
    if (!snn__way_of(word[6], &row->way) || row->way == SNN__WAY_EVENTS || row->way == SNN__WAY_BITS)
        return damaged(r, "unknown way; the share of events is the last word of a row");
    if (!snn__parse_f64(word[7], &row->events) || !(row->events >= 0 && row->events <= 1))
        return damaged(r, "the share of events is not in 0 .. 1");
    return SNN_OK;
}

static snn_status read_rows(struct reader *r, char *text, struct snn__table *table)
{
    size_t n = 0;

    for (char *next; *text != '\0'; text = next, r->line++) {
        const size_t length = strcspn(text, "\n");

        next = text + length + (text[length] == '\n');
        text[length] = '\0';
        if (*text == '#' || *text == '\0')
            continue;
        if (n == SNN__TABLE_ROWS)
            return damaged(r, "more than 1024 rows");
        SNN__TRY(read_row(r, text, &table->row[n]));
        n++;
    }
    atomic_store(&table->count, n);
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
    char head[MOST_HEAD];

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
        return damaged(&first, "more than 262143 bytes");
    return strlen(text) == n ? SNN_OK : damaged(&first, "a byte is zero");
}

static snn_status read_table(const snn_context *ctx, const char *path, char *text, struct snn__table *table)
{
    struct reader r = { path, 4 };
    size_t head = 0;

    SNN__TRY(read_text(path, text));
    SNN__TRY(check_head(ctx, path, text, &head));
    return read_rows(&r, text + head, table);
}

snn_status snn__table_open(snn_context *ctx, const char *source)
{
    char *text;
    snn_status rc = SNN_ERR_MEMORY;

    ctx->products = snn__alloc(ctx, 1, sizeof *ctx->products);
    if (ctx->products == NULL)
        return SNN_ERR_MEMORY;
    ctx->products->grows = strcmp(source, "measure") == 0;
    if (ctx->products->grows)
        return SNN_OK;
    text = snn__alloc(ctx, MOST_BYTES + 1, 1);
    if (text != NULL)
        rc = read_table(ctx, source, text, ctx->products);
    snn__free(ctx, text);
    return rc;
}

void snn__table_drop(snn_context *ctx)
{
    snn__free(ctx, ctx->products);
}

/* ---- writing ---- */

void snn__table_write_row(char *text, size_t size, const struct snn__table_row *row)
{
    size_t kind = 0;

    while (1u << kind != row->kinds)
        kind++;
    snprintf(text, size, "%s %u-%u %u-%u %u-%u %u-%u %u-%u %s %.3g\n", snn__kind_names(kind).name, row->kernel.least,
             row->kernel.most, row->stride.least, row->stride.most, row->rows.least, row->rows.most,
             row->outputs.least, row->outputs.most, row->channels.least, row->channels.most, snn__way_name(row->way),
             row->events);
}

snn_status snn_product_table(const snn_context *ctx, char *text, size_t size)
{
    size_t used;

    if (ctx == NULL || text == NULL || size < SNN_PRODUCT_TABLE)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_table: the context or text is NULL, or size below %d",
                         SNN_PRODUCT_TABLE);
    write_head(ctx, text, size);
    used = strlen(text);
    for (size_t i = 0; ctx->products != NULL && i < atomic_load(&ctx->products->count); i++) {
        snn__table_write_row(text + used, size - used, &ctx->products->row[i]);
        used += strlen(text + used);
    }
    return SNN_OK;
}
