/* report_command.c - the command line of a configuration: every setting, so that it does not depend on defaults. */
#include "report.h"
#include "train.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 96 /* of a line, about */

struct command {
    FILE *file;
    size_t column;
};

/* A word of the shell. */
static void put_quoted(FILE *file, const char *text)
{
    if (text[0] &&
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%") == strlen(text)) {
        fputs(text, file);
        return;
    }
    fputc('\'', file);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", file);
        else
            fputc(*text, file);
    fputc('\'', file);
}

/* As few digits as give the same number. */
static void put_real(FILE *file, double x)
{
    char text[40];

    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    fputs(text, file);
}

static void put_value(FILE *file, const json_t *value)
{
    size_t i;
    json_t *entry;

    if (json_is_string(value))
        put_quoted(file, json_string_value(value));
    else if (json_is_integer(value))
        fprintf(file, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        put_real(file, json_real_value(value));
    else
        json_array_foreach((json_t *)value, i, entry)
        {
            fputs(i ? "," : "", file);
            put_value(file, entry);
        }
}

/* One flag, on a new line where this one is long. */
static void put_flag(struct command *c, const char *name, const char *before, const json_t *value)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    if (!file)
        return;
    fputs("--", file);
    put_quoted(file, name);
    fputc(' ', file);
    fputs(before, file);
    put_value(file, value);
    fclose(file);
    if (c->column + length > COLUMNS) {
        fputs(" \\\n   ", c->file);
        c->column = 3;
    }
    fprintf(c->file, " %s", text);
    c->column += length + 1;
    free(text);
}

static bool is_empty(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) == 0;
}

/* The flag of snn train that has this place in a configuration, or the place itself. */
static const char *name_of(const char *path)
{
    for (const struct flag *f = train_flags; f->name; f++)
        if (f->path && strcmp(f->path, path) == 0)
            return f->name;
    return path;
}

static void put_section(struct command *c, const char *section, json_t *values)
{
    const char *key;
    char path[160];
    json_t *value;

    json_object_foreach(values, key, value)
    {
        snprintf(path, sizeof path, "%s.%s", section, key);
        if (!is_empty(value) && strcmp(path, "data.format") != 0 && strcmp(path, "data.dir") != 0)
            put_flag(c, name_of(path), "", value);
    }
}

static void put_data(struct command *c, const json_t *config)
{
    const char *format = config_text(config, "data.format", NULL);
    const json_t *directory = config_get(config, "data.dir");
    char before[64];

    if (!format || !json_is_string(directory))
        return;
    snprintf(before, sizeof before, "%.60s:", format);
    put_flag(c, "data", before, directory);
}

char *report_command_line(const json_t *config)
{
    static const char *const first[] = { "network", "epochs", "batch", "seed" };
    struct command c = { 0 };
    const char *key;
    char *text = NULL;
    size_t length;
    json_t *value;

    if (!json_is_string(config_get(config, "network")) || !(c.file = open_memstream(&text, &length)))
        return NULL;
    c.column = (size_t)fprintf(c.file, "snn %s", json_object_get(config, "continual") ? "continual" : "train");
    put_data(&c, config);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (config_get(config, first[i]))
            put_flag(&c, name_of(first[i]), "", config_get(config, first[i]));
    json_object_foreach((json_t *)config, key, value) if (json_is_object(value)) put_section(&c, key, value);
    else if (strcmp(key, "network") != 0 && strcmp(key, "epochs") != 0 && strcmp(key, "batch") != 0 &&
             strcmp(key, "seed") != 0) put_flag(&c, name_of(key), "", value);
    fclose(c.file);
    return text;
}
