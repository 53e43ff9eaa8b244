/* Windows of a live source: where events fall, what is dropped or kept, steps of the clock, two threads. */
#include "support.h"
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <snn/events.h>
#include <stdatomic.h>
#include <string.h>

enum { WIDTH = 8, HEIGHT = 2, PIXELS = 2 * HEIGHT * WIDTH, LENGTH = 100 };

static snn_context *ctx;
static uint64_t own; /* bytes of the context itself */
static snn_event_frames *frames;
static snn_event_windows_options options;
static snn_event_windows *windows;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    own = test_context_bytes(ctx);
    OK(snn_event_frames_create(&frames, ctx));
    OK(snn_event_frames_set_str(frames, SNN_EVENT_FRAMES_VALUE, "counts"));
    OK(snn_event_frames_prepare(frames, WIDTH, HEIGHT));
    options = (snn_event_windows_options)SNN_EVENT_WINDOWS_OPTIONS_INIT;
    options.frames = frames;
    options.length = LENGTH;
    options.jump = 100 * LENGTH;
    options.capacity = 4;
}

static void teardown(void)
{
    snn_event_windows_destroy(windows);
    windows = NULL;
    snn_event_frames_destroy(frames);
    ck_assert_uint_eq(test_context_bytes(ctx), own);
    snn_context_destroy(ctx);
}

static void make(void)
{
    OK(snn_event_windows_create(&windows, ctx, &options));
}

/* Pushes an event; returns true if it was taken. */
static bool push(int64_t t, unsigned x, int64_t stamp)
{
    const snn_event event = { .t = t, .x = (uint16_t)x, .y = 1, .p = 1 };
    size_t taken;

    OK(snn_event_windows_push(windows, &event, 1, stamp, &taken));
    return taken == 1;
}

/* The next window, which must be there. */
static snn_event_window take(void)
{
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    uint32_t found;

    OK(snn_event_windows_take(windows, &window, &found));
    ck_assert_uint_eq(found, 1);
    return window;
}

static void check_none(void)
{
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    uint32_t found;

    OK(snn_event_windows_take(windows, &window, &found));
    ck_assert_uint_eq(found, 0);
    ck_assert_ptr_null(window.frame);
}

static void check_next(int64_t begin, uint64_t index, uint64_t events)
{
    const snn_event_window window = take();
    float sum = 0;

    ck_assert_int_eq(window.begin, begin);
    ck_assert_uint_eq(window.index, index);
    ck_assert_uint_eq(window.events, events);
    for (size_t i = 0; i < PIXELS; i++)
        sum += window.frame[i];
    ck_assert_uint_eq((uint64_t)sum, events);
}

static void check_info(uint64_t events, uint64_t late, uint64_t ended, uint64_t dropped, uint64_t steps)
{
    snn_event_windows_info info = SNN_EVENT_WINDOWS_INFO_INIT;

    OK(snn_event_windows_get_info(windows, &info));
    ck_assert_uint_eq(info.events, events);
    ck_assert_uint_eq(info.late, late);
    ck_assert_uint_eq(info.windows, ended);
    ck_assert_uint_eq(info.dropped, dropped);
    ck_assert_uint_eq(info.steps, steps);
}

/* ---- where events fall ---- */

START_TEST(cut)
{
    snn_event_window window;

    make();
    ck_assert(snn_event_windows_end(windows) == INT64_MAX);
    ck_assert(push(1005, 3, 7) && push(1104, 3, 7));
    check_none();
    ck_assert_int_eq(snn_event_windows_end(windows), 1105);
    OK(snn_event_windows_set_tag(windows, 5));
    ck_assert(push(1105, 2, 8) && push(1105, 2, 9));
    window = take();
    ck_assert_int_eq(window.begin, 1005);
    ck_assert_int_eq(window.stamp, 8);
    ck_assert_int_eq(window.tag, -1);
    ck_assert(window.frame[(1 * HEIGHT + 1) * WIDTH + 3] == 2);
    ck_assert(push(1205, 1, 10));
    window = take();
    ck_assert_uint_eq(window.index, 1);
    ck_assert_int_eq(window.tag, 5);
    ck_assert(window.frame[(1 * HEIGHT + 1) * WIDTH + 2] == 2 && window.frame[(1 * HEIGHT + 1) * WIDTH + 3] == 0);
    OK(snn_event_windows_finish(windows, 11));
    check_next(1205, 2, 1);
    OK(snn_event_windows_finish(windows, 12));
    check_none();
    ck_assert(push(7, 0, 13));
    OK(snn_event_windows_finish(windows, 14));
    check_next(7, 3, 1);
    check_info(6, 0, 4, 0, 0);
}
END_TEST

/* Windows without events have the tag of what was before them. */
START_TEST(silence)
{
    make();
    OK(snn_event_windows_set_tag(windows, 1));
    ck_assert(push(0, 0, 0));
    OK(snn_event_windows_set_tag(windows, 2));
    ck_assert(push(350, 0, 1));
    check_next(0, 0, 1);
    ck_assert_int_eq(take().tag, 1);
    ck_assert_int_eq(take().tag, 1);
    check_none();
    OK(snn_event_windows_advance(windows, 399, 2));
    check_none();
    OK(snn_event_windows_advance(windows, 500, 3));
    ck_assert_int_eq(take().tag, 2);
    check_next(400, 4, 0);
    check_none();
    ck_assert(push(499, 0, 4)); /* late: its window has ended */
    ck_assert(push(500, 0, 4));
    check_info(3, 1, 5, 0, 0);
}
END_TEST

START_TEST(steps_of_the_clock)
{
    static const int64_t far[] = { (int64_t)1 << 40, -((int64_t)1 << 40), INT64_MAX, INT64_MIN, 0 };

    make();
    ck_assert(push(0, 0, 0));
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        ck_assert(push(far[i], 0, 0));
        ck_assert_uint_eq(take().index, i);
        check_none();
    }
    ck_assert(push(100 * LENGTH + 100, 0, 0)); /* just no step */
    check_info(7, 0, 106, 0 + 97, 5);
    ck_assert_uint_eq(take().index, 102);
}
END_TEST

/* ---- when nobody takes them ---- */

START_TEST(dropped)
{
    snn_event_window first;
    float frame[PIXELS];

    make();
    ck_assert(push(0, 5, 0) && push(LENGTH, 6, 0));
    first = take();
    memcpy(frame, first.frame, sizeof frame);
    for (int64_t i = 2; i <= 10; i++)
        ck_assert(push(i * LENGTH, 7, 0));
    ck_assert_mem_eq(first.frame, frame, sizeof frame); /* what was taken stays */
    for (int64_t i = 6; i < 10; i++)
        check_next(i * LENGTH, (uint64_t)i, 1);
    check_none();
    check_info(11, 0, 10, 5, 0);
    ck_assert(push(60 * LENGTH, 0, 0)); /* a gap longer than there is room */
    for (int64_t i = 56; i < 60; i++)
        check_next(i * LENGTH, (uint64_t)i, 0);
    check_none();
    check_info(12, 0, 60, 51, 0);
}
END_TEST

START_TEST(kept)
{
    options.keep = 1;
    make();
    for (int64_t i = 0; i <= 4; i++)
        ck_assert(push(i * LENGTH, 0, 0));
    ck_assert(!push(5 * LENGTH, 0, 0) && !push(5 * LENGTH, 0, 0) && push(4 * LENGTH + 1, 0, 0));
    FAILS(snn_event_windows_finish(windows, 0), SNN_ERR_STATE, "no room");
    FAILS(snn_event_windows_advance(windows, 5 * LENGTH, 0), SNN_ERR_STATE, "no room");
    check_next(0, 0, 1);
    ck_assert(!push(30 * LENGTH, 0, 0)); /* one of the silent windows had room */
    for (int64_t i = 1; i < 30; i++) {
        ck_assert(!push(30 * LENGTH, 0, 0) || i > 25);
        check_next(i * LENGTH, (uint64_t)i, i < 4 ? 1 : i == 4 ? 2 : 0);
    }
    check_info(10, 0, 30, 0, 0); /* the last four tries reached window 30 */
}
END_TEST

/* ---- two threads ---- */

#define MANY 20000

static atomic_bool ended;

/* Window i holds i % 5 + 1 events, all in column i % WIDTH. */
static void *produce(void *user)
{
    snn_event event[5];

    (void)user;
    for (uint64_t i = 0; i <= MANY; i++)
        for (size_t done = 0, taken, n = i % 5 + 1; done < n; done += taken) {
            for (size_t k = 0; k < n; k++)
                event[k] = (snn_event){ .t = (int64_t)(i * LENGTH + k), .x = (uint16_t)(i % WIDTH) };
            if (snn_event_windows_push(windows, event + done, n - done, (int64_t)i, &taken) != SNN_OK)
                return windows; /* no assertions of Check here: they write, and not for threads */
            if (taken == 0)
                sched_yield();
        }
    ended = true;
    return NULL;
}

static bool is_whole(const snn_event_window *w)
{
    bool whole = w->begin == (int64_t)(w->index * LENGTH) && w->stamp == (int64_t)w->index + 1 &&
                 w->events == w->index % 5 + 1;

    for (size_t i = 0; i < PIXELS; i++)
        whole &= w->frame[i] == (i == w->index % WIDTH ? (float)w->events : 0);
    return whole;
}

/* Every window that is taken is whole, and the next one is a younger one. */
START_TEST(two_threads)
{
    snn_event_windows_info info = SNN_EVENT_WINDOWS_INFO_INIT;
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    uint64_t taken = 0, next = 0;
    pthread_t thread;
    uint32_t found;

    options.keep = (uint32_t)_i;
    make();
    ended = false;
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, NULL), 0);
    for (bool last = false; !last || found;) {
        last = ended;
        if (snn_event_windows_take(windows, &window, &found) != SNN_OK)
            ck_abort_msg("%s", snn_last_error());
        if (!found) {
            sched_yield();
            continue;
        }
        if (window.index < next || !is_whole(&window))
            ck_abort_msg("window %" PRIu64 " is not what was pushed", window.index);
        next = window.index + 1;
        taken++;
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    OK(snn_event_windows_get_info(windows, &info));
    ck_assert_uint_eq(info.windows, MANY);
    ck_assert_uint_eq(taken + info.dropped, MANY);
    ck_assert(_i == 0 || info.dropped == 0);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(refused)
{
    const snn_event_windows_options good = options;
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    snn_event_windows *none;
    snn_event_frames *raw;
    uint32_t found;
    size_t taken;

    FAILS(snn_event_windows_create(NULL, ctx, &good), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_event_windows_create(&none, ctx, NULL), SNN_ERR_ARGUMENT, "NULL");
    options.frames = NULL;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_ARGUMENT, "frames is NULL");
    options = good;
    options.length = 0;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_ARGUMENT, "length");
    options = good;
    options.capacity = 4097;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_ARGUMENT, "capacity");
    options = good;
    options.jump = -1;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_ARGUMENT, "jump");
    options = good;
    options.keep = 2;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_ARGUMENT, "keep");
    options = good;
    options.reserved = 1;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_VERSION, "reserved is 1");
    options = good;
    OK(snn_event_frames_create(&raw, ctx));
    options.frames = raw;
    FAILS(snn_event_windows_create(&none, ctx, &options), SNN_ERR_STATE, "");
    snn_event_frames_destroy(raw);
    options = good;
    make();
    FAILS(snn_event_windows_push(windows, NULL, 1, 0, &taken), SNN_ERR_ARGUMENT, "NULL");
    OK(snn_event_windows_push(windows, NULL, 0, 0, &taken));
    FAILS(snn_event_windows_take(windows, &window, NULL), SNN_ERR_ARGUMENT, "NULL");
    window.struct_size = 0;
    FAILS(snn_event_windows_take(windows, &window, &found), SNN_ERR_ARGUMENT, "SNN_EVENT_WINDOW_INIT");
    FAILS(snn_event_windows_advance(NULL, 0, 0), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_event_windows_finish(NULL, 0), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_event_windows_set_tag(NULL, 0), SNN_ERR_ARGUMENT, "NULL");
    snn_event_windows_destroy(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events_windows");
    TCase *tc = tcase_create("windows");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, cut);
    tcase_add_test(tc, silence);
    tcase_add_test(tc, steps_of_the_clock);
    tcase_add_test(tc, dropped);
    tcase_add_test(tc, kept);
    tcase_add_loop_test(tc, two_threads, 0, 2);
    tcase_add_test(tc, refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
