/* run_about.c - notes of a model file, figures and names of a run. */
#include "params.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

static int open_model(const char *path, snn_context **context, snn_model **file)
{
    snn_status rc = plain_context(context);

    if (rc == SNN_OK)
        rc = snn_model_open(file, *context, path);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

int run_notes_of(const char *model, const char *const *key, char **text, size_t n)
{
    snn_context *context = NULL;
    snn_model *file = NULL;
    int status = open_model(model, &context, &file);

    for (size_t i = 0; i < n; i++) {
        const char *note = snn_model_note(file, key[i]);

        text[i] = note ? strdup(note) : NULL;
        if (note && !text[i])
            status = fail(FAILED, "out of memory");
    }
    snn_model_destroy(file);
    snn_context_destroy(context);
    return status;
}

int run_start_network(json_t *config)
{
    const char *start = config_text(config, "start", NULL);
    char *path = start && !json_object_get(config, "network") ? at_home(start) : NULL;
    snn_context *context = NULL;
    snn_model *file = NULL;
    snn_model_info info = SNN_MODEL_INFO_INIT;
    int status;

    if (!path)
        return start && !json_object_get(config, "network") ? FAILED : DONE;
    status = open_model(path, &context, &file);
    if (status == DONE && snn_model_get_info(file, &info) == SNN_OK)
        json_object_set_new(config, "network", json_loads(info.architecture, 0, NULL));
    snn_model_destroy(file);
    snn_context_destroy(context);
    free(path);
    return status;
}

json_t *run_use_of(const char *model, json_t **data, int *status)
{
    char *text;
    json_t *config = NULL;

    *data = NULL;
    *status = run_notes_of(model, (const char *const[]){ CONFIG_NOTE }, &text, 1);
    if (text)
        *status = config_parse_use(&config, data, text, model);
    free(text);
    return config;
}

int64_t run_batch(const struct run *run, const snn_dataset *dataset)
{
    int64_t batch = config_whole(run->config, "batch", 128);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    bool known = snn_dataset_get_info(dataset, &info) == SNN_OK && info.count > 0;

    return known && (uint64_t)batch > info.count ? (int64_t)info.count : batch;
}

snn_trainer_info run_about(const snn_trainer *trainer)
{
    const snn_trainer_info none = SNN_TRAINER_INFO_INIT; /* of no trainer */
    snn_trainer_info info = none;

    return snn_trainer_get_info(trainer, &info) == SNN_OK ? info : none;
}

json_t *run_figures(const snn_trainer *trainer, const snn_network *net, const snn_metrics *m)
{
    json_t *layers = json_array(), *out;

    for (size_t i = 0; snn_network_layer(net, i); i++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;
        snn_layer_metrics l = SNN_LAYER_METRICS_INIT;
        if (snn_layer_get_info(snn_network_layer(net, i), &info) != SNN_OK ||
            snn_trainer_layer_metrics(trainer, snn_network_layer(net, i), &l) != SNN_OK)
            continue;
        json_array_append_new(layers,
                              json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "name", info.name, "type", info.type,
                                        "spiking", (int)info.spiking, "firing_rate", json_figure(l.firing_rate),
                                        "synops_dense", json_figure(l.synops_dense), "synops_mac",
                                        json_figure(l.synops_mac), "synops_ac", json_figure(l.synops_ac)));
    }
    out =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "samples", (json_int_t)m->samples, "accuracy",
                  json_figure(m->accuracy), "top5", json_figure(m->top5), "loss", json_figure(m->loss), "firing_rate",
                  json_figure(m->firing_rate), "synops_dense", json_figure(m->synops_dense), "synops_mac",
                  json_figure(m->synops_mac), "synops_ac", json_figure(m->synops_ac), "layers", layers);
    return out;
}

bool run_tells_top5(const struct run *run)
{
    snn_network_info net = SNN_NETWORK_INFO_INIT;

    return run->shape.targets == 0 && snn_network_get_info(run->network, &net) == SNN_OK && shape_size(&net.out) > 10;
}

void run_print_accuracy(const struct run *run, const char *split, const snn_metrics *metrics)
{
    if (run_tells_top5(run))
        printf("%s top-5 accuracy %.2f%%\n", split, 100 * metrics->top5);
    printf("%s accuracy %.2f%%\n", split, 100 * metrics->accuracy);
}

json_t *run_shape_json(const snn_shape *shape)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < shape->rank && i < 3; i++)
        json_array_append_new(out, json_integer((json_int_t)shape->dim[i]));
    return out;
}

json_t *run_layers_json(const snn_network *net)
{
    json_t *out = json_array();

    for (size_t i = 0; snn_network_layer(net, i); i++) {
        snn_layer *layer = snn_network_layer(net, i);
        snn_layer_info info = SNN_LAYER_INFO_INIT;
        snn_tensor tensor = SNN_TENSOR_INIT;
        json_t *tensors = json_object();
        if (snn_layer_get_info(layer, &info) != SNN_OK) {
            json_decref(tensors);
            continue;
        }
        for (uint32_t k = 0; k < info.tensors && snn_layer_tensor(layer, k, &tensor) == SNN_OK; k++) {
            json_t *dims = json_array();
            for (uint32_t d = 0; d < tensor.rank && d < 4; d++)
                json_array_append_new(dims, json_integer((json_int_t)tensor.dim[d]));
            json_object_set_new(tensors, tensor.name, dims);
        }
        json_array_append_new(out, json_pack("{s:s, s:s, s:o, s:o, s:I, s:b, s:o}", "name", info.name, "type",
                                             info.type, "in", run_shape_json(&info.in), "out",
                                             run_shape_json(&info.out), "parameters", (json_int_t)info.parameters,
                                             "spiking", (int)info.spiking, "tensors", tensors));
    }
    return out;
}

struct text run_method(const json_t *config)
{
    struct text out;
    const char *method = config_text(config, "trainer.method", "?"),
               *variant = config_text(config, "trainer.variant", NULL);

    snprintf(out.s, sizeof out.s, "%.24s%s%.8s, T = %lld", method, variant ? " " : "", variant ? variant : "",
             (long long)config_whole(config, "trainer.steps", 0));
    return out;
}

const char *run_name(const json_t *config)
{
    return config_text(config, "network", "network from JSON");
}
