/* cmd_run.c - snn run: a network in a stream of events, from a recording, a pipe or a socket. */
#include "args.h"
#include "command.h"
#include "config.h"
#include "live_run.h"
#include "params.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct flag flags[] = {
    { "events", "FILE", NULL, "a recording, - for standard input, or udp://HOST:PORT" },
    { "format", "NAME", NULL, "of events that do not show it; datagrams: csv, evt3 or aedat4" },
    { "stream", "N", NULL, "AEDAT 4: which stream of events; default 0" },
    { "sensor", "WxH", NULL, "columns and rows; default: as the recording says, else as the network takes" },
    { "window", "TIME", NULL, "of a window, such as 500us or 10ms; default: as in training, or 10ms" },
    { "pace", "PACE", NULL, "real (default): windows end by the clock; fast: as fast as it goes" },
    { "speed", "X", NULL, "real: X seconds of events in a second; default 1" },
    { "patience", "TIME", NULL,
      "real: a window ends without events when they are late by so much; default 20ms, or a window if that is "
      "longer" },
    { "buffer", "N", NULL, "windows that may wait before the oldest is dropped; default 8" },
    { "jump", "TIME", NULL, "a time that differs by more is a step of the clock; default 10s" },
    { "over", "N", NULL, "windows whose outputs decide the class together; default: steps of training" },
    { "windows", "N", NULL, "ends after N windows" },
    { "outputs", NULL, NULL, "print the outputs of every window" },
    { "labels", "FILE", NULL, "lines t,label; default: the labels of the recording" },
    { "learn", NULL, NULL, "learn from every window that has a label" },
    { "save", "MODEL", NULL, "learn: model file of what was learned" },
    { "trainer", "METHOD", "trainer.method", "learn: ottt, sltt, opzo, sei or eprop; default: as in training" },
    { "optimizer", "NAME", "optimizer.name", "learn: optimizer" },
    { "lr", "X", "optimizer.lr", "learn: learning rate" },
    { "seed", "N", "seed", "of random numbers" },
    { "isa", "SET", "isa", "highest instruction set to use; default best" },
    { "json", NULL, NULL, "one JSON object per line on standard output" },
    { "quiet", NULL, NULL, "no lines for windows, only the figures at the end" },
    { NULL, NULL, NULL, NULL },
};

/* ---- arguments ---- */

int read_time(const struct args *args, const char *name, int64_t absent, int64_t *out)
{
    static const struct {
        const char *name;
        double microseconds;
    } units[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 } };
    const char *text = args_text(args, name);
    char *end;
    double value;

    *out = absent;
    if (!text)
        return DONE;
    value = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0)
            value *= units[i].microseconds, end = (char *)"";
    if (end == text || *end || text[strspn(text, "0123456789.")] == '\0' || !(value >= 1 && value <= 1e15))
        return fail(USAGE, "--%s: \"%s\" is no time of at least 1us, such as 500us, 10ms or 1s", name, text);
    *out = (int64_t)llrint(value);
    return DONE;
}

static int read_pace(struct running *r)
{
    const char *pace = args_text(&r->args, "pace");

    r->live.paced = !pace || strcmp(pace, "real") == 0;
    if (pace && !r->live.paced && strcmp(pace, "fast") != 0)
        return fail(USAGE, "--pace: \"%s\" is neither real nor fast", pace);
    if (args_has(&r->args, "speed") && !r->live.paced)
        return fail(USAGE, "--speed goes with --pace real");
    return args_real(&r->args, "speed", 1e-6, 1e6, 1, &r->live.speed);
}

/* What only learning uses has no effect without it. */
static int check_learning(struct running *r)
{
    r->learns = args_has(&r->args, "learn");
    if (r->learns)
        return DONE;
    if (args_has(&r->args, "save"))
        return fail(USAGE, "--save goes with --learn: nothing else changes the model");
    if (json_object_get(r->args.config, "trainer") || json_object_get(r->args.config, "optimizer"))
        return fail(USAGE, "parameters of trainer and optimizer go with --learn");
    return DONE;
}

/* As the model was trained, and what the flags say. One sample is learned from at a time, in one thread. */
static int configure(struct running *r)
{
    json_t *trained_on;
    int status;
    int64_t steps;

    r->run.config = run_use_of(r->args.positional[0], &trained_on, &status);
    json_decref(trained_on);
    if (!r->run.config)
        r->run.config = json_object();
    steps = config_whole(r->run.config, "trainer.steps", 1);
    if (status == DONE)
        status = args_whole(&r->args, "over", 1, 1000000, steps > 0 ? steps : 1, &r->report.over);
    config_merge(r->run.config, r->args.config);
    config_complete(r->run.config);
    config_set(r->run.config, "trainer.steps", json_integer(1));
    config_set(r->run.config, "threads", json_integer(1));
    return status;
}

static int read_arguments(struct running *r, int argc, char **argv)
{
    int64_t stream = 0;
    int status = args_parse(&r->args, flags, true, 1, argc, argv);

    if (status == DONE && r->args.count == 0)
        return fail(USAGE, "no model given: snn run MODEL --events FILE");
    if (status == DONE && !args_has(&r->args, "events"))
        return fail(USAGE, "no events given: --events FILE, - or udp://HOST:PORT");
    if (status == DONE)
        status = read_pace(r);
    if (status == DONE)
        status = check_learning(r);
    if (status == DONE)
        status = read_time(&r->args, "jump", 10000000, &r->live.jump);
    if (status == DONE)
        status = args_whole(&r->args, "windows", 1, INT64_MAX, 0, &r->most);
    if (status == DONE)
        status = args_whole(&r->args, "stream", 0, UINT16_MAX, 0, &stream);
    if (status == DONE)
        status = configure(r);
    if (status == DONE && args_has(&r->args, "labels"))
        status = labels_open(&r->labels, args_text(&r->args, "labels"));
    r->live.from = (snn_events_source)SNN_EVENTS_SOURCE_INIT;
    r->live.from.format = args_text(&r->args, "format");
    r->live.from.stream = (uint64_t)stream;
    r->report.outputs = args_has(&r->args, "outputs");
    r->report.json = args_has(&r->args, "json");
    r->report.quiet = args_has(&r->args, "quiet");
    return status;
}

/* ---- the command ---- */

static int save(struct running *r)
{
    const char *path = args_text(&r->args, "save");
    const snn_status rc = path ? snn_network_save(r->run.network, path) : SNN_OK;

    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* Whatever ended the loop: what came before counts. */
static int conclude(struct running *r, int status)
{
    const int ended = live_stop(&r->live);

    if (status == DONE)
        status = save(r);
    if (r->learns && r->report.labelled == 0)
        warn("no window has a label: nothing was learned");
    report_summary(&r->report, &r->live, stdout);
    if (status == DONE)
        status = ended;
    return status == DONE && stop_wanted() ? fail(INTERRUPTED, "interrupted by %s", stop_reason()) : status;
}

static int run_events(struct running *r, int argc, char **argv)
{
    int status = read_arguments(r, argc, argv);

    if (status != DONE)
        return status;
    stop_on_signals();
    if (r->live.paced || isatty(STDOUT_FILENO))
        setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a line is read as soon as it is written */
    status = live_run_open(r);
    if (status == INTERRUPTED)
        return fail(INTERRUPTED, "interrupted by %s", stop_reason());
    return status == DONE ? conclude(r, live_run_loop(r)) : status;
}

static int run_run(int argc, char **argv)
{
    struct running r;
    int status;

    memset(&r, 0, sizeof r);
    status = run_events(&r, argc, argv);
    live_run_close(&r);
    return status;
}

const struct command run_command = {
    .name = "run",
    .does = "run a model on events as they come: a recording, a pipe, a socket",
    .usage = "MODEL --events FILE|-|udp://HOST:PORT [FLAGS]",
    .about =
        "Runs a network on events as they come: windows of equal time, a step of the network for each, a line for "
        "each output. At the end, and on SIGUSR1, figures: latency from the end of a window to its output, "
        "windows that were dropped because the network was slower than they came.",
    .flags = flags,
    .parameters = true,
    .run = run_run,
};
