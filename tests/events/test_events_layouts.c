/* Layouts of data sets: samples, classes, splits and their order, in folders and archives; what is refused. */
#include "folder.h"
#include <snn/events.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static snn_context *ctx;
static uint64_t own; /* bytes of the context itself */
static snn_events_list *list;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    own = test_context_bytes(ctx);
    list = NULL;
    make_folder();
}

static void teardown(void)
{
    snn_events_list_destroy(list);
    ck_assert_uint_eq(test_context_bytes(ctx), own);
    snn_context_destroy(ctx);
    remove_folder();
}

static snn_status open_list(const char *layout, const char *name, uint32_t split)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;

    snn_events_list_destroy(list);
    data.layout = layout;
    data.directory = in_folder(name);
    data.split = split;
    return snn_events_list_open(&list, ctx, &data);
}

static snn_events_list_info about_list(void)
{
    snn_events_list_info info = SNN_EVENTS_LIST_INFO_INIT;

    OK(snn_events_list_get_info(list, &info));
    return info;
}

static snn_events_item item_at(uint64_t index)
{
    snn_events_item item = SNN_EVENTS_ITEM_INIT;

    OK(snn_events_list_get_item(list, index, &item));
    return item;
}

/* A sample is a whole recording of the file, which is told by the end of its path. */
static void check_item(uint64_t index, const char *path, uint64_t in_file, uint32_t label)
{
    const snn_events_item item = item_at(index);
    const size_t length = strlen(item.path), end = strlen(path);

    ck_assert_msg(length > end && strcmp(item.path + length - end, path) == 0, "sample %u is of %s, not of %s",
                  (unsigned)index, item.path, path);
    ck_assert_uint_eq(item.index, in_file);
    ck_assert_uint_eq(item.label, label);
    ck_assert(item.begin == INT64_MIN && item.end == INT64_MAX);
}

static void check_list(uint64_t samples, uint64_t classes, uint32_t width, uint32_t height)
{
    const snn_events_list_info info = about_list();

    ck_assert_uint_eq(info.samples, samples);
    ck_assert_uint_eq(info.classes, classes);
    ck_assert_uint_eq(info.width, width);
    ck_assert_uint_eq(info.height, height);
}

/* ---- a folder for each class ---- */

START_TEST(numbers_count_across_classes)
{
    save_recording("Train/7/00001.bin", "nmnist", 8);
    save_recording("Train/0/00002.bin", "nmnist", 8);
    save_recording("Train/7/00003.bin", "nmnist", 8);
    save_recording("Test/2/60001.bin", "nmnist", 8);
    save_text("Train/7/.DS_Store", "not a recording");
    save_text("Train/0/notes.txt", "not a recording");
    save_text("__MACOSX/7/00001.bin", "not a recording");
    OK(open_list("nmnist", "", SNN_SPLIT_TRAIN));
    check_list(3, 10, 34, 34);
    check_item(0, "/Train/7/00001.bin", 0, 7);
    check_item(1, "/Train/0/00002.bin", 0, 0);
    check_item(2, "/Train/7/00003.bin", 0, 7);
    ck_assert_str_eq(snn_events_list_class_name(list, 9), "9");
    ck_assert_ptr_null(snn_events_list_class_name(list, 10));
    OK(open_list("nmnist", "", SNN_SPLIT_TEST));
    check_list(1, 10, 34, 34);
    check_item(0, "/Test/2/60001.bin", 0, 2);
}
END_TEST

static void save_class(const char *class, const char *writer, const char *ending, int count)
{
    char name[256];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/cifar10_%d%s", class, i, ending);
        save_recording(name, writer, 8);
    }
}

/* Names are in the order of bytes: 0, 1, 10, 11, .., 19, 2, ..; the last tenth is 8 and 9. */
START_TEST(the_last_tenth_is_for_tests)
{
    save_class("dog", "aedat2-dvs128", ".aedat", 20);
    save_class("airplane", "aedat2-dvs128", ".aedat", 3);
    OK(open_list("cifar10-dvs", "", SNN_SPLIT_TRAIN));
    check_list(18 + 2, 10, 128, 128);
    check_item(0, "/airplane/cifar10_0.aedat", 0, 0);
    check_item(1, "/dog/cifar10_0.aedat", 0, 5);
    check_item(2, "/airplane/cifar10_1.aedat", 0, 0);
    check_item(3, "/dog/cifar10_1.aedat", 0, 5);
    check_item(4, "/dog/cifar10_10.aedat", 0, 5);
    check_item(19, "/dog/cifar10_7.aedat", 0, 5);
    ck_assert_str_eq(snn_events_list_class_name(list, 5), "dog");
    OK(open_list("cifar10-dvs", "", SNN_SPLIT_TEST));
    check_list(2 + 1, 10, 128, 128);
    check_item(0, "/airplane/cifar10_2.aedat", 0, 0);
    check_item(1, "/dog/cifar10_8.aedat", 0, 5);
    check_item(2, "/dog/cifar10_9.aedat", 0, 5);
    OK(open_list("cifar10-dvs", "", 0));
    check_list(23, 10, 128, 128);
}
END_TEST

START_TEST(any_format_is_recognised)
{
    save_recording("b \"c\"\xff\n/x.raw", "evt3", 8);
    save_recording("b \"c\"\xff\n/y", "dat", 8);
    save_recording("a/x", "aedat2-davis346", 8);
    save_recording("a/y.npy", "npy-rows", 8);
    OK(open_list("folders", "", SNN_SPLIT_TRAIN));
    check_list(2, 2, 0, 0);
    check_item(0, "/a/x", 0, 0);
    check_item(1, "\xff\n/x.raw", 0, 1);
    ck_assert_str_eq(snn_events_list_class_name(list, 1), "b \"c\"\xff\n");
    OK(open_list("folders", "", SNN_SPLIT_TEST));
    check_list(2, 2, 0, 0);
}
END_TEST

START_TEST(folders_say_the_split)
{
    save_recording("data/train/a/1", "dat", 8);
    save_recording("data/train/b/2", "dat", 8);
    save_recording("data/TEST/b/3", "dat", 8);
    save_recording("data/other/c/4", "dat", 8);
    OK(open_list("folders", "", SNN_SPLIT_TRAIN));
    check_list(2, 3, 0, 0);
    check_item(1, "/data/train/b/2", 0, 1);
    OK(open_list("folders", "data", SNN_SPLIT_TEST));
    check_list(1, 3, 0, 0);
    check_item(0, "/data/TEST/b/3", 0, 1);
    OK(open_list("folders", "data", 0));
    check_list(2, 3, 0, 0);
    FAILS(open_list("folders", "data/train", SNN_SPLIT_TEST), SNN_ERR_IO, "holds no recordings for tests");
}
END_TEST

START_TEST(lists_say_the_split)
{
    save_class("a", "dat", ".dat", 4);
    save_class("b", "dat", ".dat", 4);
    save_text("train.txt", "\xef\xbb\xbf"
                           "a/cifar10_3.dat\r\n\r\n  b/cifar10_0.dat\t\r\na/cifar10_1.dat");
    FAILS(open_list("folders", "", SNN_SPLIT_TEST), SNN_ERR_IO, "holds train.txt, but no test.txt");
    save_text("test.txt", "a/cifar10_2.dat\n");
    OK(open_list("folders", "", SNN_SPLIT_TRAIN));
    check_list(3, 2, 0, 0);
    check_item(0, "/a/cifar10_1.dat", 0, 0);
    check_item(1, "/b/cifar10_0.dat", 0, 1);
    check_item(2, "/a/cifar10_3.dat", 0, 0);
    OK(open_list("folders", "", SNN_SPLIT_TEST));
    check_list(1, 2, 0, 0);
    save_text("test.txt", "c/1.dat\n");
    FAILS(open_list("folders", "", SNN_SPLIT_TEST), SNN_ERR_FORMAT, "test.txt names c/1.dat");
    save("test.txt", "a\0b", 3);
    FAILS(open_list("folders", "", SNN_SPLIT_TEST), SNN_ERR_FORMAT, "is no text");
    save_text("test.txt", "\n");
    FAILS(open_list("folders", "", SNN_SPLIT_TEST), SNN_ERR_IO, "holds no recordings for tests");
}
END_TEST

/* ---- archives ---- */

/* Members and their labels, of an archive that begins with a file which is none. */
static const char *const members[] = { "README", "Train/3/00002.bin", "Train/1/00001.bin", "Test/1/60001.bin" };

static void check_archive(const char *name, const char *path)
{
    OK(open_list("nmnist", name, SNN_SPLIT_TRAIN));
    check_list(2, 10, 34, 34);
    check_item(0, path, 2, 1);
    check_item(1, path, 1, 3);
    ck_assert_str_eq(item_at(0).format, "nmnist");
    OK(open_list("nmnist", name, SNN_SPLIT_TEST));
    check_list(1, 10, 34, 34);
    check_item(0, path, 3, 1);
}

START_TEST(archives_are_listed_in_place)
{
    struct bytes file = { 0 }, tar = { 0 }, zip = { 0 }, directory = { 0 }, gz = { 0 };

    if (!has_writer("npz"))
        return;
    file = recording("nmnist", 8);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        put_tar(&tar, members[i], &file);
        put_zip(&zip, &directory, members[i], &file);
    }
    put_tar_end(&tar);
    put_zip_end(&zip, &directory, sizeof members / sizeof *members);
    put_gz(&gz, &tar);
    save("small.tar.gz", gz.data, gz.size);
    check_archive("", "/small.tar.gz");
    check_archive("small.tar.gz", "/small.tar.gz");
    save("one/all.zip", zip.data, zip.size);
    check_archive("one", "/one/all.zip");
    save("cut.zip", zip.data, zip.size / 2);
    ck_assert_int_ne(open_list("nmnist", "cut.zip", SNN_SPLIT_TRAIN), SNN_OK);
    save("cut.tar", tar.data, tar.size - 1024 - 500); /* within the last member */
    FAILS(open_list("nmnist", "cut.tar", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "is truncated");
    drop(&file);
    drop(&tar);
    drop(&zip);
    drop(&gz);
}
END_TEST

static void save_zip(const char *name, const char *const *member, size_t count)
{
    struct bytes file = recording("nmnist", 8), zip = { 0 }, directory = { 0 };

    for (size_t i = 0; i < count; i++)
        put_zip(&zip, &directory, member[i], &file);
    put_zip_end(&zip, &directory, count);
    save(name, zip.data, zip.size);
    drop(&file);
    drop(&zip);
}

START_TEST(members_without_a_class)
{
    static const char *const odd[] = { "a/b/1.bin", "a/c/1.bin", "a/d/1.bin", "a/e/1.bin", "a//1.bin" };

    if (!has_writer("npz"))
        return;
    save_zip("odd.zip", odd, 5);
    FAILS(open_list("folders", "odd.zip", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "the class of odd/a//1.bin has no name");
}
END_TEST

/* Names of archives say the split if their members do not. */
START_TEST(archives_of_a_split)
{
    static const char *const train[] = { "5/00001.bin", "4/00002.bin" }, *const test[] = { "Test/9/60001.bin" };

    if (!has_writer("npz"))
        return;
    save_zip("Train.zip", train, 2);
    save_zip("Test.zip", test, 1);
    FAILS(open_list("nmnist", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "do not lie equally deep");
    save_zip("Test.zip", (const char *const[]){ "9/60001.bin" }, 1);
    OK(open_list("nmnist", "", SNN_SPLIT_TRAIN));
    check_list(2, 10, 34, 34);
    check_item(0, "/Train.zip", 0, 5);
    check_item(1, "/Train.zip", 1, 4);
    OK(open_list("nmnist", "", SNN_SPLIT_TEST));
    check_item(0, "/Test.zip", 0, 9);
}
END_TEST

START_TEST(annotations_are_no_recordings)
{
    static const char *const member[] = { "Caltech101/accordion/image_0001.bin",
                                          "Caltech101/accordion/image_0002.bin",
                                          "Caltech101/BACKGROUND_Google/image_0001.bin" };
    static const char *const notes[] = { "Caltech101_annotations/accordion/annotation_0001.bin" };

    save_recording("unpacked/Caltech101/lamp/image_0001.bin", "nmnist", 8);
    save_recording("unpacked/Caltech101/lamp/image_0002.bin", "nmnist", 8);
    save_recording("unpacked/Caltech101_annotations/lamp/annotation_0001.bin", "nmnist", 8);
    OK(open_list("n-caltech101", "unpacked", SNN_SPLIT_TEST));
    check_list(1, 1, 240, 180);
    check_item(0, "/Caltech101/lamp/image_0002.bin", 0, 0);
    if (!has_writer("npz"))
        return;
    save_zip("packed/Caltech101.zip", member, 3);
    save_zip("packed/Caltech101_annotations.zip", notes, 1);
    OK(open_list("n-caltech101", "packed", SNN_SPLIT_TRAIN));
    check_list(2, 2, 240, 180);
    check_item(0, "/packed/Caltech101.zip", 2, 0);
    check_item(1, "/packed/Caltech101.zip", 0, 1);
    ck_assert_str_eq(snn_events_list_class_name(list, 0), "BACKGROUND_Google");
}
END_TEST

/* ---- DVS128 Gesture ---- */

#define HEADER "class,startTime_usec,endTime_usec\n"

static void save_gestures(const char *labels)
{
    save_recording("user01_lab.aedat", "aedat3", 32);
    save_text("user01_lab_labels.csv", labels);
    save_text("trials_to_train.txt", "user01_lab.aedat\r\n\r\n");
}

START_TEST(trials_are_cut_out)
{
    save_gestures(HEADER "1,300,500\r\n11,500,900\n\n");
    save_recording("user24_led.aedat", "aedat3", 32);
    save_text("user24_led_labels.csv", HEADER "3,0,9223372036854775807");
    save_text("trials_to_test.txt", "user24_led.aedat");
    OK(open_list("dvs-gesture", "", SNN_SPLIT_TRAIN));
    check_list(2, 11, 128, 128);
    ck_assert_uint_eq(item_at(0).label, 0);
    ck_assert(item_at(0).begin == 300 && item_at(0).end == 500);
    ck_assert_uint_eq(item_at(1).label, 10);
    ck_assert(item_at(1).begin == 500 && item_at(1).end == 900);
    ck_assert_str_eq(snn_events_list_class_name(list, 10), "other_gestures");
    OK(open_list("dvs-gesture", "", SNN_SPLIT_TEST));
    check_list(1, 11, 128, 128);
    ck_assert_uint_eq(item_at(0).label, 2);
    ck_assert(strstr(item_at(0).path, "user24_led.aedat") != NULL);
    OK(open_list("dvs-gesture", "", 0));
    check_list(2, 11, 128, 128);
}
END_TEST

static const struct {
    const char *labels, *message;
} no_labels[] = { { "", "its first line is not class,startTime_usec,endTime_usec" },
                  { "1,300,500\n", "its first line is not" },
                  { HEADER, "names no trials" },
                  { HEADER "0,300,500\n", "\"0,300,500\" is no class from 1 to 11" },
                  { HEADER "12,300,500\n", "is no class" },
                  { HEADER "1,500,500\n", "is no class" },
                  { HEADER "1,300\n", "is no class" },
                  { HEADER "1,300,500,7\n", "is no class" },
                  { HEADER "1,-300,500\n", "is no class" },
                  { HEADER "1,300,99999999999999999999\n", "is no class" },
                  { HEADER "x\n", "is no class" } };

START_TEST(labels_that_are_none)
{
    save_gestures(no_labels[_i].labels);
    FAILS(open_list("dvs-gesture", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, no_labels[_i].message);
}
END_TEST

START_TEST(gestures_without_lists)
{
    FAILS(open_list("dvs-gesture", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "trials_to_train.txt");
    save_text("trials_to_train.txt", "user01_lab.aedat\n");
    FAILS(open_list("dvs-gesture", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "user01_lab_labels.csv");
    save_text("trials_to_train.txt", "user01_lab.csv\n");
    FAILS(open_list("dvs-gesture", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "is no NAME.aedat");
    FAILS(open_list("dvs-gesture", "", SNN_SPLIT_TEST), SNN_ERR_IO, "trials_to_test.txt");
}
END_TEST

/* ---- spikes ---- */

START_TEST(spikes_plain_and_compressed)
{
    struct bytes file = { 0 }, gz = { 0 };

    if (!has_writer("hdf5"))
        return;
    file = recording("hdf5", 8);
    put_gz(&gz, &file);
    save("shd_train.h5", file.data, file.size);
    save("shd_test.h5.gz", gz.data, gz.size);
    OK(open_list("shd", "", SNN_SPLIT_TRAIN));
    check_list(2, 20, 700, 1);
    check_item(0, "/shd_train.h5", 0, 3);
    check_item(1, "/shd_train.h5", 1, 1);
    ck_assert_str_eq(snn_events_list_class_name(list, 10), "null");
    if (has_writer("npz")) {
        OK(open_list("shd", "", SNN_SPLIT_TEST));
        check_item(1, "/shd_test.h5.gz", 1, 1);
        OK(open_list("shd", "", 0));
        check_item(1, "/shd_train.h5", 1, 1);
    }
    FAILS(open_list("ssc", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "holds neither ssc_train.h5 nor ssc_train.h5.gz");
    save("ssc_valid.h5", file.data, file.size);
    OK(open_list("ssc-valid", "", SNN_SPLIT_TEST));
    check_list(2, 35, 700, 1);
    ck_assert_ptr_null(snn_events_list_class_name(list, 0));
    save_recording("ssc_test.h5", "dat", 8);
    FAILS(open_list("ssc", "", SNN_SPLIT_TEST), SNN_ERR_FORMAT, "holds no labels");
    drop(&file);
    drop(&gz);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(folders_that_are_none)
{
    FAILS(open_list("nmnist", "absent", SNN_SPLIT_TRAIN), SNN_ERR_IO, "absent: No such file or directory");
    FAILS(open_list("nmnist", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "holds no CLASS/NAME.bin");
    save_text("x.bin", "no archive");
    FAILS(open_list("nmnist", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "holds no CLASS/NAME.bin");
    save_recording("1/00001.bin", "nmnist", 8);
    FAILS(open_list("nmnist", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "holds no folders Train and Test");
    FAILS(open_list("cifar10-dvs", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "holds no CLASS/NAME.aedat");
    save_recording("dog/1.aedat", "aedat2-dvs128", 8);
    save_recording("cow/1.aedat", "aedat2-dvs128", 8);
    FAILS(open_list("cifar10-dvs", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "class 1 holds no recordings");
    remove(in_folder("1/00001.bin"));
    rmdir(in_folder("1"));
    FAILS(open_list("cifar10-dvs", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "cow is no class of this data set");
}
END_TEST

START_TEST(classes_that_are_empty)
{
    save_recording("a/1", "dat", 8);
    save("b/", NULL, 0);
    FAILS(open_list("folders", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT,
          "class b holds no recordings; remove its folder");
    save_recording("b/c/1", "dat", 8);
    FAILS(open_list("folders", "", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "a/1 and b/c/1 do not lie equally deep");
}
END_TEST

START_TEST(links)
{
    save_recording("real/1", "dat", 8);
    save_recording("set/a/1", "dat", 8);
    ck_assert_int_eq(symlink("../real", in_folder("set/b")), 0);
    ck_assert_int_eq(symlink("../../real/1", in_folder("set/a/2")), 0);
    OK(open_list("folders", "set", SNN_SPLIT_TRAIN));
    check_list(2, 2, 0, 0);
    check_item(1, "/set/b/1", 0, 1);
    ck_assert_int_eq(symlink("..", in_folder("set/a/up")), 0);
    FAILS(open_list("folders", "set", SNN_SPLIT_TRAIN), SNN_ERR_FORMAT, "leads back to a folder that it is in");
    remove(in_folder("set/a/up"));
    ck_assert_int_eq(symlink("self", in_folder("set/a/self")), 0);
    FAILS(open_list("folders", "set", SNN_SPLIT_TRAIN), SNN_ERR_IO, "remove the link");
    remove(in_folder("set/a/self"));
    ck_assert_int_eq(symlink("nowhere", in_folder("set/a/lost")), 0);
    FAILS(open_list("folders", "set", SNN_SPLIT_TRAIN), SNN_ERR_IO, "set/a/lost: No such file");
}
END_TEST

START_TEST(folders_that_cannot_be_read)
{
    save_recording("a/1", "dat", 8);
    save_recording("b/1", "dat", 8);
    chmod(in_folder("b"), 0);
    if (access(in_folder("b"), R_OK) != 0)
        FAILS(open_list("folders", "", SNN_SPLIT_TRAIN), SNN_ERR_IO, "/b: Permission denied");
    else
        fprintf(stderr, "skipped: the superuser reads every folder\n");
    chmod(in_folder("b"), 0777);
}
END_TEST

START_TEST(arguments)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_events_item item = SNN_EVENTS_ITEM_INIT;

    data.layout = "folders";
    data.directory = in_folder("");
    FAILS(snn_events_list_open(NULL, ctx, &data), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_events_list_open(&list, NULL, &data), SNN_ERR_ARGUMENT, "context is NULL");
    FAILS(snn_events_list_open(&list, ctx, NULL), SNN_ERR_ARGUMENT, "snn_events_data");
    data.split = 3;
    FAILS(snn_events_list_open(&list, ctx, &data), SNN_ERR_ARGUMENT, "no split 3");
    data.split = SNN_SPLIT_TRAIN;
    data.layout = "folder";
    FAILS(snn_events_list_open(&list, ctx, &data), SNN_ERR_ARGUMENT, "no layout \"folder\"");
    data.layout = NULL;
    FAILS(snn_events_list_open(&list, ctx, &data), SNN_ERR_ARGUMENT, "layout is NULL");
    save_class("a", "dat", ".dat", 3);
    data.layout = "folders";
    data.limit = 1;
    OK(snn_events_list_open(&list, ctx, &data));
    check_list(1, 1, 0, 0);
    FAILS(snn_events_list_get_item(list, 1, &item), SNN_ERR_ARGUMENT, "no such sample");
    FAILS(snn_events_list_get_item(NULL, 0, &item), SNN_ERR_ARGUMENT, "list is NULL");
    FAILS(snn_events_list_get_info(NULL, NULL), SNN_ERR_ARGUMENT, "list is NULL");
    ck_assert_ptr_null(snn_events_list_class_name(NULL, 0));
    snn_events_list_destroy(NULL);
}
END_TEST

static Suite *layouts(void)
{
    Suite *suite = suite_create("events_layouts");
    TCase *tc = tcase_create("layouts");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, numbers_count_across_classes);
    tcase_add_test(tc, the_last_tenth_is_for_tests);
    tcase_add_test(tc, any_format_is_recognised);
    tcase_add_test(tc, folders_say_the_split);
    tcase_add_test(tc, lists_say_the_split);
    tcase_add_test(tc, archives_are_listed_in_place);
    tcase_add_test(tc, members_without_a_class);
    tcase_add_test(tc, archives_of_a_split);
    tcase_add_test(tc, annotations_are_no_recordings);
    tcase_add_test(tc, trials_are_cut_out);
    tcase_add_loop_test(tc, labels_that_are_none, 0, (int)(sizeof no_labels / sizeof *no_labels));
    tcase_add_test(tc, gestures_without_lists);
    tcase_add_test(tc, spikes_plain_and_compressed);
    tcase_add_test(tc, folders_that_are_none);
    tcase_add_test(tc, classes_that_are_empty);
    tcase_add_test(tc, links);
    tcase_add_test(tc, folders_that_cannot_be_read);
    tcase_add_test(tc, arguments);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(layouts());
}
