/* kernel/body.h - the elementwise kernels and the table of one vector instruction set. Included once by each file
 * that is compiled for one; the loops are written so that the compiler vectorises them with that file's flags:
 * branch-free, with every choice made outside of the loop. Those of populations are in kernel/neurons.h.
 *
 * The including file defines MR, NR, REGISTER, tile, edge, interleave, events, scatter, bits, bits_turn, bits_tile,
 * ISA and TABLE. ref.c is the specification. */
#include "core/size.h"
#include "kernel/lookup.h"
#include "kernel/winograd.h"
#include <math.h>
#include <string.h>

/* No iteration reads what another one writes: arrays are the same or apart. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define STREAMING INDEPENDENT
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#define STREAMING INDEPENDENT _Pragma("GCC unroll 4")
#endif
/* STREAMING: so little to do for an element that counting them takes as long; clang unrolls by itself. */

#define PI 3.14159265358979323846

/* ---- functions of one number
 * ------------------------------------------------------------------------------------ */

SNN__INLINE uint32_t bits_of(float x)
{
    uint32_t b;

    memcpy(&b, &x, sizeof b);
    return b;
}

SNN__INLINE float float_of(uint32_t b)
{
    float x;

    memcpy(&x, &b, sizeof x);
    return x;
}

/* exp(x) for x <= 0, 1e-7 relative; below -87, where it is 1e-38, it stays what it is there. x = n ln 2 + r, and a
 * polynomial of degree 6 in r, interpolated at the Chebyshev nodes of |r| <= ln 2 / 2. */
SNN__INLINE float exp_negative(float x)
{
    const float shift = 12582912.0f; /* 1.5 2^23: adding it rounds to a whole number in the low bits */
    const float y = x < -87 ? -87 : x;
    const float t = y * 1.44269504f + shift, n = t - shift;
    const float r = (y - n * 0.693145752f) - n * 1.42860677e-6f;
    const float p = 0.5f + r * (0.166665763f + r * (0.0416665524f + r * (0.00836323295f + r * 0.00139262504f)));
    const uint32_t power = (bits_of(t) - bits_of(shift) + 127u) << 23;

    return (1 + (r + r * r * p)) * float_of(power);
}

SNN__INLINE float magnitude(float x)
{
    return float_of(bits_of(x) & 0x7fffffffu);
}

/* g(x), see enum snn__surrogate; with z = exp(-a |x|), p (1 - p) = z / (1 + z)^2. */
SNN__INLINE float surrogate(enum snn__surrogate kind, float a, float x)
{
    float z;

    switch (kind) {
    case SNN__SURROGATE_SIGMOID:
        z = exp_negative(-a * magnitude(x));
        return a * z / ((1 + z) * (1 + z));
    case SNN__SURROGATE_TRIANGLE:
        z = a - a * a * magnitude(x);
        return z < 0 ? 0 : z;
    case SNN__SURROGATE_RECTANGLE:
        return magnitude(x) <= a / 2 ? 1 / a : 0;
    case SNN__SURROGATE_ARCTAN:
        z = (float)(PI / 2) * a * x;
        return a / 2 / (1 + z * z);
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    z = 1 + a * magnitude(x);
    return 1 / (z * z);
}

/* G(x), G' = g; in the forms of ref.c, whose small values keep their digits. */
SNN__INLINE float primitive(enum snn__surrogate kind, float a, float x)
{
    float z;

    switch (kind) {
    case SNN__SURROGATE_SIGMOID:
        z = exp_negative(-a * magnitude(x));
        return (x < 0 ? z : 1) / (1 + z);
    case SNN__SURROGATE_TRIANGLE:
        z = 1 - a * magnitude(x);
        z = z < 0 ? 0 : z * z / 2;
        return x < 0 ? z : 1 - z;
    case SNN__SURROGATE_RECTANGLE:
        z = x / a + 0.5f;
        return z < 0 ? 0 : z > 1 ? 1 : z;
    case SNN__SURROGATE_ARCTAN:
        return (float)(1 / PI) * atan2f(1, -(float)(PI / 2) * a * x);
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    z = a * magnitude(x);
    return (0.5f + (z / 2 + x)) / (1 + z);
}

/* A table of one loop for every surrogate, in the order of the enum. Functions of their own, because a compiler that
 * thinks them an unlikely branch does not vectorise them. */
#define BY_SURROGATE(loop, args)                                                                       \
    FOR_SURROGATE(loop, args, SNN__SURROGATE_SIGMOID)                                                  \
    FOR_SURROGATE(loop, args, SNN__SURROGATE_TRIANGLE)                                                 \
    FOR_SURROGATE(loop, args, SNN__SURROGATE_RECTANGLE)                                                \
    FOR_SURROGATE(loop, args, SNN__SURROGATE_ARCTAN)                                                   \
    FOR_SURROGATE(loop, args, SNN__SURROGATE_FAST_SIGMOID)                                             \
    static void (*const loop##_by_surrogate[])(const struct args *, size_t, size_t) = {                \
        loop##_SNN__SURROGATE_SIGMOID, loop##_SNN__SURROGATE_TRIANGLE, loop##_SNN__SURROGATE_RECTANGLE, \
        loop##_SNN__SURROGATE_ARCTAN, loop##_SNN__SURROGATE_FAST_SIGMOID                               \
    };
#define FOR_SURROGATE(loop, args, kind)                                              \
    static void loop##_##kind(const struct args *a, size_t from, size_t to)           \
    {                                                                                \
        loop(kind, a, from, to);                                                     \
    }

#include "kernel/neurons.h"

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

static void fill(float *y, float value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = value;
}

static void scale(float *y, float a, const float *x, size_t n)
{
    STREAMING
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i];
}

static void axpy(float *y, float a, const float *x, size_t n)
{
    STREAMING
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

static void multiply(float *y, float a, const float *x, const float *m, size_t n, bool accumulate)
{
    if (accumulate) {
        INDEPENDENT
        for (size_t i = 0; i < n; i++)
            y[i] += a * x[i] * m[i];
    } else {
        INDEPENDENT
        for (size_t i = 0; i < n; i++)
            y[i] = a * x[i] * m[i];
    }
}

static void maximum(float *y, const float *x, size_t n)
{
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] > y[i] ? x[i] : y[i];
}

/* x - x is a zero of either sign, or NaN. */
static bool finite(const float *x, size_t n)
{
    for (size_t from = 0; from < n; from += 4096) {
        const size_t to = snn__min(n, from + 4096);
        uint32_t bad = 0;

        STREAMING
        for (size_t i = from; i < to; i++)
            bad |= bits_of(x[i] - x[i]);
        if (bad << 1 != 0)
            return false;
    }
    return true;
}

/* NaN fails the comparison, too. */
static bool within(const float *x, size_t n, float limit)
{
    for (size_t from = 0; from < n; from += 4096) {
        const size_t to = snn__min(n, from + 4096);
        uint32_t bad = 0;

        STREAMING
        for (size_t i = from; i < to; i++)
            bad |= !(fabsf(x[i]) <= limit);
        if (bad != 0)
            return false;
    }
    return true;
}

/* ---- optimizers
 * ------------------------------------------------------------------------------------------------- */

SNN__INLINE float clipped(float g, float factor, float limit)
{
    g *= factor;
    g = g > limit ? limit : g;
    return g < -limit ? -limit : g;
}

SNN__INLINE void sgd_loop(bool clips, bool momentum, bool nesterov, const struct snn__sgd *a, size_t from, size_t to)
{
    const float lr = a->lr, rate = a->momentum, decay = a->weight_decay, factor = a->scale;
    const float limit = a->limit > 0 ? a->limit : INFINITY;
    float *const w = a->w, *const v = a->v;
    const float *const gradient = a->g;

    STREAMING
    for (size_t e = from; e < to; e++) {
        float g = (clips ? clipped(gradient[e], factor, limit) : gradient[e]) + decay * w[e];

        if (momentum) {
            const float speed = rate * v[e] + g;

            v[e] = speed;
            g = nesterov ? g + rate * speed : speed;
        }
        w[e] -= lr * g;
    }
}

static void sgd(const struct snn__sgd *a, size_t from, size_t to)
{
    const bool clips = a->scale != 1 || a->limit > 0;

    if (a->v == NULL && !clips)
        sgd_loop(false, false, false, a, from, to);
    else if (a->v == NULL)
        sgd_loop(true, false, false, a, from, to);
    else if (a->nesterov)
        sgd_loop(true, true, true, a, from, to);
    else
        sgd_loop(true, true, false, a, from, to);
}

static void adam(const struct snn__adam *a, size_t from, size_t to)
{
    const float lr = a->lr, beta1 = a->beta1, beta2 = a->beta2, eps = a->eps, factor = a->scale;
    const float limit = a->limit > 0 ? a->limit : INFINITY, correct1 = a->correct1, correct2 = a->correct2;
    const float into_g = a->decoupled ? 0 : a->weight_decay, into_w = a->decoupled ? lr * a->weight_decay : 0;
    float *const weight = a->w, *const mean = a->m, *const square = a->v;
    const float *const gradient = a->g;

    INDEPENDENT
    for (size_t e = from; e < to; e++) {
        const float w = weight[e], g = clipped(gradient[e], factor, limit) + into_g * w;
        const float m = beta1 * mean[e] + (1 - beta1) * g, v = beta2 * square[e] + (1 - beta2) * g * g;

        mean[e] = m;
        square[e] = v;
        weight[e] = w - into_w * w - lr * (m * correct1) / (sqrtf(v * correct2) + eps);
    }
}

static void lookup_sums(float *table, const float *w, size_t panel, size_t rows, size_t cols)
{
    (void)panel;
    (void)cols;
    lookup_sums_of(table, w, NR, rows);
}

/* What all tables of these kernels have; one may have a matrix unit besides. */
#define ENTRIES                             \
    .mr = MR,                               \
    .nr = NR,                               \
    .tile = tile,                           \
    .edge = edge,                           \
    .interleave = interleave,               \
    .events = events,                       \
    .scatter = scatter,                     \
    .bits = bits,                           \
    .bits_turn = bits_turn,                 \
    .bits_tile = bits_tile,                 \
    .lookup_sums = lookup_sums,             \
    .lookup = lookup,                       \
    .points_of_map = points_of_map,         \
    .points_of_error = points_of_error,     \
    .points_of_weights = points_of_weights, \
    .map_of_points = map_of_points,         \
    .weights_of_points = weights_of_points, \
    .population_step = population_step,     \
    .population_delta = population_delta,   \
    .population_back = population_back,     \
    .rate_step = rate_step,                 \
    .couple_step = couple_step,             \
    .fill = fill,                           \
    .scale = scale,                         \
    .axpy = axpy,                           \
    .multiply = multiply,                   \
    .maximum = maximum,                     \
    .dot = dot,                             \
    .finite = finite,                       \
    .within = within,                       \
    .sgd = sgd,                             \
    .adam = adam

static const struct snn__kernels table = { .isa = ISA, ENTRIES };

const struct snn__kernels *const TABLE = &table;
