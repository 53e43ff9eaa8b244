/* JSON within limits: Jansson does the grammar, this file bounds depth and size before it starts. */
#include "model/json.h"
#include "core/alloc.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Deepest nesting outside strings. Jansson recurses once a level; a host's thread may have little stack. */
static size_t depth(const char *text, size_t length)
{
    size_t now = 0, most = 0;
    int quoted = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            most = ++now > most ? now : most;
        else if (!quoted && (c == '}' || c == ']') && now > 0)
            now--;
    }
    return most;
}

snn_status snn__json_read(json_t **out, const char *text, size_t length, const char *what)
{
    json_error_t e;

    *out = NULL;
    if (length > SNN__JSON_BYTES)
        return snn__fail(SNN_ERR_FORMAT, "%s: %zu bytes of JSON, more than %zu", what, length, SNN__JSON_BYTES);
    if (depth(text, length) > SNN__JSON_DEPTH)
        return snn__fail(SNN_ERR_FORMAT, "%s: JSON is nested deeper than %d levels", what, SNN__JSON_DEPTH);
    *out = json_loadb(text, length, JSON_REJECT_DUPLICATES, &e);
    if (*out != NULL)
        return SNN_OK;
    if (json_error_code(&e) == json_error_out_of_memory)
        return snn__json_no_memory(what);
    return snn__fail(SNN_ERR_FORMAT, "%s: line %d, column %d: %.160s", what, e.line, e.column, e.text);
}

static char *dump(snn_context *ctx, const json_t *json, size_t flags, size_t *length)
{
    char *text;

    *length = json_dumpb(json, NULL, 0, flags);
    text = snn__alloc(ctx, *length + 1, 1);
    if (text != NULL)
        json_dumpb(json, text, *length, flags);
    return text;
}

static int reads_back(const char *text, size_t length, const json_t *json)
{
    json_t *again = json_loadb(text, length, 0, NULL);
    int same = again != NULL && json_equal(again, json);

    json_decref(again);
    return same;
}

/* 17 digits always do; fewer, where they do as well, keep 0.1 from becoming 0.10000000000000001. */
snn_status snn__json_write(char **out, snn_context *ctx, const json_t *json, const char *what)
{
    size_t length;

    *out = NULL;
    for (size_t digits = 15; digits <= 17; digits++) {
        char *text = dump(ctx, json, JSON_REAL_PRECISION(digits), &length);

        if (text == NULL)
            return SNN_ERR_MEMORY;
        if (length > 0 && length <= SNN__JSON_BYTES && reads_back(text, length, json)) {
            *out = text;
            return SNN_OK;
        }
        snn__free(ctx, text);
    }
    return snn__fail(SNN_ERR_MEMORY, "%s: its JSON of %zu bytes could not be made", what, length);
}

snn_status snn__json_at(snn_status rc, const char *format, ...)
{
    char where[192], reason[512];
    va_list args;

    snprintf(reason, sizeof reason, "%s", snn_last_error());
    va_start(args, format);
    vsnprintf(where, sizeof where, format, args);
    va_end(args);
    return snn__fail(rc, "%s: %s", where, reason);
}

snn_status snn__json_no_memory(const char *what)
{
    return snn__fail(SNN_ERR_MEMORY, "%s: out of memory for JSON", what);
}
