/* data/find.h - which file or array is the one that is looked for, by the words of its name. */
#ifndef SNN_DATA_FIND_H
#define SNN_DATA_FIND_H

#include "data/gz.h"
#include <snn/dataset.h>
#include <snn/sys/npy.h>

/* What of a data set is looked for. */
struct snn__part {
    snn_split split;
    bool aims; /* labels or targets, else samples */
};

/* True if a name has the words of a part, whatever else is in it: "train" (or none of a split) or "test", "t10k"; and
 * "y", "label", "labels", "target", "targets" where it is one of aims. */
bool snn__part_named(const struct snn__part *part, const char *name);

/* Opens the one file at `path`, a directory or DIRECTORY/BEGINNING of names, that `suits` takes and that is named as
 * `part` is, with or without ".gz".
 * SNN_ERR_IO if there is none, or more than one; `example` is for the message. */
snn_status snn__part_find(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part,
                          bool (*suits)(const char *name), const char *example);

/* The same, or the file at `path` itself, which is of the training set: its test set is a share of it. */
snn_status snn__part_open(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part,
                          bool (*suits)(const char *name), const char *example);

/* The same of the arrays in archives at `path`. */
snn_status snn__part_member(struct snn__gz **out, snn_context *ctx, const char *path, const struct snn__part *part,
                            bool (*suits)(const char *name), const char *example, const snn_npy_members *members);

#endif
