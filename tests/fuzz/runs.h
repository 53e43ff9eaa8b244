/* runs.h - the trainers that checkpoints are read into. */
#ifndef SNN_TESTS_FUZZ_RUNS_H
#define SNN_TESTS_FUZZ_RUNS_H

#include <snn/snn.h>

/* Network and training that have moments, a method's memory, lateral neurons: what a checkpoint can hold. */
struct fuzz_run {
    snn_network *network;
    snn_optimizer *optimizer;
    snn_projection *projection;
    snn_trainer *trainer;
};

#define FUZZ_RUNS 3

/* Makes number `i` of them; it is prepared, and has not trained. */
void fuzz_run_make(struct fuzz_run *run, snn_context *context, size_t i);
void fuzz_run_step(struct fuzz_run *run);
void fuzz_run_destroy(struct fuzz_run *run);

#endif
