/* layer/binary.h - weights of one bit and one scale per output channel, made from latent weights W that the optimizer
 * holds. For row c of n weights:
 *
 *   Wb_c = a_c sgn(W_c),  a_c = mean |W_c| (scaled) or 1,  sgn(0) = 1        docs/methods/sei.md */
#ifndef SNN_LAYER_BINARY_H
#define SNN_LAYER_BINARY_H

#include "layer/layer.h"

/* The gradient that replaces the derivative of the sign. */
enum snn__binary_back {
    SNN__BINARY_STE,   /* dL/dW = m G,  m = [|W| <= 1],  G = dL/dWb */
    SNN__BINARY_SCALE, /* m a_c G */
    SNN__BINARY_FULL   /* m a_c G + sgn(W) mean_c(G sgn(W)): through a_c, too; without a scale as STE */
};

struct snn__binary {
    size_t rows, n;
    bool scaled;
    enum snn__binary_back back;
    float *scale; /* [rows], a_c */
};

/* wb[rows][n] and the scales from w[rows][n]; wb NULL: the scales alone. */
void snn__binarise(const snn_context *ctx, const struct snn__binary *binary, const float *w, float *wb);
/* gradient[rows][n], dL/dWb, becomes dL/dW. */
void snn__binary_gradient(const snn_context *ctx, const struct snn__binary *binary, const float *w, float *gradient);
/* The signs of w, one bit each (1: not negative), the first one lowest in its byte, padded with bytes of 0 to a
 * multiple of four; and the scales. */
#define SNN__BINARY_BYTES(weights) (((weights) + 31) / 32 * 4)
void snn__binary_pack(const snn_context *ctx, const struct snn__binary *binary, const float *w, unsigned char *bits);
/* w = a_c sgn: latent weights of which snn__binarise() makes what was packed, bit for bit. The mean of n equal
 * numbers is that number, since their sum in double is exact. */
void snn__binary_unpack(const struct snn__binary *binary, const unsigned char *bits, float *w);

/* A latent tensor packed: a scale for each row, then the bits, in numbers of four bytes. */
size_t snn__packed_words(const struct snn__tensor *tensor);
/* to[snn__packed_words] <- the tensor of `layer`, which is not packed. SNN_ERR_DIVERGED: a weight is not finite, so
 * its sign is undefined. */
snn_status snn__packed_from(const snn_layer *layer, const struct snn__tensor *tensor, float *to);
static inline const unsigned char *snn__packed_bits(const struct snn__tensor *tensor)
{
    return (const unsigned char *)(tensor->packed + tensor->dim[0]);
}

/* w <- clip(w, -1, 1): beyond, the gradient could not bring it back. */
void snn__binary_clip(const snn_context *ctx, float *w, size_t n);

#endif
