/* ranks.h - what the parts of bench_ranks share. */
#ifndef BENCH_RANKS_H
#define BENCH_RANKS_H

#include <snn/communicator.h>
#include <stdbool.h>
#include <stdint.h>

enum { RANKS_MOST = 64, SETTINGS_MOST = 16 };

struct options {
    const char *net, *method, *shape, *hosts;
    const char *setting[SETTINGS_MOST]; /* NAME=VALUE, of the trainer */
    int64_t n_settings;
    int64_t classes, steps, batch, shards, threads, batches, ranks, rank;
    int64_t latency, rate; /* microseconds, Mbit/s; 0: as the network is */
    bool alone, timeline, link, mpi;
};

/* Trains, and prints one line of JSON on rank 0; with a timeline a line for each span before it. */
snn_status ranks_train(const struct options *o, const snn_communicator *ranks);

/* What messages of several sizes take between ranks 0 and 1, a line for each. */
snn_status ranks_link(const struct options *o, const snn_communicator *ranks);

#endif
