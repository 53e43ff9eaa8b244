/* Configurations of the tool: a file, laid over another, completed, written as a note that reads back; flags as
 * text. */
#include "config.h"
#include "fuzz.h"
#include "tool.h"
#include <stdlib.h>
#include <string.h>

static void note(const json_t *config)
{
    char *text = config_note(config);
    json_t *again = NULL, *use = NULL, *data = NULL;

    FUZZ_HOLDS(text != NULL && config_parse_run(&again, text, "checkpoint") == DONE);
    FUZZ_HOLDS(config_parse_use(&use, &data, text, "model") == DONE);
    FUZZ_HOLDS(config_whole(use, "batch", 1) <= FOREIGN_BATCH_MOST && !config_get(use, "data.dir"));
    json_decref(again);
    json_decref(use);
    json_decref(data);
    free(text);
}

/* The note of a model from elsewhere need not be a configuration of ours. */
static void foreign(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    json_t *use = NULL, *about = NULL;

    (void)config_parse_use(&use, &about, text, "model");
    json_decref(use);
    json_decref(about);
    free(text);
}

/* What is behind the first NUL is a flag: NAME NUL VALUE. */
static void set_flag(json_t *config, const uint8_t *data, size_t size)
{
    char *path = fuzz_text(data, size), *value;

    if (strlen(path) < size) {
        value = path + strlen(path) + 1;
        if (config_kind(path) != KIND_NONE)
            (void)config_set_text(config, path, path, value);
    }
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t length = end != NULL ? (size_t)(end - data) : size;
    json_t *config = NULL, *base = NULL;

    foreign(data, length);
    fuzz_write("config.json", data, length);
    if (config_load(&config, fuzz_path("config.json")) != DONE) {
        FUZZ_HOLDS(config == NULL);
        return 0;
    }
    FUZZ_HOLDS(config_parse_run(&base, "{\"epochs\": 3, \"optimizer\": {\"epochs\": 3}, \"data\": {\"mean\": [0.5]}}",
                                "base") == DONE);
    config_merge(base, config);
    config_complete(base);
    if (end != NULL)
        set_flag(base, end + 1, size - length - 1);
    note(base);
    json_decref(base);
    json_decref(config);
    return 0;
}
