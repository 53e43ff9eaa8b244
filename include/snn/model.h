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

/** What a model file says before its tensors: architecture, notes, names and shapes. Holds neither the tensors nor
 * the file, and never changes: threads may share it. */
typedef struct snn_model snn_model;

/** What is in a model file. Strings are borrowed from the model. */
typedef struct snn_model_info {
    uint32_t struct_size;     /**< set by the caller to sizeof(snn_model_info) */
    uint32_t format;          /**< version of the format, 1 */
    uint32_t checkpoint;      /**< 1: of snn_trainer_save(), for snn_trainer_load() */
    uint32_t packed;          /**< 1: weights of binary layers are bits and scales, as snn_network_save_packed() has
                                   them */
    uint64_t tensors;         /**< for snn_model_tensor() */
    uint64_t tensor_bytes;    /**< of them in the file */
    const char *architecture; /**< JSON, for snn_network_parse() */
    snn_context *context;     /**< that it was made in */
} snn_model_info;

/** Initialiser for a snn_model_info that a call is to fill. */
#define SNN_MODEL_INFO_INIT { sizeof(snn_model_info), 0, 0, 0, 0, 0, 0, 0 }

SNN_BEGIN_DECLS

/** Reads what stands before the tensors of a model file, packed or not, or of a checkpoint: at most 16 MiB, however
 * large the file is. Layout, sizes and names are checked as snn_network_load() checks them, the length of the file,
 * too; what the tensors hold, and the checksum over them, is not. The caller destroys it.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_IO, SNN_ERR_FORMAT (truncated, damaged, not a model file),
 * SNN_ERR_VERSION, SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_model_open(snn_model **out, snn_context *context, const char *path);

/** Frees a model; NULL is accepted. */
SNN_API void snn_model_destroy(snn_model *model);

/** Describes the file. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_model_get_info(const snn_model *model, snn_model_info *info);

/** Text that the file carries along under `key` (snn_network_set_note()), borrowed; NULL if there is none. */
SNN_API const char *snn_model_note(const snn_model *model, const char *key);

/** Tensor number `index`, from 0, in the order of names, "LAYER.TENSOR": shape and element, without data. A packed
 * file has NAME.bits, of SNN_ELEMENT_U8, and NAME.scale in the place of binary weights.
 * @return SNN_ERR_ARGUMENT (NULL, past the last) */
SNN_API SNN_CHECKED snn_status snn_model_tensor(const snn_model *model, size_t index, snn_tensor *tensor);

/** Writes a prepared network to a file.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_IO (with the system's reason), SNN_ERR_STATE (not prepared), SNN_ERR_DIVERGED (a
 * tensor is not finite; an older file stays), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_save(const snn_network *network, const char *path);

/** As snn_network_save(), with weights of binary layers as one bit each and a scale per output channel instead of the
 * latent weights. The network that is read from it computes with the same weights, bit for bit; what is lost is where
 * its latent weights were, so training goes on from a file of snn_network_save(), and resumes from one of
 * snn_trainer_save(). Other layers are as always.
 * @return as snn_network_save() */
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

/** Reads an attached text, borrowed until it is set again; NULL if there is none. Real-time safe. */
SNN_API const char *snn_network_note(const snn_network *network, const char *key);

SNN_END_DECLS

#endif
