/* Populations of neurons: every instruction set against plain C, surrogates against the slope of their primitive, and
 * back-propagation through time against finite differences of a sequence in double precision. */
#include "naive.h"
#include "support.h"
#include <string.h>

#define NEURONS 37u
#define SAMPLES 9u
#define LENGTH (NEURONS * SAMPLES)
#define FROM 5u
#define TO (LENGTH - 4u)

enum { RESETS = 4, SURROGATES = 5 };

/* ---- each table against the reference
 * -------------------------------------------------------------------------------- */

enum {
    SCALED = 1,
    SMOOTH = 2,
    CURRENT = 4,
    ADAPT = 8,
    DECAYS = 16,
    THRESHOLDS = 32,
    REFRACTORY = 64,
    FLOOR = 128,
    ALL_KINDS = 256
};

static float decays[NEURONS], thresholds[NEURONS], initials[NEURONS], initial_currents[NEURONS];

static struct snn__population population(int reset, int surrogate, int kind)
{
    struct snn__population p = { .n = NEURONS,
                                 .decay = 0.6f,
                                 .threshold = 0.9f,
                                 .fire_at = 0.8f,
                                 .reset_value = -0.2f,
                                 .current_decay = 0.4f,
                                 .adapt_decay = 0.7f,
                                 .adapt_strength = 0.3f,
                                 .alpha = 1.5f };

    random_fill(decays, NEURONS, 0.1f, 0.9f, 77);
    random_fill(thresholds, NEURONS, 0.5f, 1.2f, 78);
    random_fill(initials, NEURONS, -0.5f, 1.0f, 79);
    random_fill(initial_currents, NEURONS, -0.5f, 1.0f, 80);
    p.reset = (enum snn__reset)reset;
    p.surrogate = (enum snn__surrogate)surrogate;
    p.scaled = kind & SCALED;
    p.smooth = kind & SMOOTH;
    p.current = kind & CURRENT;
    p.adapt = kind & ADAPT;
    p.refractory = kind & REFRACTORY && p.reset != SNN__RESET_NONE ? 2 : 0;
    p.floored = kind & FLOOR;
    p.floor = -0.4f;
    p.initial = kind & FLOOR ? 0.3f : 0;
    p.initial_current = kind & FLOOR ? -0.2f : 0;
    p.initials = kind & FLOOR && kind & SCALED ? initials : NULL;
    p.initial_currents = kind & FLOOR && kind & SMOOTH && kind & CURRENT ? initial_currents : NULL;
    p.decays = kind & DECAYS ? decays : NULL;
    p.thresholds = kind & THRESHOLDS ? thresholds : NULL;
    return p;
}

enum { CURRENTS, U, B, I, R, OUT, TRACE, E, DU, DB, DI, D, LEAK, U_PREV, B_PREV, Q, Q_PREV, FIELDS };

struct state {
    float x[FIELDS][LENGTH];
};

static void begin(struct state *s)
{
    for (unsigned f = 0; f < FIELDS; f++)
        random_fill(s->x[f], LENGTH, f == B || f == B_PREV ? 0 : -2, f == B || f == B_PREV ? 1 : 2, f + 1);
    for (size_t e = 0; e < LENGTH; e++) { /* 0 most often, 1 or 2 */
        s->x[Q][e] = fmaxf(0, roundf(s->x[Q][e]));
        s->x[Q_PREV][e] = fmaxf(0, roundf(s->x[Q_PREV][e]));
    }
}

/* A membrane this near to its threshold may be rounded to either side. */
static bool near(const struct snn__population *p, const float *u, const float *b, size_t e)
{
    const float threshold = p->fire_at * (p->thresholds ? p->thresholds[e % p->n] : p->threshold);
    const float edge = p->surrogate == SNN__SURROGATE_RECTANGLE ? p->alpha / 2 : 0;
    const float x = fabsf(u[e] - threshold - (p->adapt ? p->adapt_strength * b[e] : 0));

    return x < 1e-5f || fabsf(x - edge) < 1e-5f || (p->floored && fabsf(u[e] - p->floor) < 1e-5f);
}

static void compare(const struct state *a, const struct state *b, const bool *skip, const char *what, int kind)
{
    for (size_t f = 0; f < FIELDS; f++)
        for (size_t e = 0; e < LENGTH; e++) {
            const float x = a->x[f][e], y = b->x[f][e];
            const bool in = e >= FROM && e < TO;

            if (skip[e])
                continue;
            HOLDS(in ? fabsf(x - y) <= 4e-6f * (1 + fabsf(x)) : x == y, "%s, kind %d: field %zu[%zu]: %.9g, %.9g",
                  what, kind, f, e, x, y);
        }
}

static uint64_t step_with(const struct snn__kernels *k, const struct snn__population *p, struct state *s, bool first,
                          int wanted)
{
    const struct snn__population_step a = { .p = p,
                                            .first = first,
                                            .current = s->x[CURRENTS],
                                            .current_scale = 0.8f,
                                            .u_prev = s->x[U],
                                            .u = s->x[U],
                                            .b_prev = s->x[B],
                                            .b = s->x[B],
                                            .q_prev = s->x[Q],
                                            .q = s->x[Q],
                                            .i = s->x[I],
                                            .r = wanted & 1 ? s->x[R] : NULL,
                                            .out = s->x[OUT],
                                            .trace = wanted & 2 ? s->x[TRACE] : NULL };

    return k->population_step(&a, FROM, TO);
}

/* Surrogates to look at: what holds a refractory neuron back, or a potential up, knows of none. */
static int shapes(int kind)
{
    return kind & (REFRACTORY | FLOOR) ? 1 : SURROGATES;
}

START_TEST(steps_agree)
{
    static struct state x, y, before;
    const struct snn__kernels *k = snn__kernels_at((size_t)_i / RESETS), *ref = snn__kernels_at(0);

    for (int kind = 0; kind < ALL_KINDS * 8; kind++)
        for (int surrogate = 0; surrogate < (kind & SMOOTH ? shapes(kind) : 1); surrogate++) {
            const struct snn__population p = population(_i % RESETS, surrogate, kind);
            const bool first = kind & ALL_KINDS;
            bool skip[LENGTH];
            uint64_t n, m;
            bool skipped = false;

            begin(&x);
            begin(&y);
            before = y;
            n = step_with(k, &p, &x, first, kind / ALL_KINDS / 2);
            m = step_with(ref, &p, &y, first, kind / ALL_KINDS / 2);
            for (size_t e = 0; e < LENGTH; e++) {
                skip[e] = (!p.smooth || p.refractory > 0) &&
                          (near(&p, before.x[U], before.x[B], e) || near(&p, y.x[U], y.x[B], e));
                skipped |= skip[e];
            }
            compare(&x, &y, skip, "step", kind);
            HOLDS(skipped || n == m, "kind %d: spikes", kind);
        }
}
END_TEST

START_TEST(spikes_are_counted)
{
    static struct state x;

    for (int reset = 0; reset < RESETS; reset++)
        for (int kind = 0; kind < ALL_KINDS; kind++) {
            const struct snn__population p = population(reset, 0, kind);
            double sum = 0;
            uint64_t n;

            begin(&x);
            n = step_with(snn__kernels_at((size_t)_i), &p, &x, false, 0);
            for (size_t e = FROM; e < TO; e++)
                sum += x.x[OUT][e];
            ck_assert_uint_eq(n, reset == SNN__RESET_NONE ? 0 : (uint64_t)(sum + 0.5));
        }
}
END_TEST

enum { FIRST = 256, LAST = 512, DETACH = 1024, NO_E = 2048, WITH_LEAK = 4096, ALL_BACK = 8192, ADDS = 8192 };

static void delta_with(const struct snn__kernels *k, const struct snn__population *p, struct state *s, int kind,
                       float *d)
{
    const struct snn__population_delta a = { .p = p,
                                             .e = s->x[E],
                                             .scale = 0.7f,
                                             .u = s->x[U],
                                             .b = s->x[B],
                                             .q = s->x[Q],
                                             .accumulate = kind & ADDS,
                                             .d = d,
                                             .leak = kind & WITH_LEAK ? s->x[LEAK] : NULL,
                                             .r = s->x[R],
                                             .current = s->x[CURRENTS],
                                             .current_scale = 0.8f };

    k->population_delta(&a, FROM, TO);
}

START_TEST(deltas_agree)
{
    static struct state x, y;
    const struct snn__kernels *k = snn__kernels_at((size_t)_i / RESETS), *ref = snn__kernels_at(0);

    for (int i = 0; i < ALL_KINDS * 4; i++)
        for (int surrogate = 0; surrogate < shapes(i); surrogate++) {
            const int kind = i % ALL_KINDS + (i & ALL_KINDS ? WITH_LEAK : 0) + (i & 2 * ALL_KINDS ? ADDS : 0);
            const struct snn__population p = population(_i % RESETS, surrogate, kind);
            bool skip[LENGTH];

            begin(&x);
            begin(&y);
            delta_with(k, &p, &x, kind, x.x[D]);
            delta_with(ref, &p, &y, kind, y.x[D]);
            for (size_t e = 0; e < LENGTH; e++)
                skip[e] = near(&p, y.x[U], y.x[B], e);
            compare(&x, &y, skip, "delta", kind);
        }
}
END_TEST

static void back_with(const struct snn__kernels *k, const struct snn__population *p, struct state *s, int kind,
                      float *d)
{
    const struct snn__population_back a = { .p = p,
                                            .first = kind & FIRST,
                                            .last = kind & LAST,
                                            .detach = kind & DETACH,
                                            .e = kind & NO_E ? NULL : s->x[E],
                                            .scale = 0.7f,
                                            .u = s->x[U],
                                            .b = s->x[B],
                                            .q = s->x[Q],
                                            .q_prev = s->x[Q_PREV],
                                            .u_prev = s->x[U_PREV],
                                            .b_prev = s->x[B_PREV],
                                            .du = s->x[DU],
                                            .db = s->x[DB],
                                            .di = s->x[DI],
                                            .accumulate = kind & ADDS,
                                            .d = d,
                                            .leak = kind & WITH_LEAK ? s->x[LEAK] : NULL,
                                            .current = s->x[CURRENTS],
                                            .current_scale = 0.8f };

    k->population_back(&a, FROM, TO);
}

START_TEST(backs_agree)
{
    static struct state x, y;
    const struct snn__kernels *k = snn__kernels_at((size_t)_i / RESETS), *ref = snn__kernels_at(0);

    for (int kind = 0; kind < ALL_BACK; kind++)
        for (int surrogate = 0; surrogate < shapes(kind); surrogate++) {
            const int adds = (kind + kind / ALL_KINDS + surrogate) % 2 ? ADDS : 0; /* every other one */
            const struct snn__population p = population(_i % RESETS, surrogate, kind);
            bool skip[LENGTH];

            begin(&x);
            begin(&y);
            back_with(k, &p, &x, kind | adds, x.x[D]);
            back_with(ref, &p, &y, kind | adds, y.x[D]);
            for (size_t e = 0; e < LENGTH; e++)
                skip[e] = near(&p, y.x[U], y.x[B], e) || near(&p, y.x[U_PREV], y.x[B_PREV], e);
            compare(&x, &y, skip, "back", kind);
        }
}
END_TEST

/* The gradient of the leak alone. */
START_TEST(leaks_need_no_error)
{
    static struct state x, y;
    const struct snn__kernels *k = snn__kernels_at((size_t)_i);

    for (int kind = 0; kind < ALL_KINDS; kind++) {
        const struct snn__population p = population(SNN__RESET_SUBTRACT, 0, kind);

        for (int back = 0; back < 2; back++) {
            begin(&x);
            begin(&y);
            (back ? back_with : delta_with)(k, &p, &x, kind | WITH_LEAK, x.x[D]);
            (back ? back_with : delta_with)(k, &p, &y, kind | WITH_LEAK, NULL);
            ck_assert_mem_eq(x.x[LEAK], y.x[LEAK], sizeof x.x[LEAK]);
            begin(&x);
            ck_assert_mem_eq(x.x[D], y.x[D], sizeof x.x[D]);
            ck_assert_mem_ne(x.x[LEAK], y.x[LEAK], sizeof x.x[LEAK]);
        }
    }
}
END_TEST

/* Errors answered by spikes; multiples of 1/8 meet the thresholds and leave nothing to rounding. */
START_TEST(couples_agree)
{
    static struct state x, y;
    const struct snn__kernels *k = snn__kernels_at((size_t)_i), *ref = snn__kernels_at(0);

    for (int kind = 0; kind < 8; kind++) {
        struct state *const both[2] = { &x, &y };
        bool skip[LENGTH] = { false };
        uint64_t n[2], spikes = 0;

        for (int i = 0; i < 2; i++) {
            struct state *s = both[i];

            begin(s);
            for (size_t e = 0; e < LENGTH; e++) {
                s->x[U][e] = floorf(8 * s->x[U][e]) / 8;
                s->x[E][e] = floorf(8 * s->x[E][e]) / 8;
            }
            n[i] = (i ? ref : k)
                       ->couple_step(&(struct snn__couple_step){ .decay = kind & 4 ? 0.5f : 1,
                                                                 .threshold = 0.5f,
                                                                 .gap = 1.5f,
                                                                 .scale = 2,
                                                                 .size = 0.7f,
                                                                 .first = kind & 1,
                                                                 .accumulate = kind & 2,
                                                                 .e = s->x[E],
                                                                 .u = s->x[U],
                                                                 .sum = s->x[TRACE],
                                                                 .gate = s->x[R],
                                                                 .d = s->x[D] },
                                     FROM, TO);
        }
        compare(&x, &y, skip, "couples", kind);
        for (size_t e = FROM; e < TO; e++)
            spikes += fabsf(y.x[U][e]) >= 0.5f;
        ck_assert(n[0] == n[1] && n[0] == spikes && spikes > 0);
    }
}
END_TEST

/* ---- surrogates
 * ------------------------------------------------------------------------------------------------------ */

/* G of one number: a smooth population's first step with its current as membrane. */
static double primitive_of(const struct snn__kernels *k, const struct snn__population *p, double x)
{
    const float current = (float)x;
    float u, s;
    const struct snn__population_step a = {
        .p = p, .first = true, .current = &current, .current_scale = 1, .u_prev = &u, .u = &u, .out = &s
    };

    k->population_step(&a, 0, 1);
    return s;
}

static double surrogate_of(const struct snn__kernels *k, const struct snn__population *p, double x)
{
    const float u = (float)x, e = 1;
    float d;

    k->population_delta(&(struct snn__population_delta){ .p = p, .e = &e, .scale = 1, .u = &u, .d = &d }, 0, 1);
    return d;
}

START_TEST(surrogate_is_the_slope_of_its_primitive)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i / SURROGATES);
    const double h = 1.0 / 256;

    for (int a = 0; a < 3; a++) {
        struct snn__population p = population(SNN__RESET_SUBTRACT, _i % SURROGATES, SMOOTH);

        p.threshold = 0;
        p.alpha = (float)(1 << a) * 0.75f;
        if (p.surrogate != SNN__SURROGATE_FAST_SIGMOID) { /* whose primitive ends at 1/2 -+ 1/a */
            ck_assert_double_le(primitive_of(k, &p, -1e4), 1e-4);
            ck_assert_double_ge(primitive_of(k, &p, 1e4), 1 - 1e-4);
        }
        for (double x = -6 + h / 3; x < 6; x += 0.01) {
            const double slope = (primitive_of(k, &p, x + h) - primitive_of(k, &p, x - h)) / (2 * h);
            const double edge = p.surrogate == SNN__SURROGATE_RECTANGLE ? p.alpha / 2 : 1e9;

            if (fabs(fabs(x) - edge) > 2 * h)
                /* kinks: h times their jump */
                HOLDS(fabs(slope - surrogate_of(k, &p, x)) < 2e-4 + p.alpha * p.alpha * h,
                      "surrogate %d, a %g: slope at %g is %g, not %g", _i % SURROGATES, p.alpha, x, slope,
                      surrogate_of(k, &p, x));
        }
    }
}
END_TEST

/* g and G of kernel.h in double precision, each in a form that keeps the digits of small values. */
static double slope(const struct snn__population *p, double x)
{
    const double a = p->alpha, z = exp(-a * fabs(x));

    switch (p->surrogate) {
    case SNN__SURROGATE_SIGMOID:
        return a * z / ((1 + z) * (1 + z));
    case SNN__SURROGATE_TRIANGLE:
        return fmax(0, a * (1 - a * fabs(x)));
    case SNN__SURROGATE_RECTANGLE:
        return fabs(x) <= a / 2 ? 1 / a : 0;
    case SNN__SURROGATE_ARCTAN:
        return a / 2 / (1 + pow(acos(-1) / 2 * a * x, 2));
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    return 1 / ((1 + a * fabs(x)) * (1 + a * fabs(x)));
}

static double primitive(const struct snn__population *p, double x)
{
    const double a = p->alpha;

    switch (p->surrogate) {
    case SNN__SURROGATE_SIGMOID:
        return 1 / (1 + exp(-a * x));
    case SNN__SURROGATE_TRIANGLE:
        if (fabs(x) >= 1 / a)
            return x > 0;
        return x < 0 ? (1 + a * x) * (1 + a * x) / 2 : 1 - (1 - a * x) * (1 - a * x) / 2;
    case SNN__SURROGATE_RECTANGLE:
        return fmin(1, fmax(0, x / a + 0.5));
    case SNN__SURROGATE_ARCTAN:
        return atan2(1, -acos(-1) / 2 * a * x) / acos(-1);
    case SNN__SURROGATE_FAST_SIGMOID:
        break;
    }
    return 0.5 + x / (1 + a * fabs(x));
}

/* Relative to the value, however small: in the tails, too. Those that end within a finite distance (triangle,
 * rectangle; the primitive of the fast sigmoid unless a = 2) have an absolute error there. */
START_TEST(surrogates_are_accurate)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i / SURROGATES);
    struct snn__population p = population(SNN__RESET_SUBTRACT, _i % SURROGATES, SMOOTH);
    const bool ends = p.surrogate == SNN__SURROGATE_TRIANGLE || p.surrogate == SNN__SURROGATE_RECTANGLE;
    const double edge = p.surrogate == SNN__SURROGATE_RECTANGLE ? 0.5 : 1e9;

    p.threshold = 0;
    for (int a = 0; a < 2; a++) {
        p.alpha = a ? 4 : 2;
        for (double at = -20; at < 20; at += 0.0037) {
            const double x = (float)at, g = slope(&p, x), s = primitive(&p, x);
            const bool tail = p.surrogate == SNN__SURROGATE_FAST_SIGMOID && a == 1;

            if (fabs(fabs(x) - p.alpha * edge) < 1e-5)
                continue;
            HOLDS(fabs(surrogate_of(k, &p, x) - g) <= 1e-6 * (ends ? p.alpha : g) + 1e-37,
                  "surrogate %d: g(%g) is %g, not %g", _i % SURROGATES, x, surrogate_of(k, &p, x), g);
            HOLDS(fabs(primitive_of(k, &p, x) - s) <= 2e-6 * (ends || tail ? 1 : s) + 1e-37,
                  "surrogate %d: G(%g) is %g, not %g", _i % SURROGATES, x, primitive_of(k, &p, x), s);
        }
    }
    ck_assert_double_eq_tol(surrogate_of(k, &p, 1e30), 0, 1e-30);
    ck_assert(isnan(surrogate_of(k, &p, NAN)) || p.surrogate == SNN__SURROGATE_TRIANGLE ||
              p.surrogate == SNN__SURROGATE_RECTANGLE);
}
END_TEST

/* ---- back-propagation through time
 * ------------------------------------------------------------------------------------- */

#define STEPS 5

/* kernel.h's equations for one neuron in double precision; returns sum_t c[t] out[t]. */
static double sequence(const struct snn__population *p, double decay, double threshold, const double *current,
                       double scale, const double *c)
{
    const bool none = p->reset == SNN__RESET_NONE;
    double u = 0, s = 0, b = 0, q = 0, fire = 0, loss = 0;
    double r = (double)(p->initials ? p->initials[0] : p->initial);
    double i = (double)(p->initial_currents ? p->initial_currents[0] : p->initial_current);

    for (size_t t = 0; t < STEPS; t++) {
        if (t > 0) {
            q = q > 0 ? q - 1 : u >= fire ? (double)p->refractory : 0;
            r = p->reset == SNN__RESET_SUBTRACT ? u - threshold * s : none ? u : u * (1 - s);
            r += p->reset == SNN__RESET_VALUE ? (double)p->reset_value * s : 0;
            b = (double)p->adapt_decay * b + (1 - (double)p->adapt_decay) * s;
        }
        i = (p->current ? (double)p->current_decay * i : 0) + scale * current[t];
        u = decay * r + (p->scaled ? 1 - decay : 1) * i;
        u = p->floored ? fmax((double)p->floor, u) : u;
        fire = (double)p->fire_at * threshold + (p->adapt ? (double)p->adapt_strength * b : 0);
        s = none || q > 0 ? 0 : primitive(p, u - fire);
        loss += c[t] * (none ? u : s);
    }
    return loss;
}

/* The same through the kernels: d[t] and the leak's gradient. */
static void back_through(const struct snn__kernels *k, const struct snn__population *p, const double *current,
                         float scale, const double *c, double *d, double *leak)
{
    float x[STEPS], u[STEPS], b[STEPS] = { 0 }, q[STEPS], i = 0, held[STEPS], out, du = 0, db = 0, di = 0, sum = 0;

    for (size_t t = 0; t < STEPS; t++) {
        const size_t before = t ? t - 1 : 0;

        x[t] = (float)current[t];
        k->population_step(&(struct snn__population_step){ .p = p,
                                                           .first = t == 0,
                                                           .current = &x[t],
                                                           .current_scale = scale,
                                                           .u_prev = &u[before],
                                                           .u = &u[t],
                                                           .b_prev = &b[before],
                                                           .b = &b[t],
                                                           .q_prev = &q[before],
                                                           .q = &q[t],
                                                           .i = &i,
                                                           .out = &out },
                           0, 1);
        held[t] = p->current ? i : scale * x[t];
    }
    for (size_t t = STEPS; t-- > 0;) {
        const size_t before = t ? t - 1 : 0;
        const float e = (float)c[t];
        float at;

        k->population_back(&(struct snn__population_back){ .p = p,
                                                           .first = t == 0,
                                                           .last = t + 1 == STEPS,
                                                           .e = &e,
                                                           .scale = 1,
                                                           .u = &u[t],
                                                           .b = &b[t],
                                                           .q = &q[t],
                                                           .u_prev = &u[before],
                                                           .b_prev = &b[before],
                                                           .q_prev = &q[before],
                                                           .du = &du,
                                                           .db = &db,
                                                           .di = &di,
                                                           .d = &at,
                                                           .leak = &sum,
                                                           .current = &held[t],
                                                           .current_scale = 1 },
                           0, 1);
        d[t] = at;
    }
    *leak = sum;
}

START_TEST(back_is_the_gradient)
{
    const struct snn__kernels *k = snn__kernels_at((size_t)_i / RESETS);
    const double scale = 0.75, h = 1e-5;

    for (int kind = 0; kind < 64; kind++)
        for (int surrogate = 0; surrogate < SURROGATES; surrogate++) {
            const struct snn__population p = population(
                _i % RESETS, surrogate, kind % 16 | SMOOTH | (kind & 16 ? REFRACTORY : 0) | (kind & 32 ? FLOOR : 0));
            double current[STEPS] = { 0.9, 1.3, -0.4, 1.1, 0.7 }, d[STEPS], leak, up, down;
            const double c[STEPS] = { 0.3, -1.1, 0.8, 0.5, 1.2 };

            back_through(k, &p, current, (float)scale, c, d, &leak);
            for (size_t t = 0; t < STEPS; t++) {
                const double keep = current[t];

                current[t] = keep + h;
                up = sequence(&p, p.decay, p.threshold, current, scale, c);
                current[t] = keep - h;
                down = sequence(&p, p.decay, p.threshold, current, scale, c);
                current[t] = keep;
                HOLDS(fabs((up - down) / (2 * h) - scale * d[t]) < 2e-5, "surrogate %d kind %d: d[%zu] is %g, not %g",
                      surrogate, kind, t, scale * d[t], (up - down) / (2 * h));
            }
            up = sequence(&p, p.decay + h, p.threshold, current, scale, c);
            down = sequence(&p, p.decay - h, p.threshold, current, scale, c);
            HOLDS(fabs((up - down) / (2 * h) - leak) < 2e-5, "surrogate %d kind %d: leak is %g, not %g", surrogate,
                  kind, leak, (up - down) / (2 * h));
        }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kernel neurons");
    TCase *t = tcase_create("neurons");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, steps_agree, 0, tables() * RESETS);
    tcase_add_loop_test(t, spikes_are_counted, 0, tables());
    tcase_add_loop_test(t, deltas_agree, 0, tables() * RESETS);
    tcase_add_loop_test(t, leaks_need_no_error, 0, tables());
    tcase_add_loop_test(t, couples_agree, 0, tables());
    tcase_add_loop_test(t, backs_agree, 0, tables() * RESETS);
    tcase_add_loop_test(t, surrogate_is_the_slope_of_its_primitive, 0, tables() * SURROGATES);
    tcase_add_loop_test(t, surrogates_are_accurate, 0, tables() * SURROGATES);
    tcase_add_loop_test(t, back_is_the_gradient, 0, tables() * RESETS);
    suite_add_tcase(s, t);
    return run_suite(s);
}
