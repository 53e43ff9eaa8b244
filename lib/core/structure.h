/* core/structure.h - structures that a caller of another release hands over, or wants filled.
 *
 * Each begins with uint32_t struct_size, which says how large it was when the caller was compiled. A room reads one
 * that comes in with snn__read_struct(); it checks one that goes out with snn__check_struct() before it does
 * anything, computes a whole one of its own, and hands that over with snn__fill(). Nobody else looks at
 * struct_size. */
#ifndef SNN_CORE_STRUCTURE_H
#define SNN_CORE_STRUCTURE_H

#include "core/size.h"
#include <snn/status.h>
#include <string.h>

/* Sets the caller's structure of `size` bytes to the defaults in `full`, a whole structure of `ours` bytes; what the
 * library does not know is 0. */
snn_status snn__init_struct(void *given, size_t size, const void *full, size_t ours, const char *what);

/* SNN_ERR_ARGUMENT if `given` is NULL, or its struct_size is none that a compiler gives; the message names `what`
 * it is and the `initialiser` to begin with. */
snn_status snn__check_struct(const void *given, const char *what, const char *initialiser);

/* Takes over the caller's structure into `own`, of `size` bytes, which holds the defaults: fields that a shorter one
 * lacks keep them. Bytes of a longer one that this library does not know must be 0: SNN_ERR_VERSION otherwise. */
snn_status snn__read_struct(void *own, size_t size, const void *given, const char *what, const char *initialiser);

/* SNN_ERR_VERSION if a reserved field of a structure that came in is not 0: a later version may give it a meaning. */
snn_status snn__check_reserved(uint32_t reserved, const char *what);

/* Fills what the caller's structure and ours both have, and says in struct_size, the first field, how much that
 * was. */
static inline void snn__fill(void *out, const void *full, size_t size)
{
    uint32_t *held = out;
    const uint32_t filled = (uint32_t)snn__min(*held, size);

    memcpy(out, full, filled);
    *held = filled;
}

#endif
