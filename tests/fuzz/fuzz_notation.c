/* The notation of networks, over a vector or a map, with and without neurons of a kind. */
#include "fuzz.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t shape[][3] = { { 3, 8, 8 }, { 20, 0, 0 }, { 1, 28, 28 }, { 1, 1, 1 } };
    const uint8_t how = fuzz_byte(&data, &size);
    char *text = fuzz_text(data, size);
    snn_context *ctx = fuzz_context((size_t)16 << 20, true);
    snn_neuron *neuron = NULL;
    snn_network *net = NULL;
    size_t needed = 0;

    if (how & 4)
        FUZZ_HOLDS(snn_neuron_create(&neuron, ctx, snn_name(SNN_NAME_NEURON, how >> 4)) == SNN_OK || neuron == NULL);
    if (snn_network_build(&net, ctx, text, shape[how % 4], how % 4 == 1 ? 1 : 3, how & 8 ? 0 : 5, neuron) == SNN_OK) {
        FUZZ_HOLDS(snn_network_describe(net, NULL, 0, &needed) == SNN_OK || snn_last_error()[0] != '\0');
        FUZZ_ANSWERS(snn_network_prepare(net));
    } else {
        FUZZ_HOLDS(net == NULL && snn_last_error()[0] != '\0');
    }
    snn_network_destroy(net);
    snn_neuron_destroy(neuron);
    fuzz_done();
    free(text);
    return 0;
}
