/* Recordings of events, of the format FORMAT, or of any if it is "": a byte that says how they are read, then the
 * bytes of the file. What is read in pieces from the host is what is read from memory. */
#include "fuzz.h"
#include "members.h"
#include <snn/events.h>
#include <string.h>

#define MOST ((size_t)100 << 20) /* a packet of 64 MiB that is unpacked, and the smaller one that it grew from */
#define RECORDINGS 8u
#define EVENTS 4096u /* of a recording, so that a small file of compressed zeros takes no time */

struct input {
    const uint8_t *data;
    size_t size;
};

static snn_status read_some(void *user, void *to, size_t size, size_t *got)
{
    struct input *in = user;
    size_t some = in->size % 61 + 1;

    some = some < size ? some : size;
    *got = some < in->size ? some : in->size;
    if (*got > 0)
        memcpy(to, in->data, *got);
    in->data += *got;
    in->size -= *got;
    return SNN_OK;
}

/* A sum over all that is read. */
static uint64_t sum_of(snn_events *events, size_t piece, snn_status *rc)
{
    static snn_event event[64];
    uint64_t sum = 0;
    size_t got = piece;

    for (size_t n = 0; *rc == SNN_OK && got == piece && n < EVENTS; n += got) {
        *rc = snn_events_read(events, event, piece, &got);
        FUZZ_HOLDS(got <= piece);
        for (size_t i = 0; i < got; i++) {
            FUZZ_HOLDS(event[i].p <= 1 && event[i].reserved[0] == 0);
            sum = sum * 31 + (uint64_t)event[i].t + event[i].x + 65536u * event[i].y + event[i].p;
        }
    }
    return sum;
}

static uint64_t read_all(const snn_events_source *source, size_t piece, snn_status *rc)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_events *events;
    uint32_t found = 1;
    uint64_t sum = 0;

    *rc = snn_events_open(&events, fuzz_context(MOST, false), source);
    FUZZ_ANSWERS(*rc);
    for (uint64_t i = 1; *rc == SNN_OK && found; i++) {
        sum += sum_of(events, piece, rc);
        FUZZ_ANSWERS(*rc);
        FUZZ_HOLDS(snn_events_get_info(events, &info) == SNN_OK);
        if (*rc == SNN_OK && i < RECORDINGS)
            FUZZ_ANSWERS(*rc = snn_events_seek(events, i, &found));
        else
            found = 0;
    }
    snn_events_destroy(events);
    fuzz_done();
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t how = fuzz_byte(&data, &size);
    struct input input = { data, size };
    snn_events_source memory = SNN_EVENTS_SOURCE_INIT, host = SNN_EVENTS_SOURCE_INIT;
    snn_status rc, other;
    uint64_t sum;

    if (FORMAT[0] == '\0' && size >= 8 && memcmp(data, "\x89HDF\r\n\x1a\n", 8) == 0)
        return 0; /* its parser is libhdf5's */
    memory.data = data;
    memory.size = size;
    memory.strict = host.strict = how & 1;
    memory.stream = host.stream = how >> 1 & 1;
    memory.format = host.format = FORMAT[0] != '\0' ? FORMAT : NULL;
    host.read = read_some;
    host.user = &input;
    sum = read_all(&memory, 64, &rc);
    if (how & 4) {
        const uint64_t again = read_all(&host, how & 8 ? 64 : 1, &other);

        /* libarchive looks back where it can: it may find more, or other damage, in what is in memory. */
        if (other != SNN_ERR_UNSUPPORTED && !snn__archive_is(data, size))
            FUZZ_HOLDS(other == rc && (rc != SNN_OK || again == sum));
    }
    return 0;
}
