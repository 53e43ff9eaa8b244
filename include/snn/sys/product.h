/** @file snn/sys/product.h
 * The algorithms that multiply spikes and weights, and the time that each takes on this machine.
 *
 * Headers under snn/sys/ show internals of the library. They may change or disappear with any release, and snn/snn.h
 * does not include them. A program that uses them is compiled again for each release: the symbols carry the release,
 * so a loader refuses another one.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_PRODUCT_H
#define SNN_SYS_PRODUCT_H

#include <snn/context.h>

/** Bytes of a text that has room for any product table. */
#define SNN_PRODUCT_TABLE 262144
/** Bytes of a text that has room for a row of one, and for what was measured. */
#define SNN_PRODUCT_ROW 512

/** Shape of a layer: a conv2d on maps [channels,side,side], or a linear layer if side and kernel are 1. */
typedef struct snn_product_shape {
    uint32_t struct_size; /**< set by SNN_PRODUCT_SHAPE_INIT */
    uint32_t samples;     /**< of a batch; the initialiser sets this and all other sizes to 1 */
    uint32_t channels;    /**< of the input */
    uint32_t side;        /**< height and width of the input; 1: a linear layer */
    uint32_t outputs;     /**< channels, or numbers, of the output */
    uint32_t kernel;      /**< height and width of the window */
    uint32_t stride;      /**< of the window */
    uint32_t pad;         /**< zeros at every border; the initialiser sets 0 */
    double density;       /**< share of the inputs that are 1, 0 .. 1, the others are 0; the initialiser sets 0 */
} snn_product_shape;

/** Initialiser of snn_product_shape: one input, one output. Then set the fields. */
#define SNN_PRODUCT_SHAPE_INIT SNN_INIT_(sizeof(snn_product_shape), 1, 1, 1, 1, 1, 1, 0, 0.0)

SNN_BEGIN_DECLS

/** Returns name number `index`, from 0, of the algorithms that multiply spikes and weights; NULL past the last:
 *
 *   dense      multiplies every input by every weight
 *   winograd   the same with fewer multiplications, for 3x3 and 5x5 windows of stride 1
 *   events     adds the weights of the inputs that are not 0
 *   lookup     looks up sums of five weights by five inputs as bits
 *   matrix     multiplies inputs by the three bytes of 24-bit weights in a matrix unit, if the machine has one
 *   slices     multiplies errors and inputs by their digits in that unit: gradients
 *   bits       weights of one bit: counts the bits that are set in both; never picked for other weights
 *
 * Real-time safe.
 * @return static storage */
SNN_API const char *snn_product_way(size_t index);

/** Returns name number `index`, from 0, of the kinds of products of training; NULL past the last:
 *
 *   spikes      forward products whose inputs are 0 or 1
 *   reals       forward products of other inputs, and adjoints of linear layers
 *   adjoints    of convolutions: errors through weights
 *   gradients   of weights: errors by inputs
 *
 * Real-time safe.
 * @return static storage */
SNN_API const char *snn_product_kind(size_t index);

/** Times one algorithm with random spikes and weights: the median of 7 measurements of at least one millisecond each.
 * Allocates and frees.
 * @param kind of product
 * @param way name of the algorithm
 * @param seconds receives the time of one product, from spikes as floats to outputs as floats; 0 on failure
 * @return SNN_ERR_ARGUMENT (NULL, a size of 0, a density outside 0 .. 1, an unknown name), SNN_ERR_SHAPE (the window
 * is larger than the padded map), SNN_ERR_UNSUPPORTED (the algorithm does not support this kind, this shape or the
 * context's instruction set), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_product_measure(snn_context *ctx, const char *kind, const snn_product_shape *shape,
                                                   const char *way, double *seconds);

/** Picks the algorithm as a layer of this shape with spikes of this density does. Allocates and frees.
 * @param kind of product
 * @param way receives its name, in static storage; NULL on failure
 * @return as snn_product_measure() */
SNN_API SNN_CHECKED snn_status snn_product_pick(snn_context *ctx, const char *kind, const snn_product_shape *shape,
                                                const char **way);

/** In a context whose product_table is "measure": times every algorithm for products of a class, those whose sizes
 * lie between the same powers of two, and adds the fastest to its table. Planning, snn_trainer_prepare() for one,
 * does the same for the products of a network. Each takes some milliseconds. Allocates and frees.
 * @param kind of product; of adjoints, `shape` is that of the layer, as of the other kinds
 * @param text receives the times, in a line that begins with #, and the row; "" where the class has a row already, or
 * the table is full (1024 rows)
 * @param size of text, at least SNN_PRODUCT_ROW
 * @return as snn_product_measure(); SNN_ERR_ARGUMENT as well for a context that does not measure */
SNN_API SNN_CHECKED snn_status snn_product_tune(snn_context *ctx, const char *kind, const snn_product_shape *shape,
                                                char *text, size_t size);

/** Writes the product table of a context, for a file that another context reads (snn_context_options.product_table):
 * three lines that name the processor and the instruction set, and the rows that were measured or read, a line each.
 * A product takes the first row whose bounds hold it and whose algorithm supports it:
 *
 *   KIND KERNEL STRIDE ROWS OUTPUTS CHANNELS WAY EVENTS
 *   spikes 3-3 1-1 8192-16383 256-511 128-255 lookup 0.081
 *
 * The five bounds are LEAST-MOST; rows are the positions of the output, over all samples (of adjoints: of the input).
 * Where less than EVENTS of the inputs are not 0, a product that can be made by events is. Real-time safe.
 * @param text receives it
 * @param size of text, at least SNN_PRODUCT_TABLE
 * @return SNN_ERR_ARGUMENT (NULL, size) */
SNN_API SNN_CHECKED snn_status snn_product_table(const snn_context *ctx, char *text, size_t size);

SNN_END_DECLS

#endif
