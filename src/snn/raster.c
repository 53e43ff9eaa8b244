/* raster.c - one sample on its way through the network: image, spikes of every population, outputs over time. */
#include "plot.h"

#include "svg.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 100 /* neurons drawn of a population */
#define ACROSS 4  /* cells in a row of the page */
#define CELL_W 300.0
#define CELL_H 320.0
#define TOP 84.0
#define LINES 10 /* outputs drawn */

/* The record of one layer. */
struct trace {
    const snn_layer *layer;
    size_t size, shown; /* neurons in all; rows kept */
    size_t begins;      /* first step at which it has a value: the last one where rates are read out */
    char name[48];
    float *value; /* [steps, shown] */
    double rate;  /* spikes per neuron and step, over all neurons */
};

struct recording {
    struct trace *trace; /* populations, then the readout */
    size_t count, steps;
    float *scratch; /* largest layer */
    snn_status rc;  /* first failure inside the observer */
};

static void keep(struct trace *t, const float *all, size_t step)
{
    double sum = 0;

    for (size_t i = 0; i < t->size; i++)
        sum += all[i];
    t->rate += sum / (double)t->size;
    for (size_t i = 0; i < t->shown; i++)
        t->value[step * t->shown + i] = all[i * t->size / t->shown];
}

static void observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    struct recording *r = user;

    if (phase != SNN_PHASE_FORWARD || step >= r->steps)
        return;
    for (size_t i = 0; i < r->count && r->rc == SNN_OK; i++) {
        struct trace *t = &r->trace[i];
        r->rc = snn_trainer_read_signal(trainer, t->layer, SNN_SIGNAL_OUTPUT, r->scratch, t->size);
        if (r->rc == SNN_ERR_UNSUPPORTED && step + 1 < r->steps && t->begins == step) {
            t->begins = step + 1;
            r->rc = SNN_OK;
            continue;
        }
        if (r->rc == SNN_OK)
            keep(t, r->scratch, step);
    }
}

static void recording_free(struct recording *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->trace[i].value);
    free(r->trace);
    free(r->scratch);
}

/* Room for every spiking population and, last, the output layer. */
static int recording_plan(struct recording *r, const snn_network *net)
{
    size_t layers = 0, largest = 1;

    while (snn_network_layer(net, layers))
        layers++;
    r->trace = calloc(layers + 1, sizeof *r->trace);
    if (!r->trace)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < layers; i++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;
        struct trace *t = &r->trace[r->count];
        if (snn_layer_get_info(snn_network_layer(net, i), &info) != SNN_OK || (!info.spiking && i + 1 < layers))
            continue;
        t->layer = snn_network_layer(net, i);
        t->size = shape_size(&info.out);
        t->shown = i + 1 < layers && t->size > SHOWN ? SHOWN : t->size;
        snprintf(t->name, sizeof t->name, "%.47s", info.name);
        t->value = floats(r->steps, t->shown);
        r->count++;
        largest = t->size > largest ? t->size : largest;
        if (!t->value)
            return fail(FAILED, "out of memory");
    }
    r->scratch = floats(largest, 1);
    return r->scratch ? DONE : fail(FAILED, "out of memory");
}

/* Shows the sample to an evaluator of its own. */
static int record(struct recording *r, struct run *run, const float *x, size_t frames)
{
    snn_trainer *trainer = NULL;
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    snn_batch batch = SNN_BATCH_INIT;
    float *out = NULL;
    snn_status rc;
    int status = run_evaluator(run->config, run->network, &trainer);

    batch.samples = 1;
    batch.frames = frames;
    batch.x = x;
    if (status == DONE) {
        rc = snn_network_get_info(run->network, &info);
        out = floats(shape_size(&info.out) + 1, 1);
        if (rc == SNN_OK)
            rc = snn_trainer_set_i64(trainer, SNN_TRAINER_SHARDS, 1);
        if (rc == SNN_OK)
            rc = snn_trainer_observe(trainer, SNN_OBSERVE_SIGNALS, observe, r);
        if (rc == SNN_OK)
            rc = snn_trainer_prepare(trainer, 1);
        if (rc == SNN_OK && out)
            rc = snn_trainer_predict(trainer, &batch, out);
        if (rc == SNN_OK)
            rc = r->rc;
        if (rc != SNN_OK || !out)
            status = out ? fail_call(rc, "raster") : fail(FAILED, "out of memory");
    }
    free(out);
    snn_trainer_destroy(trainer);
    return status;
}

/* ---- drawing */

/* Frames of a recording, or of anything that changes: their sum, frame after frame into the first. */
static void add_frames(const snn_dataset_info *shape, float *pixels)
{
    size_t n = shape->shape[0] * shape->shape[1] * shape->shape[2];

    for (size_t f = 1; f < shape->frames; f++)
        for (size_t i = 0; i < n; i++)
            pixels[i] += pixels[f * n + i];
}

/* One channel is grey, three are red, green and blue; of two, as polarities are, the first is blue and the second red
 * on white. */
static void colour(int *rgb, const float *v, size_t channels, double low, double range)
{
    double share[3];

    for (size_t c = 0; c < 3; c++)
        share[c] = (v[channels >= 3 ? c : channels == 2 ? c / 2 : 0] - low) / range;
    if (channels == 2) {
        double darker = (v[0] - low) / range, brighter = (v[1] - low) / range;

        share[0] = 1 - darker;
        share[1] = 1 - fmax(darker, brighter);
        share[2] = 1 - brighter;
    }
    for (size_t c = 0; c < 3; c++)
        rgb[c] = (int)(255.5 * share[c]);
}

static bool same_pixel(const float *pixels, size_t channels, size_t n, size_t i, size_t j)
{
    for (size_t c = 0; c < channels; c++)
        if (pixels[c * n + i] != pixels[c * n + j])
            return false;
    return true;
}

/* Equal pixels beside one another are one rectangle. Of a sequence each channel is a row. */
static void draw_image(struct svg *s, double x, double y, double side, const snn_dataset_info *shape,
                       const float *pixels)
{
    bool map = shape->rank == 3;
    size_t channels = map ? shape->shape[0] : 1, rows = shape->shape[map], cols = shape->shape[map + 1],
           n = rows * cols;
    double low = FLT_MAX, high = -FLT_MAX, step = side / (double)(rows > cols ? rows : cols);

    for (size_t i = 0; i < channels * n; i++) { /* compared: fmin() and fmax() stop gcc 12 for AArch64 with an
                                                   internal error */
        low = pixels[i] < low ? pixels[i] : low;
        high = pixels[i] > high ? pixels[i] : high;
    }
    fputs("<g shape-rendering=\"crispEdges\">\n", s->file);
    for (size_t i = 0, run; i < n; i += run) {
        float v[3] = { pixels[i], 0, 0 };
        int rgb[3];
        for (run = 1; (i + run) % cols != 0 && same_pixel(pixels, channels, n, i, i + run);)
            run++;
        for (size_t c = 1; c < 3 && c < channels; c++)
            v[c] = pixels[c * n + i];
        colour(rgb, v, channels, low, high > low ? high - low : 1);
        fprintf(s->file, "<path fill=\"#%02x%02x%02x\" d=\"M%.2f %.2fh%.2fv%.2fh-%.2fz\"/>\n", rgb[0], rgb[1], rgb[2],
                x + step * (double)(i % cols), y + step * (double)(i / cols), step * (double)run, step,
                step * (double)run);
    }
    fputs("</g>\n", s->file);
}

static void draw_spikes(struct svg *s, double x, double y, const struct trace *t, size_t steps)
{
    struct axes a = { x + 46, y + 46, CELL_W - 84, CELL_H - 110, 0.5, (double)steps + 0.5, 0, (double)t->shown };
    double column = a.width / (double)steps, row = a.height / (double)t->shown;
    double w = fmax(0.8, fmin(0.72 * column, 16)), h = fmax(0.9, fmin(0.72 * row, 6));

    svg_text(s, x, y + 14, 14, INK, "start", true, "%s", t->name);
    svg_text(s, x, y + 32, 12, MUTED, "start", false, "%s neurons, %.1f %% spike at a step", grouped(t->size).s,
             100 * t->rate / (double)steps);
    fprintf(s->file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#f5f7fa\"/>\n", a.x, a.y,
            a.width, a.height);
    fprintf(s->file, "<path fill=\"%s\" d=\"", STRONG);
    for (size_t i = 0; i < steps; i++)
        for (size_t n = 0; n < t->shown; n++)
            if (t->value[i * t->shown + n] > 0)
                fprintf(s->file, "M%.1f %.2fh%.1fv%.2fh-%.1fz", axes_x(&a, (double)i + 1) - w / 2,
                        a.y + row * ((double)n + 0.5) - h / 2, w, h, w);
    fputs("\"/>\n", s->file);
    svg_line(s, a.x, a.y + a.height, a.x + a.width, a.y + a.height, MUTED, 1.2);
    fprintf(s->file,
            "<text transform=\"translate(%.1f %.1f) rotate(-90)\" font-size=\"12\" fill=\"%s\" "
            "text-anchor=\"middle\">",
            a.x - 10, a.y + a.height / 2, MUTED);
    if (t->shown < t->size)
        fprintf(s->file, "%zu of the neurons</text>\n", t->shown);
    else
        fputs("neurons</text>\n", s->file);
    axes_draw_x(s, &a, "time step");
}

/* Mean output of class k over the steps up to `step`, or the first output, where there is none so early. */
static double gathered(const struct trace *t, size_t k, size_t step)
{
    double sum = 0;

    if (step < t->begins)
        step = t->begins;
    for (size_t i = t->begins; i <= step; i++)
        sum += t->value[i * t->shown + k];
    return sum / (double)(step + 1 - t->begins);
}

static size_t answer(const struct trace *t, size_t steps)
{
    size_t best = 0;

    for (size_t k = 1; k < t->shown; k++)
        if (gathered(t, k, steps - 1) > gathered(t, best, steps - 1))
            best = k;
    return best;
}

/* Classes to draw: those with the largest outputs at the end, best first. */
static size_t leaders(const struct trace *t, size_t steps, size_t *leader)
{
    size_t n = 0;

    for (size_t k = 0; k < t->shown; k++) {
        double mine = gathered(t, k, steps - 1);
        size_t place = n < LINES ? n++ : LINES;
        while (place > 0 && gathered(t, leader[place - 1], steps - 1) < mine) {
            if (place < LINES)
                leader[place] = leader[place - 1];
            place--;
        }
        if (place < LINES)
            leader[place] = k;
    }
    return n;
}

/* Labels in the order of their lines, each at least 13 units below the one before, the stack kept inside the axes. */
static void spread(const struct axes *a, double *y, size_t n)
{
    const double apart = 13;
    double floor_y = a->y + a->height + 4;

    for (size_t i = 1; i < n; i++)
        y[i] = fmax(y[i], y[i - 1] + apart);
    for (size_t i = n; i-- > 0; floor_y = y[i] - apart)
        y[i] = fmin(y[i], floor_y);
}

static void draw_outputs(struct svg *s, double x, double y, const struct trace *t, size_t steps, size_t label)
{
    struct axes a = { x + 46, y + 46, CELL_W - 96, CELL_H - 110, 1, (double)(steps > 1 ? steps : 2), 0, 0 };
    size_t leader[LINES], n = leaders(t, steps, leader), best = answer(t, steps);
    double at[LINES];

    for (size_t i = 0; i < n; i++)
        for (size_t step = 0; step < steps; step++) {
            double v = gathered(t, leader[i], step);
            a.low = i + step ? fmin(a.low, v) : v;
            a.high = i + step ? fmax(a.high, v) : v;
        }
    svg_text(s, x, y + 14, 14, INK, "start", true, "Output");
    svg_text(s, x, y + 32, 12, MUTED, "start", false,
             t->begins > 0 ? "%s, by class: one output, at the end" : "mean so far of %s, by class", t->name);
    axes_draw_y(s, &a, "");
    for (size_t i = n; i-- > 0;) {
        size_t k = leader[i];
        fprintf(s->file, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-linejoin=\"round\" d=\"",
                k == best    ? (k == label ? STRONG : ALARM)
                : k == label ? STRONG
                             : "#c3cfd9",
                k == best || k == label ? 2.5 : 1.5);
        for (size_t step = 0; step < steps; step++)
            fprintf(s->file, "%c%.1f %.1f", step ? 'L' : 'M', axes_x(&a, (double)step + 1),
                    axes_y(&a, gathered(t, k, step)));
        fputs("\"/>\n", s->file);
        at[i] = axes_y(&a, gathered(t, k, steps - 1)) + 4;
    }
    spread(&a, at, n);
    for (size_t i = 0; i < n; i++) {
        bool marked = leader[i] == best || leader[i] == label;
        svg_text(s, a.x + a.width + 8, at[i], 12, marked ? (leader[i] == label ? STRONG : ALARM) : MUTED, "start",
                 marked, "%zu", leader[i]);
    }
    axes_draw_x(s, &a, "time step");
}

/* The caption of the input's picture. */
static struct text source(const struct run *run)
{
    struct text out;
    const char *encoder = config_text(run->config, "trainer.encoder", "direct");

    if (run->shape.frames > 1)
        snprintf(out.s, sizeof out.s, "sum of %zu frames%s", run->shape.frames,
                 run->shape.shape[0] == 2 ? ": off blue, on red" : "");
    else if (strcmp(encoder, "direct") == 0)
        snprintf(out.s, sizeof out.s, "the same at every step");
    else
        snprintf(out.s, sizeof out.s, "as spikes by %.20s code", encoder);
    return out;
}

static int draw(const char *path, const struct run *run, const struct recording *r, const float *pixels,
                size_t sample, size_t label)
{
    bool image = run->shape.rank > 1;
    size_t cells = r->count + image, across = cells < ACROSS ? cells : ACROSS, down = (cells + ACROSS - 1) / ACROSS;
    size_t best = answer(&r->trace[r->count - 1], r->steps);
    const size_t *side = run->shape.shape;
    snn_shape input = { run->shape.rank, { (uint32_t)side[0], (uint32_t)side[1], (uint32_t)side[2] } };
    struct svg s;

    if (svg_open(&s, path, 32 + CELL_W * (double)across + (across < 2 ? 300 : 0), TOP + CELL_H * (double)down + 8,
                 "Spike raster") != DONE)
        return FAILED;
    svg_text(&s, 32, 38, 19, INK, "start", true, "%.60s \u00b7 %s", run_name(run->config), run_method(run->config).s);
    svg_text(&s, 32, 60, 13, best == label ? MUTED : ALARM, "start", false,
             "test sample %zu: class %zu, the network says %zu", sample, label, best);
    for (size_t i = 0; i < cells; i++) {
        double x = 32 + CELL_W * (double)(i % ACROSS), y = TOP + CELL_H * (double)(i / ACROSS);
        if (image && i == 0) {
            svg_text(&s, x, y + 14, 14, INK, "start", true, "Input");
            svg_text(&s, x, y + 32, 12, MUTED, "start", false, "%s, %s", shape_text(&input).s, source(run).s);
            draw_image(&s, x, y + 46, CELL_H - 110, &run->shape, pixels);
        } else if (i + 1 == cells) {
            draw_outputs(&s, x, y, &r->trace[r->count - 1], r->steps, label);
        } else {
            draw_spikes(&s, x, y, &r->trace[i - image], r->steps);
        }
    }
    return svg_close(&s);
}

int plot_raster(const char *path, struct run *run, const snn_dataset *dataset, size_t sample)
{
    struct recording r = { .steps = (size_t)config_whole(run->config, "trainer.steps", 1) };
    snn_dataset_info shape = run->shape;
    size_t size = shape.shape[0] * shape.shape[1] * shape.shape[2];
    float *x = floats(size, shape.frames);
    snn_sample read = SNN_SAMPLE_INIT;
    snn_status rc = SNN_OK;
    int status = x ? DONE : fail(FAILED, "out of memory");

    for (size_t f = 0; status == DONE && f < shape.frames && rc == SNN_OK; f++) {
        read.x = x + f * size;
        rc = snn_dataset_read(dataset, sample, f, &read);
    }
    if (rc != SNN_OK)
        status = fail_call(rc, "raster");
    if (status == DONE)
        status = recording_plan(&r, run->network);
    if (status == DONE)
        status = record(&r, run, x, shape.frames);
    if (status == DONE) {
        add_frames(&shape, x);
        status = draw(path, run, &r, x, sample, read.label);
    }
    recording_free(&r);
    free(x);
    return status;
}
