/* core/structure.h - structures that the library fills for a caller of another release. */
#ifndef SNN_CORE_STRUCTURE_H
#define SNN_CORE_STRUCTURE_H

#include "core/size.h"
#include <string.h>

/* Bytes that no structure of any version exceeds; a size beyond it is a mistake, and not to be written to. */
#define SNN__STRUCT_MAX 65535u

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
