/* cmd_train.c - snn train: from a data set to a model file, a log and drawings. */
#include "help.h"
#include "live_page.h"
#include "outputs.h"
#include "params.h"
#include "plot.h"
#include "ranks.h"
#include "train.h"

#include <stdlib.h>
#include <string.h>

const struct flag train_flags[] = {
    { "data", "FORMAT:DIR", "data", "default: Debian's dataset-fashion-mnist" },
    { "cache", "DIR", "data.cache",
      "recordings, shards: a folder for a file with the events or places of all samples; default: none" },
    { "normalise", "KIND", "data.normalise",
      "mean-std, of the training set; channel: of each channel, or column; imagenet; none" },
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
    { "lr-scale", "LAYER=X,...", "lr_scale", "factors of the learning rate, of layers by name; 0 freezes a layer" },
    { "start", "MODEL", "start", "initial weights by name, of a model; without --net, its network" },
    { "teacher", "MODEL", "teacher",
      "model whose outputs are targets, too; default trainer.distil 0.7, distil_tau 4" },
    { "trainer", "METHOD", "trainer.method", "default ottt" },
    { "optimizer", "NAME", "optimizer.name", "default sgd" },
    { "epochs", "N", "epochs", "passes over the training set; default 15" },
    { "batch", "N", "batch", "samples per update; default 128" },
    { "validation", "X", "validation",
      "share of the training samples, of each class, that judges epochs and is not trained on; default: none" },
    { "keep-best", NULL, "keep_best", "the model is that of the best epoch by --validation; default: of the last" },
    { "best-by", "FIGURE", "best_by",
      "the figure of the validation: accuracy, or loss, which is that of regression" },
    { "patience", "N", "patience", "stop after N epochs without a better one by --validation; default: never" },
    { "test-every", "N", "test_every", "test after every N epochs and the last; 0: the last only; default 1" },
    { "seed", "N", "seed", "seed of all random numbers; default 1" },
    { "threads", "N", "threads", "0, the default: one per processor; the result does not depend on it" },
    { "shards", "N", "trainer.shards",
      "cut batches, for ranks (mpirun) to share; default 1, of ranks 8 or their number" },
    { "reduce", "ORDER", "trainer.reduce", "of sums over shards; any: faster, and bits depend on the ranks" },
    { "send", "KIND", "trainer.send", "what ranks send of gradients; default float32" },
    { "isa", "SET", "isa", "highest instruction set to use; default best, the highest of the machine" },
    { "product-table", "FILE", "product_table",
      "of snn bench kernels --tune, or measure: here; default: the built-in choice" },
    { "steps", "T", "trainer.steps", "time steps per sample; default 6, for spide 30" },
    { "train-steps", "N", "train_steps", "time steps per sample in training; default: those of --steps" },
    { "loss", "NAME", "trainer.loss", "default ce_mse, for spide ce" },
    { "loss-mix", "X", "trainer.loss_mix", "share of MSE in ce_mse; default 0.05" },
    { "lr", "X", "optimizer.lr", "learning rate; default 0.1 for sgd, with spide 0.05 / scale" },
    { "momentum", "X", "optimizer.momentum", "default 0.9 for sgd" },
    { "weight-decay", "X", "optimizer.weight_decay", "default 0" },
    { "schedule", "NAME", "optimizer.schedule", "default cosine, to 0 over the epochs" },
    { "save", "MODEL", NULL, "file for the model; default model.snn if new, or --resume's without .ckpt" },
    { "packed", "FILE", NULL, "write the model there, too, with one bit for every weight of a binary layer" },
    { "resume", "CHECKPOINT", NULL, "go on where this file stopped; needs no other flag" },
    { "every", "N", NULL, "write MODEL.ckpt after every N epochs; default 1; 0: only when interrupted" },
    { "keep", NULL, NULL, "leave MODEL.ckpt when the run is complete, to resume it with more epochs" },
    { "csv", "FILE", NULL, "log of every epoch; default MODEL with .csv for .snn" },
    { "tensorboard", "DIR", NULL, "every epoch as an event file of TensorBoard in that folder" },
    { "curves", "FILE.svg", NULL, "draw accuracy and loss over the epochs" },
    { "raster", "FILE.svg", NULL, "draw what one test image does to the trained network" },
    { "sample", "N", NULL, "number of that test image; default 0" },
    { "live", "PORT", NULL, "show the run as it goes on, at http://127.0.0.1:PORT/; 0: a free port" },
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

/* ---- files of a finished run */

/* Figures of the validation, in the epoch whose weights the model has. */
static void add_validation(const struct train *t, json_t *figures)
{
    const bool best = t->best.keeps && t->best.epoch > 0;
    const uint64_t epoch = best ? t->best.epoch : run_about(t->run.trainer).epochs;

    for (size_t i = 0; t->best.judges && i < t->history.count; i++)
        if (t->history.row[i].epoch == epoch) {
            json_object_set_new(figures, "validation_accuracy", json_figure(t->history.row[i].validation_accuracy));
            json_object_set_new(figures, "validation_loss", json_figure(t->history.row[i].validation_loss));
        }
}

static int save_model(struct train *t)
{
    json_t *figures = run_figures(run_judge(&t->run), t->run.network, &t->held);
    char *text;
    snn_status rc;

    add_validation(t, figures);
    text = json_dumps(figures, JSON_COMPACT | JSON_REAL_PRECISION(9));
    rc = text ? snn_network_set_note(t->run.network, RATES_NOTE, text) : SNN_ERR_MEMORY;

    json_decref(figures);
    free(text);
    if (rc == SNN_OK)
        rc = snn_network_set_note(t->run.network, FILES_NOTE, NULL);
    if (rc == SNN_OK)
        rc = snn_network_set_note(t->run.network, BEST_NOTE, NULL);
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

/* Of the first rank. */
static int write_files(struct train *t)
{
    int status = save_model(t);

    if (status == DONE)
        status = draw(t);
    if (status != DONE || args_has(&t->args, "keep"))
        return status;
    /* Only more epochs would need it; one that is not of this run stays. */
    if (!t->owns || output_remove(t->checkpoint))
        best_discard(&t->best); /* which the checkpoint needs */
    return DONE;
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
    if (status == DONE && ranks_first())
        status = live_page_open(&t->server, &t->args, live_page_run(&t->run, &t->history, t->model));
    if (status == DONE)
        status = history_open(&t->history, t->csv, run_about(t->run.trainer).epochs, t->run.network);
    if (status == DONE)
        status = tensorboard_open(&t->board, run_about(t->run.trainer).epochs, t->run.config);
    status = ranks_agree(status);
    if (status != DONE)
        return status;
    train_announce(t);
    train_show(t);
    stop_on_signals();
    status = train_all(t);
    stop_says(NULL);
    progress_clear(&t->progress);
    if (status == DONE && ranks_first())
        status = write_files(t);
    if (status == DONE)
        train_conclude(t);
    return status;
}

static int run_train(int argc, char **argv)
{
    struct train t;
    int status, closed;

    memset(&t, 0, sizeof t);
    status = train(&t, argc, argv);
    server_close(t.server);
    closed = history_close(&t.history);
    if (tensorboard_close(&t.board) != DONE)
        closed = FAILED;
    best_close(&t.best);
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
    .ranks = RANKS_ALL,
    .run = run_train,
};
