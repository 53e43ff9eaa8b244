/* Network descriptions: one that can be read is described, and the description gives the same one. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

#define FREE ((size_t)8 << 20)

static char *described(const snn_network *net)
{
    size_t needed = 0;
    char *text;

    FUZZ_HOLDS(snn_network_describe(net, NULL, 0, &needed) == SNN_OK);
    text = malloc(needed);
    FUZZ_HOLDS(text != NULL && snn_network_describe(net, text, needed, NULL) == SNN_OK);
    return text;
}

static void again(snn_context *ctx, const snn_network *net)
{
    char *first = described(net), *second;
    snn_network *copy = NULL;

    FUZZ_HOLDS(snn_network_parse(&copy, ctx, first) == SNN_OK);
    second = described(copy);
    FUZZ_HOLDS(strcmp(first, second) == 0);
    snn_network_destroy(copy);
    free(second);
    free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    snn_context *ctx = fuzz_context(FREE + 512 * size, false);
    snn_network *net = NULL;

    if (snn_network_parse(&net, ctx, text) == SNN_OK) {
        again(ctx, net);
        fuzz_refuse((size_t)16 << 20); /* what it asks for may be large */
        FUZZ_ANSWERS(snn_network_prepare(net));
        snn_network_destroy(net);
    } else {
        FUZZ_HOLDS(net == NULL && snn_last_error()[0] != '\0');
    }
    fuzz_done();
    free(text);
    return 0;
}
