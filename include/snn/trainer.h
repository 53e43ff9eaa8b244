/** @file snn/trainer.h
 * Training and evaluation of a network by a method that is chosen by name at run time.
 * Part of libsnn, MIT licence. */
#ifndef SNN_TRAINER_H
#define SNN_TRAINER_H

#include <snn/dataset.h>
#include <snn/loss.h>
#include <snn/network.h>
#include <snn/optimizer.h>
#include <snn/projection.h>
#include <snn/stream.h>

/** Trains one network with one method and one optimizer. Holds the moments of the optimizer, the plan of all memory,
 * and the position in the run (epoch, batch, updates). */
typedef struct snn_trainer snn_trainer;

/** Parameters of trainers. A method adds its own, in the bands of the families. All but those marked * are
 * fixed once snn_trainer_prepare() was called. */
typedef enum snn_trainer_key {
    SNN_TRAINER_STEPS = 401,           /**< i64, T, time steps per sample */
    SNN_TRAINER_LOSS = 402,            /**< str: ce, mse, ce_mse = (1 - loss_mix) CE + loss_mix MSE, half_square =
                                            half the squared distance from the target, mae, huber:
                                            docs/regression.md */
    SNN_TRAINER_LOSS_MIX = 403,        /**< f64 in [0, 1] */
    SNN_TRAINER_MSE_TARGET = 404,      /**< str: what distances from a label are from: onehot, constant (mse_constant
                                            for every class) */
    SNN_TRAINER_MSE_CONSTANT = 405,    /**< f64 */
    SNN_TRAINER_LABEL_SMOOTHING = 406, /**< f64 in [0, 1): targets (1 - e) onehot + e / classes */
    SNN_TRAINER_LOSS_ON = 407,         /**< str: step (mean over T of the loss of each step's output), mean (loss of
                                            the mean output; bptt, sei) */
    SNN_TRAINER_ENCODER = 408,         /**< str: direct, poisson, latency: how a static sample becomes T inputs */
    SNN_TRAINER_SHUFFLE = 409,         /**< i64*, 1: epochs draw their order from seed and epoch number */
    SNN_TRAINER_DROP_LAST = 410,       /**< i64*, 1: epochs leave out a last batch that is not full */
    SNN_TRAINER_DISTIL = 411,          /**< f64 in [0, 1], mu: share of the distance from a teacher in the loss of
                                            training, (1 - mu) loss + mu tau^2 KL(softmax(teacher / tau) ||
                                            softmax(output / tau)) */
    SNN_TRAINER_DISTIL_TAU = 412,      /**< f64, tau */
    SNN_TRAINER_SKIP_UNREADABLE = 413, /**< i64*, 1: epochs leave out batches of which a sample cannot be read or is
                                            not finite, with a warning; 0: they end there, and the next call tries the
                                            batch again */
    SNN_TRAINER_HUBER_DELTA = 414,     /**< f64 > 0, huber: distance from which on it is linear */

    SNN_BPTT_DETACH_RESET = 501,       /**< i64, bptt: 1: no gradient through the reset */
    SNN_SLTT_SAMPLED_STEPS = 601,      /**< i64, sltt: K of the T steps are trained, drawn per batch; 0: all */
    SNN_OTTT_VARIANT = 602,            /**< str, ottt: A (one update per batch), O (one update per step) */
    SNN_OPZO_FEEDBACK = 611,           /**< str, opzo: what brings errors to the populations: opzo (matrices estimated
                                            from noise), dfa (fixed random matrices), kp (random matrices that learn),
                                            zo (noise times the loss), bp (the weights) */
    SNN_OPZO_NOISE_POS = 612,          /**< str, opzo: post (readers of a population get s + alpha z), pre (its
                                            current gets alpha z) */
    SNN_OPZO_NOISE = 613,              /**< str, opzo: gaussian, rademacher, sphere (uniform direction of length
                                            sqrt(n)) */
    SNN_OPZO_ANTITHETIC = 614,         /**< i64, opzo: 1: steps 2 k and 2 k + 1 take z and -z */
    SNN_OPZO_ALPHA = 615,              /**< f64 > 0, opzo: size of the noise */
    SNN_OPZO_MOMENTUM = 616,           /**< f64 in [0, 1), opzo: share of a feedback matrix that an update keeps */
    SNN_OPZO_INVERSE_ALPHA = 617,      /**< i64, opzo: 1: matrices estimate the transposed Jacobian J', 0: alpha J' */
    SNN_OPZO_WARM_UP = 618,            /**< i64, opzo: 1: matrices are a plain average until the momentum's window is
                                            full */
    SNN_OPZO_MATRIX_INIT = 619,        /**< str, opzo: first values of the matrices: zero, readout (uniform, as the
                                            readout's weights); dfa and kp always begin with the latter */
    SNN_OPZO_ONLINE = 620,             /**< i64, opzo: 0: one update per batch, 1: one update per step */
    SNN_OPZO_KP_RATE = 621,            /**< f64 >= 0, opzo, kp: learning rate of the matrices relative to that of the
                                            weights */
    SNN_OPZO_KP_DECAY = 622,           /**< f64 in [0, 1], opzo, kp: share of a matrix that every step takes away */
    SNN_OPZO_LOCAL_SCALE = 623,        /**< f64, opzo: factor of the errors that side readouts send down */
    SNN_OPZO_GLOBAL_READOUT = 624,     /**< str, opzo: name of the side readout that all earlier populations learn
                                            from, too; empty: none */
    SNN_IDE_SOLVER = 701,              /**< str, ide: iteration, broyden, auto (broyden for several populations) */
    SNN_IDE_TOLERANCE = 702,           /**< f64, ide: relative residual at which the solver stops */
    SNN_IDE_ITERATIONS = 703,          /**< i64, ide: most iterations of the solver */
    SNN_IDE_MEMORY = 704,              /**< i64, ide: rank-one terms that broyden keeps per sample */
    SNN_SPIDE_BACKWARD_STEPS = 711,    /**< i64, spide: T_B, steps of the second stage */
    SNN_SPIDE_SCALE = 712,             /**< f64, spide: S, factor of the errors and of all gradients */
    SNN_SPIDE_BACKWARD_THRESHOLD = 713, /**< f64, spide: potential of either sign at which a couple of the second
                                             stage fires */
    SNN_SPIDE_SPIKE_SIZE = 714,        /**< f64, spide: G, what a couple that fired loses, and what its spike stands
                                            for */
    SNN_DSR_RECOMPUTE = 801,           /**< str, dsr, for batch norm over all steps: on (runs the steps once more for
                                            every batch norm after spikes; memory does not grow with T), off (keeps
                                            the steps of neighbouring layers; faster), auto (on with at most one such
                                            norm) */
    SNN_SEI_TEMPORAL = 901,            /**< i64, sei: 1: the gradient goes through the potential of the step before
                                            (not the reset) */
    SNN_TRAINER_KEY_FORCE32 = 0x7fffffff
} snn_trainer_key;

/** One batch that the host supplies; begin with SNN_BATCH_INIT. The arrays are read during the call alone. */
typedef struct snn_batch {
    uint32_t struct_size;    /**< set by the caller to sizeof(snn_batch) */
    uint32_t reserved;       /**< 0 */
    size_t samples;          /**< n, at most the prepared batch */
    size_t frames;           /**< 1: x is static; T: a frame for each step */
    const float *x;          /**< [n,C,H,W], or [T,n,C,H,W] */
    const uint32_t *labels;  /**< [n], each below the number of outputs; or NULL */
    const float *targets;    /**< what the outputs should be, one vector per sample [n,outputs] or one per step
                                  [T,n,outputs]; or NULL */
    size_t target_frames;    /**< 1: one target per sample; T: one per step */
    const uint32_t *lengths; /**< [n], 1 .. frames: how many frames each sample has; NULL: all. What x and targets
                                  hold past it is not looked at: the sample gets zeros there, and its outputs count
                                  neither in the loss, which is the mean over its length, nor in the summed output */
} snn_batch;

/** Initialiser for a snn_batch: no samples, static, one target each. */
#define SNN_BATCH_INIT { sizeof(snn_batch), 0, 0, 1, 0, 0, 0, 1, 0 }

/** Figures of an epoch, a step or an evaluation, means over its samples. */
typedef struct snn_metrics {
    uint32_t struct_size;      /**< set by the caller to sizeof(snn_metrics) */
    uint32_t reserved;         /**< 0 */
    uint64_t samples;          /**< samples seen, those before an epoch was cancelled and taken up again among them */
    double loss;               /**< mean total loss of a sample */
    double accuracy;           /**< share of samples whose largest summed output is the label's, in [0, 1]; NaN with
                                    targets */
    double seconds;            /**< wall-clock time of this call */
    double learning_rate;      /**< of the last update; 0 in evaluation */
    double gradient_norm;      /**< of the last update before clipping, if clip_norm is set; else 0 */
    double firing_rate;        /**< spikes per neuron and step, over all populations */
    double synops_dense;       /**< synaptic operations per sample (all T steps) if every input counted */
    double synops_mac;         /**< of those, per sample: non-zero weight times non-zero real-valued input
                                    (evaluation) */
    double synops_ac;          /**< of those, per sample: non-zero weight times spike (evaluation) */
    double solver_residual;    /**< ide: largest residual that the solver left in a batch, relative to the right
                                    side */
    double solver_iterations;  /**< ide: iterations of the solver, mean over the batches */
    uint64_t solver_failures;  /**< ide: batches whose solver stopped before its tolerance */
    double equilibrium_gap;    /**< ide: ||f(a) - a|| / ||a|| of the rates a, mean over the batches */
    double backward_rate;      /**< spide: spikes of either sign per neuron and step of the second stage, over all
                                    populations */
    double samples_per_second; /**< of this call: of the samples seen in it */
    double squared_error;      /**< mean over samples and outputs of the squared distance between prediction and
                                    target: the mean output, or with a target for each step the output of each step;
                                    NaN with labels */
    double r2;                 /**< coefficient of determination, mean over the outputs whose targets differ of
                                    1 - sum (prediction - target)^2 / sum (target - mean target)^2; NaN with labels */
} snn_metrics;

/** Initialiser for a snn_metrics that a call is to fill. */
#define SNN_METRICS_INIT \
    { sizeof(snn_metrics), 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0 }

/** Figures of one layer in the last epoch, step or evaluation; in the progress callback of an epoch, in the epoch so
 * far. */
typedef struct snn_layer_metrics {
    uint32_t struct_size;  /**< set by the caller to sizeof(snn_layer_metrics) */
    uint32_t reserved;     /**< 0 */
    double firing_rate;    /**< spikes per neuron and step; 0 for layers that do not spike */
    double synops_dense;   /**< as in snn_metrics, of this layer; 0 for layers without weights */
    double synops_mac;     /**< as in snn_metrics, of this layer */
    double synops_ac;      /**< as in snn_metrics, of this layer */
    double backward_rate;  /**< as in snn_metrics, of this layer */
} snn_layer_metrics;

/** Initialiser for a snn_layer_metrics that a call is to fill. */
#define SNN_LAYER_METRICS_INIT { sizeof(snn_layer_metrics), 0, 0.0, 0.0, 0.0, 0.0, 0.0 }

/** What a trainer is, and how far it is. Handles are those that it was given. */
typedef struct snn_trainer_info {
    uint32_t struct_size;      /**< set by the caller to sizeof(snn_trainer_info) */
    uint32_t prepared;         /**< 1: snn_trainer_prepare() took the memory */
    const char *method;        /**< "ottt"; static storage; NULL: an evaluator has none */
    snn_context *context;      /**< of the network */
    snn_network *network;      /**< that it trains */
    snn_optimizer *optimizer;  /**< NULL: an evaluator has none */
    snn_projection *projection; /**< NULL: none */
    snn_trainer *teacher;      /**< NULL: none */
    uint64_t batch;            /**< most samples of a batch; 0 before snn_trainer_prepare() */
    uint64_t steps;            /**< T */
    uint64_t epochs;           /**< completed; of the task, in a sequence of tasks */
    uint64_t updates;          /**< of the parameters; of the task, in a sequence of tasks */
    uint64_t bytes;            /**< held by the trainer: plan, gradient, moments; 0 before snn_trainer_prepare() */
} snn_trainer_info;

/** Initialiser for a snn_trainer_info that a call is to fill. */
#define SNN_TRAINER_INFO_INIT { sizeof(snn_trainer_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** Where a run is. */
typedef struct snn_progress {
    uint32_t struct_size;  /**< sizeof(snn_progress) as the library was compiled */
    uint32_t training;     /**< 1 in snn_trainer_epoch(), 0 in snn_trainer_evaluate() */
    uint64_t epoch;        /**< epochs completed before this one */
    uint64_t done;         /**< samples of this epoch or evaluation so far */
    uint64_t total;        /**< samples of this epoch or evaluation */
    double loss;           /**< mean so far */
    double accuracy;       /**< mean so far; NaN with targets */
    double seconds;        /**< since the call began */
    double squared_error;  /**< so far, as in snn_metrics */
    double r2;             /**< so far, as in snn_metrics */
} snn_progress;

/** Called after every batch of an epoch or evaluation. Return 0 to go on; anything else ends the call with
 * SNN_ERR_CANCELLED between two batches: the trainer can be saved and goes on from there later.
 *
 * In the callback of an epoch the host may evaluate and predict with this trainer, and save it; the epoch's figures
 * are not touched. All else that computes with it, prepares, loads or restarts it gives SNN_ERR_STATE, and so does
 * everything in other callbacks: of evaluations, observers, noise, data sets. Destroying it there is an error of the
 * host, which a debug build asserts. */
typedef int (*snn_progress_fn)(void *user, const snn_progress *progress);

/** Moments at which an observer is called. */
typedef enum snn_phase {
    SNN_PHASE_FORWARD = 1,  /**< the forward pass of step `step` is done: signals may be read */
    SNN_PHASE_GRADIENT = 2, /**< what step `step` adds to the gradient may be read (if observed; not of a network with
                                 batch norm over all steps, whose steps are one) */
    SNN_PHASE_UPDATE = 3,   /**< the gradient that the optimizer is about to use may be read; `step` is 0 */
    SNN_PHASE_BACKWARD = 4, /**< spide: step `step` of the second stage is done: signals of populations may be read;
                                 opzo: the errors of step `step` are known: SNN_SIGNAL_ERROR may be read */
    SNN_PHASE_FORCE32 = 0x7fffffff
} snn_phase;

/** What can be read of a layer during SNN_PHASE_FORWARD; and during SNN_PHASE_BACKWARD, where outputs of populations
 * are spikes -1, 0 or 1 and membrane potentials those of the second stage. */
typedef enum snn_signal {
    SNN_SIGNAL_OUTPUT = 1,   /**< spikes (0 or 1) of a population, values of any other layer */
    SNN_SIGNAL_MEMBRANE = 2, /**< membrane potential before the spike test and the reset */
    SNN_SIGNAL_TRACE = 3,    /**< presynaptic trace, in methods that keep one */
    SNN_SIGNAL_ERROR = 4,    /**< opzo, in SNN_PHASE_BACKWARD: derivative of the loss by the output of the step, as
                                  the method has it */
    SNN_SIGNAL_FORCE32 = 0x7fffffff
} snn_signal;

/** Flags of snn_trainer_observe(). */
#define SNN_OBSERVE_SIGNALS 1u   /**< keep every layer's signals until the step is over */
#define SNN_OBSERVE_GRADIENTS 2u /**< form the gradient of every step apart (slower: the exact shortcuts are off) */

/** Supplies noise: called for every population that is perturbed, before every step of training.
 * @param layer the population, borrowed from the network of the trainer
 * @param z receives [n, shape of the layer] in C order, not yet multiplied by the size of the noise
 * @param length numbers in z */
typedef void (*snn_noise_fn)(void *user, const snn_layer *layer, size_t step, float *z, size_t length);

/** Called at the moments of snn_phase, during training and evaluation, in the calling thread. */
typedef void (*snn_observe_fn)(void *user, snn_trainer *trainer, snn_phase phase, size_t step);

SNN_BEGIN_DECLS

/** Creates a trainer for a network (prepared here if it was not) with the method `method`, "ottt": snn_name() lists
 * them. Borrows network and optimizer; destroy the trainer first.
 * @return SNN_ERR_ARGUMENT (NULL; unknown method: the message lists the names), SNN_ERR_UNSUPPORTED, SNN_ERR_SHAPE
 * (of the network, as snn_network_prepare()), SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_trainer_create(snn_trainer **out, snn_network *network, snn_optimizer *optimizer,
                                                  const char *method);

/** Creates an evaluator: a trainer without method and optimizer, for a network (prepared here if it was not) that is
 * trained already, by whatever method. It evaluates, predicts, is observed, and may be a trainer's teacher, with the
 * same bits as a trainer with the same parameters. It has those of SNN_TRAINER_STEPS, of the loss without a teacher,
 * and SNN_TRAINER_ENCODER. What trains, or goes with training, gives SNN_ERR_STATE. Borrows the network; destroy the
 * evaluator first, by snn_trainer_destroy().
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_UNSUPPORTED, SNN_ERR_SHAPE (of the network, as snn_network_prepare()),
 * SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_evaluator_create(snn_trainer **out, snn_network *network);

/** Frees a trainer; NULL is accepted. */
SNN_API void snn_trainer_destroy(snn_trainer *trainer);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE, SNN_ERR_STATE (fixed since prepare) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_i64(snn_trainer *trainer, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_trainer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_trainer_set_f64(snn_trainer *trainer, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_trainer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_trainer_set_str(snn_trainer *trainer, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_trainer_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_trainer_set_text(snn_trainer *trainer, const char *name, const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_trainer_get_i64(const snn_trainer *trainer, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_trainer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_trainer_get_f64(const snn_trainer *trainer, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_trainer_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_trainer_get_str(const snn_trainer *trainer, int32_t key, const char **value);
/** Describes parameter number `index`, from 0, the method's own last; SNN_ERR_ARGUMENT past the last. Real-time
 * safe. */
SNN_API SNN_CHECKED snn_status snn_trainer_param_info(const snn_trainer *trainer, size_t index, snn_param_info *info);

/** Calls `fn` after every batch of epochs and evaluations; NULL ends that.
 * @return SNN_ERR_ARGUMENT (NULL trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_on_progress(snn_trainer *trainer, snn_progress_fn fn, void *user);

/** Calls `fn` at the moments of snn_phase; only before prepare. flags: SNN_OBSERVE_... or 0.
 * @return SNN_ERR_ARGUMENT (NULL trainer, unknown flags), SNN_ERR_STATE (prepared; gradients of an evaluator) */
SNN_API SNN_CHECKED snn_status snn_trainer_observe(snn_trainer *trainer, unsigned flags, snn_observe_fn fn,
                                                   void *user);

/** Takes losses, and errors at the output, from `fn` instead of SNN_TRAINER_LOSS; NULL ends that. `fn` is called
 * where the library would compute its own: for every step, or once for the mean output (SNN_TRAINER_LOSS_ON), in
 * training and evaluation, and by snn_stream_learn_label() and _target(). The loss may be of labels or of targets. A
 * teacher (SNN_TRAINER_DISTIL) adds its share to it as to any other. In the function, every call that computes with
 * this trainer gives SNN_ERR_STATE. At any time between two calls.
 * @return SNN_ERR_ARGUMENT (NULL trainer), SNN_ERR_STATE (in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_on_loss(snn_trainer *trainer, snn_loss_fn fn, void *user);

/** Takes the noise of opzo from `fn` instead of drawing it from the context's seed; NULL ends that. Only before
 * prepare. Pairs and distribution are the function's own affair then. Other methods never call it.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_STATE (after prepare) */
SNN_API SNN_CHECKED snn_status snn_trainer_on_noise(snn_trainer *trainer, snn_noise_fn fn, void *user);

/** The teacher of a trainer with SNN_TRAINER_DISTIL above 0: an evaluator or another trainer, of the same context,
 * for the same samples and outputs. For every batch that is trained it evaluates the same samples, with the same
 * augmentation; its logits are the mean of its outputs over its own steps.
 * Borrowed: prepare it for batches of the same size, and destroy it after this trainer. NULL ends that.
 * @return SNN_ERR_ARGUMENT (NULL trainer, itself, another context), SNN_ERR_SHAPE (samples or outputs differ) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_teacher(snn_trainer *trainer, snn_trainer *teacher);

/** The teacher's logits for the next batch that snn_trainer_step() trains, instead of a teacher. A batch that is
 * refused leaves them for the next try; one of other samples, or an epoch, drops them. Allocates nothing.
 * @param logits [n,classes], the same for every step; copied
 * @param n samples of that batch
 * @return SNN_ERR_ARGUMENT (NULL, n out of range, a logit that is not finite), SNN_ERR_STATE (not prepared with
 * SNN_TRAINER_DISTIL above 0; in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_logits(snn_trainer *trainer, const float *logits, size_t n);

/** Lets a trainer learn lateral weights and project its gradients; NULL: no longer. Call it before
 * snn_trainer_prepare(). Borrows the projection. @return SNN_ERR_ARGUMENT (another network), SNN_ERR_STATE (prepared
 * already) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_projection(snn_trainer *trainer, snn_projection *projection);

/** Takes all memory for batches of at most `batch` samples. After it, steps, epochs and evaluations allocate nothing.
 * A second call plans anew (epoch, moments and parameters are kept). The new plan is made beside the old one, which
 * stays if the call fails: where memory is too short for both, destroy the trainer first (a checkpoint keeps its
 * moments).
 * @return SNN_ERR_ARGUMENT (batch 0), SNN_ERR_UNSUPPORTED (the method cannot train this network, or not with these
 * settings: the message says why; batches of 1 with a batch norm over vectors, which has one value then and no
 * variance), SNN_ERR_STATE (in a callback of this trainer), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_trainer_prepare(snn_trainer *trainer, size_t batch);

/** Describes the trainer and where it is. Real-time safe, in its callbacks, too.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_trainer_get_info(const snn_trainer *trainer, snn_trainer_info *info);

/** Trains one batch that the host supplies: forward, backward, update.
 * @param batch with labels or targets, not both
 * @param metrics may be NULL
 * @return SNN_ERR_ARGUMENT (NULL, a field out of range, targets and a loss of labels; one sample, and a batch norm
 * over vectors), SNN_ERR_UNSUPPORTED (targets for each step, or lengths, where there is one loss of all steps),
 * SNN_ERR_STATE (not prepared, an evaluator, no teacher), SNN_ERR_DIVERGED (input, target, loss, gradient or a
 * running statistic not finite, or a gradient from which moments or weights would overflow), what the host's loss
 * returned. The refused update then changes nothing: neither parameters nor running statistics, moments, feedback
 * matrices or lateral weights. Allocates nothing. */
SNN_API SNN_CHECKED snn_status snn_trainer_step(snn_trainer *trainer, const snn_batch *batch, snn_metrics *metrics);

/** Trains one epoch, or what is left of the epoch under way: one that was cancelled, or that ended because a sample
 * could not be read. Such a batch changed nothing, and is tried again; SNN_TRAINER_SKIP_UNREADABLE leaves it out. A
 * last batch of one sample is left out where a batch norm over vectors has no variance of it. Allocates nothing.
 * @return as snn_trainer_step(), SNN_ERR_SHAPE (data set and network differ), SNN_ERR_STATE (the epoch under way is
 * over a data set of another size or kind: go on with that one, or call snn_trainer_restart_epoch()),
 * SNN_ERR_CANCELLED, what the data set gave for a sample; SNN_ERR_IO (every batch was left out) */
SNN_API SNN_CHECKED snn_status snn_trainer_epoch(snn_trainer *trainer, const snn_dataset *dataset,
                                                 snn_metrics *metrics);

/** Gives up what is left of the epoch under way, if there is one: the next snn_trainer_epoch() begins it anew, over
 * any data set. What was learned stays.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_restart_epoch(snn_trainer *trainer);

/** Evaluates a data set in its order: loss, accuracy or with targets squared error and R2, firing rates, synaptic
 * operations. Changes no parameter.
 * @return as snn_trainer_epoch() */
SNN_API SNN_CHECKED snn_status snn_trainer_evaluate(snn_trainer *trainer, const snn_dataset *dataset,
                                                    snn_metrics *metrics);

/** Runs the network in evaluation mode on a batch, whose labels and targets are not looked at.
 * @param out [n,outputs], receives the sum of the outputs over the steps that each sample has
 * @return as snn_trainer_step() */
SNN_API SNN_CHECKED snn_status snn_trainer_predict(snn_trainer *trainer, const snn_batch *batch, float *out);

/** Figures of a layer in the last epoch, step or evaluation. Real-time safe.
 * @param layer of the trainer's network
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network), SNN_ERR_STATE (not prepared) */
SNN_API SNN_CHECKED snn_status snn_trainer_layer_metrics(const snn_trainer *trainer, const snn_layer *layer,
                                                         snn_layer_metrics *metrics);

/** Reads a signal of a layer, [n, shape of the layer] in C order, in an observer with SNN_OBSERVE_SIGNALS during
 * SNN_PHASE_FORWARD or SNN_PHASE_BACKWARD. Real-time safe.
 * @param layer of the trainer's network
 * @param out receives the numbers; nothing after a failure
 * @param length room in `out`, in numbers
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network, too little room), SNN_ERR_STATE (at another moment, or
 * not observed), SNN_ERR_UNSUPPORTED (the layer or method has no such signal at this step) */
SNN_API SNN_CHECKED snn_status snn_trainer_read_signal(const snn_trainer *trainer, const snn_layer *layer,
                                                       snn_signal signal, float *out, size_t length);

/** Reads the gradient of a tensor of a layer, in the tensor's shape in C order: in an observer during
 * SNN_PHASE_GRADIENT or SNN_PHASE_UPDATE, or between two batches that of the last update. Real-time safe.
 * @param layer of the trainer's network
 * @param tensor its name, "weight"
 * @param out receives the numbers; nothing after a failure
 * @param length room in `out`, in numbers
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network, no such tensor, too little room), SNN_ERR_STATE (at
 * another moment, not prepared for training, or no gradient yet), SNN_ERR_UNSUPPORTED (not a trained tensor) */
SNN_API SNN_CHECKED snn_status snn_trainer_read_gradient(const snn_trainer *trainer, const snn_layer *layer,
                                                         const char *tensor, float *out, size_t length);

/** The stream of a trainer that learns within time steps (ottt, sltt, opzo, sei), prepared for batches of 1 with
 * SNN_TRAINER_STEPS 1: snn_stream_step() runs the network of the trainer, snn_stream_learn() trains it. The context
 * should have one thread, or work is handed to the others. Borrowed from the trainer, which has one: always the same
 * handle, and good until snn_trainer_destroy(). Begins as after snn_stream_reset(). A batch of snn_trainer_step(),
 * _epoch(), _evaluate() or _predict(), or snn_trainer_prepare(), ends it: calls answer SNN_ERR_STATE until it was
 * asked for again.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not prepared like that, an evaluator), SNN_ERR_UNSUPPORTED (the
 * method needs all steps at once; batch norm, a projection or a teacher: the message says which); *out is NULL
 * then */
SNN_API SNN_CHECKED snn_status snn_trainer_stream(snn_trainer *trainer, snn_stream **out);

/** Trains on the step that was made last: the error goes down through the layers of that step, meets the presynaptic
 * traces (ottt, opzo) or spikes (sltt, sei), and the optimizer updates the parameters:
 *   dW = delta(error) (x) factor                                  docs/methods/ottt.md, docs/realtime.md
 * Real-time safe.
 * @param error derivative, by the output of the step, of what is to become small, [outputs]: of a control error, a
 * reward
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (the stream is no trainer's or was ended by it, or there is no step
 * since the last call), SNN_ERR_UNSUPPORTED (opzo with zo or side readouts needs a label or a target),
 * SNN_ERR_DIVERGED (error or gradient not finite, or too large for an update: neither parameters nor feedback
 * matrices were changed). An error that is not finite leaves the step to be learned from; a gradient that is refused
 * uses it up */
SNN_API SNN_CHECKED snn_status snn_stream_learn(snn_stream *stream, const float *error);

/** The same with the error of the trainer's loss for a label. Real-time safe, if the host's own loss is.
 * @param loss receives the loss of the step; may be NULL
 * @return as snn_stream_learn(); SNN_ERR_ARGUMENT (a label out of range), what the host's loss returned: the step is
 * left to be learned from */
SNN_API SNN_CHECKED snn_status snn_stream_learn_label(snn_stream *stream, uint32_t label, double *loss);

/** The same with the error of the trainer's loss for a target. Real-time safe, if the host's own loss is.
 * @param target what the output of the step should have been, [outputs]
 * @param loss receives the loss of the step; may be NULL
 * @return as snn_stream_learn(); SNN_ERR_ARGUMENT (a loss of labels, as ce), SNN_ERR_DIVERGED (a target that is not
 * finite), what the host's loss returned: the step is left to be learned from */
SNN_API SNN_CHECKED snn_status snn_stream_learn_target(snn_stream *stream, const float *target, double *loss);

/** Writes a checkpoint: the network, the optimizer's moments, what the method carries on, the place in the epoch and
 * the size of its data set, batch and update counts.
 * @return as snn_network_save(); SNN_ERR_STATE also in a callback of the trainer, but for the progress callback of an
 * epoch */
SNN_API SNN_CHECKED snn_status snn_trainer_save(const snn_trainer *trainer, const char *path);

/** Takes up a checkpoint: a trainer made like the saved one goes on as that one would have, bit for bit.
 * @return as snn_network_load(), and SNN_ERR_STATE if network, method or optimizer differ (the message says in what)
 * or in a callback of the trainer; the trainer is unchanged on failure */
SNN_API SNN_CHECKED snn_status snn_trainer_load(snn_trainer *trainer, const char *path);

SNN_END_DECLS

#endif
