/* pass/means.c - where errors differ from step to step although those of the populations do not.
 *
 * A population whose rate is trained sends the same error down at every step. A batch norm over all steps makes of it
 *   dx[t] = constant + bend x[t],   one factor bend for each channel,
 * and what lies below passes that on, down to the next populations. Those need no more than its weighted mean. The gradient of
 * weights needs the correlation of x[t] with what they read; where they reach the norm by sums alone, the forward pass gathers it. */
#include "layer/types.h"
#include "pass/pass.h"

static bool reads(const snn_layer *layer, size_t l)
{
    for (size_t i = 0; i < layer->n_sources; i++)
        if (layer->source[i].node == (ptrdiff_t)l)
            return true;
    return false;
}

static bool over_all(const snn_layer *layer)
{
    return (snn__layer_flags(layer) & SNN__LAYER_WHOLE) != 0;
}

ptrdiff_t snn__network_norm_behind(const snn_network *net, size_t l)
{
    for (;;) {
        ptrdiff_t reader = -1;

        for (size_t r = l + 1; r < net->n_layers; r++)
            if (reads(net->layer[r], l)) {
                if (reader >= 0)
                    return -1;
                reader = (ptrdiff_t)r;
            }
        if (reader < 0 || over_all(net->layer[reader]))
            return reader;
        if (!(net->layer[reader]->type->flags & SNN__LAYER_SUM))
            return -1;
        l = (size_t)reader;
    }
}

/* Does the error at the output of layer l differ from step to step? */
static bool varies(const snn_network *net, size_t l)
{
    for (size_t r = l + 1; r < net->n_layers; r++)
        if (reads(net->layer[r], l) && !(net->layer[r]->type->flags & SNN__LAYER_RATES) &&
            (over_all(net->layer[r]) || varies(net, r)))
            return true;
    return false;
}

bool snn__network_errors_average(const snn_network *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const snn_layer *layer = net->layer[l];
        bool trained = layer->n_tensors > 0 && !(layer->type->flags & SNN__LAYER_POPULATION);

        if (layer->type->flags & SNN__LAYER_MAXIMUM)
            return false;
        if (trained && varies(net, l) && !(layer->type->flags & SNN__LAYER_WEIGHTS && snn__network_norm_behind(net, l) >= 0))
            return false;
    }
    return true;
}
