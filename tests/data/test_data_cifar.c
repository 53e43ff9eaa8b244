/* The readers of CIFAR-10 and CIFAR-100. */
#include "files.h"

#define PIXELS 3072
#define COUNT 11

static snn_context *ctx;

static void setup(void)
{
    ctx = test_context(2, 1, "best");
    make_directory();
}

static void teardown(void)
{
    remove_directory();
    snn_context_destroy(ctx);
}

/* Records with `labels` label bytes; `first` makes files differ. The fine label of CIFAR-100 is the last. */
static size_t fill(uint8_t *out, size_t count, size_t labels, size_t classes, size_t first)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *record = out + i * (labels + PIXELS);

        record[0] = 1;
        record[labels - 1] = (uint8_t)((first + i) % classes);
        for (size_t j = 0; j < PIXELS; j++)
            record[labels + j] = some_byte((first + i) * PIXELS + j);
    }
    return count * (labels + PIXELS);
}

static void holds(const char *format, snn_split split, size_t count, size_t classes, size_t first)
{
    static float x[PIXELS];
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;
    uint32_t label;
    size_t wrong = 0;

    OK(snn_dataset_open(&d, ctx, format, directory, split));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.count, count);
    ck_assert_uint_eq(info.classes, classes);
    ck_assert_uint_eq(info.rank, 3);
    ck_assert_uint_eq(info.shape[0], 3);
    ck_assert_uint_eq(info.shape[1], 32);
    ck_assert_uint_eq(info.shape[2], 32);
    for (size_t i = 0; i < count; i++) {
        OK(read_labelled(d, i, 0, x, &label));
        ck_assert_uint_eq(label, (first + i) % classes);
        for (size_t j = 0; j < PIXELS; j++)
            wrong += x[j] != (float)some_byte((first + i) * PIXELS + j) / 255.0f;
        ck_assert_uint_eq(wrong, 0);
    }
    snn_dataset_destroy(d);
}

static uint8_t file[COUNT * (2 + PIXELS)];

START_TEST(batches_in_order)
{
    /* batches 2, 3 and 5 are there, plain and gz */
    put_gz("data_batch_3.bin.gz", file, fill(file, COUNT, 1, 10, 4));
    put("data_batch_5.bin", file, fill(file, 2, 1, 10, 4 + COUNT));
    put("data_batch_2.bin", file, fill(file, 4, 1, 10, 0));
    holds("cifar10", SNN_SPLIT_TRAIN, 6 + COUNT, 10, 0);
    OPEN_FAILS(ctx, "cifar10", SNN_SPLIT_TEST, SNN_ERR_IO, "test_batch.bin");
}
END_TEST

START_TEST(test_batch_comes_before_the_development_set)
{
    put_gz("dev_test_2000.bin.gz", file, fill(file, 3, 1, 10, 7));
    holds("cifar10", SNN_SPLIT_TEST, 3, 10, 7);
    put("test_batch.bin", file, fill(file, 5, 1, 10, 2));
    holds("cifar10", SNN_SPLIT_TEST, 5, 10, 2);
    OPEN_FAILS(ctx, "cifar10", SNN_SPLIT_TRAIN, SNN_ERR_IO, "data_batch_N.bin");
}
END_TEST

START_TEST(fine_labels)
{
    put("train.bin", file, fill(file, COUNT, 2, 100, 95));
    put_gz("test.bin.gz", file, fill(file, 2, 2, 100, 50));
    holds("cifar100", SNN_SPLIT_TRAIN, COUNT, 100, 95);
    holds("cifar100", SNN_SPLIT_TEST, 2, 100, 50);
    remove(path_of("train.bin"));
    OPEN_FAILS(ctx, "cifar100", SNN_SPLIT_TRAIN, SNN_ERR_IO, "train.bin");
}
END_TEST

START_TEST(truncated_files)
{
    static const size_t cut[] = { 1, 2, 1000, PIXELS - 1, PIXELS, PIXELS + 1 };
    const size_t size = fill(file, 3, 2, 100, 0);

    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        put("test.bin", file, size - cut[i]);
        OPEN_FAILS(ctx, "cifar100", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "test.bin is truncated");
        put_gz("test.bin", file, size - cut[i]);
        OPEN_FAILS(ctx, "cifar100", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "test.bin is truncated");
    }
    put("test.bin", file, 0);
    OPEN_FAILS(ctx, "cifar100", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "no images");
}
END_TEST

START_TEST(label_out_of_range)
{
    size_t size = fill(file, 3, 1, 10, 0);

    file[PIXELS + 1] = 10;
    put("data_batch_1.bin", file, size);
    OPEN_FAILS(ctx, "cifar10", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "label 10 is out of range");
    size = fill(file, 3, 2, 100, 0);
    file[1] = 100;
    put("train.bin", file, size);
    OPEN_FAILS(ctx, "cifar100", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "label 100 is out of range");
}
END_TEST

static snn_status open_cifar10(snn_dataset **out, snn_context *in)
{
    return snn_dataset_open(out, in, "cifar10", directory, SNN_SPLIT_TRAIN);
}

START_TEST(nth_allocation_fails)
{
    for (int i = 0; i < 5; i++) {
        char name[32];

        snprintf(name, sizeof name, "data_batch_%d.bin.gz", i + 1);
        put_gz(name, file, fill(file, COUNT, 1, 10, 0));
    }
    fail_allocations_of(open_cifar10, 200);
}
END_TEST

START_TEST(real_cifar10)
{
    const char *path = data_path("cifar10");
    static const size_t count[] = { 10000, 2000 };

    for (int split = SNN_SPLIT_TRAIN; path != NULL && split <= SNN_SPLIT_TEST; split++) {
        snn_dataset_info info = SNN_DATASET_INFO_INIT;
        snn_dataset *d;
        double m[3], s[3];

        OK(snn_dataset_open(&d, ctx, "cifar10", path, (snn_split)split));
        OK(snn_dataset_get_info(d, &info));
        ck_assert_uint_ge(info.count, count[split - 1]);
        OK(snn_dataset_statistics(d, m, s, 3)); /* near those of the whole set */
        ck_assert_double_eq_tol(m[0], 0.4914, 0.01);
        ck_assert_double_eq_tol(m[1], 0.4822, 0.01);
        ck_assert_double_eq_tol(m[2], 0.4465, 0.01);
        ck_assert_double_eq_tol(s[0], 0.2470, 0.005);
        ck_assert_double_eq_tol(s[1], 0.2435, 0.005);
        ck_assert_double_eq_tol(s[2], 0.2616, 0.005);
        snn_dataset_destroy(d);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: cifar");
    TCase *tc = tcase_create("cifar");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, batches_in_order);
    tcase_add_test(tc, test_batch_comes_before_the_development_set);
    tcase_add_test(tc, fine_labels);
    tcase_add_test(tc, truncated_files);
    tcase_add_test(tc, label_out_of_range);
    tcase_add_test(tc, nth_allocation_fails);
    tcase_add_test(tc, real_cifar10);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
