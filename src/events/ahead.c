/* ahead.c - a thread that reads the samples of the next batch while the present one is computed. It only fills slots:
 * what it has not read, or could not read, is read by whoever asks for it. */
#include "ahead.h"
#include <fenv.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define QUEUE 4096u /* samples of a batch beyond that are not read ahead */

struct told {
    size_t index;
    uint64_t seed;
};

struct snn__ahead {
    struct snn__slots *slots;
    pthread_t thread;
    _Atomic pid_t process; /* in which the thread lives; 0: it has not started */
    pthread_mutex_t lock;  /* of all that follows */
    pthread_cond_t more;
    struct told told[QUEUE];
    size_t first, waiting;
    bool ends;
};

/* The next sample; false: the thread ends. */
static bool take(struct snn__ahead *a, struct told *next)
{
    bool goes_on;

    pthread_mutex_lock(&a->lock);
    while (a->waiting == 0 && !a->ends)
        pthread_cond_wait(&a->more, &a->lock);
    goes_on = !a->ends;
    if (goes_on) {
        *next = a->told[a->first];
        a->first = (a->first + 1) % QUEUE;
        a->waiting--;
    }
    pthread_mutex_unlock(&a->lock);
    return goes_on;
}

static void *read_ahead(void *user)
{
    struct snn__ahead *a = user;
    struct told next;

    fesetenv(FE_DFL_ENV); /* as the threads of the pool, whatever the host has set in its own */
    while (take(a, &next))
        snn__slots_fetch(a->slots, next.index, next.seed);
    return NULL;
}

/* Signals go to the threads of the host, but for those of the thread's own faults. */
static bool start(struct snn__ahead *a)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    sigset_t ours, hosts;
    bool starts;

    sigfillset(&ours);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&ours, faults[i]);
    pthread_sigmask(SIG_SETMASK, &ours, &hosts); /* a thread inherits the mask of its maker */
    starts = pthread_create(&a->thread, NULL, read_ahead, a) == 0;
    pthread_sigmask(SIG_SETMASK, &hosts, NULL);
    return starts;
}

bool snn__ahead_left_behind(const struct snn__ahead *a)
{
    return a != NULL && a->process != 0 && a->process != getpid();
}

void snn__ahead_tell(struct snn__ahead *a, size_t index, uint64_t seed)
{
    if (a == NULL || snn__ahead_left_behind(a))
        return;
    pthread_mutex_lock(&a->lock);
    if (a->process == 0 && start(a))
        a->process = getpid();
    if (a->process != 0 && a->waiting < QUEUE)
        a->told[(a->first + a->waiting++) % QUEUE] = (struct told){ index, seed };
    pthread_cond_signal(&a->more);
    pthread_mutex_unlock(&a->lock);
}

/* ---- making ---- */

struct snn__ahead *snn__ahead_create(struct snn__slots *slots)
{
    struct snn__ahead *a = snn_component_alloc(slots->ctx, 1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->slots = slots;
    if (pthread_mutex_init(&a->lock, NULL) == 0) {
        if (pthread_cond_init(&a->more, NULL) == 0)
            return a;
        pthread_mutex_destroy(&a->lock);
    }
    snn_component_free(slots->ctx, a);
    return NULL;
}

static void end(struct snn__ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->ends = true;
    pthread_cond_signal(&a->more);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
}

void snn__ahead_destroy(struct snn__ahead *a)
{
    if (a == NULL)
        return;
    if (!snn__ahead_left_behind(a)) { /* else its lock may be held for ever */
        if (a->process != 0)
            end(a);
        pthread_cond_destroy(&a->more);
        pthread_mutex_destroy(&a->lock);
    }
    snn_component_free(a->slots->ctx, a);
}
