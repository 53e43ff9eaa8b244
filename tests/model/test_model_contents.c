/* What a model file says before its tensors: the same as the network that is loaded from it, refused where that is,
 * and in memory that does not grow with the tensors. */
#include "trainer/builder.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BATCH = 4 };

static const size_t vector[3] = { 6 };
static char path[64];
static snn_context *ctx;
static snn_network *net;
static snn_model *model;

static void setup(void)
{
    /* flushing takes no time in memory */
    snprintf(path, sizeof path, "%s/snn-contents-%ld.snn", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    ctx = test_context(1, 3, "best");
    net = network_of(ctx, vector, "linear a out=9 binary=scaled; batch_norm n; lif s; linear o out=3");
    model = NULL;
    OK(snn_network_set_note(net, "run", "{\"epochs\": 3, \"name\": \"\\u00e9\"}"));
}

static void teardown(void)
{
    snn_model_destroy(model);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    unlink(path);
}

static snn_model_info info_of(const snn_model *of)
{
    snn_model_info info = SNN_MODEL_INFO_INIT;

    OK(snn_model_get_info(of, &info));
    return info;
}

/* The tensor of a file by name; there must be one. */
static snn_tensor tensor_of(const snn_model *of, const char *name)
{
    snn_tensor tensor = SNN_TENSOR_INIT;

    for (size_t i = 0; i < info_of(of).tensors; i++) {
        OK(snn_model_tensor(of, i, &tensor));
        ck_assert_ptr_null(tensor.data);
        if (strcmp(tensor.name, name) == 0)
            return tensor;
    }
    ck_abort_msg("no tensor %s", name);
}

/* Every tensor of the network is there, and no more than `more` others. */
static void check_tensors(size_t more)
{
    size_t n = 0;

    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_tensors; i++) {
            snn_tensor want = SNN_TENSOR_INIT, got;
            char name[128];

            OK(snn_layer_tensor(net->layer[l], i, &want));
            snprintf(name, sizeof name, "%s.%s", net->layer[l]->name, want.name);
            got = tensor_of(model, name);
            ck_assert(got.rank == want.rank && memcmp(got.dim, want.dim, sizeof got.dim) == 0);
            ck_assert(got.length == want.length && got.bytes == want.bytes && got.element == want.element);
            n++;
        }
    ck_assert_uint_eq(info_of(model).tensors, n + more);
}

static void check_texts(void)
{
    size_t needed = 0;
    char *json;

    OK(snn_network_describe(net, NULL, 0, &needed));
    json = malloc(needed);
    OK(snn_network_describe(net, json, needed, NULL));
    ck_assert_str_eq(info_of(model).architecture, json);
    ck_assert_str_eq(snn_model_note(model, "run"), snn_network_note(net, "run"));
    ck_assert_ptr_null(snn_model_note(model, "another"));
    ck_assert_ptr_null(snn_model_note(model, "snn.network")); /* the library's own */
    ck_assert_ptr_null(snn_model_note(model, NULL));
    ck_assert(info_of(model).format == 1 && info_of(model).context == ctx);
    free(json);
}

START_TEST(test_network)
{
    OK(snn_network_save(net, path));
    OK(snn_model_open(&model, ctx, path));
    unlink(path); /* the file is not held */
    ck_assert(!info_of(model).checkpoint && !info_of(model).packed);
    check_texts();
    check_tensors(0);
    ck_assert_uint_eq(info_of(model).tensor_bytes, 4 * (net->n_parameters + net->n_state));
}
END_TEST

START_TEST(test_packed)
{
    snn_tensor bits, scale;

    OK(snn_network_save_packed(net, path));
    OK(snn_model_open(&model, ctx, path));
    ck_assert(!info_of(model).checkpoint && info_of(model).packed);
    check_texts();
    bits = tensor_of(model, "a.weight.bits");
    scale = tensor_of(model, "a.weight.scale");
    ck_assert(bits.element == SNN_ELEMENT_U8 && bits.rank == 1 && bits.length == 8 && bits.bytes == 8); /* 54 bits */
    ck_assert(scale.element == SNN_ELEMENT_F32 && scale.length == 9 && scale.bytes == 36);
}
END_TEST

START_TEST(test_checkpoint)
{
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr;

    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_MOMENTUM, 0.9));
    tr = trainer_of(net, sgd, "sei", "steps=2", BATCH);
    OK(snn_trainer_save(tr, path));
    OK(snn_model_open(&model, ctx, path));
    ck_assert(info_of(model).checkpoint && !info_of(model).packed);
    check_texts();
    check_tensors(info_of(model).tensors - 8); /* and moments */
    ck_assert_uint_eq(tensor_of(model, "optimizer.velocity.o.bias").length, 3);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
}
END_TEST

/* ---- files that are none */

static size_t read_file(unsigned char bytes[1 << 16])
{
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, 1 << 16, f);

    fclose(f);
    return n;
}

/* Whether the file can be looked at; what loads must be. */
static bool opens(void)
{
    snn_network *loaded = NULL;
    snn_status rc = snn_model_open(&model, ctx, path);

    ck_assert((rc == SNN_OK) == (model != NULL));
    if (snn_network_load(&loaded, ctx, path) == SNN_OK)
        ck_assert_int_eq(rc, SNN_OK);
    snn_network_destroy(loaded);
    snn_model_destroy(model);
    model = NULL;
    return rc == SNN_OK;
}

START_TEST(test_cut_short)
{
    static unsigned char bytes[1 << 16];
    size_t n;

    OK(snn_network_save(net, path));
    n = read_file(bytes);
    for (size_t k = 0; k < n; k++) {
        ck_assert(write_file(path, bytes, k));
        ck_assert(!opens());
    }
    ck_assert(write_file(path, bytes, n));
    ck_assert(opens());
    bytes[n] = 0;
    ck_assert(write_file(path, bytes, n + 1));
    ck_assert(!opens());
}
END_TEST

/* Every byte changed: in the header most are found out; in the tensors, which are not read, by loading alone. */
START_TEST(test_damaged)
{
    static unsigned char bytes[1 << 16];
    snn_network *loaded = NULL;
    size_t n, header, found = 0;

    OK(snn_network_save(net, path));
    n = read_file(bytes);
    header = 8 + bytes[0] + 256u * bytes[1];
    for (size_t k = 0; k < n; k++) {
        bytes[k] ^= 0x11;
        ck_assert(write_file(path, bytes, n));
        found += !opens() && k < header;
        ck_assert(k < header || opens());
        bytes[k] ^= 0x11;
    }
    ck_assert_uint_gt(found, header / 4);
    bytes[n - 1] ^= 1;
    ck_assert(write_file(path, bytes, n));
    FAILS(snn_network_load(&loaded, ctx, path), SNN_ERR_FORMAT, "its checksum is");
}
END_TEST

START_TEST(test_misuse)
{
    snn_tensor tensor = SNN_TENSOR_INIT;
    snn_model_info info = SNN_MODEL_INFO_INIT;

    FAILS(snn_model_open(NULL, ctx, path), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_model_open(&model, NULL, path), SNN_ERR_ARGUMENT, "context is NULL");
    FAILS(snn_model_open(&model, ctx, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    FAILS(snn_model_open(&model, ctx, "/nonexistent/a.snn"), SNN_ERR_IO, "/nonexistent/a.snn");
    FAILS(snn_model_open(&model, ctx, "/tmp"), SNN_ERR_IO, "/tmp");
    FAILS(snn_model_get_info(NULL, &info), SNN_ERR_ARGUMENT, "model is NULL");
    FAILS(snn_model_tensor(NULL, 0, &tensor), SNN_ERR_ARGUMENT, "model is NULL");
    ck_assert_ptr_null(snn_model_note(NULL, "run"));
    snn_model_destroy(NULL);
    OK(snn_network_save(net, path));
    OK(snn_model_open(&model, ctx, path));
    FAILS(snn_model_tensor(model, 8, &tensor), SNN_ERR_ARGUMENT, "has 8 tensors, no number 8");
}
END_TEST

/* ---- memory */

/* 16 MiB of weights: what is held, and what is asked for on the way, is for the header alone. */
START_TEST(test_memory_is_of_the_header)
{
    const size_t shape[3] = { 2048 };
    snn_network *large = network_of(ctx, shape, "linear a out=2048; lif s; linear o out=3");
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

    OK(snn_network_save(large, path));
    snn_network_destroy(large);
    snn_network_destroy(net);
    net = NULL;
    snn_context_destroy(ctx);
    ctx = test_context(1, 3, "best");
    OK(snn_context_get_info(ctx, &before));
    OK(snn_model_open(&model, ctx, path));
    OK(snn_context_get_info(ctx, &after));
    ck_assert_uint_gt(info_of(model).tensor_bytes, (uint64_t)16 << 20);
    ck_assert_uint_lt(after.peak_bytes - before.bytes, (uint64_t)64 << 10);
}
END_TEST

START_TEST(test_allocations_fail)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *counted;
    size_t n = 0;
    bool failed = true;

    OK(snn_network_save(net, path));
    OK(snn_context_options_init(&options, sizeof options));
    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&counted, &options));
    while (failed && n++ < 1000) {
        const size_t live = c.live;

        c.fail_at = c.calls + n;
        failed = snn_model_open(&model, counted, path) != SNN_OK;
        c.fail_at = 0;
        ck_assert(failed == (model == NULL));
        snn_model_destroy(model);
        model = NULL;
        ck_assert_uint_eq(c.live, live);
    }
    ck_assert(!failed && n > 3);
    snn_context_destroy(counted);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model: contents");
    TCase *tc = tcase_create("contents");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_network);
    tcase_add_test(tc, test_packed);
    tcase_add_test(tc, test_checkpoint);
    tcase_add_test(tc, test_cut_short);
    tcase_add_test(tc, test_damaged);
    tcase_add_test(tc, test_misuse);
    tcase_add_test(tc, test_memory_is_of_the_header);
    tcase_add_test(tc, test_allocations_fail);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
