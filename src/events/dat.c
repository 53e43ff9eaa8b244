/* dat.c - Prophesee DAT: lines that begin with '%', a byte that is the type of the events and one that is their size,
 * then records, little-endian: 32 bits of time in microseconds; bits 0..13 x, bits 14..27 y, bits 28..31 polarity. */
#include "prophesee.h"

#define RECORD 8u

struct dat {
    int64_t turns;
    uint32_t until; /* time of the last event */
};

static bool is_dat(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return snn__prophesee_of(head, size) == SNN__DAT;
}

/* Type 0 and 12 are changes of brightness, of older and of newer files. */
static snn_status begin_dat(snn_events *e)
{
    uint8_t type;

    TRY(snn__prophesee_header(e));
    TRY(snn__octets_need(&e->in, e->ctx, 2));
    if (e->in.left < 2)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s ends within its header", snn__events_where(e));
    type = e->in.at[0];
    if (type != 0 && type != 12)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "%.300s holds events of type %u, which are no changes of pixels",
                                  snn__events_where(e), type);
    if (e->in.at[1] != RECORD)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: events of %u bytes; they have %u", snn__events_where(e),
                                  e->in.at[1], RECORD);
    snn__octets_take(&e->in, 2);
    return SNN_OK;
}

static size_t decode(void *state, const uint8_t *b, size_t *records, snn_event *out, size_t most)
{
    struct dat *s = state;
    const uint8_t *begin = b, *end = b + RECORD * *records;
    uint32_t until = s->until;
    size_t n = 0;

    for (; b < end && n < most; b += RECORD) {
        const uint32_t t = snn__le32(b), data = snn__le32(b + 4);

        if (t < until && until - t > 0x80000000u)
            s->turns += (int64_t)1 << 32;
        until = t;
        out[n++] =
            (snn_event){ .t = s->turns + t, .x = data & 0x3fff, .y = data >> 14 & 0x3fff, .p = data >> 28 != 0 };
    }
    s->until = until;
    *records = (size_t)(b - begin) / RECORD;
    return n;
}

static snn_status read_dat(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    return snn__events_records(e, RECORD, decode, out, most, got);
}

const struct snn__events_format snn__events_dat = { .name = "dat",
                                                    .text = "Prophesee DAT, .dat",
                                                    .state = sizeof(struct dat),
                                                    .is = is_dat,
                                                    .begin = begin_dat,
                                                    .read = read_dat };
