/* sweep_table.c - mean and standard deviation of each setting over its seeds. */
#include "outputs.h"
#include "sweep.h"
#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const figures[] = { "accuracy", "loss", "firing_rate", "synops_dense", "synops_mac", "synops_ac" };
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

static void print_cell(FILE *file, double x)
{
    if (isfinite(x))
        fprintf(file, ",%.9g", x);
    else
        fputc(',', file);
}

/* A text with a comma or a quote stands in quotes, as RFC 4180 has it. */
static void print_word(FILE *file, const char *word)
{
    const bool quoted = strpbrk(word, ",\"\n") != NULL;

    if (quoted)
        fputc('"', file);
    for (; *word; word++)
        fprintf(file, *word == '"' ? "\"\"" : "%c", *word);
    if (quoted)
        fputc('"', file);
}

static int write_csv(const struct sweep *sweep, const struct rows *rows)
{
    char path[4300], *text = NULL;
    const char *name;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    json_t *value;
    int status;

    if (!file)
        return fail(FAILED, "out of memory");
    json_object_foreach(rows->row[0].settings, name, value) fprintf(file, "%s,", name);
    fprintf(file, "runs");
    for (size_t k = 0; k < FIGURES; k++)
        fprintf(file, ",%s_mean,%s_deviation", figures[k], figures[k]);
    fputc('\n', file);
    for (size_t r = 0; r < rows->count; r++) {
        json_object_foreach(rows->row[r].settings, name, value)
        {
            print_word(file, sweep_value(value).s);
            fputc(',', file);
        }
        fprintf(file, "%zu", rows->row[r].runs);
        for (size_t k = 0; k < FIGURES; k++) {
            print_cell(file, rows->row[r].mean[k]);
            print_cell(file, rows->row[r].deviation[k]);
        }
        fputc('\n', file);
    }
    status = fclose(file) == 0 ? DONE : fail(FAILED, "out of memory");
    snprintf(path, sizeof path, "%s/table.csv", sweep->folder);
    if (status == DONE)
        status = output_replace(path, text, length);
    free(text);
    return status;
}

/* ---- for people */

static struct text spread(double mean, double deviation, double scale, int digits, const char *unit)
{
    struct text out;

    if (!isfinite(mean))
        snprintf(out.s, sizeof out.s, "-");
    else if (!isfinite(deviation))
        snprintf(out.s, sizeof out.s, "%.*f%s", digits, scale * mean, unit);
    else
        snprintf(out.s, sizeof out.s, "%.*f%s +- %.*f", digits, scale * mean, unit, digits, scale * deviation);
    return out;
}

/* More correct answers; of as many, or where there are none, the lower loss. */
static bool is_better(const struct row *a, const struct row *b)
{
    if (a->mean[0] > b->mean[0] || a->mean[0] < b->mean[0])
        return a->mean[0] > b->mean[0];
    return a->mean[1] < b->mean[1];
}

static const struct row *best_of(const struct rows *rows)
{
    const struct row *best = NULL;

    for (size_t r = 0; r < rows->count; r++)
        if (rows->row[r].runs > 0 && (!best || is_better(&rows->row[r], best)))
            best = &rows->row[r];
    return best;
}

static int width_of(const struct rows *rows, const char *name)
{
    size_t width = strlen(name);

    for (size_t r = 0; r < rows->count; r++) {
        size_t n = strlen(sweep_value(json_object_get(rows->row[r].settings, name)).s);
        width = n > width ? n : width;
    }
    return (int)width;
}

static void print_table(const struct rows *rows)
{
    const struct row *best = best_of(rows);
    const char *name;
    json_t *value;

    putchar('\n');
    json_object_foreach(rows->row[0].settings, name, value) printf("%-*s  ", width_of(rows, name), name);
    printf("runs  %-18s %-20s %s\n", "test accuracy", "test loss", "firing rate");
    for (size_t r = 0; r < rows->count; r++) {
        const struct row *row = &rows->row[r];

        json_object_foreach(row->settings, name, value) printf("%-*s  ", width_of(rows, name), sweep_value(value).s);
        printf("%4zu  %-18s %-20s %s%s\n", row->runs, spread(row->mean[0], row->deviation[0], 100, 2, "%").s,
               spread(row->mean[1], row->deviation[1], 1, 4, "").s,
               spread(row->mean[2], row->deviation[2], 100, 2, "%").s,
               row == best && rows->count > 1 ? "  best" : "");
    }
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
    if (status == DONE && sweep->json)
        json_line(
            json_pack("{s:s, s:s, s:I}", "event", "end", "folder", sweep->folder, "runs", (json_int_t)sweep->count),
            9);
    else if (status == DONE)
        print_table(&rows);
    free_rows(&rows);
    return status;
}
