/* config.h - the description of a run as one JSON object: what a configuration file holds, what flags change, and
 * what a model file carries as its note "run".
 *
 *   { "network": "784-800-10" or an architecture object,
 *     "data":      { "format": "idx", "dir": "...", "normalise": "mean-std", "mean": [..], "deviation": [..], ... },
 *     "frames":    { "cut": "time", "steps": 10, ... },
 *     "images":    { "size": 224, "brightness": 0.4, ... },
 *     "neuron":    { "type": "lif", "tau": 2, ... },
 *     "trainer":   { "method": "ottt", "steps": 6, ... },
 *     "optimizer": { "name": "sgd", "lr": 0.1, ... },
 *     "continual": { "tasks": 10, "rows": "80,200,100", ... },
 *     "validation": 0.1, "keep_best": 1, "patience": 5, "test_every": 1,
 *     "epochs": 15, "batch": 128, "seed": 1, "threads": 0, "isa": "best", "product_table": "FILE" }
 *
 * The dots are the parameters of the library's tables, under their names; "continual" is for a sequence of tasks. */
#ifndef SNN_TOOL_CONFIG_H
#define SNN_TOOL_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define DEBIAN_FASHION_MNIST "/usr/share/datasets/fashion-mnist"

#define CONFIG_NOTE "run" /* key of the note in model files */
#define RATES_NOTE "rates"
#define TASKS_NOTE "tasks"      /* of a sequence: {"accuracy": [[of task j after task i]], "acc", "bwt"} */
#define FILES_NOTE "tool.files" /* of a checkpoint: what the run is to write */

/* The kinds of values in a configuration. */
enum config_kind {
    KIND_NONE, /* there is no such place */
    KIND_WHOLE,
    KIND_REAL,
    KIND_TEXT,
    KIND_NUMBERS, /* an array of numbers */
    KIND_DATA,    /* a section; as a flag FORMAT:DIR */
    KIND_NETWORK, /* a notation or an architecture object */
    KIND_NAMES    /* an array of texts, null where there is none; no flag */
};
enum config_kind config_kind(const char *path);
/* A key whose value is an object of settings. */
bool config_is_section(const char *key);

/* Value at "trainer.steps" (borrowed), or NULL; as text and as whole number, with a value for when it is absent. */
json_t *config_get(const json_t *config, const char *path);
const char *config_text(const json_t *config, const char *path, const char *absent);
int64_t config_whole(const json_t *config, const char *path, int64_t absent);

/* Puts a value (stolen) at a path, making the section if needed. */
int config_set(json_t *config, const char *path, json_t *value);
/* The same from the text of a flag; "name" is for messages. Returns DONE or USAGE. */
int config_set_text(json_t *config, const char *path, const char *name, const char *text);

/* Reads a file and holds every key against the tables. Returns DONE or FAILED. */
int config_load(json_t **out, const char *path);
/* Lays a file over `base`. Returns DONE or FAILED. */
int config_merge_file(json_t *base, const char *path);
/* The configuration that a checkpoint carried, without what belongs to the machine; `source` is for messages. */
int config_parse_run(json_t **out, const char *text, const char *source);
/* Of the one that a model carried, what describes the use of its network: a model may come from anywhere, and does
 * not say what else to read, or how much of the machine to take. `data`: its section about data, as it is, or
 * NULL. */
int config_parse_use(json_t **out, json_t **data, const char *text, const char *source);
#define FOREIGN_BATCH_MOST 1024

/* Lays `over` on top of `base`: sections are merged, anything else is replaced. The length of the cosine and the
 * normalisation follow what they were derived from. */
void config_merge(json_t *base, const json_t *over);
/* Fills in the tool's defaults. The steps of series follow their data. */
void config_complete(json_t *config);
/* True if the data are series, whose files say how many steps there are. */
bool config_series(const json_t *config);
/* The text for CONFIG_NOTE: without what belongs to the machine (threads, isa,
 * product_table). To be freed with free(). */
char *config_note(const json_t *config);

#endif
