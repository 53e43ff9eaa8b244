/* graph.h - a NIR graph in memory: nodes with arrays, edges, remarks. What the files of libsnn-nir share. */
#ifndef SNN_NIR_GRAPH_H
#define SNN_NIR_GRAPH_H

#include "../component.h"
#include <snn/nir.h>
#include <stdbool.h>

#define NIR_NAME 128
#define NIR_RANK 5
#define NIR_NODES_MAX 4096u
#define NIR_EDGES_MAX 65536u

/* Types of nodes, X(enumerator, name in files, holds a state). */
#define NIR_TYPES(X)                 \
    X(INPUT, "Input", false)         \
    X(OUTPUT, "Output", false)       \
    X(AFFINE, "Affine", false)       \
    X(LINEAR, "Linear", false)       \
    X(SCALE, "Scale", false)         \
    X(CONV1D, "Conv1d", false)       \
    X(CONV2D, "Conv2d", false)       \
    X(SUMPOOL, "SumPool2d", false)   \
    X(AVGPOOL, "AvgPool2d", false)   \
    X(FLATTEN, "Flatten", false)     \
    X(DELAY, "Delay", true)          \
    X(THRESHOLD, "Threshold", false) \
    X(I, "I", true)                  \
    X(IF, "IF", true)                \
    X(LI, "LI", true)                \
    X(LIF, "LIF", true)              \
    X(CUBALI, "CubaLI", true)        \
    X(CUBALIF, "CubaLIF", true)

enum nir_type {
#define X(name, text, state) NIR_##name,
    NIR_TYPES(X)
#undef X
        NIR_TYPE_COUNT
};

/* A field of a node: numbers, or a word (value NULL). It stays where it is while others are added. */
struct nir_field {
    struct nir_field *next;
    char name[24];
    char word[32];
    uint32_t rank;
    size_t dim[NIR_RANK], length;
    double *value;
    bool whole; /* written as i64 */
    bool wide;  /* written as f64 */
};

struct nir_shape {
    uint32_t rank; /* 0: not known */
    size_t dim[3];
};

struct nir_node {
    char name[NIR_NAME];
    enum nir_type type;
    struct nir_field *field; /* the first */
    struct nir_shape in, out;
    bool nested;    /* an Input or Output of a nested graph: nothing but a name for an edge */
    char layer[64]; /* that it became */
};

struct nir_edge {
    size_t from, to;
    bool delayed;
};

struct snn_nir {
    snn_context *context;
    char version[64], reset[32], fire[32];
    double dt;
    struct nir_node *node;
    size_t nodes, node_room;
    struct nir_edge *edge;
    size_t edges, edge_room;
    char (*remark)[256];
    size_t remarks, remark_room;
    size_t lasting; /* of these, of the file; the rest is of a translation */
    bool imported;
};

/* ---- graph.c */

snn_nir *snn__nir_create(snn_context *context);
/* Grows an array of `each` bytes an element to one more than `used`; NULL with a message if there is no memory. */
void *snn__nir_grow(snn_nir *nir, void *array, size_t used, size_t *room, size_t each);
snn_status snn__nir_add_node(snn_nir *nir, const char *name, enum nir_type type, size_t *index);
snn_status snn__nir_add_edge(snn_nir *nir, size_t from, size_t to);
/* A field of `length` numbers, which the caller fills; rank 0 is a scalar. */
snn_status snn__nir_add_field(snn_nir *nir, struct nir_node *node, const char *name, const size_t *dim, uint32_t rank,
                              struct nir_field **out);
void snn__nir_free_fields(snn_nir *nir, struct nir_node *node);
snn_status snn__nir_add_word(snn_nir *nir, struct nir_node *node, const char *name, const char *word);
/* Adds a line; without memory it is left out. */
void snn__nir_say(snn_nir *nir, const char *format, ...) SNN_PRINTF(2, 3);

const char *snn__nir_type_name(enum nir_type type);
/* NIR_TYPE_COUNT if there is none of that name. */
enum nir_type snn__nir_type_named(const char *name);
bool snn__nir_has_state(enum nir_type type);
bool snn__nir_is_neuron(enum nir_type type);
bool snn__nir_spikes(enum nir_type type);

const struct nir_field *snn__nir_field(const struct nir_node *node, const char *name);
/* Element i of a field whose one number stands for all; `absent` if there is no such field. */
double snn__nir_number(const struct nir_node *node, const char *name, size_t i, double absent);
bool snn__nir_uniform(const struct nir_node *node, const char *name);
size_t snn__nir_length(const struct nir_shape *shape);
struct nir_text {
    char s[64];
};
struct nir_text snn__nir_shape_text(const struct nir_shape *shape);

/* ---- read.c, write.c */

snn_status snn__nir_read(snn_nir *nir, const char *path);

/* ---- order.c: nodes in an order in which they can be computed, loops cut, shapes */

snn_status snn__nir_settle(snn_nir *nir);
snn_status snn__nir_infer(snn_nir *nir);

/* The geometry of a convolution or pool, rows before columns; Conv1d has one row. */
struct nir_window {
    size_t in[2], out[2], kernel[2], stride[2], pad[2], dilation[2], groups;
};
snn_status snn__nir_window(const struct nir_node *node, struct nir_window *w);

/* ---- steps.c: options, and constants of neurons */

enum nir_reset { NIR_RESET_VALUE, NIR_RESET_ZERO, NIR_RESET_SUBTRACT };
enum nir_decay { NIR_DECAY_EULER, NIR_DECAY_EXPONENTIAL, NIR_DECAY_EXACT };

struct nir_steps {
    double dt;
    enum nir_reset reset;
    enum nir_decay decay;
    bool previous, late, time, at;
};
snn_status snn__nir_steps(const snn_nir *nir, const snn_nir_options *options, struct nir_steps *steps);

/* One neuron: i = alpha i + x;  u = beta r(u) + gain i + shift. Without a synapse i = x. */
struct nir_neuron {
    double alpha, beta, gain, shift, threshold, reset;
};
struct nir_neuron snn__nir_neuron(const struct nir_node *node, size_t i, const struct nir_steps *steps);
bool snn__nir_has_synapse(enum nir_type type);
/* Whole steps of a Delay node, at least 0; `off` receives the largest difference in steps. */
/* Refuses neurons that no layer can hold: decays out of 0 to 1, thresholds that are not positive. */
snn_status snn__nir_check_neurons(const snn_nir *nir, const struct nir_steps *steps);
snn_status snn__nir_delay(const struct nir_node *node, const struct nir_steps *steps, size_t *d, double *off);

/* ---- run.c */

struct nir_run;
snn_status snn__nir_run_create(struct nir_run **out, snn_nir *nir, const struct nir_steps *steps);
void snn__nir_run_destroy(struct nir_run *run);
void snn__nir_run_step(struct nir_run *run, const float *x);
/* Of the last step: output of a node; potential before and after the reset of a neuron node. */
const double *snn__nir_run_output(const struct nir_run *run, size_t node);
const double *snn__nir_run_before(const struct nir_run *run, size_t node);
const double *snn__nir_run_after(const struct nir_run *run, size_t node);

#endif
