/* train_report.c - what snn train prints: before, after every epoch, at the end. */
#include "live_page.h"
#include "ranks.h"
#include "train.h"

#include <math.h>
#include <stdlib.h>

void train_show(struct train *t)
{
    json_t *run = live_page_due(t->server) ? live_page_run(&t->run, &t->history, t->model) : NULL;
    char says[96];

    if (!run)
        return;
    if (t->evaluated)
        json_object_set_new(run, "figures", run_figures(run_judge(&t->run), t->run.network, &t->held));
    snprintf(says, sizeof says, "in training: %llu of %lld epochs done",
             (unsigned long long)run_about(t->run.trainer).epochs,
             (long long)config_whole(t->run.config, "epochs", 0));
    live_page_show(t->server, run, says);
}

void train_announce(const struct train *t)
{
    const json_t *config = t->run.config;
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;
    snn_dataset_info train = SNN_DATASET_INFO_INIT, validation = SNN_DATASET_INFO_INIT;
    snn_optimizer_info optimizer = SNN_OPTIMIZER_INFO_INIT;

    if (snn_network_get_info(t->run.network, &net) != SNN_OK ||
        snn_context_get_info(t->run.context, &ctx) != SNN_OK ||
        snn_dataset_get_info(t->run.train, &train) != SNN_OK ||
        (t->run.validation && snn_dataset_get_info(t->run.validation, &validation) != SNN_OK) ||
        snn_optimizer_get_info(t->run.optimizer, &optimizer) != SNN_OK)
        return;
    if (t->json) {
        char *note = config_note(config);
        json_line(json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:i, s:s, s:I, s:I, s:I, s:o}", "event", "start",
                            "version", snn_version_string(), "parameters", (json_int_t)net.parameters,
                            "parameter_bytes", (json_int_t)net.parameter_bytes, "trainer_bytes",
                            (json_int_t)run_about(t->run.trainer).bytes, "ranks", (int)ranks_size(), "threads",
                            (int)ctx.threads, "isa", ctx.isa, "train_samples", (json_int_t)train.count,
                            "validation_samples", (json_int_t)validation.count, "test_samples",
                            (json_int_t)t->run.shape.count, "config", note ? json_loads(note, 0, NULL) : json_null()),
                  17);
        free(note);
    } else if (!t->quiet) {
        printf("network  %s: %s parameters, %s -> %s\n", run_name(config), grouped(net.parameters).s,
               shape_text(&net.in).s, shape_text(&net.out).s);
        printf("data     %s:%s: %s training, %s%s%s test samples\n", config_text(config, "data.format", ""),
               config_text(config, "data.dir", ""), grouped(train.count).s,
               t->best.judges ? grouped(validation.count).s : "", t->best.judges ? " validation, " : "",
               grouped(t->run.shape.count).s);
        printf("trainer  %s, %s, batches of %lld%s, %u thread%s, %s, %s for training\n", run_method(config).s,
               optimizer.name, (long long)config_whole(config, "batch", 0), ranks_text(config).s, ctx.threads,
               ctx.threads == 1 ? "" : "s", ctx.isa, bytes(run_about(t->run.trainer).bytes).s);
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

/* "  valid  91.20%", "" without a figure. */
static struct text share(const char *name, double accuracy)
{
    struct text out = { "" };

    if (isfinite(accuracy))
        snprintf(out.s, sizeof out.s, "  %s %6.2f%%", name, 100 * accuracy);
    return out;
}

/* A second line, where there are many classes. */
static void report_top5(const struct train *t, const struct epoch_row *row)
{
    if (run_tells_top5(&t->run))
        printf("         top-5%s%s%s\n", share("train", row->train_top5).s, share("valid", row->validation_top5).s,
               share("test", row->test_top5).s);
}

/* A validation takes the place of the firing rate: lines have at most 80 columns. */
static void report_classes(const struct train *t, const struct epoch_row *row)
{
    char firing[32] = "";

    if (!t->best.judges)
        snprintf(firing, sizeof firing, "  firing %4.1f%%", 100 * row->firing_rate);
    printf("epoch %3llu/%lld  loss %.4f%s%s%s%s  %s/s\n", (unsigned long long)row->epoch,
           (long long)config_whole(t->run.config, "epochs", 0), row->train_loss,
           share("train", row->train_accuracy).s, share("valid", row->validation_accuracy).s,
           share("test", row->test_accuracy).s, firing, rate_text(row->samples_per_second).s);
    report_top5(t, row);
}

static void report_targets(const struct train *t, const struct epoch_row *row)
{
    char valid[32] = "", test[64] = "";

    if (isfinite(row->validation_loss))
        snprintf(valid, sizeof valid, "  valid %.6f", row->validation_loss);
    if (isfinite(row->test_loss))
        snprintf(test, sizeof test, "  test %.6f, R2 %.4f", row->test_loss, t->held.r2);
    printf("epoch %3llu/%lld  loss %.6f%s%s  firing %4.1f%%  %s/s\n", (unsigned long long)row->epoch,
           (long long)config_whole(t->run.config, "epochs", 0), row->train_loss, valid, test, 100 * row->firing_rate,
           rate_text(row->samples_per_second).s);
}

void train_report(struct train *t, const struct epoch_row *row)
{
    progress_clear(&t->progress);
    train_show(t);
    if (t->json)
        json_line(history_event(&t->history, row), 9);
    else if (!t->quiet && t->run.shape.targets > 0)
        report_targets(t, row);
    else if (!t->quiet)
        report_classes(t, row);
    if (!t->json && !t->quiet)
        report_more(row);
    fflush(stdout);
}

void train_report_stop(struct train *t)
{
    progress_clear(&t->progress);
    if (t->json)
        json_line(json_pack("{s:s, s:I, s:I}", "event", "stopped", "epoch", (json_int_t)t->best.judged, "best_epoch",
                            (json_int_t)t->best.epoch),
                  9);
    else if (!t->quiet)
        printf("stopped  after epoch %llu: no better %s of the validation since epoch %llu\n",
               (unsigned long long)t->best.judged, best_by(&t->best), (unsigned long long)t->best.epoch);
}

/* A population that never spikes passes no signal on, and with most methods no layer before or after it learns. */
void train_warn_of_silence(struct train *t)
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

void train_conclude(const struct train *t)
{
    if (t->json) {
        json_line(json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "event", "end",
                            "model", t->model, "csv", t->csv, "epochs", (json_int_t)run_about(t->run.trainer).epochs,
                            "test_accuracy", json_figure(t->held.accuracy), "test_top5", json_figure(t->held.top5),
                            "test_loss", json_figure(t->held.loss), "firing_rate", json_figure(t->held.firing_rate),
                            "synops_dense", json_figure(t->held.synops_dense), "synops_mac",
                            json_figure(t->held.synops_mac), "synops_ac", json_figure(t->held.synops_ac),
                            "validation_best_epoch",
                            t->best.epoch > 0 ? json_integer((json_int_t)t->best.epoch) : json_null(),
                            "validation_best", json_figure(t->best.epoch > 0 ? t->best.figure : NAN),
                            "peak_resident_bytes", (json_int_t)peak_resident()),
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
        if (t->best.epoch > 0)
            printf("best     epoch %llu: %s of the validation %.*f%s%s\n", (unsigned long long)t->best.epoch,
                   best_by(&t->best), t->best.by_loss ? 6 : 2, t->best.figure * (t->best.by_loss ? 1 : 100),
                   t->best.by_loss ? "" : "%", t->best.keeps ? ", the model" : "");
        printf("memory   %s resident at most\n", bytes(peak_resident()).s);
    }
    if (t->run.shape.targets > 0)
        printf("test R2 %.4f, squared error %.6f\n", t->held.r2, t->held.squared_error);
    else
        run_print_accuracy(&t->run, "test", &t->held);
}
