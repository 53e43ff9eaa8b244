/* The networks of the papers: layers and shapes as their tables have them, parameters counted by formulas. */
#include "zoo/built.h"

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
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
