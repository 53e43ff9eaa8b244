/* neuron/neuron.h - models of neurons: their parameters, and the constants that the kernels take. */
#ifndef SNN_NEURON_NEURON_H
#define SNN_NEURON_NEURON_H

#include "core/name.h"
#include "core/param.h"
#include "kernel/population.h"
#include <snn/neuron.h>

/* One model, as "lif". Parameters are a table of their own; everything else is data for the one set of kernels. */
struct snn__neuron_model {
    const char *name, *text;
    const char *owner; /* for messages: "neuron lif" */
    const struct snn__param *params;
    size_t n_params;
    bool leaks;   /* the potential decays */
    bool current; /* the input drives a synaptic current */
    bool adapt;   /* the threshold adapts */
    bool learns_decay;
    bool rates; /* for the method dsr, which trains by weighted firing rates */
};

struct snn_neuron {
    snn_context *ctx;
    const struct snn__neuron_model *model;
    struct snn__params params;
};

/* Model by name; NULL if there is none. */
const struct snn__neuron_model *snn__neuron_model_named(const char *name);
snn__names snn__neuron_names, snn__surrogate_names;

/* True if a population of a model with these parameters emits spikes: all do except those that only integrate. */
bool snn__neuron_spikes(const struct snn__params *params);

/* True if the potential has a lower bound. */
bool snn__neuron_has_floor(const struct snn__params *params);

/* sum_t decay^(T-t): the divisor of a mean with leaking weights. */
double snn__rate_weight(double decay, size_t steps);

/* Fills the constants of a population of n neurons per sample (the per-neuron arrays stay NULL). */
void snn__neuron_population(const struct snn__neuron_model *model, const struct snn__params *params, size_t n,
                            struct snn__population *population);

#endif
