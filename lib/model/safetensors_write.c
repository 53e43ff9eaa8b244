/* model/safetensors_write.c - writes files of the safetensors layout. */
#include "core/alloc.h"
#include "core/size.h"
#include "model/file.h"
#include "model/json.h"
#include "model/safetensors.h"
#include <stdio.h>
#include <string.h>

static void put_u64(unsigned char *out, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static json_t *entry_json(const struct snn__entry *e, uint64_t *offset, bool *failed)
{
    json_t *entry = json_object(), *shape = json_array(), *offsets = json_array();

    for (uint32_t i = 0; i < e->rank; i++)
        snn__json_add(shape, json_integer(e->dim[i]), failed);
    snn__json_add(offsets, json_integer((json_int_t)*offset), failed);
    *offset += 4 * (uint64_t)e->length;
    snn__json_add(offsets, json_integer((json_int_t)*offset), failed);
    snn__json_set(entry, "dtype", json_string(e->bytes ? "U8" : "F32"), failed);
    snn__json_set(entry, "shape", shape, failed);
    snn__json_set(entry, "data_offsets", offsets, failed);
    return entry;
}

static snn_status header_json(json_t **out, const json_t *metadata, const struct snn__entry *entries, size_t n)
{
    json_t *texts = json_object(), *root = json_object();
    bool failed = false;
    uint64_t offset = 0;

    snn__json_set(texts, SNN__CHECKSUM, json_string("00000000"), &failed);
    failed |= json_object_update(texts, (json_t *)metadata) != 0;
    snn__json_set(root, "__metadata__", texts, &failed);
    for (size_t i = 0; i < n && !failed; i++)
        snn__json_set(root, entries[i].name, entry_json(&entries[i], &offset, &failed), &failed);
    return snn__json_made(out, root, failed, "model file");
}

/* Length and header as they are in the file, but for the checksum. */
static snn_status make_header(snn_context *ctx, const json_t *root, unsigned char **out, size_t *size)
{
    size_t length = 0, padded;
    char *text;

    SNN__TRY(snn__json_dump(&text, &length, ctx, root, 8, JSON_COMPACT, "model file: its header"));
    padded = snn__round_up(length, 8);
    memset(text + 8 + length, ' ', padded - length);
    *out = (unsigned char *)text;
    *size = 8 + padded;
    put_u64(*out, padded);
    return SNN_OK;
}

static snn_status write_all(snn_context *ctx, const char *path, unsigned char *header, size_t size,
                            const struct snn__entry *entries, size_t n)
{
    struct snn__piece *pieces = snn__alloc(ctx, n + 1, sizeof *pieces);
    char digits[SNN__CHECKSUM_DIGITS + 1];
    snn_status rc;

    if (pieces == NULL)
        return SNN_ERR_MEMORY;
    pieces[0] = (struct snn__piece){ header, size, false };
    for (size_t i = 0; i < n; i++)
        pieces[i + 1] = (struct snn__piece){ entries[i].data, entries[i].length * sizeof(float), !entries[i].bytes };
    snprintf(digits, sizeof digits, "%08x", (unsigned)snn__pieces_crc(0, pieces, n + 1));
    memcpy(snn__checksum_digits((char *)header + 8, size - 8), digits, SNN__CHECKSUM_DIGITS);
    rc = snn__file_replace(ctx, path, pieces, n + 1);
    snn__free(ctx, pieces);
    return rc;
}

snn_status snn__safetensors_write(snn_context *ctx, const char *path, const json_t *metadata,
                                  const struct snn__entry *entries, size_t n)
{
    unsigned char *header = NULL;
    snn_status rc = SNN_OK;
    json_t *root = NULL;
    size_t size = 0;

    for (size_t i = 0; i < n; i++)
        if (!entries[i].bytes)
            SNN__TRY(snn__check_finite("cannot write", path, entries[i].name, entries[i].data, entries[i].length,
                                       SNN_ERR_DIVERGED));
    SNN__TRY(header_json(&root, metadata, entries, n));
    rc = make_header(ctx, root, &header, &size);
    json_decref(root);
    if (rc == SNN_OK)
        rc = write_all(ctx, path, header, size, entries, n);
    snn__free(ctx, header);
    return rc;
}
