/* trainer/ide.h - state of the method ide, for those who look into a run. */
#ifndef SNN_TRAINER_IDE_H
#define SNN_TRAINER_IDE_H

#include "network/loop.h"
#include "trainer/solve.h"

struct snn__ide {
    struct snn__loop loop;
    bool several; /* more than one population: J is taken at f(a) */
    const struct snn__solver_type *type;
    struct snn__solver solver;
    float *mean_input; /* per-step input: its weighted mean, [B,H,W,C] */
    float *image;      /* several: f(a) */
    float *ga, *beta;
};

#endif
