/* layer/types.c - layer types by name. */
#include "layer/layer.h"

#define X(name) extern const struct snn__layer_type snn__layer_##name;
#include "layer/list.h"

static const struct snn__layer_type *const types[] = {
#define X(name) &snn__layer_##name,
#include "layer/list.h"
    NULL,
};

#define N_TYPES (sizeof types / sizeof *types - 1)

struct snn__name snn__layer_names(size_t index)
{
    const struct snn__layer_type *type = index < N_TYPES ? types[index] : NULL;

    if (type != NULL && type->text == NULL)
        return SNN__NAME_OF(snn__neuron_model_named(type->name));
    return SNN__NAME_OF(type);
}

const struct snn__layer_type *snn__layer_type_named(const char *name)
{
    return types[snn__name_index(snn__layer_names, name)];
}
