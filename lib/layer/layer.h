/* layer/layer.h - what every type of layer offers: shapes and tensors while a network is built; forward, adjoint and
 * weight gradient while it runs. Activity at run time is [B,H,W,C] (channels last). A signal is an array with a
 * factor, so that constant scales and trained gains cost nothing: they change the factor alone, in place. */
#ifndef SNN_LAYER_LAYER_H
#define SNN_LAYER_LAYER_H

#include "core/arena.h"
#include "core/name.h"
#include "core/param.h"
#include "kernel/rank_one.h"
#include "neuron/neuron.h"
#include <snn/layer.h>

#define SNN__NAME_MAX 48
#define SNN__SOURCES_MAX 8
#define SNN__TENSORS_MAX 5
#define SNN__INPUT (-1) /* the network's input as a source */

struct snn__tensor {
    const char *name; /* static */
    uint32_t rank, dim[4];
    size_t length;
    bool trained;
    bool latent; /* the effective weights are derived from it: no weight decay */
    bool raised; /* a training sequence brings it up to its bound when it begins */
    float *data;
    float *packed; /* of a packed network's latent tensor, in place of data: layer/binary.h */
    size_t offset; /* of a trained tensor in the network's flat array of parameters */
};

struct snn__source {
    char name[SNN__NAME_MAX];
    ptrdiff_t node; /* index of the layer, or SNN__INPUT; known once prepared */
    size_t delay;   /* steps */
};

struct snn_layer {
    snn_context *ctx;
    const struct snn__layer_type *type;
    const struct snn__neuron_model *model; /* populations only */
    char name[SNN__NAME_MAX];
    char owner[SNN__NAME_MAX + 8]; /* for messages: "layer NAME" */
    size_t index;
    struct snn__params params; /* fixed while the network is prepared */
    struct snn__source source[SNN__SOURCES_MAX];
    size_t n_sources;
    bool connected; /* the default source was replaced */
    snn_shape in, out;
    struct snn__tensor tensor[SNN__TENSORS_MAX];
    size_t n_tensors;
};

struct snn__signal {
    float *data; /* NULL: absent */
    float scale; /* value = scale * data */
};

/* A layer at run time, in one plan of memory. */
struct snn__node {
    snn_layer *layer;
    snn_context *ctx;
    void *state;                       /* of the type */
    void *scratch;                     /* of the pass, for products */
    size_t batch_max;                  /* samples planned for */
    size_t slots;                      /* steps whose values are kept: 1, or T */
    size_t in_len, out_len;            /* elements of a sample */
    bool learns;                       /* gradients are wanted */
    bool wants_adjoint;                /* the error below is wanted */
    bool adds_adjoint;                 /* the adjoint may have to be added, or to go nowhere */
    bool keeps;                        /* values of all slots are kept until the sequence is over */
    bool through_time;                 /* populations carry errors from step to step */
    bool couples;                      /* populations turn errors into spikes (couple.c) */
    bool spikes;                       /* the input is 0 or 1, times a factor */
    float whole;                       /* times this, it is 0, 1 .. 7, times a factor: counts; 0: it is not */
    bool reads_map;                    /* and of use as bits, too (blas/spikes.h): set by the type's plan */
    bool held;                         /* batch norms: a map with constants */
    bool shared;                       /* the state is that of another plan, which keeps it up to date */
    float *gradient[SNN__TENSORS_MAX]; /* of trained tensors, in the order of the tensor */
    struct snn__rank_one rank_one;     /* where it has rows: the gradient of the first tensor, whose array is then
                                        * undefined */
};

/* The statistics that a batch norm uses in training. */
enum snn__statistics {
    SNN__STATISTICS_UPDATE,   /* those of the batch, which the running ones follow */
    SNN__STATISTICS_BATCH,    /* those of the batch */
    SNN__STATISTICS_GATHERED, /* those that the operation gather found */
    SNN__STATISTICS_FIXED, /* those of the last measured batch, its variance unbiased: per-step input whose mean was
                            * measured ahead */
    SNN__STATISTICS_RUNNING
};

/* The second stage of a population, where errors are spikes (couple.c). */
struct snn__couples {
    float threshold, gap; /* of a neuron of the couple: firing threshold; reset amount, the size of its spike */
    size_t steps;         /* of the second stage */
    size_t forward_steps; /* of the first stage */
    bool first;           /* step of the second stage */
    bool mean;            /* the mean of all spikes is sent down instead of those of a step */
};

/* One call into a layer at run time. */
struct snn__io {
    size_t batch;  /* samples now */
    size_t sample; /* number of the first of them among those of which the node keeps states */
    size_t t;      /* step */
    size_t slot;   /* where values of this step are kept */
    size_t before; /* where those of the step before are: the same place, unless all steps are kept */
    size_t steps;  /* T */
    bool training;
    bool first, last;      /* step of the sequence */
    bool constant;         /* one call is for all steps, which are alike */
    bool x_constant;       /* the input is the same at every step, and there once */
    bool summed;           /* backward: errors are sums, x means over the steps */
    const float *weighted; /* summed: mean of the input by the weights of the representation, in values */
    bool detach;           /* bptt: no error through the reset */
    bool rates; /* populations give rates, clip(x / threshold, 0, 1), and their adjoint is that of the clip */
    const struct snn__couples *couples; /* backward: populations turn errors into spikes. NULL: they do not */
    enum snn__statistics statistics;
    struct snn__signal x[SNN__SOURCES_MAX]; /* inputs; for ADD absent ones have data NULL */
    size_t n_x;
    const uint64_t *map;  /* of the spikes x[0], or NULL */
    struct snn__signal y; /* output: forward may replace the array by the input's */
    uint64_t *y_map;      /* populations: receives the map of their spikes, or NULL */
    float *trace;         /* populations: the trace, updated; or NULL. Couples read it */
    uint64_t spikes;      /* populations: receives the number of spikes, of couples that of either sign */
};

enum snn__layer_flags {
    SNN__LAYER_POPULATION = 1,   /* neurons */
    SNN__LAYER_WEIGHTS = 2,      /* synapses: ends a trace, counts synaptic operations */
    SNN__LAYER_LINEAR = 4,       /* linear and without trained parameters: acts on traces as on values */
    SNN__LAYER_MANY = 8,         /* takes several inputs */
    SNN__LAYER_KEEPS_X = 16,     /* adjoint or gradient need the input's value */
    SNN__LAYER_IN_PLACE = 32,    /* the output's array is the input's */
    SNN__LAYER_RANDOM = 64,      /* draws at the begin of a sequence */
    SNN__LAYER_STEPWISE = 128,   /* changes state at every step: never computed once for all steps */
    SNN__LAYER_WHOLE = 256,      /* in training, one call works on all steps, which are contiguous */
    SNN__LAYER_RATES = 512,      /* neurons of which the rate is trained: the same in a pass over all steps, else step
                                    by step */
    SNN__LAYER_GATHERS = 1024,   /* takes every step, and has an output at the last one only */
    SNN__LAYER_NONLINEAR = 2048, /* neither neurons nor a linear map: neither traces nor rates go through */
    SNN__LAYER_STATISTICS = 4096, /* in training, its outputs depend on all samples of the batch */
    SNN__LAYER_MAXIMUM = 8192,    /* a maximum of inputs: neither traces nor means go through */
    SNN__LAYER_BINARY = 16384,    /* of spikes it makes spikes, up to a factor that is the same for all */
    SNN__LAYER_SUM = 32768,       /* the plain sum of its inputs */
    SNN__WHOLE_CALLS = SNN__LAYER_WHOLE | SNN__LAYER_RATES /* in a pass over all steps, one call is all */
};

struct snn__window;

struct snn__layer_type {
    const char *name, *text; /* text NULL: a population, which its model describes */
    const struct snn__param *params;
    size_t n_params;
    unsigned flags;
    size_t state_size;
    /* Building. `shape` sets layer->out from layer->in (all inputs have the same shape); `tensors` declares them. */
    snn_status (*shape)(snn_layer *layer);
    snn_status (*tensors)(snn_layer *layer);
    void (*init)(snn_layer *layer, uint64_t seed);
    /* Running. All but forward may be NULL. */
    unsigned (*run_flags)(const snn_layer *layer); /* flags of this very layer, if they depend on its shape */
    snn_status (*plan)(struct snn__node *node, struct snn__arena *arena);
    size_t (*scratch)(const struct snn__node *node); /* bytes for products */
    void (*refresh)(struct snn__node *node);         /* parameters may have changed: derive what is computed from
                                                        them */
    /* A training sequence begins, of `batch` samples from number `first` of its batch on: these numbers and `stream`
     * name random numbers. */
    void (*begin)(struct snn__node *node, size_t first, size_t batch, uint64_t stream);
    void (*forward)(struct snn__node *node, struct snn__io *io);
    /* dx (+)= adjoint of the error e at the output, for input number `input` */
    void (*adjoint)(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                    bool accumulate);
    /* where the adjoint is a mere factor */
    bool (*factor)(const struct snn__node *node, float *factor);
    /* gradient += e (x) factor */
    void (*credit)(struct snn__node *node, struct snn__io *io, struct snn__signal e, struct snn__signal factor);
    /* what was gathered so far, times a factor for each output channel */
    void (*rescale)(struct snn__node *node, const float *factor);
    void (*settle)(struct snn__node *node); /* bring what credit gathered into node->gradient, overwriting it, or
                                               node->rank_one */
    void (*confine)(snn_layer *layer);      /* the optimizer changed the tensors: bring them back into their bounds */
    /* membrane potential of a kept step, [batch][n] channels last */
    const float *(*membrane)(const struct snn__node *node, size_t slot, size_t batch);
    /* spikes -1, 0, 1 of the last step of couples, [batch][n] channels last; NULL if not kept */
    const float *(*answer)(const struct snn__node *node);
    /* the window through which products of a stored tensor read the input, and the tensor; false: there is none,
     * since the effective weights are derived, or the channels are grouped */
    bool (*presynaptic)(const snn_layer *layer, struct snn__window *window, size_t *tensor);
    /* the constants of a population */
    const struct snn__population *(*constants)(const struct snn__node *node);
    /* pools: what makes their outputs for spikes whole numbers from 0 to 7, but for a factor; 0: nothing does */
    float (*whole)(const snn_layer *layer);
    /* share of step t of `steps` in the mean output; NULL: all steps have the same */
    double (*share)(const snn_layer *layer, size_t t, size_t steps);
    /* a norm over all steps, step by step: gathers the statistics of the input of step io->t; complete with the last
     * step */
    void (*gather)(struct snn__node *node, const struct snn__io *io);
    /* the factor of x in the adjoint that such a norm computed last, for each channel */
    const float *(*slope)(const struct snn__node *node);
    /* synapses that leave each input element, [in_len], counting non-zero weights only, or all */
    void (*fanout)(struct snn__node *node, float *out, bool nonzero);
};

const struct snn__layer_type *snn__layer_type_named(const char *name);
snn__names snn__layer_names;

/* Writes a gradient that is an outer product into its array, if there is one. */
void snn__node_unfold(struct snn__node *node);

/* Flags of a layer. */
unsigned snn__layer_flags(const snn_layer *layer);
static inline bool snn__layer_has_weights(const snn_layer *layer)
{
    return (snn__layer_flags(layer) & SNN__LAYER_WEIGHTS) != 0;
}

/* The factor of its learning rate; 0: it is frozen. */
double snn__layer_lr_scale(const snn_layer *layer);

/* Share of step t of `steps` in the mean output of a layer. */
double snn__layer_share(const snn_layer *layer, size_t t, size_t steps);

/* Creates and frees a layer (not its tensors' data, which belong to the network). */
snn_status snn__layer_create(snn_layer **out, snn_context *ctx, const char *type, const char *name);
void snn__layer_destroy(snn_layer *layer);

/* Declares a tensor; dims of 0 end the list. */
snn_status snn__layer_declare(snn_layer *layer, const char *name, bool trained, size_t d0, size_t d1, size_t d2,
                              size_t d3);
struct snn__tensor *snn__layer_find_tensor(snn_layer *layer, const char *name);
/* The same for a name of the host's: SNN_ERR_ARGUMENT if it is NULL, or the layer has no such tensor. */
snn_status snn__layer_check_tensor(const snn_layer *layer, const char *name, const struct snn__tensor **tensor);
/* Its position among the layer's tensors, -1 if it has none. */
ptrdiff_t snn__layer_tensor_index(const snn_layer *layer, const char *name);

/* SIZE_MAX where that is no number. */
size_t snn__shape_length(const snn_shape *shape);
/* A side of a layer's output: one beyond 32 bits stays too long for any layer. */
uint32_t snn__side(size_t n);
bool snn__shape_equal(const snn_shape *a, const snn_shape *b);
/* "[3,32,32]" */
const char *snn__shape_text(const snn_shape *shape, char buffer[48]);

/* [C,H,W] to [H,W,C] for n samples, and back. */
void snn__to_channels_last(const snn_context *ctx, const snn_shape *shape, size_t n, const float *x, float *y);
void snn__to_channels_first(const snn_context *ctx, const snn_shape *shape, size_t n, const float *x, float *y);

/* Elementwise work over arrays, cut among the threads. */
void snn__copy(const snn_context *ctx, float *y, float a, const float *x, size_t n);   /* y = a x */
void snn__add_to(const snn_context *ctx, float *y, float a, const float *x, size_t n); /* y += a x */
void snn__add_or_copy(const snn_context *ctx, float *y, float a, const float *x, size_t n, bool add);
/* y = u + v, where y may be u. */
void snn__combine(const snn_context *ctx, float *y, struct snn__signal u, struct snn__signal v, size_t n);
/* sum of x y in fixed pieces: the same bits for any number of threads */
double snn__dot(const snn_context *ctx, const float *x, const float *y, size_t n);

/* sums[c] (+)= scale * sum over rows of x[row][c]; `partial` holds SNN__PIECES * c floats. */
#define SNN__PIECES 16
void snn__column_sums(const snn_context *ctx, const float *x, size_t rows, size_t c, float scale, float *sums,
                      float *partial, bool accumulate);

#endif
