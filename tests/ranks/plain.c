/* See plain.h. One number at a time, or one block of signs. */
#include "ranks/plain.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, LANES = 16 };

/* x <- the float of 16 bits next to it, ties to the even one; returns what was lost. */
static float halve(float *x)
{
    const float whole = *x;
    uint32_t bits, rest;

    memcpy(&bits, x, sizeof bits);
    rest = bits & 0xffffu;
    bits -= rest;
    if (rest > 0x8000u || (rest == 0x8000u && bits & 0x10000u))
        bits += 0x10000u;
    memcpy(x, &bits, sizeof bits);
    return whole - *x;
}

/* The mean magnitude: number i belongs to lane i % 16; lanes are halved until one is left. */
static float mean(const float *x, size_t n)
{
    float lane[LANES] = { 0 };

    for (size_t i = 0; i < n; i++)
        lane[i % LANES] += fabsf(x[i]);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            lane[i] += lane[i + half];
    return lane[0] / (float)n;
}

/* What arrives of x [n], which keeps what was lost. */
static void compress(enum snn__send send, float *x, float *arrives, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t end = at + BLOCK < n ? at + BLOCK : n;
        const float scale = mean(x + at, end - at);

        for (size_t i = at; i < end; i++) {
            arrives[i] = send == SNN__SEND_BF16 ? x[i] : x[i] >= 0 ? scale : -scale;
            x[i] = send == SNN__SEND_BF16 ? halve(&arrives[i]) : x[i] - arrives[i];
        }
    }
}

static float tree(const float *leaf, size_t length, size_t lo, size_t hi)
{
    size_t half = 1;

    if (hi - lo == 1)
        return leaf[lo * length];
    while (2 * half < hi - lo)
        half *= 2;
    return tree(leaf, length, lo, lo + half) + tree(leaf, length, lo + half, hi);
}

void plain_sum(const struct snn__ranks_wish *wish, const float *x, float factor, float *residual, float *sum)
{
    const size_t n = wish->length, packed = wish->send == SNN__SEND_FLOAT32 ? 0 : wish->gradient;
    float *leaf = malloc(wish->shards * n * sizeof *leaf + 1);

    for (size_t i = 0; i < wish->shards * n; i++)
        leaf[i] = x[i] * factor + 0.0f;
    for (size_t s = 0; s < wish->shards && packed > 0; s++) {
        for (size_t i = 0; i < packed; i++)
            residual[s * packed + i] += leaf[s * n + i];
        compress(wish->send, residual + s * packed, leaf + s * n, packed);
    }
    for (size_t i = 0; i < n; i++)
        sum[i] = tree(leaf + i, n, 0, wish->shards);
    for (size_t i = 0; i < packed; i++)
        residual[wish->shards * packed + i] += sum[i];
    if (packed > 0)
        compress(wish->send, residual + wish->shards * packed, sum, packed);
    free(leaf);
}
