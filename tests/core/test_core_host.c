/* What surrounds the workers: signals that the host keeps for itself, a system that starts no more threads. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_setaffinity() */
#endif
#include "core/context.h"
#include "core/processors.h"
#include "support.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- signals ---- */

static _Atomic int taken;

static void take(int number)
{
    (void)number;
    atomic_fetch_add(&taken, 1);
}

/* SIGUSR1 is handled from here on, and blocked in this thread. */
static sigset_t keep_delayed(void)
{
    struct sigaction action;
    sigset_t set;

    memset(&action, 0, sizeof action);
    action.sa_handler = take;
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

/* A host that blocks a signal after it made the context looks for it between two periods: no worker takes it away. */
START_TEST(test_signal_stays)
{
    snn_context *ctx = test_context(4, 1, "best");
    const sigset_t set = keep_delayed();

    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR1);
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
        ck_assert_int_eq(atomic_load(&taken), 0);
        ck_assert_int_eq(sigtimedwait(&set, NULL, &(struct timespec){ 1, 0 }), SIGUSR1);
    }
    snn_context_destroy(ctx);
}
END_TEST

static void mask_task(void *arg, size_t task, size_t worker)
{
    sigset_t *mask = arg;
    static _Atomic int inside;

    (void)task;
    atomic_fetch_add(&inside, 1);
    while (atomic_load(&inside) < 2) /* the worker takes one of the two */
        ;
    pthread_sigmask(SIG_SETMASK, NULL, &mask[worker]);
}

/* The maker's mask is what it was; a worker blocks all but its own faults, for which a host may have handlers. */
START_TEST(test_masks)
{
    snn_context *ctx;
    sigset_t mask[2], before;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    ctx = test_context(2, 1, "best");
    snn__parallel(ctx, mask_task, mask, 2);
    for (int s = 1; s <= SIGRTMAX; s++) {
        const bool fault = s == SIGSEGV || s == SIGBUS || s == SIGFPE || s == SIGILL || s == SIGTRAP;

        ck_assert_int_eq(sigismember(&mask[0], s), sigismember(&before, s));
        if (s != SIGKILL && s != SIGSTOP && (s <= SIGSYS || s >= SIGRTMIN)) /* the others are the C library's */
            ck_assert_msg(sigismember(&mask[1], s) == !fault, "signal %d", s);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* ---- threads that cannot be started ---- */

static size_t startable = SIZE_MAX;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
    if (startable == 0)
        return EAGAIN;
    startable--;
    return __real_pthread_create(thread, attr, fn, arg);
}

static void count_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    ((int *)arg)[task]++;
}

START_TEST(test_too_many_threads)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *ctx = (snn_context *)&c;

    counting_options(&c, &options);
    options.threads = 5;
    startable = (size_t)_i;
    FAILS(snn_context_create(&ctx, &options), SNN_ERR_UNSUPPORTED, "of 5 cannot be started");
    ck_assert_ptr_nonnull(strstr(snn_last_error(), snn__reason(EAGAIN).text));
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "threads = 0"));
    ck_assert_ptr_null(ctx);
    ck_assert_uint_eq(c.live, 0);
    startable = SIZE_MAX;
}
END_TEST

/* Who leaves the number to the library gets the threads that there are. */
START_TEST(test_as_many_as_can)
{
    snn_context *ctx = NULL;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    int done[100] = { 0 };

    startable = 0;
    OK(snn_context_create(&ctx, NULL));
    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_eq(info.threads, 1);
    snn__parallel(ctx, count_task, done, 100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(done[i], 1);
    snn_context_destroy(ctx);
    startable = SIZE_MAX;
}
END_TEST

/* ---- processors ---- */

/* One processor of those that the test has: a context of this thread takes one thread. */
START_TEST(test_affinity)
{
    cpu_set_t all, one;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    snn_context *ctx = NULL;
    int cpu = 0;

    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    ck_assert_uint_le(snn__processors(), (size_t)CPU_COUNT(&all));
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    OK(snn_context_create(&ctx, NULL));
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_eq(info.threads, 1);
    snn_context_destroy(ctx);
}
END_TEST

static char root[] = "/tmp/snn_groups_XXXXXX";

static const char *at(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void put(const char *name, const char *text)
{
    ck_assert(write_file(at(name), text, strlen(text)));
}

/* The quota for a process whose file of groups has this text. */
static size_t quota(const char *membership)
{
    char path[256];

    put("membership", membership);
    snprintf(path, sizeof path, "%s", at("membership"));
    return snn__quota(path, root);
}

START_TEST(test_quota)
{
    static const char *const folders[] = { "a", "a/b", "cpu", "cpu/a", "cpu/a/b" };
    char command[64];

    ck_assert_ptr_nonnull(mkdtemp(root));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        ck_assert_int_eq(mkdir(at(folders[i]), 0700), 0);
    ck_assert_uint_eq(quota("0::/a/b\n"), SIZE_MAX); /* no files */
    put("a/b/cpu.max", "max 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), SIZE_MAX);
    put("a/b/cpu.max", "250000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 3); /* 2.5, rounded up */
    put("a/cpu.max", "200000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 2); /* of the group around it */
    put("cpu.max", "1000 100000\n");
    ck_assert_uint_eq(quota("0::/a/b\n"), 1);
    ck_assert_uint_eq(quota("0::/elsewhere/deep\n"), 1); /* a group that is not seen from here */
    ck_assert_uint_eq(quota("0::/../../x\n"), 1);
    put("cpu.max", "1 4294967296\n"); /* 2^32, more than a size of 32 bits */
    ck_assert_uint_eq(quota("0::/a/b\n"), 1);
    put("cpu.max", "nonsense");
    ck_assert_uint_eq(quota("0::/\n"), SIZE_MAX);
    put("cpu/a/b/cpu.cfs_quota_us", "400000\n");
    ck_assert_uint_eq(quota("7:cpu,cpuacct:/a/b\n"), SIZE_MAX); /* no period */
    put("cpu/a/b/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(quota("7:cpu,cpuacct:/a/b\n"), 4);
    ck_assert_uint_eq(quota("8:memory:/a/b\n7:cpuacct,cpu:/a/b\n1:name=systemd:/\n"), 4);
    ck_assert_uint_eq(quota("7:cpuset,cpuacct:/a/b\n"), SIZE_MAX);
    put("cpu/a/b/cpu.cfs_quota_us", "-1\n");
    ck_assert_uint_eq(quota("7:cpu:/a/b\n"), SIZE_MAX);
    put("cpu/a/b/cpu.cfs_quota_us", "9223372036854775807\n");
    put("cpu/a/b/cpu.cfs_period_us", "0\n");
    ck_assert_uint_eq(quota("7:cpu:/a/b\n"), SIZE_MAX);
    ck_assert_uint_eq(quota("nonsense\n:\n"), SIZE_MAX);
    ck_assert_uint_eq(snn__quota(at("absent"), root), SIZE_MAX);
    snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core: host");
    TCase *tc = tcase_create("host");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_signal_stays);
    tcase_add_test(tc, test_masks);
    tcase_add_loop_test(tc, test_too_many_threads, 0, 4);
    tcase_add_test(tc, test_as_many_as_can);
    tcase_add_test(tc, test_affinity);
    tcase_add_test(tc, test_quota);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
