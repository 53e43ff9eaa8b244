/* The networks of the papers: layers and shapes as their tables have them, parameters counted by formulas. */
#include "zoo/built.h"
#include <stdlib.h>
#include <unistd.h>

static uint64_t square(uint64_t x)
{
    return x * x;
}

/* ---- VGG with batch norm: 3x3 convolutions with bias and norm, and 7x7 cells of 512 channels for the readout */

static uint64_t vgg_count(const uint64_t *width, uint64_t in, uint64_t classes)
{
    uint64_t n = 25088 * classes + classes;

    for (; *width != 0; in = *width++)
        n += 9 * in * *width + 3 * *width;
    return n;
}

static const struct {
    const char *name;
    uint64_t width[17];
    unsigned pool_after[5];
} vggs[] = {
    { "vgg13-bn", { 64, 64, 128, 128, 256, 256, 512, 512, 512, 512 }, { 2, 4, 6, 8, 10 } },
    { "vgg16-bn", { 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512 }, { 2, 4, 7, 10, 13 } },
    { "vgg19-bn",
      { 64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512 },
      { 2, 4, 8, 12, 16 } },
};

START_TEST(test_vgg)
{
    char name[16], want[16];

    build(vggs[_i].name, 2, 48, 48, 10);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, vgg_count(vggs[_i].width, 2, 10));
    for (unsigned conv = 1; vggs[_i].width[conv - 1] != 0; conv++) {
        snprintf(name, sizeof name, "sn%u", conv);
        ck_assert_uint_eq(layer_info(name).out.dim[0], vggs[_i].width[conv - 1]);
        ck_assert_str_eq(str(name, SNN_NEURON_SURROGATE), "triangle");
    }
    for (unsigned pool = 1; pool <= 5; pool++) {
        snprintf(name, sizeof name, "pool%u", pool);
        snprintf(want, sizeof want, "drop%u", vggs[_i].pool_after[pool - 1]);
        ck_assert_str_eq(source(name, 0, NULL), want);
        ck_assert_uint_eq(layer_info(name).out.dim[1], 48u >> pool);
    }
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 25088);
}
END_TEST

/* ---- residual networks */

static const struct form {
    const char *suffix;
    unsigned blocks[4];
    bool bottleneck;
} forms[] = { { "resnet18", { 2, 2, 2, 2 }, false },
              { "resnet34", { 3, 4, 6, 3 }, false },
              { "resnet50", { 3, 4, 6, 3 }, true },
              { "resnet101", { 3, 4, 23, 3 }, true } };

/* Weights of all blocks; `beside`: numbers for each output channel of a convolution, beside its weights; `norm`:
 * numbers for each channel that enters a convolution. */
static uint64_t blocks_count(const struct form *f, uint64_t beside, uint64_t norm, uint64_t per_block)
{
    uint64_t n = 0, in = 64;

    for (unsigned stage = 0; stage < 4; stage++) {
        uint64_t w = (uint64_t)64 << stage, out = f->bottleneck ? 4 * w : w;

        for (unsigned i = 0; i < f->blocks[stage]; i++, in = out) {
            n += per_block + norm * in;
            n += f->bottleneck ? in * w + 9 * square(w) + w * out + beside * (2 * w + out) + 2 * norm * w
                               : 9 * in * w + 9 * square(w) + beside * 2 * w + norm * w;
            n += in != out || (stage > 0 && i == 0) ? in * out + beside * out : 0;
        }
    }
    return n;
}

static unsigned count_blocks(void)
{
    unsigned n = 0;
    char name[16];

    do
        snprintf(name, sizeof name, "b%u_sum", ++n);
    while (snn_network_layer_named(net, name) != NULL);
    return n - 1;
}

static unsigned all_blocks(const struct form *f)
{
    return f->blocks[0] + f->blocks[1] + f->blocks[2] + f->blocks[3];
}

START_TEST(test_resnet)
{
    const struct form *f = &forms[_i];
    const uint64_t top = f->bottleneck ? 2048 : 512;

    build(f->suffix, 3, 32, 32, 100);
    ck_assert_uint_eq(count_blocks(), all_blocks(f));
    ck_assert_str_eq(source("b1_sum", 1, NULL), f->bottleneck ? "b1_proj" : "b1_sn1");
    ck_assert_str_eq(source("b2_sum", 1, NULL), "b2_sn1"); /* the identity carries spikes */
    ck_assert_str_eq(source("b2_bn1", 0, NULL), "b1_sum");
    if (f->bottleneck) {
        ck_assert_int_eq(i64("b1_proj", SNN_LAYER_STRIDE), 1);
        ck_assert_int_eq(i64("b4_conv1", SNN_LAYER_KERNEL), 1);
        ck_assert_int_eq(i64("b4_conv1", SNN_LAYER_STRIDE), 1);
        ck_assert_int_eq(i64("b4_conv2", SNN_LAYER_KERNEL), 3);
        ck_assert_int_eq(i64("b4_conv2", SNN_LAYER_STRIDE), 2);
        ck_assert_int_eq(i64("b4_conv3", SNN_LAYER_OUT), 512);
        ck_assert_int_eq(i64("b4_proj", SNN_LAYER_STRIDE), 2);
        ck_assert_str_eq(source("b4_conv3", 0, NULL), "b4_drop");
    }
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("sn").out.dim[0], top);
    ck_assert_uint_eq(layer_info("sn").out.dim[1], 4);
    ck_assert_uint_eq(info().parameters, 27 * 64 + blocks_count(f, 1, 2, 0) + 2 * top + 101 * top - top + 100);
}
END_TEST

/* 1 / beta of a block, 1 if there is no such layer. */
static double norm_of(unsigned block)
{
    char name[16];

    snprintf(name, sizeof name, "b%u_norm", block);
    return snn_network_layer_named(net, name) == NULL ? 1.0 : f64(name, SNN_LAYER_VALUE);
}

/* Published numbers of parameters, where a batch norm has what is a bias and a gain here; a block has one gain more.
 */
static const uint64_t published[] = { 11689512, 21797672, 25557032, 44549160 };

START_TEST(test_nf_resnet)
{
    const struct form *f = &forms[_i];
    const uint64_t top = f->bottleneck ? 2048 : 512;
    double var = 1;
    char name[32];

    snprintf(name, sizeof name, "nf-%s", f->suffix);
    build(name, 3, 64, 64, 1000);
    ck_assert_uint_eq(count_blocks(), all_blocks(f));
    for (unsigned block = 1; block <= all_blocks(f); block++) {
        ck_assert_double_eq_tol(norm_of(block) * norm_of(block) * var, 1.0, 1e-12);
        snprintf(name, sizeof name, "b%u_proj", block);
        var = (snn_network_layer_named(net, name) != NULL ? 1.0 : var) + 0.04;
        snprintf(name, sizeof name, "b%u_gain", block);
        ck_assert_str_eq(layer_info(name).type, "gain");
    }
    ck_assert_str_eq(source("b1_sum", 1, NULL), f->bottleneck ? "b1_proj" : "pool1");
    ck_assert_str_eq(source("b2_sum", 1, NULL), "b1_sum"); /* the identity is not scaled */
    ck_assert_str_eq(source("b2_sum", 0, NULL), "b2_residual");
    ck_assert(f64("b2_residual", SNN_LAYER_VALUE) == 0.2);
    ck_assert_int_eq(i64("b2_conv1", SNN_LAYER_STANDARDISE), 1);
    ck_assert_str_eq(str("fc", SNN_LAYER_INIT), "zero");
    OK(snn_network_prepare(net));
    /* the first convolution, and of each a bias and a gain; the readout */
    ck_assert_uint_eq(info().parameters, 147 * 64 + 2 * 64 + blocks_count(f, 2, 0, 1) + 1000 * top + 1000);
    ck_assert_uint_eq(layer_info("flatten").in.dim[0], top);
    ck_assert_uint_eq(info().parameters, published[_i] + all_blocks(f));
}
END_TEST

/* ---- SPIDE: the networks of IDE without batch norm, and one for events */

static const struct {
    const char *name;
    uint64_t width[5];
} five[] = { { "spide-alexnet-f", { 96, 256, 384, 384, 256 } },
             { "spide-cifarnet-f", { 128, 256, 512, 1024, 512 } } };

static void check_feedback(const char *last, double range)
{
    int delay = -1;

    ck_assert_str_eq(source("feedback", 0, &delay), last);
    ck_assert_int_eq(delay, 1);
    ck_assert_str_eq(str("feedback", SNN_LAYER_NORM), "frobenius");
    ck_assert(f64("feedback", SNN_LAYER_RANGE) == range);
    ck_assert_int_eq(i64("feedback", SNN_LAYER_BIAS), 0);
    ck_assert_str_eq(str("feedback", SNN_LAYER_INIT), "normal");
    ck_assert_str_eq(layer_info(last).type, "if");
    ck_assert(f64(last, SNN_NEURON_THRESHOLD) == 2.0 && f64(last, SNN_NEURON_FIRE_AT) == 0.5);
}

START_TEST(test_spide_five)
{
    const uint64_t *width = five[_i].width;
    uint64_t in = 3, n = 9 * width[4] * width[0] + width[4] * 64 * 10 + 10;

    build(five[_i].name, 3, 32, 32, 10);
    ck_assert_str_eq(names(), "conv1 drop1 feedback feedback_drop sum1 sn1 conv2 drop2 sn2 conv3 drop3 sn3 conv4 "
                              "drop4 sn4 conv5 drop5 sn5 rate flatten fc");
    check_feedback("sn5", 2);
    ck_assert_str_eq(str("conv2", SNN_LAYER_INIT), "unit");
    OK(snn_network_prepare(net));
    for (size_t i = 0; i < 5; in = width[i++])
        n += 9 * in * width[i] + width[i];
    ck_assert_uint_eq(info().parameters, n);
    ck_assert_uint_eq(layer_info("sn5").out.dim[1], 8);
}
END_TEST

START_TEST(test_spide_events)
{
    build("spide-512c9-f", 2, 48, 48, 10);
    ck_assert_str_eq(names(), "conv1 drop1 feedback feedback_drop sum1 sn1 rate flatten fc");
    check_feedback("sn1", 10);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("sn1").out.dim[1], 24);
    ck_assert_uint_eq(info().parameters, 81 * 2 * 512 + 512 + 25 * square(512) + 512 * 24 * 24 * 10 + 10);
}
END_TEST

/* ---- OPZO: the widths of vgg11-ws, a readout of the whole map */

START_TEST(test_opzo_conv9)
{
    static const uint64_t width[] = { 64, 128, 256, 256, 512, 512, 512, 512 };
    uint64_t n = 512 * 16 * 10 + 10, in = 3;

    for (size_t i = 0; i < 8; in = width[i++])
        n += 9 * in * width[i] + 2 * width[i];
    build("opzo-conv9", 3, 32, 32, 10);
    ck_assert_str_eq(names(), "conv1 sn1 scale1 conv2 sn2 scale2 pool1 conv3 sn3 scale3 conv4 sum4 sn4 scale4 pool2 "
                              "conv5 sn5 scale5 conv6 sum6 sn6 scale6 pool3 conv7 sn7 scale7 conv8 sum8 sn8 scale8 "
                              "flatten fc");
    ck_assert_str_eq(source("sum4", 0, NULL), "conv4");
    ck_assert_str_eq(source("sum4", 1, NULL), "scale3");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, n);
    build("opzo-conv9:sides=1", 3, 32, 32, 10);
    ck_assert_str_eq(source("side_pool3", 0, NULL), "sn3");
    ck_assert_str_eq(source("side_flatten8", 0, NULL), "sn8"); /* 4x4 as it is */
    ck_assert_str_eq(source("side3", 0, NULL), "side_flatten3");
    ck_assert_str_eq(source("flatten", 0, NULL), "scale8");
    OK(snn_network_prepare(net));
    for (size_t i = 0; i < 8; i++)
        n += 16 * width[i] * 10 + 10;
    ck_assert_uint_eq(info().parameters, n);
}
END_TEST

/* ---- HLOP */

START_TEST(test_hlop)
{
    build("hlop-mlp", 1, 28, 28, 10);
    ck_assert_str_eq(names(), "flatten fc1 sn1 fc2 sn2 fc3");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, 784 * 800 + 800 * 800 + 800 * 10);
    build("hlop-cnn", 3, 32, 32, 10);
    ck_assert_str_eq(names(), "conv1 bn1 sn1 pool1 conv2 bn2 sn2 pool2 conv3 bn3 sn3 pool3 flatten fc");
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("fc").in.dim[0], 4096);
    ck_assert_uint_eq(info().parameters, 9 * (3 * 64 + 64 * 128 + 128 * 256) + 2 * (64 + 128 + 256) + 40970);
}
END_TEST

/* Two blocks a stage of 20, 40, 80, 160 channels, one-by-one shortcuts with bias. */
START_TEST(test_hlop_resnet)
{
    const uint64_t stem = _i ? 25 : 9;
    uint64_t n = stem * 3 * 20 + 2 * 160 + 160 * 10 + 10, in = 20;

    build(_i ? "hlop-resnet18:stride=2" : "hlop-resnet18", 3, 32, 32, 10);
    ck_assert_str_eq(source("b1_sum", 1, NULL), "conv1"); /* the identity carries currents */
    ck_assert_str_eq(source("b2_sum", 1, NULL), "b1_sum");
    ck_assert_str_eq(source("b3_proj", 0, NULL), "b3_sn1");
    ck_assert_int_eq(i64("b3_proj", SNN_LAYER_BIAS), 1);
    ck_assert_int_eq(i64("b3_conv1", SNN_LAYER_BIAS), 0);
    OK(snn_network_prepare(net));
    for (unsigned block = 0; block < 8; block++) {
        const uint64_t w = (uint64_t)20 << block / 2;

        n += 2 * in + 9 * in * w + 2 * w + 9 * w * w + (in != w ? in * w + w : 0);
        in = w;
    }
    ck_assert_uint_eq(info().parameters, n);
    ck_assert_uint_eq(layer_info("sn").out.dim[1], _i ? 2 : 4);
}
END_TEST

/* ---- options */

START_TEST(test_width)
{
    build("resnet34:width=20", 3, 32, 32, 10);
    ck_assert_int_eq(i64("conv1", SNN_LAYER_OUT), 20);
    ck_assert_int_eq(i64("b16_conv2", SNN_LAYER_OUT), 160);
    build("vgg11-ws:width=32", 3, 32, 32, 10);
    ck_assert_int_eq(i64("conv1", SNN_LAYER_OUT), 32);
    ck_assert_int_eq(i64("conv8", SNN_LAYER_OUT), 256);
    build("vgg11-ws-f:width=8", 3, 32, 32, 10);
    OK(snn_network_prepare(net));
    build("binary-conv:width=12", 1, 28, 28, 10);
    ck_assert_int_eq(i64("conv7", SNN_LAYER_OUT), 12);
}
END_TEST

static const struct {
    const char *name, *path; /* of the residual path, by number */
    unsigned paths;
} deep[] = {
    { "resnet18:drop_path=0.2", "b%u_path", 8 },
    { "nf-resnet50:width=8,drop_path=0.2", "b%u_path", 16 },
    { "binary-resnet18:width=8,drop_path=0.2", "path%u", 17 },
};

/* The rate grows from 0 to drop_path, a path of rate 0 has no layer. */
START_TEST(test_drop_path)
{
    const unsigned first = deep[_i].paths == 17 ? 2 : 1; /* binary layers count from 2 */
    char name[32];

    build(deep[_i].name, 3, 32, 32, 10);
    for (unsigned i = first; i <= deep[_i].paths; i++) {
        snprintf(name, sizeof name, deep[_i].path, i);
        if (i == first) {
            ck_assert_ptr_null(snn_network_layer_named(net, name));
            continue;
        }
        ck_assert_double_eq_tol(f64(name, SNN_LAYER_RATE), 0.2 * (i - first) / (deep[_i].paths - first), 1e-12);
        ck_assert_str_eq(str(name, SNN_LAYER_MASK), "sample");
    }
    snprintf(name, sizeof name, deep[_i].path, first + 1);
    ck_assert_str_eq(source(first == 1 ? "b2_sum" : "sum3", 0, NULL), name);
    ck_assert_ptr_null(snn_network_layer_named(net, "b1_path"));
}
END_TEST

/* Any size: patches of 2, three blocks of 24 channels in three heads, MLPs of twice as many. */
START_TEST(test_transformer)
{
    const uint64_t d = 24, blocks = 3, ratio = 2;
    const uint64_t attention = 4 * d * d, mlp = 2 * ratio * d * d, norms = 2 * d + blocks * (5 * d + ratio * d);

    build("binary-transformer:width=24,depth=3,heads=3,patch=2,ratio=2,drop_path=0.1", 3, 32, 32, 10);
    ck_assert_int_eq(i64("patch", SNN_LAYER_KERNEL), 3);
    ck_assert_int_eq(i64("patch", SNN_LAYER_STRIDE), 2);
    ck_assert_int_eq(i64("b3_attention", SNN_LAYER_HEADS), 3);
    ck_assert_str_eq(source("b3_sum1", 0, NULL), "b3_path1");
    ck_assert_str_eq(source("b3_sum1", 1, NULL), "b2_sum2");
    ck_assert_double_eq_tol(f64("b2_path2", SNN_LAYER_RATE), 0.05, 1e-12);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(layer_info("patch").out.dim[1], 16);
    ck_assert_uint_eq(info().parameters,
                      9 * 3 * d + 9 * d * d + blocks * (attention + mlp) + 2 * norms + 10 * d + 10);
}
END_TEST

START_TEST(test_options)
{
    snn_param_info p = SNN_PARAM_INFO_INIT;

    OK(snn_network_option("resnet34", 0, &p));
    ck_assert_str_eq(p.name, "width");
    ck_assert(p.number == 64 && p.type == SNN_PARAM_I64);
    OK(snn_network_option("resnet34:width=3", 1, &p));
    ck_assert_str_eq(p.name, "drop_path");
    OK(snn_network_option("resnet34", 2, &p));
    ck_assert_str_eq(p.name, "stem");
    FAILS(snn_network_option("resnet34", 3, &p), SNN_ERR_ARGUMENT, "3 parameters");
    FAILS(snn_network_option("ide-400", 0, &p), SNN_ERR_ARGUMENT, "0 parameters");
    FAILS(snn_network_option("784-10", 0, &p), SNN_ERR_ARGUMENT, "no network of that name");
    FAILS(snn_network_option(NULL, 0, &p), SNN_ERR_ARGUMENT, "no network of that name");
    FAILS(snn_network_option("resnet34", 0, NULL), SNN_ERR_ARGUMENT, "NULL");
}
END_TEST

static const struct {
    const char *text;
    snn_status code;
    const char *message;
} wrong[] = {
    { "resnet34:", SNN_ERR_ARGUMENT, "option \"\": expected NAME=VALUE" },
    { "resnet34:width", SNN_ERR_ARGUMENT, "option \"width\": expected NAME=VALUE" },
    { "resnet34:width=32,", SNN_ERR_ARGUMENT, "option \"\": expected" },
    { "resnet34:depth=3", SNN_ERR_ARGUMENT,
      "network resnet34 has no parameter \"depth\"; it has width, drop_path, stem" },
    { "resnet34:width=0", SNN_ERR_ARGUMENT, "width = 0 is outside 1 .. 4096" },
    { "resnet34:width=x", SNN_ERR_TYPE, "\"x\" is not a number" },
    { "resnet34:drop_path=1", SNN_ERR_ARGUMENT, "drop_path = 1 is outside" },
    { "ide-400:width=3", SNN_ERR_ARGUMENT, "it has none" },
    { "binary-transformer:heads=3", SNN_ERR_ARGUMENT, "width 64 is no multiple of heads 3" },
    { "resnet35:width=3", SNN_ERR_ARGUMENT, "token 1 \"resnet35:width=3\"" },
};

START_TEST(test_wrong)
{
    const size_t shape[3] = { 3, 32, 32 };

    FAILS(snn_network_build(&net, ctx, wrong[_i].text, shape, 3, 10, NULL), wrong[_i].code, wrong[_i].message);
    ck_assert_ptr_null(net);
}
END_TEST

/* A long text of options must neither overflow a buffer nor pass. */
START_TEST(test_long)
{
    static char text[10001] = "resnet34:";
    const size_t shape[3] = { 3, 32, 32 };

    memset(text + 9, 'w', sizeof text - 10);
    FAILS(snn_network_build(&net, ctx, text, shape, 3, 10, NULL), SNN_ERR_ARGUMENT, "expected NAME=VALUE");
    memcpy(text + 9, "width=", 6);
    FAILS(snn_network_build(&net, ctx, text, shape, 3, 10, NULL), SNN_ERR_TYPE, "not a number");
}
END_TEST

/* ---- the table of docs/zoo.md */

/* Of one step; without the attention, which has no weights. */
static uint64_t multiply_adds(void)
{
    uint64_t n = 0;
    snn_layer *layer;

    for (size_t i = 0; (layer = snn_network_layer(net, i)) != NULL; i++) {
        snn_layer_info l = SNN_LAYER_INFO_INIT;
        snn_tensor weight = SNN_TENSOR_INIT;

        OK(snn_layer_get_info(layer, &l));
        if (strcmp(l.type, "linear") != 0 && strncmp(l.type, "conv", 4) != 0)
            continue;
        OK(snn_layer_tensor_named(layer, "weight", &weight));
        if (strcmp(l.type, "conv_transpose2d") == 0)
            n += weight.length * l.in.dim[1] * l.in.dim[2];
        else
            n += weight.length * l.out.dim[1] * l.out.dim[2];
    }
    return n;
}

/* A number with commas. */
static uint64_t number(const char *text)
{
    uint64_t n = 0;

    for (; *text != '\0'; text++)
        if (*text >= '0' && *text <= '9')
            n = 10 * n + (uint64_t)(*text - '0');
    return n;
}

/* Every network has a row, and its numbers are true. */
START_TEST(test_table)
{
    const char *name = snn_name(SNN_NAME_NETWORK, (size_t)_i), *source_dir = getenv("SNN_SOURCE");
    char path[1024], line[1024], start[64], *cell[8] = { NULL };
    size_t shape[3], classes, n = 0;
    FILE *page;

    snprintf(path, sizeof path, "%s/docs/zoo.md", source_dir != NULL ? source_dir : ".");
    snprintf(start, sizeof start, "| `%s` | [", name);
    page = fopen(path, "r");
    ck_assert_msg(page != NULL, "no %s", path);
    do
        ck_assert_msg(fgets(line, sizeof line, page) != NULL, "docs/zoo.md has no row for %s", name);
    while (strncmp(line, start, strlen(start)) != 0);
    fclose(page);
    for (char *word = strtok(line, "|"); word != NULL && n < 8; word = strtok(NULL, "|"))
        cell[n++] = word;
    ck_assert_uint_eq(n, 8); /* seven, and the end of the line */
    ck_assert_int_eq(sscanf(cell[3], "%zu x %zu x %zu, %zu", &shape[0], &shape[1], &shape[2], &classes), 4);
    build(name, shape[0], shape[1], shape[2], classes);
    OK(snn_network_prepare(net));
    ck_assert_uint_eq(info().parameters, number(cell[4]));
    ck_assert_uint_eq(multiply_adds(), number(cell[5]));
}
END_TEST

/* ---- every network in a small size: it trains by its method, and texts and files give it back */

static const struct {
    const char *name;
    const char *method;
    size_t channels, side;
} small[] = {
    { "vgg11-ws:width=4", "ottt", 2, 16 },
    { "nf-resnet18:width=4,drop_path=0.3", "ottt", 3, 32 },
    { "nf-resnet50:width=4", "sltt", 3, 32 },
    { "vgg13-bn:width=1", "sltt", 2, 32 },
    { "resnet18:width=4,drop_path=0.3", "sltt", 3, 16 },
    { "resnet18:width=4,stem=1", "sltt", 3, 32 },
    { "preact-resnet18:width=4,stem=1", "dsr", 3, 32 },
    { "binary-resnet18:width=4,stem=1", "sei", 3, 37 },
    { "resnet50:width=4", "sltt", 3, 16 },
    { "preact-resnet18:width=4,drop_path=0.3", "dsr", 3, 16 },
    { "vgg11-dsr:width=1", "dsr", 2, 32 },
    { "spide-alexnet-f", "spide", 3, 8 },
    { "spide-512c9-f:width=4", "spide", 2, 16 },
    { "opzo-conv9:width=2", "opzo", 3, 16 },
    { "opzo-conv9:width=2,sides=1", "opzo", 2, 16 },
    { "hlop-mlp:width=20", "ottt", 1, 8 },
    { "hlop-cnn:width=4", "ottt", 3, 16 },
    { "hlop-resnet18:width=4,drop_path=0.3,stride=2", "bptt", 3, 32 },
    { "binary-resnet18:width=4,drop_path=0.3", "sei", 3, 16 },
    { "binary-transformer:width=8,depth=3,heads=4,patch=2,drop_path=0.3", "sei", 3, 16 },
};

static void train_a_batch(const char *method, size_t channels, size_t side)
{
    const uint32_t label[2] = { 1, 3 };
    float *x = malloc(2 * channels * side * side * sizeof *x);
    snn_metrics m = SNN_METRICS_INIT;
    snn_optimizer *sgd = NULL;
    snn_trainer *tr = NULL;

    random_fill(x, 2 * channels * side * side, -1, 1, 1);
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_trainer_create(&tr, net, sgd, method));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 3));
    OK(snn_trainer_prepare(tr, 2));
    OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 2), &m));
    ck_assert(m.loss > 0 && m.loss < 100);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    free(x);
}

static char *described(const snn_network *network)
{
    size_t needed = 0;
    char *text;

    OK(snn_network_describe(network, NULL, 0, &needed));
    text = malloc(needed);
    OK(snn_network_describe(network, text, needed, NULL));
    return text;
}

/* Another network is the same by its description. */
static void check_same(snn_network *other)
{
    char *want = described(net), *got = described(other);

    ck_assert_str_eq(got, want);
    free(want);
    free(got);
    snn_network_destroy(other);
}

START_TEST(test_small)
{
    char path[] = "/tmp/snn-papers-XXXXXX", *text;
    const int file = mkstemp(path);
    snn_network *other = NULL;

    ck_assert_int_ge(file, 0);
    close(file);
    build(small[_i].name, small[_i].channels, small[_i].side, small[_i].side, 4);
    train_a_batch(small[_i].method, small[_i].channels, small[_i].side);
    text = described(net);
    OK(snn_network_parse(&other, ctx, text));
    free(text);
    check_same(other);
    OK(snn_network_save(net, path));
    OK(snn_network_load(&other, ctx, path));
    unlink(path);
    check_same(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("papers");
    TCase *tcase = tcase_create("papers");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_vgg, 0, (int)(sizeof vggs / sizeof *vggs));
    tcase_add_loop_test(tcase, test_resnet, 0, (int)(sizeof forms / sizeof *forms));
    tcase_add_loop_test(tcase, test_nf_resnet, 0, (int)(sizeof forms / sizeof *forms));
    tcase_add_loop_test(tcase, test_spide_five, 0, (int)(sizeof five / sizeof *five));
    tcase_add_test(tcase, test_spide_events);
    tcase_add_test(tcase, test_opzo_conv9);
    tcase_add_test(tcase, test_hlop);
    tcase_add_loop_test(tcase, test_hlop_resnet, 0, 2);
    tcase_add_test(tcase, test_width);
    tcase_add_loop_test(tcase, test_drop_path, 0, (int)(sizeof deep / sizeof *deep));
    tcase_add_test(tcase, test_transformer);
    tcase_add_loop_test(tcase, test_table, 0, (int)count_names(SNN_NAME_NETWORK));
    tcase_add_test(tcase, test_options);
    tcase_add_loop_test(tcase, test_wrong, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tcase, test_long);
    tcase_add_loop_test(tcase, test_small, 0, (int)(sizeof small / sizeof *small));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
