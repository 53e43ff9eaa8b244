/* history.c - the CSV of a run. */
#include "history.h"

#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 13
static const char heading[] =
    "epoch,train_loss,train_accuracy,test_loss,test_accuracy,learning_rate,firing_rate,seconds,samples_per_second,"
    "equilibrium_gap,solver_iterations,solver_residual,solver_failures,backward_rate\n";

static void columns(struct epoch_row *r, double *column[COLUMNS])
{
    double *all[COLUMNS] = { &r->train_loss,    &r->train_accuracy, &r->test_loss, &r->test_accuracy,
                             &r->learning_rate, &r->firing_rate,    &r->seconds,   &r->samples_per_second,
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
        if (isfinite(*column[i]))
            fprintf(file, ",%.9g", *column[i]);
        else
            fputc(',', file);
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

static int recall(struct history *h, const char *path, uint64_t keep)
{
    char line[512];
    struct epoch_row row;
    int status = DONE;
    FILE *old;

    if (access(path, F_OK) != 0)
        return DONE;
    if (open_to_read(&old, path) != DONE)
        return FAILED;
    while (status == DONE && fgets(line, sizeof line, old))
        if (parse(line, &row) && row.epoch <= keep)
            status = remember(h, &row);
    fclose(old);
    return status;
}

int history_open(struct history *h, const char *path, uint64_t keep)
{
    memset(h, 0, sizeof *h);
    h->path = path;
    if (keep && recall(h, path, keep) != DONE)
        return FAILED;
    h->file = fopen(path, "w");
    if (!h->file)
        return fail(FAILED, "%s: %s", path, strerror(errno));
    fputs(heading, h->file);
    for (size_t i = 0; i < h->count; i++)
        print(h->file, &h->row[i]);
    if (fflush(h->file) != 0)
        return fail(FAILED, "%s: %s", path, strerror(errno));
    return DONE;
}

int history_add(struct history *h, const struct epoch_row *row)
{
    if (remember(h, row) != DONE)
        return FAILED;
    print(h->file, row);
    if (fflush(h->file) != 0)
        warn("%s: %s", h->path, strerror(errno));
    return DONE;
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
