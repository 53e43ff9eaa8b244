/* windows.c - windows of a live source: one thread adds events, another takes the windows that have ended.
 *
 * Windows lie in slots. The producer owns the slot that it fills, the consumer the one that it took last, and a ring
 * of positions holds the others. Window number n goes to position n mod capacity: the producer puts its slot there
 * and takes the one that was there, in one exchange; if that was a window that nobody took, the oldest is dropped.
 * The consumer puts the slot that it has done with in the place of the oldest window, unless that was exchanged
 * meanwhile. A slot has one owner at any time, and passes to another by the word of a position alone:
 *
 *     number of the window | ready | slot */
#include "../component.h"
#include <limits.h>
#include <snn/events.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define CAPACITY_MOST 4096u
#define READY ((uint64_t)1 << 16)
#define SLOT (READY - 1)
#define NUMBER 17 /* bits to the right of it */
#define LINE 64   /* bytes that one of two threads writes */

typedef _Atomic uint64_t count;

struct slot {
    snn_event_window window;
    float *frame;
};

struct snn_event_windows {
    snn_context *ctx;
    const snn_event_frames *frames;
    int64_t length, jump;
    uint64_t capacity;
    bool keep;
    size_t frame_bytes;
    char *block;       /* all frames */
    struct slot *slot; /* capacity + 2 */
    count *position;   /* [capacity] */

    alignas(LINE) uint64_t number; /* the producer's: of the window at hand, without those that were passed over */
    uint64_t passed;               /* windows that were passed over */
    struct slot *filling;
    snn_status failed;
    bool begun;
    int64_t end; /* of the window at hand */
    int64_t tag; /* of the events that come; of the last event */
    int64_t tag_before;
    count events, late, steps, dropped, ended;

    alignas(LINE) uint64_t next; /* the consumer's: number of the window that it takes next */
    struct slot *taken;
};

/* ---- the producer ---- */

/* Statistics have one writer each, but may be read by any thread. */
static void add_to(count *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

static uint64_t get(const count *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

static void begin_window(snn_event_windows *w, int64_t begin)
{
    struct slot *s = w->filling;

    memset(s->frame, 0, w->frame_bytes);
    s->window.begin = begin;
    s->window.index = w->number + w->passed;
    s->window.events = 0;
    s->window.tag = w->tag_before;
    w->begun = true;
    w->end = begin > INT64_MAX - w->length ? INT64_MAX : begin + w->length;
}

static count *position_of(snn_event_windows *w, uint64_t number)
{
    return &w->position[number % w->capacity];
}

static bool has_room(snn_event_windows *w)
{
    return !w->keep || !(atomic_load_explicit(position_of(w, w->number), memory_order_acquire) & READY);
}

/* Ends the window at hand; false: there is no room for it, and it is to be kept. */
static bool end_window(snn_event_windows *w, int64_t stamp)
{
    struct slot *s = w->filling;
    uint64_t before;

    if (!has_room(w))
        return false;
    s->window.stamp = stamp;
    w->failed = snn_event_frames_finish(w->frames, s->frame);
    before = atomic_exchange_explicit(position_of(w, w->number),
                                      w->number << NUMBER | READY | (uint64_t)(s - w->slot), memory_order_acq_rel);
    w->filling = &w->slot[before & SLOT];
    w->number++;
    add_to(&w->ended, 1);
    if (before & READY)
        add_to(&w->dropped, 1);
    w->begun = false;
    return true;
}

/* Silent windows that would be dropped before anyone could take them are only counted. */
static void pass_over(snn_event_windows *w, int64_t t)
{
    const uint64_t silent = ((uint64_t)t - (uint64_t)w->end) / (uint64_t)w->length;

    if (w->keep || silent <= w->capacity)
        return;
    w->passed += silent - w->capacity;
    w->end += (int64_t)(silent - w->capacity) * w->length;
    add_to(&w->ended, silent - w->capacity);
    add_to(&w->dropped, silent - w->capacity);
}

/* Brings the window at hand to time t, which is not before it; false: windows have to be taken first. */
static bool go_to(snn_event_windows *w, int64_t t, int64_t stamp)
{
    if (w->begun && t > w->end && (uint64_t)t - (uint64_t)w->end > (uint64_t)w->jump) {
        if (!end_window(w, stamp))
            return false;
        add_to(&w->steps, 1);
    }
    while (w->begun && t >= w->end && w->end < INT64_MAX) {
        if (!end_window(w, stamp))
            return false;
        pass_over(w, t);
        begin_window(w, w->end);
    }
    if (!w->begun)
        begin_window(w, t);
    return true;
}

/* An event before the window at hand: late by so much that the clock was set back, or just late. */
static bool go_back(snn_event_windows *w, int64_t t, int64_t stamp)
{
    if ((uint64_t)w->filling->window.begin - (uint64_t)t <= (uint64_t)w->jump) {
        add_to(&w->late, 1);
        return true;
    }
    if (!end_window(w, stamp))
        return false;
    add_to(&w->steps, 1);
    begin_window(w, t);
    return true;
}

/* Events from `event` on, at most n, that lie in the window at hand. */
static size_t run_of(const snn_event_windows *w, const snn_event *event, size_t n)
{
    const int64_t begin = w->filling->window.begin, end = w->end;
    size_t i = 0;

    while (i < n && event[i].t >= begin && (event[i].t < end || end == INT64_MAX))
        i++;
    return i;
}

static void add_run(snn_event_windows *w, const snn_event *event, size_t n)
{
    snn_event_window *window = &w->filling->window;

    if (window->events == 0)
        window->tag = w->tag;
    w->tag_before = w->tag;
    window->events += n;
    add_to(&w->events, n);
    w->failed = snn_event_frames_add(w->frames, event, n, w->filling->frame);
}

snn_status snn_event_windows_push(snn_event_windows *windows, const snn_event *events, size_t n, int64_t stamp,
                                  size_t *taken)
{
    if (windows == NULL || taken == NULL || (events == NULL && n > 0))
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_push: an argument is NULL");
    for (*taken = 0; *taken < n && windows->failed == SNN_OK;) {
        const snn_event *event = events + *taken;
        const bool before = windows->begun && event->t < windows->filling->window.begin;
        size_t run;

        if (before ? !go_back(windows, event->t, stamp) : !go_to(windows, event->t, stamp))
            break;
        run = run_of(windows, event, n - *taken);
        if (run > 0)
            add_run(windows, event, run);
        *taken += run > 0 ? run : 1;
    }
    return windows->failed;
}

static snn_status fail_room(const char *call)
{
    return snn_component_fail(SNN_ERR_STATE, "%s: no room for a window; take some first", call);
}

snn_status snn_event_windows_advance(snn_event_windows *windows, int64_t t, int64_t stamp)
{
    if (windows == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_advance: windows is NULL");
    if (windows->begun && t < windows->end)
        return SNN_OK;
    return go_to(windows, t, stamp) ? SNN_OK : fail_room("snn_event_windows_advance");
}

snn_status snn_event_windows_finish(snn_event_windows *windows, int64_t stamp)
{
    if (windows == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_finish: windows is NULL");
    return !windows->begun || end_window(windows, stamp) ? SNN_OK : fail_room("snn_event_windows_finish");
}

snn_status snn_event_windows_set_tag(snn_event_windows *windows, int64_t tag)
{
    if (windows == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_set_tag: windows is NULL");
    windows->tag = tag;
    return SNN_OK;
}

/* ---- the consumer ---- */

/* Takes the oldest window; NULL: there is none. A producer that exchanges it at the same moment is ahead by a whole
 * ring: the next try finds a younger one. */
static struct slot *take(snn_event_windows *w)
{
    for (uint64_t tries = 0; tries <= w->capacity; tries++) {
        count *position = position_of(w, w->next);
        uint64_t word = atomic_load_explicit(position, memory_order_acquire);
        const uint64_t done = w->next << NUMBER | (uint64_t)(w->taken - w->slot);

        if (!(word & READY))
            return NULL;
        if (word >> NUMBER != w->next)
            w->next = (word >> NUMBER) - w->capacity + 1;
        else if (atomic_compare_exchange_strong_explicit(position, &word, done, memory_order_acq_rel,
                                                         memory_order_relaxed)) {
            w->taken = &w->slot[word & SLOT];
            w->next++;
            return w->taken;
        }
    }
    return NULL;
}

snn_status snn_event_windows_take(snn_event_windows *windows, snn_event_window *window, uint32_t *found)
{
    static const snn_event_window none = SNN_EVENT_WINDOW_INIT;
    const struct slot *s;

    if (windows == NULL || found == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_take: an argument is NULL");
    s = take(windows);
    *found = s != NULL;
    return snn_component_fill_struct(window, s != NULL ? &s->window : &none, sizeof none, "snn_event_window",
                                     "SNN_EVENT_WINDOW_INIT");
}

/* ---- any thread ---- */

snn_status snn_event_windows_get_info(const snn_event_windows *windows, snn_event_windows_info *info)
{
    snn_event_windows_info full = SNN_EVENT_WINDOWS_INFO_INIT;

    if (windows == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_get_info: windows is NULL");
    full.events = get(&windows->events);
    full.late = get(&windows->late);
    full.windows = get(&windows->ended);
    full.dropped = get(&windows->dropped);
    full.steps = get(&windows->steps);
    return snn_component_fill_struct(info, &full, sizeof full, "snn_event_windows_info",
                                     "SNN_EVENT_WINDOWS_INFO_INIT");
}

int64_t snn_event_windows_end(const snn_event_windows *windows)
{
    return windows != NULL && windows->begun ? windows->end : INT64_MAX;
}

/* ---- what they are made of ---- */

static snn_status check_options(const snn_event_windows_options *o)
{
    const char *what = o->frames == NULL                                ? "frames is NULL"
                       : o->length < 1                                  ? "length is below 1"
                       : o->jump < 0                                    ? "jump is below 0"
                       : o->capacity < 1 || o->capacity > CAPACITY_MOST ? "capacity is not in 1 .. 4096"
                       : o->keep > 1                                    ? "keep is neither 0 nor 1"
                                                                        : NULL;

    if (o->reserved != 0)
        return snn_component_fail(SNN_ERR_VERSION, "snn_event_windows_create: reserved is %u; this version expects 0",
                                  o->reserved);
    return what == NULL ? SNN_OK : snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_create: %s", what);
}

static snn_status make_slots(snn_event_windows *w)
{
    const size_t slots = (size_t)w->capacity + 2;
    size_t shape[3], stride;
    uint32_t rank;

    TRY(snn_event_frames_shape(w->frames, shape, &rank));
    w->frame_bytes = shape[0] * shape[1] * shape[2] * sizeof(float);
    stride = (w->frame_bytes + LINE - 1) / LINE * LINE;
    w->slot = snn_component_alloc(w->ctx, slots, sizeof *w->slot);
    w->position = snn_component_alloc(w->ctx, (size_t)w->capacity, sizeof *w->position);
    w->block = snn_component_alloc(w->ctx, slots, stride);
    if (w->slot == NULL || w->position == NULL || w->block == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < slots; i++) {
        w->slot[i].frame = (float *)(void *)(w->block + i * stride);
        w->slot[i].window = (snn_event_window)SNN_EVENT_WINDOW_INIT;
        w->slot[i].window.frame = w->slot[i].frame;
    }
    for (uint64_t i = 0; i < w->capacity; i++)
        atomic_init(&w->position[i], i);
    w->filling = &w->slot[w->capacity];
    w->taken = &w->slot[w->capacity + 1];
    return SNN_OK;
}

snn_status snn_event_windows_create(snn_event_windows **out, snn_context *context,
                                    const snn_event_windows_options *options)
{
    snn_event_windows_options own = SNN_EVENT_WINDOWS_OPTIONS_INIT;
    snn_event_windows *w;
    snn_status rc;

    if (out == NULL || context == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_event_windows_create: %s is NULL",
                                  out == NULL ? "out" : "context");
    *out = NULL;
    TRY(snn_component_read_struct(&own, sizeof own, options, "snn_event_windows_options",
                                  "SNN_EVENT_WINDOWS_OPTIONS_INIT"));
    TRY(check_options(&own));
    w = snn_component_alloc(context, 1, sizeof *w);
    if (w == NULL)
        return SNN_ERR_MEMORY;
    w->ctx = context;
    w->frames = own.frames;
    w->length = own.length;
    w->jump = own.jump;
    w->capacity = own.capacity;
    w->keep = own.keep;
    w->tag = w->tag_before = -1;
    rc = make_slots(w);
    if (rc != SNN_OK)
        snn_event_windows_destroy(w);
    else
        *out = w;
    return rc;
}

void snn_event_windows_destroy(snn_event_windows *windows)
{
    if (windows == NULL)
        return;
    snn_component_free(windows->ctx, windows->block);
    snn_component_free(windows->ctx, windows->slot);
    snn_component_free(windows->ctx, windows->position);
    snn_component_free(windows->ctx, windows);
}
