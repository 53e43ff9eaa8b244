/** @file snn/param.h
 * Parameters of neurons, layers, optimizers, data sets, trainers, projections, frames of events and images.
 *
 * A key stands for one parameter in the whole library. Each kind of object has its own range of keys:
 *
 *        1 -   99  neurons, and their populations, which are layers
 *      101 -  199  layers
 *      201 -  299  optimizers
 *      301 -  399  data sets
 *      401 -  999  trainers: all methods 401 - 499, bptt from 501, online methods from 601, equilibrium methods from
 *                  701, dsr from 801, methods for binary weights from 901
 *     1001 - 1099  projections
 *     1101 - 1199  frames of events (snn/events.h)
 *     1201 - 1299  images (snn/images.h)
 *     1901 - 1999  options of ready-made networks, snn_network_option()
 *
 * Every kind has the same calls, snn_KIND_set_i64() and so on. They check in this order, and change nothing on
 * failure:
 *
 * - the object is NULL, or the key or name is unknown: SNN_ERR_ARGUMENT, and the message lists the known ones
 * - the parameter has another type of value: SNN_ERR_TYPE
 * - the parameter is fixed, since the network or the trainer is prepared: SNN_ERR_STATE
 * - the value is NULL or out of bounds: SNN_ERR_ARGUMENT; a text is not a number: SNN_ERR_TYPE
 *
 * They neither wait nor allocate.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_PARAM_H
#define SNN_PARAM_H

#include <snn/export.h>
#include <stdint.h>

/** Kinds of parameter values. */
typedef enum snn_param_type {
    SNN_PARAM_I64 = 1, /**< whole number; a switch is 0 or 1 */
    SNN_PARAM_F64 = 2, /**< real number */
    SNN_PARAM_STR = 3, /**< one word out of `choices`, or free text of at most 63 bytes */
    SNN_PARAM_FORCE32 = 0x7fffffff
} snn_param_type;

/** One parameter: key, type, bounds, default and meaning. The strings have static storage. */
typedef struct snn_param_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_param_info) */
    int32_t key;          /**< number for the set and get calls */
    int32_t type;         /**< snn_param_type */
    uint32_t reserved;    /**< 0 */
    const char *name;     /**< name in text calls, files and the command line */
    const char *help;     /**< meaning, in one line */
    const char *choices;  /**< "a|b|c", or NULL if the text is free or the value a number */
    double min;           /**< least allowed value of a number */
    double max;           /**< greatest allowed value of a number */
    double number;        /**< default of a number */
    const char *text;     /**< default of a text, else NULL */
} snn_param_info;

/** Initialiser of snn_param_info, for a call to fill. */
#define SNN_PARAM_INFO_INIT SNN_INIT_(sizeof(snn_param_info), 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0)

#endif
