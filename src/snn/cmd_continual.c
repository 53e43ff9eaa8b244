/* cmd_continual.c - snn continual: one network learns permuted copies of a data set, one after the other. */
#include "args.h"
#include "outputs.h"
#include "params.h"
#include "permute.h"
#include "plot.h"
#include "progress.h"
#include "run.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TASKS_MAX 100
#define NOTE "tool.continual" /* of a checkpoint: what the sequence is, and where */

static const struct flag flags[] = {
    { "data", "FORMAT:DIR", "data", "what every task permutes; default: Debian's dataset-fashion-mnist" },
    { "net", "NOTATION", "network", "as in snn train, its last layer the head of all tasks; default 784-800-800-10" },
    { "tasks", "K", NULL, "number of tasks; default 3" },
    { "rows", "M,M,...", NULL,
      "lateral neurons of task 1 for each layer that may have them; default: no projection" },
    { "more", "M,M,.../...", NULL,
      "those that tasks 2, 3, ... add, the last list all further ones; default: as --rows" },
    { "hebb-lr", "X,X,...", NULL, "learning rates of their weights, one for each layer; default: projection.lr" },
    { "neuron", "TYPE", "neuron.type", "default lif" },
    { "trainer", "METHOD", "trainer.method", "default ottt" },
    { "epochs", "N", "epochs", "passes over the training set of each task; default 1" },
    { "batch", "N", "batch", "samples per update; default 64" },
    { "steps", "T", "trainer.steps", "time steps per sample; default 6" },
    { "loss", "NAME", "trainer.loss", "default ce" },
    { "lr", "X", "optimizer.lr", "learning rate; default 0.1" },
    { "seed", "N", "seed", "seed of all random numbers; default 1" },
    { "threads", "N", "threads", "0, the default: one per processor; the result does not depend on it" },
    { "isa", "SET", "isa", "highest instruction set to use; default best, the highest of the machine" },
    { "product-table", "FILE", "product_table",
      "of snn bench kernels --tune, or measure: here, when they are planned; default: the built-in choice of "
      "algorithms" },
    { "matrix", "FILE.svg", NULL, "draw the accuracies on every task after every task" },
    { "save", "MODEL", NULL,
      "file for the network at the end; MODEL.ckpt until then, after every task and when interrupted" },
    { "resume", "FILE", NULL, "continue from such a checkpoint, whose settings cannot be changed" },
    { "quiet", NULL, NULL, "only the last line" },
    { NULL, NULL, NULL, NULL },
};

struct continual {
    struct args args;
    struct run run;
    struct progress progress;
    uint32_t *order; /* [pixels] of the present task; tasks are made when they are needed */
    size_t layers;
    size_t rows[TASKS_MAX][RUN_LAYERS]; /* that each task adds */
    const char *text[3];                /* --rows, --more, --hebb-lr, or NULL */
    char *model, *checkpoint;           /* paths, or NULL */
    json_t *state;                      /* of the checkpoint, or NULL */
    int64_t tasks;
    bool quiet, saved; /* the checkpoint is of this run */
};

enum { ROWS, MORE, RATES };
static const char *const text_flag[] = { "rows", "more", "hebb-lr" };

static int help(void)
{
    printf(
        "usage: snn continual [CONFIG.json] [FLAGS]\n\n"
        "Trains one network on K tasks, one after the other: each permutes the pixels of the data in its own way, "
        "the first "
        "leaves\n"
        "them. Lateral neurons (--rows) keep later tasks out of what earlier ones use; without them the network "
        "forgets. "
        "Prints the\n"
        "accuracy on every task after every task, their mean at the end (ACC), and what was lost since (BWT).\n\n");
    args_help(flags);
    param_topics();
    return DONE;
}

/* ---- settings ---- */

/* Settings from the library's defaults, the file and the flags. */
static int begin_config(struct continual *c)
{
    json_t *config = c->run.config = json_object();

    config_set(config, "network", json_string("784-800-800-10"));
    config_set(config, "epochs", json_integer(1));
    config_set(config, "batch", json_integer(64));
    config_set(config, "trainer.loss", json_string("ce"));
    config_set(config, "optimizer.name", json_string("sgd"));
    config_set(config, "optimizer.momentum", json_real(0));
    config_set(config, "optimizer.schedule", json_string("constant"));
    if (c->args.count && config_merge_file(config, c->args.positional[0]) != DONE)
        return FAILED;
    config_merge(config, c->args.config);
    config_complete(config);
    return DONE;
}

static int configure(struct continual *c)
{
    if (c->state) /* the checkpoint has a whole one */
        config_merge(c->run.config, c->args.config);
    else if (begin_config(c) != DONE)
        return FAILED;
    if (config_whole(c->run.config, "batch", 0) < 1 || config_whole(c->run.config, "epochs", 0) < 1)
        return fail(FAILED, "batch and epochs must be at least 1");
    return DONE;
}

static int open_data(struct continual *c)
{
    struct run *run = &c->run;
    int status = run_data(run, &run->train, SNN_SPLIT_TRAIN);
    size_t pixels = 1;

    if (status == DONE)
        status = run_normalise(run, run->train);
    if (status == DONE)
        status = run_data(run, &run->test, SNN_SPLIT_TEST);
    if (status != DONE)
        return status;
    for (uint32_t d = 0; d < run->shape.rank; d++)
        pixels *= run->shape.shape[d];
    if (pixels > PIXELS_MAX || run->shape.frames > 1)
        return fail(FAILED, "samples of %zu numbers in %zu frames; still samples of at most %d can be permuted",
                    pixels, (size_t)run->shape.frames, PIXELS_MAX);
    c->order = malloc(pixels * sizeof *c->order);
    return c->order ? DONE : fail(FAILED, "no memory for %zu pixels", pixels);
}

/* "70,70,70/50,50,50": what tasks 2, 3, ... add; the last list serves all further ones. */
static int read_more(struct continual *c)
{
    const char *text = c->text[c->text[MORE] ? MORE : ROWS];
    char list[RUN_LAYERS * 32];
    int status = DONE;

    for (size_t task = 1; status == DONE && task < (size_t)c->tasks; task++) {
        size_t length = strcspn(text, "/");

        snprintf(list, sizeof list, "%.*s", (int)length, text);
        status = run_rows(&c->run, "more", list, c->rows[task]);
        if (text[length] == '/')
            text += length + 1;
    }
    return status;
}

static int set_rates(struct continual *c)
{
    char word[RUN_LAYERS][32];
    size_t n = c->text[RATES] ? args_list(c->text[RATES], word, RUN_LAYERS) : 0, used = 0;

    for (size_t l = 0; l < c->layers && n > 0; l++) {
        char *end;
        double lr;

        if (!run_may_project(&c->run, l))
            continue;
        if (used == n)
            return fail(USAGE, "--hebb-lr: %zu numbers; every linear and conv2d layer needs one", n);
        lr = strtod(word[used], &end);
        if (*end != '\0' ||
            snn_projection_set_layer_lr(c->run.projection, snn_network_layer(c->run.network, l), lr) != SNN_OK)
            return fail(USAGE, "--hebb-lr: \"%s\" is no learning rate", word[used]);
        used++;
    }
    return DONE;
}

static int open_projection(struct continual *c)
{
    bool about = c->text[MORE] || c->text[RATES] || json_object_get(c->args.config, "projection");
    int status;

    if (!c->text[ROWS])
        return about ? fail(USAGE, "--more, --hebb-lr and --projection.NAME go with --rows") : DONE;
    status = run_projection(&c->run);
    if (status == DONE)
        status = run_rows(&c->run, "rows", c->text[ROWS], c->rows[0]);
    if (status == DONE)
        status = read_more(c);
    return status == DONE ? set_rates(c) : status;
}

static int open_all(struct continual *c)
{
    struct run *run = &c->run;
    int status = run_context(run);
    snn_status rc;

    if (status == DONE)
        status = open_data(c);
    if (status == DONE)
        status = run_network(run);
    if (status == DONE)
        status = run_layers(run, &c->layers);
    if (status == DONE)
        status = run_optimizer(run);
    if (status == DONE)
        status = run_trainer(run);
    if (status == DONE)
        status = open_projection(c);
    if (status != DONE)
        return status;
    rc = snn_trainer_on_progress(run->trainer, progress_show, &c->progress);
    if (rc == SNN_OK)
        rc = snn_continual_create(&c->run.sequence, run->trainer, c->run.projection, (size_t)c->tasks);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* ---- checkpoints ---- */

static size_t ended(const struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;

    return snn_continual_get_info(c->run.sequence, &info) == SNN_OK ? (size_t)info.ended : 0;
}

/* A[task][0 .. task], null where it was not measured. */
static json_t *accuracies(const struct continual *c, size_t task)
{
    json_t *row = json_array();

    for (size_t j = 0; j <= task; j++) {
        double a = snn_continual_accuracy(c->run.sequence, task, j);

        json_array_append_new(row, isnan(a) ? json_null() : json_real(a));
    }
    return row;
}

static snn_status set_note(struct continual *c, const char *key, char *text)
{
    snn_status rc = text ? snn_network_set_note(c->run.network, key, text) : SNN_ERR_MEMORY;

    free(text);
    return rc;
}

static snn_status save_checkpoint(struct continual *c, bool under_way)
{
    json_t *state = json_pack("{s:I, s:I, s:b, s:[]}", "tasks", (json_int_t)c->tasks, "ended", (json_int_t)ended(c),
                              "under_way", under_way, "accuracy");
    snn_status rc;

    for (size_t i = 0; i < 3; i++)
        if (c->text[i])
            json_object_set_new(state, text_flag[i], json_string(c->text[i]));
    for (size_t task = 0; task < ended(c); task++)
        json_array_append_new(json_object_get(state, "accuracy"), accuracies(c, task));
    json_object_set_new(state, "files", outputs_note(c->args.own, c->checkpoint));
    rc = set_note(c, CONFIG_NOTE, config_note(c->run.config));
    if (rc == SNN_OK)
        rc = set_note(c, NOTE, json_dumps(state, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    if (rc == SNN_OK)
        rc = snn_trainer_save(c->run.trainer, c->checkpoint);
    c->saved = c->saved || rc == SNN_OK;
    json_decref(state);
    return rc;
}

/* Reads the position of the checkpoint, and the arguments of its sequence. */
static int read_checkpoint(struct continual *c, const char *path)
{
    static const char *const key[2] = { CONFIG_NOTE, NOTE };
    char *text[2];
    int status;

    for (size_t i = 0; i < 3; i++)
        if (c->text[i])
            return fail(USAGE, "--%s does not go with --resume: the checkpoint holds it", text_flag[i]);
    if (args_has(&c->args, "tasks") || args_has(&c->args, "net") || c->args.count)
        return fail(USAGE, "--tasks, --net and a configuration do not go with --resume: the checkpoint holds them");
    status = run_notes_of(path, key, text, 2);
    if (text[0] && status == DONE)
        status = config_parse_run(&c->run.config, text[0], path);
    c->state = text[1] ? json_loads(text[1], 0, NULL) : NULL;
    free(text[0]);
    free(text[1]);
    if (status == DONE && (!c->run.config || !json_is_object(c->state)))
        return fail(FAILED, "%s: is not a checkpoint of snn continual", path);
    if (status == DONE)
        status = outputs_recall(c->args.own, json_object_get(c->state, "files"), path);
    if (status != DONE)
        return status;
    c->tasks = json_integer_value(json_object_get(c->state, "tasks"));
    for (size_t i = 0; i < 3; i++)
        c->text[i] = json_string_value(json_object_get(c->state, text_flag[i]));
    return c->tasks >= 1 && c->tasks <= TASKS_MAX
               ? DONE
               : fail(FAILED, "%s: a sequence of %lld tasks", path, (long long)c->tasks);
}

/* Repeats the ended tasks without training, then loads the numbers of all arrays. */
static int take_up(struct continual *c, const char *path, bool *under_way)
{
    size_t batch = (size_t)run_batch(&c->run, c->run.train);
    size_t done = (size_t)json_integer_value(json_object_get(c->state, "ended"));
    snn_status rc = SNN_OK;

    *under_way = json_is_true(json_object_get(c->state, "under_way"));
    if (done > (size_t)c->tasks - *under_way)
        return fail(FAILED, "%s: %zu tasks of %lld have ended", path, done, (long long)c->tasks);
    for (size_t task = 0; task < done + *under_way && rc == SNN_OK; task++) {
        const json_t *row = json_array_get(json_object_get(c->state, "accuracy"), task);

        rc = run_begin_task(&c->run, c->rows[task], batch);
        if (rc == SNN_OK && task < done)
            rc = snn_continual_end(c->run.sequence);
        for (size_t j = 0; j < json_array_size(row) && rc == SNN_OK; j++)
            if (json_is_number(json_array_get(row, j)))
                rc = snn_continual_record(c->run.sequence, task, j, json_number_value(json_array_get(row, j)));
    }
    if (rc == SNN_OK)
        rc = snn_trainer_load(c->run.trainer, path);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (!c->quiet)
        printf("resumed  %s: %zu of %lld tasks done\n", path, done, (long long)c->tasks);
    return DONE;
}

/* The paths of model and checkpoint: with --resume, those that it came from. */
static int name_files(struct continual *c)
{
    const char *save = args_text(&c->args, "save"), *from = args_text(&c->args, "resume");
    size_t length = from ? strlen(from) : 0;
    const char *matrix = args_text(&c->args, "matrix");
    bool ckpt = length > 5 && strcmp(from + length - 5, ".ckpt") == 0;
    int status;

    if (save || ckpt) {
        c->model = save ? renamed(save, "", "") : renamed(from, ".ckpt", "");
        c->checkpoint = c->model ? renamed(c->model, "", ".ckpt") : NULL;
        if (!c->checkpoint)
            return fail(FAILED, "out of memory");
        c->saved = ckpt && strcmp(from, c->checkpoint) == 0;
    }
    status = outputs_check((const struct output[]){ { "model", c->model, true },
                                                    { "checkpoint", c->checkpoint, true },
                                                    { "--matrix", matrix, false } },
                           3);
    return status == DONE ? svg_check_name(matrix) : status;
}

/* ---- running ---- */

static int stopped(struct continual *c, snn_status rc, bool under_way)
{
    progress_clear(&c->progress);
    if (rc == SNN_ERR_STATE && c->state)
        return fail(FAILED,
                    "%s: its interrupted task continues over its own data only, without another --data or "
                    "--data.limit: %s",
                    args_text(&c->args, "resume"), snn_last_error());
    if (rc != SNN_ERR_CANCELLED)
        return fail_call(rc, NULL);
    if (!c->checkpoint)
        return fail(INTERRUPTED, "interrupted by %s; with --save there would be a checkpoint", stop_reason());
    rc = save_checkpoint(c, under_way);
    if (rc != SNN_OK)
        return fail_call(rc, "interrupted, and the checkpoint could not be written");
    return fail(INTERRUPTED, "interrupted after %zu of %lld tasks%s by %s; to continue: snn continual --resume %s",
                ended(c), (long long)c->tasks, under_way ? " and a part" : "", stop_reason(), c->checkpoint);
}

static uint64_t seed_of(const struct continual *c)
{
    return (uint64_t)config_whole(c->run.config, "seed", 1);
}

/* `begun`: a checkpoint was taken up in the middle of it. */
static int train_task(struct continual *c, size_t task, bool begun)
{
    struct permuted user = { .order = c->order };
    snn_dataset *data;
    snn_metrics m = SNN_METRICS_INIT;
    uint64_t epochs = (uint64_t)config_whole(c->run.config, "epochs", 1);
    snn_status rc = permute_open(&data, c->run.context, c->run.train, &user, seed_of(c), task);

    if (rc == SNN_OK && !begun)
        rc = run_begin_task(&c->run, c->rows[task], (size_t)run_batch(&c->run, c->run.train));
    while (rc == SNN_OK && run_about(c->run.trainer).epochs < epochs)
        rc = snn_trainer_epoch(c->run.trainer, data, &m);
    if (rc == SNN_OK)
        rc = snn_continual_end(c->run.sequence);
    snn_dataset_destroy(data);
    if (rc != SNN_OK)
        return stopped(c, rc, true);
    progress_clear(&c->progress);
    if (!c->quiet)
        printf("task %2zu  loss %.4f  %.0f samples/s  test", task + 1, m.loss, m.samples_per_second);
    return DONE;
}

static int evaluate_tasks(struct continual *c, size_t task)
{
    for (size_t j = 0; j <= task; j++) {
        struct permuted user = { .order = c->order };
        snn_dataset *data;
        snn_status rc = permute_open(&data, c->run.context, c->run.test, &user, seed_of(c), j);

        if (rc == SNN_OK)
            rc = snn_continual_evaluate(c->run.sequence, j, data, NULL);
        snn_dataset_destroy(data);
        if (rc != SNN_OK)
            return stopped(c, rc, false);
        progress_clear(&c->progress);
        if (!c->quiet)
            printf(" %.2f%%", 100 * snn_continual_accuracy(c->run.sequence, task, j));
    }
    if (!c->quiet)
        printf("\n");
    fflush(stdout);
    if (c->checkpoint) {
        snn_status rc = save_checkpoint(c, false);

        if (rc != SNN_OK)
            warn("no checkpoint: %s: %s", snn_status_name(rc), snn_last_error());
    }
    return DONE;
}

/* True if task number `task` was evaluated on all tasks so far. */
static bool evaluated(const struct continual *c, size_t task)
{
    for (size_t j = 0; j <= task; j++)
        if (isnan(snn_continual_accuracy(c->run.sequence, task, j)))
            return false;
    return true;
}

static int run_tasks(struct continual *c)
{
    bool under_way = false;
    int status = c->state ? take_up(c, args_text(&c->args, "resume"), &under_way) : DONE;

    if (status == DONE && ended(c) > 0 && !evaluated(c, ended(c) - 1))
        status = evaluate_tasks(c, ended(c) - 1);
    for (size_t task = ended(c); status == DONE && task < (size_t)c->tasks; task++) {
        status = train_task(c, task, under_way);
        under_way = false;
        if (status == DONE)
            status = evaluate_tasks(c, task);
    }
    return status;
}

static int conclude(struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;
    snn_status rc = snn_continual_get_info(c->run.sequence, &info);

    if (rc == SNN_OK && c->model)
        rc = snn_network_set_note(c->run.network, NOTE, NULL);
    if (rc == SNN_OK && c->model)
        rc = snn_network_save(c->run.network, c->model);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (args_has(&c->args, "matrix") &&
        plot_matrix(args_text(&c->args, "matrix"), &c->run, (size_t)c->tasks, &info) != DONE)
        return FAILED;
    if (c->saved)
        unlink(c->checkpoint);
    printf("ACC %.2f%%", 100 * info.acc);
    if (c->tasks > 1)
        printf("  BWT %.2f%%", 100 * info.bwt);
    printf("\n");
    return DONE;
}

static int continual(struct continual *c, int argc, char **argv)
{
    int status = args_parse(&c->args, flags, true, 1, argc, argv);

    if (status == DONE)
        status = args_whole(&c->args, "tasks", 1, TASKS_MAX, 3, &c->tasks);
    for (size_t i = 0; i < 3; i++)
        c->text[i] = args_text(&c->args, text_flag[i]);
    if (status == DONE && args_has(&c->args, "resume"))
        status = read_checkpoint(c, args_text(&c->args, "resume"));
    if (status == DONE)
        status = name_files(c);
    c->quiet = args_has(&c->args, "quiet");
    progress_init(&c->progress, c->quiet, 0);
    if (status == DONE)
        status = configure(c);
    if (status == DONE)
        status = open_all(c);
    if (status != DONE)
        return status;
    c->progress.epochs = (uint64_t)config_whole(c->run.config, "epochs", 1); /* of each task */
    stop_on_signals();
    status = run_tasks(c);
    return status == DONE ? conclude(c) : status;
}

int cmd_continual(int argc, char **argv)
{
    static struct continual c; /* once per process; too large for a stack */
    int status;

    if (args_want_help(argc, argv))
        return help();
    status = continual(&c, argc, argv);
    free(c.order);
    free(c.model);
    free(c.checkpoint);
    json_decref(c.state);
    run_close(&c.run);
    args_free(&c.args);
    return status;
}
