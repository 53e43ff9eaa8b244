/* trainer/eligibility.h - e-prop's eligibilities, one for every synapse of every sample: the derivative of a neuron's
 * spike by the weight, through the neuron's own past. e[t] = h (k eps[t] - beta eps_b[t]) eps_b[t+1] = rho eps_b[t] +
 * (1 - rho) e[t] ebar[t] = kappa ebar[t-1] + e[t] eps is the trace of what the synapse reads, h the surrogate
 * derivative; beta (0: no eps_b) and rho are those of a threshold that adapts, kappa is the decay of the readout. */
#ifndef SNN_TRAINER_ELIGIBILITY_H
#define SNN_TRAINER_ELIGIBILITY_H

#include "layer/layer.h"

/* The synapses of weights [rows][columns]: neurons times inputs. */
struct snn__synapses {
    size_t rows, columns;
    size_t pitch;    /* from the trace of a sample to that of the next; 0: all read the same */
    float *filtered; /* ebar, [B][rows][columns] */
    float *adapted;  /* eps_b, likewise; NULL: the neurons do not adapt */
};

/* Memory that all layers share. */
struct snn__eligibility {
    const snn_context *ctx;
    size_t batch;
    float kappa;
    float *hk;   /* h k of a population, [B][rows] */
    float *bias; /* [rows] */
    float *e;    /* of one sample, [rows][columns] */
    float *wide; /* [rows][columns]: one number per row */
    float *ones; /* [columns] */
    void *scratch;
    size_t rows, columns, synapses; /* the largest over the layers */
};

/* Reserves this memory, after the sizes are set. */
snn_status snn__eligibility_plan(struct snn__eligibility *s, const snn_context *ctx, struct snn__arena *arena,
                                 size_t batch);
/* A sequence of `batch` samples begins. */
void snn__eligibility_begin(struct snn__eligibility *s, size_t batch);
/* One step, from h k of the neurons of population p and the trace eps. first: all begins at zero. */
void snn__synapses_advance(const struct snn__eligibility *s, const struct snn__synapses *w,
                           const struct snn__population *p, bool first, struct snn__signal eps);
/* y[rows][columns] += sum_b L ebar; L [B][rows] */
void snn__synapses_credit(const struct snn__eligibility *s, const struct snn__synapses *w, struct snn__signal L,
                          float *y);

#endif
