/* Feedback alignment and sign symmetry: training with other weights on the way down. */
#include "trainer/builder.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static snn_context *ctx;

static void setup(void)
{
    ctx = test_context(2, 5, "best");
}

static void teardown(void)
{
    snn_context_destroy(ctx);
}

static snn_network *made(const char *kind)
{
    const size_t shape[3] = { 6 };
    char layers[256];

    snprintf(layers, sizeof layers, "linear a out=8; lif s; linear b out=8 back_weights=%s; lif r; linear c out=4",
             kind);
    return network_of(ctx, shape, layers);
}

/* The random weights lie within their bound, stay what they are in training, and travel with the model. */
START_TEST(test_random)
{
    char path[] = "/tmp/snn-alignment-XXXXXX";
    snn_network *net = made("random"), *loaded;
    const int file = mkstemp(path);
    const uint32_t label[3] = { 0, 1, 2 };
    snn_tensor back = SNN_TENSOR_INIT, weight = SNN_TENSOR_INIT;
    float x[18], before[64], largest = 0;
    snn_optimizer *sgd;
    snn_trainer *tr;

    ck_assert_int_ge(file, 0);
    close(file);
    OK(snn_network_prepare(net));
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "b"), "back", &back));
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "b"), "weight", &weight));
    ck_assert(back.length == 64 && back.trained == 0);
    ck_assert_mem_ne(back.data, weight.data, sizeof before);
    memcpy(before, back.data, sizeof before);
    for (size_t i = 0; i < 64; i++)
        largest = fmaxf(largest, fabsf(before[i]));
    ck_assert(largest > 0.25f && largest <= 0.35355340f); /* 1/sqrt(8) */
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_trainer_create(&tr, net, sgd, "sltt"));
    OK(snn_trainer_prepare(tr, 3));
    random_fill(x, 18, 0, 3, 1);
    for (int i = 0; i < 5; i++)
        OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 3), NULL));
    ck_assert_mem_eq(back.data, before, sizeof before);
    OK(snn_network_save(net, path));
    OK(snn_network_load(&loaded, ctx, path));
    unlink(path);
    OK(snn_layer_tensor_named(snn_network_layer_named(loaded, "b"), "back", &back));
    ck_assert_mem_eq(back.data, before, sizeof before);
    snn_network_destroy(loaded);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
}
END_TEST

/* The loss after some updates, by a method. */
static double trained(const char *kind, const char *method)
{
    snn_network *net = made(kind);
    const uint32_t label[8] = { 0, 1, 2, 3, 0, 1, 2, 3 };
    snn_metrics first = SNN_METRICS_INIT, m = SNN_METRICS_INIT;
    snn_optimizer *sgd;
    snn_trainer *tr;
    float x[48];

    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.1));
    OK(snn_trainer_create(&tr, net, sgd, method));
    OK(snn_trainer_prepare(tr, 8));
    random_fill(x, 48, 0, 4, 1);
    OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 8), &first));
    for (int i = 0; i < 300; i++)
        OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 8), &m));
    ck_assert_msg(m.loss < 0.8 * first.loss, "%s by %s: loss %g, then %g", kind, method, first.loss, m.loss);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    return m.loss;
}

START_TEST(test_learns)
{
    const char *method = _i ? "bptt" : "ottt";
    const double same = trained("same", method);

    ck_assert(trained("sign", method) != same && trained("random", method) != same);
}
END_TEST

START_TEST(test_refused)
{
    static const char *const other[] = { "standardise", "1", "norm", "spectral", "binary", "scaled" };
    const size_t shape = 6;

    for (size_t i = 0; i < 6; i += 2) {
        snn_network *net;
        snn_layer *layer;

        OK(snn_network_create(&net, ctx, &shape, 1));
        OK(snn_network_add(net, "linear", "b", &layer));
        OK(snn_layer_set_str(layer, SNN_LAYER_BACK_WEIGHTS, "random"));
        OK(snn_layer_set_text(layer, other[i], other[i + 1]));
        FAILS(snn_network_prepare(net), SNN_ERR_UNSUPPORTED, "layer b: back_weights random goes with neither");
        snn_network_destroy(net);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: other weights on the way down");
    TCase *tc = tcase_create("alignment");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_random);
    tcase_add_loop_test(tc, test_learns, 0, 2);
    tcase_add_test(tc, test_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
