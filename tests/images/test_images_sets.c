/* Data sets of images: folders and shards hold the same samples, splits and classes, what is wrong is named, and
 * reading ahead changes nothing. */
#include "files.h"
#include <snn/images.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 12, LENGTH = 3 * SIDE * SIDE, CLASSES = 3, IMAGES = 24 };

static snn_context *ctx;
static snn_images *images;
static snn_images_data data;
static snn_images_list *list;
static struct file file, tar;
static uint64_t before;

/* The data lies in this folder of the folder. */
static void use_directory(const char *name)
{
    static char directory[4096];

    snprintf(directory, sizeof directory, "%s", *name == '/' ? name : in_folder(name));
    data.directory = directory;
}

static void setup(void)
{
    ctx = test_context(2, 1, "ref");
    before = test_context_bytes(ctx);
    OK(snn_images_create(&images, ctx));
    OK(snn_images_set_i64(images, SNN_IMAGES_SIZE, SIDE));
    list = NULL;
    tar.size = 0;
    data = (snn_images_data)SNN_IMAGES_DATA_INIT;
    make_folder();
    data.layout = "images";
    use_directory("");
}

static void teardown(void)
{
    snn_images_list_destroy(list);
    snn_images_destroy(images);
    ck_assert_uint_eq(test_context_bytes(ctx), before);
    snn_context_destroy(ctx);
    remove_folder();
}

/* ---- files ---- */

/* Image number i: every second one is a JPEG where there are both. */
static const char *make_image(int i)
{
#if defined SNN_IMAGES_JPEG && defined SNN_IMAGES_PNG
    const bool jpeg = i % 2 == 0;
#elif defined SNN_IMAGES_JPEG
    const bool jpeg = true;
#else
    const bool jpeg = false;
#endif

    draw_picture((unsigned)i, (size_t)(20 + i), 30);
#ifdef SNN_IMAGES_JPEG
    if (jpeg)
        put_jpeg(&file, (size_t)(20 + i), 30, JPEG_RGB);
#endif
#ifdef SNN_IMAGES_PNG
    if (!jpeg)
        put_png(&file, (size_t)(20 + i), 30, PNG_RGB);
#endif
    return jpeg ? "jpg" : "png";
}

/* Image i of class i % CLASSES, in folders and in a shard of the same order. `below` is a folder of a split, or "".
 */
static void save_images(const char *below, int n)
{
    char name[64], text[8];

    tar.size = 0;
    for (int i = 0; i < n; i++) {
        const char *ending = make_image(i);

        snprintf(name, sizeof name, "%sclass%d/image%02d.%s", below, i % CLASSES, i, ending);
        save_file(name, &file);
        snprintf(name, sizeof name, "%02d.%s", i, ending);
        put_member(&tar, name, file.data, file.size);
        snprintf(name, sizeof name, "%02d.cls", i);
        snprintf(text, sizeof text, "%d\n", i % CLASSES);
        put_member(&tar, name, text, strlen(text));
    }
    put_tar_end(&tar);
}

static snn_dataset *open_set(const char *layout, const char *directory)
{
    snn_dataset *set;

    data.layout = layout;
    use_directory(directory);
    OK(snn_images_dataset_open(&set, ctx, &data, images));
    return set;
}

static uint64_t count(uint32_t split, const char *layout, const char *directory)
{
    snn_images_list_info info = SNN_IMAGES_LIST_INFO_INIT;

    snn_images_list_destroy(list);
    data.layout = layout;
    use_directory(directory);
    data.split = split;
    OK(snn_images_list_open(&list, ctx, &data));
    OK(snn_images_list_get_info(list, &info));
    return info.images;
}

/* Opening fails with this message. */
static void refuse(snn_status rc, const char *part)
{
    snn_images_list *none;

    FAILS(snn_images_list_open(&none, ctx, &data), rc, part);
    ck_assert_ptr_null(none);
}

/* ---- samples ---- */

START_TEST(folders_and_shards_hold_the_same_samples)
{
    float x[LENGTH], other[LENGTH];
    uint32_t label, other_label;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *folders, *shards;

    save_images("", IMAGES);
    save_file("shards/0.tar", &tar);
    data.split = 0;
    shards = open_set("shards", "shards");
    ck_assert_int_eq(rename(in_folder("shards"), in_folder(".shards")), 0); /* no class */
    folders = open_set("images", "");
    ck_assert_int_eq(rename(in_folder(".shards"), in_folder("shards")), 0);
    OK(snn_dataset_get_info(shards, &info));
    ck_assert_uint_eq(info.count, IMAGES);
    ck_assert_uint_eq(info.classes, CLASSES);
    ck_assert(info.rank == 3 && info.shape[0] == 3 && info.shape[1] == SIDE && info.shape[2] == SIDE);
    for (size_t i = 0; i < IMAGES; i++) {
        OK(read_labelled(folders, i, 0, x, &label));
        OK(read_labelled(shards, i, 0, other, &other_label));
        ck_assert_uint_eq(label, i % CLASSES);
        ck_assert_uint_eq(other_label, label);
        ck_assert_mem_eq(x, other, sizeof x);
        OK(snn_dataset_label(shards, i, &other_label));
        ck_assert_uint_eq(other_label, label);
    }
    snn_dataset_destroy(folders);
    snn_dataset_destroy(shards);
}
END_TEST

/* ---- lists ---- */

START_TEST(splits_have_folders_of_their_own)
{
    snn_images_item item = SNN_IMAGES_ITEM_INIT;

    save_images("train/", 9);
    save_images("val/", 4); /* tests of all but two images of the first class */
    save("test/unknown/x.jpg", "x", 1);
    ck_assert_uint_eq(count(SNN_SPLIT_TRAIN, "images", ""), 9);
    ck_assert_uint_eq(count(0, "images", ""), 9);
    ck_assert_str_eq(snn_images_list_class_name(list, 1), "class1");
    ck_assert_ptr_null(snn_images_list_class_name(list, 3));
    ck_assert_uint_eq(count(SNN_SPLIT_TEST, "images", ""), 4);
    OK(snn_images_list_get_item(list, 3, &item));
    ck_assert_uint_eq(item.label, 0);
    ck_assert_ptr_nonnull(strstr(item.path, "val/class0/image03."));
    FAILS(snn_images_list_get_item(list, 4, &item), SNN_ERR_ARGUMENT, "there is no such image");
    data.limit = 2;
    ck_assert_uint_eq(count(SNN_SPLIT_TRAIN, "images", ""), 2);
    data.limit = 0;
    save("val/strange/x.jpg", "x", 1);
    data.split = SNN_SPLIT_TEST;
    refuse(SNN_ERR_FORMAT, "val holds class strange, which the images to train with do not have");
    save_images("validation/", 3);
    refuse(SNN_ERR_FORMAT, "is a folder of the same split as val");
}
END_TEST

START_TEST(without_folders_a_tenth_is_for_tests)
{
    save_images("", IMAGES);
    ck_assert_uint_eq(count(SNN_SPLIT_TRAIN, "images", ""), IMAGES - CLASSES);
    ck_assert_uint_eq(count(SNN_SPLIT_TEST, "images", ""), CLASSES);
    ck_assert_uint_eq(count(0, "images", ""), IMAGES);
    save_file("shards/all.tar", &tar);
    ck_assert_uint_eq(count(SNN_SPLIT_TRAIN, "shards", "shards"), IMAGES - CLASSES);
    ck_assert_uint_eq(count(SNN_SPLIT_TEST, "shards", "shards"), CLASSES);
    ck_assert_ptr_null(snn_images_list_class_name(list, 0));
}
END_TEST

/* One would bring images again, and have them among those for tests as well. */
START_TEST(links_in_a_circle_are_refused)
{
    save_images("", 6);
    for (int up = 0; up < 2; up++) {
        ck_assert_int_eq(symlink(up ? ".." : ".", in_folder("class1/again")), 0);
        refuse(SNN_ERR_FORMAT, "class1/again is a link to a folder that it is in");
        ck_assert_int_eq(unlink(in_folder("class1/again")), 0);
    }
    save("class1/more/x.jpg", "x", 1);
    ck_assert_int_eq(symlink("../more", in_folder("class1/more/again")), 0);
    refuse(SNN_ERR_FORMAT, "class1/more/again is a link to a folder that it is in");
    ck_assert_int_eq(unlink(in_folder("class1/more/again")), 0);
    ck_assert_int_eq(symlink("../class0", in_folder("class1/other")), 0);
    ck_assert_uint_eq(count(0, "images", ""), 9);
}
END_TEST

START_TEST(shards_have_the_words_of_splits_in_their_names)
{
    save_images("x/", 6);
    save_file("s/data-train-000.tar", &tar);
    save_file("s/data-train-001.tar", &tar);
    save_images("x/", 3);
    save_file("s/val/0.tar", &tar);
    ck_assert_uint_eq(count(SNN_SPLIT_TRAIN, "shards", "s"), 12);
    ck_assert_uint_eq(count(SNN_SPLIT_TEST, "shards", "s"), 3);
}
END_TEST

START_TEST(what_is_no_set_is_refused)
{
    refuse(SNN_ERR_IO, "holds no CLASS/NAME.jpg or .png");
    data.layout = "shards";
    refuse(SNN_ERR_IO, "holds no shards, NAME.tar");
    save("0.tar.gz", "x", 1);
    refuse(SNN_ERR_UNSUPPORTED, "0.tar.gz is compressed; shards are read in place: unpack it once to a .tar");
    save("0.tar", "\x1f\x8b\x08\x00", 4);
    refuse(SNN_ERR_UNSUPPORTED, "0.tar is compressed; shards are read in place: unpack it once with gzip -d");
    put_tar_end(&tar);
    save_file("0.tar", &tar);
    refuse(SNN_ERR_FORMAT, "the shards hold no KEY.jpg or KEY.png with a KEY.cls");
    data.layout = "images";
    save("class0/", NULL, 0);
    refuse(SNN_ERR_FORMAT, "class class0 of . holds no images; remove its folder, or fill it");
    save("train/class0/", NULL, 0);
    data.split = SNN_SPLIT_TEST;
    refuse(SNN_ERR_IO, "holds no folder val or test beside that of the other split");
    use_directory("/nowhere");
    refuse(SNN_ERR_IO, "/nowhere: ");
    data.split = 7;
    refuse(SNN_ERR_ARGUMENT, "there is no split 7");
    data.split = 0;
    data.layout = "films";
    refuse(SNN_ERR_ARGUMENT, "there is no layout \"films\"");
    data.layout = "images";
    data.cache = "x";
    refuse(SNN_ERR_ARGUMENT, "cache is for shards");
    data.cache = NULL;
    data.reserved = 1;
    refuse(SNN_ERR_VERSION, "reserved is 1; this version expects 0");
}
END_TEST

/* ---- shards ---- */

static void refuse_tar(const char *part)
{
    put_tar_end(&tar);
    save_file("s/0.tar", &tar);
    tar.size = 0;
    data.layout = "shards";
    use_directory("s");
    refuse(SNN_ERR_FORMAT, part);
}

START_TEST(members_without_their_partners_are_named)
{
    put_member(&tar, "a/0.jpg", "x", 1);
    put_member(&tar, "a/0.json", "{}", 2);
    refuse_tar("0.tar: image a/0 has no a/0.cls beside it");
    put_member(&tar, "0.jpg", "x", 1);
    put_member(&tar, "0.png", "x", 1);
    refuse_tar("0.tar: there are two images of the name 0");
    put_member(&tar, "0.jpg", "x", 1);
    put_member(&tar, "0.cls", "cat", 3);
    refuse_tar("0.tar: 0.cls holds no class, a whole number below 1048576");
    put_member(&tar, "0.jpg", "x", 1);
    put_member(&tar, "0.cls", "1048576", 7);
    refuse_tar("0.cls holds no class");
}
END_TEST

static void put_sample(const char *key)
{
    char name[64];

    snprintf(name, sizeof name, "%s.jpg", key);
    put_member(&tar, name, "x", 1);
    snprintf(name, sizeof name, "%s.cls", key);
    put_member(&tar, name, "0", 1);
}

START_TEST(no_sample_of_a_shard_is_lost_silently)
{
    for (const char *type = "12346"; *type != '\0'; type++) {
        put_sample("0");
        put_other(&tar, "a/1.jpg", *type);
        refuse_tar("0.tar: a/1.jpg is a link or a device; a shard holds what is read");
        put_member(&tar, "0.jpg", "x", 1);
        put_other(&tar, "0.cls", *type);
        refuse_tar("0.tar: 0.cls is a link or a device");
    }
    put_sample("0");
    put_member(&tar, "0.cls", "1", 1);
    refuse_tar("0.tar: there are two classes of the name 0");
    put_member(&tar, "0.jpg", "x", 1);
    put_member(&tar, "0.cls", "1\0002", 3);
    refuse_tar("0.tar: 0.cls holds no class");
    put_sample("0");
    put_tar_end(&tar); /* and another archive: cat made this one */
    put_sample("1");
    refuse_tar("0.tar: there is more after the mark of its end");
}
END_TEST

START_TEST(members_beside_samples_are_left_out)
{
    put_other(&tar, "a", '5');
    put_other(&tar, "a/0.txt", '2');
    put_member(&tar, "a/._0.jpg", "x", 1);
    put_member(&tar, "a/0.jpg", "x", 1);
    put_member(&tar, "a/._0.cls", "x", 1);
    put_member(&tar, "a/0.cls", "0", 1);
    put_member(&tar, "a/0.small.cls", "1", 1);
    put_member(&tar, "a/1.JPG", "x", 1);
    put_member(&tar, "a/1.Cls", "1", 1);
    for (int i = 0; i < 20; i++)
        put_tar_end(&tar);
    save_file("s/0.TAR", &tar);
    save("s/train", "a file", 6);
    ck_assert_uint_eq(count(0, "shards", "s"), 2);
}
END_TEST

START_TEST(names_may_be_long)
{
    char name[300];
    snn_dataset *set;
    float x[LENGTH];
    uint32_t label;

    tar.size = 0;
    for (int kind = 0; kind < 2; kind++) {
        memset(name, 'a', sizeof name);
        snprintf(name + 190, sizeof name - 190, "%s%d.%s", kind == 0 ? "" : "+", kind, "jpg");
        put_member(&tar, name, "no image", 8);
        strcpy(strrchr(name, '.'), ".cls");
        put_member(&tar, name, "1", 1);
    }
    put_tar_end(&tar);
    save_file("s/0.tar", &tar);
    data.split = 0;
    set = open_set("shards", "s");
    FAILS(read_labelled(set, 0, 0, x, &label), SNN_ERR_FORMAT, "aaa0.jpg: it is neither a JPEG nor a PNG");
    FAILS(read_labelled(set, 1, 0, x, &label), SNN_ERR_FORMAT, "aaa+1.jpg: it is neither a JPEG nor a PNG");
    snn_dataset_destroy(set);
}
END_TEST

/* Whatever is cut off or changed is noticed. */
START_TEST(damaged_shards)
{
    static struct file whole;
    snn_status rc;

    save_images("x/", 3);
    whole = tar;
    data.layout = "shards";
    use_directory("s");
    data.split = 0;
    for (size_t size = 0; size + 1024 <= whole.size; size += 97) {
        tar.size = size;
        save_file("s/0.tar", &tar);
        rc = snn_images_list_open(&list, ctx, &data);
        ck_assert_msg(rc == SNN_ERR_FORMAT, "%zu bytes: %s", size, snn_status_name(rc));
        snn_images_list_destroy(list);
        list = NULL;
    }
    for (size_t i = 0; i < 512; i += i == 153 ? 3 : 1) { /* but for what ends the sum itself */
        tar = whole;
        tar.data[i] ^= 1;
        save_file("s/0.tar", &tar);
        refuse(SNN_ERR_FORMAT, "no header of a member at byte 0");
    }
}
END_TEST

START_TEST(an_index_is_written_once)
{
    struct stat st, again;
    char cache[4096], path[4200];
    FILE *names;

    save_images("x/", 6);
    save_file("s/0.tar", &tar);
    snprintf(cache, sizeof cache, "%s", in_folder("cache"));
    data.cache = cache;
    umask(027);
    ck_assert_uint_eq(count(0, "shards", "s"), 6);
    snprintf(path, sizeof path, "ls %s/*.images", data.cache);
    names = popen(path, "r");
    ck_assert_int_eq(fscanf(names, "%4095s", path), 1);
    pclose(names);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777u, 0640); /* as the umask lets */
    ck_assert_uint_eq(count(0, "shards", "s"), 6);
    ck_assert_int_eq(stat(path, &again), 0);
    ck_assert(st.st_ino == again.st_ino);
    ck_assert_int_eq(truncate(path, st.st_size - 1), 0); /* a damaged one is written anew */
    ck_assert_uint_eq(count(0, "shards", "s"), 6);
    ck_assert_int_eq(stat(path, &again), 0);
    ck_assert(st.st_size == again.st_size);
    save_images("x/", 3);
    save_file("s/0.tar", &tar); /* another shard of that name */
    ck_assert_uint_eq(count(0, "shards", "s"), 3);
    data.cache = "/nowhere/at/all";
    refuse(SNN_ERR_IO, "cannot make the folder /nowhere/at/all: ");
}
END_TEST

START_TEST(a_shard_that_changes_is_noticed)
{
    snn_dataset *set;
    float x[LENGTH];
    uint32_t label;

    save_images("x/", 6);
    save_file("s/0.tar", &tar);
    data.memory = 1;
    data.split = 0;
    set = open_set("shards", "s");
    OK(read_labelled(set, 0, 0, x, &label));
    save_images("x/", 3);
    save_file("s/0.tar", &tar);
    FAILS(read_labelled(set, 1, 0, x, &label), SNN_ERR_IO, "the shard has changed since it was listed");
    snn_dataset_destroy(set);
}
END_TEST

/* ---- training ---- */

/* Loss of the last of three epochs; *left: samples that were left out of it. */
static double train(snn_dataset *set, bool skip, uint64_t *samples)
{
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;

    OK(snn_dataset_get_info(set, &info));
    OK(snn_network_build(&net, ctx, "20-3", info.shape, info.rank, info.classes, NULL));
    OK(snn_optimizer_create(&opt, ctx, "sgd"));
    OK(snn_trainer_create(&tr, net, opt, "ottt"));
    OK(snn_trainer_set_text(tr, "steps", "2"));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_SKIP_UNREADABLE, skip));
    OK(snn_trainer_prepare(tr, 4));
    for (int i = 0; i < 3; i++)
        OK(snn_trainer_epoch(tr, set, &metrics));
    *samples = metrics.samples;
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    snn_network_destroy(net);
    return metrics.loss;
}

static void set_colours(void)
{
    OK(snn_images_set_f64(images, SNN_IMAGES_BRIGHTNESS, 0.4));
    OK(snn_images_set_f64(images, SNN_IMAGES_CONTRAST, 0.4));
    OK(snn_images_set_f64(images, SNN_IMAGES_SATURATION, 0.4));
    OK(snn_images_set_f64(images, SNN_IMAGES_HUE, 0.1));
}

START_TEST(training_is_the_same_with_any_memory_and_threads)
{
    static const struct {
        uint64_t memory;
        uint32_t threads;
    } ways[] = { { 0, 0 }, { 1, 1 }, { 5000, 3 }, { 0, 5 } };
    double loss[4];
    uint64_t samples;

    set_colours();
    save_images("", IMAGES);
    data.split = 0;
    for (int i = 0; i < 4; i++) {
        snn_dataset *set;

        data.memory = ways[i].memory;
        data.threads = ways[i].threads;
        set = open_set("images", "");
        loss[i] = train(set, false, &samples);
        ck_assert_double_eq(loss[i], loss[0]);
        snn_dataset_destroy(set);
    }
}
END_TEST

START_TEST(memory_stays_within_its_bound)
{
    snn_dataset *set;
    float x[LENGTH];
    uint32_t label;
    uint64_t empty;

    save_images("", IMAGES);
    data.split = 0;
    data.memory = 4000; /* of samples of 432 bytes and what goes with them */
    set = open_set("images", "");
    empty = test_context_bytes(ctx);
    for (size_t i = 0; i < IMAGES; i++) {
        OK(read_labelled(set, i, 0, x, &label));
        ck_assert_uint_le(test_context_bytes(ctx), empty + 6000);
    }
    ck_assert_uint_gt(test_context_bytes(ctx), empty + 2000);
    snn_dataset_destroy(set);
}
END_TEST

START_TEST(a_child_of_fork_reads_for_itself)
{
    snn_dataset *set;
    double expected;
    uint64_t samples;
    int status;
    pid_t child;

    save_images("", IMAGES);
    data.split = 0;
    set = open_set("images", "");
    expected = train(set, false, &samples);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const bool same = train(set, false, &samples) == expected;

        snn_dataset_destroy(set);
        _exit(same ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    snn_dataset_destroy(set);
}
END_TEST

START_TEST(an_unreadable_image_is_named_and_may_be_left_out)
{
    snn_dataset *set;
    float x[LENGTH];
    uint32_t label;
    uint64_t samples;

    save_images("", IMAGES);
    make_image(0);
    file.size /= 2;
    save("class0/image00a.jpg", file.data, file.size);
    ck_assert_int_eq(mkfifo(in_folder("class1/image01a.jpg"), 0600), 0);
    ck_assert_int_eq(symlink("/nowhere", in_folder("class2/image02a.jpg")), 0);
    data.split = 0;
    set = open_set("images", "");
    FAILS(read_labelled(set, 3, 0, x, &label), SNN_ERR_FORMAT, "class0/image00a.jpg: the ");
    FAILS(read_labelled(set, 4, 0, x, &label), SNN_ERR_IO, "class1/image01a.jpg: it is no regular file");
    FAILS(read_labelled(set, 5, 0, x, &label), SNN_ERR_IO, "class2/image02a.jpg: No such file");
    train(set, true, &samples);
    ck_assert_uint_lt(samples, IMAGES);
    ck_assert_uint_ge(samples, IMAGES + 3 - 12);
    snn_dataset_destroy(set);
}
END_TEST

/* The first of them is a JPEG under the name of a PNG, the second the other way round. */
START_TEST(content_counts_not_the_name)
{
    snn_dataset *set;
    float x[LENGTH];
    uint32_t label;

    for (int i = 0; i < 2; i++) {
        const char *ending = make_image(i);

        save_file(strcmp(ending, "jpg") == 0 ? "a/x.png" : "b/x.JPEG", &file);
    }
    save("a/readme.txt", "x", 1);
    data.split = 0;
    set = open_set("images", "");
    OK(read_labelled(set, 0, 0, x, &label));
    snn_dataset_destroy(set);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
    struct counting c;
    snn_context_options options;
    snn_dataset *set = NULL;
    snn_status rc = SNN_ERR_MEMORY;

    save_images("i/", 9);
    save_file("s/0.tar", &tar);
    for (int shards = 0; shards < 2; shards++) {
        data.layout = shards ? "shards" : "images";
        use_directory(shards ? "s" : "i");
        data.split = 0;
        for (size_t n = 1; rc == SNN_ERR_MEMORY || n == 1; n++) {
            snn_context *own;
            float x[LENGTH];
            uint32_t label;
            snn_images *how = NULL;

            c = (struct counting){ 0 };
            counting_options(&c, &options);
            OK(snn_context_create(&own, &options));
            OK(snn_images_create(&how, own));
            OK(snn_images_set_i64(how, SNN_IMAGES_SIZE, SIDE));
            c.fail_at = c.calls + n;
            rc = snn_images_dataset_open(&set, own, &data, how);
            if (rc == SNN_OK)
                rc = read_labelled(set, 0, 0, x, &label);
            ck_assert_msg(rc == SNN_OK || rc == SNN_ERR_MEMORY, "%s: %s", snn_status_name(rc), snn_last_error());
            snn_dataset_destroy(set);
            set = NULL;
            snn_images_destroy(how);
            snn_context_destroy(own);
            ck_assert_uint_eq(c.live, 0);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("images: sets");
    TCase *tc = tcase_create("sets");

    if (snn_images_format_lacks(0) != NULL && snn_images_format_lacks(1) != NULL)
        return 77; /* no image can be read */
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, folders_and_shards_hold_the_same_samples);
    tcase_add_test(tc, splits_have_folders_of_their_own);
    tcase_add_test(tc, without_folders_a_tenth_is_for_tests);
    tcase_add_test(tc, links_in_a_circle_are_refused);
    tcase_add_test(tc, shards_have_the_words_of_splits_in_their_names);
    tcase_add_test(tc, what_is_no_set_is_refused);
    tcase_add_test(tc, members_without_their_partners_are_named);
    tcase_add_test(tc, no_sample_of_a_shard_is_lost_silently);
    tcase_add_test(tc, members_beside_samples_are_left_out);
    tcase_add_test(tc, names_may_be_long);
    tcase_add_test(tc, damaged_shards);
    tcase_add_test(tc, an_index_is_written_once);
    tcase_add_test(tc, a_shard_that_changes_is_noticed);
    tcase_add_test(tc, training_is_the_same_with_any_memory_and_threads);
    tcase_add_test(tc, memory_stays_within_its_bound);
    tcase_add_test(tc, a_child_of_fork_reads_for_itself);
    tcase_add_test(tc, an_unreadable_image_is_named_and_may_be_left_out);
    tcase_add_test(tc, content_counts_not_the_name);
    tcase_add_test(tc, any_allocation_may_fail);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
