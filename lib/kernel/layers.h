/* kernel/layers.h - kernels of single layers, losses and updates, in plain C.
 *
 * Most are the body of a loop that snn__parallel() shares out, (arguments, item, worker), or of snn__ranges(),
 * (arguments, from, to). Layers fill in the arguments, and touch no element themselves. Arrays are [B,H,W,C]; rows of
 * weights are shared out in blocks of SNN__ROWS. */
#ifndef SNN_KERNEL_LAYERS_H
#define SNN_KERNEL_LAYERS_H

#include "core/context.h"
#include "core/rng.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include <math.h>

/* ---- windows ---- */

/* Windows along one axis: output cell i covers input cells first(i) .. last(i) - 1, clipped to the map. A fixed
 * window starts at i * stride - pad; an adaptive one covers floor(i n / o) .. ceil((i + 1) n / o) - 1. */
struct snn__axis {
    size_t n, o, kernel, stride, pad;
    bool adaptive;
};

/* (i + 1) n / parts, rounded up */
static inline size_t snn__part_end(size_t n, size_t parts, size_t i)
{
    return n / parts * (i + 1) + snn__ceil_div(n % parts * (i + 1), parts);
}

static inline size_t snn__cell_first(const struct snn__axis *a, size_t i)
{
    if (a->adaptive)
        return snn__part(a->n, a->o, i);
    return i * a->stride > a->pad ? i * a->stride - a->pad : 0;
}

static inline size_t snn__cell_last(const struct snn__axis *a, size_t i)
{
    size_t end;

    if (a->adaptive)
        return snn__part_end(a->n, a->o, i);
    end = i * a->stride + a->kernel;
    return snn__min(end > a->pad ? end - a->pad : 0, a->n);
}

/* ---- rows of weights ---- */

/* Rows of weights are shared out in blocks of so many. */
#define SNN__ROWS 16

/* What_ij = gain_i r_i (w_ij - mean_i),  r_i = 1 / sqrt(n v_i + eps), v_i the unbiased variance of row i. */
struct snn__standardise {
    size_t rows, n;
    const float *w, *gain;
    double eps;
    float *inverse, *mean; /* [rows], r_i and the mean: written by standardise, read by standardise_back */
    float *out;            /* [rows][n]: receives What; dL/dWhat, which becomes dL/dw */
    float *gain_back;      /* [rows], receives dL/dgain */
};

/* w <- sgn(w), with a scale for each row: a_c = mean |w_c| (scaled) or 1, sgn(0) = 1 (layer/binary.h). */
struct snn__signs {
    size_t rows, n;
    bool scaled, through_sign, through_scale; /* back: dL/dw is scaled by a_c; and goes through a_c */
    const float *w;
    float *scale; /* [rows] */
    float *out;   /* [rows][n]: receives a_c sgn(w), or is NULL; dL/dWb, which becomes dL/dw */
};

/* g[input][tap] <- g[tap][input] in every row: from the order of the product to that of the tensor. */
struct snn__reorder {
    size_t rows, taps, inputs;
    float *g;
    float *room; /* [workers][taps inputs] */
};

#define SNN__VECTOR_ROWS 64 /* of a block */

/* g_ij <- factor (g_ij - inner u_i v_j) */
struct snn__outer_rows {
    const struct snn__kernels *kernels;
    size_t rows, n;
    double factor, inner;
    const float *u, *v;
    float *g; /* [rows][n] */
};

/* w_ij <- factor_i w_ij */
struct snn__scale_rows {
    size_t rows, n;
    const float *factor;
    float *w; /* [rows][n] */
};

/* y <- w x, a block of rows; in double precision. */
struct snn__matrix_vector {
    const struct snn__kernels *kernels;
    size_t rows, columns;
    const float *w, *x;
    float *y;
};

/* ---- maps ---- */

/* The maximum of each window, of a sample; winner: the element that each output took, [B][out_len]. */
struct snn__maximum_pool {
    struct snn__axis row, column;
    size_t c;
    const float *x; /* input, or error */
    float *y;       /* output, or what is sent down */
    uint32_t *winner;
    float scale;
    size_t in_len, out_len;
    bool accumulate;
};

/* dx[position][channel] (+)= scale e[channel][position], of a sample. */
struct snn__turn_back {
    size_t channels, positions;
    const float *e;
    float *dx, scale;
    bool accumulate;
};

/* ---- neurons ---- */

/* Errors through the clamp of a rate (docs/methods/dsr.md), of sample b: Gamma = T sum_t w_t go[t], or given;
 * gx = M Gamma / tau, of which every step sends a share; above: the sum of Gamma over what lies above the clamp. */
struct snn__clamp {
    size_t n, batch, steps;
    const float *e; /* [steps][batch][n]: go[t]; or Gamma, as one step */
    float scale;    /* of e */
    double beta;
    bool weighs; /* e is go[t] */
    float upper, slope;
    bool open;           /* the bounds themselves lie outside */
    float *gamma, *mean; /* [batch][n]: receives Gamma; X, which becomes gx */
    double *above;       /* [batch] */
    float *dx;           /* [steps][batch][n], or NULL */
    float share;
    bool accumulate;
};

/* w of step t, from 0: beta^(T-1-t) (1 - beta) / (1 - beta^T) */
static inline double snn__step_weight(double beta, size_t t, size_t steps)
{
    if (beta == 1.0)
        return 1.0 / (double)steps;
    return pow(beta, (double)(steps - 1 - t)) * (1.0 - beta) / (1.0 - pow(beta, (double)steps));
}

/* y = clip(factor x, 0, 1), mask = [0 <= factor x <= 1] */
struct snn__clip_values {
    const float *x;
    float factor, *y, *mask;
};

/* y = decay y + a x, 0 where that is not a normal number */
struct snn__decay_add {
    float *y, decay, a;
    const float *x;
};

/* gate = `open` where 0 < x < most, else 0 */
struct snn__open_between {
    const float *x;
    float *gate, most, open;
};

/* mask = 0 where the uniform number of that index is below `rate`, else 1 */
struct snn__dropout {
    uint64_t seed, stream;
    float *mask, rate;
    uint64_t first; /* number of mask[0] in the stream */
};

/* ---- norms ---- */

/* Sums of each channel over the rows of x, a part of the rows in each piece; and their totals. */
struct snn__norm_sums {
    size_t rows, c, pieces;
    const float *x, *d;  /* sums of d and d (x - center); without d of x - center and its square */
    const float *center; /* [c] */
    double *partial;     /* [pieces][2][c] */
    double *total;       /* [2][c], may be those of the first piece */
    bool accumulate;     /* total += */
};

/* Of sums of n values, x - center and its square: the mean, 1 / deviation and unbiased variance of scale x, and
 * running values that follow, or NULL. */
struct snn__norm_statistics {
    size_t c;
    const double *sums; /* [2][c] */
    const float *center;
    double n, all; /* values in the sums, and those that they stand for */
    double scale;
    float eps, momentum;
    float *mean, *inverse, *unbiased;
    float *running_mean, *running_var;
};

/* slope x + shift = gamma (scale x - mean) r + beta, r = inverse, or without it 1 / sqrt(var + eps); without beta the
 * shift is 0. */
struct snn__norm_line {
    const float *gamma, *beta, *mean, *inverse, *var;
    float eps, scale;
    float *slope, *shift;
};

/* y (+)= slope x + shift (+ bend x2) in rows of c channels */
struct snn__affine {
    const float *x, *x2, *slope, *bend, *shift; /* x2: or NULL */
    float *y;
    size_t c;
    bool accumulate;
};

/* Errors d_scale d through the norm of x_scale x, of the sums of d and d (x - shift), shift = mean / x_scale:
 *   dgamma += sum d xh,  dbeta += sum d;   dx = slope d + bend x2 + shift,  bend = factor x2_scale */
struct snn__norm_back {
    size_t c;
    const double *sums; /* [2][c] */
    double rows, d_scale, x_scale, x2_scale;
    const float *gamma, *mean, *inverse;
    float *dgamma, *dbeta, *slope, *factor, *bend, *shift;
};

/* y = gamma xh + beta, xh = (scale x - mean) inverse over the n features of each sample. Back and credit: x is the
 * error at the output, y receives that at the input. */
struct snn__layer_norm {
    const struct snn__kernels *kernels;
    size_t batch, n;
    float eps, scale;
    const float *x, *one, *gamma, *beta; /* one: [n] of 1 */
    float *y;
    float *xh, *inverse;   /* [batch][n] and [batch]; kept unless xh is NULL */
    float *room;           /* back: [workers][n], and y is added to; or NULL */
    float *dgamma, *dbeta; /* credit: += */
};

/* ---- attention ---- */

/* y_n (+)= factor A^T x_n with A = sum_m left_m right_m^T, turned: A x_n; of each head, d of the channels. */
struct snn__attention {
    const struct snn__kernels *kernels;
    size_t channels, d, positions, heads;
    const float *left, *right, *x;
    float *y, *room, factor; /* room: [workers][d][d] */
    bool turned, accumulate;
};

/* ---- losses ---- */

/* A teacher's share of the loss of a sample, with log p of its logits / tau and log q of factor out:
 *   error <- (1 - share) error + weight share tau (q - p) */
struct snn__distil {
    size_t classes;
    const float *out, *teacher;
    double factor, share, tau, weight;
    float *error; /* or NULL */
};

/* ---- lateral neurons (projection/hlop.c) ---- */

#define SNN__LATERAL_ROWS 4 /* of a block */

/* y <- round(clip(y, -scale, scale) / scale steps) / steps scale in rows of `count`: a count of signed spikes; half
 * goes to even. */
struct snn__signed_spikes {
    float *y, scale, steps;
    size_t count, pitch;
};

/* dH = clamp(share (outer - shared)),  D = m D + (1 - m) dH,  H += rate D. With `shared`, outer has the order
 * of the product, [tap][input]; H is [input][tap]. */
struct snn__hebbian {
    size_t rows, n, taps;
    const float *outer, *shared;        /* [rows][n]; or NULL */
    float *h, *d;                       /* [rows][n] */
    float rate, momentum, clamp, share; /* share: 1 / R */
};

/* ---- the table ---- */

/* Bodies of parallel loops: one item; one item with a worker's scratch memory, or elements from .. to - 1. */
typedef void snn__item(void *arguments, size_t item);
typedef void snn__body(void *arguments, size_t item_or_from, size_t worker_or_to);

struct snn__rank_one;

#define SNN__SIGN_BLOCK ((size_t)512)             /* numbers that share a magnitude, */
#define SNN__SIGN_BYTES (4 + SNN__SIGN_BLOCK / 8) /* and bytes of them */

struct snn__layer_kernels {
    snn__item *standardise, *standardise_back;   /* struct snn__standardise, a block of rows */
    snn__item *signs, *signs_back;               /* struct snn__signs, a block of rows */
    snn__body *reorder;                          /* struct snn__reorder, a block of rows */
    snn__item *matrix_vector;                    /* struct snn__matrix_vector, a block of rows */
    snn__item *outer_rows;                       /* struct snn__outer_rows, a block of rows */
    snn__item *scale_rows;                       /* struct snn__scale_rows, a block of rows */
    snn__body *clip_to_one;                      /* float w[], some elements: w <- clip(w, -1, 1) */
    snn__item *clamp;                            /* struct snn__clamp, a sample */
    snn__body *clip_values;                      /* struct snn__clip_values, some elements */
    snn__body *decay_add;                        /* struct snn__decay_add, some elements */
    snn__body *open_between;                     /* struct snn__open_between, some elements */
    snn__body *signed_spikes;                    /* struct snn__signed_spikes, some rows */
    snn__item *hebbian;                          /* struct snn__hebbian, a block of rows */
    snn__body *dropout;                          /* struct snn__dropout, some elements */
    snn__item *maximum_pool, *maximum_pool_back; /* struct snn__maximum_pool, a sample */
    snn__item *turn_back;                        /* struct snn__turn_back, a sample */
    snn__item *norm_sums;                        /* struct snn__norm_sums, a piece */
    snn__body *norm_total;                       /* the same, some of the 2 c totals */
    snn__body *norm_statistics;                  /* struct snn__norm_statistics, some channels */
    snn__body *norm_line;                        /* struct snn__norm_line, some channels */
    snn__body *norm_center, *norm_credit;        /* struct snn__norm_back, some channels: shift; dgamma and dbeta; */
    snn__body *norm_back;                        /* slope, factor, bend and shift */
    snn__body *affine;                           /* struct snn__affine, some elements */
    snn__item *layer_norm;                       /* struct snn__layer_norm, a sample */
    snn__body *layer_norm_back;
    snn__body *layer_norm_credit; /* struct snn__layer_norm, some features */
    snn__body *attention;         /* struct snn__attention, a head of a sample */

    /* [channels,positions] to [positions,channels] for n samples */
    void (*turn_maps)(size_t n, size_t channels, size_t positions, const float *x, float *y);

    /* y = 1 / (1 + exp(-x)); g = dy/dx g; g[0] = dy/dx[0] sum */
    void (*logistic)(float *y, const float *x, size_t n);
    void (*logistic_back)(float *g, const float *x, size_t n);
    void (*logistic_back_sum)(float *g, double sum, const float *x);
    /* x[0] becomes the sum over samples of x[b], [batch][n], in double precision, or 0 where batch is 0; returns the
     * sum of these sums. */
    double (*sum_samples)(float *x, size_t batch, size_t n);
    /* sum += x[0] + x[1] + .. */
    void (*add_up)(double *sum, const double *x, size_t n);

    /* What a rank sends (ranks/ranks.h): to = or += a x + 0, which is no negative zero; x may be `to`. */
    void (*leaf)(float *to, float a, const float *x, size_t n);
    void (*leaf_add)(float *to, float a, const float *x, size_t n);
    /* to <- x in 16 bits each, the upper half of a float; or in signs, and the mean magnitude of every
     * SNN__SIGN_BLOCK numbers, the last block with fewer. x keeps what was lost. Unpacked: what is left of x. */
    void (*pack_halves)(void *to, float *x, size_t n);
    void (*unpack_halves)(float *to, const void *from, size_t n);
    void (*pack_signs)(void *to, float *x, size_t n);
    void (*unpack_signs)(float *to, const void *from, size_t n);
    /* Bits as they are; returns where the next number would go. */
    float *(*transfer)(float *to, const float *from, size_t n);
    /* Between arrays and the double precision in which losses are computed: y = factor x. */
    void (*widen)(double *y, double factor, const float *x, size_t n);
    void (*narrow)(float *y, double factor, const double *x, size_t n);

    /* Returns KL(p || q). */
    double (*distil)(const struct snn__distil *k);
    /* How many of n numbers come before x[i]: those that are larger, and of equal ones those with a lower index. */
    size_t (*before)(const float *x, size_t n, size_t i);
    /* y = max(y, factor x), at: the first step t with that value. `begins`: y = factor x. */
    void (*rise)(float *y, uint32_t *at, float factor, const float *x, uint32_t t, bool begins, size_t n);
    /* y = e where `at` is t, else 0. */
    void (*of_peak)(float *y, const float *e, const uint32_t *at, uint32_t t, size_t n);
    /* Rows become orthonormal, one after the other, as far as n allows: Gram-Schmidt. */
    void (*orthonormal_rows)(float *h, size_t rows, size_t n);

    /* Numbers 0 to n - 1 of a stream: uniform in [lo, hi); normal (Box-Muller), with mean 0. */
    void (*random_uniform)(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n, float lo,
                           float hi);
    void (*random_normal)(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n, float std);

    /* Entries [from, to) of the flat array, all of which belong to the outer product. */
    void (*rank_one_read)(const struct snn__kernels *k, const struct snn__rank_one *r, size_t from, size_t to,
                          float *out);
    /* Is no entry larger than `limit`, which is finite, nor NaN? */
    bool (*rank_one_within)(const struct snn__kernels *k, const struct snn__rank_one *r, float limit);
    /* Sum of the squares of all entries. */
    double (*rank_one_square)(const struct snn__kernels *k, const struct snn__rank_one *r);
};

static inline const struct snn__layer_kernels *snn__layers(const snn_context *ctx)
{
    return ctx->kernels->layers;
}

#endif
