/** @file snn/communicator.h
 * Communicators: how processes, or threads of one process, that train one network together exchange numbers. The host
 * fills in the table, or takes that of a library beside this one; libsnn itself links no transport. docs/ranks.md
 * tells what is sent, and when.
 * Part of libsnn, MIT licence. */
#ifndef SNN_COMMUNICATOR_H
#define SNN_COMMUNICATOR_H

#include <snn/export.h>
#include <snn/status.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that go to another rank, or come from it. */
typedef struct snn_message {
    uint32_t rank; /**< the other rank */
    uint32_t tag; /**< 0 .. 32767, tells messages between the same two ranks apart; those of one tag keep the order in
                       which they are given to start() */
    void *data;   /**< borrowed until the exchange is over; what is sent is only read */
    size_t bytes; /**< 1 or more, the same on both sides */
} snn_message;

/** Ranks 0 .. size - 1 that compute together. Begin with snn_communicator_init(), then set the fields.
 *
 * The functions are called by the thread that called the library, one at a time. Every rank calls all_reduce,
 * broadcast and barrier in the same order with the same sizes; the order of start() may differ. A function that fails
 * returns a status, and `reason` may tell why. The library then ends what is under way, by finish(), and calls no
 * other function: the communicator sees to it that ranks that wait for this one fail as well. */
typedef struct snn_communicator {
    uint32_t struct_size; /**< set by snn_communicator_init() */
    uint32_t rank;        /**< of this process or thread, below `size` */
    uint32_t size;        /**< number of ranks, 1 or more; default 1 */
    uint32_t reserved;    /**< 0 */
    void *user;           /**< passed to the functions */
    /** Replaces data [n] by its sums over all ranks, added in any order; all ranks receive the same bits. Must be
     * set.
     * @return SNN_OK, or a status that ends what asked for it */
    snn_status (*all_reduce)(void *user, float *data, size_t n);
    /** Copies `bytes` bytes of rank `root` to all others. Must be set.
     * @return as all_reduce */
    snn_status (*broadcast)(void *user, void *data, size_t bytes, uint32_t root);
    /** Returns when all ranks have called it. Must be set.
     * @return as all_reduce */
    snn_status (*barrier)(void *user);
    /** Begins an exchange: sends messages, and receives others into their memory. Returns at once; what the lists say
     * is copied. Several exchanges are under way at once. NULL: the library sums in its fixed order by all_reduce,
     * which costs a float per rank or more instead of one.
     * @param exchange receives what finish() is given; belongs to the communicator
     * @return as all_reduce; no message of a failed call is under way */
    snn_status (*start)(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                        size_t n_receive, void **exchange);
    /** Lets all exchanges of this rank go on, as far as they can, and tells whether this one is over.
     * @param wait 1: returns when it is over; 0: returns at once
     * @param done receives 1 when it is over, and then the exchange is gone; else 0
     * @return as all_reduce; a failed exchange is gone, and its memory is not touched any more. Must be set where
     * start is */
    snn_status (*finish)(void *user, void *exchange, int wait, int *done);
    /** Says in words why the function that failed last did, borrowed until the next call; NULL: the status alone is
     * shown. */
    const char *(*reason)(void *user);
} snn_communicator;

SNN_BEGIN_DECLS

/** Fills a communicator with defaults: one rank, no functions. Real-time safe.
 * @param size sizeof(snn_communicator) as the caller was compiled
 * @return SNN_ERR_ARGUMENT (NULL, size too small or above 65,535) */
SNN_API SNN_CHECKED snn_status snn_communicator_init(snn_communicator *communicator, size_t size);

SNN_END_DECLS

#endif
