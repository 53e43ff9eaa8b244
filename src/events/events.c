/* events.c - a reader of recordings: where it reads from, and the calls of snn/events.h. */
#include "members.h"
#include "reader.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEAD 4096u        /* bytes that show a format */
#define ARCHIVE_HEAD 512u /* and an archive */

/* ---- messages ---- */

const char *snn__events_where(const snn_events *e)
{
    if (e->name[0] != '\0')
        return e->name;
    if (e->source.path != NULL)
        return e->source.path;
    return e->source.data != NULL ? "the recording in memory" : "the recording of the host";
}

snn_status snn__events_warn(snn_events *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(e->warning, sizeof e->warning, format, args);
    va_end(args);
    e->info.warnings++;
    return e->source.strict ? snn_component_fail(SNN_ERR_FORMAT, "%s", e->warning) : SNN_OK;
}

snn_status snn__events_short(snn_events *e, uint64_t absent)
{
    e->ended = true;
    return snn__events_warn(e, "%.180s is truncated: %llu events are not there", snn__events_where(e),
                            (unsigned long long)absent);
}

snn_status snn__events_finish(snn_events *e, size_t left)
{
    e->ended = true;
    if (left == 0)
        return SNN_OK;
    snn__octets_take(&e->in, e->in.left);
    return snn__events_warn(e, "%.180s is truncated: %zu bytes at its end are no whole record", snn__events_where(e),
                            left);
}

/* ---- a recording ---- */

static void end_recording(snn_events *e)
{
    if (e->format != NULL && e->format->end != NULL && e->state != NULL)
        e->format->end(e);
    snn_component_free(e->ctx, e->state);
    e->state = NULL;
    e->format = NULL;
    e->at_hand = e->ended = false;
    e->read = 0;
}

static snn_status fail_unknown(const snn_events *e)
{
    return snn_component_fail(SNN_ERR_FORMAT,
                              "%.300s is of no known format; if it has none of the marks that formats "
                              "have, name its format",
                              snn__events_where(e));
}

/* Begins a recording of a format that is known. */
static snn_status begin_format(snn_events *e, const struct snn__events_format *format)
{
    if (format->lacks != NULL)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "%.300s: this build of libsnn-events was made without the "
                                  "library that reads it (Debian: %s)",
                                  snn__events_where(e), format->lacks);
    e->info.streams = 1;
    e->info.width = e->info.height = 0;
    e->info.events = UINT64_MAX;
    e->info.label = -1;
    e->state = snn_component_alloc(e->ctx, 1, format->state);
    if (e->state == NULL)
        return SNN_ERR_MEMORY;
    e->format = format;
    TRY(format->begin(e));
    e->at_hand = true;
    return SNN_OK;
}

/* The format of the bytes at hand, as named or as recognised; NULL: none. */
static const struct snn__events_format *format_at_hand(const snn_events *e)
{
    const bool whole = e->in.ended || e->in.left >= HEAD;

    if (e->source.format != NULL)
        return snn__events_format_named(e->source.format);
    return snn__events_format_of(e->in.at, e->in.left < HEAD ? e->in.left : HEAD, whole, snn__events_where(e));
}

/* Brings to hand what shows the format of a plain recording, or an archive, whose format is NULL. Bytes of the host
 * may be long in coming: it waits for no more of them than it takes. */
static snn_status show_format(snn_events *e, const struct snn__events_format **format)
{
    const size_t most = e->source.format != NULL ? ARCHIVE_HEAD : HEAD;

    for (size_t want = e->source.read != NULL ? 1 : HEAD;; want = e->in.left + 1) {
        bool archive;

        TRY(snn__octets_need(&e->in, e->ctx, want));
        archive = snn__archive_is(e->in.at, e->in.left);
        *format = archive ? NULL : format_at_hand(e);
        if (archive || e->in.ended || e->in.left >= most ||
            (*format != NULL && !(*format)->unmarked && (*format)->is(e->in.at, e->in.left, "")))
            return SNN_OK;
    }
}

/* ---- an archive ---- */

/* Goes to the next member that is a recording; only past its name, if the format is known and it is not `wanted`. */
static snn_status next_member(snn_events *e, bool wanted, bool *found)
{
    const struct snn__events_format *format = NULL;

    while (format == NULL) {
        const char *name;

        e->name = "";
        TRY(snn__archive_next(e->archive, &name));
        *found = name != NULL;
        if (!*found || (!wanted && e->source.format != NULL))
            return SNN_OK;
        e->name = name;
        snn__octets_open(&e->in, snn__archive_fill, e->archive);
        TRY(snn__octets_need(&e->in, e->ctx, HEAD));
        format = format_at_hand(e);
        if (format == NULL)
            TRY(snn__events_warn(e, "%.180s is of no known format, and left out", e->name));
    }
    return begin_format(e, format);
}

/* ---- the source ---- */

static void close_source(snn_events *e)
{
    end_recording(e);
    snn__archive_close(e->archive);
    e->archive = NULL;
    e->name = "";
    snn__tap_close(&e->tap);
}

/* Opens an archive: a list of columns is one recording, anything else is many. */
static snn_status open_archive(snn_events *e)
{
    bool columns = e->source.format != NULL && strcmp(e->source.format, "npz") == 0;

    if (e->source.format == NULL && e->in.at[0] == 'P' && e->source.read == NULL)
        TRY(snn__npz_is(e, &columns));
    if (columns)
        return begin_format(e, snn__events_format_named("npz"));
    e->info.recordings = 0;
    return snn__archive_open(&e->archive, e);
}

/* Goes to the first byte of the source: to a plain recording, or before the first member of an archive. */
static snn_status open_source(snn_events *e)
{
    const struct snn__events_format *format;

    TRY(snn__tap_open(&e->tap, &e->source));
    if (e->source.data != NULL)
        snn__octets_open_memory(&e->in, e->source.data, e->source.size);
    else
        snn__octets_open(&e->in, snn__tap_fill, &e->tap);
    e->info.recordings = 1;
    TRY(show_format(e, &format));
    if (format == NULL && snn__archive_is(e->in.at, e->in.left))
        return open_archive(e);
    return format != NULL ? begin_format(e, format) : fail_unknown(e);
}

static snn_status reopen(snn_events *e)
{
    if (!snn__tap_seeks(&e->tap))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "events: the host's function read() cannot go back");
    close_source(e);
    return open_source(e);
}

static snn_status seek_archive(snn_events *e, uint64_t index, bool *found)
{
    if (index < e->members) {
        TRY(reopen(e));
        e->members = 0;
    }
    for (*found = true; *found && e->members <= index; e->members += *found) {
        end_recording(e);
        TRY(next_member(e, e->members == index, found));
    }
    return SNN_OK;
}

static snn_status seek(snn_events *e, uint64_t index, bool *found)
{
    *found = true;
    if (e->at_hand && index == e->info.index && e->read == 0 && !e->ended)
        return SNN_OK;
    if (e->format != NULL && e->format->seek != NULL)
        return e->format->seek(e, index, found);
    if (e->archive != NULL)
        return seek_archive(e, index, found);
    *found = index == 0;
    if (*found)
        return reopen(e);
    end_recording(e);
    return SNN_OK;
}

/* ---- the calls ---- */

static snn_status copy_text(snn_events *e, const char **text)
{
    const size_t size = *text != NULL ? strlen(*text) + 1 : 0;
    char *copy = size > 0 ? snn_component_alloc(e->ctx, size, 1) : NULL;

    if (size > 0 && copy == NULL) {
        *text = NULL;
        return SNN_ERR_MEMORY;
    }
    if (size > 0)
        memcpy(copy, *text, size);
    *text = copy;
    return SNN_OK;
}

static snn_status check_source(const snn_events_source *source)
{
    if ((source->path != NULL) + (source->data != NULL) + (source->read != NULL) != 1)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_open: set one of path, data and read in the source");
    if (source->strict > 1)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_open: strict is %u; it is 0 or 1", source->strict);
    if (source->format != NULL && snn__events_format_named(source->format) == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_open: there is no format \"%.100s\"", source->format);
    return SNN_OK;
}

static snn_status open_reader(snn_events *e, const snn_events_source *source)
{
    snn_status path, format;
    bool found = true;

    e->source = *source;
    e->name = "";
    path = copy_text(e, &e->source.path);
    format = copy_text(e, &e->source.format);
    TRY(path);
    TRY(format);
    TRY(open_source(e));
    if (e->archive != NULL)
        TRY(seek_archive(e, 0, &found));
    return found ? SNN_OK : snn_component_fail(SNN_ERR_FORMAT, "%.300s holds no recording", snn__events_where(e));
}

snn_status snn_events_open(snn_events **out, snn_context *context, const snn_events_source *source)
{
    snn_events_source own = SNN_EVENTS_SOURCE_INIT;
    snn_events *e;
    snn_status rc;

    if (out == NULL || context == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_open: %s is NULL", out == NULL ? "out" : "context");
    *out = NULL;
    TRY(snn_component_read_struct(&own, sizeof own, source, "snn_events_source", "SNN_EVENTS_SOURCE_INIT"));
    TRY(check_source(&own));
    e = snn_component_alloc(context, 1, sizeof *e);
    if (e == NULL)
        return SNN_ERR_MEMORY;
    e->ctx = context;
    rc = open_reader(e, &own);
    if (rc != SNN_OK)
        snn_events_destroy(e);
    else
        *out = e;
    return rc;
}

void snn_events_destroy(snn_events *events)
{
    if (events == NULL)
        return;
    close_source(events);
    snn_component_free(events->ctx, events->in.buffer);
    snn_component_free(events->ctx, (void *)(uintptr_t)events->source.path);
    snn_component_free(events->ctx, (void *)(uintptr_t)events->source.format);
    snn_component_free(events->ctx, events);
}

static snn_status check_read(const snn_events *e, const snn_event *event, size_t most, size_t *got)
{
    if (e == NULL || event == NULL || got == NULL || most == 0)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_read: %s",
                                  most == 0 ? "most is 0" : "an argument is NULL");
    *got = 0;
    if (e->failed != SNN_OK || !e->at_hand)
        return snn_component_fail(SNN_ERR_STATE, "snn_events_read: %s",
                                  e->failed != SNN_OK ? "an earlier call failed" : "no recording is at hand");
    return SNN_OK;
}

/* One piece: as many events as the bytes at hand hold, and at least one before the end. */
static void read_piece(snn_events *e, snn_event *event, size_t most, size_t *got)
{
    size_t n = 0;

    e->failed = e->format->read(e, event + *got, most - *got, &n);
    *got += n;
    e->read += n;
    e->ended |= n == 0;
    if (e->ended && e->failed == SNN_OK)
        e->info.events = e->read;
}

snn_status snn_events_read(snn_events *events, snn_event *event, size_t most, size_t *got)
{
    TRY(check_read(events, event, most, got));
    while (*got < most && !events->ended && events->failed == SNN_OK)
        read_piece(events, event, most, got);
    return events->failed;
}

snn_status snn_events_read_some(snn_events *events, snn_event *event, size_t most, size_t *got)
{
    TRY(check_read(events, event, most, got));
    if (!events->ended)
        read_piece(events, event, most, got);
    return events->failed;
}

snn_status snn_events_seek(snn_events *events, uint64_t index, uint32_t *found)
{
    bool there = false;

    if (events == NULL || found == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_seek: an argument is NULL");
    events->failed = seek(events, index, &there);
    if (events->failed == SNN_OK && there)
        events->info.index = index;
    *found = there && events->failed == SNN_OK;
    return events->failed;
}

snn_status snn_events_get_info(const snn_events *events, snn_events_info *info)
{
    snn_events_info full;

    if (events == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_events_get_info: events is NULL");
    full = events->info;
    full.format = events->format != NULL ? events->format->name : "";
    full.name = events->name;
    full.warning = events->warning;
    return snn_component_fill_struct(info, &full, sizeof full, "snn_events_info", "SNN_EVENTS_INFO_INIT");
}
