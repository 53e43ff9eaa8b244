/* blas/bits.h - products of spikes and weights of one bit. */
#ifndef SNN_BLAS_BITS_H
#define SNN_BLAS_BITS_H

#include "blas/product.h"

/* y[m,n] = alpha scale[n] sum_k read(x)[m,k] sgn(w[n,k])  (+ bias[n]);  x is 0 or 1, the sum exact.
 * The window is not transposed. */
struct snn__bits_product {
    size_t m, n;
    const float *x;
    const uint64_t *map; /* x as bits, see blas/spikes.h, or NULL: made here */
    struct snn__window window;
    const uint64_t *packed;
    float alpha;
    const float *scale;
    const float *bias; /* or NULL */
    float *y;
    size_t y_pitch;
};

/* Words of the signs of w[n,k]; bytes of scratch memory of a product over `samples` samples. */
size_t snn__bits_packed_size(const struct snn__window *w, size_t n);
size_t snn__bits_scratch(const snn_context *ctx, size_t samples, const struct snn__window *w);
/* The signs of w[n][c][tap], as they are published; sgn(0) = 1. */
void snn__bits_pack(const struct snn__window *w, uint64_t *packed, const float *weights, size_t n);
/* The same from bits in the order of the weights, the first one lowest in its byte. */
void snn__bits_pack_signs(const struct snn__window *w, uint64_t *packed, const unsigned char *signs, size_t n);
/* Cuts the work among the context's threads. */
void snn__bits_product(const snn_context *ctx, const struct snn__bits_product *p, void *scratch);

#endif
