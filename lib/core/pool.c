/* core/pool.c - worker threads that spin for a moment before they sleep: parallel regions follow each other closely
 * while a network trains, and waking a sleeping thread takes longer than many of them last.
 *
 * Threads meet in as few cache lines as can be. A caller begins and ends a region in one of its own, where workers
 * wait. Each worker has one, in which it says that it is inside, and from which its tasks are taken: by itself, or by
 * those who are done with theirs. */
#include "core/pool.h"
#include "core/alloc.h"
#include "core/fpu.h"
#include "core/processors.h"
#include "core/size.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define SPINS 20000 /* some 100 to 1,000 microseconds */
#define FEW_SPINS 1000
#define LINE 64 /* bytes of a cache line */

/* A thread that computes, and its share of the tasks of a region. */
struct worker {
    _Alignas(LINE) _Atomic uint64_t next; /* number of the region << 32 | first task that no one took */
    _Atomic uint64_t inside;              /* the region whose tasks it takes: its caller waits */

    _Alignas(LINE) struct snn__pool *pool;
    pthread_t thread;
    size_t index;
};

struct snn__pool {
    _Atomic bool busy;    /* a host thread runs a region */
    pthread_mutex_t lock; /* of those who sleep */
    pthread_cond_t wake;
    pid_t process; /* process that started the workers */
    size_t started;

    _Alignas(LINE) _Atomic uint64_t round; /* odd: number of the region; even: between two */
    snn__task_fn fn;                       /* of the region */
    void *arg;
    size_t tasks;
    int spins;             /* before a thread sleeps, or yields its processor */
    size_t threads;        /* the caller's included */
    struct worker *worker; /* the first is the caller */
    _Atomic bool sleeping; /* some workers may */
    _Atomic bool stop;

    _Alignas(LINE) _Atomic uint64_t taken; /* the last region all of whose tasks were seen to be taken */
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ __volatile__("pause");
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* The next task of the share first .. end - 1 of a thread, or `end`. Nobody sets `next` when a region begins: the
 * number of an earlier region stands for the first task. */
static size_t take_task(struct worker *w, uint32_t region, size_t first, size_t end)
{
    uint64_t next = atomic_load_explicit(&w->next, memory_order_relaxed);
    size_t task;

    do {
        task = next >> 32 == region ? (uint32_t)next : first;
        if (task >= end)
            return end;
    } while (!atomic_compare_exchange_weak_explicit(&w->next, &next, (uint64_t)region << 32 | (task + 1),
                                                    memory_order_relaxed, memory_order_relaxed));
    return task;
}

static void run_share(struct snn__pool *pool, uint64_t round, size_t of, size_t worker)
{
    const size_t first = snn__part(pool->tasks, pool->threads, of);
    const size_t end = snn__part(pool->tasks, pool->threads, of + 1);

    for (size_t task; (task = take_task(&pool->worker[of], (uint32_t)round, first, end)) < end;)
        pool->fn(pool->arg, task, worker);
}

/* Its own tasks, then what others have left. A thread works on the same part of its data from one region to the
 * next. */
static void run_tasks(struct snn__pool *pool, uint64_t round, size_t worker)
{
    run_share(pool, round, worker, worker);
    if (atomic_load_explicit(&pool->taken, memory_order_relaxed) == round)
        return;
    for (size_t i = 1; i < pool->threads; i++)
        run_share(pool, round, (worker + i) % pool->threads, worker);
    atomic_store_explicit(&pool->taken, round, memory_order_relaxed);
}

/* Takes tasks of a region if it still is one. The worker says that it is inside, then looks at `round`; the caller
 * changes `round`, then looks who is inside: one of them sees the other. */
static void join_region(struct snn__pool *pool, uint64_t round, struct worker *self)
{
    atomic_store(&self->inside, round);
    if (atomic_load(&pool->round) == round)
        run_tasks(pool, round, self->index);
    atomic_store_explicit(&self->inside, 0, memory_order_release);
}

/* Sleeps until a region after `seen` begins. Whoever begins one looks at `sleeping` after it changed `round`, we look
 * at `round` after we changed `sleeping`: one of us sees the other. */
static void sleep_through(struct snn__pool *pool, uint64_t seen)
{
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->sleeping, true);
    while (atomic_load(&pool->round) == seen) {
        pthread_cond_wait(&pool->wake, &pool->lock);
        atomic_store(&pool->sleeping, true);
    }
    pthread_mutex_unlock(&pool->lock);
}

/* The number of a region after `seen`, once one has begun, or the pool stops. */
static uint64_t await_round(struct snn__pool *pool, uint64_t seen)
{
    for (int spin = 0; spin < pool->spins; spin++) {
        const uint64_t round = atomic_load_explicit(&pool->round, memory_order_acquire);

        if (round != seen)
            return round;
        relax();
    }
    sleep_through(pool, seen);
    return atomic_load_explicit(&pool->round, memory_order_acquire);
}

static void *work(void *arg)
{
    SNN__COMPUTES;
    struct worker *self = arg;
    struct snn__pool *pool = self->pool;
    uint64_t seen = 0;

    for (;;) {
        seen = await_round(pool, seen);
        if (atomic_load_explicit(&pool->stop, memory_order_relaxed))
            return NULL;
        if (seen % 2 != 0)
            join_region(pool, seen, self);
    }
}

/* In a child of fork() `lock` may have been copied while a worker held it. Where the child finds `busy` free, no
 * worker took tasks: it runs its own regions alone. */
bool snn__pool_has_workers(const struct snn__pool *pool)
{
    return pool->process == getpid();
}

/* Changes `round` from even to odd, or by 2, and wakes the workers that sleep. */
static uint64_t announce(struct snn__pool *pool)
{
    const uint64_t round = atomic_fetch_add(&pool->round, 1) + 1;

    if (atomic_load(&pool->sleeping) && snn__pool_has_workers(pool)) {
        pthread_mutex_lock(&pool->lock);
        atomic_store(&pool->sleeping, false);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
    return round;
}

/* No worker is inside. Where the half of the number that `next` keeps begins anew, no region before it is kept. */
static uint64_t begin_region(struct snn__pool *pool, snn__task_fn fn, void *arg, size_t tasks)
{
    pool->fn = fn;
    pool->arg = arg;
    pool->tasks = tasks;
    if ((uint32_t)atomic_load_explicit(&pool->round, memory_order_relaxed) == 0)
        for (size_t i = 0; i < pool->threads; i++)
            atomic_store_explicit(&pool->worker[i].next, 0, memory_order_relaxed);
    return announce(pool);
}

/* No task is left: workers that did not come are not waited for. Where threads outnumber processors, one that did may
 * be waiting for our processor. */
static void end_region(struct snn__pool *pool, uint64_t round)
{
    atomic_fetch_add(&pool->round, 1);
    for (size_t i = 1; i < pool->threads; i++)
        for (int spin = 0; atomic_load(&pool->worker[i].inside) == round; spin++) {
            if (spin < pool->spins)
                relax();
            else
                sched_yield();
        }
}

void snn__pool_run(struct snn__pool *pool, snn__task_fn fn, void *arg, size_t tasks)
{
    uint64_t round;

    if (pool == NULL || pool->threads == 1 || tasks < 2 || tasks > UINT32_MAX ||
        atomic_exchange_explicit(&pool->busy, true, memory_order_acquire)) {
        for (size_t task = 0; task < tasks; task++)
            fn(arg, task, 0);
        return;
    }
    round = begin_region(pool, fn, arg, tasks);
    run_tasks(pool, round, 0);
    end_region(pool, round);
    atomic_store_explicit(&pool->busy, false, memory_order_release);
}

static void end_workers(struct snn__pool *pool)
{
    atomic_store(&pool->stop, true);
    announce(pool);
    for (size_t i = 1; i <= pool->started; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
}

void snn__pool_destroy(struct snn__pool *pool, snn_context *ctx)
{
    if (pool == NULL)
        return;
    if (snn__pool_has_workers(pool))
        end_workers(pool);
    snn__free(ctx, pool->worker);
    snn__free(ctx, pool);
}

/* Starts workers until all run or one cannot be started, and returns why. Which of its threads takes a signal is the
 * host's choice, and it cannot choose for ours: they take none but those of their own faults. */
static int start_workers(struct snn__pool *pool)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    sigset_t ours, hosts;
    int error = 0;

    sigfillset(&ours);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&ours, faults[i]);
    pthread_sigmask(SIG_SETMASK, &ours, &hosts); /* a thread inherits the mask of its maker */
    while (error == 0 && pool->started + 1 < pool->threads) {
        struct worker *w = &pool->worker[pool->started + 1];

        w->pool = pool;
        w->index = pool->started + 1;
        error = pthread_create(&w->thread, NULL, work, w);
        pool->started += error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &hosts, NULL);
    return error;
}

static bool make_locks(struct snn__pool *pool)
{
    if (pthread_mutex_init(&pool->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&pool->wake, NULL) == 0)
        return true;
    pthread_mutex_destroy(&pool->lock);
    return false;
}

snn_status snn__pool_create(struct snn__pool **out, snn_context *ctx, size_t threads, size_t least)
{
    struct snn__pool *pool = snn__alloc(ctx, 1, sizeof *pool);
    int error;

    *out = NULL;
    if (pool == NULL)
        return SNN_ERR_MEMORY;
    pool->threads = threads;
    pool->spins = threads <= snn__processors() ? SPINS : FEW_SPINS; /* others need the processor of one that spins */
    pool->process = getpid();
    pool->worker = snn__alloc(ctx, threads, sizeof *pool->worker);
    if (pool->worker == NULL || !make_locks(pool)) {
        snn_status rc = snn__fail(SNN_ERR_MEMORY, "out of memory for %zu threads", threads);

        snn__free(ctx, pool->worker);
        snn__free(ctx, pool);
        return rc;
    }
    error = start_workers(pool);
    pool->threads = pool->started + 1;
    if (pool->threads < least) {
        snn_status rc =
            snn__fail(SNN_ERR_UNSUPPORTED,
                      "thread %zu of %zu cannot be started: %s; threads = 0 starts as many as the system allows",
                      pool->threads + 1, threads, snn__reason(error).text);

        snn__pool_destroy(pool, ctx);
        return rc;
    }
    *out = pool;
    return SNN_OK;
}

size_t snn__pool_threads(const struct snn__pool *pool)
{
    return pool->threads;
}
