/* ahead.c - threads that read the samples of the next batch while the present one is computed. They only fill slots:
 * what they have not read, or could not read, is read by whoever asks for it. */
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
    pthread_t *thread; /* [slots->threads], of which `started` live */
    size_t started;
    _Atomic pid_t process; /* in which the threads live; 0: none has started */
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

/* Starts the threads, or as many as there can be. Signals go to the threads of the host, but for those of a thread's
 * own faults. */
static bool start(struct snn__ahead *a)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    sigset_t ours, hosts;

    sigfillset(&ours);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&ours, faults[i]);
    pthread_sigmask(SIG_SETMASK, &ours, &hosts); /* a thread inherits the mask of its maker */
    while (a->started < a->slots->threads && pthread_create(&a->thread[a->started], NULL, read_ahead, a) == 0)
        a->started++;
    pthread_sigmask(SIG_SETMASK, &hosts, NULL);
    return a->started > 0;
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
    a->thread = snn_component_alloc(slots->ctx, slots->threads, sizeof *a->thread);
    if (a->thread != NULL && pthread_mutex_init(&a->lock, NULL) == 0) {
        if (pthread_cond_init(&a->more, NULL) == 0)
            return a;
        pthread_mutex_destroy(&a->lock);
    }
    snn_component_free(slots->ctx, a->thread);
    snn_component_free(slots->ctx, a);
    return NULL;
}

static void end(struct snn__ahead *a)
{
    pthread_mutex_lock(&a->lock);
    a->ends = true;
    pthread_cond_broadcast(&a->more);
    pthread_mutex_unlock(&a->lock);
    for (size_t i = 0; i < a->started; i++)
        pthread_join(a->thread[i], NULL);
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
    snn_component_free(a->slots->ctx, a->thread);
    snn_component_free(a->slots->ctx, a);
}
