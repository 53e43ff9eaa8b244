/* slots.h - samples that were read, in memory while there is room: those used longest ago make way. What a sample is,
 * its component knows. */
#ifndef SNN_SLOTS_H
#define SNN_SLOTS_H

#include "component.h"
#include <pthread.h>
#include <stdbool.h>

/* A sample that was read. */
struct snn__slot {
    struct snn__slot *before, *after; /* in the order of use, the latest first; NULL at the ends */
    size_t index;
    uint64_t seed;  /* of its augmentation; 0: none */
    size_t users;   /* who has borrowed it, or is reading it */
    bool listed;    /* in that order, and in the memory that is bounded */
    bool filling;   /* being read; others who want it wait */
    bool ahead;     /* read ahead, and not asked for yet */
    void *content;  /* what `fill` made; NULL: nothing */
    uint64_t bytes; /* of all of it; `fill` adds those of the content */
};

struct snn__slots {
    snn_context *ctx;
    snn_status (*fill)(void *user, struct snn__slot *slot); /* reads the sample `index`; any number of threads */
    void (*empty)(void *user, void *content);               /* frees what `fill` made, all of it or a part */
    void *user;
    size_t threads;            /* that read ahead */
    struct snn__ahead *reader; /* who reads ahead, of these slots or of others that are made of them; NULL: nobody */
    pthread_mutex_t lock;      /* of all that follows */
    pthread_cond_t filled;     /* some slot is no longer being read */
    struct snn__slot **slot;   /* [samples]: the one that is listed or being read, or NULL */
    struct snn__slot *latest, *oldest;
    uint64_t bytes, memory;     /* of listed slots, and their limit */
    uint64_t ahead, ahead_most; /* bytes of those that were read ahead, and their limit but for one sample of each
                                   thread */
};

/* Takes memory for `samples`; ctx, fill, empty, user, threads, memory and ahead_most are set. snn__slots_close()
 * follows success alone, and destroys the reader. */
snn_status snn__slots_open(struct snn__slots *slots, size_t samples);
void snn__slots_close(struct snn__slots *slots);

/* The sample with this augmentation, read by the calling thread unless it is in memory or another thread reads it.
 * snn__slots_return() follows. */
snn_status snn__slots_borrow(struct snn__slots *slots, size_t index, uint64_t seed, struct snn__slot **out);
void snn__slots_return(struct snn__slots *slots, struct snn__slot *slot);

/* Reads the sample for one who borrows it later, if it is not in memory and there is room. */
void snn__slots_fetch(struct snn__slots *slots, size_t index, uint64_t seed);

#endif
