/** @file snn/projection.h
 * Keeping weight gradients out of what earlier tasks use (HLOP, arXiv 2402.11984).
 * Part of libsnn, MIT licence. */
#ifndef SNN_PROJECTION_H
#define SNN_PROJECTION_H

#include <snn/network.h>

/** Lateral neurons beside the linear and conv2d layers of one network. Beside a layer with presynaptic activity x of
 * N numbers (inputs of linear, channels * kernel^2 of conv2d), M of them hold weights H [M,N], whose rows learn the
 * principal subspace of x while the network is trained. With the rows that are frozen, H_old, every weight gradient
 * sum delta' x becomes sum delta' (x - H_old' H_old x). */
typedef struct snn_projection snn_projection;

/** Parameters of projections. They take effect at the next snn_trainer_prepare(). */
typedef enum snn_projection_key {
    SNN_PROJECTION_LR = 1001,         /**< f64, learning rate of lateral weights; a layer may have its own */
    SNN_PROJECTION_MOMENTUM = 1002,   /**< f64 in [0, 1): D = m D + (1 - m) dH; 0: none */
    SNN_PROJECTION_CLAMP = 1003,      /**< f64, largest absolute entry of dH */
    SNN_PROJECTION_ITERATIONS = 1004, /**< i64, updates on the same rows */
    SNN_PROJECTION_EVERY = 1005,      /**< i64, learn on every k-th batch only */
    SNN_PROJECTION_SOURCE = 1006,     /**< str: trace (what the method's gradient reads), both (spikes and traces, if
                                           it keeps traces) */
    SNN_PROJECTION_SPIKES = 1007,     /**< i64, T_l: lateral neurons answer with at most T_l signed spikes; 0: with
                                           real numbers */
    SNN_PROJECTION_SCALE = 1008,      /**< f64, S: the activity that T_l spikes stand for */
    SNN_PROJECTION_KEY_FORCE32 = 0x7fffffff
} snn_projection_key;

/** Figures of the lateral neurons of one layer. */
typedef struct snn_projection_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_projection_info) */
    uint32_t reserved;    /**< 0 */
    uint64_t inputs;      /**< N, in the order of the layer's weights: channel, kernel row, kernel column; 0: the
                               layer can have none */
    uint64_t rows;        /**< M */
    uint64_t frozen;      /**< the first rows, of earlier tasks */
    double lr;            /**< learning rate of this layer */
} snn_projection_info;

/** Initialiser for a snn_projection_info that a call is to fill. */
#define SNN_PROJECTION_INFO_INIT { sizeof(snn_projection_info), 0, 0, 0, 0, 0.0 }

SNN_BEGIN_DECLS

/** Creates a projection for a network, prepared here if it was not, without lateral neurons yet. Borrows the network.
 * The caller destroys it after the trainers that use it.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_MEMORY, SNN_ERR_SHAPE; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_projection_create(snn_projection **out, snn_network *network);

/** Frees a projection; NULL is accepted. */
SNN_API void snn_projection_destroy(snn_projection *projection);

/** Sets a whole-number parameter; snn/param.h says how all parameter calls behave.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_projection_set_i64(snn_projection *projection, int32_t key, int64_t value);
/** Sets a real parameter; as snn_projection_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_set_f64(snn_projection *projection, int32_t key, double value);
/** Sets a text parameter; as snn_projection_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_set_str(snn_projection *projection, int32_t key, const char *value);
/** Sets any parameter by name from text; as snn_projection_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_set_text(snn_projection *projection, const char *name,
                                                       const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_projection_get_i64(const snn_projection *projection, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_projection_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_get_f64(const snn_projection *projection, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_projection_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_get_str(const snn_projection *projection, int32_t key,
                                                      const char **value);
/** Describes parameter number `index`, from 0; SNN_ERR_ARGUMENT past the last. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_projection_param_info(const snn_projection *projection, size_t index,
                                                         snn_param_info *info);

/** Gives a layer `rows` more lateral neurons, with random orthonormal rows. Rows are taken into account by the next
 * snn_trainer_prepare(); until then a trainer that uses the projection refuses to train.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network), SNN_ERR_UNSUPPORTED (a layer without weights, or
 * whose weights are derived: groups, standardised, spectral norm, transposed), SNN_ERR_SHAPE (more rows than inputs),
 * SNN_ERR_STATE (in a callback of a trainer that uses it), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_projection_grow(snn_projection *projection, const snn_layer *layer,
                                                   size_t rows);

/** Freezes all rows: from the next snn_trainer_prepare() on, gradients are projected against them, and parameters of
 * one dimension (biases, gains, thresholds, those of batch norms) and the running statistics of batch norms stay as
 * they are.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_STATE (in a callback of a trainer that uses it) */
SNN_API SNN_CHECKED snn_status snn_projection_freeze(snn_projection *projection);

/** Sets the learning rate of the lateral weights of one layer, instead of the common one.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network, not a finite number >= 0) */
SNN_API SNN_CHECKED snn_status snn_projection_set_layer_lr(snn_projection *projection, const snn_layer *layer,
                                                           double lr);

/** Figures of the lateral neurons of a layer. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network) */
SNN_API SNN_CHECKED snn_status snn_projection_get_info(const snn_projection *projection, const snn_layer *layer,
                                                       snn_projection_info *info);

/** The lateral weights H of a layer, [rows,inputs], borrowed until the layer grows; they may be written between
 * batches. NULL if it has none, or is of another network. Real-time safe. */
SNN_API float *snn_projection_weights(snn_projection *projection, const snn_layer *layer);

/** out = x - H_old' y for n rows of presynaptic activity, both [n,inputs] (x may be out), as the gradient takes it.
 * Slow: for looking into a run.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network or without inputs), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_projection_apply(const snn_projection *projection, const snn_layer *layer,
                                                    const float *x, size_t n, float *out);

SNN_END_DECLS

#endif
