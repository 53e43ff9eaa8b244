/** @file snn/sys/component.h
 * What the libraries beside libsnn share with it: memory of a context, messages of failures, sized structures,
 * parameters, files that are replaced as a whole.
 *
 * A component is a library of the same release that is built on the public interface, such as libsnn-events. Its
 * symbols, too, carry the release: see snn/sys/product.h.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_COMPONENT_H
#define SNN_SYS_COMPONENT_H

#include <snn/context.h>
#include <snn/param.h>

/** The parameters of one object of a component: a table and its values. */
typedef struct snn_component_params snn_component_params;

/** A file that is being written under a name beside its own. */
typedef struct snn_component_file snn_component_file;

/** A row of the table of parameters of a component: fields as of snn_param_info. */
typedef struct snn_component_param {
    int32_t key;         /**< number for the set and get calls */
    int32_t type;        /**< snn_param_type */
    const char *name;    /**< static storage, as all of these texts */
    const char *help;    /**< meaning, in one line */
    const char *choices; /**< "a|b|c", or NULL */
    double min;          /**< least allowed value of a number */
    double max;          /**< greatest */
    double number;       /**< default of a number */
    const char *text;    /**< default of a text, else NULL */
} snn_component_param;

/** @def SNN_PRINTF
 * Follows a declaration whose argument number `text` is a format of printf() for the arguments from `first`. */
#if defined(__GNUC__)
#define SNN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SNN_PRINTF(text, first)
#endif

SNN_BEGIN_DECLS

/** Returns zeroed memory of count * size bytes, aligned to 64, by the context's allocator; NULL with a message if
 * there is none. Borrowed from the context until snn_component_free(). */
SNN_API void *snn_component_alloc(snn_context *context, size_t count, size_t size);

/** Gives back what snn_component_alloc() returned; NULL is accepted. */
SNN_API void snn_component_free(snn_context *context, void *pointer);

/** Sets the message that snn_last_error() returns in this thread.
 * @param format as of printf(); numbers are written as in the C locale
 * @return `status` */
SNN_API SNN_CHECKED snn_status snn_component_fail(snn_status status, const char *format, ...) SNN_PRINTF(2, 3);

/** Reads the structure `given` of a caller of any release into `own`, which holds the defaults.
 * @param size of `own`
 * @param what names the structure in messages
 * @param initialiser names what to begin it with
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set), SNN_ERR_VERSION (an unknown field is set) */
SNN_API SNN_CHECKED snn_status snn_component_read_struct(void *own, size_t size, const void *given, const char *what,
                                                         const char *initialiser);

/** Fills the structure `given` of a caller of any release from `own`; other parameters as of
 * snn_component_read_struct().
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_component_fill_struct(void *given, const void *own, size_t size, const char *what,
                                                         const char *initialiser);

/** Returns uniform random bits, a function of both numbers: draw number `index` of what `seed` stands for, such as
 * the seed of an snn_sample. */
SNN_API uint32_t snn_component_random(uint64_t seed, uint64_t index);

/** Begins a file that takes the place of `path` as a whole: until snn_component_file_commit() it has the name
 * PATH.N.tmp, and an older file is as it was. A process that dies leaves one or the other whole, and its temporary
 * file to the next call for the same path. A symbolic link stays, and the file that it leads to is replaced; mode,
 * owner and group of that file are kept where the process may. The caller destroys the file.
 * @param out receives the file; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_IO (a device, pipe or directory, a file that may not be written, what the
 *         system says), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_component_file_create(snn_component_file **out, snn_context *context,
                                                         const char *path);
/** Writes `size` bytes at byte `at`.
 * @return SNN_ERR_IO with the system's reason: a full disk, a limit of the process (no SIGXFSZ) */
SNN_API SNN_CHECKED snn_status snn_component_file_write(snn_component_file *file, const void *from, size_t size,
                                                        uint64_t at);
/** Flushes the file to the disk and gives it its name. Nothing can be written after it.
 * @param descriptor NULL, or receives a descriptor of the file, open for reading, that the caller closes
 * @return SNN_ERR_IO with the system's reason */
SNN_API SNN_CHECKED snn_status snn_component_file_commit(snn_component_file *file, int *descriptor);
/** Frees the file; one that was not committed is gone from the disk. NULL is accepted. */
SNN_API void snn_component_file_destroy(snn_component_file *file);

/** Makes parameters with the values of their defaults. The caller destroys them.
 * @param out receives the parameters; NULL on failure
 * @param owner names the object in messages; static storage
 * @param table rows, copied
 * @param n number of rows
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_component_params_create(snn_component_params **out, snn_context *context,
                                                           const char *owner, const snn_component_param *table,
                                                           size_t n);
/** Frees parameters; NULL is accepted. */
SNN_API void snn_component_params_destroy(snn_component_params *params);
/** Sets a whole-number parameter. Rules of all parameter calls: snn/param.h.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key, out of bounds), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_component_params_set_i64(snn_component_params *params, int32_t key, int64_t value);
/** Sets a real parameter; errors as snn_component_params_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_component_params_set_f64(snn_component_params *params, int32_t key, double value);
/** Sets a text parameter; the text is copied; errors as snn_component_params_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_component_params_set_str(snn_component_params *params, int32_t key,
                                                            const char *value);
/** Sets any parameter by name from text; errors as snn_component_params_set_i64(). */
SNN_API SNN_CHECKED snn_status snn_component_params_set_text(snn_component_params *params, const char *name,
                                                             const char *value);
/** Reads a whole number.
 * @return SNN_ERR_ARGUMENT (NULL, unknown key), SNN_ERR_TYPE */
SNN_API SNN_CHECKED snn_status snn_component_params_get_i64(const snn_component_params *params, int32_t key,
                                                            int64_t *value);
/** Reads a real number; errors as snn_component_params_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_component_params_get_f64(const snn_component_params *params, int32_t key,
                                                            double *value);
/** Reads a text, borrowed until the parameter is set again; errors as
 * snn_component_params_get_i64(). */
SNN_API SNN_CHECKED snn_status snn_component_params_get_str(const snn_component_params *params, int32_t key,
                                                            const char **value);
/** Describes parameter number `index`, from 0.
 * @return SNN_ERR_ARGUMENT (NULL, index past the last parameter) */
SNN_API SNN_CHECKED snn_status snn_component_params_param_info(const snn_component_params *params, size_t index,
                                                               snn_param_info *info);

SNN_END_DECLS

#endif
