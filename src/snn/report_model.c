/* report_model.c - a model in the report: its notes, its layers, its first weights, and what it does on its data. */
#include "frames.h"
#include "neurobench.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TILES 40   /* neurons or kernels whose weights are shown */
#define CHANNELS 3 /* of each */

/* ---- weights ---- */

/* A matrix [out,in] is seen as images where the layer reads the network's input. */
static void tile_of(const snn_tensor *w, const snn_shape *in, size_t *channels, size_t *rows, size_t *cols)
{
    const size_t side = (size_t)lround(sqrt((double)w->dim[1]));

    *channels = w->rank == 4 ? w->dim[1] : in->rank == 3 ? in->dim[0] : 1;
    *rows = w->rank == 4 ? w->dim[2] : in->rank == 3 ? in->dim[1] : side * side == w->dim[1] ? side : 1;
    *cols = w->rank == 4 ? w->dim[3] : in->rank == 3 ? in->dim[2] : w->dim[1] / *rows;
}

/* The largest number without its sign. */
static float largest_of(const float *x, size_t n)
{
    float most = 0;

    for (size_t i = 0; i < n; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

static json_t *weights_of(const snn_layer_info *layer, const snn_tensor *w, const snn_shape *in)
{
    const size_t each = w->length / w->dim[0], count = w->dim[0] < TILES ? w->dim[0] : TILES;
    const float *data = w->data;
    size_t channels, rows, cols, kept;
    float *shown, most;
    json_t *out = NULL;

    tile_of(w, in, &channels, &rows, &cols);
    kept = channels < CHANNELS ? channels : CHANNELS;
    if (channels * rows * cols != each || rows * cols > 65536 || !(shown = floats(count * kept, rows * cols)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        memcpy(shown + i * kept * rows * cols, data + i * w->dim[0] / count * each,
               kept * rows * cols * sizeof *shown);
    most = largest_of(shown, count * kept * rows * cols);
    out = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "layer", layer->name, "of",
                    (json_int_t)w->dim[0], "count", (json_int_t)count, "of_channels", (json_int_t)channels,
                    "channels", (json_int_t)kept, "rows", (json_int_t)rows, "cols", (json_int_t)cols, "most",
                    json_figure(most), "levels", report_levels(shown, count * kept * rows * cols, -most, most));
    free(shown);
    return out;
}

static void add_weights(json_t *out, const snn_network *net, const snn_network_info *whole)
{
    snn_layer *layer;

    for (size_t i = 0; (layer = snn_network_layer(net, i)) != NULL; i++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;
        snn_tensor w = SNN_TENSOR_INIT;
        json_t *weights;

        if (snn_layer_get_info(layer, &info) != SNN_OK || snn_layer_tensor_named(layer, "weight", &w) != SNN_OK ||
            (w.rank != 2 && w.rank != 4) || w.element != SNN_ELEMENT_F32)
            continue;
        weights = weights_of(&info, &w, w.rank == 2 && w.dim[1] == shape_size(&whole->in) ? &whole->in : &info.in);
        if (weights)
            json_object_set_new(out, "weights", weights);
        return;
    }
}

void report_network(json_t *run, const snn_network *net)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;

    if (snn_network_get_info(net, &info) != SNN_OK)
        return;
    json_object_set_new(run, "parameters", json_integer((json_int_t)info.parameters));
    json_object_set_new(run, "parameter_bytes", json_integer((json_int_t)info.parameter_bytes));
    json_object_set_new(run, "layers", run_layers_json(net));
    add_weights(run, net, &info);
}

/* ---- notes and layers ---- */

static int take_note(json_t *run, const snn_network *net, const char *key, const char *name)
{
    const char *text = snn_network_note(net, key);
    json_t *value = text ? json_loads(text, 0, NULL) : NULL;

    if (json_is_object(value))
        json_object_set(run, name, value);
    json_decref(value);
    return DONE;
}

static void add_text(json_t *run, const char *name, char *text)
{
    if (text)
        json_object_set_new(run, name, json_string(text));
    free(text);
}

static void describe(json_t *run, const snn_network *net)
{

    take_note(run, net, CONFIG_NOTE, "config");
    take_note(run, net, RATES_NOTE, "figures");
    take_note(run, net, TASKS_NOTE, "tasks");
    report_network(run, net);
    add_text(run, "command", report_command_line(json_object_get(run, "config")));
    add_text(run, "file", json_dumps(json_object_get(run, "config"), JSON_INDENT(2) | JSON_REAL_PRECISION(17)));
}

/* ---- its data ---- */

/* The data that the command line names, or else the run itself; and what of the run is of use. */
static int configure(struct run *of, const struct report *report, const char *path)
{
    json_t *data, *over = json_deep_copy(report->over);
    int status;

    of->config = run_use_of(path, &data, &status);
    if (!of->config)
        of->config = json_object();
    if (!config_get(over, "data.dir") && json_is_string(json_object_get(data, "dir"))) {
        config_set(of->config, "data.dir", json_incref(json_object_get(data, "dir")));
    } else if (!config_get(over, "data.normalise") && config_get(of->config, "data.mean")) {
        config_set(over, "data.mean", json_incref(config_get(of->config, "data.mean")));
        config_set(over, "data.deviation", json_incref(config_get(of->config, "data.deviation")));
    }
    config_merge(of->config, over);
    config_complete(of->config);
    json_decref(over);
    json_decref(data);
    return status;
}

static void say_missing(json_t *run, const char *format, const char *text)
{
    char why[600];

    snprintf(why, sizeof why, format, text);
    json_object_set_new(run, "missing", report_text(why));
}

static int run_on_data(json_t *run, struct run *of, size_t samples)
{
    int status = run_data(of, &of->test, SNN_SPLIT_TEST);

    if (status == DONE && !config_get(of->config, "data.mean"))
        status = run_normalise(of, of->test);
    if (status == DONE)
        status = report_samples(run, of, samples);
    if (status != DONE)
        say_missing(run, "The network could not run on its data: %s", snn_last_error());
    return DONE;
}

/* The samples of a run, or why there are none; that is no failure of the report. */
static int try_samples(json_t *run, struct run *of, const struct report *report)
{
    const char *directory = config_text(of->config, "data.dir", NULL);
    char *at = directory ? at_home(directory) : NULL;
    int status = DONE;

    if (report->samples == 0)
        say_missing(run, "The report was made without samples%s.", " (--samples 0)");
    else if (json_object_get(run, "tasks"))
        say_missing(run, "The network learned a sequence of tasks%s.", ", each with data of its own");
    else if (!at)
        say_missing(run, "The run names no data%s.", "; --data FORMAT:DIR does");
    else if (access(at, R_OK) != 0)
        say_missing(run, "The data of the run, %s, are not on the machine that made this report.", directory);
    else
        status = run_on_data(run, of, report->samples);
    free(at);
    return status;
}

int report_model(json_t *run, const struct report *report, const char *path)
{
    struct run of = { 0 };
    snn_status rc;
    int status = configure(&of, report, path);

    if (status == DONE)
        status = run_context(&of);
    if (status == DONE) {
        rc = snn_network_load(&of.network, of.context, path);
        status = rc == SNN_OK ? DONE : fail_call(rc, NULL);
    }
    if (status == DONE) {
        describe(run, of.network);
        status = try_samples(run, &of, report);
    }
    run_close(&of);
    return status;
}
