/* prophesee.c - headers of Prophesee's files. A line names the format, in the words of several releases:
 *
 *   % evt 3.0                            % format EVT3;height=720;width=1280
 *   % Data file containing CD events     % geometry 1280x720      % Width 304      % end */
#include "prophesee.h"
#include <stdio.h>
#include <string.h>

static bool line_of(const char *line, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && strncmp(line, prefix, strlen(prefix)) == 0;
}

static enum snn__prophesee format_of(const char *line, size_t length)
{
    if (line_of(line, length, "% evt 2.0") || line_of(line, length, "% format EVT2;") ||
        line_of(line, length, "% format EVT2\n") || line_of(line, length, "% format EVT2\r"))
        return SNN__EVT2;
    if (line_of(line, length, "% evt 3.0") || line_of(line, length, "% format EVT3"))
        return SNN__EVT3;
    if (line_of(line, length, "% evt ") || line_of(line, length, "% format EVT"))
        return SNN__PROPHESEE_OTHER;
    return line_of(line, length, "% Data file containing ") ? SNN__DAT : SNN__PROPHESEE_NONE;
}

enum snn__prophesee snn__prophesee_of(const uint8_t *head, size_t size)
{
    const char *line = (const char *)head, *end = line + size;
    enum snn__prophesee found = SNN__PROPHESEE_NONE;

    while (found == SNN__PROPHESEE_NONE && line < end && *line == '%') {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        next = next != NULL ? next + 1 : end;
        found = format_of(line, (size_t)(next - line));
        line = next;
    }
    return found;
}

static void note_size(snn_events *e, const char *line)
{
    const char *width = strstr(line, "width="), *height = strstr(line, "height=");
    unsigned x, y;

    if (sscanf(line, "%% geometry %5ux%5u", &x, &y) == 2) {
        e->info.width = x;
        e->info.height = y;
    } else if (width != NULL && height != NULL && sscanf(width, "width=%5u", &x) == 1 &&
               sscanf(height, "height=%5u", &y) == 1) {
        e->info.width = x;
        e->info.height = y;
    } else if (sscanf(line, "%% Width %5u", &x) == 1)
        e->info.width = x;
    else if (sscanf(line, "%% Height %5u", &y) == 1)
        e->info.height = y;
}

snn_status snn__prophesee_header(snn_events *e)
{
    char line[256];
    bool found = true;

    for (;;) {
        TRY(snn__events_line(e, '%', line, sizeof line, &found));
        if (!found || strcmp(line, "% end") == 0)
            return SNN_OK;
        note_size(e, line);
    }
}
