/* network/stream.h - inside of a stream: a pass over one sample whose steps go on. */
#ifndef SNN_NETWORK_STREAM_H
#define SNN_NETWORK_STREAM_H

#include "network/pass.h"
#include <snn/stream.h>

/* What a trainer adds to a stream. */
struct snn__learner {
    snn_status (*check)(void *host); /* SNN_ERR_STATE if the trainer is at work: this is one of its callbacks */
    snn_status (*before)(void *host, size_t t); /* step t is about to run */
    /* Trains on step t with an error at the output, or, where that is NULL, with a label. Takes the stream's
     * `stepped` away once it accepted them: what the step left is used up then. */
    snn_status (*learn)(void *host, size_t t, const float *error, uint32_t label, double *loss);
};

struct snn_stream {
    struct snn__pass *pass; /* NULL: ended */
    const struct snn__learner *learner; /* or NULL */
    void *host;
    bool stepped; /* since the last learning */
};

/* A stream of a pass that was planned for one begins, at step 0. */
snn_status snn__stream_begin(struct snn_stream *stream, struct snn__pass *pass);

/* Refuses layers that must know how many steps there are. */
snn_status snn__stream_check(const snn_network *net);

#endif
