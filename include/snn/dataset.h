/** @file snn/dataset.h
 * Samples with labels or targets, from files of published formats or from a callback of the host.
 * Part of libsnn, MIT licence. */
#ifndef SNN_DATASET_H
#define SNN_DATASET_H

#include <snn/context.h>
#include <snn/param.h>

/** A set of samples, each with a class label or a vector of target numbers, or one for each of its steps. Reading
 * does not change it, so several trainers may share one. */
typedef struct snn_dataset snn_dataset;

/** Part of a published data set. */
typedef enum snn_split {
    SNN_SPLIT_TRAIN = 1, /**< samples to train with */
    SNN_SPLIT_TEST = 2,  /**< samples to evaluate with */
    SNN_SPLIT_FORCE32 = 0x7fffffff
} snn_split;

/** One frame of one sample, filled by the function that reads it. */
typedef struct snn_sample {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_sample) */
    uint32_t label;       /**< receives the class of the sample, or of this step if the set has a label for each, if
                               the set has classes */
    float *x;             /**< receives the frame, [C,H,W] or [N] */
    float *target;        /**< receives the target [targets] of the sample, or of this step if the set has one per
                               step; NULL if the set has none */
    uint64_t length;      /**< receives, with frame 0, the number of frames of the sample, 1 .. frames; preset to
                               `frames` */
    uint64_t seed;        /**< set for the function that reads: 0 where samples are read as they are; while training,
                               a random number of the context's seed, the epoch and the index, the same for all frames
                               of the sample, to draw an augmentation from */
} snn_sample;

/** Initialiser of snn_sample, for snn_dataset_read() to fill. Set x, and target if the set has targets. */
#define SNN_SAMPLE_INIT SNN_INIT_(sizeof(snn_sample), 0, 0, 0, 0, 0)

/** Description of a data set of the host. Begin with snn_dataset_source_init(), then set the fields. */
typedef struct snn_dataset_source {
    uint32_t struct_size; /**< set by snn_dataset_source_init() */
    uint32_t rank;        /**< of one sample or frame: 1 to 3 */
    size_t shape[3];      /**< [N], [C,L] or [C,H,W] */
    size_t count;         /**< number of samples */
    size_t classes;       /**< labels are 0 .. classes - 1; 0: the samples have targets */
    size_t frames;        /**< 1: one static sample for all steps; T: a frame for each step */
    /** Fills in frame `frame` (0 if static) of sample `index`: writes the arrays that x and target point to, and sets
     * the label. With frame 0 it may set a length below `frames`; later frames are then not read. A static sample
     * with a label or target for each step is read with frames 0 .. target_frames - 1, and its x counts with frame 0
     * only. Called by several threads at once.
     * @return SNN_OK, or a status that ends the epoch */
    snn_status (*read)(void *user, size_t index, size_t frame, snn_sample *sample);
    /** Called when the data set is destroyed; may be NULL. */
    void (*close)(void *user);
    void *user;           /**< passed to `read` and `close` */
    size_t targets;       /**< numbers of a target, as many as the network has outputs; 0: the samples have labels */
    size_t target_frames; /**< 1: a label or target for each sample; T: one for each step, if frames is T or 1 */
    /** Sets the label of sample `index`, without the rest of it; NULL: `read` is called for labels as well. Not
     * called where each step has a label. Called by several threads at once.
     * @return SNN_OK, or a status that ends what asked for it */
    snn_status (*label)(void *user, size_t index, uint32_t *label);
    /** Told that sample `index` with the augmentation `seed` of snn_sample is in the next batch, while the present
     * one is computed, so that a thread of the host may read it ahead; NULL: nobody is told. Returns at once. A hint:
     * the sample may never be asked for, and samples may be asked for that were not told. Called by the threads that
     * call trainers. */
    void (*ahead)(void *user, size_t index, uint64_t seed);
} snn_dataset_source;

/** Files of a data set, and how they are read. Begin with snn_dataset_files_init(), then set the fields. Texts are
 * borrowed during the call. */
typedef struct snn_dataset_files {
    uint32_t struct_size; /**< set by snn_dataset_files_init() */
    snn_split split;      /**< default: training */
    const char *format;   /**< a name of snn_dataset_open(); must be set */
    const char *path;     /**< the directory, or what the format has in its place; must be set */
    size_t limit;         /**< reads the first samples only; 0: all */
    uint32_t series;      /**< "idx", "npy": 1: the first dimension of a sample is time */
    uint32_t last;        /**< "csv": 1: a target for each sample, that of its last step; 0: one for each step */
    size_t window;        /**< "csv": steps of a sample; 0: whole sequences, or one step if there are none */
    size_t stride;        /**< "csv": steps from one sample to the next; 0: window */
    const char *inputs;   /**< "csv": names of columns, "a,b"; NULL: all that are not named otherwise */
    const char *targets;  /**< "csv": names of columns; must be set, unless `labels` is */
    const char *sequence; /**< "csv": the column that numbers sequences: steps one after another with the same number;
                               NULL: one sequence */
    size_t rank;        /**< "idx", "npy": 1 for samples or frames [N], 2 [C,L], 3 [C,H,W]; 0: 1 or 3, by the array */
    const char *labels; /**< "csv": the column of the class of each step, a whole number from 0, in place of
                             `targets` */
    size_t label_steps; /**< "idx", "npy": 1: labels are [n,T], one for each step */
} snn_dataset_files;

/** Shape and size of a data set. */
typedef struct snn_dataset_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_dataset_info) */
    uint32_t rank;        /**< of one sample or frame */
    size_t shape[3];      /**< [N], [C,L] or [C,H,W] */
    size_t count;         /**< samples, at most the parameter "limit" */
    size_t classes;       /**< labels are 0 .. classes - 1; 0: the samples have targets */
    size_t frames;        /**< 1 if static */
    size_t targets;       /**< numbers of a target; 0: the samples have labels */
    size_t target_frames; /**< 1: a label or target for each sample; T: one for each step */
    snn_context *context; /**< context of the data set, borrowed */
} snn_dataset_info;

/** Initialiser of snn_dataset_info, for snn_dataset_get_info() to fill. */
#define SNN_DATASET_INFO_INIT SNN_INIT_(sizeof(snn_dataset_info), 0, { 0, 0, 0 }, 0, 0, 0, 0, 0, 0)

/** Which samples of each class a view has. */
typedef enum snn_view_part {
    SNN_VIEW_ALL = 0,   /**< all of them */
    SNN_VIEW_SHARE = 1, /**< round(share m) of m, drawn at random */
    SNN_VIEW_REST = 2,  /**< the others */
    SNN_VIEW_FORCE32 = 0x7fffffff
} snn_view_part;

/** Part of a data set. Begin with snn_view_options_init(), then set the fields. */
typedef struct snn_view_options {
    uint32_t struct_size;    /**< set by snn_view_options_init() */
    snn_view_part part;      /**< default: all samples of a class */
    const uint32_t *classes; /**< [n_classes] classes in use; number i becomes class i of the view; borrowed during
                                the call */
    size_t n_classes;        /**< 0, the default: all classes, as they are */
    double share;            /**< of the samples of each class, or of all samples with targets; 0 .. 1; default 1 */
    uint64_t seed;           /**< of the draw; default 0. It depends on this, the class and the order of its samples
                                alone */
    size_t limit;            /**< then the first samples only; 0: all */
} snn_view_options;

/** Parameters of data sets. Augmentation applies to training only, in the order crop, flip, cutout, before the
 * normalisation. Its random numbers depend on the context's seed, the epoch and the sample's index only. */
typedef enum snn_dataset_key {
    SNN_DATASET_LIMIT = 301,    /**< i64, largest number of samples to use, from the first; 0: all */
    SNN_DATASET_CROP_PAD = 302, /**< i64, zeros to pad each border with, before a window of the original size is
                                     cropped at random; 0: off */
    SNN_DATASET_FLIP = 303,     /**< i64, 1: mirror left to right with probability 1/2 */
    SNN_DATASET_CUTOUT = 304,   /**< f64, probability of filling a rectangle of 2-40 % area, aspect 0.4-2.5, with one
                                     random grey value; 0: off */
    SNN_DATASET_LABEL_FIRST = 307, /**< i64, lowest label of the files, which becomes class 0; 1 for EMNIST
                                        letters */
    SNN_DATASET_KEY_FORCE32 = 0x7fffffff
} snn_dataset_key;

SNN_BEGIN_DECLS

/** Opens a data set of published files. Formats:
 *
 *   "idx"      DIR/{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz], as MNIST and Fashion-MNIST, or the one file for
 *              each whose name has the words train, or test or t10k; label or labels, or neither; idx, idx1, idx3,
 *              ...; DIR/BEGINNING picks those whose names begin so. Samples [n,N], [n,H,W], [n,C,H,W] of any type of
 *              numbers, bytes / 255; labels, or targets [n,K], [n,T,K]
 *   "cifar10"  DIR/data_batch_1.bin[.gz] .. data_batch_5 (those that exist, in order), DIR/test_batch.bin[.gz] or
 *              DIR/dev_test_2000.bin[.gz]; pixels / 255, [3,32,32]
 *   "cifar100" DIR/train.bin[.gz], DIR/test.bin[.gz]; the fine labels
 *   "npy"      DIR/{train,test}_{x,labels}.npy[.gz] or the one file .npy for each part of the words that "idx" knows:
 *              NumPy's arrays of any type of numbers and either order, samples, labels and targets as of "idx"
 *   "csv"      a line of names, then a line of numbers for each step; columns as snn_dataset_files names them. The
 * one file .csv[.gz] of the words train or test, as "idx", or the file itself: then it is the training set
 *
 * Recordings of events are read by snn_events_dataset_open() of libsnn-events, arrays in .npz by
 * snn_events_arrays_open(); images in JPEG and PNG by snn_images_dataset_open() of libsnn-images.
 *
 * Samples of plain files of "idx", "cifar10", "cifar100" and "npy" stay on disk: the files stay open, and each
 * sample is read when it is asked for. A file that becomes shorter meanwhile is SNN_ERR_IO then. Labels, the samples
 * of gz files (one byte per pixel, four any other number), arrays in Fortran's order and "csv" come into memory.
 * Limit: 1,000,000 CIFAR images. Only regular files are opened. A gz file that expands to more than 1 MiB and to
 * more than 100 times its size is refused: unpack it first. The caller destroys the data set.
 * @param out receives the data set; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL, unknown format), SNN_ERR_IO (a file is missing or not a regular file: the message
 * names it), SNN_ERR_FORMAT (bad magic number, truncated file, counts differ, label out of range), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_dataset_open(snn_dataset **out, snn_context *context, const char *format,
                                                const char *directory, snn_split split);

/** Fills files with defaults. Real-time safe.
 * @param size sizeof(snn_dataset_files) as the caller was compiled
 * @return SNN_ERR_ARGUMENT (NULL, size too small or above 65,535) */
SNN_API SNN_CHECKED snn_status snn_dataset_files_init(snn_dataset_files *files, size_t size);

/** As snn_dataset_open(), with what a call of few arguments has no room for. The caller destroys the data set.
 * @return as snn_dataset_open() */
SNN_API SNN_CHECKED snn_status snn_dataset_open_files(snn_dataset **out, snn_context *context,
                                                      const snn_dataset_files *files);

/** As snn_dataset_open(), but reads only the first `limit` samples, and takes memory for these only; 0: all. (In
 * contrast, SNN_DATASET_LIMIT restricts a data set that was opened whole.) What follows the last sample in a file is
 * not checked, except the labels of "idx", which give the number of classes. The caller destroys the data set.
 * @return as snn_dataset_open() */
SNN_API SNN_CHECKED snn_status snn_dataset_open_first(snn_dataset **out, snn_context *context, const char *format,
                                                      const char *directory, snn_split split, size_t limit);

/** Fills a source with defaults. Real-time safe.
 * @param size sizeof(snn_dataset_source) as the caller was compiled
 * @return SNN_ERR_ARGUMENT (NULL, size too small or above 65,535) */
SNN_API SNN_CHECKED snn_status snn_dataset_source_init(snn_dataset_source *source, size_t size);

/** Creates a data set that reads its samples by the host's callback. The structure is copied. The caller destroys the
 * data set.
 * @param out receives the data set; NULL on failure, and `close` is not called then
 * @return SNN_ERR_ARGUMENT (NULL, a field out of range), SNN_ERR_SHAPE, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_dataset_create(snn_dataset **out, snn_context *context,
                                                  const snn_dataset_source *source);

/** Frees a data set; NULL is accepted. What views of it read stays until the last of them is destroyed. */
SNN_API void snn_dataset_destroy(snn_dataset *dataset);

/** Fills options with defaults: everything. Real-time safe.
 * @param size sizeof(snn_view_options) as the caller was compiled
 * @return SNN_ERR_ARGUMENT (NULL, size too small or above 65,535) */
SNN_API SNN_CHECKED snn_status snn_view_options_init(snn_view_options *options, size_t size);

/** Creates a data set that is a part of another one, in its order: some classes, a share of each, the first samples.
 * The two share the samples. It has parameters and a normalisation of its own; those of the other one that
 * are at work while it is created, limit and label_first, count, and are not to be changed afterwards. Reads all
 * labels. The caller destroys the view, before or after the other one.
 * @param out receives the data set; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL, a field out of range, a class twice, classes of samples with targets or labels of
 * their steps, no sample is left), SNN_ERR_MEMORY, or what the host's callback returned */
SNN_API SNN_CHECKED snn_status snn_dataset_view(snn_dataset **out, snn_dataset *dataset,
                                                const snn_view_options *options);

/** Describes the data set. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_dataset_get_info(const snn_dataset *dataset, snn_dataset_info *info);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds, not for samples of this shape), SNN_ERR_TYPE */
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
/** Describes parameter number `index`, from 0. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_dataset_param_info(const snn_dataset *dataset, size_t index, snn_param_info *info);

/** Computes mean and standard deviation over all samples.
 * @param mean,deviation receive n numbers each
 * @param n 1 for all pixels together, or the number of channels for one pair per channel
 * @return SNN_ERR_ARGUMENT, SNN_ERR_DIVERGED (a value is not finite), or what the host's callback returned */
SNN_API SNN_CHECKED snn_status snn_dataset_statistics(const snn_dataset *dataset, double *mean, double *deviation,
                                                      size_t n);

/** Normalises the samples: from now on every value x is read as (x - mean) / deviation.
 * @param n as in snn_dataset_statistics(); 0 ends the normalisation
 * @return SNN_ERR_ARGUMENT (NULL, n does not fit, a deviation that is not positive, a number that is not finite) */
SNN_API SNN_CHECKED snn_status snn_dataset_normalise(snn_dataset *dataset, const double *mean,
                                                     const double *deviation, size_t n);

/** Reads frame `frame` of one sample as an evaluation does: normalised, not augmented.
 * @param sample begin with SNN_SAMPLE_INIT, and set x, and target if the set has targets; receives label and length.
 * Frames of a static sample with a label or target for each step count as in snn_dataset_source.read
 * @return SNN_ERR_ARGUMENT (x or target NULL, index or frame out of range), SNN_ERR_DIVERGED (a value or a target is
 * not finite) */
SNN_API SNN_CHECKED snn_status snn_dataset_read(const snn_dataset *dataset, size_t index, size_t frame,
                                                snn_sample *sample);

/** Tells the label of one sample. Allocates if the source of the data set has no `label`.
 * @param label receives the class
 * @return SNN_ERR_ARGUMENT (NULL, index out of range, the samples have targets or labels of their steps), or what the
 * host's callback returned */
SNN_API SNN_CHECKED snn_status snn_dataset_label(const snn_dataset *dataset, size_t index, uint32_t *label);

SNN_END_DECLS

#endif
