/** @file snn/sys/layer.h
 * The time that the calls into one layer take on this machine.
 *
 * Headers under snn/sys/ show internals of the library, as snn/sys/product.h says.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_LAYER_H
#define SNN_SYS_LAYER_H

#include <snn/network.h>

SNN_BEGIN_DECLS

/** Times the calls into one layer as training makes them, for one step of a batch with random inputs and errors: the
 * smallest of 15 measurements of at least half a millisecond each. Prepares the network if that was not done; running
 * statistics of batch norms change. Allocates and frees.
 * @param index number of the layer, from 0
 * @param samples of the batch
 * @param density share of the inputs that are 1, 0 .. 1, the others are 0; for a layer that reads spikes
 * @param seconds receives the times of three calls, of which 0 means that there is none: forward; adjoint, from the
 * error at the outputs to that at the first input; gradient of the parameters. All are 0 on failure
 * @return SNN_ERR_ARGUMENT (NULL, no such layer, 0 samples, density outside 0 .. 1), SNN_ERR_UNSUPPORTED (no method
 * trains the network step by step), SNN_ERR_SHAPE, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_layer_measure(snn_network *network, size_t index, size_t samples, double density,
                                                 double seconds[3]);

SNN_END_DECLS

#endif
