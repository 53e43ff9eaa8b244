/** @file snn/layer.h
 * One node of a network: its parameters, its tensors, its place in the graph.
 * Part of libsnn, MIT licence. */
#ifndef SNN_LAYER_H
#define SNN_LAYER_H

#include <snn/context.h>
#include <snn/param.h>

/** A layer, borrowed from the network that owns it. Neuron populations are layers as well: their parameters
 * are those of neuron.h, under the same keys.
 *
 * Types (names for snn_network_add() and for files), x the input, y the output, shapes of one sample:
 *
 *   linear     [I] -> [O]              y = W x + b; tensors weight [O,I], bias [O], gain [O] with standardise
 *   conv2d     [C,H,W] -> [O,H',W']    cross-correlation; weight [O,C/groups,kh,kw], bias [O], gain [O]
 *   conv_transpose2d                   [C,H,W] -> [O,H',W']: the adjoint of a convolution; weight [C,O,kh,kw],
 *                                      bias [O]
 *   batch_norm any                     per channel; weight, bias (trained), mean, var (running values)
 *   avgpool maxpool sumpool            [C,H,W] -> [C,H',W']; kernel 0: the whole map; avg divides by kernel^2
 *   adaptive_avgpool                   [C,H,W] -> [C,size,size]; cell i averages floor(i n/o) .. ceil((i+1) n/o)-1
 *   upsample   nearest neighbour, by factor
 *   flatten    [C,H,W] -> [C*H*W]
 *   scale      y = value * x
 *   gain       y = w x with one trained number; tensor weight [1]
 *   dropout    one mask for all steps of a sequence, divided by 1 - rate; the identity in evaluation
 *   add        sum of its inputs
 *   attention  y_n = value sum_m (q_n . k_m) v_m over the positions m, of three inputs q, k, v of one shape, per head
 *   rate       mean of all steps with weights decay^(T-t); it and what reads it exist at the last step only
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
    SNN_LAYER_BIAS = 107,        /**< i64, 1: has a bias */
    SNN_LAYER_STANDARDISE = 108, /**< i64, 1: scaled weight standardisation with a trained gain */
    SNN_LAYER_EPS = 109,         /**< f64, inside the root of a standardisation or batch norm */
    SNN_LAYER_INIT = 110,        /**< str: default (uniform, +-1/sqrt(fan-in), bias too), kaiming (normal,
                                      sqrt(2/fan-out), bias 0), normal (init_std, bias 0), zero, unit (weights of
                                      every output of norm 1, bias 0) */
    SNN_LAYER_INIT_STD = 111,    /**< f64, deviation for init "normal" */
    SNN_LAYER_MOMENTUM = 112,    /**< f64, of a batch norm's running values */
    SNN_LAYER_OVER = 113,        /**< str: step (statistics of every step alone), all (over all steps, needs a trainer
                                      that keeps them) */
    SNN_LAYER_SIZE = 114,        /**< i64, rows and columns of adaptive_avgpool's output */
    SNN_LAYER_FACTOR = 115,      /**< i64, of upsample */
    SNN_LAYER_VALUE = 116,       /**< f64, of scale and attention: constant factor; of gain: initial value */
    SNN_LAYER_RATE = 117,        /**< f64 in [0, 1), of dropout */
    SNN_LAYER_NORM = 118,        /**< str: none, spectral (weights clip(g, -range, range) w / spectral norm of w;
                                      tensors g, u, v), frobenius (weights w min(1, range / Frobenius norm of w), a
                                      constant factor for the gradient) */
    SNN_LAYER_RANGE = 119,       /**< f64, largest norm with norm "spectral" or "frobenius" */
    SNN_LAYER_OUT_PAD = 120,     /**< i64, rows and columns added at the end of conv_transpose2d's output */
    SNN_LAYER_DECAY = 121,       /**< f64 in [0, 1], of rate: weight of a step relative to the next */
    SNN_LAYER_BINARY = 122,      /**< str, linear and conv2d: none, scaled (weights mean|w| of the output channel
                                      times the sign of w, with sign(0) = 1), sign (the sign alone); w stays real for
                                      the optimizer, without weight decay */
    SNN_LAYER_BACK = 123,        /**< str, gradient of binary weights, where |w| <= 1: ste (as it comes), scale (times
                                      mean|w|), full (and through mean|w|) */
    SNN_LAYER_CLIP_LATENT = 124, /**< i64, 1: w of binary weights is clipped to [-1, 1] after every update */
    SNN_LAYER_SELECTED = 125,    /**< i64, of select: number of the input that is passed on, from 0; may be set
                                      between batches */
    SNN_LAYER_HEADS = 126,       /**< i64, of attention: groups of channels, each with an attention of its own */
    SNN_LAYER_KEY_FORCE32 = 0x7fffffff
} snn_layer_key;

/** Shape of one sample: rank 1 [N] or rank 3 [C,H,W]. */
typedef struct snn_shape {
    uint32_t rank;    /**< 1 or 3; 0 if not known yet */
    uint32_t dim[3];  /**< unused entries are 1 */
} snn_shape;

/** What the elements of a tensor are in memory. */
typedef enum snn_element {
    SNN_ELEMENT_F32 = 1,    /**< float, 32 bits */
    SNN_ELEMENT_U8 = 101,   /**< bytes; in model files only */
    SNN_ELEMENT_SIGN = 201, /**< signs, 1 bit each: element i, in C order, is bit i % 8, from the lowest, of byte
                                 i / 8; 1 stands for scale[r], 0 for -scale[r], r being its first index */
    SNN_ELEMENT_FORCE32 = 0x7fffffff
} snn_element;

/** A parameter or state tensor of a layer. `data` is borrowed, in C order, stable until the network is packed or
 * destroyed; a host may read and write floats between calls into the library, and read all else. It has no type of
 * its own, so that nobody takes signs for floats: look at `element` first. */
typedef struct snn_tensor {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_tensor) */
    uint32_t rank;        /**< 1 to 4 */
    uint32_t dim[4];      /**< unused entries are 1 */
    uint64_t length;      /**< product of dim */
    uint64_t bytes;       /**< of `data`; of signs a multiple of 4, filled up with 0 */
    uint32_t element;     /**< snn_element: SIGN for binary weights after snn_network_pack(), else F32 */
    uint32_t trained;     /**< 1: an optimizer changes it; 0: state, as running means */
    const char *name;     /**< "weight", "bias", ...; borrowed from the layer */
    void *data;           /**< [length] elements; NULL: of a file, not read */
    const float *scale;   /**< [dim[0]] of signs, borrowed; else NULL */
} snn_tensor;

/** Initialiser for a snn_tensor that a call is to fill. */
#define SNN_TENSOR_INIT { sizeof(snn_tensor), 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0 }

/** What a layer is. Strings are borrowed from the layer. */
typedef struct snn_layer_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_layer_info) */
    uint32_t index;       /**< position in the order of evaluation, from 0 */
    const char *name;     /**< unique in its network */
    const char *type;     /**< "conv2d", "lif", ... */
    snn_shape in;         /**< of the first input; rank 0 before snn_network_prepare() */
    snn_shape out;        /**< rank 0 before snn_network_prepare() */
    uint64_t parameters;  /**< trained numbers */
    uint32_t tensors;     /**< for snn_layer_tensor() */
    uint32_t inputs;      /**< for snn_layer_input() */
    uint32_t spiking;     /**< 1: a neuron population that emits spikes */
    uint32_t reserved;    /**< 0 */
} snn_layer_info;

/** Initialiser for a snn_layer_info that a call is to fill. */
#define SNN_LAYER_INFO_INIT { sizeof(snn_layer_info), 0, 0, 0, { 0, { 0, 0, 0 } }, { 0, { 0, 0, 0 } }, 0, 0, 0, 0, 0 }

SNN_BEGIN_DECLS

/** Sets a whole-number parameter; snn/param.h says how all parameter calls behave.
 * @return SNN_ERR_ARGUMENT (NULL, key unknown to this type, out of bounds), SNN_ERR_TYPE, SNN_ERR_STATE (the network
 * is prepared; SNN_LAYER_SELECTED may be set then, too) */
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
/** Describes parameter number `index`, from 0; SNN_ERR_ARGUMENT past the last. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_layer_param_info(const snn_layer *layer, size_t index, snn_param_info *info);

/** Reads from the layer named `from` ("input": the network's input) instead of the layer added just before. The
 * first call replaces that default, each further one adds an input ("add" only). With delay 1 the layer reads
 * the value of the time step before; at the first step it is then absent, its bias included. Without delay, `from`
 * must come earlier in the network; with delay, it may be added later.
 * @return SNN_ERR_ARGUMENT (no such layer, too many inputs), SNN_ERR_STATE (network prepared) */
SNN_API SNN_CHECKED snn_status snn_layer_connect(snn_layer *layer, const char *from, int delay);

/** Describes the layer; shapes are known once the network is prepared. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_layer_get_info(const snn_layer *layer, snn_layer_info *info);

/** Source of input number `index`: its name (borrowed; "input" for the network's) and its delay, 0 or 1.
 * Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, past the last) */
SNN_API SNN_CHECKED snn_status snn_layer_input(const snn_layer *layer, size_t index, const char **from, int *delay);

/** Tensor number `index`, from 0, of a prepared network's layer; SNN_ERR_ARGUMENT past the last. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_layer_tensor(snn_layer *layer, size_t index, snn_tensor *tensor);

/** Tensor by name, "weight"; SNN_ERR_ARGUMENT if the layer has none of it. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_layer_tensor_named(snn_layer *layer, const char *name, snn_tensor *tensor);

SNN_END_DECLS

#endif
