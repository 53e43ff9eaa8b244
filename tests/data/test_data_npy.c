/* NumPy's arrays: types, orders and shapes arrive, and what is wrong with them is told. */
#include "files.h"

static snn_context *ctx;
static snn_dataset_files files;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
    make_directory();
    OK(snn_dataset_files_init(&files, sizeof files));
    files.format = "npy";
    files.path = directory;
}

static void teardown(void)
{
    remove_directory();
    snn_context_destroy(ctx);
}

/* Writes an array of version 1: a header for `text`, then the bytes. */
static void put_array(const char *name, const char *text, const void *bytes, size_t size)
{
    static uint8_t file[65536];
    const size_t length = strlen(text);

    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + 10, text, length);
    memcpy(file + 10 + length, bytes, size);
    put(name, file, 10 + length + size);
}

static void put_labels(void)
{
    put_array("y_train.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }",
              "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

#define X_IS(type, order, shape) "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }\n"

/* The second sample of two, of two numbers each. */
static void second_is(float first, float second)
{
    snn_dataset *d;
    uint32_t label;
    float x[2];

    OK(snn_dataset_open_files(&d, ctx, &files));
    OK(read_labelled(d, 1, 0, x, &label));
    ck_assert_float_eq(x[0], first);
    ck_assert_float_eq(x[1], second);
    ck_assert_uint_eq(label, 0);
    snn_dataset_destroy(d);
}

START_TEST(types)
{
    put_labels();
    put_array("x_train.npy", X_IS("|u1", "False", "(2, 2)"), "\1\2\xff\x33", 4);
    second_is(1.0f, 0.2f);
    put_array("x_train.npy", X_IS("|b1", "False", "(2, 2)"), "\1\0\1\0", 4);
    second_is(1.0f, 0.0f);
    put_array("x_train.npy", X_IS("|i1", "False", "(2, 2)"), "\1\2\x80\3", 4);
    second_is(-128.0f, 3.0f);
    put_array("x_train.npy", X_IS("<u2", "False", "(2L, 2L)"), "\0\0\0\0\xff\xff\1\0", 8);
    second_is(65535.0f, 1.0f);
    put_array("x_train.npy", X_IS(">i2", "False", "(2, 2)"), "\0\0\0\0\xff\xff\0\1", 8);
    second_is(-1.0f, 1.0f);
    put_array("x_train.npy", X_IS("<f2", "False", "(2, 2)"), "\0\0\0\0\x00\x3e\x01\x80", 8);
    second_is(1.5f, -0x1p-24f);
    put_array("x_train.npy", X_IS(">f4", "False", "(2, 2)"), "\0\0\0\0\0\0\0\0\x3f\xc0\0\0\xc0\0\0\0", 16);
    second_is(1.5f, -2.0f);
    put_array("x_train.npy", X_IS("<f8", "False", "(2, 2)"), ((const double[]){ 0, 0, 0.25, -8 }), 32);
    second_is(0.25f, -8.0f);
}
END_TEST

START_TEST(order_of_fortran)
{
    uint32_t label;
    snn_dataset *d;
    float x[6];

    put_labels();
    put_array("x_train.npy", X_IS("|i1", "True", "(2, 2)"), "\1\3\2\4", 4);
    second_is(3.0f, 4.0f);
    put_array("x_train.npy", X_IS("|i1", "True", "(2, 2, 3)"), "\0\6\3\x9\1\7\4\xa\2\x8\5\xb", 12);
    OK(snn_dataset_open_files(&d, ctx, &files));
    for (size_t n = 0; n < 2; n++) {
        OK(read_labelled(d, n, 0, x, &label));
        for (size_t i = 0; i < 6; i++)
            ck_assert_float_eq(x[i], (float)(6 * n + i));
    }
    snn_dataset_destroy(d);
}
END_TEST

static snn_dataset *series(snn_status rc, const char *part)
{
    snn_dataset *d;

    files.split = SNN_SPLIT_TEST;
    files.series = files.label_steps = 1;
    if (rc != SNN_OK)
        FAILS(snn_dataset_open_files(&d, ctx, &files), rc, part);
    else
        OK(snn_dataset_open_files(&d, ctx, &files));
    return d;
}

/* Frames [n,T,N] with a label for each step, in the order of either language. */
START_TEST(series_and_labels_of_steps)
{
    static const char *const fortran[] = { "False", "True" }, *const bytes[] = { "\1\0\2\2\1\0", "\1\2\0\1\2\0" };
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_view_options half;
    snn_dataset *d, *part;
    uint32_t label;
    float x[2];

    put_array("a-test-x.npy", X_IS("|i1", "False", "(2, 3, 2)"), "\1\2\3\4\5\6\1\2\3\4\5\6", 12);
    for (int i = 0; i < 2; i++) {
        char header[128];

        snprintf(header, sizeof header, "{'descr': '|i1', 'fortran_order': %s, 'shape': (2, 3), }", fortran[i]);
        put_array("a-test-labels.npy", header, bytes[i], 6);
        d = series(SNN_OK, "");
        OK(snn_dataset_get_info(d, &info));
        ck_assert(info.frames == 3 && info.classes == 3 && info.targets == 0 && info.target_frames == 3);
        sample.x = x;
        for (size_t k = 0; k < 6; k++) {
            OK(snn_dataset_read(d, k / 3, k % 3, &sample));
            ck_assert_uint_eq(sample.label, (uint32_t)bytes[0][k]);
        }
        FAILS(snn_dataset_label(d, 0, &label), SNN_ERR_ARGUMENT, "a label for each step");
        OK(snn_view_options_init(&half, sizeof half));
        half.part = SNN_VIEW_SHARE;
        half.share = 0.5;
        OK(snn_dataset_view(&part, d, &half));
        OK(snn_dataset_get_info(part, &info));
        ck_assert(info.count == 1 && info.classes == 3 && info.target_frames == 3);
        OK(snn_dataset_read(part, 0, 1, &sample));
        ck_assert(sample.label == 0 || sample.label == 1);
        half.classes = &label;
        half.n_classes = 1;
        snn_dataset_destroy(part);
        FAILS(snn_dataset_view(&part, d, &half), SNN_ERR_ARGUMENT, "labels of their steps");
        snn_dataset_destroy(d);
    }
    put_array("a-test-labels.npy", X_IS("|i1", "False", "(2, 2)"), "\1\0\2\2", 4);
    series(SNN_ERR_FORMAT, "labels of steps are whole numbers [n,T]");
    put_array("a-test-labels.npy", X_IS("|i1", "False", "(2, 3)"), "\1\0\2\2\xff\0", 6);
    series(SNN_ERR_FORMAT, "label -1, not in 0");
}
END_TEST

/* Frames [n,T,N] with targets for each step. */
START_TEST(series_and_targets)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset *d;
    float x[2], y;

    put_array("arm-test-frames.npy", X_IS("|i1", "False", "(1, 3, 2)"), "\1\2\3\4\5\6", 6);
    put_array("arm-test-targets.npy", X_IS("|i1", "True", "(1, 3, 1)"), "\x7\x8\x9", 3);
    files.split = SNN_SPLIT_TEST;
    files.series = 1;
    OK(snn_dataset_open_files(&d, ctx, &files));
    OK(snn_dataset_get_info(d, &info));
    ck_assert(info.frames == 3 && info.shape[0] == 2 && info.targets == 1 && info.target_frames == 3);
    sample.x = x;
    sample.target = &y;
    OK(snn_dataset_read(d, 0, 2, &sample));
    ck_assert(x[0] == 5.0f && x[1] == 6.0f && y == 9.0f);
    snn_dataset_destroy(d);
}
END_TEST

static void shape_is(const char *text, uint32_t rank, size_t a, size_t b, size_t c)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;

    put_array("x_train.npy", text, "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc", 12);
    files.rank = rank;
    OK(snn_dataset_open_files(&d, ctx, &files));
    OK(snn_dataset_get_info(d, &info));
    ck_assert(info.rank == (rank > 0 ? rank : 3) && info.shape[0] == a && info.shape[1] == b && info.shape[2] == c);
    snn_dataset_destroy(d);
}

START_TEST(rank_of_samples)
{
    snn_dataset *d;
    uint32_t label;
    float x[6];

    put_labels();
    shape_is(X_IS("|i1", "False", "(2, 2, 3)"), 0, 1, 2, 3);
    shape_is(X_IS("|i1", "False", "(2, 2, 3)"), 3, 1, 2, 3);
    shape_is(X_IS("|i1", "False", "(2, 6)"), 3, 1, 1, 6);
    shape_is(X_IS("|i1", "False", "(2, 6)"), 2, 1, 6, 1);
    shape_is(X_IS("|i1", "False", "(2, 2, 3)"), 2, 2, 3, 1);
    OK(snn_dataset_open_files(&d, ctx, &files));
    OK(read_labelled(d, 1, 0, x, &label));
    ck_assert(x[0] == 7.0f && x[5] == 12.0f);
    snn_dataset_destroy(d);
    files.rank = 1;
    FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_FORMAT, "more than samples of rank 1 have");
    files.rank = 4;
    FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_ARGUMENT, "rank 4");
    files.series = 1;
    shape_is(X_IS("|i1", "False", "(2, 2, 3)"), 2, 1, 3, 1);
    shape_is(X_IS("|i1", "False", "(2, 1, 2, 3)"), 2, 2, 3, 1);
}
END_TEST

#define WRONG(text, bytes, part)                                               \
    do {                                                                       \
        snn_dataset *d_ = NULL;                                                \
        put_array("x_train.npy", text, bytes, sizeof(bytes) - 1);              \
        FAILS(snn_dataset_open_files(&d_, ctx, &files), SNN_ERR_FORMAT, part); \
        ck_assert_ptr_null(d_);                                                \
    } while (0)

/* What a header says takes no memory. */
START_TEST(what_is_wrong)
{
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

    put_labels();
    OK(snn_context_get_info(ctx, &before));
    WRONG(X_IS("<f4", "False", "(1048576, 1048576)"), "1234", "cannot hold");
    WRONG(X_IS("<f4", "False", "(1099511627776, 64, 64)"), "1234", "which a file of this length cannot hold");
    WRONG(X_IS("<f4", "True", "(1099511627776, 8)"), "1234", "which a file of this length cannot hold");
    WRONG(X_IS("<f4", "False", "(1152921504606846976, 1)"), "1234", "no array of numbers");
    WRONG(X_IS("<f4", "False", "(2, 2, 2, 2, 2, 2, 2)"), "1234", "no array of numbers");
    WRONG(X_IS("<f4", "False", "()"), "1234", "no array of numbers");
    WRONG(X_IS("<c8", "False", "(2,)"), "12345678", "no array of numbers");
    WRONG(X_IS("|O", "False", "(2,)"), "1234", "no array of numbers");
    WRONG(X_IS("<f3", "False", "(2,)"), "123456", "no array of numbers");
    WRONG("{'descr': [('t', '<i8')], 'fortran_order': False, 'shape': (2,)}", "12345678", "no array of numbers");
    WRONG(X_IS("|i1", "False", "(2, 2)"), "123", "truncated");
    WRONG(X_IS("|i1", "False", "(2, 2)"), "12345", "continues after");
    WRONG(X_IS("|i1", "True", "(2, 2)"), "12345", "continues after");
    WRONG(X_IS("|i1", "False", "(0, 2)"), "", "holds no samples");
    WRONG(X_IS("|i1", "False", "(3, 1)"), "123", "2 labels or targets for 3 samples");
    put_array("y_train.npy", X_IS("|i1", "False", "(2,)"), "\xff\1", 2);
    WRONG(X_IS("|i1", "False", "(2, 1)"), "12", "label -1, not in 0");
    OK(snn_context_get_info(ctx, &after));
    ck_assert_uint_eq(after.bytes, before.bytes);
    ck_assert_uint_lt(after.peak_bytes, before.bytes + (1u << 20));
}
END_TEST

START_TEST(every_truncation)
{
    static const char header[] = X_IS("<i2", "False", "(2, 2)");
    uint8_t file[200] = "\x93NUMPY\1";
    const size_t size = 10 + sizeof header - 1 + 8;
    snn_dataset *d;

    put_labels();
    file[8] = sizeof header - 1;
    memcpy(file + 10, header, sizeof header - 1);
    for (size_t n = 0; n < size; n++) {
        put("x_train.npy", file, n);
        FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_FORMAT, "x_train.npy");
        ck_assert_ptr_null(d);
    }
    put("x_train.npy", file, size);
    OK(snn_dataset_open_files(&d, ctx, &files));
    snn_dataset_destroy(d);
}
END_TEST

static snn_status open_in(snn_dataset **d, snn_context *in)
{
    return snn_dataset_open_files(d, in, &files);
}

START_TEST(nth_allocation_fails)
{
    put_labels();
    put_array("x_train.npy", X_IS("|i1", "True", "(2, 2)"), "\1\3\2\4", 4);
    ck_assert_uint_gt(fail_allocations_of(open_in, 100), 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: npy");
    TCase *tc = tcase_create("npy");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, types);
    tcase_add_test(tc, order_of_fortran);
    tcase_add_test(tc, series_and_labels_of_steps);
    tcase_add_test(tc, series_and_targets);
    tcase_add_test(tc, rank_of_samples);
    tcase_add_test(tc, what_is_wrong);
    tcase_add_test(tc, every_truncation);
    tcase_add_test(tc, nth_allocation_fails);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
