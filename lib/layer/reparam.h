/* layer/reparam.h - reparametrisations: the weights What that compute, derived from the tensor W that learns.
 *
 * Adding one takes a file of its own and a line in reparams.h; a layer has one at most. Matrices are [rows][fan], a
 * row one index of the tensor's first axis. */
#ifndef SNN_LAYER_REPARAM_H
#define SNN_LAYER_REPARAM_H

#include "layer/layer.h"

struct snn__derived;

struct snn__reparam {
    /* True if the parameters of the layer select it. */
    bool (*chosen)(const snn_layer *layer);
    /* Building: refuses invalid combinations; declares its tensors and gives them first values (init: or NULL). */
    snn_status (*tensors)(snn_layer *layer);
    void (*init)(snn_layer *layer, uint64_t seed);
    /* Running: numbers kept for each row and each column. */
    size_t per_row, per_column;
    void (*begin)(struct snn__derived *d); /* a training sequence begins; or NULL */
    void (*derive)(struct snn__derived *d, float *what);
    void (*gradient)(struct snn__derived *d,
                     float *g); /* dL/dWhat becomes dL/dW; sets the gradients of its tensors */
};

/* Weights in a plan. */
struct snn__derived {
    const struct snn__reparam *by; /* NULL: What is W */
    struct snn__node *node;
    size_t rows, fan;
    float *row[2], *column; /* the numbers kept */
    double number;          /* likewise, of the whole matrix */
};

/* That of a layer, or NULL. */
const struct snn__reparam *snn__reparam_of(const snn_layer *layer);
snn_status snn__derived_plan(struct snn__derived *d, struct snn__node *node, struct snn__arena *arena);

#endif
