/* model/checkpoint.h - the parts of a checkpoint: numbers of the run, arrays of the run. */
#ifndef SNN_MODEL_CHECKPOINT_H
#define SNN_MODEL_CHECKPOINT_H

#include "model/json.h"
#include "model/model.h"
#include "optimizer/optimizer.h"
#include "trainer/trainer.h"

/* Puts the text of `json` into the metadata, and takes `json` over. SNN_ERR_MEMORY */
snn_status snn__checkpoint_add_text(json_t *metadata, const char *key, json_t *json, snn_context *ctx);

/* run.c: the numbers. */

/* Adds "snn.run" to the metadata. Changes neither trainer nor run. */
snn_status snn__checkpoint_add_run(json_t *metadata, snn_trainer *trainer, struct snn__run *run);

/* A run as read, before the trainer takes it. */
struct snn__saved_run {
    json_t *json;
    struct snn__run run;
    struct snn__kept kept; /* counters of the epoch under way, without those of layers */
    bool same_shards;      /* cut, summed and sent as by the trainer */
};

/* Reads "snn.run" and checks it against the trainer and its run. Give saved->json back with json_decref(), also after
 * a failure. SNN_ERR_FORMAT, SNN_ERR_VERSION, SNN_ERR_STATE (of another method or optimizer), SNN_ERR_MEMORY */
snn_status snn__saved_run_read(struct snn__saved_run *saved, const struct snn__safetensors *file,
                               const snn_trainer *trainer, const struct snn__run *present);
void snn__saved_run_take(const struct snn__saved_run *saved, snn_trainer *trainer, struct snn__run *run);

/* arrays.c: the network's tensors and the arrays of the run. */

/* residuals: of all shards, as snn__residuals_gather() brings them. */
snn_status snn__checkpoint_write(const snn_trainer *trainer, const snn_network *network, const struct snn__run *run,
                                 const json_t *metadata, const float *residuals, const char *path);
/* Checks all arrays, or copies them: the same walk, so that a copy cannot fail after a check. */
snn_status snn__checkpoint_take(struct snn__safetensors *file, snn_trainer *trainer, const snn_network *network,
                                const struct snn__saved_run *saved, bool copy);

/* residuals.c: what compressed gradients have lost so far. */

/* How many arrays, of as many numbers as there are parameters. */
size_t snn__residuals(const snn_trainer *trainer);
/* Brings them together; all ranks call it. *out: freed by the caller, NULL without `keep`. */
snn_status snn__residuals_gather(snn_trainer *trainer, bool keep, float **out);
void snn__residuals_enter(const snn_trainer *trainer, const float *all, struct snn__entry *entries);
/* Checks them, or copies them; those of other shards are left, and the trainer begins with zeros. */
snn_status snn__residuals_take(struct snn__safetensors *file, snn_trainer *trainer, bool same, bool copy);

#endif
