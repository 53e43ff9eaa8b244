/** @file snn/sys/product.h
 * The products of spikes and weights that layers are made of, by themselves: how long each way to them takes here.
 *
 * What is under snn/sys/ looks into the library's works. It may change or go with any release, snn/snn.h leaves it
 * out, and a program that uses it is compiled anew for each: its symbols carry the release, so that a loader refuses
 * another one.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_PRODUCT_H
#define SNN_SYS_PRODUCT_H

#include <snn/context.h>

/** A layer: a conv2d on maps [channels, side, side], or a linear layer where side and kernel are 1. */
typedef struct snn_product_shape {
    uint32_t struct_size; /**< set by SNN_PRODUCT_SHAPE_INIT */
    uint32_t samples;     /**< of a batch; 1 unless set, as all sizes */
    uint32_t channels;    /**< of the input */
    uint32_t side;        /**< height and width of the input; 1: a linear layer */
    uint32_t outputs;     /**< channels, or numbers, of the output */
    uint32_t kernel;      /**< height and width of the window */
    uint32_t stride;      /**< of the window */
    uint32_t pad;         /**< zeros around the input; 0 unless set */
    double density;       /**< share of the inputs that are 1, the others are 0; 0 .. 1; 0 unless set */
} snn_product_shape;

/** Initialiser for a snn_product_shape: one input, one output. Then set the fields. */
#define SNN_PRODUCT_SHAPE_INIT { sizeof(snn_product_shape), 1, 1, 1, 1, 1, 1, 0, 0.0 }

SNN_BEGIN_DECLS

/** Name number `index`, from 0, of the ways to multiply spikes and weights; NULL past the last:
 * "dense"    every number with every weight;
 * "winograd" the same in fewer multiplications, 3x3 and 5x5 windows of stride 1;
 * "events"   inputs that are not 0 add their weights;
 * "lookup"   inputs, as bits, look up sums of five weights;
 * "matrix"   a matrix unit, where the instruction set has one, multiplies inputs with the three bytes of weights of
 *            24 bits;
 * "bits"     weights of one bit: bits that are set in both are counted. A layer has one kind of weights, so this way
 *            is never picked in place of another.
 * Real-time safe. @return static storage */
SNN_API const char *snn_product_way(size_t index);

/** Times one way, with random spikes and weights: the median of 7 measurements of at least a millisecond each.
 * Allocates and frees.
 * @param seconds receives the time of one product, from spikes as floats to outputs as floats
 * @return SNN_ERR_ARGUMENT (NULL, a size of 0, a density beyond 0 .. 1, no such way), SNN_ERR_SHAPE (the window is
 * larger than the padded map), SNN_ERR_UNSUPPORTED (the way does not take this shape, or this context's instruction
 * set does not have it), SNN_ERR_MEMORY; *seconds is 0 then */
SNN_API SNN_CHECKED snn_status snn_product_measure(snn_context *ctx, const snn_product_shape *shape, const char *way,
                                                   double *seconds);

/** Which way a layer of this shape would go with such spikes. Allocates and frees.
 * @param way receives a name, in static storage
 * @return as snn_product_measure(); *way is NULL then */
SNN_API SNN_CHECKED snn_status snn_product_pick(snn_context *ctx, const snn_product_shape *shape, const char **way);

SNN_END_DECLS

#endif
