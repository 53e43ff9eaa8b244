/* aedat2.c - AEDAT 2.0 of jAER: lines that begin with '#', then big-endian pairs of address and time in microseconds,
 * 32 bits each. What an address means depends on the camera, which the header names:
 *
 *   DVS128                bit 0 polarity, bits 1..7 x, bits 8..14 y; bit 15 and above: no pixel
 *   DAVIS240, DAVIS346    bit 11 polarity, bits 12..21 x, bits 22..30 y; bit 31: a frame or an inertial sample; bit
 * 10: an external event */
#include "reader.h"
#include <string.h>

#define RECORD 8u

struct aedat2 {
    int64_t turns;  /* of the 32-bit time, in microseconds */
    uint32_t until; /* time of the last record */
    bool davis;
};

static bool is_aedat2(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return size >= 14 && memcmp(head, "#!AER-DAT2.0", 12) == 0;
}

static const struct {
    const char *word;
    bool davis;
    uint32_t width, height;
} cameras[] = {
    { "DVS128", false, 128, 128 },
    { "DAVIS240", true, 240, 180 },
    { "DAVIS346", true, 346, 260 },
    { "DAVIS128", true, 128, 128 },
};

/* True if the text holds the word, in any case. */
static bool names(const char *text, const char *word)
{
    const size_t length = strlen(word);

    for (; *text != '\0'; text++) {
        size_t i = 0;

        while (i < length && ((unsigned char)text[i] & ~0x20u) == ((unsigned char)word[i] & ~0x20u))
            i++;
        if (i == length)
            return true;
    }
    return false;
}

/* The addresses of a DVS128 have 15 bits: those of a file that names no camera tell it. */
static snn_status guess(snn_events *e, struct aedat2 *s)
{
    TRY(snn__octets_need(&e->in, e->ctx, 512 * RECORD));
    for (size_t i = 0; i + RECORD <= e->in.left && i < 512 * RECORD; i += RECORD)
        s->davis |= e->in.at[i] != 0 || e->in.at[i + 1] != 0;
    return SNN_OK;
}

static snn_status begin_aedat2(snn_events *e)
{
    struct aedat2 *s = e->state;
    bool found = true, known = false;
    char line[256];

    for (;;) {
        TRY(snn__events_line(e, '#', line, sizeof line, &found));
        if (!found || strcmp(line, "#End Of ASCII Header") == 0)
            break;
        if (!snn__begins(line, "# AEChip:"))
            continue;
        for (size_t i = 0; i < sizeof cameras / sizeof *cameras && !known; i++)
            if (names(line, cameras[i].word)) {
                known = true;
                s->davis = cameras[i].davis;
                e->info.width = cameras[i].width;
                e->info.height = cameras[i].height;
            }
    }
    return known ? SNN_OK : guess(e, s);
}

static inline snn_event event_of(const struct aedat2 *s, uint32_t a, int64_t t)
{
    if (s->davis)
        return (snn_event){
            .t = t, .x = (uint16_t)(a >> 12 & 1023), .y = (uint16_t)(a >> 22 & 511), .p = (uint8_t)(a >> 11 & 1)
        };
    return (snn_event){ .t = t, .x = (uint16_t)(a >> 1 & 127), .y = (uint16_t)(a >> 8 & 127), .p = (uint8_t)(a & 1) };
}

/* A time that falls by more than half of its range has begun anew. */
static size_t decode(void *state, const uint8_t *b, size_t *records, snn_event *out, size_t most)
{
    struct aedat2 *s = state;
    const struct aedat2 camera = *s;
    const uint32_t no_pixel = camera.davis ? 0x80000400u : 0xffff8000u;
    const uint8_t *begin = b, *end = b + RECORD * *records;
    uint32_t until = s->until;
    size_t n = 0;

    for (; b < end && n < most; b += RECORD) {
        const uint32_t address = snn__be32(b), t = snn__be32(b + 4);

        if (address & no_pixel)
            continue;
        if (t < until && until - t > 0x80000000u)
            s->turns += (int64_t)1 << 32;
        until = t;
        out[n++] = event_of(&camera, address, s->turns + t);
    }
    s->until = until;
    *records = (size_t)(b - begin) / RECORD;
    return n;
}

static snn_status read_aedat2(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    return snn__events_records(e, RECORD, decode, out, most, got);
}

const struct snn__events_format snn__events_aedat2 = { .name = "aedat2",
                                                       .text = "AEDAT 2.0: DVS128, DAVIS240, DAVIS346",
                                                       .state = sizeof(struct aedat2),
                                                       .is = is_aedat2,
                                                       .begin = begin_aedat2,
                                                       .read = read_aedat2 };
