/* The products again, as slow and obvious as possible, in double precision; and the cases that they are tried on. */
#ifndef SNN_TESTS_KERNEL_NAIVE_H
#define SNN_TESTS_KERNEL_NAIVE_H

#include "blas/product.h"
#include "kernel/kernel.h"
#include <math.h>
#include <stdlib.h>

/* ck_assert_msg for inner loops: Check notes every assertion that it passes, which takes longer than the loop. */
#define HOLDS(condition, ...)          \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

/* The loops over every number touch no memory of other threads: watched by the thread sanitizer, they would take
 * minutes. */
#define UNWATCHED __attribute__((no_sanitize("thread")))

/* The tables that this machine can run, and the cap that chooses number `index`. */
static inline int tables(void)
{
    int n = 0;

    while (snn__kernels_at((size_t)n))
        n++;
    return n;
}

static inline const char *isa_of(int index)
{
    return snn__isa_name(snn__kernels_at((size_t)index)->isa);
}

struct window_case {
    const char *name;
    size_t batch, n;
    struct snn__window w;
};

/* h, w, c, pitch, oh, ow, kh, kw, stride, pad, dilation, transposed */
static const struct window_case window_cases[] = {
    { "matrix", 37, 45, { 1, 1, 53, 53, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "matrix with pitch", 13, 70, { 1, 1, 31, 40, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "one row", 1, 33, { 1, 1, 129, 129, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "one column", 29, 1, { 1, 1, 17, 17, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "one number", 1, 1, { 1, 1, 1, 1, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "deep", 5, 35, { 1, 1, 1601, 1601, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "high", 1100, 10, { 1, 1, 30, 30, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "wide", 26, 417, { 1, 1, 40, 40, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "large", 150, 420, { 1, 1, 500, 500, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "1x1", 3, 20, { 5, 7, 33, 33, 5, 7, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "3x3", 2, 17, { 8, 6, 3, 3, 8, 6, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "3x3 deep", 2, 40, { 6, 5, 48, 48, 6, 5, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "3x3 many", 9, 33, { 16, 16, 2, 2, 16, 16, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "3x3 of a group", 2, 8, { 6, 6, 8, 24, 6, 6, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "3x3, few channels, many rows", 3, 45, { 37, 29, 3, 3, 37, 29, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "few channels, stride 2", 9, 70, { 17, 23, 3, 3, 9, 12, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, false } },
    { "5x5, one channel", 5, 15, { 28, 28, 1, 1, 28, 28, 5, 5, { 1, 1 }, { 2, 2 }, { 1, 1 }, false } },
    { "5x4, few channels, stride 2", 4, 33, { 12, 19, 4, 4, 5, 9, 5, 4, { 2, 2 }, { 1, 1 }, { 1, 1 }, false } },
    { "few channels, wide padding", 3, 9, { 5, 4, 2, 2, 11, 10, 5, 5, { 1, 1 }, { 5, 5 }, { 1, 1 }, false } },
    { "stride 2", 2, 12, { 9, 8, 5, 5, 5, 4, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, false } },
    { "stride 3, 5x4", 2, 12, { 11, 13, 4, 6, 4, 4, 5, 4, { 3, 3 }, { 2, 2 }, { 1, 1 }, false } },
    { "dilation 2", 2, 12, { 9, 9, 36, 36, 9, 9, 3, 3, { 1, 1 }, { 2, 2 }, { 2, 2 }, false } },
    { "3x3, wide padding", 3, 40, { 5, 4, 34, 34, 9, 8, 3, 3, { 1, 1 }, { 3, 3 }, { 1, 1 }, false } },
    { "kernel wider than the map", 2, 6, { 2, 2, 5, 5, 2, 2, 5, 5, { 1, 1 }, { 2, 2 }, { 1, 1 }, false } },
    { "3x3, whole tiles", 6, 40, { 8, 8, 48, 48, 8, 8, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "3x3, cut tiles, pitch", 8, 133, { 7, 11, 33, 66, 7, 11, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "3x3, no padding", 3, 45, { 14, 13, 131, 131, 12, 11, 3, 3, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "3x3, all padding", 3, 32, { 10, 9, 64, 64, 12, 11, 3, 3, { 1, 1 }, { 2, 2 }, { 1, 1 }, false } },
    { "3x3, many tiles", 3, 64, { 28, 28, 32, 32, 28, 28, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "5x5, whole tiles", 3, 40, { 8, 6, 48, 48, 8, 6, 5, 5, { 1, 1 }, { 2, 2 }, { 1, 1 }, false } },
    { "5x5, cut tiles, pitch", 4, 133, { 7, 11, 33, 66, 5, 9, 5, 5, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "5x5, all padding", 2, 32, { 6, 5, 64, 64, 10, 9, 5, 5, { 1, 1 }, { 4, 4 }, { 1, 1 }, false } },
    { "5x5 transposed", 3, 45, { 8, 9, 50, 50, 8, 9, 5, 5, { 1, 1 }, { 2, 2 }, { 1, 1 }, true } },
    { "5x5 transposed, no padding", 3, 45, { 7, 8, 50, 50, 11, 12, 5, 5, { 1, 1 }, { 0, 0 }, { 1, 1 }, true } },
    { "transposed, whole tiles", 6, 40, { 8, 8, 48, 48, 8, 8, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, true } },
    { "transposed, no padding", 3, 45, { 12, 11, 50, 50, 14, 13, 3, 3, { 1, 1 }, { 0, 0 }, { 1, 1 }, true } },
    { "transposed", 2, 9, { 6, 6, 40, 40, 6, 6, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, true } },
    { "transposed stride 2", 2, 9, { 5, 4, 7, 7, 9, 8, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, true } },
    { "transposed stride 2, whole tiles", 4, 64, { 8, 8, 48, 48, 16, 16, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, true } },
    { "transposed stride 2, one tap, group", 2, 9, { 5, 4, 7, 14, 9, 8, 1, 1, { 2, 2 }, { 0, 0 }, { 1, 1 }, true } },
    { "transposed stride 2, 5x5", 2, 33, { 6, 7, 7, 7, 12, 13, 5, 5, { 2, 2 }, { 2, 2 }, { 1, 1 }, true } },
    { "transposed stride 3, two taps", 2, 9, { 4, 4, 6, 6, 11, 12, 2, 2, { 3, 3 }, { 0, 0 }, { 1, 1 }, true } },
    { "row", 6, 40, { 1, 50, 48, 48, 1, 50, 1, 5, { 1, 1 }, { 0, 2 }, { 1, 1 }, false } },
    { "row, few channels, stride 2", 5, 33, { 1, 61, 3, 3, 1, 31, 1, 3, { 2, 2 }, { 0, 1 }, { 1, 1 }, false } },
    { "row, stride 3, dilation 2", 4, 17, { 1, 40, 70, 70, 1, 15, 1, 3, { 1, 3 }, { 0, 4 }, { 1, 2 }, false } },
    { "3x5, strides 1, 2", 2, 40, { 9, 12, 36, 36, 7, 6, 3, 5, { 1, 2 }, { 0, 1 }, { 1, 1 }, false } },
    { "5x2, few channels, strides 2, 1", 3, 9, { 12, 9, 2, 2, 5, 10, 5, 2, { 2, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "2x3, dilations 3, 1", 2, 12, { 9, 9, 33, 33, 8, 7, 2, 3, { 1, 1 }, { 1, 0 }, { 3, 1 }, false } },
    { "3x3, paddings 0, 2", 4, 40, { 10, 8, 48, 48, 8, 10, 3, 3, { 1, 1 }, { 0, 2 }, { 1, 1 }, false } },
    { "transposed, paddings 2, 0", 4, 40, { 10, 8, 48, 48, 8, 10, 3, 3, { 1, 1 }, { 2, 0 }, { 1, 1 }, true } },
    { "transposed row", 6, 40, { 1, 50, 48, 48, 1, 50, 1, 5, { 1, 1 }, { 0, 2 }, { 1, 1 }, true } },
    { "transposed row, stride 2", 4, 17, { 1, 25, 40, 40, 1, 50, 1, 5, { 2, 2 }, { 0, 2 }, { 1, 1 }, true } },
    { "transposed, strides 1, 3", 2, 12, { 5, 4, 7, 7, 6, 12, 2, 3, { 1, 3 }, { 0, 1 }, { 1, 1 }, true } },
    { "transposed dilation 2, stride 3, group",
      2,
      9,
      { 4, 4, 6, 18, 12, 13, 3, 3, { 3, 3 }, { 2, 2 }, { 2, 2 }, true } },
};

#define WINDOW_CASES (sizeof window_cases / sizeof window_cases[0])

static inline size_t depth_of(const struct snn__window *w)
{
    return w->kh * w->kw * w->c;
}

static inline float *numbers(size_t n)
{
    float *p = calloc(n ? n : 1, sizeof *p);

    if (p == NULL)
        abort();
    return p;
}

/* The row or column that tap i of output `at` reads, or -1. */
UNWATCHED static inline long source_of(const struct snn__window *w, int axis, long at, long i)
{
    const long s = (long)w->stride[axis], p = (long)w->pad[axis], d = (long)w->dilation[axis];

    if (!w->transposed)
        return at * s - p + i * d;
    return (at + p - i * d) % s != 0 ? -1 : (at + p - i * d) / s;
}

/* Element (m, k) of read(x), as kernel.h says it. */
UNWATCHED static inline double read_window(const struct snn__window *w, const float *x, size_t m, size_t k)
{
    const long b = (long)(m / (w->oh * w->ow)), y = (long)(m / w->ow % w->oh), z = (long)(m % w->ow);
    const long channel = (long)(k % w->c), j = (long)(k / w->c % w->kw), i = (long)(k / w->c / w->kw);
    const long row = source_of(w, 0, y, i), column = source_of(w, 1, z, j), h = (long)w->h, v = (long)w->w;

    if (row < 0 || row >= h || column < 0 || column >= v)
        return 0;
    return x[((b * h + row) * v + column) * (long)w->pitch + channel];
}

/* read(x) as a matrix [m,k] */
UNWATCHED static inline double *patches_of(const struct snn__window *w, const float *x, size_t m)
{
    const size_t k = depth_of(w);
    double *p = calloc(m * k, sizeof *p);

    if (p == NULL)
        abort();
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < k; j++)
            p[i * k + j] = read_window(w, x, i, j);
    return p;
}

/* The spikes x as bits: positions of ceil(c / 64) words. */
static inline uint64_t *map_of(const struct snn__window *w, const float *x, size_t samples)
{
    const size_t words = (w->c + 63) / 64, positions = samples * w->h * w->w;
    uint64_t *map = calloc(positions * words, sizeof *map);

    if (map == NULL)
        abort();
    for (size_t i = 0; i < positions; i++)
        for (size_t c = 0; c < w->c; c++)
            map[i * words + c / 64] |= (uint64_t)(x[i * w->pitch + c] != 0) << c % 64;
    return map;
}

/* Source floats: the last row ends with its channels, not with its pitch. */
static inline size_t source_size(const struct window_case *c)
{
    return c->batch * c->w.h * c->w.w * c->w.pitch - (c->w.pitch - c->w.c);
}

#endif
