/* numbers.c - numbers as a file holds them, of any type and order of bytes. */
#include "data/numbers.h"
#include "core/size.h"
#include <math.h>
#include <string.h>

#define AT_ONCE 256

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
const struct snn__numbers snn__floats = { .kind = 'f', .bytes = sizeof(float), .big = true };
#else
const struct snn__numbers snn__floats = { .kind = 'f', .bytes = sizeof(float) };
#endif
const struct snn__numbers snn__pixels = { .kind = 'u', .bytes = 1, .pixels = true };

/* 16-bit floats as IEEE 754 has them. */
static double half(uint64_t bits)
{
    const double sign = bits & 0x8000 ? -1.0 : 1.0, fraction = (double)(bits & 0x3ff);
    const int exponent = (int)(bits >> 10 & 31);

    if (exponent == 31)
        return fraction > 0.0 ? (double)NAN : sign * (double)INFINITY;
    return exponent == 0 ? sign * ldexp(fraction, -24) : sign * ldexp(fraction + 1024.0, exponent - 25);
}

static double floating(uint64_t bits, size_t bytes)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double x;

    if (bytes == 2)
        return half(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&x, &bits, sizeof x);
    return bytes == 4 ? (double)single : x;
}

double snn__number(const struct snn__numbers *type, const uint8_t *from)
{
    const size_t unused = 64 - 8 * type->bytes;
    uint64_t bits = 0;

    for (size_t i = 0; i < type->bytes; i++)
        bits |= (uint64_t)from[type->big ? type->bytes - 1 - i : i] << 8 * i;
    if (type->kind == 'f')
        return floating(bits, type->bytes);
    return type->kind == 'i' && bits >> (8 * type->bytes - 1) != 0 ? -(double)(((~bits + 1) << unused) >> unused)
                                                                   : (double)bits;
}

/* Up to AT_ONCE numbers, from bytes that nothing writes to. */
static void convert(const struct snn__numbers *type, const uint8_t *from, float *to, size_t n)
{
    if (type->pixels)
        for (size_t i = 0; i < n; i++)
            to[i] = (float)from[i] / 255.0f;
    else
        for (size_t i = 0; i < n; i++)
            to[i] = (float)snn__number(type, from + i * type->bytes);
}

void snn__values(const struct snn__numbers *type, const uint8_t *from, float *to, size_t n)
{
    uint8_t bytes[AT_ONCE * 8];

    if (type->kind == 'f' && type->bytes == sizeof *to && type->big == snn__floats.big) {
        memmove(to, from, n * sizeof *to);
        return;
    }
    for (size_t i = 0; i < n; i += AT_ONCE) {
        const size_t some = snn__min(AT_ONCE, n - i);

        memcpy(bytes, from + i * type->bytes, some * type->bytes);
        convert(type, bytes, to + i, some);
    }
}
