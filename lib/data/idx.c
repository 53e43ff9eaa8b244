/* idx.c - the format of MNIST: two zeros, a byte for the type of the numbers and one for the number of dimensions,
 * the dimensions, and the numbers, all of them big-endian. Samples and labels are two files. */
#include "core/size.h"
#include "data/array.h"
#include "data/find.h"
#include <stdio.h>
#include <string.h>

#define LEAST_CLASSES 10u /* so that a small excerpt of MNIST has its shape */

static const struct type {
    uint8_t code;
    char kind;
    uint8_t bytes;
} types[] = { { 0x08, 'u', 1 }, { 0x09, 'i', 1 }, { 0x0b, 'i', 2 },
              { 0x0c, 'i', 4 }, { 0x0d, 'f', 4 }, { 0x0e, 'f', 8 } };

static uint32_t big_endian(const uint8_t byte[4])
{
    return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

static snn_status read_header(struct snn__gz *gz, struct snn__array *a)
{
    uint8_t magic[4], byte[4];

    *a = (struct snn__array){ .type.big = true };
    SNN__TRY(snn__gz_read_all(gz, magic, sizeof magic, "the idx header"));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == magic[2]) {
            a->type.kind = types[i].kind;
            a->type.bytes = types[i].bytes;
        }
    a->rank = magic[3];
    if (magic[0] != 0 || magic[1] != 0 || a->type.bytes == 0 || a->rank == 0 || a->rank > SNN__ARRAY_RANK)
        return snn__fail(SNN_ERR_FORMAT,
                         "%.300s: magic number 0x%08x, which is none of idx: 0x00000803 for bytes [n,H,W]",
                         snn__gz_path(gz), big_endian(magic));
    for (size_t i = 0; i < a->rank; i++) {
        SNN__TRY(snn__gz_read_all(gz, byte, sizeof byte, "the idx header"));
        a->dim[i] = big_endian(byte);
    }
    return SNN_OK;
}

/* A word of the name is idx, idx1, idx3, ... */
static bool is_idx(const char *name)
{
    const char *at = strstr(name, "idx");

    return at != NULL && (at == name || strchr("-_. ", at[-1]) != NULL);
}

/* MNIST's own names come before all others, which a directory may hold beside them. */
static snn_status open_part(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part)
{
    char name[64];

    snprintf(name, sizeof name, "%s-%s-ubyte", part->split == SNN_SPLIT_TRAIN ? "train" : "t10k",
             part->aims ? "labels-idx1" : "images-idx3");
    SNN__TRY(snn__gz_find(out, ctx, path, name));
    return *out != NULL ? SNN_OK : snn__part_find(out, ctx, path, part, is_idx, name);
}

static snn_status read_part(struct snn__samples *s, const snn_dataset_files *files, bool aims, size_t *announced)
{
    const struct snn__part part = { (snn_split)files->split, aims };
    struct snn__array a;
    struct snn__gz *gz;
    snn_status rc;

    SNN__TRY(open_part(&gz, s->ctx, files->path, &part));
    rc = read_header(gz, &a);
    if (rc == SNN_OK)
        rc = aims ? snn__array_aims(s, gz, &a, files, *announced, LEAST_CLASSES)
                  : snn__array_samples(s, gz, &a, files);
    *announced = a.dim[0];
    snn__gz_close(gz);
    return rc;
}

static snn_status idx_read(struct snn__samples *s, const snn_dataset_files *files)
{
    size_t announced = 0; /* samples, of which as many labels have to be there, however many are read */

    SNN__TRY(read_part(s, files, false, &announced));
    return read_part(s, files, true, &announced);
}

const struct snn__data_format snn__data_idx = {
    .name = "idx",
    .text = "MNIST and its relatives: samples and labels in idx files, with or without gzip",
    .read = idx_read
};
