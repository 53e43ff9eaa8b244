/* use.h - a model in use: as it was trained, on the data and with the settings that flags name. */
#ifndef SNN_TOOL_USE_H
#define SNN_TOOL_USE_H

#include "args.h"
#include "run.h"

/* Flags of all commands that use a model. */
#define USE_FLAGS                                                                                                  \
    { "data", "FORMAT:DIR", "data", "normalised as in training; default: Debian's dataset-fashion-mnist" },        \
        { "split", "SPLIT", NULL, "test (default), train, or validation: the share that train left out" },         \
        { "batch", "N", "batch", "samples at a time; default: as in training, at most 1024" },                     \
        { "steps", "T", "trainer.steps", "time steps per sample; default: as in training" },                       \
        { "threads", "N", "threads", "0, the default: one per processor" },                                        \
        { "isa", "SET", "isa", "highest instruction set to use; default best, the highest of the machine" },       \
        { "product-table", "FILE", "product_table",                                                                \
          "of snn bench kernels --tune, or measure: here, when they are planned; default: the built-in choice of " \
          "algorithms" },                                                                                          \
    {                                                                                                              \
        "seed", "N", "seed", "of the encoders' random numbers; default: as in training"                            \
    }

/* The model is the first argument that is no flag. Each step returns DONE, FAILED or USAGE and has said why; after
 * use_configure() comes run_context(). */
int use_configure(struct run *run, struct args *args);
/* The split becomes the test set of the run; its files are those of use_split(). */
const char *use_split_name(const struct args *args);
snn_split use_split(const struct args *args);
int use_open_data(struct run *run, const struct args *args);
/* The network, and its evaluator as the trainer of the run, not yet prepared. */
int use_open_model(struct run *run, const struct args *args);

#endif
