/* write_aedat4.c - AEDAT 4: FlatBuffers by hand, plain or compressed; two streams of events, and one of inertial
 * samples. */
#include "writers.h"
#include <stdlib.h>
#include <string.h>
#ifdef SNN_EVENTS_LZ4
#include <lz4frame.h>
#endif
#ifdef SNN_EVENTS_ZSTD
#include <zstd.h>
#endif

#define PACKET 50u /* events */

enum { PLAIN = 0, LZ4 = 1, ZSTD = 3 };

static const char description[] =
    "<dv version=\"2.0\"><node name=\"outInfo\" path=\"/mainloop/Recorder/outInfo/\">"
    "<node name=\"0\" path=\"/mainloop/Recorder/outInfo/0/\"><attr key=\"typeIdentifier\" type=\"string\">IMUS</attr>"
    "</node><node name=\"3\" path=\"/mainloop/Recorder/outInfo/3/\">"
    "<attr key=\"typeIdentifier\" type=\"string\">EVTS</attr>"
    "<node name=\"info\" path=\"/mainloop/Recorder/outInfo/3/info/\"><attr key=\"sizeX\" type=\"int\">100</attr>"
    "<attr key=\"sizeY\" type=\"int\">100</attr></node></node>"
    "<node name=\"5\" path=\"/mainloop/Recorder/outInfo/5/\"><attr key=\"typeIdentifier\" type=\"string\">EVTS</attr>"
    "<node name=\"info\" path=\"/mainloop/Recorder/outInfo/5/info/\"><attr key=\"sizeX\" type=\"int\">64</attr>"
    "<attr key=\"sizeY\" type=\"int\">32</attr></node></node></node></dv>\n";

/* Root table at 20 with three fields; the position of the table of packets lies at 28 from here. */
static size_t put_header(struct bytes *b, unsigned compression)
{
    size_t position;

    put_text(b, "#!AER-DAT4.0\r\n");
    put_le(b, 44 + sizeof description, 4);
    put_le(b, 20, 4);
    put_text(b, "IOHE");
    put(b, "\x0a\0\x14\0\x04\0\x08\0\x10\0\0\0", 12);
    put_le(b, 12, 4);
    put_le(b, compression, 4);
    position = b->size;
    put_le(b, UINT64_MAX, 8);
    put_le(b, 4, 4);
    put_le(b, sizeof description - 1, 4);
    put(b, description, sizeof description);
    return position;
}

/* Vector at 24 of structures of 16 bytes. */
static void put_events(struct bytes *b, const snn_event *event, size_t n, int64_t later)
{
    put_le(b, 24 + 16 * n, 4);
    put_le(b, 16, 4);
    put_text(b, "EVTS");
    put(b, "\x06\0\x08\0\x04\0\0\0", 8);
    put_le(b, 8, 4);
    put_le(b, 4, 4);
    put_le(b, n, 4);
    for (size_t i = 0; i < n; i++) {
        put_le(b, (uint64_t)(event[i].t + later), 8);
        put_le(b, event[i].x, 2);
        put_le(b, event[i].y, 2);
        put_le(b, event[i].p, 4);
    }
}

static void put_packed(struct bytes *b, unsigned compression, const struct bytes *packet)
{
    const size_t room = 2 * packet->size + 4096;
    void *packed = malloc(room);
    size_t size = 0;

    if (compression == PLAIN)
        put(b, packet->data, packet->size);
#ifdef SNN_EVENTS_LZ4
    if (compression == LZ4)
        size = LZ4F_compressFrame(packed, room, packet->data, packet->size, NULL);
#endif
#ifdef SNN_EVENTS_ZSTD
    if (compression == ZSTD)
        size = ZSTD_compress(packed, room, packet->data, packet->size, 1);
#endif
    put(b, packed, size);
    free(packed);
}

static void put_packet(struct bytes *b, unsigned stream, unsigned compression, const struct bytes *packet)
{
    const size_t at = b->size;
    struct bytes size = { 0 };

    put_le(b, stream, 4);
    put_le(b, 0, 4);
    put_packed(b, compression, packet);
    put_le(&size, b->size - at - 8, 4);
    memcpy(b->data + at + 4, size.data, 4);
    drop(&size);
}

/* Stream 5 holds the same events, a minute later, in front of those of stream 3. */
static void write_packed(struct bytes *b, unsigned compression, const snn_event *event, size_t n)
{
    const size_t position = put_header(b, compression);
    struct bytes packet = { 0 }, end = { 0 };

    for (size_t i = 0; i < n; i += PACKET) {
        const size_t count = n - i < PACKET ? n - i : PACKET;

        put_text(&packet, "inertial samples, of no interest");
        put_packet(b, 0, compression, &packet);
        drop(&packet);
        put_events(&packet, event + i, count, 60000000);
        put_packet(b, 5, compression, &packet);
        drop(&packet);
        put_events(&packet, event + i, count, 0);
        put_packet(b, 3, compression, &packet);
        put_end(b, count);
        drop(&packet);
    }
    put_le(&end, b->size, 8);
    memcpy(b->data + position, end.data, 8);
    drop(&end);
    put_text(b, "a table of packets");
}

void write_aedat4(struct bytes *b, const snn_event *event, size_t n)
{
    write_packed(b, PLAIN, event, n);
}

void write_aedat4_lz4(struct bytes *b, const snn_event *event, size_t n)
{
    write_packed(b, LZ4, event, n);
}

void write_aedat4_zstd(struct bytes *b, const snn_event *event, size_t n)
{
    write_packed(b, ZSTD, event, n);
}
