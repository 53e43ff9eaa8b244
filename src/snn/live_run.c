/* live_run.c - a network in a stream of windows. */
#include "live_run.h"

#include "config.h"
#include "frames.h"
#include "progress.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 20000 /* microseconds; a camera's packets come more often */

/* ---- the network ---- */

static int open_trainer(struct running *r)
{
    snn_status rc;
    int status = run_optimizer(&r->run);

    if (status == DONE)
        status = run_trainer(&r->run);
    if (status != DONE)
        return status;
    rc = snn_trainer_prepare(r->run.trainer, 1);
    if (rc == SNN_OK)
        rc = snn_trainer_stream(r->run.trainer, &r->stream);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static int open_stream(struct running *r)
{
    size_t size = 0;
    snn_status rc = snn_network_pack(r->run.network);

    if (rc == SNN_OK)
        rc = snn_stream_size(r->run.network, &size);
    if (rc == SNN_OK && (r->memory = aligned_alloc(64, (size + 63) / 64 * 64)) == NULL)
        return fail(FAILED, "out of memory");
    if (rc == SNN_OK)
        rc = snn_stream_init(r->memory, size, r->run.network, &r->stream);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

static size_t size_of(const snn_shape *shape)
{
    size_t n = 1;

    for (uint32_t i = 0; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

static int open_network(struct running *r, snn_network_info *info)
{
    snn_status rc = snn_network_load(&r->run.network, r->run.context, r->args.positional[0]);
    int status;

    if (rc == SNN_OK)
        rc = snn_network_get_info(r->run.network, info);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = r->learns ? open_trainer(r) : open_stream(r);
    r->inputs = size_of(&info->in);
    r->channels = info->in.rank == 3 ? info->in.dim[0] : 1;
    r->report.classes = size_of(&info->out);
    r->in = floats(r->inputs, 1);
    r->out = floats(r->report.classes, 1);
    if (status == DONE && (!r->in || !r->out))
        return fail(FAILED, "out of memory");
    return status == DONE ? report_open(&r->report) : status;
}

/* ---- the events ---- */

/* Columns and rows of the sensor: of the flag, the recording, or else those of the network's input. */
static int find_sensor(const struct running *r, const snn_network_info *net, unsigned *width, unsigned *height)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    const char *text = args_text(&r->args, "sensor");
    const snn_status rc = snn_events_get_info(r->live.events, &info);
    char rest;

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    *width = info.width ? info.width : (unsigned)net->in.dim[net->in.rank - 1];
    *height = info.height ? info.height : net->in.rank == 3 ? (unsigned)net->in.dim[1] : 1;
    if (text && (sscanf(text, "%5ux%5u%c", width, height, &rest) != 2 || !*width || !*height))
        return fail(USAGE, "--sensor: \"%s\" is not WxH, as in 346x260", text);
    return DONE;
}

static int set_frames(struct running *r)
{
    if (strcmp(config_text(r->run.config, "frames.normalise", ""), "sample") == 0)
        return fail(FAILED, "frames.normalise: the largest value of a sample is not known while it comes; there are "
                            "frame and none");
    return run_apply(r->run.config, "frames", &event_frames_params, r->frames);
}

static int match_shapes(const struct running *r, const snn_network_info *net, unsigned width, unsigned height)
{
    snn_shape shape = { 0, { 1, 1, 1 } };
    size_t dim[3];
    const snn_status rc = snn_event_frames_shape(r->frames, dim, &shape.rank);

    if (rc != SNN_OK)
        return fail_call(rc, "frames");
    for (int i = 0; i < 3; i++)
        shape.dim[i] = (uint32_t)dim[i];
    if (dim[0] * dim[1] * dim[2] == r->inputs &&
        (shape.rank == 1 || net->in.rank == 1 || memcmp(shape.dim, net->in.dim, sizeof shape.dim) == 0))
        return DONE;
    return fail(FAILED,
                "the network takes %s; events of a sensor of %ux%u make frames of %s: --frames.width, .height, "
                ".polarity and the crop change that, --sensor says what the sensor is",
                shape_text(&net->in).s, width, height, shape_text(&shape).s);
}

static int open_windows(struct running *r)
{
    snn_event_windows_options options = SNN_EVENT_WINDOWS_OPTIONS_INIT;
    int64_t capacity;
    int status = args_whole(&r->args, "buffer", 1, 4096, 8, &capacity);
    snn_status rc;

    if (status != DONE)
        return status;
    options.frames = r->frames;
    options.length = r->live.length;
    options.jump = r->live.jump;
    options.capacity = (uint32_t)capacity;
    options.keep = !r->live.paced && !r->live.source.socket;
    rc = snn_event_windows_create(&r->live.windows, r->run.context, &options);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* As in training: bins and windows have a duration; other cuts do not. */
static int64_t trained_window(const struct running *r)
{
    const char *cut = config_text(r->run.config, "frames.cut", "");

    return strcmp(cut, "bins") == 0 || strcmp(cut, "windows") == 0 ? config_whole(r->run.config, "frames.dt", 10000)
                                                                   : 10000;
}

static int open_events(struct running *r, const snn_network_info *net)
{
    const char *where = args_text(&r->args, "events");
    unsigned width = 0, height = 0;
    snn_status rc;
    int status = live_source_open(&r->live.source, where, r->live.from.format);

    r->live.context = r->run.context;
    r->live.from.path = where;
    if (status == DONE)
        status = read_time(&r->args, "window", trained_window(r), &r->live.length);
    if (status == DONE)
        status =
            read_time(&r->args, "patience", r->live.length > PATIENCE ? r->live.length : PATIENCE, &r->live.patience);
    if (status == DONE)
        status = live_open(&r->live);
    if (status == DONE)
        status = find_sensor(r, net, &width, &height);
    if (status != DONE)
        return status;
    rc = snn_event_frames_create(&r->frames, r->run.context);
    status = rc == SNN_OK ? set_frames(r) : fail_call(rc, NULL);
    if (status != DONE)
        return status;
    rc = snn_event_frames_prepare(r->frames, width, height);
    status = rc == SNN_OK ? match_shapes(r, net, width, height) : fail_call(rc, "frames");
    return status == DONE ? open_windows(r) : status;
}

static volatile sig_atomic_t asked; /* for the figures so far */

static void on_ask(int number)
{
    (void)number;
    asked = 1;
}

int live_run_open(struct running *r)
{
    const struct sigaction action = { .sa_handler = on_ask, .sa_flags = SA_RESTART };
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    int status = run_context(&r->run);

    sigaction(SIGUSR1, &action, NULL); /* the first events may be long in coming */
    if (status == DONE)
        status = open_network(r, &net);
    return status == DONE ? open_events(r, &net) : status;
}

void live_run_close(struct running *r)
{
    live_close(&r->live);
    snn_event_frames_destroy(r->frames);
    report_close(&r->report);
    labels_close(&r->labels);
    run_close(&r->run);
    free(r->memory);
    free(r->in);
    free(r->out);
    args_free(&r->args);
}

/* ---- the loop ---- */

/* (x - mean) / deviation, by one pair of numbers or one for each channel. */
static const float *normalised(const struct running *r, const float *frame)
{
    const json_t *mean = config_get(r->run.config, "data.mean"),
                 *deviation = config_get(r->run.config, "data.deviation");
    const size_t n = json_array_size(mean), each = r->inputs / r->channels;

    if (n == 0 || json_array_size(deviation) != n)
        return frame;
    for (size_t i = 0; i < r->inputs; i++) {
        const size_t c = n == r->channels ? i / each : 0;

        r->in[i] = (float)(((double)frame[i] - json_number_value(json_array_get(mean, c))) /
                           json_number_value(json_array_get(deviation, c)));
    }
    return r->in;
}

static snn_status begin_recording(struct running *r, const snn_event_window *window)
{
    const uint64_t recording = live_tag_recording(window->tag);

    if (recording == r->recording)
        return SNN_OK;
    r->recording = recording;
    report_begin(&r->report);
    return snn_stream_reset(r->stream);
}

static snn_status learn(struct running *r, struct live_line *line)
{
    snn_status rc;

    if (!r->learns || line->label < 0)
        return SNN_OK;
    rc = snn_stream_learn_label(r->stream, (uint32_t)line->label, &line->loss);
    r->report.learned += rc == SNN_OK;
    return rc == SNN_ERR_DIVERGED ? SNN_OK : rc;
}

static int run_window(struct running *r, const snn_event_window *window)
{
    struct live_report *p = &r->report;
    struct live_line line = { .window = window, .out = r->out, .loss = NAN };
    snn_status rc = begin_recording(r, window);

    if (rc == SNN_OK)
        rc = snn_stream_step(r->stream, normalised(r, window->frame), r->out);
    line.latency = live_now() - window->stamp;
    p->windows++;
    p->silent += window->events == 0;
    if (rc == SNN_ERR_DIVERGED) {
        p->refused++;
        return DONE;
    }
    latency_add(&p->latency, line.latency);
    line.label = r->labels.line ? labels_at(&r->labels, window->begin) : live_tag_label(window->tag);
    line.class = report_vote(p, r->out);
    p->labelled += line.label >= 0;
    p->right += line.label == (int64_t)line.class;
    if (rc == SNN_OK)
        rc = learn(r, &line);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    report_line(p, &line);
    return DONE;
}

int live_run_loop(struct running *r)
{
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    int status = live_start(&r->live);

    while (status == DONE && (r->most == 0 || r->report.windows < (uint64_t)r->most) &&
           live_take(&r->live, &window)) {
        status = run_window(r, &window);
        if (asked) {
            asked = 0;
            report_summary(&r->report, &r->live, stderr);
        }
    }
    return status;
}
