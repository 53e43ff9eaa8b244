/* A network as JSON: the shape of a sample, and the layers with every parameter that is not its default.
 *
 *     {"format": 1, "input": [1, 28, 28], "layers": [
 *         {"name": "fc1", "type": "linear", "out": 800}, {"name": "sn1", "type": "lif"},
 *         {"name": "sum", "type": "add", "from": ["sn1", {"layer": "sn2", "delay": 1}]}]}
 *
 * A layer without "from" reads the one before it. */
#include "model/describe.h"
#include "core/alloc.h"
#include "core/fpu.h"
#include "layer/layer.h"
#include "network/network.h"
#include "network/note.h"
#include <limits.h>
#include <snn/model.h>
#include <stdio.h>
#include <string.h>

#define WHAT "network JSON"

/* ---- network to JSON */

static json_t *value_json(const snn_layer *layer, size_t index)
{
    const struct snn__param *row = snn__params_row(&layer->params, index);
    const union snn__value *value = &layer->params.value[index];

    if (row->type == SNN_PARAM_I64)
        return json_integer(value->i);
    return row->type == SNN_PARAM_F64 ? json_real(value->f) : json_string(value->s);
}

/* Parameters that are views of another parameter are left out. */
static void put_params(json_t *o, const snn_layer *layer, bool *failed)
{
    for (size_t i = 0; i < snn__params_count(&layer->params); i++) {
        const struct snn__param *row = snn__params_row(&layer->params, i);

        if (row->view == NULL && !snn__params_is_default(&layer->params, i))
            snn__json_set(o, row->name, value_json(layer, i), failed);
    }
}

static json_t *source_json(const char *from, int delay, bool *failed)
{
    json_t *o;

    if (!delay)
        return json_string(from);
    o = json_object();
    snn__json_set(o, "layer", json_string(from), failed);
    snn__json_set(o, "delay", json_integer(delay), failed);
    return o;
}

/* "from", unless the layer reads just the one before it. */
static snn_status put_sources(json_t *o, const snn_layer *layer, uint32_t inputs, const char *previous, bool *failed)
{
    json_t *list = json_array();
    const char *from = "";
    snn_status rc = SNN_OK;
    int delay = 0;

    for (uint32_t i = 0; rc == SNN_OK && i < inputs; i++) {
        rc = snn_layer_input(layer, i, &from, &delay);
        if (rc == SNN_OK)
            snn__json_add(list, source_json(from, delay, failed), failed);
    }
    if (rc == SNN_OK && (inputs != 1 || delay || strcmp(from, previous) != 0))
        snn__json_set(o, "from", list, failed);
    else
        json_decref(list);
    return rc;
}

static snn_status put_layer(json_t *layers, const snn_layer *layer, const char *previous, bool *failed)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    snn_status rc;
    json_t *o;

    SNN__TRY(snn_layer_get_info(layer, &info));
    o = json_object();
    snn__json_set(o, "name", json_string(info.name), failed);
    snn__json_set(o, "type", json_string(info.type), failed);
    put_params(o, layer, failed);
    rc = put_sources(o, layer, info.inputs, previous, failed);
    snn__json_add(layers, o, failed);
    return rc;
}

static snn_status put_layers(json_t *layers, const snn_network *network, bool *failed)
{
    const char *previous = "input";
    const snn_layer *layer;

    for (size_t i = 0; (layer = snn_network_layer(network, i)) != NULL; i++) {
        SNN__TRY(put_layer(layers, layer, previous, failed));
        previous = layer->name;
    }
    return SNN_OK;
}

snn_status snn__network_to_json(json_t **out, const snn_network *network)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    json_t *root, *layers, *input;
    bool failed = false;
    snn_status rc;

    *out = NULL;
    SNN__TRY(snn_network_get_info(network, &info));
    root = json_object();
    input = json_array();
    layers = json_array();
    for (uint32_t i = 0; i < info.in.rank; i++)
        snn__json_add(input, json_integer(info.in.dim[i]), &failed);
    rc = put_layers(layers, network, &failed);
    snn__json_set(root, "format", json_integer(SNN__NETWORK_FORMAT), &failed);
    snn__json_set(root, "input", input, &failed);
    snn__json_set(root, "layers", layers, &failed);
    if (rc == SNN_OK)
        return snn__json_made(out, root, failed, WHAT);
    json_decref(root);
    return rc;
}

snn_status snn_network_describe(const snn_network *network, char *buffer, size_t size, size_t *needed)
{
    SNN__COMPUTES;
    snn_status rc = SNN_OK;
    json_t *json = NULL;
    char *text;
    size_t bytes;

    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_describe: network is NULL");
    SNN__TRY(snn__network_to_json(&json, network));
    rc = snn__json_write(&text, network->ctx, json, WHAT);
    json_decref(json);
    if (rc != SNN_OK)
        return rc;
    bytes = strlen(text) + 1;
    if (needed != NULL)
        *needed = bytes;
    if (buffer != NULL && size < bytes)
        rc = snn__fail(SNN_ERR_ARGUMENT, "snn_network_describe: %zu bytes needed, the buffer has %zu", bytes, size);
    else if (buffer != NULL)
        memcpy(buffer, text, bytes);
    snn__free(network->ctx, text);
    return rc;
}

/* ---- JSON to network */

static snn_status set_param(snn_layer *layer, const struct snn__param *row, const json_t *value)
{
    if (row->type == SNN_PARAM_I64) {
        if (json_is_boolean(value))
            return snn_layer_set_i64(layer, row->key, json_is_true(value));
        if (!json_is_integer(value))
            return snn__fail(SNN_ERR_FORMAT, "\"%s\" must be a whole number", row->name);
        return snn_layer_set_i64(layer, row->key, json_integer_value(value));
    }
    if (row->type == SNN_PARAM_F64) {
        if (!json_is_number(value))
            return snn__fail(SNN_ERR_FORMAT, "\"%s\" must be a number", row->name);
        return snn_layer_set_f64(layer, row->key, json_number_value(value));
    }
    if (!json_is_string(value))
        return snn__fail(SNN_ERR_FORMAT, "\"%s\" must be a text", row->name);
    return snn_layer_set_str(layer, row->key, json_string_value(value));
}

/* One source: "name", or {"layer": "name", "delay": 1}. */
static snn_status connect_one(snn_layer *layer, const json_t *source)
{
    const json_t *name = json_is_object(source) ? json_object_get(source, "layer") : source;
    const json_t *delay = json_object_get(source, "delay");

    if (!json_is_string(name) || (delay != NULL && !json_is_integer(delay)) ||
        json_object_size(source) > (delay != NULL ? 2u : 1u))
        return snn__fail(SNN_ERR_FORMAT, "\"from\" must list names and {\"layer\": NAME, \"delay\": STEPS}");
    if (json_integer_value(delay) < 0 || json_integer_value(delay) > INT_MAX)
        return snn__fail(SNN_ERR_FORMAT, "\"delay\" must be a whole number of steps, 0 or more");
    return snn_layer_connect(layer, json_string_value(name), (int)json_integer_value(delay));
}

static snn_status connect_all(snn_layer *layer, const json_t *from)
{
    if (!json_is_array(from))
        return connect_one(layer, from);
    if (json_array_size(from) == 0)
        return snn__fail(SNN_ERR_FORMAT, "\"from\" is empty");
    for (size_t i = 0; i < json_array_size(from); i++)
        SNN__TRY(connect_one(layer, json_array_get(from, i)));
    return SNN_OK;
}

static snn_status set_member(snn_layer *layer, const char *key, const json_t *value)
{
    const struct snn__param *row = NULL;

    if (strcmp(key, "name") == 0 || strcmp(key, "type") == 0)
        return SNN_OK;
    if (strcmp(key, "from") == 0)
        return connect_all(layer, value);
    SNN__TRY(snn__params_named(&layer->params, key, &row));
    return set_param(layer, row, value);
}

static snn_status parse_layer(snn_network *network, const json_t *o)
{
    const json_t *type = json_object_get(o, "type"), *name = json_object_get(o, "name"), *value;
    snn_layer *layer;
    const char *key;

    if (!json_is_object(o))
        return snn__fail(SNN_ERR_FORMAT, "a layer must be an object");
    if (!json_is_string(type))
        return snn__fail(SNN_ERR_FORMAT, "\"type\" is missing or not a text");
    if (name != NULL && !json_is_string(name))
        return snn__fail(SNN_ERR_FORMAT, "\"name\" must be a text");
    SNN__TRY(snn_network_add(network, json_string_value(type), json_string_value(name), &layer));
    json_object_foreach((json_t *)o, key, value) SNN__TRY(set_member(layer, key, value));
    return SNN_OK;
}

static snn_status parse_layers(snn_network *network, const json_t *layers)
{
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *o = json_array_get(layers, i);
        const char *name = json_string_value(json_object_get(o, "name"));
        snn_status rc = parse_layer(network, o);

        if (rc != SNN_OK)
            return snn__json_at(rc, WHAT ", layer %zu \"%.48s\"", i, name != NULL ? name : "");
    }
    return SNN_OK;
}

static snn_status parse_shape(const json_t *input, size_t shape[3])
{
    size_t rank = json_array_size(input);

    if (rank < 1 || rank > 3)
        return snn__fail(SNN_ERR_FORMAT,
                         WHAT ": \"input\" must be [N], [channels, length] or [channels, rows, columns]");
    for (size_t i = 0; i < rank; i++) {
        json_int_t n = json_integer_value(json_array_get(input, i));

        if (n < 1 || (uint64_t)n > UINT32_MAX)
            return snn__fail(SNN_ERR_FORMAT, WHAT ": \"input\": entry %zu is not a size", i);
        shape[i] = (size_t)n;
    }
    return SNN_OK;
}

static snn_status check_root(const json_t *root)
{
    const json_t *format = json_object_get(root, "format"), *layers = json_object_get(root, "layers");
    const char *key;
    json_t *value;

    if (!json_is_object(root) || !json_is_integer(format))
        return snn__fail(SNN_ERR_FORMAT, WHAT ": expected an object with a whole number \"format\"");
    if (json_integer_value(format) > SNN__NETWORK_FORMAT)
        return snn__fail(SNN_ERR_VERSION, WHAT ": format %" JSON_INTEGER_FORMAT ", this version reads up to %d",
                         json_integer_value(format), SNN__NETWORK_FORMAT);
    if (json_integer_value(format) < 1)
        return snn__fail(SNN_ERR_FORMAT, WHAT ": \"format\" must be %d", SNN__NETWORK_FORMAT);
    json_object_foreach(
        (json_t *)root, key,
        value) if (strcmp(key, "format") != 0 && strcmp(key, "input") != 0 &&
                   strcmp(key, "layers") !=
                       0) return snn__fail(SNN_ERR_ARGUMENT,
                                           WHAT ": unknown key \"%.60s\"; there are: format, input, layers", key);
    if (!json_is_array(layers) || json_array_size(layers) > SNN__LAYERS_MAX)
        return snn__fail(SNN_ERR_FORMAT, WHAT ": \"layers\" must be an array of at most %u", SNN__LAYERS_MAX);
    return SNN_OK;
}

snn_status snn__network_from_json(snn_network **out, snn_context *ctx, const json_t *json)
{
    size_t shape[3] = { 0, 0, 0 };
    snn_status rc;

    *out = NULL;
    SNN__TRY(check_root(json));
    SNN__TRY(parse_shape(json_object_get(json, "input"), shape));
    SNN__TRY(snn_network_create(out, ctx, shape, json_array_size(json_object_get(json, "input"))));
    rc = parse_layers(*out, json_object_get(json, "layers"));
    if (rc != SNN_OK) {
        snn_network_destroy(*out);
        *out = NULL;
    }
    return rc;
}

snn_status snn_network_parse(snn_network **out, snn_context *context, const char *json)
{
    SNN__COMPUTES;

    json_t *root = NULL;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_parse: out is NULL");
    *out = NULL;
    if (context == NULL || json == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_parse: %s is NULL", context == NULL ? "context" : "json");
    SNN__TRY(snn__json_read(&root, context, json, strlen(json), WHAT));
    rc = snn__network_from_json(out, context, root);
    json_decref(root);
    return rc;
}

/* ---- differences */

/* A value as text, or "absent". */
static const char *shown(const json_t *value, char buffer[80])
{
    size_t n = value != NULL ? snn__json_dumpb(value, buffer, 79, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : 0;

    if (value == NULL)
        return "not set";
    if (n == 0 || n > 79)
        return "another";
    buffer[n] = '\0';
    return buffer;
}

static snn_status differ(const char *where, const char *key, const json_t *a, const json_t *b, const char *here,
                         const char *there)
{
    char left[80], right[80];

    return snn__fail(SNN_ERR_STATE, "the networks differ: %s%s is %s in %s, %s in %s", where, key, shown(a, left),
                     here, shown(b, right), there);
}

/* Reports the first member of `a` that `b` has not, or has otherwise. */
static snn_status compare_members(const json_t *a, const json_t *b, const char *where, const char *here,
                                  const char *there)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)a, key, value)
    {
        const json_t *other = json_object_get(b, key);

        if (strcmp(key, "layers") != 0 && !json_equal(value, other))
            return differ(where, key, value, other, here, there);
    }
    return SNN_OK;
}

static snn_status compare_objects(const json_t *a, const json_t *b, const char *where, const char *here,
                                  const char *there)
{
    SNN__TRY(compare_members(a, b, where, here, there));
    return compare_members(b, a, where, there, here);
}

snn_status snn__network_json_equal(const json_t *a, const json_t *b, const char *here, const char *there)
{
    const json_t *left = json_object_get(a, "layers"), *right = json_object_get(b, "layers");
    size_t n = json_array_size(left), m = json_array_size(right);

    SNN__TRY(compare_objects(a, b, "", here, there));
    for (size_t i = 0; i < n && i < m; i++) {
        const json_t *x = json_array_get(left, i);
        const char *name = json_string_value(json_object_get(x, "name"));
        char where[80];

        snprintf(where, sizeof where, "layer %zu (%.48s): ", i, name != NULL ? name : "");
        SNN__TRY(compare_objects(x, json_array_get(right, i), where, here, there));
    }
    if (n != m)
        return snn__fail(SNN_ERR_STATE, "the networks differ: %zu layers in %s, %zu in %s", n, here, m, there);
    return SNN_OK;
}
