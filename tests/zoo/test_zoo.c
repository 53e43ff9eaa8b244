/* The ready-made networks and the notation. */
#include "zoo/built.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Convolutions: 9 numbers for each pair of channels, bias and gain for each output; the readout. */
static uint64_t vgg_weights(uint64_t in, uint64_t classes)
{
    static const uint64_t width[] = { 64, 128, 256, 256, 512, 512, 512, 512 };
    uint64_t n = 512 * classes + classes;

    for (size_t i = 0; i < 8; i++) {
        n += 9 * in * width[i] + 2 * width[i];
        in = width[i];
    }
    return n;
}

START_TEST(test_vgg_ws)
{
    build("vgg11-ws", 3, 32, 32, 10);
    ck_assert_str_eq(names(), "conv1 sn1 scale1 conv2 sn2 scale2 pool1 conv3 sn3 scale3 conv4 sn4 scale4 pool2 "
                              "conv5 sn5 scale5 conv6 sn6 scale6 pool3 conv7 sn7 scale7 conv8 sn8 scale8 "
                              "global_pool flatten fc");
    ck_assert_int_eq(i64("conv5", SNN_LAYER_STANDARDISE), 1);
    ck_assert_str_eq(str("conv5", SNN_LAYER_INIT), "kaiming");
    ck_assert_str_eq(str("fc", SNN_LAYER_INIT), "normal");
    ck_assert(f64("fc", SNN_LAYER_INIT_STD) == 0.01);
    ck_assert(f64("scale3", SNN_LAYER_VALUE) == 2.74);
    ck_assert(f64("sn1", SNN_NEURON_DECAY) == 0.5);
    ck_assert_str_eq(str("sn1", SNN_NEURON_SURROGATE), "sigmoid");
    ck_assert(f64("sn1", SNN_NEURON_SURROGATE_ALPHA) == 4.0);
    ck_assert_uint_eq(info().prepared, 0);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, vgg_weights(3, 10));
    ck_assert_uint_eq(layer_info("scale8").out.dim[1], 4);
    ck_assert_uint_eq(info().out.rank, 1);
    ck_assert_uint_eq(info().out.dim[0], 10);
}
END_TEST

START_TEST(test_vgg_ws_events)
{
    build("vgg11-ws", 2, 48, 48, 11);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("scale8").out.dim[2], 6);
    ck_assert_uint_eq(info().parameters, vgg_weights(2, 11));
}
END_TEST

START_TEST(test_vgg_ws_f)
{
    int delay = -1;

    build("vgg11-ws-f", 3, 32, 32, 10);
    ck_assert_str_eq(source("feedback", 0, &delay), "feedback_up");
    ck_assert_int_eq(delay, 1);
    ck_assert_str_eq(source("feedback_up", 0, &delay), "scale8");
    ck_assert_int_eq(delay, 0);
    ck_assert_str_eq(source("sum1", 0, &delay), "conv1");
    ck_assert_str_eq(source("sum1", 1, &delay), "feedback");
    ck_assert_str_eq(source("sn1", 0, &delay), "sum1");
    ck_assert_str_eq(source("global_pool", 0, &delay), "scale8");
    ck_assert_int_eq(i64("feedback", SNN_LAYER_STANDARDISE), 0);
    ck_assert_int_eq(i64("feedback", SNN_LAYER_BIAS), 1);
    ck_assert_str_eq(str("feedback", SNN_LAYER_INIT), "zero");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, vgg_weights(3, 10) + 9 * 512 * 64 + 64);
    ck_assert_uint_eq(layer_info("feedback_up").out.dim[1], 32);
}
END_TEST

START_TEST(test_vgg_bn)
{
    build("vgg11-bn", 2, 48, 48, 10);
    ck_assert_str_eq(str("sn1", SNN_NEURON_SURROGATE), "triangle");
    ck_assert(f64("sn1", SNN_NEURON_SURROGATE_ALPHA) == 1.0);
    ck_assert(f64("sn1", SNN_NEURON_DECAY) == 1.0 - 1.0 / 1.1);
    ck_assert(f64("drop3", SNN_LAYER_RATE) == 0.0);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("pool5").out.dim[1], 1); /* 48 24 12 6 3 1 */
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 25088);
    build("vgg11-bn", 2, 128, 128, 11);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("pool5").out.dim[1], 4);
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 25088);
}
END_TEST

START_TEST(test_resnet18)
{
    int delay = -1;

    build("resnet18", 3, 32, 32, 100);
    ck_assert_int_eq(i64("conv1", SNN_LAYER_BIAS), 0);
    ck_assert_int_eq(i64("b1_conv1", SNN_LAYER_BIAS), 1);
    ck_assert_int_eq(i64("b1_conv1", SNN_LAYER_STANDARDISE), 0);
    ck_assert_str_eq(source("b1_sum", 1, &delay), "b1_sn1"); /* the identity carries spikes */
    ck_assert_str_eq(source("b3_sum", 1, &delay), "b3_proj");
    ck_assert_str_eq(source("b3_proj", 0, &delay), "b3_sn1");
    ck_assert_int_eq(i64("b3_conv1", SNN_LAYER_STRIDE), 2);
    ck_assert_int_eq(i64("b4_conv1", SNN_LAYER_STRIDE), 1);
    ck_assert_ptr_null(snn_network_layer_named(net, "b1_proj"));
    ck_assert_ptr_null(snn_network_layer_named(net, "b4_proj"));
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("sn").out.dim[0], 512);
    ck_assert_uint_eq(layer_info("sn").out.dim[1], 4);
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 512);
    build("resnet18", 1, 28, 28, 10); /* other sizes than the paper's */
    OK(snn_network_prepare(net));
}
END_TEST

static unsigned neuron_layers(void)
{
    unsigned n = 0;

    for (size_t i = 0; snn_network_layer(net, i) != NULL; i++) {
        snn_layer_info l = SNN_LAYER_INFO_INIT;

        OK(snn_layer_get_info(snn_network_layer(net, i), &l));
        n += strcmp(l.type, "dsr_if") == 0;
    }
    return n;
}

/* Convolutions with bias, a norm in front of and a threshold in each population; the first convolution alone has no
 * bias. */
START_TEST(test_preact_resnet18)
{
    uint64_t n = 9 * 3 * 64, in = 64;
    int delay = -1;

    build("preact-resnet18", 3, 32, 32, 10);
    ck_assert_uint_eq(neuron_layers(), 19); /* 16 in blocks, one behind them, behind the pool, behind the readout */
    ck_assert_int_eq(i64("conv1", SNN_LAYER_BIAS), 0);
    ck_assert_int_eq(i64("b1_conv1", SNN_LAYER_BIAS), 1);
    ck_assert_int_eq(i64("b3_proj", SNN_LAYER_BIAS), 1);
    ck_assert_int_eq(i64("b3_proj", SNN_LAYER_KERNEL), 1);
    ck_assert_int_eq(i64("b3_proj", SNN_LAYER_STRIDE), 2);
    ck_assert_str_eq(source("b1_bn1", 0, &delay),
                     "conv1"); /* neither norm nor neurons behind the first convolution */
    ck_assert_str_eq(source("b2_sum", 1, &delay), "b2_sn1"); /* shortcuts start at the spikes */
    ck_assert_str_eq(source("b5_proj", 0, &delay), "b5_sn1");
    ck_assert_str_eq(source("pool_sn", 0, &delay), "global_pool");
    ck_assert_str_eq(source("fc_bn", 0, &delay), "fc");
    ck_assert_str_eq(source("fc_sn", 0, &delay), "fc_bn");
    ck_assert_str_eq(str("b1_bn1", SNN_LAYER_OVER), "all");
    ck_assert(f64("b1_sn1", SNN_NEURON_THRESHOLD) == 6);
    OK(snn_network_prepare(net));
    for (unsigned block = 0; block < 8; block++) {
        uint64_t width = (uint64_t)64 << block / 2;

        n += 2 * in + 1 + 9 * in * width + width + 2 * width + 1 + 9 * width * width + width;
        n += in != width ? in * width + width : 0;
        in = width;
    }
    ck_assert_uint_eq(info().parameters, n + 2 * 512 + 1 + 1 + 512 * 10 + 10 + 2 * 10 + 1);
}
END_TEST

START_TEST(test_vgg11_dsr)
{
    static const uint64_t width[] = { 64, 128, 256, 256, 512, 512, 512, 512 };
    uint64_t n = 0, in = 2;

    build("vgg11-dsr", 2, 48, 48, 10);
    ck_assert_uint_eq(neuron_layers(), 9);
    ck_assert(f64("drop1", SNN_LAYER_RATE) == 0.1);
    ck_assert(f64("drop8", SNN_LAYER_RATE) == 0.1);
    ck_assert(f64("fc", SNN_LAYER_INIT_STD) == 0.01);
    OK(snn_network_prepare(net));
    for (size_t i = 0; i < 8; i++) {
        n += 9 * in * width[i] + width[i] + 2 * width[i] + 1;
        in = width[i];
    }
    ck_assert_uint_eq(info().parameters, n + 25088 * 10 + 10 + 2 * 10 + 1);
}
END_TEST

/* One sample, over and over, at a small size: the loss falls. */
START_TEST(test_dsr_networks_train)
{
    static const char *const name[] = { "preact-resnet18", "vgg11-dsr" };
    const size_t side = _i ? 32 : 8; /* five pools, or three strides */
    snn_optimizer *sgd = NULL;
    snn_trainer *tr = NULL;
    snn_metrics m = SNN_METRICS_INIT;
    float x[2 * 3 * 32 * 32];
    const uint32_t label[2] = { 1, 3 };
    double first = 0;

    build(name[_i], 3, side, side, 4);
    for (size_t i = 0; snn_network_layer(net, i) != NULL; i++) {
        snn_layer_info l = SNN_LAYER_INFO_INIT;

        OK(snn_layer_get_info(snn_network_layer(net, i), &l));
        if (strcmp(l.type, "dsr_if") == 0) /* few steps make few spikes of 6 */
            OK(snn_layer_set_f64(snn_network_layer(net, i), SNN_NEURON_THRESHOLD, 1));
    }
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.02));
    OK(snn_trainer_create(&tr, net, sgd, "dsr"));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 4));
    OK(snn_trainer_set_str(tr, SNN_TRAINER_LOSS, "ce"));
    OK(snn_trainer_prepare(tr, 2));
    random_fill(x, 2 * 3 * side * side, -1, 1, 1);
    for (int i = 0; i < 3; i++) {
        OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 2), &m));
        first = i == 0 ? m.loss : first;
    }
    ck_assert_msg(m.loss < first, "%s: the loss went from %g to %g", name[_i], first, m.loss);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
}
END_TEST

START_TEST(test_nf_resnet34)
{
    int delay = -1;
    unsigned blocks = 0;
    char name[32];

    build("nf-resnet34", 3, 64, 64, 1000);
    do
        snprintf(name, sizeof name, "b%u_sum", ++blocks);
    while (snn_network_layer_named(net, name) != NULL);
    ck_assert_uint_eq(blocks - 1, 16);
    ck_assert_ptr_null(snn_network_layer_named(net, "b1_norm"));                   /* beta = 1 */
    ck_assert_double_eq_tol(f64("b2_norm", SNN_LAYER_VALUE), 0.980580676, 1e-8);   /* 1/sqrt 1.04 */
    ck_assert_double_eq_tol(f64("b4_norm", SNN_LAYER_VALUE), 0.944911183, 1e-8);   /* 1/sqrt 1.12 */
    ck_assert(f64("b5_norm", SNN_LAYER_VALUE) == f64("b2_norm", SNN_LAYER_VALUE)); /* behind a projection */
    ck_assert_str_eq(source("b1_sum", 1, &delay), "pool1");
    ck_assert_str_eq(source("b2_sum", 1, &delay), "b1_sum"); /* the identity is not scaled by beta */
    ck_assert_str_eq(source("b4_proj", 0, &delay), "b4_scale1");
    ck_assert_str_eq(str("fc", SNN_LAYER_INIT), "zero");
    ck_assert_int_eq(i64("conv1", SNN_LAYER_KERNEL), 7);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("b16_sum").out.dim[0], 512);
    ck_assert_uint_eq(layer_info("b16_sum").out.dim[1], 2); /* 64 32 16 16 8 4 2 */
}
END_TEST

/* The feedback of every ide network: restricted, from the last population, without bias. */
static void check_loop(const char *last, double decay)
{
    int delay = -1;

    ck_assert_str_eq(source("feedback", 0, &delay), last);
    ck_assert_int_eq(delay, 1);
    ck_assert_str_eq(source("sum1", 0, &delay), "drop1");
    ck_assert_str_eq(source("sum1", 1, &delay), "feedback_drop");
    ck_assert_str_eq(source("feedback_drop", 0, &delay), "feedback");
    ck_assert_int_eq(delay, 0);
    ck_assert_int_eq(i64("feedback", SNN_LAYER_BIAS), 0);
    ck_assert_str_eq(str("feedback", SNN_LAYER_NORM), "spectral");
    ck_assert(f64("feedback", SNN_LAYER_RANGE) == 1.0);
    ck_assert_str_eq(str("feedback", SNN_LAYER_INIT), "unit");
    ck_assert_str_eq(layer_info(last).type, "lif");
    ck_assert(f64(last, SNN_NEURON_THRESHOLD) == 2.0);
    ck_assert(f64(last, SNN_NEURON_DECAY) == decay);
    ck_assert(f64("rate", SNN_LAYER_DECAY) == decay);
    ck_assert(f64("drop1", SNN_LAYER_RATE) == 0.0);
    ck_assert(f64("feedback_drop", SNN_LAYER_RATE) == 0.0);
}

#define LOOP "drop1 feedback feedback_drop sum1 sn1 "

START_TEST(test_ide_400)
{
    snn_neuron *neuron = NULL;
    const size_t shape[3] = { 1, 28, 28 };

    build("ide-400", 1, 28, 28, 10);
    ck_assert_str_eq(names(), "flatten fc1 bn1 " LOOP "rate fc");
    check_loop("sn1", 0.95);
    ck_assert_str_eq(str("fc1", SNN_LAYER_INIT), "unit");
    ck_assert_str_eq(str("fc", SNN_LAYER_INIT), "default");
    OK(snn_network_prepare(net));
    /* F, its norm, W and g, readout */
    ck_assert_uint_eq(info().parameters, 784 * 400 + 400 + 800 + 400 * 400 + 1 + 4000 + 10);

    snn_network_destroy(net);
    OK(snn_neuron_create(&neuron, ctx, "if"));
    OK(snn_network_build(&net, ctx, "ide-400", shape, 3, 10, neuron));
    snn_neuron_destroy(neuron);
    ck_assert(f64("rate", SNN_LAYER_DECAY) == 1.0);
}
END_TEST

START_TEST(test_ide_64c5)
{
    build("ide-64c5", 1, 28, 28, 10);
    ck_assert_str_eq(names(), "conv1 bn1 " LOOP "rate flatten fc");
    check_loop("sn1", 0.95);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 12544);
    ck_assert_uint_eq(info().parameters, 25 * 64 + 64 + 128 + 25 * 64 * 64 + 1 + 125440 + 10);
    build("ide-64c5", 2, 34, 34, 10); /* N-MNIST */
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 64 * 16 * 16);
}
END_TEST

static const struct {
    const char *name;
    uint64_t width[5];
} five[] = { { "alexnet-f", { 96, 256, 384, 384, 256 } }, { "cifarnet-f", { 128, 256, 512, 1024, 512 } } };

START_TEST(test_ide_five)
{
    const uint64_t *width = five[_i].width;
    uint64_t in = 3, n = 9 * width[4] * width[0] + 1 + width[4] * 64 * 10 + 10;

    build(five[_i].name, 3, 32, 32, 10);
    ck_assert_str_eq(names(), "conv1 bn1 " LOOP "conv2 bn2 drop2 sn2 conv3 bn3 drop3 sn3 conv4 bn4 drop4 sn4 "
                              "conv5 bn5 drop5 sn5 rate flatten fc");
    check_loop("sn5", 0.99);
    OK(snn_network_prepare(net));
    for (size_t i = 0; i < 5; i++) {
        n += 9 * in * width[i] + 3 * width[i]; /* bias, and two of the norm */
        in = width[i];
    }
    ck_assert_uint_eq(info().parameters, n);
    ck_assert_uint_eq(layer_info("sn1").out.dim[1], 16);
    ck_assert_uint_eq(layer_info("sn5").out.dim[1], 8);
}
END_TEST

START_TEST(test_spide)
{
    int delay;

    build("spide-lenet", 1, 28, 28, 10);
    ck_assert_str_eq(names(), "conv1 sn1 pool1 sn2 conv2 sn3 pool2 sn4 map fc1 drop3 sn5 rate fc");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, 25 * 15 + 15 + 25 * 15 * 40 + 40 + 1960 * 300 + 300 + 3000 + 10);
    ck_assert_double_eq_tol(f64("fc1", SNN_LAYER_INIT_STD), sqrt(2.0 / 1960), 1e-12);
    build("spide-convnet-f", 1, 28, 28, 10);
    ck_assert_str_eq(names(), "conv1 " LOOP "conv2 drop2 sn2 conv3 drop3 sn3 rate flatten fc");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, 25 * 64 + 64 + 2 * (25 * 64 * 64 + 64) + 9 * 64 * 64 + 31360 + 10);
    ck_assert_str_eq(source("feedback", 0, &delay), "sn3");
    ck_assert_int_eq(delay, 1);
    ck_assert_str_eq(str("feedback", SNN_LAYER_NORM), "frobenius");
    ck_assert(f64("feedback", SNN_LAYER_RANGE) == 2.0);
    ck_assert_uint_eq(layer_info("sn1").out.dim[1], 14);
    ck_assert_uint_eq(layer_info("sn3").out.dim[1], 7);
    for (size_t i = 1; i <= 3; i++) {
        char name[8];

        snprintf(name, sizeof name, "sn%zu", i);
        ck_assert_str_eq(layer_info(name).type, "if");
        ck_assert(f64(name, SNN_NEURON_THRESHOLD) == 2.0 && f64(name, SNN_NEURON_FIRE_AT) == 0.5);
    }
}
END_TEST

START_TEST(test_own_neuron)
{
    const size_t shape[1] = { 20 };
    snn_neuron *neuron = NULL;

    OK(snn_neuron_create(&neuron, ctx, "alif"));
    OK(snn_neuron_set_f64(neuron, SNN_NEURON_THRESHOLD, 0.75));
    OK(snn_network_build(&net, ctx, "20-30-5", shape, 1, 5, neuron));
    snn_neuron_destroy(neuron);
    ck_assert_str_eq(layer_info("sn1").type, "alif");
    ck_assert(f64("sn1", SNN_NEURON_THRESHOLD) == 0.75);
}
END_TEST

static const struct {
    const char *text;
    size_t c, h, w, classes;
    const char *layers;
} notations[] = {
    { "784-800-10", 784, 0, 0, 10, "fc1 sn1 fc2" },
    { "784-800-10", 1, 28, 28, 10, "flatten fc1 sn1 fc2" },
    { "800-FC", 784, 0, 0, 10, "fc1 sn1 fc2" },
    { "10-10-10", 10, 0, 0, 10, "fc1 sn1 fc2" },
    { "10", 10, 0, 0, 10, "fc1" },
    { "FC", 7, 0, 0, 3, "fc1" },
    { "12-5", 7, 0, 0, 0, "fc1 sn1 fc2" },
    { "30-BN-20-FC", 7, 0, 0, 3, "fc1 bn1 sn1 fc2 sn2 fc3" },
    { "30-LN-FC", 7, 0, 0, 3, "fc1 ln1 sn1 fc2" },
    { "8C3-AP2-8C5s2-BN-MP2-GAP-FC", 2, 16, 16, 3, "conv1 sn1 pool1 conv2 bn2 sn2 pool2 global_pool3 flatten fc3" },
    { "8C3-40-FC", 2, 6, 6, 3, "conv1 sn1 flatten fc2 sn2 fc3" },
    { "ws:32C3-AP2-64C3-AP2-64C3-FC", 1, 28, 28, 10,
      "conv1 sn1 scale1 pool1 conv2 sn2 scale2 pool2 conv3 sn3 scale3 flatten fc4" },
};

START_TEST(test_notation)
{
    size_t i = (size_t)_i;

    build(notations[i].text, notations[i].c, notations[i].h, notations[i].w, notations[i].classes);
    ck_assert_str_eq(names(), notations[i].layers);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().out.rank, 1);
    if (notations[i].classes != 0)
        ck_assert_uint_eq(info().out.dim[0], notations[i].classes);
}
END_TEST

START_TEST(test_notation_sizes)
{
    build("8C3-16C5s2-FC", 2, 15, 16, 3);
    ck_assert_int_eq(i64("conv2", SNN_LAYER_OUT), 16);
    ck_assert_int_eq(i64("conv2", SNN_LAYER_KERNEL), 5);
    ck_assert_int_eq(i64("conv2", SNN_LAYER_STRIDE), 2);
    ck_assert_int_eq(i64("conv2", SNN_LAYER_PAD), 2);
    ck_assert_int_eq(i64("conv2", SNN_LAYER_STANDARDISE), 0);
    ck_assert_str_eq(str("fc3", SNN_LAYER_INIT), "default");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("conv1").out.dim[1], 15);
    ck_assert_uint_eq(layer_info("conv2").out.dim[1], 8);
    ck_assert_uint_eq(layer_info("conv2").out.dim[2], 8);
    build("ws:8C3-FC", 2, 15, 16, 3);
    ck_assert_int_eq(i64("conv1", SNN_LAYER_STANDARDISE), 1);
    ck_assert(f64("scale1", SNN_LAYER_VALUE) == 2.74);
}
END_TEST

static const struct {
    const char *text;
    size_t c, h, w, classes;
    snn_status code;
    const char *message;
} wrong[] = {
    { "784-abc-10", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 2 \"abc\": expected a number" },
    { "vgg16", 3, 32, 32, 10, SNN_ERR_ARGUMENT, "token 1 \"vgg16\"" },
    { "vgg16", 3, 32, 32, 10, SNN_ERR_ARGUMENT, "nf-resnet34" },
    { "", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 1 \"\"" },
    { "ws:", 3, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"\"" },
    { "784--10", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 2 \"\"" },
    { "784-10-", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 3 \"\"" },
    { "784-800-12", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 3 \"12\": expected FC or 10" },
    { "784-0-10", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 2 \"0\"" },
    { "784-1234567890-10", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 2 \"1234567890\"" },
    { "784-FC-10", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 2 \"FC\": the readout must be the last" },
    { "784-FC", 784, 0, 0, 0, SNN_ERR_ARGUMENT, "number of classes is 0" },
    { "784-BN-FC", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 2 \"BN\"" },
    { "20-BN-BN-FC", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 3 \"BN\"" },
    { "20-BN-LN-FC", 784, 0, 0, 10, SNN_ERR_ARGUMENT, "token 3 \"LN\"" },
    { "8C3-AP2-BN-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 3 \"BN\"" },
    { "8C4-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"8C4\": expected an odd kernel" },
    { "8C3s-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"8C3s\"" },
    { "8C3s0-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"8C3s0\"" },
    { "8C3x-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"8C3x\"" },
    { "8c3-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"8c3\"" },
    { "AP-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"AP\"" },
    { "AP2x-FC", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 1 \"AP2x\"" },
    { "8C3-GAP", 1, 8, 8, 10, SNN_ERR_ARGUMENT, "token 2 \"GAP\": expected FC" },
    { "8C3-FC", 64, 0, 0, 10, SNN_ERR_SHAPE, "token 1 \"8C3\": needs a map" },
    { "8C3-20-AP2-FC", 1, 8, 8, 10, SNN_ERR_SHAPE, "token 3 \"AP2\": needs a map" },
    { "resnet18", 784, 0, 0, 10, SNN_ERR_SHAPE, "rank 3" },
    { "resnet18", 3, 32, 32, 0, SNN_ERR_ARGUMENT, "classes is 0" },
    { "vgg11-ws-f", 3, 28, 28, 10, SNN_ERR_SHAPE, "multiples of 8" },
    { "alexnet-f", 3, 30, 32, 10, SNN_ERR_SHAPE, "multiples of 4" },
    { "ide-400", 784, 0, 0, 10, SNN_ERR_SHAPE, "rank 3" },
};

START_TEST(test_wrong)
{
    size_t i = (size_t)_i, shape[3] = { wrong[i].c, wrong[i].h, wrong[i].w };

    FAILS(snn_network_build(&net, ctx, wrong[i].text, shape, wrong[i].h ? 3 : 1, wrong[i].classes, NULL),
          wrong[i].code, wrong[i].message);
    ck_assert_ptr_null(net);
}
END_TEST

START_TEST(test_arguments)
{
    const size_t shape[3] = { 1, 0, 8 };

    FAILS(snn_network_build(NULL, ctx, "FC", shape, 1, 2, NULL), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_network_build(&net, NULL, "FC", shape, 1, 2, NULL), SNN_ERR_ARGUMENT, "context is NULL");
    FAILS(snn_network_build(&net, ctx, NULL, shape, 1, 2, NULL), SNN_ERR_ARGUMENT, "name is NULL");
    FAILS(snn_network_build(&net, ctx, "FC", NULL, 1, 2, NULL), SNN_ERR_ARGUMENT, "shape is NULL");
    FAILS(snn_network_build(&net, ctx, "FC", shape, 4, 2, NULL), SNN_ERR_SHAPE, "rank");
    FAILS(snn_network_build(&net, ctx, "FC", shape, 3, 2, NULL), SNN_ERR_SHAPE, "");
    ck_assert_ptr_null(net);
}
END_TEST

/* A long text must neither overflow a buffer nor pass. */
START_TEST(test_long)
{
    static char text[100001];
    const size_t shape[1] = { 4 };

    memset(text, 'A', sizeof text - 1);
    FAILS(snn_network_build(&net, ctx, text, shape, 1, 2, NULL), SNN_ERR_ARGUMENT, "token 1");
    memset(text, '-', sizeof text - 1);
    FAILS(snn_network_build(&net, ctx, text, shape, 1, 2, NULL), SNN_ERR_ARGUMENT, "token 1");
}
END_TEST

/* Every allocation of a build may fail. */
START_TEST(test_memory)
{
    const size_t shape[3] = { 3, 32, 32 };

    for (size_t n = 1;; n++) {
        struct counting counting = { 0, 0, 0, 0 };
        snn_context_options options;
        snn_context *small = NULL;
        snn_network *made = NULL;
        snn_status rc;

        counting_options(&counting, &options);
        options.threads = 1;
        OK(snn_context_create(&small, &options));
        counting.fail_at = counting.calls + n;
        rc = snn_network_build(&made, small, "resnet18", shape, 3, 10, NULL);
        snn_network_destroy(made);
        snn_context_destroy(small);
        ck_assert_uint_eq(counting.live, 0);
        if (rc == SNN_OK)
            break;
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
        ck_assert_uint_lt(n, 10000);
    }
}
END_TEST

/* Which weights are binary, and how many there are in all. */
static uint64_t count_binary(unsigned *layers)
{
    uint64_t n = 0;
    snn_layer *layer;

    *layers = 0;
    for (size_t i = 0; (layer = snn_network_layer(net, i)) != NULL; i++) {
        const char *binary = "none";
        snn_tensor weight = SNN_TENSOR_INIT;

        if (snn_layer_get_str(layer, SNN_LAYER_BINARY, &binary) != SNN_OK || strcmp(binary, "none") == 0)
            continue;
        ck_assert_str_eq(binary, "scaled");
        OK(snn_layer_tensor_named(layer, "weight", &weight));
        ck_assert(snn_layer_tensor_named(layer, "bias", &weight) != SNN_OK);
        n += weight.length;
        ++*layers;
    }
    return n;
}

static const char *text_of(const char *layer, int32_t key)
{
    const char *value = "";

    OK(snn_layer_get_str(snn_network_layer_named(net, layer), key, &value));
    return value;
}

START_TEST(test_binary_mlp)
{
    unsigned layers;

    build("binary-mlp", 1, 28, 28, 10);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(count_binary(&layers), 4 * 512 * 512);
    ck_assert_uint_eq(layers, 4);
    ck_assert_uint_eq(info().parameters, 784 * 512 + 4 * 512 * 512 + 5 * 2 * 512 + 5130);
    ck_assert_str_eq(text_of("bn2", SNN_LAYER_OVER), "all");
    ck_assert_str_eq(source("sum3", 0, NULL), "bn3");
    ck_assert_str_eq(source("sum3", 1, NULL), "sum2");
    ck_assert_str_eq(source("sn3", 0, NULL), "sum2");
}
END_TEST

START_TEST(test_binary_conv)
{
    unsigned layers;

    build("binary-conv", 1, 28, 28, 10);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(count_binary(&layers), 6 * 9 * 128 * 128);
    ck_assert_uint_eq(layers, 6);
    ck_assert_uint_eq(info().parameters, 9 * 128 + 6 * 9 * 128 * 128 + 7 * 2 * 128 + 1290);
    ck_assert_uint_eq(layer_info("sum3").out.dim[1], 14);
    ck_assert_uint_eq(layer_info("sum4").out.dim[1], 7);
    ck_assert_str_eq(source("sum4", 1, NULL), "pool4");
    ck_assert_str_eq(source("conv4", 0, NULL), "sn4");
    ck_assert_str_eq(source("sn4", 0, NULL), "sum3");
    ck_assert_str_eq(source("pool4", 0, NULL), "sum3");
    build("binary-conv", 2, 25, 29, 10);
    OK(snn_network_prepare(net)); /* odd sizes are halved as the convolution does */
    ck_assert_uint_eq(layer_info("sum4").out.dim[1], 7);
    ck_assert_uint_eq(layer_info("sum4").out.dim[2], 8);
}
END_TEST

START_TEST(test_binary_resnet18)
{
    uint64_t binary =
        9 * (4 * 64 * 64 + 64 * 128 + 3 * 128 * 128 + 128 * 256 + 3 * 256 * 256 + 256 * 512 + 3 * 512 * 512);
    uint64_t shortcuts = 64 * 128 + 128 * 256 + 256 * 512, norms = 64 + 4 * (64 + 128 + 256 + 512) + 128 + 256 + 512;
    const size_t shape[3] = { 3, 31, 32 };
    unsigned layers;

    build("binary-resnet18", 3, 32, 32, 10);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(count_binary(&layers), binary);
    ck_assert_uint_eq(layers, 16);
    ck_assert_uint_eq(info().parameters, 27 * 64 + binary + shortcuts + 2 * norms + 5130);
    ck_assert_uint_eq(layer_info("sum17").out.dim[1], 4);
    ck_assert_str_eq(source("sum6", 0, NULL), "bn6");
    ck_assert_str_eq(source("sum6", 1, NULL), "proj6_bn");
    snn_network_destroy(net);
    net = NULL;
    FAILS(snn_network_build(&net, ctx, "binary-resnet18", shape, 3, 10, NULL), SNN_ERR_SHAPE,
          "31x32 cannot be halved");
}
END_TEST

/* The MLPs alone, or all but patches and readout; the stream goes around each pair of layers. */
START_TEST(test_binary_transformer)
{
    uint64_t attention = 2 * 4 * 64 * 64, mlp = 2 * 2 * 256 * 64, norms = 2 * 64 + 2 * (5 * 64 + 256);
    unsigned layers;

    build(_i ? "binary-transformer-a" : "binary-transformer", 1, 28, 28, 10);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(count_binary(&layers), mlp + (_i ? attention : 0));
    ck_assert_uint_eq(layers, _i ? 12 : 4);
    ck_assert_uint_eq(info().parameters, 49 * 64 + 9 * 64 * 64 + attention + mlp + 2 * norms + 650);
    ck_assert_uint_eq(layer_info("patch").out.dim[1], 7);
    ck_assert_str_eq(source("b1_attention", 0, NULL), "b1_q_sn");
    ck_assert_str_eq(source("b1_attention", 1, NULL), "b1_k_sn");
    ck_assert_str_eq(source("b1_attention", 2, NULL), "b1_v_sn");
    ck_assert_str_eq(source("b1_k", 0, NULL), "b1_sn1");
    ck_assert_str_eq(source("b1_sum1", 1, NULL), "place_sum");
    ck_assert_str_eq(source("b2_sn2", 0, NULL), "b2_sum1");
    ck_assert_str_eq(source("b2_sum2", 0, NULL), "b2_down_bn");
    ck_assert_str_eq(source("b2_sum2", 1, NULL), "b2_sum1");
    ck_assert_str_eq(source("sn", 0, NULL), "b2_sum2");
    ck_assert_int_eq(i64("b2_attention", SNN_LAYER_HEADS), 2);
    ck_assert_str_eq(text_of("b2_o_bn", SNN_LAYER_OVER), "all");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("network_builders");
    TCase *tcase = tcase_create("builders");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_vgg_ws);
    tcase_add_test(tcase, test_vgg_ws_events);
    tcase_add_test(tcase, test_vgg_ws_f);
    tcase_add_test(tcase, test_vgg_bn);
    tcase_add_test(tcase, test_resnet18);
    tcase_add_test(tcase, test_preact_resnet18);
    tcase_add_test(tcase, test_vgg11_dsr);
    tcase_add_loop_test(tcase, test_dsr_networks_train, 0, 2);
    tcase_add_test(tcase, test_nf_resnet34);
    tcase_add_test(tcase, test_ide_400);
    tcase_add_test(tcase, test_ide_64c5);
    tcase_add_loop_test(tcase, test_ide_five, 0, (int)(sizeof five / sizeof *five));
    tcase_add_test(tcase, test_spide);
    tcase_add_test(tcase, test_binary_mlp);
    tcase_add_test(tcase, test_binary_conv);
    tcase_add_test(tcase, test_binary_resnet18);
    tcase_add_loop_test(tcase, test_binary_transformer, 0, 2);
    tcase_add_test(tcase, test_own_neuron);
    tcase_add_loop_test(tcase, test_notation, 0, (int)(sizeof notations / sizeof *notations));
    tcase_add_test(tcase, test_notation_sizes);
    tcase_add_loop_test(tcase, test_wrong, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tcase, test_arguments);
    tcase_add_test(tcase, test_long);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
