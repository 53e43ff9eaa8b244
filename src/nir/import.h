/* import.h - a network that is being made of a graph. */
#ifndef SNN_NIR_IMPORT_H
#define SNN_NIR_IMPORT_H

#include "graph.h"

#define LAYER_NAME 48

/* What a node became. Names are empty where there is no such layer. */
struct made {
    char name[LAYER_NAME];    /* of the layer that gives the node's output, before it is there */
    char out[LAYER_NAME];     /* that the readers read; "input" is the network's */
    char gain[LAYER_NAME];    /* factors of the current, and what the rest potential adds to it */
    char synapse[LAYER_NAME]; /* where the synaptic current has a layer of its own */
    size_t folded; /* node whose bias it takes over, since that has no output at the first step; nodes: none */
    bool silent;   /* its own bias was taken over, or there is none */
};

struct building {
    snn_nir *nir;
    struct nir_steps steps;
    snn_network *net;
    struct made *made;
};

/* Where a node reads: a layer, and whether the step before. */
struct source {
    char name[LAYER_NAME];
    int delay;
};

/* Adds a layer of the node's name and a suffix, which reads `source`. */
snn_status snn__nir_layer(struct building *b, size_t node, const char *type, const char *suffix,
                          const struct source *source, snn_layer **layer);
/* The name of a layer. */
void snn__nir_layer_name(const snn_layer *layer, char name[LAYER_NAME]);
/* Makes `source` give its values `steps` later, and zeros at the first steps. */
snn_status snn__nir_hold(struct building *b, size_t node, size_t steps, struct source *source);

/* fold.c: decides which biases go where. */
void snn__nir_fold_biases(struct building *b);

/* neurons.c */
snn_status snn__nir_build_neurons(struct building *b, size_t node, struct source source);
snn_status snn__nir_fill_neurons(struct building *b, size_t node);
/* Fills a tensor with value(i) of its element i. */
snn_status snn__nir_fill(snn_network *net, const char *layer, const char *tensor,
                         double (*value)(const void *from, size_t i), const void *from);

/* windows.c */
snn_status snn__nir_build_window(struct building *b, size_t node, const struct source *source);
snn_status snn__nir_fill_window(struct building *b, size_t node);

#endif
