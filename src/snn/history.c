/* history.c - the CSV of a run. */
#include "history.h"

#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLUMNS 13
static const char heading[] =
    "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,firing_rate,seconds,samples_per_second,"
    "equilibrium_gap,solver_iterations,solver_residual,solver_failures,backward_rate\n";

static void columns(struct epoch_row *r, double *column[COLUMNS])
{
    double *all[COLUMNS] = { &r->train_loss,      &r->train_accuracy,    &r->test_loss,       &r->test_accuracy,
                             &r->learning_rate,   &r->firing_rate,       &r->seconds,         &r->samples_per_second,
                             &r->equilibrium_gap, &r->solver_iterations, &r->solver_residual, &r->solver_failures,
                             &r->backward_rate };

    memcpy(column, all, sizeof all);
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

static void print(FILE *file, const struct epoch_row *row)
{
    struct epoch_row copy = *row;
    double *column[COLUMNS];

    columns(&copy, column);
    fprintf(file, "%llu", (unsigned long long)row->epoch);
    for (size_t i = 0; i < COLUMNS; i++)
        if (isnan(*column[i]))
            fputc(',', file);
        else
            fprintf(file, ",%.9g", *column[i]);
    fputc('\n', file);
}

/* Reads "3,0.41,,..." ; returns 0 if the line is something else. */
static int parse(const char *line, struct epoch_row *row)
{
    double *column[COLUMNS];
    char *end;

    columns(row, column);
    row->epoch = strtoull(line, &end, 10);
    if (end == line)
        return 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *cell = end + 1;
        if (*end != ',')
            return 0;
        *column[i] = strtod(cell, &end);
        if (end == cell)
            *column[i] = NAN;
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
    char line[512];
    struct epoch_row row;
    long end = 0;
    int status = DONE;

    if (keep && fgets(line, sizeof line, h->file)) {
        if (strcmp(line, heading) != 0)
            return fail(FAILED,
                        "log %s: its columns are not those of this version; name another with --csv, or move it",
                        h->path);
        end = ftell(h->file);
    }
    while (status == DONE && end > 0 && fgets(line, sizeof line, h->file) && parse(line, &row) && row.epoch <= keep) {
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

    if (status != DONE)
        return status;
    if (regular && ftruncate(fileno(h->file), ftell(h->file)) != 0)
        return fail(FAILED, "log %s: %s", h->path, strerror(errno));
    if (h->count == 0 && (!regular || ftell(h->file) == 0))
        fputs(heading, h->file);
    return fflush(h->file) == 0 ? DONE : fail(FAILED, "log %s: %s", h->path, strerror(errno));
}

int history_open(struct history *h, const char *path, uint64_t keep)
{
    struct stat st;
    const char *mode = stat(path, &st) != 0 ? "w+e" : S_ISREG(st.st_mode) ? "r+e" : "we";

    memset(h, 0, sizeof *h);
    h->path = path;
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
    print(h->file, row);
    if (fflush(h->file) != 0)
        warn("log %s: %s", h->path, strerror(errno));
    return DONE;
}

int history_amend(struct history *h, const struct epoch_row *row)
{
    if (fseek(h->file, h->last, SEEK_SET) == 0 && ftruncate(fileno(h->file), h->last) != 0)
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
