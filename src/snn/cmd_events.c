/* cmd_events.c - snn events: what recordings of events hold, and how fast they are read. */
#include "args.h"
#include "events_set.h"
#include "help.h"
#include "tool.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <snn/events.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE 4096 /* events that are read together */
#define BLOCK ((size_t)1 << 18)
#define LEAST_SECONDS 0.2 /* of one measurement */

static const struct flag flags[] = {
    { "format", "NAME", NULL, "of files that do not show it; default: as their content says" },
    { "stream", "N", NULL, "AEDAT 4: which stream of events; default 0" },
    { "layout", "NAME", NULL, "a data set in place of a recording: FILE is its folder or archive" },
    { "strict", NULL, NULL, "a truncated recording is an error; default: a warning" },
    { "each", NULL, NULL, "a line for each recording of a file that holds several; default: their sums" },
    { "speed", NULL, NULL,
      "measure: events decoded per second of processor time, beside plain reading; of a folder, all its "
      "files" },
    { "repeats", "N", NULL, "speed: measurements, of which the fastest counts; default 7" },
    { "json", NULL, NULL, "one JSON object per line on standard output" },
    { NULL, NULL, NULL, NULL },
};

/* What a recording holds, or several together. */
struct figures {
    uint64_t recordings, events, brighter, warnings;
    int64_t from, to; /* microseconds; several recordings: of each, from its first event */
    uint64_t span;
    uint16_t x_most, y_most;
};

struct reading {
    struct args args;
    snn_context *context;
    snn_events_source source;
    snn_events *events;
    const char *path;
    int64_t repeats;
};

/* ---- reading */

static snn_status read_standard_input(void *user, void *to, size_t size, size_t *got)
{
    const ssize_t n = read(STDIN_FILENO, to, size);

    (void)user;
    *got = n > 0 ? (size_t)n : 0;
    return n < 0 ? SNN_ERR_IO : SNN_OK;
}

static int open_events(struct reading *r)
{
    const snn_status rc = snn_events_open(&r->events, r->context, &r->source);

    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* Adds the recording at hand. */
static int add(struct reading *r, struct figures *f)
{
    static snn_event event[PIECE];
    const uint64_t before = f->events;
    int64_t from = 0, to = 0;
    size_t got;
    snn_status rc;

    do {
        rc = snn_events_read(r->events, event, PIECE, &got);
        if (got > 0 && f->events == before)
            from = event[0].t;
        for (size_t i = 0; i < got; i++) {
            f->brighter += event[i].p;
            f->x_most = event[i].x > f->x_most ? event[i].x : f->x_most;
            f->y_most = event[i].y > f->y_most ? event[i].y : f->y_most;
        }
        if (got > 0)
            to = event[got - 1].t;
        f->events += got;
    } while (rc == SNN_OK && got == PIECE);
    f->recordings++;
    f->from = from;
    f->to = to;
    f->span += to > from ? (uint64_t)to - (uint64_t)from : 0;
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* ---- what is printed */

static double share(const struct figures *f)
{
    return f->events > 0 ? (double)f->brighter / (double)f->events : 0;
}

static void print_json(const struct reading *r, const snn_events_info *info, const struct figures *f)
{
    json_line(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I}",
                        "event", "recording", "file", r->path, "name", info->name, "format", info->format, "streams",
                        (json_int_t)info->streams, "width", (json_int_t)info->width, "height",
                        (json_int_t)info->height, "recordings", (json_int_t)f->recordings, "events",
                        (json_int_t)f->events, "first_us", (json_int_t)f->from, "last_us", (json_int_t)f->to,
                        "span_us", (json_int_t)f->span, "brighter", share(f), "x_most", (json_int_t)f->x_most,
                        "y_most", (json_int_t)f->y_most, "label", (json_int_t)info->label, "warnings",
                        (json_int_t)info->warnings),
              9);
}

static void print_text(const snn_events_info *info, const struct figures *f)
{
    printf("format      %s\n", info->format);
    if (info->width > 0 && info->height > 0)
        printf("sensor      %u x %u\n", info->width, info->height);
    else
        printf("sensor      not said by the file; events up to column %u, row %u\n", f->x_most, f->y_most);
    if (info->streams > 1)
        printf("streams     %u\n", info->streams);
    if (f->recordings > 1)
        printf("recordings  %s\n", grouped(f->recordings).s);
    printf("events      %s\n", grouped(f->events).s);
    if (f->recordings == 1 && f->events > 0)
        printf("time        %" PRId64 " to %" PRId64 " us\n", f->from, f->to);
    printf("duration    %.6f s%s\n", 1e-6 * (double)f->span, f->recordings > 1 ? ", of all together" : "");
    printf("polarity    %.2f%% brighter\n", 100 * share(f));
}

static void print_line(const snn_events_info *info, const struct figures *f)
{
    printf("%6" PRIu64 " %6" PRId64 " %10" PRIu64 " %12.6f %9.2f%%  %s\n", info->index, info->label, f->events,
           1e-6 * (double)f->span, 100 * share(f), info->name);
}

static int describe(struct reading *r)
{
    const bool each = args_has(&r->args, "each"), json = args_has(&r->args, "json");
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    struct figures all = { 0 };
    uint32_t found = 1;
    int status = DONE;

    if (each && !json)
        printf("%6s %6s %10s %12s %10s  %s\n", "index", "label", "events", "seconds", "brighter", "name");
    for (uint64_t i = 1; status == DONE && found; i++) {
        struct figures one = { 0 };
        snn_status rc;

        status = add(r, each ? &one : &all);
        rc = snn_events_get_info(r->events, &info);
        if (status == DONE && each)
            json ? print_json(r, &info, &one) : print_line(&info, &one);
        if (rc == SNN_OK && status == DONE && info.recordings != i)
            rc = snn_events_seek(r->events, i, &found);
        else
            found = 0;
        if (rc != SNN_OK)
            status = fail_call(rc, NULL);
    }
    if (status == DONE && info.warnings > 0)
        warn("%s%s", info.warning, info.warnings > 1 ? ", and others" : "");
    if (status == DONE && !each)
        json ? print_json(r, &info, &all) : print_text(&info, &all);
    return status;
}

/* ---- how fast */

/* Of this thread: others on the machine do not count. */
static double processor_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Opens the file, reads all events of the first recording, and closes it. */
static int decode_once(struct reading *r, uint64_t *events)
{
    static snn_event event[PIECE];
    size_t got = PIECE;
    int status = open_events(r);
    snn_status rc = SNN_OK;

    for (*events = 0; status == DONE && rc == SNN_OK && got == PIECE; *events += got)
        rc = snn_events_read(r->events, event, PIECE, &got);
    snn_events_destroy(r->events);
    r->events = NULL;
    return status == DONE && rc != SNN_OK ? fail_call(rc, NULL) : status;
}

/* The same file by read() alone, in blocks as large as the reader's. */
static int read_once(const struct reading *r, uint64_t *bytes)
{
    static uint8_t block[BLOCK];
    const int file = open(r->path, O_RDONLY);
    ssize_t n = 1;

    for (*bytes = 0; file >= 0 && n > 0; *bytes += n > 0 ? (uint64_t)n : 0)
        n = read(file, block, sizeof block);
    if (file >= 0)
        close(file);
    return file < 0 || n < 0 ? fail(FAILED, "%s: cannot be read", r->path) : DONE;
}

/* Fastest seconds of one pass: over the events, or over the bytes alone. */
static int measure(struct reading *r, bool decode, double *seconds, uint64_t *count)
{
    int status = DONE;

    *seconds = 0;
    for (int64_t i = 0; i < r->repeats; i++) {
        const double began = processor_seconds();
        double passed = 0;
        uint64_t passes = 0;

        for (; status == DONE && passed < LEAST_SECONDS; passes++) {
            status = decode ? decode_once(r, count) : read_once(r, count);
            passed = processor_seconds() - began;
        }
        if (status != DONE)
            return status;
        if (i == 0 || passed / (double)passes < *seconds)
            *seconds = passed / (double)passes;
    }
    return DONE;
}

/* Of one file: how many events and bytes it has, and the seconds that a pass takes. */
struct speed {
    const char *format;
    uint64_t events, bytes;
    double decoding, reading;
};

static int measure_file(struct reading *r, struct speed *s)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    int status = open_events(r);

    s->format = "";
    if (status == DONE && snn_events_get_info(r->events, &info) == SNN_OK)
        s->format = info.format;
    snn_events_destroy(r->events);
    r->events = NULL;
    if (status == DONE)
        status = measure(r, true, &s->decoding, &s->events);
    return status == DONE ? measure(r, false, &s->reading, &s->bytes) : status;
}

static void print_speed(const struct reading *r, const struct speed *s)
{
    if (args_has(&r->args, "json"))
        json_line(json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:f}", "event", "speed", "file", r->path, "format",
                            s->format, "events", (json_int_t)s->events, "bytes", (json_int_t)s->bytes,
                            "events_per_second", (double)s->events / s->decoding, "plain_events_per_second",
                            (double)s->events / s->reading),
                  6);
    else
        printf("format      %s\nevents      %s, %.2f bytes each in the file\ndecoding    %s events/s\nreading     %s "
               "events/s, the bytes alone\nratio       %.2f\n",
               s->format, grouped(s->events).s, (double)s->bytes / (double)s->events,
               si((double)s->events / s->decoding).s, si((double)s->events / s->reading).s, s->decoding / s->reading);
}

/* A line of the table of a folder. */
static void print_row(const struct reading *r, const struct speed *s)
{
    const char *slash = strrchr(r->path, '/');

    if (args_has(&r->args, "json"))
        print_speed(r, s);
    else
        printf("%-20s %-8s %12s %12.2f %12s %7.2f\n", slash != NULL ? slash + 1 : r->path, s->format,
               si((double)s->events / s->decoding).s, (double)s->bytes / (double)s->events,
               si((double)s->events / s->reading).s, s->decoding / s->reading);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* All files of a folder, in the order of their names. */
static int measure_folder(struct reading *r)
{
    const char *folder = r->path;
    struct dirent **entry;
    const int n = scandir(folder, &entry, is_visible, alphasort);
    int status = n > 0 ? DONE : fail(FAILED, "%s: no recordings", folder);

    if (n > 0 && !args_has(&r->args, "json"))
        printf("%-20s %-8s %12s %12s %12s %7s\n", "file", "format", "events/s", "bytes/event", "plain read", "ratio");
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct speed s;

        snprintf(path, sizeof path, "%.3500s/%.500s", folder, entry[i]->d_name);
        free(entry[i]);
        r->path = r->source.path = path;
        if (status == DONE)
            status = measure_file(r, &s);
        if (status == DONE)
            print_row(r, &s);
        fflush(stdout);
    }
    if (n >= 0)
        free(entry);
    r->path = r->source.path = folder;
    return status;
}

static int measure_speed(struct reading *r)
{
    struct speed s;
    struct stat about;
    int status;

    if (r->source.path == NULL)
        return fail(USAGE, "speed is measured on files");
    if (stat(r->path, &about) == 0 && S_ISDIR(about.st_mode))
        return measure_folder(r);
    status = measure_file(r, &s);
    if (status == DONE)
        print_speed(r, &s);
    return status;
}

/* ---- the command */

static int open_source(struct reading *r)
{
    int64_t stream = 0;
    snn_status rc = SNN_OK;
    int status = args_whole(&r->args, "stream", 0, UINT16_MAX, 0, &stream);

    r->path = r->args.positional[0];
    r->source = (snn_events_source)SNN_EVENTS_SOURCE_INIT;
    r->source.strict = args_has(&r->args, "strict");
    r->source.format = args_text(&r->args, "format");
    r->source.stream = (uint64_t)stream;
    if (strcmp(r->path, "-") == 0)
        r->source.read = read_standard_input;
    else
        r->source.path = r->path;
    if (status == DONE)
        status = args_whole(&r->args, "repeats", 1, 1000, 7, &r->repeats);
    if (status == DONE)
        rc = plain_context(&r->context);
    return status == DONE && rc != SNN_OK ? fail_call(rc, NULL) : status;
}

static int run_events(int argc, char **argv)
{
    struct reading r = { .context = NULL };
    int status;

    status = args_parse(&r.args, flags, false, 1, argc, argv);
    if (status == DONE && r.args.count == 0)
        status = fail(USAGE, "no recording given: snn events FILE");
    if (status == DONE)
        status = open_source(&r);
    if (status == DONE && args_has(&r.args, "layout"))
        status = describe_set(r.context, args_text(&r.args, "layout"), r.path, args_has(&r.args, "json"));
    else if (status == DONE && args_has(&r.args, "speed"))
        status = measure_speed(&r);
    else if (status == DONE) {
        status = open_events(&r);
        if (status == DONE)
            status = describe(&r);
    }
    snn_events_destroy(r.events);
    snn_context_destroy(r.context);
    args_free(&r.args);
    return status;
}

/* Formats and layouts, and what this build lacks for them. */
static void list_formats(void)
{
    char text[300];

    help_heading("Formats");
    for (size_t i = 0; snn_events_format_name(i) != NULL; i++) {
        const char *lacks = snn_events_format_lacks(i);

        snprintf(text, sizeof text, "%s%s%s%s", snn_events_format_text(i),
                 lacks != NULL ? " (not in this build, which lacks " : "", lacks != NULL ? lacks : "",
                 lacks != NULL ? ")" : "");
        help_item(8, snn_events_format_name(i), text);
    }
    help_heading("Layouts of data sets");
    for (size_t i = 0; snn_events_layout_name(i) != NULL; i++)
        help_item(12, snn_events_layout_name(i), snn_events_layout_text(i));
}

const struct command events_command = {
    .name = "events",
    .does = "format, sensor, number and times of recorded events",
    .usage = "FILE [FLAGS]",
    .about =
        "Describes a recording of events, or all that a file holds: format, sensor, number of events, time span, "
        "polarity. FILE may be an archive, or compressed; \"-\" is standard input.",
    .flags = flags,
    .lists = list_formats,
    .run = run_events,
};
