/* model/model.h - what model files and checkpoints share. */
#ifndef SNN_MODEL_MODEL_H
#define SNN_MODEL_MODEL_H

#include "model/safetensors.h"
#include <snn/network.h>

/* Called for every tensor of a prepared network, in the order of layers and tensors; `name` is "LAYER.TENSOR". */
typedef snn_status (*snn__tensor_fn)(void *arg, const char *name, const snn_tensor *tensor);
snn_status snn__model_each(const snn_network *network, snn__tensor_fn fn, void *arg);

/* SNN_ERR_STATE if a network is not prepared. */
snn_status snn__model_check_prepared(const snn_network *network);

/* Number of tensors of a network, and what to write of them into that many entries. */
size_t snn__model_tensors(const snn_network *network);
snn_status snn__model_gather(const snn_network *network, struct snn__entry *entries);

/* Metadata of a network: format, architecture, notes. The caller gives it back with json_decref(). */
snn_status snn__model_metadata(json_t **out, const snn_network *network);

/* The network of a file: its architecture, not prepared. */
snn_status snn__model_architecture(snn_network **out, snn_context *ctx, const struct snn__safetensors *file);

/* Checks that the file has every tensor of a prepared network; with `copy`, takes them over. */
snn_status snn__model_take(struct snn__safetensors *file, const snn_network *network, bool copy);

/* SNN_ERR_FORMAT if the file has tensors that nobody took; with `moments`, those of an optimizer and of a training
 * method are left alone. */
snn_status snn__model_all_taken(const struct snn__safetensors *file, bool moments);

/* True for a tensor that an optimizer or a training method keeps in a checkpoint. */
bool snn__model_is_of_run(const char *name);

/* Tensors that begin so are an optimizer's: "optimizer.MOMENT.LAYER.TENSOR". */
#define SNN__MOMENT_PREFIX "optimizer."
/* And so a training method's: "trainer.LAYER.WHAT". */
#define SNN__MEMORY_PREFIX "trainer."

/* pack.c: weights of one bit. */
/* Replaces the n entries of a network, of which there is room for 2 n, so that each latent tensor NAME becomes
 * NAME.scale and NAME.bits; *room is what these lie in, to be freed in every case. SNN_ERR_DIVERGED,
 * SNN_ERR_MEMORY */
snn_status snn__model_pack(const snn_network *network, struct snn__entry *entries, size_t *n, void **room);
/* *packed: true if a file holds tensor NAME packed; with `copy`, unpacks it into the tensor. SNN_ERR_FORMAT,
 * SNN_ERR_SHAPE */
snn_status snn__model_unpack(struct snn__safetensors *file, const char *name, const snn_tensor *tensor, bool copy,
                             bool *packed);

#endif
