/* model/pack.c - binary weights in a file: one bit each, and a scale per output channel (layer/binary.h).
 *
 * What is read again are latent weights a_c sgn(W), of which the same effective weights are made, bit for bit. */
#include "core/alloc.h"
#include "layer/binary.h"
#include "model/model.h"
#include "network/network.h"
#include <stdio.h>
#include <string.h>

static size_t all_words(const snn_network *network)
{
    size_t words = 0;

    for (size_t l = 0; l < network->n_layers; l++)
        for (size_t i = 0; i < network->layer[l]->n_tensors; i++)
            words += network->layer[l]->tensor[i].latent ? snn__packed_words(&network->layer[l]->tensor[i]) : 0;
    return words;
}

/* Puts the two entries of a tensor, `packed`, at e. */
static void enter(const snn_layer *layer, const struct snn__tensor *t, const float *packed, struct snn__entry *e)
{
    size_t bytes = SNN__BINARY_BYTES(t->length);

    memset(e, 0, 2 * sizeof *e);
    snprintf(e[0].name, sizeof e[0].name, "%s.%s.scale", layer->name, t->name);
    snprintf(e[1].name, sizeof e[1].name, "%s.%s.bits", layer->name, t->name);
    e[0].rank = e[1].rank = 1;
    e[0].dim[0] = t->dim[0];
    e[0].length = t->dim[0];
    e[0].data = packed;
    e[1].dim[0] = (uint32_t)bytes;
    e[1].length = bytes / 4;
    e[1].data = packed + t->dim[0];
    e[1].bytes = true;
}

snn_status snn__model_pack(const snn_network *network, struct snn__entry *entries, size_t *n, void **room)
{
    size_t words = all_words(network), out = 2 * *n, in = *n;
    float *at;

    if (words == 0)
        return SNN_OK;
    *room = at = snn__alloc(network->ctx, words, sizeof *at);
    if (at == NULL)
        return SNN_ERR_MEMORY;
    /* from the last to the first, so that nothing is overwritten that is still to be read */
    for (size_t l = network->n_layers; l-- > 0;)
        for (size_t i = network->layer[l]->n_tensors; i-- > 0;) {
            const struct snn__tensor *t = &network->layer[l]->tensor[i];

            in--;
            if (!t->latent) {
                entries[--out] = entries[in];
                continue;
            }
            if (t->packed == NULL)
                SNN__TRY(snn__packed_from(network->layer[l], t, at));
            out -= 2;
            enter(network->layer[l], t, t->packed ? t->packed : at, &entries[out]);
            at += snn__packed_words(t);
        }
    *n = 2 * *n - out;
    memmove(entries, entries + out, *n * sizeof *entries);
    return SNN_OK;
}

snn_status snn__model_unpack(struct snn__safetensors *file, const char *name, const snn_tensor *tensor, bool copy,
                             bool *packed)
{
    char part[SNN__ENTRY_NAME_MAX + 8];
    const unsigned char *bits;
    const float *scale;
    struct snn__binary binary = { .rows = tensor->dim[0], .n = (size_t)tensor->length / tensor->dim[0] };

    snprintf(part, sizeof part, "%s.bits", name);
    SNN__TRY(snn__safetensors_take_bytes(file, part, SNN__BINARY_BYTES((size_t)tensor->length), &bits));
    *packed = bits != NULL;
    if (!*packed)
        return SNN_OK;
    snprintf(part, sizeof part, "%s.scale", name);
    SNN__TRY(snn__safetensors_take(file, part, 1, tensor->dim, &scale));
    binary.scale = (float *)scale;
    if (copy)
        snn__binary_unpack(&binary, bits, tensor->data);
    return SNN_OK;
}
