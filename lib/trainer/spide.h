/* trainer/spide.h - state of the method spide, for those who look into a run. */
#ifndef SNN_TRAINER_SPIDE_H
#define SNN_TRAINER_SPIDE_H

#include "layer/layer.h"
#include "network/loop.h"
#include "pass/samples.h"

struct snn__spide {
    struct snn__loop loop;
    bool feeds; /* a layer reads the last population with a delay */
    struct snn__couples couples;
    struct snn__samples samples; /* of the second stage */
    float scale;                 /* S */
    float *ga;                   /* S dL/da, [B][n] of the last population */
    float *error;                /* feedback: what the last population gets at the next step of the second stage */
};

#endif
