/* outputs.h - the files that a command writes: checked before the work begins, whole, remembered by checkpoints. */
#ifndef SNN_TOOL_OUTPUTS_H
#define SNN_TOOL_OUTPUTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct output {
    const char *what; /* for messages: "model", "--curves" */
    const char *path; /* NULL: not wanted */
    bool model;       /* written by the library, which replaces regular files alone */
};

#define OUTPUTS_MOST 10

/* Checks that all, at most OUTPUTS_MOST, can be written, each under its own name; prints the reason if not. Returns
 * DONE or FAILED. */
int outputs_check(const struct output *output, size_t n);

/* FAILED, and the reason, if an output would replace a file that the command reads. */
int output_spares(const struct output *output, const char *read);

/* Makes `text` the content of a file: a failure leaves the old one. Its mode and symbolic links to it stay. Devices,
 * and files in folders that take no new ones, are written as they are. Returns DONE or FAILED. */
int output_replace(const char *path, const char *text, size_t length);

/* Removes a file that nobody needs any more; false, with a warning, if it stays. */
bool output_remove(const char *path);

/* Those of a command's own flags that its checkpoint `path` is to remember. File names are put down as seen from the
 * folder of the checkpoint. NULL: out of memory. */
json_t *outputs_note(const json_t *own, const char *path);
/* The other way round, for flags that were not given: a checkpoint may name files in its folder or below, since it
 * may come from anywhere; others have to be named again. Returns DONE or USAGE. */
int outputs_recall(json_t *own, const json_t *note, const char *path);

#endif
