/* core/file.h - files that are read: regular ones only. */
#ifndef SNN_CORE_FILE_H
#define SNN_CORE_FILE_H

#include "core/status.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* True if no file has that name. */
bool snn__file_absent(const char *path);

/* Opens a regular file for reading and measures it. A pipe would block the caller for as long as nobody writes, a
 * device may have no end: both are refused without waiting. SNN_ERR_IO; *out is NULL then. */
snn_status snn__file_open(FILE **out, uint64_t *size, const char *path);

/* Reads `size` bytes from byte `at` on of an open file; `path` is for the message. The place of the descriptor is
 * neither used nor moved, so that threads, and processes after fork(), may share it. SNN_ERR_IO: they are not there.
 */
snn_status snn__file_read_at(int file, const char *path, uint64_t at, void *to, size_t size);

#endif
