/* flatbuffer.h - the few parts of a FlatBuffer that AEDAT 4 needs: a root table, its fields, a vector of structures,
 * a text. Every offset is checked against the bytes that there are. */
#ifndef SNN_EVENTS_FLATBUFFER_H
#define SNN_EVENTS_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snn__flatbuffer {
    const uint8_t *bytes;
    size_t size;
    size_t table;               /* offset of the root table */
    size_t fields, fields_size; /* of its vtable */
};

/* The root table of a buffer; false: its offsets lead outside. */
bool snn__flatbuffer_open(struct snn__flatbuffer *fb, const uint8_t *bytes, size_t size);

/* Offset of field number `index`, of which `size` bytes are there; 0: the table has not got it, or it is outside. */
size_t snn__flatbuffer_field(const struct snn__flatbuffer *fb, unsigned index, size_t size);

/* Field number `index`, a vector of elements of `width` bytes: offset of the first and their number. False: its
 * offsets lead outside. A vector that is not there is empty. */
bool snn__flatbuffer_vector(const struct snn__flatbuffer *fb, unsigned index, size_t width, size_t *first,
                            size_t *count);

#endif
