/* neuron/neuron.c - prototypes of neurons: the public face. */
#include "neuron/neuron.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"

snn_status snn_neuron_create(snn_neuron **out, snn_context *context, const char *name)
{
    const struct snn__neuron_model *model;
    snn_neuron *neuron;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "neuron: out is NULL");
    *out = NULL;
    if (context == NULL || name == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "neuron: %s is NULL", context == NULL ? "context" : "name");
    model = snn__neuron_model_named(name);
    if (model == NULL)
        return snn__unknown("neuron", name, snn__neuron_names);
    neuron = snn__alloc(context, 1, sizeof *neuron);
    if (neuron == NULL)
        return SNN_ERR_MEMORY;
    neuron->ctx = context;
    neuron->model = model;
    if (snn__params_init(&neuron->params, context, model->name, NULL, 0, model->params, model->n_params) != SNN_OK) {
        snn__free(context, neuron);
        return SNN_ERR_MEMORY;
    }
    *out = neuron;
    return SNN_OK;
}

void snn_neuron_destroy(snn_neuron *neuron)
{
    if (neuron == NULL)
        return;
    snn__params_free(&neuron->params, neuron->ctx);
    snn__free(neuron->ctx, neuron);
}

static snn_status no_neuron(void)
{
    return snn__fail(SNN_ERR_ARGUMENT, "neuron is NULL");
}

snn_status snn_neuron_set_i64(snn_neuron *neuron, int32_t key, int64_t value)
{
    return neuron ? snn__params_set_i64(&neuron->params, key, value) : no_neuron();
}

snn_status snn_neuron_set_f64(snn_neuron *neuron, int32_t key, double value)
{
    SNN__COMPUTES;

    return neuron ? snn__neuron_set_f64(&neuron->params, key, value) : no_neuron();
}

snn_status snn_neuron_set_str(snn_neuron *neuron, int32_t key, const char *value)
{
    return neuron ? snn__params_set_str(&neuron->params, key, value) : no_neuron();
}

snn_status snn_neuron_set_text(snn_neuron *neuron, const char *name, const char *value)
{
    SNN__COMPUTES;

    return neuron ? snn__neuron_set_text(&neuron->params, name, value) : no_neuron();
}

snn_status snn_neuron_get_i64(const snn_neuron *neuron, int32_t key, int64_t *value)
{
    return neuron ? snn__params_get_i64(&neuron->params, key, value) : no_neuron();
}

snn_status snn_neuron_get_f64(const snn_neuron *neuron, int32_t key, double *value)
{
    SNN__COMPUTES;

    return neuron ? snn__neuron_get_f64(&neuron->params, key, value) : no_neuron();
}

snn_status snn_neuron_get_str(const snn_neuron *neuron, int32_t key, const char **value)
{
    return neuron ? snn__params_get_str(&neuron->params, key, value) : no_neuron();
}

snn_status snn_neuron_param_info(const snn_neuron *neuron, size_t index, snn_param_info *info)
{
    return neuron ? snn__params_info(&neuron->params, index, info) : no_neuron();
}
