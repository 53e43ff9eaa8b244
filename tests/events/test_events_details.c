/* What single formats promise: times that begin anew, streams, archives, labels, and what is refused with which
 * message. */
#include "support.h"
#include "write.h"
#include <stdlib.h>
#include <string.h>

static snn_context *ctx;
static struct bytes file;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
}

static void teardown(void)
{
    drop(&file);
    snn_context_destroy(ctx);
}

static snn_events_source in_memory(void)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;

    source.data = file.data;
    source.size = file.size;
    return source;
}

/* Reads the recording that the bytes are; returns the number of events, at most 16. */
static size_t events_of(const snn_events_source *source, snn_event *event, snn_events_info *info)
{
    snn_events *e;
    size_t got;

    OK(snn_events_open(&e, ctx, source));
    OK(snn_events_read(e, event, 16, &got));
    OK(snn_events_get_info(e, info));
    info->name = info->warning = ""; /* they end with the reader */
    snn_events_destroy(e);
    return got;
}

static void check_times(const int64_t *time, size_t n)
{
    const snn_events_source source = in_memory();
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_event event[16];

    ck_assert_uint_eq(events_of(&source, event, &info), n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(event[i].t, time[i]);
}

/* ---- times that begin anew ---- */

START_TEST(times_of_32_bits)
{
    static const uint32_t stored[] = { 4294967000u, 4294967295u, 3, 2, 4000000000u };
    static const int64_t time[] = { 4294967000, 4294967295, 4294967299, 4294967298, 8294967296 };

    put_text(&file, "#!AER-DAT2.0\n# AEChip: DVS128\n");
    for (int i = 0; i < 5; i++) {
        put_be(&file, 1, 4);
        put_be(&file, stored[i], 4);
    }
    check_times(time, 5);
    drop(&file);
    put_text(&file, "% Data file containing CD events.\n");
    put(&file, "\0\10", 2);
    for (int i = 0; i < 5; i++) {
        put_le(&file, stored[i], 4);
        put_le(&file, 1, 4);
    }
    check_times(time, 5);
}
END_TEST

START_TEST(times_of_evt2)
{
    static const int64_t time[] = { ((int64_t)0xfffffff << 6) + 63, ((int64_t)1 << 34) + 5 };

    put_text(&file, "% evt 2.0\n");
    put_le(&file, 0x8fffffff, 4);
    put_le(&file, 0x1fc00000, 4);
    put_le(&file, 0x80000000, 4);
    put_le(&file, 5u << 22, 4);
    check_times(time, 2);
}
END_TEST

/* A new upper part has a lower part of 0 until it is given; the same one again changes nothing. */
START_TEST(times_of_evt3)
{
    static const uint16_t word[] = { 0x8fff, 0x6123, 0x2000, 0x8fff, 0x2000, 0x8000, 0x2000, 0x6007, 0x2000 };
    static const int64_t time[] = { 0xfff123, 0xfff123, 1 << 24, (1 << 24) + 7 };

    put_text(&file, "% evt 3.0\n");
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        put_le(&file, word[i], 2);
    check_times(time, 4);
}
END_TEST

START_TEST(times_of_aedat3)
{
    static const int64_t time[] = { ((int64_t)3 << 31) + 7 };

    put_text(&file, "#!AER-DAT3.1\r\n#!END-HEADER\r\n");
    put_le(&file, 1 | 1 << 16, 4);
    put_le(&file, 8, 4);
    put_le(&file, 4, 4);
    put_le(&file, 3, 4); /* overflow */
    put_le(&file, 1, 4);
    put_le(&file, 1, 4);
    put_le(&file, 1, 4);
    put_le(&file, 1, 4);
    put_le(&file, 7, 4);
    check_times(time, 1);
}
END_TEST

/* ---- streams, labels, archives ---- */

static const struct writer *writer_named(const char *name)
{
    size_t i = 0;

    while (writer_at(i) != NULL && strcmp(writer_at(i)->name, name) != 0)
        i++;
    return writer_at(i);
}

START_TEST(streams_of_aedat4)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_events_source source;
    snn_event written[20], event[16];
    snn_events *e;

    make_events(written, 20);
    writer_named("aedat4")->write(&file, written, 20);
    source = in_memory();
    ck_assert_uint_eq(events_of(&source, event, &info), 16);
    ck_assert_mem_eq(event, written, sizeof event);
    ck_assert_uint_eq(info.streams, 2);
    ck_assert_uint_eq(info.width, 100);
    source.stream = 1;
    ck_assert_uint_eq(events_of(&source, event, &info), 16);
    ck_assert_int_eq(event[3].t, written[3].t + 60000000);
    ck_assert_uint_eq(info.width, 64);
    ck_assert_uint_eq(info.height, 32);
    source.stream = 2;
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_ARGUMENT, "stream 2 is none of them");
}
END_TEST

START_TEST(labels_of_hdf5)
{
    const struct writer *writer = writer_named("hdf5");
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_event written[20], event[16];
    snn_events_source source;
    snn_events *e;
    uint32_t found;
    size_t got;

    if (writer == NULL)
        return;
    make_events(written, 20);
    writer->write(&file, written, 20);
    source = in_memory();
    OK(snn_events_open(&e, ctx, &source));
    OK(snn_events_seek(e, 1, &found));
    OK(snn_events_get_info(e, &info));
    ck_assert_uint_eq(info.recordings, 2);
    ck_assert_uint_eq(info.events, 1);
    ck_assert_int_eq(info.label, 1);
    OK(snn_events_read(e, event, 16, &got));
    ck_assert_uint_eq(got, 1);
    ck_assert_int_eq(event[0].t, written[0].t);
    OK(snn_events_seek(e, 2, &found));
    ck_assert_uint_eq(found, 0);
    FAILS(snn_events_read(e, event, 16, &got), SNN_ERR_STATE, "no recording");
    OK(snn_events_seek(e, 0, &found));
    OK(snn_events_get_info(e, &info));
    ck_assert_int_eq(info.label, 3);
    snn_events_destroy(e);
}
END_TEST

/* Recordings of three formats, and a file that is none, in a tar that is compressed. */
static void write_archive(bool compressed)
{
    static const char *const name[] = { "dat", "evt3", "aedat3" };
    struct bytes tar = { 0 }, member = { 0 };
    snn_event written[60];

    make_events(written, 60);
    for (size_t i = 0; i < 3; i++) {
        writer_named(name[i])->write(&member, written, 20 * (i + 1));
        put_tar(&tar, name[i], &member);
        drop(&member);
        put_text(&member, "nothing that was recorded, and nothing that could have been.\n");
        if (i == 0)
            put_tar(&tar, "README", &member);
        drop(&member);
    }
    put_tar_end(&tar);
    if (compressed)
        put_gz(&file, &tar);
    else
        put(&file, tar.data, tar.size);
    drop(&tar);
}

static void check_member(snn_events *e, uint64_t index, const char *name, size_t count)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_event event[64];
    uint32_t found;
    size_t got;

    OK(snn_events_seek(e, index, &found));
    ck_assert_uint_eq(found, 1);
    OK(snn_events_read(e, event, 64, &got));
    ck_assert_uint_eq(got, count);
    OK(snn_events_get_info(e, &info));
    ck_assert_str_eq(info.name, name);
    ck_assert_str_eq(info.format, name);
    ck_assert_uint_eq(info.index, index);
}

START_TEST(members_of_an_archive)
{
    snn_events_source source;
    snn_events *e;
    uint32_t found;

    if (writer_named("npz") == NULL) /* no libarchive */
        return;
    write_archive(_i);
    source = in_memory();
    OK(snn_events_open(&e, ctx, &source));
    check_member(e, 0, "dat", 20);
    check_member(e, 2, "aedat3", 60);
    check_member(e, 1, "evt3", 40);
    check_member(e, 1, "evt3", 40);
    check_member(e, 0, "dat", 20);
    OK(snn_events_seek(e, 3, &found));
    ck_assert_uint_eq(found, 0);
    check_member(e, 1, "evt3", 40);
    snn_events_destroy(e);
    source.strict = 1;
    OK(snn_events_open(&e, ctx, &source));
    FAILS(snn_events_seek(e, 1, &found), SNN_ERR_FORMAT, "README is of no known format");
    snn_events_destroy(e);
}
END_TEST

START_TEST(members_cut_off)
{
    size_t all;

    if (writer_named("npz") == NULL)
        return;
    write_archive(_i);
    all = file.size;
    for (file.size = 0; file.size < all; file.size += 13) {
        const snn_events_source source = in_memory();
        snn_event event[64];
        uint32_t found = 1;
        snn_events *e;
        size_t got;
        snn_status rc = snn_events_open(&e, ctx, &source);

        for (uint64_t i = 1; rc == SNN_OK && found; i++) {
            rc = snn_events_read(e, event, 64, &got);
            if (rc == SNN_OK)
                rc = snn_events_seek(e, i, &found);
        }
        ck_assert_msg(rc == SNN_OK || rc == SNN_ERR_FORMAT, "%s", snn_last_error());
        snn_events_destroy(e);
    }
    file.size = all;
}
END_TEST

/* More than libarchive reads at once: it seeks from one array to the next. */
START_TEST(columns_far_apart)
{
    const struct writer *writer = writer_named("npz");
    const size_t n = 50000;
    snn_event *written = malloc(n * sizeof *written), *event = malloc(n * sizeof *event);
    snn_events_source source;
    snn_events *e;
    size_t got;

    if (writer != NULL) {
        make_events(written, n);
        writer->write(&file, written, n);
        source = in_memory();
        OK(snn_events_open(&e, ctx, &source));
        OK(snn_events_read(e, event, n, &got));
        ck_assert_uint_eq(got, n);
        ck_assert_int_eq(memcmp(event, written, n * sizeof *event), 0);
        snn_events_destroy(e);
    }
    free(written);
    free(event);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *bytes;
    size_t size;
    snn_status status;
    const char *message;
} refused[] = {
#define REFUSED(text, status, message)          \
    {                                           \
        text, sizeof(text) - 1, status, message \
    }
    REFUSED("#!AER-DAT3.1\r\n#Format: Serial-TS\r\n", SNN_ERR_UNSUPPORTED, "reader of RAW alone"),
    REFUSED("#!AER-DAT3.1\r\n#Source 1: DVS128\r\n", SNN_ERR_FORMAT, "header has no end"),
    REFUSED("#!AER-DAT4.0\r\n\377\377\377\177", SNN_ERR_FORMAT, "header is damaged"),
    REFUSED("#!AER-DAT4.0\r\n\10\0\0\0\377\377\0\0IOHE", SNN_ERR_FORMAT, "header is damaged"),
    REFUSED("#!AER-DAT4.0\r\n\100\0\0\0\20\0\0\0IOHE", SNN_ERR_FORMAT, "ends within its header"),
    REFUSED("% evt 4.0\n\1\2\3\4", SNN_ERR_FORMAT, "no known format"),
    REFUSED("% Data file containing CD events.\n\1\10", SNN_ERR_UNSUPPORTED, "events of type 1"),
    REFUSED("% Data file containing CD events.\n\14\11", SNN_ERR_FORMAT, "events of 9 bytes"),
    REFUSED("% Data file containing CD events.\n\14", SNN_ERR_FORMAT, "ends within its header"),
    REFUSED("Event Stream\1\0\0\1\4\0\4\0", SNN_ERR_UNSUPPORTED, "version 1.0.0"),
    REFUSED("Event Stream\2\0\0\4\4\0\4\0", SNN_ERR_UNSUPPORTED, "stream of type 4"),
    REFUSED("Event Stream\2\0\0", SNN_ERR_FORMAT, "ends within its header"),
    REFUSED("Event Stream\2\0\0\1\4\0\4\0\2\4\0\0\0", SNN_ERR_FORMAT, "event at column 4, row 0"),
    REFUSED("\x93NUMPY\4\0\1\0{}          ", SNN_ERR_FORMAT, "version 4"),
    REFUSED("\x93NUMPY\1\0\100\0{}          ", SNN_ERR_FORMAT, "ends within its header"),
    REFUSED("\x93NUMPY\1\0\4\0{'a'", SNN_ERR_FORMAT, "header is none of an array"),
    REFUSED("\x93NUMPY\1\0\74\0{'descr': '<i8', 'fortran_order': False, 'shape': (3, 5), }\n", SNN_ERR_FORMAT,
            "neither [N,4] numbers"),
    REFUSED("\x93NUMPY\1\0\74\0{'descr': '|O4', 'fortran_order': False, 'shape': (3, 4), }\n", SNN_ERR_FORMAT,
            "header is none of an array"),
    REFUSED("\x93NUMPY\1\0\100\0{'descr': [('t','<i8')],'fortran_order': False,'shape': (3,), }\n", SNN_ERR_FORMAT,
            "neither [N,4] numbers"),
    REFUSED("\x93NUMPY\1\0\74\0{'descr': '<i2', 'fortran_order': False, 'shape': (1, 4), }\n\1\0\377\377\1\0\1\0",
            SNN_ERR_FORMAT, "no number that an event can have"),
    REFUSED("\x89HDF\r\n\x1a\n and nothing of it", SNN_ERR_FORMAT, "cannot be read as HDF5"),
    REFUSED("", SNN_ERR_FORMAT, "no known format"),
};

START_TEST(what_is_refused)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events *e;
    snn_event event;
    size_t got;
    snn_status rc;

    source.data = refused[_i].bytes;
    source.size = refused[_i].size;
    rc = snn_events_open(&e, ctx, &source);
    if (rc == SNN_OK)
        rc = snn_events_read(e, &event, 1, &got);
    if (rc == SNN_ERR_UNSUPPORTED && strstr(snn_last_error(), "was made without") != NULL)
        return;
    FAILS(rc, refused[_i].status, refused[_i].message);
    snn_events_destroy(e);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_details");
    TCase *tc = tcase_create("details");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, times_of_32_bits);
    tcase_add_test(tc, times_of_evt2);
    tcase_add_test(tc, times_of_evt3);
    tcase_add_test(tc, times_of_aedat3);
    tcase_add_test(tc, streams_of_aedat4);
    tcase_add_test(tc, labels_of_hdf5);
    tcase_add_loop_test(tc, members_of_an_archive, 0, 2);
    tcase_add_loop_test(tc, members_cut_off, 0, 2);
    tcase_add_test(tc, columns_far_apart);
    tcase_add_loop_test(tc, what_is_refused, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
