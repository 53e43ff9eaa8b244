/* Encoders: conversion of a static sample into T inputs. */
#include "data/data.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N 13 /* no multiple of the four numbers that are drawn at once */
#define T 6

static float x[N], out[N], again[N];

START_TEST(direct_is_the_sample)
{
    random_fill(x, N, -2.0f, 2.0f, 1);
    for (size_t t = 0; t < T; t++) {
        memset(out, 0, sizeof out);
        snn__encode(SNN__ENCODER_DIRECT, 1, 2, 3, t, T, x, out, N);
        ck_assert_mem_eq(out, x, sizeof x);
    }
}
END_TEST

START_TEST(latency_is_one_spike)
{
    for (size_t steps = 1; steps <= 9; steps++) {
        size_t when[N], spikes[N] = { 0 };

        random_fill(x, N, -0.2f, 1.3f, (unsigned)steps);
        x[0] = 0;
        x[1] = 1;
        x[2] = 1e-6f;
        x[3] = -1;
        for (size_t t = 0; t < steps; t++) {
            snn__encode(SNN__ENCODER_LATENCY, 1, 2, 3, t, steps, x, out, N);
            for (size_t i = 0; i < N; i++)
                if (out[i] != 0) {
                    ck_assert_float_eq(out[i], 1.0f);
                    when[i] = t;
                    spikes[i]++;
                }
        }
        for (size_t i = 0; i < N; i++) {
            ck_assert_uint_eq(spikes[i], x[i] > 0 ? 1 : 0);
            if (x[i] > 0)
                ck_assert_uint_eq(when[i], (size_t)lroundf((1 - fminf(x[i], 1)) * (float)(steps - 1)));
        }
        ck_assert_uint_eq(when[1], 0);
        ck_assert_uint_eq(when[2], steps - 1);
    }
}
END_TEST

START_TEST(poisson_has_the_rate)
{
    const float rate[N] = { 0, 1, 0.5f, 0.1f, 0.9f, -1, 2, 0.25f, 0.75f, 0.01f, 0.99f, 0.3f, 0.6f };
    const size_t samples = 4000;
    size_t spikes[N] = { 0 };

    for (size_t index = 0; index < samples; index++)
        for (size_t t = 0; t < T; t++) {
            snn__encode(SNN__ENCODER_POISSON, 1, 2, index, t, T, rate, out, N);
            for (size_t i = 0; i < N; i++) {
                ck_assert(out[i] == 0 || out[i] == 1);
                spikes[i] += out[i] > 0;
            }
        }
    for (size_t i = 0; i < N; i++) {
        const double p = fmin(1, fmax(0, (double)rate[i])), n = (double)(samples * T);

        ck_assert_double_le(fabs((double)spikes[i] - n * p), 4.5 * sqrt(n * p * (1 - p)));
    }
}
END_TEST

/* Neighbouring elements, steps and samples agree as often as chance has it. */
START_TEST(poisson_is_independent)
{
    enum { SAMPLES = 4000 };
    static float s[SAMPLES][2][N];
    size_t element = 0, step = 0, sample = 0;

    for (size_t i = 0; i < N; i++)
        x[i] = 0.5f;
    for (size_t k = 0; k < SAMPLES; k++)
        for (size_t t = 0; t < 2; t++)
            snn__encode(SNN__ENCODER_POISSON, 1, 2, k, t, 2, x, s[k][t], N);
    for (size_t k = 0; k + 1 < SAMPLES; k++)
        for (size_t i = 0; i + 1 < N; i++) {
            element += s[k][0][i] == s[k][0][i + 1];
            step += s[k][0][i] == s[k][1][i];
            sample += s[k][0][i] == s[k + 1][0][i];
        }
    /* of 47988 pairs half, deviation 110 */
    ck_assert_int_lt(abs((int)element - 23994), 500);
    ck_assert_int_lt(abs((int)step - 23994), 500);
    ck_assert_int_lt(abs((int)sample - 23994), 500);
}
END_TEST

START_TEST(poisson_is_a_function_of_its_arguments)
{
    size_t different = 0;

    for (size_t i = 0; i < N; i++)
        x[i] = 0.5f;
    snn__encode(SNN__ENCODER_POISSON, 1, 2, 3, 4, T, x, out, N);
    snn__encode(SNN__ENCODER_POISSON, 1, 2, 3, 4, T, x, again, N);
    ck_assert_mem_eq(out, again, sizeof out);
    snn__encode(SNN__ENCODER_POISSON, 9, 2, 3, 4, T, x, again, N);
    different += memcmp(out, again, sizeof out) != 0;
    snn__encode(SNN__ENCODER_POISSON, 1, 9, 3, 4, T, x, again, N);
    different += memcmp(out, again, sizeof out) != 0;
    snn__encode(SNN__ENCODER_POISSON, 1, 2, 9, 4, T, x, again, N);
    different += memcmp(out, again, sizeof out) != 0;
    snn__encode(SNN__ENCODER_POISSON, 1, 2, 3, 5, T, x, again, N);
    different += memcmp(out, again, sizeof out) != 0;
    ck_assert_uint_eq(different, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: encoders");
    TCase *tc = tcase_create("encode");

    tcase_add_test(tc, direct_is_the_sample);
    tcase_add_test(tc, latency_is_one_spike);
    tcase_add_test(tc, poisson_has_the_rate);
    tcase_add_test(tc, poisson_is_independent);
    tcase_add_test(tc, poisson_is_a_function_of_its_arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
