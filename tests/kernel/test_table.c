/* Tables of products: rows of a file come before those that all have, a bad file is refused with its line, and a
 * stream goes the ways of its network's context. */
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

static void head_of(char head[SNN_PRODUCT_TABLE_HEAD])
{
    snn_context *ctx = test_context(1, 1, "ref");

    OK(snn_product_table_head(ctx, head, SNN_PRODUCT_TABLE_HEAD));
    snn_context_destroy(ctx);
}

/* The head of a table here, with these rows. */
static void write_rows(const char *rows)
{
    char text[2048], head[SNN_PRODUCT_TABLE_HEAD];

    head_of(head);
    ck_assert_int_lt(snprintf(text, sizeof text, "%s%s", head, rows), (int)sizeof text);
    write_text(text);
}

static snn_status open_table(snn_context **ctx)
{
    snn_context_options options;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.isa = "ref";
    options.product_table = FILE_NAME;
    return snn_context_create(ctx, &options);
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
               "spikes 3-3 1-1 512-1023 64-64 64-64 lookup 1\n" /* of fewer rows */
               "spikes 3-3 1-1 1024-1024 64-64 64-64 dense 0.3\n\n"
               "reals 1-3 1-1 1024-1024 32-64 64-127 lookup 0\n" /* reals do not take it */
               "reals 3-3 1-1 1024-1024 64-64 64-64 dense 0\n"
               "gradients 3-3 1-1 0-4294967295 64-64 64-64 dense 0");
    OK(open_table(&ctx));
    ck_assert_str_eq(picked(ctx, "spikes", 0.5), "dense");
    ck_assert_str_eq(picked(ctx, "spikes", 0.25), "events");
    ck_assert_str_eq(picked(ctx, "reals", 0.01), "dense");
    ck_assert_str_eq(picked(ctx, "gradients", 0.5), "dense");
    snn_context_destroy(ctx);
    write_rows("");
    OK(open_table(&ctx));
    ck_assert_str_eq(picked(ctx, "spikes", 0.25), "lookup");
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

START_TEST(bad_files_are_refused)
{
    char head[SNN_PRODUCT_TABLE_HEAD], text[256];
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
    static char text[70000];
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
    FAILS(open_table(&ctx), SNN_ERR_FORMAT, "more than 65536 bytes");
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

int main(void)
{
    Suite *suite = suite_create("product table");
    TCase *tc = tcase_create("core");

#ifndef SNN_ONLY_BLAS
    tcase_add_test(tc, rows_come_first);
#endif
    tcase_add_test(tc, streams_follow);
    tcase_add_test(tc, bad_files_are_refused);
    tcase_add_test(tc, long_files_are_refused);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
