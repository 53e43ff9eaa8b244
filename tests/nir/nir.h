/* nir.h - what the suites of NIR share: running networks, folders, files. */
#ifndef SNN_TESTS_NIR_H
#define SNN_TESTS_NIR_H

#include "support.h"
#include <math.h>
#include <snn/nir.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline size_t elements(const snn_shape *shape)
{
    return (size_t)shape->dim[0] * shape->dim[1] * shape->dim[2];
}

/* Outputs of a network over the steps of one sample, [steps][outputs], to be freed. */
static inline float *run_network(snn_network *net, const float *x, size_t steps)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    snn_stream *stream;
    size_t bytes, n;
    void *memory;
    float *out;

    OK(snn_stream_size(net, &bytes));
    OK(snn_network_get_info(net, &info));
    n = elements(&info.out);
    memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    out = malloc(steps * n * sizeof *out);
    OK(snn_stream_init(memory, bytes, net, &stream));
    for (size_t t = 0; t < steps; t++)
        OK(snn_stream_step(stream, x + t * elements(&info.in), out + t * n));
    free(memory);
    return out;
}

static inline bool has_remark(const snn_nir *nir, const char *part)
{
    for (size_t i = 0; snn_nir_remark(nir, i) != NULL; i++)
        if (strstr(snn_nir_remark(nir, i), part) != NULL)
            return true;
    return false;
}

/* A file name in the test's folder, valid until the next call but one. */
static inline const char *scratch(const char *name)
{
    static char path[2][512];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/nir-%ld-%s", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
             (long)getpid(), name);
    return path[turn];
}

#endif
