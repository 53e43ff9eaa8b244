/* core/param_calls.h - the parameter calls of a public handle. One line in the handle's source defines all of them:
 *
 *     SNN__PARAM_CALLS(neuron, &kind)
 *
 * for snn_neuron, which keeps its parameters, of kind `kind`, in a member `params`. */
#ifndef SNN_CORE_PARAM_CALLS_H
#define SNN_CORE_PARAM_CALLS_H

#include "core/fpu.h"
#include "core/param.h"

/* snn_WHO_CALL(object, what, value) is snn__params_CALL(params, what, value), if there is an object. */
#define SNN__PARAM_CALL(who, kind, call, handle, what_type, value_type)             \
    snn_status snn_##who##_##call(handle *object, what_type what, value_type value) \
    {                                                                               \
        SNN__COMPUTES;                                                              \
                                                                                    \
        if (object == NULL)                                                         \
            return snn__fail(SNN_ERR_ARGUMENT, "%s is NULL", (kind)->noun);         \
        return snn__params_##call(&object->params, what, value);                    \
    }

#define SNN__PARAM_CALLS(who, kind)                                              \
    SNN__PARAM_CALL(who, kind, set_i64, snn_##who, int32_t, int64_t)             \
    SNN__PARAM_CALL(who, kind, set_f64, snn_##who, int32_t, double)              \
    SNN__PARAM_CALL(who, kind, set_str, snn_##who, int32_t, const char *)        \
    SNN__PARAM_CALL(who, kind, set_text, snn_##who, const char *, const char *)  \
    SNN__PARAM_CALL(who, kind, get_i64, const snn_##who, int32_t, int64_t *)     \
    SNN__PARAM_CALL(who, kind, get_f64, const snn_##who, int32_t, double *)      \
    SNN__PARAM_CALL(who, kind, get_str, const snn_##who, int32_t, const char **) \
    SNN__PARAM_CALL(who, kind, param_info, const snn_##who, size_t, snn_param_info *)

#endif
