/* core/status.h - failing with a message. */
#ifndef SNN_CORE_STATUS_H
#define SNN_CORE_STATUS_H

#include "core/compiler.h"
#include <snn/status.h>

/* Sets the calling thread's message and returns `code`, so that a failure reads `return snn__fail(...)`. A
 * code above 0, which is no status, becomes SNN_ERR_INTERNAL. */
snn_status snn__fail(snn_status code, const char *format, ...) SNN__PRINTF(2, 3);

/* Adds to the message of a failure; returns its `code`. */
snn_status snn__fail_more(snn_status code, const char *format, ...) SNN__PRINTF(2, 3);

/* Number of failures with a message in this thread so far: whether a call of the host's code left one. */
unsigned snn__failures(void);

/* The text of an errno or of an error of pthreads. Unlike strerror(), safe in any thread. */
struct snn__reason {
    char text[128];
};
struct snn__reason snn__reason(int error);

#define SNN__TRY(call)                \
    do {                              \
        snn_status snn__rc_ = (call); \
        if (snn__rc_ != SNN_OK)       \
            return snn__rc_;          \
    } while (0)

#endif
