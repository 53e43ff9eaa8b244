/** @file snn/loss.h
 * A loss of the host's own, in place of those that a trainer knows by name.
 * Part of libsnn, MIT licence. */
#ifndef SNN_LOSS_H
#define SNN_LOSS_H

#include <snn/layer.h>
#include <stddef.h>
#include <stdint.h>

/** The outputs of one time step, or their mean over the steps, and what they should be. */
typedef struct snn_loss_call {
    uint32_t struct_size;    /**< sizeof(snn_loss_call) as the library was compiled */
    uint32_t training;       /**< 1 in training, 0 in evaluation */
    const snn_layer *layer;  /**< that gave the outputs, borrowed: the last one, or a side readout (opzo) */
    size_t step;             /**< which step's; `steps`: the mean of all; in a stream 0 */
    size_t steps;            /**< time steps, T */
    size_t samples;          /**< n, of the batch */
    size_t outputs;          /**< of the layer */
    const double *output;    /**< [n,outputs], all finite */
    const uint32_t *labels;  /**< [n]; NULL where the samples have none */
    const float *targets;    /**< [n,outputs], of this step if each step has its own; NULL where the samples have
                                  none */
    const uint32_t *lengths; /**< [n], steps that a sample has: what is filled in for later ones has no effect; NULL:
                                  all have T */
    double *loss;            /**< [n], receives the loss of each sample */
    double *error;           /**< [n,outputs], receives the derivative of each sample's loss by its outputs, not
                                  divided by anything: the library divides by samples and steps. NULL: not wanted */
} snn_loss_call;

/** Fills `loss` and `error`, for the whole batch at once, in the thread that called the trainer. What it leaves out
 * is 0.
 * @return SNN_OK; anything else ends the batch, which changes nothing then (but what a method that updates at every
 * step, as ottt O, has learned at those before) */
typedef snn_status (*snn_loss_fn)(void *user, const snn_loss_call *call);

#endif
