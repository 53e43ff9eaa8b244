/* model/safetensors.h - named float32 tensors, bytes and strings in one file, in the safetensors layout:
 *
 *     8 bytes   n, little-endian
 *     n bytes   JSON {"__metadata__": {KEY: TEXT, ...},
 *                     NAME: {"dtype": "F32", "shape": [..], "data_offsets": [a, b]}, ...}, filled up with blanks;
 *               "U8" for bytes, a multiple of four of them
 *     the rest  the tensors, without gaps
 *
 * The metadata's "snn.checksum" is the CRC-32 of the whole file with the eight digits of the checksum itself taken as
 * '0'. A file without that key (another program wrote it) is read unchecked. */
#ifndef SNN_MODEL_SAFETENSORS_H
#define SNN_MODEL_SAFETENSORS_H

#include "core/status.h"
#include <jansson.h>
#include <snn/context.h>
#include <stdbool.h>

#define SNN__ENTRY_NAME_MAX 192

/* A tensor to write. */
struct snn__entry {
    char name[SNN__ENTRY_NAME_MAX];
    uint32_t rank, dim[4];
    size_t length;     /* in floats */
    const float *data; /* [length] */
    bool bytes;        /* 4 length bytes instead */
};

/* A tensor that was read. */
struct snn__entry_read {
    const char *name; /* borrowed */
    uint32_t rank, dim[4];
    size_t length, offset; /* in floats */
    bool bytes;
    bool used; /* for the reader's own account */
};

/* A file that was read and checked: layout, checksum, all numbers finite; without data, the layout alone. */
struct snn__safetensors {
    snn_context *ctx;
    const char *path; /* borrowed */
    json_t *header;
    const json_t *metadata;        /* strings only */
    struct snn__entry_read *entry; /* by name */
    size_t n;
    float *data; /* NULL: was not asked for */
    size_t size; /* bytes of data */
};

/* The checksum's key in the metadata, and its length as hexadecimal text. */
#define SNN__CHECKSUM "snn.checksum"
#define SNN__CHECKSUM_DIGITS 8u

/* The digits of the checksum in a header; NULL if it has none. */
char *snn__checksum_digits(char *header, size_t length);
/* `code` if a number of a tensor is not finite; `what` begins the message. */
snn_status snn__check_finite(const char *what, const char *path, const char *name, const float *x, size_t n,
                             snn_status code);

/* safetensors_write.c: writes a file; `metadata` is an object of strings, without the checksum.
 * SNN_ERR_IO, SNN_ERR_DIVERGED (a number is not finite), SNN_ERR_MEMORY */
snn_status snn__safetensors_write(snn_context *ctx, const char *path, const json_t *metadata,
                                  const struct snn__entry *entries, size_t n);

/* Reads and checks a file, or without `data` what stands before them. SNN_ERR_IO, SNN_ERR_FORMAT, SNN_ERR_VERSION,
 * SNN_ERR_MEMORY. Free it in every case. */
snn_status snn__safetensors_read(struct snn__safetensors *file, snn_context *ctx, const char *path, bool data);
void snn__safetensors_free(struct snn__safetensors *file);

/* Finds a tensor and marks it as used. SNN_ERR_FORMAT if there is none, SNN_ERR_SHAPE if its sizes are others. */
snn_status snn__safetensors_take(struct snn__safetensors *file, const char *name, uint32_t rank, const uint32_t *dim,
                                 const float **data);

/* The same for `size` bytes; *data is NULL if there are none of that name. */
snn_status snn__safetensors_take_bytes(struct snn__safetensors *file, const char *name, size_t size,
                                       const unsigned char **data);

/* A text of the metadata, NULL if there is none. */
const char *snn__safetensors_text(const struct snn__safetensors *file, const char *key);

#endif
