/* network/network.c - building a network: the public face. */
#include "network/network.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "core/structure.h"
#include <stdio.h>
#include <string.h>

snn_status snn_network_create(snn_network **out, snn_context *context, const size_t *shape, size_t rank)
{
    snn_network *net;
    size_t length;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network: out is NULL");
    *out = NULL;
    if (context == NULL || shape == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network: context or shape is NULL");
    if (rank < 1 || rank > 3)
        return snn__fail(SNN_ERR_SHAPE, "network: the input has rank %zu; expected 1 ([N]), 2 ([C,L]) or 3 ([C,H,W])",
                         rank);
    if (!snn__sample_length(shape, rank, &length))
        return snn__fail(SNN_ERR_SHAPE, "network: an input of [%zu,%zu,%zu]; a sample has 1 to %zu elements",
                         shape[0], rank > 1 ? shape[1] : 1, rank == 3 ? shape[2] : 1, SNN__SAMPLE_MAX);
    net = snn__alloc(context, 1, sizeof *net);
    if (net == NULL)
        return SNN_ERR_MEMORY;
    net->ctx = context;
    net->in = (snn_shape){ (uint32_t)rank, { 1, 1, 1 } };
    for (size_t i = 0; i < rank; i++)
        net->in.dim[i] = (uint32_t)shape[i];
    *out = net;
    return SNN_OK;
}

void snn_network_destroy(snn_network *network)
{
    if (network == NULL)
        return;
    for (size_t i = 0; i < network->n_layers; i++)
        snn__layer_destroy(network->layer[i]);
    snn__notes_free(network);
    snn__free(network->ctx, network->layer);
    snn__free(network->ctx, network->parameters);
    snn__free(network->ctx, network->state);
    snn__free(network->ctx, network->packed);
    snn__free(network->ctx, network);
}

/* ---- adding layers ---- */

static snn_status check_name(const snn_network *network, const char *name)
{
    if (name[0] == '\0' || strlen(name) >= SNN__NAME_MAX || strchr(name, '.') != NULL || strcmp(name, "input") == 0 ||
        !snn__text_printable(name))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "layer name \"%.60s\": 1 to %d bytes of UTF-8, without '.' or control "
                         "characters, and not \"input\"",
                         name, SNN__NAME_MAX - 1);
    if (snn_network_layer_named(network, name) != NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "layer name \"%s\" is taken", name);
    return SNN_OK;
}

static void make_name(const snn_network *network, const char *type, char *name)
{
    size_t n = 1;

    for (size_t i = 0; i < network->n_layers; i++)
        n += strcmp(network->layer[i]->type->name, type) == 0;
    do
        snprintf(name, SNN__NAME_MAX, "%.20s%zu", type, n++);
    while (snn_network_layer_named(network, name) != NULL);
}

static snn_status make_room(snn_network *network)
{
    size_t room = network->room ? network->room * 2 : 16;
    snn_layer **layer;

    if (network->n_layers < network->room)
        return SNN_OK;
    layer = snn__alloc(network->ctx, room, sizeof *layer);
    if (layer == NULL)
        return SNN_ERR_MEMORY;
    if (network->n_layers)
        memcpy(layer, network->layer, network->n_layers * sizeof *layer);
    snn__free(network->ctx, network->layer);
    network->layer = layer;
    network->room = room;
    return SNN_OK;
}

snn_status snn_network_add(snn_network *network, const char *type, const char *name, snn_layer **layer)
{
    char made[SNN__NAME_MAX];
    snn_layer *added;

    if (layer != NULL)
        *layer = NULL;
    if (network == NULL || type == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network or layer type is NULL");
    if (network->prepared)
        return snn__fail(SNN_ERR_STATE, "the network is prepared, no layer can be added");
    if (network->n_layers == SNN__LAYERS_MAX)
        return snn__fail(SNN_ERR_UNSUPPORTED, "the network has %u layers, the largest number", SNN__LAYERS_MAX);
    if (name == NULL)
        make_name(network, type, made);
    else
        SNN__TRY(check_name(network, name));
    SNN__TRY(make_room(network));
    SNN__TRY(snn__layer_create(&added, network->ctx, type, name ? name : made));
    added->index = network->n_layers;
    added->params.fixed = &network->prepared;
    added->n_sources = 1;
    snprintf(added->source[0].name, SNN__NAME_MAX, "%s",
             network->n_layers ? network->layer[network->n_layers - 1]->name : "input");
    network->layer[network->n_layers++] = added;
    if (layer != NULL)
        *layer = added;
    return SNN_OK;
}

snn_status snn_network_add_neuron(snn_network *network, const snn_neuron *neuron, const char *name, snn_layer **layer)
{
    snn_layer *added;

    if (layer != NULL)
        *layer = NULL;
    if (neuron == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "neuron is NULL");
    SNN__TRY(snn_network_add(network, neuron->model->name, name, &added));
    memcpy(added->params.value, neuron->params.value,
           snn__params_count(&neuron->params) * sizeof *neuron->params.value);
    if (layer != NULL)
        *layer = added;
    return SNN_OK;
}

/* Undoes additions, so that a failed convenience call leaves the network as it was. */
static void truncate_layers(snn_network *network, size_t n)
{
    while (network->n_layers > n)
        snn__layer_destroy(network->layer[--network->n_layers]);
}

snn_status snn_network_remove(snn_network *network, snn_layer *layer)
{
    if (network == NULL || layer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network or layer is NULL");
    if (network->prepared)
        return snn__fail(SNN_ERR_STATE, "the network is prepared, no layer can be removed");
    if (network->n_layers == 0 || network->layer[network->n_layers - 1] != layer)
        return snn__fail(SNN_ERR_ARGUMENT, "the layer is not the last one of the network; only that can be removed");
    truncate_layers(network, network->n_layers - 1);
    return SNN_OK;
}

/* True if the last layer's output is a map, as far as this is known before shapes are inferred. */
static bool ends_in_map(const snn_network *network)
{
    for (size_t i = network->n_layers; i-- > 0;) {
        const char *type = network->layer[i]->type->name;

        if (strcmp(type, "linear") == 0 || strcmp(type, "flatten") == 0)
            return false;
        if (strcmp(type, "conv2d") == 0 || strcmp(type, "conv1d") == 0)
            return true;
    }
    return network->in.rank > 1;
}

/* A value beyond the range of the parameter's type is beyond its bounds, too. */
static snn_status set_size(snn_layer *layer, int32_t key, size_t value)
{
    return snn_layer_set_i64(layer, key, (int64_t)snn__min(value, SIZE_MAX / 2));
}

static snn_status add_dense(snn_network *network, size_t out, const snn_neuron *neuron)
{
    snn_layer *linear;

    if (ends_in_map(network))
        SNN__TRY(snn_network_add(network, "flatten", NULL, NULL));
    SNN__TRY(snn_network_add(network, "linear", NULL, &linear));
    SNN__TRY(set_size(linear, SNN_LAYER_OUT, out));
    return neuron ? snn_network_add_neuron(network, neuron, NULL, NULL) : SNN_OK;
}

snn_status snn_network_add_dense(snn_network *network, size_t out, const snn_neuron *neuron)
{
    size_t n = network ? network->n_layers : 0;
    snn_status rc;

    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network is NULL");
    rc = add_dense(network, out, neuron);
    if (rc != SNN_OK)
        truncate_layers(network, n);
    return rc;
}

static snn_status add_conv2d(snn_network *network, size_t out, size_t kernel, size_t stride, size_t pad,
                             const snn_neuron *neuron)
{
    snn_layer *conv;

    SNN__TRY(snn_network_add(network, "conv2d", NULL, &conv));
    SNN__TRY(set_size(conv, SNN_LAYER_OUT, out));
    SNN__TRY(set_size(conv, SNN_LAYER_KERNEL, kernel));
    SNN__TRY(set_size(conv, SNN_LAYER_STRIDE, stride));
    SNN__TRY(set_size(conv, SNN_LAYER_PAD, pad));
    return neuron ? snn_network_add_neuron(network, neuron, NULL, NULL) : SNN_OK;
}

snn_status snn_network_add_conv2d(snn_network *network, size_t out, size_t kernel, size_t stride, size_t pad,
                                  const snn_neuron *neuron)
{
    size_t n = network ? network->n_layers : 0;
    snn_status rc;

    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network is NULL");
    rc = add_conv2d(network, out, kernel, stride, pad, neuron);
    if (rc != SNN_OK)
        truncate_layers(network, n);
    return rc;
}

/* ---- preparing ---- */

static snn_status declare_tensors(snn_network *network)
{
    size_t n_parameters = 0, n_state = 0;

    for (size_t l = 0; l < network->n_layers; l++) {
        snn_layer *layer = network->layer[l];

        layer->n_tensors = 0;
        if (layer->type->tensors != NULL)
            SNN__TRY(layer->type->tensors(layer));
        for (size_t i = 0; i < layer->n_tensors; i++) {
            size_t *total = layer->tensor[i].trained ? &n_parameters : &n_state;

            layer->tensor[i].offset = *total;
            if (!snn__add(*total, layer->tensor[i].length, total) || *total > SNN__LENGTH_MAX)
                return snn__fail(SNN_ERR_MEMORY, "the parameters of all layers overflow");
        }
    }
    network->n_parameters = n_parameters;
    network->n_state = n_state;
    return SNN_OK;
}

snn_status snn_network_prepare(snn_network *network)
{
    SNN__COMPUTES;
    float *parameters, *state;

    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network is NULL");
    if (network->prepared)
        return SNN_OK;
    if (network->n_layers == 0)
        return snn__fail(SNN_ERR_SHAPE, "the network has no layers");
    SNN__TRY(snn__network_infer(network));
    SNN__TRY(declare_tensors(network));
    parameters = snn__alloc(network->ctx, network->n_parameters, sizeof(float));
    state = parameters ? snn__alloc(network->ctx, network->n_state, sizeof(float)) : NULL;
    if (state == NULL) {
        snn__free(network->ctx, parameters);
        return SNN_ERR_MEMORY;
    }
    network->parameters = parameters;
    network->state = state;
    for (size_t l = 0; l < network->n_layers; l++) {
        snn_layer *layer = network->layer[l];

        for (size_t i = 0; i < layer->n_tensors; i++)
            layer->tensor[i].data = (layer->tensor[i].trained ? parameters : state) + layer->tensor[i].offset;
        if (layer->type->init != NULL)
            layer->type->init(layer, network->ctx->options.seed);
    }
    network->prepared = true;
    return SNN_OK;
}

/* ---- describing ---- */

snn_status snn_network_get_info(const snn_network *network, snn_network_info *info)
{
    snn_network_info i = SNN_NETWORK_INFO_INIT;

    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network info: the network is NULL");
    SNN__TRY(snn__check_struct(info, "network info", "SNN_NETWORK_INFO_INIT"));
    i.layers = (uint32_t)network->n_layers;
    i.in = network->in;
    if (network->prepared)
        i.out = network->layer[network->n_layers - 1]->out;
    i.parameters = network->n_parameters;
    i.parameter_bytes =
        (network->n_parameters - network->n_latent + network->n_packed + network->n_state) * sizeof(float);
    i.prepared = network->prepared;
    i.context = network->ctx;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

snn_layer *snn_network_layer(const snn_network *network, size_t index)
{
    return network != NULL && index < network->n_layers ? network->layer[index] : NULL;
}

snn_status snn__network_check_layer(const snn_network *network, const snn_layer *layer, const char *owner)
{
    if (layer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: layer is NULL", owner);
    if (snn_network_layer(network, layer->index) != layer)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: layer %s is of another network", owner, layer->name);
    return SNN_OK;
}

snn_layer *snn_network_layer_named(const snn_network *network, const char *name)
{
    if (network == NULL || name == NULL)
        return NULL;
    for (size_t i = 0; i < network->n_layers; i++)
        if (strcmp(network->layer[i]->name, name) == 0)
            return network->layer[i];
    return NULL;
}
