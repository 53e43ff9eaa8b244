/* history.c - the CSV of a run. */
#include "history.h"

#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELD(name)                             \
    {                                           \
#name, offsetof(struct epoch_row, name) \
    }
/* The figures of an epoch: columns of the log, fields of --json. */
static const struct {
    const char *name;
    size_t at;
} column[] = {
    FIELD(train_loss),
    FIELD(train_accuracy),
    FIELD(test_loss),
    FIELD(test_accuracy),
    FIELD(learning_rate),
    FIELD(firing_rate),
    FIELD(seconds),
    FIELD(samples_per_second),
    FIELD(equilibrium_gap),
    FIELD(solver_iterations),
    FIELD(solver_residual),
    FIELD(solver_failures),
    FIELD(backward_rate),
    FIELD(validation_loss),
    FIELD(validation_accuracy),
    FIELD(task),
    FIELD(peak_bytes),
    FIELD(train_top5),
    FIELD(validation_top5),
    FIELD(test_top5),
};
#define COLUMNS (sizeof column / sizeof *column)
#define LINE (512 + HISTORY_RATES * 96) /* most bytes of a line of names or figures */

static size_t columns_of(const struct history *h)
{
    return COLUMNS + h->populations;
}

/* The figure of a column: those of the table, then the rates. */
static double *figure(struct epoch_row *row, size_t i)
{
    return i < COLUMNS ? (double *)(void *)((char *)row + column[i].at) : &row->rate[i - COLUMNS];
}

/* "rate_NAME", the name without what would end a cell. */
static void name_of(const struct history *h, size_t i, char *out, size_t size)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;

    if (i < COLUMNS)
        snprintf(out, size, "%s", column[i].name);
    else if (snn_layer_get_info(h->population[i - COLUMNS], &info) == SNN_OK)
        snprintf(out, size, "rate_%s", info.name);
    for (char *c = out; *c; c++)
        if (*c == ',' || *c == '"' || (unsigned char)*c < ' ')
            *c = '_';
}

/* The line of names, as long as `room` has space. */
static void heading(const struct history *h, char *out, size_t room)
{
    size_t used = (size_t)snprintf(out, room, "epoch");
    char name[80];

    for (size_t i = 0; i < columns_of(h); i++) {
        name_of(h, i, name, sizeof name);
        used += (size_t)snprintf(out + used, room - used, ",%s", name);
    }
    snprintf(out + used, room - used, "\n");
}

struct epoch_row history_row(uint64_t epoch)
{
    struct epoch_row row = { .epoch = epoch };

    for (size_t i = 0; i < COLUMNS + HISTORY_RATES; i++)
        *figure(&row, i) = NAN;
    return row;
}

json_t *history_json(const struct epoch_row *row)
{
    struct epoch_row copy = *row;
    json_t *out = json_pack("{s:s, s:I}", "event", "epoch", "epoch", (json_int_t)row->epoch);

    for (size_t i = 0; i < COLUMNS; i++)
        json_object_set_new(out, column[i].name, json_figure(*figure(&copy, i)));
    return out;
}

json_t *history_event(const struct history *h, const struct epoch_row *row)
{
    json_t *out = history_json(row), *rates = json_object();

    for (size_t i = 0; i < h->populations; i++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        if (snn_layer_get_info(h->population[i], &info) == SNN_OK)
            json_object_set_new(rates, info.name, json_figure(row->rate[i]));
    }
    json_object_set_new(out, "rates", rates);
    return out;
}

static int remember(struct history *h, const struct epoch_row *row)
{
    if (h->count == h->room) {
        size_t room = h->room ? 2 * h->room : 32;
        struct epoch_row *more = realloc(h->row, room * sizeof *more);
        if (!more)
            return fail(FAILED, "out of memory");
        h->row = more;
        h->room = room;
    }
    h->row[h->count++] = *row;
    return DONE;
}

static void print(const struct history *h, const struct epoch_row *row)
{
    struct epoch_row copy = *row;

    fprintf(h->file, "%llu", (unsigned long long)row->epoch);
    for (size_t i = 0; i < columns_of(h); i++)
        if (isnan(*figure(&copy, i)))
            fputc(',', h->file);
        else
            fprintf(h->file, ",%.9g", *figure(&copy, i));
    fputc('\n', h->file);
}

/* Reads "3,0.41,,..." ; returns 0 if the line is something else. */
static int parse(const struct history *h, const char *line, struct epoch_row *row)
{
    char *end;

    *row = history_row(0);
    row->epoch = strtoull(line, &end, 10);
    if (end == line)
        return 0;
    for (size_t i = 0; i < columns_of(h); i++) {
        const char *cell = end + 1;
        if (*end != ',')
            return 0;
        *figure(row, i) = strtod(cell, &end);
        if (end == cell)
            *figure(row, i) = NAN;
    }
    return 1;
}

/* Logs of all versions begin like this. */
#define MARK "epoch,train_loss,train_accuracy,"

int history_check(const char *path)
{
    struct stat st;
    char line[sizeof MARK] = "";
    FILE *old;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return DONE;
    if (open_to_read(&old, path) != DONE)
        return FAILED;
    if (!fgets(line, sizeof line, old))
        line[0] = '\0';
    fclose(old);
    return strcmp(line, MARK) == 0
               ? DONE
               : fail(FAILED, "log %s: exists and is not a log of snn train; name another with --csv, or move it",
                      path);
}

/* Reads the lines to keep, and stops after them. A log with other columns, as of another version, stays as it is. */
static int recall(struct history *h, uint64_t keep)
{
    char line[LINE], names[LINE];
    struct epoch_row row;
    long end = 0;
    int status = DONE;

    heading(h, names, sizeof names);
    if (keep && fgets(line, sizeof line, h->file)) {
        if (strcmp(line, names) != 0)
            return fail(FAILED,
                        "log %s: its columns are not those of this version; name another with --csv, or move it",
                        h->path);
        end = ftell(h->file);
    }
    while (status == DONE && end > 0 && fgets(line, sizeof line, h->file) && parse(h, line, &row) &&
           row.epoch <= keep) {
        status = remember(h, &row);
        h->last = end;
        end = ftell(h->file);
    }
    fseek(h->file, end, SEEK_SET);
    return status;
}

/* Nothing is cut off before what stays is known. */
static int begin(struct history *h, uint64_t keep)
{
    struct stat st;
    bool regular = fstat(fileno(h->file), &st) == 0 && S_ISREG(st.st_mode);
    int status = regular ? recall(h, keep) : DONE;
    char names[LINE];

    heading(h, names, sizeof names);
    if (status != DONE)
        return status;
    if (regular && ftruncate(fileno(h->file), ftell(h->file)) != 0)
        return fail(FAILED, "log %s: %s", h->path, strerror(errno));
    if (h->count == 0 && (!regular || ftell(h->file) == 0))
        fputs(names, h->file);
    return fflush(h->file) == 0 ? DONE : fail(FAILED, "log %s: %s", h->path, strerror(errno));
}

size_t history_populations(const snn_network *net, const snn_layer **out)
{
    const snn_layer *layer;
    size_t n = 0;

    for (size_t i = 0; (layer = snn_network_layer(net, i)) != NULL && n < HISTORY_RATES; i++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        if (snn_layer_get_info(layer, &info) == SNN_OK && info.spiking)
            out[n++] = layer;
    }
    return n;
}

int history_open(struct history *h, const char *path, uint64_t keep, const snn_network *net)
{
    struct stat st;
    const char *mode = stat(path, &st) != 0 ? "w+e" : S_ISREG(st.st_mode) ? "r+e" : "we";

    memset(h, 0, sizeof *h);
    h->path = path;
    h->populations = net ? history_populations(net, h->population) : 0;
    if (history_check(path) != DONE)
        return FAILED;
    h->file = fopen(path, mode);
    if (!h->file)
        return fail(FAILED, "log %s: %s", path, strerror(errno));
    return begin(h, keep);
}

int history_add(struct history *h, const struct epoch_row *row)
{
    if (remember(h, row) != DONE)
        return FAILED;
    h->last = ftell(h->file);
    print(h, row);
    if (fflush(h->file) != 0)
        warn("log %s: %s", h->path, strerror(errno));
    return DONE;
}

int history_amend(struct history *h, const struct epoch_row *row)
{
    struct stat st;
    const bool regular = fstat(fileno(h->file), &st) == 0 && S_ISREG(st.st_mode);

    if (regular && fseek(h->file, h->last, SEEK_SET) == 0 && ftruncate(fileno(h->file), h->last) != 0)
        warn("log %s: %s", h->path, strerror(errno));
    h->count--;
    return history_add(h, row);
}

int history_close(struct history *h)
{
    int bad = 0;

    if (h->file) {
        bad = ferror(h->file);
        bad = fclose(h->file) != 0 || bad;
        if (bad)
            fail(FAILED, "%s: could not be written completely", h->path);
    }
    free(h->row);
    memset(h, 0, sizeof *h);
    return bad ? FAILED : DONE;
}
