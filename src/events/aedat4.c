/* aedat4.c - AEDAT 4.0 of iniVation's DV: "#!AER-DAT4.0\r\n", a header, and packets of several streams:
 *
 *   header   int32 size, then a FlatBuffer IOHE: field 0 int32 compression, 1 int64 position of the table of packets
 *            at the end, -1: none, 2 text: an XML description of the streams
 *   packet   int32 number of its stream, int32 size; compressed as the header says: int32 size, then a FlatBuffer,
 *            of which EVTS has in field 0 a vector of events of 16 bytes: int64 time in microseconds, int16 x, int16
 *            y, bool polarity
 *
 * FlatBuffers name their type in bytes 4 to 7. Numbers are little-endian. */
#include "flatbuffer.h"
#include "reader.h"
#include "unpack.h"
#include <stdlib.h>
#include <string.h>

#define MARK 14u
#define HEADER_MOST ((uint32_t)1 << 24)
#define EVENT 16u

struct aedat4 {
    uint32_t compression;
    uint64_t at, end;     /* bytes that were read; where the table of packets begins, UINT64_MAX: none */
    uint32_t stream;      /* number of the one that is read */
    const uint8_t *event; /* events of the packet at hand */
    size_t left;
    struct snn__unpacker packed, packet;
};

static bool is_aedat4(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return size >= MARK && memcmp(head, "#!AER-DAT4.0\r\n", MARK) == 0;
}

/* ---- bytes ---- */

/* Copies `size` bytes to s->packed; *left of them are not there. */
static snn_status take(snn_events *e, struct aedat4 *s, size_t size, size_t *left)
{
    struct snn__unpacker *to = &s->packed;

    to->size = 0;
    for (*left = size; *left > 0;) {
        const size_t step = *left < SNN__OCTETS_ROOM ? *left : SNN__OCTETS_ROOM;
        size_t here;

        TRY(snn__octets_need(&e->in, e->ctx, step));
        here = e->in.left < step ? e->in.left : step;
        if (here == 0)
            break;
        TRY(snn__unpack_append(to, e->in.at, here));
        snn__octets_take(&e->in, here);
        *left -= here;
    }
    s->at += size - *left;
    return SNN_OK;
}

/* ---- the header ---- */

/* The value of an attribute in the lines that describe a stream, as number; 0: it is not there. */
static uint32_t number_of(const char *from, const char *to, const char *key)
{
    const char *at = strstr(from, key);

    if (at == NULL || at >= to || (at = strchr(at, '>')) == NULL || at >= to)
        return 0;
    return (uint32_t)strtoul(at + 1, NULL, 10) & 0xffff;
}

/* Describes the stream whose type stands at `type`: its number is in the path of the node that holds it. */
static void note_stream(snn_events *e, struct aedat4 *s, const char *text, const char *type)
{
    const char *path = text, *end = strstr(type + 1, "key=\"typeIdentifier\"");

    if (end == NULL)
        end = type + strlen(type);
    for (const char *next = text; (next = strstr(next, "/outInfo/")) != NULL && next < type; next += 9)
        path = next + 9;
    s->stream = (uint32_t)strtoul(path, NULL, 10);
    e->info.width = number_of(type, end, "key=\"sizeX\"");
    e->info.height = number_of(type, end, "key=\"sizeY\"");
}

/* Counts the streams of events, and describes the one that was asked for. */
static snn_status find_stream(snn_events *e, struct aedat4 *s, const char *text)
{
    uint32_t streams = 0;

    for (const char *at = text; (at = strstr(at, "key=\"typeIdentifier\"")) != NULL; at++) {
        const char *value = strchr(at, '>');

        if (value == NULL || strncmp(value, ">EVTS<", 6) != 0)
            continue;
        if (streams++ == e->source.stream)
            note_stream(e, s, text, at);
    }
    e->info.streams = streams;
    if (e->source.stream < streams)
        return SNN_OK;
    return snn_component_fail(streams == 0 ? SNN_ERR_FORMAT : SNN_ERR_ARGUMENT,
                              "%.300s holds %u streams of events; stream %llu is none of them", snn__events_where(e),
                              streams, (unsigned long long)e->source.stream);
}

static snn_status read_header(snn_events *e, struct aedat4 *s, const uint8_t *bytes, size_t size)
{
    struct snn__flatbuffer fb;
    size_t compression, position, first, length;
    char *text;
    snn_status rc;

    if (!snn__flatbuffer_open(&fb, bytes, size) || !snn__flatbuffer_vector(&fb, 2, 1, &first, &length))
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: the header is damaged", snn__events_where(e));
    compression = snn__flatbuffer_field(&fb, 0, 4);
    position = snn__flatbuffer_field(&fb, 1, 8);
    s->compression = compression > 0 ? snn__le32(bytes + compression) : 0;
    s->end = position > 0 ? snn__le64(bytes + position) : UINT64_MAX;
    TRY(snn__unpack_check(s->compression));
    text = snn_component_alloc(e->ctx, length + 1, 1);
    if (text == NULL)
        return SNN_ERR_MEMORY;
    if (length > 0)
        memcpy(text, bytes + first, length);
    rc = find_stream(e, s, text);
    snn_component_free(e->ctx, text);
    return rc;
}

static snn_status begin_aedat4(snn_events *e)
{
    struct aedat4 *s = e->state;
    size_t left;
    uint32_t size;

    s->packed.ctx = s->packet.ctx = e->ctx;
    TRY(snn__octets_need(&e->in, e->ctx, MARK + 4));
    size = e->in.left < MARK + 4 ? UINT32_MAX : snn__le32(e->in.at + MARK);
    if (size > HEADER_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: the header is damaged", snn__events_where(e));
    snn__octets_take(&e->in, MARK + 4);
    s->at = MARK + 4;
    TRY(take(e, s, size, &left));
    if (left > 0)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s ends within its header", snn__events_where(e));
    return read_header(e, s, s->packed.bytes, s->packed.size);
}

/* ---- packets ---- */

static snn_status open_packet(snn_events *e, struct aedat4 *s)
{
    struct snn__flatbuffer fb;
    size_t first;

    TRY(snn__unpack(&s->packet, s->compression, s->packed.bytes, s->packed.size));
    if (s->packet.size < 12 || memcmp(s->packet.bytes + 8, "EVTS", 4) != 0 ||
        !snn__flatbuffer_open(&fb, s->packet.bytes + 4, s->packet.size - 4) ||
        !snn__flatbuffer_vector(&fb, 0, EVENT, &first, &s->left))
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: a packet of stream %u is no list of events",
                                  snn__events_where(e), s->stream);
    s->event = s->packet.bytes + 4 + first;
    return SNN_OK;
}

/* Reads the next packet, or goes past it if it is of another stream. */
static snn_status next_packet(snn_events *e, struct aedat4 *s)
{
    uint32_t stream, size;
    uint64_t absent;
    size_t left;

    if (s->at >= s->end)
        return snn__events_finish(e, 0);
    TRY(snn__octets_need(&e->in, e->ctx, 8));
    if (e->in.left < 8)
        return snn__events_finish(e, e->in.left);
    stream = snn__le32(e->in.at);
    size = snn__le32(e->in.at + 4);
    snn__octets_take(&e->in, 8);
    s->at += 8;
    if (size > SNN__UNPACK_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: a packet of %u bytes", snn__events_where(e), size);
    if (stream != s->stream) {
        TRY(snn__octets_skip(&e->in, e->ctx, size, &absent));
        s->at += size - absent;
        return absent > 0 ? snn__events_finish(e, 8 + (size_t)(size - absent)) : SNN_OK;
    }
    TRY(take(e, s, size, &left));
    return left > 0 ? snn__events_finish(e, 8 + size - left) : open_packet(e, s);
}

static snn_status read_aedat4(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    struct aedat4 *s = e->state;

    while (s->left == 0 && !e->ended)
        TRY(next_packet(e, s));
    *got = s->left < most ? s->left : most;
    for (size_t i = 0; i < *got; i++, s->event += EVENT)
        out[i] = (snn_event){ .t = (int64_t)snn__le64(s->event),
                              .x = snn__le16(s->event + 8),
                              .y = snn__le16(s->event + 10),
                              .p = s->event[12] != 0 };
    s->left -= *got;
    return SNN_OK;
}

static void end_aedat4(snn_events *e)
{
    struct aedat4 *s = e->state;

    snn__unpack_close(&s->packed);
    snn__unpack_close(&s->packet);
}

const struct snn__events_format snn__events_aedat4 = { .name = "aedat4",
                                                       .text = "AEDAT 4.0: LZ4, Zstandard or plain",
                                                       .state = sizeof(struct aedat4),
                                                       .is = is_aedat4,
                                                       .begin = begin_aedat4,
                                                       .read = read_aedat4,
                                                       .end = end_aedat4 };
