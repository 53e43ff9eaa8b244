/* A file of many tensors: each is found by its name among all, whose order in the file is another one. */
#include "model/safetensors.h"
#include "network/network.h"
#include "support.h"
#include <snn/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAYERS = 2000 };

static snn_network *chain(snn_context *ctx)
{
    static const size_t shape[1] = { 2 };
    snn_network *net = NULL;
    snn_layer *layer;

    OK(snn_network_create(&net, ctx, shape, 1));
    for (int i = 0; i < LAYERS; i++) {
        OK(snn_network_add(net, "linear", NULL, &layer));
        OK(snn_layer_set_i64(layer, SNN_LAYER_OUT, 2));
    }
    OK(snn_network_prepare(net));
    return net;
}

START_TEST(many_tensors_are_found)
{
    static const uint32_t one[1] = { 2 };
    char path[] = "/tmp/snn_many_XXXXXX";
    snn_context *ctx = test_context(1, 3, "best");
    snn_network *net = chain(ctx), *loaded = NULL;
    struct snn__safetensors file;
    const float *data = NULL;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    close(fd);
    OK(snn_network_save(net, path));
    OK(snn_network_load(&loaded, ctx, path));
    ck_assert_uint_eq(loaded->n_parameters, net->n_parameters);
    ck_assert_mem_eq(loaded->parameters, net->parameters, net->n_parameters * sizeof(float));
    OK(snn__safetensors_read(&file, ctx, path, true));
    ck_assert_uint_eq(file.n, 2 * LAYERS);
    for (size_t i = 1; i < file.n; i++) /* so that looking for one is no walk through all */
        ck_assert_int_lt(strcmp(file.entry[i - 1].name, file.entry[i].name), 0);
    OK(snn__safetensors_take(&file, file.entry[0].name, file.entry[0].rank, file.entry[0].dim, &data));
    FAILS(snn__safetensors_take(&file, "linear0.bias", 1, one, &data), SNN_ERR_FORMAT, "missing");
    FAILS(snn__safetensors_take(&file, "", 1, one, &data), SNN_ERR_FORMAT, "missing");
    FAILS(snn__safetensors_take(&file, "~", 1, one, &data), SNN_ERR_FORMAT, "missing");
    FAILS(snn__safetensors_take(&file, "linear7.bias", 2, (const uint32_t[2]){ 1, 2 }, &data), SNN_ERR_SHAPE,
          "linear7.bias");
    snn__safetensors_free(&file);
    remove(path);
    snn_network_destroy(loaded);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("model: many tensors");
    TCase *t = tcase_create("many");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, many_tensors_are_found);
    suite_add_tcase(s, t);
    return run_suite(s);
}
