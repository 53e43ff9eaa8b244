/* es.c - Event Stream 2: "Event Stream", three bytes of version, the type of the stream, width and height of the
 * sensor, 16 bits each, little-endian. Then, of a DVS (type 1), events of five bytes:
 *
 *   time since the event before, 7 bits, and polarity, bit 0; x and y, 16 bits each, little-endian
 *
 * 0xff in the place of the first byte adds 127 us, 0xfe is padding. Of an ATIS (type 2): time, 6 bits, polarity, bit
 * 1, and a threshold crossing, bit 0, which is no change of brightness; above 0xfc the lower two bits, times 63, are
 * added to the time. */
#include "reader.h"
#include <string.h>

#define HEADER 20u
#define EVENT 5u

enum { DVS = 1, ATIS = 2 };

struct es {
    int64_t t;
    uint8_t type;
};

static bool is_es(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return size >= 12 && memcmp(head, "Event Stream", 12) == 0;
}

static snn_status begin_es(snn_events *e)
{
    struct es *s = e->state;
    const uint8_t *h;

    TRY(snn__octets_need(&e->in, e->ctx, HEADER));
    h = e->in.at;
    if (e->in.left < HEADER)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s ends within its header", snn__events_where(e));
    if (h[12] != 2)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "%.300s is of version %u.%u.%u; there is a reader of 2",
                                  snn__events_where(e), h[12], h[13], h[14]);
    s->type = h[15];
    if (s->type != DVS && s->type != ATIS)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "%.300s holds a stream of type %u, which is neither DVS nor ATIS",
                                  snn__events_where(e), s->type);
    e->info.width = snn__le16(h + 16);
    e->info.height = snn__le16(h + 18);
    snn__octets_take(&e->in, HEADER);
    return SNN_OK;
}

/* Bytes that only add to the time, or to nothing; false: an event begins. */
static bool passes(struct es *s, uint8_t byte)
{
    const uint8_t mark = s->type == DVS ? 0xfe : 0xfc;

    if (byte < mark)
        return false;
    s->t += s->type == DVS ? 127 * (byte & 1) : 63 * (byte & 3);
    return true;
}

/* Events from `b` up to the last whole one before `end`; returns where it ends. */
static const uint8_t *decode(struct es *s, const uint8_t *b, const uint8_t *end, snn_event *out, size_t most,
                             size_t *got)
{
    size_t n = 0;

    while (b < end && n < most) {
        const uint8_t first = *b;

        if (passes(s, first)) {
            b++;
            continue;
        }
        if ((size_t)(end - b) < EVENT)
            break;
        s->t += s->type == DVS ? first >> 1 : first >> 2;
        if (s->type == DVS || !(first & 1))
            out[n++] = (snn_event){ .t = s->t,
                                    .x = snn__le16(b + 1),
                                    .y = snn__le16(b + 3),
                                    .p = s->type == DVS ? first & 1 : first >> 1 & 1 };
        b += EVENT;
    }
    *got = n;
    return b;
}

static snn_status check(const snn_events *e, const snn_event *event, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (event[i].x >= e->info.width || event[i].y >= e->info.height)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: an event at column %u, row %u; the sensor has %u x %u",
                                      snn__events_where(e), event[i].x, event[i].y, e->info.width, e->info.height);
    return SNN_OK;
}

static snn_status read_es(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    for (*got = 0; *got == 0;) {
        const uint8_t *to;
        snn_status rc;

        TRY(snn__octets_need(&e->in, e->ctx, EVENT));
        to = decode(e->state, e->in.at, e->in.at + e->in.left, out, most, got);
        if (to == e->in.at)
            return snn__events_finish(e, e->in.left);
        snn__octets_take(&e->in, (size_t)(to - e->in.at));
        rc = check(e, out, *got);
        if (rc != SNN_OK) {
            *got = 0;
            return rc;
        }
    }
    return SNN_OK;
}

const struct snn__events_format snn__events_es = { .name = "es",
                                                   .text = "Event Stream 2: DVS and ATIS",
                                                   .state = sizeof(struct es),
                                                   .is = is_es,
                                                   .begin = begin_es,
                                                   .read = read_es };
