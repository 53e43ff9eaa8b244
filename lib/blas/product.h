/* blas/product.h - products of matrices, and of maps read through windows.
 *
 * Layout of activity: maps are [B,H,W,C] (channels last), vectors [B,N]; seen as a matrix, a row is one position of
 * one sample. Weights stay as they are published, [O,I,kh,kw], and are packed for the products. */
#ifndef SNN_BLAS_PRODUCT_H
#define SNN_BLAS_PRODUCT_H

#include "core/context.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Axes of a window. */
enum { SNN__Y, SNN__X };

/* The rows that an output position reads of a source map [h,w,pitch], of which `c` channels from the pointer on are
 * used. Row m = (b, y, x) of oh * ow positions, column k = (i * kw + j) * c + channel. Plain: source row y * stride -
 * pad + i * dilation (zero outside). Transposed: source row (y + pad - i * dilation) / stride, where that divides and
 * lies inside (the adjoint). Stride, pad and dilation are those of an axis. A matrix [M, c] with row pitch `pitch` is
 * the window with h = w = oh = ow = kh = kw = 1, strides and dilations 1, no padding. */
struct snn__window {
    size_t h, w, c, pitch;
    size_t oh, ow;
    size_t kh, kw, stride[2], pad[2], dilation[2];
    bool transposed;
};

/* The rows of a matrix [m][n], `pitch` numbers from one to the next. */
static inline struct snn__window snn__window_of_rows(size_t n, size_t pitch)
{
    return (struct snn__window){ 1, 1, n, pitch, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false };
}

/* True if the rows of a window are those of a matrix. */
static inline bool snn__is_matrix(const struct snn__window *w)
{
    return w->h * w->w * w->kh * w->kw == 1 && w->pad[SNN__Y] == 0 && w->pad[SNN__X] == 0;
}

/* The three products of training. Adjoints of linear layers are products of reals, as forward products of real
 * numbers are; those of convolutions read a transposed window. */
enum snn__kind { SNN__OF_SPIKES = 1, SNN__OF_REALS = 2, SNN__OF_ADJOINTS = 4, SNN__OF_GRADIENTS = 8 };

/* That of y = read(x) w. */
static inline enum snn__kind snn__product_kind(const struct snn__window *w, bool spikes)
{
    return spikes ? SNN__OF_SPIKES : w->transposed ? SNN__OF_ADJOINTS : SNN__OF_REALS;
}

/* Implementations of a product. All give the same sums, each in an order of its own. */
enum snn__way {
    SNN__WAY_ANY,      /* as the context's table says, by sizes and by how much of x is zero: blas/table.h */
    SNN__WAY_DENSE,    /* every number with every weight */
    SNN__WAY_WINOGRAD, /* fewer multiplications: blas/winograd.c */
    SNN__WAY_EVENTS,   /* numbers that are not zero add their weights: blas/events.c */
    SNN__WAY_LOOKUP,   /* spikes look up sums of weights: blas/lookup.c */
    SNN__WAY_MATRIX,   /* a matrix unit multiplies spikes with bytes of weights: blas/matrix.c */
    SNN__WAY_SLICES,   /* a matrix unit multiplies digits of both: blas/slices.c */
    SNN__WAY_BITS,     /* weights of one bit, of which no table knows: blas/bits.c */
    SNN__WAYS
};

/* y[m,n] = alpha * sum_k read(x)[m,k] * w[k,n]  (+ bias[n])  (+ y[m,n] if accumulate)
 * k = kh * kw * c; `packed` comes from snn__pack() of the same context. */
struct snn__product {
    size_t m, n;
    const float *x;
    struct snn__window window;
    const float *packed;
    const void *limbs;  /* of snn__limbs(), or NULL: made for this product where it needs them */
    const void *digits; /* of snn__digits(), or NULL: no product of digits */
    float alpha;
    const float *bias; /* or NULL */
    float *y;
    size_t y_pitch;
    bool accumulate;
    bool spikes;         /* x is 0 or 1 and the window not transposed */
    float whole;         /* x times it is whole numbers from 0 to 7, as of average pools of spikes; 0: it is not */
    const uint64_t *map; /* with spikes: x as bits, see blas/spikes.h, or NULL: made where it is needed */
    enum snn__way way;
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
    enum snn__way way;
};

/* Floats that packing w[k,n] takes. */
size_t snn__packed_size(const snn_context *ctx, size_t k, size_t n);
/* Requests the matrix unit of the context's kernels from the system, once, where a request is needed. Plans of
 * products for that unit do so. */
void snn__product_ask(const snn_context *ctx);
/* Bytes of scratch memory, for all workers together, of products with these sizes, with spikes or without. Called
 * while planning: requests the matrix unit where such a product would use it. */
size_t snn__product_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w, bool spikes);
size_t snn__outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);

/* packed <- w[k,n] with k = (tap, inner): element at w[tap * tap_stride + inner * inner_stride + n * n_stride]. */
void snn__pack(const snn_context *ctx, float *packed, const float *w, size_t taps, size_t inner, size_t n,
               size_t tap_stride, size_t inner_stride, size_t n_stride);
/* turned <- those of the adjoint, w[(tap, n), inner], out of the packed w[(tap, inner), n]. */
void snn__pack_turned(const snn_context *ctx, float *turned, const float *packed, size_t taps, size_t inner,
                      size_t n);
/* Bytes that the limbs of w[k,n] take: what the matrix unit reads in place of packed weights; 0 without a unit that
 * was requested. */
size_t snn__limbs_size(const snn_context *ctx, size_t n, const struct snn__window *w);
/* limbs <- those of packed weights. */
void snn__limbs(const snn_context *ctx, void *limbs, const float *packed, size_t n, const struct snn__window *w);
/* The same for the digits of w[k,n], which products of real numbers read: adjoints. They are wanted where the table
 * sends products with these sizes to the matrix unit. Called while planning, as snn__product_scratch(). */
bool snn__product_wants_digits(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w);
size_t snn__digits_size(const snn_context *ctx, size_t n, const struct snn__window *w);
void snn__digits(const snn_context *ctx, void *digits, const float *packed, size_t n, const struct snn__window *w,
                 void *scratch);
size_t snn__digits_cut_scratch(const snn_context *ctx, const struct snn__window *w);
/* The product by digits, without packed weights. false, and nothing is written: the table sends it another way, or
 * its numbers are too uneven for digits. */
bool snn__product_by_digits(const snn_context *ctx, const struct snn__product *p, void *scratch);
/* Both cut the work among the context's threads, and give the same bits for any number of them. */
void snn__product(const snn_context *ctx, const struct snn__product *p, void *scratch);
/* True if a product may take this way on this machine; the matrix unit's way is open once the unit was requested. */
bool snn__product_takes(const snn_context *ctx, const struct snn__product *p, enum snn__way way);
/* True if products of spikes may read their map. */
bool snn__product_reads_map(const struct snn__window *w);
/* The way that snn__product() takes: never ANY. It may write to scratch. */
enum snn__way snn__product_way(const snn_context *ctx, const struct snn__product *p, void *scratch);
void snn__outer(const snn_context *ctx, const struct snn__outer *p, void *scratch);
/* As of products. */
bool snn__outer_takes(const snn_context *ctx, const struct snn__outer *p, enum snn__way way);
enum snn__way snn__outer_way(const snn_context *ctx, const struct snn__outer *p, void *scratch);

#endif
