/* Published data sets by their layouts, sample by sample, against tables of their events. */
#include "figures.h"
#include "folder.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static snn_context *ctx;
static snn_events_list *list;
static snn_events *events;
static char open_path[1024]; /* of the reader */

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    list = NULL;
    events = NULL;
    open_path[0] = '\0';
    make_folder();
}

static void teardown(void)
{
    snn_events_destroy(events);
    snn_events_list_destroy(list);
    snn_context_destroy(ctx);
    remove_folder();
}

/* Opens the list of a split. False: this build lacks a library that it needs. */
static bool open_list(const char *layout, const char *directory, uint32_t split)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_status rc;

    snn_events_list_destroy(list);
    data.layout = layout;
    data.directory = directory;
    data.split = split;
    rc = snn_events_list_open(&list, ctx, &data);
    if (rc == SNN_ERR_UNSUPPORTED)
        fprintf(stderr, "skipped: %s\n", snn_last_error());
    else
        OK(rc);
    return rc == SNN_OK;
}

static uint64_t samples(void)
{
    snn_events_list_info info = SNN_EVENTS_LIST_INFO_INIT;

    OK(snn_events_list_get_info(list, &info));
    return info.samples;
}

/* Reads a sample, and its label. */
static struct figures figures_at(uint64_t index, uint32_t *label)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events_item item = SNN_EVENTS_ITEM_INIT;
    uint32_t found;

    OK(snn_events_list_get_item(list, index, &item));
    if (strcmp(open_path, item.path) != 0) {
        snn_events_destroy(events);
        snprintf(open_path, sizeof open_path, "%s", item.path);
        source.path = item.path;
        source.format = item.format;
        OK(snn_events_open(&events, ctx, &source));
    }
    OK(snn_events_seek(events, item.index, &found));
    ck_assert_uint_eq(found, 1);
    *label = item.label;
    return figures_of(events);
}

/* Opens a table of values, and reads its head. */
static FILE *open_table(const char *path)
{
    char line[256];
    FILE *f = fopen(path, "r");

    ck_assert_msg(f != NULL, "%s cannot be read", path);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    return f;
}

/* index, label, spikes, sum of units, first and last time in seconds */
static void check_spikes(uint64_t index, const char *line)
{
    unsigned long long row, label, spikes, units;
    double first, last;
    uint32_t got;
    struct figures f;

    ck_assert_int_eq(sscanf(line, "%llu %llu %llu %llu %lf %lf", &row, &label, &spikes, &units, &first, &last), 6);
    f = figures_at(index, &got);
    ck_assert_uint_eq(index, row);
    ck_assert_uint_eq(got, label);
    ck_assert_uint_eq(f.events, spikes);
    ck_assert_uint_eq(f.sum_x, units);
    ck_assert_int_eq(f.first.t, llrint(1e6 * first));
    ck_assert_int_eq(f.last.t, llrint(1e6 * last));
}

static const struct {
    const char *file, *table, *name;
    uint32_t split;
    uint64_t samples;
} digits[] = { { "synthetic_train.h5", "synthetic_train.tsv", "shd_train.h5", SNN_SPLIT_TRAIN, 400 },
               { "synthetic_test.h5", "synthetic_test.tsv", "shd_test.h5", SNN_SPLIT_TEST, 100 },
               { "synthetic_test_h5py.h5", "synthetic_test.tsv", "shd_test.h5", SNN_SPLIT_TEST, 100 } };

START_TEST(spikes_of_digits)
{
    const char *found = data_path("shd-layout-synthetic");
    char data[512], path[1024], line[256];
    uint64_t rows = 0;
    FILE *table;

    if (found == NULL)
        return;
    snprintf(data, sizeof data, "%s", found);
    snprintf(path, sizeof path, "%s/%s", data, digits[_i].file);
    ck_assert_int_eq(symlink(path, in_folder(digits[_i].name)), 0);
    if (!open_list("shd", in_folder(""), digits[_i].split))
        return;
    ck_assert_uint_eq(samples(), digits[_i].samples);
    snprintf(path, sizeof path, "%s/%s", data, digits[_i].table);
    table = open_table(path);
    while (fgets(line, sizeof line, table) != NULL)
        check_spikes(rows++, line);
    fclose(table);
    ck_assert_uint_eq(rows, digits[_i].samples);
}
END_TEST

/* path, label, events, events of polarity 1, first and last time, sums of x and y */
static void check_digit(uint64_t index, const char *line)
{
    uint64_t label, count, on, sum_x, sum_y;
    int64_t first, last;
    uint32_t got;
    struct figures f;

    ck_assert_int_eq(sscanf(line,
                            "%*s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu64,
                            &label, &count, &on, &first, &last, &sum_x, &sum_y),
                     7);
    f = figures_at(index, &got);
    ck_assert_uint_eq(got, label);
    ck_assert_uint_eq(f.events, count);
    ck_assert_uint_eq(f.on, on);
    ck_assert_int_eq(f.first.t, first);
    ck_assert_int_eq(f.last.t, last);
    ck_assert_uint_eq(f.sum_x, sum_x);
    ck_assert_uint_eq(f.sum_y, sum_y);
}

/* The samples of a split, in the order of the table, which has those to train with first. */
static uint64_t check_digits(const char *data, uint32_t split, FILE *table)
{
    char line[512];
    uint64_t rows = 0;

    if (!open_list("nmnist", data, split))
        return 0;
    for (; rows < samples() && fgets(line, sizeof line, table) != NULL; rows++)
        check_digit(rows, line);
    ck_assert_uint_eq(rows, samples());
    return rows;
}

START_TEST(digits_of_an_archive)
{
    const char *found = data_path("nmnist-small");
    char data[512], path[1024];
    FILE *table;
    uint64_t train, test;

    if (found == NULL)
        return;
    snprintf(data, sizeof data, "%s", found);
    snprintf(path, sizeof path, "%s/manifest.tsv", data);
    table = open_table(path);
    train = check_digits(data, SNN_SPLIT_TRAIN, table);
    test = check_digits(data, SNN_SPLIT_TEST, table);
    fclose(table);
    ck_assert((train == 800 && test == 100) || train + test == 0);
}
END_TEST

/* ---- the same as frames ---- */

#define STEPS 4

static snn_dataset *open_frames(const char *layout, const char *directory, uint32_t split)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_event_frames *frames;
    snn_dataset *set;

    data.layout = layout;
    data.directory = directory;
    data.split = split;
    OK(snn_event_frames_create(&frames, ctx));
    OK(snn_event_frames_set_i64(frames, SNN_EVENT_FRAMES_STEPS, STEPS));
    OK(snn_event_frames_set_str(frames, SNN_EVENT_FRAMES_VALUE, "counts"));
    OK(snn_events_dataset_open(&set, ctx, &data, frames));
    snn_event_frames_destroy(frames);
    return set;
}

/* The number of events that all frames of a sample hold. */
static uint64_t events_in_frames(const snn_dataset *set, size_t index, uint32_t *label)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    static float x[2 * 128 * 128];
    double sum = 0;

    OK(snn_dataset_get_info(set, &info));
    ck_assert_uint_eq(info.frames, STEPS);
    ck_assert_uint_le(info.shape[0] * (info.rank == 3 ? info.shape[1] * info.shape[2] : 1), sizeof x / sizeof *x);
    for (size_t t = 0; t < STEPS; t++) {
        OK(read_labelled(set, index, t, x, label));
        for (size_t i = 0; i < info.shape[0] * (info.rank == 3 ? info.shape[1] * info.shape[2] : 1); i++)
            sum += (double)x[i];
    }
    return (uint64_t)sum;
}

/* Every sample of a list, as frames, holds what its recording does. Frames are read from the last sample to the
 * first.
 */
static void check_frames(const char *layout, const char *directory, uint32_t split)
{
    snn_dataset *set = open_frames(layout, directory, split);
    uint64_t count[100];
    uint32_t label[100], other;

    ck_assert_uint_eq(samples(), 100);
    for (size_t i = 100; i-- > 0;)
        count[i] = events_in_frames(set, i, &label[i]);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(figures_at(i, &other).events, count[i]);
        ck_assert_uint_eq(label[i], other);
    }
    snn_dataset_destroy(set);
}

START_TEST(frames_of_an_archive)
{
    const char *found = data_path("nmnist-small");
    char data[512];

    if (found == NULL)
        return;
    snprintf(data, sizeof data, "%s", found);
    if (open_list("nmnist", data, SNN_SPLIT_TEST))
        check_frames("nmnist", data, SNN_SPLIT_TEST);
}
END_TEST

START_TEST(frames_of_spikes)
{
    const char *found = data_path("shd-layout-synthetic");
    char path[1024];

    if (found == NULL)
        return;
    snprintf(path, sizeof path, "%s/synthetic_test.h5", found);
    ck_assert_int_eq(symlink(path, in_folder("shd_test.h5")), 0);
    if (open_list("shd", in_folder(""), SNN_SPLIT_TEST))
        check_frames("shd", in_folder(""), SNN_SPLIT_TEST);
}
END_TEST

/* Events of the whole recording whose time lies in that of the sample. */
static uint64_t events_of_trial(const snn_events_item *item)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    static snn_event event[1000];
    uint64_t count = 0;
    snn_events *reader;
    size_t got;

    source.path = item->path;
    OK(snn_events_open(&reader, ctx, &source));
    do {
        OK(snn_events_read(reader, event, 1000, &got));
        for (size_t i = 0; i < got; i++)
            count += event[i].t >= item->begin && event[i].t < item->end;
    } while (got == 1000);
    snn_events_destroy(reader);
    return count;
}

START_TEST(trials_of_gestures)
{
    static const char *const name = "converted_dvs128.aedat31";
    static const uint32_t labels[] = { 0, 4, 7, 10 };
    const char *found = data_path("events");
    char data[512], from[1024], to[256];
    snn_dataset *set;

    if (found == NULL)
        return;
    snprintf(data, sizeof data, "%s", found);
    for (int i = 0; i < 2; i++) {
        snprintf(to, sizeof to, "%s%s", name, i == 0 ? ".aedat" : "_labels.csv");
        snprintf(from, sizeof from, "%s/%s", data, to);
        ck_assert_int_eq(symlink(from, in_folder(to)), 0);
    }
    save_text("trials_to_test.txt", "converted_dvs128.aedat31.aedat\n");
    ck_assert(open_list("dvs-gesture", in_folder(""), SNN_SPLIT_TEST));
    ck_assert_uint_eq(samples(), 4);
    set = open_frames("dvs-gesture", in_folder(""), SNN_SPLIT_TEST);
    for (size_t i = 0; i < 4; i++) {
        snn_events_item item = SNN_EVENTS_ITEM_INIT;
        uint32_t label;

        OK(snn_events_list_get_item(list, i, &item));
        ck_assert_uint_eq(events_in_frames(set, i, &label), events_of_trial(&item));
        ck_assert_uint_gt(events_of_trial(&item), 1000);
        ck_assert_uint_eq(label, labels[i]);
    }
    snn_dataset_destroy(set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_sets");
    TCase *tc = tcase_create("sets");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, spikes_of_digits, 0, (int)(sizeof digits / sizeof *digits));
    tcase_add_test(tc, digits_of_an_archive);
    tcase_add_test(tc, frames_of_an_archive);
    tcase_add_test(tc, frames_of_spikes);
    tcase_add_test(tc, trials_of_gestures);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
