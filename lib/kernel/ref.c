/* kernel/ref.c - plain C: the specification of every kernel. The other tables must agree with this one. */
#include "core/fpu.h"
#include "core/size.h"
#include "kernel/bits.h"
#include "kernel/layers.h"
#include "kernel/tables.h"
#include "kernel/winograd.inc"
#include <math.h>
#include <string.h>

#define MR 4
#define NR 4
#define PI 3.14159265358979323846

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

/* ---- one neuron ------------------------------------------------------------------------------------------------ */

/* g(x): what stands for the derivative of the spike. With z = exp(-a |x|), p (1 - p) = z / (1 + z)^2: no 1 - p, which
 * has lost its digits where p is nearly 1. */
static float surrogate(enum snn__surrogate kind, float a, float x)
{
    float p, z;

    switch (kind) {
    case SNN__SURROGATE_SIGMOID:
        z = expf(-a * fabsf(x));
        return a * z / ((1 + z) * (1 + z));
    case SNN__SURROGATE_TRIANGLE:
        return fmaxf(0, a - a * a * fabsf(x));
    case SNN__SURROGATE_RECTANGLE:
        return fabsf(x) <= a / 2 ? 1 / a : 0;
    case SNN__SURROGATE_ARCTAN:
        p = (float)(PI / 2) * a * x;
        return a / 2 / (1 + p * p);
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    p = 1 + a * fabsf(x);
    return 1 / (p * p);
}

/* G(x) with G' = g: the smooth spike. Small values keep their digits: 1/2 is not added to what is nearly -1/2. */
static float primitive(enum snn__surrogate kind, float a, float x)
{
    float y;

    switch (kind) {
    case SNN__SURROGATE_SIGMOID:
        return 1 / (1 + expf(-a * x));
    case SNN__SURROGATE_TRIANGLE:
        if (x <= -1 / a)
            return 0;
        if (x >= 1 / a)
            return 1;
        return x < 0 ? (1 + a * x) * (1 + a * x) / 2 : 1 - (1 - a * x) * (1 - a * x) / 2;
    case SNN__SURROGATE_RECTANGLE:
        return fminf(1, fmaxf(0, x / a + 0.5f));
    case SNN__SURROGATE_ARCTAN:
        return (float)(1 / PI) * atan2f(1, -(float)(PI / 2) * a * x);
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    y = a * fabsf(x);
    return (0.5f + (y / 2 + x)) / (1 + y);
}

static float decay_of(const struct snn__population *p, size_t e)
{
    return p->decays ? p->decays[e % p->n] : p->decay;
}

/* The threshold that the reset subtracts. */
static float threshold_of(const struct snn__population *p, size_t e)
{
    return p->thresholds ? p->thresholds[e % p->n] : p->threshold;
}

/* What the membrane is compared with. */
static float adapted(const struct snn__population *p, const float *b, size_t e)
{
    const float fire = p->fire_at * threshold_of(p, e);

    return p->adapt ? fire + p->adapt_strength * b[e] : fire;
}

/* A readout without reset does not spike. */
static float spike(const struct snn__population *p, float u, float threshold)
{
    if (p->reset == SNN__RESET_NONE)
        return 0;
    if (p->smooth)
        return primitive(p->surrogate, p->alpha, u - threshold);
    return u >= threshold ? 1 : 0;
}

static bool refractory(const struct snn__population *p, const float *q, size_t e)
{
    return p->refractory > 0 && q[e] > 0;
}

static float spike_of(const struct snn__population *p, const float *u, const float *b, const float *q, size_t e)
{
    return refractory(p, q, e) ? 0 : spike(p, u[e], adapted(p, b, e));
}

/* Steps without a spike that lie ahead, by the state of the step before. */
static float waiting(const struct snn__population_step *a, size_t e)
{
    if (a->first)
        return 0;
    if (a->q_prev[e] > 0)
        return a->q_prev[e] - 1;
    return a->u_prev[e] >= adapted(a->p, a->b_prev, e) ? a->p->refractory : 0;
}

static float reset(const struct snn__population *p, size_t e, float u, float s)
{
    switch (p->reset) {
    case SNN__RESET_SUBTRACT:
        return u - threshold_of(p, e) * s;
    case SNN__RESET_ZERO:
        return u * (1 - s);
    case SNN__RESET_VALUE:
        return u * (1 - s) + p->reset_value * s;
    case SNN__RESET_NONE:
        break;
    }
    return u;
}

/* ---- populations ----------------------------------------------------------------------------------------------- */

static uint64_t population_step(const struct snn__population_step *a, size_t from, size_t to)
{
    const struct snn__population *p = a->p;
    double spikes = 0;

    for (size_t e = from; e < to; e++) {
        const float decay = decay_of(p, e), k = p->scaled ? 1 - decay : 1;
        const float s_prev = a->first ? 0 : spike_of(p, a->u_prev, a->b_prev, a->q_prev, e);
        const float r = a->first ? 0 : reset(p, e, a->u_prev[e], s_prev);
        float i = a->current_scale * a->current[e], s;

        if (p->refractory > 0)
            a->q[e] = waiting(a, e);
        if (p->adapt)
            a->b[e] = a->first ? 0 : snn__flushed(p->adapt_decay * a->b_prev[e] + (1 - p->adapt_decay) * s_prev);
        if (p->current) {
            i = snn__flushed(i + (a->first ? 0 : p->current_decay * a->i[e]));
            a->i[e] = i;
        }
        a->u[e] = snn__flushed(decay * r + k * i);
        s = p->reset == SNN__RESET_NONE ? a->u[e] : spike_of(p, a->u, a->b, a->q, e);
        spikes += p->reset == SNN__RESET_NONE ? 0 : s;
        a->out[e] = s;
        if (a->r)
            a->r[e] = r;
        if (a->trace)
            a->trace[e] = a->first ? s : snn__flushed(decay * a->trace[e] + s);
    }
    return (uint64_t)(spikes + 0.5);
}

/* Factor of the error: g, or 1 for a readout. */
static float slope(const struct snn__population *p, const float *u, const float *b, const float *q, size_t e)
{
    if (p->reset == SNN__RESET_NONE)
        return 1;
    if (refractory(p, q, e))
        return 0;
    return surrogate(p->surrogate, p->alpha, u[e] - adapted(p, b, e));
}

static uint64_t rate_step(const struct snn__rate_step *a, size_t from, size_t to)
{
    uint64_t spikes = 0;

    for (size_t e = from; e < to; e++) {
        const float before = a->first ? 0 : a->u_prev[e], r = before >= a->fire ? before - a->drop : before;
        const float u = snn__flushed(a->decay * (a->first ? 0 : r) + a->gain * a->current[e]);

        a->u[e] = u;
        a->out[e] = u >= a->fire ? 1 : 0;
        spikes += u >= a->fire;
        if (a->mean)
            a->mean[e] = snn__flushed((a->first ? 0 : a->mean[e]) + a->weight * a->current[e]);
    }
    return spikes;
}

/* -1, 0 or 1 */
static float couple(float u, float threshold)
{
    return (float)(u >= threshold) - (float)(u <= -threshold);
}

static uint64_t couple_step(const struct snn__couple_step *a, size_t from, size_t to)
{
    uint64_t spikes = 0;

    for (size_t e = from; e < to; e++) {
        const float r = a->first ? 0 : a->u[e] - a->gap * couple(a->u[e], a->threshold);
        const float u = snn__flushed(a->decay * r + a->scale * a->e[e]), s = couple(u, a->threshold);

        a->u[e] = u;
        a->sum[e] = snn__flushed((a->first ? 0 : a->decay * a->sum[e]) + s);
        a->d[e] = (a->accumulate ? a->d[e] : 0) + a->size * a->gate[e] * s;
        spikes += s != 0;
    }
    return spikes;
}

static void population_delta(const struct snn__population_delta *a, size_t from, size_t to)
{
    const struct snn__population *p = a->p;

    for (size_t e = from; e < to; e++) {
        const float k = p->scaled ? 1 - decay_of(p, e) : 1;
        const float du = a->scale * a->e[e] * slope(p, a->u, a->b, a->q, e);

        a->d[e] = du * k;
        if (a->leak)
            a->leak[e] += du * (a->r[e] - (p->scaled ? a->current_scale * a->current[e] : 0));
    }
}

/* dr/ds */
static float reset_by_spike(const struct snn__population *p, size_t e, float u)
{
    switch (p->reset) {
    case SNN__RESET_SUBTRACT:
        return -threshold_of(p, e);
    case SNN__RESET_ZERO:
        return -u;
    case SNN__RESET_VALUE:
        return p->reset_value - u;
    case SNN__RESET_NONE:
        break;
    }
    return 0;
}

/* dr/du with s held */
static float reset_by_membrane(const struct snn__population *p, float s)
{
    return p->reset == SNN__RESET_ZERO || p->reset == SNN__RESET_VALUE ? 1 - s : 1;
}

static void population_back(const struct snn__population_back *a, size_t from, size_t to)
{
    const struct snn__population *p = a->p;

    for (size_t e = from; e < to; e++) {
        const float decay = decay_of(p, e), k = p->scaled ? 1 - decay : 1;
        const float s = spike_of(p, a->u, a->b, a->q, e);
        const float cu = a->last ? 0 : decay * a->du[e];
        const float db = !p->adapt || a->last ? 0 : a->db[e];
        const float error = a->e ? a->scale * a->e[e] : 0;
        float du, di;

        if (p->reset == SNN__RESET_NONE) {
            du = error + cu;
            if (p->adapt)
                a->db[e] = snn__flushed(p->adapt_decay * db);
        } else {
            const float g = slope(p, a->u, a->b, a->q, e);
            const float ds = error + (a->detach ? 0 : cu * reset_by_spike(p, e, a->u[e])) + (1 - p->adapt_decay) * db;

            du = ds * g + cu * reset_by_membrane(p, s);
            if (p->adapt)
                a->db[e] = snn__flushed(p->adapt_decay * db - p->adapt_strength * ds * g);
        }
        du = snn__flushed(du);
        di = k * du;
        if (p->current) {
            di += a->last ? 0 : p->current_decay * a->di[e];
            a->di[e] = di = snn__flushed(di);
        }
        a->du[e] = du;
        a->d[e] = di;
        if (a->leak) {
            const float s_prev = a->first ? 0 : spike_of(p, a->u_prev, a->b_prev, a->q_prev, e);
            const float r = a->first ? 0 : reset(p, e, a->u_prev[e], s_prev);

            a->leak[e] += du * (r - (p->scaled ? a->current_scale * a->current[e] : 0));
        }
    }
}

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

/* Where byte 0 of the weight of a row and a column lies in limbs of so many words; byte l lies words * MATRIX_WORD *
 * l further. */
static size_t limb_at(size_t words, size_t row, size_t column)
{
    const size_t block = column / SNN__MATRIX_SIDE * SNN__MATRIX_LIMBS * words + row / 64;

    return block * SNN__MATRIX_WORD + column % SNN__MATRIX_SIDE / 16 * 1024 + row % 64 / 4 * 64 + column % 16 * 4 +
           row % 4;
}

static void limbs(uint8_t *to, float *unit, const float *w, size_t panel, size_t cols, size_t taps, size_t c)
{
    const size_t words = taps * snn__ceil_div(c, 64);

    memset(to, 0, SNN__MATRIX_LIMBS * words * SNN__MATRIX_WORD);
    for (size_t j = 0; j < SNN__MATRIX_SIDE; j++) {
        const float *column = w + j / NR * panel + j % NR;
        float most = 0x1p-103f;

        for (size_t k = 0; k < taps * c && j < cols; k++)
            most = isfinite(column[k * NR]) ? fmaxf(most, fabsf(column[k * NR])) : INFINITY;
        unit[j] = most / SNN__MATRIX_WHOLE;
        for (size_t k = 0; k < taps * c && j < cols && isfinite(most); k++) {
            const float x = column[k * NR] * (SNN__MATRIX_WHOLE / most);
            const uint32_t n = (uint32_t)(int32_t)(x + (x < 0 ? -0.5f : 0.5f));

            for (size_t l = 0; l < SNN__MATRIX_LIMBS; l++)
                to[limb_at(words, k / c * snn__ceil_div(c, 64) * 64 + k % c, j) + l * words * SNN__MATRIX_WORD] =
                    (uint8_t)(n >> 8 * l);
        }
    }
}

static void matrix(const struct snn__matrix *a)
{
    const size_t limb = a->words * SNN__MATRIX_WORD;

    for (size_t m = 0; m < a->rows; m++)
        for (size_t j = 0; j < a->cols; j++) {
            float *y = a->y + m * a->y_pitch + j, whole;
            int64_t sum = 0, low;

            for (size_t k = 0; k < 64 * a->words; k++)
                if (a->x[m * a->words + k / 64] >> k % 64 & 1) {
                    const uint8_t *byte = a->limbs + limb_at(a->words, k, j);

                    sum += byte[0] + 256 * byte[limb] + 65536 * (int8_t)byte[2 * limb];
                }
            low = sum & 65535;
            whole = 65536.0f * (float)((sum - low) / 65536) + (float)low;
            *y = a->alpha * (whole * a->unit[j]) + (a->bias ? a->bias[j] : 0) + (a->accumulate ? *y : 0);
        }
}

static const struct snn__kernels table = {
    .isa = SNN__ISA_REF,
    .mr = MR,
    .nr = NR,
    .tile = tile,
    .edge = edge,
    .interleave = interleave,
    .events = events,
    .scatter = scatter,
    .bits = bits,
    .bits_turn = rows_as_they_are,
    .bits_tile = bits_tile,
    .lookup_sums = lookup_sums,
    .lookup = lookup,
    .limbs = limbs,
    .matrix = matrix,
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
    .layers = &snn__layer_kernels,
};

const struct snn__kernels *const snn__kernels_ref = &table;
