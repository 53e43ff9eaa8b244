/** @file snn/nir.h
 * NIR, the file format in which frameworks of spiking networks exchange graphs: reading, writing, translating.
 *
 * Of the component libsnn-nir, beside libsnn: pkg-config snn-nir, CMake's snn::nir. docs/nir.md has the mapping of
 * nodes and layers, and what a translation may lose.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_NIR_H
#define SNN_NIR_H

#include <snn/context.h>
#include <snn/network.h>

/** A graph in memory. Nested graphs were flattened: names of their nodes are joined by '/'. One thread at a time uses
 * a graph; calls that read or write files wait for one another. */
typedef struct snn_nir snn_nir;

/** How nodes in continuous time become steps; begin with SNN_NIR_OPTIONS_INIT. NULL as a word is its default. */
typedef struct snn_nir_options {
    uint32_t struct_size;  /**< set by the caller to sizeof(snn_nir_options) */
    uint32_t reserved;     /**< 0 */
    double dt;             /**< seconds of a step; 0: that of the file's metadata, else 1e-4 */
    const char *reset;     /**< value (to v_reset, as NIR says), zero, subtract (u - v_threshold), file (that of the
                                metadata, else value); default file */
    const char *decay;     /**< euler (1 - dt/tau), exponential (exp(-dt/tau), gain dt/tau), exact (exp(-dt/tau), gain
                                1 - exp(-dt/tau)); default euler */
    const char *current;   /**< synaptic current that drives the potential of a step: new, or previous (of the step
                                before); default new */
    const char *timing;    /**< spike and reset come in the step in which the threshold is passed (same), or one step
                                later (late); default same */
    const char *integrate; /**< gain of IF and I: step (u += r x), or time (u += dt r x); default step */
    const char *fire;      /**< above (a neuron fires above v_threshold, as NIR says), at (from it on), file (as the
                                metadata say, else above); default file */
} snn_nir_options;

/** Initialiser of snn_nir_options: all defaults. */
#define SNN_NIR_OPTIONS_INIT SNN_INIT_(sizeof(snn_nir_options), 0, 0.0, 0, 0, 0, 0, 0, 0)

/** Contents of a graph. Strings are borrowed from it. */
typedef struct snn_nir_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_nir_info) */
    uint32_t nodes;       /**< number of nodes, for snn_nir_node() */
    uint32_t edges;       /**< number of edges, for snn_nir_edge() */
    uint32_t remarks;     /**< number of remarks, for snn_nir_remark() */
    double dt;            /**< of the metadata; 0: the file says nothing */
    const char *reset;    /**< of the metadata; NULL: the file says nothing */
    const char *version;  /**< of the program that wrote the file, as "1.0.6" */
} snn_nir_info;

/** Initialiser of snn_nir_info, for snn_nir_get_info() to fill. */
#define SNN_NIR_INFO_INIT SNN_INIT_(sizeof(snn_nir_info), 0, 0, 0, 0.0, 0, 0)

/** A node. Strings are borrowed from the graph. */
typedef struct snn_nir_node_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_nir_node_info) */
    uint32_t rank;        /**< of the output, 0 if it is not known yet; 1 to 3 */
    uint32_t dim[4];      /**< shape of the output, unused entries are 1 */
    uint64_t numbers;     /**< length of all its arrays */
    const char *name;     /**< "lif1/lif" */
    const char *type;     /**< "CubaLIF" */
    const char *layer;    /**< layer that it became in the last snn_nir_import(); NULL: none */
} snn_nir_node_info;

/** Initialiser of snn_nir_node_info, for snn_nir_node() to fill. */
#define SNN_NIR_NODE_INFO_INIT SNN_INIT_(sizeof(snn_nir_node_info), 0, { 0, 0, 0, 0 }, 0, 0, 0, 0)

/** How far a network is from the graph that it came of, neuron for neuron and step for step. */
typedef struct snn_nir_drift {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_nir_drift) */
    uint32_t reserved;    /**< 0 */
    const char *node;     /**< borrowed from the graph */
    const char *layer;    /**< borrowed from the graph */
    double potential;     /**< largest difference of a membrane potential */
    double largest;       /**< largest membrane potential of the graph, without its sign */
    uint64_t spikes;      /**< of the graph */
    uint64_t differ;      /**< neurons and steps at which only one of the two spikes */
} snn_nir_drift;

/** Initialiser of snn_nir_drift, for snn_nir_check() to fill. */
#define SNN_NIR_DRIFT_INIT SNN_INIT_(sizeof(snn_nir_drift), 0, 0, 0, 0.0, 0.0, 0, 0)

SNN_BEGIN_DECLS

/** Reads a file. Nested graphs are flattened, duplicate edges left out, and a name that edges use alone is taken for
 * the one node that no edge uses: remarks say so. The caller destroys the graph.
 * @param out receives the graph; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_IO, SNN_ERR_FORMAT (not HDF5, damaged, no NIR graph: the message names the
 * place), SNN_ERR_UNSUPPORTED (a type of node that is not known, links into other files), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_nir_open(snn_nir **out, snn_context *context, const char *path);

/** Frees a graph; NULL is accepted. */
SNN_API void snn_nir_destroy(snn_nir *nir);

/** Writes a file in the layout of the reference implementation, in the place of an older one. It is built in memory,
 * which takes twice the size of the file meanwhile; the same graph gives the same bytes.
 * @param level of compression of arrays, 0 (plain) to 9
 * @return SNN_ERR_ARGUMENT (NULL, level), SNN_ERR_IO, SNN_ERR_MEMORY; an older file is unchanged after a failure */
SNN_API SNN_CHECKED snn_status snn_nir_save(const snn_nir *nir, const char *path, int level);

/** Describes the graph.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_nir_get_info(const snn_nir *nir, snn_nir_info *info);

/** Describes node number `index`, from 0; a node follows those that it reads, loops aside.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last node) */
SNN_API SNN_CHECKED snn_status snn_nir_node(const snn_nir *nir, size_t index, snn_nir_node_info *info);

/** Describes edge number `index`, from 0, by the numbers of its nodes.
 * @param delayed receives 1 if the edge closes a loop: what it carries arrives one step later
 * @return SNN_ERR_ARGUMENT (NULL, index past the last edge) */
SNN_API SNN_CHECKED snn_status snn_nir_edge(const snn_nir *nir, size_t index, size_t *from, size_t *to, int *delayed);

/** Returns remark number `index`, from 0: what was repaired, or is lost in the last translation; one line, which
 * begins with a node or layer. Borrowed from the graph until the next call that changes it; NULL past the last. */
SNN_API const char *snn_nir_remark(const snn_nir *nir, size_t index);

/** Translates a graph to a network, which is prepared. Remarks say what the options lose. The caller destroys the
 * network.
 * @param out receives the network; NULL on failure
 * @param options NULL: all defaults
 * @return SNN_ERR_ARGUMENT (NULL, an unknown word), SNN_ERR_VERSION, SNN_ERR_UNSUPPORTED (a node that no layer
 * computes: the message names it and says what is missing), SNN_ERR_SHAPE (shapes that do not fit, at which node),
 * SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_nir_import(snn_network **out, snn_nir *nir, const snn_nir_options *options);

/** Translates a prepared network to a graph. The caller destroys the graph.
 * @param out receives the graph; NULL on failure
 * @param dt seconds of a step, for time constants; also in the metadata
 * @return SNN_ERR_ARGUMENT (NULL, dt), SNN_ERR_STATE (not prepared), SNN_ERR_UNSUPPORTED (a layer that no node stands
 * for: the message names it), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_nir_export(snn_nir **out, snn_network *network, double dt);

/** Runs a graph step by step in double precision, apart from all code of the library that computes: what networks are
 * compared with.
 * @param x [steps, input of the graph]
 * @param out receives [steps, output of the graph]
 * @param membrane name of a neuron node, or NULL
 * @param u receives [steps, neurons of that node]: potentials after the reset; may be NULL
 * @return SNN_ERR_ARGUMENT (NULL, an unknown word or node), SNN_ERR_VERSION, SNN_ERR_UNSUPPORTED, SNN_ERR_SHAPE,
 * SNN_ERR_DIVERGED (x holds a value that is not finite), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_nir_run(snn_nir *nir, const snn_nir_options *options, const float *x, size_t steps,
                                           double *out, const char *membrane, double *u);

/** Runs one sample through a graph and the network that snn_nir_import() last made of it, and adds what differs to
 * the drift of each node with neurons.
 * @param options those of the import
 * @param x [steps, input of the network]
 * @param drift [n], of the nodes with neurons in their order; the caller sets struct_size and zeros at first
 * @param n number of entries
 * @param found receives the number of nodes with neurons; those past `n` are left out
 * @return as snn_nir_run(), and SNN_ERR_STATE (the graph was not imported) */
SNN_API SNN_CHECKED snn_status snn_nir_check(snn_nir *nir, const snn_nir_options *options, snn_network *network,
                                             const float *x, size_t steps, snn_nir_drift *drift, size_t n,
                                             size_t *found);

SNN_END_DECLS

#endif
