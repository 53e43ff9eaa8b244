/* Adding layers: what was refused leaves the network as it was, name and number free, and there is an end to
 * layers. */
#include "network/network.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t shape[1] = { 5 };

static snn_network *empty(snn_context *ctx)
{
    snn_network *net = NULL;

    OK(snn_network_create(&net, ctx, shape, 1));
    return net;
}

/* A layer of that name can be added now, as number `index`. */
static snn_layer *added(snn_network *net, const char *name, uint32_t index)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    snn_layer *layer = NULL;

    OK(snn_network_add(net, "linear", name, &layer));
    OK(snn_layer_set_i64(layer, SNN_LAYER_OUT, 4));
    OK(snn_layer_get_info(layer, &info));
    ck_assert_uint_eq(info.index, index);
    ck_assert_ptr_eq(snn_network_layer_named(net, name), layer);
    return layer;
}

START_TEST(refused_additions_leave_nothing)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = empty(ctx);
    snn_layer *layer = (snn_layer *)&net;
    snn_neuron *neuron = NULL;

    added(net, "a", 0);
    FAILS(snn_network_add(net, "liner", "b", &layer), SNN_ERR_ARGUMENT, "liner");
    ck_assert_ptr_null(layer);
    FAILS(snn_network_add(net, "linear", "a", NULL), SNN_ERR_ARGUMENT, "taken");
    FAILS(snn_network_add(net, "linear", "b.c", NULL), SNN_ERR_ARGUMENT, "b.c");
    FAILS(snn_network_add(net, NULL, "b", NULL), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_network_add_neuron(net, NULL, "b", NULL), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_network_add_dense(net, 0, NULL), SNN_ERR_ARGUMENT, "out");
    FAILS(snn_network_add_conv2d(net, 4, 3, 0, 1, NULL), SNN_ERR_ARGUMENT, "stride");
    OK(snn_neuron_create(&neuron, ctx, "lif"));
    FAILS(snn_network_add_neuron(net, neuron, "a", NULL), SNN_ERR_ARGUMENT, "taken");
    added(net, "b", 1);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(net->n_layers, 2);
    snn_neuron_destroy(neuron);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(refused_parameters_can_be_taken_back)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = empty(ctx), *other = empty(ctx);
    snn_layer *first = added(net, "a", 0), *layer = NULL, *foreign = added(other, "b", 0);

    for (int again = 0; again < 3; again++) {
        OK(snn_network_add(net, "linear", "b", &layer));
        FAILS(snn_layer_set_i64(layer, SNN_LAYER_OUT, -1), SNN_ERR_ARGUMENT, "out");
        FAILS(snn_layer_connect(layer, "a", -1), SNN_ERR_ARGUMENT, "delay");
        FAILS(snn_network_remove(net, first), SNN_ERR_ARGUMENT, "last one");
        FAILS(snn_network_remove(net, foreign), SNN_ERR_ARGUMENT, "last one");
        FAILS(snn_network_remove(net, NULL), SNN_ERR_ARGUMENT, "NULL");
        FAILS(snn_network_remove(NULL, layer), SNN_ERR_ARGUMENT, "NULL");
        OK(snn_network_remove(net, layer));
        ck_assert_ptr_null(snn_network_layer_named(net, "b"));
    }
    layer = added(net, "b", 1);
    OK(snn_network_prepare(net));
    FAILS(snn_network_remove(net, layer), SNN_ERR_STATE, "prepared");
    ck_assert_uint_eq(net->n_parameters, 5 * 4 + 4 + 4 * 4 + 4);
    OK(snn_network_remove(other, foreign));
    FAILS(snn_network_prepare(other), SNN_ERR_SHAPE, "no layers");
    snn_network_destroy(net);
    snn_network_destroy(other);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(memory_that_fails_leaves_the_name)
{
    struct counting c = { 0 };
    snn_context_options o;
    snn_context *ctx = NULL;
    snn_network *net;
    snn_status rc;

    counting_options(&c, &o);
    o.threads = 1;
    OK(snn_context_create(&ctx, &o));
    net = empty(ctx);
    for (uint32_t i = 0; i < 40; i++) { /* room for layers grows on the way */
        char name[8];

        snprintf(name, sizeof name, "l%u", i);
        for (size_t n = 1;; n++) {
            c.fail_at = c.calls + n;
            rc = snn_network_add(net, "linear", name, NULL);
            c.fail_at = 0;
            if (rc == SNN_OK)
                break;
            ck_assert_int_eq(rc, SNN_ERR_MEMORY);
            ck_assert_uint_eq(net->n_layers, i);
            ck_assert_ptr_null(snn_network_layer_named(net, name));
        }
        ck_assert_uint_eq(net->layer[i]->index, i);
    }
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

/* A notation of 64 kB is refused at the layer that is one too many, not after minutes. */
START_TEST(layers_have_an_end)
{
    enum { LENGTH = 1 << 16 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = empty(ctx);
    char *notation = malloc(LENGTH);
    snn_layer *last = NULL;

    for (size_t i = 0; i < SNN__LAYERS_MAX; i++)
        OK(snn_network_add(net, "linear", NULL, &last));
    FAILS(snn_network_add(net, "linear", NULL, NULL), SNN_ERR_UNSUPPORTED, "4096 layers");
    FAILS(snn_network_add_dense(net, 3, NULL), SNN_ERR_UNSUPPORTED, "4096 layers");
    OK(snn_network_remove(net, last));
    OK(snn_network_add(net, "linear", "end", NULL));
    snn_network_destroy(net);
    for (size_t i = 0; i < LENGTH; i++)
        notation[i] = i % 2 ? '-' : '1';
    notation[LENGTH - 1] = '\0';
    FAILS(snn_network_build(&net, ctx, notation, shape, 1, 1, NULL), SNN_ERR_UNSUPPORTED, "4096 layers");
    ck_assert_ptr_null(net);
    free(notation);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("network: layers");
    TCase *t = tcase_create("layers");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, refused_additions_leave_nothing);
    tcase_add_test(t, refused_parameters_can_be_taken_back);
    tcase_add_test(t, memory_that_fails_leaves_the_name);
    tcase_add_test(t, layers_have_an_end);
    suite_add_tcase(s, t);
    return run_suite(s);
}
