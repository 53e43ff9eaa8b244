/* network/network.h - inside of a network. */
#ifndef SNN_NETWORK_NETWORK_H
#define SNN_NETWORK_NETWORK_H

#include "layer/layer.h"
#include "network/note.h"
#include <snn/network.h>
#include <stdatomic.h>

/* The most layers of a network: they are found by linear search. */
#define SNN__LAYERS_MAX 4096u

struct snn_network {
    snn_context *ctx;
    snn_shape in;
    snn_layer **layer;
    size_t n_layers, room;
    bool prepared;
    float *parameters; /* all trained tensors, contiguous in the order of layers and tensors */
    size_t n_parameters;
    float *state; /* all other tensors */
    size_t n_state;
    float *packed;   /* latent tensors as bits, no longer among the parameters; or NULL */
    size_t n_packed; /* numbers of four bytes there, */
    size_t n_latent; /* and the number of parameters that they replace */
    struct snn__note *notes;
    _Atomic unsigned users; /* trainers that are at work on it */
};

/* network/infer.c: resolves the sources and sets the shapes of all layers. */
snn_status snn__network_infer(snn_network *network);

/* network/graph.c, once sources are resolved. The producer of input number i of a layer; NULL: the network's
 * input. */
const snn_layer *snn__layer_producer(const snn_network *network, const snn_layer *layer, size_t i);
/* In the same step or in the next one. */
bool snn__layer_reads(const snn_layer *reader, const snn_layer *layer);
bool snn__layer_is_read(const snn_network *network, const snn_layer *layer);
/* Spikes reach the layer through linear layers alone, so that it reads their trace. */
bool snn__network_reads_trace(const snn_network *network, const snn_layer *layer);
/* The first layer that reads an earlier step; NULL: there is no feedback. */
const snn_layer *snn__network_feedback(const snn_network *network);
/* A hash of the types, shapes and connections of all layers. */
uint64_t snn__network_identity(const snn_network *network);
/* The layer that gives the network's output. */
static inline const snn_layer *snn__network_last(const snn_network *network)
{
    return network->layer[network->n_layers - 1];
}

/* SNN_ERR_ARGUMENT, in the name of `owner`: NULL, or a layer of another network. */
snn_status snn__network_check_layer(const snn_network *network, const snn_layer *layer, const char *owner);

/* SNN_ERR_STATE: the network is packed, and was to learn. */
snn_status snn__network_check_latent(const snn_network *network);

#endif
