/* progress.c - the progress bar and the signals. */
#include "progress.h"

#include "ranks.h"
#include "tool.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW 0.1  /* seconds between two drawings of the bar */
#define REPORT 10.0 /* between two plain lines */

#define TWICE 0.5 /* signals closer than this are one: timeout(1) and others send theirs twice */

/* Those that ask to stop. Nobody sends the last two on purpose: they go on coming, from every write and every
 * second. */
static const struct {
    int number;
    const char *name;
    bool kills; /* when it comes again */
} stopping[] = {
    { SIGINT, "SIGINT", true },    { SIGTERM, "SIGTERM", true },
    { SIGHUP, "SIGHUP", true },    { SIGUSR1, "SIGUSR1", true }, /* which mpirun passes on, and does no more */
    { SIGPIPE, "SIGPIPE", false }, { SIGXCPU, "SIGXCPU", false },
};
#define STOPPING (sizeof stopping / sizeof *stopping)

static _Atomic double stopped_at; /* when the first signal came; any thread may be the one that handles a signal */
static atomic_int stopped_by;

static char words[2][400]; /* one of them is said, while the other is written */
static _Atomic(const char *) said;

void stop_says(const char *line)
{
    char *free = said == words[0] ? words[1] : words[0];

    if (line)
        snprintf(free, sizeof words[0], "%s", line);
    said = line ? free : NULL;
}

/* A signal may come at any moment: write() alone is safe. */
static void say(const char *line)
{
    ssize_t written = line ? write(STDERR_FILENO, line, strlen(line)) : 0;

    (void)written; /* nobody may be there to read it */
}

static bool kills(int number)
{
    for (size_t i = 0; i < STOPPING; i++)
        if (stopping[i].number == number)
            return stopping[i].kills;
    return true;
}

static void on_signal(int number)
{
    double first = 0, t = now();

    if (atomic_compare_exchange_strong(&stopped_at, &first, t)) {
        stopped_by = number;
        say(said);
    } else if (t - first > TWICE && kills(number)) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

void stop_on_signals(void)
{
    struct sigaction action, before;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < STOPPING; i++)
        sigaddset(&action.sa_mask, stopping[i].number);
    for (size_t i = 0; i < STOPPING; i++) {
        bool wanted = sigaction(stopping[i].number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;

        if (!wanted || stopping[i].number != SIGHUP) /* nohup(1) */
            sigaction(stopping[i].number, &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit fails instead, and says so */
}

bool stop_wanted(void)
{
    return stopped_at > 0;
}

const char *stop_reason(void)
{
    for (size_t i = 0; i < STOPPING; i++)
        if (stopping[i].number == stopped_by)
            return stopping[i].name;
    return "another rank";
}

static bool plain;

void progress_plain(void)
{
    plain = true;
}

void progress_init(struct progress *p, bool quiet, uint64_t epochs)
{
    const char *term = getenv("TERM");

    memset(p, 0, sizeof *p);
    setlocale(LC_CTYPE, ""); /* letters only: numbers keep their point */
    p->quiet = quiet || !ranks_first();
    p->epochs = epochs;
    p->terminal = !plain && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    p->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    p->last = now();
}

static size_t width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

/* A bar of `cells` cells; in UTF-8 an eighth of a cell is the smallest step. */
static void bar(char *out, size_t size, double share, size_t cells, bool utf8)
{
    static const char *const part[] = { " ",      "\u258f", "\u258e", "\u258d", "\u258c",
                                        "\u258b", "\u258a", "\u2589", "\u2588" };
    size_t eighths = (size_t)(share * (double)cells * 8 + 0.5), n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < cells && n + 4 < size; i++) {
        size_t fill = eighths > 8 * i ? eighths - 8 * i : 0;
        const char *cell = utf8 ? part[fill > 8 ? 8 : fill] : fill >= 4 ? "#" : ".";
        n += (size_t)snprintf(out + n, size - n, "%s", cell);
    }
}

/* Samples per second of this call; a resumed epoch begins in its middle. */
static double speed(const struct progress *p, const snn_progress *s)
{
    double seconds = s->seconds - p->began;

    if (s->done > p->first && seconds > 0)
        return (double)(s->done - p->first) / seconds;
    return s->seconds > 0 ? (double)s->done / s->seconds : 0;
}

/* Of the whole run while training; of this evaluation else. */
static double seconds_left(const struct progress *p, const snn_progress *s, double rate)
{
    uint64_t left = s->total > s->done ? s->total - s->done : 0;

    if (s->training && p->epochs > s->epoch + 1)
        left += (p->epochs - s->epoch - 1) * s->total;
    return rate > 0 ? (double)left / rate : 0;
}

static void draw(struct progress *p, const snn_progress *s)
{
    char label[64], tail[800], cells[4 * 64 + 8];
    double rate = speed(p, s), share = s->total ? (double)s->done / (double)s->total : 0;
    size_t room = width(), used, n;

    if (s->training)
        snprintf(label, sizeof label, "epoch %llu/%llu", (unsigned long long)s->epoch + 1,
                 (unsigned long long)p->epochs);
    else
        snprintf(label, sizeof label, "evaluating");
    snprintf(tail, sizeof tail, "%3.0f%%  %7.20s samples/s  loss %.*f  accuracy %5.2f%%  left %.12s", 100 * share,
             rate_text(rate).s, s->loss < 100 ? 4 : 0, s->loss, 100 * s->accuracy,
             clock_time(seconds_left(p, s, rate)).s);
    if (!p->terminal) {
        fprintf(stderr, "%s  %s\n", label, tail);
        return;
    }
    used = strlen(label) + strlen(tail) + 5;
    n = room > used + 4 ? room - used : 0;
    bar(cells, sizeof cells, share, n > 40 ? 40 : n, p->utf8);
    if (n)
        fprintf(stderr, "\r%s %s%s%s %s\033[K", label, p->utf8 ? "\u2595" : "[", cells, p->utf8 ? "\u258f" : "]",
                tail);
    else
        fprintf(stderr, "\r%.*s\033[K", (int)(room - 1), tail);
    fflush(stderr);
    p->drawn = true;
}

static void notice_new_call(struct progress *p, const snn_progress *s)
{
    if (s->epoch == p->seen_epoch && s->training == p->seen_training && s->seconds >= p->seen_seconds &&
        p->seen_seconds > 0) {
        p->seen_seconds = s->seconds;
        return;
    }
    p->seen_epoch = s->epoch;
    p->seen_training = s->training;
    p->seen_seconds = s->seconds;
    p->began = s->seconds;
    p->first = s->done;
}

int progress_show(void *user, const snn_progress *s)
{
    struct progress *p = user;
    double moment = now();

    notice_new_call(p, s);
    if (!p->quiet && moment - p->last >= (p->terminal ? REDRAW : REPORT)) {
        p->last = moment;
        draw(p, s);
    }
    return stop_wanted();
}

void progress_clear(struct progress *p)
{
    if (p->drawn)
        fprintf(stderr, "\r\033[K");
    p->drawn = false;
    p->last = now();
}
