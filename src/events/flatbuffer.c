/* flatbuffer.c - offsets in a FlatBuffer: 32 bits, unsigned, from where they stand; that of a vtable is signed, and
 * subtracted. */
#include "flatbuffer.h"
#include "reader.h"

/* True if bytes from `at` to at + size lie inside. */
static bool inside(const struct snn__flatbuffer *fb, size_t at, size_t size)
{
    return at <= fb->size && size <= fb->size - at;
}

/* Follows the offset that stands at `at`. */
static bool follow(const struct snn__flatbuffer *fb, size_t at, size_t *to)
{
    if (!inside(fb, at, 4))
        return false;
    *to = snn__le32(fb->bytes + at);
    if (!inside(fb, at, *to))
        return false;
    *to += at;
    return inside(fb, *to, 4);
}

bool snn__flatbuffer_open(struct snn__flatbuffer *fb, const uint8_t *bytes, size_t size)
{
    int64_t fields;

    *fb = (struct snn__flatbuffer){ .bytes = bytes, .size = size };
    if (!follow(fb, 0, &fb->table))
        return false;
    fields = (int64_t)fb->table - (int32_t)snn__le32(bytes + fb->table);
    if (fields < 0 || (uint64_t)fields > size || !inside(fb, (size_t)fields, 4))
        return false;
    fb->fields = (size_t)fields;
    fb->fields_size = snn__le16(bytes + fb->fields);
    return fb->fields_size >= 4 && inside(fb, fb->fields, fb->fields_size);
}

size_t snn__flatbuffer_field(const struct snn__flatbuffer *fb, unsigned index, size_t size)
{
    const size_t slot = 4 + 2 * (size_t)index;
    size_t offset;

    if (slot + 2 > fb->fields_size)
        return 0;
    offset = snn__le16(fb->bytes + fb->fields + slot);
    return offset != 0 && inside(fb, fb->table + offset, size) ? fb->table + offset : 0;
}

bool snn__flatbuffer_vector(const struct snn__flatbuffer *fb, unsigned index, size_t width, size_t *first,
                            size_t *count)
{
    const size_t field = snn__flatbuffer_field(fb, index, 4);
    size_t vector;

    *first = *count = 0;
    if (field == 0)
        return true;
    if (!follow(fb, field, &vector))
        return false;
    *count = snn__le32(fb->bytes + vector);
    *first = vector + 4;
    return *count <= (fb->size - *first) / width;
}
