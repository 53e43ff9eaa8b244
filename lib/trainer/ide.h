/* trainer/ide.h - state of the method ide, for those who look into a run. */
#ifndef SNN_TRAINER_IDE_H
#define SNN_TRAINER_IDE_H

#include "trainer/solve.h"

struct snn__ide {
    size_t top;   /* layer whose rates are read out and fed back */
    size_t rate;  /* the rate layer behind it */
    double decay; /* of the populations and of the mean */
    bool norms;   /* batch norms in front of all spikes */
    bool several; /* more than one population: J is taken at f(a) */
    bool broyden;
    struct snn__solver solver;
    float *mean_input; /* per-step input: its weighted mean, [B,H,W,C] */
    float *image;      /* several: f(a) */
    float *ga, *beta;
};

#endif
