/* kernel/population.h - the arguments of the kernels of neurons: constants, one step, one step back. */
#ifndef SNN_KERNEL_POPULATION_H
#define SNN_KERNEL_POPULATION_H

#include <stdbool.h>
#include <stddef.h>

enum snn__reset { SNN__RESET_SUBTRACT, SNN__RESET_ZERO, SNN__RESET_VALUE, SNN__RESET_NONE };
/* Derivatives by x, how far the potential is above where the neuron fires, in the order of the enumeration. */
#define SNN__SURROGATES(X)                                 \
    X(sigmoid, "a p (1 - p) with p = 1 / (1 + exp(-a x))") \
    X(triangle, "max(0, a - a^2 |x|)")                     \
    X(rectangle, "1/a where |x| <= a/2, else 0")           \
    X(arctan, "(a/2) / (1 + (pi/2 a x)^2)")                \
    X(fast_sigmoid, "1 / (1 + a |x|)^2")
enum snn__surrogate {
    SNN__SURROGATE_SIGMOID,
    SNN__SURROGATE_TRIANGLE,
    SNN__SURROGATE_RECTANGLE,
    SNN__SURROGATE_ARCTAN,
    SNN__SURROGATE_FAST_SIGMOID
};

/* Constants of a population. k = scaled ? 1 - decay : 1. A neuron fires at fire_at * threshold + adapt_strength *
 * b. */
struct snn__population {
    size_t n; /* neurons of one sample: index of the per-neuron arrays is element % n */
    float decay, threshold, fire_at, reset_value, current_decay, adapt_decay, adapt_strength, alpha;
    float floor;                      /* of u, where it has one */
    float initial, initial_current;   /* u, and i of cuba, before the first step */
    float refractory;                 /* whole steps without a spike after a spike; 0: none, and q is not used */
    const float *decays, *thresholds; /* per neuron [n], or NULL: the two above */
    const float *initials, *initial_currents; /* likewise; the second of cuba alone */
    enum snn__reset reset;
    enum snn__surrogate surrogate;
    bool scaled;  /* k = 1 - decay */
    bool smooth;  /* s = primitive of the surrogate, H(x) -> G(x), G' = g, G(-inf) = 0 (fast sigmoid: 1/2 +
                     x/(1+a|x|)) */
    bool floored; /* u >= floor */
    bool current; /* cuba: i is used */
    bool adapt;   /* alif: b is used */
};

/* One time step:
 *   s'   = spike(u_prev - fire(b_prev));  r = reset(u_prev, s')          (first: r = initial, b = 0)
 *   b    = adapt_decay b_prev + (1 - adapt_decay) s'
 *   q    = u_prev >= fire(b_prev) and q_prev = 0 ? refractory : max(q_prev - 1, 0)   (first: 0)
 *   i    = current_decay i + I    (first: i = initial_current before)         (else i = I)
 *   u    = max(floor, decay r + k i);   s = spike(u - fire(b));   trace = decay trace + s
 * A refractory neuron, q > 0, integrates like any other, but s = 0 and g = 0, in s' as well.
 * reset NONE: r = u_prev, and the output is u instead of s (a readout that integrates; it counts no spikes).
 * reset SUBTRACT subtracts `threshold`, wherever the neuron fires. spike(x) = x >= 0. */
struct snn__population_step {
    const struct snn__population *p;
    bool first;
    const float *current; /* I */
    float current_scale;  /* factor of I */
    const float *u_prev;  /* may be the same array as u */
    float *u;
    const float *b_prev; /* alif only; may be the same array as b */
    float *b;
    const float *q_prev; /* refractory only; may be the same array as q */
    float *q;
    float *i;     /* cuba only */
    float *r;     /* receives r, or NULL */
    float *out;   /* s, or u without reset */
    float *trace; /* or NULL */
};

/* Error at the current within one step: d = scale e g(u - fire(b)) k; reset NONE: d = scale e k. On the floor it is
 * 0. If leak is not NULL: leak += scale e g (r - (scaled ? current_scale * current : 0)), the derivative by decay. */
struct snn__population_delta {
    const struct snn__population *p;
    const float *e;
    float scale;
    const float *u, *b, *q;
    bool accumulate; /* d += */
    float *d;        /* or NULL */
    float *leak;
    const float *r, *current;
    float current_scale;
};

/* The step from t + 1 to t of back-propagation through time. With cu = decay du[t+1] (0 at the last step), ds = scale
 * e + (detach ? 0 : cu dr/ds) + (1 - adapt_decay) db[t+1]:
 *   du[t]  = ds g + cu dr/du                       (no reset: du[t] = scale e + cu; on the floor 0)
 *   db[t]  = adapt_decay db[t+1] - adapt_strength ds g
 *   di[t]  = k du[t] + current_decay di[t+1]       d = di[t]
 *   leak  += du[t] (r(u_prev, s_prev) - (scaled ? current_scale * current : 0))
 * dr/ds, dr/du: SUBTRACT -threshold, 1; ZERO -u, 1 - s; VALUE reset_value - u, 1 - s. With detach, s is a constant in
 * r. smooth uses the same derivatives with the graded s. */
struct snn__population_back {
    const struct snn__population *p;
    bool first, last; /* t is the first, the last step of the sequence */
    bool detach;
    const float *e; /* error at the output, or NULL: 0 */
    float scale;
    const float *u, *b, *q;                /* of step t */
    const float *u_prev, *b_prev, *q_prev; /* of step t - 1, for leak only */
    float *du, *db, *di;                   /* carried; db for alif, di for cuba, else NULL */
    bool accumulate;                       /* d += */
    float *d;                              /* error at the current, or NULL */
    float *leak;                           /* or NULL */
    const float *current;
    float current_scale;
};

/* One time step of neurons whose rate is what is trained (layer/dsr.c). They fire at `fire` and lose `drop`:
 *   r = u_prev - drop (u_prev >= fire)    (first: 0);   u = decay r + gain I;   s = u >= fire
 *   mean += weight I                      (first: =)    the mean input that the layer gathers */
struct snn__rate_step {
    float decay, gain, fire, drop, weight; /* gain and weight with the factor of I in them */
    bool first;
    const float *current; /* I */
    const float *u_prev;  /* may be the same array as u */
    float *u, *out;
    float *mean; /* or NULL */
};

/* One time step of couples of neurons that answer an error with spikes -1, 0 or 1 (layer/couple.c):
 *   r = u - gap s(u)   (first: 0);   u = decay r + scale e;   s = (u >= threshold) - (u <= -threshold)
 *   sum = decay sum + s   (first: s);   d = size gate s   (+ d if accumulate) */
struct snn__couple_step {
    float decay, threshold, gap, scale, size;
    bool first, accumulate;
    const float *e;
    float *u, *sum;
    const float *gate;
    float *d;
};

#endif
