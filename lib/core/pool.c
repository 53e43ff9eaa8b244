/* core/pool.c - worker threads that spin for a moment before they sleep: parallel regions follow each other closely
 * while a network trains, and waking a sleeping thread takes longer than many of them last. */
#include "core/pool.h"
#include "core/alloc.h"
#include "core/fpu.h"
#include "core/size.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define SPINS 4000 /* about 20 to 100 microseconds */
#define LINE 64    /* bytes of a cache line */
#define OPEN ((size_t)1)
#define INSIDE ((size_t)2)

/* A thread that computes, and its share of the tasks of a region. */
struct worker {
    _Alignas(LINE) _Atomic size_t next; /* first task that no one took */
    size_t end;
    struct snn__pool *pool;
    pthread_t thread;
    size_t index;
};

struct snn__pool {
    pthread_mutex_t busy; /* held by the host thread that runs a region */
    pthread_mutex_t lock; /* of those who sleep */
    pthread_cond_t wake;
    pid_t process; /* process that started the workers */
    size_t started;

    _Alignas(LINE) _Atomic uint64_t round; /* number of the region */
    _Atomic bool sleeping;                 /* some workers may */
    _Atomic bool stop;
    size_t threads;        /* the caller's included */
    struct worker *worker; /* the first is the caller */
    snn__task_fn fn;       /* of the region */
    void *arg;

    _Alignas(LINE) _Atomic size_t gate; /* OPEN while the region has tasks, and INSIDE for each worker that takes
                                           some */
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ __volatile__("pause");
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* Its own tasks, then what others have left. A thread works on the same part of its data from one region to the
 * next. */
static void take_tasks(struct snn__pool *pool, size_t worker)
{
    for (size_t i = 0; i < pool->threads; i++) {
        struct worker *w = &pool->worker[(worker + i) % pool->threads];

        while (atomic_load_explicit(&w->next, memory_order_relaxed) < w->end) {
            const size_t task = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);

            if (task < w->end)
                pool->fn(pool->arg, task, worker);
        }
    }
}

/* Into the region, if it still is one: from here on its caller waits for us. */
static bool enter(struct snn__pool *pool)
{
    size_t gate = atomic_load_explicit(&pool->gate, memory_order_relaxed);

    while (gate & OPEN)
        if (atomic_compare_exchange_weak_explicit(&pool->gate, &gate, gate + INSIDE, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    return false;
}

static void leave(struct snn__pool *pool)
{
    atomic_fetch_sub_explicit(&pool->gate, INSIDE, memory_order_release);
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
    for (int spin = 0; spin < SPINS; spin++) {
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
        if (atomic_load(&pool->stop))
            return NULL;
        if (!enter(pool))
            continue;
        take_tasks(pool, self->index);
        leave(pool);
    }
}

/* In a child of fork() `lock` may have been copied while a worker held it. Where the child finds `busy` free, no
 * worker was inside a region: it runs its own regions alone. */
bool snn__pool_has_workers(const struct snn__pool *pool)
{
    return pool->process == getpid();
}

/* Begins a region: wakes the workers that sleep. */
static void announce(struct snn__pool *pool)
{
    atomic_fetch_add(&pool->round, 1);
    if (atomic_load(&pool->sleeping) && snn__pool_has_workers(pool)) {
        pthread_mutex_lock(&pool->lock);
        atomic_store(&pool->sleeping, false);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
}

static void begin_region(struct snn__pool *pool, snn__task_fn fn, void *arg, size_t tasks)
{
    pool->fn = fn;
    pool->arg = arg;
    for (size_t i = 0; i < pool->threads; i++) {
        atomic_store_explicit(&pool->worker[i].next, snn__part(tasks, pool->threads, i), memory_order_relaxed);
        pool->worker[i].end = snn__part(tasks, pool->threads, i + 1);
    }
    atomic_fetch_or_explicit(&pool->gate, OPEN, memory_order_release);
    announce(pool);
}

/* No task is left: workers that did not come are not waited for. Where threads outnumber processors, one that did may
 * be waiting for our processor. */
static void end_region(struct snn__pool *pool)
{
    atomic_fetch_and_explicit(&pool->gate, ~OPEN, memory_order_relaxed);
    for (int spin = 0; atomic_load_explicit(&pool->gate, memory_order_acquire) != 0; spin++) {
        if (spin < SPINS)
            relax();
        else
            sched_yield();
    }
}

void snn__pool_run(struct snn__pool *pool, snn__task_fn fn, void *arg, size_t tasks)
{
    if (pool == NULL || pool->threads == 1 || tasks < 2 || pthread_mutex_trylock(&pool->busy) != 0) {
        for (size_t task = 0; task < tasks; task++)
            fn(arg, task, 0);
        return;
    }
    begin_region(pool, fn, arg, tasks);
    take_tasks(pool, 0);
    end_region(pool);
    pthread_mutex_unlock(&pool->busy);
}

static void end_workers(struct snn__pool *pool)
{
    atomic_store(&pool->stop, true);
    announce(pool);
    for (size_t i = 1; i <= pool->started; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->busy);
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
    if (pthread_mutex_init(&pool->busy, NULL) != 0)
        return false;
    if (pthread_mutex_init(&pool->lock, NULL) == 0) {
        if (pthread_cond_init(&pool->wake, NULL) == 0)
            return true;
        pthread_mutex_destroy(&pool->lock);
    }
    pthread_mutex_destroy(&pool->busy);
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
