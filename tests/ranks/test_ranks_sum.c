/* Sums of shards: for any number of ranks the bits of a plain tree. */
#include "ranks/ranks.h"
#include "ranks/threads.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One sum of all ranks. */
struct sum {
    struct snn__ranks_wish wish;
    const float *x; /* [shards][length] */
    float factor;
    float *got; /* [size][length] */
    snn_status rc[16];
    int times; /* the same sum, so often */
};

static float plain(const float *x, size_t length, float factor, size_t lo, size_t hi)
{
    size_t half = 1;

    if (hi - lo == 1)
        return x[lo * length] * factor + 0.0f;
    while (2 * half < hi - lo)
        half *= 2;
    return plain(x, length, factor, lo, lo + half) + plain(x, length, factor, lo + half, hi);
}

/* Spans of a shard as layers give them, from the last to the first, or in another order. */
static void give_shard(struct snn__ranks *r, const struct sum *s, size_t shard)
{
    const size_t n = s->wish.length, cut[] = { 0, n / 7, n / 7 + (n > 2), n / 2, n - n / 3, n };
    const float *x = s->x + (r->first + shard) * n;

    for (size_t i = 0; i < 5; i++) {
        const size_t part = shard % 2 == 0 ? 4 - i : (i * 3 + r->rank) % 5;
        const size_t from = cut[part], to = cut[part + 1];

        snn__ranks_give(r, shard, x + from, s->factor, from, to);
        snn__ranks_poll(r);
    }
}

static void add(void *arg, const snn_communicator *c)
{
    struct sum *s = arg;
    snn_context *ctx = test_context(c->rank % 2 + 1, 1, "best");
    struct snn__ranks r;

    s->rc[c->rank] = snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, c, &s->wish));
    for (int i = 0; i < s->times && s->rc[c->rank] == SNN_OK; i++) {
        snn__ranks_begin(&r);
        for (size_t shard = 0; shard < r.own; shard++)
            give_shard(&r, s, shard);
        s->rc[c->rank] = snn__ranks_end(&r, s->got + c->rank * s->wish.length);
    }
    snn__ranks_free(&r);
    snn_context_destroy(ctx);
}

static void check_sum(uint32_t size, bool messages, size_t shards, size_t length)
{
    struct threads *t = threads_create(size, messages);
    float *x = malloc(shards * length * sizeof *x), *got = malloc(size * length * sizeof *got);
    struct sum s = { .wish = { .shards = shards, .length = length, .gradient = length / 2 },
                     .x = x,
                     .factor = 0.37f,
                     .got = got,
                     .times = 2 };

    random_fill(x, shards * length, -1, 1, (unsigned)(shards * 1000 + length));
    if (length > 0)
        x[0] = -0.0f;
    memset(got, 0xff, size * length * sizeof *got);
    threads_run(t, add, &s);
    for (uint32_t rank = 0; rank < size; rank++) {
        ck_assert_int_eq(s.rc[rank], SNN_OK);
        ck_assert_uint_eq(threads_counted(t, rank).open, 0);
        for (size_t i = 0; i < length; i++) {
            const float expected = plain(x + i, length, s.factor, 0, shards), had = got[rank * length + i];

            ck_assert_msg(memcmp(&had, &expected, sizeof had) == 0,
                          "%u ranks, %zu shards, length %zu, rank %u, %zu: %a, not %a", size, shards, length, rank, i,
                          (double)had, (double)expected);
        }
    }
    threads_destroy(t);
    free(got);
    free(x);
}

static const size_t all_shards[] = { 1, 3, 4, 8, 12 }, lengths[] = { 0, 1, 7, 513, 40001 };
static const uint32_t sizes[] = { 1, 2, 3, 4, 5, 8 };

START_TEST(test_sums)
{
    for (size_t s = 0; s < 5; s++)
        for (size_t n = 0; n < 5; n++)
            for (int messages = 0; messages < 2; messages++)
                if (all_shards[s] >= sizes[_i])
                    check_sum(sizes[_i], messages, all_shards[s], lengths[n]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranks_sum");
    TCase *cases = tcase_create("sum");

    tcase_add_loop_test(cases, test_sums, 0, 6);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
