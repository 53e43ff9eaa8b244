/* tasks.h - the data of a sequence of tasks: permutations of one data set, some of its classes at a time, or one data
 * set after the other. */
#ifndef SNN_TOOL_TASKS_H
#define SNN_TOOL_TASKS_H

#include "run.h"

#define TASKS_MAX 100
#define TASKS_CHANNELS 64

/* One data set of several: where it is, and how its training set is distributed. */
struct task_set {
    char format[32], *path;
    double mean[TASKS_CHANNELS], deviation[TASKS_CHANNELS];
    bool measured;
};

struct tasks {
    struct run *run;
    size_t count;
    size_t classes;       /* of each task, which has them for itself; 0: all tasks have the same */
    bool heads;           /* a readout for each task */
    struct task_set *set; /* [count], or NULL */
};

/* Opens the data that the run's configuration names, and says how many tasks they make and which shape their samples
 * have. Returns DONE, FAILED or USAGE. */
int tasks_open(struct tasks *tasks, struct run *run);
void tasks_close(struct tasks *tasks);
/* A split of task number `task`, SPLIT_VALIDATION as well; its samples that memory keeps, the first `most` of each
 * class. Return DONE or FAILED. */
int tasks_data(struct tasks *tasks, size_t task, snn_split split, snn_dataset **out);
int tasks_memory(struct tasks *tasks, size_t task, size_t most, snn_dataset **out);

/* How many tasks the configuration says, without any data; 0: as many as these make. */
int tasks_count(const json_t *config, size_t *count);

#endif
