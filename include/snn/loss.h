/** @file snn/loss.h
 * A loss function of the host, in place of those that a trainer knows by name.
 * Part of libsnn, MIT licence. */
#ifndef SNN_LOSS_H
#define SNN_LOSS_H

#include <snn/layer.h>
#include <stddef.h>
#include <stdint.h>

/** Arguments of a loss function: the outputs of one time step, or what those of all steps come to, with labels or
 * targets. All pointers are borrowed for the call. */
typedef struct snn_loss_call {
    uint32_t struct_size;    /**< sizeof(snn_loss_call) as the library was compiled */
    uint32_t training;       /**< 1 in training, 0 in evaluation */
    const snn_layer *layer;  /**< layer that computed the outputs: the last one, or a side readout (opzo) */
    size_t step;             /**< step of the outputs; equal to `steps` for what all come to; 0 in a stream */
    size_t steps;            /**< T, number of time steps */
    size_t samples;          /**< n, number of samples of the batch */
    size_t outputs;          /**< number of outputs of the layer */
    const double *output;    /**< [n,outputs], all finite */
    const uint32_t *labels;  /**< [n]; NULL if the samples have targets */
    const float *targets;    /**< [n,outputs], those of this step if each step has its own; NULL if the samples have
                                  labels */
    const uint32_t *lengths; /**< [n], number of steps of each sample, after which loss and error are ignored; NULL:
                                  every sample has T steps */
    double *loss;            /**< [n], receives the loss of each sample */
    double *error;           /**< [n,outputs], receives the derivative of each sample's loss by its outputs. The
                                  library then divides by samples and steps. NULL: no derivative is needed */
} snn_loss_call;

/** A loss function: fills `loss` and `error` for the whole batch at once. Runs in the thread that called the trainer.
 * Both arrays are preset to 0.
 * @return SNN_OK. Any other status ends the batch, which then changes nothing, except for the updates that a method
 * with one update per step (such as ottt, variant O) has made at earlier steps */
typedef snn_status (*snn_loss_fn)(void *user, const snn_loss_call *call);

#endif
