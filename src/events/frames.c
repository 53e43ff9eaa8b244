/* frames.c - frames of events: their parameters, their geometry, and events that are added to one. */
#include "frames.h"
#include <math.h>
#include <string.h>

#define SIDE_MOST 65536.0
#define TIME_MOST 1e12 /* us */

static const snn_component_param table[] = {
    COMPONENT_STR(SNN_EVENT_FRAMES_CUT, "cut", "time|count|bins|windows", "time",
                  "frames of equal time, of equal numbers of events, of dt each, or of dt with a new sample every "
                  "stride"),
    COMPONENT_I64(SNN_EVENT_FRAMES_STEPS, "steps", 1, 65535, 10, "frames of a sample"),
    COMPONENT_I64(SNN_EVENT_FRAMES_DT, "dt", 1, TIME_MOST, 1000, "bins and windows: microseconds of a frame"),
    COMPONENT_I64(SNN_EVENT_FRAMES_STRIDE, "stride", 0, TIME_MOST, 0,
                  "windows: microseconds from one to the next; 0: they follow each other"),
    COMPONENT_I64(SNN_EVENT_FRAMES_LENGTHS, "lengths", 0, 1, 0,
                  "bins: 1: a sample ends with the frame of its last event, 0: all have the same length"),
    COMPONENT_STR(
        SNN_EVENT_FRAMES_POLARITY, "polarity", "auto|one|two|signed", "auto",
        "channels: darker and brighter, both in one, or one with darker as -1; auto: one for units, two for "
        "pixels"),
    COMPONENT_STR(SNN_EVENT_FRAMES_VALUE, "value", "ones|counts", "ones",
                  "1 where there was an event, or numbers of events"),
    COMPONENT_STR(SNN_EVENT_FRAMES_NORMALISE, "normalise", "none|frame|sample", "none",
                  "divide by the largest value of the frame or of the sample"),
    COMPONENT_I64(SNN_EVENT_FRAMES_CROP_LEFT, "crop_left", 0, SIDE_MOST, 0, "first column that is used"),
    COMPONENT_I64(SNN_EVENT_FRAMES_CROP_TOP, "crop_top", 0, SIDE_MOST, 0, "first row that is used"),
    COMPONENT_I64(SNN_EVENT_FRAMES_CROP_WIDTH, "crop_width", 0, SIDE_MOST, 0, "columns that are used; 0: all"),
    COMPONENT_I64(SNN_EVENT_FRAMES_CROP_HEIGHT, "crop_height", 0, SIDE_MOST, 0, "rows that are used; 0: all"),
    COMPONENT_I64(SNN_EVENT_FRAMES_WIDTH, "width", 0, SIDE_MOST, 0, "columns of a frame; 0: those that are used"),
    COMPONENT_I64(SNN_EVENT_FRAMES_HEIGHT, "height", 0, SIDE_MOST, 0, "rows of a frame; 0: those that are used"),
    COMPONENT_STR(SNN_EVENT_FRAMES_RESIZE, "resize", "sum|nearest", "sum",
                  "smaller frames: a pixel takes the events of all pixels that it covers, or of one of them"),
    COMPONENT_I64(SNN_EVENT_FRAMES_FLIP, "flip", 0, 1, 0, "training: 1: mirror left-right with probability 1/2"),
    COMPONENT_I64(SNN_EVENT_FRAMES_SHIFT, "shift", 0, SIDE_MOST, 0, "training: shift by up to N pixels or units"),
    COMPONENT_F64(SNN_EVENT_FRAMES_ZOOM, "zoom", 0.01, 1, 1,
                  "training: a random window with sides from this share on, at a random place; 1: off"),
    COMPONENT_F64(SNN_EVENT_FRAMES_SWAP, "swap", 0, 1, 0, "training: probability that polarities are swapped"),
    COMPONENT_F64(SNN_EVENT_FRAMES_DROP, "drop", 0, 1, 0, "training: probability of an event to be left out"),
    COMPONENT_I64(SNN_EVENT_FRAMES_JITTER, "jitter", 0, 1e9, 0,
                  "training: microseconds by which times of events are moved at most"),
    COMPONENT_I64(SNN_EVENT_FRAMES_SUBSET, "subset", 0, 65535, 0,
                  "training: so many frames of a sample, chosen at random; 0: all"),
};

COMPONENT_PARAM_CALLS(event_frames)

static snn_status fail_null(const char *call)
{
    return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_frames_%s: an argument is NULL", call);
}

static snn_status check_ready(const snn_event_frames *frames, const char *call)
{
    return frames->width > 0
               ? SNN_OK
               : snn_component_fail(SNN_ERR_STATE, "snn_event_frames_%s: the frames are not prepared", call);
}

/* ---- parameters ---- */

int64_t snn__frames_i64(const snn_event_frames *frames, int32_t key)
{
    int64_t value = 0;

    (void)!snn_component_params_get_i64(frames->params, key, &value);
    return value;
}

double snn__frames_f64(const snn_event_frames *frames, int32_t key)
{
    double value = 0;

    (void)!snn_component_params_get_f64(frames->params, key, &value);
    return value;
}

bool snn__frames_is(const snn_event_frames *frames, int32_t key, const char *word)
{
    const char *value = "";

    (void)!snn_component_params_get_str(frames->params, key, &value);
    return strcmp(value, word) == 0;
}

/* ---- making ---- */

snn_status snn_event_frames_create(snn_event_frames **out, snn_context *context)
{
    snn_event_frames *frames;
    snn_status rc;

    if (out == NULL || context == NULL)
        return fail_null("create");
    *out = NULL;
    frames = snn_component_alloc(context, 1, sizeof *frames);
    if (frames == NULL)
        return SNN_ERR_MEMORY;
    frames->ctx = context;
    rc = snn_component_params_create(&frames->params, context, "frames of events", table,
                                     sizeof table / sizeof *table);
    if (rc != SNN_OK)
        snn_event_frames_destroy(frames);
    else
        *out = frames;
    return rc;
}

static void forget_sensor(snn_event_frames *frames)
{
    snn_component_free(frames->ctx, frames->column);
    snn_component_free(frames->ctx, frames->row);
    frames->column = frames->row = NULL;
    frames->width = frames->height = 0;
}

void snn_event_frames_destroy(snn_event_frames *frames)
{
    if (frames == NULL)
        return;
    forget_sensor(frames);
    snn_component_params_destroy(frames->params);
    snn_component_free(frames->ctx, frames);
}

static snn_status copy_value(snn_event_frames *to, const snn_event_frames *from, const snn_component_param *row)
{
    const char *text;

    if (row->type == SNN_PARAM_I64)
        return snn_event_frames_set_i64(to, row->key, snn__frames_i64(from, row->key));
    if (row->type == SNN_PARAM_F64)
        return snn_event_frames_set_f64(to, row->key, snn__frames_f64(from, row->key));
    TRY(snn_event_frames_get_str(from, row->key, &text));
    return snn_event_frames_set_str(to, row->key, text);
}

snn_status snn__frames_copy(snn_event_frames **out, const snn_event_frames *frames)
{
    snn_status rc = snn_event_frames_create(out, frames->ctx);

    for (size_t i = 0; rc == SNN_OK && i < sizeof table / sizeof *table; i++)
        rc = copy_value(*out, frames, &table[i]);
    if (rc != SNN_OK) {
        snn_event_frames_destroy(*out);
        *out = NULL;
    }
    return rc;
}

/* ---- geometry ---- */

/* One side: which part of the sensor is used, and how long a frame is. */
struct side {
    const char *name;
    size_t sensor, first, used, frame;
};

static snn_status read_side(const snn_event_frames *frames, struct side *s, int32_t first, int32_t used,
                            int32_t frame)
{
    s->first = (size_t)snn__frames_i64(frames, first);
    s->used = (size_t)snn__frames_i64(frames, used);
    s->frame = (size_t)snn__frames_i64(frames, frame);
    if (s->used == 0 && s->first < s->sensor)
        s->used = s->sensor - s->first;
    if (s->used == 0 || s->first + s->used > s->sensor)
        return snn_component_fail(SNN_ERR_SHAPE, "frames of events: %s %zu to %zu of a sensor that has %zu", s->name,
                                  s->first, s->first + s->used, s->sensor);
    if (s->frame == 0)
        s->frame = s->used;
    return s->frame <= s->used ? SNN_OK
                               : snn_component_fail(SNN_ERR_SHAPE,
                                                    "frames of events: %s %zu of a frame, more than the %zu that are "
                                                    "used",
                                                    s->name, s->frame, s->used);
}

/* Where each line of the sensor goes, in steps of `pitch`. Pixel i of a frame covers lines floor(i used / frame) up
 * to those of pixel i + 1; the nearest is the first of them. */
static void map_side(uint32_t *to, const struct side *s, bool nearest, size_t pitch)
{
    for (size_t line = 0; line < s->sensor; line++)
        to[line] = SNN__FRAMES_OUTSIDE;
    for (size_t i = 0; i < s->frame; i++) {
        const size_t begin = i * s->used / s->frame, end = (i + 1) * s->used / s->frame;

        for (size_t line = begin; line < (nearest ? begin + 1 : end); line++)
            to[s->first + line] = (uint32_t)(i * pitch);
    }
}

static void choose_values(snn_event_frames *frames)
{
    const bool units = frames->height == 1 && snn__frames_is(frames, SNN_EVENT_FRAMES_POLARITY, "auto");
    const bool sign = snn__frames_is(frames, SNN_EVENT_FRAMES_POLARITY, "signed");
    const bool one = units || sign || snn__frames_is(frames, SNN_EVENT_FRAMES_POLARITY, "one");

    frames->shape[0] = one ? 1 : 2;
    frames->length = frames->shape[0] * frames->shape[1] * frames->shape[2];
    frames->channel[0] = 0;
    frames->channel[1] = (uint32_t)(one ? 0 : frames->shape[1] * frames->shape[2]);
    frames->unit[0] = sign ? -1.0f : 1.0f;
    frames->unit[1] = 1.0f;
    frames->counts = snn__frames_is(frames, SNN_EVENT_FRAMES_VALUE, "counts");
}

static snn_status prepare(snn_event_frames *frames, size_t width, size_t height)
{
    const bool nearest = snn__frames_is(frames, SNN_EVENT_FRAMES_RESIZE, "nearest");
    struct side x = { .name = "columns", .sensor = width }, y = { .name = "rows", .sensor = height };

    TRY(read_side(frames, &x, SNN_EVENT_FRAMES_CROP_LEFT, SNN_EVENT_FRAMES_CROP_WIDTH, SNN_EVENT_FRAMES_WIDTH));
    TRY(read_side(frames, &y, SNN_EVENT_FRAMES_CROP_TOP, SNN_EVENT_FRAMES_CROP_HEIGHT, SNN_EVENT_FRAMES_HEIGHT));
    if (x.frame * y.frame > SNN__FRAMES_OUTSIDE / 2)
        return snn_component_fail(SNN_ERR_SHAPE, "frames of events: %zu x %zu pixels", x.frame, y.frame);
    frames->column = snn_component_alloc(frames->ctx, width, sizeof *frames->column);
    frames->row = snn_component_alloc(frames->ctx, height, sizeof *frames->row);
    if (frames->column == NULL || frames->row == NULL)
        return SNN_ERR_MEMORY;
    map_side(frames->column, &x, nearest, 1);
    map_side(frames->row, &y, nearest, x.frame);
    frames->width = width;
    frames->height = height;
    frames->left = x.first;
    frames->top = y.first;
    frames->used_width = x.used;
    frames->used_height = y.used;
    frames->shape[1] = y.frame;
    frames->shape[2] = x.frame;
    choose_values(frames);
    return SNN_OK;
}

snn_status snn_event_frames_prepare(snn_event_frames *frames, size_t width, size_t height)
{
    snn_status rc;

    if (frames == NULL)
        return fail_null("prepare");
    forget_sensor(frames);
    rc = prepare(frames, width, height);
    if (rc != SNN_OK)
        forget_sensor(frames);
    return rc;
}

snn_status snn_event_frames_shape(const snn_event_frames *frames, size_t shape[3], uint32_t *rank)
{
    if (frames == NULL || shape == NULL || rank == NULL)
        return fail_null("shape");
    TRY(check_ready(frames, "shape"));
    memcpy(shape, frames->shape, sizeof frames->shape);
    *rank = frames->shape[0] == 1 && frames->shape[1] == 1 && frames->height == 1 ? 1 : 3;
    if (*rank == 1) {
        shape[0] = frames->length;
        shape[2] = 1;
    }
    return SNN_OK;
}

/* ---- events ---- */

snn_status snn_event_frames_add(const snn_event_frames *frames, const snn_event *events, size_t n, float *frame)
{
    if (frames == NULL || events == NULL || frame == NULL)
        return fail_null("add");
    TRY(check_ready(frames, "add"));
    for (const snn_event *e = events; e < events + n; e++) {
        const bool on = e->p != 0;
        float *pixel;

        if (e->x >= frames->width || e->y >= frames->height || frames->column[e->x] == SNN__FRAMES_OUTSIDE ||
            frames->row[e->y] == SNN__FRAMES_OUTSIDE)
            continue;
        pixel = frame + frames->channel[on] + frames->row[e->y] + frames->column[e->x];
        *pixel = frames->counts ? *pixel + frames->unit[on] : frames->unit[on];
    }
    return SNN_OK;
}

snn_status snn_event_frames_finish(const snn_event_frames *frames, float *frame)
{
    float largest = 0.0f;

    if (frames == NULL || frame == NULL)
        return fail_null("finish");
    TRY(check_ready(frames, "finish"));
    if (!snn__frames_is(frames, SNN_EVENT_FRAMES_NORMALISE, "frame"))
        return SNN_OK;
    for (size_t i = 0; i < frames->length; i++)
        largest = fmaxf(largest, fabsf(frame[i]));
    for (size_t i = 0; i < frames->length && largest > 0.0f; i++)
        frame[i] /= largest;
    return SNN_OK;
}
