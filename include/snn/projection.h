/** @file snn/projection.h
 * Projection of weight gradients away from the subspaces that earlier tasks use (HLOP, arXiv 2402.11984).
 * Part of libsnn, MIT licence. */
#ifndef SNN_PROJECTION_H
#define SNN_PROJECTION_H

#include <snn/network.h>

/** Lateral neurons for the linear and conv2d layers of one network. A layer has presynaptic activity x of N numbers
 * (inputs of linear, channels * kernel^2 of conv2d). Its M lateral neurons have weights H [M,N], whose rows learn the
 * principal subspace of x while the network is trained. With H_old, the frozen rows, every weight gradient
 * sum delta x' becomes sum delta (x - H_old' H_old x)'. */
typedef struct snn_projection snn_projection;

/** Parameters of projections. They take effect at the next snn_trainer_prepare(). */
typedef enum snn_projection_key {
    SNN_PROJECTION_LR = 1001,         /**< f64, learning rate of lateral weights; a layer may have its own */
    SNN_PROJECTION_MOMENTUM = 1002,   /**< f64 in [0, 1), m: D = m D + (1 - m) dH updates H; 0: none */
    SNN_PROJECTION_CLAMP = 1003,      /**< f64, largest absolute entry of dH */
    SNN_PROJECTION_ITERATIONS = 1004, /**< i64, updates of H with the same presynaptic activity */
    SNN_PROJECTION_EVERY = 1005,      /**< i64, k: lateral neurons learn on every k-th batch only */
    SNN_PROJECTION_SOURCE = 1006,     /**< str, x: trace (the presynaptic factor of the method's gradient), both
                                           (spikes and traces, if the method keeps traces) */
    SNN_PROJECTION_SPIKES = 1007,     /**< i64, T_l: the outputs of lateral neurons are at most T_l signed spikes; 0:
                                           real numbers */
    SNN_PROJECTION_SCALE = 1008,      /**< f64, S: the activity that T_l spikes stand for */
    SNN_PROJECTION_KEY_FORCE32 = 0x7fffffff
} snn_projection_key;

/** The lateral neurons of one layer. */
typedef struct snn_projection_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_projection_info) */
    uint32_t reserved;    /**< 0 */
    uint64_t inputs;      /**< N, in the order of the layer's weights: channel, kernel row, kernel column; 0: the
                               layer cannot have lateral neurons */
    uint64_t rows;        /**< M */
    uint64_t frozen;      /**< number of frozen rows, those of earlier tasks, which come first */
    double lr;            /**< learning rate of the layer's lateral weights */
} snn_projection_info;

/** Initialiser of snn_projection_info, for snn_projection_get_info() to fill. */
#define SNN_PROJECTION_INFO_INIT SNN_INIT_(sizeof(snn_projection_info), 0, 0, 0, 0, 0.0)

SNN_BEGIN_DECLS

/** Creates a projection for a network, without lateral neurons yet. Prepares the network if it is not prepared.
 * Borrows the network. The caller destroys the projection, after the trainers that use it.
 * @param out receives the projection; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_MEMORY, and as snn_network_prepare() */
SNN_API SNN_CHECKED snn_status snn_projection_create(snn_projection **out, snn_network *network);

/** Frees a projection; NULL is accepted. */
SNN_API void snn_projection_destroy(snn_projection *projection);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_projection_set_i64(snn_projection *projection, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_projection_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_set_f64(snn_projection *projection, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_projection_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_projection_set_str(snn_projection *projection, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_projection_set_i64(). */
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
/** Describes parameter number `index`, from 0. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_projection_param_info(const snn_projection *projection, size_t index,
                                                         snn_param_info *info);

/** Adds `rows` lateral neurons to a layer, with random orthonormal rows. They take effect at the next
 * snn_trainer_prepare(). Until then a trainer that uses the projection refuses to train.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network), SNN_ERR_UNSUPPORTED (a layer without weights, with
 * groups, transposed, or whose weights are standardised or normalised), SNN_ERR_SHAPE (more rows than inputs),
 * SNN_ERR_STATE (in a callback of a trainer that uses the projection), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_projection_grow(snn_projection *projection, const snn_layer *layer, size_t rows);

/** Freezes all rows, from the next snn_trainer_prepare() on. Weight gradients are then projected onto the orthogonal
 * complement of the rows. Parameters of one dimension (biases, gains, thresholds, those of batch norms) and the
 * running statistics of batch norms no longer change.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (in a callback of a trainer that uses the projection) */
SNN_API SNN_CHECKED snn_status snn_projection_freeze(snn_projection *projection);

/** Sets the learning rate of the lateral weights of one layer, in place of SNN_PROJECTION_LR.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network, not a finite number >= 0) */
SNN_API SNN_CHECKED snn_status snn_projection_set_layer_lr(snn_projection *projection, const snn_layer *layer,
                                                           double lr);

/** Describes the lateral neurons of a layer. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network) */
SNN_API SNN_CHECKED snn_status snn_projection_get_info(const snn_projection *projection, const snn_layer *layer,
                                                       snn_projection_info *info);

/** Returns the lateral weights H of a layer, [rows,inputs], borrowed until the layer gets more rows. They may be
 * written between batches. NULL if the layer has none or belongs to another network. Real-time safe. */
SNN_API float *snn_projection_weights(snn_projection *projection, const snn_layer *layer);

/** Projects presynaptic activity as the weight gradient does: out = x - H_old' y, where y is the output H_old x of
 * the frozen lateral neurons. Slow: for inspecting a run.
 * @param x [n,inputs]
 * @param out [n,inputs], may be x
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network or without inputs), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_projection_apply(const snn_projection *projection, const snn_layer *layer,
                                                    const float *x, size_t n, float *out);

SNN_END_DECLS

#endif
