/* run.h - a golden case at work: what the conformance program and the parts of single methods share. */
#ifndef SNN_TESTS_RUN_H
#define SNN_TESTS_RUN_H

#include "case.h"
#include "trainer/trainer.h"
#include <snn/snn.h>
#include <stdio.h>

#define MUST(call)                                                                              \
    do {                                                                                        \
        snn_status rc_ = (call);                                                                \
        if (rc_ != SNN_OK) {                                                                    \
            fprintf(stderr, "%s: %s: %s\n", r->c->dir, snn_status_name(rc_), snn_last_error()); \
            return false;                                                                       \
        }                                                                                       \
    } while (0)

#define RUN_BUFFER ((size_t)1 << 22)
#define RUN_BATCH_MAX 256
#define RUN_STEPS_MAX 256
#define RUN_ITERATIONS_MAX 16

struct run {
    struct golden_case *c;
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    size_t steps, batch, iterations;
    int iteration;      /* from 1 */
    double loss;        /* of the iteration */
    bool apart;         /* gradients of single steps */
    const char *prefix; /* of the names of arrays: of a second task */
    snn_projection *projection;
    float *buffer; /* RUN_BUFFER numbers: room for any signal */
};

/* Adds the layer of a line of case.txt, reading the layer added before. */
bool run_add_layer(struct run *r, const struct case_layer *line, snn_layer **layer);

/* run_loop.c: networks with an equilibrium. */
const struct case_layer *run_line(const struct run *r, const char *name);
bool run_build_loop(struct run *r);
/* [batch][n] channels last of layer number `layer`, times `scale`, into an array of the case, if it has it. */
void run_take(struct run *r, struct case_array *a, size_t layer, const float *x, float scale);
/* Of all populations into "role.NAME". */
void run_take_values(struct run *r, const char *role);
/* The weighted mean of the spikes that were gathered, step by step. */
void run_add_to_rates(struct run *r, size_t step);

/* Whether the buffer holds any signal and tensor of the prepared network; says on stderr if not. */
bool run_fits(const struct run *r, size_t batch);

/* Building with what case.txt says; gathering. */
bool run_build(struct run *r);
bool run_load_tensors(struct run *r);
void run_observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step);
void run_gather_tensors(struct run *r, int iteration);

/* run_hlop.c: all of a case. */
bool hlop_run(struct run *r);
void hlop_gather_step(struct run *r, size_t step);

/* run_ide.c */
bool ide_set_up(struct run *r);
void ide_gather_step(struct run *r, size_t step);
void ide_gather_update(struct run *r);

/* run_sei.c */
bool sei_set_up(struct run *r);
bool sei_set_weights(struct run *r, snn_layer *layer); /* of a blinear or bconv2d */
bool sei_teach(struct run *r);
void sei_gather_weights(struct run *r); /* wb */
/* Cases without a network. */
bool sei_is_alone(const struct run *r);
bool sei_run_alone(struct run *r);

/* run_spide.c */
bool spide_set_up(struct run *r);
void spide_gather_step(struct run *r, size_t step);
void spide_gather_back(struct run *r, size_t step);
void spide_gather_update(struct run *r);

/* run_opzo.c */
bool opzo_build(struct run *r);
bool opzo_set_up(struct run *r);
bool opzo_supply(struct run *r);
void opzo_gather_errors(struct run *r, size_t step);
void opzo_gather_matrices(struct run *r, int iteration);

#endif
