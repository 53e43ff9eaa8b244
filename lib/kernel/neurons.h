/* kernel/neurons.h - the kernels of populations, for the tables of vector instruction sets: a part of kernel/body.h, which includes it
 * behind what it needs. The plain population (no adaptation, no synaptic current, shared constants) has loops of its own; every
 * other goes through blocks of neurons in local arrays, one short loop per equation. */
#ifndef SNN_KERNEL_NEURONS_H
#define SNN_KERNEL_NEURONS_H

#include "kernel/kernel.h"

#define BLOCK 128u

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

#endif
