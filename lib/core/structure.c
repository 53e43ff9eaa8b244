/* core/structure.c - sizes of structures of other releases. */
#include "core/structure.h"
#include "core/status.h"
#include <stdbool.h>

/* Bytes that no structure of any version exceeds; a size beyond it is a mistake, and not to be read or written to. */
#define MOST 65535u

/* Every public structure holds a number of 64 bits or a pointer, so that a compiler makes its size a multiple of a
 * pointer's. Any other size would cut a field in two. */
static bool is_size(size_t size)
{
    return size >= 2 * sizeof(uint32_t) && size <= MOST && size % sizeof(void *) == 0;
}

static uint32_t size_of(const void *given)
{
    uint32_t size;

    memcpy(&size, given, sizeof size);
    return size;
}

snn_status snn__init_struct(void *given, size_t size, const void *full, size_t ours, const char *what)
{
    const uint32_t held = (uint32_t)size;

    if (given == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: NULL", what);
    if (!is_size(size))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: a size of %zu bytes; give sizeof the structure", what, size);
    memset(given, 0, size);
    memcpy(given, full, snn__min(size, ours));
    memcpy(given, &held, sizeof held);
    return SNN_OK;
}

snn_status snn__check_struct(const void *given, const char *what, const char *initialiser)
{
    if (given == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: NULL", what);
    if (!is_size(size_of(given)))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: struct_size is %u, the size of no known version; begin with %s", what,
                         size_of(given), initialiser);
    return SNN_OK;
}

snn_status snn__check_reserved(uint32_t reserved, const char *what)
{
    if (reserved == 0)
        return SNN_OK;
    return snn__fail(SNN_ERR_VERSION, "%s: reserved is %u; this version expects 0", what, reserved);
}

snn_status snn__read_struct(void *own, size_t size, const void *given, const char *what, const char *initialiser)
{
    const uint32_t ours = (uint32_t)size;
    const unsigned char *bytes = given;

    SNN__TRY(snn__check_struct(given, what, initialiser));
    for (size_t i = size; i < size_of(given); i++)
        if (bytes[i] != 0)
            return snn__fail(SNN_ERR_VERSION, "%s: a field unknown to this version is set; leave it 0 here", what);
    memcpy(own, given, snn__min(size_of(given), size));
    memcpy(own, &ours, sizeof ours);
    return SNN_OK;
}
