/** @file snn/optimizer.h
 * How gradients become new parameters: rule, schedule, clipping.
 * Part of libsnn, MIT licence. */
#ifndef SNN_OPTIMIZER_H
#define SNN_OPTIMIZER_H

#include <snn/context.h>
#include <snn/param.h>

/** A rule with its settings. It holds no moments: those live in each trainer that uses it, so one optimizer may serve
 * several trainers. Keep it alive as long as they are. */
typedef struct snn_optimizer snn_optimizer;

/** Parameters of optimizers. With g' = g + weight_decay * w (sgd, adam):
 *
 *   sgd    v = momentum * v + g' (v = g' first);  w -= lr * v, or lr * (g' + momentum * v) with nesterov
 *   adam   m = beta1 m + (1 - beta1) g', v = beta2 v + (1 - beta2) g'^2, both divided by 1 - beta^n;
 *          w -= lr * m / (sqrt(v) + eps)
 *   adamw  as adam on g, and w -= lr * weight_decay * w first */
typedef enum snn_optimizer_key {
    SNN_OPTIMIZER_LR = 201,           /**< f64 >= 0 */
    SNN_OPTIMIZER_MOMENTUM = 202,     /**< f64 in [0, 1), sgd */
    SNN_OPTIMIZER_NESTEROV = 203,     /**< i64, sgd */
    SNN_OPTIMIZER_WEIGHT_DECAY = 204, /**< f64 >= 0, on every trained tensor */
    SNN_OPTIMIZER_BETA1 = 205,        /**< f64, adam, adamw */
    SNN_OPTIMIZER_BETA2 = 206,        /**< f64, adam, adamw */
    SNN_OPTIMIZER_EPS = 207,          /**< f64, adam, adamw */
    SNN_OPTIMIZER_CLIP_NORM = 208,    /**< f64, largest norm of the whole gradient; 0: no limit */
    SNN_OPTIMIZER_CLIP_VALUE = 209,   /**< f64, largest absolute entry of the gradient; 0: no limit */
    SNN_OPTIMIZER_SCHEDULE = 210,     /**< str: constant, step, multi_step, cosine; changes lr from epoch to epoch */
    SNN_OPTIMIZER_EPOCHS = 211,       /**< i64, length of the cosine in epochs */
    SNN_OPTIMIZER_STEP_EPOCHS = 212,  /**< i64, epochs between two drops of "step" */
    SNN_OPTIMIZER_MILESTONES = 213,   /**< str, "60,120": epochs of the drops of "multi_step" */
    SNN_OPTIMIZER_GAMMA = 214,        /**< f64, factor of a drop */
    SNN_OPTIMIZER_LR_MIN = 215,       /**< f64, end of the cosine */
    SNN_OPTIMIZER_WARMUP = 216,       /**< i64, updates over which lr rises linearly from 0 */
    SNN_OPTIMIZER_KEY_FORCE32 = 0x7fffffff
} snn_optimizer_key;

/** What an optimizer is. */
typedef struct snn_optimizer_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_optimizer_info) */
    uint32_t reserved;    /**< 0 */
    const char *name;     /**< "sgd"; static storage */
    snn_context *context; /**< that it was made in */
} snn_optimizer_info;

/** Initialiser for a snn_optimizer_info that a call is to fill. */
#define SNN_OPTIMIZER_INFO_INIT { sizeof(snn_optimizer_info), 0, 0, 0 }

SNN_BEGIN_DECLS

/** Creates an optimizer by name, "adam": snn_name() lists them. The caller destroys it, after its trainers.
 * @return SNN_ERR_ARGUMENT (unknown name: the message lists the names), SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_optimizer_create(snn_optimizer **out, snn_context *context, const char *name);

/** Frees an optimizer; NULL is accepted. */
SNN_API void snn_optimizer_destroy(snn_optimizer *optimizer);

/** Describes the optimizer. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_info(const snn_optimizer *optimizer, snn_optimizer_info *info);

/** Sets a whole-number parameter, which takes effect at the next update; snn/param.h says how all parameter calls
 * behave.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_i64(snn_optimizer *optimizer, int32_t key, int64_t value);
/** Sets a real parameter; as snn_optimizer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_f64(snn_optimizer *optimizer, int32_t key, double value);
/** Sets a text parameter; as snn_optimizer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_str(snn_optimizer *optimizer, int32_t key, const char *value);
/** Sets any parameter by name from text; as snn_optimizer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_set_text(snn_optimizer *optimizer, const char *name, const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_i64(const snn_optimizer *optimizer, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_optimizer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_f64(const snn_optimizer *optimizer, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_optimizer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_optimizer_get_str(const snn_optimizer *optimizer, int32_t key, const char **value);
/** Describes parameter number `index`, from 0; SNN_ERR_ARGUMENT past the last. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_optimizer_param_info(const snn_optimizer *optimizer, size_t index,
                                                        snn_param_info *info);

/** The learning rate in force at update `update` (from 0) of epoch `epoch` (from 0). Real-time safe. */
SNN_API double snn_optimizer_rate(const snn_optimizer *optimizer, uint64_t epoch, uint64_t update);

SNN_END_DECLS

#endif
