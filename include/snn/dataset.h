/** @file snn/dataset.h
 * Samples with labels or targets: published file formats, or the host's own callback.
 * Part of libsnn, MIT licence. */
#ifndef SNN_DATASET_H
#define SNN_DATASET_H

#include <snn/context.h>
#include <snn/param.h>

/** A set of samples, with a class label or a vector of target numbers each. Reading it does not change it: several
 * trainers may share one. */
typedef struct snn_dataset snn_dataset;

/** Which part of a published data set. */
typedef enum snn_split {
    SNN_SPLIT_TRAIN = 1,
    SNN_SPLIT_TEST = 2,
    SNN_SPLIT_FORCE32 = 0x7fffffff
} snn_split;

/** One frame of one sample, for the function that reads it to fill. */
typedef struct snn_sample {
    uint32_t struct_size; /**< set by whoever has it filled to sizeof(snn_sample) */
    uint32_t label;       /**< receives the class, where the set has classes */
    float *x;             /**< receives the frame [C,H,W] */
    float *target;        /**< receives the target [targets] of the sample, or of this step where the set has one per
                               step; NULL where the set has none */
    uint64_t length;      /**< receives, with frame 0, how many frames the sample has, 1 .. frames; preset to all */
} snn_sample;

/** Initialiser for a snn_sample of snn_dataset_read(): set x, and target where the set has targets. */
#define SNN_SAMPLE_INIT { sizeof(snn_sample), 0, 0, 0, 0 }

/** A host's own data set; fill with snn_dataset_source_init(), then set the fields. */
typedef struct snn_dataset_source {
    uint32_t struct_size; /**< set by snn_dataset_source_init() */
    uint32_t rank;        /**< of one sample or frame: 1 or 3 */
    size_t shape[3];      /**< [N] or [C,H,W] */
    size_t count;         /**< samples */
    size_t classes;       /**< labels are 0 .. classes - 1; 0: there are targets */
    size_t frames;        /**< 1: one static sample for all steps; T: a frame for each step */
    /** Fills in frame `frame` (0 if static) of sample `index`: writes to where x and target point, sets the label,
     * and with frame 0 a length below frames. Frames after that length are not asked for. Of a static sample with a
     * target for each step, frames 0 .. target_frames - 1 are asked for, and what is in x is of use with frame 0
     * alone. May be called from several threads at once.
     * @return SNN_OK, or a status that ends the epoch */
    snn_status (*read)(void *user, size_t index, size_t frame, snn_sample *sample);
    /** Called when the data set is destroyed; may be NULL. */
    void (*close)(void *user);
    void *user; /**< passed to both */
    size_t targets;       /**< numbers of a target, as many as the network has outputs; 0: there are labels */
    size_t target_frames; /**< 1: a target for each sample; T: one for each step, where frames is T or 1 */
} snn_dataset_source;

/** What a data set is. */
typedef struct snn_dataset_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_dataset_info) */
    uint32_t rank;        /**< of one sample or frame */
    size_t shape[3];      /**< [N] or [C,H,W] */
    size_t count;         /**< samples, after the "limit" parameter */
    size_t classes;       /**< labels are 0 .. classes - 1; 0: there are targets */
    size_t frames;        /**< 1 if static */
    size_t targets;       /**< numbers of a target; 0: there are labels */
    size_t target_frames; /**< 1: a target for each sample; T: one for each step */
    snn_context *context; /**< that it was made in */
} snn_dataset_info;

/** Initialiser for a snn_dataset_info that a call is to fill. */
#define SNN_DATASET_INFO_INIT { sizeof(snn_dataset_info), 0, { 0, 0, 0 }, 0, 0, 0, 0, 0, 0 }

/** Parameters of data sets. Augmentation happens while training reads, in the order crop, flip, cutout, before the
 * normalisation; it draws from the context's seed, the epoch and the sample's index alone. */
typedef enum snn_dataset_key {
    SNN_DATASET_LIMIT = 301,    /**< i64, use only the first ones, at most this many; 0: all */
    SNN_DATASET_CROP_PAD = 302, /**< i64, pad by that many zeros, then crop a window of the old size at random; 0:
                                     off */
    SNN_DATASET_FLIP = 303,     /**< i64, 1: mirror left-right with probability 1/2 */
    SNN_DATASET_CUTOUT = 304,   /**< f64, probability of filling a rectangle of 2-40 % area, aspect 0.4-2.5, with one
                                     random grey value; 0: off */
    SNN_DATASET_FRAMES = 305,   /**< i64, recordings of events: frames T of equal duration that each is cut into,
                                     default 10 */
    SNN_DATASET_COUNT_EVENTS = 306, /**< i64, recordings of events: 1: a frame holds numbers of events, 0: 1 where
                                         there was one */
    SNN_DATASET_LABEL_FIRST = 307,  /**< i64, the lowest label of the files, which becomes class 0; EMNIST's letters:
                                         1 */
    SNN_DATASET_KEY_FORCE32 = 0x7fffffff
} snn_dataset_key;

SNN_BEGIN_DECLS

/** Opens published files. Formats:
 *
 *   "idx"      DIR/{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz], as MNIST and Fashion-MNIST; pixels / 255,
 *              shape [1,H,W]
 *   "cifar10"  DIR/data_batch_1.bin[.gz] .. data_batch_5 (those that are there, in order), DIR/test_batch.bin[.gz] or
 *              DIR/dev_test_2000.bin[.gz]; pixels / 255, [3,32,32]
 *   "cifar100" DIR/train.bin[.gz], DIR/test.bin[.gz]; the fine labels
 *   "nmnist"   DIR/{Train,Test}/LABEL/NUMBER.bin, recordings of events; frames [2,34,34], darker and brighter, in the
 *              order of the numbers
 *
 * Reads the whole split into memory, one byte a pixel, eight an event; of CIFAR at most 1,000,000 images, of a
 * recording at most 16,777,216 events. Only regular files are opened. A gz file that expands to more than a MiB and
 * more than 100 times its size is refused; unpacked, it is read. The caller destroys it.
 * @return SNN_ERR_ARGUMENT (unknown format), SNN_ERR_IO (a file is missing or no regular file: the message names it),
 * SNN_ERR_FORMAT (bad magic, truncated, counts differ, label or coordinate out of range, times that go back),
 * SNN_ERR_MEMORY; *out is NULL then */
SNN_API SNN_CHECKED snn_status snn_dataset_open(snn_dataset **out, snn_context *context, const char *format,
                                                const char *directory, snn_split split);

/** As snn_dataset_open(), but reads the first `limit` samples alone, and takes memory for no more; 0: all.
 * SNN_DATASET_LIMIT makes a set smaller that was read already. Files are not looked at after the last sample that is
 * read, but for labels of "idx", which give the number of classes.
 * The caller destroys it. @return as snn_dataset_open() */
SNN_API SNN_CHECKED snn_status snn_dataset_open_first(snn_dataset **out, snn_context *context, const char *format,
                                                      const char *directory, snn_split split, size_t limit);

/** Fills a source with defaults. Real-time safe.
 * @return SNN_ERR_ARGUMENT if NULL, size too small or above 65,535 */
SNN_API SNN_CHECKED snn_status snn_dataset_source_init(snn_dataset_source *source, size_t size);

/** Makes a data set of the host's callback; the structure is copied. The caller destroys it.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_SHAPE, SNN_ERR_MEMORY; *out is NULL then (and close is not called) */
SNN_API SNN_CHECKED snn_status snn_dataset_create(snn_dataset **out, snn_context *context,
                                                  const snn_dataset_source *source);

/** Frees a data set; NULL is accepted. */
SNN_API void snn_dataset_destroy(snn_dataset *dataset);

/** Describes the data set. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_dataset_get_info(const snn_dataset *dataset, snn_dataset_info *info);

/** Sets a whole-number parameter; snn/param.h says how all parameter calls behave.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds, not for samples of this kind), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_dataset_set_i64(snn_dataset *dataset, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_dataset_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_dataset_set_f64(snn_dataset *dataset, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_dataset_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_dataset_set_str(snn_dataset *dataset, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_dataset_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_dataset_set_text(snn_dataset *dataset, const char *name, const char *value);
/** Reads a whole number. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_dataset_get_i64(const snn_dataset *dataset, int32_t key, int64_t *value);
/** Reads a real number. Real-time safe; errors as snn_dataset_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_dataset_get_f64(const snn_dataset *dataset, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again. Real-time safe; errors as snn_dataset_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_dataset_get_str(const snn_dataset *dataset, int32_t key, const char **value);
/** Describes parameter number `index`, from 0; SNN_ERR_ARGUMENT past the last. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_dataset_param_info(const snn_dataset *dataset, size_t index, snn_param_info *info);

/** Computes mean and deviation over all samples: n = 1 for all pixels together, or n = channels for each.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_DIVERGED (a value is not finite), or what the host's callback returned */
SNN_API SNN_CHECKED snn_status snn_dataset_statistics(const snn_dataset *dataset, double *mean, double *deviation,
                                                      size_t n);

/** From now on every value x is delivered as (x - mean) / deviation; n as in snn_dataset_statistics(); n = 0 takes it
 * back. @return SNN_ERR_ARGUMENT (n does not fit, deviation not positive, not finite) */
SNN_API SNN_CHECKED snn_status snn_dataset_normalise(snn_dataset *dataset, const double *mean,
                                                     const double *deviation, size_t n);

/** Reads frame `frame` of one sample as evaluation does: normalised, not augmented.
 * @param sample begin with SNN_SAMPLE_INIT and set x, and target where the set has targets; label and length are
 * received. Frames of a static sample with a target for each step: as snn_dataset_source.read has them
 * @return SNN_ERR_ARGUMENT (x or target NULL, index or frame out of range), SNN_ERR_DIVERGED (a value or a target is
 * not finite) */
SNN_API SNN_CHECKED snn_status snn_dataset_read(const snn_dataset *dataset, size_t index, size_t frame,
                                                snn_sample *sample);

SNN_END_DECLS

#endif
