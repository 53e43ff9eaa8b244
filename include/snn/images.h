/** @file snn/images.h
 * Images on disk: data sets of JPEG and PNG files whose samples are decoded as they are needed, from folders or from
 * tar shards (library libsnn-images).
 *
 * A sample is [3,S,S], or [1,S,S] for grey, with values from 0 to 1: a part of the image, drawn at random while
 * training, of which the colours may be changed. Mirroring, cutout and normalisation are those of any data set
 * (snn/dataset.h). All draws depend on the context's seed, the epoch and the sample's index alone, and all arithmetic
 * is of whole numbers, so that a sample is the same whoever reads it, ahead or not.
 *
 * docs/images.md describes files, layouts and crops. Part of libsnn, MIT licence. */
#ifndef SNN_IMAGES_H
#define SNN_IMAGES_H

#include <snn/context.h>
#include <snn/dataset.h>
#include <snn/param.h>

/** How images become samples: size, crop, colours. It belongs to one thread at a time; calls that take it as const
 * may run in several. */
typedef struct snn_images snn_images;

/** Parameters of images. Those of training apply to samples that are read with a seed (snn_sample); others take the
 * centre. */
typedef enum snn_images_key {
    SNN_IMAGES_SIZE = 1201,   /**< i64, columns and rows S of a sample, default 224 */
    SNN_IMAGES_COLOUR = 1202, /**< str, channels: "rgb", "grey" */
    SNN_IMAGES_RESIZE = 1203, /**< i64, the centre: pixels of the image's short side, of which the S in the middle
                                   are the sample; at least S; 0: 8/7 of S, 256 for 224 */
    SNN_IMAGES_CROP = 1211,   /**< str, training: "random": a rectangle of random area and aspect at a random place;
                                   "centre": as without training */
    SNN_IMAGES_SCALE_MIN = 1212,  /**< f64, random crop: least share of the image's area, default 0.08 */
    SNN_IMAGES_SCALE_MAX = 1213,  /**< f64, random crop: greatest share, default 1 */
    SNN_IMAGES_RATIO_MIN = 1214,  /**< f64, random crop: least columns / rows, default 3/4; drawn by its logarithm */
    SNN_IMAGES_RATIO_MAX = 1215,  /**< f64, random crop: greatest, default 4/3 */
    SNN_IMAGES_BRIGHTNESS = 1216, /**< f64, training: values times a factor of 1 - b to 1 + b; 0: off, as for all of
                                       these. The four apply in a random order */
    SNN_IMAGES_CONTRAST = 1217,   /**< f64, training: differences from the mean grey times such a factor */
    SNN_IMAGES_SATURATION = 1218, /**< f64, training: differences from each pixel's grey times such a factor */
    SNN_IMAGES_HUE = 1219,        /**< f64, training: the hue turns by up to so much of the circle, 0 .. 0.5 */
    SNN_IMAGES_REDUCE = 1220,     /**< i64, 1, the default: a JPEG is decoded at 1/2, 1/4 or 1/8 of its size where the
                                       crop has S pixels even so; 0: always at its full size */
    SNN_IMAGES_KEY_FORCE32 = 0x7fffffff
} snn_images_key;

/** Which images a data set is made of. Begin with SNN_IMAGES_DATA_INIT. */
typedef struct snn_images_data {
    uint32_t struct_size;  /**< set by SNN_IMAGES_DATA_INIT */
    uint32_t split;        /**< snn_split; default SNN_SPLIT_TRAIN; 0: what snn_dataset_view() may divide, which are
                                the images to train with, or all if the data set has no split of its own */
    const char *layout;    /**< a name of snn_images_layout_name() */
    const char *directory; /**< folder that holds the files, as the layout has them */
    uint64_t limit;        /**< use the first so many images; 0: all */
    uint64_t memory;       /**< data sets: bytes for samples that are held, half of them for those read ahead; 0:
                                256 MiB; 1: none are held */
    uint64_t pixels;       /**< an image of more is refused before it is decoded; 0: 2^26 */
    const char *cache; /**< shards: folder for a file with the places of all images, which is written when there is
                            none for these shards; NULL: none */
    uint32_t threads;  /**< data sets: that read ahead, at most 256; 0: as many as the context computes with */
    uint32_t reserved; /**< 0 */
} snn_images_data;

/** Initialiser of snn_images_data. */
#define SNN_IMAGES_DATA_INIT SNN_INIT_(sizeof(snn_images_data), SNN_SPLIT_TRAIN, NULL, NULL, 0, 0, 0, NULL, 0, 0)

/** The images of a data set: which file, or part of a shard, each of them is, and of which class. It belongs to one
 * thread at a time. */
typedef struct snn_images_list snn_images_list;

/** What a list of images holds. */
typedef struct snn_images_list_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_images_list_info) */
    uint32_t reserved;    /**< 0 */
    uint64_t images;      /**< number of images, of the split */
    uint64_t classes;     /**< labels are 0 .. classes - 1 */
} snn_images_list_info;

/** Initialiser of snn_images_list_info, for snn_images_list_get_info() to fill. */
#define SNN_IMAGES_LIST_INFO_INIT SNN_INIT_(sizeof(snn_images_list_info), 0, 0, 0)

/** One image of a list. */
typedef struct snn_images_item {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_images_item) */
    uint32_t label;       /**< class, from 0 */
    const char *path;     /**< of its file or shard; borrowed until the next call for an item of the list */
    uint64_t offset;      /**< of its first byte in the file: 0 but in shards */
    uint64_t size;        /**< of its bytes; 0: all of the file */
} snn_images_item;

/** Initialiser of snn_images_item, for snn_images_list_get_item() to fill. */
#define SNN_IMAGES_ITEM_INIT SNN_INIT_(sizeof(snn_images_item), 0, NULL, 0, 0)

SNN_BEGIN_DECLS

/** Makes images with default parameters. The caller destroys them.
 * @param out receives the images; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_images_create(snn_images **out, snn_context *context);

/** Frees images; NULL is accepted. */
SNN_API void snn_images_destroy(snn_images *images);

/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_images_set_i64(snn_images *images, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_images_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_images_set_f64(snn_images *images, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_images_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_images_set_str(snn_images *images, int32_t key, const char *value);
/** Sets any parameter by name from text; errors as snn_images_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_images_set_text(snn_images *images, const char *name, const char *value);
/** Reads a whole number.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_images_get_i64(const snn_images *images, int32_t key, int64_t *value);
/** Reads a real number; errors as snn_images_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_images_get_f64(const snn_images *images, int32_t key, double *value);
/** Reads a text, borrowed until the parameter is set again; errors as snn_images_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_images_get_str(const snn_images *images, int32_t key, const char **value);
/** Describes parameter number `index`, from 0.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_images_param_info(const snn_images *images, size_t index, snn_param_info *info);

/** Makes a sample of the bytes of a JPEG or PNG file, which are recognised by their content.
 * @param size number of bytes at `data`
 * @param pixels an image of more is refused; 0: 2^26
 * @param seed 0: the centre; else the draws of training, as snn_sample.seed
 * @param x receives [3,S,S], or [1,S,S] for grey, values 0 .. 1
 * @return SNN_ERR_ARGUMENT (NULL, parameters that contradict each other), SNN_ERR_FORMAT (no such image, truncated,
 * damaged), SNN_ERR_SHAPE (too many pixels), SNN_ERR_UNSUPPORTED (this build lacks the library: the message names the
 * package), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_images_decode(const snn_images *images, const void *data, size_t size,
                                                 uint64_t pixels, uint64_t seed, float *x);

/** Opens a data set of images, each of them a static sample with a class. Images stay in their files; those of the
 * next batch are decoded ahead by threads of the data set, within the memory that they are given.
 * @param out receives the data set, to be destroyed by snn_dataset_destroy(); NULL on failure
 * @param images size, crop and colours; copied
 * @return SNN_ERR_ARGUMENT (NULL, an unknown layout or split, parameters that contradict each other), SNN_ERR_IO (a
 * file is missing: the message names it), SNN_ERR_FORMAT (a shard is damaged, or not as the layout has it),
 * SNN_ERR_UNSUPPORTED (this build lacks a library, shards are compressed), SNN_ERR_VERSION (reserved is not 0),
 * SNN_ERR_MEMORY. What is wrong within an image shows when it is read; the message names it */
SNN_API SNN_CHECKED snn_status snn_images_dataset_open(snn_dataset **out, snn_context *context,
                                                       const snn_images_data *data, const snn_images *images);

/** Lists the images of a data set, without reading them. The caller destroys the list.
 * @param out receives the list; NULL on failure
 * @param data layout, directory, split, limit and cache
 * @return as snn_images_dataset_open() */
SNN_API SNN_CHECKED snn_status snn_images_list_open(snn_images_list **out, snn_context *context,
                                                    const snn_images_data *data);

/** Frees a list; NULL is accepted. */
SNN_API void snn_images_list_destroy(snn_images_list *list);

/** Describes a list.
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_images_list_get_info(const snn_images_list *list, snn_images_list_info *info);

/** Describes image number `index`, from 0.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last image, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_images_list_get_item(snn_images_list *list, uint64_t index, snn_images_item *item);

/** Returns the name of a class, borrowed from the list; NULL if it has none, as in shards. */
SNN_API const char *snn_images_list_class_name(const snn_images_list *list, uint64_t label);

/** Tells a published mean and standard deviation, for snn_dataset_normalise().
 * @param name "imagenet"
 * @param mean,deviation receive three numbers each, of red, green and blue from 0 to 1
 * @return SNN_ERR_ARGUMENT (NULL, an unknown name) */
SNN_API SNN_CHECKED snn_status snn_images_normalisation(const char *name, double mean[3], double deviation[3]);

/** Returns name number `index`, from 0, of the layouts of data sets; NULL past the last; static storage. */
SNN_API const char *snn_images_layout_name(size_t index);

/** Returns what layout number `index` is, in a few words; NULL past the last; static storage. */
SNN_API const char *snn_images_layout_text(size_t index);

/** Returns name number `index`, from 0, of the formats of images; NULL past the last; static storage. */
SNN_API const char *snn_images_format_name(size_t index);

/** Returns the Debian package whose library format number `index` needs, and this build lacks; NULL if it is read.
 * Static storage. */
SNN_API const char *snn_images_format_lacks(size_t index);

SNN_END_DECLS

#endif
