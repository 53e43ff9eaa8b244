/* config.c - the description of a run as JSON. */
#include "config.h"

#include "number.h"
#include "params.h"
#include "tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The places that are not in the library's tables. */
static const struct {
    const char *path;
    enum config_kind kind;
} place[] = {
    { "network", KIND_NETWORK },
    { "epochs", KIND_WHOLE },
    { "batch", KIND_WHOLE },
    { "seed", KIND_WHOLE },
    { "threads", KIND_WHOLE },
    { "isa", KIND_TEXT },
    { "data", KIND_DATA },
    { "data.format", KIND_TEXT },
    { "data.dir", KIND_TEXT },
    { "data.cache", KIND_TEXT },
    { "data.normalise", KIND_TEXT },
    { "data.mean", KIND_NUMBERS },
    { "data.deviation", KIND_NUMBERS },
    { "neuron.type", KIND_TEXT },
    { "trainer.method", KIND_TEXT },
    { "optimizer.name", KIND_TEXT },
    { "dropout", KIND_REAL },
    { "binary", KIND_TEXT },
    { "back_weights", KIND_TEXT },
    { "lr_scale", KIND_TEXT },
    { "train_steps", KIND_WHOLE },
    { "validation", KIND_REAL },
    { "best_by", KIND_TEXT },
    { "keep_best", KIND_WHOLE },
    { "patience", KIND_WHOLE },
    { "test_every", KIND_WHOLE },
    { "teacher", KIND_TEXT },
    { "start", KIND_TEXT },
    { "product_table", KIND_TEXT },
    { "data.series", KIND_WHOLE },
    { "data.rank", KIND_WHOLE },
    { "data.inputs", KIND_TEXT },
    { "data.targets", KIND_TEXT },
    { "data.labels", KIND_TEXT },
    { "data.label_steps", KIND_WHOLE },
    { "data.sequence", KIND_TEXT },
    { "data.window", KIND_WHOLE },
    { "data.stride", KIND_WHOLE },
    { "data.last", KIND_WHOLE },
    { "data.classes", KIND_NUMBERS },
    { "data.class_names", KIND_NAMES },
    { "data.share", KIND_REAL },
    { "data.share_seed", KIND_WHOLE },
    { "data.test_limit", KIND_WHOLE },
    { "continual.tasks", KIND_WHOLE },
    { "continual.classes", KIND_WHOLE },
    { "continual.sets", KIND_TEXT },
    { "continual.heads", KIND_WHOLE },
    { "continual.rows", KIND_TEXT },
    { "continual.more", KIND_TEXT },
    { "continual.hebb_lr", KIND_TEXT },
    { "continual.lr", KIND_TEXT },
    { "continual.replay", KIND_WHOLE },
    { "continual.replay_epochs", KIND_WHOLE },
    { "continual.replay_lr", KIND_REAL },
};
#define PLACES (sizeof place / sizeof *place)

enum config_kind config_kind(const char *path)
{
    static const enum config_kind of_type[] = { KIND_NONE, KIND_WHOLE, KIND_REAL, KIND_TEXT };
    const char *dot = strchr(path, '.');
    char section[16];
    const struct param *p;

    for (size_t i = 0; i < PLACES; i++)
        if (strcmp(place[i].path, path) == 0)
            return place[i].kind;
    if (!dot || (size_t)(dot - path) >= sizeof section)
        return KIND_NONE;
    memcpy(section, path, (size_t)(dot - path));
    section[dot - path] = '\0';
    p = param_find(section, dot + 1, strlen(dot + 1));
    return p ? of_type[p->info.type & 3] : KIND_NONE;
}

json_t *config_get(const json_t *config, const char *path)
{
    const char *dot = strchr(path, '.');
    char section[32];

    if (!dot)
        return json_object_get(config, path);
    snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
    return json_object_get(json_object_get(config, section), dot + 1);
}

const char *config_text(const json_t *config, const char *path, const char *absent)
{
    const char *text = json_string_value(config_get(config, path));

    return text ? text : absent;
}

int64_t config_whole(const json_t *config, const char *path, int64_t absent)
{
    const json_t *value = config_get(config, path);

    return json_is_integer(value) ? (int64_t)json_integer_value(value) : absent;
}

int config_set(json_t *config, const char *path, json_t *value)
{
    const char *dot = strchr(path, '.');
    char section[32];
    json_t *object = config;

    if (dot) {
        snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
        object = json_object_get(config, section);
        if (!object) {
            object = json_object();
            if (json_object_set_new(config, section, object) != 0)
                object = NULL;
        }
    }
    if (!object || !value || json_object_set_new(object, dot ? dot + 1 : path, value) != 0)
        return fail(FAILED, "%s: a text that is not UTF-8", path); /* not out of memory: main.c checks that */
    return DONE;
}

/* "idx:DIR" */
static int set_data(json_t *config, const char *name, const char *text)
{
    const char *colon = strchr(text, ':');

    if (!colon || colon == text || !colon[1])
        return fail(USAGE, "--%s: \"%s\" is not FORMAT:DIR, as in idx:%s", name, text, DEBIAN_FASHION_MNIST);
    if (config_set(config, "data.format", json_stringn(text, (size_t)(colon - text))) != DONE)
        return USAGE;
    return config_set(config, "data.dir", json_string(colon + 1));
}

/* "0.4914,0.4822,0.4465" */
static int set_numbers(json_t *config, const char *path, const char *name, const char *text)
{
    json_t *list = json_array();
    const char *at = text;
    char *end;
    double value;

    do {
        value = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !isfinite(value)) {
            json_decref(list);
            return fail(USAGE, "--%s: \"%s\" is not a list of numbers, as in 0.5,0.25", name, text);
        }
        json_array_append_new(list, json_real(value));
        at = end + 1;
    } while (*end);
    return config_set(config, path, list);
}

int config_set_text(json_t *config, const char *path, const char *name, const char *text)
{
    int64_t whole;
    double real;
    int status;

    switch (config_kind(path)) {
    case KIND_WHOLE:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            return config_set(config, path, json_integer(text[0] == 't'));
        status = number_whole(name, text, INT64_MIN, INT64_MAX, &whole);
        return status == DONE ? config_set(config, path, json_integer(whole)) : status;
    case KIND_REAL:
        status = number_real(name, text, -INFINITY, INFINITY, &real);
        return status == DONE ? config_set(config, path, json_real(real)) : status;
    case KIND_NUMBERS:
        return set_numbers(config, path, name, text);
    case KIND_DATA:
        return set_data(config, name, text);
    case KIND_TEXT:
    case KIND_NETWORK:
        return config_set(config, path, json_string(text));
    default:
        return fail(USAGE, "unknown flag --%s", name);
    }
}

static int unknown_key(const char *source, const char *path)
{
    const char *words[PLACES + 1], *guess;
    size_t n = 0;

    if (strncmp(path, "frames.", 7) == 0 && param_owners("frames") == 0)
        return fail(FAILED,
                    "%s: \"%s\" is of recordings, which libsnn-events reads; this build lacks it (SNN_EVENTS)",
                    source, path);
    if (strncmp(path, "images.", 7) == 0 && param_owners("images") == 0)
        return fail(FAILED,
                    "%s: \"%s\" is of images on disk, which libsnn-images reads; this build lacks it (SNN_IMAGES)",
                    source, path);
    for (size_t i = 0; i < PLACES; i++)
        words[n++] = place[i].path;
    words[n] = NULL;
    guess = param_meant(path);
    if (!guess)
        guess = nearest(path, words);
    return fail(FAILED, "%s: unknown key \"%s\"%s%s%s", source, path, guess ? "; did you mean \"" : "",
                guess ? guess : "", guess ? "\"?" : "");
}

static bool fits(const json_t *value, enum config_kind kind)
{
    switch (kind) {
    case KIND_WHOLE:
        return json_is_integer(value) || json_is_boolean(value);
    case KIND_REAL:
        return json_is_number(value);
    case KIND_TEXT:
        return json_is_string(value);
    case KIND_NETWORK:
        return json_is_string(value) || json_is_object(value);
    case KIND_NUMBERS:
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!json_is_number(json_array_get(value, i)))
                return false;
        return json_is_array(value);
    case KIND_NAMES:
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!json_is_string(json_array_get(value, i)) && !json_is_null(json_array_get(value, i)))
                return false;
        return json_is_array(value);
    default:
        return false;
    }
}

static int check_value(const char *source, const char *path, const json_t *value)
{
    static const char *const wanted[] = { "",
                                          "a whole number",
                                          "a number",
                                          "a text",
                                          "numbers",
                                          "a section with format and dir",
                                          "a notation or an architecture object",
                                          "names, or null" };
    enum config_kind kind = config_kind(path);

    if (kind == KIND_NONE)
        return unknown_key(source, path);
    if (!fits(value, kind))
        return fail(FAILED, "%s: \"%s\" must be %s", source, path, wanted[kind]);
    return DONE;
}

bool config_is_section(const char *key)
{
    if (strcmp(key, "continual") == 0)
        return true;
    for (size_t i = 0; param_sections[i]; i++)
        if (strcmp(param_sections[i], key) == 0)
            return true;
    return false;
}

static int check(const json_t *config, const char *source)
{
    const char *key, *inner;
    json_t *value, *entry;
    char path[160];

    if (!json_is_object(config))
        return fail(FAILED, "%s: the configuration must be a JSON object", source);
    json_object_foreach((json_t *)config, key, value)
    {
        int status = DONE;
        if (!config_is_section(key)) {
            status = check_value(source, key, value);
        } else if (!json_is_object(value)) {
            status = fail(FAILED, "%s: \"%s\" must be an object", source, key);
        } else {
            json_object_foreach(value, inner, entry)
            {
                snprintf(path, sizeof path, "%s.%s", key, inner);
                status = check_value(source, path, entry);
                if (status != DONE)
                    break;
            }
        }
        if (status != DONE)
            return status;
    }
    return DONE;
}

static int checked(json_t **out, json_t *parsed, const json_error_t *error, const char *source)
{
    int status;

    *out = NULL;
    if (!parsed)
        return fail(FAILED, "%s: line %d, column %d: %s", source, error->line, error->column, error->text);
    status = check(parsed, source);
    if (status == DONE)
        *out = parsed;
    else
        json_decref(parsed);
    return status;
}

int config_load(json_t **out, const char *path)
{
    json_error_t error;
    FILE *file;
    json_t *parsed;

    *out = NULL;
    if (open_to_read(&file, path) != DONE)
        return FAILED;
    parsed = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    json_object_del(parsed,
                    "recipe"); /* the head of a file of snn recipe: it says what the run is, not how it runs */
    return checked(out, parsed, &error, path);
}

/* What belongs to the machine. */
static void drop_machine(json_t *config)
{
    json_object_del(config, "threads");
    json_object_del(config, "isa");
    json_object_del(config, "product_table");
    json_object_del(json_object_get(config, "data"), "cache");
}

int config_parse_run(json_t **out, const char *text, const char *source)
{
    json_error_t error;
    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    int status = checked(out, parsed, &error, source);

    drop_machine(*out);
    return status;
}

/* Of the note of a model: what describes the use of its network. */
static const char *const use[] = {
    "network",
    "seed",
    "batch",
    "validation",
    "data.format",
    "data.normalise",
    "data.mean",
    "data.deviation",
    "data.series",
    "data.rank",
    "data.inputs",
    "data.targets",
    "data.labels",
    "data.label_steps",
    "data.sequence",
    "data.window",
    "data.stride",
    "data.last",
    "data.classes",
    "data.class_names",
    "data.share",
    "data.share_seed",
    "data.test_limit",
    "trainer.method",
    "trainer.steps",
    "trainer.encoder",
    "trainer.loss",
    "trainer.loss_mix",
    "trainer.huber_delta",
    "trainer.mse_target",
    "trainer.mse_constant",
    "trainer.label_smoothing",
    "trainer.loss_on",
};

/* How recordings become frames, and images samples, is all of use. */
static int take_section(json_t *out, const json_t *parsed, const char *section, const char *source)
{
    int status = DONE;
    const char *key;
    json_t *value;
    char path[96];

    json_object_foreach(json_object_get(parsed, section), key, value)
    {
        snprintf(path, sizeof path, "%s.%.80s", section, key);
        status = check_value(source, path, value);
        if (status == DONE)
            status = config_set(out, path, json_incref(value));
        if (status != DONE)
            break;
    }
    return status;
}

int config_parse_use(json_t **out, json_t **data, const char *text, const char *source)
{
    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *value;
    int status = DONE;

    if (!json_is_object(parsed))
        status = fail(FAILED, "%s: its note \"" CONFIG_NOTE "\" is no JSON object", source);
    *out = json_object();
    for (size_t i = 0; i < sizeof use / sizeof *use && status == DONE; i++) {
        value = config_get(parsed, use[i]);
        if (value)
            status = check_value(source, use[i], value);
        if (value && status == DONE)
            status = config_set(*out, use[i], json_incref(value));
    }
    if (status == DONE)
        status = take_section(*out, parsed, "frames", source);
    if (status == DONE)
        status = take_section(*out, parsed, "images", source);
    if (status == DONE && config_whole(*out, "batch", 1) > FOREIGN_BATCH_MOST)
        status = config_set(*out, "batch", json_integer(FOREIGN_BATCH_MOST));
    *data = json_incref(json_object_get(parsed, "data"));
    json_decref(parsed);
    return status;
}

char *config_note(const json_t *config)
{
    json_t *copy = json_deep_copy(config);
    char *text;

    drop_machine(copy);
    text = json_dumps(copy, JSON_SORT_KEYS | JSON_REAL_PRECISION(17) | JSON_COMPACT);
    json_decref(copy);
    return text;
}
