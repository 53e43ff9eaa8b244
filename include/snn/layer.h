/** @file snn/layer.h
 * Layers, the nodes of a network: parameters, tensors, connections.
 * Part of libsnn, MIT licence. */
#ifndef SNN_LAYER_H
#define SNN_LAYER_H

#include <snn/context.h>
#include <snn/param.h>

/** A layer, borrowed from the network that owns it. Neuron populations are layers, too: they have the parameters of
 * neuron.h, under the same keys.
 *
 * Types, by the names that snn_network_add() and files use. x is the input, y the output, shapes are those of one
 * sample:
 *
 *   linear     [I] -> [O]              y = W x + b; tensors weight [O,I], bias [O], gain [O] with standardise
 *   conv2d     [C,H,W] -> [O,H',W']    cross-correlation; weight [O,C/groups,kh,kw], bias [O], gain [O]
 *   conv1d     [C,L] -> [O,L']         the same over sequences; weight [O,C/groups,k], bias [O], gain [O]
 *   conv_transpose2d                   [C,H,W] -> [O,H',W'], the adjoint of a convolution; weight [C,O,kh,kw],
 *                                      bias [O]
 *   conv_transpose1d                   [C,L] -> [O,L']; weight [C,O,k], bias [O]
 *   batch_norm any                     per channel; weight, bias (trained), mean, var (running values)
 *   elementwise any                    y_i = w_i x_i + b_i; weight, and with bias 1 bias, in the shape of the input
 *                                      (trained); begins as the identity
 *   layer_norm any                     over all features of a sample at each step; weight, bias per channel (trained)
 *   avgpool maxpool sumpool            [C,H,W] -> [C,H',W'], [C,L] -> [C,L']; kernel 0: the whole map; avgpool
 *                                      divides by the size of the window
 *   adaptive_avgpool                   [C,H,W] -> [C,size,size], [C,L] -> [C,size]; cell i averages
 *                                      floor(i n/o) .. ceil((i+1) n/o)-1
 *   upsample   nearest neighbour, by factor
 *   flatten    [C,H,W] -> [C*H*W], [C,L] -> [C*L]
 *   scale      y = value * x
 *   gain       y = w x with one trained number w; tensor weight [1]
 *   dropout    one mask for all steps of a sequence, divided by 1 - rate; the identity in evaluation. With mask
 *              "sample" a residual path is left out, or not, as a whole: stochastic depth
 *   add        sum of its inputs
 *   attention  y_n = value sum_m (q_n . k_m) v_m over the positions m, of three inputs q, k, v of one shape, per head
 *   select     y = one of its inputs, the one that parameter "selected" numbers
 *   rate       mean of all steps with weights decay^(T-t); this layer and its readers run at the last step only
 *   if lif cuba alif plif              neuron populations, see neuron.h
 *   dsr_if dsr_lif                     populations for the method dsr; tensor threshold [1] */
typedef struct snn_layer snn_layer;

/** Parameters of layers that are not neurons. */
typedef enum snn_layer_key {
    SNN_LAYER_OUT = 101,         /**< i64, outputs of linear, output channels of conv2d */
    SNN_LAYER_KERNEL = 102,      /**< i64, rows and columns of the window */
    SNN_LAYER_STRIDE = 103,      /**< i64; pools: 0 takes the kernel */
    SNN_LAYER_PAD = 104,         /**< i64, zero padding at every border */
    SNN_LAYER_DILATION = 105,    /**< i64 */
    SNN_LAYER_GROUPS = 106,      /**< i64 */
    SNN_LAYER_BIAS = 107,        /**< i64, 1: the layer has a bias */
    SNN_LAYER_STANDARDISE = 108, /**< i64, 1: scaled weight standardisation with a trained gain */
    SNN_LAYER_EPS = 109,         /**< f64, added to the variance under the root of a standardisation or of a norm */
    SNN_LAYER_INIT = 110,        /**< str: default (uniform, +-1/sqrt(fan-in), bias too), kaiming (normal,
                                      sqrt(2/fan-out), bias 0), normal (init_std, bias 0), zero, unit (weights of
                                      every output of norm 1, bias 0) */
    SNN_LAYER_INIT_STD = 111,    /**< f64, standard deviation for init "normal" */
    SNN_LAYER_MOMENTUM = 112,    /**< f64, batch_norm: share of the batch in an update of the running values */
    SNN_LAYER_OVER = 113,        /**< str, batch_norm: step (statistics of each step alone), all (statistics over all
                                      steps; needs a trainer that keeps them) */
    SNN_LAYER_SIZE = 114,        /**< i64, rows and columns of adaptive_avgpool's output */
    SNN_LAYER_FACTOR = 115,      /**< i64, upsample: rows and columns of the output for each one of the input */
    SNN_LAYER_VALUE = 116,       /**< f64, scale and attention: constant factor; gain: initial value */
    SNN_LAYER_RATE = 117,        /**< f64 in [0, 1), dropout: probability that a number, or a sample, becomes 0 */
    SNN_LAYER_NORM = 118,        /**< str: none, spectral (weights clip(g, -range, range) w / spectral norm of w;
                                      tensors g, u, v), frobenius (weights w min(1, range / Frobenius norm of w); the
                                      gradient takes the factor as a constant) */
    SNN_LAYER_RANGE = 119,       /**< f64, largest norm with norm "spectral" or "frobenius" */
    SNN_LAYER_OUT_PAD = 120,     /**< i64, rows and columns added at the end of conv_transpose2d's output */
    SNN_LAYER_DECAY = 121,       /**< f64 in [0, 1], rate: weight of a step relative to the next step */
    SNN_LAYER_BINARY = 122,      /**< str, linear and conv2d: none, scaled (weights mean|w| of the output channel
                                      times the sign of w, with sign(0) = 1), sign (the sign alone). The optimizer
                                      updates the real latent weights w, without weight decay */
    SNN_LAYER_BACK = 123,        /**< str, gradient of the latent weights of a binary layer, where |w| <= 1, 0
                                      elsewhere: ste (the gradient of the binary weights), scale (times mean|w|), full
                                      (also through mean|w|) */
    SNN_LAYER_CLIP_LATENT = 124, /**< i64, 1: latent weights are clipped to [-1, 1] after every update */
    SNN_LAYER_SELECTED = 125,    /**< i64, select: number of the input that becomes the output, from 0; may be set
                                      between batches */
    SNN_LAYER_HEADS = 126,       /**< i64, attention: groups of channels, each with its own attention */
    SNN_LAYER_KERNEL_ROWS = 130, /**< i64, conv2d and pools: rows of the window; 0: as its columns */
    SNN_LAYER_STRIDE_ROWS = 131, /**< i64, conv2d and pools: rows from window to window; 0: as columns */
    SNN_LAYER_PAD_ROWS = 132,    /**< i64, conv2d and pools: rows added at top and bottom; -1: as columns */
    SNN_LAYER_DILATION_ROWS = 133, /**< i64, conv2d: rows from tap to tap; 0: as columns */
    SNN_LAYER_MASK = 141,          /**< str, dropout: element (one draw for each number), sample (one draw for all
                                        numbers of a sample) */
    SNN_LAYER_BACK_WEIGHTS = 142, /**< str, linear and conv2d, weights through which errors go down to earlier layers:
                                      same (those of the layer), sign (their signs, times 1/sqrt(fan-in), for conv2d
                                      sqrt(2/fan-out)), random (a fixed tensor "back", uniform in
                                      +-1/sqrt(fan-in)). Not with standardise, norm or binary */
    SNN_LAYER_LR_SCALE = 143, /**< f64 in [0, 1000], layers with trained tensors: factor of the learning rate. 0: the
                                   layer is frozen, its trained tensors keep their bits. May be set between
                                   batches; snn_trainer_prepare() reads it */
    SNN_LAYER_KEY_FORCE32 = 0x7fffffff
} snn_layer_key;

/** Shape of one sample: a vector [N], a sequence [C,L] or a map [C,H,W]. */
typedef struct snn_shape {
    uint32_t rank;   /**< 1, 2 or 3; 0 if not known yet */
    uint32_t dim[3]; /**< unused entries are 1 */
} snn_shape;

/** Representation of the elements of a tensor. */
typedef enum snn_element {
    SNN_ELEMENT_F32 = 1,    /**< float, 32 bits */
    SNN_ELEMENT_U8 = 101,   /**< bytes; in model files only */
    SNN_ELEMENT_SIGN = 201, /**< signs, 1 bit each: element i in C order is bit i % 8, counted from the lowest, of
                                 byte i / 8. 1 means scale[r], 0 means -scale[r], where r is the first index */
    SNN_ELEMENT_FORCE32 = 0x7fffffff
} snn_element;

/** A parameter or state tensor of a layer. `data` is borrowed, in C order, and valid until the network is packed or
 * destroyed. A host may write floats between calls into the library, and may read all elements. `data` is untyped,
 * so that signs are not taken for floats: look at `element` first. */
typedef struct snn_tensor {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_tensor) */
    uint32_t rank;        /**< 1 to 4 */
    uint32_t dim[4];      /**< unused entries are 1 */
    uint64_t length;      /**< product of dim */
    uint64_t bytes;       /**< size of `data`; for signs a multiple of 4, padded with 0 bits */
    uint32_t element;     /**< snn_element: SIGN for binary weights after snn_network_pack(), else F32 */
    uint32_t trained;     /**< 1: an optimizer updates it; 0: state, such as running means */
    const char *name;     /**< "weight", "bias", ...; borrowed from the layer */
    void *data;           /**< [length] elements; NULL for a tensor of snn_model_tensor() */
    const float *scale;   /**< [dim[0]] magnitudes of the signs, borrowed; else NULL */
} snn_tensor;

/** Initialiser of snn_tensor, for a call to fill. */
#define SNN_TENSOR_INIT SNN_INIT_(sizeof(snn_tensor), 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0)

/** Name, type, shapes and size of a layer. Strings are borrowed from the layer. */
typedef struct snn_layer_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_layer_info) */
    uint32_t index;       /**< position in the order of computation, from 0 */
    const char *name;     /**< unique in its network */
    const char *type;     /**< "conv2d", "lif", ... */
    snn_shape in;         /**< shape of the first input; rank 0 before snn_network_prepare() */
    snn_shape out;        /**< shape of the output; rank 0 before snn_network_prepare() */
    uint64_t parameters;  /**< number of trained numbers */
    uint32_t tensors;     /**< number of tensors, for snn_layer_tensor() */
    uint32_t inputs;      /**< number of inputs, for snn_layer_input() */
    uint32_t spiking;     /**< 1: a neuron population that emits spikes */
    uint32_t reserved;    /**< 0 */
} snn_layer_info;

/** Initialiser of snn_layer_info, for snn_layer_get_info() to fill. */
#define SNN_LAYER_INFO_INIT \
    SNN_INIT_(sizeof(snn_layer_info), 0, 0, 0, { 0, { 0, 0, 0 } }, { 0, { 0, 0, 0 } }, 0, 0, 0, 0, 0)

SNN_BEGIN_DECLS

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, key unknown to this type, out of bounds), SNN_ERR_TYPE, SNN_ERR_STATE (the network
 * is prepared; SNN_LAYER_SELECTED and SNN_LAYER_LR_SCALE may still be set) */
SNN_API SNN_CHECKED snn_status snn_layer_set_i64(snn_layer *layer, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_layer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_layer_set_f64(snn_layer *layer, int32_t key, double value);
/** Sets a text parameter; errors as snn_layer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_layer_set_str(snn_layer *layer, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_layer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_layer_set_text(snn_layer *layer, const char *name, const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_layer_get_i64(const snn_layer *layer, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_layer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_layer_get_f64(const snn_layer *layer, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_layer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_layer_get_str(const snn_layer *layer, int32_t key, const char **value);
/** Describes parameter number `index`, from 0. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_layer_param_info(const snn_layer *layer, size_t index, snn_param_info *info);

/** Connects an input of the layer to the layer named `from`, or to the network's input ("input"). By default a layer
 * reads the layer added just before it. The first call replaces this default; each further call adds an input, for
 * types that take several (add, attention, select).
 * @param delay steps, 0 or more. 0: the layer reads `from` at the same time step, and `from` must come earlier in the
 * network. d > 0: the layer reads the value of d steps before, and `from` may be added later; until that value exists
 * the input contributes nothing, and a layer without another input has no output, its bias included
 * @return SNN_ERR_ARGUMENT (NULL, no such layer, too many inputs), SNN_ERR_STATE (the network is prepared) */
SNN_API SNN_CHECKED snn_status snn_layer_connect(snn_layer *layer, const char *from, int delay);

/** Describes the layer. Shapes are known once the network is prepared. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_layer_get_info(const snn_layer *layer, snn_layer_info *info);

/** Describes the source of input number `index`, from 0. Real-time safe.
 * @param from receives the name of the layer that is read, borrowed; "input" for the network's input
 * @param delay receives the steps by which it is delayed
 * @return SNN_ERR_ARGUMENT (NULL, index past the last input) */
SNN_API SNN_CHECKED snn_status snn_layer_input(const snn_layer *layer, size_t index, const char **from, int *delay);

/** Describes tensor number `index`, from 0, of a layer of a prepared network. Real-time safe.
 * @param tensor receives shape, name and borrowed data
 * @return SNN_ERR_ARGUMENT (NULL, index past the last tensor) */
SNN_API SNN_CHECKED snn_status snn_layer_tensor(snn_layer *layer, size_t index, snn_tensor *tensor);

/** Describes the tensor of a name, such as "weight". Real-time safe.
 * @param tensor receives shape, name and borrowed data
 * @return SNN_ERR_ARGUMENT (NULL, the layer has no such tensor) */
SNN_API SNN_CHECKED snn_status snn_layer_tensor_named(snn_layer *layer, const char *name, snn_tensor *tensor);

SNN_END_DECLS

#endif
