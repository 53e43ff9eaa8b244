/* Recordings that others made, against figures of an independent decoder. */
#include "figures.h"
#include <inttypes.h>
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

    snprintf(path, sizeof path, "%s/%.*s", folder, (int)strcspn(line, "\t"), line);
    source.path = path;
    OK(snn_events_open(&events, ctx, &source));
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

int main(void)
{
    Suite *suite = suite_create("events_samples");
    TCase *tc = tcase_create("samples");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, samples_of_cameras);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
