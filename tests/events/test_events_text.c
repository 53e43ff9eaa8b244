/* Lines of text as events: columns, labels, what is no event; and events that come while a pipe is open. */
#include "support.h"
#include <snn/events.h>
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

static snn_events_source of_text(const char *text)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;

    source.data = text;
    source.size = strlen(text);
    return source;
}

static void check_event(const snn_event *event, int64_t t, unsigned x, unsigned y, unsigned p)
{
    ck_assert_int_eq(event->t, t);
    ck_assert_uint_eq(event->x, x);
    ck_assert_uint_eq(event->y, y);
    ck_assert_uint_eq(event->p, p);
}

/* ---- columns ---- */

static const char *const two_events[] = {
    "5,1,2,1\n-7,65535,0,0\n",
    "# t x y p\n# sensor 346x260\n\n 5 , 1 , 2 , 1 \r\n-7.00,65535,0.,-1\r\n",
    "p,x,y,t\n1,1,2,5\n0,65535,0,-7",
    "polarity;note;x;y;ts\n1;a b;1;2;5\n0;;65535;0;-7\n",
    "t\tx\ty\tp\n5\t1\t2\t3\n-7\t65535\t0\t0\n# end",
    "5,1,2,1,9\n-7,65535,0,0,9\n",
    "\xef\xbb\xbft,x,y,p\r\n5,1,2,1\r\n-7,65535,0,0\r\n",
};

START_TEST(columns)
{
    const snn_events_source source = of_text(two_events[_i]);
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_event event[4];
    snn_events *e;
    size_t got;

    OK(snn_events_open(&e, ctx, &source));
    OK(snn_events_read(e, event, 4, &got));
    ck_assert_uint_eq(got, 2);
    check_event(&event[0], 5, 1, 2, 1);
    check_event(&event[1], -7, 65535, 0, 0);
    OK(snn_events_get_info(e, &info));
    ck_assert_str_eq(info.format, "csv");
    ck_assert_uint_eq(info.warnings, 0);
    ck_assert_int_eq(info.label, _i == 5 ? 9 : -1);
    ck_assert_uint_eq(info.width, _i == 1 ? 346 : 0);
    ck_assert_uint_eq(info.height, _i == 1 ? 260 : 0);
    snn_events_destroy(e);
}
END_TEST

/* A piece has one label. */
START_TEST(labels)
{
    static const struct {
        size_t events;
        int64_t label;
    } piece[] = { { 2, 3 }, { 1, -1 }, { 2, 0 }, { 0, 0 } };
    const snn_events_source source = of_text("1,0,0,1,3\n2,0,0,1,3\n3,0,0,1,-1\n4,0,0,1,0\n5,0,0,1,0\n");
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_event event[8];
    snn_events *e;
    size_t got;

    OK(snn_events_open(&e, ctx, &source));
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) {
        OK(snn_events_read_some(e, event, 8, &got));
        OK(snn_events_get_info(e, &info));
        ck_assert_uint_eq(got, piece[i].events);
        ck_assert_int_eq(info.label, piece[i].label);
    }
    snn_events_destroy(e);
}
END_TEST

/* ---- what is no event ---- */

static const struct {
    const char *text, *message;
} refused[] = {
    { "5,1,2,1\nabc\n", "line 2 is no event" },
    { "5,1,2,1\n5,1,2\n", "line 2 is no event" },
    { "5,1,2,1\n5,1,2,1,1\n", "line 2 is no event" },
    { "5,1,2,1\n5,65536,2,1\n", "line 2 is no event" },
    { "5,1,2,1\n5,1,-1,1\n", "line 2 is no event" },
    { "5,1,2,1\n5.5,1,1,1\n", "line 2 is no event" },
    { "5,1,2,1\n1234567890123456789,1,1,1\n", "line 2 is no event" },
};

START_TEST(no_events)
{
    const snn_events_source source = of_text(refused[_i].text);
    snn_event event[4];
    snn_events *e;
    size_t got;

    OK(snn_events_open(&e, ctx, &source));
    FAILS(snn_events_read(e, event, 4, &got), SNN_ERR_FORMAT, refused[_i].message);
    ck_assert_uint_eq(got, 1);
    snn_events_destroy(e);
}
END_TEST

START_TEST(no_text)
{
    static const char *const text[] = { "t,x,y\n1,2,3\n", "t,x,y,p,t\n1,2,3,1,1\n", "1,2,3\n", "1,2,3,4,5,6\n" };
    char line[6000];
    snn_events_source source;
    snn_event event;
    snn_events *e;
    size_t got;

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        source = of_text(text[i]);
        FAILS(snn_events_open(&e, ctx, &source), SNN_ERR_FORMAT, "no known format");
    }
    memset(line, '7', sizeof line);
    memcpy(line, "1,1,1,1\n", 8);
    source = of_text("");
    source.data = line;
    source.size = sizeof line;
    OK(snn_events_open(&e, ctx, &source));
    OK(snn_events_read(e, &event, 1, &got));
    ck_assert_uint_eq(got, 1);
    OK(snn_events_read(e, &event, 1, &got)); /* the last line is cut off */
    ck_assert_uint_eq(got, 0);
    snn_events_destroy(e);
}
END_TEST

/* ---- a pipe ---- */

/* A line at a time; the host's status once there are no more. */
static snn_status read_line(void *user, void *to, size_t size, size_t *got)
{
    const char **at = user;

    (void)size;
    *got = strcspn(*at, "\n") + 1;
    if (**at == '\0')
        return SNN_ERR_CANCELLED;
    memcpy(to, *at, *got);
    *at += *got;
    return SNN_OK;
}

/* Each event is there as soon as its line is. */
START_TEST(as_they_come)
{
    const char *text = "1,1,2,1\n2,1,2,1\n3,1,2,0\n";
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_event event[8];
    snn_events *e;
    size_t got;

    source.read = read_line;
    source.user = &text;
    OK(snn_events_open(&e, ctx, &source));
    ck_assert_str_eq(text, "2,1,2,1\n3,1,2,0\n");
    for (int64_t t = 1; t <= 3; t++) {
        OK(snn_events_read_some(e, event, 8, &got));
        ck_assert_uint_eq(got, 1);
        ck_assert_int_eq(event[0].t, t);
    }
    ck_assert_int_eq(snn_events_read_some(e, event, 8, &got), SNN_ERR_CANCELLED);
    ck_assert_uint_eq(got, 0);
    FAILS(snn_events_read_some(e, event, 8, &got), SNN_ERR_STATE, "earlier call");
    FAILS(snn_events_read_some(NULL, event, 8, &got), SNN_ERR_ARGUMENT, "NULL");
    snn_events_destroy(e);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_text");
    TCase *tc = tcase_create("text");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, columns, 0, sizeof two_events / sizeof *two_events);
    tcase_add_test(tc, labels);
    tcase_add_loop_test(tc, no_events, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tc, no_text);
    tcase_add_test(tc, as_they_come);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
