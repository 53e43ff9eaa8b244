/* Timing the calls into a layer: which there are, what is refused, and nothing left behind where memory ends. */
#include "support.h"
#include <math.h>
#include <snn/snn.h>
#include <snn/sys/layer.h>
#include <string.h>

static const size_t shape[3] = { 3, 8, 8 };

static snn_network *network(snn_context *ctx)
{
    snn_network *net;

    OK(snn_network_build(&net, ctx, "6C3-BN-MP2-FC", shape, 3, 4, NULL));
    OK(snn_network_prepare(net));
    return net;
}

/* Below the first layer nothing learns, a pool has no parameters. */
START_TEST(calls_that_there_are_are_timed)
{
    static const struct {
        const char *type;
        bool adjoint, gradient;
    } wanted[] = { { "conv2d", false, true }, { "batch_norm", true, true }, { "maxpool", true, false } };
    snn_context *ctx = test_context(2, 1, "best");
    snn_network *net = network(ctx);
    size_t seen = 0;

    for (size_t i = 0; snn_network_layer(net, i) != NULL; i++) {
        double t[3];
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        OK(snn_layer_get_info(snn_network_layer(net, i), &info));
        OK(snn_layer_measure(net, i, 3, 0.2, t));
        for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++)
            if (strcmp(info.type, wanted[w].type) == 0) {
                ck_assert_double_gt(t[0], 0);
                ck_assert_int_eq(t[1] > 0, wanted[w].adjoint);
                ck_assert_int_eq(t[2] > 0, wanted[w].gradient);
                seen++;
            }
    }
    ck_assert_uint_eq(seen, 3);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
    snn_context *ctx = test_context(1, 1, "ref");
    snn_network *net = network(ctx);
    double t[3];

    FAILS(snn_layer_measure(NULL, 0, 1, 0.1, t), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_layer_measure(net, 0, 1, 0.1, NULL), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_layer_measure(net, 100, 1, 0.1, t), SNN_ERR_ARGUMENT, "layer 100");
    FAILS(snn_layer_measure(net, 0, 0, 0.1, t), SNN_ERR_ARGUMENT, "samples 0");
    FAILS(snn_layer_measure(net, 0, 1, 1.5, t), SNN_ERR_ARGUMENT, "density");
    FAILS(snn_layer_measure(net, 0, 1, NAN, t), SNN_ERR_ARGUMENT, "density");
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    snn_status rc = SNN_ERR_MEMORY;
    size_t n = 0;

    for (; rc != SNN_OK; n++) {
        struct counting c = { 0 };
        snn_context_options options;
        double t[3];
        snn_context *ctx;
        snn_network *net;

        counting_options(&c, &options);
        options.threads = 1;
        OK(snn_context_create(&ctx, &options));
        net = network(ctx);
        c.fail_at = c.calls + n + 1;
        rc = snn_layer_measure(net, 2, 2, 0.1, t);
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        snn_network_destroy(net);
        snn_context_destroy(ctx);
        ck_assert_uint_eq(c.live, 0);
    }
    ck_assert_uint_gt(n, 5);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("times of layers");
    TCase *t = tcase_create("measure");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, calls_that_there_are_are_timed);
    tcase_add_test(t, wrong_calls_are_refused);
    tcase_add_test(t, every_allocation_may_fail);
    suite_add_tcase(s, t);
    return run_suite(s);
}
