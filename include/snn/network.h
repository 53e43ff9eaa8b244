/** @file snn/network.h
 * Networks: graphs of layers and neuron populations.
 * Part of libsnn, MIT licence. */
#ifndef SNN_NETWORK_H
#define SNN_NETWORK_H

#include <snn/context.h>
#include <snn/layer.h>
#include <snn/neuron.h>

/** A graph of layers with their parameters. Owns its layers. Only one trainer at a time may train it. */
typedef struct snn_network snn_network;

/** Shapes and size of a network. */
typedef struct snn_network_info {
    uint32_t struct_size;     /**< set by the caller to sizeof(snn_network_info) */
    uint32_t layers;          /**< number of layers, for snn_network_layer() */
    snn_shape in;             /**< shape of one input sample */
    snn_shape out;            /**< shape of one sample of the last layer; rank 0 before snn_network_prepare() */
    uint64_t parameters;      /**< number of trained numbers; 0 before snn_network_prepare() */
    uint64_t parameter_bytes; /**< bytes of parameters and state tensors; 0 before snn_network_prepare() */
    uint32_t prepared;        /**< 1: shapes are known and tensors exist */
    uint32_t reserved;        /**< 0 */
    snn_context *context;     /**< context of the network, borrowed */
} snn_network_info;

/** Initialiser of snn_network_info, for snn_network_get_info() to fill. */
#define SNN_NETWORK_INFO_INIT \
    SNN_INIT_(sizeof(snn_network_info), 0, { 0, { 0, 0, 0 } }, { 0, { 0, 0, 0 } }, 0, 0, 0, 0, 0)

SNN_BEGIN_DECLS

/** Creates an empty network. The caller destroys it.
 * @param out receives the network; NULL on failure
 * @param shape of one input sample: [N], [C,L] or [C,H,W]
 * @param rank 1, 2 or 3
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_SHAPE (another rank; a size that is 0 or too large), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_create(snn_network **out, snn_context *context, const size_t *shape,
                                                  size_t rank);

/** Builds a network from a name or a notation. The network is not prepared yet: its layers may still be changed.
 * The caller destroys it.
 *
 * Names: those of snn_name() with SNN_NAME_NETWORK; docs/zoo.md describes them. Options follow a name after a colon:
 * "resnet34:width=32,drop_path=0.1". snn_network_option() lists them.
 *
 * Notation: tokens joined by '-'.
 *
 *   100            linear layer with 100 outputs, then the neuron
 *   64C3           3x3 convolution to 64 channels, padded to keep the size, then the neuron; kernels are odd
 *   64C3s2         the same with stride 2
 *   AP2 MP2 GAP    average pooling 2x2, maximum pooling 2x2, global average pooling
 *   BN LN          after a number or convolution: batch norm, layer norm before its neuron
 *   FC             the linear readout; a last number is the readout, too, and equals `classes` unless that is 0
 *
 * A leading number equal to the size of the input, as in "784-800-10", stands for the input. The prefix "ws:"
 * standardises the weights of the convolutions and scales spikes by 2.74. The prefix "side:" gives every population a
 * side readout, a linear layer "side1", "side2", ...; that of a map reads averages over at most 4x4 positions. With
 * dsr_if or dsr_lif neurons, the readout has neurons, too, and BN is over all steps and may follow the readout.
 * @param out receives the network; NULL on failure
 * @param shape of one input sample, as in snn_network_create()
 * @param classes number of outputs; 0: that of the notation's last number
 * @param neuron prototype of all populations, copied; NULL: that of the network's paper, or lif with tau 2
 * @return SNN_ERR_ARGUMENT (NULL; unknown name, option or value; the message gives the wrong token), SNN_ERR_SHAPE,
 * SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_build(snn_network **out, snn_context *context, const char *name,
                                                 const size_t *shape, size_t rank, size_t classes,
                                                 const snn_neuron *neuron);

/** Describes option number `index`, from 0, of a ready-made network. Real-time safe.
 * @param name as for snn_network_build(); options that it has are not looked at
 * @param info receives the option; its key is of no use in calls
 * @return SNN_ERR_ARGUMENT (NULL, no such name, index past the last option) */
SNN_API SNN_CHECKED snn_status snn_network_option(const char *name, size_t index, snn_param_info *info);

/** Frees a network and its layers; NULL is accepted. Destroy its trainers first. */
SNN_API void snn_network_destroy(snn_network *network);

/** Adds a layer after the last one, and connects it to that one. The network is unchanged after a failure.
 * @param type listed in layer.h
 * @param name unique name in UTF-8 without '.' and control characters, at most 47 bytes; NULL makes one, "conv2d3"
 * @param layer receives the layer, borrowed; may be NULL
 * @return SNN_ERR_ARGUMENT (NULL, unknown type, bad name, name taken), SNN_ERR_STATE (prepared), SNN_ERR_UNSUPPORTED
 * (the network has 4,096 layers already), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_add(snn_network *network, const char *type, const char *name,
                                               snn_layer **layer);

/** Removes the last layer, for example after one of its parameters was refused. Its name and its number are free
 * again. Layers that were connected to it by name read the next layer of that name.
 * @param layer the last layer; destroyed
 * @return SNN_ERR_ARGUMENT (NULL, or not the last layer of this network), SNN_ERR_STATE (prepared) */
SNN_API SNN_CHECKED snn_status snn_network_remove(snn_network *network, snn_layer *layer);

/** Adds a population of neurons with the parameters of a prototype, which are copied. Other arguments, the borrowed
 * layer and errors as snn_network_add(). */
SNN_API SNN_CHECKED snn_status snn_network_add_neuron(snn_network *network, const snn_neuron *neuron,
                                                      const char *name, snn_layer **layer);

/** Adds a linear layer with bias, after a flatten layer if its input is a map, and then a population of neurons.
 * @param out number of outputs
 * @param neuron prototype, copied; NULL: no population, as for a readout
 * @return as snn_network_add() */
SNN_API SNN_CHECKED snn_status snn_network_add_dense(snn_network *network, size_t out, const snn_neuron *neuron);

/** Adds a convolution with bias, and then a population of neurons.
 * @param out number of output channels
 * @param kernel rows and columns of the window
 * @param stride of the window in both directions
 * @param pad zeros at every border
 * @param neuron prototype, copied; NULL: no population
 * @return as snn_network_add() */
SNN_API SNN_CHECKED snn_status snn_network_add_conv2d(snn_network *network, size_t out, size_t kernel, size_t stride,
                                                      size_t pad, const snn_neuron *neuron);

/** Infers all shapes, allocates all tensors and initialises them from the context's seed. Afterwards layers cannot be
 * added or changed. snn_trainer_create() calls it if the host did not. A second call does nothing.
 * @return SNN_ERR_SHAPE and SNN_ERR_ARGUMENT (the message names the layer and both shapes), SNN_ERR_UNSUPPORTED
 * (parameters of a layer that exclude each other), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_prepare(snn_network *network);

/** Packs the weights of binary layers: one bit each and a scale per output channel replace the latent weights. The
 * network computes the same, bit for bit, in a fraction of the memory, but it can no longer be trained (calls that
 * train it return SNN_ERR_STATE). The weight tensors of these layers become SNN_ELEMENT_SIGN, earlier pointers to
 * tensor data become invalid, and snn_network_save() writes a packed file. A network without binary layers is
 * unchanged; a second call does nothing. No other thread may use the network meanwhile.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not prepared; in a callback of a trainer), SNN_ERR_DIVERGED (a
 * weight is not finite), SNN_ERR_MEMORY; the network is unchanged after a failure */
SNN_API SNN_CHECKED snn_status snn_network_pack(snn_network *network);

/** Describes the network. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_network_get_info(const snn_network *network, snn_network_info *info);

/** Returns layer number `index`, from 0, in order of computation, borrowed; NULL past the last. Real-time safe. */
SNN_API snn_layer *snn_network_layer(const snn_network *network, size_t index);

/** Returns the layer of a name, borrowed; NULL if there is none. Real-time safe. */
SNN_API snn_layer *snn_network_layer_named(const snn_network *network, const char *name);

SNN_END_DECLS

#endif
