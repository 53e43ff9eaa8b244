/* report_page.c - the page: report/page.html with its styles and scripts, as the build put them together, around the
 * data of the runs. */
#include "neurobench.h"
#include "report.h"

#include "report_page.h"

#include <stdlib.h>
#include <string.h>

/* Data stand in a script element of the page. No text in them can end it, since '<' is written as an escape. */
static void put_data(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
        case '>':
        case '&':
            fprintf(file, "\\u%04x", (unsigned)*text);
            break;
        default:
            fputc(*text, file);
        }
}

static void put_json(FILE *file, const json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));

    put_data(file, text ? text : "{}");
    free(text);
}

json_t *report_head(json_t *runs)
{
    return json_pack("{s:s, s:{s:f, s:f}, s:O}", "version", snn_version_string(), "energy", "pj_per_mac", PJ_PER_MAC,
                     "pj_per_ac", PJ_PER_AC, "runs", runs);
}

char *report_data(const json_t *data, size_t *length)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, length);

    if (!file)
        return NULL;
    put_json(file, data);
    fclose(file);
    return text;
}

/* The page has two marks: @LIVE@, where it may load from, and @DATA@. */
char *report_page(const json_t *data, bool live, size_t *length)
{
    const char *page = (const char *)report_html, *connect = strstr(page, "@LIVE@"), *place = strstr(page, "@DATA@");
    char *text = NULL;
    FILE *file = open_memstream(&text, length);

    if (!file)
        return NULL;
    fwrite(page, 1, (size_t)(connect - page), file);
    fputs(live ? "'self'" : "'none'", file);
    connect += strlen("@LIVE@");
    fwrite(connect, 1, (size_t)(place - connect), file);
    put_json(file, data);
    fputs(place + strlen("@DATA@"), file);
    fclose(file);
    return text;
}

/* ---- values ---- */

json_t *report_text(const char *text)
{
    json_t *out = json_string(text);
    char *copy;

    if (out || !(copy = strdup(text)))
        return out ? out : json_string("?");
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c > 126)
            *c = '?';
    out = json_string(copy);
    free(copy);
    return out;
}

json_t *report_bytes(const uint8_t *data, size_t length)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((length + 2) / 3 * 4 + 1), *to = text;
    json_t *out;

    if (!text)
        return json_null();
    for (size_t i = 0; i < length; i += 3) {
        const uint32_t three = (uint32_t)data[i] << 16 | (i + 1 < length ? (uint32_t)data[i + 1] << 8 : 0) |
                               (i + 2 < length ? (uint32_t)data[i + 2] : 0);

        *to++ = digit[three >> 18];
        *to++ = digit[three >> 12 & 63];
        *to++ = i + 1 < length ? digit[three >> 6 & 63] : '=';
        *to++ = i + 2 < length ? digit[three & 63] : '=';
    }
    *to = '\0';
    out = json_string(text);
    free(text);
    return out;
}

json_t *report_levels(const float *x, size_t n, double low, double high)
{
    uint8_t *level = malloc(n + 1);
    json_t *out;

    if (!level)
        return json_null();
    for (size_t i = 0; i < n; i++) {
        const double share = high > low ? (x[i] - low) / (high - low) : 0;

        level[i] = (uint8_t)(share > 0 ? (share < 1 ? 255 * share + 0.5 : 255) : 0);
    }
    out = report_bytes(level, n);
    free(level);
    return out;
}
