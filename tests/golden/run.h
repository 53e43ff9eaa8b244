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

struct run {
    struct golden_case *c;
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    size_t steps, batch;
    int iteration; /* from 1 */
    double loss;   /* of the iteration */
    bool apart;    /* gradients of single steps */
    float *buffer; /* room for any signal */
};

/* Adds the layer of a line of case.txt, reading the layer added before. */
bool run_add_layer(struct run *r, const struct case_layer *line, snn_layer **layer);

/* ide.c */
bool ide_build(struct run *r);
bool ide_set_up(struct run *r);
void ide_gather_step(struct run *r, size_t step);
void ide_gather_update(struct run *r);

#endif
