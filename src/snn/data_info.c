/* data_info.c - what a data set holds, split by split. */
#include "data_info.h"
#include "class_names.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct split {
    const char *name;
    snn_dataset_info info;
    double mean, deviation;
    uint64_t *count; /* of each class */
    struct class_names names;
};

/* Steps of each class, where they have labels. */
static snn_status count_steps(const snn_dataset *set, struct split *s)
{
    const size_t n = s->info.shape[0] * s->info.shape[1] * s->info.shape[2];
    float *x = floats(1, n);
    snn_status rc = x ? SNN_OK : SNN_ERR_MEMORY;

    for (size_t i = 0; i < s->info.count && rc == SNN_OK; i++) {
        size_t steps = s->info.target_frames;

        for (size_t t = 0; t < steps && rc == SNN_OK; t++) {
            snn_sample sample = SNN_SAMPLE_INIT;

            sample.x = x;
            rc = snn_dataset_read(set, i, t, &sample);
            if (rc == SNN_OK)
                s->count[sample.label]++;
            if (t == 0 && rc == SNN_OK && s->info.frames > 1)
                steps = (size_t)sample.length;
        }
    }
    free(x);
    return rc;
}

static snn_status count_classes(const snn_dataset *set, struct split *s)
{
    snn_status rc = SNN_OK;
    uint32_t label;

    s->count = calloc(s->info.classes + 1, sizeof *s->count);
    if (!s->count)
        return SNN_ERR_MEMORY;
    if (s->info.target_frames > 1)
        return s->info.classes > 0 ? count_steps(set, s) : SNN_OK;
    for (size_t i = 0; i < s->info.count && s->info.classes > 0 && rc == SNN_OK; i++) {
        rc = snn_dataset_label(set, i, &label);
        if (rc == SNN_OK)
            s->count[label]++;
    }
    return rc;
}

static int look_at(struct run *run, struct split *s, snn_split split)
{
    snn_dataset **set = split == SNN_SPLIT_TRAIN ? &run->train : &run->test;
    int status = run_data(run, set, split);
    snn_status rc;

    if (status != DONE)
        return status;
    rc = snn_dataset_get_info(*set, &s->info);
    if (rc == SNN_OK)
        rc = snn_dataset_statistics(*set, &s->mean, &s->deviation, 1);
    if (rc == SNN_OK)
        rc = count_classes(*set, s);
    return rc == SNN_OK ? class_names_open(&s->names, run, split) : fail_call(rc, s->name);
}

static json_t *split_json(const struct split *s)
{
    json_t *shape = json_array(), *count = json_array();

    for (size_t i = 0; i < s->info.rank && i < 3; i++)
        json_array_append_new(shape, json_integer((json_int_t)s->info.shape[i]));
    for (size_t i = 0; i < s->info.classes; i++)
        json_array_append_new(count, json_integer((json_int_t)s->count[i]));
    return json_pack("{s:I, s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:o}", "samples", (json_int_t)s->info.count,
                     "shape", shape, "frames", (json_int_t)s->info.frames, "classes", (json_int_t)s->info.classes,
                     "class_samples", count, "class_names", class_names_json(&s->names, s->info.classes), "targets",
                     (json_int_t)s->info.targets, "target_frames", (json_int_t)s->info.target_frames, "mean",
                     json_figure(s->mean), "deviation", json_figure(s->deviation));
}

static void split_text(const struct split *s)
{
    const snn_dataset_info *i = &s->info;

    printf("%s: %s samples, ", s->name, grouped(i->count).s);
    if (i->frames > 1)
        printf("%s frames of ", grouped(i->frames).s);
    for (uint32_t d = 0; d < i->rank; d++)
        printf("%s%zu", d == 0 ? "[" : ",", i->shape[d]);
    printf("], mean %.6g, deviation %.6g\n", s->mean, s->deviation);
    if (i->targets > 0)
        printf("  targets %s%s\n", grouped(i->targets).s, i->target_frames > 1 ? ", for each step" : "");
    else if (i->target_frames > 1)
        printf("  a label for each step; steps of each class:\n");
    for (size_t c = 0; c < i->classes && s->names.n == 0; c++)
        printf("%s%6zu: %8s%s", c % 8 == 0 ? "" : "  ", c, grouped(s->count[c]).s,
               c % 8 == 7 || c + 1 == i->classes ? "\n" : "");
    for (size_t c = 0; c < i->classes && s->names.n > 0; c++)
        printf("%6zu: %8s  %s\n", c, grouped(s->count[c]).s, class_name(&s->names, c));
}

/* A CSV file that is not divided has no test set. */
static bool has_test(const json_t *config)
{
    char *path = at_home(config_text(config, "data.dir", ""));
    struct stat info;
    bool one = path && strcmp(config_text(config, "data.format", ""), "csv") == 0 && stat(path, &info) == 0 &&
               S_ISREG(info.st_mode);

    free(path);
    return !one || run_shares(config);
}

int data_info(const struct args *args)
{
    struct split split[] = { { .name = "train" }, { .name = "test" } };
    struct run run = { .config = json_deep_copy(args->config) };
    int status, n;

    config_complete(run.config);
    n = has_test(run.config) ? 2 : 1;
    status = run_context(&run);
    for (int i = 0; i < n && status == DONE; i++) {
        split[i].info = (snn_dataset_info)SNN_DATASET_INFO_INIT;
        status = look_at(&run, &split[i], i == 0 ? SNN_SPLIT_TRAIN : SNN_SPLIT_TEST);
    }
    if (status == DONE && args_has(args, "json"))
        json_line(json_pack("{s:s, s:o, s:o}", "event", "data", "train", split_json(&split[0]), "test",
                            n == 2 ? split_json(&split[1]) : json_null()),
                  9);
    else if (status == DONE)
        for (int i = 0; i < n; i++)
            split_text(&split[i]);
    for (int i = 0; i < 2; i++) {
        free(split[i].count);
        class_names_close(&split[i].names);
    }
    run_close(&run);
    return status;
}
