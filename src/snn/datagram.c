/* datagram.c - whole records in datagrams. */
#include "datagram.h"

#include <string.h>

enum datagram_format datagram_format_named(const char *name)
{
    static const char *const names[DATAGRAM_FORMATS] = { "csv", "evt3", "aedat4" };
    unsigned i = 0;

    while (i < DATAGRAM_FORMATS && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static bool begins(const uint8_t *bytes, size_t size, const char *mark)
{
    return size >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0;
}

bool datagram_is_header(enum datagram_format format, const uint8_t *bytes, size_t size)
{
    return format == DATAGRAM_AEDAT4 ? begins(bytes, size, "#!AER-DAT4.0\r\n")
                                     : format == DATAGRAM_EVT3 && begins(bytes, size, "% ");
}

/* Lines, each with its end. */
static size_t whole_lines(const uint8_t *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] != '\n')
        size--;
    return size;
}

/* Packets: number of the stream, size, and so many bytes. */
static size_t whole_packets(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (size - at >= 8) {
        const uint8_t *b = bytes + at + 4;
        const size_t packet = b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;

        if (packet > size - at - 8)
            break;
        at += 8 + packet;
    }
    return at;
}

size_t datagram_whole(enum datagram_format format, const uint8_t *bytes, size_t size)
{
    switch (format) {
    case DATAGRAM_CSV:
        return whole_lines(bytes, size);
    case DATAGRAM_EVT3:
        return size & ~(size_t)1;
    case DATAGRAM_AEDAT4:
        return whole_packets(bytes, size);
    default:
        return 0;
    }
}
