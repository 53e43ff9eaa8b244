/* Random numbers: the published answers of Philox-4x32-10, distributions, independence of uses, and the order of an
 * epoch. */
#include "core/rng.h"
#include "kernel/layers.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct snn__layer_kernels *kernels(void)
{
    return snn__kernels_at(0)->layers;
}

/* The counter's upper half is stream * constant + (purpose << 56) modulo 2^64; the constant is odd, so that some
 * stream brings any upper half about. */
static uint64_t stream_for(uint64_t upper, enum snn__purpose purpose)
{
    const uint64_t constant = 0x9e3779b97f4a7c15ull;
    uint64_t inverse = constant;

    for (int i = 0; i < 6; i++) /* Newton: doubles the bits that are right */
        inverse *= 2 - constant * inverse;
    return (upper - ((uint64_t)purpose << 56)) * inverse;
}

/* Known answers published with Random123. */
START_TEST(test_known_answers)
{
    static const struct {
        uint64_t lower, upper, key;
        uint32_t want[4];
    } known[] = {
        { 0, 0, 0, { 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u } },
        { UINT64_MAX, UINT64_MAX, UINT64_MAX, { 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu } },
        { 0x85a308d3243f6a88ull,
          0x0370734413198a2eull,
          0x299f31d0a4093822ull,
          { 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u } },
    };

    for (size_t i = 0; i < 3; i++)
        for (int purpose = SNN__RNG_INIT; purpose <= SNN__RNG_NOISE; purpose++) {
            uint64_t stream = stream_for(known[i].upper, (enum snn__purpose)purpose);
            uint32_t out[4];

            snn__random4(known[i].key, (enum snn__purpose)purpose, stream, known[i].lower, out);
            ck_assert_mem_eq(out, known[i].want, sizeof out);
        }
}
END_TEST

START_TEST(test_words_and_fills_agree)
{
    float filled[103];

    kernels()->random_uniform(9, SNN__RNG_INIT, 4, filled, 103, 0, 1);
    for (uint64_t i = 0; i < 103; i++) {
        uint32_t four[4];

        snn__random4(9, SNN__RNG_INIT, 4, i / 4, four);
        ck_assert_uint_eq(snn__random_u32(9, SNN__RNG_INIT, 4, i), four[i % 4]);
        ck_assert_float_eq(snn__random_uniform(9, SNN__RNG_INIT, 4, i), filled[i]);
    }
}
END_TEST

/* Masks of dropout, from any element to any other and of any number, by every instruction set. */
START_TEST(test_masks)
{
    enum { N = 300 };
    const struct snn__kernels *k;
    float mask[N + 1];

    for (size_t table = 0; (k = snn__kernels_at(table)) != NULL; table++)
        for (size_t from = 0; from < 9; from++)
            for (size_t to = from; to <= N; to += 97) {
                struct snn__dropout d = { 0x123456789abcull, 1ull << 33, mask, 0.3f, table % 2 ? from * 1001 : 0 };

                for (size_t i = 0; i <= N; i++)
                    mask[i] = -1;
                k->layers->dropout(&d, from, to);
                for (size_t i = 0; i <= N; i++) {
                    const float u = snn__random_uniform(d.seed, SNN__RNG_DROPOUT, d.stream, d.first + i);

                    ck_assert_float_eq(mask[i], i < from || i >= to ? -1.0f : u < d.rate ? 0.0f : 1.0f);
                }
            }
}
END_TEST

START_TEST(test_uniform)
{
    enum { N = 100000, CELLS = 50 };
    float *x = malloc(N * sizeof *x);
    size_t cell[CELLS] = { 0 };
    double mean = 0, chi = 0;
    size_t outside = 0;

    kernels()->random_uniform((uint64_t)_i, SNN__RNG_INIT, 0, x, N, 0, 1);
    for (size_t i = 0; i < N; i++) {
        outside += !(x[i] >= 0 && x[i] < 1);
        mean += x[i] / N;
        cell[(size_t)(x[i] * CELLS) % CELLS]++;
    }
    for (size_t i = 0; i < CELLS; i++)
        chi += pow((double)cell[i] - (double)N / CELLS, 2) / ((double)N / CELLS);
    ck_assert_uint_eq(outside, 0);
    ck_assert_double_eq_tol(mean, 0.5, 0.005);
    ck_assert_double_lt(chi, 95); /* 49 degrees of freedom: 1 in 10,000 */
    free(x);
}
END_TEST

START_TEST(test_normal)
{
    enum { N = 100001 };
    float *x = malloc((N + 1) * sizeof *x);
    double m1 = 0, m2 = 0, m4 = 0;

    x[N] = 42;
    kernels()->random_normal(3, SNN__RNG_INIT, 1, x, N, 2);
    ck_assert_float_eq(x[N], 42); /* an odd number of them, and no more */
    for (size_t i = 0; i < N; i++) {
        double v = x[i] / 2.0;

        m1 += v / N;
        m2 += v * v / N;
        m4 += v * v * v * v / N;
    }
    ck_assert_double_eq_tol(m1, 0, 0.015);
    ck_assert_double_eq_tol(m2, 1, 0.02);
    ck_assert_double_eq_tol(m4, 3, 0.15);
    free(x);
}
END_TEST

/* Other seeds, purposes and streams give other numbers, without correlation. */
START_TEST(test_streams_are_apart)
{
    enum { N = 20000 };
    static float a[N], b[N];
    static const struct {
        uint64_t seed;
        enum snn__purpose purpose;
        uint64_t stream;
    } other[] = { { 2, SNN__RNG_INIT, 0 },
                  { 1, SNN__RNG_SHUFFLE, 0 },
                  { 1, SNN__RNG_INIT, 1 },
                  { 1ull << 32, SNN__RNG_INIT, 0 },
                  { 1, SNN__RNG_DROPOUT, 4096 } };

    kernels()->random_uniform(1, SNN__RNG_INIT, 0, a, N, -1, 1);
    for (size_t k = 0; k < sizeof other / sizeof *other; k++) {
        double sum = 0;

        kernels()->random_uniform(other[k].seed, other[k].purpose, other[k].stream, b, N, -1, 1);
        for (size_t i = 0; i < N; i++)
            sum += (double)a[i] * b[i];
        ck_assert_double_lt(fabs(sum / N), 0.012); /* 1/3 / sqrt(N) = 0.0024 */
    }
}
END_TEST

START_TEST(test_below)
{
    size_t seen[7] = { 0 };

    for (uint64_t i = 0; i < 7000; i++) {
        uint64_t k = snn__random_below(1, SNN__RNG_AUGMENT, 0, i, 7);

        ck_assert_uint_lt(k, 7);
        seen[k]++;
    }
    for (size_t k = 0; k < 7; k++)
        ck_assert(seen[k] > 850 && seen[k] < 1150);
    ck_assert_uint_eq(snn__random_below(1, SNN__RNG_AUGMENT, 0, 5, 1), 0);
}
END_TEST

/* Every number comes once, whatever n; and not in its own place. */
START_TEST(test_order_is_a_bijection)
{
    static const uint64_t sizes[] = { 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 1000, 4096, 10007 };
    uint64_t n = sizes[_i];
    char *seen = calloc(n, 1);
    size_t fixed = 0, twice = 0;

    for (uint64_t i = 0; i < n; i++) {
        uint64_t k = snn__random_order(7, SNN__RNG_SHUFFLE, 3, i, n);

        twice += k >= n || seen[k];
        seen[k % n] = 1;
        fixed += k == i;
    }
    ck_assert_uint_eq(twice, 0);
    if (n >= 1000)
        ck_assert_uint_lt(fixed, 10);
    free(seen);
}
END_TEST

/* No position prefers a number: the sum over many epochs is even, and neighbours part. */
START_TEST(test_order_is_random)
{
    enum { N = 10, EPOCHS = 20000 };
    static size_t at[N][N];
    size_t together = 0;

    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++)
        for (uint64_t i = 0; i < N; i++) {
            uint64_t k = snn__random_order(1, SNN__RNG_SHUFFLE, epoch, i, N);

            at[i][k]++;
            together += i > 0 && k == snn__random_order(1, SNN__RNG_SHUFFLE, epoch, i - 1, N) + 1;
        }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++)
            ck_assert_msg(at[i][k] > 1750 && at[i][k] < 2250, "position %zu, number %zu: %zu of 2000", i, k,
                          at[i][k]);
    ck_assert_double_eq_tol((double)together / EPOCHS, 0.9, 0.05); /* 9 pairs, 1 in 10 each */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core: random numbers");
    TCase *tc = tcase_create("rng");

    tcase_add_test(tc, test_known_answers);
    tcase_add_test(tc, test_words_and_fills_agree);
    tcase_add_test(tc, test_masks);
    tcase_add_loop_test(tc, test_uniform, 0, 5);
    tcase_add_test(tc, test_normal);
    tcase_add_test(tc, test_streams_are_apart);
    tcase_add_test(tc, test_below);
    tcase_add_loop_test(tc, test_order_is_a_bijection, 0, 14);
    tcase_add_test(tc, test_order_is_random);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
