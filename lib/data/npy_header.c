/* npy_header.c - the header of NumPy's arrays: literals of Python. */
#include <snn/sys/npy.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENT_MOST ((size_t)1024)
#define SHAPE_MOST ((uint64_t)1 << 50) /* numbers of bytes stay far from 64 bits */

static bool skip(const char **p, char c)
{
    *p += strspn(*p, " \t\n\r");
    if (**p != c)
        return false;
    ++*p;
    return true;
}

/* A text in quotes. */
static bool quoted(const char **p, snn_npy_text *text)
{
    char mark;

    *p += strspn(*p, " \t\n\r");
    mark = **p;
    if (mark != '\'' && mark != '"')
        return false;
    text->at = *p + 1;
    while (*++*p != mark)
        if (**p == '\0' || **p == '\\')
            return false;
    text->length = (size_t)(*p - text->at);
    ++*p;
    return true;
}

static bool whole(const char **p, uint64_t *value)
{
    char *end;

    *p += strspn(*p, " \t\n\r");
    if (**p < '0' || **p > '9')
        return false;
    *value = strtoull(*p, &end, 10);
    *p = end;
    skip(p, 'L'); /* of Python 2 */
    return *value < SHAPE_MOST;
}

/* Bytes of a type: "<i8" has 8, texts, "<U5", four for each letter. */
static size_t bytes_of(snn_npy_text type)
{
    const size_t n =
        type.length > 2 && type.at[2] >= '0' && type.at[2] <= '9' ? (size_t)strtoul(type.at + 2, NULL, 10) : 0;

    return n > ELEMENT_MOST ? 0 : n * (type.at[1] == 'U' ? 4 : 1);
}

/* ('t', '<i8') */
static bool field(const char **p, snn_npy *out)
{
    snn_npy_field *f = &out->field[out->fields];
    size_t bytes;

    if (out->fields++ == SNN_NPY_FIELDS || !skip(p, '(') || !quoted(p, &f->name) || !skip(p, ',') ||
        !quoted(p, &f->type) || !skip(p, ')'))
        return false;
    bytes = bytes_of(f->type);
    f->offset = out->bytes;
    out->bytes += bytes;
    return bytes > 0 && out->bytes <= ELEMENT_MOST;
}

static bool description(const char **p, snn_npy *out)
{
    if (quoted(p, &out->type)) {
        out->bytes = bytes_of(out->type);
        return out->bytes > 0 && out->bytes <= ELEMENT_MOST;
    }
    if (!skip(p, '['))
        return false;
    do
        if (!field(p, out))
            return false;
    while (skip(p, ',') && !skip(p, ']'));
    return (*p)[-1] == ']' || skip(p, ']');
}

static bool shape(const char **p, snn_npy *out)
{
    if (!skip(p, '('))
        return false;
    while (!skip(p, ')')) {
        if (out->rank == SNN_NPY_RANK || !whole(p, &out->shape[out->rank++]))
            return false;
        if (!skip(p, ',') && **p != ')')
            return false;
    }
    return true;
}

static bool truth(const char **p, int *value)
{
    *p += strspn(*p, " \t\n\r");
    *value = strncmp(*p, "True", 4) == 0;
    if (!*value && strncmp(*p, "False", 5) != 0)
        return false;
    *p += *value ? 4 : 5;
    return true;
}

static bool is(snn_npy_text key, const char *name)
{
    return key.length == strlen(name) && strncmp(key.at, name, key.length) == 0;
}

/* The value of a key, which sets a bit of `seen`, once. */
static bool entry(const char **p, snn_npy_text key, snn_npy *out, unsigned *seen)
{
    const unsigned bit = is(key, "descr") ? 1 : is(key, "fortran_order") ? 2 : is(key, "shape") ? 4 : 0;

    if (bit == 0 || (*seen & bit))
        return false;
    *seen |= bit;
    return bit == 1 ? description(p, out) : bit == 2 ? truth(p, &out->fortran) : shape(p, out);
}

int snn_npy_parse(const char *text, snn_npy *out)
{
    unsigned seen = 0;
    snn_npy_text key;

    *out = (snn_npy){ 0 };
    if (!skip(&text, '{'))
        return 0;
    while (!skip(&text, '}')) {
        if (!quoted(&text, &key) || !skip(&text, ':') || !entry(&text, key, out, &seen))
            return 0;
        if (!skip(&text, ',') && *text != '}')
            return 0;
    }
    return seen == 7;
}
