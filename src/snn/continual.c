/* continual.c - a sequence of tasks: its settings, its files, its checkpoints. */
#include "continual.h"
#include "outputs.h"
#include "ranks.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings ---- */

/* Settings from the library's defaults, the file and the flags. */
static int begin_config(struct continual *c)
{
    json_t *config = c->run.config = json_object();

    config_set(config, "epochs", json_integer(1));
    config_set(config, "batch", json_integer(64));
    config_set(config, "trainer.loss", json_string("ce"));
    config_set(config, "optimizer.name", json_string("sgd"));
    config_set(config, "optimizer.momentum", json_real(0));
    config_set(config, "optimizer.schedule", json_string("constant"));
    if (c->args.count && config_merge_file(config, c->args.positional[0]) != DONE)
        return FAILED;
    config_merge(config, c->args.config);
    if (config_get(config, "continual.sets") && !config_get(config, "data.dir"))
        config_set(config, "data.dir", json_string(".")); /* below which their folders are */
    if (run_start_network(config) != DONE)
        return FAILED;
    if (!config_get(config, "network"))
        config_set(config, "network", json_string("784-800-800-10"));
    config_complete(config);
    return DONE;
}

/* Settings of snn train that would have no effect. */
static int check_config(const json_t *config)
{
    if (config_get(config, "teacher") || config_get(config, "train_steps"))
        return fail(USAGE, "teacher and train_steps: only snn train has them");
    if (config_get(config, "start") && config_whole(config, "continual.heads", 0))
        return fail(USAGE, "--start and --heads do not go together: a model has no readout for each task");
    if (config_whole(config, "batch", 0) < 1 || config_whole(config, "epochs", 0) < 1)
        return fail(FAILED, "batch and epochs must be at least 1");
    return DONE;
}

int continual_configure(struct continual *c)
{
    if (c->state) /* the checkpoint has a whole one */
        config_merge(c->run.config, c->args.config);
    else if (begin_config(c) != DONE)
        return FAILED;
    if (check_config(c->run.config) != DONE)
        return USAGE;
    return ranks_complete(c->run.config);
}

static snn_status set_note(struct continual *c, const char *key, char *text)
{
    snn_status rc = text ? snn_network_set_note(c->run.network, key, text) : SNN_ERR_MEMORY;

    free(text);
    return rc;
}

static int open_tasks(void *continual)
{
    struct continual *c = continual;

    return tasks_open(&c->tasks, &c->run);
}

int continual_open(struct continual *c)
{
    int status = run_context(&c->run);
    snn_status rc;

    if (status == DONE)
        status = ranks_open_data(c->run.config, open_tasks, c);
    if (status == DONE)
        status = best_fit(&c->best, c->run.config, &c->run.shape);
    if (status == DONE)
        status = sequence_open(&c->sequence, &c->run, c->tasks.count);
    if (status == DONE && !c->state)
        status = run_start(&c->run);
    status = ranks_join(&c->run, c->args.own, status);
    if (status != DONE)
        return status;
    rc = snn_trainer_on_progress(c->run.trainer, progress_show, &c->progress);
    if (rc == SNN_OK) /* a checkpoint that is taken up brings its arrays, not its notes */
        rc = set_note(c, CONFIG_NOTE, config_note(c->run.config));
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* Of the task that has the fewest samples, none of which a batch exceeds. */
size_t continual_batch(const struct continual *c)
{
    return (size_t)(c->run.train ? run_batch(&c->run, c->run.train) : config_whole(c->run.config, "batch", 64));
}

/* ---- checkpoints ---- */

size_t continual_ended(const struct continual *c)
{
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;

    return snn_continual_get_info(c->run.sequence, &info) == SNN_OK ? (size_t)info.ended : 0;
}

/* A[task][0 .. task], null where it was not measured. */
json_t *continual_accuracies(const struct continual *c, size_t task)
{
    json_t *row = json_array();

    for (size_t j = 0; j <= task; j++) {
        double a = snn_continual_accuracy(c->run.sequence, task, j);

        json_array_append_new(row, isnan(a) ? json_null() : json_real(a));
    }
    return row;
}

snn_status continual_save(struct continual *c, bool under_way, bool here)
{
    json_t *state =
        json_pack("{s:I, s:b, s:[]}", "ended", (json_int_t)continual_ended(c), "under_way", under_way, "accuracy");
    snn_status rc;

    for (size_t task = 0; task < continual_ended(c); task++)
        json_array_append_new(json_object_get(state, "accuracy"), continual_accuracies(c, task));
    json_object_set_new(state, "epochs", json_integer((json_int_t)c->before));
    json_object_set_new(state, "best", best_json(&c->best, here));
    json_object_set_new(state, "files", outputs_note(c->args.own, c->checkpoint));
    rc = set_note(c, CONTINUAL_NOTE, json_dumps(state, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    if (rc == SNN_OK)
        rc = ranks_save(c->run.trainer, c->checkpoint);
    json_decref(state);
    c->saved = c->saved || rc == SNN_OK;
    return rc;
}

json_t *continual_table(const struct continual *c)
{
    json_t *rows = json_array();

    for (size_t task = 0; task < continual_ended(c); task++)
        json_array_append_new(rows, continual_accuracies(c, task));
    return json_pack("{s:o}", "accuracy", rows);
}

/* What stays with the network: the accuracies, for snn report. */
snn_status continual_note(struct continual *c, const snn_continual_info *info)
{
    json_t *tasks = continual_table(c);
    snn_status rc = snn_network_set_note(c->run.network, CONTINUAL_NOTE, NULL);

    if (rc == SNN_OK)
        rc = snn_network_set_note(c->run.network, BEST_NOTE, NULL);
    json_object_set_new(tasks, "acc", json_figure(info->acc));
    json_object_set_new(tasks, "bwt", json_figure(info->bwt));
    if (rc == SNN_OK)
        rc = set_note(c, TASKS_NOTE, json_dumps(tasks, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    json_decref(tasks);
    return rc;
}

/* Reads the settings of the checkpoint, and its position. */
int continual_read_checkpoint(struct continual *c, const char *path)
{
    static const char *const key[2] = { CONFIG_NOTE, CONTINUAL_NOTE };
    char *text[2];
    int status;

    if (json_object_get(c->args.config, "continual") || config_get(c->args.config, "network") || c->args.count)
        return fail(USAGE, "--net, a configuration and what makes the tasks do not go with --resume: the checkpoint "
                           "holds them");
    status = run_notes_of(path, key, text, 2);
    if (text[0] && status == DONE)
        status = config_parse_run(&c->run.config, text[0], path);
    c->state = text[1] ? json_loads(text[1], 0, NULL) : NULL;
    free(text[0]);
    free(text[1]);
    if (status == DONE && (!c->run.config || !json_is_object(c->state)))
        return fail(FAILED, "%s: is not a checkpoint of snn continual", path);
    return status == DONE ? outputs_recall(c->args.own, json_object_get(c->state, "files"), path) : status;
}

/* Repeats the ended tasks without training, then loads the numbers of all arrays. */
int continual_take_up(struct continual *c, const char *path, bool *under_way)
{
    size_t done = (size_t)json_integer_value(json_object_get(c->state, "ended"));
    snn_status rc = SNN_OK;

    *under_way = json_is_true(json_object_get(c->state, "under_way"));
    if (done > c->tasks.count - *under_way)
        return fail(FAILED, "%s: %zu tasks of %zu have ended", path, done, c->tasks.count);
    for (size_t task = 0; task < done + *under_way && rc == SNN_OK; task++) {
        const json_t *row = json_array_get(json_object_get(c->state, "accuracy"), task);

        rc = sequence_begin(&c->sequence, task, continual_batch(c));
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
    c->before = (uint64_t)json_integer_value(json_object_get(c->state, "epochs"));
    if (*under_way && best_recall(&c->best, json_object_get(c->state, "best"), c->run.network,
                                  run_about(c->run.trainer).epochs) != DONE)
        return FAILED;
    if (!c->quiet && !c->json)
        printf("resumed  %s: %zu of %zu tasks done\n", path, done, c->tasks.count);
    return DONE;
}

static int check_files(const struct continual *c)
{
    const struct output output[] = {
        { "model", c->model, true },
        { "checkpoint", c->checkpoint, true },
        { "best", c->best.path, true },
        { "--packed", args_text(&c->args, "packed"), true },
        { "log", c->csv, false },
        { "--tensorboard", c->board.path, false },
        { "--matrix", args_text(&c->args, "matrix"), false },
        { "--curves", args_text(&c->args, "curves"), false },
        { "--raster", args_text(&c->args, "raster"), false },
    };
    int status = outputs_check(output, sizeof output / sizeof *output);

    for (size_t i = 6; i < sizeof output / sizeof *output && status == DONE; i++)
        status = svg_check_name(output[i].path);
    return status == DONE ? history_check(c->csv) : status;
}

/* The last row of the log is needed again, be there a file that keeps it or not. */
static int name_log(struct continual *c)
{
    const char *csv = args_text(&c->args, "csv");

    if (!ranks_first())
        c->csv = renamed("/dev/null", "", "");
    else if (csv)
        c->csv = renamed(csv, "", "");
    else if (c->model)
        c->csv = renamed(c->model, ".snn", ".csv");
    else
        c->csv = renamed("/dev/null", "", "");
    if (!c->csv)
        return fail(FAILED, "out of memory");
    return ranks_first() ? check_files(c) : DONE;
}

/* The paths of model and checkpoint: with --resume, those that it came from. */
int continual_name_files(struct continual *c)
{
    const char *save = args_text(&c->args, "save"), *from = args_text(&c->args, "resume");
    size_t length = from ? strlen(from) : 0;
    bool ckpt = length > 5 && strcmp(from + length - 5, ".ckpt") == 0;
    int status;

    if (save || ckpt) {
        c->model = save ? renamed(save, "", "") : renamed(from, ".ckpt", "");
        c->checkpoint = c->model ? renamed(c->model, "", ".ckpt") : NULL;
        if (!c->checkpoint)
            return fail(FAILED, "out of memory");
        c->saved = ckpt && strcmp(from, c->checkpoint) == 0;
    }
    status = best_open(&c->best, c->run.config, c->model);
    if (status == DONE && ranks_first())
        status = tensorboard_name(&c->board, args_text(&c->args, "tensorboard"));
    return status == DONE ? name_log(c) : status;
}
