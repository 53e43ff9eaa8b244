/* The thread pool: every task once, workers that do not meet, the share of a slow thread, nested regions, several
 * host threads. */
#include "core/context.h"
#include "support.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { TASKS = 1000 };

struct work {
    snn_context *ctx;
    size_t threads;
    unsigned done[TASKS]; /* not atomic: a task is run by one thread, and all are done when the region returns */
    _Atomic int busy[8];  /* per worker */
    _Atomic size_t inner, wrong;
};

static void one_task(void *arg, size_t task, size_t worker)
{
    struct work *w = arg;

    if (worker >= w->threads || atomic_fetch_add(&w->busy[worker], 1) != 0)
        atomic_fetch_add(&w->wrong, 1);
    w->done[task]++;
    atomic_fetch_sub(&w->busy[worker], 1);
}

START_TEST(test_every_task_once)
{
    static const size_t counts[] = { 0, 1, 2, 3, 7, 100, TASKS };
    struct work w = { .threads = (size_t)_i };

    w.ctx = test_context((uint32_t)_i, 1, "best");
    ck_assert_uint_eq(snn__threads(w.ctx), (size_t)_i);
    for (unsigned round = 1; round <= 100; round++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            unsigned before = w.done[0];

            for (size_t i = 0; i < TASKS; i++)
                w.done[i] = before;
            snn__parallel(w.ctx, one_task, &w, counts[k]);
            for (size_t i = 0; i < TASKS; i++)
                if (w.done[i] != before + (i < counts[k]))
                    atomic_fetch_add(&w.wrong, 1);
        }
    ck_assert_uint_eq(atomic_load(&w.wrong), 0);
    snn_context_destroy(w.ctx);
}
END_TEST

static void inner_task(void *arg, size_t task, size_t worker)
{
    struct work *w = arg;

    (void)task;
    if (worker != 0) /* a region inside of a task runs in its thread */
        atomic_fetch_add(&w->wrong, 1);
    atomic_fetch_add(&w->inner, 1);
}

static void outer_task(void *arg, size_t task, size_t worker)
{
    struct work *w = arg;

    (void)task;
    (void)worker;
    snn__parallel(w->ctx, inner_task, w, 10);
}

START_TEST(test_nested)
{
    struct work w = { .threads = 3 };

    w.ctx = test_context(3, 1, "best");
    for (int round = 0; round < 20; round++)
        snn__parallel(w.ctx, outer_task, &w, 50);
    ck_assert_uint_eq(atomic_load(&w.inner), 20 * 50 * 10);
    ck_assert_uint_eq(atomic_load(&w.wrong), 0);
    snn_context_destroy(w.ctx);
}
END_TEST

/* The first task lasts until all others are done: some of them belong to the same thread, and others have to take
 * them. */
static void slow_task(void *arg, size_t task, size_t worker)
{
    struct work *w = arg;

    (void)worker;
    while (task == 0 && atomic_load(&w->inner) < TASKS - 1)
        sched_yield();
    atomic_fetch_add(&w->inner, 1);
}

START_TEST(test_slow_thread)
{
    struct work w = { .threads = (size_t)_i };

    w.ctx = test_context((uint32_t)_i, 1, "best");
    for (int round = 0; round < 20; round++) {
        atomic_store(&w.inner, 0);
        snn__parallel(w.ctx, slow_task, &w, TASKS);
        ck_assert_uint_eq(atomic_load(&w.inner), TASKS);
    }
    snn_context_destroy(w.ctx);
}
END_TEST

struct host {
    snn_context *ctx;
    unsigned done[TASKS];
};

static void host_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    ((struct host *)arg)->done[task]++;
}

static void *host_thread(void *arg)
{
    struct host *h = arg;

    for (int round = 0; round < 200; round++)
        snn__parallel(h->ctx, host_task, h, TASKS);
    return NULL;
}

/* Three host threads share one context. */
START_TEST(test_hosts)
{
    static struct host h[3];
    pthread_t thread[3];
    snn_context *ctx = test_context(3, 1, "best");

    for (int i = 0; i < 3; i++) {
        h[i].ctx = ctx;
        ck_assert_int_eq(pthread_create(&thread[i], NULL, host_thread, &h[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < TASKS; k++)
            ck_assert_uint_eq(h[i].done[k], 200);
    snn_context_destroy(ctx);
}
END_TEST

/* Contexts that come and go: workers that never worked, that sleep, that spin. */
START_TEST(test_many_contexts)
{
    for (int i = 0; i < 30; i++) {
        struct work w = { .threads = 4 };

        w.ctx = test_context(4, 1, "best");
        for (int k = 0; k < i % 4; k++)
            snn__parallel(w.ctx, one_task, &w, 8);
        snn_context_destroy(w.ctx);
        ck_assert_uint_eq(atomic_load(&w.wrong), 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core: pool");
    TCase *tc = tcase_create("pool");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_every_task_once, 1, 5);
    tcase_add_loop_test(tc, test_slow_thread, 2, 5);
    tcase_add_test(tc, test_nested);
    tcase_add_test(tc, test_hosts);
    tcase_add_test(tc, test_many_contexts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
