/* kernel/optimizer.h - the arguments of the kernels of optimizers. */
#ifndef SNN_KERNEL_OPTIMIZER_H
#define SNN_KERNEL_OPTIMIZER_H

#include <stdbool.h>

struct snn__sgd {
    float lr, momentum, weight_decay, scale; /* scale multiplies the gradient first (clipping by norm) */
    float limit;                             /* clipping by value, after the scale; 0: none */
    bool nesterov;
    float *w, *v; /* v NULL if momentum is 0 */
    const float *g;
};

struct snn__adam {
    float lr, beta1, beta2, eps, weight_decay, scale, limit;
    float correct1, correct2; /* 1 / (1 - beta^n) */
    bool decoupled;           /* adamw */
    float *w, *m, *v;
    const float *g;
};

#endif
