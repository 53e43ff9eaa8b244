/* report_log.c - logs of runs: the CSV of snn train, and the lines of --json. Columns are taken by their names. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS_MOST 512

/* Adds a number to a column; epochs before it that had none get null. */
static void put(json_t *log, const char *column, size_t row, json_t *value)
{
    json_t *list = json_object_get(log, column);

    if (!list) {
        list = json_array();
        if (json_object_set_new(log, column, list) != 0) { /* a name that is not UTF-8 */
            json_decref(value);
            return;
        }
    }
    while (json_array_size(list) < row)
        json_array_append_new(list, json_null());
    json_array_append_new(list, value);
}

/* Columns that ended early are filled up. */
static void level(json_t *log, size_t rows)
{
    const char *name;
    json_t *list;

    json_object_foreach(log, name, list) while (json_array_size(list) < rows)
        json_array_append_new(list, json_null());
}

/* ---- CSV ---- */

/* The next cell, cut off in place; NULL at the end. */
static char *cell(char **line)
{
    char *begin = *line;
    size_t n = begin ? strcspn(begin, ",\r\n") : 0;

    if (!begin)
        return NULL;
    *line = begin[n] == ',' ? begin + n + 1 : NULL;
    begin[n] = '\0';
    return begin;
}

/* A cell that is no finite number is null. */
static json_t *number(const char *text)
{
    char *end;
    double x;

    if (!text || !text[0])
        return json_null();
    if (text[strspn(text, "0123456789")] == '\0' && strlen(text) < 18)
        return json_integer(strtoll(text, NULL, 10));
    x = strtod(text, &end);
    return *end == '\0' ? json_figure(x) : json_null();
}

static void take_row(json_t *log, char *const *column, size_t columns, size_t row, char *line)
{
    for (size_t i = 0; i < columns; i++)
        put(log, column[i], row, number(cell(&line)));
}

static size_t read_csv(json_t *log, FILE *file, char *heading)
{
    char *column[COLUMNS_MOST], *line = NULL, *at = heading;
    size_t columns = 0, rows = 0, room = 0;

    while (columns < COLUMNS_MOST && (column[columns] = cell(&at)) != NULL)
        columns++;
    while (getline(&line, &room, file) > 0)
        take_row(log, column, columns, rows++, line);
    free(line);
    return rows;
}

/* ---- lines of JSON ---- */

/* Figures of an object; `before` goes before their names. */
static void take_figures(json_t *log, const json_t *figures, const char *before, size_t row)
{
    char column[160];
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)figures, name, value)
    {
        snprintf(column, sizeof column, "%s%s", before, name);
        if (json_is_number(value) || json_is_null(value))
            put(log, column, row, json_incref(value));
    }
}

void report_log_row(json_t *log, const json_t *event, size_t row)
{
    take_figures(log, event, "", row);
    take_figures(log, json_object_get(event, "rates"), "rate_", row);
}

/* The start has the configuration, the end the figures; tasks give a row of accuracies each. */
static void take_event(json_t *run, json_t *log, json_t *event, size_t *rows)
{
    const char *kind = json_string_value(json_object_get(event, "event"));

    if (!kind)
        return;
    if (strcmp(kind, "epoch") == 0) {
        report_log_row(log, event, (*rows)++);
    } else if (strcmp(kind, "start") == 0) {
        json_object_set(run, "config", json_object_get(event, "config"));
        json_object_del(event, "config");
        json_object_set(run, "start", event);
    } else if (strcmp(kind, "end") == 0) {
        json_object_set(run, "end", event);
    } else if (strcmp(kind, "task") == 0) {
        json_t *tasks = json_object_get(run, "tasks");

        if (!tasks) {
            tasks = json_pack("{s:[]}", "accuracy");
            json_object_set_new(run, "tasks", tasks);
        }
        json_array_append(json_object_get(tasks, "accuracy"), json_object_get(event, "accuracy"));
    }
}

static size_t read_lines(json_t *run, json_t *log, FILE *file, char *first)
{
    char *line = strdup(first);
    size_t rows = 0, room = line ? strlen(line) + 1 : 0;

    while (line) {
        json_t *event = json_loads(line, 0, NULL);

        if (json_is_object(event))
            take_event(run, log, event, &rows);
        json_decref(event);
        if (getline(&line, &room, file) <= 0)
            break;
    }
    free(line);
    return rows;
}

/* The first line of a log, of either kind. */
static bool begins_log(const char *line)
{
    return line && (strncmp(line, "epoch,", 6) == 0 || strncmp(line, "{\"event\":", 9) == 0);
}

bool report_is_log(const char *path)
{
    char line[16] = "";
    FILE *file = fopen(path, "re");

    if (!file)
        return false;
    if (!fgets(line, sizeof line, file))
        line[0] = '\0';
    fclose(file);
    return begins_log(line);
}

int report_log(json_t *run, const char *path)
{
    json_t *log = json_object();
    char *line = NULL;
    size_t room = 0, rows = 0;
    FILE *file;
    int status = open_to_read(&file, path);

    if (status == DONE && (getline(&line, &room, file) <= 0 || !begins_log(line)))
        status = fail(FAILED, "%s: is no log of snn train", path);
    else if (status == DONE)
        rows = line[0] == '{' ? read_lines(run, log, file, line) : read_csv(log, file, line);
    if (file)
        fclose(file);
    free(line);
    level(log, rows);
    json_object_set_new(run, "log", log);
    return status;
}
