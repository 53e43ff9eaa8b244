/* The reader of N-MNIST: recordings into frames, order, damage, and the subset of which figures are known. */
#include "files.h"
#include <sys/stat.h>

#define PIXELS (2 * 34 * 34)

static snn_context *ctx;
static char made[32][64]; /* folders and files, in the order of making */
static size_t n_made;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
    make_directory();
    n_made = 0;
}

static void teardown(void)
{
    while (n_made > 0)
        remove(path_of(made[--n_made]));
    rmdir(directory);
    snn_context_destroy(ctx);
}

static void folder(const char *name)
{
    ck_assert_int_eq(mkdir(path_of(name), 0700), 0);
    snprintf(made[n_made++], sizeof *made, "%s", name);
}

static void recording(const char *name, const void *bytes, size_t size)
{
    put(name, bytes, size);
    snprintf(made[n_made++], sizeof *made, "%s", name);
}

static uint8_t *event(uint8_t *to, unsigned column, unsigned row, unsigned brighter, uint32_t time)
{
    to[0] = (uint8_t)column;
    to[1] = (uint8_t)row;
    to[2] = (uint8_t)(brighter << 7 | time >> 16);
    to[3] = (uint8_t)(time >> 8);
    to[4] = (uint8_t)time;
    return to + 5;
}

static size_t place(unsigned column, unsigned row, unsigned brighter)
{
    return (brighter * 34 + row) * 34 + column;
}

START_TEST(events_become_frames)
{
    static float x[PIXELS];
    uint8_t bytes[5 * 5], *end = bytes;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;
    uint32_t label;
    float sum = 0;

    /* from 100000 to 100399: four frames of 100 us */
    end = event(end, 3, 7, 1, 100000);
    end = event(end, 3, 7, 1, 100099);
    end = event(end, 33, 0, 0, 100100);
    end = event(end, 0, 33, 0, 100399);
    folder("Test");
    folder("Test/6");
    recording("Test/6/00001.bin", bytes, (size_t)(end - bytes));
    OK(snn_dataset_open(&d, ctx, "nmnist", directory, SNN_SPLIT_TEST));
    OK(snn_dataset_get_info(d, &info));
    ck_assert(info.frames == 10 && info.count == 1 && info.classes == 10 && info.rank == 3);
    ck_assert(info.shape[0] == 2 && info.shape[1] == 34 && info.shape[2] == 34);
    OK(snn_dataset_set_i64(d, SNN_DATASET_FRAMES, 4));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.frames, 4);
    OK(read_labelled(d, 0, 0, x, &label));
    ck_assert_uint_eq(label, 6);
    ck_assert_float_eq(x[place(3, 7, 1)], 1);
    OK(snn_dataset_set_text(d, "count_events", "1"));
    OK(read_labelled(d, 0, 0, x, &label));
    ck_assert_float_eq(x[place(3, 7, 1)], 2);
    OK(read_labelled(d, 0, 1, x, &label));
    ck_assert_float_eq(x[place(33, 0, 0)], 1);
    OK(read_labelled(d, 0, 2, x, &label));
    for (size_t i = 0; i < PIXELS; i++)
        sum += x[i];
    ck_assert_float_eq(sum, 0);
    OK(read_labelled(d, 0, 3, x, &label));
    ck_assert_float_eq(x[place(0, 33, 0)], 1);
    FAILS(read_labelled(d, 0, 4, x, &label), SNN_ERR_ARGUMENT, "frame 4");
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_FRAMES, 0), SNN_ERR_ARGUMENT, "frames");
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(numbers_give_the_order)
{
    static float x[PIXELS];
    uint8_t bytes[5];
    snn_dataset *d;
    uint32_t label;

    event(bytes, 1, 2, 0, 5);
    folder("Train");
    folder("Train/9");
    folder("Train/0");
    folder("Train/strange");
    recording("Train/9/00001.bin", bytes, 5);
    recording("Train/0/00002.bin", bytes, 0); /* no event at all */
    recording("Train/9/00003.bin", bytes, 5);
    recording("Train/9/notes.txt", "hello", 5);
    OK(snn_dataset_open(&d, ctx, "nmnist", directory, SNN_SPLIT_TRAIN));
    for (size_t i = 0; i < 3; i++) {
        OK(read_labelled(d, i, 0, x, &label));
        ck_assert_uint_eq(label, i == 1 ? 0 : 9);
        ck_assert_float_eq(x[place(1, 2, 0)], i == 1 ? 0 : 1);
    }
    snn_dataset_destroy(d);
    OPEN_FAILS(ctx, "nmnist", SNN_SPLIT_TEST, SNN_ERR_IO, "/Test/LABEL");
}
END_TEST

START_TEST(damage_is_refused)
{
    uint8_t bytes[10];

    folder("Test");
    folder("Test/1");
    event(event(bytes, 1, 2, 0, 50), 1, 2, 1, 49);
    recording("Test/1/00001.bin", bytes, 10);
    OPEN_FAILS(ctx, "nmnist", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "event 1 is at 49 us");
    put("Test/1/00001.bin", bytes, 8);
    OPEN_FAILS(ctx, "nmnist", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "within event 1");
    event(bytes, 1, 34, 0, 50);
    put("Test/1/00001.bin", bytes, 5);
    OPEN_FAILS(ctx, "nmnist", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "row 34");
    event(bytes, 255, 3, 0, 50);
    put("Test/1/00001.bin", bytes, 5);
    OPEN_FAILS(ctx, "nmnist", SNN_SPLIT_TEST, SNN_ERR_FORMAT, "column 255");
}
END_TEST

/* Any bytes: an answer, and nothing lost. */
START_TEST(noise_is_survived)
{
    uint8_t bytes[64];
    struct counting counted;
    snn_context_options options;
    snn_context *watched;
    size_t opened = 0;

    memset(&counted, 0, sizeof counted);
    counting_options(&counted, &options);
    options.threads = 1;
    OK(snn_context_create(&watched, &options));
    folder("Test");
    folder("Test/1");
    recording("Test/1/00001.bin", bytes, 0);
    for (size_t round = 0; round < 500; round++) {
        snn_dataset *d = NULL;

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(some_byte(round * 64 + i) % (round % 2 ? 256 : 34));
        put("Test/1/00001.bin", bytes, round % sizeof bytes);
        if (snn_dataset_open(&d, watched, "nmnist", directory, SNN_SPLIT_TEST) == SNN_OK)
            opened++;
        else
            ck_assert(*snn_last_error() != '\0');
        snn_dataset_destroy(d);
    }
    ck_assert_uint_gt(opened, 0);
    snn_context_destroy(watched);
    ck_assert_uint_eq(counted.live, 0);
}
END_TEST

START_TEST(nth_allocation_fails)
{
    uint8_t bytes[5];

    event(bytes, 1, 2, 0, 5);
    folder("Test");
    folder("Test/1");
    recording("Test/1/00001.bin", bytes, 5);
    fail_allocations("nmnist", SNN_SPLIT_TEST, 100);
}
END_TEST

START_TEST(frames_are_of_events_alone)
{
    static const uint8_t labels[8 + 1] = { 0, 0, 8, 1, 0, 0, 0, 1, 3 },
                                    images[16 + 1] = { 0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9 };
    snn_dataset *d;

    recording("t10k-labels-idx1-ubyte", labels, sizeof labels);
    recording("t10k-images-idx3-ubyte", images, sizeof images);
    OK(snn_dataset_open(&d, ctx, "idx", directory, SNN_SPLIT_TEST));
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_FRAMES, 4), SNN_ERR_ARGUMENT, "recordings of events");
    FAILS(snn_dataset_set_text(d, "count_events", "1"), SNN_ERR_ARGUMENT, "recordings of events");
    snn_dataset_destroy(d);
}
END_TEST

/* The subset beside the data sets, unpacked into the test's directory. */
static const char *unpacked(void)
{
    const char *root = data_path("nmnist-small");
    static char command[9000];

    if (root == NULL)
        return NULL;
    snprintf(command, sizeof command, "tar -xzf '%s/nmnist-small.tar.gz' -C '%s'", root, directory);
    return system(command) == 0 ? root : NULL;
}

/* label, events, events of brighter, sums of columns and rows */
START_TEST(agrees_with_the_manifest)
{
    const char *root = unpacked();
    static float x[PIXELS];
    char path[9000], line[512], split[8];
    snn_dataset *d[2];
    size_t index[2] = { 0, 0 }, lines = 0;
    FILE *file;

    if (root == NULL)
        return;
    snprintf(path, sizeof path, "%s/manifest.tsv", root);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 2; i++) {
        OK(snn_dataset_open(&d[i], ctx, "nmnist", directory, i ? SNN_SPLIT_TEST : SNN_SPLIT_TRAIN));
        OK(snn_dataset_set_i64(d[i], SNN_DATASET_COUNT_EVENTS, 1));
        OK(snn_dataset_set_i64(d[i], SNN_DATASET_FRAMES, 3));
    }
    while (fgets(line, sizeof line, file)) {
        unsigned want_label, events, brighter, first, last, columns, rows;
        double n = 0, on = 0, c = 0, r = 0;
        uint32_t label;
        int test;

        if (sscanf(line, "%7[^/]/%*s %u %u %u %u %u %u %u", split, &want_label, &events, &brighter, &first, &last,
                   &columns, &rows) != 8)
            continue;
        test = strcmp(split, "Test") == 0;
        for (size_t frame = 0; frame < 3; frame++) {
            OK(read_labelled(d[test], index[test], frame, x, &label));
            for (size_t i = 0; i < PIXELS; i++) {
                n += (double)x[i];
                on += i >= PIXELS / 2 ? (double)x[i] : 0;
                c += (double)x[i] * (double)(i % 34);
                r += (double)x[i] * (double)(i / 34 % 34);
            }
        }
        index[test]++;
        lines++;
        ck_assert_msg(label == want_label && n == events && on == brighter && c == columns && r == rows, "%s", line);
    }
    fclose(file);
    ck_assert_uint_eq(lines, 900);
    snprintf(path, sizeof path, "rm -r '%s/Train' '%s/Test'", directory, directory);
    ck_assert_int_eq(system(path), 0);
    snn_dataset_destroy(d[0]);
    snn_dataset_destroy(d[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: nmnist");
    TCase *tests = tcase_create("nmnist");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, events_become_frames);
    tcase_add_test(tests, numbers_give_the_order);
    tcase_add_test(tests, damage_is_refused);
    tcase_add_test(tests, noise_is_survived);
    tcase_add_test(tests, nth_allocation_fails);
    tcase_add_test(tests, frames_are_of_events_alone);
    tcase_add_test(tests, agrees_with_the_manifest);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
