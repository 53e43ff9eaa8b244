/* pass/means.c - where errors differ from step to step although those of the populations do not.
 *
 * A population whose rate is trained sends the same error down at every step. A batch norm over all steps makes of it
 *   dx[t] = constant + bend x[t],   one factor bend for each channel,
 * which goes down to the next populations. Those need no more than its weighted mean. The gradient of weights needs
 * the correlation of x[t] with what they read; where they reach it by sums alone, the forward pass gathers it. */
#include "pass/pass.h"

static bool over_all(const snn_layer *layer)
{
    return (snn__layer_flags(layer) & SNN__LAYER_WHOLE) != 0;
}

/* NULL: the layer has no reader, or several. */
static const snn_layer *only_reader(const snn_network *net, const snn_layer *layer)
{
    const snn_layer *reader = NULL;

    for (size_t r = layer->index + 1; r < net->n_layers; r++)
        if (snn__layer_reads(net->layer[r], layer)) {
            if (reader != NULL)
                return NULL;
            reader = net->layer[r];
        }
    return reader;
}

ptrdiff_t snn__network_norm_after(const snn_network *net, size_t l)
{
    const snn_layer *layer = net->layer[l];

    do
        layer = only_reader(net, layer);
    while (layer != NULL && layer->type->flags & SNN__LAYER_SUM);
    return layer != NULL && over_all(layer) ? (ptrdiff_t)layer->index : -1;
}

/* Marks layers at whose output the error differs from step to step: those that lead, not through a population, to a
 * batch norm over all steps. */
static void mark_varying(const snn_network *net, bool varies[SNN__LAYERS_MAX])
{
    for (size_t r = net->n_layers; r-- > 0;) {
        const snn_layer *reader = net->layer[r];

        if (reader->type->flags & SNN__LAYER_RATES || !(over_all(reader) || varies[r]))
            continue;
        for (size_t i = 0; i < reader->n_sources; i++)
            if (reader->source[i].node >= 0 && reader->source[i].node < (ptrdiff_t)r)
                varies[reader->source[i].node] = true;
    }
}

bool snn__network_errors_average(const snn_network *net)
{
    bool varies[SNN__LAYERS_MAX] = { false };

    mark_varying(net, varies);
    for (size_t l = 0; l < net->n_layers; l++) {
        const snn_layer *layer = net->layer[l];
        bool trained = layer->n_tensors > 0 && !(layer->type->flags & SNN__LAYER_POPULATION);

        if (layer->type->flags & SNN__LAYER_MAXIMUM)
            return false;
        if (trained && varies[l] &&
            !(layer->type->flags & SNN__LAYER_WEIGHTS && snn__network_norm_after(net, l) >= 0))
            return false;
    }
    return true;
}
