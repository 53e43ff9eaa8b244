/* csv_text.c - the lines of a CSV file as fields, as RFC 4180 has them. */
#include "data/csv_text.h"
#include "core/alloc.h"
#include "core/size.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 4096u
#define TEXT_MAX ((size_t)1 << 20)
#define END (-1)

snn_status snn__csv_fail(const struct snn__csv *csv, const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return snn__fail(SNN_ERR_FORMAT, "%.300s, line %zu: %s", snn__gz_path(csv->gz), csv->line, text);
}

const char *snn__csv_field(const struct snn__csv *csv, size_t i)
{
    return csv->text + csv->field[i];
}

void snn__csv_free(struct snn__csv *csv)
{
    snn__free(csv->ctx, csv->text);
    snn__free(csv->ctx, csv->field);
    snn__gz_close(csv->gz);
}

/* The next byte without taking it; END after the last one. */
static snn_status peek(struct snn__csv *csv, int *c)
{
    if (csv->at == csv->filled) {
        csv->at = 0;
        SNN__TRY(snn__gz_read(csv->gz, csv->buffer, sizeof csv->buffer, &csv->filled));
    }
    *c = csv->filled == 0 ? END : csv->buffer[csv->at];
    return SNN_OK;
}

/* Twice the room of a table of `size` bytes an entry. */
static snn_status widen(struct snn__csv *csv, void **table, size_t *room, size_t used, size_t size)
{
    const size_t wider = snn__max(64, 2 * *room);
    void *new = snn__alloc(csv->ctx, wider, size);

    if (new == NULL)
        return SNN_ERR_MEMORY;
    if (used > 0)
        memcpy(new, *table, used * size);
    snn__free(csv->ctx, *table);
    *table = new;
    *room = wider;
    return SNN_OK;
}

static snn_status put(struct snn__csv *csv, char c)
{
    void *text = csv->text;

    if (csv->used == TEXT_MAX)
        return snn__csv_fail(csv, "more than %zu bytes", TEXT_MAX);
    if (csv->used == csv->room)
        SNN__TRY(widen(csv, &text, &csv->room, csv->used, 1));
    csv->text = text;
    csv->text[csv->used++] = c;
    return SNN_OK;
}

static snn_status begin_field(struct snn__csv *csv)
{
    void *field = csv->field;

    if (csv->fields == FIELDS_MAX)
        return snn__csv_fail(csv, "more than %u fields", FIELDS_MAX);
    if (csv->fields == csv->field_room)
        SNN__TRY(widen(csv, &field, &csv->field_room, csv->fields, sizeof *csv->field));
    csv->field = field;
    csv->field[csv->fields++] = csv->used;
    return SNN_OK;
}

/* After the opening quote, up to the closing one and what follows it, which is not taken. */
static snn_status quoted(struct snn__csv *csv, int *c)
{
    for (;;) {
        SNN__TRY(peek(csv, c));
        if (*c == END || *c == '\n')
            return snn__csv_fail(csv, "a quoted field does not end");
        csv->at++;
        if (*c == '"') {
            SNN__TRY(peek(csv, c));
            if (*c != '"')
                return SNN_OK;
            csv->at++;
        }
        if (*c == '\0')
            return snn__csv_fail(csv, "a NUL: this is no text");
        SNN__TRY(put(csv, (char)*c));
    }
}

/* Up to the comma or the end of the line, which are not taken. */
static snn_status plain(struct snn__csv *csv, int *c)
{
    for (;; csv->at++) {
        SNN__TRY(peek(csv, c));
        if (*c == ',' || *c == '\n' || *c == END)
            return SNN_OK;
        if (*c == '"' || *c == '\0')
            return snn__csv_fail(csv, *c == '"' ? "a quote within a field" : "a NUL: this is no text");
        if (*c != '\r')
            SNN__TRY(put(csv, (char)*c));
    }
}

static snn_status read_field(struct snn__csv *csv, int *c)
{
    SNN__TRY(begin_field(csv));
    SNN__TRY(peek(csv, c));
    if (*c == '"') {
        csv->at++;
        SNN__TRY(quoted(csv, c));
        if (*c == '\r') {
            csv->at++;
            SNN__TRY(peek(csv, c));
        }
        if (*c != ',' && *c != '\n' && *c != END)
            return snn__csv_fail(csv, "a quote ends within a field");
    } else {
        SNN__TRY(plain(csv, c));
    }
    return put(csv, '\0');
}

/* The byte order mark that some programs write first. */
static snn_status pass_mark(struct snn__csv *csv, int *c)
{
    if (csv->filled - csv->at < 3 || memcmp(csv->buffer + csv->at, "\xef\xbb\xbf", 3) != 0)
        return SNN_OK;
    csv->at += 3;
    return peek(csv, c);
}

snn_status snn__csv_next(struct snn__csv *csv, bool *more)
{
    int c;

    do {
        csv->used = csv->fields = 0;
        csv->line++;
        SNN__TRY(peek(csv, &c));
        if (csv->line == 1)
            SNN__TRY(pass_mark(csv, &c));
        *more = c != END;
        if (!*more)
            return SNN_OK;
        SNN__TRY(read_field(csv, &c));
        while (c == ',') {
            csv->at++;
            SNN__TRY(read_field(csv, &c));
        }
        csv->at += c == '\n';
    } while (csv->fields == 1 && csv->used == 1);
    return SNN_OK;
}
