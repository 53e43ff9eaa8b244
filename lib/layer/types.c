/* layer/types.c - the one list of layer types. */
#include "layer/types.h"
#include <string.h>

static const struct snn__layer_type *const types[] = {
    &snn__layer_linear,
    &snn__layer_conv2d,
    &snn__layer_batch_norm,
    &snn__layer_avgpool,
    &snn__layer_maxpool,
    &snn__layer_sumpool,
    &snn__layer_adaptive_avgpool,
    &snn__layer_upsample,
    &snn__layer_flatten,
    &snn__layer_scale,
    &snn__layer_gain,
    &snn__layer_dropout,
    &snn__layer_add,
    &snn__layer_if,
    &snn__layer_lif,
    &snn__layer_cuba,
    &snn__layer_alif,
    &snn__layer_plif,
    &snn__layer_conv_transpose2d,
    &snn__layer_rate,
    &snn__layer_dsr_if,
    &snn__layer_dsr_lif,
    &snn__layer_select,
    &snn__layer_attention,
    &snn__layer_layer_norm,
};

struct snn__name snn__layer_names(size_t index)
{
    const struct snn__layer_type *type = index < sizeof types / sizeof *types ? types[index] : NULL;

    if (type != NULL && type->text == NULL)
        return SNN__NAME_OF(snn__neuron_model_named(type->name));
    return SNN__NAME_OF(type);
}

const struct snn__layer_type *snn__layer_type_named(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}
