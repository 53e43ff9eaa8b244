/* core/pool.c - worker threads that spin for a moment before they sleep: parallel regions follow each other closely while a
 * network trains, and waking a sleeping thread takes longer than many of them last. */
#include "core/pool.h"
#include "core/alloc.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SPINS 4000 /* about 20 to 100 microseconds */

struct worker {
    struct snn__pool *pool;
    pthread_t thread;
    size_t index;
};

struct snn__pool {
    size_t threads; /* the caller's included */
    struct worker *worker;
    pthread_mutex_t busy;  /* held by the host thread that runs a region */
    pthread_mutex_t lock;  /* guards sleeping */
    pthread_cond_t wake;
    size_t started;

    _Atomic uint64_t round; /* number of the region */
    _Atomic size_t sleepers;
    _Atomic bool stop;

    snn__task_fn fn; /* of the region */
    void *arg;
    size_t tasks;
    _Atomic size_t next;    /* first task that no one took */
    _Atomic size_t running; /* workers that have not finished the region */
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ __volatile__("pause");
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static void take_tasks(struct snn__pool *pool, size_t worker)
{
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);

        if (task >= pool->tasks)
            return;
        pool->fn(pool->arg, task, worker);
    }
}

/* Returns when a region after `seen` has begun, or the pool stops. */
static void await_round(struct snn__pool *pool, uint64_t seen)
{
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(&pool->round, memory_order_acquire) != seen)
            return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->round) == seen)
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *arg)
{
    struct worker *self = arg;
    struct snn__pool *pool = self->pool;
    uint64_t seen = 0;

    for (;;) {
        await_round(pool, seen);
        seen++;
        if (atomic_load(&pool->stop))
            return NULL;
        take_tasks(pool, self->index);
        atomic_fetch_sub_explicit(&pool->running, 1, memory_order_release);
    }
}

/* Returns when all workers have finished the region. Where threads outnumber processors, one of them may be waiting for ours. */
static void await_workers(struct snn__pool *pool)
{
    for (int spin = 0; atomic_load_explicit(&pool->running, memory_order_acquire) != 0; spin++) {
        if (spin < SPINS)
            relax();
        else
            sched_yield();
    }
}

/* Begins a region: whoever sleeps is woken. */
static void announce(struct snn__pool *pool)
{
    atomic_fetch_add(&pool->round, 1);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
}

void snn__pool_run(struct snn__pool *pool, snn__task_fn fn, void *arg, size_t tasks)
{
    if (pool->threads == 1 || tasks < 2 || pthread_mutex_trylock(&pool->busy) != 0) {
        for (size_t task = 0; task < tasks; task++)
            fn(arg, task, 0);
        return;
    }
    pool->fn = fn;
    pool->arg = arg;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->running, pool->threads - 1, memory_order_relaxed);
    announce(pool);
    take_tasks(pool, 0);
    await_workers(pool);
    pthread_mutex_unlock(&pool->busy);
}

void snn__pool_destroy(struct snn__pool *pool, snn_context *ctx)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->stop, true);
    announce(pool);
    for (size_t i = 0; i < pool->started; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->busy);
    snn__free(ctx, pool->worker);
    snn__free(ctx, pool);
}

snn_status snn__pool_create(struct snn__pool **out, snn_context *ctx, size_t threads)
{
    struct snn__pool *pool = snn__alloc(ctx, 1, sizeof *pool);

    *out = NULL;
    if (pool == NULL)
        return SNN_ERR_MEMORY;
    pool->threads = threads;
    pool->worker = snn__alloc(ctx, threads, sizeof *pool->worker);
    if (pool->worker == NULL) {
        snn__free(ctx, pool);
        return SNN_ERR_MEMORY;
    }
    pthread_mutex_init(&pool->busy, NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (size_t i = 0; i + 1 < threads; i++) {
        struct worker *w = &pool->worker[i];

        w->pool = pool;
        w->index = i + 1;
        if (pthread_create(&w->thread, NULL, work, w) != 0) {
            snn__pool_destroy(pool, ctx);
            return snn__fail(SNN_ERR_UNSUPPORTED, "thread %zu of %zu cannot be started", i + 2, threads);
        }
        pool->started++;
    }
    *out = pool;
    return SNN_OK;
}
