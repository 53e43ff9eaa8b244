/* blas/operand.h - a stored matrix W of weights as an operand of products: in groups, over windows of maps.
 *
 *   forward   y (+)= W (*) x + b
 *   back      y (+)= W^T (*) x + b
 *   outer     g (+)= corr(x, d)
 *
 * W is [groups * outputs][inputs][taps] as it is stored, g [groups * outputs][taps][inputs]. Products read copies
 * that are packed for them; of two directions over many rows one is kept, and turned into scratch memory for the
 * other. */
#ifndef SNN_BLAS_OPERAND_H
#define SNN_BLAS_OPERAND_H

#include "blas/product.h"
#include "core/arena.h"

struct snn__matrix_operand {
    size_t groups, taps, inputs, outputs; /* inputs, outputs: channels of one group */
    size_t rows, fan;                     /* all outputs; taps * inputs */
    struct snn__window read, read_back;   /* of the forward product and of the other */
    uint64_t *bits;                       /* sgn(W), where the forward product counts bits; or NULL */
    float *packed, *packed_back;          /* per group; NULL: not needed, or turned at need */
    uint8_t *limbs;                       /* of packed weights, per group; NULL: no forward product reads any */
    uint8_t *digits_back;                 /* of packed_back, per group; NULL: no back product reads any */
    size_t packed_size, packed_back_size; /* of a group, a multiple of 16 */
    size_t limbs_size, digits_back_size;  /* of a group, in bytes */
};

/* The products that a plan needs. */
struct snn__operand_want {
    size_t batch_max;
    bool back_first; /* the back product is the one that is always needed */
    bool both;       /* the other one, too */
    bool copies;     /* and from a copy of its own, or turned: not straight from W */
    bool counts;     /* the forward product counts bits: x is spikes, and W the signs that it holds */
    bool spikes;     /* x of the forward product is spikes, */
    float whole;     /* or counts of a few of them: see struct snn__product */
    bool outer;
    bool apart; /* products are taken for few samples at a time: neither copy is turned */
};

snn_status snn__operand_plan(struct snn__matrix_operand *w, snn_context *ctx, struct snn__arena *arena,
                             const struct snn__operand_want *want);
/* Bytes that its products take. */
size_t snn__operand_scratch(const struct snn__matrix_operand *w, snn_context *ctx,
                            const struct snn__operand_want *want);
/* The weights changed: packs them anew. They may lie in the scratch memory. */
void snn__operand_load(const struct snn__matrix_operand *w, const snn_context *ctx, const float *weights,
                       void *scratch);

/* One product with the matrix. */
struct snn__operand_product {
    size_t batch;
    const float *x;
    float alpha; /* factor of x */
    bool spikes;
    float whole;         /* of counts: see struct snn__product */
    const uint64_t *map; /* of the spikes x, or NULL */
    const float *scale;  /* counting bits: of each output */
    const float *bias;   /* or NULL */
    float *y;
    bool accumulate;
    bool events; /* x is nearly all zeros: products walk the other numbers, without a look at how many they are */
};

void snn__operand_forward(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_product *p,
                          void *scratch);
void snn__operand_back(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_product *p,
                       void *scratch);
/* The back product of one sample with a matrix: reads `weights` as they are stored. */
void snn__operand_back_row(const struct snn__matrix_operand *w, snn_context *ctx, const float *weights,
                           const struct snn__operand_product *p);
/* g (+)= alpha corr(x, d), d at the outputs and x at the inputs of the forward product */
void snn__operand_outer(const struct snn__matrix_operand *w, snn_context *ctx, size_t batch, const float *d,
                        const float *x, float alpha, float *g, bool accumulate, void *scratch);

#endif
