/* What fails, fails on all ranks: a function of the communicator at every call, a rank that was not prepared, ranks
 * that were prepared differently. */
#include "ranks/ranks.h"
#include "ranks/threads.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS = 3, SHARDS = 5, LENGTH = 3000 };

struct run {
    enum snn__send send;
    bool any_order;
    snn_status rc[RANKS];
    char why[RANKS][512];
    bool leaks[RANKS];
};

static snn_status use(struct snn__ranks *r)
{
    float x[LENGTH], sum[LENGTH];
    uint64_t own[SHARDS] = { 0 }, all[SHARDS];

    for (size_t i = 0; i < LENGTH; i++)
        x[i] = (float)i;
    for (int again = 0; again < 2; again++) {
        snn__ranks_begin(r);
        for (size_t s = 0; s < r->own; s++) {
            snn__ranks_give(r, s, x + 1000, 1, 1000, LENGTH);
            snn__ranks_poll(r);
            snn__ranks_give(r, s, x, 1, 0, 1000);
        }
        SNN__TRY(snn__ranks_gather(r, own, sizeof *own, all));
        SNN__TRY(snn__ranks_end(r, sum, sum + r->wish.gradient));
    }
    for (size_t i = 0; i < snn__ranks_residuals(r); i++)
        SNN__TRY(snn__ranks_residual(r, i, sum));
    return SNN_OK;
}

/* A failure stays: no later call does anything else. */
static snn_status use_again(struct snn__ranks *r, snn_status rc)
{
    float sum[LENGTH];

    if (rc == SNN_OK)
        return rc;
    snn__ranks_begin(r);
    snn__ranks_poll(r);
    return snn__ranks_end(r, sum, sum + r->wish.gradient) == rc ? rc : SNN_ERR_INTERNAL;
}

static void go(void *arg, const snn_communicator *c)
{
    struct run *run = arg;
    const struct snn__ranks_wish wish = { .shards = SHARDS,
                                          .any_order = run->any_order,
                                          .send = run->send,
                                          .length = LENGTH,
                                          .gradient = LENGTH - 700,
                                          .bucket = 512 };
    snn_context *ctx = test_context(1, 1, "best");
    const uint64_t before = test_context_bytes(ctx);
    struct snn__ranks r;
    snn_status rc = snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, c, &wish));

    if (rc == SNN_OK)
        rc = use_again(&r, use(&r));
    run->rc[c->rank] = rc;
    snprintf(run->why[c->rank], sizeof run->why[0], "%s", rc != SNN_OK ? snn_last_error() : "");
    snn__ranks_free(&r);
    run->leaks[c->rank] = test_context_bytes(ctx) != before;
    snn_context_destroy(ctx);
}

/* Returns the calls of rank 1. How often it asks whether messages have come is a matter of time: a run may end before
 * the call that is to fail. */
static size_t fail_at(bool messages, struct run *run, size_t call)
{
    struct threads *t = threads_create(RANKS, messages);
    const size_t victim = 1;
    size_t calls;
    bool failed;

    threads_fail(t, victim, call);
    threads_run(t, go, run);
    calls = threads_counted(t, victim).calls;
    failed = call > 0 && calls >= call;
    for (uint32_t rank = 0; rank < RANKS; rank++) {
        const struct threads_count count = threads_counted(t, rank);

        ck_assert_msg(run->rc[rank] == (failed && (rank == victim || run->rc[rank] != SNN_OK) ? SNN_ERR_IO : SNN_OK),
                      "call %zu, rank %u: %s (%s)", call, rank, snn_status_name(run->rc[rank]), run->why[rank]);
        ck_assert_msg(run->rc[rank] == SNN_OK || strstr(run->why[rank], "rank 1: the wire is cut") != NULL,
                      "call %zu, rank %u: %s", call, rank, run->why[rank]);
        ck_assert_msg(count.open == 0 && count.late == 0 && !run->leaks[rank],
                      "call %zu, rank %u: %zu exchanges are open, %zu calls came too late", call, rank, count.open,
                      count.late);
    }
    threads_destroy(t);
    return calls;
}

static void fail_everywhere(bool messages, enum snn__send send, bool any_order)
{
    struct run run = { .send = send, .any_order = any_order };
    size_t call = 1;

    while (call <= fail_at(messages, &run, 0)) {
        fail_at(messages, &run, call);
        call += call < 20 ? 1 : 3; /* most of the later ones are finish() */
    }
    ck_assert_uint_gt(call, any_order ? 8 : 12);
}

START_TEST(test_messages)
{
    fail_everywhere(true, SNN__SEND_FLOAT32, false);
}
END_TEST

START_TEST(test_packed_messages)
{
    fail_everywhere(true, SNN__SEND_SIGN, false);
}
END_TEST

START_TEST(test_slots)
{
    fail_everywhere(false, SNN__SEND_BF16, false);
}
END_TEST

START_TEST(test_any_order)
{
    fail_everywhere(false, SNN__SEND_FLOAT32, true);
}
END_TEST

/* ---- preparing ---- */

struct prepared {
    struct snn__ranks_wish wish[RANKS];
    snn_status given, rc[RANKS]; /* given: what rank 1 failed with before */
    char why[RANKS][512];
};

static void prepare(void *arg, const snn_communicator *c)
{
    struct prepared *p = arg;
    snn_context *ctx = test_context(1, 1, "best");
    struct snn__ranks r;
    snn_status rc = snn__ranks_plan(&r, ctx, c, &p->wish[c->rank]);

    p->rc[c->rank] = snn__ranks_agree(&r, c->rank == 1 && p->given != SNN_OK ? p->given : rc);
    snprintf(p->why[c->rank], sizeof p->why[0], "%s", snn_last_error());
    snn__ranks_free(&r);
    snn_context_destroy(ctx);
}

static void prepare_all(struct prepared *p)
{
    struct threads *t = threads_create(RANKS, true);

    threads_run(t, prepare, p);
    threads_destroy(t);
}

START_TEST(test_disagree)
{
    const struct snn__ranks_wish wish = { .shards = 4, .length = 10 };
    struct prepared p = { .wish = { wish, wish, wish } };

    p.wish[2].length = 11;
    prepare_all(&p);
    for (size_t rank = 0; rank < RANKS; rank++) {
        ck_assert_int_eq(p.rc[rank], SNN_ERR_STATE);
        ck_assert_msg(strstr(p.why[rank], "ranks differ") != NULL, "%s", p.why[rank]);
    }
    ck_assert(strstr(p.why[2], "has 4 and 11") != NULL);
}
END_TEST

START_TEST(test_one_fails)
{
    const struct snn__ranks_wish wish = { .shards = 4, .length = 10 };
    struct prepared p = { .wish = { wish, wish, wish }, .given = SNN_ERR_MEMORY };

    prepare_all(&p);
    ck_assert_int_eq(p.rc[1], SNN_ERR_MEMORY);
    ck_assert_int_eq(p.rc[0], SNN_ERR_STATE);
    ck_assert_int_eq(p.rc[2], SNN_ERR_STATE);
    ck_assert_msg(strstr(p.why[0], "1 of 3 ranks") != NULL, "%s", p.why[0]);
}
END_TEST

START_TEST(test_too_few_shards)
{
    const struct snn__ranks_wish wish = { .shards = 2, .length = 10 };
    struct prepared p = { .wish = { wish, wish, wish } };

    prepare_all(&p);
    for (size_t rank = 0; rank < RANKS; rank++) {
        ck_assert_int_eq(p.rc[rank], SNN_ERR_ARGUMENT);
        ck_assert_msg(strstr(p.why[rank], "2 shards for 3 ranks") != NULL, "%s", p.why[rank]);
    }
}
END_TEST

/* Every allocation of a plan fails once. */
START_TEST(test_memory)
{
    const struct snn__ranks_wish wish = { .shards = 4, .send = SNN__SEND_BF16, .length = 5000, .gradient = 5000 };
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *ctx;
    struct snn__ranks r;
    size_t at = 0;
    snn_status rc;

    counting_options(&c, &options);
    OK(snn_context_create(&ctx, &options));
    do {
        const size_t live = c.live;

        c.fail_at = c.calls + ++at;
        rc = snn__ranks_plan(&r, ctx, NULL, &wish);
        c.fail_at = 0;
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        snn__ranks_free(&r);
        ck_assert_uint_eq(c.live, live);
    } while (rc != SNN_OK);
    ck_assert_uint_gt(at, 4);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranks_fail");
    TCase *cases = tcase_create("fail");

    tcase_add_test(cases, test_messages);
    tcase_add_test(cases, test_packed_messages);
    tcase_add_test(cases, test_slots);
    tcase_add_test(cases, test_any_order);
    tcase_add_test(cases, test_disagree);
    tcase_add_test(cases, test_one_fails);
    tcase_add_test(cases, test_too_few_shards);
    tcase_add_test(cases, test_memory);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
