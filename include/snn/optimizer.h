/** @file snn/optimizer.h
 * Optimizers: update rule, learning rate schedule, clipping of gradients.
 * Part of libsnn, MIT licence. */
#ifndef SNN_OPTIMIZER_H
#define SNN_OPTIMIZER_H

#include <snn/context.h>
#include <snn/param.h>

/** An update rule with its settings. The moments belong to each trainer that uses it, so one optimizer may serve
 * several trainers. It must outlive them. */
typedef struct snn_optimizer snn_optimizer;

/** Parameters of optimizers. Rules, with the gradient g, and g' = g + weight_decay * w:
 *
 *   sgd    v = momentum * v + g', beginning with v = g';  w -= lr * v, or with nesterov w -= lr * (g' + momentum * v)
 *   adam   m = beta1 m + (1 - beta1) g', v = beta2 v + (1 - beta2) g'^2, at update n both divided by 1 - beta^n;
 *          w -= lr * m / (sqrt(v) + eps)
 *   adamw  w -= lr * weight_decay * w, then adam with g in place of g' */
typedef enum snn_optimizer_key {
    SNN_OPTIMIZER_LR = 201,           /**< f64 >= 0 */
    SNN_OPTIMIZER_MOMENTUM = 202,     /**< f64 in [0, 1), sgd */
    SNN_OPTIMIZER_NESTEROV = 203,     /**< i64, sgd, 1: Nesterov's momentum */
    SNN_OPTIMIZER_WEIGHT_DECAY = 204, /**< f64 >= 0, on every trained tensor except latent weights of binary layers */
    SNN_OPTIMIZER_BETA1 = 205,        /**< f64, adam, adamw */
    SNN_OPTIMIZER_BETA2 = 206,        /**< f64, adam, adamw */
    SNN_OPTIMIZER_EPS = 207,          /**< f64, adam, adamw */
    SNN_OPTIMIZER_CLIP_NORM = 208,    /**< f64, largest norm of the whole gradient; 0: no limit */
    SNN_OPTIMIZER_CLIP_VALUE = 209,   /**< f64, largest absolute entry of the gradient; 0: no limit */
    SNN_OPTIMIZER_SCHEDULE = 210,     /**< str: constant, step, multi_step, cosine; changes lr from epoch to epoch */
    SNN_OPTIMIZER_EPOCHS = 211,       /**< i64, length of the cosine in epochs */
    SNN_OPTIMIZER_STEP_EPOCHS = 212,  /**< i64, epochs between two changes of lr with "step" */
    SNN_OPTIMIZER_MILESTONES = 213,   /**< str, "60,120": epochs at which lr changes with "multi_step" */
    SNN_OPTIMIZER_GAMMA = 214,        /**< f64, factor of lr at each change */
    SNN_OPTIMIZER_LR_MIN = 215,       /**< f64, lr at the end of the cosine */
    SNN_OPTIMIZER_WARMUP = 216,       /**< i64, updates over which lr rises linearly from 0 */
    SNN_OPTIMIZER_KEY_FORCE32 = 0x7fffffff
} snn_optimizer_key;

/** Update rule of an optimizer. */
typedef struct snn_optimizer_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_optimizer_info) */
    uint32_t reserved;    /**< 0 */
    const char *name;     /**< "sgd"; static storage */
    snn_context *context; /**< context of the optimizer, borrowed */
} snn_optimizer_info;

/** Initialiser of snn_optimizer_info, for snn_optimizer_get_info() to fill. */
#define SNN_OPTIMIZER_INFO_INIT SNN_INIT_(sizeof(snn_optimizer_info), 0, 0, 0)

SNN_BEGIN_DECLS

/** Creates an optimizer. The caller destroys it, after its trainers.
 * @param out receives the optimizer; NULL on failure
 * @param name such as "adam"; snn_name() lists the names
 * @return SNN_ERR_ARGUMENT (NULL; unknown name: the message lists the names), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_optimizer_create(snn_optimizer **out, snn_context *context, const char *name);

/** Frees an optimizer; NULL is accepted. */
SNN_API void snn_optimizer_destroy(snn_optimizer *optimizer);

/** Describes the optimizer. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_info(const snn_optimizer *optimizer, snn_optimizer_info *info);

/** Sets a whole-number parameter. Takes effect at the next update. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_i64(snn_optimizer *optimizer, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_optimizer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_f64(snn_optimizer *optimizer, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_optimizer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_str(snn_optimizer *optimizer, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_optimizer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_text(snn_optimizer *optimizer, const char *name, const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_i64(const snn_optimizer *optimizer, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_optimizer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_f64(const snn_optimizer *optimizer, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_optimizer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_str(const snn_optimizer *optimizer, int32_t key, const char **value);
/** Describes parameter number `index`, from 0. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_optimizer_param_info(const snn_optimizer *optimizer, size_t index,
                                                        snn_param_info *info);

/** Returns the learning rate of update number `update` in epoch number `epoch`, both from 0. Real-time safe. */
SNN_API double snn_optimizer_rate(const snn_optimizer *optimizer, uint64_t epoch, uint64_t update);

SNN_END_DECLS

#endif
