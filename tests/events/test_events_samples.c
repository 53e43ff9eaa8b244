/* Recordings that others made, against figures of an independent decoder. */
#include "figures.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static snn_context *ctx;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
}

static void teardown(void)
{
    snn_context_destroy(ctx);
}

/* Path below the data sets, by value; false: it is not there. */
static bool path_of(char path[512], const char *name)
{
    const char *found = data_path(name);

    if (found != NULL)
        snprintf(path, 512, "%s", found);
    return found != NULL;
}

/* True if this build has the library for a format. */
static bool reads(const char *name)
{
    size_t i = 0;

    while (strcmp(snn_events_format_name(i), name) != 0)
        i++;
    if (snn_events_format_lacks(i) != NULL)
        fprintf(stderr, "skipped: this build lacks %s\n", snn_events_format_lacks(i));
    return snn_events_format_lacks(i) == NULL;
}

/* Column number `index` of a line of cells that tabulators divide. */
static int64_t cell(const char *line, int index)
{
    int64_t value = 0;

    for (; index > 0 && line != NULL; index--)
        line = strchr(line, '\t') + 1;
    ck_assert_int_eq(sscanf(line, "%" SCNd64, &value), 1);
    return value;
}

static void check_pixel(const char *line, int index, const snn_event *event)
{
    ck_assert_int_eq(event->x, cell(line, index));
    ck_assert_int_eq(event->y, cell(line, index + 1));
    ck_assert_int_eq(event->p, cell(line, index + 2));
}

/* file, format, events, events of polarity 1, first and last time, first pixel, last pixel, sums of x and y */
static void check_sample(const char *folder, const char *line)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events *events;
    struct figures f;
    char path[768];
    snn_status rc;

    snprintf(path, sizeof path, "%s/%.*s", folder, (int)strcspn(line, "\t"), line);
    source.path = path;
    rc = snn_events_open(&events, ctx, &source);
    if (rc == SNN_ERR_UNSUPPORTED && strstr(snn_last_error(), "was made without") != NULL) {
        fprintf(stderr, "skipped: %s\n", snn_last_error());
        return;
    }
    OK(rc);
    f = figures_of(events);
    snn_events_destroy(events);
    ck_assert_msg((int64_t)f.events == cell(line, 2), "%s: %" PRIu64 " events", path, f.events);
    if (f.events == 0)
        return;
    ck_assert_int_eq(f.on, cell(line, 3));
    ck_assert_int_eq(f.first.t, cell(line, 4));
    ck_assert_int_eq(f.last.t, cell(line, 5));
    check_pixel(line, 6, &f.first);
    check_pixel(line, 9, &f.last);
    ck_assert_int_eq(f.sum_x, cell(line, 12));
    ck_assert_int_eq(f.sum_y, cell(line, 13));
}

START_TEST(samples_of_cameras)
{
    char folder[512], table[640], line[1024];
    int rows = 0;
    FILE *f;

    if (!path_of(folder, "events"))
        return;
    snprintf(table, sizeof table, "%s/expected.tsv", folder);
    f = fopen(table, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) != NULL)
        if (strstr(line, "no expected values") == NULL) {
            check_sample(folder, line);
            rows++;
        }
    fclose(f);
    ck_assert_int_eq(rows, 10);
}
END_TEST

/* index, label, spikes, sum of units, first and last time in seconds */
static void check_sample_of_units(snn_events *events, const char *line)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    unsigned long long index, label, spikes, units;
    double first, last;
    uint32_t found;
    struct figures f;

    ck_assert_int_eq(sscanf(line, "%llu %llu %llu %llu %lf %lf", &index, &label, &spikes, &units, &first, &last), 6);
    OK(snn_events_seek(events, index, &found));
    ck_assert_uint_eq(found, 1);
    OK(snn_events_get_info(events, &info));
    f = figures_of(events);
    ck_assert_uint_eq(info.index, index);
    ck_assert_int_eq(info.label, (int64_t)label);
    ck_assert_uint_eq(info.events, spikes);
    ck_assert_uint_eq(f.events, spikes);
    ck_assert_uint_eq(f.on, spikes);
    ck_assert_uint_eq(f.sum_x, units);
    ck_assert_uint_eq(f.sum_y, 0);
    ck_assert_int_eq(f.first.t, llrint(1e6 * first));
    ck_assert_int_eq(f.last.t, llrint(1e6 * last));
}

START_TEST(samples_of_units)
{
    static const char *const files[][2] = { { "synthetic_train.h5", "synthetic_train.tsv" },
                                            { "synthetic_test.h5", "synthetic_test.tsv" },
                                            { "synthetic_test_h5py.h5", "synthetic_test.tsv" } };
    static const uint64_t samples[] = { 400, 100, 100 };
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    char folder[512], path[640], line[256];
    uint64_t rows = 0;
    uint32_t found;
    snn_events *events;
    FILE *f;

    if (!reads("hdf5") || !path_of(folder, "shd-layout-synthetic"))
        return;
    snprintf(path, sizeof path, "%s/%s", folder, files[_i][1]);
    f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    snprintf(path, sizeof path, "%s/%s", folder, files[_i][0]);
    source.path = path;
    OK(snn_events_open(&events, ctx, &source));
    OK(snn_events_get_info(events, &info));
    ck_assert_uint_eq(info.recordings, samples[_i]);
    for (; fgets(line, sizeof line, f) != NULL; rows++)
        check_sample_of_units(events, line);
    ck_assert_uint_eq(rows, samples[_i]);
    OK(snn_events_seek(events, rows, &found));
    ck_assert_uint_eq(found, 0);
    OK(snn_events_seek(events, 3, &found));
    ck_assert_uint_eq(found, 1);
    snn_events_destroy(events);
    fclose(f);
}
END_TEST

/* path, label, events, events of polarity 1, first and last time, sums of x and y */
static void check_member(snn_events *events, uint64_t index, const char *line)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    uint32_t found;
    struct figures f;

    OK(snn_events_seek(events, index, &found));
    ck_assert_uint_eq(found, 1);
    OK(snn_events_get_info(events, &info));
    ck_assert_msg(strncmp(info.name, line, strcspn(line, "\t")) == 0, "%s is not %s", info.name, line);
    f = figures_of(events);
    ck_assert_int_eq(f.events, cell(line, 2));
    ck_assert_int_eq(f.on, cell(line, 3));
    ck_assert_int_eq(f.first.t, cell(line, 4));
    ck_assert_int_eq(f.last.t, cell(line, 5));
    ck_assert_int_eq(f.sum_x, cell(line, 6));
    ck_assert_int_eq(f.sum_y, cell(line, 7));
}

START_TEST(archive_in_place)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    char folder[512], path[640], line[512];
    uint64_t rows = 0;
    uint32_t found;
    snn_events *events;
    FILE *f;

    if (!reads("npz") || !path_of(folder, "nmnist-small"))
        return;
    snprintf(path, sizeof path, "%s/manifest.tsv", folder);
    f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    snprintf(path, sizeof path, "%s/nmnist-small.tar.gz", folder);
    source.path = path;
    source.strict = 1;
    OK(snn_events_open(&events, ctx, &source));
    while (fgets(line, sizeof line, f) != NULL)
        check_member(events, rows++, line);
    ck_assert_uint_eq(rows, 900);
    OK(snn_events_seek(events, 900, &found));
    ck_assert_uint_eq(found, 0);
    snn_events_destroy(events);
    fclose(f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_samples");
    TCase *tc = tcase_create("samples");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, samples_of_cameras);
    tcase_add_loop_test(tc, samples_of_units, 0, 3);
    tcase_add_test(tc, archive_in_place);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
