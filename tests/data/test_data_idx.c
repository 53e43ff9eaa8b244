/* The reader of idx files: what is in them arrives, and what is wrong with them is told. */
#include "files.h"
#include <stdarg.h>
#include <sys/stat.h>

#define COUNT 23
#define H 5
#define W 4
#define IMAGES (16 + COUNT * H * W)
#define LABELS (8 + COUNT)
#define IMAGE_FILE "train-images-idx3-ubyte"
#define LABEL_FILE "train-labels-idx1-ubyte"

static snn_context *ctx;
static uint8_t images[IMAGES], labels[LABELS];

static void setup(void)
{
    ctx = test_context(2, 1, "best");
    make_directory();
    put_u32(images, 0x803);
    put_u32(images + 4, COUNT);
    put_u32(images + 8, H);
    put_u32(images + 12, W);
    for (size_t i = 16; i < IMAGES; i++)
        images[i] = some_byte(i);
    put_u32(labels, 0x801);
    put_u32(labels + 4, COUNT);
    for (size_t i = 8; i < LABELS; i++)
        labels[i] = some_byte(i) % 7;
}

static void teardown(void)
{
    remove_directory();
    snn_context_destroy(ctx);
}

static void put_plain(void)
{
    put(IMAGE_FILE, images, IMAGES);
    put(LABEL_FILE, labels, LABELS);
}

static void holds_the_samples(snn_split split, size_t classes)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;
    float x[H * W];
    uint32_t label;

    OK(snn_dataset_open(&d, ctx, "idx", directory, split));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.rank, 3);
    ck_assert_uint_eq(info.shape[0], 1);
    ck_assert_uint_eq(info.shape[1], H);
    ck_assert_uint_eq(info.shape[2], W);
    ck_assert_uint_eq(info.count, COUNT);
    ck_assert_uint_eq(info.classes, classes);
    ck_assert_uint_eq(info.frames, 1);
    for (size_t i = 0; i < COUNT; i++) {
        OK(read_labelled(d, i, 0, x, &label));
        ck_assert_uint_eq(label, labels[8 + i]);
        for (size_t j = 0; j < H * W; j++)
            ck_assert_float_eq(x[j], (float)images[16 + i * H * W + j] / 255.0f);
    }
    snn_dataset_destroy(d);
}

START_TEST(plain_files)
{
    put_plain();
    holds_the_samples(SNN_SPLIT_TRAIN, 10);
}
END_TEST

START_TEST(gz_files)
{
    put_gz(IMAGE_FILE ".gz", images, IMAGES);
    put_gz(LABEL_FILE ".gz", labels, LABELS);
    holds_the_samples(SNN_SPLIT_TRAIN, 10);
}
END_TEST

START_TEST(test_split_and_mixed_endings)
{
    put_gz("t10k-images-idx3-ubyte.gz", images, IMAGES);
    put("t10k-labels-idx1-ubyte", labels, LABELS);
    holds_the_samples(SNN_SPLIT_TEST, 10);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_IO, IMAGE_FILE);
}
END_TEST

START_TEST(content_not_name_tells_gz)
{
    put(IMAGE_FILE ".gz", images, IMAGES);
    put_gz(LABEL_FILE, labels, LABELS);
    holds_the_samples(SNN_SPLIT_TRAIN, 10);
}
END_TEST

START_TEST(gz_of_several_members)
{
    uint8_t out[2 * IMAGES + 200];
    size_t n = gzip(out, images, 100);

    n += gzip(out + n, images + 100, IMAGES - 100);
    put(IMAGE_FILE ".gz", out, n);
    put(LABEL_FILE, labels, LABELS);
    holds_the_samples(SNN_SPLIT_TRAIN, 10);
}
END_TEST

START_TEST(classes_follow_the_labels)
{
    labels[8 + 5] = 46;
    put_plain();
    holds_the_samples(SNN_SPLIT_TRAIN, 47);
    labels[8 + 5] = 255;
    put_plain();
    holds_the_samples(SNN_SPLIT_TRAIN, 256);
}
END_TEST

static void keep_line(void *user, snn_log_level level, const char *line)
{
    if (level == SNN_LOG_WARNING)
        snprintf(user, 400, "%.399s", line);
}

/* EMNIST's letters are 1 .. 26: said when they are opened, and put right by label_first. */
START_TEST(labels_that_begin_at_1)
{
    snn_context_options options;
    snn_context *own;
    snn_dataset *d;
    char line[400] = "";

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.log = keep_line;
    options.log_user = line;
    OK(snn_context_create(&own, &options));
    for (size_t i = 8; i < LABELS; i++)
        labels[i] = (uint8_t)(1 + some_byte(i) % 26);
    labels[8] = 1;
    labels[9] = 26;
    put_plain();
    OK(snn_dataset_open(&d, own, "idx", directory, SNN_SPLIT_TRAIN));
    ck_assert_ptr_nonnull(strstr(line, "label_first 1"));
    snn_dataset_destroy(d);
    snn_context_destroy(own);
}
END_TEST

/* The words of a name tell what a file is; beginnings tell two sets in one folder apart. */
START_TEST(files_under_other_names)
{
    snn_dataset *d;

    put("emnist-letters-train-images-idx3-ubyte", images, IMAGES);
    put("emnist-letters-train-labels-idx1-ubyte", labels, LABELS);
    put_gz("emnist-letters-test-images-idx3-ubyte.gz", images, IMAGES);
    put_gz("emnist-letters-test-labels-idx1-ubyte.gz", labels, LABELS);
    put("emnist-letters-mapping.txt", labels, LABELS);
    holds_the_samples(SNN_SPLIT_TRAIN, 10);
    holds_the_samples(SNN_SPLIT_TEST, 10);
    put("digits-test-images.idx", images, IMAGES);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TEST, SNN_ERR_IO, "DIRECTORY/BEGINNING");
    OK(snn_dataset_open(&d, ctx, "idx", path_of("emnist"), SNN_SPLIT_TEST));
    snn_dataset_destroy(d);
    FAILS(snn_dataset_open(&d, ctx, "idx", path_of("digits"), SNN_SPLIT_TEST), SNN_ERR_IO, "t10k-labels-idx1-ubyte");
}
END_TEST

static void put_numbers(const char *name, uint8_t type, const char *big_endian, size_t bytes, size_t rank, ...)
{
    uint8_t file[4096] = { 0, 0, type, (uint8_t)rank };
    va_list dims;

    va_start(dims, rank);
    for (size_t i = 0; i < rank; i++)
        put_u32(file + 4 + 4 * i, va_arg(dims, unsigned));
    va_end(dims);
    memcpy(file + 4 + 4 * rank, big_endian, bytes);
    put(name, file, 4 + 4 * rank + bytes);
}

static void reads(float first, float second)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    uint32_t label;
    snn_dataset *d;
    float x[2];

    OK(snn_dataset_open(&d, ctx, "idx", directory, SNN_SPLIT_TRAIN));
    OK(snn_dataset_get_info(d, &info));
    ck_assert(info.rank == 1 && info.shape[0] == 2 && info.count == 1);
    OK(read_labelled(d, 0, 0, x, &label));
    ck_assert_float_eq(x[0], first);
    ck_assert_float_eq(x[1], second);
    snn_dataset_destroy(d);
}

START_TEST(types_of_numbers)
{
    put_numbers("a-train-labels-idx1", 0x08, "\3", 1, 1, 1u);
    put_numbers("a-train-x-idx2", 0x08, "\xff\x33", 2, 2, 1u, 2u);
    reads(1.0f, 0.2f);
    put_numbers("a-train-x-idx2", 0x09, "\x80\x7f", 2, 2, 1u, 2u);
    reads(-128.0f, 127.0f);
    put_numbers("a-train-x-idx2", 0x0b, "\xff\xfe\x01\x00", 4, 2, 1u, 2u);
    reads(-2.0f, 256.0f);
    put_numbers("a-train-x-idx2", 0x0c, "\x80\x00\x00\x00\x00\x01\x00\x00", 8, 2, 1u, 2u);
    reads(-2147483648.0f, 65536.0f);
    put_numbers("a-train-x-idx2", 0x0d, "\x3f\xc0\x00\x00\xc0\x00\x00\x00", 8, 2, 1u, 2u);
    reads(1.5f, -2.0f);
    put_numbers("a-train-x-idx2", 0x0e, "\x3f\xf8\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x00", 16, 2, 1u,
                2u);
    reads(1.5f, -2.0f);
    put_numbers("a-train-x-idx2", 0x0a, "\x80\x7f", 2, 2, 1u, 2u);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "magic number 0x00000a02");
}
END_TEST

static snn_status open_series(snn_dataset **d, uint32_t series, snn_dataset_info *info)
{
    snn_dataset_files files;
    snn_status rc;

    OK(snn_dataset_files_init(&files, sizeof files));
    files.format = "idx";
    files.path = directory;
    files.series = series;
    rc = snn_dataset_open_files(d, ctx, &files);
    if (rc == SNN_OK)
        OK(snn_dataset_get_info(*d, info));
    return rc;
}

#define SHAPED(series, frames_, rank_, c, h, w)                                               \
    do {                                                                                      \
        OK(open_series(&d, series, &info));                                                   \
        ck_assert(info.frames == (frames_) && info.rank == (rank_) && info.shape[0] == (c) && \
                  info.shape[1] == (h) && info.shape[2] == (w));                              \
        snn_dataset_destroy(d);                                                               \
    } while (0)

START_TEST(shapes_and_series)
{
    static const char numbers[25] = "\1\2\3\4\5\6\7\10\11\12\13\14";
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;
    uint32_t label;
    float x[2];

    put_numbers("a-train-labels-idx1", 0x08, "\3", 1, 1, 1u);
    put_numbers("a-train-x-idx", 0x09, numbers, 12, 3, 1u, 6u, 2u);
    SHAPED(0, 1, 3, 1, 6, 2);
    SHAPED(1, 6, 1, 2, 1, 1);
    OK(open_series(&d, 1, &info));
    for (size_t t = 0; t < 6; t++) {
        OK(read_labelled(d, 0, t, x, &label));
        ck_assert(x[0] == (float)(2 * t + 1) && x[1] == (float)(2 * t + 2) && label == 3);
    }
    snn_dataset_destroy(d);
    put_numbers("a-train-x-idx", 0x09, numbers, 12, 4, 1u, 2u, 3u, 2u);
    SHAPED(0, 1, 3, 2, 3, 2);
    SHAPED(1, 2, 3, 1, 3, 2);
    put_numbers("a-train-x-idx", 0x09, numbers, 24, 5, 1u, 2u, 2u, 3u, 2u);
    SHAPED(1, 2, 3, 2, 3, 2);
    FAILS(open_series(&d, 0, &info), SNN_ERR_FORMAT, "an array of 5 dimensions");
}
END_TEST

/* Floats as labels are targets. */
START_TEST(targets_of_idx)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset *d;
    float x, y;

    put_numbers("train-x-idx2", 0x09, "\1\2", 2, 2, 2u, 1u);
    put_numbers("train-targets-idx1", 0x0d, "\x3f\xc0\x00\x00\xc0\x00\x00\x00", 8, 1, 2u);
    OK(open_series(&d, 0, &info));
    ck_assert(info.classes == 0 && info.targets == 1 && info.target_frames == 1);
    sample.x = &x;
    sample.target = &y;
    OK(snn_dataset_read(d, 1, 0, &sample));
    ck_assert(x == 2.0f && y == -2.0f);
    snn_dataset_destroy(d);
}
END_TEST

/* Braille letters: 76 steps of 12 taxels. */
START_TEST(real_braille)
{
    static const size_t count[] = { 972, 108 };
    const char *path = data_path("braille");

    for (int split = SNN_SPLIT_TRAIN; path != NULL && split <= SNN_SPLIT_TEST; split++) {
        snn_dataset_info info = SNN_DATASET_INFO_INIT;
        snn_dataset_files files;
        snn_dataset *d;

        OK(snn_dataset_files_init(&files, sizeof files));
        files.split = (snn_split)split;
        files.format = "idx";
        files.path = path;
        files.series = 1;
        OK(snn_dataset_open_files(&d, ctx, &files));
        OK(snn_dataset_get_info(d, &info));
        ck_assert(info.count == count[split - 1] && info.classes == 27);
        ck_assert(info.frames == 76 && info.rank == 1 && info.shape[0] == 12);
        snn_dataset_destroy(d);
    }
}
END_TEST

START_TEST(missing_files)
{
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_IO, "dataset-fashion-mnist");
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_IO, directory);
    put(IMAGE_FILE, images, IMAGES);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_IO, LABEL_FILE);
}
END_TEST

START_TEST(every_truncation)
{
    static uint8_t gz[2 * IMAGES];
    size_t n;

    put(LABEL_FILE, labels, LABELS);
    for (n = 0; n < IMAGES; n += 1 + n / 16) {
        put(IMAGE_FILE, images, n);
        OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, IMAGE_FILE);
    }
    put(IMAGE_FILE, images, IMAGES);
    for (n = 0; n < LABELS; n++) {
        put(LABEL_FILE, labels, n);
        OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, LABEL_FILE);
    }
    remove(path_of(IMAGE_FILE));
    for (size_t last = gzip(gz, images, IMAGES); last-- > 0;) {
        put(IMAGE_FILE ".gz", gz, last);
        OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, IMAGE_FILE ".gz");
    }
}
END_TEST

/* A flipped bit of the data or the checksum is noticed; what is not are the bits that fill up deflate's last byte.
 * The gzip header is left out: its time and system mean nothing. */
START_TEST(every_flipped_bit_of_gz)
{
    static uint8_t gz[2 * IMAGES];
    const size_t n = gzip(gz, images, IMAGES);
    size_t harmless = 0;

    put(LABEL_FILE, labels, LABELS);
    for (size_t bit = 8 * 10; bit < 8 * n; bit++) {
        snn_dataset *d;

        gz[bit / 8] ^= (uint8_t)(1u << bit % 8);
        put(IMAGE_FILE ".gz", gz, n);
        if (snn_dataset_open(&d, ctx, "idx", directory, SNN_SPLIT_TRAIN) == SNN_OK) {
            snn_dataset_destroy(d);
            ck_assert_uint_eq(bit / 8, n - 9);
            harmless++;
        } else {
            OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, IMAGE_FILE ".gz");
        }
        gz[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_uint_lt(harmless, 8);
}
END_TEST

START_TEST(wrong_magic)
{
    put_plain();
    put_u32(images, 0x702);
    put(IMAGE_FILE, images, IMAGES);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "magic number 0x00000702, which is none of idx");
    put_u32(images, 0x803);
    put(IMAGE_FILE, images, IMAGES);
    put_u32(labels, 0x1000801);
    put(LABEL_FILE, labels, LABELS);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "magic number 0x01000801");
}
END_TEST

START_TEST(counts_differ)
{
    put(IMAGE_FILE, images, IMAGES);
    put_u32(labels + 4, COUNT - 1);
    put(LABEL_FILE, labels, LABELS - 1);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "22 labels or targets for 23 samples");
}
END_TEST

START_TEST(more_than_announced)
{
    uint8_t longer[IMAGES + 1] = { 0 };

    put_plain();
    memcpy(longer, images, IMAGES);
    put(IMAGE_FILE, longer, sizeof longer);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "continues after");
}
END_TEST

START_TEST(no_samples)
{
    put_plain();
    put_u32(images + 4, 0);
    put(IMAGE_FILE, images, 16);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, "no samples");
}
END_TEST

/* Headers that announce up to 2^96 bytes: refused without taking memory for them. */
START_TEST(huge_headers)
{
    static const uint32_t dim[][3] = {
        { 0xffffffffu, 0xffffffffu, 0xffffffffu },
        { 0xffffffffu, H, W },
        { 0x10000000u, 28, 28 },
        { 0xffffffffu, 1, 1 },
        { COUNT, 0xffffffffu, 1 },
        { COUNT, 0x80000000u, 0x80000000u },
        { 1, 8192, 8192 },
        { COUNT, 0, 3 },
        { COUNT, 3, 0 },
    };

    put_plain();
    for (size_t i = 0; i < sizeof dim / sizeof *dim; i++) {
        snn_context_info info = SNN_CONTEXT_INFO_INIT;

        for (size_t j = 0; j < 3; j++)
            put_u32(images + 4 + 4 * j, dim[i][j]);
        put(IMAGE_FILE, images, IMAGES);
        OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, IMAGE_FILE);
        put_gz(IMAGE_FILE, images, IMAGES);
        OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_FORMAT, IMAGE_FILE);
        OK(snn_context_get_info(ctx, &info));
        ck_assert_uint_lt(info.peak_bytes, 9u << 20);
    }
}
END_TEST

START_TEST(several_blocks)
{
    const size_t count = 30000, size = 16 + count * 200; /* 6 MB: two blocks */
    uint8_t *many = calloc(size, 1), *classes = calloc(8 + count, 1);
    snn_dataset *d;
    float x[200];
    uint32_t label;
    size_t wrong = 0;

    put_u32(many, 0x803);
    put_u32(many + 4, (uint32_t)count);
    put_u32(many + 8, 10);
    put_u32(many + 12, 20);
    put_u32(classes, 0x801);
    put_u32(classes + 4, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        many[16 + 200 * i] = some_byte(i);
        many[16 + 200 * i + 199] = some_byte(i + 7);
        classes[8 + i] = some_byte(i + 9) % 10;
    }
    put_gz(IMAGE_FILE ".gz", many, size);
    put_gz(LABEL_FILE ".gz", classes, 8 + count);
    OK(snn_dataset_open(&d, ctx, "idx", directory, SNN_SPLIT_TRAIN));
    for (size_t i = 0; i < count; i++) {
        OK(read_labelled(d, i, 0, x, &label));
        wrong += x[0] != (float)some_byte(i) / 255.0f || x[199] != (float)some_byte(i + 7) / 255.0f;
        wrong += label != some_byte(i + 9) % 10u;
    }
    ck_assert_uint_eq(wrong, 0);
    snn_dataset_destroy(d);
    free(many);
    free(classes);
}
END_TEST

static snn_status open_idx(snn_dataset **out, snn_context *in)
{
    return snn_dataset_open(out, in, "idx", directory, SNN_SPLIT_TRAIN);
}

START_TEST(nth_allocation_fails)
{
    put_gz(IMAGE_FILE ".gz", images, IMAGES);
    put_gz(LABEL_FILE ".gz", labels, LABELS);
    ck_assert_uint_gt(fail_allocations_of(open_idx, 100), 12);
}
END_TEST

START_TEST(wrong_arguments)
{
    snn_dataset *d;

    OPEN_FAILS(ctx, "mnist", SNN_SPLIT_TRAIN, SNN_ERR_ARGUMENT, "idx, cifar10, cifar100");
    OPEN_FAILS(ctx, "idx", (snn_split)0, SNN_ERR_ARGUMENT, "split");
    FAILS(snn_dataset_open(NULL, ctx, "idx", directory, SNN_SPLIT_TRAIN), SNN_ERR_ARGUMENT, "out");
    FAILS(snn_dataset_open(&d, NULL, "idx", directory, SNN_SPLIT_TRAIN), SNN_ERR_ARGUMENT, "context");
    FAILS(snn_dataset_open(&d, ctx, NULL, directory, SNN_SPLIT_TRAIN), SNN_ERR_ARGUMENT, "format");
    FAILS(snn_dataset_open(&d, ctx, "idx", NULL, SNN_SPLIT_TRAIN), SNN_ERR_ARGUMENT, "directory");
    FAILS(snn_dataset_open(&d, ctx, "idx", "no/such/place", SNN_SPLIT_TRAIN), SNN_ERR_IO, "no/such/place");
}
END_TEST

START_TEST(a_directory_is_no_file)
{
    put(LABEL_FILE, labels, LABELS);
    ck_assert_int_eq(mkdir(path_of(IMAGE_FILE), 0700), 0);
    OPEN_FAILS(ctx, "idx", SNN_SPLIT_TRAIN, SNN_ERR_IO, IMAGE_FILE);
}
END_TEST

static void real(const char *name, double mean, double deviation)
{
    static const size_t count[] = { 60000, 10000 };
    const char *path = data_path(name);

    for (int split = SNN_SPLIT_TRAIN; path != NULL && split <= SNN_SPLIT_TEST; split++) {
        snn_dataset_info info = SNN_DATASET_INFO_INIT;
        snn_dataset *d;
        double m, s;

        OK(snn_dataset_open(&d, ctx, "idx", path, (snn_split)split));
        OK(snn_dataset_get_info(d, &info));
        ck_assert_uint_eq(info.count, count[split - 1]);
        ck_assert_uint_eq(info.classes, 10);
        ck_assert_uint_eq(info.shape[1], 28);
        if (split == SNN_SPLIT_TRAIN) { /* the values that everyone uses */
            OK(snn_dataset_statistics(d, &m, &s, 1));
            ck_assert_double_eq_tol(m, mean, 5e-5);
            ck_assert_double_eq_tol(s, deviation, 5e-5);
        }
        snn_dataset_destroy(d);
    }
}

START_TEST(real_fashion_mnist)
{
    real("fashion-mnist", 0.2860, 0.3530);
}
END_TEST

START_TEST(real_mnist)
{
    real("mnist", 0.1307, 0.3081);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: idx");
    TCase *tc = tcase_create("idx");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, plain_files);
    tcase_add_test(tc, gz_files);
    tcase_add_test(tc, test_split_and_mixed_endings);
    tcase_add_test(tc, content_not_name_tells_gz);
    tcase_add_test(tc, gz_of_several_members);
    tcase_add_test(tc, classes_follow_the_labels);
    tcase_add_test(tc, labels_that_begin_at_1);
    tcase_add_test(tc, files_under_other_names);
    tcase_add_test(tc, types_of_numbers);
    tcase_add_test(tc, shapes_and_series);
    tcase_add_test(tc, targets_of_idx);
    tcase_add_test(tc, missing_files);
    tcase_add_test(tc, every_truncation);
    tcase_add_test(tc, every_flipped_bit_of_gz);
    tcase_add_test(tc, wrong_magic);
    tcase_add_test(tc, counts_differ);
    tcase_add_test(tc, more_than_announced);
    tcase_add_test(tc, no_samples);
    tcase_add_test(tc, huge_headers);
    tcase_add_test(tc, several_blocks);
    tcase_add_test(tc, nth_allocation_fails);
    tcase_add_test(tc, wrong_arguments);
    tcase_add_test(tc, a_directory_is_no_file);
    tcase_add_test(tc, real_fashion_mnist);
    tcase_add_test(tc, real_mnist);
    tcase_add_test(tc, real_braille);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
