/* model/contents.c - the header of a model file, without its tensors. */
#include "core/alloc.h"
#include "core/fpu.h"
#include "core/structure.h"
#include "model/safetensors.h"
#include <snn/model.h>
#include <stdlib.h>
#include <string.h>

struct snn_model {
    struct snn__safetensors file; /* without data, and without its path */
    snn_context *ctx;
};

snn_status snn_model_open(snn_model **out, snn_context *context, const char *path)
{
    SNN__COMPUTES;
    snn_model *model;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_model_open: out is NULL");
    *out = NULL;
    if (context == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_model_open: %s is NULL", context == NULL ? "context" : "path");
    model = snn__alloc(context, 1, sizeof *model);
    if (model == NULL)
        return SNN_ERR_MEMORY;
    model->ctx = context;
    rc = snn__safetensors_read(&model->file, context, path, false);
    model->file.path = NULL;
    if (rc == SNN_OK)
        *out = model;
    else
        snn_model_destroy(model);
    return rc;
}

void snn_model_destroy(snn_model *model)
{
    if (model == NULL)
        return;
    snn__safetensors_free(&model->file);
    snn__free(model->ctx, model);
}

static snn_status no_model(void)
{
    return snn__fail(SNN_ERR_ARGUMENT, "model is NULL");
}

snn_status snn_model_get_info(const snn_model *model, snn_model_info *info)
{
    snn_model_info i = SNN_MODEL_INFO_INIT;

    if (model == NULL)
        return no_model();
    SNN__TRY(snn__check_struct(info, "model info", "SNN_MODEL_INFO_INIT"));
    i.format = (uint32_t)atoi(snn__safetensors_text(&model->file, "snn.format"));
    i.checkpoint = snn__safetensors_text(&model->file, "snn.run") != NULL;
    for (size_t t = 0; t < model->file.n; t++)
        i.packed |= model->file.entry[t].bytes;
    i.tensors = model->file.n;
    i.tensor_bytes = model->file.size;
    i.architecture = snn__safetensors_text(&model->file, "snn.network");
    i.context = model->ctx;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

const char *snn_model_note(const snn_model *model, const char *key)
{
    return model != NULL && key != NULL && strncmp(key, "snn", 3) != 0 ? snn__safetensors_text(&model->file, key)
                                                                       : NULL;
}

snn_status snn_model_tensor(const snn_model *model, size_t index, snn_tensor *tensor)
{
    const struct snn__entry_read *from;
    snn_tensor t = SNN_TENSOR_INIT;

    if (model == NULL)
        return no_model();
    SNN__TRY(snn__check_struct(tensor, "tensor", "SNN_TENSOR_INIT"));
    if (index >= model->file.n)
        return snn__fail(SNN_ERR_ARGUMENT, "the model file has %zu tensors, no number %zu", model->file.n, index);
    from = &model->file.entry[index];
    t.rank = from->rank;
    for (size_t i = 0; i < 4; i++)
        t.dim[i] = i < from->rank ? from->dim[i] : 1;
    t.bytes = 4 * (uint64_t)from->length;
    t.element = from->bytes ? SNN_ELEMENT_U8 : SNN_ELEMENT_F32;
    t.length = from->bytes ? t.bytes : from->length;
    t.name = from->name;
    snn__fill(tensor, &t, sizeof t);
    return SNN_OK;
}
