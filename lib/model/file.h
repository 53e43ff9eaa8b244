/* model/file.h - files that are replaced as a whole or not at all. */
#ifndef SNN_MODEL_FILE_H
#define SNN_MODEL_FILE_H

#include "core/status.h"
#include <snn/context.h>
#include <stdbool.h>

/* A run of bytes to write. Floats are written little-endian on every host. */
struct snn__piece {
    const void *data;
    size_t size; /* bytes */
    bool floats;
};

/* CRC-32 over the pieces as they will be written, going on from `crc` (0 at first). */
uint32_t snn__pieces_crc(uint32_t crc, const struct snn__piece *pieces, size_t n);

/* Writes the pieces under a temporary name beside `path`, flushes them to the disk and renames the file. A
 * symbolic link stays and the file that it leads to is replaced; mode, owner and group of that file are kept where
 * the process may. On failure the temporary file is gone and an older file is as it was; a process that dies
 * leaves one or the other whole, and its temporary file to the next call for the same path. SNN_ERR_IO with the
 * system's reason: a device, pipe or directory, a file that may not be written, a full disk, a limit of the
 * process (no SIGXFSZ); SNN_ERR_MEMORY. */
snn_status snn__file_replace(snn_context *ctx, const char *path, const struct snn__piece *pieces, size_t n);

/* An open file of known size. */
struct snn__input {
    void *stream;
    const char *path; /* borrowed */
    uint64_t size;
};

/* Opens a regular file. */
snn_status snn__input_open(struct snn__input *in, const char *path);
/* Reads exactly `size` bytes; SNN_ERR_FORMAT if the file ends before. */
snn_status snn__input_read(struct snn__input *in, void *out, size_t size);
void snn__input_close(struct snn__input *in);

/* Little-endian floats, as read, to the host's order. */
void snn__floats_from_file(float *x, size_t n);

#endif
