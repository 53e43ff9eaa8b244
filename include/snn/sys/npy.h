/** @file snn/sys/npy.h
 * The header of NumPy's .npy files, for the library and for those beside it.
 *
 * Headers under snn/sys/ show internals of the library, as snn/sys/product.h says.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_NPY_H
#define SNN_SYS_NPY_H

#include <snn/export.h>
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

SNN_BEGIN_DECLS

/** Reads the text of a header, a dictionary of Python: 'descr', 'fortran_order', 'shape'. Takes no memory.
 * @param text ended by NUL; pieces of it are borrowed
 * @param out receives what it says
 * @return 1, or 0 for another text: other keys, nested structures, elements above 1,024 bytes or of none */
SNN_API int snn_npy_parse(const char *text, snn_npy *out);

SNN_END_DECLS

#endif
