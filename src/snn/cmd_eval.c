/* cmd_eval.c - snn eval: what a model can do and what it costs. */
#include "args.h"
#include "command.h"
#include "config.h"
#include "neurobench.h"
#include "params.h"
#include "progress.h"
#include "run.h"
#include "table.h"

#include <string.h>

static const struct flag flags[] = {
    { "data", "FORMAT:DIR", "data", "normalised as in training; default: Debian's dataset-fashion-mnist" },
    { "split", "SPLIT", NULL, "test (default) or train" },
    { "batch", "N", "batch", "samples at a time; default: as in training, at most 1024" },
    { "steps", "T", "trainer.steps", "time steps per sample; default: as in training" },
    { "threads", "N", "threads", "0, the default: one per processor" },
    { "isa", "SET", "isa", "highest instruction set to use; default best, the highest of the machine" },
    { "product-table", "FILE", "product_table",
      "of snn bench kernels --tune, or measure: here, when they are planned; default: the built-in choice of "
      "algorithms" },
    { "seed", "N", "seed", "of the encoders' random numbers; default: as in training" },
    { "neurobench", NULL, NULL, "NeuroBench's figures, too: footprint, sparsity, operations, membrane updates" },
    { "execution-rate", "HZ", NULL,
      "with --neurobench: steps in a second of data, as declared by the model's maker" },
    { "json", NULL, NULL, "one JSON object on standard output" },
    { "quiet", NULL, NULL, "no progress, only the last line" },
    { NULL, NULL, NULL, NULL },
};

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

static int configure(struct run *run, struct args *args)
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
    return status;
}

/* Opens the split. The limit of the training run concerned its training set alone. */
static int open_data(struct run *run, struct args *args, const char *split)
{
    int status;
    int64_t limit = config_whole(args->config, "data.limit", 0);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_status rc = SNN_OK;

    if (strcmp(split, "test") != 0 && strcmp(split, "train") != 0)
        return fail(USAGE, "--split: \"%s\" is neither test nor train", split);
    status = run_data(run, &run->test, split[1] == 'e' ? SNN_SPLIT_TEST : SNN_SPLIT_TRAIN);
    if (status == DONE)
        rc = snn_dataset_set_i64(run->test, SNN_DATASET_LIMIT, limit);
    if (status == DONE && rc == SNN_OK && !config_get(run->config, "data.mean"))
        status = run_normalise(run, run->test);
    if (rc == SNN_OK && status == DONE)
        rc = snn_dataset_get_info(run->test, &info);
    run->shape = info;
    return rc == SNN_OK ? status : fail_call(rc, "data");
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

/* Samples of a batch: watched potentials are kept for all of them, twice. */
#define WATCHED_BATCH 32

static size_t batch_of(const struct run *run, const struct args *args)
{
    size_t batch = (size_t)run_batch(run, run->test);

    return args_has(args, "neurobench") && !config_get(args->config, "batch") && batch > WATCHED_BATCH ? WATCHED_BATCH
                                                                                                       : batch;
}

/* Steps in a second of data; 0: not declared. */
static int execution_rate(const struct args *args, double *rate)
{
    if (args_has(args, "execution-rate") && !args_has(args, "neurobench"))
        return fail(USAGE, "--execution-rate goes with --neurobench");
    return args_real(args, "execution-rate", 1e-9, 1e15, 0, rate);
}

static int watch(const struct run *run, const struct args *args, struct neurobench **nb)
{
    if (!args_has(args, "neurobench"))
        return DONE;
    *nb = neurobench_watch(run->trainer, run->network, run->shape.count, batch_of(run, args));
    return *nb ? DONE : FAILED;
}

static int open_model(struct run *run, const struct args *args, struct progress *progress, struct neurobench **nb)
{
    const char *path = args->positional[0];
    snn_status rc = snn_network_load(&run->network, run->context, path);
    int status;

    if (rc == SNN_OK)
        rc = snn_network_pack(run->network);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = run_evaluator(run->config, run->network, &run->trainer);
    if (status == DONE)
        status = check_trainer(run, args->config);
    if (status != DONE)
        return status;
    status = watch(run, args, nb);
    if (status != DONE)
        return status;
    rc = snn_trainer_on_progress(run->trainer, progress_show, progress);
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(run->trainer, batch_of(run, args));
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static void print_figures(const struct run *run, const snn_metrics *m, json_t *neurobench)
{
    printf("%s samples, %s, %.2f s\n\n", grouped(m->samples).s, run_method(run->config).s, m->seconds);
    table_costs(run_figures(run->trainer, run->network, m));
    if (neurobench)
        neurobench_print(neurobench);
    printf("\nloss %.4f\n", m->loss);
}

static int evaluate(struct run *run, const struct args *args, struct progress *progress, const char *split,
                    const struct neurobench *nb, double rate)
{
    snn_metrics m = SNN_METRICS_INIT;
    snn_status rc = snn_trainer_evaluate(run->trainer, run->test, &m);
    json_t *figures, *neurobench = NULL;

    progress_clear(progress);
    if (rc == SNN_ERR_CANCELLED)
        return fail(INTERRUPTED, "interrupted by %s", stop_reason());
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (nb)
        neurobench = neurobench_figures(nb, &m, run_about(run->trainer).steps, rate);
    if (nb && !neurobench)
        return fail(FAILED, "a membrane potential could not be read: %s", snn_last_error());
    if (args_has(args, "json")) {
        figures = run_figures(run->trainer, run->network, &m);
        json_object_set_new(figures, "event", json_string("eval"));
        json_object_set_new(figures, "model", json_string(args->positional[0]));
        json_object_set_new(figures, "split", json_string(split));
        json_object_set_new(figures, "seconds", json_figure(m.seconds));
        if (neurobench)
            json_object_set_new(figures, "neurobench", neurobench);
        json_line(figures, 9);
        return DONE;
    }
    if (!args_has(args, "quiet"))
        print_figures(run, &m, neurobench);
    if (run->shape.targets > 0)
        printf("%s R2 %.4f, squared error %.6f\n", split, m.r2, m.squared_error);
    else
        printf("%s accuracy %.2f%%\n", split, 100 * m.accuracy);
    return DONE;
}

static int eval(struct run *run, struct args *args, struct neurobench **nb, int argc, char **argv)
{
    struct progress progress;
    const char *split;
    double rate;
    int status = args_parse(args, flags, true, 1, argc, argv);

    if (status != DONE)
        return status;
    if (args->count == 0)
        return fail(USAGE, "no model given: snn eval MODEL");
    split = args_has(args, "split") ? args_text(args, "split") : "test";
    progress_init(&progress, args_has(args, "quiet") || args_has(args, "json"), 0);
    status = execution_rate(args, &rate);
    if (status == DONE)
        status = configure(run, args);
    if (status == DONE)
        status = run_context(run);
    if (status == DONE)
        status = open_data(run, args, split);
    if (status == DONE)
        status = open_model(run, args, &progress, nb);
    if (status != DONE)
        return status;
    stop_on_signals();
    return evaluate(run, args, &progress, split, *nb, rate);
}

static int run_eval(int argc, char **argv)
{
    struct run run;
    struct args args;
    struct neurobench *nb = NULL;
    int status;

    memset(&run, 0, sizeof run);
    status = eval(&run, &args, &nb, argc, argv);
    run_close(&run);
    neurobench_free(nb);
    args_free(&args);
    return status;
}

const struct command eval_command = {
    .name = "eval",
    .does = "accuracy, loss, firing rates and synaptic operations of a model",
    .usage = "MODEL [FLAGS]",
    .about =
        "Accuracy, loss, firing rate of every population, and synaptic operations per sample as NeuroBench counts "
        "them: dense (every connection at every step), and effective (weights and inputs that are not zero): "
        "ACs where all inputs of a layer are -1, 0 or 1, as spikes are, else MACs. Takes steps, encoder and "
        "normalisation from the model; parameters of data and trainer may be overridden as in snn train.",
    .flags = flags,
    .parameters = true,
    .run = run_eval,
};
