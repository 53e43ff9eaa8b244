/** @file snn/neuron.h
 * Spiking neurons: dynamics, reset, surrogate derivative.
 * Part of libsnn, MIT licence. */
#ifndef SNN_NEURON_H
#define SNN_NEURON_H

#include <snn/context.h>
#include <snn/param.h>

/** A prototype of a neuron population. Layers copy its parameters: it may be changed or destroyed once it was
 * added to a network.
 *
 * Models, by name (snn_name() lists them). r(u, s) is the membrane potential after the reset, I the input current of
 * the step:
 *
 *     u[t] = decay * r(u[t-1], s[t-1]) + k * I[t],   s[t] = 1 if u[t] >= fire_at * threshold, else 0
 *
 * k = 1, or 1 - decay with SNN_NEURON_INPUT_SCALED; fire_at is 1 by default. With SNN_NEURON_REFRACTORY a neuron
 * does not fire for some steps after a spike. All states are 0 before step 1, but the
 * potential with SNN_NEURON_INITIAL and the synaptic current with SNN_NEURON_INITIAL_CURRENT, which
 * SNN_NEURON_INITIAL_PER_NEURON gives each neuron; SNN_NEURON_FLOOR bounds the potential from below. docs/neurons.md
 * has the resets and the surrogate derivatives.
 *
 *   if       decay 1
 *   lif      leaky integrate-and-fire
 *   cuba     current-based: i[t] = current_decay * i[t-1] + I[t] takes the place of I[t]
 *   alif     adaptive: fires at fire_at * threshold + adapt_strength * b, with
 *            b[t+1] = adapt_decay * b[t] + (1 - adapt_decay) * s[t]; the reset subtracts the threshold alone
 *   plif     lif whose decay = 1 / (1 + exp(-w)) is trained through w
 *   dsr_if   fires at fire_at * threshold, subtracts threshold, emits threshold * s; the threshold is trained
 *   dsr_lif  the same with decay = exp(-delta_t / time_constant), k = 1 - decay; emits threshold / delta_t * s */
typedef struct snn_neuron snn_neuron;

/** Parameters of neurons, and of their populations, which are layers. */
typedef enum snn_neuron_key {
    SNN_NEURON_TAU = 1,             /**< f64, time constant in steps, decay = 1 - 1/tau; sets SNN_NEURON_DECAY */
    SNN_NEURON_DECAY = 2,           /**< f64 in [0, 1], factor of the membrane potential from step to step */
    SNN_NEURON_THRESHOLD = 3,       /**< f64 > 0 */
    SNN_NEURON_RESET = 4,           /**< str: subtract (u - threshold), zero, value, none (no spikes: the output is u,
                                         as for a readout that integrates) */
    SNN_NEURON_RESET_VALUE = 5,     /**< f64, potential after a spike with reset "value" */
    SNN_NEURON_SURROGATE = 6,       /**< str: sigmoid, triangle, rectangle, arctan, fast_sigmoid */
    SNN_NEURON_SURROGATE_ALPHA = 7, /**< f64 > 0, slope of the surrogate, or width of the rectangle */
    SNN_NEURON_INPUT_SCALED = 8,    /**< i64, 1: the current is multiplied by 1 - decay */
    SNN_NEURON_CURRENT_DECAY = 9,   /**< f64 in [0, 1], cuba */
    SNN_NEURON_ADAPT_DECAY = 10,    /**< f64 in [0, 1], alif */
    SNN_NEURON_ADAPT_STRENGTH = 11, /**< f64 >= 0, alif */
    SNN_NEURON_PER_NEURON = 12,     /**< i64, 1: decay and threshold are tensors [N] ("decay", "threshold") of the
                                         layer */
    SNN_NEURON_SMOOTH = 13,         /**< i64, 1: s is the antiderivative of the surrogate, a graded spike. Its
                                         gradients are exact: finite differences can check them */
    SNN_NEURON_FIRE_AT = 14,        /**< f64 > 0, the neuron fires at this multiple of the threshold; reset
                                         "subtract" still subtracts the threshold */
    SNN_NEURON_THRESHOLD_BOUND = 15, /**< f64 > 0, dsr: lower bound of the threshold, enforced at the start of a
                                         forward pass */
    SNN_NEURON_THRESHOLD_GAIN = 16,  /**< f64, dsr: factor of the threshold's gradient */
    SNN_NEURON_DELTA_T = 17,         /**< f64 > 0, dsr_lif: duration of a step */
    SNN_NEURON_TIME_CONSTANT = 18,   /**< f64 > 0, dsr_lif: of the membrane, in the unit of delta_t */
    SNN_NEURON_REFRACTORY = 19, /**< i64 >= 0: steps after a spike in which the neuron integrates but cannot fire;
                                     its surrogate derivative is 0 then */
    SNN_NEURON_FLOOR = 20, /**< f64 <= 0: the membrane potential falls no lower; -1e30, the default: there is none */
    SNN_NEURON_INITIAL = 21,            /**< f64: the membrane potential before the first step, 0 by default */
    SNN_NEURON_INITIAL_CURRENT = 22,    /**< f64, cuba: the synaptic current before the first step, 0 by default */
    SNN_NEURON_INITIAL_PER_NEURON = 23, /**< i64, 1: the two are tensors [N] ("initial", "initial_current") of the
                                             layer, which begin at the values above and are not trained */
    SNN_NEURON_KEY_FORCE32 = 0x7fffffff
} snn_neuron_key;

/** Model of a prototype. */
typedef struct snn_neuron_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_neuron_info) */
    uint32_t spiking;     /**< with the present parameters, 1: emits spikes; 0: only integrates */
    const char *name;     /**< name of the model, "lif"; static storage */
    snn_context *context; /**< context of the prototype, borrowed */
} snn_neuron_info;

/** Initialiser of snn_neuron_info, for snn_neuron_get_info() to fill. */
#define SNN_NEURON_INFO_INIT SNN_INIT_(sizeof(snn_neuron_info), 0, 0, 0)

SNN_BEGIN_DECLS

/** Creates a prototype with the defaults of its model: tau 2, threshold 1, reset by subtraction, sigmoid surrogate of
 * slope 4. The caller destroys it.
 * @param out receives the prototype; NULL on failure
 * @param name of the model, such as "lif"
 * @return SNN_ERR_ARGUMENT (NULL; unknown name: the message lists the names), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_neuron_create(snn_neuron **out, snn_context *context, const char *name);

/** Frees a prototype; NULL is accepted. */
SNN_API void snn_neuron_destroy(snn_neuron *neuron);

/** Describes the prototype. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_neuron_get_info(const snn_neuron *neuron, snn_neuron_info *info);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_neuron_set_i64(snn_neuron *neuron, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_neuron_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_neuron_set_f64(snn_neuron *neuron, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_neuron_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_neuron_set_str(snn_neuron *neuron, int32_t key, const char *value);
/** Sets any parameter by name from text, "tau" to "2.5"; errors as snn_neuron_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_neuron_set_text(snn_neuron *neuron, const char *name, const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_neuron_get_i64(const snn_neuron *neuron, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_neuron_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_neuron_get_f64(const snn_neuron *neuron, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_neuron_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_neuron_get_str(const snn_neuron *neuron, int32_t key, const char **value);
/** Describes parameter number `index`, from 0. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_neuron_param_info(const snn_neuron *neuron, size_t index, snn_param_info *info);

SNN_END_DECLS

#endif
