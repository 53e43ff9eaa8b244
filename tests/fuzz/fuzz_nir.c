/* NIR files: the first byte chooses options, the rest is the file. A graph that opens becomes a network, which runs
 * for a few steps beside it, and a graph and a file again. */
#include "fuzz.h"
#include <snn/nir.h>
#include <stdlib.h>

#define MEMORY ((size_t)64 << 20)

static snn_nir_options options_of(uint8_t how)
{
    static const char *const resets[] = { "file", "value", "zero", "subtract" };
    static const char *const decays[] = { "euler", "exponential", "exact" };
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;

    options.dt = how & 1 ? 1e-3 : 0;
    options.reset = resets[how >> 1 & 3];
    options.decay = decays[(how >> 3 & 3) % 3];
    options.current = how & 32 ? "previous" : "new";
    options.timing = how & 64 ? "late" : "same";
    options.fire = how & 128 ? "at" : "file";
    return options;
}

/* Names and numbers of all nodes and edges. */
static void look(const snn_nir *nir)
{
    snn_nir_info info = SNN_NIR_INFO_INIT;
    size_t from, to;
    int delayed;

    FUZZ_HOLDS(snn_nir_get_info(nir, &info) == SNN_OK && info.nodes > 0);
    for (uint32_t i = 0; i < info.nodes; i++) {
        snn_nir_node_info node = SNN_NIR_NODE_INFO_INIT;

        FUZZ_HOLDS(snn_nir_node(nir, i, &node) == SNN_OK && node.name != NULL && node.type != NULL && node.rank > 0);
    }
    for (uint32_t i = 0; i < info.edges; i++)
        FUZZ_HOLDS(snn_nir_edge(nir, i, &from, &to, &delayed) == SNN_OK && from < info.nodes && to < info.nodes);
    for (uint32_t i = 0; i < info.remarks; i++)
        FUZZ_HOLDS(snn_nir_remark(nir, i) != NULL);
}

static void run(snn_nir *nir, const snn_nir_options *options, snn_network *net)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    snn_nir_drift drift = SNN_NIR_DRIFT_INIT;
    size_t found, inputs;
    float *x;

    FUZZ_HOLDS(snn_network_get_info(net, &info) == SNN_OK);
    inputs = (size_t)info.in.dim[0] * info.in.dim[1] * info.in.dim[2];
    if (inputs > 4096 || info.parameters > 1 << 16)
        return;
    x = calloc(3 * inputs, sizeof *x);
    FUZZ_HOLDS(x != NULL);
    for (size_t t = 0; t < 3; t++)
        x[t * inputs + t % inputs] = 1.0f;
    FUZZ_ANSWERS(snn_nir_check(nir, options, net, x, 3, &drift, 1, &found));
    free(x);
}

static void write_again(snn_context *ctx, snn_network *net)
{
    snn_nir *graph = NULL, *again = NULL;

    if (snn_nir_export(&graph, net, 1e-3) != SNN_OK)
        return;
    if (snn_nir_save(graph, fuzz_path("b.nir"), 1) == SNN_OK)
        FUZZ_ANSWERS(snn_nir_open(&again, ctx, fuzz_path("b.nir")));
    snn_nir_destroy(again);
    snn_nir_destroy(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    snn_context *ctx = fuzz_context(MEMORY, true);
    const snn_nir_options options = options_of(fuzz_byte(&data, &size));
    snn_network *net = NULL;
    snn_nir *nir = NULL;

    fuzz_write("a.nir", data, size);
    if (snn_nir_open(&nir, ctx, fuzz_path("a.nir")) == SNN_OK) {
        look(nir);
        if (snn_nir_import(&net, nir, &options) == SNN_OK) {
            run(nir, &options, net);
            write_again(ctx, net);
        } else {
            FUZZ_HOLDS(net == NULL && snn_last_error()[0] != '\0');
        }
    } else {
        FUZZ_HOLDS(nir == NULL && snn_last_error()[0] != '\0');
    }
    snn_network_destroy(net);
    snn_nir_destroy(nir);
    fuzz_done();
    return 0;
}
