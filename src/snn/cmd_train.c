/* cmd_train.c - snn train: from a data set to a model file, a log and drawings. */
#include "help.h"
#include "params.h"
#include "plot.h"
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct flag train_flags[] = {
    { "data", "FORMAT:DIR", "data", "default: Debian's dataset-fashion-mnist" },
    { "cache", "DIR", "data.cache", "recordings: a folder for a file with the events of all samples; default: none" },
    { "normalise", "KIND", "data.normalise",
      "mean-std: one mean and deviation of the training set; channel: one for each channel, or column; none" },
    { "net", "NOTATION", "network",
      "784-800-10, ws:32C3-AP2-64C3-GAP-FC, or a builder's name, resnet34:width=32; default 784-800-10" },
    { "mean", "X,...", "data.mean",
      "subtracted from the input, in place of a measured mean; one, or one per channel" },
    { "deviation", "X,...", "data.deviation", "then divides the input; goes with --mean" },
    { "neuron", "TYPE", "neuron.type", "default: the network's own, lif" },
    { "dropout", "X", "dropout", "rate of all dropout layers of the network; default: the network's own" },
    { "binary", "KIND", "binary", "weights of the network's binary layers: scaled, sign, none (full precision)" },
    { "back-weights", "KIND", "back_weights",
      "weights of errors on their way down: same, sign (their signs), random (fixed)" },
    { "start", "MODEL", "start",
      "initial weights, those of a model of the same layers; without --net, its network as well" },
    { "teacher", "MODEL", "teacher",
      "model whose outputs are additional targets; trainer.distil 0.7 and distil_tau 4 unless set" },
    { "trainer", "METHOD", "trainer.method", "default ottt" },
    { "optimizer", "NAME", "optimizer.name", "default sgd" },
    { "epochs", "N", "epochs", "passes over the training set; default 15" },
    { "batch", "N", "batch", "samples per update; default 128" },
    { "seed", "N", "seed", "seed of all random numbers; default 1" },
    { "threads", "N", "threads", "0, the default: one per processor; the result does not depend on it" },
    { "isa", "SET", "isa", "highest instruction set to use; default best, the highest of the machine" },
    { "product-table", "FILE", "product_table",
      "of snn bench kernels --tune, or measure: here, when they are planned; default: the built-in choice of "
      "algorithms" },
    { "steps", "T", "trainer.steps", "time steps per sample; default 6, for spide 30" },
    { "train-steps", "N", "train_steps", "time steps per sample in training; default: those of --steps" },
    { "loss", "NAME", "trainer.loss", "default ce_mse, for spide ce" },
    { "loss-mix", "X", "trainer.loss_mix", "share of MSE in ce_mse; default 0.05" },
    { "lr", "X", "optimizer.lr", "learning rate; default 0.1 for sgd, with spide 0.05 / scale" },
    { "momentum", "X", "optimizer.momentum", "default 0.9 for sgd" },
    { "weight-decay", "X", "optimizer.weight_decay", "default 0" },
    { "schedule", "NAME", "optimizer.schedule", "default cosine, to 0 over the epochs" },
    { "save", "MODEL", NULL,
      "file for the model; default model.snn if that is new, or the checkpoint's name without .ckpt" },
    { "packed", "FILE", NULL, "write the model there, too, with one bit for every weight of a binary layer" },
    { "resume", "CHECKPOINT", NULL, "go on where this file stopped; needs no other flag" },
    { "every", "N", NULL, "write MODEL.ckpt after every N epochs; default 1; 0: only when interrupted" },
    { "keep", NULL, NULL, "leave MODEL.ckpt when the run is complete, to resume it with more epochs" },
    { "csv", "FILE", NULL, "log of every epoch; default MODEL with .csv for .snn" },
    { "curves", "FILE.svg", NULL, "draw accuracy and loss over the epochs" },
    { "raster", "FILE.svg", NULL, "draw what one test image does to the trained network" },
    { "sample", "N", NULL, "number of that test image; default 0" },
    { "json", NULL, NULL, "one JSON object per line on standard output, for machines" },
    { "quiet", NULL, NULL, "only the last line" },
    { NULL, NULL, NULL, NULL },
};

static int read_arguments(struct train *t, int argc, char **argv)
{
    int status = args_parse(&t->args, train_flags, true, 1, argc, argv);

    t->json = status == DONE && args_has(&t->args, "json");
    t->quiet = status == DONE && args_has(&t->args, "quiet");
    t->resume = status == DONE ? args_text(&t->args, "resume") : NULL;
    if (status == DONE)
        status = train_configure(t);
    if (status == DONE)
        status = args_whole(&t->args, "every", 0, 1000000, 1, &t->every);
    if (status == DONE)
        status = args_whole(&t->args, "sample", 0, INT32_MAX, 0, &t->sample);
    if (status == DONE)
        status = train_name_files(t);
    return status;
}

/* ---- training */

static void announce(const struct train *t)
{
    const json_t *config = t->run.config;
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;
    snn_dataset_info train = SNN_DATASET_INFO_INIT;
    snn_optimizer_info optimizer = SNN_OPTIMIZER_INFO_INIT;

    if (snn_network_get_info(t->run.network, &net) != SNN_OK ||
        snn_context_get_info(t->run.context, &ctx) != SNN_OK ||
        snn_dataset_get_info(t->run.train, &train) != SNN_OK ||
        snn_optimizer_get_info(t->run.optimizer, &optimizer) != SNN_OK)
        return;
    if (t->json) {
        char *note = config_note(config);
        json_line(json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:s, s:I, s:I, s:o}", "event", "start", "version",
                            snn_version_string(), "parameters", (json_int_t)net.parameters, "parameter_bytes",
                            (json_int_t)net.parameter_bytes, "trainer_bytes",
                            (json_int_t)run_about(t->run.trainer).bytes, "threads", (int)ctx.threads, "isa", ctx.isa,
                            "train_samples", (json_int_t)train.count, "test_samples", (json_int_t)t->run.shape.count,
                            "config", note ? json_loads(note, 0, NULL) : json_null()),
                  17);
        free(note);
    } else if (!t->quiet) {
        printf("network  %s: %s parameters, %s -> %s\n", run_name(config), grouped(net.parameters).s,
               shape_text(&net.in).s, shape_text(&net.out).s);
        printf("data     %s:%s: %s training, %s test samples\n", config_text(config, "data.format", ""),
               config_text(config, "data.dir", ""), grouped(train.count).s, grouped(t->run.shape.count).s);
        printf("trainer  %s, %s, batches of %lld, %u thread%s, %s, %s for training\n", run_method(config).s,
               optimizer.name, (long long)config_whole(config, "batch", 0), ctx.threads, ctx.threads == 1 ? "" : "s",
               ctx.isa, bytes(run_about(t->run.trainer).bytes).s);
        if (t->resume)
            printf("resumed  %s: %llu of %lld epochs done\n", t->resume,
                   (unsigned long long)run_about(t->run.trainer).epochs,
                   (long long)config_whole(config, "epochs", 0));
        fflush(stdout);
    }
}

/* A second line, where a method has a second stage or solves an equation. */
static void report_more(const struct epoch_row *row)
{
    if (isfinite(row->backward_rate))
        printf("         backward firing %.2f%%\n", 100 * row->backward_rate);
    if (!isfinite(row->solver_iterations))
        return;
    printf(
        "         equilibrium gap %.3f  solver: %.1f iterations, residual at most %.1e, %.0f batch%s not converged\n",
        row->equilibrium_gap, row->solver_iterations, row->solver_residual, row->solver_failures,
        row->solver_failures > 0.5 && row->solver_failures < 1.5 ? "" : "es");
}

static void report(struct train *t, const struct epoch_row *row)
{
    progress_clear(&t->progress);
    if (t->json)
        json_line(
            json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event", "epoch",
                      "epoch", (json_int_t)row->epoch, "train_loss", json_figure(row->train_loss), "train_accuracy",
                      json_figure(row->train_accuracy), "test_loss", json_figure(row->test_loss), "test_accuracy",
                      json_figure(row->test_accuracy), "learning_rate", json_figure(row->learning_rate),
                      "firing_rate", json_figure(row->firing_rate), "seconds", json_figure(row->seconds),
                      "samples_per_second", json_figure(row->samples_per_second), "equilibrium_gap",
                      json_figure(row->equilibrium_gap), "solver_iterations", json_figure(row->solver_iterations),
                      "solver_residual", json_figure(row->solver_residual), "solver_failures",
                      json_figure(row->solver_failures), "backward_rate", json_figure(row->backward_rate)),
            9);
    else if (!t->quiet && t->run.shape.targets > 0 && t->evaluated)
        printf("epoch %3llu/%lld  loss %.6f  test %.6f, R2 %.4f  firing %4.1f%%  %s/s\n",
               (unsigned long long)row->epoch, (long long)config_whole(t->run.config, "epochs", 0), row->train_loss,
               row->test_loss, t->held.r2, 100 * row->firing_rate, grouped((uint64_t)row->samples_per_second).s);
    else if (!t->quiet && isfinite(row->test_accuracy))
        printf("epoch %3llu/%lld  loss %.4f  train %6.2f%%  test %6.2f%%  firing %4.1f%%  %s/s\n",
               (unsigned long long)row->epoch, (long long)config_whole(t->run.config, "epochs", 0), row->train_loss,
               100 * row->train_accuracy, 100 * row->test_accuracy, 100 * row->firing_rate,
               grouped((uint64_t)row->samples_per_second).s);
    if (!t->json && !t->quiet)
        report_more(row);
    fflush(stdout);
}

/* A population that never spikes passes no signal on, and with most methods no layer before or after it learns. */
static void warn_of_silence(struct train *t)
{
    const snn_layer *layer;

    for (size_t i = 0; (layer = snn_network_layer(t->run.network, i)) && !t->silence_said; i++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;
        snn_layer_metrics of = SNN_LAYER_METRICS_INIT;

        if (snn_layer_get_info(layer, &info) != SNN_OK || !info.spiking ||
            snn_trainer_layer_metrics(run_judge(&t->run), layer, &of) != SNN_OK || of.firing_rate > 0)
            continue;
        progress_clear(&t->progress);
        warn("layer %s does not spike at all: try a lower --neuron.threshold, more --steps, batch norm before it "
             "(BN) or standardised weights (ws:)",
             info.name);
        t->silence_said = true;
    }
}

/* Writes the checkpoint and says how to go on. */
static int interrupted(struct train *t)
{
    unsigned long long done = run_about(t->run.trainer).epochs;
    snn_status rc;

    progress_clear(&t->progress);
    rc = snn_trainer_save(t->run.trainer, t->checkpoint);
    if (rc != SNN_OK)
        return fail_call(rc, "interrupted, and the checkpoint could not be written");
    if (t->json)
        json_line(json_pack("{s:s, s:I, s:s, s:s}", "event", "interrupted", "epochs_done", (json_int_t)done, "signal",
                            stop_reason(), "checkpoint", t->checkpoint),
                  9);
    return fail(INTERRUPTED, "interrupted after %llu of %lld epochs%s by %s; to continue: snn train --resume %s",
                done, (long long)config_whole(t->run.config, "epochs", 0),
                done < (unsigned long long)config_whole(t->run.config, "epochs", 0) ? " (and a part)" : "",
                stop_reason(), t->checkpoint);
}

static int evaluate(struct train *t)
{
    snn_metrics held = SNN_METRICS_INIT;
    snn_status rc = snn_trainer_evaluate(run_judge(&t->run), t->run.test, &held);

    if (rc != SNN_OK && rc != SNN_ERR_CANCELLED)
        return fail_call(rc, "test set");
    t->evaluated = rc == SNN_OK;
    t->held = held;
    return rc == SNN_OK ? DONE : INTERRUPTED;
}

/* Says which epoch diverged, in the log, too, and from where to go on. */
static int diverged(struct train *t, snn_status rc)
{
    struct epoch_row row = {
        run_about(t->run.trainer).epochs + 1, INFINITY, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN
    };
    const char *reason = snn_last_error();

    history_add(&t->history, &row);
    if (t->json)
        json_line(json_pack("{s:s, s:I, s:s}", "event", "diverged", "epoch", (json_int_t)row.epoch, "reason", reason),
                  9);
    if (t->saved)
        return fail(FAILED,
                    "%s: epoch %llu: %s; %s holds epoch %llu: resume it with a smaller --lr or with "
                    "--optimizer.clip_norm",
                    snn_status_name(rc), (unsigned long long)row.epoch, reason, t->checkpoint,
                    (unsigned long long)t->saved);
    return fail(FAILED, "%s: epoch %llu: %s; a smaller --lr, --optimizer.clip_norm or --optimizer.warmup may help",
                snn_status_name(rc), (unsigned long long)row.epoch, reason);
}

static void save_checkpoint(struct train *t)
{
    snn_status rc = snn_trainer_save(t->run.trainer, t->checkpoint);

    t->owns = t->owns || rc == SNN_OK;
    if (rc == SNN_OK)
        t->saved = run_about(t->run.trainer).epochs;
    else
        warn("no checkpoint: %s: %s", snn_status_name(rc), snn_last_error());
}

static struct epoch_row row_of(const struct train *t, const snn_metrics *fit)
{
    bool answers = strcmp(config_text(t->run.config, "trainer.method", ""), "spide") == 0;
    bool solves = fit->solver_iterations > 0 || fit->solver_failures > 0;

    return (struct epoch_row){ .epoch = run_about(t->run.trainer).epochs,
                               .train_loss = fit->loss,
                               .train_accuracy = fit->accuracy,
                               .test_loss = t->evaluated ? t->held.loss : NAN,
                               .test_accuracy = t->evaluated ? t->held.accuracy : NAN,
                               .learning_rate = fit->learning_rate,
                               .firing_rate = fit->firing_rate,
                               .seconds = fit->seconds,
                               .samples_per_second = fit->samples_per_second,
                               .equilibrium_gap = solves ? fit->equilibrium_gap : NAN,
                               .solver_iterations = solves ? fit->solver_iterations : NAN,
                               .solver_residual = solves ? fit->solver_residual : NAN,
                               .solver_failures = solves ? (double)fit->solver_failures : NAN,
                               .backward_rate = answers ? fit->backward_rate : NAN };
}

static int train_epoch(struct train *t)
{
    snn_metrics fit = SNN_METRICS_INIT;
    struct epoch_row row;
    snn_status rc = snn_trainer_epoch(t->run.trainer, t->run.train, &fit);
    int status;

    if (rc == SNN_ERR_CANCELLED)
        return interrupted(t);
    progress_clear(&t->progress);
    if (rc == SNN_ERR_DIVERGED)
        return diverged(t, rc);
    if (rc == SNN_ERR_STATE && t->resume)
        return fail(
            FAILED,
            "%s: its epoch %llu was interrupted and continues over its own data only, without another --data or "
            "--data.limit: %s",
            t->resume, (unsigned long long)run_about(t->run.trainer).epochs + 1, snn_last_error());
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = evaluate(t);
    row = row_of(t, &fit);
    if (history_add(&t->history, &row) != DONE || status == FAILED)
        return FAILED;
    report(t, &row);
    if (t->evaluated)
        warn_of_silence(t);
    if (status == INTERRUPTED)
        return interrupted(t);
    if (t->every && row.epoch % (uint64_t)t->every == 0)
        save_checkpoint(t);
    return DONE;
}

/* Evaluates after an interruption that came before the evaluation. */
static int catch_up(struct train *t)
{
    struct history *h = &t->history;
    struct epoch_row row = { 0 };
    int status;

    if (h->count > 0)
        row = h->row[h->count - 1];
    if (row.epoch != run_about(t->run.trainer).epochs || !isnan(row.test_accuracy))
        return DONE;
    status = evaluate(t);
    if (status == INTERRUPTED)
        return interrupted(t);
    if (status != DONE)
        return status;
    row.test_loss = t->held.loss;
    row.test_accuracy = t->held.accuracy;
    status = history_amend(h, &row);
    report(t, &row);
    return status;
}

static int train_all(struct train *t)
{
    uint64_t epochs = (uint64_t)config_whole(t->run.config, "epochs", 1);
    int status = catch_up(t);

    if (status == DONE && t->resume && run_about(t->run.trainer).epochs >= epochs)
        warn("%s: is complete; with --epochs N, more than %llu, it continues", t->resume,
             (unsigned long long)run_about(t->run.trainer).epochs);
    while (status == DONE && run_about(t->run.trainer).epochs < epochs)
        status = train_epoch(t);
    if (status == DONE && !t->evaluated) {
        status = evaluate(t);
        if (status == INTERRUPTED)
            status = interrupted(t);
    }
    return status;
}

/* ---- files of a finished run */

static int save_model(struct train *t)
{
    json_t *figures = run_figures(run_judge(&t->run), t->run.network, &t->held);
    char *text = json_dumps(figures, JSON_COMPACT | JSON_REAL_PRECISION(9));
    snn_status rc = text ? snn_network_set_note(t->run.network, RATES_NOTE, text) : SNN_ERR_MEMORY;

    json_decref(figures);
    free(text);
    if (rc == SNN_OK)
        rc = snn_network_set_note(t->run.network, FILES_NOTE, NULL);
    if (rc == SNN_OK)
        rc = snn_network_save(t->run.network, t->model);
    if (rc == SNN_OK && args_text(&t->args, "packed"))
        rc = snn_network_save_packed(t->run.network, args_text(&t->args, "packed"));
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int draw(struct train *t)
{
    const char *curves = args_text(&t->args, "curves"), *raster = args_text(&t->args, "raster");
    int status = DONE;

    if (curves)
        status = plot_curves(curves, &t->history, t->run.config);
    if (status == DONE && raster)
        status = plot_raster(raster, &t->run, t->run.test, (size_t)t->sample);
    return status;
}

static void conclude(const struct train *t)
{
    if (t->json) {
        json_line(json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "event", "end", "model",
                            t->model, "csv", t->csv, "epochs", (json_int_t)run_about(t->run.trainer).epochs,
                            "test_accuracy", json_figure(t->held.accuracy), "test_loss", json_figure(t->held.loss),
                            "firing_rate", json_figure(t->held.firing_rate), "synops_dense",
                            json_figure(t->held.synops_dense), "synops_mac", json_figure(t->held.synops_mac),
                            "synops_ac", json_figure(t->held.synops_ac), "peak_resident_bytes",
                            (json_int_t)peak_resident()),
                  9);
        return;
    }
    if (!t->quiet) {
        printf("model    %s\nlog      %s\n", t->model, t->csv);
        if (args_text(&t->args, "curves"))
            printf("curves   %s\n", args_text(&t->args, "curves"));
        if (args_text(&t->args, "raster"))
            printf("raster   %s\n", args_text(&t->args, "raster"));
        if (args_has(&t->args, "keep"))
            printf("resume   %s\n", t->checkpoint);
        printf("memory   %s resident at most\n", bytes(peak_resident()).s);
    }
    if (t->run.shape.targets > 0)
        printf("test R2 %.4f, squared error %.6f\n", t->held.r2, t->held.squared_error);
    else
        printf("test accuracy %.2f%%\n", 100 * t->held.accuracy);
}

static int train(struct train *t, int argc, char **argv)
{
    int status = read_arguments(t, argc, argv);

    if (status == DONE)
        status = run_context(&t->run);
    if (status == DONE)
        status = run_teacher(&t->run);
    if (status == DONE)
        status = train_open_data(t);
    if (status == DONE)
        status = train_open_network(t);
    if (status != DONE)
        return status;
    progress_init(&t->progress, t->quiet, (uint64_t)config_whole(t->run.config, "epochs", 1));
    status = train_open_trainer(t);
    if (status == DONE)
        status = history_open(&t->history, t->csv, run_about(t->run.trainer).epochs);
    if (status != DONE)
        return status;
    announce(t);
    stop_on_signals();
    status = train_all(t);
    progress_clear(&t->progress);
    if (status == DONE && args_has(&t->args, "keep"))
        save_checkpoint(t);
    if (status == DONE)
        status = save_model(t);
    if (status == DONE)
        status = draw(t);
    if (status != DONE)
        return status;
    if (t->owns && !args_has(&t->args, "keep")) /* only more epochs would need it; one that is not of this run
                                                   stays */
        unlink(t->checkpoint);
    conclude(t);
    return DONE;
}

static int run_train(int argc, char **argv)
{
    struct train t;
    int status, closed;

    memset(&t, 0, sizeof t);
    status = train(&t, argc, argv);
    closed = history_close(&t.history);
    run_close(&t.run);
    args_free(&t.args);
    free(t.model);
    free(t.checkpoint);
    free(t.csv);
    return status == DONE ? closed : status;
}

static void list_networks(void)
{
    char names[1024];

    param_words("network", names, sizeof names);
    help_heading("networks with a name");
    help_text(names);
}

const struct command train_command = {
    .name = "train",
    .does = "train a network on a data set, write model, log and drawings",
    .usage = "[CONFIG.json] [FLAGS]",
    .about = "Trains a network and evaluates it on the test set after every epoch. Flags override the file, the file "
             "overrides the defaults; the settings that result travel inside the model file. Interrupted (Ctrl-C, "
             "SIGTERM, SIGHUP), it writes MODEL.ckpt and exits with 130; 'snn train --resume MODEL.ckpt' goes on and "
             "gives the same bits as if nothing had happened.",
    .flags = train_flags,
    .parameters = true,
    .lists = list_networks,
    .run = run_train,
};
