/* evt2.c - Prophesee EVT 2.0: lines that begin with '%', then words of 32 bits, little-endian, whose upper four bits
 * are the type:
 *
 *   0, 1   an event, darker or brighter: bits 22..27 time, lower 6 bits; bits 11..21 x; bits 0..10 y
 *   8      bits 0..27: the upper 28 bits of the time in microseconds, for the events that follow
 *   other  triggers and the like
 *
 * Times have 34 bits and begin anew after 4.8 hours. Events before the first word of type 8 have no time. */
#include "prophesee.h"

#define WORD 4u
#define TIME_HIGH 8u

struct evt2 {
    int64_t turns; /* of the time, in microseconds */
    int64_t base;  /* upper bits of the time */
    bool timed;
};

static bool is_evt2(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return snn__prophesee_of(head, size) == SNN__EVT2;
}

static snn_status begin_evt2(snn_events *e)
{
    return snn__prophesee_header(e);
}

static void set_base(struct evt2 *s, uint32_t word)
{
    const int64_t base = (int64_t)(word & 0xfffffff) << 6, range = (int64_t)1 << 34;

    if (s->timed && base + range / 2 < s->base)
        s->turns += range;
    s->base = base;
    s->timed = true;
}

static size_t decode(void *state, const uint8_t *b, size_t *records, snn_event *out, size_t most)
{
    struct evt2 *s = state;
    const uint8_t *begin = b, *end = b + WORD * *records;
    int64_t base = s->turns + s->base;
    bool timed = s->timed;
    size_t n = 0;

    for (; b < end && n < most; b += WORD) {
        const uint32_t word = snn__le32(b), type = word >> 28;

        if (type < 2 && timed)
            out[n++] = (snn_event){ .t = base + (word >> 22 & 63),
                                    .x = (uint16_t)(word >> 11 & 2047),
                                    .y = (uint16_t)(word & 2047),
                                    .p = (uint8_t)type };
        else if (type == TIME_HIGH) {
            set_base(s, word);
            base = s->turns + s->base;
            timed = true;
        }
    }
    *records = (size_t)(b - begin) / WORD;
    return n;
}

static snn_status read_evt2(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    return snn__events_records(e, WORD, decode, out, most, got);
}

const struct snn__events_format snn__events_evt2 = { .name = "evt2",
                                                     .text = "Prophesee EVT 2.0, .raw",
                                                     .state = sizeof(struct evt2),
                                                     .is = is_evt2,
                                                     .begin = begin_evt2,
                                                     .read = read_evt2 };
