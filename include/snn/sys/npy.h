/** @file snn/sys/npy.h
 * The header of NumPy's .npy files, and data sets of arrays in archives, for the library and for those beside it.
 *
 * Headers under snn/sys/ show internals of the library, as snn/sys/product.h says.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_NPY_H
#define SNN_SYS_NPY_H

#include <snn/dataset.h>
#include <stddef.h>
#include <stdint.h>

/** Most dimensions of an array that is read. */
#define SNN_NPY_RANK 6
/** Most fields of a structure that is read. */
#define SNN_NPY_FIELDS 64

/** A piece of the header's text. */
typedef struct snn_npy_text {
    const char *at; /**< not ended by NUL */
    size_t length;  /**< bytes */
} snn_npy_text;

/** A field of a structure. */
typedef struct snn_npy_field {
    snn_npy_text name; /**< as it was given */
    snn_npy_text type; /**< as NumPy writes it, "<i8" */
    size_t offset;     /**< bytes from the begin of the structure */
} snn_npy_field;

/** What a header says. */
typedef struct snn_npy {
    snn_npy_text type;                   /**< of plain elements, "<f4"; empty: structures, whose fields follow */
    size_t bytes;                        /**< of an element */
    size_t fields;                       /**< 0 for plain elements */
    snn_npy_field field[SNN_NPY_FIELDS]; /**< in their order */
    int fortran;                         /**< 1: the first index varies fastest */
    size_t rank;                         /**< number of dimensions */
    uint64_t shape[SNN_NPY_RANK];        /**< each below 2^50 */
} snn_npy;

/** Arrays in archives, each as the bytes of a file .npy. */
typedef struct snn_npy_members {
    void *user; /**< passed to the functions */
    /** Name of array number `index`, "x_train.npy", borrowed while the data set is opened; NULL past the last. */
    const char *(*name)(void *user, size_t index);
    /** Goes to the first byte of an array; `size` receives the bytes of the archive that it lies in.
     * @return SNN_OK, or a status that opening the data set then returns */
    snn_status (*open)(void *user, size_t index, uint64_t *size);
    /** Writes the next bytes of that array, 1 to `size`, to `to` and their number to `got`; 0 at its end.
     * @return as `open` */
    snn_status (*read)(void *user, void *to, size_t size, size_t *got);
} snn_npy_members;

SNN_BEGIN_DECLS

/** Reads the text of a header, a dictionary of Python: 'descr', 'fortran_order', 'shape'. Takes no memory.
 * @param text ended by NUL; pieces of it are borrowed
 * @param out receives what it says
 * @return 1, or 0 for another text: other keys, nested structures, elements above 1,024 bytes or of none */
SNN_API int snn_npy_parse(const char *text, snn_npy *out);

/** Opens a data set as snn_dataset_open_files() does in format "npy", with the arrays of `members` in place of files.
 * An array that expands to more than 1 MiB and to more than 100 times the size of its archive is refused. The caller
 * destroys the data set.
 * @param files all of its fields; `format` names what the members are of, `path` where they lie, in messages
 * @param members borrowed during the call; two arrays are opened, one after the other
 * @return as snn_dataset_open_files(), SNN_ERR_IO where an array is missing, or what `members` returned */
SNN_API SNN_CHECKED snn_status snn_npy_dataset_open(snn_dataset **out, snn_context *context,
                                                    const snn_dataset_files *files, const snn_npy_members *members);

SNN_END_DECLS

#endif
