/* nmnist.c - N-MNIST and N-Caltech101, .bin: records of five bytes: column, row, then 24 bits, big-endian: polarity
 * (1: brighter) and the time in microseconds. Row 240 is no pixel: from there on times are 2^13 us later. */
#include "reader.h"
#include <string.h>

#define EVENT 5u
#define OVERFLOWS 240u

struct nmnist {
    int64_t base;
};

static uint32_t time_of(const uint8_t *b)
{
    return (uint32_t)(b[2] & 0x7f) << 16 | (uint32_t)b[3] << 8 | b[4];
}

/* The format has no mark. Its files are told by times that never fall but where they overflow: of one record if the
 * name ends in .bin, of eight if it does not. */
static bool is_nmnist(const uint8_t *head, size_t size, const char *name)
{
    const size_t length = strlen(name);
    const bool named = length > 4 && strcmp(name + length - 4, ".bin") == 0;
    uint32_t before = 0;

    for (size_t i = 0; i + EVENT <= size; i += EVENT) {
        const uint32_t t = head[i + 1] == OVERFLOWS ? 0 : time_of(head + i);

        if (t < before && head[i + 1] != OVERFLOWS)
            return false;
        before = t;
    }
    return size >= (named ? 1 : 8) * EVENT;
}

static size_t decode(void *state, const uint8_t *b, size_t *records, snn_event *out, size_t most)
{
    struct nmnist *s = state;
    const uint8_t *begin = b, *end = b + EVENT * *records;
    size_t n = 0;

    for (; b < end && n < most; b += EVENT) {
        if (b[1] == OVERFLOWS) {
            s->base += 1 << 13;
            continue;
        }
        out[n++] = (snn_event){ .t = s->base + time_of(b), .x = b[0], .y = b[1], .p = b[2] >> 7 };
    }
    *records = (size_t)(b - begin) / EVENT;
    return n;
}

static snn_status read_nmnist(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    return snn__events_records(e, EVENT, decode, out, most, got);
}

static snn_status begin_nmnist(snn_events *e)
{
    (void)e;
    return SNN_OK;
}

const struct snn__events_format snn__events_nmnist = { .name = "nmnist",
                                                       .text = "N-MNIST and N-Caltech101, .bin",
                                                       .state = sizeof(struct nmnist),
                                                       .is = is_nmnist,
                                                       .unmarked = true,
                                                       .begin = begin_nmnist,
                                                       .read = read_nmnist };
