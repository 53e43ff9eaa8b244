/* model/safetensors.c - reads files of the safetensors layout, and trusts nothing in them. */
#include "model/safetensors.h"
#include "core/alloc.h"
#include "core/size.h"
#include "model/file.h"
#include "model/json.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECKSUM_TEXT "\"" SNN__CHECKSUM "\":\"" /* before the digits in the compact JSON of the header */
#define FORMAT_VERSION 1

/* A quote inside a JSON string is escaped, so no text of the host can look like this. */
char *snn__checksum_digits(char *header, size_t length)
{
    const size_t n = strlen(CHECKSUM_TEXT);

    for (char *p = header; (size_t)(p - header) + n + SNN__CHECKSUM_DIGITS < length; p++)
        if (*p == '"' && memcmp(p, CHECKSUM_TEXT, n) == 0)
            return p + n;
    return NULL;
}

snn_status snn__check_finite(const char *what, const char *path, const char *name, const float *x, size_t n,
                             snn_status code)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return snn__fail(code, "%s \"%.200s\": tensor \"%s\" is not finite at entry %zu", what, path, name, i);
    return SNN_OK;
}

static uint64_t get_u64(const unsigned char *in)
{
    uint64_t value = 0;

    for (size_t i = 8; i-- > 0;)
        value = value << 8 | in[i];
    return value;
}

static snn_status bad(const struct snn__safetensors *file, const char *format, ...) SNN__PRINTF(2, 3);

static snn_status bad(const struct snn__safetensors *file, const char *format, ...)
{
    char reason[256];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return snn__fail(SNN_ERR_FORMAT, "model file \"%.200s\": %s", file->path, reason);
}

static snn_status read_header(struct snn__safetensors *file, struct snn__input *in, char **header, size_t *length)
{
    unsigned char size[8];
    uint64_t n;

    if (in->size < 8)
        return bad(file, "%llu bytes are too short for a header", (unsigned long long)in->size);
    SNN__TRY(snn__input_read(in, size, sizeof size));
    n = get_u64(size);
    if (n > in->size - 8)
        return bad(file, "truncated, or not a safetensors file: the header would have %llu bytes, the file has %llu",
                   (unsigned long long)n, (unsigned long long)in->size);
    if (n > SNN__JSON_BYTES)
        return bad(file, "a header of %llu bytes, at most %zu are read", (unsigned long long)n, SNN__JSON_BYTES);
    if (in->size - 8 - n > SIZE_MAX / 4)
        return snn__fail(SNN_ERR_MEMORY, "model file \"%.200s\": %llu bytes are more than the address space",
                         file->path, (unsigned long long)in->size);
    *header = snn__alloc(file->ctx, 8 + (size_t)n + 1, 1);
    if (*header == NULL)
        return SNN_ERR_MEMORY;
    memcpy(*header, size, sizeof size);
    *length = 8 + (size_t)n;
    file->size = (size_t)(in->size - *length);
    return snn__input_read(in, *header + 8, (size_t)n);
}

static snn_status parse_metadata(struct snn__safetensors *file)
{
    const char *key, *version;
    json_t *value;
    long number;
    char *end;

    file->metadata = json_object_get(file->header, "__metadata__");
    version = snn__safetensors_text(file, "snn.format");
    if (version == NULL)
        return bad(file, "not a model file of this library: the metadata has no \"snn.format\"");
    number = strtol(version, &end, 10);
    if (number > FORMAT_VERSION && *end == '\0')
        return snn__fail(SNN_ERR_VERSION, "model file \"%.200s\": format %ld, this version reads up to %d",
                         file->path, number, FORMAT_VERSION);
    if (strcmp(version, "1") != 0)
        return bad(file, "\"snn.format\" is \"%.20s\"", version);
    json_object_foreach((json_t *)file->metadata, key, value)
    {
        if (!json_is_string(value))
            return bad(file, "metadata \"%.60s\" is not a text", key);
        if (strncmp(key, "snn", 3) == 0 && strcmp(key, SNN__CHECKSUM) != 0 && strcmp(key, "snn.format") != 0 &&
            strcmp(key, "snn.network") != 0 && strcmp(key, "snn.run") != 0 && strcmp(key, "snn.projection") != 0)
            return bad(file, "unknown metadata \"%.60s\"", key);
    }
    return snn__safetensors_text(file, "snn.network") != NULL ? SNN_OK
                                                              : bad(file, "the metadata has no \"snn.network\"");
}

/* A whole number of a JSON array, in 0 .. most. */
static bool get_size(const json_t *array, size_t index, uint64_t most, uint64_t *out)
{
    const json_t *value = json_array_get(array, index);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > most)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static snn_status parse_shape(const struct snn__safetensors *file, struct snn__entry_read *e, const json_t *shape)
{
    size_t rank = json_array_size(shape);
    uint64_t dim;

    if (rank < 1 || rank > 4)
        return bad(file, "tensor \"%.100s\": the shape must be a list of 1 to 4 sizes", e->name);
    e->rank = (uint32_t)rank;
    e->length = 1;
    for (size_t i = 0; i < rank; i++) {
        if (!get_size(shape, i, UINT32_MAX, &dim) || dim == 0 || !snn__mul(e->length, (size_t)dim, &e->length))
            return bad(file, "tensor \"%.100s\": size %zu of its shape is wrong", e->name, i);
        e->dim[i] = (uint32_t)dim;
    }
    return SNN_OK;
}

static snn_status parse_entry(const struct snn__safetensors *file, struct snn__entry_read *e, const json_t *o)
{
    const json_t *offsets = json_object_get(o, "data_offsets");
    const char *dtype = json_string_value(json_object_get(o, "dtype"));
    uint64_t begin, end;

    if (!json_is_object(o) || json_object_size(o) != 3 || dtype == NULL || json_array_size(offsets) != 2)
        return bad(file, "tensor \"%.100s\": expected dtype, shape and data_offsets", e->name);
    e->bytes = strcmp(dtype, "U8") == 0;
    if (!e->bytes && strcmp(dtype, "F32") != 0)
        return bad(file, "tensor \"%.100s\": dtype is \"%.20s\", only F32 and U8 are read", e->name, dtype);
    SNN__TRY(parse_shape(file, e, json_object_get(o, "shape")));
    if (e->bytes && e->length % 4 != 0)
        return bad(file, "tensor \"%.100s\": %zu bytes are not a multiple of four", e->name, e->length);
    e->length /= e->bytes ? 4 : 1;
    if (!get_size(offsets, 0, file->size, &begin) || !get_size(offsets, 1, file->size, &end) || begin > end)
        return bad(file, "truncated or damaged: tensor \"%.100s\" lies outside the %zu bytes of data", e->name,
                   file->size);
    if (begin % 4 != 0 || (end - begin) / 4 != e->length || (end - begin) % 4 != 0)
        return bad(file, "tensor \"%.100s\": its shape needs %zu numbers, it has %llu bytes at %llu", e->name,
                   e->length, (unsigned long long)(end - begin), (unsigned long long)begin);
    e->offset = (size_t)begin / 4;
    return SNN_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct snn__entry_read *x = a, *y = b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct snn__entry_read *)a)->name, ((const struct snn__entry_read *)b)->name);
}

/* The tensors have to cover the data without gap or overlap. */
static snn_status check_cover(const struct snn__safetensors *file)
{
    size_t at = 0;

    for (size_t i = 0; i < file->n; i++) {
        const struct snn__entry_read *e = &file->entry[i];

        if (e->offset != at)
            return bad(file, "tensor \"%.100s\" begins at byte %zu, expected %zu", e->name, 4 * e->offset, 4 * at);
        at += e->length;
    }
    if (file->size % 4 != 0 || file->size / 4 != at)
        return bad(file, "truncated or damaged: the tensors take %zu bytes, the file has %zu for them", 4 * at,
                   file->size);
    return SNN_OK;
}

static snn_status parse_entries(struct snn__safetensors *file)
{
    const char *key;
    json_t *value;

    file->entry = snn__alloc(file->ctx, json_object_size(file->header), sizeof *file->entry);
    if (file->entry == NULL)
        return SNN_ERR_MEMORY;
    json_object_foreach(file->header, key, value)
    {
        if (strcmp(key, "__metadata__") == 0)
            continue;
        file->entry[file->n].name = key;
        SNN__TRY(parse_entry(file, &file->entry[file->n], value));
        file->n++;
    }
    qsort(file->entry, file->n, sizeof *file->entry, by_offset);
    SNN__TRY(check_cover(file));
    qsort(file->entry, file->n, sizeof *file->entry, by_name);
    return SNN_OK;
}

static snn_status check_crc(const struct snn__safetensors *file, char *header, size_t length)
{
    struct snn__piece pieces[2] = { { header, length, false }, { file->data, file->size, true } };
    const char *text = snn__safetensors_text(file, SNN__CHECKSUM);
    char *digits = snn__checksum_digits(header + 8, length - 8), actual[SNN__CHECKSUM_DIGITS + 1];

    if (text == NULL)
        return SNN_OK;
    if (digits == NULL || strlen(text) != SNN__CHECKSUM_DIGITS)
        return bad(file, "damaged: the checksum is \"%.20s\"", text);
    memset(digits, '0', SNN__CHECKSUM_DIGITS);
    snprintf(actual, sizeof actual, "%08x", (unsigned)snn__pieces_crc(0, pieces, 2));
    if (strcmp(actual, text) != 0)
        return bad(
            file,
            "damaged: its checksum is %s, it should be %.8s; take an undamaged copy, or train again from the last "
            "checkpoint",
            actual, text);
    return SNN_OK;
}

static snn_status read_data(struct snn__safetensors *file, struct snn__input *in)
{
    char extra;

    file->data = snn__alloc(file->ctx, file->size, 1);
    if (file->data == NULL)
        return SNN_ERR_MEMORY;
    SNN__TRY(snn__input_read(in, file->data, file->size));
    if (fread(&extra, 1, 1, in->stream) != 0)
        return bad(file, "it grew while it was read");
    snn__floats_from_file(file->data, file->size / 4);
    return SNN_OK;
}

/* Reads everything before the data, and checks it against the size of the data. */
static snn_status read_front(struct snn__safetensors *file, struct snn__input *in, char **header, size_t *length)
{
    char what[256];

    snprintf(what, sizeof what, "model file \"%.200s\": header", file->path);
    SNN__TRY(read_header(file, in, header, length));
    SNN__TRY(snn__json_read(&file->header, file->ctx, *header + 8, *length - 8, what));
    if (!json_is_object(file->header))
        return bad(file, "the header is not a JSON object");
    SNN__TRY(parse_metadata(file));
    return parse_entries(file);
}

/* The data, once their size is known to be right. */
static snn_status read_all(struct snn__safetensors *file, struct snn__input *in, char *header, size_t length)
{
    SNN__TRY(read_data(file, in));
    SNN__TRY(check_crc(file, header, length));
    for (size_t i = 0; i < file->n; i++)
        if (file->entry[i].bytes) /* they were taken for numbers, up to here */
            snn__floats_from_file(file->data + file->entry[i].offset, file->entry[i].length);
    for (size_t i = 0; i < file->n; i++)
        if (!file->entry[i].bytes)
            SNN__TRY(snn__check_finite("model file", file->path, file->entry[i].name,
                                       file->data + file->entry[i].offset, file->entry[i].length, SNN_ERR_FORMAT));
    return SNN_OK;
}

snn_status snn__safetensors_read(struct snn__safetensors *file, snn_context *ctx, const char *path, bool data)
{
    struct snn__input in;
    char *header = NULL;
    size_t length = 0;
    snn_status rc;

    *file = (struct snn__safetensors){ .ctx = ctx, .path = path };
    SNN__TRY(snn__input_open(&in, path));
    rc = read_front(file, &in, &header, &length);
    if (rc == SNN_OK && data)
        rc = read_all(file, &in, header, length);
    snn__free(ctx, header);
    snn__input_close(&in);
    return rc;
}

void snn__safetensors_free(struct snn__safetensors *file)
{
    json_decref(file->header);
    snn__free(file->ctx, file->entry);
    snn__free(file->ctx, file->data);
    file->header = NULL;
    file->entry = NULL;
    file->data = NULL;
}

static const char *shape_text(uint32_t rank, const uint32_t *dim, char out[64])
{
    size_t used = 0;

    for (uint32_t i = 0; i < rank; i++)
        used += (size_t)snprintf(out + used, 64 - used, "%s%u", i ? "," : "[", (unsigned)dim[i]);
    snprintf(out + used, 64 - used, "]");
    return out;
}

static struct snn__entry_read *find(const struct snn__safetensors *file, const char *name)
{
    const struct snn__entry_read wanted = { .name = name };

    return file->n > 0 ? bsearch(&wanted, file->entry, file->n, sizeof wanted, by_name) : NULL;
}

snn_status snn__safetensors_take(struct snn__safetensors *file, const char *name, uint32_t rank, const uint32_t *dim,
                                 const float **data)
{
    struct snn__entry_read *e = find(file, name);
    char is[64], expected[64];

    if (e == NULL)
        return bad(file, "tensor \"%.100s\" is missing", name);
    if (e->bytes)
        return bad(file, "tensor \"%.100s\" holds bytes, not numbers", name);
    if (e->rank != rank || memcmp(e->dim, dim, rank * sizeof *dim) != 0)
        return snn__fail(SNN_ERR_SHAPE, "model file \"%.200s\": tensor \"%s\" is %s, the network has %s", file->path,
                         name, shape_text(e->rank, e->dim, is), shape_text(rank, dim, expected));
    e->used = true;
    *data = file->data + e->offset;
    return SNN_OK;
}

snn_status snn__safetensors_take_bytes(struct snn__safetensors *file, const char *name, size_t size,
                                       const unsigned char **data)
{
    struct snn__entry_read *e = find(file, name);

    *data = NULL;
    if (e == NULL)
        return SNN_OK;
    if (!e->bytes || 4 * e->length != size)
        return bad(file, "tensor \"%.100s\" should be %zu bytes", name, size);
    e->used = true;
    *data = (const unsigned char *)(file->data + e->offset);
    return SNN_OK;
}

const char *snn__safetensors_text(const struct snn__safetensors *file, const char *key)
{
    return json_string_value(json_object_get(file->metadata, key));
}
