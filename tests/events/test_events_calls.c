/* The calls of snn/events.h: sources, sizes of structures, pieces, seeking, what is refused. */
#include "support.h"
#include <snn/events.h>
#include <string.h>

static snn_context *ctx;
static uint64_t own; /* bytes of the context itself */

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    own = test_context_bytes(ctx);
}

static void teardown(void)
{
    ck_assert_uint_eq(test_context_bytes(ctx), own);
    snn_context_destroy(ctx);
}

/* Four events of N-MNIST, one overflow of the time, and the begin of another event. */
static const uint8_t bytes[] = { 1, 2, 0x80, 0,    10, 3,  4, 0x00, 1,    0,    0,    240, 0, 0,
                                 0, 5, 6,    0x80, 0,  11, 7, 8,    0x7f, 0xff, 0xff, 9,   9 };
static const snn_event events[] = {
    { .t = 10, .x = 1, .y = 2, .p = 1 },
    { .t = 256, .x = 3, .y = 4, .p = 0 },
    { .t = 8192 + 11, .x = 5, .y = 6, .p = 1 },
    { .t = 8192 + 0x7fffff, .x = 7, .y = 8, .p = 0 },
};

static snn_events_source in_memory(size_t size)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;

    source.data = bytes;
    source.size = size;
    source.format = "nmnist";
    return source;
}

static void check_events(snn_events *e, size_t piece, size_t count)
{
    snn_event event[4];
    size_t n = 0, got;

    do {
        OK(snn_events_read(e, event, piece, &got));
        ck_assert_uint_le(n + got, count);
        ck_assert_mem_eq(event, events + n, got * sizeof *event);
        n += got;
    } while (got > 0);
    ck_assert_uint_eq(n, count);
}

START_TEST(pieces_of_any_size)
{
    const snn_events_source source = in_memory(25);
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_events *e;

    OK(snn_events_open(&e, ctx, &source));
    OK(snn_events_get_info(e, &info));
    ck_assert_uint_eq(info.events, UINT64_MAX);
    check_events(e, (size_t)_i, 4);
    OK(snn_events_get_info(e, &info));
    ck_assert_str_eq(info.format, "nmnist");
    ck_assert_str_eq(info.name, "");
    ck_assert_uint_eq(info.events, 4);
    ck_assert_uint_eq(info.recordings, 1);
    ck_assert_uint_eq(info.warnings, 0);
    ck_assert_str_eq(info.warning, "");
    snn_events_destroy(e);
}
END_TEST

START_TEST(seeking_goes_back)
{
    const snn_events_source source = in_memory(25);
    uint32_t found;
    snn_event event;
    size_t got;
    snn_events *e;

    OK(snn_events_open(&e, ctx, &source));
    for (int i = 0; i < 3; i++) {
        check_events(e, 3, 4);
        OK(snn_events_seek(e, 0, &found));
        ck_assert_uint_eq(found, 1);
    }
    OK(snn_events_seek(e, 1, &found));
    ck_assert_uint_eq(found, 0);
    FAILS(snn_events_read(e, &event, 1, &got), SNN_ERR_STATE, "no recording is at hand");
    OK(snn_events_seek(e, 0, &found));
    check_events(e, 1, 4);
    snn_events_destroy(e);
}
END_TEST

START_TEST(truncated_everywhere)
{
    snn_events_source source = in_memory((size_t)_i);
    const size_t records = (size_t)_i / 5, whole = records > 2 ? records - 1 : records;
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_event event[8];
    size_t got;
    snn_events *e;

    OK(snn_events_open(&e, ctx, &source));
    check_events(e, 4, whole);
    OK(snn_events_get_info(e, &info));
    ck_assert_uint_eq(info.warnings, _i % 5 != 0);
    ck_assert_int_eq(strstr(info.warning, "is truncated") != NULL, _i % 5 != 0);
    snn_events_destroy(e);

    source.strict = 1;
    OK(snn_events_open(&e, ctx, &source));
    if (_i % 5 == 0)
        OK(snn_events_read(e, event, 8, &got));
    else
        FAILS(snn_events_read(e, event, 8, &got), SNN_ERR_FORMAT, "is truncated");
    ck_assert_uint_eq(got, whole);
    if (_i % 5 != 0)
        FAILS(snn_events_read(e, event, 8, &got), SNN_ERR_STATE, "an earlier call failed");
    snn_events_destroy(e);
}
END_TEST

/* A host that gives one byte at a time, and fails at the end if it is told to. */
struct host {
    size_t at, fail_at;
};

static snn_status read_byte(void *user, void *to, size_t size, size_t *got)
{
    struct host *host = user;

    ck_assert_uint_gt(size, 0);
    if (host->at == host->fail_at)
        return SNN_ERR_CANCELLED;
    if (host->at == 25)
        return SNN_OK;
    memcpy(to, bytes + host->at++, 1);
    *got = 1;
    return SNN_OK;
}

START_TEST(bytes_of_the_host)
{
    struct host host = { 0, 1000 };
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    uint32_t found;
    snn_events *e;

    source.read = read_byte;
    source.user = &host;
    source.format = "nmnist";
    OK(snn_events_open(&e, ctx, &source));
    check_events(e, 2, 4);
    FAILS(snn_events_seek(e, 0, &found), SNN_ERR_UNSUPPORTED, "cannot go back");
    snn_events_destroy(e);
    host = (struct host){ 0, 12 };
    ck_assert_int_eq(snn_events_open(&e, ctx, &source), SNN_ERR_CANCELLED);
    ck_assert_ptr_null(e);
}
END_TEST

/* 64 MiB of DAT: a header, then events that are all zeros. */
static snn_status read_zeros(void *user, void *to, size_t size, size_t *got)
{
    static const char header[] = "% Data file containing CD events.\n\14\10";
    uint64_t *at = user;

    memset(to, 0, size);
    *got = *at < (uint64_t)64 << 20 ? size : 0;
    if (*at == 0)
        memcpy(to, header, *got = sizeof header - 1);
    *at += *got;
    return SNN_OK;
}

START_TEST(memory_is_constant)
{
    static snn_event event[4096];
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    uint64_t at = 0, count = 0;
    snn_events *e;
    size_t got;

    source.read = read_zeros;
    source.user = &at;
    OK(snn_events_open(&e, ctx, &source));
    do {
        OK(snn_events_read(e, event, 4096, &got));
        count += got;
    } while (got == 4096);
    snn_events_destroy(e);
    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_gt(count, 8000000);
    ck_assert_uint_le(info.peak_bytes - own, 1 << 19);
}
END_TEST

static snn_status read_nothing(void *user, void *to, size_t size, size_t *got)
{
    (void)user, (void)to, (void)size, (void)got;
    return SNN_ERR_IO;
}

START_TEST(what_is_refused)
{
    snn_events_source source = in_memory(25);
    snn_events *e;
    snn_event event;
    size_t got;

    FAILS(snn_events_open(NULL, ctx, &source), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_events_open(&e, NULL, &source), SNN_ERR_ARGUMENT, "context is NULL");
    FAILS(snn_events_open(&e, ctx, NULL), SNN_ERR_ARGUMENT, "snn_events_source: NULL");
    source.path = "x";
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_ARGUMENT, "set one of");
    source.data = NULL;
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_IO, "x: ");
    source.path = "/";
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_IO, "no regular file");
    source = (snn_events_source)SNN_EVENTS_SOURCE_INIT;
    source.read = read_nothing;
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_IO, "the function of the host that reads events has failed");
    source = in_memory(25);
    source.format = "jpeg";
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_ARGUMENT, "no format \"jpeg\"");
    source = in_memory(25);
    source.strict = 2;
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_ARGUMENT, "strict");
    source = in_memory(25);
    source.format = NULL;
    source.data = "nothing that anybody has ever recorded, long enough for a guess";
    source.size = 60;
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_FORMAT, "no known format");
    ck_assert_ptr_null(e);
    source.data = "\1\2\0\1\0\1\2\0\1\1\1\2\0\1\2\1\2\0\1\1\1\2\0\2\1\1\2\0\2\1\1\2\0\2\1\1\2\0\2\1";
    source.size = 40; /* the time of the fourth record falls */
    FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_FORMAT, "no known format");
    source = in_memory(25);
    OK(snn_events_open(&e, ctx, &source));
    FAILS(snn_events_read(e, &event, 0, &got), SNN_ERR_ARGUMENT, "most");
    FAILS(snn_events_read(e, NULL, 1, &got), SNN_ERR_ARGUMENT, "NULL");
    snn_events_destroy(e);
    snn_events_destroy(NULL);
}
END_TEST

/* Programs of other releases: their structures are shorter or longer (docs/abi.md). */
START_TEST(structures_of_other_releases)
{
    struct {
        snn_events_source is;
        uint64_t more;
    } longer = { in_memory(25), 0 };
    struct {
        snn_events_info is;
        uint64_t more;
    } info = { SNN_EVENTS_INFO_INIT, 7 };
    snn_events *e;

    longer.is.struct_size = sizeof longer;
    OK(snn_events_open(&e, ctx, &longer.is));
    info.is.struct_size = sizeof info;
    OK(snn_events_get_info(e, &info.is));
    ck_assert_uint_eq(info.is.struct_size, sizeof info.is);
    ck_assert_uint_eq(info.more, 7);
    info.is.struct_size = 16;
    info.is.format = "untouched";
    OK(snn_events_get_info(e, &info.is));
    ck_assert_uint_eq(info.is.struct_size, 16);
    ck_assert_str_eq(info.is.format, "untouched");
    info.is.struct_size = 0;
    FAILS(snn_events_get_info(e, &info.is), SNN_ERR_ARGUMENT, "SNN_EVENTS_INFO_INIT");
    FAILS(snn_events_get_info(e, NULL), SNN_ERR_ARGUMENT, "NULL");
    snn_events_destroy(e);
    longer.more = 1;
    FAILS(snn_events_open(&e, ctx, &longer.is), SNN_ERR_VERSION, "unknown");
    longer.is.struct_size = 3;
    FAILS(snn_events_open(&e, ctx, &longer.is), SNN_ERR_ARGUMENT, "SNN_EVENTS_SOURCE_INIT");
}
END_TEST

START_TEST(formats_have_names)
{
    size_t n = 0;

    for (; snn_events_format_name(n) != NULL; n++)
        ck_assert_ptr_nonnull(snn_events_format_text(n));
    ck_assert_uint_ge(n, 1);
    ck_assert_ptr_null(snn_events_format_text(n));
    ck_assert_ptr_null(snn_events_format_lacks(n));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_calls");
    TCase *tc = tcase_create("calls");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, pieces_of_any_size, 1, 5);
    tcase_add_test(tc, seeking_goes_back);
    tcase_add_loop_test(tc, truncated_everywhere, 0, 26);
    tcase_add_test(tc, bytes_of_the_host);
    tcase_add_test(tc, memory_is_constant);
    tcase_add_test(tc, what_is_refused);
    tcase_add_test(tc, structures_of_other_releases);
    tcase_add_test(tc, formats_have_names);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
