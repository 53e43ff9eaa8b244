/* csv.c - time series of numbers in a CSV file: a line for each step, columns for inputs and targets by the names of
 * its first line, or one for classes in place of targets, and one, if there is any, that says which sequence a line
 * belongs to. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/number.h"
#include "core/size.h"
#include "data/csv_text.h"
#include "data/find.h"
#include "data/samples.h"
#include <math.h>
#include <string.h>

#define LABEL_MAX 1048575.0

enum role { UNUSED, INPUT, TARGET, SEQUENCE };

/* A sample: steps one after another. */
struct window {
    size_t first, length;
};

struct series {
    snn_context *ctx;
    size_t inputs, targets, frames;
    size_t classes;         /* the one target is a class, a whole number; 0: targets are numbers */
    bool last;              /* the target of a sample is that of its last step */
    struct snn__rows x, y;  /* a row for each step */
    struct snn__rows begin; /* size_t: the first step of every sequence */
    struct snn__rows window;
};

struct reader {
    struct snn__csv csv;
    struct series *s;
    const snn_dataset_files *files;
    enum role *role; /* of each column */
    size_t columns;
    double sequence; /* of the line before */
};

/* ---- the names of the first line ---- */

/* True if `name` is the text of k characters. */
static bool is(const char *name, const char *text, size_t k)
{
    return strlen(name) == k && strncmp(text, name, k) == 0;
}

/* True if a list "a,b,c" has `name`; *n counts the names that it has. */
static bool lists(const char *list, const char *name, size_t *n)
{
    bool found = false;

    *n = 0;
    for (size_t k; list != NULL && *list != '\0'; list += k + (list[k] == ',')) {
        k = strcspn(list, ",");
        found = found || is(name, list, k);
        ++*n;
    }
    return found;
}

/* Names of the columns of targets, or of the one of labels. */
static const char *aims_of(const snn_dataset_files *files)
{
    return files->labels != NULL ? files->labels : files->targets;
}

static enum role role_of(const snn_dataset_files *files, const char *name)
{
    size_t n;

    if (lists(aims_of(files), name, &n))
        return TARGET;
    if (files->sequence != NULL && strcmp(files->sequence, name) == 0)
        return SEQUENCE;
    return files->inputs == NULL || lists(files->inputs, name, &n) ? INPUT : UNUSED;
}

/* Every name of a list is that of a column. */
static snn_status check_names(const struct reader *r, const char *list)
{
    for (size_t k; list != NULL && *list != '\0'; list += k + (list[k] == ',')) {
        size_t i = 0;

        k = strcspn(list, ",");
        while (i < r->columns && !is(snn__csv_field(&r->csv, i), list, k))
            i++;
        if (i == r->columns)
            return snn__csv_fail(&r->csv, "no column is named \"%.*s\"", (int)snn__min(k, 80), list);
    }
    return SNN_OK;
}

static snn_status check_columns(const struct reader *r, const size_t *count)
{
    size_t inputs, targets;

    lists(r->files->inputs, "", &inputs);
    lists(aims_of(r->files), "", &targets);
    if (targets == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "csv: data.targets has to name the columns of the targets, or data.labels "
                                           "that of the classes");
    if (r->files->labels != NULL && (targets != 1 || r->files->targets != NULL))
        return snn__fail(SNN_ERR_ARGUMENT, "csv: data.labels names one column, and leaves no targets");
    SNN__TRY(check_names(r, aims_of(r->files)));
    SNN__TRY(check_names(r, r->files->inputs));
    SNN__TRY(check_names(r, r->files->sequence));
    if (count[TARGET] != targets || (inputs > 0 ? count[INPUT] != inputs : count[INPUT] == 0) ||
        count[SEQUENCE] != (r->files->sequence != NULL))
        return snn__csv_fail(&r->csv,
                             "%zu columns are inputs, %zu are targets, %zu numbers of sequences; %zu, %zu and %d "
                             "were named",
                             count[INPUT], count[TARGET], count[SEQUENCE], inputs, targets,
                             r->files->sequence != NULL);
    return SNN_OK;
}

static snn_status read_names(struct reader *r)
{
    size_t count[SEQUENCE + 1] = { 0 };
    bool more;

    SNN__TRY(snn__csv_next(&r->csv, &more));
    if (!more)
        return snn__csv_fail(&r->csv, "there is no line with names");
    r->columns = r->csv.fields;
    r->role = snn__alloc(r->s->ctx, r->columns, sizeof *r->role);
    if (r->role == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < r->columns; i++) {
        r->role[i] = role_of(r->files, snn__csv_field(&r->csv, i));
        count[r->role[i]]++;
    }
    r->s->inputs = count[INPUT];
    r->s->targets = count[TARGET];
    return check_columns(r, count);
}

/* ---- the numbers ---- */

/* A row for what may still come: blocks begin small. */
static void begin_rows(struct snn__rows *rows, snn_context *ctx, size_t bytes)
{
    snn__rows_begin(rows, ctx, bytes, snn__max(1, 65536 / bytes));
}

static snn_status add_row(struct snn__rows *rows, void **row)
{
    uint8_t *to;
    size_t n;

    SNN__TRY(snn__rows_grow(rows, &to, &n));
    rows->count++;
    *row = to;
    return SNN_OK;
}

static snn_status add_index(struct snn__rows *rows, const void *value)
{
    void *to;

    SNN__TRY(add_row(rows, &to));
    memcpy(to, value, rows->bytes);
    return SNN_OK;
}

static snn_status read_number(const struct reader *r, size_t i, double *out)
{
    const char *text = snn__csv_field(&r->csv, i);
    size_t n = strlen(text);

    while (*text == ' ')
        text++;
    if (n > 0 && *text != '\0' && snn__parse_f64(text, out) && isfinite(*out) && isfinite((float)*out))
        return SNN_OK;
    return snn__csv_fail(&r->csv,
                         *text == '\0' ? "column %zu is empty%.0s" : "column %zu is \"%.40s\", no finite number",
                         i + 1, text);
}

/* The class of a step, as a float, which holds it exactly. */
static snn_status take_class(struct reader *r, double number)
{
    if (!(number >= 0 && number <= LABEL_MAX && number == floor(number)))
        return snn__csv_fail(&r->csv, "the label is %g, no whole number from 0 to %g", number, LABEL_MAX);
    r->s->classes = snn__max(r->s->classes, (size_t)number + 1);
    return SNN_OK;
}

static snn_status read_line(struct reader *r)
{
    struct series *s = r->s;
    void *x, *y;
    size_t in = 0, out = 0;
    double number, sequence = r->sequence;

    if (r->csv.fields != r->columns)
        return snn__csv_fail(&r->csv, "%zu fields; the first line has %zu", r->csv.fields, r->columns);
    SNN__TRY(add_row(&s->x, &x));
    SNN__TRY(add_row(&s->y, &y));
    for (size_t i = 0; i < r->columns; i++) {
        if (r->role[i] == UNUSED)
            continue;
        SNN__TRY(read_number(r, i, &number));
        if (r->role[i] == TARGET && r->files->labels != NULL)
            SNN__TRY(take_class(r, number));
        if (r->role[i] == SEQUENCE)
            sequence = number;
        else if (r->role[i] == INPUT)
            ((float *)x)[in++] = (float)number;
        else
            ((float *)y)[out++] = (float)number;
    }
    if (s->begin.count == 0 || sequence != r->sequence)
        SNN__TRY(add_index(&s->begin, &(size_t){ s->x.count - 1 }));
    r->sequence = sequence;
    return SNN_OK;
}

/* ---- samples ---- */

static size_t begin_of(const struct series *s, size_t sequence)
{
    size_t begin = s->x.count;

    if (sequence < s->begin.count)
        memcpy(&begin, snn__rows_at(&s->begin, sequence), sizeof begin);
    return begin;
}

/* Without a window, whole sequences, the shorter ones with a length; or every line by itself, where there are none.
 */
static snn_status cut(struct series *s, const snn_dataset_files *files)
{
    const size_t window = files->window > 0 ? files->window : files->sequence == NULL;
    const size_t stride = files->stride > 0 ? files->stride : window;
    size_t short_ones = 0;

    s->frames = window;
    for (size_t i = 0; i < s->begin.count; i++) {
        const size_t end = begin_of(s, i + 1);
        struct window w = { begin_of(s, i), window > 0 ? window : end - begin_of(s, i) };

        short_ones += w.length > end - w.first;
        s->frames = snn__max(s->frames, w.length);
        for (; w.first < end && w.length <= end - w.first; w.first += window > 0 ? stride : w.length)
            SNN__TRY(add_index(&s->window, &w));
    }
    if (short_ones > 0)
        snn__log(s->ctx, SNN_LOG_WARNING, "csv: %zu of %zu sequences are shorter than the window of %zu steps",
                 short_ones, s->begin.count, window);
    return SNN_OK;
}

static snn_status read_series(struct reader *r)
{
    struct series *s = r->s;
    bool more = true;

    SNN__TRY(read_names(r));
    begin_rows(&s->x, s->ctx, s->inputs * sizeof(float));
    begin_rows(&s->y, s->ctx, s->targets * sizeof(float));
    begin_rows(&s->begin, s->ctx, sizeof(size_t));
    begin_rows(&s->window, s->ctx, sizeof(struct window));
    s->last = r->files->last != 0;
    for (;;) {
        SNN__TRY(snn__csv_next(&r->csv, &more));
        if (!more)
            break;
        SNN__TRY(read_line(r));
    }
    SNN__TRY(cut(s, r->files));
    if (s->window.count == 0)
        return snn__csv_fail(&r->csv, "%zu lines of numbers give no sample of %zu steps", s->x.count,
                             r->files->window);
    return SNN_OK;
}

/* ---- a source ---- */

static void read_class(const struct series *s, size_t step, uint32_t *label)
{
    float number;

    memcpy(&number, snn__rows_at(&s->y, step), sizeof number);
    *label = (uint32_t)number;
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct series *s = user;
    struct window w;
    size_t of_target;

    memcpy(&w, snn__rows_at(&s->window, index), sizeof w);
    sample->length = w.length;
    frame = snn__min(frame, w.length - 1);
    of_target = w.first + (s->last ? w.length - 1 : frame);
    memcpy(sample->x, snn__rows_at(&s->x, w.first + frame), s->inputs * sizeof(float));
    if (s->classes > 0)
        read_class(s, of_target, &sample->label);
    else
        memcpy(sample->target, snn__rows_at(&s->y, of_target), s->targets * sizeof(float));
    return SNN_OK;
}

static void close_series(void *user)
{
    struct series *s = user;

    snn__rows_free(&s->x);
    snn__rows_free(&s->y);
    snn__rows_free(&s->begin);
    snn__rows_free(&s->window);
    snn__free(s->ctx, s);
}

static void set_source(struct series *s, const snn_dataset_files *files, snn_dataset_source *source)
{
    source->rank = 1;
    source->shape[0] = s->inputs;
    source->count = files->limit > 0 ? snn__min(files->limit, s->window.count) : s->window.count;
    source->frames = s->frames;
    source->targets = s->classes > 0 ? 0 : s->targets;
    source->classes = s->classes;
    source->target_frames = s->last ? 1 : s->frames;
    source->read = read_sample;
    source->close = close_series;
    source->user = s;
}

static bool is_csv(const char *name)
{
    const size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".csv") == 0;
}

static snn_status csv_open(snn_dataset_source *source, snn_context *ctx, const snn_dataset_files *files)
{
    const struct snn__part part = { files->split, false };
    struct reader r = { .csv = { .ctx = ctx }, .files = files };
    snn_status rc;

    SNN__TRY(snn__part_open(&r.csv.gz, ctx, files->path, &part, is_csv, "train.csv"));
    r.s = snn__alloc(ctx, 1, sizeof *r.s);
    rc = SNN_ERR_MEMORY;
    if (r.s != NULL) {
        r.s->ctx = ctx;
        rc = read_series(&r);
    }
    if (rc == SNN_OK)
        set_source(r.s, files, source);
    else if (r.s != NULL)
        close_series(r.s);
    snn__free(ctx, r.role);
    snn__csv_free(&r.csv);
    return rc;
}

const struct snn__data_format snn__data_csv = {
    .name = "csv", .text = "time series of numbers in CSV files, with targets or classes", .open = csv_open
};
