/* network/graph.c - who reads whom, and a hash of the whole graph. */
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

/* FNV-1a over words. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    for (size_t i = 0; i < 8; i++)
        hash = (hash ^ (word >> (8 * i) & 0xff)) * 0x100000001b3u;
    return hash;
}

static uint64_t mix_shape(uint64_t hash, const snn_shape *shape)
{
    for (size_t i = 0; i < 3; i++)
        hash = mix(hash, shape->dim[i]);
    return mix(hash, shape->rank);
}

uint64_t snn__network_identity(const snn_network *net)
{
    uint64_t hash = mix_shape(0xcbf29ce484222325u, &net->in);

    for (size_t l = 0; l < net->n_layers; l++) {
        const snn_layer *layer = net->layer[l];

        for (const char *c = layer->type->name; *c != '\0'; c++)
            hash = mix(hash, (unsigned char)*c);
        hash = mix_shape(hash, &layer->out);
        for (size_t i = 0; i < layer->n_sources; i++)
            hash = mix(mix(hash, (uint64_t)layer->source[i].node), layer->source[i].delay);
    }
    return hash;
}
