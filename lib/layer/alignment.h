/* layer/alignment.h - errors that go down through other weights than W: signs of W, or random weights. */
#ifndef SNN_LAYER_ALIGNMENT_H
#define SNN_LAYER_ALIGNMENT_H

#include "blas/operand.h"
#include "layer/layer.h"

/* In a plan. */
struct snn__alignment {
    bool used;                    /* errors go down, and not through W */
    struct snn__matrix_operand w; /* B, but for its factor */
    float factor;                 /* of B */
    float *ones;                  /* a scale for each row of signs */
    ptrdiff_t tensor;             /* number of the random weights, -1: signs */
};

/* Building: refuses invalid combinations, declares the random weights, and gives them first values. */
snn_status snn__alignment_tensors(snn_layer *layer);
void snn__alignment_init(snn_layer *layer, uint64_t seed);

snn_status snn__alignment_plan(struct snn__alignment *a, struct snn__node *node, struct snn__arena *arena);
size_t snn__alignment_scratch(const struct snn__alignment *a, const struct snn__node *node);
/* W may have changed. */
void snn__alignment_refresh(struct snn__alignment *a, const struct snn__node *node);
/* dx (+)= B' e */
void snn__alignment_back(const struct snn__alignment *a, const struct snn__node *node,
                         const struct snn__operand_product *p);

#endif
