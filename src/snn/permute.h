/* permute.h - tasks out of one data set: each has its pixels in another order. */
#ifndef SNN_TOOL_PERMUTE_H
#define SNN_TOOL_PERMUTE_H

#include <snn/snn.h>

#define PIXELS_MAX 16384 /* most of a sample */

/* A data set whose pixels stand in another order. */
struct permuted {
    const snn_dataset *base;
    uint32_t *order; /* [length], the caller's room */
    size_t length;
};

/* The split `base` as task number `task` has it; task 0 is base itself. `user` has its order, and must live as long.
 */
snn_status permute_open(snn_dataset **out, snn_context *context, const snn_dataset *base, struct permuted *user,
                        uint64_t seed, size_t task);

#endif
