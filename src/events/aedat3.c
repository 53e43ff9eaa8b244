/* aedat3.c - AEDAT 3.1 of cAER: lines of text up to "#!END-HEADER", then packets, little-endian:
 *
 *   int16 type, int16 source, int32 size of an event, offset of its time, overflow of the time, capacity, number,
 *   valid; then `number` events: the capacity is what the writer had room for, not what follows
 *
 * Packets of type 1 hold polarity events of 8 bytes: 32 bits, of which bit 0 is 1 in valid events, bit 1 the
 * polarity, bits 2..16 y, bits 17..31 x; then the time in microseconds, 31 bits, which the overflow continues. */
#include "reader.h"
#include <string.h>

#define HEADER 28u
#define EVENT 8u
#define POLARITY 1u

struct aedat3 {
    uint64_t left;    /* bytes of the packet that were not read */
    bool polarity;    /* it holds events */
    int64_t overflow; /* added to its times, in microseconds */
};

static bool is_aedat3(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return size >= 12 && memcmp(head, "#!AER-DAT3.1", 12) == 0;
}

static const struct {
    const char *word;
    uint32_t width, height;
} cameras[] = {
    { "DVS128", 128, 128 }, { "DAVIS240", 240, 180 }, { "DAVIS346", 346, 260 }, { "DAVIS128", 128, 128 }
};

static void note_camera(snn_events *e, const char *line)
{
    for (size_t i = 0; snn__begins(line, "#Source ") && i < sizeof cameras / sizeof *cameras; i++)
        if (strstr(line, cameras[i].word) != NULL) {
            e->info.width = cameras[i].width;
            e->info.height = cameras[i].height;
        }
}

static snn_status begin_aedat3(snn_events *e)
{
    char line[256];
    bool found;

    for (;;) {
        TRY(snn__events_line(e, '#', line, sizeof line, &found));
        if (!found)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: the header has no end", snn__events_where(e));
        if (strcmp(line, "#!END-HEADER") == 0)
            return SNN_OK;
        if (snn__begins(line, "#Format: ") && strcmp(line, "#Format: RAW") != 0)
            return snn_component_fail(SNN_ERR_UNSUPPORTED, "%.300s: \"%.60s\"; there is a reader of RAW alone",
                                      snn__events_where(e), line);
        note_camera(e, line);
    }
}

static snn_status next_packet(snn_events *e, struct aedat3 *s)
{
    uint32_t size, overflow, capacity, number;

    TRY(snn__octets_need(&e->in, e->ctx, HEADER));
    if (e->in.left < HEADER)
        return snn__events_finish(e, e->in.left);
    size = snn__le32(e->in.at + 4);
    overflow = snn__le32(e->in.at + 12);
    capacity = snn__le32(e->in.at + 16);
    number = snn__le32(e->in.at + 20);
    s->polarity = snn__le16(e->in.at) == POLARITY;
    if (size == 0 || size > INT32_MAX || number > INT32_MAX || overflow > INT32_MAX || number > capacity)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: a packet of %u events of %u bytes, capacity %u",
                                  snn__events_where(e), number, size, capacity);
    if (s->polarity && size != EVENT)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: polarity events of %u bytes; they have %u",
                                  snn__events_where(e), size, EVENT);
    s->overflow = (int64_t)overflow << 31;
    s->left = (uint64_t)size * number;
    snn__octets_take(&e->in, HEADER);
    return SNN_OK;
}

static snn_status skip_packet(snn_events *e, struct aedat3 *s)
{
    uint64_t left;

    TRY(snn__octets_skip(&e->in, e->ctx, s->left, &left));
    s->left = 0;
    return left > 0 ? snn__events_finish(e, (size_t)left) : SNN_OK;
}

static size_t decode(const struct aedat3 *s, const uint8_t *b, size_t *records, snn_event *out, size_t most)
{
    const uint8_t *begin = b, *end = b + EVENT * *records;
    const int64_t overflow = s->overflow;
    size_t n = 0;

    for (; b < end && n < most; b += EVENT) {
        const uint32_t data = snn__le32(b);

        if (data & 1)
            out[n++] = (snn_event){ .t = overflow + snn__le32(b + 4),
                                    .x = (uint16_t)(data >> 17),
                                    .y = (uint16_t)(data >> 2 & 0x7fff),
                                    .p = (uint8_t)(data >> 1 & 1) };
    }
    *records = (size_t)(b - begin) / EVENT;
    return n;
}

static snn_status read_aedat3(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    struct aedat3 *s = e->state;
    size_t records;

    for (*got = 0; *got == 0 && !e->ended;) {
        if (s->left == 0) {
            TRY(next_packet(e, s));
            continue;
        }
        if (!s->polarity) {
            TRY(skip_packet(e, s));
            continue;
        }
        TRY(snn__octets_need(&e->in, e->ctx, EVENT));
        if (e->in.left < EVENT)
            return snn__events_finish(e, (size_t)s->left);
        records = (e->in.left < s->left ? e->in.left : (size_t)s->left) / EVENT;
        *got = decode(s, e->in.at, &records, out, most);
        snn__octets_take(&e->in, records * EVENT);
        s->left -= records * EVENT;
    }
    return SNN_OK;
}

const struct snn__events_format snn__events_aedat3 = { .name = "aedat3",
                                                       .text = "AEDAT 3.1: polarity packets",
                                                       .state = sizeof(struct aedat3),
                                                       .is = is_aedat3,
                                                       .begin = begin_aedat3,
                                                       .read = read_aedat3 };
