/* csv.c - lines of text: t,x,y,p in microseconds and pixels, with a label in a fifth column or without. A first line
 * of words names the columns, in any order; those of other names are read past. Commas, semicolons or tabs separate
 * them; empty lines and lines that begin with '#' hold nothing, but for "# sensor 346x260" before the first event. p
 * is 1 where it is above 0; a label of -1 is none.
 *
 * The label of the events at hand is that of the recording: a piece ends where it changes. */
#include "names.h"
#include "table.h"
#include <stdio.h>
#include <string.h>

#define LINE_MOST ((size_t)4096)
#define FIELDS 64u

enum { LABEL = SNN__COLUMNS, NUMBERS, OTHER = NUMBERS };

struct csv {
    uint8_t column[FIELDS]; /* of a field of a line: a number of these */
    unsigned fields;        /* 0: not known before the first line */
    bool labelled;
    uint64_t line; /* number of the last, for messages */
};

static bool separates(char c)
{
    return c == ',' || c == ';' || c == '\t';
}

static const char *past_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\r'))
        p++;
    return p;
}

static bool holds_nothing(const char *line, const char *end)
{
    line = past_blanks(line, end);
    return line == end || *line == '#';
}

/* ---- a line ---- */

/* A whole number, which may be written as 12 or 12.0; false: none, or beyond 18 digits. */
static bool number(const char **at, const char *end, int64_t *value)
{
    const char *p = past_blanks(*at, end), *digits;
    const bool negative = p < end && *p == '-';
    uint64_t v = 0;

    digits = p += negative;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    if (p == digits || p - digits > 18)
        return false;
    if (p < end && *p == '.')
        for (p++; p < end && *p == '0';)
            p++;
    *value = negative ? -(int64_t)v : (int64_t)v;
    *at = past_blanks(p, end);
    return true;
}

/* Without words the columns are t, x, y, p and, of five, a label. */
static void set_plain(struct csv *s, unsigned fields)
{
    for (s->fields = 0; s->fields < fields; s->fields++)
        s->column[s->fields] = (uint8_t)s->fields;
    s->labelled = fields > LABEL;
}

/* The columns that a line of words names; false: t, x, y and p are not all among them. */
static bool set_named(struct csv *s, const char *line, const char *end)
{
    unsigned seen = 0;

    for (s->fields = 0; line <= end && s->fields < FIELDS; s->fields++) {
        const char *word = past_blanks(line, end), *to;
        unsigned column;

        for (line = word; line < end && !separates(*line);)
            line++;
        for (to = line; to > word && (to[-1] == ' ' || to[-1] == '\r');)
            to--;
        column = snn__column_named(word, (size_t)(to - word));
        if (column == SNN__COLUMNS)
            column = to - word == 5 && memcmp(word, "label", 5) == 0 ? LABEL : OTHER;
        if (column != OTHER && seen >> column & 1)
            return false;
        seen |= 1u << column;
        s->column[s->fields] = (uint8_t)column;
        line++;
    }
    s->labelled = seen >> LABEL & 1;
    return (seen & 15) == 15 && line > end;
}

/* The numbers of a line, by column; false: it has not all of them. */
static bool values_of(const struct csv *s, const char *p, const char *end, int64_t value[NUMBERS])
{
    unsigned i;

    for (i = 0; i < s->fields; i++) {
        if (s->column[i] == OTHER)
            while (p < end && !separates(*p))
                p++;
        else if (!number(&p, end, &value[s->column[i]]))
            return false;
        if (p == end)
            break;
        if (!separates(*p++))
            return false;
    }
    return i + 1 == s->fields;
}

static bool event_of(const int64_t value[NUMBERS], snn_event *out)
{
    if (value[SNN__X] < 0 || value[SNN__X] > UINT16_MAX || value[SNN__Y] < 0 || value[SNN__Y] > UINT16_MAX)
        return false;
    *out = (snn_event){
        .t = value[SNN__T], .x = (uint16_t)value[SNN__X], .y = (uint16_t)value[SNN__Y], .p = value[SNN__P] > 0
    };
    return true;
}

/* Learns from the first line what the columns are. *words: it holds their names, and no event. */
static bool learn_columns(struct csv *s, const char *line, const char *end, bool *words)
{
    int64_t value[NUMBERS];
    const char *first = past_blanks(line, end);

    *words = first < end && ((*first | 32) >= 'a' && (*first | 32) <= 'z');
    if (*words)
        return set_named(s, line, end);
    set_plain(s, SNN__COLUMNS);
    if (values_of(s, line, end, value))
        return true;
    set_plain(s, NUMBERS);
    return values_of(s, line, end, value);
}

/* ---- a recording ---- */

static bool is_csv(const uint8_t *head, size_t size, const char *name)
{
    const char *line = (const char *)head, *stop = line + size, *end;
    struct csv s = { 0 };
    bool words;

    (void)name;
    line += snn__text_mark(head, size);
    for (; (end = memchr(line, '\n', (size_t)(stop - line))) != NULL; line = end + 1)
        if (!holds_nothing(line, end))
            return learn_columns(&s, line, end, &words);
    return false;
}

static snn_status fail_line(const snn_events *e, const struct csv *s)
{
    return snn_component_fail(SNN_ERR_FORMAT, "%.300s: line %llu is no event: t,x,y,p", snn__events_where(e),
                              (unsigned long long)s->line);
}

/* Brings a line to hand: *size bytes, with its end, or without at the end of the input; 0: there are no more. It
 * waits for bytes only if `wait`. */
static snn_status need_line(snn_events *e, bool wait, size_t *size)
{
    struct snn__octets *in = &e->in;
    const uint8_t *end = NULL;
    size_t seen = 0;

    for (*size = 0;;) {
        end = in->left > seen ? memchr(in->at + seen, '\n', in->left - seen) : NULL;
        if (end != NULL || in->ended || !wait)
            break;
        seen = in->left;
        if (seen > LINE_MOST)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: a line has no end", snn__events_where(e));
        TRY(snn__octets_need(in, e->ctx, seen + 1));
    }
    if (end != NULL)
        *size = (size_t)(end - in->at) + 1;
    else if (in->ended)
        *size = in->left;
    return SNN_OK;
}

/* "# sensor 346x260" */
static void note_sensor(snn_events *e, const char *line, size_t size)
{
    char text[64];
    unsigned width, height;

    snprintf(text, sizeof text, "%.*s", (int)(size < sizeof text ? size : sizeof text - 1), line);
    if (sscanf(text, "# sensor %5ux%5u", &width, &height) == 2) {
        e->info.width = width;
        e->info.height = height;
    }
}

/* Goes to the first line that holds something. */
static snn_status begin_csv(snn_events *e)
{
    struct csv *s = e->state;

    for (size_t size;; s->line++) {
        const char *line;

        TRY(need_line(e, true, &size));
        if (s->line == 0 && snn__text_mark(e->in.at, size) > 0) {
            snn__octets_take(&e->in, 3);
            TRY(need_line(e, true, &size));
        }
        line = (const char *)e->in.at;
        if (size == 0 || !holds_nothing(line, line + size - (line[size - 1] == '\n')))
            return SNN_OK;
        note_sensor(e, line, size);
        snn__octets_take(&e->in, size);
    }
}

/* What a line holds: an event, or nothing; *stop: one of another label, for the next piece. A last line that has no
 * end may have been cut off. */
static snn_status read_line(snn_events *e, size_t size, bool first, snn_event *out, size_t *got, bool *stop)
{
    struct csv *s = e->state;
    const bool ends = e->in.at[size - 1] == '\n';
    const char *line = (const char *)e->in.at, *end = line + size - ends;
    int64_t value[NUMBERS] = { [LABEL] = -1 };
    bool words = false, good;

    *stop = false;
    s->line++;
    if (!holds_nothing(line, end)) {
        good = s->fields > 0 || learn_columns(s, line, end, &words);
        if (good && !words)
            good = values_of(s, line, end, value) && event_of(value, out);
        if (!good)
            return ends ? fail_line(e, s) : snn__events_finish(e, size);
        *stop = !first && s->labelled && value[LABEL] != e->info.label;
        if (*stop) {
            s->line--;
            return SNN_OK;
        }
        *got += !words;
        if (!words && s->labelled)
            e->info.label = value[LABEL] < 0 ? -1 : value[LABEL];
    }
    snn__octets_take(&e->in, size);
    return SNN_OK;
}

static snn_status read_csv(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    bool stop = false;

    for (*got = 0; *got < most && !stop && !e->ended;) {
        size_t size;

        TRY(need_line(e, *got == 0, &size));
        if (size == 0)
            break;
        TRY(read_line(e, size, *got == 0, out + *got, got, &stop));
    }
    return SNN_OK;
}

const struct snn__events_format snn__events_csv = { .name = "csv",
                                                    .text = "lines t,x,y,p of text, with a label or without",
                                                    .state = sizeof(struct csv),
                                                    .is = is_csv,
                                                    .begin = begin_csv,
                                                    .read = read_csv };
