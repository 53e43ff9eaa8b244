/* cmd_sweep.c - snn sweep: one configuration, and every combination of some of its settings. */
#include "command.h"
#include "config.h"
#include "outputs.h"
#include "recipe.h"
#include "sweep.h"
#include "tool.h"
#include "train.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT 50 /* tenths of a second for the runs of a sweep that ended: they write their checkpoints */

static const struct flag own[] = {
    { "save", "FOLDER", NULL, "folder of the runs, one for each; alone: goes on with the sweep that is there" },
    { "j", "N", NULL, "runs at a time, which divide the processors among them; default 1" },
    { "data", "FORMAT:DIR", NULL, "as of snn train; of a recipe the folder alone is enough" },
    { "json", NULL, NULL, "one JSON object per line on standard output, for machines" },
    { "quiet", NULL, NULL, "only the table" },
    { NULL, NULL, NULL, NULL },
};

/* What each run names itself. */
static bool is_of_sweep(const char *name)
{
    static const char *const left_out[] = { "save",   "packed", "resume", "csv",        "curves",
                                            "raster", "sample", "live",   "tensorboard" };

    for (const struct flag *f = own; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (strcmp(left_out[i], name) == 0)
            return true;
    return false;
}

/* Its own flags, then those of snn train. */
static const struct flag *all_flags(void)
{
    static struct flag all[80];
    size_t n = sizeof own / sizeof *own - 1;

    memcpy(all, own, sizeof own);
    for (const struct flag *f = train_flags; f->name && n < 79; f++)
        if (!is_of_sweep(f->name))
            all[n++] = *f;
    all[n] = own[sizeof own / sizeof *own - 1];
    return all;
}

/* ---- the plan */

/* A file, or the name of a recipe. */
static int read_config(json_t *config, const char *name, const char *data)
{
    struct recipe recipe;
    char folder[1000], where[4200];
    int status;

    if (!name || access(name, F_OK) == 0 || strchr(name, '.') || strchr(name, '/')) {
        status = name ? config_merge_file(config, name) : DONE;
        return status == DONE && data ? config_set_text(config, "data", "data", data) : status;
    }
    status = recipe_folder(NULL, folder, sizeof folder);
    if (status == DONE)
        status = recipe_open(&recipe, folder, name);
    if (status != DONE)
        return status;
    status = data ? recipe_data(&recipe, data, where, sizeof where)
                  : fail(USAGE, "%s needs --data DIR, a folder with the files of the data set %s: %s", name,
                         recipe_text(&recipe, "data"), recipe_files(&recipe));
    if (status == DONE)
        status = config_merge_file(config, recipe.path);
    if (status == DONE)
        status = config_set_text(config, "data", "data", where);
    recipe_close(&recipe);
    return status;
}

/* Flags of snn train that are none of the configuration, for each run. */
static json_t *flags_of(const struct args *args)
{
    json_t *flags = json_object(), *value;
    const char *name;

    json_object_foreach(args->own, name, value)
    {
        const struct flag *f = train_flags;

        while (f->name && strcmp(f->name, name) != 0)
            f++;
        if (f->name && !is_of_sweep(name))
            json_object_set(flags, name, f->value ? value : json_true());
    }
    return flags;
}

static int make_plan(struct sweep *sweep, const struct args *args, json_t *axes)
{
    json_t *config = json_object();
    int status = read_config(config, args->count ? args->positional[0] : NULL, args_text(args, "data"));

    config_merge(config, args->config);
    sweep->threads = (uint32_t)config_whole(config, "threads", 0);
    json_object_del(config, "threads"); /* which change no result */
    if (status == DONE && json_object_get(config, "continual"))
        status = fail(USAGE, "continual: a sweep is of snn train, which trains on one task");
    sweep->plan = json_pack("{s:o, s:O, s:o}", "config", config, "axes", axes, "flags", flags_of(args));
    return status;
}

/* ---- the folder */

/* One sweep at a time; the runs hold the lock as well, until the last of them has written its checkpoint. */
static int lock(struct sweep *sweep, bool make)
{
    const struct timespec tenth = { 0, 100000000 };

    if (make && mkdir(sweep->folder, 0777) != 0 && errno != EEXIST)
        return fail(FAILED, "%s: %s", sweep->folder, strerror(errno));
    sweep->lock = open(sweep->folder, O_RDONLY | O_DIRECTORY);
    if (sweep->lock < 0 && errno == ENOENT)
        return fail(USAGE, "%s holds no sweep to go on with", sweep->folder);
    if (sweep->lock < 0)
        return fail(FAILED, "%s: %s", sweep->folder, strerror(errno));
    for (int i = 0; flock(sweep->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; i++) {
        if (i == WAIT)
            return fail(FAILED, "%s: another sweep is at work there", sweep->folder);
        nanosleep(&tenth, NULL);
    }
    return DONE;
}

static int read_plan(json_t **out, const char *path)
{
    json_error_t error;
    FILE *file;
    int status = open_to_read(&file, path);

    *out = NULL;
    if (status != DONE)
        return status;
    *out = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (!json_is_object(json_object_get(*out, "config")) || !json_is_object(json_object_get(*out, "axes")) ||
        !json_is_object(json_object_get(*out, "flags")))
        return fail(FAILED, "%s: it is no plan of a sweep", path);
    return DONE;
}

/* True if both vary the same settings: they may try other values. */
static bool same_axes(const json_t *a, const json_t *b)
{
    const char *path;
    json_t *values;

    json_object_foreach((json_t *)a, path, values) if (!json_object_get(b, path)) return false;
    return json_object_size(a) == json_object_size(b);
}

/* The sweep that the folder holds: it goes on as it was, or with other values of what varies. */
static int go_on(struct sweep *sweep, const char *path, bool asked)
{
    json_t *old;
    int status = read_plan(&old, path);

    if (status == DONE && !asked) {
        json_decref(sweep->plan);
        sweep->plan = json_incref(old);
    } else if (status == DONE &&
               (!json_equal(json_object_get(old, "config"), json_object_get(sweep->plan, "config")) ||
                !json_equal(json_object_get(old, "flags"), json_object_get(sweep->plan, "flags")) ||
                !same_axes(json_object_get(old, "axes"), json_object_get(sweep->plan, "axes")))) {
        status = fail(USAGE,
                      "%s holds a sweep with other settings: name another folder with --save, or go on with it by "
                      "snn sweep --save %s",
                      sweep->folder, sweep->folder);
    }
    json_decref(old);
    return status;
}

static int open_folder(struct sweep *sweep, bool asked)
{
    char path[4300], *text;
    int status = lock(sweep, asked);

    snprintf(path, sizeof path, "%.4000s/sweep.json", sweep->folder);
    if (status == DONE && access(path, F_OK) == 0)
        status = go_on(sweep, path, asked);
    else if (status == DONE && !asked)
        status = fail(USAGE, "%s holds no sweep to go on with", sweep->folder);
    if (status != DONE)
        return status;
    text = json_dumps(sweep->plan, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    status = text ? output_replace(path, text, strlen(text)) : FAILED;
    free(text);
    return status;
}

/* ---- the command */

static void share_processors(struct sweep *sweep)
{
    const size_t each = all_threads() / sweep->at_once;

    if (sweep->threads == 0)
        sweep->threads = each > 1 ? (uint32_t)each : 1;
}

/* False if nothing but the folder is named, and how to go on there. */
static bool asks(const struct sweep *sweep, const struct args *args)
{
    return args->count > 0 || args_has(args, "data") || json_object_size(json_object_get(sweep->plan, "axes")) > 0 ||
           json_object_size(json_object_get(sweep->plan, "config")) > 0 ||
           json_object_size(json_object_get(sweep->plan, "flags")) > 0;
}

static int sweep_all(struct sweep *sweep, struct args *args, json_t *axes, int argc, char **argv)
{
    int64_t at_once;
    int status = sweep_axes(axes, all_flags(), &argc, argv);

    if (status == DONE)
        status = args_parse(args, all_flags(), true, 1, argc, argv);
    if (status == DONE)
        status = args_whole(args, "j", 1, 1024, 1, &at_once);
    if (status != DONE)
        return status;
    sweep->folder = args_text(args, "save");
    sweep->json = args_has(args, "json");
    sweep->quiet = args_has(args, "quiet");
    sweep->at_once = (size_t)at_once;
    if (!sweep->folder)
        return fail(USAGE, "--save FOLDER, for the runs, is missing");
    status = make_plan(sweep, args, axes);
    if (status == DONE)
        status = open_folder(sweep, asks(sweep, args));
    share_processors(sweep);
    if (status == DONE)
        status = sweep_trials(sweep);
    if (status == DONE)
        status = sweep_train(sweep);
    if (sweep->trial && (status == DONE || status == FAILED))
        status = sweep_table(sweep) == DONE ? status : FAILED;
    return status;
}

static int run(int argc, char **argv)
{
    struct sweep sweep = { .lock = -1 };
    struct args args = { 0 };
    json_t *axes = json_object();
    int status = sweep_all(&sweep, &args, axes, argc, argv);

    for (size_t i = 0; sweep.trial && i < sweep.count; i++) {
        json_decref(sweep.trial[i].settings);
        json_decref(sweep.trial[i].figures);
        free(sweep.trial[i].name);
        free(sweep.trial[i].folder);
    }
    free(sweep.trial);
    json_decref(sweep.plan);
    json_decref(axes);
    args_free(&args);
    if (sweep.lock >= 0)
        close(sweep.lock);
    return status;
}

const struct command sweep_command = {
    .name = "sweep",
    .does = "train with every combination of some settings, and compare",
    .usage = "[CONFIG.json | RECIPE] --SETTING A,B,... --save FOLDER [FLAGS]\n--save FOLDER",
    .about =
        "Trains with every combination of the settings that are given as lists, as --seed 1,2,3 --optimizer.lr "
        "0.05,0.1, each run by a snn train of its own in a folder below FOLDER, and prints mean and standard "
        "deviation over the seeds of each setting; FOLDER/table.csv and table.json hold them. A run that failed is "
        "said and left out.\n"
        "Interrupted, its runs write checkpoints. The same command, or snn sweep --save FOLDER alone, goes on: what "
        "is "
        "complete is not trained again, and the figures are those of a sweep that was not interrupted. Other values "
        "of the same settings may be added.",
    .all_flags = all_flags,
    .parameters = true,
    .run = run,
};
