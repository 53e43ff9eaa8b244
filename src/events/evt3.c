/* evt3.c - Prophesee EVT 3.0: lines that begin with '%', then words of 16 bits, little-endian, whose upper four bits
 * are the type. Words set what the events after them share:
 *
 *   0   bits 0..10: y                            6   bits 0..11: lower bits of the time in microseconds
 *   2   bits 0..10: x, bit 11 polarity: an event 8   bits 0..11: upper bits of the time
 *   3   bits 0..10: first x, bit 11 polarity, of the events that follow as bits
 *   4   bits 0..11, 5   bits 0..7: an event for each that is 1, at the first x and on; the next such word goes on
 * there
 *
 * Times have 24 bits and begin anew after 16.8 s. Events before the first word of type 8 have no time. */
#include "prophesee.h"

#define WORD 2u

enum { ADDR_Y = 0, ADDR_X = 2, BASE_X = 3, VECT_12 = 4, VECT_8 = 5, TIME_LOW = 6, TIME_HIGH = 8 };

struct evt3 {
    int64_t turns;      /* of the time, in microseconds */
    uint32_t high, low; /* bits of the time */
    uint16_t x, y;      /* x of the next bit */
    uint8_t p;
    bool timed;
    uint32_t bits; /* events that wait for room: bit i at x waiting + i */
    uint16_t waiting;
};

static bool is_evt3(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return snn__prophesee_of(head, size) == SNN__EVT3;
}

static snn_status begin_evt3(snn_events *e)
{
    return snn__prophesee_header(e);
}

/* A new upper part begins with a lower part of 0; the same one, repeated, changes nothing. */
static void set_high(struct evt3 *s, uint32_t high)
{
    if (s->high >= high + 2048)
        s->turns += 1 << 24;
    if (s->high != high)
        s->low = 0;
    s->high = high;
    s->timed = true;
}

static inline int64_t time_of(const struct evt3 *s)
{
    return s->turns + (int64_t)(s->high << 12 | s->low);
}

/* Writes the events that wait, as far as there is room. */
static size_t write_bits(struct evt3 *s, snn_event *out, size_t most)
{
    const int64_t t = time_of(s);
    size_t n = 0;

    for (; s->bits != 0 && n < most; s->bits >>= 1, s->waiting++)
        if (s->bits & 1)
            out[n++] = (snn_event){ .t = t, .x = s->waiting & 2047, .y = s->y, .p = s->p };
    return n;
}

static inline size_t write_vector(struct evt3 *s, uint32_t bits, unsigned count, snn_event *out, size_t most)
{
    s->waiting = s->x;
    s->bits = s->timed ? bits : 0;
    s->x = (uint16_t)(s->x + count);
    return write_bits(s, out, most);
}

static size_t decode(void *state, const uint8_t *b, size_t *records, snn_event *out, size_t most)
{
    struct evt3 *s = state;
    const uint8_t *begin = b, *end = b + WORD * *records;
    size_t n = write_bits(s, out, most);

    for (; b < end && n < most; b += WORD) {
        const uint32_t word = snn__le16(b), value = word & 4095;

        switch (word >> 12) {
        case ADDR_Y:
            s->y = value & 2047;
            break;
        case ADDR_X:
            if (s->timed)
                out[n++] = (snn_event){ .t = time_of(s), .x = value & 2047, .y = s->y, .p = (uint8_t)(value >> 11) };
            break;
        case BASE_X:
            s->x = value & 2047;
            s->p = (uint8_t)(value >> 11);
            break;
        case VECT_12:
            n += write_vector(s, value, 12, out + n, most - n);
            break;
        case VECT_8:
            n += write_vector(s, value & 255, 8, out + n, most - n);
            break;
        case TIME_LOW:
            s->low = value;
            break;
        case TIME_HIGH:
            set_high(s, value);
            break;
        }
    }
    *records = (size_t)(b - begin) / WORD;
    return n;
}

static snn_status read_evt3(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    struct evt3 *s = e->state;

    *got = write_bits(s, out, most);
    return *got > 0 ? SNN_OK : snn__events_records(e, WORD, decode, out, most, got);
}

const struct snn__events_format snn__events_evt3 = { .name = "evt3",
                                                     .text = "Prophesee EVT 3.0, .raw",
                                                     .state = sizeof(struct evt3),
                                                     .is = is_evt3,
                                                     .begin = begin_evt3,
                                                     .read = read_evt3 };
