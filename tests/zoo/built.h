/* What the suites of ready-made networks ask of a network that they built. */
#ifndef SNN_TESTS_BUILT_H
#define SNN_TESTS_BUILT_H

#include "support.h"
#include <stdio.h>
#include <string.h>

static snn_context *ctx;
static snn_network *net;

static inline void setup(void)
{
    ctx = test_context(1, 1, "ref");
    net = NULL;
}

static inline void teardown(void)
{
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

static inline void build(const char *name, size_t c, size_t h, size_t w, size_t classes)
{
    size_t shape[3] = { c, h, w };

    snn_network_destroy(net);
    OK(snn_network_build(&net, ctx, name, shape, h == 0 ? 1 : 3, classes, NULL));
}

static inline snn_network_info info(void)
{
    snn_network_info i = SNN_NETWORK_INFO_INIT;

    OK(snn_network_get_info(net, &i));
    return i;
}

static inline snn_layer_info layer_info(const char *name)
{
    snn_layer_info i = SNN_LAYER_INFO_INIT;
    snn_layer *layer = snn_network_layer_named(net, name);

    ck_assert_msg(layer != NULL, "no layer %s", name);
    OK(snn_layer_get_info(layer, &i));
    return i;
}

static inline int64_t i64(const char *layer, int32_t key)
{
    int64_t value = -1;

    OK(snn_layer_get_i64(snn_network_layer_named(net, layer), key, &value));
    return value;
}

static inline double f64(const char *layer, int32_t key)
{
    double value = -1;

    OK(snn_layer_get_f64(snn_network_layer_named(net, layer), key, &value));
    return value;
}

static inline const char *str(const char *layer, int32_t key)
{
    const char *value = "";

    OK(snn_layer_get_str(snn_network_layer_named(net, layer), key, &value));
    return value;
}

/* The names of all layers, with blanks between. */
static inline const char *names(void)
{
    static char text[16384];
    const char *name;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; snn_network_layer(net, i) != NULL; i++) {
        snn_layer_info l = SNN_LAYER_INFO_INIT;

        OK(snn_layer_get_info(snn_network_layer(net, i), &l));
        name = l.name;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", name);
    }
    return text;
}

static inline const char *source(const char *layer, size_t index, int *delay)
{
    const char *from = NULL;

    OK(snn_layer_input(snn_network_layer_named(net, layer), index, &from, delay));
    return from;
}

#endif
