/* use.c - a model in use. */
#include "use.h"

#include "ranks.h"

#include <string.h>

/* A model says what it was trained on, but not what is to be read here, unless that is the default. */
static int check_data(const struct run *run, const json_t *over, const json_t *trained_on, const char *model)
{
    const char *format = json_string_value(json_object_get(trained_on, "format")),
               *directory = json_string_value(json_object_get(trained_on, "dir"));

    if (!format || !directory || config_get(over, "data.dir") ||
        (strcmp(config_text(run->config, "data.format", ""), format) == 0 &&
         strcmp(config_text(run->config, "data.dir", ""), directory) == 0))
        return DONE;
    return fail(USAGE, "which data? %s was trained on %s:%s; --data %s:%s evaluates it on them", model, format,
                directory, format, directory);
}

/* Settings that the model fixes, or that only training uses, are refused: they would have no effect. */
static int check_sections(const json_t *over)
{
    static const char *const of_training[] = { "neuron", "optimizer", "projection" };

    for (size_t i = 0; i < sizeof of_training / sizeof of_training[0]; i++)
        if (json_object_get(over, of_training[i]))
            return fail(USAGE,
                        "--%s.NAME goes with training; a model is evaluated as it is, with other parameters "
                        "of data and trainer at most",
                        of_training[i]);
    return DONE;
}

int use_configure(struct run *run, struct args *args)
{
    json_t *over = args->config, *trained_on;
    int status = check_sections(over);

    if (status != DONE)
        return status;
    run->config = run_use_of(args->positional[0], &trained_on, &status);
    if (!run->config)
        run->config = json_object();
    if (!config_get(over, "data.normalise") && config_get(run->config, "data.mean")) {
        config_set(over, "data.mean", json_incref(config_get(run->config, "data.mean")));
        config_set(over, "data.deviation", json_incref(config_get(run->config, "data.deviation")));
    }
    config_merge(run->config, over);
    config_complete(run->config);
    if (status == DONE)
        status = check_data(run, over, trained_on, args->positional[0]);
    json_decref(trained_on);
    if (status == DONE && config_whole(run->config, "batch", 0) < 1)
        return fail(FAILED, "batch: %lld is not at least 1", (long long)config_whole(run->config, "batch", 0));
    return status == DONE ? ranks_complete(run->config) : status;
}

const char *use_split_name(const struct args *args)
{
    const char *split = args_text(args, "split");

    return split ? split : "test";
}

snn_split use_split(const struct args *args)
{
    return strcmp(use_split_name(args), "test") == 0 ? SNN_SPLIT_TEST : SNN_SPLIT_TRAIN;
}

/* The validation takes the place of the training set that it was a share of. */
static int take_validation(struct run *run)
{
    int status = run_data(run, &run->train, SNN_SPLIT_TRAIN);

    if (status == DONE && !run->validation)
        return fail(USAGE, "--split validation: the model was trained without --validation");
    if (status == DONE && !config_get(run->config, "data.mean"))
        status = run_normalise(run, run->train);
    run->test = run->validation;
    run->validation = NULL;
    return status;
}

/* The limit of the training run concerned its training set alone. */
static int take_split(struct run *run, const struct args *args)
{
    int status = run_data(run, &run->test, use_split(args));
    snn_status rc = SNN_OK;

    if (status == DONE)
        rc = snn_dataset_set_i64(run->test, SNN_DATASET_LIMIT, config_whole(args->config, "data.limit", 0));
    if (rc != SNN_OK)
        return fail_call(rc, "data");
    return status == DONE && !config_get(run->config, "data.mean") ? run_normalise(run, run->test) : status;
}

int use_open_data(struct run *run, const struct args *args)
{
    const char *split = use_split_name(args);
    const bool validation = strcmp(split, "validation") == 0;
    int status;
    snn_status rc;

    if (strcmp(split, "test") != 0 && strcmp(split, "train") != 0 && !validation)
        return fail(USAGE, "--split: \"%s\" is not one of test, train, validation", split);
    status = validation ? take_validation(run) : take_split(run, args);
    if (status != DONE)
        return status;
    run->shape = (snn_dataset_info)SNN_DATASET_INFO_INIT;
    rc = snn_dataset_get_info(run->test, &run->shape);
    return rc == SNN_OK ? DONE : fail_call(rc, "data");
}

static int check_trainer(const struct run *run, const json_t *over)
{
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(over, "trainer"), name, value) if (
        !run_evaluates_with(
            run->trainer, name)) return fail(USAGE, "--trainer.%s goes with training; a model is evaluated as it is",
                                             name);
    return DONE;
}

int use_open_model(struct run *run, const struct args *args)
{
    snn_status rc = snn_network_load(&run->network, run->context, args->positional[0]);
    int status;

    if (rc == SNN_OK)
        rc = snn_network_pack(run->network);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = run_evaluator(run->config, run->network, &run->trainer);
    return status == DONE ? check_trainer(run, args->config) : status;
}
