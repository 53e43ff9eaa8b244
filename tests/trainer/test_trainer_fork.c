/* A child of fork() computes in its own thread with what it inherited, to the same bits, makes contexts of its own
 * and frees memory; also if it was copied while other threads were at work. */
#include "trainer/builder.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define CHILDS_THREADS 1 /* that sanitizer starts no thread in a child of several */
#else
#define CHILDS_THREADS 3
#endif

enum { BATCH = 13, IN = 300, OUT = 10, UPDATES = 3, FORKS = 300 };

static const size_t shape[3] = { IN };

struct learner {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    float x[BATCH * IN], logits[BATCH * OUT];
    double loss; /* of the last update, 0 before the first */
};

static void make(struct learner *a, snn_context *ctx)
{
    memset(a, 0, sizeof *a);
    a->ctx = ctx;
    a->net = network_of(ctx, shape, "linear a out=150; lif n decay=0.5; linear o out=10");
    a->sgd = sgd_of(ctx, 0.1);
    a->tr = trainer_of(a->net, a->sgd, "sltt", "steps=3", BATCH);
    random_fill(a->x, BATCH * IN, 0, 1, 7);
}

static void unmake(struct learner *a)
{
    snn_trainer_destroy(a->tr);
    snn_optimizer_destroy(a->sgd);
    snn_network_destroy(a->net);
}

/* Neither asserts: Check has a lock, too, and a child that was copied while it was held waits for ever. */
static snn_status predict(struct learner *a)
{
    return snn_trainer_predict(a->tr, BATCH_OF(a->x, 1, NULL, BATCH), a->logits);
}

static snn_status train(struct learner *a)
{
    static const uint32_t label[BATCH] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2 };
    snn_metrics m = SNN_METRICS_INIT;

    for (int i = 0; i < UPDATES; i++)
        SNN__TRY(snn_trainer_step(a->tr, BATCH_OF(a->x, 1, label, BATCH), &m));
    a->loss = m.loss;
    return SNN_OK;
}

static void rest(long microseconds)
{
    nanosleep(&(struct timespec){ 0, 1000 * microseconds }, NULL);
}

static bool is_same(const struct learner *a, const struct learner *b)
{
    return a->loss == b->loss && memcmp(a->logits, b->logits, sizeof a->logits) == 0;
}

/* ---- what a child does; 0 if all is well ---- */

static int predicts(struct learner *a)
{
    const struct learner before = *a;

    return predict(a) != SNN_OK || !is_same(a, &before);
}

/* The bits that the parent's updates have are those of `expected`. */
static const struct learner *expected;

static int trains(struct learner *a)
{
    return train(a) != SNN_OK || predict(a) != SNN_OK || !is_same(a, expected);
}

static int destroys(struct learner *a)
{
    unmake(a);
    snn_context_destroy(a->ctx);
    return 0;
}

static int begins_anew(struct learner *a)
{
    struct learner own;
    int rc;

    make(&own, test_context(CHILDS_THREADS, 1, "best"));
    rc = trains(&own);
    destroys(&own);
    return rc || predicts(a);
}

static void in_child(const char *what, int (*fn)(struct learner *), struct learner *a)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(20);
        _exit(fn(a));
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(!WIFSIGNALED(status), "a child that %s ends with signal %d", what, WTERMSIG(status));
    ck_assert_msg(WEXITSTATUS(status) == 0, "a child that %s fails, or finds other bits", what);
}

/* ---- */

static const uint32_t threads[] = { 1, 2, 3, 5 };

START_TEST(test_child)
{
    struct learner a, after;

    make(&after, test_context(1, 1, "best"));
    OK(train(&after));
    OK(predict(&after));
    expected = &after;
    make(&a, test_context(threads[_i], 1, "best"));
    OK(predict(&a));
    for (int asleep = 0; asleep < 2; asleep++) {
        in_child("predicts", predicts, &a);
        in_child("trains", trains, &a);
        in_child("makes a context", begins_anew, &a);
        in_child("destroys what it inherited", destroys, &a);
        rest(5000); /* the workers sleep by now */
    }
    ck_assert_int_eq(trains(&a), 0); /* the parent does as if nothing had been */
    destroys(&a);
    destroys(&after);
}
END_TEST

struct busy {
    struct learner learner;
    _Atomic bool begun, stop;
};

static void *train_on(void *arg)
{
    struct busy *b = arg;

    while (!atomic_load(&b->stop) && train(&b->learner) == SNN_OK)
        atomic_store(&b->begun, true);
    return NULL;
}

static int predicts_and_destroys(struct learner *a)
{
    return predicts(a) || predicts(a) || destroys(a);
}

/* Another thread trains another network of the same context, and is somewhere in it when the child is copied. Not
 * while it starts: an address sanitizer without an interceptor of fork() holds a lock of its allocator there, and the
 * child waits for ever. */
START_TEST(test_child_of_busy_process)
{
    snn_context *ctx = test_context(threads[_i], 1, "best");
    struct busy busy;
    struct learner a;
    pthread_t thread;

    make(&a, ctx);
    make(&busy.learner, ctx);
    atomic_init(&busy.begun, false);
    atomic_init(&busy.stop, false);
    OK(predict(&a));
    ck_assert_int_eq(pthread_create(&thread, NULL, train_on, &busy), 0);
    while (!atomic_load(&busy.begun))
        rest(100);
    for (int i = 0; i < FORKS; i++) {
        if (i % 3 == 0)
            rest(i);
        in_child("predicts", predicts_and_destroys, &a);
    }
    atomic_store(&busy.stop, true);
    pthread_join(thread, NULL);
    ck_assert_double_gt(busy.learner.loss, 0);
    unmake(&busy.learner);
    destroys(&a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: fork");
    TCase *tc = tcase_create("fork");

    tcase_set_timeout(tc, 200);
    tcase_add_loop_test(tc, test_child, 0, 4);
    tcase_add_loop_test(tc, test_child_of_busy_process, 0, 4);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
