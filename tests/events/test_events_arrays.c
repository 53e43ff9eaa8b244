/* NumPy's arrays in .npz as data sets: found by their names, stored or compressed; what is wrong is told. */
#include "folder.h"
#include <stdlib.h>
#include <string.h>

static snn_context *ctx;
static snn_dataset_files files;
static struct bytes zip, directory; /* the archive that is being written */
static size_t members;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    make_folder();
    OK(snn_dataset_files_init(&files, sizeof files));
    files.format = "npz";
}

static void teardown(void)
{
    drop(&zip);
    drop(&directory);
    remove_folder();
    snn_context_destroy(ctx);
}

typedef void put_member_fn(struct bytes *b, struct bytes *list, const char *name, const struct bytes *file);

static void add(put_member_fn *put_member, const char *name, const char *type, const char *shape, const void *data,
                size_t size)
{
    struct bytes file = { 0 };

    put_npy(&file, type, "False", shape);
    put(&file, data, size);
    put_member(&zip, &directory, name, &file);
    members++;
    drop(&file);
}

/* Two samples [2] of bytes, 51 k / 255, and the labels 1, 0; the first sample is 51 `first`. */
static void add_samples(put_member_fn *put_member, const char *name, uint8_t first)
{
    const uint8_t x[4] = { (uint8_t)(51 * first), 51, 102, 153 };

    add(put_member, name, "'|u1'", "(2, 2)", x, sizeof x);
}

static void add_labels(put_member_fn *put_member, const char *name)
{
    add(put_member, name, "'|i1'", "(2,)", "\1\0", 2);
}

/* Ends the archive, and writes its first `size` bytes, at most all. */
static void save_zip_part(const char *name, size_t size)
{
    put_zip_end(&zip, &directory, members);
    save(name, zip.data, size < zip.size ? size : zip.size);
    zip.size = members = 0;
}

static void save_zip(const char *name)
{
    save_zip_part(name, SIZE_MAX);
}

static snn_status open_in(snn_dataset **d, snn_context *in)
{
    return snn_events_arrays_open(d, in, &files);
}

/* True if this build reads archives; says so if not. */
static bool has_archives(void)
{
    return has_writer("npz");
}

/* The first number of a split, whose samples are otherwise those of add_samples(). */
static float first_of(snn_split split, const char *path)
{
    snn_dataset *d;
    float x[2], last[2];
    uint32_t label[2];

    files.path = path;
    files.split = split;
    OK(open_in(&d, ctx));
    OK(read_labelled(d, 0, 0, x, &label[0]));
    OK(read_labelled(d, 1, 0, last, &label[1]));
    ck_assert(x[1] == 0.2f && last[0] == 0.4f && last[1] == 0.6f && label[0] == 1 && label[1] == 0);
    snn_dataset_destroy(d);
    return x[0];
}

/* Both splits in one archive, in any order, among other files. */
START_TEST(one_archive)
{
    static put_member_fn *const put_member[] = { put_zip, put_zip_deflated };
    static const char *const name[][4] = {
        { "x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy" },
        { "train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy" },
        { "X.npy", "y.npy", "t10k-X.npy", "t10k-y.npy" },
        { "train/images.npy", "train/labels.npy", "test/images.npy", "test/labels.npy" },
    };

    if (!has_archives())
        return;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        add_labels(put_member[_i], name[i][3]);
        add_samples(put_member[_i], name[i][0], 5);
        add_samples(put_member[_i], name[i][2], 4);
        put_zip(&zip, &directory, "train.txt", &(struct bytes){ 0 });
        members++;
        add_labels(put_member[_i], name[i][1]);
        save_zip("a.npz");
        ck_assert_float_eq(first_of(SNN_SPLIT_TRAIN, in_folder("a.npz")), 1.0f);
        ck_assert_float_eq(first_of(SNN_SPLIT_TEST, in_folder("a.npz")), 0.8f);
        ck_assert_float_eq(first_of(SNN_SPLIT_TRAIN, in_folder("")), 1.0f);
    }
}
END_TEST

/* An archive for each split in a folder: the names of both count. */
START_TEST(archive_for_each_split)
{
    if (!has_archives())
        return;
    for (int i = 0; i < 2; i++) {
        add_samples(put_zip, "images.npy", (uint8_t)(5 - i));
        add_labels(put_zip, "labels.npy");
        save_zip(i == 0 ? "letters-train.npz" : "letters-test.npz");
    }
    save_text("train.txt", "not an archive");
    ck_assert_float_eq(first_of(SNN_SPLIT_TRAIN, in_folder("")), 1.0f);
    ck_assert_float_eq(first_of(SNN_SPLIT_TEST, in_folder("")), 0.8f);
    ck_assert_float_eq(first_of(SNN_SPLIT_TRAIN, in_folder("letters-test.npz")), 0.8f);
}
END_TEST

/* Frames [n,T,N] with targets for each step, of which the first sample alone is read. */
START_TEST(series_and_targets)
{
    static const float target[] = { 0.5f, 1, 2, 3, 4, 5 };
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset *d;
    float x[2], y;

    if (!has_archives())
        return;
    add(put_zip_deflated, "frames.npy", "'|i1'", "(2, 3, 2)", "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc", 12);
    add(put_zip_deflated, "targets.npy", "'<f4'", "(2, 3, 1)", target, sizeof target);
    save_zip("arm.npz");
    files.path = in_folder("arm.npz");
    files.series = 1;
    files.limit = 1;
    OK(open_in(&d, ctx));
    OK(snn_dataset_get_info(d, &info));
    ck_assert(info.count == 1 && info.frames == 3 && info.shape[0] == 2 && info.targets == 1 &&
              info.target_frames == 3);
    sample.x = x;
    sample.target = &y;
    OK(snn_dataset_read(d, 0, 2, &sample));
    ck_assert(x[0] == 5.0f && x[1] == 6.0f && y == 2.0f);
    snn_dataset_destroy(d);
}
END_TEST

/* Opening the archive a.npz fails. */
#define WRONG(code, part)                     \
    do {                                      \
        snn_dataset *d_ = NULL;               \
        files.path = in_folder("a.npz");      \
        FAILS(open_in(&d_, ctx), code, part); \
        ck_assert_ptr_null(d_);               \
    } while (0)

START_TEST(names_that_do_not_fit)
{
    if (!has_archives())
        return;
    add_samples(put_zip, "x_test.npy", 5);
    save_zip("a.npz");
    WRONG(SNN_ERR_IO, "has no array such as train_x.npy");
    files.split = SNN_SPLIT_TEST;
    WRONG(SNN_ERR_IO, "has no array such as train_labels.npy");
    add_samples(put_zip, "x_test.npy", 5);
    add_samples(put_zip, "z_test.npy", 5);
    save_zip("a.npz");
    WRONG(SNN_ERR_IO, "a.npz has both x_test.npy and z_test.npy");
    save_text("a.npz", "no archive at all");
    WRONG(SNN_ERR_IO, "has no array");
    files.path = in_folder("absent.npz");
    FAILS(open_in(&(snn_dataset *){ NULL }, ctx), SNN_ERR_IO, "there is no ");
    files.format = "npy";
    FAILS(open_in(&(snn_dataset *){ NULL }, ctx), SNN_ERR_ARGUMENT, "not npz");
    FAILS(snn_events_arrays_open(NULL, ctx, &files), SNN_ERR_ARGUMENT, "NULL");
    FAILS(open_in(&(snn_dataset *){ NULL }, NULL), SNN_ERR_ARGUMENT, "NULL");
    files.path = NULL;
    FAILS(open_in(&(snn_dataset *){ NULL }, ctx), SNN_ERR_ARGUMENT, "the path is NULL");
}
END_TEST

/* An archive of x_train.npy and y_train.npy. */
static void make_pair(put_member_fn *put_member)
{
    add_samples(put_member, "x_train.npy", 5);
    add_labels(put_member, "y_train.npy");
}

/* Each byte missing at the end of the archive, or changed in it, is an error, or the data are what they were. */
START_TEST(every_damage)
{
    size_t size, refused = 0;
    uint8_t *copy;
    snn_dataset *d;

    if (!has_archives())
        return;
    make_pair(_i == 0 ? put_zip : put_zip_deflated);
    put_zip_end(&zip, &directory, members);
    size = zip.size;
    copy = malloc(size);
    memcpy(copy, zip.data, size);
    files.path = in_folder("a.npz");
    for (size_t i = 0; i < 2 * size; i++) {
        if (i >= size)
            copy[i - size] ^= 0x10;
        save("a.npz", copy, i < size ? i : size);
        if (open_in(&d, ctx) == SNN_OK)
            ck_assert_float_eq(first_of(SNN_SPLIT_TRAIN, files.path), 1.0f);
        else
            refused++;
        snn_dataset_destroy(d);
        if (i >= size)
            copy[i - size] ^= 0x10;
    }
    ck_assert_uint_gt(refused, size);
    free(copy);
}
END_TEST

/* What a header says takes no memory, nor does what deflate stands for. */
START_TEST(what_headers_say)
{
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;
    static uint8_t zeros[4 << 20];

    if (!has_archives())
        return;
    OK(snn_context_get_info(ctx, &before));
    add(put_zip, "x.npy", "'<f4'", "(1099511627776, 64)", "1234", 4);
    save_zip("a.npz");
    WRONG(SNN_ERR_FORMAT, "a.npz/x.npy is truncated, or its header is wrong");
    add(put_zip, "x.npy", "'<f4'", "(2, 2)", "1234", 4);
    save_zip("a.npz");
    WRONG(SNN_ERR_FORMAT, "a.npz/x.npy is truncated: a block of numbers needs 8 bytes, 4 are there");
    add(put_zip, "x.npy", "'|i1'", "(2, 2)", "12345", 5);
    save_zip("a.npz");
    WRONG(SNN_ERR_FORMAT, "continues after");
    add(put_zip_deflated, "x.npy", "'|i1'", "(4194304, 1)", zeros, sizeof zeros);
    save_zip("a.npz");
    WRONG(SNN_ERR_FORMAT, "which a file of this length cannot hold");
    add(put_zip_deflated, "x.npy", "'|i1'", "(2, 2)", "1234", 4);
    add(put_zip_deflated, "y.npy", "'|i1'", "(3,)", "123", 3);
    save_zip("a.npz");
    WRONG(SNN_ERR_FORMAT, "has 3 labels or targets for 2 samples");
    OK(snn_context_get_info(ctx, &after));
    ck_assert_uint_eq(after.bytes, before.bytes);
    ck_assert_uint_lt(after.peak_bytes, before.bytes + (3u << 20));
}
END_TEST

START_TEST(nth_allocation_fails)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_status rc = SNN_ERR_MEMORY;
    snn_context *own;
    snn_dataset *d;
    size_t live;

    if (!has_archives())
        return;
    make_pair(put_zip);
    save_zip("a.npz");
    files.path = in_folder("a.npz");
    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&own, &options));
    live = c.live;
    for (int n = 1; rc == SNN_ERR_MEMORY; n++) {
        c.fail_at = c.calls + n;
        rc = open_in(&d, own);
        ck_assert(c.live == live || rc == SNN_OK);
    }
    OK(rc);
    snn_dataset_destroy(d);
    ck_assert_uint_eq(c.live, live);
    snn_context_destroy(own);
}
END_TEST

/* A build without libarchive says what it lacks. */
START_TEST(what_a_build_lacks)
{
    if (has_archives())
        return;
    make_pair(put_zip);
    save_zip("a.npz");
    WRONG(SNN_ERR_UNSUPPORTED, "libarchive");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events: arrays");
    TCase *tc = tcase_create("npz");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, one_archive, 0, 2);
    tcase_add_test(tc, archive_for_each_split);
    tcase_add_test(tc, series_and_targets);
    tcase_add_test(tc, names_that_do_not_fit);
    tcase_add_loop_test(tc, every_damage, 0, 2);
    tcase_add_test(tc, what_headers_say);
    tcase_add_test(tc, nth_allocation_fails);
    tcase_add_test(tc, what_a_build_lacks);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
