/* sweep.c - the settings that vary, and their combinations. */
#include "sweep.h"
#include "config.h"
#include "grid.h"
#include "params.h"
#include "tool.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS_MOST 100000
#define NAME_MOST 200

/* ---- lists among the arguments */

/* True if a comma separates values of the setting: texts of the library that are none of a few words may hold one. */
static bool may_vary(const char *path)
{
    const char *dot = strchr(path, '.');
    char section[16];
    const struct param *p = NULL;

    if (dot && (size_t)(dot - path) < sizeof section) {
        snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
        p = param_find(section, dot + 1, strlen(dot + 1));
    }
    switch (config_kind(path)) {
    case KIND_WHOLE:
    case KIND_REAL:
    case KIND_NETWORK:
        return true;
    case KIND_TEXT:
        return !p || p->info.choices;
    default:
        return false;
    }
}

/* The length of the first value. What follows a comma as KEY=VALUE is of the same network: NAME:KEY=VALUE,KEY=VALUE.
 */
static size_t first_value(const char *text, bool network)
{
    size_t n = strcspn(text, ",");

    while (network && text[n] == ',' && text[n + 1 + strcspn(text + n + 1, "=:,")] == '=')
        n += 1 + strcspn(text + n + 1, ",");
    return n;
}

static int add_axis(json_t *axes, const char *path, const char *name, const char *text)
{
    json_t *values = json_array(), *one = json_object();
    int status = DONE;
    char value[400];

    for (size_t n; status == DONE && *text; text += n + (text[n] == ',')) {
        n = first_value(text, config_kind(path) == KIND_NETWORK);
        snprintf(value, sizeof value, "%.*s", (int)n, text);
        status = config_set_text(one, path, name, value);
        if (status == DONE)
            json_array_append(values, config_get(one, path));
    }
    json_decref(one);
    json_object_set_new(axes, path, values);
    return status;
}

static const char *path_of(const struct flag *flags, const char *name)
{
    for (; flags->name; flags++)
        if (strcmp(flags->name, name) == 0)
            return flags->path;
    return strchr(name, '.') ? name : NULL;
}

int sweep_axes(json_t *axes, const struct flag *flags, int *argc, char **argv)
{
    int kept = 1, status = DONE;

    for (int i = 1; i < *argc && status == DONE; i++) {
        const char *word = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "", *equals = strchr(word, '=');
        const char *value = equals ? equals + 1 : i + 1 < *argc ? argv[i + 1] : "", *path;
        char name[96];

        snprintf(name, sizeof name, "%.*s", (int)(equals ? equals - word : (long)strlen(word)), word);
        path = path_of(flags, name);
        if (path && may_vary(path) && value[first_value(value, config_kind(path) == KIND_NETWORK)] == ',') {
            status = add_axis(axes, path, name, value);
            i += !equals;
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return status;
}

/* ---- their combinations */

/* A folder's name: "optimizer.lr=0.1,seed=2". */
static char *name_of(const json_t *settings)
{
    char name[1000] = "";
    size_t used = 0;
    const char *path;
    json_t *value;

    json_object_foreach((json_t *)settings, path, value)
    {
        if (used < NAME_MOST)
            used += (size_t)snprintf(name + used, sizeof name - used, "%s%s=%s", used ? "," : "", path,
                                     scalar_text(value).s);
    }
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("=,.-+_:", *c))
            *c = '_';
    return used <= NAME_MOST ? renamed(used ? name : "run", "", "") : NULL;
}

static int name_trial(const struct sweep *sweep, struct trial *trial)
{
    char folder[4300];

    trial->name = name_of(trial->settings);
    if (!trial->name)
        return fail(USAGE, "the names of runs, of their settings, would be longer than %d bytes", NAME_MOST);
    snprintf(folder, sizeof folder, "%.4000s/%s", sweep->folder, trial->name);
    trial->folder = renamed(folder, "", "");
    if (!trial->folder)
        return fail(FAILED, "out of memory");
    for (const struct trial *t = sweep->trial; t < trial; t++)
        if (strcmp(t->name, trial->name) == 0)
            return fail(USAGE, "two runs of the name %s: a value is given twice, or two differ too little",
                        trial->name);
    return DONE;
}

int sweep_trials(struct sweep *sweep)
{
    json_t *axes = json_object_get(sweep->plan, "axes"), *values;
    const char *path;
    int status = DONE;

    sweep->count = 1;
    json_object_foreach(axes, path, values) sweep->count *= json_array_size(values);
    if (sweep->count > TRIALS_MOST)
        return fail(USAGE, "%zu runs are more than %d", sweep->count, TRIALS_MOST);
    sweep->trial = calloc(sweep->count, sizeof *sweep->trial);
    if (!sweep->trial)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < sweep->count && status == DONE; i++) {
        struct trial *trial = &sweep->trial[i];
        size_t left = i, later = sweep->count;

        trial->settings = json_object();
        json_object_foreach(axes, path, values)
        {
            later /= json_array_size(values);
            json_object_set(trial->settings, path, json_array_get(values, left / later));
            left %= later;
        }
        status = name_trial(sweep, trial);
    }
    return status;
}
