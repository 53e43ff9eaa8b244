/* Samples that stay in plain files: the same numbers as from memory, little memory, and files that change. */
#include "files.h"
#include <sys/wait.h>

#define SIDE 6
#define NUMBERS (SIDE * SIDE)
#define COUNT 9

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

static const struct {
    uint8_t code;
    size_t bytes;
} idx_types[] = { { 0x08, 1 }, { 0x09, 1 }, { 0x0b, 2 }, { 0x0c, 4 }, { 0x0d, 4 }, { 0x0e, 8 } };

static const char *const npy_types[] = { "|u1", "|b1", "|i1", "<u2", ">i2", "<u4", ">u8",
                                         "<i8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8" };

#define N_IDX (int)(sizeof idx_types / sizeof *idx_types)
#define N_NPY (int)(sizeof npy_types / sizeof *npy_types)

static uint8_t file[1 << 20];

/* Numbers whose highest byte makes floats of any type neither large nor subnormal. */
static size_t body(uint8_t *to, size_t numbers, size_t bytes, bool big)
{
    for (size_t i = 0; i < numbers * bytes; i++)
        to[i] = bytes > 1 && i % bytes == (big ? 0 : bytes - 1) ? 0x3c : some_byte(i);
    return numbers * bytes;
}

static size_t idx_file(uint8_t code, size_t bytes)
{
    put_u32(file, (uint32_t)code << 8 | 3);
    put_u32(file + 4, COUNT);
    put_u32(file + 8, SIDE);
    put_u32(file + 12, SIDE);
    return 16 + body(file + 16, COUNT * NUMBERS, bytes, true);
}

static size_t npy_header(const char *type, const char *shape)
{
    const int n =
        snprintf((char *)file + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type, shape);

    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (uint8_t)n;
    file[9] = 0;
    return 10 + (size_t)n;
}

static size_t npy_file(const char *type, const char *shape, size_t numbers)
{
    const size_t at = npy_header(type, shape);

    return at + body(file + at, numbers, (size_t)(type[2] - '0'), type[0] == '>');
}

static void put_idx_labels(const char *name)
{
    uint8_t labels[8 + COUNT] = { 0 };

    put_u32(labels, 0x801);
    put_u32(labels + 4, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        labels[8 + i] = (uint8_t)i;
    put(name, labels, sizeof labels);
}

static snn_dataset *opened(const char *format, const char *beginning)
{
    snn_dataset *d = NULL;

    OK(snn_dataset_open(&d, ctx, format, path_of(beginning), SNN_SPLIT_TRAIN));
    return d;
}

/* All numbers, labels and targets of two sets are the same bits. */
static void same(const char *format)
{
    snn_dataset *plain = opened(format, "plain"), *gz = opened(format, "packed");
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    float a[2][NUMBERS], y[2][NUMBERS];

    OK(snn_dataset_get_info(plain, &info));
    ck_assert_uint_eq(info.count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        snn_sample s = SNN_SAMPLE_INIT, t = SNN_SAMPLE_INIT;

        memset(y, 0, sizeof y);
        s.x = a[0];
        t.x = a[1];
        s.target = y[0];
        t.target = y[1];
        OK(snn_dataset_read(plain, i, 0, &s));
        OK(snn_dataset_read(gz, i, 0, &t));
        ck_assert_uint_eq(s.label, t.label);
        ck_assert_mem_eq(a[0], a[1], sizeof *a);
        ck_assert_mem_eq(y[0], y[1], sizeof *y);
    }
    snn_dataset_destroy(plain);
    snn_dataset_destroy(gz);
}

START_TEST(idx_as_from_memory)
{
    const size_t size = idx_file(idx_types[_i].code, idx_types[_i].bytes);

    put("plain-train-idx3", file, size);
    put_gz("packed-train-idx3.gz", file, size);
    put_idx_labels("plain-train-labels-idx1");
    put_idx_labels("packed-train-labels-idx1");
    same("idx");
}
END_TEST

START_TEST(npy_as_from_memory)
{
    const char *type = npy_types[_i];
    size_t size = npy_file(type, "(9, 6, 6)", COUNT * NUMBERS);

    put("plain_x_train.npy", file, size);
    put_gz("packed_x_train.npy.gz", file, size);
    size = npy_file(type, "(9, 4)", COUNT * 4);
    put("plain_y_train.npy", file, size);
    put_gz("packed_y_train.npy.gz", file, size);
    same("npy");
}
END_TEST

/* Frames of a series lie one after another in the row. */
START_TEST(frames_of_a_series)
{
    snn_dataset_files files;
    snn_dataset *d;
    float x[SIDE];
    uint32_t label;
    const size_t size = idx_file(0x08, 1);

    put("train-idx3", file, size);
    put_idx_labels("train-labels-idx1");
    OK(snn_dataset_files_init(&files, sizeof files));
    files.format = "idx";
    files.path = directory;
    files.series = 1;
    OK(snn_dataset_open_files(&d, ctx, &files));
    for (size_t frame = 0; frame < SIDE; frame++) {
        OK(read_labelled(d, 4, frame, x, &label));
        for (size_t i = 0; i < SIDE; i++)
            ck_assert_float_eq(x[i], (float)file[16 + 4 * NUMBERS + frame * SIDE + i] / 255.0f);
    }
    snn_dataset_destroy(d);
}
END_TEST

static uint64_t bytes_now(void)
{
    snn_context_info info = { .struct_size = sizeof info };

    OK(snn_context_get_info(ctx, &info));
    return info.bytes;
}

static size_t descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    if (d == NULL)
        return 0;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

#define LARGE ((size_t)16 << 20)

/* A set of 16 MiB takes some KiB, and gives back its descriptor. */
START_TEST(a_large_file_takes_little_memory)
{
    const uint64_t before = bytes_now();
    const size_t open_before = descriptors(), n = LARGE / 784;
    uint8_t *bytes = calloc(LARGE + 16, 1), *labels = calloc(n + 8, 1);
    snn_dataset *d;

    put_u32(bytes, 0x803);
    put_u32(bytes + 4, (uint32_t)n);
    put_u32(bytes + 8, 28);
    put_u32(bytes + 12, 28);
    put_u32(labels, 0x801);
    put_u32(labels + 4, (uint32_t)n);
    put("plain-train-idx3", bytes, 16 + n * 784);
    put("plain-train-labels-idx1", labels, 8 + n);
    d = opened("idx", "plain");
    ck_assert_uint_lt(bytes_now() - before, 8 * n + 65536);
    snn_dataset_destroy(d);
    ck_assert_uint_eq(bytes_now(), before);
    ck_assert_uint_eq(descriptors(), open_before);
    free(bytes);
    free(labels);
}
END_TEST

static void put_pair(void)
{
    put("plain_x_train.npy", file, npy_file("<f4", "(9, 6, 6)", COUNT * NUMBERS));
    put("plain_y_train.npy", file, npy_file("<f4", "(9, 4)", COUNT * 4));
}

/* A map would end the process; here it is an error of the samples that are gone. */
START_TEST(a_file_that_becomes_shorter)
{
    snn_dataset *d, *view;
    snn_view_options options;
    snn_sample s = SNN_SAMPLE_INIT;
    float x[NUMBERS], y[4];

    s.x = x;
    s.target = y;
    put_pair();
    d = opened("npy", "plain");
    OK(snn_view_options_init(&options, sizeof options));
    OK(snn_dataset_view(&view, d, &options));
    ck_assert_int_eq(truncate(path_of("plain_x_train.npy"), 128 + 5 * NUMBERS * 4), 0);
    OK(snn_dataset_read(d, 3, 0, &s));
    FAILS(snn_dataset_read(d, 8, 0, &s), SNN_ERR_IO, "plain_x_train.npy has become shorter while it was open");
    FAILS(snn_dataset_read(view, 8, 0, &s), SNN_ERR_IO, "plain_x_train.npy has become shorter while it was open");
    ck_assert_int_eq(truncate(path_of("plain_y_train.npy"), 0), 0);
    FAILS(snn_dataset_read(d, 3, 0, &s), SNN_ERR_IO, "plain_y_train.npy has become shorter");
    snn_dataset_destroy(d);
    snn_dataset_destroy(view);
}
END_TEST

/* What is open is the file, not its name. */
START_TEST(a_file_that_is_replaced)
{
    snn_dataset *d;
    snn_sample s = SNN_SAMPLE_INIT;
    float x[NUMBERS], y[4], first;

    s.x = x;
    s.target = y;
    put_pair();
    d = opened("npy", "plain");
    OK(snn_dataset_read(d, 8, 0, &s));
    first = x[0];
    unlink(path_of("plain_x_train.npy"));
    put("plain_x_train.npy", "other", 5);
    OK(snn_dataset_read(d, 8, 0, &s));
    ck_assert_float_eq(x[0], first);
    snn_dataset_destroy(d);
}
END_TEST

/* The length is compared with the header when a set is opened. */
START_TEST(lengths_that_differ)
{
    const size_t size = npy_file("<f4", "(9, 6, 6)", COUNT * NUMBERS);
    snn_dataset *d = NULL;

    put("x_train.npy", file, size - 1);
    put("y_train.npy", file, npy_file("<f4", "(9, 4)", COUNT * 4));
    OPEN_FAILS(ctx, "npy", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "x_train.npy is truncated");
    npy_file("<f4", "(9, 6, 6)", COUNT * NUMBERS);
    put("x_train.npy", file, size + 1);
    OPEN_FAILS(ctx, "npy", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "x_train.npy continues after the");
    OK(snn_dataset_open_first(&d, ctx, "npy", directory, SNN_SPLIT_TRAIN, COUNT - 1));
    snn_dataset_destroy(d);
}
END_TEST

static uint64_t sum_of(const snn_dataset *d, size_t from, size_t step)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < 300; k++) {
        snn_sample s = SNN_SAMPLE_INIT;
        float x[NUMBERS], y[4];
        uint32_t bits;

        s.x = x;
        s.target = y;
        if (snn_dataset_read(d, (from + k * step) % COUNT, 0, &s) != SNN_OK)
            return 0;
        for (size_t i = 0; i < NUMBERS; i++) {
            memcpy(&bits, &x[i], sizeof bits);
            sum += bits;
        }
    }
    return sum;
}

/* Parent and child read the same open file, each at places of its own. */
START_TEST(after_fork)
{
    snn_dataset *d;
    uint64_t expected, mine;
    int status;
    pid_t child;

    put_pair();
    d = opened("npy", "plain");
    expected = sum_of(d, 1, 4);
    child = fork();
    if (child == 0)
        _exit(sum_of(d, 1, 4) == expected ? 0 : 1);
    mine = sum_of(d, 1, 4);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(mine, expected);
    snn_dataset_destroy(d);
}
END_TEST

static snn_status open_npy(snn_dataset **out, snn_context *in)
{
    return snn_dataset_open(out, in, "npy", directory, SNN_SPLIT_TRAIN);
}

START_TEST(nth_allocation_fails)
{
    const size_t before = descriptors();

    put_pair();
    fail_allocations_of(open_npy, 100);
    ck_assert_uint_eq(descriptors(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data_disk");
    TCase *tc = tcase_create("disk");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, idx_as_from_memory, 0, N_IDX);
    tcase_add_loop_test(tc, npy_as_from_memory, 0, N_NPY);
    tcase_add_test(tc, frames_of_a_series);
    tcase_add_test(tc, a_large_file_takes_little_memory);
    tcase_add_test(tc, a_file_that_becomes_shorter);
    tcase_add_test(tc, a_file_that_is_replaced);
    tcase_add_test(tc, lengths_that_differ);
    tcase_add_test(tc, after_fork);
    tcase_add_test(tc, nth_allocation_fails);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
