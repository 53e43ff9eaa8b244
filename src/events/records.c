/* records.c - records of one width, and headers of text. */
#include "reader.h"
#include <string.h>

snn_status snn__events_records(snn_events *e, size_t width, snn__events_decode_fn *decode, snn_event *out,
                               size_t most, size_t *got)
{
    for (*got = 0; *got == 0;) {
        size_t records;

        TRY(snn__octets_need(&e->in, e->ctx, width));
        if (e->in.left < width)
            return snn__events_finish(e, e->in.left);
        records = e->in.left / width;
        *got = decode(e->state, e->in.at, &records, out, most);
        snn__octets_take(&e->in, records * width);
    }
    return SNN_OK;
}

snn_status snn__events_line(snn_events *e, char mark, char *line, size_t size, bool *found)
{
    size_t length = 0, scanned = 0;
    uint8_t byte = 0;

    TRY(snn__octets_need(&e->in, e->ctx, 1));
    *found = e->in.left > 0 && e->in.at[0] == (uint8_t)mark;
    while (*found && byte != '\n') {
        if (scanned++ == SNN__OCTETS_ROOM)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: a line of the header has no end",
                                      snn__events_where(e));
        TRY(snn__octets_need(&e->in, e->ctx, 1));
        if (e->in.left == 0)
            break;
        byte = e->in.at[0];
        if (length + 1 < size && byte != '\n' && byte != '\r')
            line[length++] = (char)byte;
        snn__octets_take(&e->in, 1);
    }
    line[length] = '\0';
    return SNN_OK;
}

bool snn__begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
