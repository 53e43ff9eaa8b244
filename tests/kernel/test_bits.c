/* Spikes times weights of one bit: every instruction set gives the same whole numbers. */
#include "blas/bits.h"
#include "core/context.h"
#include "core/size.h"
#include "naive.h"
#include "support.h"
#include <string.h>

/* Some 40 % of them 1. */
static void spikes(float *x, size_t n, unsigned seed)
{
    random_fill(x, n, -1, 1, seed);
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > 0.2f;
}

START_TEST(bits_are_those_that_are_set)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);
    float x[300];
    uint64_t word[6];

    for (size_t n = 0; n <= 299; n += n < 140 ? 1 : 13) {
        spikes(x, 300, (unsigned)n + 1);
        x[n] = 1; /* beyond the end: not looked at */
        memset(word, 0xff, sizeof word);
        k->bits(word, x, n);
        for (size_t i = 0; i < snn__ceil_div(n, 64) * 64; i++)
            HOLDS((word[i / 64] >> i % 64 & 1) == (i < n && x[i] != 0), "bit %zu of %zu", i, n);
        HOLDS(word[snn__ceil_div(n, 64)] == UINT64_MAX, "written beyond %zu", n);
    }
}
END_TEST

/* n words of noise */
static void noise(uint64_t *to, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        float part[4];

        random_fill(part, 4, 0, 65536, seed + (unsigned)i);
        to[i] = (uint64_t)part[0] | (uint64_t)part[1] << 16 | (uint64_t)part[2] << 32 | (uint64_t)part[3] << 48;
    }
}

static uint32_t both(size_t words, const uint64_t *x, const uint64_t *w, size_t pitch)
{
    uint32_t n = 0;

    for (size_t b = 0; b < 64 * words; b++)
        n += x[b / 64] >> b % 64 & w[b / 64 * pitch] >> b % 64 & 1;
    return n;
}

static void check_tile(const struct snn__kernels *k, size_t words, const uint64_t *x, size_t rows, const uint64_t *w)
{
    uint64_t *room = aligned_alloc(64, words * SNN__BITS_ROOM * sizeof *room);
    uint32_t count[SNN__BITS_MR * SNN__BITS_NR + 1], set[SNN__BITS_MR + 1];

    memset(count, 0xff, sizeof count);
    memset(set, 0xff, sizeof set);
    k->bits_tile(words, k->bits_turn(words, x, rows, room, set), rows, w, count);
    for (size_t i = 0; i < rows; i++) {
        HOLDS(set[i] == both(words, x + i * words, x + i * words, 1), "%zu words, row %zu of %zu", words, i, rows);
        for (size_t j = 0; j < SNN__BITS_NR; j++)
            HOLDS(count[i * SNN__BITS_NR + j] == both(words, x + i * words, w + j, SNN__BITS_NR),
                  "%zu words, row %zu of %zu, column %zu", words, i, rows, j);
    }
    HOLDS(count[rows * SNN__BITS_NR] == UINT32_MAX && set[rows] == UINT32_MAX, "written beyond %zu rows", rows);
    free(room);
}

START_TEST(tiles_count)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);
    uint64_t x[SNN__BITS_MR * 8], w[8 * SNN__BITS_NR];

    noise(x, SNN__BITS_MR * 8, 1);
    noise(w, 8 * SNN__BITS_NR, 2000);
    for (size_t words = 1; words <= 8; words++)
        for (size_t rows = 1; rows <= SNN__BITS_MR; rows++)
            check_tile(k, words, x, rows, w);
}
END_TEST

/* All set: no sum on the way may be too short. */
START_TEST(long_tiles_count)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);
    const size_t words = 2500;
    uint64_t *x = malloc(SNN__BITS_MR * words * sizeof *x), *w = malloc(words * SNN__BITS_NR * sizeof *w);

    memset(x, 0xff, SNN__BITS_MR * words * sizeof *x);
    memset(w, 0xff, words * SNN__BITS_NR * sizeof *w);
    check_tile(k, words, x, 20, w);
    check_tile(k, words, x, 40, w);
    free(x);
    free(w);
}
END_TEST

/* y = alpha scale[n] sum x sgn(w) + bias[n]: the sum is exact, so the rest is what one line of C makes of it. */
static void check(const snn_context *ctx, const struct window_case *c)
{
    const struct snn__window *w = &c->w;
    const size_t m = c->batch * w->oh * w->ow, k = depth_of(w), taps = w->kh * w->kw, pitch = c->n + 3;
    float *x = numbers(source_size(c)), *weight = numbers(c->n * k), *scale = numbers(c->n), *bias = numbers(c->n),
          *y = numbers(m * pitch);
    uint64_t *packed = calloc(snn__bits_packed_size(w, c->n), sizeof *packed);
    void *scratch = aligned_alloc(64, snn__bits_scratch(ctx, c->batch, w));
    struct snn__bits_product p = { m, c->n, x, NULL, *w, packed, 0.75f, scale, bias, y, pitch };
    uint64_t *map;
    double *patches;

    spikes(x, source_size(c), 4);
    random_fill(weight, c->n * k, -1, 1, 5);
    random_fill(scale, c->n, 0, 1, 6);
    random_fill(bias, c->n, -1, 1, 7);
    weight[0] = -0.0f; /* its sign is + */
    patches = patches_of(w, x, m);
    map = map_of(w, x, c->batch);
    snn__bits_pack(w, packed, weight, c->n);
    for (int with = 1; with >= 0; with--) { /* a bias and floats, or neither */
        p.bias = with ? bias : NULL;
        p.x = with ? x : NULL;
        p.map = with ? NULL : map;
        snn__bits_product(ctx, &p, scratch);
        for (size_t i = 0; i < m; i++)
            for (size_t n = 0; n < c->n; n++) {
                double sum = 0;
                float want;

                for (size_t j = 0; j < k; j++) /* k counts taps, then channels; the weights channels, then taps */
                    sum += weight[n * k + j % w->c * taps + j / w->c] >= 0 ? patches[i * k + j] : -patches[i * k + j];
                want = (float)sum * (scale[n] * 0.75f) + (with ? bias[n] : 0);
                HOLDS(y[i * pitch + n] == want, "%s: y[%zu,%zu] is %.9g, not %.9g", c->name, i, n, y[i * pitch + n],
                      want);
            }
    }
    for (size_t i = 0; i < m; i++)
        HOLDS(y[i * pitch + c->n] == 0 && y[i * pitch + c->n + 2] == 0, "%s: written beyond row %zu", c->name, i);
    free(x);
    free(weight);
    free(scale);
    free(bias);
    free(y);
    free(packed);
    free(map);
    free(scratch);
    free(patches);
}

START_TEST(product_is_exact)
{
    const struct window_case *c = &window_cases[_i / tables()];

    for (uint32_t threads = 1; threads <= 3 && !c->w.transposed; threads += 2) {
        snn_context *ctx = test_context(threads, 1, isa_of(_i % tables()));

        check(ctx, c);
        snn_context_destroy(ctx);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bits");
    TCase *t = tcase_create("bits"), *product = tcase_create("product");

    tcase_set_timeout(t, 120);
    tcase_set_timeout(product, 120);
    tcase_set_tags(product, "long"); /* in an emulator */
    tcase_add_loop_test(t, bits_are_those_that_are_set, 0, tables());
    tcase_add_loop_test(t, tiles_count, 0, tables());
    tcase_add_loop_test(t, long_tiles_count, 0, tables());
    tcase_add_loop_test(product, product_is_exact, 0, (int)WINDOW_CASES * tables());
    suite_add_tcase(s, t);
    suite_add_tcase(s, product);
    return run_suite(s);
}
