/* What only has the name of a data file: pipes, devices, and small files that stand for large ones. */
#include "files.h"
#include <sys/stat.h>

static snn_context *ctx;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
    make_directory();
}

static void teardown(void)
{
    remove_directory();
    snn_context_destroy(ctx);
}

static const struct {
    const char *format, *name;
} first[] = { { "idx", "t10k-images-idx3-ubyte" }, { "cifar10", "test_batch.bin" }, { "cifar100", "test.bin.gz" } };

START_TEST(a_pipe_is_refused_at_once)
{
    ck_assert_int_eq(mkfifo(path_of(first[_i].name), 0666), 0);
    OPEN_FAILS(ctx, first[_i].format, SNN_SPLIT_TEST, SNN_ERR_IO, "it is a pipe, not a regular file");
    unlink(path_of(first[_i].name));
}
END_TEST

START_TEST(a_device_is_refused)
{
    ck_assert_int_eq(symlink("/dev/zero", path_of(first[_i].name)), 0);
    OPEN_FAILS(ctx, first[_i].format, SNN_SPLIT_TEST, SNN_ERR_IO, "it is a device, not a regular file");
    unlink(path_of(first[_i].name));
}
END_TEST

#define SWOLLEN ((size_t)32 << 20)

/* So many bytes more than `held` may be taken for a small file. */
static void takes_at_most(size_t most, uint64_t held)
{
    snn_context_info info = { .struct_size = sizeof info };

    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_eq(info.bytes, held);
    ck_assert_uint_lt(info.peak_bytes - held, most);
}

/* 32 MiB in 32 KiB: as records of CIFAR, as an idx file that says so. */
START_TEST(a_swollen_file_is_refused)
{
    snn_context_info info = { .struct_size = sizeof info };
    uint8_t *zeros = calloc(SWOLLEN, 1);

    OK(snn_context_get_info(ctx, &info));
    if (_i == 0) {
        put_u32(zeros, 0x803);
        put_u32(zeros + 4, (SWOLLEN - 16) / 784);
        put_u32(zeros + 8, 28);
        put_u32(zeros + 12, 28);
    }
    put_gz(first[_i].name, zeros, _i == 0 ? 16 + (SWOLLEN - 16) / 784 * 784 : SWOLLEN);
    OPEN_FAILS(ctx, first[_i].format, SNN_SPLIT_TEST, SNN_ERR_FORMAT, _i == 0 ? "cannot hold" : "unpack it (gunzip)");
    takes_at_most((size_t)16 << 20, info.bytes);
    unlink(path_of(first[_i].name));
    free(zeros);
}
END_TEST

/* The first samples of a file that is refused as a whole. */
START_TEST(a_limit_is_kept_to_in_reading)
{
    uint8_t *zeros = calloc(SWOLLEN, 1);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_context_info held = { .struct_size = sizeof held };
    snn_dataset *d;

    OK(snn_context_get_info(ctx, &held));
    put_gz("data_batch_1.bin.gz", zeros, SWOLLEN);
    put_gz("data_batch_2.bin.gz", zeros, SWOLLEN);
    OK(snn_dataset_open_first(&d, ctx, "cifar10", directory, SNN_SPLIT_TRAIN, 100));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.count, 100);
    snn_dataset_destroy(d);
    takes_at_most((size_t)6 << 20, held.bytes);
    free(zeros);
}
END_TEST

/* The labels of an idx file are all looked at: they give the number of classes. */
START_TEST(a_limit_keeps_the_classes)
{
    uint8_t images[16 + 5] = { 0 }, labels[8 + 5] = { 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 5, 6, 25 };
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d = NULL;
    uint32_t label;
    float x;

    put_u32(images, 0x803);
    put_u32(images + 4, 5);
    put_u32(images + 8, 1);
    put_u32(images + 12, 1);
    put_u32(labels, 0x801);
    put_u32(labels + 4, 5);
    put("t10k-images-idx3-ubyte", images, sizeof images);
    put("t10k-labels-idx1-ubyte", labels, sizeof labels);
    for (size_t limit = 1; limit < 8; limit++) {
        OK(snn_dataset_open_first(&d, ctx, "idx", directory, SNN_SPLIT_TEST, limit));
        OK(snn_dataset_get_info(d, &info));
        ck_assert_uint_eq(info.count, limit < 5 ? limit : 5);
        ck_assert_uint_eq(info.classes, 26);
        OK(read_labelled(d, info.count - 1, 0, &x, &label));
        ck_assert_uint_eq(label, labels[8 + info.count - 1]);
        snn_dataset_destroy(d);
    }
    put("t10k-labels-idx1-ubyte", labels, sizeof labels - 1);
    FAILS(snn_dataset_open_first(&d, ctx, "idx", directory, SNN_SPLIT_TEST, 2), SNN_ERR_FORMAT, "truncated");
    ck_assert_ptr_null(d);
}
END_TEST

START_TEST(up_to_a_mebibyte_is_free)
{
    uint8_t *zeros = calloc(341, 3073);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;

    put_gz("test_batch.bin.gz", zeros, (size_t)341 * 3073);
    OK(snn_dataset_open(&d, ctx, "cifar10", directory, SNN_SPLIT_TEST));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.count, 341);
    snn_dataset_destroy(d);
    free(zeros);
}
END_TEST

/* Files without data on the disk: refused by their length, before anything is read. */
START_TEST(a_set_has_a_largest_number_of_records)
{
    const char *const name = _i ? "train.bin" : "data_batch_2.bin", *const format = _i ? "cifar100" : "cifar10";
    FILE *f = fopen(path_of(name), "wb");
    snn_context_info info = { .struct_size = sizeof info };

    OK(snn_context_get_info(ctx, &info));
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(ftruncate(fileno(f), (off_t)1000001 * (_i ? 3074 : 3073)), 0);
    fclose(f);
    OPEN_FAILS(ctx, format, SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "more than 1000000 images");
    takes_at_most((size_t)1 << 20, info.bytes);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hostile data files");
    TCase *t = tcase_create("files");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_pipe_is_refused_at_once, 0, 3);
    tcase_add_loop_test(t, a_device_is_refused, 0, 3);
    tcase_add_loop_test(t, a_swollen_file_is_refused, 0, 3);
    tcase_add_test(t, a_limit_is_kept_to_in_reading);
    tcase_add_test(t, a_limit_keeps_the_classes);
    tcase_add_test(t, up_to_a_mebibyte_is_free);
    tcase_add_loop_test(t, a_set_has_a_largest_number_of_records, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
