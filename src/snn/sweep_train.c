/* sweep_train.c - the runs of a sweep, each a snn train of its own. */
#include "config.h"
#include "outputs.h"
#include "progress.h"
#include "run.h"
#include "sweep.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define ARGUMENTS_MOST 100
#define LOOK 20000000 /* nanoseconds between two looks at the children */

static struct text4k {
    char s[4400];
} file_of(const struct trial *trial, const char *name)
{
    struct text4k out;

    snprintf(out.s, sizeof out.s, "%s/%s", trial->folder, name);
    return out;
}

static bool exists(const struct trial *trial, const char *name)
{
    return access(file_of(trial, name).s, F_OK) == 0;
}

/* A model is written when the run is complete, before its checkpoint goes. An empty one is a name that was tried. */
static bool is_complete(const struct sweep *sweep, const struct trial *trial)
{
    struct stat st;

    return stat(file_of(trial, "model.snn").s, &st) == 0 && st.st_size > 0 &&
           (!exists(trial, "model.snn.ckpt") || json_object_get(json_object_get(sweep->plan, "flags"), "keep"));
}

/* Figures of the evaluation at the end, from the model. */
static int take_figures(struct trial *trial)
{
    char *text = NULL;
    int status = run_notes_of(file_of(trial, "model.snn").s, (const char *const[]){ RATES_NOTE }, &text, 1);

    trial->figures = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (status == DONE && !json_is_object(trial->figures))
        return fail(FAILED, "%s: its model has no figures of an evaluation", trial->name);
    return status;
}

/* ---- one run */

static int write_config(const struct sweep *sweep, const struct trial *trial)
{
    json_t *config = json_deep_copy(json_object_get(sweep->plan, "config")), *over = json_object(), *value;
    const char *path;
    char *text;
    int status;

    json_object_foreach(trial->settings, path, value) config_set(over, path, json_incref(value));
    config_merge(config, over);
    text = json_dumps(config, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(over);
    json_decref(config);
    if (mkdir(trial->folder, 0777) != 0 && errno != EEXIST)
        status = fail(FAILED, "%s: %s", trial->folder, strerror(errno));
    else
        status = text ? output_replace(file_of(trial, "config.json").s, text, strlen(text)) : FAILED;
    free(text);
    return status;
}

/* In the child: output goes to a file, and the death of the sweep is a signal to stop. */
static void become(const struct trial *trial, const char *tool, char **argv, pid_t parent)
{
    const int in = open("/dev/null", O_RDONLY);
    const int out = open(file_of(trial, "output.txt").s, O_WRONLY | O_CREAT | O_APPEND, 0666);

    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(FAILED);
    close(in);
    close(out);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    if (getppid() == parent)
        execv(tool, argv);
    _exit(FAILED);
}

static int begin(const struct sweep *sweep, struct trial *trial)
{
    char tool[4096], threads[16], name[ARGUMENTS_MOST / 2][100], *argv[ARGUMENTS_MOST + 1];
    struct text4k config = file_of(trial, "config.json"), model = file_of(trial, "model.snn"),
                  checkpoint = file_of(trial, "model.snn.ckpt");
    const bool resumes = exists(trial, "model.snn.ckpt");
    size_t n = 0, flags = 0;
    const char *flag;
    const pid_t parent = getpid();
    json_t *value;
    int status = tool_path(tool, sizeof tool);

    if (status == DONE && !resumes)
        status = write_config(sweep, trial);
    if (status != DONE)
        return status;
    snprintf(threads, sizeof threads, "%u", sweep->threads);
    argv[n++] = tool;
    argv[n++] = (char *)"train";
    if (resumes)
        argv[n++] = (char *)"--resume";
    argv[n++] = resumes ? checkpoint.s : config.s;
    argv[n++] = (char *)"--save";
    argv[n++] = model.s;
    argv[n++] = (char *)"--threads";
    argv[n++] = threads;
    json_object_foreach(json_object_get(sweep->plan, "flags"), flag, value)
    {
        if (n + 2 > ARGUMENTS_MOST)
            break;
        snprintf(name[flags], sizeof name[flags], "--%s", flag);
        argv[n++] = name[flags++];
        if (json_is_string(value))
            argv[n++] = (char *)json_string_value(value);
    }
    argv[n] = NULL;
    fflush(NULL);
    trial->child = fork();
    if (trial->child == 0)
        become(trial, tool, argv, parent);
    if (trial->child < 0) {
        trial->child = 0;
        return fail(FAILED, "%s: %s", trial->name, strerror(errno));
    }
    return DONE;
}

/* The last message of a run that failed. */
static void print_reason(const struct trial *trial, int status)
{
    char *line = NULL, reason[800] = "";
    size_t room = 0;
    FILE *file;

    if (open_to_read(&file, file_of(trial, "output.txt").s) != DONE)
        return;
    while (getline(&line, &room, file) > 0)
        if (strncmp(line, "snn: ", 5) == 0)
            snprintf(reason, sizeof reason, "%.*s", (int)strcspn(line, "\n"), line);
    fclose(file);
    free(line);
    if (WIFSIGNALED(status))
        warn("%s failed: signal %d ended it", trial->name, WTERMSIG(status));
    else
        warn("%s failed: %s", trial->name, reason[0] ? reason : "see its output.txt");
}

/* ---- all of them */

static double figure(const struct trial *trial, const char *name)
{
    return json_number_value(json_object_get(trial->figures, name));
}

static size_t complete(const struct sweep *sweep)
{
    size_t n = 0;

    for (size_t i = 0; i < sweep->count; i++)
        n += sweep->trial[i].figures != NULL;
    return n;
}

static void report(const struct sweep *sweep, const struct trial *trial)
{
    if (sweep->json)
        json_line(json_pack("{s:s, s:s, s:O, s:O}", "event", "run", "name", trial->name, "settings", trial->settings,
                            "figures", trial->figures),
                  9);
    else if (!sweep->quiet && json_is_number(json_object_get(trial->figures, "accuracy")))
        printf("%zu of %zu complete: %s: test accuracy %.2f%%, loss %.4f\n", complete(sweep), sweep->count,
               trial->name, 100 * figure(trial, "accuracy"), figure(trial, "loss"));
    else if (!sweep->quiet)
        printf("%zu of %zu complete: %s: test loss %.6f\n", complete(sweep), sweep->count, trial->name,
               figure(trial, "loss"));
    fflush(stdout);
}

/* What became of a child that ended. */
static int conclude(const struct sweep *sweep, struct trial *trial, int ended)
{
    int status;

    trial->child = 0;
    if (stop_wanted() && (WIFSIGNALED(ended) || WEXITSTATUS(ended) == INTERRUPTED))
        return DONE;
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != DONE) {
        print_reason(trial, ended);
        return FAILED;
    }
    status = take_figures(trial);
    if (status == DONE)
        report(sweep, trial);
    return status;
}

/* Looks after all children once; returns how many are at work. */
static size_t look(const struct sweep *sweep, bool stop, int *status)
{
    size_t working = 0;

    for (size_t i = 0; i < sweep->count; i++) {
        struct trial *trial = &sweep->trial[i];
        int ended;

        if (!trial->child)
            continue;
        if (stop)
            kill(trial->child, SIGTERM);
        if (waitpid(trial->child, &ended, WNOHANG) != trial->child)
            working++;
        else if (conclude(sweep, trial, ended) != DONE)
            *status = FAILED;
    }
    return working;
}

static struct trial *next(const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++)
        if (!sweep->trial[i].began)
            return &sweep->trial[i];
    return NULL;
}

static int interrupted(const struct sweep *sweep)
{
    return fail(INTERRUPTED, "interrupted by %s, %zu of %zu runs complete; to continue: snn sweep --save %s",
                stop_reason(), complete(sweep), sweep->count, sweep->folder);
}

int sweep_train(struct sweep *sweep)
{
    const struct timespec pause = { 0, LOOK };
    size_t working = 0;
    bool told = false;
    int status = DONE;

    stop_on_signals();
    for (size_t i = 0; i < sweep->count; i++) {
        struct trial *trial = &sweep->trial[i];

        trial->began = is_complete(sweep, trial);
        if (trial->began && take_figures(trial) != DONE)
            status = FAILED;
    }
    while (working > 0 || (next(sweep) && !stop_wanted())) {
        struct trial *trial = next(sweep);

        if (trial && working < sweep->at_once && !stop_wanted()) {
            trial->began = true;
            if (begin(sweep, trial) != DONE)
                status = FAILED;
        } else {
            nanosleep(&pause, NULL);
        }
        working = look(sweep, stop_wanted() && !told, &status);
        told = stop_wanted();
    }
    return stop_wanted() && complete(sweep) < sweep->count ? interrupted(sweep) : status;
}
