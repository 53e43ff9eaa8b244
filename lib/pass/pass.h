/* pass/pass.h - a network at work on one batch: all memory, the forward sweep, the backward sweeps.
 *
 * A pass is planned once for (batch, T, demand). Then, for every batch: begin; for every step forward and what the
 * method does; settle. Signals are [B,H,W,C].
 *
 *   unit        a layer in a pass; its producers are the units that it reads, its readers those that read it
 *   signal      an array and a constant factor, so that a scale needs no loop over the array
 *   in place    a unit whose value is its producer's array, up to a factor: flatten, scale
 *   trace       a[t] = decay a[t-1] + s[t] of a population; the mean of the values where errors are sums over steps
 *   delayed     read some steps later: feedback. Its error is pending until the sweep comes back to its step
 *   deferred    with an output at the last step alone: the rates of all steps, and what reads them
 *   constant    computed once for a static input; its error is summed over the steps and goes down once
 *   dynamic     changing from step to step even for a static input: after spikes, or after a delay
 *   off-path    leading to a side readout, not to the output: takes no part in an evaluation
 *   error       dL/dvalue at a unit's output; a sweep brings errors from the output down */
#ifndef SNN_PASS_PASS_H
#define SNN_PASS_PASS_H

#include "network/network.h"

struct snn__pass;
struct snn__unit;
struct snn__projecting;

/* The point at which noise perturbs a population. Noise after it leaves spikes, reset and trace clean. */
enum snn__noise {
    SNN__NOISE_NONE,
    SNN__NOISE_BEFORE, /* its current is I + scale z */
    SNN__NOISE_AFTER   /* its readers get s + scale z */
};

/* Three things in which methods differ: dW += error (x) presynaptic factor, formed at some moment. */

/* The presynaptic factor. */
enum snn__factor {
    SNN__FACTOR_SPIKE, /* s[t]: what the layer reads */
    SNN__FACTOR_TRACE, /* a[t] = decay a[t-1] + s[t]; of the network's input, which has no trace, the input itself */
    SNN__FACTOR_MEAN,  /* mean over the steps, for errors that are sums over the steps */
    SNN__FACTOR_RATE,  /* the rate at the equilibrium */
    SNN__FACTOR_ELIGIBILITY /* the method's own, gathered forward in time and different at every step */
};

/* The route of the error from the output to a layer. */
enum snn__route {
    SNN__ROUTE_NONE,        /* it does not: an evaluation */
    SNN__ROUTE_SPACE,       /* down through the layers of its step */
    SNN__ROUTE_TIME,        /* and from each step to the one before */
    SNN__ROUTE_DIRECT,      /* from the output to every population, by the method; never across weights */
    SNN__ROUTE_RATES,       /* down through clamped rates in place of spikes (layer/dsr.c) */
    SNN__ROUTE_EQUILIBRIUM, /* down through the map of which the rates are a fixed point (equilibrium.c) */
    SNN__ROUTE_COUPLES      /* the same with errors as spikes, from couples of neurons (layer/couple.c) */
};

/* When parameters are updated. */
enum snn__moment { SNN__LEARNS_PER_BATCH, SNN__LEARNS_PER_STEP };

/* The demand of a method and its trainer on the plan. */
struct snn__demand {
    enum snn__factor factor;
    enum snn__route route;
    enum snn__moment learns;
    enum snn__noise noise; /* populations on the way to the output are perturbed */
    bool keeps;            /* the values of all T steps are kept, and errors come at the end */
    bool recompute; /* FACTOR_MEAN: for a batch norm over all steps the steps run once more instead of being kept */
    bool losses;    /* the method reads the losses of single samples */
    bool inputs;    /* FACTOR_TRACE: the inputs of weights stay until errors come, although the trace is the factor */
    bool observed;  /* every signal stays until its step is over */
    bool input_error; /* errors go down to the network's input, and stay */
    bool streams;     /* steps go on without end: the state for the next one lies at the beginning of the arena */
    bool held;        /* batch norms take their running values, which stay as they are */
    const struct snn__pass *weights; /* a pass of the same network whose weights it reads, NULL: it has its own */
};

/* Forms a weight gradient: called for every layer with trained tensors that an error e reaches. */
struct snn__sweep;
typedef void (*snn__credit_fn)(const struct snn__sweep *sweep, struct snn__pass *pass, struct snn__unit *unit,
                               struct snn__io *io, struct snn__signal e, struct snn__signal factor);

/* ROUTE_DIRECT: called for populations and side readouts, from the last layer to the first, after all readers sent
 * their errors: may add to the error at the unit's output with snn__unit_error(). */
typedef snn_status (*snn__direct_fn)(void *arg, struct snn__unit *unit, size_t t);

/* Called when a layer has all of its gradient, which snn__unit_settle() then writes. */
typedef void (*snn__done_fn)(void *arg, struct snn__pass *pass, struct snn__unit *unit);

/* A sweep of errors, and its actions at each layer. */
struct snn__sweep {
    snn__credit_fn credit;   /* NULL: no gradient is formed */
    enum snn__factor factor; /* that the gradient takes */
    bool detached;           /* no error goes through the reset */
    snn__direct_fn direct;   /* or NULL */
    void *arg;               /* of credit and direct */
    snn__done_fn done;       /* no later sweep adds to gradients, those of constant layers aside; or NULL */
    void *done_arg;
};

/* The order of layers and steps. */
enum snn__order {
    SNN__ORDER_STEPS,  /* step by step over all layers */
    SNN__ORDER_LAYERS, /* layer by layer over all steps: a batch norm over all steps needs them at once */
    SNN__ORDER_RERUN   /* step by step, once for every batch norm over all steps whose input varies, and once more */
};

/* A unit's computation at a step, and its training follow-up: trace or mean. */
typedef void (*snn__forward_fn)(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io);
typedef void (*snn__follow_fn)(struct snn__pass *pass, struct snn__unit *unit, const struct snn__io *io);
/* A unit's action on the error at its output, after its gradient is formed. over_steps: constant producers receive
 * sums over the steps. */
typedef void (*snn__back_fn)(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, bool over_steps);

/* Synaptic operations of a sample at a step, as NeuroBench counts them. */
struct snn__operations {
    double macs, acs;
};

/* Since the counters were cleared. */
struct snn__counts {
    uint64_t spikes, couple_spikes;
    double macs, acs, dense; /* synaptic operations */
};

/* An array that errors are added to; the first one is copied. */
struct snn__sum {
    float *data;
    bool begun;
};

/* A signal of the last steps, for readers with delay: step t lies in slot t modulo their number. */
struct snn__past {
    float *data; /* [slots][B][len] */
    float scale; /* of the newest, and of all: factors are constants of a sequence */
};

/* A layer in a pass. */
struct snn__unit {
    struct snn__node node;
    snn_layer *layer;
    unsigned flags;
    snn__forward_fn forward[2];      /* in an evaluation, in training; NULL: nothing to do */
    snn__follow_fn follow;           /* or NULL */
    snn__back_fn back;               /* or NULL */
    size_t starts;                   /* first step at which it computes */
    bool constant;                   /* may be computed once for a static input */
    size_t begins;                   /* step of its first input: above 0 if it reads earlier ones */
    size_t absent;                   /* first steps at which it has no output */
    bool deferred;                   /* exists at the last step only: gathers all steps, or reads a layer that does */
    bool dynamic;                    /* depends on spikes or on the step before */
    bool traced;                     /* has a trace */
    const struct snn__unit *spiking; /* the population of which it gathers a trace itself, from its own values; or
                                        NULL */
    bool averaged;                   /* couples: weights read it, so it is computed again from average rates */
    bool trainable;                  /* has trained tensors, and is not frozen */
    bool settled;                    /* the gradient of this batch is written already */
    double lr_scale;                 /* factor of its learning rate when it was planned */
    bool wants_error;                /* the error at its output is of use */
    bool off_path;    /* does not lead to the last layer: takes no part in an evaluation, and reads clean spikes */
    size_t delay;     /* the longest with which someone reads it; 0: nobody reads it with a delay */
    size_t readers;   /* layers that take its error in the same step */
    size_t value_len; /* elements of a sample */

    float *value;                                    /* [slots][B][len], NULL if the array is the input's */
    const struct snn__unit *value_over, *error_over; /* units over whose value, error it writes its own; or NULL */
    float scale;                                     /* of value */
    uint64_t *map; /* populations: value as bits (blas/spikes.h), [slots in a whole pass][B][map_len], if anyone reads
                      them */
    size_t map_len;
    const struct snn__unit *mapped;    /* the population whose map it reads, or NULL */
    float *trace, trace_scale;         /* with means: the mean of value over the steps so far, in parts of T */
    ptrdiff_t norm;                    /* means: weights of which the error varies through this batch norm */
    float *weighted, *deviation;       /* means, batch norms: weighted mean of the input; room for x[t] less that */
    struct snn__past past, past_trace; /* of value and trace, where all steps are not kept */
    float *noise, *noisy; /* z, [B][len], filled in by the method before the step; the current or the output with
                           * noise */

    void *scratch[2];           /* of its node while it runs forward, backward */
    float *error;               /* dL/dvalue of the step */
    struct snn__signal e;       /* the part that has arrived in this sweep */
    bool reached;               /* e holds something */
    float sent_scale;           /* factor of the errors that it sends down */
    struct snn__sum over_steps; /* constant units: errors of all steps */
    struct snn__sum *pending;   /* from readers with delay: that of step t modulo span + 1, or NULL */

    struct snn__counts counts;
    float *fanout;                      /* synapses that leave each input element (non-zero weights) */
    double fanout_all;                  /* all synapses of one step and sample */
    struct snn__operations *sample_ops; /* [B] */
};

/* The head of a stream's state: the streams that it fits, and the steps so far. Numbers only follow it. */
struct snn__stream_head {
    uint32_t magic, kind;  /* kind: of what learning adds */
    uint64_t network;      /* hash of layers, shapes and connections */
    uint64_t running, all; /* bytes that every stream of the network has, and all; this head is among them */
    uint64_t steps;        /* so far */
};

struct snn__pass {
    snn_context *ctx;
    snn_network *net;
    struct snn__demand demand;
    struct snn__unit *unit;
    size_t n;
    size_t batch_max, steps, slots;
    enum snn__order order;
    struct snn__arena arena;
    float *input;       /* [slots][B][len], channels last */
    float *input_mean;  /* means: of an input that changes from step to step, if weights read it */
    float *input_error; /* [T][B][len], where the demand has it: dL/dinput, of a static one in parts of any step */
    size_t input_len;
    struct snn__stream_head *head; /* streams: at the begin of the arena; */
    float *saved;                  /* the numbers after it, as they were before the step */
    float *output_error;           /* [slots][B][len]; means: one slot */
    float *gradient;               /* [parameters], in the order of the parameters */
    void *scratch;                 /* of a layer that derives weights from its parameters, or settles */
    float noise_scale;
    struct snn__projecting *projecting; /* the projection of gradients (lib/projection), or NULL */

    /* of the current sequence */
    size_t batch;
    size_t first;  /* number of the first sample in the batch of which this is a shard; else 0 */
    size_t sample; /* number of the first sample: 0 but in views (pass/samples.h) */
    bool training, is_static;
    struct snn__unit *measured; /* rerun: the batch norm that this run of the steps measures; NULL in the last one */
    bool begun;                 /* rerun: constant units are computed */
    bool count;                 /* synaptic operations */
    bool at_rates;              /* a sweep at rates */
    enum snn__statistics statistics; /* of batch norms in it */
    bool settled;                    /* parameters stay as they are, and what is computed from them is there */
    struct snn__signal evaluated; /* [T][B][len], outputs of an evaluation in blocks (blocks.h); no data: of none */
    bool fixed;               /* statistics of layers that do not depend on spikes were measured ahead of the steps */
    struct snn__sum fed_back; /* at rates: errors that readers with delay send back, [B][len]; no data: not wanted */
    const struct snn__couples *couples;  /* of a sweep with errors as spikes, else NULL */
    uint64_t neuron_steps, couple_steps; /* since the counters were cleared: samples times steps */
};

/* ctx: that of the network, or one that shares its kernels. Reserves all arrays in pass->arena. A method that keeps
 * state from step to step reserves it there, too; then commit takes the memory. */
snn_status snn__pass_plan(struct snn__pass *pass, snn_context *ctx, snn_network *net, size_t batch, size_t steps,
                          const struct snn__demand *demand);
snn_status snn__pass_commit(struct snn__pass *pass);
void snn__pass_free(struct snn__pass *pass);
/* Bytes that the plan holds. */
size_t snn__pass_bytes(const struct snn__pass *pass);

/* Parameters may have changed. */
void snn__pass_refresh(struct snn__pass *pass);
/* A sequence begins: `stream`, and pass->first for samples, name the random numbers of this batch. Refreshes, too,
 * unless parameters are settled. */
void snn__pass_begin(struct snn__pass *pass, size_t batch, bool training, bool is_static, uint64_t stream);
/* Buffer for the input of step t, [B][len] channels last. */
float *snn__pass_input(struct snn__pass *pass, size_t t);
/* Rerun: before a run of the steps. Returns true if it only measures a batch norm (snn__pass_measure()), and another
 * one follows; false for the last one, which makes outputs (snn__pass_forward()). */
bool snn__pass_run(struct snn__pass *pass);
/* Step t of a run that measures: all layers in front of the norm. */
void snn__pass_measure(struct snn__pass *pass, size_t t);
/* All layers at step t. In a whole pass, the last step computes everything. */
void snn__pass_forward(struct snn__pass *pass, size_t t);
/* Output of the last layer at step t: [B][len], in values. */
struct snn__signal snn__pass_output(struct snn__pass *pass, size_t t);
/* Buffer for the error at the output of step t, filled in before a sweep: [B][len]. */
float *snn__pass_output_error(const struct snn__pass *pass, size_t t);

/* Error at the input of step t, [B][len] channels last; NULL: the demand does not have it. */
float *snn__pass_input_error(const struct snn__pass *pass, size_t t);

/* Means: one sweep over sums of errors and means of values. */
void snn__pass_back_means(struct snn__pass *pass, const struct snn__sweep *sweep);
/* Errors from the output down through the layers of step t. Fails only where sweep->direct does. */
snn_status snn__pass_back_step(struct snn__pass *pass, size_t t, const struct snn__sweep *sweep);
/* Errors of the constant layers, summed over the steps: once at the end. */
void snn__pass_back_constant(struct snn__pass *pass, const struct snn__sweep *sweep);
/* All steps from the last to the first, where they are kept; `each` is called when step t is done (not in a whole
 * pass). */
void snn__pass_back_time(struct snn__pass *pass, const struct snn__sweep *sweep, void (*each)(void *arg, size_t t),
                         void *arg);
/* Writes the gathered gradient of a unit, of which a sweep is done, to pass->gradient, outer products as well. */
void snn__unit_settle(struct snn__unit *unit);
/* Writes all gathered gradients, but those that are written already, to pass->gradient, overwriting it; without
 * `whole`, those that nodes keep as outer products are left out. */
void snn__pass_settle(struct snn__pass *pass, bool whole);

/* At rates (equilibrium.c). A population gives clip(current / threshold, 0, 1), readers with delay read `a`, the
 * rates of layer `top`, [B][len]: all layers up to `top`. Statistics of batch norms: those of the batch, with or
 * without an update of the running ones, or (RUNNING) as the steps take them. */
void snn__pass_rates(struct snn__pass *pass, size_t top, struct snn__signal a, enum snn__statistics statistics);
/* Measures the batch norms in front of all spikes at the input that lies in step 0; the steps of this sequence then
 * take these statistics. */
void snn__pass_fix_statistics(struct snn__pass *pass);
/* Errors from e at the output of `top` down through the layers at rates. fed_back, if not NULL, receives the error at
 * the given rates. */
void snn__pass_back_rates(struct snn__pass *pass, const struct snn__sweep *sweep, size_t top, struct snn__signal e,
                          float *fed_back);
/* Sets the inputs of weights to the average rates a = sum_t decay^(T-t) s[t] / sum_t decay^(T-t) of all populations
 * up to `top`, in place of the last step's values; a per-step input becomes its plain mean. */
void snn__pass_average(struct snn__pass *pass, size_t top);
/* One step of errors as spikes, from e at the output of `top` down; fed_back as above. With couples->mean: the mean
 * of all such steps, of which gradients are taken (e is not used). */
void snn__pass_back_couples(struct snn__pass *pass, const struct snn__sweep *sweep, size_t top, struct snn__signal e,
                            const struct snn__couples *couples, float *fed_back);
/* Errors of the last step from the output down to the deferred layers; returns the error at the output of layer
 * `bottom`, without data where nothing below learns. */
struct snn__signal snn__pass_back_deferred(struct snn__pass *pass, const struct snn__sweep *sweep, size_t bottom);

/* Counters of spikes and synaptic operations. */
void snn__pass_clear_counters(struct snn__pass *pass);
void snn__pass_prepare_counting(struct snn__pass *pass);
/* Counts those of a unit's input; `times`: the number of steps that this call covers. */
void snn__count_operations(struct snn__pass *pass, struct snn__unit *unit, const struct snn__io *io, double times);

/* The producer of input number i of a unit; NULL: the network's input. */
static inline struct snn__unit *snn__unit_producer(const struct snn__pass *pass, const struct snn__unit *unit,
                                                   size_t i)
{
    ptrdiff_t node = unit->layer->source[i].node;

    return node == SNN__INPUT ? NULL : &pass->unit[node];
}
static inline bool snn__pass_learns(const struct snn__pass *pass)
{
    return pass->demand.route != SNN__ROUTE_NONE;
}
static inline bool snn__pass_traces(const struct snn__pass *pass)
{
    return snn__pass_learns(pass) && pass->demand.factor == SNN__FACTOR_TRACE;
}
/* Errors are sums over the steps, given once. */
static inline bool snn__pass_means(const struct snn__pass *pass)
{
    return pass->demand.factor == SNN__FACTOR_MEAN;
}
/* The network is also computed at rates. */
static inline bool snn__pass_equilibrium(const struct snn__pass *pass)
{
    return pass->demand.factor == SNN__FACTOR_RATE;
}
static inline bool snn__pass_couples(const struct snn__pass *pass)
{
    return pass->demand.route == SNN__ROUTE_COUPLES;
}
static inline bool snn__pass_by_layers(const struct snn__pass *pass)
{
    return pass->order == SNN__ORDER_LAYERS;
}

/* The slot that holds step t. */
static inline size_t snn__pass_slot(const struct snn__pass *pass, size_t t)
{
    return pass->training && pass->slots > 1 ? t : 0;
}
/* Value and trace of a unit at step t (data NULL: absent). */
struct snn__signal snn__unit_value(const struct snn__pass *pass, const struct snn__unit *unit, size_t t);
struct snn__signal snn__unit_trace(const struct snn__pass *pass, const struct snn__unit *unit);
/* Input number i of a unit at step t, and its trace (data NULL: none). */
struct snn__signal snn__unit_input(const struct snn__pass *pass, const struct snn__unit *unit, size_t i, size_t t);
struct snn__signal snn__unit_input_trace(const struct snn__pass *pass, const struct snn__unit *unit, size_t i,
                                         size_t t);
/* True if a unit computes once for the whole sequence. */
static inline bool snn__unit_constant(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return unit->constant && pass->is_static;
}
/* True if a unit reads the weights of another pass. */
static inline bool snn__unit_shares(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return pass->demand.weights != NULL && unit->flags & SNN__LAYER_WEIGHTS;
}
/* True if a unit's values are spikes, or spikes times a constant. NULL, the network's input: they are not. */
bool snn__unit_binary(const struct snn__pass *pass, const struct snn__unit *unit);
/* delay.c: what a reader with delay takes at step t (data NULL: nothing yet). Sweeps at rates, which are step T, take
 * what they are given. */
struct snn__signal snn__delay_read(const struct snn__pass *pass, const struct snn__unit *from,
                                   const struct snn__past *past, size_t delay, size_t t);
/* The error at a unit's output at step t that waits for the sweep; NULL: none ever does. */
struct snn__sum *snn__unit_pending(const struct snn__pass *pass, const struct snn__unit *unit, size_t t);
/* True if `unit` sends errors to its producer `from`. */
bool snn__unit_sends(const struct snn__pass *pass, const struct snn__unit *unit, const struct snn__unit *from);
/* True for a layer without readers other than the last one. */
bool snn__unit_side_readout(const struct snn__pass *pass, const struct snn__unit *unit);
/* The error at a unit's output for a direct function, [B][len]: it adds if *accumulate, since errors have arrived,
 * else it overwrites. */
float *snn__unit_error(struct snn__unit *unit, bool *accumulate);
/* Fills in an io for step t, with all inputs. */
struct snn__io snn__unit_io(const struct snn__pass *pass, const struct snn__unit *unit, size_t t);

/* means.c: the only batch norm over all steps that the output of layer l reaches, through sums alone; -1: none. */
ptrdiff_t snn__network_norm_after(const snn_network *network, size_t l);
/* True if one backward sweep over sums of errors and means of values gives every gradient. */
bool snn__network_errors_average(const snn_network *network);

#endif
