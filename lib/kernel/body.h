/* kernel/body.h - the elementwise kernels and the table of one vector instruction set. Included once by each file that is
 * compiled for one; the loops are written so that the compiler vectorises them with that file's flags: branch-free, with
 * every choice made outside of the loop. The plain population (no adaptation, no synaptic current, shared constants) has
 * loops of its own; every other goes through blocks of neurons in local arrays, one short loop per equation.
 *
 * The including file defines MR, NR, REGISTER, tile, edge, interleave, events, scatter, bits, bits_tile, NAME, ISA and TABLE. ref.c is the specification. */
#include "core/size.h"
#include "kernel/lookup.h"
#include "kernel/winograd.h"
#include <math.h>
#include <string.h>

/* No iteration reads what another one writes: arrays are the same or apart. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

#define BLOCK 128u
#define PI 3.14159265358979323846

/* ---- functions of one number ------------------------------------------------------------------------------------ */

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

/* exp(x) for x <= 0, 1e-7 relative; below -87, where it is 1e-38, it stays what it is there. x = n ln 2 + r, and a polynomial
 * of degree 6 in r, interpolated at the Chebyshev nodes of |r| <= ln 2 / 2. */
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

/* G(x), G' = g */
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
        return (float)(1 / PI) * atanf((float)(PI / 2) * a * x) + 0.5f;
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    return 0.5f + x / (1 + a * magnitude(x));
}

/* A table of one loop for every surrogate, in the order of the enum. Functions of their own, because a compiler that thinks
 * them an unlikely branch does not vectorise them. */
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

/* ---- one block of any population --------------------------------------------------------------------------------- */

/* Constants of the neurons e .. e + n - 1, and what follows from the state. */
struct block {
    size_t e, n;
    float decay[BLOCK], threshold[BLOCK], adapted[BLOCK];
};

/* Blocks do not cross the end of a sample, so that the per-neuron arrays are read in order. */
SNN__INLINE size_t block_at(struct block *k, const struct snn__population *p, size_t e, size_t to)
{
    const size_t first = p->decays || p->thresholds ? e % p->n : 0;

    k->e = e;
    k->n = snn__min(BLOCK, to - e);
    if (p->decays || p->thresholds)
        k->n = snn__min(k->n, p->n - first);
    for (size_t i = 0; i < k->n; i++) {
        k->decay[i] = p->decays ? p->decays[first + i] : p->decay;
        k->threshold[i] = p->thresholds ? p->thresholds[first + i] : p->threshold;
    }
    return k->n;
}

/* fire_at threshold + adapt_strength b */
static void adapt_thresholds(struct block *k, const struct snn__population *p, const float *b)
{
    for (size_t i = 0; i < k->n; i++)
        k->adapted[i] = p->fire_at * k->threshold[i];
    for (size_t i = 0; p->adapt && i < k->n; i++)
        k->adapted[i] += p->adapt_strength * b[k->e + i];
}

SNN__INLINE void smooth_spikes(enum snn__surrogate kind, const struct block *k, float a, const float *u, float *s)
{
    for (size_t i = 0; i < k->n; i++)
        s[i] = primitive(kind, a, u[i] - k->adapted[i]);
}

/* s[n] of the membranes u[n] */
static void spikes(const struct block *k, const struct snn__population *p, const float *u, float *s)
{
    if (p->reset == SNN__RESET_NONE) {
        memset(s, 0, k->n * sizeof *s);
        return;
    }
    if (!p->smooth) {
        for (size_t i = 0; i < k->n; i++)
            s[i] = u[i] >= k->adapted[i] ? 1 : 0;
        return;
    }
    switch (p->surrogate) {
    case SNN__SURROGATE_SIGMOID:
        smooth_spikes(SNN__SURROGATE_SIGMOID, k, p->alpha, u, s);
        return;
    case SNN__SURROGATE_TRIANGLE:
        smooth_spikes(SNN__SURROGATE_TRIANGLE, k, p->alpha, u, s);
        return;
    case SNN__SURROGATE_RECTANGLE:
        smooth_spikes(SNN__SURROGATE_RECTANGLE, k, p->alpha, u, s);
        return;
    case SNN__SURROGATE_ARCTAN:
        smooth_spikes(SNN__SURROGATE_ARCTAN, k, p->alpha, u, s);
        return;
    case SNN__SURROGATE_FAST_SIGMOID:
        smooth_spikes(SNN__SURROGATE_FAST_SIGMOID, k, p->alpha, u, s);
        return;
    }
}

SNN__INLINE void slopes_of(enum snn__surrogate kind, const struct block *k, float a, const float *u, float *g)
{
    for (size_t i = 0; i < k->n; i++)
        g[i] = surrogate(kind, a, u[i] - k->adapted[i]);
}

/* g[n], or 1 for a readout, whose output is u */
static void slopes(const struct block *k, const struct snn__population *p, const float *u, float *g)
{
    if (p->reset == SNN__RESET_NONE) {
        for (size_t i = 0; i < k->n; i++)
            g[i] = 1;
        return;
    }
    switch (p->surrogate) {
    case SNN__SURROGATE_SIGMOID:
        slopes_of(SNN__SURROGATE_SIGMOID, k, p->alpha, u, g);
        return;
    case SNN__SURROGATE_TRIANGLE:
        slopes_of(SNN__SURROGATE_TRIANGLE, k, p->alpha, u, g);
        return;
    case SNN__SURROGATE_RECTANGLE:
        slopes_of(SNN__SURROGATE_RECTANGLE, k, p->alpha, u, g);
        return;
    case SNN__SURROGATE_ARCTAN:
        slopes_of(SNN__SURROGATE_ARCTAN, k, p->alpha, u, g);
        return;
    case SNN__SURROGATE_FAST_SIGMOID:
        slopes_of(SNN__SURROGATE_FAST_SIGMOID, k, p->alpha, u, g);
        return;
    }
}

static void resets(const struct block *k, const struct snn__population *p, const float *u, const float *s, float *r)
{
    const float value = p->reset == SNN__RESET_VALUE ? p->reset_value : 0;

    if (p->reset == SNN__RESET_NONE)
        memcpy(r, u, k->n * sizeof *r);
    else if (p->reset == SNN__RESET_SUBTRACT)
        for (size_t i = 0; i < k->n; i++)
            r[i] = u[i] - k->threshold[i] * s[i];
    else
        for (size_t i = 0; i < k->n; i++)
            r[i] = u[i] * (1 - s[i]) + value * s[i];
}

/* s_prev and r of the state before, zero at the first step */
static void previous(struct block *k, const struct snn__population *p, bool first, const float *u, const float *b,
                     float *s_prev, float *r)
{
    if (first) {
        memset(s_prev, 0, k->n * sizeof *s_prev);
        memset(r, 0, k->n * sizeof *r);
        return;
    }
    adapt_thresholds(k, p, b);
    spikes(k, p, u + k->e, s_prev);
    resets(k, p, u + k->e, s_prev, r);
}

/* leak += du (r - (scaled ? current_scale current : 0)) */
static void add_leak(const struct block *k, float *leak, const float *du, const float *r, const float *current, float scale)
{
    leak += k->e;
    INDEPENDENT
    for (size_t i = 0; i < k->n; i++)
        leak[i] += du[i] * r[i];
    if (current == NULL)
        return;
    current += k->e;
    INDEPENDENT
    for (size_t i = 0; i < k->n; i++)
        leak[i] -= du[i] * (scale * current[i]);
}

/* ---- the step ---------------------------------------------------------------------------------------------------- */

static double step_block(struct block *k, const struct snn__population_step *a)
{
    const struct snn__population *p = a->p;
    float s[BLOCK], r[BLOCK], i[BLOCK];
    float *const u = a->u + k->e, *const out = a->out + k->e;
    const float *const current = a->current + k->e;
    double count = 0;

    previous(k, p, a->first, a->u_prev, a->b_prev, s, r);
    if (p->adapt) {
        float *b = a->b + k->e;

        if (a->first)
            memset(b, 0, k->n * sizeof *b);
        else
            for (size_t j = 0; j < k->n; j++)
                b[j] = p->adapt_decay * a->b_prev[k->e + j] + (1 - p->adapt_decay) * s[j];
    }
    INDEPENDENT
    for (size_t j = 0; j < k->n; j++)
        i[j] = a->current_scale * current[j];
    if (p->current) {
        float *state = a->i + k->e;

        if (!a->first)
            for (size_t j = 0; j < k->n; j++)
                i[j] += p->current_decay * state[j];
        memcpy(state, i, k->n * sizeof *i);
    }
    INDEPENDENT
    for (size_t j = 0; j < k->n; j++)
        u[j] = k->decay[j] * r[j] + (p->scaled ? 1 - k->decay[j] : 1) * i[j];
    adapt_thresholds(k, p, a->b);
    spikes(k, p, u, s);
    for (size_t j = 0; j < k->n; j++)
        count += s[j];
    if (p->reset == SNN__RESET_NONE)
        memcpy(s, u, k->n * sizeof *s);
    memcpy(out, s, k->n * sizeof *s);
    if (a->r)
        memcpy(a->r + k->e, r, k->n * sizeof *r);
    if (a->trace) {
        float *trace = a->trace + k->e;

        if (a->first)
            memcpy(trace, s, k->n * sizeof *s);
        else
            for (size_t j = 0; j < k->n; j++)
                trace[j] = k->decay[j] * trace[j] + s[j];
    }
    return count;
}

/* The plain population, without a choice in the loop. */
SNN__INLINE uint32_t step_plain(enum snn__reset reset, bool first, bool traced, const struct snn__population_step *a,
                                size_t from, size_t to)
{
    const struct snn__population *p = a->p;
    const float decay = p->decay, threshold = p->threshold, fire = p->fire_at * p->threshold;
    const float value = p->reset == SNN__RESET_VALUE ? p->reset_value : 0;
    const float k = a->current_scale * (p->scaled ? 1 - decay : 1);
    const float *const current = a->current, *const u_prev = first ? a->u : a->u_prev;
    float *const u = a->u, *const out = a->out, *const trace = traced ? a->trace : out;
    uint32_t count = 0;

    INDEPENDENT
    for (size_t e = from; e < to; e++) {
        const float before = first ? 0 : u_prev[e];
        float r = before, now, s;

        if (!first && reset == SNN__RESET_SUBTRACT)
            r = before >= fire ? before - threshold : before;
        if (!first && reset == SNN__RESET_VALUE)
            r = before >= fire ? value : before;
        now = k * current[e] + decay * r;
        s = now >= fire ? 1 : 0;
        u[e] = now;
        if (reset == SNN__RESET_NONE)
            s = now;
        else
            count += now >= fire;
        out[e] = s;
        if (traced)
            trace[e] = first ? s : decay * trace[e] + s;
    }
    return count;
}

SNN__INLINE uint32_t step_reset(enum snn__reset reset, const struct snn__population_step *a, size_t from, size_t to)
{
    if (a->first)
        return a->trace ? step_plain(reset, true, true, a, from, to) : step_plain(reset, true, false, a, from, to);
    return a->trace ? step_plain(reset, false, true, a, from, to) : step_plain(reset, false, false, a, from, to);
}

static uint32_t step_piece(const struct snn__population_step *a, size_t from, size_t to)
{
    switch (a->p->reset) {
    case SNN__RESET_SUBTRACT:
        return step_reset(SNN__RESET_SUBTRACT, a, from, to);
    case SNN__RESET_ZERO:
    case SNN__RESET_VALUE:
        return step_reset(SNN__RESET_VALUE, a, from, to);
    case SNN__RESET_NONE:
        break;
    }
    return step_reset(SNN__RESET_NONE, a, from, to);
}

static bool plain(const struct snn__population *p)
{
    return !p->decays && !p->thresholds && !p->adapt && !p->current && !p->smooth;
}

static uint64_t population_step(const struct snn__population_step *a, size_t from, size_t to)
{
    uint64_t count = 0;
    double graded = 0;
    struct block k;

    if (plain(a->p) && a->r == NULL) {
        const size_t piece = (size_t)1 << 30; /* fits the 32-bit counters of the loop */

        for (; from < to; from += snn__min(piece, to - from))
            count += step_piece(a, from, from + snn__min(piece, to - from));
        return count;
    }
    for (; from < to; from += k.n) {
        block_at(&k, a->p, from, to);
        graded += step_block(&k, a);
    }
    return (uint64_t)(graded + 0.5);
}

/* ---- neurons of which the rate is trained ------------------------------------------------------------------------- */

SNN__INLINE uint32_t rate_piece(const struct snn__rate_step *a, bool first, bool gathers, size_t from, size_t to)
{
    const float decay = a->decay, gain = a->gain, fire = a->fire, drop = a->drop, weight = a->weight;
    const float *const current = a->current, *const u_prev = first ? a->u : a->u_prev;
    float *const u = a->u, *const out = a->out, *const mean = gathers ? a->mean : a->out;
    uint32_t count = 0;

    INDEPENDENT
    for (size_t e = from; e < to; e++) {
        const float before = first ? 0 : u_prev[e];
        const float r = !first && before >= fire ? before - drop : before;
        const float now = gain * current[e] + decay * r;

        u[e] = now;
        count += now >= fire;
        out[e] = now >= fire ? 1 : 0;
        if (gathers)
            mean[e] = first ? weight * current[e] : mean[e] + weight * current[e];
    }
    return count;
}

static uint64_t rate_step(const struct snn__rate_step *a, size_t from, size_t to)
{
    const size_t piece = (size_t)1 << 30; /* fits the 32-bit counters of the loop */
    uint64_t count = 0;

    for (; from < to; from += snn__min(piece, to - from)) {
        const size_t end = from + snn__min(piece, to - from);

        if (a->first)
            count += a->mean ? rate_piece(a, true, true, from, end) : rate_piece(a, true, false, from, end);
        else
            count += a->mean ? rate_piece(a, false, true, from, end) : rate_piece(a, false, false, from, end);
    }
    return count;
}

/* ---- neurons that answer errors with spikes ------------------------------------------------------------------------ */

SNN__INLINE uint32_t couple_piece(const struct snn__couple_step *a, bool first, bool accumulate, size_t from, size_t to)
{
    const float decay = a->decay, threshold = a->threshold, gap = a->gap, scale = a->scale, size = a->size;
    const float *const error = a->e, *const gate = a->gate;
    float *const u = a->u, *const sum = a->sum, *const d = a->d;
    uint32_t count = 0;

    INDEPENDENT
    for (size_t e = from; e < to; e++) {
        const float before = first ? 0 : u[e];
        const float lost = before >= threshold ? gap : before <= -threshold ? -gap : 0;
        const float now = scale * error[e] + decay * (before - lost);
        const float s = now >= threshold ? 1 : now <= -threshold ? -1 : 0, sent = size * gate[e] * s;

        u[e] = now;
        count += (now >= threshold) + (now <= -threshold);
        sum[e] = first ? s : decay * sum[e] + s;
        d[e] = accumulate ? d[e] + sent : sent;
    }
    return count;
}

static uint64_t couple_step(const struct snn__couple_step *a, size_t from, size_t to)
{
    const size_t piece = (size_t)1 << 30; /* fits the 32-bit counters of the loop */
    uint64_t count = 0;

    for (; from < to; from += snn__min(piece, to - from)) {
        const size_t end = from + snn__min(piece, to - from);

        if (a->first)
            count += a->accumulate ? couple_piece(a, true, true, from, end) : couple_piece(a, true, false, from, end);
        else
            count += a->accumulate ? couple_piece(a, false, true, from, end) : couple_piece(a, false, false, from, end);
    }
    return count;
}

/* ---- the error within one step ------------------------------------------------------------------------------------ */

static void delta_block(struct block *k, const struct snn__population_delta *a)
{
    const struct snn__population *p = a->p;
    const float *const e = a->e + k->e;
    float *const d = a->d + k->e;
    float du[BLOCK];

    adapt_thresholds(k, p, a->b);
    slopes(k, p, a->u + k->e, du);
    INDEPENDENT
    for (size_t j = 0; j < k->n; j++) {
        du[j] *= a->scale * e[j];
        d[j] = du[j] * (p->scaled ? 1 - k->decay[j] : 1);
    }
    if (a->leak)
        add_leak(k, a->leak, du, a->r + k->e, p->scaled ? a->current : NULL, a->current_scale);
}

SNN__INLINE void delta_plain(enum snn__surrogate kind, const struct snn__population_delta *a, size_t from, size_t to)
{
    const float fire = a->p->fire_at * a->p->threshold, alpha = a->p->alpha;
    const float scale = a->scale * (a->p->scaled ? 1 - a->p->decay : 1);
    const float *const e = a->e, *const u = a->u;
    float *const d = a->d;

    INDEPENDENT
    for (size_t j = from; j < to; j++)
        d[j] = scale * e[j] * surrogate(kind, alpha, u[j] - fire);
}

BY_SURROGATE(delta_plain, snn__population_delta)

static void population_delta(const struct snn__population_delta *a, size_t from, size_t to)
{
    const struct snn__population *p = a->p;
    struct block k;

    if (!p->decays && !p->thresholds && !p->adapt && !a->leak && p->reset != SNN__RESET_NONE) {
        delta_plain_by_surrogate[p->surrogate](a, from, to);
        return;
    }
    for (; from < to; from += k.n) {
        block_at(&k, p, from, to);
        delta_block(&k, a);
    }
}

/* ---- the error from step to step ---------------------------------------------------------------------------------- */

/* dr/ds = by_threshold threshold + by_one + by_u u, dr/du = 1 - by_membrane s */
struct reset_slope {
    float by_threshold, by_one, by_u, by_membrane;
};

static struct reset_slope reset_slope(const struct snn__population *p, bool detach)
{
    const bool to_value = p->reset == SNN__RESET_ZERO || p->reset == SNN__RESET_VALUE;
    struct reset_slope f = { 0, 0, 0, to_value ? 1 : 0 };

    if (!detach && p->reset == SNN__RESET_SUBTRACT)
        f.by_threshold = -1;
    if (!detach && to_value) {
        f.by_one = p->reset == SNN__RESET_VALUE ? p->reset_value : 0;
        f.by_u = -1;
    }
    return f;
}

/* carried[n] = decay du[t+1], error[n] = scale e, db[n] = db[t+1] (zero where there is none) */
static void gather_errors(const struct block *k, const struct snn__population_back *a, float *carried, float *error,
                          float *db)
{
    if (a->last)
        memset(carried, 0, k->n * sizeof *carried);
    else
        for (size_t j = 0; j < k->n; j++)
            carried[j] = k->decay[j] * a->du[k->e + j];
    if (a->e == NULL)
        memset(error, 0, k->n * sizeof *error);
    else
        for (size_t j = 0; j < k->n; j++)
            error[j] = a->scale * a->e[k->e + j];
    if (a->p->adapt && !a->last)
        memcpy(db, a->db + k->e, k->n * sizeof *db);
    else
        memset(db, 0, k->n * sizeof *db);
}

/* d = di[t] = k du[t] + current_decay di[t+1] */
static void back_current(const struct block *k, const struct snn__population_back *a, const float *du)
{
    const struct snn__population *p = a->p;
    float *const d = a->d + k->e;
    float di[BLOCK];

    for (size_t j = 0; j < k->n; j++)
        di[j] = (p->scaled ? 1 - k->decay[j] : 1) * du[j];
    if (p->current) {
        float *state = a->di + k->e;

        if (!a->last)
            for (size_t j = 0; j < k->n; j++)
                di[j] += p->current_decay * state[j];
        memcpy(state, di, k->n * sizeof *di);
    }
    memcpy(d, di, k->n * sizeof *di);
}

static void back_block(struct block *k, const struct snn__population_back *a)
{
    const struct snn__population *p = a->p;
    const struct reset_slope f = reset_slope(p, a->detach);
    const float *const u = a->u + k->e;
    float s[BLOCK], g[BLOCK], carried[BLOCK], error[BLOCK], db[BLOCK], du[BLOCK];

    adapt_thresholds(k, p, a->b);
    spikes(k, p, u, s);
    slopes(k, p, u, g);
    gather_errors(k, a, carried, error, db);
    if (p->reset == SNN__RESET_NONE) {
        for (size_t j = 0; j < k->n; j++) {
            du[j] = error[j] + carried[j];
            db[j] = p->adapt_decay * db[j];
        }
    } else {
        for (size_t j = 0; j < k->n; j++) {
            const float by_spike = f.by_threshold * k->threshold[j] + f.by_one + f.by_u * u[j];
            const float ds = (error[j] + carried[j] * by_spike + (1 - p->adapt_decay) * db[j]) * g[j];

            du[j] = ds + carried[j] * (1 - f.by_membrane * s[j]);
            db[j] = p->adapt_decay * db[j] - p->adapt_strength * ds;
        }
    }
    memcpy(a->du + k->e, du, k->n * sizeof *du);
    if (p->adapt)
        memcpy(a->db + k->e, db, k->n * sizeof *db);
    back_current(k, a, du);
    if (a->leak) {
        previous(k, p, a->first, a->u_prev, a->b_prev, s, g); /* g: r now */
        add_leak(k, a->leak, du, g, p->scaled ? a->current : NULL, a->current_scale);
    }
}

SNN__INLINE void back_plain(enum snn__surrogate kind, const struct snn__population_back *a, size_t from, size_t to)
{
    const struct snn__population *p = a->p;
    const struct reset_slope f = reset_slope(p, a->detach);
    const float decay = p->decay, fire = p->fire_at * p->threshold, alpha = p->alpha, scale = a->scale;
    const float constant = f.by_threshold * p->threshold + f.by_one, by_u = f.by_u, by_membrane = f.by_membrane;
    const float k = p->scaled ? 1 - decay : 1;
    const float *const e = a->e, *const u = a->u;
    float *const du = a->du, *const d = a->d;

    INDEPENDENT
    for (size_t j = from; j < to; j++) {
        const float carried = decay * du[j], by_spike = constant + by_u * u[j];
        const float s = u[j] >= fire ? 1 : 0, kept = 1 - by_membrane * s;
        const float now = (scale * e[j] + carried * by_spike) * surrogate(kind, alpha, u[j] - fire) + carried * kept;

        du[j] = now;
        d[j] = k * now;
    }
}

BY_SURROGATE(back_plain, snn__population_back)

static void population_back(const struct snn__population_back *a, size_t from, size_t to)
{
    const struct snn__population *p = a->p;
    struct block k;

    if (plain(p) && !a->leak && !a->last && a->e != NULL && p->reset != SNN__RESET_NONE) {
        back_plain_by_surrogate[p->surrogate](a, from, to);
        return;
    }
    for (; from < to; from += k.n) {
        block_at(&k, p, from, to);
        back_block(&k, a);
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
    INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i];
}

static void axpy(float *y, float a, const float *x, size_t n)
{
    INDEPENDENT
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

/* Not finite: the exponent is all ones. */
static bool finite(const float *x, size_t n)
{
    const uint32_t exponent = 0x7f800000u;

    for (size_t from = 0; from < n; from += 4096) {
        const size_t to = snn__min(n, from + 4096);
        uint32_t bad = 0;

        for (size_t i = from; i < to; i++)
            bad |= (bits_of(x[i]) & exponent) == exponent ? 1u : 0u;
        if (bad)
            return false;
    }
    return true;
}

/* ---- optimizers ------------------------------------------------------------------------------------------------- */

SNN__INLINE float clipped(float g, float factor, float limit)
{
    g *= factor;
    g = g > limit ? limit : g;
    return g < -limit ? -limit : g;
}

SNN__INLINE void sgd_loop(bool momentum, bool nesterov, const struct snn__sgd *a, size_t from, size_t to)
{
    const float lr = a->lr, rate = a->momentum, decay = a->weight_decay, factor = a->scale;
    const float limit = a->limit > 0 ? a->limit : INFINITY;
    float *const w = a->w, *const v = a->v;
    const float *const gradient = a->g;

    INDEPENDENT
    for (size_t e = from; e < to; e++) {
        float g = clipped(gradient[e], factor, limit) + decay * w[e];

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
    if (a->v == NULL)
        sgd_loop(false, false, a, from, to);
    else if (a->nesterov)
        sgd_loop(true, true, a, from, to);
    else
        sgd_loop(true, false, a, from, to);
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

static const struct snn__kernels table = {
    .name = NAME,
    .isa = ISA,
    .mr = MR,
    .nr = NR,
    .tile = tile,
    .edge = edge,
    .interleave = interleave,
    .events = events,
    .scatter = scatter,
    .bits = bits,
    .bits_tile = bits_tile,
    .lookup_sums = lookup_sums,
    .lookup = lookup,
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
    .sgd = sgd,
    .adam = adam,
};

const struct snn__kernels *const TABLE = &table;
