/* Tables of products: rows of a file come before those that all have, a bad file is refused with its line, a context
 * that measures fills in its own, and a stream goes the ways of its network's context. */
#include "blas/table.h"
#include "core/context.h"
#include "support.h"
#include <snn/sys/product.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "test_table.txt"

static void write_text(const char *text)
{
    ck_assert(write_file(FILE_NAME, text, strlen(text)));
}

#define HEAD_ROOM 256

/* The table of a context without rows of its own. */
static void head_of(char head[HEAD_ROOM])
{
    static char text[SNN_PRODUCT_TABLE];
    snn_context *ctx = test_context(1, 1, "ref");

    FAILS(snn_product_table(NULL, text, sizeof text), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_product_table(ctx, NULL, sizeof text), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_product_table(ctx, text, sizeof text - 1), SNN_ERR_ARGUMENT, "size");
    OK(snn_product_table(ctx, text, sizeof text));
    ck_assert_uint_lt(strlen(text), HEAD_ROOM);
    memcpy(head, text, strlen(text) + 1);
    snn_context_destroy(ctx);
}

/* The head of a table here, with these rows. */
static void write_rows(const char *rows)
{
    char text[2048], head[HEAD_ROOM];

    head_of(head);
    ck_assert_int_lt(snprintf(text, sizeof text, "%s%s", head, rows), (int)sizeof text);
    write_text(text);
}

static snn_status open_source(snn_context **ctx, const char *isa, const char *source)
{
    snn_context_options options;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.isa = isa;
    options.product_table = source;
    return snn_context_create(ctx, &options);
}

static snn_status open_table(snn_context **ctx)
{
    return open_source(ctx, "ref", FILE_NAME);
}

static void refuses(const char *rows, const char *part)
{
    snn_context *ctx;

    write_rows(rows);
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, part);
    ck_assert_ptr_null(ctx);
}

#ifndef SNN_ONLY_BLAS
static const snn_product_shape map = { sizeof map, 16, 64, 8, 64, 3, 1, 1, 0.5 };

static const char *picked(snn_context *ctx, const char *kind, double density)
{
    snn_product_shape shape = map;
    const char *way;

    shape.density = density;
    OK(snn_product_pick(ctx, kind, &shape, &way));
    return way;
}

START_TEST(rows_come_first)
{
    snn_context *ctx = test_context(1, 1, "ref");

    ck_assert_str_eq(picked(ctx, "spikes", 0.5), "lookup");
    ck_assert_str_eq(picked(ctx, "reals", 0.5), "winograd");
    ck_assert_str_eq(picked(ctx, "gradients", 0.5), "winograd");
    snn_context_destroy(ctx);
    write_rows("# a remark\n"
               "adjoints 3-3 1-1 1024-1024 64-64 64-64 dense 0\n"
               "spikes 3-3 1-1 512-1023 64-64 64-64 lookup 1\n" /* of fewer rows */
               "spikes 3-3 1-1 1024-1024 64-64 64-64 dense 0.3\n\n"
               "reals 1-3 1-1 1024-1024 32-64 64-127 lookup 0\n" /* reals do not take it */
               "reals 3-3 1-1 1024-1024 64-64 64-64 dense 0\n"
               "gradients 3-3 1-1 0-4294967295 64-64 64-64 dense 0");
    OK(open_table(&ctx));
    ck_assert_str_eq(picked(ctx, "spikes", 0.5), "dense");
    ck_assert_str_eq(picked(ctx, "spikes", 0.25), "events");
    ck_assert_str_eq(picked(ctx, "reals", 0.01), "dense");
    ck_assert_str_eq(picked(ctx, "adjoints", 0.5), "dense");
    ck_assert_str_eq(picked(ctx, "gradients", 0.5), "dense");
    snn_context_destroy(ctx);
    write_rows("");
    OK(open_table(&ctx));
    ck_assert_str_eq(picked(ctx, "spikes", 0.25), "lookup");
    ck_assert_str_eq(picked(ctx, "adjoints", 0.5), "winograd");
    snn_context_destroy(ctx);
}
END_TEST
#endif

/* One step of 16-8, by its ways: a stream has a context of its own. */
static float step_of(snn_context *ctx)
{
    static _Alignas(64) char memory[1 << 16];
    const size_t in = 16;
    float x[16], y[8];
    snn_network *net;
    snn_stream *stream;

    for (int i = 0; i < 16; i++)
        x[i] = 1.0f / (float)(i + 1);
    OK(snn_network_build(&net, ctx, "16-8", &in, 1, 8, NULL));
    OK(snn_network_prepare(net));
    OK(snn_stream_init(memory, sizeof memory, net, &stream));
    OK(snn_stream_step(stream, x, y));
    snn_network_destroy(net);
    return y[0];
}

/* ---- what is measured ---- */

#define WEIGHTS (16 * 8 * 3 * 3)

static size_t rows_of(const snn_context *ctx)
{
    return atomic_load(&ctx->products->count);
}

/* Trains one batch of maps, in which a layer has a stride; weights: of that layer. */
static void train(snn_context *ctx, float *weights)
{
    static const size_t in[] = { 3, 12, 12 };
    static const uint32_t labels[] = { 1, 2, 0, 1, 2 };
    static float x[5 * 3 * 12 * 12];
    snn_tensor tensor = { .struct_size = sizeof tensor };
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *trainer;

    random_fill(x, sizeof x / sizeof *x, 0, 1, 3);
    OK(snn_network_build(&net, ctx, "8C3-16C3s2-20-3", in, 3, 3, NULL));
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_trainer_create(&trainer, net, sgd, "sltt"));
    OK(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 2));
    OK(snn_trainer_prepare(trainer, 5));
    OK(snn_trainer_step(trainer, BATCH_OF(x, 1, labels, 5), NULL));
    OK(snn_layer_tensor_named((snn_layer *)snn_network_layer(net, 2), "weight", &tensor));
    ck_assert_uint_eq(tensor.length, WEIGHTS);
    memcpy(weights, tensor.data, WEIGHTS * sizeof *weights);
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
}

/* Planning measures each class once. What was measured is a table that gives another context the same bits. */
START_TEST(plans_measure)
{
    static char text[SNN_PRODUCT_TABLE], again[SNN_PRODUCT_TABLE];
    static float first[WEIGHTS], second[WEIGHTS];
    snn_context *ctx;
    size_t rows;

    OK(open_source(&ctx, "best", "measure"));
    ck_assert_uint_eq(rows_of(ctx), 0);
    train(ctx, first);
    rows = rows_of(ctx);
    ck_assert_uint_ge(rows, 8); /* 4 layers: forward, gradient, and adjoints of all but the first */
    train(ctx, second);
    ck_assert_uint_eq(rows_of(ctx), rows);
    ck_assert_mem_eq(first, second, sizeof first);
    OK(snn_product_table(ctx, text, sizeof text));
    snn_context_destroy(ctx);
    ck_assert_ptr_nonnull(strstr(text, "\nadjoints 3-3 2-2 512-1023 8-15 16-31 "));
    write_text(text);
    OK(open_source(&ctx, "best", FILE_NAME));
    ck_assert_uint_eq(rows_of(ctx), rows);
    train(ctx, second);
    ck_assert_mem_eq(first, second, sizeof first);
    OK(snn_product_table(ctx, again, sizeof again));
    ck_assert_str_eq(text, again);
    snn_context_destroy(ctx);
    ck_assert_int_eq(remove(FILE_NAME), 0);
}
END_TEST

START_TEST(streams_follow)
{
    snn_context *plain = test_context(1, 1, "ref"), *ctx;

    write_rows("reals 1-1 1-1 1-1 1-99 1-99 dense 0\n");
    OK(open_table(&ctx));
    ck_assert_float_eq_tol(step_of(ctx), step_of(plain), 1e-5f);
    snn_context_destroy(ctx);
    snn_context_destroy(plain);
}
END_TEST

/* snn_network_prepare() measures; a stream takes the ways that there are. */
START_TEST(streams_measure_nothing)
{
    snn_context *ctx;

    OK(open_source(&ctx, "ref", "measure"));
    step_of(ctx);
    ck_assert_uint_eq(rows_of(ctx), 1);
    snn_context_destroy(ctx);
}
END_TEST

static const snn_product_shape small = { sizeof small, 2, 3, 1, 5, 1, 1, 0, 0.5 };

START_TEST(classes_are_measured_once)
{
    char text[SNN_PRODUCT_ROW];
    snn_product_shape shape = small;
    snn_context *ctx = test_context(1, 1, "ref");

    FAILS(snn_product_tune(ctx, "spikes", &small, text, sizeof text), SNN_ERR_ARGUMENT, "\"measure\"");
    snn_context_destroy(ctx);
    OK(open_source(&ctx, "ref", "measure"));
    FAILS(snn_product_tune(NULL, "spikes", &small, text, sizeof text), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_product_tune(ctx, "sparks", &small, text, sizeof text), SNN_ERR_ARGUMENT, "unknown kind");
    FAILS(snn_product_tune(ctx, "spikes", &small, NULL, sizeof text), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_product_tune(ctx, "spikes", &small, text, sizeof text - 1), SNN_ERR_ARGUMENT, "size");
    OK(snn_product_tune(ctx, "spikes", &small, text, sizeof text));
    ck_assert_int_eq(strncmp(text, "# ms: dense ", 12), 0);
    ck_assert_ptr_nonnull(strstr(text, "\nspikes 1-1 1-1 2-3 4-7 2-3 "));
    shape.outputs = 7;
    OK(snn_product_tune(ctx, "spikes", &shape, text, sizeof text));
    ck_assert_str_eq(text, "");
    shape.outputs = 8;
    OK(snn_product_tune(ctx, "spikes", &shape, text, sizeof text));
    ck_assert_ptr_nonnull(strstr(text, "\nspikes 1-1 1-1 2-3 8-15 2-3 "));
    ck_assert_uint_eq(rows_of(ctx), 2);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(bad_files_are_refused)
{
    char head[HEAD_ROOM], text[512];
    snn_context *ctx;

    refuses("spikes 3-3 1-1 1-2 3-4 5-6 dense\n", "line 4: a row has 8 words");
    refuses("#\nspikes 3-3 1-1 1-2 3-4 5-6 dense 0 0\n", "line 5: a row has 8 words");
    refuses("spiked 3-3 1-1 1-2 3-4 5-6 dense 0\n", "unknown kind");
    refuses("spikes 3-3 1-1 1-2 3-4 5-6 bits 0\n", "unknown way");
    refuses("spikes 3-3 1-1 1-2 3-4 5-6 events 0\n", "unknown way");
    refuses("spikes 3-3 1-1 2-1 3-4 5-6 dense 0\n", "bounds");
    refuses("spikes 3 1-1 2-1 3-4 5-6 dense 0\n", "bounds");
    refuses("spikes 3-3 1-1 1-4294967296 3-4 5-6 dense 0\n", "bounds");
    refuses("spikes 3-3 1-1 -1-2 3-4 5-6 dense 0\n", "bounds");
    refuses("spikes 3-3 1-1 1-2 3-4 5-6 dense 1.5\n", "share of events");
    refuses("spikes 3-3 1-1 1-2 3-4 5-6 dense nan\n", "share of events");
    write_text("snn product");
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, "not a table");
    write_text("");
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, "not a table");
    head_of(head);
    ck_assert(write_file(FILE_NAME, head, strlen(head) + 1));
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, "a byte is zero");
    ck_assert_int_eq(remove(FILE_NAME), 0);
    FAILS(open_table(&ctx), SNN_ERR_IO, "cannot read");
    snprintf(text, sizeof text, "%.20sprocessor Other 1-2-3\nisa ref\n", head);
    write_text(text);
    FAILS(open_table(&ctx), SNN_ERR_UNSUPPORTED, "another processor or instruction set");
    *strstr(head, "isa ref") = '\0';
    snprintf(text, sizeof text, "%sisa avx2\n", head);
    write_text(text);
    FAILS(open_table(&ctx), SNN_ERR_UNSUPPORTED, "another processor or instruction set");
    ck_assert_int_eq(remove(FILE_NAME), 0);
}
END_TEST

/* Rows, bytes. */
START_TEST(long_files_are_refused)
{
    static const char row[] = "spikes 3-3 1-1 1-2 3-4 5-6 dense 0\n";
    static char text[SNN_PRODUCT_TABLE + 10];
    snn_context *ctx;
    size_t used;

    head_of(text);
    used = strlen(text);
    for (int i = 0; i < 1025; i++, used += sizeof row - 1)
        memcpy(text + used, row, sizeof row);
    ck_assert(write_file(FILE_NAME, text, used - (sizeof row - 1)));
    OK(open_table(&ctx));
    snn_context_destroy(ctx);
    ck_assert(write_file(FILE_NAME, text, used));
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, "more than 1024 rows");
    memset(text + used, '\n', sizeof text - used);
    ck_assert(write_file(FILE_NAME, text, sizeof text));
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, "more than 262143 bytes");
    ck_assert_int_eq(remove(FILE_NAME), 0);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    snn_status rc = SNN_ERR_MEMORY;
    size_t n = 0;

    write_rows("spikes 3-3 1-1 1-2 3-4 5-6 dense 0\n");
    for (; rc != SNN_OK; n++) {
        struct counting c = { .fail_at = n + 1 };
        snn_context_options options;
        snn_context *ctx;

        counting_options(&c, &options);
        options.threads = 1;
        options.isa = "ref";
        options.product_table = FILE_NAME;
        rc = snn_context_create(&ctx, &options);
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        snn_context_destroy(ctx);
        ck_assert_uint_eq(c.live, 0);
    }
    ck_assert_uint_gt(n, 3);
    ck_assert_int_eq(remove(FILE_NAME), 0);
}
END_TEST

START_TEST(every_allocation_of_a_measurement_may_fail)
{
    snn_status rc = SNN_ERR_MEMORY;
    size_t n = 0;

    for (; rc != SNN_OK; n++) {
        struct counting c = { 0 };
        char text[SNN_PRODUCT_ROW];
        snn_context_options options;
        snn_context *ctx;

        counting_options(&c, &options);
        options.threads = 1;
        options.isa = "ref";
        options.product_table = "measure";
        OK(snn_context_create(&ctx, &options));
        c.fail_at = c.calls + n + 1;
        rc = snn_product_tune(ctx, "reals", &small, text, sizeof text);
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        ck_assert_uint_eq(rows_of(ctx), rc == SNN_OK);
        snn_context_destroy(ctx);
        ck_assert_uint_eq(c.live, 0);
    }
    ck_assert_uint_gt(n, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("product table");
    TCase *tc = tcase_create("core");

#ifndef SNN_ONLY_BLAS
    tcase_add_test(tc, rows_come_first);
#endif
    tcase_add_test(tc, plans_measure);
    tcase_add_test(tc, streams_follow);
    tcase_add_test(tc, streams_measure_nothing);
    tcase_add_test(tc, classes_are_measured_once);
    tcase_add_test(tc, bad_files_are_refused);
    tcase_add_test(tc, long_files_are_refused);
    tcase_add_test(tc, every_allocation_may_fail);
    tcase_add_test(tc, every_allocation_of_a_measurement_may_fail);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
