/** @file snn/trainer.h
 * Trainers: training and evaluation of a network by a method that is chosen by name.
 * Part of libsnn, MIT licence. */
#ifndef SNN_TRAINER_H
#define SNN_TRAINER_H

#include <snn/communicator.h>
#include <snn/dataset.h>
#include <snn/loss.h>
#include <snn/network.h>
#include <snn/optimizer.h>
#include <snn/projection.h>
#include <snn/stream.h>

/** Trains one network with one method and one optimizer. Holds the optimizer's moments, all memory of the training,
 * and the position in the run (epoch, batch, updates). */
typedef struct snn_trainer snn_trainer;

/** Parameters of trainers. Each method adds its own. snn_trainer_prepare() fixes all parameters except those marked
 * with *. */
typedef enum snn_trainer_key {
    SNN_TRAINER_STEPS = 401,           /**< i64, T, number of time steps per sample */
    SNN_TRAINER_LOSS = 402,            /**< str: ce, mse, ce_mse = (1 - loss_mix) CE + loss_mix MSE, half_square =
                                            half the squared distance from the target, mae, huber:
                                            docs/regression.md */
    SNN_TRAINER_LOSS_MIX = 403,        /**< f64 in [0, 1] */
    SNN_TRAINER_MSE_TARGET = 404,      /**< str, target vector that mse derives from a label: onehot, constant
                                            (mse_constant for every class) */
    SNN_TRAINER_MSE_CONSTANT = 405,    /**< f64, value of mse_target "constant" */
    SNN_TRAINER_LABEL_SMOOTHING = 406, /**< f64 in [0, 1): targets (1 - e) onehot + e / classes */
    SNN_TRAINER_LOSS_ON = 407,         /**< str, outputs that loss and class are of: step (mean over T of the loss of
                                            each step's output; class of the mean), mean (the mean output; bptt,
                                            sei), last (the last step's, of a sample with a length its own), max
                                            (maximum of each output over the steps; bptt, sei), sum (sum of the
                                            outputs; bptt, sei) */
    SNN_TRAINER_ENCODER = 408,         /**< str, conversion of a static sample into T inputs: direct, poisson,
                                            latency */
    SNN_TRAINER_SHUFFLE = 409,         /**< i64*, 1: the order of an epoch is drawn from seed and epoch number */
    SNN_TRAINER_DROP_LAST = 410,       /**< i64*, 1: an epoch leaves out a last batch that is not full */
    SNN_TRAINER_DISTIL = 411,          /**< f64 in [0, 1], mu: share of the teacher in the training loss, which is
                                            (1 - mu) loss + mu tau^2 KL(softmax(teacher / tau) ||
                                            softmax(output / tau)) */
    SNN_TRAINER_DISTIL_TAU = 412,      /**< f64, tau, temperature of the distillation */
    SNN_TRAINER_SKIP_UNREADABLE = 413, /**< i64*, 1: an epoch leaves out, with a warning, each batch with a sample
                                            that cannot be read or is not finite; 0: the epoch ends there, and the
                                            next call tries the batch again */
    SNN_TRAINER_HUBER_DELTA = 414,     /**< f64 > 0, huber: distance beyond which the loss is linear */
    SNN_TRAINER_SHARDS = 415,          /**< i64, S, parts that a batch is cut into, each of which is run as a batch of
                                            its own; ranks share them: docs/ranks.md */
    SNN_TRAINER_REDUCE = 416,          /**< str, order of sums over shards: fixed (the same bits for any number of
                                            ranks), any (the communicator's) */
    SNN_TRAINER_SEND = 417,            /**< str, what gradients travel as: float32, bf16, sign (one bit each); with
                                            the last two every shard carries what is lost over to the next update */
    SNN_TRAINER_MIXUP = 418,           /**< f64, 0 or at least 0.001, alpha: batches are trained as mixtures of
                                            two samples and of their labels, by shares of Beta(alpha, alpha); 0:
                                            they are not mixed. What is refused: docs/trainers.md */

    SNN_BPTT_DETACH_RESET = 501,    /**< i64, bptt: 1: no gradient through the reset */
    SNN_SLTT_SAMPLED_STEPS = 601,   /**< i64, sltt, K: number of the T steps that are trained, drawn per batch;
                                         0: all */
    SNN_OTTT_VARIANT = 602,         /**< str, ottt: A (one update per batch), O (one update per step) */
    SNN_OPZO_FEEDBACK = 611,        /**< str, opzo, path of errors to the populations: opzo (matrices estimated
                                         from noise), dfa (fixed random matrices), kp (random matrices that learn),
                                         zo (noise times the loss), bp (the weights) */
    SNN_OPZO_NOISE_POS = 612,       /**< str, opzo, place of the noise z: post (readers of a population get
                                         s + alpha z), pre (alpha z is added to the population's current) */
    SNN_OPZO_NOISE = 613,           /**< str, opzo: gaussian, rademacher, sphere (uniform direction of length
                                         sqrt(n)) */
    SNN_OPZO_ANTITHETIC = 614,      /**< i64, opzo: 1: steps 2 k and 2 k + 1 take z and -z */
    SNN_OPZO_ALPHA = 615,           /**< f64 > 0, opzo, alpha: size of the noise */
    SNN_OPZO_MOMENTUM = 616,        /**< f64 in [0, 1), opzo: share of a feedback matrix that an update keeps */
    SNN_OPZO_INVERSE_ALPHA = 617,   /**< i64, opzo: 1: matrices estimate the transposed Jacobian J', 0: alpha J' */
    SNN_OPZO_WARM_UP = 618,         /**< i64, opzo: 1: matrices are plain averages until the window of the momentum
                                         is full */
    SNN_OPZO_MATRIX_INIT = 619,     /**< str, opzo, initial matrices: zero, readout (uniform, as the readout's
                                         weights); dfa and kp always use the latter */
    SNN_OPZO_ONLINE = 620,          /**< i64, opzo: 0: one update per batch, 1: one update per step */
    SNN_OPZO_KP_RATE = 621,         /**< f64 >= 0, opzo, kp: learning rate of the matrices relative to that of the
                                         weights */
    SNN_OPZO_KP_DECAY = 622,        /**< f64 in [0, 1], opzo, kp: share of a matrix that decays at every step */
    SNN_OPZO_LOCAL_SCALE = 623,     /**< f64, opzo: factor of the errors of side readouts */
    SNN_OPZO_GLOBAL_READOUT = 624,  /**< str, opzo: name of the side readout whose errors reach all earlier
                                         populations; empty: none */
    SNN_EPROP_FEEDBACK = 631,       /**< str, eprop: symmetric (errors reach the populations through the readout's
                                         weights), random (through fixed random matrices) */
    SNN_IDE_SOLVER = 701,           /**< str, ide: iteration, broyden, auto (broyden for several populations) */
    SNN_IDE_TOLERANCE = 702,        /**< f64, ide: relative residual at which the solver stops */
    SNN_IDE_ITERATIONS = 703,       /**< i64, ide: largest number of iterations of the solver */
    SNN_IDE_MEMORY = 704,           /**< i64, ide: number of rank-one terms that broyden keeps per sample */
    SNN_SPIDE_BACKWARD_STEPS = 711, /**< i64, spide, T_B: number of steps of the second stage */
    SNN_SPIDE_SCALE = 712,          /**< f64, spide, S: factor of the errors and of all gradients */
    SNN_SPIDE_BACKWARD_THRESHOLD = 713, /**< f64, spide: absolute potential at which a couple of the second stage
                                             fires */
    SNN_SPIDE_SPIKE_SIZE = 714,         /**< f64, spide, G: value of a couple's spike, and its reset amount */
    SNN_DSR_RECOMPUTE = 801,            /**< str, dsr, for batch norm over all steps: on (repeats the steps for every
                                             batch norm after spikes; memory does not grow with T), off (keeps the
                                             steps of neighbouring layers; faster), auto (on with at most one such
                                             norm) */
    SNN_SEI_TEMPORAL = 901,             /**< i64, sei: 1: the gradient passes through the potential of the previous
                                             step, but not through the reset */
    SNN_TRAINER_KEY_FORCE32 = 0x7fffffff
} snn_trainer_key;

/** One batch that the host supplies; begin with SNN_BATCH_INIT. The arrays are borrowed for the call. */
typedef struct snn_batch {
    uint32_t struct_size;    /**< set by the caller to sizeof(snn_batch) */
    uint32_t reserved;       /**< 0 */
    size_t samples;          /**< n, at most the batch size of snn_trainer_prepare() */
    size_t frames;           /**< 1: x is static; T: a frame for each step */
    const float *x;          /**< [n,C,H,W], or [T,n,C,H,W]; [N] in place of [C,H,W] for vectors */
    const uint32_t *labels;  /**< [n] or [T,n], each below the number of outputs; or NULL */
    const float *targets;    /**< desired outputs, [n,outputs] or [T,n,outputs]; or NULL */
    size_t target_frames;    /**< 1: one label or target per sample; T: one per step */
    const uint32_t *lengths; /**< [n], 1 .. frames, number of frames of each sample; NULL: all frames. Later frames of
                                  x, labels and targets are not read: the sample's input is 0 there. The loss is the
                                mean, and the summed output the sum, over the sample's length only */
} snn_batch;

/** Initialiser of snn_batch: no samples, static, one target per sample. */
#define SNN_BATCH_INIT SNN_INIT_(sizeof(snn_batch), 0, 0, 1, 0, 0, 0, 1, 0)

/** Results of an epoch, a step or an evaluation, as means over its samples. */
typedef struct snn_metrics {
    uint32_t struct_size;      /**< set by the caller to sizeof(snn_metrics) */
    uint32_t reserved;         /**< 0 */
    uint64_t samples;          /**< samples seen; all those of an epoch that was interrupted and continued */
    double loss;               /**< mean total loss of a sample */
    double accuracy;           /**< share of samples whose largest summed output is the label's, in [0, 1]; with a
                                    label for each step, the share of a sample's steps whose largest output is, as a
                                    mean over the samples; NaN with targets */
    double seconds;            /**< wall-clock time of this call */
    double learning_rate;      /**< of the last update; 0 in evaluation */
    double gradient_norm;      /**< of the last update, before clipping, if clip_norm is set; else 0 */
    double firing_rate;        /**< spikes per neuron and step, over all populations */
    double synops_dense;       /**< synaptic operations per sample (all T steps), as if every input were non-zero */
    double synops_mac;         /**< multiply-accumulates among them, per sample: non-zero weight times non-zero input,
                                    in layers and steps whose input has other numbers than -1, 0 and 1 (evaluation
                                    only) */
    double synops_ac;          /**< accumulates among them, per sample: the same where all inputs are -1, 0 or 1
                                    (evaluation only) */
    double solver_residual;    /**< ide: largest final residual of the solver in a batch, relative to the right-hand
                                    side */
    double solver_iterations;  /**< ide: iterations of the solver, mean over the batches */
    uint64_t solver_failures;  /**< ide: batches whose solver stopped before it reached its tolerance */
    double equilibrium_gap;    /**< ide: ||f(a) - a|| / ||a|| of the rates a, mean over the batches */
    double backward_rate;      /**< spide: spikes of either sign per neuron and step of the second stage, over all
                                    populations */
    double samples_per_second; /**< samples seen in this call, per second */
    double squared_error;      /**< mean over samples and outputs of (prediction - target)^2; the prediction is the
                                    mean output or what SNN_TRAINER_LOSS_ON says, or with a target for each step the
                                    output of each step; NaN with labels */
    double r2;                 /**< coefficient of determination 1 - sum (prediction - target)^2 /
                                    sum (target - mean target)^2, mean over the outputs whose targets differ; NaN with
                                    labels */
    double smape; /**< symmetric mean absolute percentage error, 0 .. 200: 200 times the mean over samples
                       and outputs of |prediction - target| / (|prediction| + |target|), which is 0 where
                       both are 0; NaN with labels */
    double top5;  /**< share of samples whose label is among the five largest summed outputs, of equal ones the first,
                       in [0, 1]; NaN with targets, and of networks of fewer than six outputs */
} snn_metrics;

/** Initialiser of snn_metrics, for a call to fill. */
#define SNN_METRICS_INIT SNN_INIT_(sizeof(snn_metrics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

/** Results of one layer in the last epoch, step or evaluation; in the progress callback of an epoch, those of the
 * epoch so far. */
typedef struct snn_layer_metrics {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_layer_metrics) */
    uint32_t reserved;    /**< 0 */
    double firing_rate;   /**< spikes per neuron and step; 0 for layers that do not spike */
    double synops_dense;  /**< as in snn_metrics, of this layer; 0 for layers without weights */
    double synops_mac;    /**< as in snn_metrics, of this layer */
    double synops_ac;     /**< as in snn_metrics, of this layer */
    double backward_rate; /**< as in snn_metrics, of this layer */
} snn_layer_metrics;

/** Initialiser of snn_layer_metrics, for snn_trainer_layer_metrics() to fill. */
#define SNN_LAYER_METRICS_INIT SNN_INIT_(sizeof(snn_layer_metrics), 0, 0.0, 0.0, 0.0, 0.0, 0.0)

/** Parts, settings and position of a trainer. The handles are borrowed. */
typedef struct snn_trainer_info {
    uint32_t struct_size;       /**< set by the caller to sizeof(snn_trainer_info) */
    uint32_t prepared;          /**< 1: after snn_trainer_prepare() */
    const char *method;         /**< "ottt"; static storage; NULL for an evaluator */
    snn_context *context;       /**< context of the network */
    snn_network *network;       /**< network that it trains or evaluates */
    snn_optimizer *optimizer;   /**< NULL for an evaluator */
    snn_projection *projection; /**< NULL if none is set */
    snn_trainer *teacher;       /**< NULL if none is set */
    uint64_t batch;             /**< largest number of samples of a batch; 0 before snn_trainer_prepare() */
    uint64_t steps;             /**< T, number of time steps */
    uint64_t epochs;            /**< completed epochs; in a sequence of tasks, those of the present task */
    uint64_t updates;           /**< updates of the parameters; in a sequence of tasks, those of the present task */
    uint64_t bytes;             /**< memory of the trainer; 0 before snn_trainer_prepare() */
    uint64_t samples;           /**< n of the present batch, in an observer; of the last one between two batches */
} snn_trainer_info;

/** Initialiser of snn_trainer_info, for snn_trainer_get_info() to fill. */
#define SNN_TRAINER_INFO_INIT SNN_INIT_(sizeof(snn_trainer_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

/** Progress of an epoch or evaluation. */
typedef struct snn_progress {
    uint32_t struct_size; /**< sizeof(snn_progress) as the library was compiled */
    uint32_t training;    /**< 1 in snn_trainer_epoch(), 0 in snn_trainer_evaluate() */
    uint64_t epoch;       /**< number of completed epochs */
    uint64_t done;        /**< samples of this epoch or evaluation so far */
    uint64_t total;       /**< all samples of this epoch or evaluation */
    double loss;          /**< mean so far */
    double accuracy;      /**< mean so far; NaN with targets */
    double seconds;       /**< since the call began */
    double squared_error; /**< so far, as in snn_metrics */
    double r2;            /**< so far, as in snn_metrics */
} snn_progress;

/** Called after every batch of an epoch or evaluation, in the calling thread. Returns 0 to continue. Any other value
 * ends the call with SNN_ERR_CANCELLED between two batches: the trainer can be saved, and continues from there.
 *
 * In the callback of an epoch, the host may evaluate and predict with this trainer, and save it; the results of the
 * epoch are not affected. Any other call that computes with the trainer, prepares, loads or restarts it returns
 * SNN_ERR_STATE. So does every such call in all other callbacks: of evaluations, observers, noise, data sets.
 * Destroying the trainer in a callback is an error of the host, which a debug build asserts. */
typedef int (*snn_progress_fn)(void *user, const snn_progress *progress);

/** Phases of a training run at which an observer is called. */
typedef enum snn_phase {
    SNN_PHASE_FORWARD = 1,  /**< after the forward pass of step `step`: signals may be read */
    SNN_PHASE_GRADIENT = 2, /**< after the gradient of step `step`: that step's contribution may be read, with
                                 SNN_OBSERVE_GRADIENTS. Not with batch norm over all steps, which joins the steps */
    SNN_PHASE_UPDATE = 3,   /**< before an update: the gradient that the optimizer takes may be read; `step` is 0 */
    SNN_PHASE_BACKWARD = 4, /**< spide: after step `step` of the second stage, signals of populations may be read.
                                 opzo, eprop: after the errors of step `step`, SNN_SIGNAL_ERROR may be read */
    SNN_PHASE_FORCE32 = 0x7fffffff
} snn_phase;

/** Signals of a layer, readable during SNN_PHASE_FORWARD and SNN_PHASE_BACKWARD. During the second stage of spide,
 * outputs of populations are spikes -1, 0 or 1, and membrane potentials those of the second stage. */
typedef enum snn_signal {
    SNN_SIGNAL_OUTPUT = 1,   /**< spikes (0 or 1) of a population, values of any other layer */
    SNN_SIGNAL_MEMBRANE = 2, /**< membrane potential before the threshold test and the reset */
    SNN_SIGNAL_TRACE = 3,    /**< presynaptic trace, with methods that keep one */
    SNN_SIGNAL_ERROR = 4,    /**< opzo, eprop, in SNN_PHASE_BACKWARD: the method's estimate of the derivative of the
                                  loss by the output of the step */
    SNN_SIGNAL_FORCE32 = 0x7fffffff
} snn_signal;

/** Flags of snn_trainer_observe(). */
#define SNN_OBSERVE_SIGNALS 1u   /**< keep the signals of every layer until the end of the step */
#define SNN_OBSERVE_GRADIENTS 2u /**< compute the gradient of every step separately (slower) */
#define SNN_OBSERVE_INPUT                                                                      \
    4u /**< compute the gradient of the input, for snn_trainer_read_input_gradient(); needs no \
            observer */

/** Supplies noise: called for every perturbed population, before every step of training, in the calling thread.
 * @param layer the population, borrowed from the network of the trainer
 * @param z receives [n, shape of the layer] in C order, not yet multiplied by the size of the noise
 * @param length numbers in z */
typedef void (*snn_noise_fn)(void *user, const snn_layer *layer, size_t step, float *z, size_t length);

/** Called at the phases of snn_phase, during training and evaluation, in the calling thread. */
typedef void (*snn_observe_fn)(void *user, snn_trainer *trainer, snn_phase phase, size_t step);

SNN_BEGIN_DECLS

/** Creates a trainer. Prepares the network if it is not prepared. Borrows network and optimizer: destroy the trainer
 * first.
 * @param out receives the trainer; NULL on failure
 * @param method such as "ottt"; snn_name() lists the names
 * @return SNN_ERR_ARGUMENT (NULL; unknown method: the message lists the names), SNN_ERR_UNSUPPORTED, SNN_ERR_MEMORY,
 * and as snn_network_prepare() */
SNN_API SNN_CHECKED snn_status snn_trainer_create(snn_trainer **out, snn_network *network, snn_optimizer *optimizer,
                                                  const char *method);

/** Creates an evaluator: a trainer without method and optimizer, for a network that was trained by any method. It
 * evaluates, predicts, may be observed, and may be the teacher of a trainer. Its results are the same, bit for bit,
 * as those of a trainer with the same parameters. Its parameters are SNN_TRAINER_STEPS, those of the loss except the
 * teacher's, SNN_TRAINER_ENCODER and SNN_TRAINER_SHARDS. Calls that train return SNN_ERR_STATE. Prepares the network
 * if it is not prepared. Borrows the network: destroy the evaluator first, by snn_trainer_destroy().
 * @param out receives the evaluator; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_UNSUPPORTED, SNN_ERR_MEMORY, and as snn_network_prepare() */
SNN_API SNN_CHECKED snn_status snn_evaluator_create(snn_trainer **out, snn_network *network);

/** Frees a trainer; NULL is accepted. */
SNN_API void snn_trainer_destroy(snn_trainer *trainer);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE, SNN_ERR_STATE (fixed by
 * snn_trainer_prepare()) */
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
/** Describes parameter number `index`, from 0; the parameters of the method come last. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_trainer_param_info(const snn_trainer *trainer, size_t index, snn_param_info *info);

/** Sets a callback that runs after every batch of epochs and evaluations.
 * @param fn NULL: none
 * @param user passed to `fn`, borrowed
 * @return SNN_ERR_ARGUMENT (NULL trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_on_progress(snn_trainer *trainer, snn_progress_fn fn, void *user);

/** Sets an observer, which runs at the phases of snn_phase, between two calls of the trainer. Other flags than before
 * need other memory: a trainer that is prepared then plans again, as a second snn_trainer_prepare() does. Results are
 * the same with and without SNN_OBSERVE_SIGNALS. Unchanged after a failure.
 * @param flags SNN_OBSERVE_SIGNALS, SNN_OBSERVE_GRADIENTS, SNN_OBSERVE_INPUT, together or 0
 * @param fn NULL: none; of the flags SNN_OBSERVE_INPUT alone counts then
 * @param user passed to `fn`, borrowed
 * @return SNN_ERR_ARGUMENT (NULL trainer, unknown flags), SNN_ERR_STATE (gradients of an evaluator; in a callback of
 * this trainer), SNN_ERR_UNSUPPORTED (SNN_OBSERVE_INPUT in a prepared trainer whose method sends no error to the
 * input), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_trainer_observe(snn_trainer *trainer, unsigned flags, snn_observe_fn fn,
                                                   void *user);

/** Sets a loss function of the host in place of SNN_TRAINER_LOSS, at any time between two calls. The library calls it
 * wherever it would compute its own loss: for every step, or once for what all outputs come to (SNN_TRAINER_LOSS_ON),
 * in training, in evaluation, and in snn_stream_learn_label() and snn_stream_learn_target(). The loss may use labels
 * or targets. A teacher (SNN_TRAINER_DISTIL) adds its share as it does to any loss. In the function, every call that
 * computes with this trainer returns SNN_ERR_STATE.
 * @param fn NULL: the loss of SNN_TRAINER_LOSS again
 * @param user passed to `fn`, borrowed
 * @return SNN_ERR_ARGUMENT (NULL trainer), SNN_ERR_STATE (in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_on_loss(snn_trainer *trainer, snn_loss_fn fn, void *user);

/** Sets a function that supplies the noise of opzo, in place of draws from the context's seed. The function decides
 * on distribution and antithetic pairs. Only before snn_trainer_prepare(). Other methods never call it.
 * @param fn NULL: noise from the context's seed again
 * @param user passed to `fn`, borrowed
 * @return SNN_ERR_ARGUMENT (NULL trainer), SNN_ERR_STATE (prepared) */
SNN_API SNN_CHECKED snn_status snn_trainer_on_noise(snn_trainer *trainer, snn_noise_fn fn, void *user);

/** Sets the teacher of a trainer with SNN_TRAINER_DISTIL above 0. For every training batch the teacher evaluates the
 * same samples, with the same augmentation. Its logits are the mean of its outputs over its own steps.
 * @param teacher an evaluator or another trainer, of the same context, for samples and outputs of the same shapes,
 * prepared for batches of at least the same size. Borrowed: destroy it after this trainer. NULL: none
 * @return SNN_ERR_ARGUMENT (NULL trainer, the trainer itself, another context), SNN_ERR_SHAPE (samples or outputs
 * differ) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_teacher(snn_trainer *trainer, snn_trainer *teacher);

/** Sets the teacher's logits for the next batch of snn_trainer_step(), in place of a teacher. A batch that fails
 * keeps them for the next try. A batch of another size, or an epoch, discards them. Allocates nothing.
 * @param logits [n,classes], the same for every step; copied
 * @param n number of samples of that batch
 * @return SNN_ERR_ARGUMENT (NULL, n out of range, a logit that is not finite), SNN_ERR_STATE (not prepared with
 * SNN_TRAINER_DISTIL above 0; in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_logits(snn_trainer *trainer, const float *logits, size_t n);

/** Sets a projection: the trainer then learns its lateral weights and projects weight gradients. Only before
 * snn_trainer_prepare().
 * @param projection of the same network, borrowed; NULL: none
 * @return SNN_ERR_ARGUMENT (NULL trainer, another network), SNN_ERR_STATE (prepared) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_projection(snn_trainer *trainer, snn_projection *projection);

/** Sets the ranks that train together: all of them then make the same calls, and have the same results. Only before
 * snn_trainer_prepare(), which all ranks call, too. Evaluators take one as well. Streams and snn_trainer_predict()
 * stay this rank's own. docs/ranks.md.
 * @param communicator copied; its functions must be there as long as the trainer; NULL: this rank is alone
 * @return SNN_ERR_ARGUMENT (NULL trainer, a rank that is not below the size, a function that is missing),
 * SNN_ERR_VERSION (a field of a later version), SNN_ERR_STATE (prepared, or in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_set_communicator(snn_trainer *trainer,
                                                            const snn_communicator *communicator);

/** Tells which samples of a batch of n this rank reads: `count` of them, from number `first` on. In
 * snn_trainer_step() the others' x may be anything; labels, targets and lengths are those of the whole batch. Without
 * a communicator all are read. Real-time safe.
 * @param first, count receive the samples; a rank may have none of a small batch
 * @return SNN_ERR_ARGUMENT (NULL, n out of range), SNN_ERR_STATE (not prepared) */
SNN_API SNN_CHECKED snn_status snn_trainer_share(const snn_trainer *trainer, size_t n, size_t *first, size_t *count);

/** Allocates all memory for batches of at most `batch` samples. Afterwards steps, epochs and evaluations allocate
 * nothing. A second call plans again, and keeps epoch, moments and parameters. The old plan exists until the new one
 * is complete, and stays if the call fails. If memory is too short for both, save a checkpoint and destroy the
 * trainer first.
 * @return SNN_ERR_ARGUMENT (NULL, batch 0), SNN_ERR_UNSUPPORTED (the method cannot train this network with these
 * settings: the message gives the reason; or batches of one sample with a batch norm over vectors, whose variance is
 * undefined), SNN_ERR_STATE (in a callback of this trainer), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_trainer_prepare(snn_trainer *trainer, size_t batch);

/** Describes the trainer and its position. May also be called in callbacks. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_trainer_get_info(const snn_trainer *trainer, snn_trainer_info *info);

/** Trains one batch that the host supplies: forward, backward, update.
 * @param batch with labels or targets, not both
 * @param metrics receives the results; may be NULL
 * @return SNN_ERR_ARGUMENT (NULL, a field out of range, targets with a loss of labels, one sample with a batch norm
 * over vectors), SNN_ERR_UNSUPPORTED (labels or targets for each step, or lengths, with one loss for all steps),
 * SNN_ERR_STATE (not prepared, an evaluator, no teacher), SNN_ERR_DIVERGED (input, target, loss, gradient or a
 * running statistic is not finite, or the gradient is so large that moments or weights would overflow), or the status
 * of the host's loss. A failed update changes nothing: neither parameters nor running statistics, moments, feedback
 * matrices or lateral weights. Allocates nothing. */
SNN_API SNN_CHECKED snn_status snn_trainer_step(snn_trainer *trainer, const snn_batch *batch, snn_metrics *metrics);

/** Trains one epoch, or the rest of an epoch that was interrupted: by the progress callback, or by a sample that
 * could not be read. A batch with such a sample changes nothing and is tried again; SNN_TRAINER_SKIP_UNREADABLE
 * leaves it out. A last batch of one sample is left out if a batch norm over vectors needs a variance. Allocates
 * nothing.
 * @param metrics receives the results; may be NULL
 * @return as snn_trainer_step(); SNN_ERR_SHAPE (data set and network differ), SNN_ERR_STATE (the interrupted epoch is
 * over a data set of another size or kind: continue with that one, or call snn_trainer_restart_epoch()),
 * SNN_ERR_CANCELLED, the data set's status for a sample, SNN_ERR_IO (every batch was left out) */
SNN_API SNN_CHECKED snn_status snn_trainer_epoch(snn_trainer *trainer, const snn_dataset *dataset,
                                                 snn_metrics *metrics);

/** Discards the rest of an interrupted epoch, if there is one: the next snn_trainer_epoch() starts it again, over any
 * data set. The updates made so far stay.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (in a callback of this trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_restart_epoch(snn_trainer *trainer);

/** Evaluates a data set in its order: loss, accuracy (with targets: squared error and R2), firing rates, synaptic
 * operations. Changes no parameter. Allocates nothing.
 * @param metrics receives the results; may be NULL
 * @return as snn_trainer_epoch() */
SNN_API SNN_CHECKED snn_status snn_trainer_evaluate(snn_trainer *trainer, const snn_dataset *dataset,
                                                    snn_metrics *metrics);

/** Runs the network in evaluation mode on a batch. Ignores labels and targets. Allocates nothing.
 * @param out [n,outputs], receives the sum of the outputs over the steps of each sample; with SNN_TRAINER_LOSS_ON
 * last its last output, with max the maxima of its outputs
 * @return as snn_trainer_step() */
SNN_API SNN_CHECKED snn_status snn_trainer_predict(snn_trainer *trainer, const snn_batch *batch, float *out);

/** Reads the results of one layer in the last epoch, step or evaluation. Real-time safe.
 * @param layer of the trainer's network
 * @param metrics receives the results
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network), SNN_ERR_STATE (not prepared) */
SNN_API SNN_CHECKED snn_status snn_trainer_layer_metrics(const snn_trainer *trainer, const snn_layer *layer,
                                                         snn_layer_metrics *metrics);

/** Reads a signal of a layer, in an observer with SNN_OBSERVE_SIGNALS during SNN_PHASE_FORWARD or SNN_PHASE_BACKWARD.
 * Real-time safe.
 * @param layer of the trainer's network
 * @param out receives [n, shape of the layer] in C order; unchanged after a failure
 * @param length size of `out`, in numbers
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network, `out` too small), SNN_ERR_STATE (in another phase, or
 * without SNN_OBSERVE_SIGNALS), SNN_ERR_UNSUPPORTED (the layer or method has no such signal at this step) */
SNN_API SNN_CHECKED snn_status snn_trainer_read_signal(const snn_trainer *trainer, const snn_layer *layer,
                                                       snn_signal signal, float *out, size_t length);

/** Reads the gradient of a tensor of a layer: in an observer during SNN_PHASE_GRADIENT or SNN_PHASE_UPDATE, or the
 * gradient of the last update between two batches. Real-time safe.
 * @param layer of the trainer's network
 * @param tensor its name, such as "weight"
 * @param out receives the gradient in the tensor's shape, in C order; unchanged after a failure
 * @param length size of `out`, in numbers
 * @return SNN_ERR_ARGUMENT (NULL, a layer of another network, no such tensor, `out` too small), SNN_ERR_STATE (in
 * another phase, not prepared for training, or no gradient yet), SNN_ERR_UNSUPPORTED (not a trained tensor) */
SNN_API SNN_CHECKED snn_status snn_trainer_read_gradient(const snn_trainer *trainer, const snn_layer *layer,
                                                         const char *tensor, float *out, size_t length);

/** Reads the gradient of the input, that is of `x` of the last batch, with SNN_OBSERVE_INPUT: where
 * snn_trainer_read_gradient() reads the gradient of the last update. Its derivative is exact with bptt, and goes
 * through the layers of each step alone with ottt, sltt and sei.
 * @param out receives the gradient in the shape of `x`, [n,C,H,W] or [T,n,C,H,W], in C order; unchanged after a
 * failure
 * @param length size of `out`, in numbers
 * @return SNN_ERR_ARGUMENT (NULL, `out` too small), SNN_ERR_STATE (without SNN_OBSERVE_INPUT; in another phase, or no
 * gradient yet) */
SNN_API SNN_CHECKED snn_status snn_trainer_read_input_gradient(const snn_trainer *trainer, float *out, size_t length);

/** Runs the network in training mode on a batch, as the first part of a step whose loss the host computes:
 * snn_trainer_backward() forms the gradients, snn_trainer_update() updates the parameters. Running statistics follow
 * the batch. Ignores labels and targets. Allocates nothing.
 * @param out [T,n,outputs], receives the output of every step; 0 at steps without an output
 * @return as snn_trainer_step(); SNN_ERR_UNSUPPORTED (a method that updates at every step, or that needs the mean
 * output, as dsr, ide and spide, or the loss of every sample, as opzo with zo or side readouts) */
SNN_API SNN_CHECKED snn_status snn_trainer_forward(snn_trainer *trainer, const snn_batch *batch, float *out);

/** Forms the gradients of the batch of the last snn_trainer_forward() as the method does, from errors of the host,
 * and updates nothing. snn_trainer_read_gradient() and snn_trainer_read_input_gradient() read them. Methods that keep
 * one step run the batch again, with the same random numbers. Allocates nothing.
 * @param batch as in snn_trainer_forward(), with the same contents
 * @param error [T,n,outputs], derivative of the host's loss by every output. At steps after a sample's length it is
 * ignored
 * @return SNN_ERR_ARGUMENT (NULL, another number of samples or frames), SNN_ERR_STATE (the last call that computed
 * was not snn_trainer_forward()), SNN_ERR_DIVERGED (an error or a statistic is not finite: the running statistics are
 * then as before the batch) */
SNN_API SNN_CHECKED snn_status snn_trainer_backward(snn_trainer *trainer, const snn_batch *batch, const float *error);

/** Updates the parameters with the gradients of snn_trainer_backward(). Allocates nothing.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (the last call that computed was not snn_trainer_backward()),
 * SNN_ERR_DIVERGED as snn_trainer_step() */
SNN_API SNN_CHECKED snn_status snn_trainer_update(snn_trainer *trainer);

/** Starts the stream of a trainer whose method learns at every time step (ottt, sltt, opzo, sei, eprop):
 * snn_stream_step() runs the network, snn_stream_learn() trains it. The trainer must be prepared for batches of one
 * sample with SNN_TRAINER_STEPS 1. The context should have one thread, since waking other threads costs time. The
 * stream begins as after snn_stream_reset(). It ends when the trainer runs a batch or is prepared again: its calls
 * then return SNN_ERR_STATE until it is started again.
 * @param out receives the stream; NULL on failure. Borrowed from the trainer, which has one: always the same handle,
 * valid until snn_trainer_destroy()
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not prepared in this way, an evaluator), SNN_ERR_UNSUPPORTED (the
 * method needs all steps at once; or batch norm, a projection or a teacher: the message says which) */
SNN_API SNN_CHECKED snn_status snn_trainer_stream(snn_trainer *trainer, snn_stream **out);

/** Trains on the last step. The error propagates through the layers of that step, its product with the presynaptic
 * traces (ottt, opzo), spikes (sltt, sei) or eligibilities (eprop) is the gradient, and the optimizer updates the
 * parameters:
 *
 *     dW = delta(error) factor'                                     docs/methods/ottt.md, docs/realtime.md
 *
 * Each step can be learned from once. Real-time safe.
 * @param error [outputs], derivative of the quantity to minimise by the output of the step
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (not a trainer's stream, or ended by its trainer; no step since the
 * last call), SNN_ERR_UNSUPPORTED (opzo with zo or side readouts needs a label or a target), SNN_ERR_DIVERGED (error
 * or gradient not finite, or too large for an update; parameters and feedback matrices are unchanged). The step can
 * still be learned from after an error that is not finite, but not after a gradient that is refused */
SNN_API SNN_CHECKED snn_status snn_stream_learn(snn_stream *stream, const float *error);

/** Trains on the last step with the error of the trainer's loss for a label. Real-time safe, if the host's own loss
 * is.
 * @param label below the number of outputs
 * @param loss receives the loss of the step; may be NULL
 * @return as snn_stream_learn(); SNN_ERR_ARGUMENT (label out of range), or the status of the host's loss. The step
 * can still be learned from after either */
SNN_API SNN_CHECKED snn_status snn_stream_learn_label(snn_stream *stream, uint32_t label, double *loss);

/** Trains on the last step with the error of the trainer's loss for a target. Real-time safe, if the host's own loss
 * is.
 * @param target [outputs], desired output of the step
 * @param loss receives the loss of the step; may be NULL
 * @return as snn_stream_learn(); SNN_ERR_ARGUMENT (the loss takes labels, such as ce), SNN_ERR_DIVERGED (a target
 * that is not finite), or the status of the host's loss. The step can still be learned from after each of these */
SNN_API SNN_CHECKED snn_status snn_stream_learn_target(snn_stream *stream, const float *target, double *loss);

/** Writes a checkpoint: the network, the optimizer's moments, the state of the method, the position in the epoch, the
 * size of its data set, and the counts of batches and updates. With several ranks any of them may write one, which
 * all can load, however many there are. With SNN_TRAINER_SEND bf16 or sign all ranks call it together, since each has
 * a part of what compression has lost.
 * @param path NULL, with several ranks: takes part, and writes nothing
 * @return as snn_network_save(); SNN_ERR_STATE also in any callback of the trainer except the progress callback of an
 * epoch; the status of the communicator */
SNN_API SNN_CHECKED snn_status snn_trainer_save(const snn_trainer *trainer, const char *path);

/** Loads a checkpoint. A trainer with the same network, method, optimizer and settings as the saved one continues as
 * the saved one would have, bit for bit. Several ranks load the same file. The trainer is unchanged after a failure.
 * @return as snn_network_load(); SNN_ERR_STATE (network, method or optimizer differ, or an epoch is under way that is
 * cut into other shards, the message says how; compressed gradients, and not prepared; or in a callback of the
 * trainer) */
SNN_API SNN_CHECKED snn_status snn_trainer_load(snn_trainer *trainer, const char *path);

SNN_END_DECLS

#endif
