#include "case.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
    FILE *f = npy_open(path);
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

/* "3 2 6 6"; a single number may be written without a shape */
static bool is_shape(const struct npy *a, const char *text)
{
    for (size_t i = 0; i < a->rank; i++) {
        char *end;

        if (strtoul(text, &end, 10) != a->dim[i] || end == text)
            return false;
        text = end;
    }
    return text[strspn(text, " \r")] == '\0';
}

/* "NAME DIM DIM ..." */
static bool add_array(struct golden_case *c, char *line)
{
    struct case_array *a = &c->array[c->n_arrays];
    char *shape = line + strcspn(line, " ");
    char path[1200];

    if (c->n_arrays == CASE_ARRAYS_MAX)
        return false;
    if (*shape)
        *shape++ = '\0';
    if (line[0] == '\0' || strlen(line) >= sizeof a->name || strchr(line, '/') != NULL ||
        case_array(c, "%s", line) != NULL)
        return false;
    snprintf(a->name, sizeof a->name, "%s", line);
    snprintf(path, sizeof path, "%s/%s.npy", c->dir, line);
    if (!npy_read(&a->want, path))
        return false;
    c->n_arrays++;
    return is_shape(&a->want, shape);
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
    if (strcmp(line, "shape") == 0)
        return add_array(c, value);
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
    if (c->text != NULL && c->n_arrays == 0)
        fprintf(stderr, "%s: no line \"shape NAME ...\", so nothing to compare\n", path);
    return c->n_arrays > 0;
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

int64_t case_whole(const struct golden_case *c, const char *key, int64_t otherwise)
{
    double x = case_number(c, key, (double)otherwise);

    return fabs(x) <= 1e9 && x == floor(x) ? (int64_t)x : INT64_MIN;
}

size_t case_count(const struct golden_case *c, const char *key, int64_t otherwise, size_t most)
{
    int64_t n = case_whole(c, key, otherwise);

    if (n >= 1 && (uint64_t)n <= most)
        return (size_t)n;
    fprintf(stderr, "%s: %s is not in 1 .. %zu\n", c->dir, key, most);
    return 0;
}

const char *case_layer_text(const struct case_layer *layer, const char *key)
{
    for (size_t i = 2; layer != NULL && i + 1 < layer->n; i++)
        if (strcmp(layer->word[i], key) == 0)
            return layer->word[i + 1];
    return NULL;
}

double case_layer_number(const struct case_layer *layer, const char *key, double otherwise)
{
    const char *text = case_layer_text(layer, key);

    return text ? strtod(text, NULL) : otherwise;
}

float *case_room(struct case_array *a, size_t n)
{
    if (a == NULL || a->want.length != n)
        return NULL;
    if (a->got == NULL)
        a->got = calloc(n, sizeof *a->got);
    return a->got;
}

const float *case_got(const struct case_array *a, size_t n)
{
    return a != NULL && a->want.length == n ? a->got : NULL;
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

float *case_given(struct golden_case *c, size_t n, const char *name)
{
    struct case_array *a = case_array(c, "%s", name);

    if (a == NULL || (n > 0 && a->want.length != n)) {
        fprintf(stderr, "%s: no array %s of %zu numbers\n", c->dir, name, n);
        return NULL;
    }
    a->used = true;
    return a->want.data;
}

const size_t *case_shape(struct golden_case *c, size_t rank, const char *name)
{
    const struct case_array *a = case_array(c, "%s", name);

    if (a != NULL && a->want.rank == rank)
        return a->want.dim;
    fprintf(stderr, "%s: no array %s of rank %zu\n", c->dir, name, rank);
    return NULL;
}

bool case_labels(struct golden_case *c, const float *x, size_t n, size_t classes, uint32_t *labels)
{
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] >= 0 && x[i] < (float)classes && x[i] == floorf(x[i]))) {
            fprintf(stderr, "%s: a label is no whole number below %zu\n", c->dir, classes);
            return false;
        }
        labels[i] = (uint32_t)x[i];
    }
    return true;
}
