/* live.c - the thread that reads events, at their pace, into windows.
 *
 * Event times are anchored to the clock: what lies dt after the anchor is due dt / speed after its moment. A
 * recording or a pipe is held back until its windows are due. A socket is not: its events come when they happen, and
 * one that is there before it is due moves the anchor. Where no events come, a window ends by the clock once another
 * window of time has passed in vain. */
#include "live.h"
#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define PIECE 4096          /* events that are read together */
#define LOOK_MS 50          /* how often a thread that waits looks whether it is still wanted */
#define MILLISECOND 1000000 /* nanoseconds */

/* ---- tags ---- */

int64_t live_tag(uint64_t recording, int64_t label)
{
    return (int64_t)(recording << 32 | (uint64_t)(label >= 0 && label < INT32_MAX ? label + 1 : 0));
}

uint64_t live_tag_recording(int64_t tag)
{
    return (uint64_t)tag >> 32;
}

int64_t live_tag_label(int64_t tag)
{
    return (int64_t)((uint64_t)tag & 0xffffffffu) - 1;
}

/* ---- what the threads tell each other ---- */

static bool wanted(struct live *l)
{
    bool yes;

    pthread_mutex_lock(&l->lock);
    yes = l->wanted && !stop_wanted();
    pthread_mutex_unlock(&l->lock);
    return yes;
}

/* Waits for `what`, or a little, under the lock. */
static void wait_a_little(struct live *l, pthread_cond_t *what)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_MS * MILLISECOND;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(what, &l->lock, &until);
}

static void tell(struct live *l, pthread_cond_t *what)
{
    pthread_mutex_lock(&l->lock);
    pthread_cond_signal(what);
    pthread_mutex_unlock(&l->lock);
}

static snn_status note_failure(struct live *l, snn_status rc)
{
    if (rc != SNN_OK && l->failed[0] == '\0')
        snprintf(l->failed, sizeof l->failed, "%s: %.400s", snn_status_name(rc), snn_last_error());
    return rc;
}

/* ---- the clock ---- */

static void anchor(struct live *l, int64_t time, int64_t moment)
{
    l->anchored = true;
    l->anchor_time = time;
    l->anchor_moment = moment;
}

/* The moment at which an event time is due; far from the anchor it is cut off. */
static int64_t due(const struct live *l, int64_t time)
{
    const double away = 1e3 * ((double)time - (double)l->anchor_time) / l->speed;

    return l->anchor_moment + (int64_t)fmax(-1e17, fmin(1e17, away));
}

/* Milliseconds until a moment, as poll() takes them: 0 if it has passed. */
static int until(int64_t moment)
{
    const int64_t left = moment - live_now();

    return left <= 0 ? 0 : left < LOOK_MS * MILLISECOND ? (int)(left / MILLISECOND) + 1 : LOOK_MS;
}

static bool sleep_until(struct live *l, int64_t moment)
{
    bool yes = wanted(l);

    for (int64_t left; yes && (left = moment - live_now()) > 0; yes = wanted(l)) {
        const int64_t nap = left < LOOK_MS * MILLISECOND ? left : LOOK_MS * MILLISECOND;

        nanosleep(&(struct timespec){ .tv_nsec = nap }, NULL);
    }
    return yes;
}

/* No bytes are there: windows whose events would be here by now are over. */
static int idle(void *user)
{
    struct live *l = user;
    int64_t end;

    if (!wanted(l))
        return 0;
    if (!l->paced || !l->anchored || l->windows == NULL)
        return LOOK_MS;
    while ((end = snn_event_windows_end(l->windows)) < INT64_MAX && until(due(l, end) + 1000 * l->patience) == 0) {
        if (note_failure(l, snn_event_windows_advance(l->windows, end, due(l, end))) != SNN_OK)
            break;
        l->alone = true;
        tell(l, &l->more);
    }
    return end < INT64_MAX ? until(due(l, end) + 1000 * l->patience) : LOOK_MS;
}

/* ---- filling windows ---- */

/* Pushes events, and waits for room where windows are kept. */
static snn_status push(struct live *l, const snn_event *event, size_t n, int64_t stamp)
{
    size_t taken;
    snn_status rc = SNN_OK;

    for (size_t done = 0; done < n && rc == SNN_OK && wanted(l); done += taken) {
        rc = note_failure(l, snn_event_windows_push(l->windows, event + done, n - done, stamp, &taken));
        pthread_mutex_lock(&l->lock);
        pthread_cond_signal(&l->more);
        if (taken == 0)
            wait_a_little(l, &l->room);
        pthread_mutex_unlock(&l->lock);
    }
    return rc;
}

/* The clock of the events has been set: what was due no longer is. */
static void follow_steps(struct live *l, int64_t time, int64_t moment)
{
    snn_event_windows_info info = SNN_EVENT_WINDOWS_INFO_INIT;

    if (snn_event_windows_get_info(l->windows, &info) == SNN_OK && info.steps != l->steps) {
        l->steps = info.steps;
        anchor(l, time, moment);
    }
}

/* Events that come again after windows that ended by the clock: if they are of the time of these, theirs had stopped.
 */
static snn_status resume(struct live *l, int64_t time)
{
    const int64_t end = snn_event_windows_end(l->windows), moment = live_now();
    const bool behind = l->alone && end < INT64_MAX && time < end - l->length;

    l->alone = false;
    if (!behind)
        return SNN_OK;
    l->stops++;
    anchor(l, time, moment);
    return note_failure(l, snn_event_windows_finish(l->windows, moment));
}

/* Events that are before their time are held back until the window before them is due to end. */
static snn_status play_in_time(struct live *l, const snn_event *event, size_t n)
{
    snn_status rc = SNN_OK;

    if (!l->anchored)
        anchor(l, event[0].t, live_now());
    for (size_t i = 0, run; i < n && rc == SNN_OK && wanted(l); i += run) {
        const int64_t end = snn_event_windows_end(l->windows);
        const int64_t moment = end < INT64_MAX ? due(l, end) : live_now();

        for (run = end == INT64_MAX; i + run < n && event[i + run].t < end && end < INT64_MAX; run++)
            ;
        if (run > 0) {
            rc = push(l, event + i, run, live_now());
            follow_steps(l, event[i + run - 1].t, live_now());
        } else if (!sleep_until(l, moment)) {
            break;
        } else if ((uint64_t)event[i].t - (uint64_t)end > (uint64_t)l->jump) {
            run = 1;
            rc = push(l, event + i, 1, moment);
            follow_steps(l, event[i].t, live_now());
        } else {
            if (live_now() - moment > 1000 * l->jump) /* the machine slept */
                anchor(l, end, live_now());
            rc = note_failure(l, snn_event_windows_advance(l->windows, end, moment));
            tell(l, &l->more);
        }
    }
    return rc;
}

/* Events come when they happen. */
static snn_status play_at_once(struct live *l, const snn_event *event, size_t n)
{
    const int64_t moment = live_now(), last = event[n - 1].t;
    snn_status rc;

    if (l->paced && (!l->anchored || due(l, last) > moment || moment - due(l, last) > 1000 * l->jump))
        anchor(l, last, moment);
    rc = push(l, event, n, moment);
    follow_steps(l, last, moment);
    return rc;
}

/* ---- the thread ---- */

static snn_status finish(struct live *l)
{
    const bool waits = l->paced && l->anchored && !l->source.socket && snn_event_windows_end(l->windows) < INT64_MAX;
    int64_t moment = live_now();
    snn_status rc;

    if (waits) {
        moment = due(l, snn_event_windows_end(l->windows));
        sleep_until(l, moment);
    }
    while ((rc = snn_event_windows_finish(l->windows, moment)) == SNN_ERR_STATE && wanted(l)) {
        pthread_mutex_lock(&l->lock);
        wait_a_little(l, &l->room);
        pthread_mutex_unlock(&l->lock);
    }
    l->anchored = false;
    return rc == SNN_ERR_STATE ? SNN_OK : note_failure(l, rc);
}

static snn_status set_tag(struct live *l)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    snn_status rc = snn_events_get_info(l->events, &info);

    return rc == SNN_OK ? snn_event_windows_set_tag(l->windows, live_tag(l->recording, info.label)) : rc;
}

static snn_status play_recording(struct live *l)
{
    static snn_event event[PIECE];
    size_t got = 1;
    snn_status rc = SNN_OK, read = SNN_OK;

    while (rc == SNN_OK && read == SNN_OK && got > 0 && wanted(l)) {
        read = note_failure(l, snn_events_read_some(l->events, event, PIECE, &got));
        rc = set_tag(l);
        if (got > 0 && rc == SNN_OK)
            rc = resume(l, event[0].t);
        if (got > 0 && rc == SNN_OK)
            rc = l->paced && !l->source.socket ? play_in_time(l, event, got) : play_at_once(l, event, got);
    }
    return read != SNN_OK ? read : rc;
}

/* Opens the stream. Datagrams at its begin that are no events, or no header, are left out. */
static snn_status begin_stream(struct live *l)
{
    snn_status rc = snn_events_open(&l->events, l->context, &l->from);

    while (rc == SNN_ERR_FORMAT && l->source.socket && !l->source.ended && wanted(l)) {
        l->damaged++;
        live_source_forget(&l->source);
        rc = snn_events_open(&l->events, l->context, &l->from);
    }
    return rc;
}

/* A datagram that is no events is left out, and the stream begins anew after it. */
static bool reopen(struct live *l, snn_status rc)
{
    if (rc != SNN_ERR_FORMAT || !l->source.socket || !wanted(l))
        return false;
    l->damaged++;
    l->failed[0] = '\0';
    snn_events_destroy(l->events);
    live_source_restart(&l->source);
    return note_failure(l, begin_stream(l)) == SNN_OK;
}

static bool next_recording(struct live *l)
{
    snn_events_info info = SNN_EVENTS_INFO_INIT;
    uint32_t found = 0;

    if (l->source.file >= 0 || snn_events_get_info(l->events, &info) != SNN_OK || info.recordings == l->recording + 1)
        return false;
    note_failure(l, snn_events_seek(l->events, ++l->recording, &found));
    return found;
}

static void *play(void *user)
{
    struct live *l = user;
    snn_status rc;

    do
        do
            rc = play_recording(l);
        while (reopen(l, rc));
    while (finish(l) == SNN_OK && rc == SNN_OK && wanted(l) && next_recording(l));
    pthread_mutex_lock(&l->lock);
    l->ended = true;
    pthread_cond_signal(&l->more);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- for the other thread ---- */

int live_open(struct live *l)
{
    snn_status rc;

    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->more, NULL);
    pthread_cond_init(&l->room, NULL);
    l->wanted = true;
    l->source.idle = idle;
    l->source.user = l;
    if (l->source.file >= 0) {
        l->from.path = NULL;
        l->from.read = live_source_read;
        l->from.user = &l->source;
    }
    rc = begin_stream(l);
    return rc == SNN_OK ? DONE : stop_wanted() ? INTERRUPTED : fail_call(rc, NULL);
}

int live_start(struct live *l)
{
    l->running = pthread_create(&l->thread, NULL, play, l) == 0;
    return l->running ? DONE : fail(FAILED, "no thread to read events with");
}

bool live_take(struct live *l, snn_event_window *window)
{
    uint32_t found = 0;
    bool last = false;

    pthread_mutex_lock(&l->lock);
    while (!stop_wanted() && snn_event_windows_take(l->windows, window, &found) == SNN_OK && !found && !last) {
        last = l->ended;
        if (!last)
            wait_a_little(l, &l->more);
    }
    if (found)
        pthread_cond_signal(&l->room);
    pthread_mutex_unlock(&l->lock);
    return found;
}

int live_stop(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    l->wanted = false;
    pthread_mutex_unlock(&l->lock);
    if (l->running)
        pthread_join(l->thread, NULL);
    l->running = false;
    return l->failed[0] ? fail(FAILED, "%s", l->failed) : DONE;
}

void live_close(struct live *l)
{
    snn_event_windows_destroy(l->windows);
    snn_events_destroy(l->events);
    live_source_close(&l->source);
}
