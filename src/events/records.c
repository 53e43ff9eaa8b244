/* records.c - records of one width, and headers of text. */
#include "reader.h"
#include <stdio.h>
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

/* Events may begin with the byte that marks a line, but are no text up to the end of a line. */
static bool is_text(const uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size && at[i] != '\n'; i++)
        if (at[i] < ' ' && at[i] != '\t' && at[i] != '\r')
            return false;
    return true;
}

snn_status snn__events_line(snn_events *e, char mark, char *line, size_t size, bool *found)
{
    size_t length = 0;

    TRY(snn__octets_need(&e->in, e->ctx, size));
    *found =
        e->in.left > 0 && e->in.at[0] == (uint8_t)mark && is_text(e->in.at, e->in.left < size ? e->in.left : size);
    line[0] = '\0';
    if (!*found)
        return SNN_OK;
    while (length < e->in.left && e->in.at[length] != '\n') {
        if (++length == SNN__OCTETS_ROOM)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: a line of the header has no end",
                                      snn__events_where(e));
        TRY(snn__octets_need(&e->in, e->ctx, length + 1));
    }
    snprintf(line, size, "%.*s", (int)length, (const char *)e->in.at);
    line[strcspn(line, "\r")] = '\0';
    snn__octets_take(&e->in, length < e->in.left ? length + 1 : length);
    return SNN_OK;
}

bool snn__begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
