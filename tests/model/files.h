/* A folder for model files, and a small network of every kind of tensor. */
#ifndef SNN_TESTS_MODEL_FILES_H
#define SNN_TESTS_MODEL_FILES_H

#include "support.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static snn_context *ctx;
static snn_network *net;
static char dir[64], path[96];

static inline void setup(void)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* flushing takes no time there */

    snprintf(dir, sizeof dir, "%s/snn-model-XXXXXX", tmp);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.snn", dir);
    ctx = test_context(1, 1, "ref");
    net = NULL;
}

/* Number of files in the directory. */
static inline size_t files(void)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    ck_assert_ptr_nonnull(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static inline void teardown(void)
{
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    unlink(path);
    rmdir(dir);
}

/* A small network with every kind of tensor: weights, bias, gain, running values, per-neuron state. */
static inline void make_small(void)
{
    const size_t shape[3] = { 1, 4, 4 };
    snn_layer *layer;

    OK(snn_network_build(&net, ctx, "ws:2C3-BN-AP2-3-FC", shape, 3, 2, NULL));
    layer = snn_network_layer_named(net, "sn2");
    ck_assert_ptr_nonnull(layer);
    OK(snn_layer_set_i64(layer, SNN_NEURON_PER_NEURON, 1));
    OK(snn_layer_set_i64(layer, SNN_NEURON_REFRACTORY, 2));
    OK(snn_network_prepare(net));
    OK(snn_network_set_note(net, "config", "{\"lr\": 0.1, \"\\\"snn.checksum\\\":\\\"00000000\\\"\": 1}"));
    OK(snn_network_set_note(net, "author", "caf\xc3\xa9"));
}

static inline unsigned char *read_all(const char *name, size_t *size)
{
    FILE *f = fopen(name, "rb");
    unsigned char *bytes = malloc(1 << 20);

    ck_assert(f != NULL && bytes != NULL);
    *size = fread(bytes, 1, 1 << 20, f);
    ck_assert_uint_lt(*size, 1 << 20);
    fclose(f);
    return bytes;
}

static inline bool same_tensors(const snn_network *a, const snn_network *b)
{
    size_t n = 0;

    for (size_t l = 0; snn_network_layer(a, l) != NULL; l++) {
        snn_tensor x = SNN_TENSOR_INIT, y = SNN_TENSOR_INIT;

        for (size_t i = 0; snn_layer_tensor(snn_network_layer(a, l), i, &x) == SNN_OK; i++, n++) {
            if (snn_layer_tensor(snn_network_layer(b, l), i, &y) != SNN_OK || x.length != y.length ||
                memcmp(x.data, y.data, x.length * sizeof(float)) != 0)
                return false;
        }
    }
    return n > 0;
}

static inline bool same_architecture(const snn_network *a, const snn_network *b)
{
    static char x[65536], y[65536];

    OK(snn_network_describe(a, x, sizeof x, NULL));
    OK(snn_network_describe(b, y, sizeof y, NULL));
    return strcmp(x, y) == 0;
}

static inline bool same_note(const snn_network *a, const snn_network *b, const char *key)
{
    const char *x = snn_network_note(a, key), *y = snn_network_note(b, key);

    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

#endif
