/* trainer/rule.h - what a training method is. Adding one takes a file of its own and one line in list.h.
 *
 * All methods form weight gradients as error (x) presynaptic factor, and differ in three things that a rule states:
 * the factor, the route of the error and the moment of the update (pass/pass.h). Operations of a step take (trainer,
 * t), those of a batch the trainer; the state of the method is trainer->self. */
#ifndef SNN_TRAINER_RULE_H
#define SNN_TRAINER_RULE_H

#include "trainer/trainer.h"

struct snn__rule {
    const char *name; /* what the user selects: "ottt" */
    const char *text; /* description in one line */
    const struct snn__param *params;
    size_t n_params;
    size_t state_size;    /* of `self` */
    const char *networks; /* networks that it trains, for the message that refuses another one */

    enum snn__factor factor;
    enum snn__route route;
    enum snn__moment learns;
    /* Sets these three, and the rest of the demand, by the parameters. NULL: they are as stated. */
    void (*choose)(const snn_trainer *trainer, struct snn__demand *demand);
    /* SNN_OK if it trains this network with the present parameters; the message says why not. NULL: any network. */
    snn_status (*check)(const snn_trainer *trainer);
    /* Arrays that it carries from batch to batch, and that belong to a run as the moments of an optimizer do:
     * describes number `index` by the parameters as they are, false past the last. NULL: none. */
    bool (*memory)(const snn_trainer *trainer, size_t index, struct snn__memory *memory);
    /* Reserves memory of its own, after the pass is planned. NULL: none. */
    snn_status (*plan)(snn_trainer *trainer, struct snn__arena *arena);

    /* A batch begins, or a stream: trainer->run.batches names its random numbers. NULL: nothing to do. */
    void (*begin)(snn_trainer *trainer);
    /* With trainer->looks_ahead: the input of step t, for all steps before the first one runs. */
    void (*ahead)(snn_trainer *trainer, size_t t);
    /* Step t is about to run: may perturb it. NULL: nothing to do. */
    void (*before)(snn_trainer *trainer, size_t t);
    /* Step t has run, its error is not known yet: for values gathered forward in time. NULL: nothing to do. */
    void (*after)(snn_trainer *trainer, size_t t);
    /* True if step t is trained. NULL: all are. */
    bool (*trains)(const snn_trainer *trainer, size_t t);
    /* The forward pass of a trained step t and its loss are done, the error at the output is set. NULL, or steps are
     * kept: nothing to do. */
    snn_status (*step)(snn_trainer *trainer, size_t t);
    /* All steps are done. NULL: snn__finish_steps(). */
    snn_status (*finish)(snn_trainer *trainer);
};

/* NULL if there is none of that name. */
const struct snn__rule *snn__rule_named(const char *name);
snn__names snn__rule_names, snn__streaming_names;

/* The route stays within a step, so that the method learns in a stream. */
static inline bool snn__learns_in_steps(enum snn__route route)
{
    return route == SNN__ROUTE_SPACE || route == SNN__ROUTE_DIRECT;
}

/* check.c: checks that several methods share. SNN_OK if the network has no feedback. */
snn_status snn__check_forward(const snn_trainer *trainer);
/* The planned method learns from the loss of a label or a target, not from an error at the output alone. */
bool snn__needs_loss(const snn_trainer *trainer);
/* Layers between populations and weights map traces as they map spikes. */
snn_status snn__check_traces(const snn_trainer *trainer);

/* learn.c: the sweeps that methods are made of. Gradients take `factor`; an observer sees those of single steps. */

/* The only place where a weight gradient is formed: dW += e (x) factor. */
void snn__credit(const struct snn__sweep *sweep, struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io,
                 struct snn__signal e, struct snn__signal factor);
/* Errors go down through step t as the sweep says; an update, if there is one per step. */
snn_status snn__back_sweep(snn_trainer *trainer, size_t t, const struct snn__sweep *sweep);
/* dW += D[t] (x) factor[t] of all layers of step t. */
snn_status snn__back_step(snn_trainer *trainer, size_t t, enum snn__factor factor);
/* The same with direct errors: `direct`, called with the trainer, gives those of populations. */
snn_status snn__back_direct(snn_trainer *trainer, size_t t, enum snn__factor factor, snn__direct_fn direct);
/* All steps are done: the rule's finish. */
snn_status snn__finish(snn_trainer *trainer);
/* The gradients of layers that compute once for all steps, and the update, unless there was one per step. */
snn_status snn__finish_steps(snn_trainer *trainer);
/* dW = sum_t D[t] (x) factor[t] over kept steps, and the update. detached: no error goes through the reset. */
snn_status snn__back_time(snn_trainer *trainer, enum snn__factor factor, bool detached);
/* dW = E (x) factor, E the sums of errors over the steps, and the update. */
snn_status snn__back_means(snn_trainer *trainer, enum snn__factor factor);
/* A sweep whose gradients take `factor`. */
struct snn__sweep snn__sweep(enum snn__factor factor);
/* A sweep that forms no gradient. */
extern const struct snn__sweep snn__sweep_errors;
/* The gradient of step t is complete: shows it to an observer that asked for single steps. */
void snn__step_credited(snn_trainer *trainer, size_t t);
/* Gathers the gradient credited since the last call, and lets the optimizer update the parameters, unless the host
 * says when. */
snn_status snn__learn(snn_trainer *trainer);
/* The optimizer updates the parameters with the gradient that was gathered last. */
snn_status snn__update(snn_trainer *trainer);
/* Discards the gradient credited since the last update. */
void snn__discard_gradient(snn_trainer *trainer);

struct snn__solution;
/* For the metrics: a method solved an equation; `gap` is the distance of the rates from their equilibrium. */
void snn__solved(snn_trainer *trainer, const struct snn__solution *solution, double gap);

#endif
