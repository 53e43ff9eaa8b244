/* CSV time series: columns by their names, windows, targets; what is wrong is told with its line. */
#include "files.h"
#include <locale.h>

static snn_context *ctx;
static snn_dataset_files files;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
    make_directory();
    OK(snn_dataset_files_init(&files, sizeof files));
    files.format = "csv";
    files.path = directory;
    files.targets = "y";
}

static void teardown(void)
{
    remove_directory();
    snn_context_destroy(ctx);
}

static snn_dataset_info info_of(const snn_dataset *d)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    OK(snn_dataset_get_info(d, &info));
    return info;
}

static snn_dataset *opened(const char *text)
{
    snn_dataset *d;

    put("train.csv", text, strlen(text));
    OK(snn_dataset_open_files(&d, ctx, &files));
    return d;
}

/* Frame `frame` of a sample is x [2], y [1], and the sample has `length` frames. */
static void holds(const snn_dataset *d, size_t index, size_t frame, float x0, float x1, float y, uint64_t length)
{
    snn_sample sample = SNN_SAMPLE_INIT;
    float x[2], target;

    sample.x = x;
    sample.target = &target;
    OK(snn_dataset_read(d, index, frame, &sample));
    ck_assert_float_eq(x[0], x0);
    ck_assert_float_eq(x[1], x1);
    ck_assert_float_eq(target, y);
    if (frame == 0)
        ck_assert_uint_eq(sample.length, length);
}

#define WRONG(text, code, part)                                      \
    do {                                                             \
        snn_dataset *d_ = (snn_dataset *)(uintptr_t)1;               \
        put("train.csv", text, sizeof(text) - 1);                    \
        FAILS(snn_dataset_open_files(&d_, ctx, &files), code, part); \
        ck_assert_ptr_null(d_);                                      \
    } while (0)

START_TEST(a_line_is_a_sample)
{
    snn_dataset *d = opened("a,y,b\n1,2,3\n-4.5,1e1, 6\n\n0,+.5,\"7\"\n");
    const snn_dataset_info info = info_of(d);

    ck_assert(info.count == 3 && info.rank == 1 && info.shape[0] == 2 && info.frames == 1 && info.targets == 1);
    holds(d, 0, 0, 1, 3, 2, 1);
    holds(d, 1, 0, -4.5f, 6, 10, 1);
    holds(d, 2, 0, 0, 7, 0.5f, 1);
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(names_and_line_ends)
{
    snn_dataset *d;

    files.inputs = "q \"1\",b";
    files.targets = "y";
    d = opened("\xef\xbb\xbf"
               "\"q \"\"1\"\"\",unused,b,y\r\n1,no number,2,\"3\"\r\n4,,5,6");
    ck_assert_uint_eq(info_of(d).count, 2);
    holds(d, 0, 0, 1, 2, 3, 1);
    holds(d, 1, 0, 4, 5, 6, 1);
    snn_dataset_destroy(d);
}
END_TEST

static const char steps[] = "n,a,b,y\n"
                            "1,1,-1,10\n1,2,-2,20\n1,3,-3,30\n1,4,-4,40\n1,5,-5,50\n"
                            "2,6,-6,60\n2,7,-7,70\n";

START_TEST(whole_sequences)
{
    snn_dataset *d;

    files.sequence = "n";
    d = opened(steps);
    ck_assert(info_of(d).count == 2 && info_of(d).frames == 5 && info_of(d).target_frames == 5);
    holds(d, 0, 4, 5, -5, 50, 0);
    holds(d, 1, 0, 6, -6, 60, 2);
    holds(d, 1, 1, 7, -7, 70, 0);
    snn_dataset_destroy(d);
    files.last = 1;
    d = opened(steps);
    ck_assert_uint_eq(info_of(d).target_frames, 1);
    holds(d, 0, 0, 1, -1, 50, 5);
    holds(d, 1, 0, 6, -6, 70, 2);
    snn_dataset_destroy(d);
}
END_TEST

/* A column of classes in place of targets: one for each step, or that of the last step. */
START_TEST(classes)
{
    static const char text[] = "n,a,b,c\n1,1,-1,0\n1,2,-2,3\n1,3,-3,1\n2,6,-6,2\n2,7,-7,0\n";
    static const uint32_t want[2][3] = { { 0, 3, 1 }, { 2, 0 } };
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset *d;
    float x[2];

    sample.x = x;
    files.targets = NULL;
    files.labels = "c";
    files.sequence = "n";
    d = opened(text);
    ck_assert(info_of(d).classes == 4 && info_of(d).targets == 0 && info_of(d).target_frames == 3);
    for (size_t i = 0; i < 2; i++)
        for (size_t t = 0; t < 3 - i; t++) {
            OK(snn_dataset_read(d, i, t, &sample));
            ck_assert_uint_eq(sample.label, want[i][t]);
        }
    snn_dataset_destroy(d);
    files.last = 1;
    d = opened(text);
    ck_assert(info_of(d).classes == 4 && info_of(d).target_frames == 1);
    OK(snn_dataset_label(d, 0, &(uint32_t){ 0 }));
    OK(snn_dataset_read(d, 0, 0, &sample));
    ck_assert_uint_eq(sample.label, 1);
    snn_dataset_destroy(d);
    WRONG("n,a,b,c\n1,2,3,0.5\n", SNN_ERR_FORMAT, "train.csv, line 2: the label is 0.5, no whole number");
    WRONG("n,a,b,c\n1,2,3,-1\n", SNN_ERR_FORMAT, "the label is -1");
    files.labels = "c,b";
    WRONG("n,a,b,c\n1,2,3,1\n", SNN_ERR_ARGUMENT, "data.labels names one column");
    files.labels = "c";
    files.targets = "b";
    WRONG("n,a,b,c\n1,2,3,1\n", SNN_ERR_ARGUMENT, "leaves no targets");
}
END_TEST

START_TEST(windows)
{
    snn_dataset *d;

    files.sequence = "n";
    files.window = 2;
    d = opened(steps);
    ck_assert(info_of(d).count == 3 && info_of(d).frames == 2);
    holds(d, 1, 1, 4, -4, 40, 0);
    holds(d, 2, 0, 6, -6, 60, 2);
    snn_dataset_destroy(d);
    files.stride = 1;
    d = opened(steps);
    ck_assert_uint_eq(info_of(d).count, 5);
    holds(d, 3, 0, 4, -4, 40, 2);
    holds(d, 4, 0, 6, -6, 60, 2);
    snn_dataset_destroy(d);
    files.limit = 4;
    d = opened(steps);
    ck_assert_uint_eq(info_of(d).count, 4);
    snn_dataset_destroy(d);
    files.limit = 0;
    files.window = 6;
    WRONG("n,a,b,y\n1,1,2,3\n", SNN_ERR_FORMAT, "1 lines of numbers give no sample of 6 steps");
}
END_TEST

START_TEST(what_is_wrong)
{
    WRONG("", SNN_ERR_FORMAT, "line 1: there is no line with names");
    WRONG("a,y\n", SNN_ERR_FORMAT, "0 lines of numbers");
    WRONG("a,b\n1,2\n", SNN_ERR_FORMAT, "line 1: no column is named \"y\"");
    WRONG("y\n1\n", SNN_ERR_FORMAT, "0 columns are inputs");
    WRONG("a,y\n1,2\n3\n", SNN_ERR_FORMAT, "line 3: 1 fields; the first line has 2");
    WRONG("a,y\n1,2\n\n3,4,5\n", SNN_ERR_FORMAT, "line 4: 3 fields");
    WRONG("a,y\n1,\n", SNN_ERR_FORMAT, "line 2: column 2 is empty");
    WRONG("a,y\nnan,1\n", SNN_ERR_FORMAT, "line 2: column 1 is \"nan\", no finite number");
    WRONG("a,y\n1,inf\n", SNN_ERR_FORMAT, "column 2 is \"inf\"");
    WRONG("a,y\n1e39,1\n", SNN_ERR_FORMAT, "column 1 is \"1e39\"");
    WRONG("a,y\n1,2x\n", SNN_ERR_FORMAT, "column 2 is \"2x\"");
    WRONG("a,y\n1 2,2\n", SNN_ERR_FORMAT, "column 1 is \"1 2\"");
    WRONG("a,y\n\"1,2\n", SNN_ERR_FORMAT, "line 2: a quoted field does not end");
    WRONG("a,y\n\"1\"2,2\n", SNN_ERR_FORMAT, "line 2: a quote ends within a field");
    WRONG("a,y\n1\"2,2\n", SNN_ERR_FORMAT, "line 2: a quote within a field");
    WRONG("a,y\n1,\0002\n", SNN_ERR_FORMAT, "line 2: a NUL");
    files.targets = NULL;
    WRONG("a,y\n1,2\n", SNN_ERR_ARGUMENT, "data.targets has to name the columns");
    files.targets = "y";
    files.sequence = "n";
    WRONG("a,y\n1,2\n", SNN_ERR_FORMAT, "no column is named \"n\"");
}
END_TEST

/* Long lines end the reading, not the memory. */
START_TEST(hostile_lines)
{
    static char many[70000];
    snn_dataset *d = NULL;
    char *line = malloc(2 << 20);

    memset(many, ',', sizeof many);
    put("train.csv", many, sizeof many);
    FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_FORMAT, "more than 4096 fields");
    memset(line, '1', 2 << 20);
    put("train.csv", line, 2 << 20);
    FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_FORMAT, "more than 1048576 bytes");
    free(line);
}
END_TEST

START_TEST(files_and_splits)
{
    snn_dataset *d = opened("a,b,y\n1,2,3\n");
    char path[4400];

    snn_dataset_destroy(d);
    files.split = SNN_SPLIT_TEST;
    FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_IO, "no file such as train.csv");
    put_gz("arm-test.csv.gz", (const uint8_t *)"a,b,y\n4,5,6\n", 12);
    OK(snn_dataset_open_files(&d, ctx, &files));
    holds(d, 0, 0, 4, 5, 6, 1);
    snn_dataset_destroy(d);
    snprintf(path, sizeof path, "%s", path_of("train.csv"));
    files.path = path;
    FAILS(snn_dataset_open_files(&d, ctx, &files), SNN_ERR_IO, "one file, of which the test set is a share");
    files.split = SNN_SPLIT_TRAIN;
    OK(snn_dataset_open_files(&d, ctx, &files));
    snn_dataset_destroy(d);
}
END_TEST

/* A decimal comma of the host's is not one of the file's. */
START_TEST(another_locale)
{
    snn_dataset *d;

    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE.utf8") == NULL)
        return;
    d = opened("a,b,y\n1.5,2.25,-3.125\n");
    holds(d, 0, 0, 1.5f, 2.25f, -3.125f, 1);
    snn_dataset_destroy(d);
    setlocale(LC_ALL, "C");
}
END_TEST

static snn_status open_in(snn_dataset **d, snn_context *in)
{
    return snn_dataset_open_files(d, in, &files);
}

START_TEST(nth_allocation_fails)
{
    put("train.csv", steps, sizeof steps - 1);
    files.sequence = "n";
    ck_assert_uint_gt(fail_allocations_of(open_in, 100), 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: csv");
    TCase *tc = tcase_create("csv");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_line_is_a_sample);
    tcase_add_test(tc, names_and_line_ends);
    tcase_add_test(tc, whole_sequences);
    tcase_add_test(tc, classes);
    tcase_add_test(tc, windows);
    tcase_add_test(tc, what_is_wrong);
    tcase_add_test(tc, hostile_lines);
    tcase_add_test(tc, files_and_splits);
    tcase_add_test(tc, another_locale);
    tcase_add_test(tc, nth_allocation_fails);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
