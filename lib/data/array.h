/* data/array.h - arrays of numbers in a file: of idx and of NumPy. */
#ifndef SNN_DATA_ARRAY_H
#define SNN_DATA_ARRAY_H

#include "data/gz.h"
#include "data/numbers.h"
#include "data/samples.h"

#define SNN__ARRAY_RANK 6

/* What its header says. */
struct snn__array {
    struct snn__numbers type;
    bool fortran; /* the first index varies fastest */
    size_t rank, dim[SNN__ARRAY_RANK];
};

/* The numbers of an array, after its header. */

/* Sets the shape of `s` from [n,...], and finds the samples, which stay in a plain file, or reads them. With
 * files->series the dimension after n is time. Dimensions that files->rank has beyond those of the array are 1, and
 * come first.
 *
 *   [n,N]  [n,H,W]  [n,C,H,W]      with `series`: [n,T,N]  [n,T,H,W]  [n,T,C,H,W] */
snn_status snn__array_samples(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a,
                              const snn_dataset_files *files);
/* Reads labels, whole numbers [n] or with files->label_steps [n,T], or targets, [n,K], [n,T,K] or floats [n], of the
 * samples that are there. `least`: classes that there are in any case. */
snn_status snn__array_aims(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a,
                           const snn_dataset_files *files, size_t announced, size_t least);

#endif
