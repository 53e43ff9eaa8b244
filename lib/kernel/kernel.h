/* kernel/kernel.h - the table of functions that differ from instruction set to instruction set, and the products that
 * are built on it.
 *
 * Layout of activity: maps are [B,H,W,C] (channels last), vectors [B,N]; seen as a matrix, a row is one position of
 * one sample. Weights stay as they are published, [O,I,kh,kw], and are packed for the products.
 *
 * Functions with `from, to` work on elements from .. to - 1 of flat arrays and touch nothing else, so that the caller
 * may cut the range among threads as it likes. */
#ifndef SNN_KERNEL_KERNEL_H
#define SNN_KERNEL_KERNEL_H

#include "core/context.h"
#include "core/name.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instruction sets. Those of a family of machines share their hundreds, and a higher one has all that a lower has;
 * plain C belongs to all families. */
enum snn__isa { SNN__ISA_REF = 1, SNN__ISA_AVX2 = 2, SNN__ISA_AVX512 = 3, SNN__ISA_AMX = 4, SNN__ISA_NEON = 101 };

/* ---- populations of neurons ---------------------------------------------------------------------------------- */

enum snn__reset { SNN__RESET_SUBTRACT, SNN__RESET_ZERO, SNN__RESET_VALUE, SNN__RESET_NONE };
/* Derivatives by x, how far the potential is above where the neuron fires, in the order of the enumeration. */
#define SNN__SURROGATES(X)                                    \
    X(sigmoid, "a p (1 - p) with p = 1 / (1 + exp(-a x))")    \
    X(triangle, "max(0, a - a^2 |x|)")                        \
    X(rectangle, "1/a where |x| <= a/2, else 0")              \
    X(arctan, "(a/2) / (1 + (pi/2 a x)^2)")                   \
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
    float refractory; /* whole steps without a spike after a spike; 0: none, and q is not used */
    const float *decays, *thresholds; /* per neuron [n], or NULL: the two above */
    enum snn__reset reset;
    enum snn__surrogate surrogate;
    bool scaled;  /* k = 1 - decay */
    bool smooth;  /* s = primitive of the surrogate, H(x) -> G(x), G' = g, G(-inf) = 0 (fast sigmoid: 1/2 +
                     x/(1+a|x|)) */
    bool current; /* cuba: i is used */
    bool adapt;   /* alif: b is used */
};

/* One time step:
 *   s'   = spike(u_prev - fire(b_prev));  r = reset(u_prev, s')          (first: r = 0, b = 0, i = 0)
 *   b    = adapt_decay b_prev + (1 - adapt_decay) s'
 *   q    = u_prev >= fire(b_prev) and q_prev = 0 ? refractory : max(q_prev - 1, 0)   (first: 0)
 *   i    = current_decay i + I                                                (else i = I)
 *   u    = decay r + k i;   s = spike(u - fire(b));   trace = decay trace + s
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

/* Error at the current within one step: d = scale e g(u - fire(b)) k; reset NONE: d = scale e k.
 * If leak is not NULL: leak += scale e g (r - (scaled ? current_scale * current : 0)), the derivative by decay. */
struct snn__population_delta {
    const struct snn__population *p;
    const float *e;
    float scale;
    const float *u, *b, *q;
    float *d;
    float *leak;
    const float *r, *current;
    float current_scale;
};

/* The step from t + 1 to t of back-propagation through time. With cu = decay du[t+1] (0 at the last step), ds = scale
 * e + (detach ? 0 : cu dr/ds) + (1 - adapt_decay) db[t+1]:
 *   du[t]  = ds g + cu dr/du                       (no reset: du[t] = scale e + cu)
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
    float *du, *db, *di;          /* carried; db for alif, di for cuba, else NULL */
    float *d;                     /* error at the current */
    float *leak;                  /* or NULL */
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

/* ---- optimizers ------------------------------------------------------------------------------------------------ */

struct snn__sgd {
    float lr, momentum, weight_decay, scale; /* scale multiplies the gradient first (clipping by norm) */
    float limit;                             /* clipping by value, after the scale; 0: none */
    bool nesterov;
    float *w, *v; /* v NULL if momentum is 0 */
    const float *g;
};

struct snn__adam {
    float lr, beta1, beta2, eps, weight_decay, scale, limit;
    float correct1, correct2; /* 1 / (1 - beta^n) */
    bool decoupled;           /* adamw */
    float *w, *m, *v;
    const float *g;
};

/* ---- products
 * ---------------------------------------------------------------------------------------------------- */

/* How positions read a source map [h,w,pitch], of which `c` channels from the pointer on are used. Row m = (b, y, x)
 * of oh * ow positions, column k = (i * kw + j) * c + channel:
 *   plain:      source row y * stride - pad + i * dilation (zero outside)
 *   transposed: source row (y + pad - i * dilation) / stride, where that divides and lies inside (the adjoint)
 * A matrix [M, c] with row pitch `pitch` is the window with h = w = oh = ow = kh = kw = stride = dilation = 1, pad =
 * 0. */
struct snn__window {
    size_t h, w, c, pitch;
    size_t oh, ow;
    size_t kh, kw, stride, pad, dilation;
    bool transposed;
};

/* Whether the rows of a window are those of a matrix. */
static inline bool snn__is_matrix(const struct snn__window *w)
{
    return w->h * w->w * w->kh * w->kw == 1 && w->pad == 0;
}

/* Ways to a product. All give the same sums, in an order of their own. */
enum snn__way {
    SNN__WAY_ANY,      /* the fastest, by sizes and by how much of x is zero */
    SNN__WAY_DENSE,    /* every number with every weight */
    SNN__WAY_EVENTS,   /* numbers that are not zero add their weights: blas/events.c */
    SNN__WAY_WINOGRAD, /* fewer multiplications: blas/winograd.c */
    SNN__WAY_LOOKUP,   /* spikes look up sums of weights: blas/lookup.c */
    SNN__WAY_MATRIX    /* a matrix unit multiplies spikes with bytes of weights: blas/matrix.c */
};

/* y[m,n] = alpha * sum_k read(x)[m,k] * w[k,n]  (+ bias[n])  (+ y[m,n] if accumulate)
 * k = kh * kw * c; `packed` comes from snn__pack() of the same context. */
struct snn__product {
    size_t m, n;
    const float *x;
    struct snn__window window;
    const float *packed;
    float alpha;
    const float *bias; /* or NULL */
    float *y;
    size_t y_pitch;
    bool accumulate;
    bool spikes; /* x is 0 or 1 and the window not transposed */
    const uint64_t *map; /* with spikes: x as bits, see blas/spikes.h, or NULL: made where it is needed */
    enum snn__way way;
};

/* A block of a product of spikes for a matrix unit: y[rows,cols] = alpha * unit[n] * sum_k x[m,k] W[k,n] (+ bias[n])
 * (+ y[m,n]). W is what limbs() of the table made. The whole sum is exact, at most 2^23 deep, and rounded to float
 * once or (beyond 2^17 spikes) twice before it is multiplied. */
struct snn__matrix {
    size_t rows, cols, words; /* rows <= MATRIX_SIDE, cols <= MATRIX_COLS */
    const uint64_t *x;        /* [rows][words] */
    const uint8_t *limbs;     /* of each MATRIX_SIDE columns */
    const float *unit;
    float alpha;
    const float *bias; /* or NULL */
    float *y;
    size_t y_pitch;
    bool accumulate;
    void *room; /* MATRIX_ROOM bytes, aligned to 64 */
};

/* g[n,k] = alpha * sum_m d[m,n] * read(x)[m,k]  (+ g[n,k] if accumulate) */
struct snn__outer {
    size_t m, n;
    const float *d;
    size_t d_pitch;
    const float *x;
    struct snn__window window;
    float alpha;
    float *g;
    size_t g_pitch;
    bool accumulate;
};

/* ---- the table
 * ---------------------------------------------------------------------------------------------------- */

#define SNN__MR_MAX 16 /* most rows and columns that a micro tile may have */
#define SNN__NR_MAX 32
#define SNN__BITS_MR 64 /* most rows, and columns of a tile of bits, */
#define SNN__BITS_NR 8
#define SNN__BITS_ROOM 128 /* and words of room for every word of such rows */
#define SNN__LOOKUP_NR 16   /* columns of a table of sums, */
#define SNN__LOOKUP_BITS 5u /* the spikes that look up one of them, */
#define SNN__LOOKUP_SUMS 32 /* how many there are, */
#define SNN__LOOKUP_GROUPS 13 /* and groups of that many spikes in a word */
#define SNN__MATRIX_SIDE 32u  /* rows and columns of a block of a matrix unit, */
#define SNN__MATRIX_COLS 128u /* and most columns of a call; */
#define SNN__MATRIX_LIMBS 3u  /* bytes of a weight, */
#define SNN__MATRIX_WHOLE 8388606.0f /* what the largest one becomes, so that rounding stays below 2^23, */
#define SNN__MATRIX_WORD 2048u /* bytes of one limb of a block that a word of spikes meets, */
#define SNN__MATRIX_DEEP 10u  /* words at a time: two times 20 KiB share a first-level cache */
#define SNN__MATRIX_ROOM                         \
    (SNN__MATRIX_DEEP * SNN__MATRIX_WORD +       \
     SNN__MATRIX_LIMBS * SNN__MATRIX_SIDE * SNN__MATRIX_COLS * sizeof(int32_t)) /* spikes as bytes, sums */

struct snn__layer_kernels;

struct snn__kernels {
    enum snn__isa isa;
    size_t mr, nr; /* rows and columns of the micro tile of the product */

    /* c[mr,nr] (pitch ldc) = or += sum_k a[k][mr] * b[k][nr] over packed panels; the full tile is always written */
    void (*tile)(size_t k, const float *a, const float *b, float *c, size_t ldc, bool accumulate);
    /* The general tile: c[rows,cols] = alpha sum_k a[k][i] b[k][j] (+ bias[j]) (+ c); rows <= mr, cols <= nr, and
     * only rows x cols of c and bias are touched. */
    void (*edge)(size_t rows, size_t cols, size_t k, const float *a, const float *b, float alpha, const float *bias,
                 float *c, size_t ldc, bool accumulate);
    /* panel[j * width + i] = rows[i][j] for j < k, i < width: rows of a matrix become a packed panel; width is mr or
     * nr */
    void (*interleave)(float *panel, size_t width, const float *const *rows, size_t k);

    /* Lists the numbers of x[n] that are not zero, times a, with their places; returns how many. Up to 16 entries
     * beyond the last may be written. */
    size_t (*events)(const float *x, size_t n, float a, uint32_t *at, float *value);
    /* y[j] += sum_e value[e] w[row[e], j] for j < cols <= 64; w in packed panels, `panel` floats from one to the
     * next */
    void (*scatter)(float *y, size_t cols, const float *w, size_t panel, size_t n, const uint32_t *row,
                    const float *value);

    /* to[ceil(n / 64)]: bit i of it, from the lowest on, is set where x[i] is not 0 */
    void (*bits)(uint64_t *to, const float *x, size_t n);
    /* Makes rows ready for tiles: set[i] = bits that are set in row i of x[rows][words]; rows <= BITS_MR. Returns
     * what tiles read: x, or room[words][BITS_ROOM] with the same in an order of their own. */
    const uint64_t *(*bits_turn)(size_t words, const uint64_t *x, size_t rows, uint64_t *room, uint32_t *set);
    /* count[i][j] = bits that are set both in row i of x, from bits_turn() of as many rows, and in column j of
     * w[words][BITS_NR] */
    void (*bits_tile)(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count);

    /* table[g][b][LOOKUP_NR] = sum of w[LOOKUP_BITS g + i, :] over the bits i that are set in b, for rows <= 64 rows
     * of w in packed panels; cols <= LOOKUP_NR of them are there */
    void (*lookup_sums)(float *table, const float *w, size_t panel, size_t rows, size_t cols);
    /* y[m][LOOKUP_NR] = or += sum_g table[g][LOOKUP_BITS bits of x[m] from LOOKUP_BITS g on] */
    void (*lookup)(float *y, size_t rows, const float *table, size_t groups, const uint64_t *x, bool accumulate);

    /* Where the process may use the unit only if the system permits: asks it, and says what the table is if it does
     * not. */
    bool (*ask_for_unit)(void);
    const struct snn__kernels *without_unit;
    /* Both NULL without a matrix unit; ref has them as the specification.
     * limbs: `cols` columns of w, in packed panels, become whole numbers W = w / unit of 24 bits, to the nearest one;
     * unit is the column's largest magnitude, 2^-103 at least, by MATRIX_WHOLE. Where that is not finite, W is 0.
     * Byte l of W, the last one with the sign, goes to
     *   to[l][word][column / 16][row / 4][column % 16][row % 4]
     * where a tap has ceil(c / 64) words of 64 rows each, zero beyond its last; columns up to MATRIX_SIDE are
     * zero. */
    void (*limbs)(uint8_t *to, float *unit, const float *w, size_t panel, size_t cols, size_t taps, size_t c);
    void (*matrix)(const struct snn__matrix *a);

    /* Winograd's convolutions, see kernel/winograd.inc: n channels, 36 points with `pitch` floats from one to the
     * next; side * side outputs of taps * taps weights */
    void (*points_of_map)(float *out, size_t pitch, const float *const *in, size_t n);   /* in: 6 * 6 positions */
    void (*points_of_error)(float *out, size_t pitch, const float *const *in, size_t side, size_t n);
    void (*points_of_weights)(float *out, size_t pitch, const float *w, size_t w_pitch, size_t taps, bool turned,
                              size_t n);
    void (*map_of_points)(float *const *y, size_t side, float alpha, const float *bias, bool accumulate,
                          const float *m, size_t pitch, size_t n); /* y NULL where there is none */
    void (*weights_of_points)(float *g, size_t g_pitch, size_t taps, float alpha, bool accumulate, const float *u,
                              size_t pitch, size_t n);

    uint64_t (*population_step)(const struct snn__population_step *a, size_t from, size_t to); /* returns spikes */
    void (*population_delta)(const struct snn__population_delta *a, size_t from, size_t to);
    void (*population_back)(const struct snn__population_back *a, size_t from, size_t to);

    uint64_t (*rate_step)(const struct snn__rate_step *a, size_t from, size_t to); /* returns spikes */
    /* returns spikes of either sign */
    uint64_t (*couple_step)(const struct snn__couple_step *a, size_t from, size_t to);

    void (*fill)(float *y, float value, size_t n);
    void (*scale)(float *y, float a, const float *x, size_t n);               /* y = a x */
    void (*axpy)(float *y, float a, const float *x, size_t n);                /* y += a x */
    void (*multiply)(float *y, float a, const float *x, const float *m, size_t n, bool accumulate); /* y (+)= a x m */
    void (*maximum)(float *y, const float *x, size_t n);                      /* y = max(y, x) */
    double (*dot)(const float *x, const float *y, size_t n);                  /* sum x y, accumulated in double, fixed
                                                                                 order */
    bool (*finite)(const float *x, size_t n);                                 /* all finite? */
    bool (*within)(const float *x, size_t n, float limit);                    /* all |x[i]| <= limit? not NaN */

    void (*sgd)(const struct snn__sgd *a, size_t from, size_t to);
    void (*adam)(const struct snn__adam *a, size_t from, size_t to);

    const struct snn__layer_kernels *layers; /* kernel/layers.h */
};

/* The best table that the machine and the cap, "avx2" or "best", allow. SNN_ERR_ARGUMENT for an unknown cap. */
snn_status snn__kernels_choose(const struct snn__kernels **out, const char *cap);
const char *snn__isa_name(enum snn__isa isa);
/* The instruction sets of this build, the machine's or not. */
snn__names snn__isa_names;
/* Table number `index` that this machine can run, from 0 (ref); NULL past the last. For tests. */
const struct snn__kernels *snn__kernels_at(size_t index);

/* Floats that packing w[k,n] takes. */
size_t snn__packed_size(const snn_context *ctx, size_t k, size_t n);
/* Asks the system for the matrix unit of the context's kernels, if it has to be asked and was not yet. Plans of
 * products that are for the unit do so. */
void snn__product_ask(const snn_context *ctx);
/* Bytes of scratch memory, for all workers together, that products with these sizes take; with spikes or without. A
 * plan: asks. */
size_t snn__product_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w, bool spikes);
size_t snn__outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);

/* packed <- w[k,n] with k = (tap, inner): element at w[tap * tap_stride + inner * inner_stride + n * n_stride]. */
void snn__pack(const snn_context *ctx, float *packed, const float *w, size_t taps, size_t inner, size_t n,
               size_t tap_stride, size_t inner_stride, size_t n_stride);
/* turned <- those of the adjoint, w[(tap, n), inner], out of the packed w[(tap, inner), n]. */
void snn__pack_turned(const snn_context *ctx, float *turned, const float *packed, size_t taps, size_t inner,
                      size_t n);
/* Both cut the work among the context's threads, and give the same bits for any number of them. */
void snn__product(const snn_context *ctx, const struct snn__product *p, void *scratch);
/* Whether a product may go this way here; the matrix unit's is open to none before it was asked for. */
bool snn__product_takes(const snn_context *ctx, const struct snn__product *p, enum snn__way way);
/* Whether products of spikes may look at their map. */
bool snn__product_reads_map(const struct snn__window *w);
/* The way that snn__product() takes: never ANY. It may write to scratch. */
enum snn__way snn__product_way(const snn_context *ctx, const struct snn__product *p, void *scratch);
void snn__outer(const snn_context *ctx, const struct snn__outer *p, void *scratch);

/* Elementwise work of n elements in fixed pieces over the threads: fn(arg, from, to). */
void snn__ranges(const snn_context *ctx, size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg);

#endif
