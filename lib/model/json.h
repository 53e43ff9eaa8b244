/* model/json.h - JSON text to values and back, within limits. Jansson takes its memory from the C library, which
 * may fail where the context's allocator does not. */
#ifndef SNN_MODEL_JSON_H
#define SNN_MODEL_JSON_H

#include "core/status.h"
#include <jansson.h>
#include <snn/context.h>
#include <stdbool.h>

#define SNN__JSON_DEPTH 16                /* objects and arrays within one another */
#define SNN__JSON_BYTES ((size_t)1 << 24) /* longest text that is read or written */

/* Reads one JSON object or array; no key may appear twice in an object. `what` begins the message: "network JSON".
 * SNN_ERR_FORMAT, SNN_ERR_MEMORY; *out is NULL then. The caller gives it back with json_decref(). */
snn_status snn__json_read(json_t **out, snn_context *ctx, const char *text, size_t length, const char *what);

/* Making values: each of these takes `value` over, which may be NULL, as may be what it is put into, where making
 * them has failed. The first failure of a row of calls stays in *failed, so that none can be forgotten. Texts and
 * keys are UTF-8. */
void snn__json_set(json_t *object, const char *key, json_t *value, bool *failed);
void snn__json_add(json_t *array, json_t *value, bool *failed);

/* Ends it: the whole value, or SNN_ERR_MEMORY and NULL. */
snn_status snn__json_made(json_t **out, json_t *value, bool failed, const char *what);

/* Writes a value as text, `before` bytes after the beginning of a block of zeros, whose size allows a multiple of
 * eight bytes of text. SNN_ERR_ARGUMENT if it is too long, SNN_ERR_MEMORY. The caller frees it with snn__free(). */
snn_status snn__json_dump(char **out, size_t *length, snn_context *ctx, const json_t *json, size_t before,
                          size_t flags, const char *what);

/* The same with numbers such that they read back exactly. */
snn_status snn__json_write(char **out, snn_context *ctx, const json_t *json, const char *what);

/* json_dumpb() in the C locale: Jansson cannot handle a decimal point of several bytes. */
size_t snn__json_dumpb(const json_t *json, char *out, size_t size, size_t flags);

/* Puts "where: " before the present message and returns `rc`. */
snn_status snn__json_at(snn_status rc, const char *format, ...) SNN__PRINTF(2, 3);

/* The failure of a call into Jansson that can only lack memory. */
snn_status snn__json_no_memory(const char *what);

#endif
