/* core/size.h - size arithmetic that notices overflow.
 *
 * Counts of what is to be allocated are made by SNN__PRODUCT() and SNN__SUM() alone: what does not fit is SIZE_MAX,
 * stays SIZE_MAX, and is refused by whatever takes memory. Later products of the same factors are safe, since the
 * memory is there. */
#ifndef SNN_CORE_SIZE_H
#define SNN_CORE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest number of elements that one tensor may have: its bytes stay addressable as float with room to spare. */
#define SNN__LENGTH_MAX (SIZE_MAX / 64)

/* Most elements of a sample: of a data set, of a network's input, of any layer's output. */
#define SNN__SAMPLE_MAX ((size_t)1 << 30)

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

static inline size_t snn__product_of(const size_t *factor, size_t n)
{
    size_t product = 1;

    for (size_t i = 0; i < n; i++)
        if (!snn__mul(product, factor[i], &product))
            product = SIZE_MAX;
    return product;
}

static inline size_t snn__sum_of(const size_t *term, size_t n)
{
    size_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (!snn__add(sum, term[i], &sum))
            sum = SIZE_MAX;
    return sum;
}

#define SNN__SIZES(...) ((const size_t[]){ __VA_ARGS__ }), sizeof((const size_t[]){ __VA_ARGS__ }) / sizeof(size_t)
#define SNN__PRODUCT(...) snn__product_of(SNN__SIZES(__VA_ARGS__))
#define SNN__SUM(...) snn__sum_of(SNN__SIZES(__VA_ARGS__))

/* Elements of a sample; false where they are not 1 to SNN__SAMPLE_MAX. */
static inline bool snn__sample_length(const size_t *shape, size_t rank, size_t *length)
{
    *length = snn__product_of(shape, rank);
    return *length >= 1 && *length <= SNN__SAMPLE_MAX;
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
    return SNN__PRODUCT(snn__ceil_div(a, multiple), multiple);
}

/* n * index / parts, where index <= parts: the begin of a part of 0 .. n - 1. */
static inline size_t snn__part(size_t n, size_t parts, size_t index)
{
    return n / parts * index + n % parts * index / parts;
}

#endif
