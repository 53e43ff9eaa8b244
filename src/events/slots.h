/* slots.h - samples that were read, in memory while there is room: those used longest ago make way. So are recordings
 * that samples are windows of; these are not cut. */
#ifndef SNN_EVENTS_SLOTS_H
#define SNN_EVENTS_SLOTS_H

#include "sample.h"
#include <pthread.h>

/* A sample that was read, and how it is cut. */
struct snn__slot {
    struct snn__slot *before, *after; /* in the order of use, the latest first; NULL at the ends */
    size_t index;
    uint64_t seed; /* of its augmentation; 0: none */
    size_t users;  /* frames that are made of it now */
    bool listed;
    bool ahead; /* read ahead, and not asked for yet */
    struct snn__sample sample;
    size_t *at;    /* [T + 1]: where the pieces that become frames begin */
    size_t *piece; /* [T]: number of the piece that is a frame */
    size_t length; /* frames of the sample, at most T */
    float scale;   /* values are divided by it */
    uint64_t bytes;
};

struct snn__slots {
    snn_context *ctx;
    size_t steps;
    snn_status (*fill)(void *user, struct snn__slot *slot); /* reads the sample `index`, and cuts it */
    void *user;
    struct snn__ahead *reader; /* who reads ahead, of these slots or of others that are made of them; NULL: nobody */
    pthread_mutex_t lock;      /* of all that follows */
    pthread_cond_t made;
    struct snn__slot **slot; /* [samples]: the one that is listed, or NULL */
    bool *making;            /* [samples]: a thread reads it now */
    struct snn__slot *latest, *oldest;
    uint64_t bytes, memory; /* of listed slots, and their limit */
    uint64_t ahead;         /* bytes of those that were read ahead, at most a quarter of the limit and one sample */
};

/* Takes memory for `samples`; ctx, steps, fill, user and memory are set. snn__slots_close() follows success alone,
 * and destroys the reader. */
snn_status snn__slots_open(struct snn__slots *slots, size_t samples);
void snn__slots_close(struct snn__slots *slots);

/* The sample with this augmentation, read by the calling thread unless it is in memory, or another thread reads it:
 * then it waits for that one. snn__slots_return() follows. */
snn_status snn__slots_borrow(struct snn__slots *slots, size_t index, uint64_t seed, struct snn__slot **out);
void snn__slots_return(struct snn__slots *slots, struct snn__slot *slot);

/* Reads the sample for one who borrows it later, if it is not in memory and there is room. */
void snn__slots_fetch(struct snn__slots *slots, size_t index, uint64_t seed);

#endif
