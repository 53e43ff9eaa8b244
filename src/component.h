/* component.h - what the libraries beside libsnn share in their sources. */
#ifndef SNN_COMPONENT_H
#define SNN_COMPONENT_H

#include <snn/sys/component.h>

/* Returns the status of `call` unless it is SNN_OK. */
#define TRY(call)                      \
    do {                               \
        const snn_status rc_ = (call); \
        if (rc_ != SNN_OK)             \
            return rc_;                \
    } while (0)

#endif
