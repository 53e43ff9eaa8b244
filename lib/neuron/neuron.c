/* neuron/neuron.c - prototypes of neurons: the public face. */
#include "neuron/neuron.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/param_calls.h"
#include "core/structure.h"

static const struct snn__param_kind kind = { .noun = "neuron" };

SNN__PARAM_CALLS(neuron, &kind)

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
    neuron->params = (struct snn__params){
        .kind = &kind, .owner = model->owner, .table = { model->params }, .count = { model->n_params }
    };
    if (snn__params_init(&neuron->params, context) != SNN_OK) {
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

snn_status snn_neuron_get_info(const snn_neuron *neuron, snn_neuron_info *info)
{
    snn_neuron_info i = SNN_NEURON_INFO_INIT;

    if (neuron == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "neuron info: the neuron is NULL");
    SNN__TRY(snn__check_struct(info, "neuron info", "SNN_NEURON_INFO_INIT"));
    i.spiking = snn__neuron_spikes(&neuron->params);
    i.name = neuron->model->name;
    i.context = neuron->ctx;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}
