/** @file snn/network.h
 * A network: layers in order of evaluation, over populations of neurons.
 * Part of libsnn, MIT licence. */
#ifndef SNN_NETWORK_H
#define SNN_NETWORK_H

#include <snn/context.h>
#include <snn/layer.h>
#include <snn/neuron.h>

/** A graph of layers with their parameters. Owns its layers. One trainer at a time may train it. */
typedef struct snn_network snn_network;

/** What a network is, once prepared. */
typedef struct snn_network_info {
    uint32_t struct_size;      /**< set by the caller to sizeof(snn_network_info) */
    uint32_t layers;           /**< for snn_network_layer() */
    snn_shape in;              /**< one sample of the input */
    snn_shape out;             /**< one sample of the last layer */
    uint64_t parameters;       /**< trained numbers */
    uint64_t parameter_bytes;  /**< of parameters and state tensors */
    uint32_t prepared;         /**< 1: shapes are known and tensors exist */
    uint32_t reserved;         /**< 0 */
    snn_context *context;      /**< that it was made in */
} snn_network_info;

/** Initialiser for a snn_network_info that a call is to fill. */
#define SNN_NETWORK_INFO_INIT \
    { sizeof(snn_network_info), 0, { 0, { 0, 0, 0 } }, { 0, { 0, 0, 0 } }, 0, 0, 0, 0, 0 }

SNN_BEGIN_DECLS

/** Creates an empty network for samples of `shape`: rank 1 [N] or rank 3 [C,H,W]. The caller destroys it.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_SHAPE (rank or a zero or huge size), SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_network_create(snn_network **out, snn_context *context, const size_t *shape,
                                                  size_t rank);

/** Builds a network from a name or a notation, for `classes` outputs; `neuron` NULL takes the neuron of the
 * network's paper (or a plain LIF with tau 2). The result is not prepared yet: layers may still be changed.
 *
 * Names: "vgg11-ws", "vgg11-ws-f" (with feedback), "vgg11-bn", "resnet18", "nf-resnet34", "preact-resnet18",
 * "vgg11-dsr"; with feedback, and rates as their readout's input: "ide-400", "ide-64c5", "alexnet-f", "cifarnet-f",
 * "spide-convnet-f", and without feedback "spide-lenet";
 * "binary-mlp", "binary-conv", "binary-resnet18", "binary-transformer", "binary-transformer-a" (binary weights).
 * Notation: tokens joined by '-'. A number: linear layer of that size + neuron; 64C3: 3x3 convolution to 64 channels,
 * padded to keep the size, + neuron; 64C3s2: with stride 2; AP2, MP2: average, maximum pooling 2x2; GAP: global
 * average; BN after a number or convolution: batch norm before its neuron; FC or the last number: the linear
 * readout. "ws:" in front makes the convolutions weight-standardised and scales spikes by 2.74; "side:" in front
 * gives every population a side readout, a linear layer "side1", "side2", ... (of a map, after averages over at most
 * 4x4 places). A leading number equal to the size of the input, as in "784-800-10", stands for the input. Kernels are
 * odd; a last number is `classes`, unless that is 0.
 * With dsr_if or dsr_lif neurons the readout has neurons, too; BN is over all steps, and may stand after the
 * readout. The caller destroys it.
 * @return SNN_ERR_ARGUMENT (says at which token), SNN_ERR_SHAPE, SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_network_build(snn_network **out, snn_context *context, const char *name,
                                                 const size_t *shape, size_t rank, size_t classes,
                                                 const snn_neuron *neuron);

/** Frees a network and its layers; NULL is accepted. Destroy its trainers first. */
SNN_API void snn_network_destroy(snn_network *network);

/** Adds a layer after the last one. Types are listed in layer.h.
 * @param name unique name in UTF-8 without '.' and control characters, at most 47 bytes; NULL makes one, "conv2d3"
 * @param layer receives the layer, borrowed; may be NULL
 * @return SNN_ERR_ARGUMENT (unknown type, name taken), SNN_ERR_STATE (prepared), SNN_ERR_UNSUPPORTED (there are 4,096
 * layers), SNN_ERR_MEMORY; the network is what it was then */
SNN_API SNN_CHECKED snn_status snn_network_add(snn_network *network, const char *type, const char *name,
                                               snn_layer **layer);

/** Takes the last layer away again, as where one of its parameters was refused: its name and its number are free.
 * Layers that were told to read it by name read the next one of that name.
 * @param layer the last layer; destroyed
 * @return SNN_ERR_ARGUMENT (NULL, or not the last layer of this network), SNN_ERR_STATE (prepared) */
SNN_API SNN_CHECKED snn_status snn_network_remove(snn_network *network, snn_layer *layer);

/** Adds a population of neurons with the prototype's parameters, which are copied; arguments, the borrowed layer and
 * errors as snn_network_add(). */
SNN_API SNN_CHECKED snn_status snn_network_add_neuron(snn_network *network, const snn_neuron *neuron,
                                                      const char *name, snn_layer **layer);

/** Adds a linear layer with bias of `out` outputs, after a flatten if the input is a map, and then the
 * neuron unless NULL (the readout).
 * @return as snn_network_add() */
SNN_API SNN_CHECKED snn_status snn_network_add_dense(snn_network *network, size_t out, const snn_neuron *neuron);

/** Adds a convolution with bias: `out` channels, square kernel, stride, padding; then the neuron unless NULL.
 * @return as snn_network_add() */
SNN_API SNN_CHECKED snn_status snn_network_add_conv2d(snn_network *network, size_t out, size_t kernel, size_t stride,
                                                      size_t pad, const snn_neuron *neuron);

/** Infers all shapes, takes the memory of all tensors and fills them from the context's seed. Layers cannot be added
 * or changed afterwards. Called by snn_trainer_create() if the host did not; a second call does nothing.
 * @return SNN_ERR_SHAPE and SNN_ERR_ARGUMENT (the message names the layer and both shapes), SNN_ERR_UNSUPPORTED
 * (parameters of a layer that do not go together), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_prepare(snn_network *network);

/** Keeps the weights of binary layers as one bit each and a scale per output channel, and gives back their latent
 * weights: the network computes the same, bit for bit, in a fraction of the memory, but cannot be trained any more
 * (SNN_ERR_STATE from everything that would), and these layers' weight tensors are of SNN_ELEMENT_SIGN. Pointers
 * to data of tensors from before are invalid then, and snn_network_save() writes a packed file. A network without
 * binary layers stays as it is; a second call does nothing. Not while another thread uses the network.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_STATE (not prepared; in a callback of a trainer), SNN_ERR_DIVERGED (a weight is
 * not finite), SNN_ERR_MEMORY; the network is unchanged then */
SNN_API SNN_CHECKED snn_status snn_network_pack(snn_network *network);

/** Describes the network. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_network_get_info(const snn_network *network, snn_network_info *info);

/** Layer number `index` in order of evaluation, borrowed; NULL past the last. Real-time safe. */
SNN_API snn_layer *snn_network_layer(const snn_network *network, size_t index);

/** Layer by name, borrowed; NULL if there is none. Real-time safe. */
SNN_API snn_layer *snn_network_layer_named(const snn_network *network, const char *name);

SNN_END_DECLS

#endif
