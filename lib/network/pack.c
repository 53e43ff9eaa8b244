/* network/pack.c - a network that only evaluates: latent weights become bits. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "layer/binary.h"
#include "network/network.h"
#include <string.h>

/* The parameters that remain after packing, and the packed ones. */
static void measure_packed(const snn_network *network, size_t *latent, size_t *words)
{
    *latent = *words = 0;
    for (size_t l = 0; l < network->n_layers; l++)
        for (size_t i = 0; i < network->layer[l]->n_tensors; i++)
            if (network->layer[l]->tensor[i].latent) {
                *latent += network->layer[l]->tensor[i].length;
                *words += snn__packed_words(&network->layer[l]->tensor[i]);
            }
}

static snn_status fill_packed(const snn_network *network, float *to)
{
    for (size_t l = 0; l < network->n_layers; l++)
        for (size_t i = 0; i < network->layer[l]->n_tensors; i++)
            if (network->layer[l]->tensor[i].latent) {
                SNN__TRY(snn__packed_from(network->layer[l], &network->layer[l]->tensor[i], to));
                to += snn__packed_words(&network->layer[l]->tensor[i]);
            }
    return SNN_OK;
}

/* Trained tensors move into `rest`, latent ones point into `packed`. */
static void move_tensors(snn_network *network, float *rest, float *packed)
{
    for (size_t l = 0; l < network->n_layers; l++)
        for (size_t i = 0; i < network->layer[l]->n_tensors; i++) {
            struct snn__tensor *t = &network->layer[l]->tensor[i];

            if (t->latent) {
                t->data = NULL;
                t->packed = packed;
                packed += snn__packed_words(t);
            } else if (t->trained) {
                memcpy(rest, t->data, t->length * sizeof *rest);
                t->data = rest;
                rest += t->length;
            }
        }
}

snn_status snn_network_pack(snn_network *network)
{
    SNN__COMPUTES;
    size_t latent, words;
    float *rest, *packed;
    snn_status rc;

    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "network is NULL");
    if (!network->prepared)
        return snn__fail(SNN_ERR_STATE, "the network has no weights to pack: call snn_network_prepare() first");
    if (atomic_load(&network->users) > 0)
        return snn__fail(SNN_ERR_STATE, "the network cannot be packed from a callback of a trainer that uses it");
    measure_packed(network, &latent, &words);
    if (network->packed != NULL || words == 0)
        return SNN_OK;
    rest = snn__alloc(network->ctx, network->n_parameters - latent, sizeof *rest);
    packed = rest ? snn__alloc(network->ctx, words, sizeof *packed) : NULL;
    rc = packed ? fill_packed(network, packed) : SNN_ERR_MEMORY;
    if (rc != SNN_OK) {
        snn__free(network->ctx, rest);
        snn__free(network->ctx, packed);
        return rc;
    }
    move_tensors(network, rest, packed);
    snn__free(network->ctx, network->parameters);
    network->parameters = rest;
    network->packed = packed;
    network->n_packed = words;
    network->n_latent = latent;
    return SNN_OK;
}

snn_status snn__network_check_latent(const snn_network *network)
{
    if (network->packed != NULL)
        return snn__fail(SNN_ERR_STATE, "the network is packed and can only evaluate: its latent weights are gone");
    return SNN_OK;
}
