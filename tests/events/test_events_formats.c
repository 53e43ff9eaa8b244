/* Every format that is written here is read as it was written: whole and in pieces, from memory, files and the host,
 * cut off at every byte. */
#include "support.h"
#include "write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N 300u /* events */

static snn_context *ctx;
static uint64_t own; /* bytes of the context itself */
static snn_event events[N];
static struct bytes file;
static size_t end[N];
static const struct writer *writer;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    own = test_context_bytes(ctx);
    make_events(events, N);
}

static void teardown(void)
{
    ck_assert_uint_eq(test_context_bytes(ctx), own);
    drop(&file);
    snn_context_destroy(ctx);
}

/* Writes by writer number `index`; units have neither rows nor polarity. */
static void write_file_of(int index)
{
    writer = writer_at((size_t)index);
    file.end = end;
    writer->write(&file, events, N);
    ck_assert_uint_eq(file.events, N);
    if (strcmp(writer->format, "hdf5") == 0)
        for (size_t i = 0; i < N; i++) {
            events[i].y = 0;
            events[i].p = 1;
        }
}

static snn_events_source in_memory(size_t size)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;

    source.data = file.data;
    source.size = size;
    source.format = writer->named ? writer->format : NULL;
    return source;
}

/* Reads all events that there are, `piece` at a time; they are those that were written. */
static snn_status read_all(snn_events *e, size_t piece, size_t *count)
{
    snn_event event[N];
    snn_status rc = SNN_OK;
    size_t got = piece;

    for (*count = 0; rc == SNN_OK && got == piece; *count += got) {
        rc = snn_events_read(e, event, piece, &got);
        ck_assert_uint_le(*count + got, N);
        for (size_t i = 0; i < got; i++)
            if (memcmp(&event[i], &events[*count + i], sizeof *event) != 0)
                ck_abort_msg("%s: event %zu is %lld %u %u %u", writer->name, *count + i, (long long)event[i].t,
                             event[i].x, event[i].y, event[i].p);
    }
    return rc;
}

START_TEST(as_written)
{
    static const size_t pieces[] = { 1, 2, 7, 64, 299, 300 };
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_events_source source;
    snn_events *e;
    size_t count;

    write_file_of(_i);
    source = in_memory(file.size);
    source.strict = 1;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        OK(snn_events_open(&e, ctx, &source));
        OK(read_all(e, pieces[i], &count));
        ck_assert_uint_eq(count, N);
        OK(snn_events_get_info(e, &info));
        ck_assert_str_eq(info.format, writer->format);
        ck_assert_uint_eq(info.events, N);
        ck_assert_uint_eq(info.warnings, 0);
        snn_events_destroy(e);
    }
}
END_TEST

/* 1 to 97 bytes at a time. */
static snn_status read_some(void *user, void *to, size_t size, size_t *got)
{
    size_t *at = user, some = *at * 31 % 97 + 1;

    some = some < size ? some : size;
    *got = some < file.size - *at ? some : file.size - *at;
    memcpy(to, file.data + *at, *got);
    *at += *got;
    return SNN_OK;
}

START_TEST(from_the_host)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    size_t at = 0, count;
    snn_events *e;

    write_file_of(_i);
    source.read = read_some;
    source.user = &at;
    source.format = writer->named ? writer->format : NULL;
    if (writer->whole) {
        const snn_status rc = snn_events_open(&e, ctx, &source);

        ck_assert_msg(rc == SNN_ERR_UNSUPPORTED || rc == SNN_ERR_FORMAT, "%s", snn_last_error());
        return;
    }
    OK(snn_events_open(&e, ctx, &source));
    OK(read_all(e, 50, &count));
    ck_assert_uint_eq(count, N);
    snn_events_destroy(e);
}
END_TEST

START_TEST(from_a_file)
{
    char path[] = "/tmp/snn-events-XXXXXX";
    const int made = mkstemp(path);
    snn_events_source source;
    uint32_t found;
    snn_events *e;
    size_t count;

    write_file_of(_i);
    source = in_memory(0);
    source.data = NULL;
    source.path = path;
    ck_assert(write_file(path, file.data, file.size));
    OK(snn_events_open(&e, ctx, &source));
    for (int i = 0; i < 3; i++) {
        OK(read_all(e, 50, &count));
        ck_assert_uint_eq(count, N);
        OK(snn_events_seek(e, 0, &found));
        ck_assert_uint_eq(found, 1);
    }
    snn_events_destroy(e);
    close(made);
    remove(path);
}
END_TEST

/* Events of which all bytes are among the first `size`. */
static size_t whole_events(size_t size)
{
    size_t n = 0;

    while (n < N && end[n] <= size)
        n++;
    return n;
}

/* What is left is whole events; a strict reader says that there is more, where it can know. */
START_TEST(cut_off_everywhere)
{
    write_file_of(_i);
    for (size_t size = 0; size < file.size; size += writer->whole ? 7 : 1) {
        snn_events_source source = in_memory(size);
        snn_events_info info = SNN_EVENTS_INFO_INIT;
        snn_events *e;
        size_t count, strict;
        snn_status rc = snn_events_open(&e, ctx, &source);

        if (rc != SNN_OK) {
            ck_assert_msg(rc == SNN_ERR_FORMAT || rc == SNN_ERR_UNSUPPORTED, "%s: %s", writer->name,
                          snn_last_error());
            ck_assert_msg(writer->whole || whole_events(size) == 0, "%s: %s", writer->name, snn_last_error());
            continue;
        }
        OK(read_all(e, 300, &count));
        OK(snn_events_get_info(e, &info));
        snn_events_destroy(e);
        if (!writer->whole)
            ck_assert_msg(count == whole_events(size), "%s, %zu bytes: %zu events, not %zu", writer->name, size,
                          count, whole_events(size));
        source.strict = 1;
        OK(snn_events_open(&e, ctx, &source));
        rc = read_all(e, 300, &strict);
        ck_assert_int_eq(rc, info.warnings > 0 ? SNN_ERR_FORMAT : SNN_OK);
        ck_assert_uint_eq(strict, count);
        snn_events_destroy(e);
    }
}
END_TEST

/* No byte that is wrong does more harm than an error; events before it stay. Files of HDF5 are parsed by libhdf5,
 * which does not always come out of damaged ones with its own lists in order. */
START_TEST(damaged_everywhere)
{
    static const uint8_t wrong[] = { 0x00, 0xff, 0x80, 0x01 };
    snn_event event[64];

    write_file_of(_i);
    if (strcmp(writer->format, "hdf5") == 0)
        return;
    for (size_t at = 0; at < file.size && at < 600; at++)
        for (size_t w = 0; w < sizeof wrong; w++) {
            const uint8_t was = file.data[at];
            const snn_events_source source = in_memory(file.size);
            snn_events *e;
            snn_status rc;
            size_t got = 64;

            file.data[at] = wrong[w];
            rc = snn_events_open(&e, ctx, &source);
            while (rc == SNN_OK && got == 64)
                rc = snn_events_read(e, event, 64, &got);
            ck_assert_msg(rc == SNN_OK || rc == SNN_ERR_FORMAT || rc == SNN_ERR_UNSUPPORTED ||
                              rc == SNN_ERR_ARGUMENT || rc == SNN_ERR_MEMORY,
                          "%s: %s", writer->name, snn_last_error());
            snn_events_destroy(e);
            file.data[at] = was;
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_formats");
    TCase *tc = tcase_create("formats");
    int n = 0;

    while (writer_at((size_t)n) != NULL)
        n++;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, as_written, 0, n);
    tcase_add_loop_test(tc, from_the_host, 0, n);
    tcase_add_loop_test(tc, from_a_file, 0, n);
    tcase_add_loop_test(tc, cut_off_everywhere, 0, n);
    tcase_add_loop_test(tc, damaged_everywhere, 0, n);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
