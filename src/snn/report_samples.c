/* report_samples.c - a network at work: which classes it confuses, how often each neuron spikes, and the spikes,
 * potentials and outputs of a few samples, step by step. */
#include "class_names.h"
#include "predictions.h"
#include "report.h"

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

/* A population, and its spikes. */
struct population {
    snn_layer *layer;
    const char *name;
    size_t size, shown, traced;
    size_t trace[TRACED]; /* neurons with a potential */
    double *spikes;       /* [size], over all samples */
};

struct watch {
    struct run *run; /* its trainer evaluates */
    struct population *of;
    size_t count, steps, outputs, classes;
    snn_layer *readout;
    struct report_spread spread;
    size_t now, done;    /* samples of this batch; of all so far, with this one */
    float *scratch;      /* [batch, largest layer] */
    uint64_t *confusion; /* [classes, classes] of label and prediction */
    json_t *kept;        /* samples step by step, or NULL while all are counted */
    snn_status failed;
};

/* ---- counting ---- */

static bool read_signal(struct watch *w, const snn_layer *layer, snn_signal signal, size_t n)
{
    const snn_status rc = snn_trainer_read_signal(w->run->trainer, layer, signal, w->scratch, n);

    if (rc != SNN_OK && rc != SNN_ERR_UNSUPPORTED)
        w->failed = rc;
    return rc == SNN_OK;
}

static void count_spikes(struct watch *w, struct population *p)
{
    if (!read_signal(w, p->layer, SNN_SIGNAL_OUTPUT, w->now * p->size))
        return;
    for (size_t b = 0; b < w->now; b++)
        for (size_t i = 0; i < p->size; i++)
            p->spikes[i] += w->scratch[b * p->size + i] != 0; /* dsr's have other sizes than 1 */
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
    if (phase != SNN_PHASE_FORWARD)
        return;
    if (step == 0) { /* of the next batch */
        w->now = w->spread.count - w->done < BATCH ? w->spread.count - w->done : BATCH;
        w->done += w->now;
    }
    for (size_t i = 0; i < w->count && w->failed == SNN_OK; i++)
        if (w->kept)
            keep_step(w, &w->of[i]);
        else
            count_spikes(w, &w->of[i]);
    if (w->kept && w->failed == SNN_OK)
        keep_outputs(w);
}

/* ---- samples ---- */

static snn_status open_spread(snn_dataset **out, struct watch *w, size_t samples)
{
    w->spread = (struct report_spread){ w->run->test, w->run->shape.count, samples };
    w->done = 0;
    return report_spread_open(out, &w->spread, w->run);
}

/* Runs the network on so many samples of the test set. */
static int run_on(struct watch *w, size_t samples, int (*each)(void *user, const struct predictions *of))
{
    snn_dataset *data = NULL;
    snn_status rc = open_spread(&data, w, samples);
    struct predictor *p = rc == SNN_OK ? predictor_open(w->run, data, BATCH) : NULL;
    int status = p ? DONE : FAILED;

    if (rc == SNN_OK && p)
        rc = snn_trainer_observe(w->run->trainer, SNN_OBSERVE_SIGNALS, observe, w);
    if (rc == SNN_OK && p)
        rc = snn_trainer_prepare(w->run->trainer, BATCH);
    if (rc != SNN_OK)
        status = fail_call(rc, "samples");
    if (status == DONE)
        status = predictor_run(p, each, w);
    predictor_close(p);
    snn_dataset_destroy(data);
    return status == DONE && w->failed != SNN_OK ? fail_call(w->failed, "samples") : status;
}

static int count_answers(void *user, const struct predictions *of)
{
    struct watch *w = user;

    for (size_t i = 0; i < of->n && of->label && w->classes; i++)
        if (of->label[i] < w->classes)
            w->confusion[of->label[i] * w->classes + of->class[i]]++;
    return DONE;
}

static int keep_answers(void *user, const struct predictions *of)
{
    struct watch *w = user;

    for (size_t b = 0; b < of->n; b++) {
        json_t *sample = json_array_get(w->kept, of->first + b);
        const size_t index = report_place(&w->spread, of->first + b);

        json_object_set_new(sample, "number", json_integer((json_int_t)index));
        json_object_set_new(sample, "image", report_picture(w->run->test, &w->run->shape, index));
        if (of->label)
            json_object_set_new(sample, "label", json_integer((json_int_t)of->label[b]));
        if (of->class && of->steps == 1)
            json_object_set_new(sample, "answer", json_integer((json_int_t)of->class[b]));
    }
    return DONE;
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

/* A few samples, as many as the page has room for. */
static int keep_some(struct watch *w)
{
    size_t each = 3 * REPORT_SIDE * REPORT_SIDE + w->steps * w->outputs * 7, n;

    for (size_t i = 0; i < w->count; i++)
        each += w->steps * (w->of[i].shown / 6 + 8 + 7 * w->of[i].traced);
    n = BUDGET / each < 1 ? 1 : BUDGET / each > KEPT ? KEPT : BUDGET / each;
    n = n > w->run->shape.count ? w->run->shape.count : n;
    begin_kept(w, n);
    return run_on(w, n, keep_answers);
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
    size_t largest = 1;
    int status = add_layers(w, &largest);

    w->classes =
        w->run->shape.targets == 0 && w->run->shape.target_frames == 1 && w->outputs <= CLASSES_MOST ? w->outputs : 0;
    w->scratch = floats(BATCH, largest);
    w->confusion = calloc(w->classes * w->classes + 1, sizeof *w->confusion);
    if (status == DONE && (!w->scratch || !w->confusion))
        status = fail(FAILED, "out of memory");
    if (status == DONE)
        status = run_evaluator(w->run->config, w->run->network, &w->run->trainer);
    w->steps = run_about(w->run->trainer).steps;
    return status;
}

static void close_watch(struct watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->of[i].spikes);
    json_decref(w->kept);
    free(w->of);
    free(w->scratch);
    free(w->confusion);
}

static json_t *results(const struct watch *w, size_t samples)
{
    json_t *populations = json_array(), *out;

    for (size_t i = 0; i < w->count; i++)
        json_array_append_new(populations, population_json(w, &w->of[i], samples));
    out = json_pack("{s:I, s:I, s:I, s:o, s:O}", "count", (json_int_t)samples, "of", (json_int_t)w->run->shape.count,
                    "steps", (json_int_t)w->steps, "populations", populations, "shown", w->kept);
    if (w->classes)
        json_object_set_new(out, "confusion", confusion_json(w));
    return out;
}

int report_samples(json_t *run, struct run *of, size_t samples)
{
    struct watch w = { .run = of };
    struct class_names names = { 0 };
    int status = open_watch(&w);

    samples = samples < of->shape.count ? samples : of->shape.count;
    if (status == DONE)
        status = run_on(&w, samples, count_answers);
    for (size_t i = 0; i < w.count && status == DONE; i++)
        status = choose_traced(&w.of[i]);
    if (status == DONE)
        status = keep_some(&w);
    if (status == DONE)
        status = class_names_open(&names, of, SNN_SPLIT_TEST);
    if (status == DONE)
        json_object_set_new(run, "samples", results(&w, samples));
    if (status == DONE && names.n > 0)
        json_object_set_new(run, "classes", class_names_json(&names, w.classes));
    class_names_close(&names);
    close_watch(&w);
    return status;
}
