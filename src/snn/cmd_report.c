/* cmd_report.c - snn report: one page of one or several runs. */
#include "command.h"
#include "outputs.h"
#include "params.h"
#include "report.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SAMPLES "1000"
#define DEPTH 2 /* folders below a folder */

static const struct flag flags[] = {
    { "save", "FILE.html", NULL, "the page; default report.html" },
    { "samples", "N", NULL,
      "test samples that every network runs on, for confusion, rates and rasters; default " SAMPLES "; 0: none" },
    { "data", "FORMAT:DIR", "data", "the data of all runs; default: those that each run names" },
    { "threads", "N", "threads", "0, the default: one per processor" },
    { "quiet", NULL, NULL, "no line at the end" },
    { NULL, NULL, NULL, NULL },
};

/* ---- finding runs ---- */

static bool ends_in(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);

    return n > m && strcmp(name + n - m, ending) == 0;
}

static bool is_file(const char *path)
{
    struct stat st;

    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A run of a model, a log or both; each may be NULL. */
static int add_run(struct report *report, const char *name, const char *model, const char *log)
{
    json_t *run = json_pack("{s:o}", "name", report_text(name));
    int status = log ? report_log(run, log) : DONE;

    if (status == DONE && model)
        status = report_model(run, report, model);
    json_array_append_new(report->runs, run);
    return status;
}

/* Of the runs of a sweep each has a folder, whose name says more than "model". */
static void shorten(char *name)
{
    if (ends_in(name, "/model"))
        name[strlen(name) - strlen("/model")] = '\0';
}

/* The log of a model: lines of JSON have more than the CSV, but may be those of an earlier run of the same name. */
static const char *fuller(const char *lines, const char *csv)
{
    struct stat a, b;

    if (!is_file(lines))
        return is_file(csv) ? csv : NULL;
    return stat(lines, &a) == 0 && stat(csv, &b) == 0 && a.st_mtime < b.st_mtime ? csv : lines;
}

/* A model with the log beside it, or the other way round. */
static int add_file(struct report *report, const char *path)
{
    const bool csv = ends_in(path, ".csv"), events = ends_in(path, ".jsonl") || ends_in(path, ".json");
    const char *ending = csv ? ".csv" : ends_in(path, ".jsonl") ? ".jsonl" : events ? ".json" : ".snn";
    char *name = renamed(path, ending, ""), *model = renamed(path, ending, ".snn"),
         *log = renamed(path, ending, ".csv"), *lines = renamed(path, ending, ".jsonl");
    int status = DONE;

    if (!name || !model || !log || !lines)
        status = fail(FAILED, "out of memory");
    else
        shorten(name);
    if (status == DONE && (csv || events))
        status = add_run(report, name, is_file(model) ? model : NULL, path);
    else if (status == DONE)
        status = add_run(report, name, path, fuller(lines, log));
    free(name);
    free(model);
    free(log);
    free(lines);
    return status;
}

/* Models of a folder, and logs without a model and without a fuller log. */
static bool is_run(const char *path)
{
    const char *ending = ends_in(path, ".csv") ? ".csv" : ".jsonl";
    char *model, *lines;
    bool alone;

    if (ends_in(path, ".snn"))
        return true;
    if (!ends_in(path, ending) || !report_is_log(path))
        return false;
    model = renamed(path, ending, ".snn");
    lines = renamed(path, ending, ".jsonl");
    alone = !is_file(model) && (ending[1] == 'j' || !is_file(lines));
    free(model);
    free(lines);
    return alone;
}

static int add_folder(struct report *report, const char *path, int depth);

static int add_entry(struct report *report, const char *folder, const char *name, int depth)
{
    char *base = strcmp(folder, ".") == 0 ? strdup("") : renamed(folder, "/", "/"),
         *path = base ? renamed(base, "", name) : NULL;
    struct stat st;
    int status = path ? DONE : fail(FAILED, "out of memory");

    if (status == DONE && stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode) && depth > 0)
            status = add_folder(report, path, depth - 1);
        else if (S_ISREG(st.st_mode) && is_run(path))
            status = add_file(report, path);
    }
    free(base);
    free(path);
    return status;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int add_folder(struct report *report, const char *path, int depth)
{
    struct dirent **entry;
    int n = scandir(path, &entry, visible, alphasort), status = DONE;

    if (n < 0)
        return fail(FAILED, "%s: cannot be read", path);
    for (int i = 0; i < n; i++) {
        if (status == DONE)
            status = add_entry(report, path, entry[i]->d_name, depth);
        free(entry[i]);
    }
    free(entry);
    return status;
}

int report_add(struct report *report, const char *path)
{
    const size_t before = json_array_size(report->runs);
    struct stat st;
    int status;

    if (stat(path, &st) != 0)
        return fail(FAILED, "%s: there is no such file or folder", path);
    status = S_ISDIR(st.st_mode) ? add_folder(report, path, DEPTH) : add_file(report, path);
    if (status == DONE && json_array_size(report->runs) == before)
        status = fail(FAILED, "%s: holds no model (.snn) and no log (.csv, .jsonl)", path);
    return status;
}

int report_check_output(const struct args *args, const struct output *output)
{
    int status = outputs_check(output, 1);

    for (size_t i = 0; i < args->count && status == DONE; i++)
        status = output_spares(output, args->positional[i]);
    return status == DONE && is_file(output->path) && report_is_log(output->path)
               ? fail(FAILED, "%s %s is the log of a run: name another file", output->what, output->path)
               : status;
}

/* ---- the command ---- */

static int write_page(struct report *report, const char *path)
{
    json_t *data = report_head(report->runs);
    size_t length;
    char *page = report_page(data, false, &length);
    int status = page ? output_replace(path, page, length) : fail(FAILED, "out of memory");

    free(page);
    json_decref(data);
    return status;
}

static int make_report(struct report *report, struct args *args, int argc, char **argv)
{
    int status = args_parse(args, flags, true, sizeof args->positional / sizeof *args->positional, argc, argv);
    const char *path = status == DONE && args_has(args, "save") ? args_text(args, "save") : "report.html";
    int64_t samples = 0;

    if (status == DONE && args->count == 0)
        status = fail(USAGE, "no run given: snn report RUN..., each a model, a log or a folder");
    if (status == DONE)
        status = args_whole(args, "samples", 0, 1000000, strtoll(SAMPLES, NULL, 10), &samples);
    if (status == DONE)
        status = report_check_output(args, &(struct output){ "--save", path, false });
    report->over = args->config;
    report->samples = (size_t)samples;
    for (size_t i = 0; i < args->count && status == DONE; i++)
        status = report_add(report, args->positional[i]);
    if (status == DONE)
        status = write_page(report, path);
    if (status == DONE && !args_has(args, "quiet"))
        printf("report   %s: %zu run%s\n", path, json_array_size(report->runs),
               json_array_size(report->runs) == 1 ? "" : "s");
    return status;
}

static int run(int argc, char **argv)
{
    struct report report = { .runs = json_array() };
    struct args args;
    int status = make_report(&report, &args, argc, argv);

    json_decref(report.runs);
    args_free(&args);
    return status;
}

const struct command report_command = {
    .name = "report",
    .does = "one page of one or several runs: curves, samples, costs, settings",
    .usage = "RUN... [FLAGS]",
    .about =
        "Writes one page of one or several runs, to be opened in a browser: a single file that loads nothing. A RUN "
        "is a model, whose log lies beside it; a log (CSV, or the lines of --json); or a folder that holds either, "
        "itself or in folders of its own. The page shows the curves of all runs, and of each the confusion matrix, "
        "firing rates, spikes and potentials of some samples, weights, operations, times, and how to train it "
        "again.",
    .flags = flags,
    .run = run,
};
