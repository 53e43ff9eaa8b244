/* JSON text to values, within limits. Jansson's own reader does not notice when it has no memory for a byte of a
 * string or number and goes on without it; this one checks every call that takes memory. */
#include "core/alloc.h"
#include "core/number.h"
#include "model/json.h"
#include "network/note.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *begin, *at, *end;
    char *text; /* the string or number read last; the longest one has room */
    const char *what;
    snn_status rc; /* of the first failure */
};

/* ---- failures */

/* Line and column, from 1, of where reading stopped. */
static void place(const struct reader *r, int *line, int *column)
{
    *line = *column = 1;
    for (const char *p = r->begin; p < r->at; p++) {
        *column = *p == '\n' ? 1 : *column + ((*p & 0xc0) != 0x80); /* a character counts once */
        *line += *p == '\n';
    }
}

static bool wrong(struct reader *r, const char *format, ...) SNN__PRINTF(2, 3);

static bool wrong(struct reader *r, const char *format, ...)
{
    char reason[128];
    int line, column;
    va_list args;

    place(r, &line, &column);
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    r->rc = snn__fail(SNN_ERR_FORMAT, "%s: line %d, column %d: %s", r->what, line, column, reason);
    return false;
}

/* A value that Jansson made, or could not make. */
static json_t *made(struct reader *r, json_t *value)
{
    if (value == NULL)
        r->rc = snn__json_no_memory(r->what);
    return value;
}

/* ---- tokens */

/* The byte to read next, 0 at the end. */
static char next(const struct reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static bool take(struct reader *r, char c)
{
    bool is = r->at < r->end && *r->at == c;

    r->at += is;
    return is;
}

static void skip_space(struct reader *r)
{
    while (take(r, ' ') || take(r, '\n') || take(r, '\r') || take(r, '\t'))
        ;
}

/* "uXXXX" */
static bool read_code(struct reader *r, uint32_t *code)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";

    *code = 0;
    if (!take(r, 'u'))
        return wrong(r, "an unknown escape in a string");
    for (int i = 0; i < 4; i++, r->at++) {
        const char *digit = next(r) != '\0' ? strchr(digits, next(r)) : NULL;

        if (digit == NULL)
            return wrong(r, "\\u needs four hexadecimal digits");
        *code = *code << 4 | (uint32_t)((digit - digits) & 15);
    }
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

    *to++ = (char)(lead[more] | code >> (6 * more));
    for (int i = more; i-- > 0;)
        *to++ = (char)(0x80 | (code >> (6 * i) & 0x3f));
    return to;
}

/* The character that an escape sequence stands for, after its backslash. */
static bool read_escape(struct reader *r, char **to)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name = next(r) != '\0' ? strchr(names, next(r)) : NULL;
    uint32_t code, low = 0;

    if (name != NULL) {
        *(*to)++ = values[name - names];
        r->at++;
        return true;
    }
    if (!read_code(r, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00) { /* the first half of a pair */
        if (!take(r, '\\') || !read_code(r, &low) || low < 0xdc00 || low > 0xdfff)
            return r->rc == SNN_OK && wrong(r, "half a pair of \\u escapes");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code == 0 || (code >= 0xdc00 && code < 0xe000)) {
        return wrong(r, "\\u%04x is no character", (unsigned)code);
    }
    *to = put_utf8(*to, code);
    return true;
}

/* A string in quotes, to r->text. */
static bool read_text(struct reader *r)
{
    char *to = r->text;

    if (!take(r, '"'))
        return wrong(r, "a string in quotes is missing");
    while (!take(r, '"')) {
        if ((unsigned char)next(r) < 0x20)
            return wrong(r, r->at < r->end ? "a control character in a string" : "the text ends within a string");
        if (!take(r, '\\'))
            *to++ = *r->at++;
        else if (!read_escape(r, &to))
            return false;
    }
    *to = '\0';
    return snn__text_valid(r->text) || wrong(r, "a string is not UTF-8");
}

static bool skip_digits(struct reader *r)
{
    const char *begin = r->at;

    while (next(r) >= '0' && next(r) <= '9')
        r->at++;
    return r->at > begin;
}

/* Moves past a number; true if it is whole. */
static bool skip_number(struct reader *r, bool *whole)
{
    bool ok;

    take(r, '-');
    ok = take(r, '0') || skip_digits(r);
    *whole = next(r) != '.' && next(r) != 'e' && next(r) != 'E';
    if (ok && take(r, '.'))
        ok = skip_digits(r);
    if (ok && (take(r, 'e') || take(r, 'E'))) {
        if (!take(r, '+'))
            take(r, '-');
        ok = skip_digits(r);
    }
    return ok || wrong(r, "a value is missing or no JSON");
}

static json_t *read_number(struct reader *r)
{
    const char *begin = r->at;
    bool whole;
    json_int_t integer;
    double real;

    if (!skip_number(r, &whole))
        return NULL;
    memcpy(r->text, begin, (size_t)(r->at - begin));
    r->text[r->at - begin] = '\0';
    errno = 0;
    if (whole) {
        integer = strtoll(r->text, NULL, 10);
        return errno == 0 || wrong(r, "a whole number is too large") ? made(r, json_integer(integer)) : NULL;
    }
    if (!snn__parse_f64(r->text, &real) || !isfinite(real))
        return wrong(r, "a number is too large"), NULL;
    return made(r, json_real(real));
}

static json_t *read_word(struct reader *r, const char *word, json_t *value)
{
    size_t n = strlen(word);

    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return wrong(r, "a value is missing or no JSON"), NULL;
    r->at += n;
    return value;
}

/* ---- values */

static json_t *read_value(struct reader *r, int depth);

/* True if another member follows a member; else the object or array ends. */
static bool goes_on(struct reader *r, char close)
{
    skip_space(r);
    if (take(r, ','))
        return true;
    return !take(r, close) && wrong(r, "',' or '%c' is missing", close);
}

static bool read_member(struct reader *r, json_t *object, int depth)
{
    json_t *key, *value = NULL;
    bool ok;

    skip_space(r);
    if (!read_text(r))
        return false;
    if (json_object_get(object, r->text) != NULL)
        return wrong(r, "duplicate key \"%.60s\"", r->text);
    key = made(r, json_string_nocheck(r->text)); /* the value takes its place in r->text */
    skip_space(r);
    ok = key != NULL && (take(r, ':') || wrong(r, "':' is missing"));
    if (ok)
        value = read_value(r, depth);
    ok = value != NULL;
    if (ok && json_object_set_new_nocheck(object, json_string_value(key), value) != 0)
        ok = made(r, NULL) != NULL;
    json_decref(key);
    return ok;
}

static bool read_element(struct reader *r, json_t *array, int depth)
{
    json_t *value = read_value(r, depth);

    return value != NULL && (json_array_append_new(array, value) == 0 || made(r, NULL) != NULL);
}

/* An object or array of which the first byte is read. */
static json_t *read_nested(struct reader *r, char close, int depth)
{
    json_t *all = made(r, close == '}' ? json_object() : json_array());
    bool ok = all != NULL;

    skip_space(r);
    if (!ok || take(r, close))
        return all;
    do
        ok = close == '}' ? read_member(r, all, depth) : read_element(r, all, depth);
    while (ok && goes_on(r, close));
    if (r->rc == SNN_OK)
        return all;
    json_decref(all);
    return NULL;
}

static json_t *read_value(struct reader *r, int depth)
{
    skip_space(r);
    if (depth == SNN__JSON_DEPTH && (next(r) == '{' || next(r) == '['))
        return wrong(r, "JSON is nested deeper than %d levels", SNN__JSON_DEPTH), NULL;
    if (take(r, '{'))
        return read_nested(r, '}', depth + 1);
    if (take(r, '['))
        return read_nested(r, ']', depth + 1);
    switch (next(r)) {
    case '"':
        return read_text(r) ? made(r, json_string_nocheck(r->text)) : NULL;
    case 't':
        return read_word(r, "true", json_true());
    case 'f':
        return read_word(r, "false", json_false());
    case 'n':
        return read_word(r, "null", json_null());
    default:
        return read_number(r);
    }
}

static json_t *read_document(struct reader *r)
{
    json_t *root;

    skip_space(r);
    if (next(r) != '{' && next(r) != '[')
        return wrong(r, "'{' or '[' is missing"), NULL;
    root = read_value(r, 0);
    skip_space(r);
    if (root == NULL || r->at == r->end)
        return root;
    wrong(r, "more text after the value");
    json_decref(root);
    return NULL;
}

snn_status snn__json_read(json_t **out, snn_context *ctx, const char *text, size_t length, const char *what)
{
    struct reader r = { text, text, text + length, NULL, what, SNN_OK };

    *out = NULL;
    if (length > SNN__JSON_BYTES)
        return snn__fail(SNN_ERR_FORMAT, "%s: %zu bytes of JSON, more than %zu", what, length, SNN__JSON_BYTES);
    r.text = snn__alloc(ctx, length + 1, 1);
    if (r.text == NULL)
        return SNN_ERR_MEMORY;
    *out = read_document(&r);
    snn__free(ctx, r.text);
    return r.rc;
}
