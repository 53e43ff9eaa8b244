/* layer/reparam.c - the reparametrisation of a layer. */
#include "layer/reparam.h"
#include "core/size.h"

#define X(name) extern const struct snn__reparam snn__reparam_##name;
#include "layer/reparams.h"

static const struct snn__reparam *const reparams[] = {
#define X(name) &snn__reparam_##name,
#include "layer/reparams.h"
};

const struct snn__reparam *snn__reparam_of(const snn_layer *layer)
{
    for (size_t i = 0; i < sizeof reparams / sizeof *reparams; i++)
        if (reparams[i]->chosen(layer))
            return reparams[i];
    return NULL;
}

snn_status snn__derived_plan(struct snn__derived *d, struct snn__node *node, struct snn__arena *arena)
{
    const struct snn__tensor *w = &node->layer->tensor[0];

    d->by = snn__reparam_of(node->layer);
    d->node = node;
    d->rows = w->dim[0];
    d->fan = w->length / w->dim[0];
    if (d->by == NULL)
        return SNN_OK;
    for (size_t i = 0; i < d->by->per_row; i++)
        SNN__TRY(snn__arena_keep(arena, &d->row[i], d->rows, sizeof(float)));
    return snn__arena_keep(arena, &d->column, d->by->per_column * d->fan, sizeof(float));
}
