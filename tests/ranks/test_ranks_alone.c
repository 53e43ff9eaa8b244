/* One rank, and the checks of a communicator. */
#include "ranks/ranks.h"
#include "support.h"
#include <math.h>
#include <string.h>

static snn_status sum(void *user, float *data, size_t n)
{
    (void)user;
    (void)data;
    (void)n;
    return SNN_OK;
}

static snn_status spread(void *user, void *data, size_t bytes, uint32_t root)
{
    (void)user;
    (void)data;
    (void)bytes;
    (void)root;
    return SNN_OK;
}

static snn_status meet(void *user)
{
    (void)user;
    return SNN_OK;
}

static snn_status finish(void *user, void *exchange, int wait, int *done)
{
    (void)user;
    (void)exchange;
    (void)wait;
    *done = 1;
    return SNN_OK;
}

static snn_communicator whole(void)
{
    snn_communicator c;

    OK(snn_communicator_init(&c, sizeof c));
    c.all_reduce = sum;
    c.broadcast = spread;
    c.barrier = meet;
    return c;
}

START_TEST(test_refused)
{
    snn_communicator own, c = whole();

    OK(snn__communicator_read(&own, &c));
    c.rank = 1;
    FAILS(snn__communicator_read(&own, &c), SNN_ERR_ARGUMENT, "rank 1 of 1");
    c = whole();
    c.size = 0;
    FAILS(snn__communicator_read(&own, &c), SNN_ERR_ARGUMENT, "rank 0 of 0");
    c = whole();
    c.barrier = NULL;
    FAILS(snn__communicator_read(&own, &c), SNN_ERR_ARGUMENT, "must be set");
    c = whole();
    c.finish = finish;
    FAILS(snn__communicator_read(&own, &c), SNN_ERR_ARGUMENT, "both start and finish");
    c = whole();
    c.reserved = 1;
    FAILS(snn__communicator_read(&own, &c), SNN_ERR_VERSION, "reserved");
    memset(&c, 0, sizeof c);
    FAILS(snn__communicator_read(&own, &c), SNN_ERR_ARGUMENT, "snn_communicator_init()");
}
END_TEST

static snn_status return_seven(void *user, float *data, size_t n)
{
    (void)user;
    (void)data;
    (void)n;
    return (snn_status)7;
}

/* What a host returns that is neither SNN_OK nor below 0 is a failure that looks like one. */
START_TEST(test_no_status)
{
    snn_context *ctx = test_context(1, 1, "best");
    const struct snn__ranks_wish wish = { .shards = 2, .length = 1 };
    snn_communicator c = whole();
    struct snn__ranks r;

    c.size = 2;
    c.all_reduce = return_seven;
    FAILS(snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, &c, &wish)), SNN_ERR_INTERNAL,
          "all_reduce of rank 0 returned a number that is no status");
    snn__ranks_free(&r);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_wishes)
{
    snn_context *ctx = test_context(1, 1, "best");
    const struct snn__ranks_wish none = { .shards = 0, .length = 1 }, any = {
        .shards = 1, .any_order = true, .send = SNN__SEND_SIGN, .length = 1, .gradient = 1
    };
    struct snn__ranks r;

    FAILS(snn__ranks_plan(&r, ctx, NULL, &none), SNN_ERR_ARGUMENT, "every rank needs one");
    FAILS(snn__ranks_plan(&r, ctx, NULL, &any), SNN_ERR_UNSUPPORTED, "float32");
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_sum_of_three)
{
    snn_context *ctx = test_context(1, 1, "best");
    const struct snn__ranks_wish wish = { .shards = 3, .length = 2 };
    const float x[3][2] = { { 1, -0.0f }, { 3e-8f, 0 }, { 3e-8f, -0.0f } };
    const uint64_t before = test_context_bytes(ctx);
    float got[2];
    struct snn__ranks r;

    OK(snn__ranks_plan(&r, ctx, NULL, &wish));
    ck_assert(r.first == 0 && r.own == 3);
    snn__ranks_begin(&r);
    for (size_t s = 0; s < 3; s++) {
        snn__ranks_give(&r, s, x[s] + 1, 1, 1, 2);
        snn__ranks_give(&r, s, x[s], 1, 0, 1);
    }
    OK(snn__ranks_end(&r, got, got));
    ck_assert(got[0] == (1 + 3e-8f) + 3e-8f && got[1] == 0 && !signbit(got[1]));
    snn__ranks_free(&r);
    ck_assert_uint_eq(test_context_bytes(ctx), before);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranks_alone");
    TCase *cases = tcase_create("alone");

    tcase_add_test(cases, test_refused);
    tcase_add_test(cases, test_no_status);
    tcase_add_test(cases, test_wishes);
    tcase_add_test(cases, test_sum_of_three);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
