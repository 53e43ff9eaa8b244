/* config.c - the description of a run as JSON. */
#include "config.h"

#include "frames.h"
#include "params.h"
#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBIAN_FASHION_MNIST "/usr/share/datasets/fashion-mnist"

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
    { "train_steps", KIND_WHOLE },
    { "teacher", KIND_TEXT },
    { "start", KIND_TEXT },
    { "product_table", KIND_TEXT },
    { "data.series", KIND_WHOLE },
    { "data.inputs", KIND_TEXT },
    { "data.targets", KIND_TEXT },
    { "data.sequence", KIND_TEXT },
    { "data.window", KIND_WHOLE },
    { "data.stride", KIND_WHOLE },
    { "data.last", KIND_WHOLE },
    { "data.classes", KIND_NUMBERS },
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
    enum config_kind kind = config_kind(path);
    double real;
    long long whole;
    char *end;

    errno = 0;
    switch (kind) {
    case KIND_WHOLE:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            return config_set(config, path, json_integer(text[0] == 't'));
        whole = strtoll(text, &end, 10);
        if (end == text || *end || errno)
            return fail(USAGE, "--%s: \"%s\" is not a whole number", name, text);
        return config_set(config, path, json_integer(whole));
    case KIND_REAL:
        real = strtod(text, &end);
        if (end == text || *end || !isfinite(real))
            return fail(USAGE, "--%s: \"%s\" is not a number", name, text);
        return config_set(config, path, json_real(real));
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
                                          "a notation or an architecture object" };
    enum config_kind kind = config_kind(path);

    if (kind == KIND_NONE)
        return unknown_key(source, path);
    if (!fits(value, kind))
        return fail(FAILED, "%s: \"%s\" must be %s", source, path, wanted[kind]);
    return DONE;
}

static bool is_section(const char *key)
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
        if (!is_section(key)) {
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
    "data.format",
    "data.normalise",
    "data.mean",
    "data.deviation",
    "data.series",
    "data.inputs",
    "data.targets",
    "data.sequence",
    "data.window",
    "data.stride",
    "data.last",
    "data.classes",
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

/* How recordings become frames is all of use. */
static int take_frames(json_t *out, const json_t *parsed, const char *source)
{
    int status = DONE;
    const char *key;
    json_t *value;
    char path[96];

    json_object_foreach(json_object_get(parsed, "frames"), key, value)
    {
        snprintf(path, sizeof path, "frames.%.80s", key);
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
        status = take_frames(*out, parsed, source);
    if (status == DONE && config_whole(*out, "batch", 1) > FOREIGN_BATCH_MOST)
        status = config_set(*out, "batch", json_integer(FOREIGN_BATCH_MOST));
    *data = json_incref(json_object_get(parsed, "data"));
    json_decref(parsed);
    return status;
}

/* optimizer.epochs was filled in from epochs; it goes on following it until somebody sets it. */
static void unpin_schedule(json_t *base, const json_t *over)
{
    int64_t length = config_whole(base, "optimizer.epochs", -1);

    if (json_object_get(over, "epochs") && !config_get(over, "optimizer.epochs") &&
        length == config_whole(base, "epochs", -2))
        json_object_del(json_object_get(base, "optimizer"), "epochs");
}

/* Mean and deviation were measured on the data; other data or another kind of normalisation needs others. Where the
 * base names no data, they were given. */
static void unpin_normalisation(json_t *base, const json_t *over)
{
    static const char *const cause[] = { "data.format",  "data.dir",   "data.normalise",  "data.limit",
                                         "data.classes", "data.share", "data.share_seed", "data.inputs" };
    bool measured = config_get(base, "data.dir") && !config_get(over, "data.mean");

    for (size_t i = 0; i < sizeof cause / sizeof *cause; i++)
        if (measured && config_get(over, cause[i])) {
            json_object_del(json_object_get(base, "data"), "mean");
            json_object_del(json_object_get(base, "data"), "deviation");
        }
}

/* A recording has one frame for each step: who sets one of the two lets the other follow. */
static void unpin_frames(json_t *base, const json_t *over)
{
    bool frames = config_get(over, "frames.steps"), steps = config_get(over, "trainer.steps");

    if (frames && !steps)
        json_object_del(json_object_get(base, "trainer"), "steps");
    if (steps && !frames)
        json_object_del(json_object_get(base, "frames"), "steps");
}

void config_merge(json_t *base, const json_t *over)
{
    const char *key;
    json_t *value, *section;

    unpin_schedule(base, over);
    unpin_frames(base, over);
    unpin_normalisation(base, over);
    json_object_foreach((json_t *)over, key, value)
    {
        section = json_object_get(base, key);
        if (json_is_object(section) && json_is_object(value) && is_section(key))
            json_object_update(section, value);
        else
            json_object_set_new(base, key, json_deep_copy(value));
    }
}

/* Sets a default that nobody set. */
static void preset(json_t *config, const char *path, json_t *value)
{
    if (config_get(config, path))
        json_decref(value);
    else
        config_set(config, path, value);
}

int config_merge_file(json_t *base, const char *path)
{
    json_t *file = NULL;
    int status = config_load(&file, path);

    if (status == DONE)
        config_merge(base, file);
    json_decref(file);
    return status;
}

/* Defaults for spide, whose gradients carry the factor scale. */
static void preset_spide(json_t *config)
{
    const json_t *scale = config_get(config, "trainer.scale");

    preset(config, "trainer.steps", json_integer(30));
    preset(config, "trainer.loss", json_string("ce"));
    if (strcmp(config_text(config, "optimizer.name", ""), "sgd") == 0)
        preset(config, "optimizer.lr", json_real(0.05 / (scale ? json_number_value(scale) : 100.0)));
}

/* Frames of events are counts; poisson and latency take the values of pixels, from 0 to 1, as they are. */
static bool wants_plain(const json_t *config)
{
    return frames_is_layout(config_text(config, "data.format", "idx")) ||
           strcmp(config_text(config, "trainer.encoder", "direct"), "direct") != 0;
}

bool config_series(const json_t *config)
{
    return config_whole(config, "data.series", 0) != 0 || config_get(config, "data.targets");
}

void config_complete(json_t *config)
{
    const json_t *frames = config_get(config, "frames.steps");

    if (config_get(config, "teacher")) {
        preset(config, "trainer.distil", json_real(0.7));
        preset(config, "trainer.distil_tau", json_real(4));
    }
    preset(config, "network", json_string("784-800-10"));
    preset(config, "epochs", json_integer(15));
    preset(config, "batch", json_integer(128));
    preset(config, "seed", json_integer(1));
    if (!config_get(config, "data.dir") && access(DEBIAN_FASHION_MNIST, R_OK) == 0) {
        preset(config, "data.format", json_string("idx"));
        preset(config, "data.dir", json_string(DEBIAN_FASHION_MNIST));
    }
    preset(config, "data.normalise", json_string(wants_plain(config) ? "none" : "mean-std"));
    preset(config, "trainer.method", json_string("ottt"));
    preset(config, "optimizer.name", json_string("sgd"));
    if (json_is_integer(frames))
        preset(config, "trainer.steps", json_integer(json_integer_value(frames)));
    if (strcmp(config_text(config, "trainer.method", ""), "spide") == 0)
        preset_spide(config);
    if (!config_series(config))
        preset(config, "trainer.steps", json_integer(6));
    preset(config, "trainer.loss", json_string(config_get(config, "data.targets") ? "mse" : "ce_mse"));
    preset(config, "trainer.loss_mix", json_real(0.05));
    if (strcmp(config_text(config, "optimizer.name", ""), "sgd") == 0) {
        preset(config, "optimizer.lr", json_real(0.1));
        preset(config, "optimizer.momentum", json_real(0.9));
    }
    preset(config, "optimizer.schedule", json_string("cosine"));
    preset(config, "optimizer.epochs", json_integer(config_whole(config, "epochs", 15)));
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
