/* train.c - one run of snn train: its settings and files, and the objects that it opens. */
#include "train.h"
#include "class_names.h"
#include "outputs.h"
#include "params.h"
#include "ranks.h"
#include "svg.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A long run should not end with a file that cannot be written. */
static int check_files(const struct train *t)
{
    const struct output output[] = {
        { "model", t->model, true },
        { "checkpoint", t->checkpoint, true },
        { "best", t->best.path, true },
        { "--packed", args_text(&t->args, "packed"), true },
        { "log", t->csv, false },
        { "--curves", args_text(&t->args, "curves"), false },
        { "--raster", args_text(&t->args, "raster"), false },
        { "--tensorboard", t->board.path, false },
    };
    int status = outputs_check(output, sizeof output / sizeof *output);

    for (size_t i = 5; i < 7 && status == DONE; i++)
        status = svg_check_name(output[i].path);
    return status == DONE ? history_check(t->csv) : status;
}

/* The default is a name that nobody chose: it replaces nothing. */
static int check_default(const struct train *t)
{
    const char *const path[] = { t->model, t->checkpoint, args_text(&t->args, "csv") ? NULL : t->csv };

    for (size_t i = 0; i < sizeof path / sizeof *path; i++)
        if (path[i] && access(path[i], F_OK) == 0)
            return fail(USAGE, "%s: exists already: --save FILE writes another model, --save %s replaces it", path[i],
                        t->model);
    return DONE;
}

int train_name_files(struct train *t)
{
    const char *save = args_text(&t->args, "save"), *csv = args_text(&t->args, "csv");
    size_t length = t->resume ? strlen(t->resume) : 0;
    bool ckpt = length > 5 && strcmp(t->resume + length - 5, ".ckpt") == 0;
    int status = DONE;

    t->model = save ? renamed(save, "", "") : ckpt ? renamed(t->resume, ".ckpt", "") : renamed("model.snn", "", "");
    if (!t->model)
        return fail(FAILED, "out of memory");
    status = best_open(&t->best, t->run.config, t->model);
    if (status != DONE)
        return status;
    t->checkpoint = renamed(t->model, "", ".ckpt");
    if (!ranks_first())
        t->csv = renamed("/dev/null", "", "");
    else
        t->csv = csv ? renamed(csv, "", "") : renamed(t->model, ".snn", ".csv");
    if (!t->checkpoint || !t->csv)
        return fail(FAILED, "out of memory");
    if (!ranks_first())
        return DONE;
    if (!save && !ckpt)
        status = check_default(t);
    if (status == DONE)
        status = tensorboard_name(&t->board, args_text(&t->args, "tensorboard"));
    if (status == DONE)
        status = check_files(t);
    if (status == DONE && !t->resume && access(t->checkpoint, F_OK) == 0)
        warn("%s: holds a run that is not complete; this one writes its own there%s", t->checkpoint,
             t->every ? "" : " when it is interrupted");
    return status;
}

/* A checkpoint's notes: the configuration, and the files that the run writes. */
static int recall(struct train *t)
{
    static const char *const key[] = { CONFIG_NOTE, FILES_NOTE };
    char *text[2], *model = renamed(t->resume, ".ckpt", "");
    json_t *files;
    int status;

    if (access(t->resume, F_OK) != 0 && model && access(model, F_OK) == 0)
        status = fail(
            FAILED, "%s: does not exist, since %s is complete: --keep keeps it, --start %s begins with these weights",
            t->resume, model, model);
    else
        status = run_notes_of(t->resume, key, text, 2);
    free(model);
    if (status != DONE)
        return status;
    if (text[0])
        status = config_parse_run(&t->run.config, text[0], t->resume);
    else
        status = fail(FAILED, "%s: holds no configuration: it was not written by snn train", t->resume);
    files = text[1] ? json_loads(text[1], 0, NULL) : NULL;
    if (status == DONE)
        status = outputs_recall(t->args.own, files, t->resume);
    json_decref(files);
    free(text[0]);
    free(text[1]);
    return status;
}

/* The file's settings. What it says of a network that a checkpoint holds has to be what is known of that. */
static int merge_file(struct train *t, const char *path)
{
    static const char *const of_network[] = { "network", "neuron", "dropout", "binary", "back_weights", "lr_scale" };
    json_t *before = json_deep_copy(t->run.config);
    int status = config_merge_file(t->run.config, path);

    for (size_t i = 0; t->resume && status == DONE && i < sizeof of_network / sizeof *of_network; i++) {
        const json_t *now = json_object_get(t->run.config, of_network[i]);

        if (now && !json_equal(now, json_object_get(before, of_network[i])))
            status = fail(USAGE, "%s: \"%s\" does not go with --resume: %s holds another network", path,
                          of_network[i], t->resume);
    }
    json_decref(before);
    return status;
}

int train_configure(struct train *t)
{
    int status = DONE;

    if (t->resume) {
        if (config_get(t->args.config, "network") || json_object_get(t->args.config, "neuron") ||
            config_get(t->args.config, "dropout") || config_get(t->args.config, "binary") ||
            config_get(t->args.config, "back_weights") || config_get(t->args.config, "lr_scale"))
            return fail(USAGE, "--net, --neuron, --binary, --back-weights, --lr-scale and --dropout do not go with "
                               "--resume: the checkpoint holds the network");
        status = recall(t);
    } else {
        t->run.config = json_object();
    }
    if (status == DONE && t->args.count == 1)
        status = merge_file(t, t->args.positional[0]);
    if (status != DONE)
        return status;
    config_merge(t->run.config, t->args.config);
    if (!t->resume)
        status = run_start_network(t->run.config);
    if (status != DONE)
        return status;
    config_complete(t->run.config);
    if (json_object_get(t->run.config, "projection"))
        return fail(USAGE, "projection: only snn continual projects gradients");
    if (json_object_get(t->run.config, "continual"))
        return fail(USAGE, "continual: only snn continual trains task after task");
    if (config_whole(t->run.config, "epochs", 0) < 1)
        return fail(FAILED, "epochs: %lld is not at least 1", (long long)config_whole(t->run.config, "epochs", 0));
    if (config_whole(t->run.config, "batch", 0) < 1)
        return fail(FAILED, "batch: %lld is not at least 1", (long long)config_whole(t->run.config, "batch", 0));
    return ranks_complete(t->run.config);
}

/* ---- the objects */

/* The run may have begun in another folder. */
static int lacks_data(const struct train *t, int status)
{
    const char *format = config_text(t->run.config, "data.format", "");
    const char *folder = config_text(t->run.config, "data.dir", "/");

    if (!t->resume || config_get(t->args.config, "data.dir") || strchr("/~", folder[0]) || access(folder, F_OK) == 0)
        return status;
    return fail(status, "%s:%s is as seen from where the run began; --data %s:DIR names the data from here", format,
                folder, format);
}

static int open_data(void *train)
{
    struct train *t = train;
    int status = run_data(&t->run, &t->run.train, SNN_SPLIT_TRAIN);

    if (status != DONE)
        return lacks_data(t, status);
    status = run_normalise(&t->run, t->run.train);
    if (status == DONE)
        status = run_data(&t->run, &t->run.test, SNN_SPLIT_TEST);
    if (status == DONE)
        status = class_names_check(&t->run, SNN_SPLIT_TEST);
    if (status == DONE)
        status = best_fit(&t->best, t->run.config, &t->run.shape);
    if (status == DONE && (uint64_t)t->sample >= t->run.shape.count)
        return fail(USAGE, "--sample: the test set has %zu images, there is no number %lld", t->run.shape.count,
                    (long long)t->sample);
    return status;
}

int train_open_data(struct train *t)
{
    return ranks_open_data(t->run.config, open_data, t);
}

int train_open_network(struct train *t)
{
    snn_status rc;

    if (!t->resume) {
        int status = run_network(&t->run);

        return status == DONE ? run_start(&t->run) : status;
    }
    rc = snn_network_load(&t->run.network, t->run.context, t->resume);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* The configuration becomes part of the network now, so that checkpoints carry it as well, with the files to
 * write. */
static int attach_notes(struct train *t)
{
    json_t *files = outputs_note(t->args.own, t->checkpoint);
    char *note = config_note(t->run.config), *names = json_dumps(files, JSON_COMPACT);
    snn_status rc = note && names ? snn_network_set_note(t->run.network, CONFIG_NOTE, note) : SNN_ERR_MEMORY;

    if (rc == SNN_OK)
        rc = snn_network_set_note(t->run.network, FILES_NOTE, names);
    json_decref(files);
    free(note);
    free(names);
    return rc == SNN_OK ? DONE : fail_call(rc, "note");
}

static snn_status prepare(struct train *t, snn_trainer *trainer, size_t batch)
{
    const snn_status rc = snn_trainer_on_progress(trainer, progress_show, &t->progress);

    return rc == SNN_OK ? snn_trainer_prepare(trainer, batch) : rc;
}

/* What the checkpoint says of the best epoch; a new run has none, whatever file is there. */
static int take_up(struct train *t)
{
    const char *text = t->resume ? snn_network_note(t->run.network, BEST_NOTE) : NULL;
    json_t *state = text ? json_loads(text, 0, NULL) : NULL;
    int status = DONE;

    if (t->resume)
        status = best_recall(&t->best, state, t->run.network, run_about(t->run.trainer).epochs);
    else
        best_discard(&t->best);
    json_decref(state);
    return status;
}

int train_open_trainer(struct train *t)
{
    size_t batch = (size_t)run_batch(&t->run, t->run.train);
    snn_status rc;
    int status = run_optimizer(&t->run);

    if (status == DONE)
        status = run_trainer(&t->run);
    if (status == DONE)
        status = run_record(&t->run);
    if (status == DONE)
        status = run_train_steps(&t->run);
    status = ranks_join(&t->run, t->args.own, status);
    if (status != DONE)
        return status;
    rc = prepare(t, t->run.trainer, batch);
    if (rc == SNN_OK && t->run.evaluator)
        rc = prepare(t, t->run.evaluator, batch);
    if (rc == SNN_OK && t->run.teacher)
        rc = snn_trainer_prepare(t->run.teacher, batch);
    if (rc == SNN_OK && t->run.teacher)
        rc = snn_trainer_set_teacher(t->run.trainer, t->run.teacher);
    status = ranks_agree(rc == SNN_OK ? DONE : fail_call(rc, NULL));
    if (status != DONE)
        return status;
    if (t->resume)
        rc = snn_trainer_load(t->run.trainer, t->resume);
    if (rc == SNN_OK && take_up(t) != DONE)
        return FAILED;
    t->owns = rc == SNN_OK && t->resume && strcmp(t->resume, t->checkpoint) == 0;
    if (t->owns)
        t->saved = run_about(t->run.trainer).epochs;
    return rc == SNN_OK ? attach_notes(t) : fail_call(rc, NULL);
}
