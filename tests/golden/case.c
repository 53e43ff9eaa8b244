#include "case.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);
    size_t n;

    if (f == NULL || text == NULL) {
        fprintf(stderr, "%s: cannot be opened\n", path);
        free(text);
        if (f)
            fclose(f);
        return NULL;
    }
    n = fread(text, 1, (1 << 20) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static bool add_array(struct golden_case *c, const char *name)
{
    struct case_array *a = &c->array[c->n_arrays];
    char path[1200];

    if (c->n_arrays == CASE_ARRAYS_MAX)
        return false;
    snprintf(a->name, sizeof a->name, "%s", name);
    snprintf(path, sizeof path, "%s/%s.npy", c->dir, name);
    if (!npy_read(&a->want, path))
        return false;
    c->n_arrays++;
    return true;
}

static bool add_layer(struct case_layer *l, char *line)
{
    for (char *word = strtok(line, " "); word != NULL && l->n < CASE_WORDS_MAX; word = strtok(NULL, " "))
        l->word[l->n++] = word;
    return l->n >= 2;
}

static bool parse_line(struct golden_case *c, char *line)
{
    char *value = strchr(line, ' ');

    if (line[0] == '#' || line[0] == '\0')
        return true;
    if (value == NULL)
        return false;
    *value++ = '\0';
    if (strcmp(line, "shape") == 0) {
        value[strcspn(value, " ")] = '\0';
        return add_array(c, value);
    }
    if (strcmp(line, "layer") == 0)
        return c->n_layers < CASE_LAYERS_MAX && add_layer(&c->layer[c->n_layers++], value);
    if (strcmp(line, "lateral") == 0)
        return c->n_laterals < CASE_LAYERS_MAX && add_layer(&c->lateral[c->n_laterals++], value);
    if (strcmp(line, "rate") == 0 || c->n_keys == CASE_WORDS_MAX)
        return true;
    c->key[c->n_keys] = line;
    c->value[c->n_keys++] = value;
    return true;
}

bool case_load(struct golden_case *c, const char *dir)
{
    char path[1200], *line, *next;

    memset(c, 0, sizeof *c);
    snprintf(c->dir, sizeof c->dir, "%s", dir);
    snprintf(path, sizeof path, "%s/case.txt", dir);
    c->text = read_text(path);
    for (line = c->text; line != NULL && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (!parse_line(c, line)) {
            fprintf(stderr, "%s: cannot use the line that begins with \"%s\"\n", path, line);
            return false;
        }
    }
    return c->text != NULL && c->n_arrays > 0;
}

void case_free(struct golden_case *c)
{
    for (size_t i = 0; i < c->n_arrays; i++) {
        free(c->array[i].want.data);
        free(c->array[i].got);
    }
    free(c->text);
}

const char *case_text(const struct golden_case *c, const char *key, const char *otherwise)
{
    for (size_t i = 0; i < c->n_keys; i++)
        if (strcmp(c->key[i], key) == 0)
            return c->value[i];
    return otherwise;
}

double case_number(const struct golden_case *c, const char *key, double otherwise)
{
    const char *text = case_text(c, key, NULL);

    return text ? strtod(text, NULL) : otherwise;
}

const char *case_layer_text(const struct case_layer *layer, const char *key)
{
    for (size_t i = 2; i + 1 < layer->n; i++)
        if (strcmp(layer->word[i], key) == 0)
            return layer->word[i + 1];
    return NULL;
}

double case_layer_number(const struct case_layer *layer, const char *key, double otherwise)
{
    const char *text = case_layer_text(layer, key);

    return text ? strtod(text, NULL) : otherwise;
}

float *case_room(struct case_array *a)
{
    if (a->got == NULL)
        a->got = calloc(a->want.length, sizeof *a->got);
    return a->got;
}

struct case_array *case_array(struct golden_case *c, const char *format, ...)
{
    char name[128];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    for (size_t i = 0; i < c->n_arrays; i++)
        if (strcmp(c->array[i].name, name) == 0)
            return &c->array[i];
    return NULL;
}
