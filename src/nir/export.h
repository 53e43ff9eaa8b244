/* export.h - a graph that is being made of a network. */
#ifndef SNN_NIR_EXPORT_H
#define SNN_NIR_EXPORT_H

#include "graph.h"

#define NO_NODE ((size_t)-1)

/* What a layer became. */
struct written {
    snn_layer *layer;
    snn_layer_info info;
    size_t node;    /* NO_NODE: it passes on what it reads, or a population took it over */
    size_t readers; /* layers that read it, the network's output among them */
};

struct exporting {
    snn_nir *nir;
    snn_network *net;
    struct written *layer;
    size_t layers;
    double dt;
    int reset; /* of all spiking populations so far: an enum nir_reset, or -1 */
    bool above, at;
};

snn_status snn__nir_no_node(const struct written *w, const char *why);
/* The layer that is source number `i`; NULL for the network's input. */
struct written *snn__nir_source(const struct exporting *x, const struct written *w, size_t i, int *delay);
bool snn__nir_is(const struct written *w, const char *type);
/* export_layers.c */
snn_status snn__nir_write_layer(struct exporting *x, struct written *w);
snn_status snn__nir_new_node(struct exporting *x, struct written *w, enum nir_type type);
/* A field in the shape of the layer's output, of f64 or f32; n numbers of f32 from a tensor. */
snn_status snn__nir_each(struct exporting *x, const struct written *w, const char *name, bool wide,
                         struct nir_field **field);
snn_status snn__nir_tensor(struct exporting *x, const struct written *w, const char *name);

/* export_neurons.c */
snn_status snn__nir_write_neurons(struct exporting *x, struct written *w);
/* A layer before a population that its node takes over: a factor, and with `elementwise` a summand. */
bool snn__nir_taken_over(const struct exporting *x, const struct written *w);

#endif
