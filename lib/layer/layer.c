/* layer/layer.c - what all types of layers share: life, parameters, tensors, sources. */
#include "layer/layer.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/param_calls.h"
#include "core/size.h"
#include "core/structure.h"
#include "kernel/layers.h"
#include "layer/binary.h"
#include <stdio.h>
#include <string.h>

/* ---- shapes ---- */

size_t snn__shape_length(const snn_shape *shape)
{
    return SNN__PRODUCT(shape->dim[0], shape->dim[1], shape->dim[2]);
}

uint32_t snn__side(size_t n)
{
    return (uint32_t)snn__min(n, UINT32_MAX);
}

bool snn__shape_equal(const snn_shape *a, const snn_shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

const char *snn__shape_text(const snn_shape *shape, char buffer[48])
{
    if (shape->rank == 1)
        snprintf(buffer, 48, "[%u]", shape->dim[0]);
    else if (shape->rank == 2)
        snprintf(buffer, 48, "[%u,%u]", shape->dim[0], shape->dim[1]);
    else
        snprintf(buffer, 48, "[%u,%u,%u]", shape->dim[0], shape->dim[1], shape->dim[2]);
    return buffer;
}

void snn__to_channels_last(const snn_context *ctx, const snn_shape *shape, size_t n, const float *x, float *y)
{
    snn__layers(ctx)->turn_maps(n, shape->dim[0], (size_t)shape->dim[1] * shape->dim[2], x, y);
}

void snn__to_channels_first(const snn_context *ctx, const snn_shape *shape, size_t n, const float *x, float *y)
{
    snn__layers(ctx)->turn_maps(n, (size_t)shape->dim[1] * shape->dim[2], shape->dim[0], x, y);
}

/* ---- parameters ---- */

static bool is_fixed(const snn_layer *layer)
{
    return layer->params.fixed != NULL && *layer->params.fixed;
}

/* In a prepared network it is known what there is to select. */
static snn_status check_value(const void *object, const struct snn__param *row, const union snn__value *value)
{
    const snn_layer *layer = object;

    if (row->key == SNN_LAYER_SELECTED && is_fixed(layer) && value->i >= (int64_t)layer->n_sources)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: input %lld selected of %zu", layer->name, (long long)value->i,
                         layer->n_sources);
    return SNN_OK;
}

static const struct snn__param_kind kind = { .noun = "layer",
                                             .since = "the network was prepared",
                                             .check = check_value };

SNN__PARAM_CALLS(layer, &kind)

/* Parameters of all layers with trained tensors. */
static const struct snn__param of_trained[] = {
    SNN__PARAM_LIVE_F64(SNN_LAYER_LR_SCALE, "lr_scale", 0.0, 1000.0, 1.0,
                        "factor of the learning rate of this layer; 0: it is frozen"),
};

static bool may_train(const struct snn__layer_type *type, const struct snn__neuron_model *model)
{
    return type->tensors != NULL && (model == NULL || model->learns_decay || type->flags & SNN__LAYER_RATES);
}

double snn__layer_lr_scale(const snn_layer *layer)
{
    return layer->params.count[1] > 0 ? snn__param_f64(&layer->params, SNN_LAYER_LR_SCALE) : 1.0;
}

/* ---- life ---- */

snn_status snn__layer_create(snn_layer **out, snn_context *ctx, const char *type, const char *name)
{
    const struct snn__layer_type *found = snn__layer_type_named(type);
    snn_layer *layer;

    *out = NULL;
    if (found == NULL)
        return snn__unknown("layer type", type, snn__layer_names);
    layer = snn__alloc(ctx, 1, sizeof *layer);
    if (layer == NULL)
        return SNN_ERR_MEMORY;
    layer->ctx = ctx;
    layer->type = found;
    layer->model = snn__neuron_model_named(type);
    snprintf(layer->name, sizeof layer->name, "%s", name);
    snprintf(layer->owner, sizeof layer->owner, "layer %s", name);
    layer->params =
        (struct snn__params){ .kind = &kind,
                              .object = layer,
                              .owner = layer->owner,
                              .table = { layer->model ? layer->model->params : found->params, of_trained },
                              .count = { layer->model ? layer->model->n_params : found->n_params,
                                         may_train(found, layer->model) ? 1 : 0 } };
    if (snn__params_init(&layer->params, ctx) != SNN_OK) {
        snn__free(ctx, layer);
        return SNN_ERR_MEMORY;
    }
    *out = layer;
    return SNN_OK;
}

void snn__layer_destroy(snn_layer *layer)
{
    if (layer == NULL)
        return;
    snn__params_free(&layer->params, layer->ctx);
    snn__free(layer->ctx, layer);
}

unsigned snn__layer_flags(const snn_layer *layer)
{
    return layer->type->flags | (layer->type->run_flags ? layer->type->run_flags(layer) : 0);
}

double snn__layer_share(const snn_layer *layer, size_t t, size_t steps)
{
    return layer->type->share != NULL ? layer->type->share(layer, t, steps) : 1.0 / (double)steps;
}

/* ---- tensors ---- */

snn_status snn__layer_declare(snn_layer *layer, const char *name, bool trained, size_t d0, size_t d1, size_t d2,
                              size_t d3)
{
    struct snn__tensor *t = &layer->tensor[layer->n_tensors++];
    size_t dims[4] = { d0, d1, d2, d3 }, length = 1;

    t->name = name;
    t->trained = trained;
    t->latent = false;
    t->packed = NULL;
    t->rank = 0;
    for (size_t i = 0; i < 4; i++) {
        if (dims[i] > UINT32_MAX || !snn__mul(length, dims[i] ? dims[i] : 1, &length) || length > SNN__LENGTH_MAX)
            return snn__fail(SNN_ERR_MEMORY, "layer %s: tensor %s of %zux%zux%zux%zu overflows", layer->name, name,
                             d0, d1, d2, d3);
        t->dim[i] = dims[i] ? (uint32_t)dims[i] : 1;
        if (dims[i])
            t->rank = (uint32_t)i + 1;
    }
    t->length = length;
    return SNN_OK;
}

ptrdiff_t snn__layer_tensor_index(const snn_layer *layer, const char *name)
{
    for (size_t i = 0; i < layer->n_tensors; i++)
        if (strcmp(layer->tensor[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

struct snn__tensor *snn__layer_find_tensor(snn_layer *layer, const char *name)
{
    ptrdiff_t i = snn__layer_tensor_index(layer, name);

    return i < 0 ? NULL : &layer->tensor[i];
}

snn_status snn__layer_check_tensor(const snn_layer *layer, const char *name, const struct snn__tensor **tensor)
{
    ptrdiff_t i;

    if (name == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: the name of the tensor is NULL", layer->name);
    i = snn__layer_tensor_index(layer, name);
    if (i < 0)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s has no tensor \"%.40s\"", layer->name, name);
    *tensor = &layer->tensor[i];
    return SNN_OK;
}

/* ---- the public face ---- */

static snn_status no_layer(void)
{
    return snn__fail(SNN_ERR_ARGUMENT, "layer is NULL");
}

static snn_status check_open(const snn_layer *layer)
{
    if (layer == NULL)
        return no_layer();
    if (is_fixed(layer))
        return snn__fail(SNN_ERR_STATE, "layer %s: the network is prepared, its layers cannot be changed",
                         layer->name);
    return SNN_OK;
}

snn_status snn_layer_connect(snn_layer *layer, const char *from, int delay)
{
    struct snn__source *s;
    size_t most;

    SNN__TRY(check_open(layer));
    if (from == NULL || strlen(from) >= SNN__NAME_MAX || from[0] == '\0')
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: the source's name is NULL, empty or too long", layer->name);
    if (delay < 0)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: a delay of %d steps; expected 0 or more", layer->name, delay);
    most = layer->type->flags & SNN__LAYER_MANY ? SNN__SOURCES_MAX : 1;
    if (!layer->connected)
        layer->n_sources = 0;
    if (layer->n_sources == most)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s: a %s takes at most %zu inputs", layer->name, layer->type->name,
                         most);
    layer->connected = true;
    s = &layer->source[layer->n_sources++];
    snprintf(s->name, sizeof s->name, "%s", from);
    s->delay = (size_t)delay;
    return SNN_OK;
}

snn_status snn_layer_input(const snn_layer *layer, size_t index, const char **from, int *delay)
{
    if (layer == NULL)
        return no_layer();
    if (index >= layer->n_sources)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s has %zu inputs, no number %zu", layer->name, layer->n_sources,
                         index);
    if (from != NULL)
        *from = layer->source[index].name;
    if (delay != NULL)
        *delay = (int)layer->source[index].delay;
    return SNN_OK;
}

snn_status snn_layer_get_info(const snn_layer *layer, snn_layer_info *info)
{
    snn_layer_info i = SNN_LAYER_INFO_INIT;

    if (layer == NULL)
        return no_layer();
    SNN__TRY(snn__check_struct(info, "layer info", "SNN_LAYER_INFO_INIT"));
    i.index = (uint32_t)layer->index;
    i.name = layer->name;
    i.type = layer->type->name;
    i.in = layer->in;
    i.out = layer->out;
    for (size_t t = 0; t < layer->n_tensors; t++)
        if (layer->tensor[t].trained)
            i.parameters += layer->tensor[t].length;
    i.tensors = (uint32_t)layer->n_tensors;
    i.inputs = (uint32_t)layer->n_sources;
    i.spiking = layer->model != NULL && snn__neuron_spikes(&layer->params);
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

snn_status snn_layer_tensor(snn_layer *layer, size_t index, snn_tensor *tensor)
{
    snn_tensor t = SNN_TENSOR_INIT;
    const struct snn__tensor *from;

    if (layer == NULL)
        return no_layer();
    SNN__TRY(snn__check_struct(tensor, "tensor", "SNN_TENSOR_INIT"));
    if (index >= layer->n_tensors)
        return snn__fail(SNN_ERR_ARGUMENT, "layer %s has %zu tensors, no number %zu", layer->name, layer->n_tensors,
                         index);
    from = &layer->tensor[index];
    t.rank = from->rank;
    memcpy(t.dim, from->dim, sizeof t.dim);
    t.length = from->length;
    t.trained = from->trained;
    t.name = from->name;
    if (from->packed != NULL) {
        t.element = SNN_ELEMENT_SIGN;
        t.bytes = SNN__BINARY_BYTES(from->length);
        t.data = (void *)snn__packed_bits(from);
        t.scale = from->packed;
    } else {
        t.element = SNN_ELEMENT_F32;
        t.bytes = from->length * sizeof(float);
        t.data = from->data;
    }
    snn__fill(tensor, &t, sizeof t);
    return SNN_OK;
}

snn_status snn_layer_tensor_named(snn_layer *layer, const char *name, snn_tensor *tensor)
{
    const struct snn__tensor *t = NULL;

    if (layer == NULL)
        return no_layer();
    SNN__TRY(snn__layer_check_tensor(layer, name, &t));
    return snn_layer_tensor(layer, (size_t)(t - layer->tensor), tensor);
}

void snn__node_unfold(struct snn__node *node)
{
    struct snn__rank_one *r = &node->rank_one;

    if (r->rows > 0)
        snn__layers(node->ctx)->rank_one_read(node->ctx->kernels, r, r->from, r->from + r->rows * r->columns,
                                              node->gradient[0]);
    r->rows = 0;
}
