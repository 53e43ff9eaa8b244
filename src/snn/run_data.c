/* run_data.c - the data of a run. */
#include "frames.h"
#include "images.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

/* Mean and deviation from the configuration onto a data set. */
static int normalise(const struct run *run, snn_dataset *dataset)
{
    const json_t *mean = config_get(run->config, "data.mean"), *deviation = config_get(run->config, "data.deviation");
    double m[64], d[64];
    size_t n = json_array_size(mean);
    snn_status rc;

    if (n == 0)
        return DONE;
    if (n > 64 || json_array_size(deviation) != n)
        return fail(FAILED, "data.mean and data.deviation need the same number of entries, at most 64");
    for (size_t i = 0; i < n; i++) {
        m[i] = json_number_value(json_array_get(mean, i));
        d[i] = json_number_value(json_array_get(deviation, i));
    }
    rc = snn_dataset_normalise(dataset, m, d, n);
    return rc == SNN_OK ? DONE : fail_call(rc, "data.normalise");
}

/* Series have a frame for each step, unless somebody set another number: the trainer refuses that. */
static int follow(struct run *run)
{
    if (config_series(run->config) && !config_get(run->config, "trainer.steps"))
        return config_set(run->config, "trainer.steps",
                          json_integer(run->shape.frames > 1 ? (json_int_t)run->shape.frames : 6));
    return DONE;
}

size_t run_first_samples(const json_t *config, snn_split split)
{
    if (run_shares(config) || config_get(config, "data.classes"))
        return 0;
    return (size_t)config_whole(config, split == SNN_SPLIT_TRAIN ? "data.limit" : "data.test_limit", 0);
}

/* Opens a split of the data that the configuration names. */
static int open_split(struct run *run, snn_dataset **out, snn_split split)
{
    const char *format = config_text(run->config, "data.format", NULL);
    const char *directory = config_text(run->config, "data.dir", NULL);
    snn_dataset_files files;
    int status = DONE;
    char *path;
    snn_status rc = snn_dataset_files_init(&files, sizeof files);

    if (!format || !directory)
        return fail(USAGE, "no data: name them with --data FORMAT:DIR (the Debian package dataset-fashion-mnist "
                           "is found by default)");
    if (config_text(run->config, "data.cache", NULL) && !frames_is_layout(format) && !images_is_layout(format))
        return fail(USAGE, "data.cache is for recordings and shards, which %s are not", format);
    path = at_home(directory);
    if (!path)
        return FAILED;
    files.split = split;
    files.format = format;
    files.path = path;
    files.limit = run_first_samples(run->config, split);
    files.series = config_whole(run->config, "data.series", 0) != 0;
    files.rank = (size_t)config_whole(run->config, "data.rank", 0);
    files.last = config_whole(run->config, "data.last", 0) != 0;
    files.window = (size_t)config_whole(run->config, "data.window", 0);
    files.stride = (size_t)config_whole(run->config, "data.stride", 0);
    files.inputs = config_text(run->config, "data.inputs", NULL);
    files.targets = config_text(run->config, "data.targets", NULL);
    files.labels = config_text(run->config, "data.labels", NULL);
    files.label_steps = config_whole(run->config, "data.label_steps", 0) != 0;
    files.sequence = config_text(run->config, "data.sequence", NULL);
    if (images_is_layout(format))
        status = images_open(run, out, split, path);
    else if (frames_is_layout(format))
        status = frames_open(run, out, split, path);
    else if (rc == SNN_OK)
        rc = frames_open_files(out, run->context, &files);
    free(path);
    if (status != DONE)
        return status;
    if (rc == SNN_OK) /* labels of both splits begin there */
        rc = snn_dataset_set_i64(*out, SNN_DATASET_LABEL_FIRST, config_whole(run->config, "data.label_first", 0));
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* The samples of the validation leave the training set. */
static int split_off(struct run *run, snn_dataset **set)
{
    snn_dataset_destroy(run->validation);
    return run_split_off(run, set, &run->validation);
}

static int normalise_split(const struct run *run, snn_dataset *set, snn_split split)
{
    int status = normalise(run, set);

    return status == DONE && split == SNN_SPLIT_TRAIN && run->validation ? normalise(run, run->validation) : status;
}

int run_data(struct run *run, snn_dataset **out, snn_split split)
{
    size_t classes = run->shape.classes; /* of the other split: either may lack the highest label */
    int status = open_split(run, out, run_shares(run->config) ? SNN_SPLIT_TRAIN : split);
    snn_status rc;

    if (status == DONE)
        status = run_view(run, out, split);
    if (status == DONE && split == SNN_SPLIT_TRAIN)
        status = split_off(run, out);
    if (status != DONE)
        return status;
    run->shape = (snn_dataset_info)SNN_DATASET_INFO_INIT;
    rc = snn_dataset_get_info(*out, &run->shape);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = follow(run);
    if (status == DONE && split == SNN_SPLIT_TRAIN)
        status = run_apply(run->config, "data", &dataset_params, *out);
    if (run->shape.classes < classes)
        run->shape.classes = classes;
    return status == DONE ? normalise_split(run, *out, split) : status;
}

/* Mean and deviation of each of n channels, or of all together: of the training set, or published ones. */
static int measure(const struct run *run, snn_dataset *train, const char *kind, double *mean, double *deviation,
                   size_t *n)
{
    const size_t channels = run->shape.shape[0];
    snn_status rc;

    *n = strcmp(kind, "mean-std") == 0 ? 1 : channels;
    if (strcmp(kind, "imagenet") == 0)
        return channels == 3
                   ? images_normalisation(kind, mean, deviation)
                   : fail(FAILED, "data.normalise: imagenet is of 3 channels, the samples have %zu", channels);
    if (*n > 64)
        return fail(FAILED, "data.normalise: %zu channels, at most 64 can be normalised apart", *n);
    rc = snn_dataset_statistics(train, mean, deviation, *n);
    return rc == SNN_OK ? DONE : fail_call(rc, "data.normalise");
}

int run_normalise(struct run *run, snn_dataset *train)
{
    const char *kind = config_text(run->config, "data.normalise", "mean-std");
    const char *encoder = config_text(run->config, "trainer.encoder", "direct");
    double mean[64], deviation[64];
    json_t *m, *d;
    size_t n;
    int status;

    if (strcmp(kind, "none") != 0 && strcmp(encoder, "direct") != 0)
        warn("trainer.encoder %s takes values from 0 to 1; normalised by data.normalise %s half of them are below 0: "
             "use none",
             encoder, kind);
    if (strcmp(kind, "none") == 0 || config_get(run->config, "data.mean"))
        return DONE;
    if (strcmp(kind, "mean-std") != 0 && strcmp(kind, "channel") != 0 && strcmp(kind, "imagenet") != 0)
        return fail(FAILED, "data.normalise: \"%s\" is not one of mean-std, channel, imagenet, none", kind);
    status = measure(run, train, kind, mean, deviation, &n);
    if (status != DONE)
        return status;
    m = json_array();
    d = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(m, json_real(mean[i]));
        json_array_append_new(d, json_real(deviation[i]));
    }
    config_set(run->config, "data.mean", m);
    config_set(run->config, "data.deviation", d);
    return normalise_split(run, train, SNN_SPLIT_TRAIN);
}
