/* pass/stream.h - inside of a stream: a pass over one sample whose steps go on. */
#ifndef SNN_PASS_STREAM_H
#define SNN_PASS_STREAM_H

#include "pass/pass.h"
#include <snn/stream.h>

/* The hooks of a trainer in a stream. */
struct snn__learner {
    snn_status (*check)(void *host); /* SNN_ERR_STATE if the trainer is at work: this is one of its callbacks */
    snn_status (*before)(void *host, size_t t); /* step t is about to run */
    snn_status (*after)(void *host, size_t t);  /* it has run */
};

struct snn_stream {
    struct snn__pass *pass;             /* NULL: ended */
    const struct snn__learner *learner; /* or NULL */
    void *host;                         /* the trainer, where there is a learner */
    bool stepped;                       /* since the last learning */
};

/* A stream of a pass that was planned for one begins, at step 0. */
snn_status snn__stream_begin(struct snn_stream *stream, struct snn__pass *pass);

/* SNN_OK if there is a stream that has not ended and is not at work, as it is in callbacks of its trainer. */
snn_status snn__stream_check_live(const snn_stream *stream);

/* Refuses layers that must know how many steps there are. */
snn_status snn__stream_check(const snn_network *net);

#endif
