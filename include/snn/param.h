/** @file snn/param.h
 * What a parameter of a neuron, layer, optimizer, data set, trainer or projection looks like.
 *
 * A key means one parameter in the whole library. Each kind of object has a range of keys of its own:
 *
 *        1 -   99  neurons, and the layers that they become
 *      101 -  199  layers
 *      201 -  299  optimizers
 *      301 -  399  data sets
 *      401 -  999  trainers; of all methods to 499, then of bptt from 501, of online methods from 601, of equilibrium
 *                  methods from 701, of dsr from 801, of methods for binary weights from 901
 *     1001 - 1099  projections
 *
 * The calls are the same for each kind, snn_KIND_set_i64() and so on. They refuse, in this order, and change nothing:
 * an object that is NULL, an unknown key or name, with what there is in its place (SNN_ERR_ARGUMENT); a key of
 * another type of value (SNN_ERR_TYPE); a parameter that is fixed by now, since the network of its layer or its
 * trainer is prepared (SNN_ERR_STATE); a value that is NULL, a text that is no number (SNN_ERR_TYPE), or a value out
 * of bounds (SNN_ERR_ARGUMENT). They neither wait nor take memory.
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

/** One row of a module's parameter table: what may be set, in which bounds, and what it means.
 * The strings have static storage. */
typedef struct snn_param_info {
    uint32_t struct_size;   /**< set by the caller to sizeof(snn_param_info) */
    int32_t key;            /**< number for the set and get calls */
    int32_t type;           /**< snn_param_type */
    uint32_t reserved;      /**< 0 */
    const char *name;       /**< name for the text calls, files and the command line */
    const char *help;       /**< one line */
    const char *choices;    /**< "a|b|c", or NULL if the text is free or the value a number */
    double min;             /**< least allowed value of a number */
    double max;             /**< greatest allowed value of a number */
    double number;          /**< default of a number */
    const char *text;       /**< default of a text, else NULL */
} snn_param_info;

/** Initialiser for a snn_param_info that a call is to fill. */
#define SNN_PARAM_INFO_INIT { sizeof(snn_param_info), 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0 }

#endif
