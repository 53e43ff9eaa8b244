/* core/size.h - size arithmetic that notices overflow. */
#ifndef SNN_CORE_SIZE_H
#define SNN_CORE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest number of elements that one tensor may have: its bytes stay addressable as float with room to spare. */
#define SNN__LENGTH_MAX (SIZE_MAX / 64)

static inline bool snn__mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

static inline bool snn__add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static inline size_t snn__min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t snn__max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* a / b, rounded up */
static inline size_t snn__ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static inline size_t snn__round_up(size_t a, size_t multiple)
{
    return snn__ceil_div(a, multiple) * multiple;
}

#endif
