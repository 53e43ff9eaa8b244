/* cmd_compare.c - snn compare: the settings in which runs differ, and their figures. */
#include "command.h"
#include "grid.h"
#include "report.h"
#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct flag flags[] = {
    { "csv", "FILE", NULL, "write the table there, too, as numbers" },
    { "json", NULL, NULL, "one JSON object for each run on standard output" },
    { NULL, NULL, NULL, NULL },
};

/* Figures of a run, and which of two is better. */
static const struct figure {
    const char *name, *log; /* in the figures of a model; a column of the log, its last value */
    const char *heading;
    enum { PERCENT, DECIMAL, COUNT, TIME } form;
    int better; /* 1: the larger, -1: the smaller, 0: neither */
} figures[] = {
    { "accuracy", "test_accuracy", "test accuracy", PERCENT, 1 },
    { "validation_accuracy", "validation_accuracy", "validation", PERCENT, 1 },
    { "loss", "test_loss", "test loss", DECIMAL, -1 },
    { "top5", "test_top5", "test top-5", PERCENT, 1 },
    { NULL, "train_accuracy", "training accuracy", PERCENT, 0 },
    { "firing_rate", "firing_rate", "firing rate", PERCENT, -1 },
    { "synops_mac", NULL, "MACs", COUNT, -1 },
    { "synops_ac", NULL, "ACs", COUNT, -1 },
    { "parameters", NULL, "parameters", COUNT, -1 },
    { NULL, "epoch", "epochs done", COUNT, 0 },
    { NULL, "seconds", "time", TIME, -1 },
};
#define FIGURES (sizeof figures / sizeof *figures)

/* ---- what is compared */

/* "section.key" -> value. */
static json_t *flat(const json_t *config)
{
    json_t *out = json_object(), *value, *inner;
    const char *key, *name;
    char path[200];

    json_object_foreach((json_t *)config, key, value)
    {
        if (!config_is_section(key) || !json_is_object(value)) {
            json_object_set(out, key, value);
            continue;
        }
        json_object_foreach(value, name, inner)
        {
            snprintf(path, sizeof path, "%.90s.%.90s", key, name);
            json_object_set(out, path, inner);
        }
    }
    return out;
}

/* Paths at which not all runs have the same value. */
static json_t *differing(json_t *runs)
{
    json_t *out = json_array(), *all = json_object(), *run, *value;
    const char *path;
    size_t i;

    json_array_foreach(runs, i, run)
    {
        json_object_set_new(run, "flat", flat(json_object_get(run, "config")));
        json_object_update(all, json_object_get(run, "flat"));
    }
    json_object_foreach(all, path, value)
    {
        bool same = true;

        json_array_foreach(runs, i, run) same =
            same && (!json_object_get(run, "config") ||
                     json_equal(json_object_get(json_object_get(run, "flat"), path), value));
        if (!same)
            json_array_append_new(out, json_string(path));
    }
    json_decref(all);
    return out;
}

/* The last number of a column of the log; of seconds the sum. */
static double of_log(const json_t *run, const char *column)
{
    const json_t *list = json_object_get(json_object_get(run, "log"), column);
    double last = NAN, sum = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_number(json_array_get(list, i))) {
            last = json_number_value(json_array_get(list, i));
            sum += last;
        }
    return strcmp(column, "seconds") == 0 && isfinite(last) ? sum : last;
}

static double figure_of(const json_t *run, const struct figure *f)
{
    const json_t *value = f->name ? json_object_get(json_object_get(run, "figures"), f->name) : NULL;

    if (f->name && strcmp(f->name, "parameters") == 0)
        value = json_object_get(run, f->name);
    if (json_is_number(value))
        return json_number_value(value);
    return f->log ? of_log(run, f->log) : NAN;
}

/* True if no run has a better figure, and one has a worse. */
static bool is_best(const json_t *runs, const struct figure *f, double x)
{
    bool worse = false;

    if (f->better == 0 || !isfinite(x))
        return false;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        double other = figure_of(json_array_get(runs, i), f);

        if (f->better * other > f->better * x)
            return false;
        worse = worse || f->better * other < f->better * x;
    }
    return worse;
}

static bool is_known(const json_t *runs, const struct figure *f)
{
    for (size_t i = 0; i < json_array_size(runs); i++)
        if (isfinite(figure_of(json_array_get(runs, i), f)))
            return true;
    return false;
}

/* Outputs of the network; 0 if only its log is there. */
static size_t outputs_of(const json_t *run)
{
    const json_t *layers = json_object_get(run, "layers"), *out, *length;
    size_t i, outputs = 1;

    if (json_array_size(layers) == 0)
        return 0;
    out = json_object_get(json_array_get(layers, json_array_size(layers) - 1), "out");
    json_array_foreach(out, i, length) outputs *= (size_t)json_integer_value(length);
    return outputs;
}

/* Figures that all runs lack are left out, and for people the five likeliest of ten classes or less. */
static bool is_shown(const json_t *runs, const struct figure *f, bool raw)
{
    bool many = raw || strcmp(f->heading, "test top-5") != 0;

    for (size_t i = 0; i < json_array_size(runs) && !many; i++)
        many = outputs_of(json_array_get(runs, i)) > 10;
    return many && is_known(runs, f);
}

/* ---- cells */

static json_t *setting_cell(const json_t *value)
{
    char *text;
    json_t *out;

    if (!value || json_is_string(value) || json_is_number(value))
        return json_string(value ? scalar_text(value).s : "");
    text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(6));
    out = report_text(text ? text : "");
    free(text);
    return out;
}

static json_t *figure_cell(const struct figure *f, double x, bool best)
{
    char text[80];

    if (!isfinite(x))
        return json_string("-");
    switch (f->form) {
    case PERCENT:
        snprintf(text, sizeof text, "%.2f%%", 100 * x);
        break;
    case DECIMAL:
        snprintf(text, sizeof text, "%.4f", x);
        break;
    case COUNT:
        snprintf(text, sizeof text, "%s", grouped((uint64_t)(x + 0.5)).s);
        break;
    default:
        if (x < 60)
            snprintf(text, sizeof text, "%.1f s", x);
        else
            snprintf(text, sizeof text, "%s", clock_time(x).s);
    }
    if (best)
        strcat(text, " best");
    return json_string(text);
}

/* Rows of texts, the first the headings: for people, or as numbers for machines. */
static json_t *rows_of(const json_t *runs, const json_t *paths, bool raw)
{
    json_t *rows = json_array(), *row = json_pack("[s]", "run");

    for (size_t k = 0; k < json_array_size(paths); k++)
        json_array_append(row, json_array_get(paths, k));
    for (size_t k = 0; k < FIGURES; k++)
        if (is_shown(runs, &figures[k], raw))
            json_array_append_new(row, json_string(!raw              ? figures[k].heading
                                                   : figures[k].name ? figures[k].name
                                                                     : figures[k].log));
    json_array_append_new(rows, row);
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);

        row = json_pack("[O]", json_object_get(run, "name"));
        for (size_t k = 0; k < json_array_size(paths); k++)
            json_array_append_new(row, setting_cell(json_object_get(json_object_get(run, "flat"),
                                                                    json_string_value(json_array_get(paths, k)))));
        for (size_t k = 0; k < FIGURES; k++) {
            double x = figure_of(run, &figures[k]);

            if (!is_shown(runs, &figures[k], raw))
                continue;
            json_array_append_new(row,
                                  raw ? grid_number(x) : figure_cell(&figures[k], x, is_best(runs, &figures[k], x)));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

/* ---- output */

static void print_json(const json_t *runs, const json_t *paths)
{
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        json_t *settings = json_object(), *of = json_object();

        for (size_t k = 0; k < json_array_size(paths); k++) {
            const char *path = json_string_value(json_array_get(paths, k));
            json_object_set(settings, path, json_object_get(json_object_get(run, "flat"), path));
        }
        for (size_t k = 0; k < FIGURES; k++)
            json_object_set_new(of, figures[k].name ? figures[k].name : figures[k].log,
                                json_figure(figure_of(run, &figures[k])));
        json_line(
            json_pack("{s:O, s:o, s:o}", "name", json_object_get(run, "name"), "settings", settings, "figures", of),
            9);
    }
}

static int compare(struct report *report, struct args *args, int argc, char **argv)
{
    int status = args_parse(args, flags, false, sizeof args->positional / sizeof *args->positional, argc, argv);
    const char *csv = status == DONE ? args_text(args, "csv") : NULL;
    json_t *paths, *rows;

    if (status == DONE && args->count == 0)
        status = fail(USAGE, "no run given: snn compare RUN..., each a model, a log or a folder");
    if (status == DONE)
        status = report_check_output(args, &(struct output){ "--csv", csv, false });
    for (size_t i = 0; i < args->count && status == DONE; i++)
        status = report_add(report, args->positional[i]);
    if (status != DONE)
        return status;
    paths = differing(report->runs);
    if (args_has(args, "json")) {
        print_json(report->runs, paths);
    } else {
        rows = rows_of(report->runs, paths, false);
        grid_print(rows);
        json_decref(rows);
    }
    rows = rows_of(report->runs, paths, true);
    if (csv)
        status = grid_write(rows, csv);
    json_decref(rows);
    json_decref(paths);
    return status;
}

static int run(int argc, char **argv)
{
    struct report report = { .over = NULL, .samples = 0, .runs = json_array() };
    struct args args;
    int status = compare(&report, &args, argc, argv);

    json_decref(report.runs);
    args_free(&args);
    return status;
}

const struct command compare_command = {
    .name = "compare",
    .does = "settings in which runs differ, and their figures, in one table",
    .usage = "RUN... [FLAGS]",
    .about = "A line for each run: the settings in which the runs differ, accuracy, loss, firing rate, operations, "
             "parameters and time, with the word best at the best of them. RUN is a model, a log, or a folder of "
             "them, as of snn sweep.",
    .flags = flags,
    .run = run,
};
