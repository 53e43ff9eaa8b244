/* bench.h - what the parts of snn bench share. */
#ifndef SNN_TOOL_BENCH_H
#define SNN_TOOL_BENCH_H

#include <stdbool.h>

/* snn bench --against-torch. The caller fills in programs (or leaves it empty), repeats and json. */
struct bench_torch {
    char tool[1024], programs[1024]; /* this program; the folder of PyTorch's */
    const char *python, *repeats;
    long processors;
    bool json;
};

/* Compares the networks and methods named in the lists, all of them if NULL. Returns an exit status. */
int bench_against_torch(struct bench_torch *b, const char *machine, const char *net, const char *methods);

#endif
