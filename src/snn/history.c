/* history.c - the CSV of a run. */
#include "history.h"

#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static void print(struct history *h, const struct epoch_row *row)
{
    struct epoch_row copy = *row;
    char line[LINE];
    size_t used = (size_t)snprintf(line, sizeof line, "%llu", (unsigned long long)row->epoch);

    for (size_t i = 0; i < columns_of(h); i++)
        used += (size_t)(isnan(*figure(&copy, i))
                             ? snprintf(line + used, sizeof line - used, ",")
                             : snprintf(line + used, sizeof line - used, ",%.9g", *figure(&copy, i)));
    line[used++] = '\n';
    journal_add(&h->file, line, used);
}

/* Reads "3,0.41,,..." ; returns 0 if the line is something else, or has no end. */
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
    return *end == '\n';
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

/* Reads the lines to keep, and tells where they end. A log with other columns, as of another version, stays as it is.
 */
static int recall(struct history *h, uint64_t keep, long *end)
{
    char line[LINE], names[LINE];
    struct epoch_row row;
    int status = DONE;

    *end = 0;
    heading(h, names, sizeof names);
    if (keep && fgets(line, sizeof line, h->file.file)) {
        if (strcmp(line, names) != 0)
            return fail(FAILED,
                        "log %s: its columns are not those of this version; name another with --csv, or move it",
                        h->file.path);
        *end = ftell(h->file.file);
    }
    while (status == DONE && *end > 0 && fgets(line, sizeof line, h->file.file) && parse(h, line, &row) &&
           row.epoch <= keep) {
        status = remember(h, &row);
        h->last = *end;
        *end = ftell(h->file.file);
    }
    return status;
}

/* Nothing is cut off before what stays is known. */
static int begin(struct history *h, uint64_t keep)
{
    long end = 0;
    int status = h->file.regular ? recall(h, keep, &end) : DONE;
    char names[LINE];

    if (status != DONE)
        return status;
    journal_begin(&h->file, end);
    if (end > 0)
        return DONE;
    heading(h, names, sizeof names);
    journal_add(&h->file, names, strlen(names));
    return journal_began(&h->file);
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
    memset(h, 0, sizeof *h);
    h->populations = net ? history_populations(net, h->population) : 0;
    return history_check(path) == DONE && journal_open(&h->file, path) == DONE ? begin(h, keep) : FAILED;
}

int history_add(struct history *h, const struct epoch_row *row)
{
    if (remember(h, row) != DONE)
        return FAILED;
    h->last = journal_at(&h->file);
    print(h, row);
    return DONE;
}

int history_amend(struct history *h, const struct epoch_row *row)
{
    journal_cut(&h->file, h->last);
    h->count--;
    return history_add(h, row);
}

int history_close(struct history *h)
{
    int status = journal_close(&h->file);

    free(h->row);
    memset(h, 0, sizeof *h);
    return status;
}
