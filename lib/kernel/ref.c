/* kernel/ref.c - plain C: the specification of every kernel. The other tables must agree with this one. */
#include "core/fpu.h"
#include "core/size.h"
#include "kernel/bits.h"
#include "kernel/tables.h"
#include "kernel/winograd.inc"
#include <math.h>
#include <string.h>

#define MR 4
#define NR 4

/* ---- tiles ----------------------------------------------------------------------------------------------------- */

static void edge(size_t rows, size_t cols, size_t k, const float *a, const float *b, float alpha, const float *bias,
                 float *c, size_t ldc, bool accumulate)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            float sum = 0;

            for (size_t p = 0; p < k; p++)
                sum += a[p * MR + i] * b[p * NR + j];
            c[i * ldc + j] = alpha * sum + (bias ? bias[j] : 0) + (accumulate ? c[i * ldc + j] : 0);
        }
}

static void tile(size_t k, const float *a, const float *b, float *c, size_t ldc, bool accumulate)
{
    edge(MR, NR, k, a, b, 1, NULL, c, ldc, accumulate);
}

static void strip(const struct snn__strip *s)
{
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->cols; j++) {
            float sum = 0, *c = s->c + i * s->c_pitch + j;

            for (size_t run = 0; run < s->runs; run++)
                for (size_t k = 0; k < s->length; k++)
                    sum += s->a[run * s->a_run + k * s->a_step + i * s->a_row] *
                           s->b[run * s->b_run + k * s->b_step + j];
            *c = s->alpha * sum + (s->bias ? s->bias[j] : 0) + (s->accumulate ? *c : 0);
        }
}

static void interleave(float *panel, size_t width, const float *const *rows, size_t k)
{
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < width; i++)
            panel[j * width + i] = rows[i][j];
}

/* ---- events
 * ----------------------------------------------------------------------------------------------------- */

static size_t events(const float *x, size_t n, float a, uint32_t *at, float *value)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) {
            at[count] = (uint32_t)i;
            value[count++] = a * x[i];
        }
    return count;
}

static void scatter(float *y, size_t cols, const float *w, size_t panel, size_t n, const uint32_t *row,
                    const float *value)
{
    for (size_t j = 0; j < cols; j++)
        for (size_t e = 0; e < n; e++)
            y[j] += value[e] * w[j / NR * panel + row[e] * NR + j % NR];
}

#include "kernel/ref_neurons.inc"

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

static void fill(float *y, float value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = value;
}

static void scale(float *y, float a, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = snn__flushed(a * x[i]);
}

static void axpy(float *y, float a, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

static void multiply(float *y, float a, const float *x, const float *m, size_t n, bool accumulate)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] * m[i] + (accumulate ? y[i] : 0);
}

static void maximum(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] > y[i] ? x[i] : y[i];
}

static double dot(const float *x, const float *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * y[i];
    return sum;
}

static bool finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static bool within(const float *x, size_t n, float limit)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(x[i]) <= limit))
            return false;
    return true;
}

/* ---- optimizers
 * ------------------------------------------------------------------------------------------------- */

/* The gradient after clipping by norm (scale) and by value (limit). */
static float clipped(float g, float factor, float limit)
{
    g *= factor;
    if (limit > 0 && g > limit)
        return limit;
    return limit > 0 && g < -limit ? -limit : g;
}

/* g = clip(g) + wd w;  v = momentum v + g;  w -= lr (nesterov ? g + momentum v : v) */
static void sgd(const struct snn__sgd *a, size_t from, size_t to)
{
    for (size_t e = from; e < to; e++) {
        float g = clipped(a->g[e], a->scale, a->limit) + a->weight_decay * a->w[e];

        if (a->v) {
            a->v[e] = snn__flushed(a->momentum * a->v[e] + g);
            g = a->nesterov ? g + a->momentum * a->v[e] : a->v[e];
        }
        a->w[e] = snn__flushed(a->w[e] - a->lr * g);
    }
}

/* m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr m c1 / (sqrt(v c2) + eps); the decay goes into g, or with
 * `decoupled` straight into w. */
static void adam(const struct snn__adam *a, size_t from, size_t to)
{
    for (size_t e = from; e < to; e++) {
        float w = a->w[e], g = clipped(a->g[e], a->scale, a->limit);

        if (a->decoupled)
            w -= a->lr * a->weight_decay * w;
        else
            g += a->weight_decay * w;
        a->m[e] = snn__flushed(a->beta1 * a->m[e] + (1 - a->beta1) * g);
        a->v[e] = snn__flushed(a->beta2 * a->v[e] + (1 - a->beta2) * g * g);
        a->w[e] = snn__flushed(w - a->lr * (a->m[e] * a->correct1) / (sqrtf(a->v[e] * a->correct2) + a->eps));
    }
}

static void bits(uint64_t *to, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        uint64_t word = 0;

        for (size_t j = 0; j < 64 && i + j < n; j++)
            word |= (uint64_t)(x[i + j] != 0.0f) << j;
        to[i / 64] = word;
    }
}

static void bits_tile(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    count_words(words, x, rows, w, count);
}

static void lookup_sums(float *table, const float *w, size_t panel, size_t rows, size_t cols)
{
    for (size_t from = 0; from < rows; from += SNN__LOOKUP_BITS)
        for (size_t b = 0; b < SNN__LOOKUP_SUMS; b++, table += SNN__LOOKUP_NR)
            for (size_t j = 0; j < SNN__LOOKUP_NR; j++) {
                table[j] = 0;
                for (size_t i = 0; i < SNN__LOOKUP_BITS && from + i < rows && j < cols; i++)
                    if (b >> i & 1)
                        table[j] += w[j / NR * panel + (from + i) * NR + j % NR];
            }
}

static void lookup(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, bool accumulate)
{
    for (size_t m = 0; m < rows; m++)
        for (size_t j = 0; j < SNN__LOOKUP_NR; j++) {
            float sum = 0;

            for (size_t g = 0; g < groups; g++)
                sum += table[(g * SNN__LOOKUP_SUMS + (x[m] >> SNN__LOOKUP_BITS * g) % SNN__LOOKUP_SUMS) *
                                 SNN__LOOKUP_NR +
                             j];
            y[m * SNN__LOOKUP_NR + j] = sum + (accumulate ? y[m * SNN__LOOKUP_NR + j] : 0);
        }
}

#include "kernel/ref_digits.inc"

static const struct snn__kernels table = {
    .isa = SNN__ISA_REF,
    .mr = MR,
    .nr = NR,
    .tile = tile,
    .edge = edge,
    .strip = strip,
    .interleave = interleave,
    .events = events,
    .scatter = scatter,
    .bits = bits,
    .bits_turn = rows_as_they_are,
    .bits_tile = bits_tile,
    .lookup_sums = lookup_sums,
    .lookup = lookup,
    .limbs = limbs,
    .planes = planes,
    .matrix = matrix,
    .slice_columns = slice_columns,
    .slice_rows = slice_rows,
    .slices = slices,
    .largest = largest_of_row,
    .digit_rows = digit_rows,
    .digits = digits,
    .points_of_map = points_of_map,
    .points_of_error = points_of_error,
    .points_of_weights = points_of_weights,
    .map_of_points = map_of_points,
    .weights_of_points = weights_of_points,
    .population_step = population_step,
    .population_delta = population_delta,
    .population_back = population_back,
    .rate_step = rate_step,
    .couple_step = couple_step,
    .fill = fill,
    .scale = scale,
    .axpy = axpy,
    .multiply = multiply,
    .maximum = maximum,
    .dot = dot,
    .finite = finite,
    .within = within,
    .sgd = sgd,
    .adam = adam,
    .layers = &snn__layers_plain,
};

const struct snn__kernels *const snn__kernels_ref = &table;
