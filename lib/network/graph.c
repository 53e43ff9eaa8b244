/* network/graph.c - who reads whom. */
#include "network/network.h"

const snn_layer *snn__layer_producer(const snn_network *net, const snn_layer *layer, size_t i)
{
    ptrdiff_t node = layer->source[i].node;

    return node == SNN__INPUT ? NULL : net->layer[node];
}

bool snn__layer_reads(const snn_layer *reader, const snn_layer *layer)
{
    for (size_t i = 0; i < reader->n_sources; i++)
        if (reader->source[i].node == (ptrdiff_t)layer->index)
            return true;
    return false;
}

bool snn__layer_is_read(const snn_network *net, const snn_layer *layer)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (snn__layer_reads(net->layer[l], layer))
            return true;
    return false;
}

const snn_layer *snn__network_feedback(const snn_network *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_sources; i++)
            if (net->layer[l]->source[i].delay)
                return net->layer[l];
    return NULL;
}

/* A chain of linear layers is at most as long as the network, even if it closes upon itself. */
static bool has_trace(const snn_network *net, const snn_layer *layer, size_t most)
{
    if (layer == NULL || most == 0)
        return false;
    return layer->type->flags & SNN__LAYER_POPULATION ||
           (layer->type->flags & SNN__LAYER_LINEAR && has_trace(net, snn__layer_producer(net, layer, 0), most - 1));
}

bool snn__network_reads_trace(const snn_network *net, const snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_sources; i++)
        if (has_trace(net, snn__layer_producer(net, layer, i), net->n_layers))
            return true;
    return false;
}
