/* tasks.c - the data of a sequence of tasks. */
#include "tasks.h"
#include "arrange.h"

#include <stdlib.h>
#include <string.h>

#define PERMUTED 3 /* tasks, unless --tasks says otherwise */

int tasks_count(const json_t *config, size_t *count)
{
    int64_t n = config_whole(config, "continual.tasks", 0);

    *count = (size_t)n;
    if (config_get(config, "continual.tasks") && (n < 1 || n > TASKS_MAX))
        return fail(USAGE, "--tasks: \"%lld\" is not a whole number from 1 to %d", (long long)n, TASKS_MAX);
    return DONE;
}

/* ---- data sets one after the other */

/* One of several as a run of its own, with the context of all; to be released by json_decref(one.config). */
static struct run alone(const struct tasks *t, const struct task_set *set)
{
    struct run one = { .config = json_deep_copy(t->run->config), .context = t->run->context };

    config_set(one.config, "data.format", json_string(set->format));
    config_set(one.config, "data.dir", json_string(set->path));
    json_object_del(json_object_get(one.config, "data"), "mean");
    json_object_del(json_object_get(one.config, "data"), "deviation");
    return one;
}

/* The folder of a set: below data.dir where there is one, unless it is a path from the root or from home. */
static char *path_of(const json_t *config, const char *folder)
{
    const char *base = config_text(config, "data.dir", "");
    char *out;

    if (!base[0] || folder[0] == '/' || folder[0] == '~')
        return strdup(folder);
    out = malloc(strlen(base) + strlen(folder) + 2);
    if (out)
        sprintf(out, "%s/%s", base, folder);
    return out;
}

/* "cifar10:DIR,idx:DIR,...". */
static int read_sets(struct tasks *t, const char *text)
{
    t->set = calloc(TASKS_MAX, sizeof *t->set);
    if (!t->set)
        return fail(FAILED, "out of memory");
    while (*text) {
        size_t length = strcspn(text, ","), format = strcspn(text, ":");
        char folder[1024];

        if (t->count == TASKS_MAX || format >= length || format >= sizeof t->set->format ||
            length - format > sizeof folder)
            return fail(USAGE, "--sets: \"%.80s\" is not FORMAT:DIR,FORMAT:DIR,...", text);
        snprintf(folder, sizeof folder, "%.*s", (int)(length - format - 1), text + format + 1);
        snprintf(t->set[t->count].format, sizeof t->set->format, "%.*s", (int)format, text);
        t->set[t->count].path = path_of(t->run->config, folder);
        if (!t->set[t->count++].path)
            return fail(FAILED, "out of memory");
        text += length + (text[length] == ',');
    }
    return t->count > 0 ? DONE : fail(USAGE, "--sets: names no data set");
}

/* The samples of all sets have the lengths and classes of the largest. */
static int measure_shapes(struct tasks *t)
{
    snn_dataset_info *all = &t->run->shape;

    *all = (snn_dataset_info)SNN_DATASET_INFO_INIT;
    for (size_t i = 0; i < t->count; i++) {
        struct run one = alone(t, &t->set[i]);
        snn_dataset *data = NULL;
        int status;

        config_set(one.config, "data.limit", json_integer(1));
        json_object_del(one.config, "validation");
        status = run_data(&one, &data, SNN_SPLIT_TRAIN);
        snn_dataset_destroy(data);
        json_decref(one.config);
        if (status != DONE)
            return status;
        if (one.shape.rank != 3 || one.shape.frames > 1)
            return fail(FAILED, "%s:%s: only still images of a shape [C,H,W] make tasks", t->set[i].format,
                        t->set[i].path);
        all->rank = 3;
        all->frames = 1;
        for (size_t d = 0; d < 3; d++)
            all->shape[d] = all->shape[d] > one.shape.shape[d] ? all->shape[d] : one.shape.shape[d];
        all->classes = all->classes > one.shape.classes ? all->classes : one.shape.classes;
    }
    return all->shape[0] <= TASKS_CHANNELS
               ? DONE
               : fail(FAILED, "%zu channels; at most %d make tasks", all->shape[0], TASKS_CHANNELS);
}

static int open_fitted(struct tasks *t, const struct task_set *set, snn_split split, snn_dataset **out)
{
    struct run one = alone(t, set);
    snn_dataset *data = NULL, *other;
    int status = run_data(&one, &data, split == SPLIT_VALIDATION ? SNN_SPLIT_TRAIN : split);

    other = one.validation;
    if (split == SPLIT_VALIDATION) {
        other = data;
        data = one.validation;
    }
    snn_dataset_destroy(other);
    json_decref(one.config);
    if (status == DONE)
        return arrange_fitted(out, t->run->context, data, true, t->run->shape.shape);
    snn_dataset_destroy(data);
    return status;
}

/* Each set is normalised by its own channels, of the maps as they are fitted. */
static int set_data(struct tasks *t, struct task_set *set, snn_split split, snn_dataset **out)
{
    const size_t n = t->run->shape.shape[0];
    snn_dataset *train = NULL;
    snn_status rc = SNN_OK;
    int status = open_fitted(t, set, split, out);

    if (status == DONE && !set->measured && split != SNN_SPLIT_TRAIN)
        status = open_fitted(t, set, SNN_SPLIT_TRAIN, &train);
    if (status == DONE && !set->measured)
        rc = snn_dataset_statistics(train ? train : *out, set->mean, set->deviation, n);
    set->measured = status == DONE && rc == SNN_OK;
    if (set->measured)
        rc = snn_dataset_normalise(*out, set->mean, set->deviation, n);
    snn_dataset_destroy(train);
    if (status == DONE && rc != SNN_OK)
        status = fail_call(rc, set->path);
    if (status != DONE) {
        snn_dataset_destroy(*out);
        *out = NULL;
    }
    return status;
}

/* ---- tasks out of one data set */

static int open_one(struct tasks *t)
{
    struct run *run = t->run;
    size_t wanted = t->count, all;
    int status = run_data(run, &run->train, SNN_SPLIT_TRAIN);

    if (status == DONE)
        status = run_normalise(run, run->train);
    if (status == DONE)
        status = run_data(run, &run->test, SNN_SPLIT_TEST);
    if (status != DONE)
        return status;
    if (!t->classes) {
        t->count = wanted ? wanted : PERMUTED;
        return run->shape.frames == 1 ? DONE : fail(FAILED, "the pixels of recordings cannot be permuted");
    }
    all = run->shape.classes / t->classes;
    if (all == 0 || wanted > all)
        return fail(USAGE, "--classes: %zu tasks of %zu classes, but the data have %zu", wanted ? wanted : 1,
                    t->classes, run->shape.classes);
    t->count = wanted ? wanted : all < TASKS_MAX ? all : TASKS_MAX;
    if (t->heads)
        run->shape.classes = t->classes;
    return DONE;
}

/* ---- either */

int tasks_open(struct tasks *t, struct run *run)
{
    const char *sets = config_text(run->config, "continual.sets", NULL);
    int64_t classes = config_whole(run->config, "continual.classes", 0);
    size_t wanted;
    int status = tasks_count(run->config, &wanted);

    *t = (struct tasks){ .run = run, .heads = config_whole(run->config, "continual.heads", 0) != 0 };
    if (status == DONE && config_get(run->config, "continual.classes") && (classes < 1 || classes > 65535))
        status = fail(USAGE, "--classes: %lld is not in 1 .. 65535", (long long)classes);
    if (status == DONE && sets && classes)
        status = fail(USAGE, "--sets and --classes do not go together");
    if (status != DONE)
        return status;
    t->classes = (size_t)classes;
    t->count = sets ? 0 : wanted;
    if (!sets)
        return open_one(t);
    status = read_sets(t, sets);
    if (status == DONE && wanted > t->count)
        status = fail(USAGE, "--tasks: %zu, but --sets names %zu data sets", wanted, t->count);
    if (status == DONE && wanted)
        t->count = wanted;
    return status == DONE ? measure_shapes(t) : status;
}

void tasks_close(struct tasks *t)
{
    for (size_t i = 0; t->set && i < TASKS_MAX; i++)
        free(t->set[i].path);
    free(t->set);
    t->set = NULL;
}

int tasks_data(struct tasks *t, size_t task, snn_split split, snn_dataset **out)
{
    snn_dataset *base = split == SNN_SPLIT_TRAIN    ? t->run->train
                        : split == SPLIT_VALIDATION ? t->run->validation
                                                    : t->run->test;

    *out = NULL;
    if (t->set)
        return set_data(t, &t->set[task], split, out);
    if (t->classes)
        return arrange_classes(out, t->run->context, base, false, task * t->classes, t->classes, 0, t->heads);
    return arrange_permuted(out, t->run->context, base, false, (uint64_t)config_whole(t->run->config, "seed", 1),
                            task);
}

int tasks_memory(struct tasks *t, size_t task, size_t most, snn_dataset **out)
{
    snn_dataset *data;
    int status = tasks_data(t, task, SNN_SPLIT_TRAIN, &data);

    *out = NULL;
    return status == DONE ? arrange_classes(out, t->run->context, data, true, 0, 65536, most, false) : status;
}
