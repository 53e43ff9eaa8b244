/** @file snn/status.h
 * The status that a call returns, and the message of a failure.
 * Part of libsnn, MIT licence. */
#ifndef SNN_STATUS_H
#define SNN_STATUS_H

#include <snn/export.h>

/** All statuses, X(NAME, value, "meaning"): the source of the enum, of the names and of the texts. */
#define SNN_STATUS_LIST(X)                                                                   \
    X(SNN_OK, 0, "success")                                                                  \
    X(SNN_ERR_ARGUMENT, -1, "an argument is NULL, out of range or unknown")                  \
    X(SNN_ERR_SHAPE, -2, "shapes do not fit each other")                                     \
    X(SNN_ERR_TYPE, -3, "a value has another type than asked for")                           \
    X(SNN_ERR_MEMORY, -4, "memory could not be allocated, or a size overflows")              \
    X(SNN_ERR_IO, -5, "a file could not be read or written")                                 \
    X(SNN_ERR_FORMAT, -6, "a file is not in the format that its reader expects, or damaged") \
    X(SNN_ERR_UNSUPPORTED, -7, "a valid request that this method or build does not offer")   \
    X(SNN_ERR_STATE, -8, "the call does not fit the state of the object")                    \
    X(SNN_ERR_DIVERGED, -9, "a number is not finite, or a solver did not converge")          \
    X(SNN_ERR_VERSION, -10, "made by another, incompatible version")                         \
    X(SNN_ERR_CANCELLED, -11, "the host's progress callback asked to stop")                  \
    X(SNN_ERR_INTERNAL, -12, "a defect of the library")

/** Result of every call that can fail: SNN_OK or a negative code. */
typedef enum snn_status {
/** @cond */
#define SNN_STATUS_ENUM_(name, value, text) name = value,
    SNN_STATUS_LIST(SNN_STATUS_ENUM_)
#undef SNN_STATUS_ENUM_
    /** @endcond */
    SNN_STATUS_FORCE32 = 0x7fffffff
} snn_status;

SNN_BEGIN_DECLS

/** Returns the name of a status, such as "SNN_ERR_SHAPE"; "SNN_ERR_?" if unknown; static storage. Real-time safe. */
SNN_API const char *snn_status_name(snn_status status);

/** Returns the meaning of a status, in one sentence; static storage. Real-time safe. */
SNN_API const char *snn_status_text(snn_status status);

/** Returns the message of the last failure in the calling thread: which call failed, what was wrong and which value
 * caused it. Never NULL; "" before the first failure. Borrowed until the next failure in this thread. Real-time
 * safe. */
SNN_API const char *snn_last_error(void);

SNN_END_DECLS

#endif
