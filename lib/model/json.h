/* model/json.h - JSON text to values and back, within limits. Jansson takes its memory from the C library. */
#ifndef SNN_MODEL_JSON_H
#define SNN_MODEL_JSON_H

#include "core/status.h"
#include <jansson.h>
#include <snn/context.h>

#define SNN__JSON_DEPTH 16               /* objects and arrays within one another */
#define SNN__JSON_BYTES ((size_t)1 << 24) /* longest text that is read */

/* Reads one JSON value; no key may appear twice in an object. `what` begins the message: "network JSON".
 * SNN_ERR_FORMAT; *out is NULL then. The caller gives it back with json_decref(). */
snn_status snn__json_read(json_t **out, const char *text, size_t length, const char *what);

/* Writes a value as text, numbers such that they read back exactly. The caller frees it with snn__free(). */
snn_status snn__json_write(char **out, snn_context *ctx, const json_t *json, const char *what);

/* Puts "where: " before the present message and returns `rc`. */
snn_status snn__json_at(snn_status rc, const char *format, ...) SNN__PRINTF(2, 3);

/* The failure of a call into Jansson that can only lack memory. */
snn_status snn__json_no_memory(const char *what);

#endif
