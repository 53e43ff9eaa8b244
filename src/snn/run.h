/* run.h - the objects of a run, made as its configuration says. */
#ifndef SNN_TOOL_RUN_H
#define SNN_TOOL_RUN_H

#include "config.h"
#include "params.h"
#include "tool.h"

struct run {
    json_t *config; /* the run owns it */
    snn_context *context;
    snn_dataset *train, *test;
    snn_dataset *validation; /* a share of the training set, or NULL */
    snn_network *network;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    snn_trainer *evaluator;     /* NULL: the trainer evaluates */
    snn_projection *projection; /* NULL: gradients are not projected */
    snn_continual *sequence;    /* of tasks, or NULL */
    snn_network *taught;        /* of the teacher, and what evaluates it; NULL without one */
    snn_trainer *teacher;
    snn_dataset_info shape; /* of the samples */
};

#define SPLIT_VALIDATION ((snn_split)3) /* the share of the training samples that judges, of a sequence */
#define RUN_LAYERS 256                  /* most layers of a network with lateral neurons */

/* Every step returns DONE or FAILED and has said why. run_close() may follow any of them. */
int run_context(struct run *run);
/* Opens one split; a training split is limited and augmented as configured, any is normalised. With "validation" the
 * training split leaves out a share of its samples, which become the run's validation. */
int run_data(struct run *run, snn_dataset **out, snn_split split);
/* True if both splits are shares of the training set. */
bool run_shares(const json_t *config);
/* Samples of a split that are read at all; 0: all. Those of classes and shares are known when all labels are. */
size_t run_first_samples(const json_t *config, snn_split split);
/* A view takes the place of *set, with the classes, the share and the limit that the configuration has for the split;
 * without any, it stays. */
int run_view(const struct run *run, snn_dataset **set, snn_split split);
/* A share of the samples of *set, of each class, becomes *out, and the others *set, where the configuration has
 * "validation"; else *out is NULL. */
int run_split_off(const struct run *run, snn_dataset **set, snn_dataset **out);
/* Mean and deviation of the training set into the configuration, unless they are there; then normalises it. */
int run_normalise(struct run *run, snn_dataset *train);
int run_network(struct run *run);
/* The network of the model that the configuration names as start, where it names no other. */
int run_start_network(json_t *config);
/* First values of all tensors, from the model that the configuration names as start; without one, nothing. */
int run_start(struct run *run);
/* The values of all tensors, from a model with the same layers. */
int run_take_weights(struct run *run, const char *path);
int run_optimizer(struct run *run);
/* Parameters are set, prepare has not been called. */
int run_trainer(struct run *run);
/* The same of an evaluator, which leaves out parameters that go with training; and whether it has one. */
int run_evaluator(const json_t *config, snn_network *network, snn_trainer **out);
bool run_evaluates_with(const snn_trainer *evaluator, const char *name);
/* With train_steps, after run_record(): the trainer takes so many steps, and an evaluator those of the configuration,
 * to be prepared with the trainer. What evaluates. */
int run_train_steps(struct run *run);
snn_trainer *run_judge(const struct run *run);
/* The model that the configuration names as teacher, to be prepared with the trainer; its normalisation becomes that
 * of the run, unless one is set. Without a teacher, nothing. */
int run_teacher(struct run *run);
/* Lateral neurons beside the network, none yet. */
int run_projection(struct run *run);
/* Number of layers of the network; fails beyond RUN_LAYERS. */
int run_layers(const struct run *run, size_t *layers);

/* True if layer `l` may have lateral neurons; the heads of tasks have none. */
bool run_may_project(const struct run *run, size_t l);

/* Numbers in `text`, one for each layer that may have lateral neurons, into out[RUN_LAYERS] by layer number; `flag`
 * gave them. */
int run_rows(const struct run *run, const char *flag, const char *text, size_t *out);
/* Begins the next task of the sequence, with more lateral neurons: their numbers, by layer. */
snn_status run_begin_task(const struct run *run, const size_t *rows, size_t batch);
/* Writes back the values that all parameters have now, so that the configuration says everything. */
int run_record(struct run *run);
/* The same of one object, in a section. */
int run_record_of(json_t *config, const char *section, const struct param_calls *calls, const void *object);
/* Sets every parameter of a section; places that are the tool's own (data.dir, trainer.method) are not in the
 * tables. */
int run_apply(const json_t *config, const char *section, const struct param_calls *calls, void *object);
void run_close(struct run *run);

/* The notes that a model file carries under n keys, to be freed, NULL where it carries none. Returns DONE or
 * FAILED. */
int run_notes_of(const char *model, const char *const *key, char **text, size_t n);

/* The notes of a model file on its use (config_parse_use()), or NULL with *status DONE if it has none. */
json_t *run_use_of(const char *model, json_t **data, int *status);

/* Samples per batch: no more than there are. */
int64_t run_batch(const struct run *run, const snn_dataset *dataset);

/* Parts and position of a trainer. */
snn_trainer_info run_about(const snn_trainer *trainer);

/* The network tells more than ten classes apart: figures tell of the five likeliest, too. */
bool run_tells_top5(const struct run *run);
/* "test accuracy 91.20%", after a line "test top-5 accuracy 99.10%" where that is told. */
void run_print_accuracy(const struct run *run, const char *split, const snn_metrics *metrics);
/* Figures of the last evaluation, for the note, the tables and --json. */
json_t *run_figures(const snn_trainer *trainer, const snn_network *net, const snn_metrics *m);

/* Name, type, shapes, parameters and tensors of every layer. */
json_t *run_layers_json(const snn_network *net);
json_t *run_shape_json(const snn_shape *shape);

/* Learning rule, steps and so on in one line: "ottt, T = 6". */
struct text run_method(const json_t *config);
/* Notation of the network, or "network from JSON". */
const char *run_name(const json_t *config);

#endif
