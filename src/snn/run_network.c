/* run_network.c - the network of a run, and its first weights. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The prototype, if the configuration says anything about neurons. */
static int make_neuron(struct run *run, snn_neuron **out)
{
    snn_status rc;

    *out = NULL;
    if (json_object_size(json_object_get(run->config, "neuron")) == 0)
        return DONE;
    rc = snn_neuron_create(out, run->context, config_text(run->config, "neuron.type", "lif"));
    if (rc != SNN_OK)
        return fail_call(rc, "neuron.type");
    return run_apply(run->config, "neuron", &neuron_params, *out);
}

/* One rate for all dropout layers, if the configuration has one; stochastic depth is something else. */
static snn_status set_dropout(struct run *run)
{
    const json_t *rate = config_get(run->config, "dropout");
    snn_status rc = SNN_OK;
    snn_layer *layer;
    const char *mask;

    for (size_t i = 0; rate && rc == SNN_OK && (layer = snn_network_layer(run->network, i)) != NULL; i++)
        if (snn_layer_get_str(layer, SNN_LAYER_MASK, &mask) == SNN_OK && strcmp(mask, "element") == 0)
            rc = snn_layer_set_f64(layer, SNN_LAYER_RATE, json_number_value(rate));
    return rc;
}

/* One kind of weights for all binary layers, if the configuration has one: "none" is the same network at full
 * precision. */
static snn_status set_binary(struct run *run)
{
    const char *kind = config_text(run->config, "binary", NULL), *now;
    snn_status rc = SNN_OK;
    snn_layer *layer;

    for (size_t i = 0; kind && rc == SNN_OK && (layer = snn_network_layer(run->network, i)) != NULL; i++)
        if (snn_layer_get_str(layer, SNN_LAYER_BINARY, &now) == SNN_OK && strcmp(now, "none") != 0)
            rc = snn_layer_set_str(layer, SNN_LAYER_BINARY, kind);
    return rc;
}

/* One kind of weights for errors, if the configuration has one, in all layers but the first, which sends none. */
static snn_status set_back_weights(struct run *run)
{
    const char *kind = config_text(run->config, "back_weights", NULL), *now;
    bool first = true;
    snn_status rc = SNN_OK;
    snn_layer *layer;

    for (size_t i = 0; kind && rc == SNN_OK && (layer = snn_network_layer(run->network, i)) != NULL; i++) {
        if (snn_layer_get_str(layer, SNN_LAYER_BACK_WEIGHTS, &now) != SNN_OK)
            continue;
        if (!first)
            rc = snn_layer_set_str(layer, SNN_LAYER_BACK_WEIGHTS, kind);
        first = false;
    }
    return rc;
}

/* Factors of learning rates, "fc1=0,fc2=0.1": of layers by name. */
static int set_lr_scales(struct run *run)
{
    const char *next = config_text(run->config, "lr_scale", NULL);
    char part[256], *value;

    while (next && *next) {
        const size_t length = strcspn(next, ",");
        snn_layer *layer;
        snn_status rc;

        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : 0), next);
        value = strrchr(part, '=');
        if (!value)
            return fail(USAGE, "lr_scale: \"%.*s\" is not LAYER=FACTOR", (int)length, next);
        *value++ = '\0';
        layer = snn_network_layer_named(run->network, part);
        if (!layer)
            return fail(USAGE, "lr_scale: no layer is called %s; 'snn info MODEL' lists them", part);
        rc = snn_layer_set_text(layer, "lr_scale", value);
        if (rc != SNN_OK)
            return fail_call(rc, "lr_scale");
        next += length + (next[length] == ',');
    }
    return DONE;
}

int run_network(struct run *run)
{
    json_t *described = json_object_get(run->config, "network");
    snn_neuron *neuron = NULL;
    snn_status rc;
    int status;

    if (json_is_object(described) && json_object_size(json_object_get(run->config, "neuron")) > 0)
        return fail(USAGE, "neuron: a network that is described layer by layer has its own neurons");
    if (json_is_object(described)) {
        char *text = json_dumps(described, JSON_COMPACT);
        rc = snn_network_parse(&run->network, run->context, text ? text : "");
        free(text);
    } else {
        status = make_neuron(run, &neuron);
        if (status != DONE) {
            snn_neuron_destroy(neuron);
            return status;
        }
        rc = snn_network_build(&run->network, run->context, json_string_value(described), run->shape.shape,
                               run->shape.rank, run->shape.classes + run->shape.targets, neuron);
        snn_neuron_destroy(neuron);
    }
    if (rc == SNN_OK)
        rc = set_dropout(run);
    if (rc == SNN_OK)
        rc = set_binary(run);
    if (rc == SNN_OK)
        rc = set_back_weights(run);
    status = rc == SNN_OK ? set_lr_scales(run) : DONE;
    if (status != DONE)
        return status;
    if (rc == SNN_OK)
        rc = snn_network_prepare(run->network);
    return rc == SNN_OK ? DONE : fail_call(rc, "network");
}

/* Tensors of a file by name; `strict`: all of the network's, and no others. */
static int load_tensors(struct run *run, const char *path, bool strict)
{
    snn_load_options options = SNN_LOAD_OPTIONS_INIT;
    snn_load_report report = SNN_LOAD_REPORT_INIT;
    snn_status rc;

    options.strict = strict;
    rc = snn_network_load_tensors(run->network, path, &options, &report);
    if (rc != SNN_OK)
        return fail_call(rc, path);
    return report.loaded > 0 ? DONE
                             : fail(FAILED, "%s: has no tensor with a name and a shape of the network's", path);
}

int run_take_weights(struct run *run, const char *path)
{
    return load_tensors(run, path, true);
}

int run_start(struct run *run)
{
    const char *start = config_text(run->config, "start", NULL);
    char *path = start ? at_home(start) : NULL;
    int status = path ? load_tensors(run, path, false) : start ? FAILED : DONE;

    free(path);
    return status;
}
