/* core/alloc.h - memory through the context's allocator hook. */
#ifndef SNN_CORE_ALLOC_H
#define SNN_CORE_ALLOC_H

#include <snn/context.h>

/* Zeroed memory, aligned to 64 bytes, of count * size bytes (at least 1); NULL with a message set on overflow or
 * failure. */
void *snn__alloc(snn_context *ctx, size_t count, size_t size);

/* The same, not zeroed: who touches a new page first has it near. */
void *snn__alloc_untouched(snn_context *ctx, size_t count, size_t size);

/* A copy of `text`; NULL as snn__alloc(). */
char *snn__strdup(snn_context *ctx, const char *text);

/* Gives back what these returned; NULL is accepted. */
void snn__free(snn_context *ctx, void *pointer);

#endif
