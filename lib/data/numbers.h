/* data/numbers.h - numbers as a file holds them. */
#ifndef SNN_DATA_NUMBERS_H
#define SNN_DATA_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snn__numbers {
    char kind;    /* 'u', 'i', 'f', 'b': whole numbers without and with sign, floats, truths */
    size_t bytes; /* of a number: 1, 2, 4, 8 */
    bool big;     /* the highest byte comes first */
    bool pixels;  /* bytes without sign, which stand for value / 255 */
};

/* Floats as this machine holds them; bytes of pixels. */
extern const struct snn__numbers snn__floats, snn__pixels;

/* One number; of pixels, the byte itself. */
double snn__number(const struct snn__numbers *type, const uint8_t *from);

/* to[0 .. n) <- n numbers: pixels / 255, others as they are. `from` may be the last n * bytes bytes of
 * the array `to`. */
void snn__values(const struct snn__numbers *type, const uint8_t *from, float *to, size_t n);

#endif
