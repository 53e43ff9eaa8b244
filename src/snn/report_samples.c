/* report_samples.c - a network at work: which classes it confuses, how often each neuron spikes, and the spikes,
 * potentials and outputs of a few samples, step by step. */
#include "report.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 32
#define SHOWN 100      /* neurons of a population in a raster */
#define TRACED 4       /* of them with a potential */
#define KEPT 12        /* samples shown step by step, as far as their size allows */
#define BUDGET 400000u /* characters of all of them, about */
#define BINS 20
#define CLASSES_MOST 1000
#define SIDE_MOST 64 /* pixels of an image */

/* A population, and its spikes. */
struct population {
    snn_layer *layer;
    const char *name;
    size_t size, shown, traced;
    size_t trace[TRACED]; /* neurons with a potential */
    double *spikes;       /* [size], over all samples */
};

struct watch {
    snn_trainer *evaluator;
    struct run *run;
    struct population *of;
    size_t count, steps, batch, outputs, frames, size;
    size_t now;     /* samples of this batch */
    float *scratch; /* [batch, largest layer] */
    float *x, *out;
    uint32_t *label, *length;
    snn_layer *readout;
    uint32_t *confusion; /* [classes, classes] of label and answer */
    size_t classes;
    json_t *kept; /* samples step by step, or NULL while all are counted */
    snn_status rc;
};

/* ---- counting ---- */

static bool read_signal(struct watch *w, const snn_layer *layer, snn_signal signal, size_t n)
{
    const snn_status rc = snn_trainer_read_signal(w->evaluator, layer, signal, w->scratch, n);

    if (rc != SNN_OK && rc != SNN_ERR_UNSUPPORTED)
        w->rc = rc;
    return rc == SNN_OK;
}

static void count_spikes(struct watch *w, struct population *p)
{
    if (!read_signal(w, p->layer, SNN_SIGNAL_OUTPUT, w->now * p->size))
        return;
    for (size_t b = 0; b < w->now; b++)
        for (size_t i = 0; i < p->size; i++)
            p->spikes[i] += w->scratch[b * p->size + i];
}

/* ---- samples step by step ---- */

/* Bits of the neurons that spike, the lowest first. */
static json_t *spikes_now(const struct population *p, const float *all)
{
    uint8_t bits[(SHOWN + 7) / 8] = { 0 };

    for (size_t i = 0; i < p->shown; i++)
        if (all[i * p->size / p->shown] > 0)
            bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
    return report_bytes(bits, (p->shown + 7) / 8);
}

static json_t *rounded(float x)
{
    return isfinite(x) ? json_real(round(x * 1e3) / 1e3) : json_null();
}

static json_t *of_sample(const struct watch *w, size_t b, const char *list, size_t layer)
{
    return json_array_get(json_object_get(json_array_get(w->kept, b), list), layer);
}

static void keep_step(struct watch *w, const struct population *p)
{
    const size_t layer = (size_t)(p - w->of);

    if (read_signal(w, p->layer, SNN_SIGNAL_OUTPUT, w->now * p->size))
        for (size_t b = 0; b < w->now; b++)
            json_array_append_new(of_sample(w, b, "spikes", layer), spikes_now(p, w->scratch + b * p->size));
    if (!p->traced || !read_signal(w, p->layer, SNN_SIGNAL_MEMBRANE, w->now * p->size))
        return;
    for (size_t b = 0; b < w->now; b++)
        for (size_t i = 0; i < p->traced; i++)
            json_array_append_new(json_array_get(of_sample(w, b, "membrane", layer), i),
                                  rounded(w->scratch[b * p->size + p->trace[i]]));
}

static void keep_outputs(struct watch *w)
{
    const bool known = read_signal(w, w->readout, SNN_SIGNAL_OUTPUT, w->now * w->outputs);

    for (size_t b = 0; b < w->now; b++) {
        json_t *step = json_array();

        for (size_t i = 0; known && i < w->outputs; i++)
            json_array_append_new(step, rounded(w->scratch[b * w->outputs + i]));
        json_array_append_new(json_object_get(json_array_get(w->kept, b), "outputs"), step);
    }
}

static void observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    struct watch *w = user;

    (void)trainer;
    (void)step;
    if (phase != SNN_PHASE_FORWARD)
        return;
    for (size_t i = 0; i < w->count && w->rc == SNN_OK; i++)
        if (w->kept)
            keep_step(w, &w->of[i]);
        else
            count_spikes(w, &w->of[i]);
    if (w->kept && w->rc == SNN_OK)
        keep_outputs(w);
}

/* ---- samples ---- */

/* Samples of the set at equal distances: a set may be in the order of its classes. */
static size_t at(const struct watch *w, size_t i, size_t samples)
{
    return i * w->run->shape.count / samples;
}

static snn_status read_sample(struct watch *w, size_t b, size_t index)
{
    snn_status rc = SNN_OK;

    for (size_t f = 0; f < w->frames && rc == SNN_OK; f++) {
        snn_sample sample = SNN_SAMPLE_INIT;
        float target[1024];

        if (w->run->shape.targets > sizeof target / sizeof *target)
            return SNN_ERR_UNSUPPORTED;
        sample.x = w->x + (f * w->now + b) * w->size;
        sample.target = w->run->shape.targets ? target : NULL;
        sample.length = w->frames;
        rc = snn_dataset_read(w->run->test, index, f, &sample);
        w->label[b] = sample.label;
        if (f == 0)
            w->length[b] = (uint32_t)sample.length;
    }
    return rc;
}

/* Runs the network on samples `first` .. of those that `samples` of the whole set are. */
static snn_status predict(struct watch *w, size_t first, size_t n, size_t samples)
{
    snn_batch batch = SNN_BATCH_INIT;
    bool shorter = false;
    snn_status rc = SNN_OK;

    w->now = n;
    for (size_t b = 0; b < n && rc == SNN_OK; b++)
        rc = read_sample(w, b, at(w, first + b, samples));
    for (size_t b = 0; b < n; b++)
        shorter = shorter || w->length[b] < w->frames;
    batch.samples = n;
    batch.frames = w->frames;
    batch.x = w->x;
    batch.lengths = shorter ? w->length : NULL;
    if (rc == SNN_OK)
        rc = snn_trainer_predict(w->evaluator, &batch, w->out);
    return rc == SNN_OK ? w->rc : rc;
}

static size_t answer(const struct watch *w, size_t b)
{
    const float *out = w->out + b * w->outputs;
    size_t best = 0;

    for (size_t i = 1; i < w->outputs; i++)
        best = out[i] > out[best] ? i : best;
    return best;
}

static snn_status count_all(struct watch *w, size_t samples)
{
    snn_status rc = SNN_OK;

    for (size_t first = 0; first < samples && rc == SNN_OK; first += w->now) {
        rc = predict(w, first, samples - first < w->batch ? samples - first : w->batch, samples);
        for (size_t b = 0; b < w->now && rc == SNN_OK && w->classes; b++)
            if (w->label[b] < w->classes && answer(w, b) < w->classes)
                w->confusion[w->label[b] * w->classes + answer(w, b)]++;
    }
    return rc;
}

/* ---- the sample as a picture ---- */

/* Frames are summed. Of a large image every k-th pixel is taken. */
static json_t *picture(const struct watch *w, size_t b)
{
    const snn_dataset_info *s = &w->run->shape;
    const bool map = s->rank == 3;
    const size_t all = map ? s->shape[0] : 1, rows = s->rank == 1 ? 1 : s->shape[map], cols = w->size / all / rows;
    const size_t channels = all == 2   ? 2
                            : all >= 3 ? 3
                                       : 1,
                 side = rows > cols && rows > 1 ? rows : cols,
                 every = s->rank > 1 ? (side + SIDE_MOST - 1) / SIDE_MOST : 1, down = (rows + every - 1) / every,
                 across = (cols + every - 1) / every;
    float *pixel = floats(channels, down * across), low = FLT_MAX, high = -FLT_MAX;
    json_t *out;

    if (!pixel)
        return json_null();
    for (size_t i = 0; i < channels * down * across; i++) {
        const size_t c = i / (down * across), y = i / across % down * every, x = i % across * every;

        for (size_t f = 0; f < w->frames; f++)
            pixel[i] += w->x[(f * w->now + b) * w->size + (c * rows + y) * cols + x];
        low = pixel[i] < low ? pixel[i] : low;
        high = pixel[i] > high ? pixel[i] : high;
    }
    out = json_pack("{s:I, s:I, s:I, s:o}", "channels", (json_int_t)channels, "rows", (json_int_t)down, "cols",
                    (json_int_t)across, "levels", report_levels(pixel, channels * down * across, low, high));
    free(pixel);
    return out;
}

/* ---- results ---- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* Neurons to trace: the most active one, and those after an eighth, a quarter and a half of those that spike. */
static int choose_traced(struct population *p)
{
    double(*rank)[2] = calloc(p->size, sizeof *rank);
    size_t active = 0;

    if (!rank)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < p->size; i++) {
        rank[i][0] = p->spikes[i];
        rank[i][1] = (double)i;
        active += p->spikes[i] > 0;
    }
    qsort(rank, p->size, sizeof *rank, by_size);
    active = active ? active : p->size;
    p->traced = 0;
    for (size_t i = 0; i < TRACED; i++) {
        const size_t place = i ? active >> (4 - i) : 0;

        if (i == 0 || (place < p->size && (size_t)rank[place][1] != p->trace[p->traced - 1]))
            p->trace[p->traced++] = (size_t)rank[place][1];
    }
    free(rank);
    return DONE;
}

static json_t *population_json(const struct watch *w, const struct population *p, size_t samples)
{
    const double most = (double)samples * (double)w->steps;
    json_int_t bin[BINS] = { 0 }, silent = 0;
    json_t *histogram = json_array(), *traced = json_array();
    double sum = 0, threshold = NAN;

    for (size_t i = 0; i < p->size; i++) {
        const size_t place = (size_t)(p->spikes[i] / most * BINS);

        sum += p->spikes[i];
        silent += p->spikes[i] == 0;
        bin[place < BINS ? place : BINS - 1]++;
    }
    for (size_t i = 0; i < BINS; i++)
        json_array_append_new(histogram, json_integer(bin[i]));
    for (size_t i = 0; i < p->traced; i++)
        json_array_append_new(traced, json_integer((json_int_t)p->trace[i]));
    if (snn_layer_get_f64(p->layer, SNN_NEURON_THRESHOLD, &threshold) != SNN_OK)
        threshold = NAN;
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:I, s:o}", "name", p->name, "size", (json_int_t)p->size,
                     "shown", (json_int_t)p->shown, "rate", json_figure(sum / most / (double)p->size), "threshold",
                     json_figure(threshold), "histogram", histogram, "silent", silent, "traced", traced);
}

static json_t *confusion_json(const struct watch *w)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < w->classes; i++) {
        json_t *row = json_array();

        for (size_t j = 0; j < w->classes; j++)
            json_array_append_new(row, json_integer((json_int_t)w->confusion[i * w->classes + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void begin_kept(struct watch *w, size_t n)
{
    w->kept = json_array();
    for (size_t b = 0; b < n; b++) {
        json_t *spikes = json_array(), *membrane = json_array();

        for (size_t i = 0; i < w->count; i++) {
            json_t *traces = json_array();

            for (size_t k = 0; k < w->of[i].traced; k++)
                json_array_append_new(traces, json_array());
            json_array_append_new(spikes, json_array());
            json_array_append_new(membrane, traces);
        }
        json_array_append_new(w->kept,
                              json_pack("{s:o, s:o, s:[]}", "spikes", spikes, "membrane", membrane, "outputs"));
    }
}

static snn_status keep_some(struct watch *w)
{
    size_t each = 3 * SIDE_MOST * SIDE_MOST + w->steps * w->outputs * 7, n;
    snn_status rc;

    for (size_t i = 0; i < w->count; i++)
        each += w->steps * (w->of[i].shown / 6 + 8 + 7 * w->of[i].traced);
    n = BUDGET / each < 1 ? 1 : BUDGET / each > KEPT ? KEPT : BUDGET / each;
    n = n > w->batch ? w->batch : n > w->run->shape.count ? w->run->shape.count : n;
    begin_kept(w, n);
    rc = predict(w, 0, n, n);
    for (size_t b = 0; b < n && rc == SNN_OK; b++) {
        json_t *sample = json_array_get(w->kept, b);

        json_object_set_new(sample, "number", json_integer((json_int_t)at(w, b, n)));
        json_object_set_new(sample, "image", picture(w, b));
        if (w->run->shape.targets == 0) {
            json_object_set_new(sample, "label", json_integer((json_int_t)w->label[b]));
            json_object_set_new(sample, "answer", json_integer((json_int_t)answer(w, b)));
        }
    }
    return rc;
}

/* ---- memory ---- */

static int add_population(struct watch *w, snn_layer *layer, const snn_layer_info *info)
{
    struct population *p = &w->of[w->count++];

    *p = (struct population){ .layer = layer, .name = info->name, .size = shape_size(&info->out) };
    p->shown = p->size < SHOWN ? p->size : SHOWN;
    p->spikes = calloc(p->size, sizeof *p->spikes);
    return p->spikes ? DONE : fail(FAILED, "out of memory");
}

/* The populations, and the last layer. */
static int add_layers(struct watch *w, size_t *largest)
{
    size_t layers = 0;
    int status = DONE;

    while (snn_network_layer(w->run->network, layers))
        layers++;
    w->of = calloc(layers + 1, sizeof *w->of);
    if (!w->of)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < layers && status == DONE; i++) {
        snn_layer *layer = snn_network_layer(w->run->network, i);
        snn_layer_info info = SNN_LAYER_INFO_INIT;
        snn_status rc = snn_layer_get_info(layer, &info);

        if (rc != SNN_OK)
            return fail_call(rc, NULL);
        w->readout = layer;
        w->outputs = shape_size(&info.out);
        *largest = info.spiking || i + 1 == layers ? (w->outputs > *largest ? w->outputs : *largest) : *largest;
        if (info.spiking)
            status = add_population(w, layer, &info);
    }
    return status;
}

static int open_watch(struct watch *w)
{
    const snn_dataset_info *s = &w->run->shape;
    size_t largest = 1;
    int status = add_layers(w, &largest);

    w->frames = s->frames ? s->frames : 1;
    w->size = s->shape[0] * (s->rank > 1 ? s->shape[1] : 1) * (s->rank > 2 ? s->shape[2] : 1);
    w->batch = BATCH;
    w->classes = s->targets == 0 && w->outputs <= CLASSES_MOST ? w->outputs : 0;
    w->scratch = floats(w->batch, largest);
    w->x = floats(w->batch * w->frames, w->size);
    w->out = floats(w->batch, w->outputs + 1);
    w->label = calloc(w->batch, sizeof *w->label);
    w->length = calloc(w->batch, sizeof *w->length);
    w->confusion = calloc(w->classes * w->classes + 1, sizeof *w->confusion);
    if (status == DONE && (!w->scratch || !w->x || !w->out || !w->label || !w->length || !w->confusion))
        status = fail(FAILED, "out of memory");
    return status;
}

static void close_watch(struct watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->of[i].spikes);
    snn_trainer_destroy(w->evaluator);
    json_decref(w->kept);
    free(w->of);
    free(w->scratch);
    free(w->x);
    free(w->out);
    free(w->label);
    free(w->length);
    free(w->confusion);
}

static snn_status watch_all(struct watch *w, size_t samples)
{
    snn_status rc = snn_trainer_observe(w->evaluator, SNN_OBSERVE_SIGNALS, observe, w);

    if (rc == SNN_OK)
        rc = snn_trainer_prepare(w->evaluator, w->batch);
    w->steps = run_about(w->evaluator).steps;
    if (rc == SNN_OK)
        rc = count_all(w, samples);
    for (size_t i = 0; i < w->count && rc == SNN_OK; i++)
        rc = choose_traced(&w->of[i]) == DONE ? SNN_OK : SNN_ERR_MEMORY;
    return rc == SNN_OK ? keep_some(w) : rc;
}

int report_samples(json_t *run, struct run *of, size_t samples)
{
    struct watch w = { .run = of };
    json_t *populations = json_array(), *out = NULL;
    int status = open_watch(&w);

    samples = samples < of->shape.count ? samples : of->shape.count;
    if (status == DONE)
        status = run_evaluator(of->config, of->network, &w.evaluator);
    if (status == DONE) {
        const snn_status rc = watch_all(&w, samples);

        status = rc == SNN_OK ? DONE : fail_call(rc, "samples");
    }
    for (size_t i = 0; i < w.count && status == DONE; i++)
        json_array_append_new(populations, population_json(&w, &w.of[i], samples));
    if (status == DONE) {
        out = json_pack("{s:I, s:I, s:I, s:O, s:O}", "count", (json_int_t)samples, "of", (json_int_t)of->shape.count,
                        "steps", (json_int_t)w.steps, "populations", populations, "shown", w.kept);
        if (w.classes)
            json_object_set_new(out, "confusion", confusion_json(&w));
        json_object_set_new(run, "samples", out);
    }
    json_decref(populations);
    close_watch(&w);
    return status;
}
