/* params.h - the library's parameter tables, gathered for flags, configuration files and help. */
#ifndef SNN_TOOL_PARAMS_H
#define SNN_TOOL_PARAMS_H

#include <snn/param.h>
#include <snn/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One parameter of a section. The strings of `info` live as long as the library. */
struct param {
    const char *section; /* "trainer" */
    snn_param_info info; /* of the first owner */
    char owners[96];     /* "sgd, adam": who has it */
    uint32_t has;        /* a bit for each owner of the section */
    unsigned count;      /* number of owners */
    bool varies;         /* owners have different defaults */
};

/* The parameter calls of one kind of objects, so that one loop serves them all. */
struct param_calls {
    snn_status (*set_text)(void *object, const char *name, const char *value);
    snn_status (*get_i64)(const void *object, int32_t key, int64_t *value);
    snn_status (*get_f64)(const void *object, int32_t key, double *value);
    snn_status (*get_str)(const void *object, int32_t key, const char **value);
    snn_status (*info)(const void *object, size_t index, snn_param_info *info);
};
extern const struct param_calls dataset_params, neuron_params, trainer_params, optimizer_params, projection_params;

/* The sections whose keys are parameters of the library. */
extern const char *const param_sections[]; /* NULL-ended: data, neuron, trainer, optimizer, projection,
                                             frames, images */

/* Parameter `key` (not ended by NUL: `length` letters) of a section, or NULL. Builds the tables at the first call. */
const struct param *param_find(const char *section, const char *key, size_t length);

/* Parameter number `i` of all sections; NULL past the last. */
const struct param *param_row(size_t i);

/* The parameter that "section.key" may have meant, by name, or that the key alone is, with '-' for '_' as well:
 * "section.name" in a text that the next call writes over. NULL without one, or without such a section. */
const char *param_meant(const char *path);

/* Number of owners that a section has: methods, rules, neuron types. */
unsigned param_owners(const char *section);
/* The name of number `i`, or NULL. */
const char *param_owner(const char *section, unsigned i);

/* The words that the library takes at a place of the configuration, "a, b, c", into `out`; false where it takes
 * anything. */
bool param_words(const char *path, char *out, size_t size);

/* Prints parameters as flags, with defaults, bounds and help: those of a section, of one of its owners ("ottt",
 * "lif", "adam"), or "all"; before them what the names of the topic stand for, as of "network". Returns DONE, or
 * USAGE if the topic is none of these, and has said so. */
int param_help(const char *topic);

#endif
