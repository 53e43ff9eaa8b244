/* run_view.c - the part of a data set that a run uses. */
#include "run.h"

#include <math.h>
#include <stdlib.h>

#define VIEW_CLASSES 4096

bool run_shares(const json_t *config)
{
    return config_get(config, "data.share") != NULL;
}

/* Classes "3,0,7" of the configuration, as whole numbers. */
static int view_classes(const json_t *config, uint32_t *out, size_t *n)
{
    const json_t *list = config_get(config, "data.classes");

    *n = json_array_size(list);
    if (*n > VIEW_CLASSES)
        return fail(USAGE, "data.classes: %zu classes, at most %d can be listed", *n, VIEW_CLASSES);
    for (size_t i = 0; i < *n; i++) {
        double class = json_number_value(json_array_get(list, i));

        if (!(class >= 0 && class < UINT32_MAX && class == floor(class)))
            return fail(USAGE, "data.classes: %g is no class", class);
        out[i] = (uint32_t) class;
    }
    return DONE;
}

static int view_options(const json_t *config, snn_split split, snn_view_options *options)
{
    const json_t *share = config_get(config, "data.share");
    int64_t limit = config_whole(config, split == SNN_SPLIT_TRAIN ? "data.limit" : "data.test_limit", 0);
    snn_status rc = snn_view_options_init(options, sizeof *options);

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (share) {
        options->part = split == SNN_SPLIT_TRAIN ? SNN_VIEW_SHARE : SNN_VIEW_REST;
        options->share = json_number_value(share);
        options->seed = (uint64_t)config_whole(config, "data.share_seed", 0);
    }
    if (limit < 0)
        return fail(USAGE, "data.limit, data.test_limit: %lld is below 0", (long long)limit);
    options->limit = (size_t)limit;
    return DONE;
}

int run_view(const struct run *run, snn_dataset **set, snn_split split)
{
    static uint32_t classes[VIEW_CLASSES];
    snn_view_options options;
    snn_dataset *whole = *set;
    int status = view_options(run->config, split, &options);
    snn_status rc;

    if (status == DONE)
        status = view_classes(run->config, classes, &options.n_classes);
    if (status != DONE || (!run_shares(run->config) && options.n_classes == 0 && options.limit == 0))
        return status;
    options.classes = classes;
    rc = snn_dataset_view(set, whole, &options);
    snn_dataset_destroy(whole);
    return rc == SNN_OK ? DONE : fail_call(rc, "data");
}

#define VALIDATION_SEED 1 /* of the draw: the same samples whatever the seed of the run */

/* A part of a set, of each class. */
static snn_status part_of(snn_dataset **out, snn_dataset *set, snn_view_part part, double share)
{
    snn_view_options options;
    snn_status rc = snn_view_options_init(&options, sizeof options);

    options.part = part;
    options.share = share;
    options.seed = VALIDATION_SEED;
    return rc == SNN_OK ? snn_dataset_view(out, set, &options) : rc;
}

int run_split_off(const struct run *run, snn_dataset **set, snn_dataset **out)
{
    const double share = json_number_value(config_get(run->config, "validation"));
    snn_dataset *whole = *set;
    snn_status rc;

    *out = NULL;
    if (!config_get(run->config, "validation"))
        return DONE;
    rc = part_of(out, whole, SNN_VIEW_SHARE, share);
    if (rc == SNN_OK) {
        rc = part_of(set, whole, SNN_VIEW_REST, share);
        snn_dataset_destroy(whole);
    }
    return rc == SNN_OK ? DONE : fail_call(rc, "validation");
}
