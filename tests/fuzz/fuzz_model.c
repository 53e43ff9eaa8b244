/* Model files: a file that loads describes itself, is saved again and runs for a few steps. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

/* A layer of a few bytes of JSON has a table of parameters, and a weight of one bit becomes a float. */
#define PROPORTION 256
#define FREE ((size_t)4 << 20)

static void run(snn_network *net)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    size_t bytes = 0, inputs = 1;
    snn_stream *stream;
    void *memory;
    float *x;

    fuzz_refuse((size_t)16 << 20); /* what flows through it may be large, however few its weights are */
    FUZZ_HOLDS(snn_network_get_info(net, &info) == SNN_OK);
    for (uint32_t i = 0; i < info.in.rank; i++)
        inputs *= info.in.dim[i];
    if (inputs > 4096 || snn_stream_size(net, &bytes) != SNN_OK || bytes > (size_t)1 << 16)
        return;
    memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    x = calloc(inputs, sizeof *x);
    FUZZ_HOLDS(memory != NULL && x != NULL && snn_stream_init(memory, bytes, net, &stream) == SNN_OK);
    for (size_t t = 0; t < 3; t++) {
        x[t % inputs] = 1.0f;
        FUZZ_ANSWERS(snn_stream_step(stream, x, NULL));
    }
    free(x);
    free(memory);
}

/* What stands before the tensors: what loads can be looked at, and what can be looked at describes itself. */
static bool look(snn_context *ctx)
{
    snn_model_info info = SNN_MODEL_INFO_INIT;
    snn_tensor tensor = SNN_TENSOR_INIT;
    snn_network *net = NULL;
    snn_model *model = NULL;
    uint64_t bytes = 0;

    if (snn_model_open(&model, ctx, fuzz_path("a.snn")) != SNN_OK) {
        FUZZ_HOLDS(model == NULL && snn_last_error()[0] != '\0');
        return false;
    }
    FUZZ_HOLDS(snn_model_get_info(model, &info) == SNN_OK && info.architecture != NULL);
    for (uint64_t i = 0; i < info.tensors; i++) {
        FUZZ_HOLDS(snn_model_tensor(model, (size_t)i, &tensor) == SNN_OK && tensor.data == NULL);
        bytes += tensor.bytes;
    }
    FUZZ_HOLDS(bytes == info.tensor_bytes && snn_model_tensor(model, (size_t)info.tensors, &tensor) != SNN_OK);
    FUZZ_HOLDS(snn_model_note(model, "snn.network") == NULL);
    FUZZ_ANSWERS(snn_network_parse(&net, ctx, info.architecture));
    snn_network_destroy(net);
    snn_model_destroy(model);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    snn_context *ctx = fuzz_context(FREE + PROPORTION * size, false);
    snn_network *net = NULL, *again = NULL;
    size_t needed = 0;
    bool fits;

    fuzz_write("a.snn", data, size);
    fits = look(ctx);
    if (snn_network_load(&net, ctx, fuzz_path("a.snn")) == SNN_OK) {
        FUZZ_HOLDS(fits);
        FUZZ_HOLDS(snn_network_describe(net, NULL, 0, &needed) == SNN_OK && needed > 0);
        FUZZ_HOLDS(snn_network_save(net, fuzz_path("b.snn")) == SNN_OK);
        FUZZ_HOLDS(snn_network_load(&again, ctx, fuzz_path("b.snn")) == SNN_OK);
        run(net);
    } else {
        FUZZ_HOLDS(net == NULL && snn_last_error()[0] != '\0');
    }
    snn_network_destroy(again);
    snn_network_destroy(net);
    fuzz_done();
    return 0;
}
