/* Threads of one process as ranks: a communicator for tests.
 *
 * all_reduce adds in another order at every call. A message is copied when it is received, so that a sender that
 * changes it too early is seen. A rank whose function fails makes all others fail that wait; what does not fit
 * together, and 20 seconds without progress, are failures as well. */
#ifndef SNN_TESTS_RANKS_THREADS_H
#define SNN_TESTS_RANKS_THREADS_H

#include <snn/communicator.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct threads;

/* What the functions of a rank were called for. */
struct threads_count {
    size_t calls;          /* of all functions but reason */
    size_t reduced, bytes; /* floats given to all_reduce; bytes of messages that were sent */
    size_t late;           /* calls after one of this rank had failed, finish() aside */
    size_t open;           /* exchanges that nobody has finished */
};

/* messages: with start and finish; without, all_reduce is all that there is. The caller destroys it. */
struct threads *threads_create(uint32_t size, bool messages);
void threads_destroy(struct threads *t);

/* The communicator of a rank, for its thread. */
snn_communicator threads_rank(struct threads *t, uint32_t rank);

/* Call number `call` of `rank`, from 1, fails with SNN_ERR_IO, "the wire is cut". 0: none does. */
void threads_fail(struct threads *t, uint32_t rank, size_t call);

/* Runs body(arg, communicator) in a thread for each rank, and returns when all have returned. */
void threads_run(struct threads *t, void (*body)(void *arg, const snn_communicator *c), void *arg);

struct threads_count threads_counted(const struct threads *t, uint32_t rank);

#endif
