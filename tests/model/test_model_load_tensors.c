/* Tensors of a file in another network: by name and shape, counted, by a list of names, all or nothing when strict,
 * and nothing at all from a file that is damaged. */
#include "trainer/builder.h"
#include <stdio.h>
#include <unistd.h>

static const size_t vector[3] = { 6 };
static char path[64];
static snn_context *ctx;
static snn_network *net, *other;

static void setup(void)
{
    snprintf(path, sizeof path, "%s/snn-load-%ld.snn", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    ctx = test_context(1, 3, "best");
    other = NULL;
    net = network_of(ctx, vector, "linear a out=9; batch_norm n; lif s; linear b out=9; lif r; linear o out=3");
    OK(snn_network_save(net, path));
}

static void teardown(void)
{
    snn_network_destroy(other);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    unlink(path);
}

/* Another network, all of whose numbers are 0.25. */
static void make(const char *layers)
{
    snn_network_destroy(other);
    other = network_of(ctx, vector, layers);
    for (size_t l = 0; snn_network_layer(other, l) != NULL; l++)
        for (uint32_t i = 0; i < 5; i++) {
            snn_tensor t = SNN_TENSOR_INIT;

            if (snn_layer_tensor(snn_network_layer(other, l), i, &t) == SNN_OK)
                for (size_t k = 0; k < t.length; k++)
                    ((float *)t.data)[k] = 0.25f;
        }
}

static snn_tensor tensor(const snn_network *of, const char *layer, const char *name)
{
    snn_tensor t = SNN_TENSOR_INIT;

    OK(snn_layer_tensor_named(snn_network_layer_named(of, layer), name, &t));
    return t;
}

static bool same(const char *layer, const char *from)
{
    const snn_tensor a = tensor(other, layer, "weight"), b = tensor(net, from, "weight");

    return a.bytes == b.bytes && memcmp(a.data, b.data, (size_t)a.bytes) == 0;
}

/* Nothing of the other network changed since make(). */
static bool untouched(void)
{
    for (size_t l = 0; snn_network_layer(other, l) != NULL; l++)
        for (uint32_t i = 0; i < 5; i++) {
            snn_tensor t = SNN_TENSOR_INIT;

            if (snn_layer_tensor(snn_network_layer(other, l), i, &t) == SNN_OK)
                for (size_t k = 0; k < t.length; k++)
                    if (((float *)t.data)[k] != 0.25f)
                        return false;
        }
    return true;
}

static snn_load_report load(const char *names, int strict, snn_status expected)
{
    snn_load_options options = SNN_LOAD_OPTIONS_INIT;
    snn_load_report report = SNN_LOAD_REPORT_INIT;

    options.names = names;
    options.strict = (uint32_t)strict;
    ck_assert_int_eq(snn_network_load_tensors(other, path, &options, &report), expected);
    return report;
}

static void check(snn_load_report r, uint64_t loaded, uint64_t missing, uint64_t mismatched, uint64_t unused)
{
    ck_assert_uint_eq(r.loaded, loaded);
    ck_assert_uint_eq(r.missing, missing);
    ck_assert_uint_eq(r.mismatched, mismatched);
    ck_assert_uint_eq(r.unused, unused);
}

START_TEST(test_the_same_network)
{
    make("linear a out=9; batch_norm n; lif s; linear b out=9; lif r; linear o out=3");
    check(load(NULL, 1, SNN_OK), 10, 0, 0, 0);
    ck_assert(same("a", "a") && same("b", "b") && same("n", "n") && same("o", "o"));
    OK(snn_network_load_tensors(other, path, NULL, NULL));
}
END_TEST

START_TEST(test_what_fits)
{
    make("linear a out=9; lif s; linear more out=9; lif r; linear o out=4");
    check(load(NULL, 0, SNN_OK), 2, 2, 2, 8);
    ck_assert(same("a", "a"));
    ck_assert_float_eq(((float *)tensor(other, "o", "weight").data)[0], 0.25f);
    ck_assert_float_eq(((float *)tensor(other, "more", "weight").data)[0], 0.25f);
}
END_TEST

START_TEST(test_names)
{
    make("linear a out=9; lif s; linear b out=9; lif r; linear head out=3");
    check(load("o=head,a=", 0, SNN_OK), 4, 2, 0, 6);
    ck_assert(same("b", "b") && same("head", "o") && !same("a", "a"));

    make("linear a out=9; lif s; linear b out=9; lif r; linear o out=3");
    check(load("b=o", 0, SNN_OK), 2, 2, 2, 8); /* layer b has no layer of the file any more */
    ck_assert(same("a", "a"));

    make("linear a out=9; lif s; linear b out=9; lif r; linear c out=9; lif q; linear o out=3");
    check(load("b=b,b=c", 0, SNN_OK), 8, 0, 0, 4);
    ck_assert(same("b", "b") && same("c", "b"));
}
END_TEST

START_TEST(test_names_that_are_none)
{
    static const char *const bad[] = { "a",
                                       "a,b=o",
                                       "=a",
                                       "a==b",
                                       "a=b=c",
                                       ",",
                                       "z=a",
                                       "a=z",
                                       "b=o,a=z",
                                       "a=b,,",
                                       "012345678901234567890123456789012345678901234567=a",
                                       "a=0123456789012345678901234567890123456789012345678" };

    make("linear a out=9; lif s; linear b out=9; lif r; linear o out=3");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        load(bad[i], 0, SNN_ERR_ARGUMENT);
        ck_assert_msg(untouched(), "%s", bad[i]);
    }
}
END_TEST

/* The last tensor is the one that does not fit, when all others were looked at. */
START_TEST(test_strict)
{
    make("linear a out=9; batch_norm n; lif s; linear b out=9; lif r; linear o out=4");
    load(NULL, 1, SNN_ERR_SHAPE);
    ck_assert(untouched());
    make("linear a out=9; batch_norm n; lif s; linear b out=9; lif r; linear o out=3; elementwise e");
    load(NULL, 1, SNN_ERR_FORMAT);
    ck_assert(untouched());
    make("linear a out=9; batch_norm n; lif s; linear o out=3");
    load(NULL, 1, SNN_ERR_FORMAT);
    ck_assert(untouched());
    check(load(NULL, 0, SNN_OK), 8, 0, 0, 2);
}
END_TEST

START_TEST(test_checkpoint_and_packed)
{
    snn_optimizer *adam;
    snn_trainer *tr;

    OK(snn_optimizer_create(&adam, ctx, "adam"));
    OK(snn_trainer_create(&tr, net, adam, "sltt"));
    OK(snn_trainer_save(tr, path));
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(adam);
    make("linear a out=9; batch_norm n; lif s; linear b out=9; lif r; linear o out=3");
    check(load(NULL, 1, SNN_OK), 10, 0, 0, 0); /* moments are no tensors of the network */

    snn_network_destroy(net);
    net = network_of(ctx, vector, "linear a out=9 binary=scaled; lif s; linear o out=3");
    OK(snn_network_save_packed(net, path));
    make("linear a out=9 binary=scaled; lif s; linear o out=3");
    check(load(NULL, 1, SNN_OK), 4, 0, 0, 0);
    OK(snn_network_pack(other));
    load(NULL, 0, SNN_ERR_STATE);
}
END_TEST

/* Every byte of the file counts: cut short, or changed, it is refused, and the network is as it was. */
START_TEST(test_damaged)
{
    unsigned char bytes[8192];
    FILE *file = fopen(path, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, file);

    fclose(file);
    ck_assert_uint_lt(n, sizeof bytes);
    make("linear a out=9; batch_norm n; lif s; linear b out=9; lif r; linear o out=3");
    for (size_t i = 0; i < n; i += 7) {
        file = fopen(path, "wb");
        bytes[i] ^= 1;
        ck_assert_uint_eq(fwrite(bytes, 1, i % 2 ? n : i, file), i % 2 ? n : i);
        bytes[i] ^= 1;
        fclose(file);
        ck_assert_int_ne(snn_network_load_tensors(other, path, NULL, NULL), SNN_OK);
    }
    ck_assert(untouched());
    ck_assert_int_eq(snn_network_load_tensors(other, "/nowhere/at.snn", NULL, NULL), SNN_ERR_IO);
}
END_TEST

START_TEST(test_arguments)
{
    const size_t shape[1] = { 6 };

    ck_assert_int_eq(snn_network_load_tensors(NULL, path, NULL, NULL), SNN_ERR_ARGUMENT);
    ck_assert_int_eq(snn_network_load_tensors(net, NULL, NULL, NULL), SNN_ERR_ARGUMENT);
    OK(snn_network_build(&other, ctx, "6-9-3", shape, 1, 3, NULL));
    ck_assert_int_eq(snn_network_load_tensors(other, path, NULL, NULL), SNN_ERR_STATE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model: load tensors");
    TCase *tc = tcase_create("load tensors");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_the_same_network);
    tcase_add_test(tc, test_what_fits);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_names_that_are_none);
    tcase_add_test(tc, test_strict);
    tcase_add_test(tc, test_checkpoint_and_packed);
    tcase_add_test(tc, test_damaged);
    tcase_add_test(tc, test_arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
