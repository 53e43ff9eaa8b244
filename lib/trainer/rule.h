/* trainer/rule.h - what a training method is. Adding one takes a file of its own and one line in rules.c. */
#ifndef SNN_TRAINER_RULE_H
#define SNN_TRAINER_RULE_H

#include "trainer/trainer.h"

struct snn__rule {
    const char *name; /* what the user selects: "ottt" */
    const char *text; /* what it is, in one line */
    const struct snn__param *params;
    size_t n_params;
    size_t state_size; /* of `self` */
    /* Can it train this network, with the parameters as they are? The message says why not. NULL: any. */
    snn_status (*check)(const snn_trainer *trainer);
    const char *networks; /* what it trains, for the message of a network that it does not */
    /* Arrays that it carries from batch to batch, and that belong to a run as the moments of an optimizer do:
     * describes number `index` by the parameters as they are, false past the last; and gives it its first values.
     * NULL: none. */
    bool (*memory)(const snn_trainer *trainer, size_t index, struct snn__memory *memory);
    void (*begin_memory)(const snn_trainer *trainer, const struct snn__memory *memory);
    /* What it asks of the plan, from its parameters. */
    void (*needs)(const snn_trainer *trainer, struct snn__needs *needs);
    /* Asks for its own memory, once the pass is planned. NULL: has none. */
    snn_status (*plan)(void *self, snn_trainer *trainer, struct snn__arena *arena);
    /* Loss and accuracy are of the mean output, by the shares of its last population; else the host's choice of
     * loss_on, equal shares. */
    bool rates;
    /* May the input's constancy be used? NULL: yes. */
    bool (*uses_constancy)(const snn_trainer *trainer);
    /* A batch begins; `stream` names its random numbers. NULL: nothing to do. */
    void (*begin)(void *self, snn_trainer *trainer, uint64_t stream);
    /* Must it see the input of all steps before the first of them runs? NULL: no. Then `ahead` is called for each. */
    bool (*looks_ahead)(const void *self);
    void (*ahead)(void *self, snn_trainer *trainer, size_t t);
    /* Step t is about to run: may perturb it. NULL: nothing to do. */
    void (*before)(void *self, snn_trainer *trainer, size_t t);
    /* Is step t trained? NULL: all are. */
    bool (*trains)(const void *self, size_t t);
    /* The forward pass of a trained step t and its loss are done, the error at the output is set. NULL: nothing to
     * do. */
    snn_status (*step)(void *self, snn_trainer *trainer, size_t t);
    bool streams; /* what step() does may be all: it learns in a stream, unless its parameters ask for history */
    /* Does it read the losses of single samples, besides the error at the output? NULL: no. */
    bool (*needs_loss)(const snn_trainer *trainer);
    /* All steps are done. */
    snn_status (*finish)(void *self, snn_trainer *trainer);
};

/* The list: rules.c. NULL if there is none of that name. */
const struct snn__rule *snn__rule_named(const char *name);
snn__names snn__rule_names, snn__streaming_names;

/* What the methods share. */

/* credit.c: the one door to a weight gradient. The presynaptic factor is the trace where there is one, else the
 * value. */
void snn__credit(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, struct snn__signal e);
/* The gradient of step t is complete: shows it to an observer that asked for single steps. */
void snn__step_credited(snn_trainer *trainer, size_t t);
/* Gathers the gradient of all that was credited since the last call and lets the optimizer update the parameters. */
snn_status snn__learn(snn_trainer *trainer);
/* The same within a sequence, whose next step runs with the new parameters. */
snn_status snn__learn_within(snn_trainer *trainer);

struct snn__solution;
/* For the metrics: a method solved an equation, which left this; `gap` is how far the rates are from their
 * equilibrium. */
void snn__solved(snn_trainer *trainer, const struct snn__solution *solution, double gap);

#endif
