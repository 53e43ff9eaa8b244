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

#endif
