/* class_names.h - the names of the classes of a data set, where it has them: recordings and images do. A model
 * remembers those that it was trained with. */
#ifndef SNN_TOOL_CLASS_NAMES_H
#define SNN_TOOL_CLASS_NAMES_H

#include "run.h"

struct class_names {
    char **name; /* [n]; an entry is NULL where a class has none */
    size_t n;
};

/* The names of the classes as the run numbers them: those that its model remembers, or those of its data. None is no
 * failure. Returns DONE or FAILED. */
int class_names_open(struct class_names *out, const struct run *run, snn_split split);
/* The classes of the data have the names that the model remembers; a run that begins remembers them from now on.
 * Returns DONE; or FAILED, since labels would stand for other classes. */
int class_names_check(struct run *run, snn_split split);
void class_names_close(struct class_names *names);

/* The name of a class, "" if it has none. */
const char *class_name(const struct class_names *names, size_t class);
/* Columns that the longest name takes, 0 without names. */
int class_names_width(const struct class_names *names);
/* The names of n classes, null where there is none. */
json_t *class_names_json(const struct class_names *names, size_t n);

#endif
