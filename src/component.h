/* component.h - what the libraries beside libsnn share in their sources. */
#ifndef SNN_COMPONENT_H
#define SNN_COMPONENT_H

#include <snn/sys/component.h>
#include <stdio.h>
#include <string.h>

/* Returns the status of `call` unless it is SNN_OK. */
#define TRY(call)                      \
    do {                               \
        const snn_status rc_ = (call); \
        if (rc_ != SNN_OK)             \
            return rc_;                \
    } while (0)

/* The parameter calls of a public handle snn_WHO that keeps its parameters in a member `params`. */
#define COMPONENT_PARAM_CALL(who, call, handle, what_type, value_type)                           \
    snn_status snn_##who##_##call(handle *object, what_type what, value_type value)              \
    {                                                                                            \
        return snn_component_params_##call(object != NULL ? object->params : NULL, what, value); \
    }

#define COMPONENT_PARAM_CALLS(who)                                              \
    COMPONENT_PARAM_CALL(who, set_i64, snn_##who, int32_t, int64_t)             \
    COMPONENT_PARAM_CALL(who, set_f64, snn_##who, int32_t, double)              \
    COMPONENT_PARAM_CALL(who, set_str, snn_##who, int32_t, const char *)        \
    COMPONENT_PARAM_CALL(who, set_text, snn_##who, const char *, const char *)  \
    COMPONENT_PARAM_CALL(who, get_i64, const snn_##who, int32_t, int64_t *)     \
    COMPONENT_PARAM_CALL(who, get_f64, const snn_##who, int32_t, double *)      \
    COMPONENT_PARAM_CALL(who, get_str, const snn_##who, int32_t, const char **) \
    COMPONENT_PARAM_CALL(who, param_info, const snn_##who, size_t, snn_param_info *)

/* Rows of a table of parameters. */
#define COMPONENT_I64(key, name, min, max, number, help)             \
    {                                                                \
        key, SNN_PARAM_I64, name, help, NULL, min, max, number, NULL \
    }
#define COMPONENT_F64(key, name, min, max, number, help)             \
    {                                                                \
        key, SNN_PARAM_F64, name, help, NULL, min, max, number, NULL \
    }
#define COMPONENT_STR(key, name, choices, text, help)          \
    {                                                          \
        key, SNN_PARAM_STR, name, help, choices, 0, 0, 0, text \
    }

/* The text of an errno. Unlike strerror(), safe in any thread. */
struct snn__errno_text {
    char text[128];
};
static inline struct snn__errno_text snn__errno_text(int error)
{
    struct snn__errno_text reason;

    if (strerror_r(error, reason.text, sizeof reason.text) != 0)
        snprintf(reason.text, sizeof reason.text, "error %d", error);
    return reason;
}

/* A file or folder of which the system says `error`. */
static inline snn_status snn__fail_path(const char *path, int error)
{
    return snn_component_fail(SNN_ERR_IO, "%.300s: %s", path, snn__errno_text(error).text);
}

/* A table with room for `room` entries of `size` bytes, whose first `used` are those of `table`, which is freed. NULL
 * without memory, and `table` stays. */
static inline void *snn__wider(snn_context *context, void *table, size_t used, size_t room, size_t size)
{
    void *wider = snn_component_alloc(context, room, size);

    if (wider == NULL)
        return NULL;
    if (used > 0)
        memcpy(wider, table, used * size);
    snn_component_free(context, table);
    return wider;
}

#endif
