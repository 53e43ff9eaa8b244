/* Sums of shards: for any number of ranks, over messages or all_reduce, the bits of a plain tree. */
#include "ranks/plain.h"
#include "ranks/threads.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUMS = 3, RANKS = 8 };

/* Sums one after the other with what is expected of them. */
struct sums {
    struct snn__ranks_wish wish;
    float factor;
    float *x;        /* [SUMS][shards][length] */
    float *expected; /* [SUMS][length] */
    float *residual; /* [shards + 1][gradient] after the last one */
};

/* Cases that the ranks go through, and what each has to complain of. */
struct cases {
    struct sums *sums;
    size_t n;
    bool at_home; /* gradients are given from the place of their sum */
    char wrong[RANKS][256];
};

static struct sums sums_of(struct snn__ranks_wish wish)
{
    const size_t n = wish.length, each = wish.shards * n;
    struct sums s = { .wish = wish, .factor = wish.shards % 4 == 0 ? 1 : 0.37f };
    float *residual = calloc((wish.shards + 1) * wish.gradient + 1, sizeof *residual);

    s.x = malloc(SUMS * each * sizeof *s.x + 1);
    s.expected = malloc(SUMS * n * sizeof *s.expected + 1);
    s.residual = residual;
    random_fill(s.x, SUMS * each, -1, 1, (unsigned)(wish.shards * 1000 + n));
    for (size_t i = 0; i < SUMS * each; i += 5)
        s.x[i] = i % 2 ? -0.0f : 0.0f;
    for (size_t i = 0; i < SUMS; i++)
        plain_sum(&wish, s.x + i * each, s.factor, residual, s.expected + i * n);
    return s;
}

static void sums_free(struct sums *s)
{
    free(s->x);
    free(s->expected);
    free(s->residual);
}

/* Spans of a shard as layers give them, from the last to the first, or in another order; the gradient from the home
 * if there is one, where another shard left other numbers. */
static void give_shard(struct snn__ranks *r, const float *x, float factor, size_t shard)
{
    const size_t n = r->wish.length, cut[] = { 0, n / 7, n / 7 + (n > 2), n / 2, r->wish.gradient, n };
    float *home = r->wish.home;

    if (home != NULL && r->wish.gradient > 0)
        memcpy(home, x, r->wish.gradient * sizeof *home);
    for (size_t i = 0; i < 5; i++) {
        const size_t part = shard % 2 == 0 ? 4 - i : (i * 3 + r->rank) % 5;
        const float *from = home != NULL && cut[part] < r->wish.gradient ? home : x;

        snn__ranks_give(r, shard, from + cut[part], factor, cut[part], cut[part + 1]);
        snn__ranks_poll(r);
    }
}

static bool differ(const float *a, const float *b, size_t n)
{
    return n > 0 && memcmp(a, b, n * sizeof *a) != 0;
}

static const char *add(struct snn__ranks *r, const struct sums *s, float *got)
{
    const size_t n = s->wish.length;

    for (size_t i = 0; i < SUMS; i++) {
        snn__ranks_begin(r);
        for (size_t shard = 0; shard < r->own; shard++)
            give_shard(r, s->x + (i * s->wish.shards + r->first + shard) * n, s->factor, shard);
        if (snn__ranks_end(r, r->wish.home != NULL ? r->wish.home : got, got + r->wish.gradient) != SNN_OK)
            return snn_last_error();
        if (r->wish.home != NULL && r->wish.gradient > 0)
            memcpy(got, r->wish.home, r->wish.gradient * sizeof *got);
        if (differ(got, s->expected + i * n, n))
            return "the sum has other bits";
    }
    for (size_t i = 0; i < snn__ranks_residuals(r); i++) {
        if (snn__ranks_residual(r, i, got) != SNN_OK)
            return snn_last_error();
        if (differ(got, s->residual + i * s->wish.gradient, s->wish.gradient))
            return "a residual has other bits";
    }
    return NULL;
}

static void go_through(void *arg, const snn_communicator *c)
{
    struct cases *all = arg;
    snn_context *ctx = test_context(c->rank % 2 + 1, 1, "best");
    const char *why = NULL;

    for (size_t i = 0; i < all->n && why == NULL; i++) {
        const struct sums *s = &all->sums[i];
        float *got = malloc(s->wish.length * sizeof *got + 1), *home = malloc(s->wish.length * sizeof *home + 1);
        struct snn__ranks_wish wish = s->wish;
        struct snn__ranks r;

        wish.home = all->at_home ? home : NULL;
        if (snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, c, &wish)) == SNN_OK)
            why = add(&r, s, got);
        else
            why = snn_last_error();
        snn__ranks_free(&r);
        if (why != NULL)
            snprintf(all->wrong[c->rank], sizeof all->wrong[0],
                     "%zu shards, length %zu, bucket %zu, send %d, at home %d: %s", wish.shards, wish.length,
                     wish.bucket, wish.send, all->at_home, why);
        free(got);
        free(home);
    }
    snn_context_destroy(ctx);
}

static void check_all(uint32_t size, bool messages, struct cases *all)
{
    struct threads *t = threads_create(size, messages);

    threads_run(t, go_through, all);
    for (uint32_t rank = 0; rank < size; rank++) {
        ck_assert_msg(all->wrong[rank][0] == 0, "rank %u of %u, %s: %s", rank, size,
                      messages ? "messages" : "all_reduce", all->wrong[rank]);
        ck_assert_uint_eq(threads_counted(t, rank).open, 0);
    }
    threads_destroy(t);
}

static const size_t all_shards[] = { 1, 3, 4, 8, 12 }, lengths[] = { 0, 1, 7, 513, 20001 };
static const uint32_t sizes[] = { 1, 2, 3, 4, 5, 8 };

static void check_send(uint32_t size, enum snn__send send)
{
    struct sums list[50];
    struct cases all = { .sums = list };

    for (size_t s = 0; s < 5; s++)
        for (size_t n = 0; n < 5; n++)
            for (size_t bucket = 0; bucket < 1500 && all_shards[s] >= size; bucket += 1024)
                list[all.n++] = sums_of((struct snn__ranks_wish){ .shards = all_shards[s],
                                                                  .send = send,
                                                                  .length = lengths[n],
                                                                  .gradient = lengths[n] - lengths[n] / 3,
                                                                  .bucket = bucket });
    for (int how = 0; how < 4; how++) {
        all.at_home = how / 2;
        check_all(size, how % 2 == 0, &all);
    }
    for (size_t i = 0; i < all.n; i++)
        sums_free(&list[i]);
}

START_TEST(test_float32)
{
    check_send(sizes[_i], SNN__SEND_FLOAT32);
}
END_TEST

START_TEST(test_bf16)
{
    check_send(sizes[_i], SNN__SEND_BF16);
}
END_TEST

START_TEST(test_signs)
{
    check_send(sizes[_i], SNN__SEND_SIGN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranks_sum");
    TCase *cases = tcase_create("sum");

    tcase_add_loop_test(cases, test_float32, 0, 6);
    tcase_add_loop_test(cases, test_bf16, 0, 6);
    tcase_add_loop_test(cases, test_signs, 0, 6);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
