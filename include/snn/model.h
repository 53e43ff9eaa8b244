/** @file snn/model.h
 * Model files: saving and loading networks. snn_trainer_save() in snn/trainer.h saves a training run.
 * Part of libsnn, MIT licence. */
#ifndef SNN_MODEL_H
#define SNN_MODEL_H

#include <snn/network.h>

/* A model file has the safetensors layout: an 8-byte length, a JSON header, raw little-endian float32 tensors named
 * "LAYER.TENSOR". The header's __metadata__ holds format version, architecture, checksum, and strings of the host.
 * A checkpoint is a model file that also holds the optimizer's moments and the position of the run.
 *
 * Files are written under a temporary name, flushed and renamed: a failure leaves an older file unchanged. A symbolic
 * link stays, and the file that it points to is replaced. The new file keeps the mode of the old one, and its owner
 * and group if the process may set them. */

/** The header of a model file: architecture, notes, names and shapes of the tensors. Holds neither the tensors nor
 * the file. Never changes, so threads may share it. */
typedef struct snn_model snn_model;

/** Contents of a model file. Strings are borrowed from the model. */
typedef struct snn_model_info {
    uint32_t struct_size;     /**< set by the caller to sizeof(snn_model_info) */
    uint32_t format;          /**< version of the format, 1 */
    uint32_t checkpoint;      /**< 1: a checkpoint of snn_trainer_save(), which snn_trainer_load() reads */
    uint32_t packed;          /**< 1: weights of binary layers are bits and scales: snn_network_save_packed() */
    uint64_t tensors;         /**< number of tensors, for snn_model_tensor() */
    uint64_t tensor_bytes;    /**< bytes of all tensors in the file */
    const char *architecture; /**< JSON, for snn_network_parse() */
    snn_context *context;     /**< context of the model, borrowed */
} snn_model_info;

/** Initialiser of snn_model_info, for snn_model_get_info() to fill. */
#define SNN_MODEL_INFO_INIT SNN_INIT_(sizeof(snn_model_info), 0, 0, 0, 0, 0, 0, 0)

/** How snn_network_load_tensors() goes about it; begin with SNN_LOAD_OPTIONS_INIT. */
typedef struct snn_load_options {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_load_options) */
    uint32_t strict;      /**< 1: fails, and changes nothing, unless file and network have the same tensors */
    const char *names;    /**< layers with another name: "a=b,c=d" loads layer a of the file into layer b of the
                               network, "a=" leaves layer a of the file out. Other layers keep their name;
                               NULL: all */
} snn_load_options;

/** Initialiser of snn_load_options: takes what fits, by the same names. */
#define SNN_LOAD_OPTIONS_INIT SNN_INIT_(sizeof(snn_load_options), 0, 0)

/** What snn_network_load_tensors() found, in numbers of tensors. */
typedef struct snn_load_report {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_load_report) */
    uint32_t reserved;    /**< 0 */
    uint64_t loaded;      /**< tensors of the network that were taken from the file */
    uint64_t missing;     /**< tensors of the network that the file does not have */
    uint64_t mismatched;  /**< tensors of the network that have another shape in the file */
    uint64_t unused;      /**< tensors of the file's network that were not taken */
} snn_load_report;

/** Initialiser of snn_load_report, for snn_network_load_tensors() to fill. */
#define SNN_LOAD_REPORT_INIT SNN_INIT_(sizeof(snn_load_report), 0, 0, 0, 0, 0)

SNN_BEGIN_DECLS

/** Reads the header of a model file or checkpoint, at most 16 MiB of it. Checks layout, sizes, names and the length
 * of the file, as snn_network_load() does, but neither the values of the tensors nor their checksum. The caller
 * destroys the model.
 * @param out receives the model; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_IO, SNN_ERR_FORMAT (truncated, damaged, not a model file),
 * SNN_ERR_VERSION, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_model_open(snn_model **out, snn_context *context, const char *path);

/** Frees a model; NULL is accepted. */
SNN_API void snn_model_destroy(snn_model *model);

/** Describes the file. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_model_get_info(const snn_model *model, snn_model_info *info);

/** Returns the note `key` of the file (snn_network_set_note()), borrowed; NULL if there is none. */
SNN_API const char *snn_model_note(const snn_model *model, const char *key);

/** Describes tensor number `index`, from 0, in the order of the names "LAYER.TENSOR": shape and element, no data. A
 * packed file has NAME.bits (SNN_ELEMENT_U8) and NAME.scale in place of each binary weight tensor.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last tensor) */
SNN_API SNN_CHECKED snn_status snn_model_tensor(const snn_model *model, size_t index, snn_tensor *tensor);

/** Writes a prepared network to a file.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_IO (the message gives the system's reason), SNN_ERR_STATE (not prepared),
 * SNN_ERR_DIVERGED (a tensor is not finite), SNN_ERR_MEMORY; an older file is unchanged after a failure */
SNN_API SNN_CHECKED snn_status snn_network_save(const snn_network *network, const char *path);

/** Writes a prepared network to a file, with one bit per binary weight and a scale per output channel instead of the
 * latent weights. The network that is loaded from it computes with the same weights, bit for bit. It cannot be
 * trained: training needs the latent weights, which snn_network_save() and snn_trainer_save() write. Other layers are
 * written as by snn_network_save().
 * @return as snn_network_save() */
SNN_API SNN_CHECKED snn_status snn_network_save_packed(const snn_network *network, const char *path);

/** Reads a network from a model file or checkpoint. The network is prepared; one from a packed file stays packed. The
 * caller destroys it.
 * @param out receives the network; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_IO, SNN_ERR_FORMAT (truncated, damaged, not a model file),
 * SNN_ERR_VERSION, SNN_ERR_SHAPE, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_load(snn_network **out, snn_context *context, const char *path);

/** Loads tensors of a model file or checkpoint into a prepared network, by name: those that both have, in the same
 * shape. The architecture of the file does not matter. Each tensor that is missing in the file, or has another shape,
 * is logged as a warning, and keeps its values. Optimizer moments of a checkpoint are not read. The file is checked
 * as by snn_network_load(), as a whole, before the network changes. Between two batches only.
 * @param options NULL: those of SNN_LOAD_OPTIONS_INIT
 * @param report receives the counts; may be NULL; unchanged after a failure
 * @return SNN_ERR_ARGUMENT (NULL; names that are not "a=b,c=d" with layers of the file and of the network),
 * SNN_ERR_STATE (not prepared, packed, or in a callback of a trainer), SNN_ERR_IO, SNN_ERR_FORMAT (truncated,
 * damaged, not a model file; strict: a tensor that one of both lacks), SNN_ERR_SHAPE (strict), SNN_ERR_VERSION,
 * SNN_ERR_MEMORY; the network is unchanged after a failure */
SNN_API SNN_CHECKED snn_status snn_network_load_tensors(snn_network *network, const char *path,
                                                        const snn_load_options *options, snn_load_report *report);

/** Writes the architecture as JSON. A call with buffer NULL only measures it.
 * @param size bytes of the buffer
 * @param needed receives the number of bytes needed, with the closing NUL; may be NULL
 * @return SNN_ERR_ARGUMENT (NULL; buffer too small, nothing is written), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_describe(const snn_network *network, char *buffer, size_t size,
                                                    size_t *needed);

/** Builds a network from the JSON of snn_network_describe(). The network is not prepared. The caller destroys it.
 * @param out receives the network; NULL on failure
 * @return SNN_ERR_FORMAT (the message says where), SNN_ERR_ARGUMENT (NULL, unknown type or key), SNN_ERR_SHAPE,
 * SNN_ERR_VERSION, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_parse(snn_network **out, snn_context *context, const char *json);

/** Attaches a text to the network, under `key`; model files keep it. The text is copied. NULL removes it.
 * @param key not beginning with "snn": these keys are reserved for the library
 * @return SNN_ERR_ARGUMENT (NULL, a reserved key), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_network_set_note(snn_network *network, const char *key, const char *text);

/** Returns an attached text, borrowed until it is set again; NULL if there is none. Real-time safe. */
SNN_API const char *snn_network_note(const snn_network *network, const char *key);

SNN_END_DECLS

#endif
