/** @file snn/model.h
 * Networks as files. Training runs as files: snn_trainer_save() in snn/trainer.h.
 * Part of libsnn, MIT licence. */
#ifndef SNN_MODEL_H
#define SNN_MODEL_H

#include <snn/network.h>

/* A model file has the safetensors layout: an 8-byte length, a JSON header, raw little-endian float32 tensors named
 * "LAYER.TENSOR". The header's __metadata__ carries format version, architecture, checksum and the host's own
 * strings. A checkpoint is a model file with the optimizer's moments and the position of the run added. Files are
 * written under a temporary name, flushed and renamed: a failure leaves an older file as it was. Symbolic links stay
 * and what they lead to is replaced; its mode and, where the process may, its owner and group are kept. */

SNN_BEGIN_DECLS

/** Writes a prepared network to a file.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_IO (with the system's reason), SNN_ERR_STATE (not prepared), SNN_ERR_DIVERGED (a
 * tensor is not finite; an older file stays), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_save(const snn_network *network, const char *path);

/** As snn_network_save(), with weights of binary layers as one bit each and a scale per output channel instead of the
 * latent weights. The network that is read from it computes with the same weights, bit for bit; what is lost is where
 * its latent weights were, so training goes on from a file of snn_network_save(), and resumes from one of
 * snn_trainer_save(). Other layers are as always. */
SNN_API SNN_CHECKED snn_status snn_network_save_packed(const snn_network *network, const char *path);

/** Reads a network from a model file, packed or not, or checkpoint; it is prepared. The caller destroys it.
 * @return SNN_ERR_IO, SNN_ERR_FORMAT (truncated, damaged, not a model file), SNN_ERR_VERSION, SNN_ERR_SHAPE,
 * SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_network_load(snn_network **out, snn_context *context, const char *path);

/** Writes the architecture as JSON. Call with buffer NULL to learn the size.
 * @param needed receives the bytes needed, the closing NUL included; may be NULL
 * @return SNN_ERR_ARGUMENT (buffer too small: nothing is written), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_describe(const snn_network *network, char *buffer, size_t size,
                                                    size_t *needed);

/** Builds a network, not prepared yet, from such JSON. The caller destroys it.
 * @return SNN_ERR_FORMAT (the message says where), SNN_ERR_ARGUMENT (unknown type or key), SNN_ERR_SHAPE,
 * SNN_ERR_VERSION, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_parse(snn_network **out, snn_context *context, const char *json);

/** Attaches a text that model files carry along under `key`; NULL removes it. Keys that begin with "snn" are the
 * library's own. @return SNN_ERR_ARGUMENT, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_set_note(snn_network *network, const char *key, const char *text);

/** Reads an attached text, borrowed until it is set again; NULL if there is none. */
SNN_API const char *snn_network_note(const snn_network *network, const char *key);

SNN_END_DECLS

#endif
