/* Records, sums in any order, floats that were not given, residuals from run to run, memory. */
#include "ranks/plain.h"
#include "ranks/room.h"
#include "ranks/threads.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RANKS = 4, SHARDS = 6, LENGTH = 5000, GRADIENT = 4100, SUMS = 4 };

/* What a test does on each rank; it returns what is wrong, or NULL. */
struct test {
    struct snn__ranks_wish wish;
    struct threads *all;
    const char *(*body)(struct snn__ranks *r, struct test *t);
    const float *x;   /* [SUMS][SHARDS][LENGTH] */
    float *residual;  /* [SHARDS + 1][GRADIENT], goes from run to run */
    size_t from, end; /* sums of the run */
    float *got;       /* [RANKS][SUMS][LENGTH] */
    char wrong[RANKS][256];
};

static void go(void *arg, const snn_communicator *c)
{
    struct test *t = arg;
    snn_context *ctx = test_context(1, 1, "best");
    struct snn__ranks r;
    const char *wrong;

    if (snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, c, &t->wish)) == SNN_OK)
        wrong = t->body(&r, t);
    else
        wrong = snn_last_error();
    snprintf(t->wrong[c->rank], sizeof t->wrong[0], "%s", wrong != NULL ? wrong : "");
    snn__ranks_free(&r);
    snn_context_destroy(ctx);
}

static void run(struct test *test, uint32_t size, bool messages)
{
    struct threads *t = threads_create(size, messages);

    test->all = t;
    threads_run(t, go, test);
    for (uint32_t rank = 0; rank < size; rank++) {
        ck_assert_msg(test->wrong[rank][0] == 0, "rank %u of %u, messages %d: %s", rank, size, messages,
                      test->wrong[rank]);
        ck_assert_uint_eq(threads_counted(t, rank).open, 0);
    }
    threads_destroy(t);
}

static struct snn__ranks_wish wish(enum snn__send send)
{
    return (struct snn__ranks_wish){
        .shards = SHARDS, .send = send, .length = LENGTH, .gradient = GRADIENT, .bucket = 1024
    };
}

static const float *input(size_t sum, size_t shard)
{
    static float x[SUMS][SHARDS][LENGTH];
    static bool filled;

    if (!filled)
        random_fill(x[0][0], sizeof x / sizeof(float), -1, 1, 7);
    filled = true;
    return x[sum][shard];
}

static float *got_of(struct test *t, uint32_t rank, size_t sum)
{
    return t->got + (rank * SUMS + sum) * LENGTH;
}

static snn_status add(struct snn__ranks *r, const float *x, float *out)
{
    snn__ranks_begin(r);
    for (size_t s = 0; s < r->own; s++)
        snn__ranks_give(r, s, x + (r->first + s) * LENGTH, 0.5f, 0, LENGTH);
    return snn__ranks_end(r, out, out + GRADIENT);
}

/* ---- records ---- */

struct record {
    double loss;
    int64_t correct;
    unsigned char text[333];
};

static void fill_record(struct record *record, size_t shard, int again)
{
    memset(record, (int)(shard * 41 + (size_t)again), sizeof *record);
    record->loss = 1.0 / (double)(shard + 3);
    record->correct = -(int64_t)shard;
}

static const char *records(struct snn__ranks *r, struct test *t)
{
    struct record own[SHARDS], all[SHARDS], expected;
    float *out = malloc(LENGTH * sizeof *out);
    const char *wrong = NULL;

    for (int again = 0; again < 3; again++) {
        for (size_t s = 0; s < r->own; s++)
            fill_record(&own[s], r->first + s, again);
        snn__ranks_begin(r);
        snn__ranks_give(r, r->own - 1, t->x, 1, 0, LENGTH); /* under way meanwhile */
        if (snn__ranks_gather(r, own, sizeof *own, all) != SNN_OK || snn__ranks_end(r, out, out + GRADIENT) != SNN_OK)
            wrong = snn_last_error();
        for (size_t s = 0; s < SHARDS; s++) {
            fill_record(&expected, s, again);
            if (memcmp(&expected, &all[s], sizeof expected) != 0)
                wrong = "a record is not what was sent";
        }
    }
    free(out);
    return wrong;
}

START_TEST(test_records)
{
    struct test t = { .wish = wish(SNN__SEND_FLOAT32), .body = records, .x = input(0, 0) };

    for (uint32_t size = 1; size <= RANKS; size++) {
        run(&t, size, true);
        run(&t, size, false);
    }
    t.wish.any_order = true;
    run(&t, 3, true);
    run(&t, 3, false);
}
END_TEST

/* ---- any order ---- */

static const char *one_sum(struct snn__ranks *r, struct test *t)
{
    return add(r, t->x, got_of(t, r->rank, 0)) == SNN_OK ? NULL : snn_last_error();
}

START_TEST(test_any_order)
{
    struct test t = { .wish = wish(SNN__SEND_FLOAT32), .body = one_sum, .x = input(0, 0) };
    float *expected = malloc(LENGTH * sizeof *expected);

    t.wish.any_order = true;
    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    plain_sum(&t.wish, t.x, 0.5f, NULL, expected);
    for (uint32_t size = 1; size <= RANKS; size++) {
        run(&t, size, size % 2);
        for (size_t i = 0; i < LENGTH; i++)
            ck_assert_float_eq_tol(got_of(&t, 0, 0)[i], expected[i], 1e-6f);
        for (uint32_t rank = 1; rank < size; rank++)
            ck_assert_mem_eq(got_of(&t, rank, 0), got_of(&t, 0, 0), LENGTH * sizeof(float));
    }
    free(expected);
    free(t.got);
}
END_TEST

/* ---- what was not given ---- */

/* Shard 2 gives nothing at all, the others no float from 900 to 1999. */
static const char *with_gaps(struct snn__ranks *r, struct test *t)
{
    float *got = got_of(t, r->rank, 0);

    for (int again = 0; again < 2; again++) {
        snn__ranks_begin(r);
        for (size_t s = 0; s < r->own; s++) {
            const float *x = t->x + (r->first + s) * LENGTH;

            if (r->first + s == 2)
                continue;
            snn__ranks_give(r, s, x + 2000, 0.5f, 2000, LENGTH);
            snn__ranks_give(r, s, x, 0.5f, 0, 900);
        }
        if (snn__ranks_end(r, got, got + GRADIENT) != SNN_OK)
            return snn_last_error();
    }
    return NULL;
}

START_TEST(test_gaps)
{
    float *x = malloc(SHARDS * LENGTH * sizeof *x), *expected = malloc(LENGTH * sizeof *expected);
    float *residual = calloc((SHARDS + 1) * GRADIENT, sizeof *residual);
    struct test t = { .wish = wish((enum snn__send)_i), .body = with_gaps, .x = input(0, 0) };

    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    memcpy(x, t.x, SHARDS * LENGTH * sizeof *x);
    memset(x + 2 * LENGTH, 0, LENGTH * sizeof *x);
    for (size_t s = 0; s < SHARDS; s++)
        memset(x + s * LENGTH + 900, 0, 1100 * sizeof *x);
    for (int again = 0; again < 2; again++)
        plain_sum(&t.wish, x, 0.5f, residual, expected);
    for (uint32_t size = 1; size <= RANKS; size++)
        for (int messages = 0; messages < 2; messages++) {
            run(&t, size, messages);
            ck_assert_mem_eq(got_of(&t, size - 1, 0), expected, LENGTH * sizeof(float));
        }
    free(x);
    free(expected);
    free(residual);
    free(t.got);
}
END_TEST

/* ---- residuals ---- */

/* Sums from .. end - 1, with the residuals of a checkpoint before and for one after them. */
static const char *resume(struct snn__ranks *r, struct test *t)
{
    float *scratch = malloc(GRADIENT * sizeof *scratch);
    snn_status rc = SNN_OK;

    for (size_t i = 0; i <= SHARDS; i++)
        snn__ranks_set_residual(r, i, t->residual + i * GRADIENT);
    for (size_t i = t->from; i < t->end && rc == SNN_OK; i++)
        rc = add(r, t->x + i * SHARDS * LENGTH, got_of(t, r->rank, i));
    for (size_t i = 0; i <= SHARDS && rc == SNN_OK; i++)
        rc = snn__ranks_residual(r, i, r->rank == 0 ? t->residual + i * GRADIENT : scratch);
    free(scratch);
    return rc == SNN_OK ? NULL : snn_last_error();
}

static void owe(double *owed, float factor, const float *x)
{
    for (size_t k = 0; k < GRADIENT; k++)
        owed[k] += (double)(factor * x[k]);
}

/* Stopped and resumed with any number of ranks, a run is what it is in one piece. What was given is what has arrived
 * and what is still to come. */
START_TEST(test_resumed)
{
    static const uint32_t sizes[SUMS] = { 3, 1, 4, 2 };
    struct test t = { .wish = wish(_i % 2 ? SNN__SEND_SIGN : SNN__SEND_BF16), .body = resume, .x = input(0, 0) };
    float *residual = calloc((SHARDS + 1) * GRADIENT, sizeof *residual), *sum = malloc(LENGTH * sizeof *sum);
    double *owed = calloc(GRADIENT, sizeof *owed), largest = 0;

    t.residual = calloc((SHARDS + 1) * GRADIENT, sizeof *t.residual);
    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    for (size_t i = 0; i < SUMS; i++) {
        t.from = i;
        t.end = i + 1;
        run(&t, sizes[i], i / 2 % 2 == (size_t)_i / 2);
        plain_sum(&t.wish, input(i, 0), 0.5f, residual, sum);
        ck_assert_mem_eq(got_of(&t, 0, i), sum, LENGTH * sizeof *sum);
        ck_assert_mem_eq(t.residual, residual, (SHARDS + 1) * GRADIENT * sizeof *residual);
        for (size_t s = 0; s < SHARDS; s++)
            owe(owed, 0.5f, input(i, s));
        owe(owed, -1.0f, sum);
    }
    for (size_t s = 0; s <= SHARDS; s++)
        owe(owed, -1.0f, residual + s * GRADIENT);
    for (size_t k = 0; k < GRADIENT; k++)
        largest = fmax(largest, fabs(owed[k]));
    ck_assert_double_le(largest, 1e-5);
    free(t.got);
    free(t.residual);
    free(residual);
    free(sum);
    free(owed);
}
END_TEST

/* A sum that is taken back leaves no trace. */
static const char *undone(struct snn__ranks *r, struct test *t)
{
    float *first = got_of(t, r->rank, 0), *again = got_of(t, r->rank, 1);

    if (add(r, t->x, first) != SNN_OK)
        return snn_last_error();
    snn__ranks_keep(r);
    if (add(r, t->x, first) != SNN_OK)
        return snn_last_error();
    snn__ranks_undo(r);
    if (add(r, t->x, again) != SNN_OK)
        return snn_last_error();
    return memcmp(first, again, LENGTH * sizeof *first) == 0 ? NULL : "the sum that was taken back has left a trace";
}

START_TEST(test_undone)
{
    struct test t = { .wish = wish(SNN__SEND_SIGN), .body = undone, .x = input(0, 0) };

    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    run(&t, 3, true);
    run(&t, 2, false);
    free(t.got);
}
END_TEST

/* ---- memory and bytes ---- */

static const char *counted(struct snn__ranks *r, struct test *t)
{
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;
    const snn_context *ctx = r->room->ctx;
    double record[SHARDS] = { 0 }, all[SHARDS];

    if (snn_context_get_info(ctx, &before) != SNN_OK)
        return snn_last_error();
    for (size_t i = 0; i < SUMS; i++)
        if (add(r, t->x + i * SHARDS * LENGTH, got_of(t, r->rank, i)) != SNN_OK ||
            snn__ranks_gather(r, record, sizeof *record, all) != SNN_OK)
            return snn_last_error();
    if (snn_context_get_info(ctx, &after) != SNN_OK)
        return snn_last_error();
    return before.allocations == after.allocations ? NULL : "memory was allocated";
}

START_TEST(test_allocates_nothing)
{
    struct test t = { .body = counted, .x = input(0, 0) };

    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    for (int send = 0; send < 3; send++)
        for (uint32_t size = 1; size <= RANKS; size++) {
            t.wish = wish((enum snn__send)send);
            run(&t, size, true);
            run(&t, size, false);
        }
    free(t.got);
}
END_TEST

/* Bytes of two ranks with a shard each: half of the array there, half of it back. docs/ranks.md says so. */
START_TEST(test_bytes)
{
    const size_t expected[] = { 4 * LENGTH, 2 * LENGTH, (LENGTH + 511) / 512 * 68 };
    struct test t = { .body = one_sum, .x = input(0, 0) };

    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    for (int send = 0; send < 3; send++) {
        struct threads *all = threads_create(2, true);

        t.wish = (struct snn__ranks_wish){
            .shards = 2, .send = (enum snn__send)send, .length = LENGTH, .gradient = LENGTH
        };
        threads_run(all, go, &t);
        ck_assert_uint_eq(threads_counted(all, 0).bytes, expected[send]);
        threads_destroy(all);
    }
    free(t.got);
}
END_TEST

/* ---- in time ---- */

/* What the last shard gives leaves while the rest is computed, and its sum is there before the end. */
static const char *early(struct snn__ranks *r, struct test *t)
{
    const float *x = t->x + r->first * LENGTH;
    float *got = got_of(t, r->rank, 0);
    size_t sent;
    snn_status rc;

    snn__ranks_begin(r);
    for (size_t s = 0; s < r->own; s++)
        snn__ranks_give(r, s, x + s * LENGTH + 1024, 0.5f, 1024, LENGTH);
    sent = threads_counted(t->all, r->rank).bytes;
    for (int i = 0; i < 20000 && r->room->bucket[1].leg != SNN__LEG_OVER; i++) {
        snn__ranks_poll(r);
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
    if (r->room->bucket[1].leg != SNN__LEG_OVER)
        return "the sum of a bucket does not come before the end";
    for (size_t s = 0; s < r->own; s++)
        snn__ranks_give(r, s, x + s * LENGTH, 0.5f, 0, 1024);
    rc = snn__ranks_end(r, got, got + GRADIENT);
    if (rc != SNN_OK)
        return snn_last_error();
    return sent > 0 ? NULL : "nothing has left before the end";
}

START_TEST(test_early)
{
    struct test t = { .wish = wish(SNN__SEND_FLOAT32), .body = early, .x = input(0, 0) };

    t.got = calloc((size_t)RANKS * SUMS * LENGTH, sizeof *t.got);
    t.wish.shards = 3;
    run(&t, 3, true);
    free(t.got);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranks_more");
    TCase *cases = tcase_create("more");

    tcase_add_test(cases, test_records);
    tcase_add_test(cases, test_any_order);
    tcase_add_loop_test(cases, test_gaps, 0, 3);
    tcase_add_loop_test(cases, test_resumed, 0, 4);
    tcase_add_test(cases, test_undone);
    tcase_add_test(cases, test_allocates_nothing);
    tcase_add_test(cases, test_bytes);
    tcase_add_test(cases, test_early);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
