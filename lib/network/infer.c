/* network/infer.c - who reads whom, and all shapes. */
#include "core/size.h"
#include "network/network.h"
#include <string.h>

/* Finds the layer that each source names. Without delay it must come earlier in the order of evaluation. */
static snn_status resolve(snn_network *network, snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_sources; i++) {
        struct snn__source *s = &layer->source[i];
        const snn_layer *from = snn_network_layer_named(network, s->name);

        if (strcmp(s->name, "input") == 0) {
            if (s->delay)
                return snn__fail(SNN_ERR_ARGUMENT, "layer %s: the network's input cannot be read with a delay",
                                 layer->name);
            s->node = SNN__INPUT;
            continue;
        }
        if (from == NULL)
            return snn__fail(SNN_ERR_ARGUMENT, "layer %s reads \"%s\", which does not exist", layer->name, s->name);
        if (!s->delay && from->index >= layer->index)
            return snn__fail(
                SNN_ERR_ARGUMENT,
                "layer %s reads \"%s\", which is computed later; only a connection with a delay can do that",
                layer->name, s->name);
        s->node = (ptrdiff_t)from->index;
    }
    return SNN_OK;
}

/* The network's input, or a layer in place of it: its array holds the next step already when that begins. */
static bool is_input(const snn_network *network, const struct snn__source *source)
{
    for (size_t l = 0; source->node != SNN__INPUT && l < network->n_layers; l++) {
        const snn_layer *layer = network->layer[source->node];

        if (!(snn__layer_flags(layer) & SNN__LAYER_IN_PLACE))
            return false;
        source = &layer->source[0];
    }
    return source->node == SNN__INPUT;
}

static snn_status check_delays(const snn_network *network, const snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_sources; i++)
        if (layer->source[i].delay && is_input(network, &layer->source[i]))
            return snn__fail(
                SNN_ERR_ARGUMENT,
                "layer %s: \"%s\" repeats the network's input, which cannot be read with a delay; an add "
                "of it can",
                layer->name, layer->source[i].name);
    return SNN_OK;
}

static const snn_shape *source_shape(const snn_network *network, const struct snn__source *source)
{
    return source->node == SNN__INPUT ? &network->in : &network->layer[source->node]->out;
}

/* Sets a layer's shapes if one of its sources is known; true if they were unknown before. */
static snn_status infer_one(snn_network *network, snn_layer *layer, bool *news)
{
    char text[48];

    if (layer->out.rank != 0)
        return SNN_OK;
    for (size_t i = 0; i < layer->n_sources; i++) {
        const snn_shape *in = source_shape(network, &layer->source[i]);

        if (in->rank == 0)
            continue;
        layer->in = *in;
        *news = true;
        SNN__TRY(layer->type->shape(layer));
        for (int d = 0; d < 3; d++)
            if (layer->out.dim[d] == 0)
                return snn__fail(SNN_ERR_SHAPE, "layer %s: an output of size 0", layer->name);
        if (snn__shape_length(&layer->out) > SNN__SAMPLE_MAX)
            return snn__fail(SNN_ERR_SHAPE, "layer %s: %s is an output of more than %zu elements", layer->name,
                             snn__shape_text(&layer->out, text), SNN__SAMPLE_MAX);
        return SNN_OK;
    }
    return SNN_OK;
}

static snn_status check_inputs(const snn_network *network, const snn_layer *layer)
{
    char want[48], got[48];

    for (size_t i = 0; i < layer->n_sources; i++) {
        const snn_shape *in = source_shape(network, &layer->source[i]);

        if (!snn__shape_equal(in, &layer->in))
            return snn__fail(SNN_ERR_SHAPE, "layer %s: expected %s from %s as from its other inputs, got %s",
                             layer->name, snn__shape_text(&layer->in, want), layer->source[i].name,
                             snn__shape_text(in, got));
    }
    return SNN_OK;
}

snn_status snn__network_infer(snn_network *network)
{
    bool news = true;

    for (size_t l = 0; l < network->n_layers; l++) {
        network->layer[l]->in.rank = network->layer[l]->out.rank = 0;
        SNN__TRY(resolve(network, network->layer[l]));
    }
    for (size_t l = 0; l < network->n_layers; l++)
        SNN__TRY(check_delays(network, network->layer[l]));
    while (news) {
        news = false;
        for (size_t l = 0; l < network->n_layers; l++)
            SNN__TRY(infer_one(network, network->layer[l], &news));
    }
    for (size_t l = 0; l < network->n_layers; l++) {
        if (network->layer[l]->out.rank == 0)
            return snn__fail(SNN_ERR_SHAPE, "layer %s: its shape cannot be inferred, since it depends on itself only",
                             network->layer[l]->name);
        SNN__TRY(check_inputs(network, network->layer[l]));
    }
    return SNN_OK;
}
