/* cmd_eval.c - snn eval: what a model can do and what it costs. */
#include "command.h"
#include "confusion.h"
#include "neurobench.h"
#include "progress.h"
#include "ranks.h"
#include "table.h"
#include "use.h"

static const struct flag flags[] = {
    USE_FLAGS,
    { "confusion", NULL, NULL,
      "which classes are taken for which: the matrix, or of many classes its largest entries; a second pass" },
    { "per-class", NULL, NULL, "samples, precision, recall and F1 of each class; a second pass, one with both" },
    { "neurobench", NULL, NULL, "NeuroBench's figures, too: footprint, sparsity, operations, membrane updates" },
    { "execution-rate", "HZ", NULL,
      "with --neurobench: steps in a second of data, as declared by the model's maker" },
    { "json", NULL, NULL, "one JSON object on standard output" },
    { "quiet", NULL, NULL, "no progress, only the last line" },
    { NULL, NULL, NULL, NULL },
};

/* Steps in a second of data; 0: not declared. */
static int execution_rate(const struct args *args, double *rate)
{
    if (args_has(args, "execution-rate") && !args_has(args, "neurobench"))
        return fail(USAGE, "--execution-rate goes with --neurobench");
    return args_real(args, "execution-rate", 1e-9, 1e15, 0, rate);
}

/* One evaluation. */
struct evaluation {
    struct args args;
    struct run run;
    struct progress progress;
    struct neurobench *nb; /* NULL: not wanted */
    double rate;           /* steps in a second of data; 0: not declared */
    snn_metrics metrics;
    json_t *figures;
    struct confusion confusion;
};

/* Samples of a batch: watched potentials are kept for all of them, twice. */
#define WATCHED_BATCH 32

static size_t batch_of(const struct evaluation *e)
{
    size_t batch = (size_t)run_batch(&e->run, e->run.test);

    return args_has(&e->args, "neurobench") && !config_get(e->args.config, "batch") && batch > WATCHED_BATCH
               ? WATCHED_BATCH
               : batch;
}

static bool wants_classes(const struct evaluation *e)
{
    return args_has(&e->args, "confusion") || args_has(&e->args, "per-class");
}

static int watch(struct evaluation *e)
{
    if (!args_has(&e->args, "neurobench"))
        return DONE;
    e->nb = neurobench_watch(e->run.trainer, e->run.network, e->run.shape.count, batch_of(e));
    return e->nb ? DONE : FAILED;
}

static int open_model(struct evaluation *e)
{
    snn_status rc;
    int status = use_open_model(&e->run, &e->args);

    if (status == DONE)
        status = watch(e);
    status = ranks_join(&e->run, e->args.own, status);
    if (status != DONE)
        return status;
    rc = snn_trainer_on_progress(e->run.trainer, progress_show, &e->progress);
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(e->run.trainer, batch_of(e));
    return ranks_agree(rc == SNN_OK ? DONE : fail_call(rc, NULL));
}

/* ---- printing */

/* The figures, and what was asked for beside them, as one object. */
static void print_json(struct evaluation *e, json_t *neurobench)
{
    json_t *out = e->figures;

    json_object_set_new(out, "event", json_string("eval"));
    json_object_set_new(out, "model", json_string(e->args.positional[0]));
    json_object_set_new(out, "split", json_string(use_split_name(&e->args)));
    json_object_set_new(out, "seconds", json_figure(e->metrics.seconds));
    if (e->run.shape.targets > 0) {
        json_object_set_new(out, "squared_error", json_figure(e->metrics.squared_error));
        json_object_set_new(out, "r2", json_figure(e->metrics.r2));
    }
    if (neurobench)
        json_object_set(out, "neurobench", neurobench);
    if (wants_classes(e))
        json_object_set_new(out, "class_names", class_names_json(&e->confusion.names, e->confusion.classes));
    if (args_has(&e->args, "confusion"))
        json_object_set_new(out, "confusion", confusion_json(&e->confusion));
    if (args_has(&e->args, "per-class"))
        json_object_set_new(out, "per_class", confusion_classes_json(&e->confusion));
    json_line(json_incref(out), 9);
}

static void print_text(struct evaluation *e, json_t *neurobench)
{
    printf("%s samples, %s, %.2f s\n\n", grouped(e->metrics.samples).s, run_method(e->run.config).s,
           e->metrics.seconds);
    table_costs(json_incref(e->figures));
    if (neurobench)
        neurobench_print(json_incref(neurobench));
    if (args_has(&e->args, "confusion"))
        confusion_print(&e->confusion);
    if (args_has(&e->args, "per-class"))
        confusion_print_classes(&e->confusion);
    printf("\nloss %.4f\n", e->metrics.loss);
}

static void print_last(const struct evaluation *e)
{
    if (e->run.shape.targets > 0)
        printf("%s R2 %.4f, squared error %.6f\n", use_split_name(&e->args), e->metrics.r2, e->metrics.squared_error);
    else
        run_print_accuracy(&e->run, use_split_name(&e->args), &e->metrics);
}

static int print(struct evaluation *e)
{
    json_t *neurobench = NULL;

    if (e->nb)
        neurobench = neurobench_figures(e->nb, &e->metrics, run_about(e->run.trainer).steps, e->rate);
    if (e->nb && !neurobench)
        return fail(FAILED, "a membrane potential could not be read: %s", snn_last_error());
    if (args_has(&e->args, "json"))
        print_json(e, neurobench);
    else if (!args_has(&e->args, "quiet"))
        print_text(e, neurobench);
    if (!args_has(&e->args, "json"))
        print_last(e);
    json_decref(neurobench);
    return DONE;
}

/* ---- the command */

static int evaluate(struct evaluation *e)
{
    snn_status rc = snn_trainer_evaluate(e->run.trainer, e->run.test, &e->metrics);
    int status = DONE;

    progress_clear(&e->progress);
    if (rc == SNN_ERR_CANCELLED)
        return ranks_first() ? fail(INTERRUPTED, "interrupted by %s", stop_reason()) : INTERRUPTED;
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (!ranks_first())
        return DONE;
    e->figures = run_figures(e->run.trainer, e->run.network, &e->metrics);
    if (wants_classes(e))
        status = confusion_measure(&e->confusion, &e->run, use_split(&e->args), batch_of(e));
    return status == DONE ? print(e) : status;
}

static int open_data(void *evaluation)
{
    struct evaluation *e = evaluation;

    const int status = use_open_data(&e->run, &e->args);

    return status == DONE ? class_names_check(&e->run, use_split(&e->args)) : status;
}

static int open_all(struct evaluation *e)
{
    int status = use_configure(&e->run, &e->args);

    if (status == DONE)
        status = run_context(&e->run);
    if (status == DONE)
        status = ranks_open_data(e->run.config, open_data, e);
    if (status == DONE && wants_classes(e) && (e->run.shape.targets > 0 || e->run.shape.target_frames > 1))
        status = fail(USAGE, "--confusion and --per-class go with labels; these samples have %s",
                      e->run.shape.targets > 0 ? "targets" : "a label for each step");
    return status == DONE ? open_model(e) : status;
}

static int eval(struct evaluation *e, int argc, char **argv)
{
    int status = args_parse(&e->args, flags, true, 1, argc, argv);

    if (status != DONE)
        return status;
    if (ranks_size() > 1 && args_has(&e->args, "neurobench"))
        return fail(USAGE, "--neurobench watches the potentials of all samples: start it in one process");
    if (e->args.count == 0)
        return fail(USAGE, "no model given: snn eval MODEL");
    progress_init(&e->progress, args_has(&e->args, "quiet") || args_has(&e->args, "json"), 0);
    status = execution_rate(&e->args, &e->rate);
    if (status == DONE)
        status = open_all(e);
    if (status != DONE)
        return status;
    stop_on_signals();
    return evaluate(e);
}

static int run(int argc, char **argv)
{
    struct evaluation e = { .metrics = SNN_METRICS_INIT };
    int status;

    status = eval(&e, argc, argv);
    run_close(&e.run);
    neurobench_free(e.nb);
    confusion_close(&e.confusion);
    json_decref(e.figures);
    args_free(&e.args);
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
    .ranks = RANKS_ALL,
    .run = run,
};
