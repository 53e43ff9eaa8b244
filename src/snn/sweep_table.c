/* sweep_table.c - mean and standard deviation of each setting over its seeds. */
#include "grid.h"
#include "outputs.h"
#include "sweep.h"
#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const figures[] = { "accuracy",        "loss",        "validation_accuracy",
                                       "validation_loss", "firing_rate", "synops_dense",
                                       "synops_mac",      "synops_ac",   "top5" };
enum { ACCURACY, LOSS, VALIDATION, VALIDATION_LOSS, FIRING_RATE };
#define FIGURES (sizeof figures / sizeof *figures)

/* Of the runs of one setting that are complete. */
struct row {
    json_t *settings; /* without the seed */
    size_t runs;
    double sum[FIGURES], mean[FIGURES], deviation[FIGURES];
};

struct rows {
    struct row *row;
    size_t count;
};

static json_t *without_seed(const json_t *settings)
{
    json_t *out = json_copy((json_t *)settings);

    json_object_del(out, "seed");
    return out;
}

static struct row *row_of(struct rows *rows, const json_t *settings)
{
    json_t *wanted = without_seed(settings);
    size_t i = 0;

    while (i < rows->count && !json_equal(rows->row[i].settings, wanted))
        i++;
    if (i == rows->count)
        rows->row[rows->count++].settings = json_incref(wanted);
    json_decref(wanted);
    return &rows->row[i];
}

static double figure(const struct trial *trial, size_t k)
{
    const json_t *value = json_object_get(trial->figures, figures[k]);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The deviation of one run is unknown. */
static void take_deviation(struct rows *rows, const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        struct row *row = row_of(rows, sweep->trial[i].settings);

        for (size_t k = 0; k < FIGURES && sweep->trial[i].figures; k++)
            row->deviation[k] += pow(figure(&sweep->trial[i], k) - row->mean[k], 2);
    }
    for (size_t r = 0; r < rows->count; r++)
        for (size_t k = 0; k < FIGURES; k++)
            rows->row[r].deviation[k] =
                rows->row[r].runs > 1 ? sqrt(rows->row[r].deviation[k] / (double)(rows->row[r].runs - 1)) : NAN;
}

static void take_rows(struct rows *rows, const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        struct row *row = row_of(rows, sweep->trial[i].settings);

        row->runs += sweep->trial[i].figures != NULL;
        for (size_t k = 0; k < FIGURES && sweep->trial[i].figures; k++)
            row->sum[k] += figure(&sweep->trial[i], k);
    }
    for (size_t r = 0; r < rows->count; r++)
        for (size_t k = 0; k < FIGURES; k++)
            rows->row[r].mean[k] = rows->row[r].runs ? rows->row[r].sum[k] / (double)rows->row[r].runs : NAN;
    take_deviation(rows, sweep);
}

/* ---- files */

static int write_json(const struct sweep *sweep, const struct rows *rows)
{
    json_t *all = json_pack("{s:[], s:[]}", "settings", "runs"), *list = json_object_get(all, "settings");
    char path[4300], *text;
    int status;

    for (size_t r = 0; r < rows->count; r++) {
        json_t *row =
            json_pack("{s:O, s:I}", "settings", rows->row[r].settings, "runs", (json_int_t)rows->row[r].runs);

        for (size_t k = 0; k < FIGURES; k++)
            json_object_set_new(row, figures[k],
                                json_pack("{s:o, s:o}", "mean", json_figure(rows->row[r].mean[k]), "deviation",
                                          json_figure(rows->row[r].deviation[k])));
        json_array_append_new(list, row);
    }
    list = json_object_get(all, "runs");
    for (size_t i = 0; i < sweep->count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:O, s:o}", "name", sweep->trial[i].name, "settings", sweep->trial[i].settings,
                            "figures", sweep->trial[i].figures ? json_incref(sweep->trial[i].figures) : json_null()));
    text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(all);
    snprintf(path, sizeof path, "%s/table.json", sweep->folder);
    status = text ? output_replace(path, text, strlen(text)) : FAILED;
    free(text);
    return status;
}

/* What people see. */
static const struct {
    int figure;
    const char *heading;
    bool per_cent, always; /* or with a validation alone */
} shown[] = { { VALIDATION, "validation", true, false },
              { ACCURACY, "test accuracy", true, true },
              { LOSS, "test loss", false, true },
              { FIRING_RATE, "firing rate", true, true } };
#define SHOWN (sizeof shown / sizeof *shown)

static struct text spread(double mean, double deviation, bool per_cent)
{
    const double scale = per_cent ? 100 : 1;
    const int digits = per_cent ? 2 : 4;
    struct text out;

    if (!isfinite(mean))
        snprintf(out.s, sizeof out.s, "-");
    else if (!isfinite(deviation))
        snprintf(out.s, sizeof out.s, "%.*f%s", digits, scale * mean, per_cent ? "%" : "");
    else
        snprintf(out.s, sizeof out.s, "%.*f%s +- %.*f", digits, scale * mean, per_cent ? "%" : "", digits,
                 scale * deviation);
    return out;
}

/* More correct answers in the validation, or without one in the test; of as many, or where there are none, the lower
 * loss. */
static bool is_better(const struct row *a, const struct row *b)
{
    const bool validated = isfinite(a->mean[VALIDATION_LOSS]) && isfinite(b->mean[VALIDATION_LOSS]);
    const int accuracy = validated ? VALIDATION : ACCURACY, loss = validated ? VALIDATION_LOSS : LOSS;

    if (a->mean[accuracy] > b->mean[accuracy] || a->mean[accuracy] < b->mean[accuracy])
        return a->mean[accuracy] > b->mean[accuracy];
    return a->mean[loss] < b->mean[loss];
}

static const struct row *best_of(const struct rows *rows)
{
    const struct row *best = NULL;

    for (size_t r = 0; r < rows->count; r++)
        if (rows->row[r].runs > 0 && (!best || is_better(&rows->row[r], best)))
            best = &rows->row[r];
    return best;
}

/* For people, or as numbers for machines. */
static json_t *row_cells(const struct row *row, bool best, bool validated, bool raw)
{
    json_t *cells = json_array(), *value;
    const char *path;

    json_object_foreach(row->settings, path, value) json_array_append_new(cells, json_string(scalar_text(value).s));
    json_array_append_new(cells, json_sprintf("%zu", row->runs));
    for (size_t k = 0; k < FIGURES && raw; k++) {
        json_array_append_new(cells, grid_number(row->mean[k]));
        json_array_append_new(cells, grid_number(row->deviation[k]));
    }
    for (size_t i = 0; i < SHOWN && !raw; i++)
        if (shown[i].always || validated)
            json_array_append_new(
                cells, json_string(
                           spread(row->mean[shown[i].figure], row->deviation[shown[i].figure], shown[i].per_cent).s));
    if (!raw)
        json_array_append_new(cells, json_string(best ? "best" : ""));
    return cells;
}

static json_t *table_cells(const struct rows *rows, bool raw)
{
    json_t *cells = json_array(), *heading = json_array(), *value;
    const struct row *best = best_of(rows);
    const bool validated = best && isfinite(best->mean[VALIDATION_LOSS]);
    const char *path;

    json_object_foreach(rows->row[0].settings, path, value) json_array_append_new(heading, json_string(path));
    json_array_append_new(heading, json_string("runs"));
    for (size_t k = 0; k < FIGURES && raw; k++) {
        json_array_append_new(heading, json_sprintf("%s_mean", figures[k]));
        json_array_append_new(heading, json_sprintf("%s_deviation", figures[k]));
    }
    for (size_t i = 0; i < SHOWN && !raw; i++)
        if (shown[i].always || validated)
            json_array_append_new(heading, json_string(shown[i].heading));
    if (!raw)
        json_array_append_new(heading, json_string(""));
    json_array_append_new(cells, heading);
    for (size_t r = 0; r < rows->count; r++)
        json_array_append_new(cells,
                              row_cells(&rows->row[r], &rows->row[r] == best && rows->count > 1, validated, raw));
    return cells;
}

static int write_csv(const struct sweep *sweep, const struct rows *rows)
{
    json_t *cells = table_cells(rows, true);
    char path[4300];
    int status;

    snprintf(path, sizeof path, "%s/table.csv", sweep->folder);
    status = grid_write(cells, path);
    json_decref(cells);
    return status;
}

static void print_table(const struct rows *rows)
{
    json_t *cells = table_cells(rows, false);

    putchar('\n');
    grid_print(cells);
    json_decref(cells);
}

static void free_rows(struct rows *rows)
{
    for (size_t r = 0; r < rows->count; r++)
        json_decref(rows->row[r].settings);
    free(rows->row);
}

int sweep_table(const struct sweep *sweep)
{
    struct rows rows = { calloc(sweep->count, sizeof(struct row)), 0 };
    int status;

    if (!rows.row)
        return fail(FAILED, "out of memory");
    take_rows(&rows, sweep);
    status = write_json(sweep, &rows);
    if (status == DONE)
        status = write_csv(sweep, &rows);
    if (sweep->json)
        json_line(
            json_pack("{s:s, s:s, s:I}", "event", "end", "folder", sweep->folder, "runs", (json_int_t)sweep->count),
            9);
    else
        print_table(&rows);
    free_rows(&rows);
    return status;
}
