/* text.c - lists of names that are texts: a name a line. */
#include "names.h"
#include "tap.h"
#include <string.h>

#define TEXT_MOST ((size_t)1 << 26)

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static snn_status add_line(struct snn__names *out, const char *line, size_t length)
{
    while (length > 0 && is_space(line[length - 1]))
        length--;
    for (; length > 0 && is_space(*line); length--)
        line++;
    return length > 0 ? snn__names_add(out, line, length) : SNN_OK;
}

size_t snn__text_mark(const void *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

snn_status snn__text_lines(struct snn__names *out, const char *text, size_t size, const char *where)
{
    const char *end = text + size;

    if (size > 0 && memchr(text, '\0', size) != NULL)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s is no text: it has a byte 0", where);
    text += snn__text_mark(text, size);
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));

        TRY(add_line(out, text, (size_t)((stop != NULL ? stop : end) - text)));
        text = stop != NULL ? stop + 1 : end;
    }
    return SNN_OK;
}

static snn_status read_bytes(struct snn__tap *tap, char *text, size_t room, size_t *size)
{
    size_t got = 1;

    for (*size = 0; *size < room && got > 0; *size += got)
        TRY(snn__tap_fill(tap, text + *size, room - *size, &got));
    return SNN_OK;
}

snn_status snn__text_read(struct snn__names *out, const char *path)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    struct snn__tap tap;
    uint64_t size = 0;
    size_t got = 0;
    char *text = NULL;
    snn_status rc;

    source.path = path;
    rc = snn__tap_open(&tap, &source);
    if (rc == SNN_OK)
        rc = snn__tap_size(&tap, &size);
    if (rc == SNN_OK && size > TEXT_MOST)
        rc = snn_component_fail(SNN_ERR_FORMAT, "%.300s is no list of names: it has more than %zu bytes", path,
                                TEXT_MOST);
    if (rc == SNN_OK && (text = snn_component_alloc(out->ctx, (size_t)size + 1, 1)) == NULL)
        rc = SNN_ERR_MEMORY;
    if (rc == SNN_OK)
        rc = read_bytes(&tap, text, (size_t)size, &got);
    if (rc == SNN_OK)
        rc = snn__text_lines(out, text, got, path);
    snn_component_free(out->ctx, text);
    snn__tap_close(&tap);
    return rc;
}
