/* Networks as files. */
#include "model/model.h"
#include "core/alloc.h"
#include "core/fpu.h"
#include "model/describe.h"
#include "network/network.h"
#include "network/note.h"
#include <snn/model.h>
#include <stdio.h>
#include <string.h>

snn_status snn__model_each(const snn_network *network, snn__tensor_fn fn, void *arg)
{
    snn_layer *layer;

    for (size_t l = 0; (layer = snn_network_layer(network, l)) != NULL; l++) {
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        SNN__TRY(snn_layer_get_info(layer, &info));
        for (uint32_t i = 0; i < info.tensors; i++) {
            snn_tensor tensor = SNN_TENSOR_INIT;
            char name[SNN__ENTRY_NAME_MAX];

            SNN__TRY(snn_layer_tensor(layer, i, &tensor));
            snprintf(name, sizeof name, "%s.%s", info.name, tensor.name);
            SNN__TRY(fn(arg, name, &tensor));
        }
    }
    return SNN_OK;
}

static snn_status count_one(void *arg, const char *name, const snn_tensor *tensor)
{
    (void)name;
    (void)tensor;
    ++*(size_t *)arg;
    return SNN_OK;
}

size_t snn__model_tensors(const snn_network *network)
{
    size_t n = 0;

    snn__model_each(network, count_one, &n);
    return n;
}

/* ---- saving */

snn_status snn__model_metadata(json_t **out, const snn_network *network)
{
    json_t *architecture = NULL, *texts;
    bool failed = false;
    char *text;
    snn_status rc;

    *out = NULL;
    SNN__TRY(snn__network_to_json(&architecture, network));
    rc = snn__json_write(&text, network->ctx, architecture, "model file");
    json_decref(architecture);
    if (rc != SNN_OK)
        return rc;
    texts = json_object();
    snn__json_set(texts, "snn.format", json_string("1"), &failed);
    snn__json_set(texts, "snn.network", json_string(text), &failed);
    snn__free(network->ctx, text);
    for (const struct snn__note *note = network->notes; note != NULL; note = note->next)
        snn__json_set(texts, note->key, json_string(note->text), &failed);
    return snn__json_made(out, texts, failed, "model file");
}

/* Gathers the tensors of a network to write. */
static snn_status gather_one(void *arg, const char *name, const snn_tensor *tensor)
{
    struct snn__entry **next = arg, *e = (*next)++;

    snprintf(e->name, sizeof e->name, "%s", name);
    e->rank = tensor->rank;
    memcpy(e->dim, tensor->dim, sizeof e->dim);
    e->length = (size_t)tensor->length;
    e->data = tensor->data;
    return SNN_OK;
}

snn_status snn__model_gather(const snn_network *network, struct snn__entry *entries)
{
    return snn__model_each(network, gather_one, &entries);
}

snn_status snn__model_check_prepared(const snn_network *network)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;

    SNN__TRY(snn_network_get_info(network, &info));
    if (!info.prepared)
        return snn__fail(SNN_ERR_STATE, "the network has no tensors to save: call snn_network_prepare() first");
    return SNN_OK;
}

/* Writes a network; `packed` replaces the latent weights of binary layers among its entries. */
static snn_status save(const snn_network *network, const char *path, const char *function, bool packed)
{
    struct snn__entry *entries;
    json_t *metadata = NULL;
    void *room = NULL;
    snn_status rc;
    size_t n;

    if (network == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s is NULL", function, network == NULL ? "network" : "path");
    SNN__TRY(snn__model_check_prepared(network));
    n = snn__model_tensors(network);
    SNN__TRY(snn__model_metadata(&metadata, network));
    entries = snn__alloc(network->ctx, 2 * n, sizeof *entries);
    rc = entries != NULL ? snn__model_gather(network, entries) : SNN_ERR_MEMORY;
    if (rc == SNN_OK && (packed || network->packed != NULL))
        rc = snn__model_pack(network, entries, &n, &room);
    if (rc == SNN_OK)
        rc = snn__safetensors_write(network->ctx, path, metadata, entries, n);
    snn__free(network->ctx, room);
    snn__free(network->ctx, entries);
    json_decref(metadata);
    return rc;
}

snn_status snn_network_save(const snn_network *network, const char *path)
{
    SNN__COMPUTES;

    return save(network, path, "snn_network_save", false);
}

snn_status snn_network_save_packed(const snn_network *network, const char *path)
{
    SNN__COMPUTES;

    return save(network, path, "snn_network_save_packed", true);
}

/* ---- loading */

/* Errors that the content of a file causes: wrong arguments of a builder mean a damaged file here. */
static snn_status blame(const struct snn__safetensors *file, snn_status rc)
{
    if (rc == SNN_ERR_ARGUMENT || rc == SNN_ERR_TYPE || rc == SNN_ERR_STATE)
        rc = SNN_ERR_FORMAT;
    return snn__json_at(rc, "model file \"%.150s\"", file->path);
}

snn_status snn__model_architecture(snn_network **out, snn_context *ctx, const struct snn__safetensors *file)
{
    const char *text = snn__safetensors_text(file, "snn.network");
    json_t *json = NULL;
    snn_status rc;

    *out = NULL;
    rc = snn__json_read(&json, file->ctx, text, strlen(text), "network JSON");
    if (rc == SNN_OK)
        rc = snn__network_from_json(out, ctx, json);
    json_decref(json);
    return rc == SNN_OK ? rc : blame(file, rc);
}

struct taking {
    struct snn__safetensors *file;
    bool copy;
};

static snn_status take_one(void *arg, const char *name, const snn_tensor *tensor)
{
    struct taking *t = arg;
    const float *data;
    bool packed;

    SNN__TRY(snn__model_unpack(t->file, name, tensor, t->copy, &packed));
    if (packed)
        return SNN_OK;
    SNN__TRY(snn__safetensors_take(t->file, name, tensor->rank, tensor->dim, &data));
    if (t->copy)
        memcpy(tensor->data, data, (size_t)tensor->length * sizeof *data);
    return SNN_OK;
}

snn_status snn__model_take(struct snn__safetensors *file, const snn_network *network, bool copy)
{
    struct taking t = { file, copy };

    return snn__model_each(network, take_one, &t);
}

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0 && strchr(name + strlen(prefix), '.') != NULL;
}

/* A layer's tensor has one dot in its name, a moment's has three, a method's memory two. */
bool snn__model_is_of_run(const char *name)
{
    return has_prefix(name, SNN__MOMENT_PREFIX) || has_prefix(name, SNN__MEMORY_PREFIX);
}

snn_status snn__model_all_taken(const struct snn__safetensors *file, bool moments)
{
    for (size_t i = 0; i < file->n; i++)
        if (!file->entry[i].used && !(moments && snn__model_is_of_run(file->entry[i].name)))
            return snn__fail(SNN_ERR_FORMAT, "model file \"%.200s\": tensor \"%.100s\" belongs to no layer",
                             file->path, file->entry[i].name);
    return SNN_OK;
}

static snn_status take_notes(const struct snn__safetensors *file, snn_network *network)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)file->metadata, key, value)
    {
        snn_status rc =
            strncmp(key, "snn", 3) == 0 ? SNN_OK : snn_network_set_note(network, key, json_string_value(value));

        if (rc != SNN_OK)
            return blame(file, rc);
    }
    return SNN_OK;
}

/* Shapes of all layers and tensors, without their memory. */
static snn_status declare_tensors(snn_network *network)
{
    SNN__TRY(snn__network_infer(network));
    for (size_t l = 0; l < network->n_layers; l++) {
        snn_layer *layer = network->layer[l];

        layer->n_tensors = 0;
        if (layer->type->tensors != NULL)
            SNN__TRY(layer->type->tensors(layer));
    }
    return SNN_OK;
}

/* Sizes come from the file and are not to be trusted: memory is taken only after all shapes were found to be those of
 * tensors that the file really has. */
static snn_status fill(struct snn__safetensors *file, snn_network *network)
{
    snn_status rc = declare_tensors(network);

    if (rc != SNN_OK)
        return blame(file, rc);
    SNN__TRY(snn__model_take(file, network, false));
    SNN__TRY(snn__model_all_taken(file, snn__safetensors_text(file, "snn.run") != NULL));
    rc = snn_network_prepare(network);
    if (rc != SNN_OK)
        return blame(file, rc);
    SNN__TRY(snn__model_take(file, network, true));
    return take_notes(file, network);
}

snn_status snn_network_load(snn_network **out, snn_context *context, const char *path)
{
    SNN__COMPUTES;
    struct snn__safetensors file;
    snn_network *network = NULL;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_load: out is NULL");
    *out = NULL;
    if (context == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_load: %s is NULL", context == NULL ? "context" : "path");
    rc = snn__safetensors_read(&file, context, path, true);
    if (rc == SNN_OK)
        rc = snn__model_architecture(&network, context, &file);
    if (rc == SNN_OK)
        rc = fill(&file, network);
    snn__safetensors_free(&file);
    if (rc == SNN_OK)
        *out = network;
    else
        snn_network_destroy(network);
    return rc;
}
